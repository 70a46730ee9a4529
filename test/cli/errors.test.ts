import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { SCHEMA_VERSION } from "../../src/archive/archive.ts";
import { Database } from "../../src/archive/sqlite.ts";
import { presetText } from "../../src/config/presets.ts";
import { temporaryFolder } from "../temporary.ts";
import { type BatchOutcome, batch, qes, qesJson } from "./qes.ts";

const folder = temporaryFolder();
const preset = "imagenet-mixed-7.0g";
const at = (file: string) => join(folder, file);
const edit = (file: string, from: string, to: string) => {
  const text = presetText(preset);
  expect(text).toContain(from);
  writeFileSync(at(file), text.replace(from, to));
};

beforeAll(async () => {
  await qesJson(folder, "search", preset, "--evaluations", "1000", "--archive", "good.sqlite");
  edit("unknown-key.yaml", "population: 256", "popluation: 256");
  edit("wrong-type.yaml", "population: 256", "population: many");
  edit("stage-weights.yaml", "[0, 0, 1, 1, 6]", "[0, 0, 1, 6]");
  edit("odd-bits.yaml", "nbitsA: [4, 4, 4]", "nbitsA: [4, 4, 4, 4, 4]");
  edit("over-budget.yaml", "bitops: 6.976e9", "bitops: 1.5e9");
  edit("not-yaml.yaml", "input: {", "input: {{");
  writeFileSync(at("empty.yaml"), "");
  writeFileSync(at("mixed.py"), "image_size = 224\n");
  writeFileSync(at("nets.txt"), "{'space_arch': 'CnnNet', 'best_structures': [[]]}\n");
  writeFileSync(at("notes.txt"), "my notes, which no program may touch\n".repeat(50));
  writeFileSync(at("half.json"), '[{"class": "ConvKXBNRELU", ');
  writeFileSync(
    at("odd-bits.json"),
    JSON.stringify([
      { class: "SuperQuantResK1DWK1", in: 3, out: 8, k: 3, s: 1, L: 1, btn: 8, nbitsA: [4, 4], nbitsW: [4, 4, 4] },
    ]),
  );
  writeFileSync(
    at("negative.json"),
    JSON.stringify({ resolution: -4, structure: [{ class: "ConvKXBNRELU", in: 3, out: 8, k: 3, s: 1 }] }),
  );
  writeFileSync(at("newer.sqlite"), readFileSync(at("good.sqlite")));
  const newer = new Database(at("newer.sqlite"));
  newer.pragma(`user_version = ${SCHEMA_VERSION + 1}`);
  newer.close();
  const foreign = new Database(at("foreign.sqlite"));
  foreign.exec("CREATE TABLE mine (x)");
  foreign.close();
  writeFileSync(at("cut.sqlite"), readFileSync(at("good.sqlite")).subarray(0, 20_000));
  mkdirSync(at("folder"));
});

const mistakes: [string, string[]][] = [
  ["no command", []],
  ["an unknown command", ["serch"]],
  ["help with an unknown command", ["help", "serch"]],
  ["an unknown preset", ["search", "imagenet-mixed-7g"]],
  ["an unknown preset to print", ["preset", "imagenet"]],
  ["a missing preset", ["search"]],
  ["a task for a preset", ["search", "vww"]],
  ["a device for a preset", ["search", "stm32f746"]],
  ["an unknown option", ["search", preset, "--evalutions", "5"]],
  ["a configuration that is not there", ["search", "mine.yaml"]],
  ["a configuration that is a folder", ["search", "folder"]],
  ["an unknown key in the YAML", ["search", "unknown-key.yaml"]],
  ["a wrong type", ["search", "wrong-type.yaml"]],
  ["stage weights of the wrong length", ["search", "stage-weights.yaml"]],
  ["an odd number of bits entries", ["search", "odd-bits.yaml"]],
  ["a start network over budget", ["search", "over-budget.yaml"]],
  ["a configuration of the released program", ["search", "mixed.py"]],
  ["networks in the place of a configuration", ["search", "nets.txt"]],
  ["an archive in the place of a configuration", ["bound", "good.sqlite"]],
  ["a configuration in the place of networks", ["score", "over-budget.yaml"]],
  ["what is not YAML", ["search", "not-yaml.yaml"]],
  ["an empty configuration", ["search", "empty.yaml", "--seed", "1"]],
  ["an assignment without a value", ["search", preset, "--set", "search.seed"]],
  ["an assignment to a prototype", ["search", preset, "--set", "__proto__.seed=1"]],
  [
    "a first assignment that is wrong, a second that is not",
    ["search", preset, "--set", "serach.seed=1", "--set", "search.seed=2"],
  ],
  ["a negative seed", ["search", preset, "--seed", "-1"]],
  ["an option without its value", ["search", preset, "--seed"]],
  ["an option given twice", ["search", preset, "--seed", "1", "--seed", "2"]],
  ["no children", ["search", preset, "--evaluations", "0"]],
  ["a number of threads that is none", ["search", preset, "--threads", "two"]],
  ["an archive that is not SQLite", ["search", preset, "--archive", "notes.txt"]],
  ["an archive written by a newer schema", ["search", preset, "--archive", "newer.sqlite"]],
  ["the SQLite file of another program", ["search", preset, "--archive", "foreign.sqlite"]],
  ["an archive that was cut off", ["search", preset, "--archive", "cut.sqlite"]],
  ["an archive in a folder that is not there", ["search", preset, "--archive", "nowhere/a.sqlite"]],
  ["an archive that is a folder", ["search", preset, "--archive", "folder"]],
  ["resuming a folder", ["resume", "folder"]],
  ["runs of a folder", ["runs", "folder"]],
  ["a report of a folder", ["report", "folder"]],
  ["verifying a folder", ["verify", "folder"]],
  ["watching a folder", ["watch", "folder"]],
  ["resuming what is not there", ["resume", "gone.sqlite"]],
  ["resuming what is not SQLite", ["resume", "notes.txt"]],
  ["resuming a newer schema", ["resume", "newer.sqlite"]],
  ["resuming where nothing is unfinished", ["resume", "good.sqlite"]],
  ["resuming a run that is not there", ["resume", "good.sqlite", "--run", "7"]],
  ["shortening a run", ["resume", "good.sqlite", "--evaluations", "10"]],
  ["runs of what is not there", ["runs", "gone.sqlite"]],
  ["the best of what is not SQLite", ["best", "notes.txt"]],
  ["the best of a newer schema", ["best", "newer.sqlite"]],
  ["the best in an unknown format", ["best", "good.sqlite", "--format", "xml"]],
  ["scoring what is not there", ["score", "gone.json"]],
  ["scoring nothing", ["score"]],
  ["the best of nothing", ["best"]],
  ["scoring half a file", ["score", "half.json"]],
  ["scoring prose", ["score", "notes.txt"]],
  ["scoring an odd number of bits entries", ["score", "odd-bits.json"]],
  ["scoring at a negative resolution", ["score", "negative.json"]],
  ["scoring with stage weights that are no numbers", ["score", "odd-bits.json", "--stage-weights", "1,x"]],
];

// Exit code 2, a message that names the place and the remedy, nothing on stdout, and no file touched.
describe("a mistake is told", () => {
  let outcomes: BatchOutcome[];
  beforeAll(() => {
    outcomes = batch(
      folder,
      mistakes.map(([, args]) => args),
    );
  });

  test.each(mistakes.map(([name], i) => [name, i] as const))("%s", (_, i) => {
    const { code, stdout, stderr, changed } = outcomes[i];
    expect(stderr).toMatchSnapshot();
    expect({ code, stdout, changed }).toEqual({ code: 2, stdout: "", changed: [] });
    expect(stderr).not.toMatch(/^\s+at /m);
  });
});

test("a command of its own ends with the same message and exit code", async () => {
  expect(await qes(folder, "search", "imagenet-mixed-7g")).toEqual({
    code: 2,
    signal: null,
    stdout: "",
    stderr: expect.stringMatching(/^qes: no preset "imagenet-mixed-7g"; did you mean imagenet-mixed-7.0g\?/),
  });
});
