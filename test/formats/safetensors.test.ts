import fc from "fast-check";
import { expect, test } from "vitest";
import { UserError } from "../../src/base/user-error.ts";
import { parseSafetensors } from "../../src/formats/safetensors.ts";
import { safetensors } from "../support/safetensors.ts";

const weights = new Map([
  ["fc.weight", { shape: [2, 3], values: Float32Array.of(1, -2, 3.5, 0, 1e-30, -1e30) }],
  ["fc.step", { shape: [], values: Float32Array.of(0.25) }],
]);

/** A file of a header and numbers. */
function fileOf(header: unknown, bytes: number, length?: bigint): Buffer {
  const text = Buffer.from(typeof header === "string" ? header : JSON.stringify(header));
  const size = Buffer.alloc(8);
  size.writeBigUInt64LE(length ?? BigInt(text.length));
  return Buffer.concat([size, text, Buffer.alloc(bytes)]);
}

test("tensors come back as they were written, with what was noted beside them, wherever the bytes lie", () => {
  const file = safetensors(weights, { network: "abc" });
  for (const shift of [0, 1, 3]) {
    const { tensors, metadata } = parseSafetensors(Buffer.concat([Buffer.alloc(shift), file]).subarray(shift), "x");
    expect([...tensors]).toEqual([...weights]);
    expect([...metadata]).toEqual([["network", "abc"]]);
  }
});

test("doubles are rounded to floats", () => {
  const file = fileOf({ x: { dtype: "F64", shape: [1], data_offsets: [0, 8] } }, 8);
  file.writeDoubleLE(0.1, file.length - 8);
  expect(parseSafetensors(file, "x").tensors.get("x")!.values[0]).toBe(Math.fround(0.1));
});

const entry = (shape: unknown, offsets: unknown, dtype: unknown = "F32") => ({ dtype, shape, data_offsets: offsets });

test("what is no such file is told", () => {
  const messages = [
    Buffer.from("PK"),
    fileOf("", 0, 2n ** 63n),
    fileOf("{}", 0, 3n),
    fileOf("[]", 0),
    fileOf("{", 0),
    fileOf({ a: 1 }, 0),
    fileOf({ a: entry([1], [0, 2], "F16") }, 2),
    fileOf({ a: entry([1], [0, 4], "constructor") }, 4),
    fileOf({ a: entry([-1], [0, 4]) }, 4),
    fileOf({ a: entry([1e300, 1e300], [0, 4]) }, 4),
    fileOf({ a: entry([2 ** 30, 2 ** 30, 2 ** 30], [0, 4]) }, 4),
    fileOf({ a: entry([1, 1, 1, 1, 1, 1, 1, 1, 1], [0, 4]) }, 4),
    fileOf({ a: entry([2], [0, 8]) }, 4),
    fileOf({ a: entry([1], [4, 0]) }, 4),
    fileOf({ a: entry([1], "04") }, 4),
    fileOf({ a: entry([2], [0, 8]), b: entry([1], [4, 8]) }, 8),
    fileOf({ a: entry([1], [0, 4]), b: entry([1], [8, 12]) }, 12),
    fileOf({ a: entry([1], [0, 4]) }, 8),
    fileOf(Object.fromEntries(Array.from({ length: 20_001 }, (_, i) => [i, entry([0], [0, 0])])), 0),
  ].map((file) => {
    try {
      parseSafetensors(file, "w");
      return "read";
    } catch (error) {
      expect(error).toBeInstanceOf(UserError);
      return (error as Error).message.replace("w: expected a .safetensors file, got ", "").replace(/; give .*/, "");
    }
  });
  expect(messages).toMatchInlineSnapshot(`
    [
      "2 bytes",
      "a header of 9223372036854775808 bytes",
      "a header of 3 bytes",
      "a header that is no JSON object",
      "a header that is no JSON object",
      ""a" with no entry",
      ""a" with dtype "F16" (F32 and F64 are read)",
      ""a" with dtype "constructor" (F32 and F64 are read)",
      ""a" with a shape that is none",
      ""a" with a shape that is none",
      ""a" with 4 bytes for shape [1073741824, 1073741824, 1073741824], to byte 4 of 4",
      ""a" with a shape that is none",
      ""a" with 8 bytes for shape [2], to byte 8 of 4",
      ""a" with -4 bytes for shape [1], to byte 0 of 4",
      ""a" with offsets that are none",
      "numbers of "b" that do not follow those before them",
      "numbers of "b" that do not follow those before them",
      "numbers that belong to no tensor",
      "20001 tensors",
    ]
  `);
});

test("a damaged file is read or refused, and nothing else", () => {
  const file = safetensors(weights);
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(file.length - 1), fc.nat(255)), { maxLength: 4 }),
      fc.nat(file.length),
      (changes, length) => {
        const damaged = Buffer.from(file);
        for (const [at, value] of changes) damaged[at] = value;
        try {
          const { tensors } = parseSafetensors(damaged.subarray(0, length), "w");
          for (const { shape, values } of tensors.values()) {
            expect(values.length).toBe(shape.reduce((product, n) => product * n, 1));
          }
        } catch (error) {
          expect(error).toBeInstanceOf(UserError);
        }
      },
    ),
    { numRuns: 2000 },
  );
});
