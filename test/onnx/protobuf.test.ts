import fc from "fast-check";
import { expect, test } from "vitest";
import { decode, encode, type Schema } from "../../src/onnx/protobuf.ts";

const schema: Schema = {
  whole: { tag: 1, type: "int" },
  text: { tag: 2, type: "string" },
  real: { tag: 3, type: "float" },
  double: { tag: 4, type: "double" },
  bytes: { tag: 5, type: "bytes" },
  wholes: { tag: 6, type: "int", repeated: true },
  reals: { tag: 7, type: "float", repeated: true },
  texts: { tag: 8, type: "string", repeated: true },
  inner: { tag: 2000, type: () => schema, repeated: true },
};

const { message } = fc.letrec<{ message: object }>((tie) => ({
  message: fc.record(
    {
      whole: fc.maxSafeInteger(),
      text: fc.string({ unit: "grapheme" }),
      real: fc.float({ noNaN: true }),
      double: fc.double({ noNaN: true }),
      bytes: fc.uint8Array(),
      wholes: fc.array(fc.oneof(fc.maxSafeInteger(), fc.integer())),
      reals: fc.array(fc.float({ noNaN: true })),
      texts: fc.array(fc.string()),
      inner: fc.oneof({ depthSize: "small", withCrossShrink: true }, fc.constant([]), fc.array(tie("message"))),
    },
    { requiredKeys: ["wholes", "reals", "texts", "inner"] },
  ),
}));

/** Views on other bytes compare unequal to arrays of their own. */
const plain = (value: unknown): unknown =>
  value instanceof Uint8Array
    ? [...value]
    : Array.isArray(value)
      ? value.map(plain)
      : typeof value === "object" && value !== null
        ? Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, plain(inner)]))
        : value;

test("a message is read as it was written", () => {
  fc.assert(
    fc.property(message, (value) => {
      expect(plain(decode(schema, encode(schema, value)))).toEqual(plain(value));
    }),
  );
});

// developers.google.com/protocol-buffers, Encoding.
test("the bytes are those of the documentation", () => {
  expect([...encode(schema, { whole: 150 })]).toEqual([0x08, 0x96, 0x01]);
  expect([...encode(schema, { text: "testing" })]).toEqual([0x12, 7, ...Buffer.from("testing")]);
  expect([...encode(schema, { whole: -2 })]).toEqual([0x08, 0xfe, ...Array(8).fill(0xff), 1]);
  expect([...encode(schema, { wholes: [3, 270, 86942] })]).toEqual([0x32, 6, 3, 0x8e, 2, 0x9e, 0xa7, 5]);
});

test("lists that are not packed, fields of others and the widest numbers are read", () => {
  const read = (...bytes: number[]) => decode(schema, Uint8Array.from(bytes));
  expect(read(0x30, 3, 0x30, 4)).toMatchObject({ wholes: [3, 4] });
  expect(read(0xc8, 1, 5, 0xca, 1, 2, 7, 7, 0x08, 9)).toMatchObject({ whole: 9 });
  expect(read(0x08, ...Array(8).fill(0xff), 0x7f)).toMatchObject({ whole: 2 ** 63 });
  expect(read(0x08, ...Array(9).fill(0xff), 1)).toMatchObject({ whole: -1 });
  expect(read(0x08, ...Array(9).fill(0x80), 0)).toMatchObject({ whole: 0 });
});

test.each([
  ["a number without an end", [0x08, 0x80]],
  ["a number of 11 bytes", [0x08, ...Array(10).fill(0x80), 0]],
  ["a text that is cut off", [0x12, 5, 65]],
  ["a text of a negative length", [0x12, ...Array(9).fill(0xff), 1]],
  ["a float that is cut off", [0x1d, 0, 0]],
  ["packed floats that end in the middle", [0x3a, 5, 0, 0, 0, 0, 0]],
  ["a text where a number is expected", [0x0a, 1, 65]],
  ["a group", [0xcb, 1]],
  ["a message that is longer than the one around it", [0x82, 0x7d, 3, 0x12, 9, 65]],
])("%s is refused", (_, bytes) => {
  expect(() => decode(schema, Uint8Array.from(bytes))).toThrow(/^not a whole protobuf message: at byte \d+: /);
});

test("depth, parts and numbers are limited", () => {
  let deep = encode(schema, {});
  for (let i = 0; i < 40; i++)
    deep = Buffer.concat([Uint8Array.of(0x82, 0x7d, (deep.length % 128) + 128, deep.length >> 7), deep]);
  expect(() => decode(schema, deep)).toThrow("expected at most 32 messages in each other, got more");
  const parts = Buffer.alloc(2 * 2_000_001);
  for (let i = 0; i < parts.length; i += 2) parts[i] = 0x42;
  expect(() => decode(schema, parts)).toThrow("expected at most 2000000 parts, got more");
});

test("bytes of chance are read or refused, never more", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
      try {
        decode(schema, bytes);
      } catch (error) {
        expect(error).toMatchObject({ name: "UserError" });
      }
    }),
    { numRuns: 2000 },
  );
});
