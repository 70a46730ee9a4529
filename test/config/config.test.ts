import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { UserError } from "../../src/base/user-error.ts";
import { applyAssignments, parseConfig, parseConfigText } from "../../src/config/config.ts";
import { presetNames, presetText, presetValue } from "../../src/config/presets.ts";
import { openProblem } from "../../src/problem/problem.ts";
import { startGenome } from "../../src/problem/start.ts";
import { goldenCases, goldenPath } from "../golden.ts";

// biome-ignore lint/suspicious/noExplicitAny: raw values
const preset = (): any => presetValue("imagenet-mixed-7.0g");
const withSet = (...assignments: string[]) => parseConfig(applyAssignments(preset(), assignments), "p");

describe("presets", () => {
  test.each(presetNames())(
    "%s is a configuration whose start network is legal, and within budget or made to fit",
    (name) => {
      const config = parseConfig(presetValue(name), name);
      const space = openProblem(config).space;
      expect(startGenome(openProblem(config)).genome).toHaveLength(space.genomeLength);
      expect(config.name).toBe(name);
    },
  );

  test.each([
    ["imagenet-mixed-7.0g", "walk-quant-mixed-7g.json", 6.976e9],
    ["imagenet-fp-300m", "walk-MBV2.json", 19.2e9],
  ])("%s has the settings of the published search", (name, file, bitops) => {
    const config = parseConfig(presetValue(name), name);
    const { settings } = JSON.parse(readFileSync(goldenPath(file), "utf8"));
    expect(config.input).toEqual({ resolution: settings.image_size, channels: 3 });
    expect(config.score.stageWeights).toEqual(settings.score.multi_block_ratio);
    expect(config.search).toMatchObject({
      population: settings.search.popu_size,
      evaluations: settings.search.num_random_nets,
    });
    expect(64 * settings.budgets[0].budget).toBeCloseTo(config.budgets.bitops!, -1);
    expect(config.budgets).toEqual({ bitops, layers: settings.budgets[1].budget });
    expect(JSON.parse(JSON.stringify(config.space.start))).toEqual(settings.initial_structure);
    expect(goldenCases(file).length).toBeGreaterThan(0);
  });

  test("an unknown one is an error with the nearest name", () => {
    expect(() => presetText("imagenet-mixed-7g")).toThrowErrorMatchingInlineSnapshot(
      `[UserError: no preset "imagenet-mixed-7g"; did you mean imagenet-mixed-7.0g? presets: damo-yolo-medium, damo-yolo-small, damo-yolo-tiny, deepmad-29m-224, deepmad-29m-288, deepmad-50m, deepmad-89m, deepmad-r18, deepmad-r34, deepmad-r50, detection-r50, imagenet-fp-300m, imagenet-mixed-19.2g, imagenet-mixed-7.0g, imagenet-r50, stm32f412-face, stm32f412-imagenet, stm32f412-vww, stm32f746-face, stm32f746-imagenet, stm32f746-vww, stm32h743-face, stm32h743-imagenet, stm32h743-vww]`,
    );
    expect(() => presetText("../package")).toThrow(UserError);
  });
});

test("expansions are ascending whatever their order, and only searches with the fitted operators grow by themselves", () => {
  expect(withSet("space.expansions=[4, 1.5, 2]").space.expansions).toEqual([1.5, 2, 4]);
  const growing = (...assignments: string[]) => withSet(...assignments).search.growing;
  expect(growing()).toBe(true);
  expect(growing("search.operators=published")).toBe(false);
  expect(growing("search.operators=standard")).toBe(false);
  expect(growing("search.operators=standard", "search.growing=true")).toBe(true);
  expect(growing("search.growing=false")).toBe(false);
});

describe("errors name the key and the remedy", () => {
  test.each<[string, string[]]>([
    ["an unknown key", ["search.evalutions=5"]],
    ["an unknown key of the root", ["serach={}"]],
    ["keys of the root that belong under others", ["seed=3", "bitops=5e9", "population=64"]],
    ["an unknown key of the score", ["score.sigmaweight=5"]],
    ["a text for a number", ["search.population=big"]],
    ["a fraction", ["search.population=1.5"]],
    ["a negative number", ["budgets.bitops=-1"]],
    ["a number for a list", ["score.stageWeights=3"]],
    ["nothing", ["budgets="]],
    ["an even kernel", ["space.kernels=[4]"]],
    ["an unknown family", ["space.family=mobilenet"]],
    ["an unknown kind of score", ["score.kind=magic"]],
    ["unknown operators", ["search.operators=best"]],
    ["a resolution that is too large", ["input.resolution=5000"]],
    ["an odd number of bits entries", ["space.start.1.nbitsA=[4,4,4,4,4]"]],
    ["channels that do not meet the input's", ["input.channels=1"]],
    ["a start block of a wrong class", ["space.start.1.class=SuperResK1DWK"]],
    ["the key __proto__", ["space.start.1={__proto__: {polluted: true}}"]],
  ])("%s", (_, assignments) => {
    expect(() => withSet(...assignments)).toThrow(UserError);
    expect(() => withSet(...assignments)).toThrowErrorMatchingSnapshot();
  });

  test.each<[string, string[]]>([
    ["a start that is over budget", ["budgets.bitops=1e9"]],
    ["a start that is over two budgets", ["budgets.sram=1000", "budgets.layers=16"]],
    ["stage weights of the wrong length", ["score.stageWeights=[1,2,3]"]],
    ["a start outside the space", ["space.start.1.k=7"]],
    ["a start of another family", ["space.family=k1dwk1"]],
    ["a width limit that is no multiple of 8", ["space.maxOut=100"]],
    ["a stem range the wrong way round", ["space.stemOut=[32,8]"]],
    ["a sigma that vanishes", ["score.sigmaWeight=0.001"]],
  ])("%s", (_, assignments) => {
    const config = withSet(...assignments);
    expect(() => startGenome(openProblem(config))).toThrow(UserError);
    expect(() => startGenome(openProblem(config))).toThrowErrorMatchingSnapshot();
  });

  test.each(["null", "5", "hello", "[1]", ""])("a configuration that is %j, with an assignment", (text) => {
    expect(() => parseConfig(applyAssignments(parseConfigText(text, "c.yaml"), ["search.seed=1"]), "c.yaml")).toThrow(
      UserError,
    );
    expect(() => parseConfig(applyAssignments(parseConfigText(text, "c.yaml"), ["name=a"]), "c.yaml")).toThrow(
      UserError,
    );
  });

  test.each([
    "novalue",
    "=5",
    "a b=5",
    "__proto__.x=1",
    "constructor.x=1",
    "a.__proto__=1",
    "search.seed.deeper=1",
    "a..b=1",
  ])("the assignment %j", (assignment) => {
    expect(() => withSet(assignment)).toThrow(UserError);
  });
});

test("assignments set what they name, in order, and leave the value they were given", () => {
  const value = preset();
  const before = structuredClone(value);
  const changed = applyAssignments(value, [
    "search.seed=2",
    "search.seed=3",
    "budgets.flash=1e6",
    "space.start.0.out=24",
  ]);
  expect(value).toEqual(before);
  before.search.seed = 3;
  before.budgets.flash = 1e6;
  before.space.start[0].out = 24;
  expect(changed).toEqual(before);
});

test("any YAML and any assignments give a configuration or a UserError, and pollute nothing", () => {
  const line = fc.constantFrom(
    "name: a",
    "space:",
    "  family: k1dwk1",
    "  start: []",
    "__proto__: {polluted: 1}",
    "budgets: &a {layers: 3}",
    "search: *a",
    "? x",
    "- 1",
    "score: {kind: analytic",
    "}",
    "<<: {polluted: 1}",
    "!!js/function x",
  );
  const key = fc.constantFrom(
    "name",
    "space",
    "start",
    "0",
    "__proto__",
    "constructor",
    "prototype",
    "search",
    "polluted",
    "",
  );
  const assignment = fc
    .tuple(fc.array(key, { minLength: 1, maxLength: 4 }), fc.constantFrom("1", "{polluted: 1}", "[", "a", "null", "*x"))
    .map(([path, value]) => `${path.join(".")}=${value}`);
  fc.assert(
    fc.property(fc.array(line, { maxLength: 6 }), fc.array(assignment, { maxLength: 3 }), (lines, assignments) => {
      try {
        parseConfig(applyAssignments(parseConfigText(lines.join("\n"), "c"), assignments), "c");
      } catch (error) {
        expect(error).toBeInstanceOf(UserError);
      }
      expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
    }),
    { numRuns: 1000 },
  );
});

test("a bomb of aliases is refused", () => {
  const lines = Array.from(
    { length: 12 },
    (_, i) =>
      `a${i}: &a${i} [${Array(9)
        .fill(i === 0 ? "x" : `*a${i - 1}`)
        .join(",")}]`,
  );
  expect(() => parseConfigText(lines.join("\n"), "c")).toThrow(UserError);
});

test("budgets and search settings are no part of the scoring context; what a score depends on is", () => {
  const context = (...assignments: string[]) => {
    const config = withSet(...assignments);
    return openProblem(config).scoringContext;
  };
  const own = context();
  for (const other of ["budgets.bitops=3e9", "search.seed=9", "search.population=3", "name=x", "space.kernels=[3]"]) {
    expect(context(other)).toBe(own);
  }
  for (const other of [
    "score.sigmaWeight=3",
    "score.stageWeights=[0,0,0,0,1]",
    "input.resolution=192",
    "space.start.5.s=1",
    "classes=10",
  ]) {
    expect(context(other)).not.toBe(own);
  }
});

test("a budget that is not given is infinite", () => {
  expect([...openProblem(withSet()).limits]).toEqual([
    6.976e9,
    Infinity,
    Infinity,
    Infinity,
    47,
    Infinity,
    Infinity,
    Infinity,
    Infinity,
    Infinity,
  ]);
});
