import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { packageRoot } from "../../src/base/package-root.ts";
import { UserError } from "../../src/base/user-error.ts";
import { parseConfig } from "../../src/config/config.ts";
import { presetValue } from "../../src/config/presets.ts";
import { readReleasedConfig } from "../../src/formats/released-config.ts";

const mixed = readFileSync(join(packageRoot, "test/fixtures/released/mixed.py"), "utf8");
const none = (path: string): string => {
  throw new UserError(`${path}: no such file`);
};
const read = (text: string) => readReleasedConfig(text, "mixed.py", none);
const changed = (from: string | RegExp, to: string) => {
  const text = mixed.replace(from, to);
  expect(text).not.toBe(mixed);
  return text;
};

test("a mixed-precision configuration is the preset of the same search", () => {
  const { config } = read(mixed);
  expect(parseConfig(config, "imported")).toEqual({
    ...parseConfig(presetValue("imagenet-mixed-7.0g"), "preset"),
    name: "mixed_small",
  });
});

test("a full-precision configuration is the preset of the same search", () => {
  const text = mixed
    .replaceAll(/, 'nbits[AW]': \w+/g, "")
    .replaceAll("SuperQuantRes", "SuperRes")
    .replace("109 * 1e6", "300e6")
    .replace("budget = 47", "budget = 53")
    .replace("[0, 0, 1, 1, 6]", "[0, 0, 0, 0, 1]")
    .replace("'space_quant_' ", "'space_' ")
    .replace("num_random_nets = 500000", "num_random_nets = 100_000");
  expect(parseConfig(read(text).config, "imported")).toEqual({
    ...parseConfig(presetValue("imagenet-fp-300m"), "preset"),
    name: "mixed_small",
  });
});

test("what has no counterpart is told with its place", () => {
  expect(read(mixed).notes).toEqual([
    "mixed.py:3:1: log_level has no counterpart: progress is shown while it searches",
    "mixed.py:4:1: log_freq has no counterpart: progress is shown while it searches",
    "mixed.py:51:1: space_classifer has no counterpart",
    'mixed.py:28:5: budget "latency" has no counterpart (flops, layers, model_size, max_feature, efficient_score have) and is left out',
    "mixed.py:48:5: search.sync_size_ratio has no counterpart: the result does not depend on the threads",
    "mixed.py:49:5: search.num_network has no counterpart: the archive keeps every network, and as many are shown as are asked for",
  ]);
});

test("budgets of which none has a counterpart are an error: the largest network would be the best", () => {
  const text = mixed.replace(
    /budgets = \[[^\]]*\]/,
    'budgets = [dict(type = "flop", budget = 1e8), dict(type = "latency", budget = 1)]',
  );
  expect(text).not.toBe(mixed);
  expect(() => read(text)).toThrow(
    /budgets: expected one of flops, layers, model_size, max_feature, efficient_score among them, got "flop", "latency"/,
  );
});

test("other keys have their meaning", () => {
  const text = changed(
    "image_size = image_size,",
    "image_size = image_size, maximum_channel = 640, exclude_stem = True,",
  )
    .replace("init_std = 4,", "ratio = 0.5,")
    .replace('"latency", budget = 8e-4', '"model_size", budget = 2e6')
    .replace('dict(type = "layers"', 'dict(type = "max_feature", budget = 500e3), dict(type = "layers"')
    .replace("minor_mutation = False", "minor_mutation = True")
    .replace("'out': 1280", "'out': 640");
  const { config, notes } = read(text);
  expect(config["budgets"]).toEqual({ bitops: 6.976e9, layers: 47, sram: 500e3, flash: 2e6 });
  expect(config["space"]).toMatchObject({ maxOut: 640, stemOut: [16, 16] });
  // The program takes a deviation of 1 that it is not told.
  expect(config["score"]).toMatchObject({ stageWeights: [0, 0, 0.5, 0.5, 3], sigmaActivation: 5, sigmaWeight: 1 });
  expect(notes).toContainEqual(expect.stringContaining("search.minor_mutation has no counterpart"));
});

test("a structure may be a file or text", () => {
  const structure =
    "[{'class': 'ConvKXBNRELU', 'in': 1, 'out': 16, 's': 2, 'k': 3}, {'class': 'SuperResK1DWK1', 'in': 16, 'out': 24, 's': 2, 'k': 3, 'L': 1, 'btn': 48}]";
  const rest = `image_size = 32\nbudgets = []\nscore = dict(type='madnas', multi_block_ratio=[1, 6])
space = dict(type='space_k1dwk1')\nsearch = dict(popu_size=8, num_random_nets=100)\n`;
  const file = `{'space_arch': 'CnnNet', 'best_structures': [${structure}]}`;
  const files = (path: string) => (path === "./best.txt" ? file : none(path));
  const models = [
    `dict(type='CnnNet', structure_info="${structure}")`,
    "dict(type='CnnNet', structure_info='./best.txt')",
    "dict(type='MasterNet', structure_txt='./best.txt')",
    `dict(type='CnnNet', structure_info=${structure})`,
  ];
  const [first, ...others] = models.map((model) => readReleasedConfig(`${rest}model = ${model}`, "c.py", files).config);
  expect(first["input"]).toEqual({ resolution: 32, channels: 1 });
  expect(first["name"]).toBe("c");
  for (const other of others) expect(other).toEqual(first);
  const gone = `${rest}model = dict(type='CnnNet', structure_info='./none.txt')`;
  expect(() => readReleasedConfig(gone, "c.py", files)).toThrow("./none.txt: no such file");
});

describe("what is not searched here is refused with its place and its name", () => {
  test.each([
    [
      'mixed.py:13:5: model.type: expected CnnNet or MasterNet, what is searched here, got "Cnn3DNet"',
      "'CnnNet'",
      "'Cnn3DNet'",
    ],
    ['got "SuperRes3DK1DWK1"', /SuperQuantResK1DWK1/g, "SuperRes3DK1DWK1"],
    [
      'mixed.py:32:5: score.type: expected madnas or deepmad, what is searched here, got "stentr"',
      "'madnas'",
      "'stentr'",
    ],
    [
      "mixed.py:39:5: space.type: expected space_quant_k1dwk1 or space_k1dwk1",
      "'space_quant_' 'k1dwk1'",
      "'space_3d_k1dwk1'",
    ],
    ["space.image_size: expected image_size, got 160", "image_size = image_size", "image_size = 160"],
    ["mixed.py:27:36: expected a value, or a name that was assigned above", "budget = 47", "budget = most"],
    [
      "mixed.py:26:5: budgets[0]: expected dict(type=..., budget=...), got 3",
      'dict(type = "flops", budget = 109 * 1e6)',
      "3",
    ],
    ["search.popu_size: expected a number, got nothing", "popu_size = 256,", ""],
    ["search: expected dict(...), got nothing", "search = dict", "searches = dict"],
    ["score.stageWeights", "[0, 0, 1, 1, 6]", "[0, 0, 1, 1, -6]"],
  ])("%s", (message, from, to) => {
    expect(() => read(changed(from, to))).toThrow(message);
    expect(() => read(changed(from, to))).toThrow(UserError);
  });
});
