import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { UserError } from "../../src/base/user-error.ts";
import { formatNames, formatOf, formats, readNetworks } from "../../src/formats/formats.ts";
import { parseStructure } from "../../src/network/structure.ts";
import { anyStructure } from "../arbitrary.ts";

const network = fc.record({
  structure: anyStructure,
  resolution: fc.integer({ min: 8, max: 2040 }),
  classes: fc.integer({ min: 0, max: 1000 }),
});
const withoutDerived = (value: unknown) =>
  JSON.parse(JSON.stringify(value), (key, item) => (key === "inner_class" ? undefined : item));

describe.each(formats.filter(({ read }) => read !== undefined))("$name", ({ name, read, write }) => {
  test("networks come back as they were, and the file is recognised", () => {
    fc.assert(
      fc.property(fc.array(network, { minLength: 1, maxLength: 3 }), (networks) => {
        const text = write(networks);
        expect(read!.recognises(text)).toBe(true);
        const back = readNetworks(text, name).map(({ where, structure, resolution, classes = 0 }) => ({
          structure: parseStructure(structure, where),
          resolution,
          classes,
        }));
        expect(withoutDerived(back)).toEqual(networks);
      }),
      { numRuns: 50 },
    );
  });
});

test("names are unique, and an unknown one is answered with the known and the nearest", () => {
  expect(new Set(formatNames).size).toBe(formats.length);
  expect(() => formatOf("text")).toThrow(UserError);
  expect(() => formatOf("tx")).toThrow(`unknown format "tx"; did you mean txt? formats: ${formatNames.join(", ")}`);
});

test("a text of no format is refused with what is expected", () => {
  expect(() => readNetworks("", "f")).toThrow(UserError);
  expect(() => readNetworks("class,in,out", "f")).toThrow(UserError);
});
