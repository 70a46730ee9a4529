import { readdirSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import {
  AnalyticScore,
  ArchiveMerger,
  archivedRuns,
  bestNetworks,
  type Config,
  costs,
  ExpectedScore,
  emptyCosts,
  ForwardScore,
  measuredNetworks,
  networkOf,
  openProblem,
  parseCertificate,
  parseConfig,
  presetText,
  resumeSearch,
  SearchStopped,
  type Structure,
  startSearch,
  UserError,
  verifyArchive,
} from "../src/index.ts";
import { createKernels } from "../src/kernel/create.ts";
import { temporaryFolder } from "./temporary.ts";

const folder = temporaryFolder();
const merged = temporaryFolder();
const archive = join(folder, "small.sqlite");
const config = parseConfig({ device: "stm32f412", task: "vww", search: { evaluations: 300 } });
const stem = { class: "ConvKXBNRELU", in: 3, out: 8, k: 3, s: 2, nbitsA: 8, nbitsW: 8 };
const network = networkOf([stem], 32);
const forward = {
  ...parseConfig({ device: "stm32f412", task: "vww", score: { kind: "forward" } }).score,
  stageWeights: [1],
};

beforeAll(async () => {
  await startSearch(config, { archive, threads: 0 });
});

test("what parseConfig gives stays as it was checked", () => {
  const given = parseConfig({ device: "stm32f412", task: "vww" });
  expect(() => Object.assign(given.search, { evaluations: Number.NaN })).toThrow(TypeError);
  expect(() => parseConfig({ device: null, task: "vww" } as never)).toThrow(
    /device: expected a name or an object, got nothing/,
  );
  expect(() => parseConfig({ device: "stm32f412", task: "vww", classes: 10n } as never)).toThrow(/classes: .*got 10n/);
});

test("a wrong option of a run is told before the run is begun", async () => {
  const path = join(folder, "untouched.sqlite");
  const wrong = { stop: new AbortController(), onProgress: 3, clock: 3 };
  for (const [name, value] of Object.entries(wrong)) {
    const options = { archive: path, [name]: value } as never;
    await expect(startSearch(config, options)).rejects.toThrow(new RegExp(`^${name}: expected`));
    expect(readdirSync(folder)).not.toContain("untouched.sqlite");
  }
});

test("options of scores and measurements are checked where they are given", async () => {
  const sigmas = { sigmaActivation: 5, sigmaWeight: 4 };
  for (const stageWeights of [[Number.NaN], ["1"], undefined] as never[]) {
    expect(() => new AnalyticScore({ ...sigmas, stageWeights })).toThrow(/^stageWeights: expected a list of numbers/);
    expect(() => new ExpectedScore({ ...sigmas, stageWeights })).toThrow(/^stageWeights: expected a list of numbers/);
  }
  for (const draws of [0, 1.5, 1e9, "2"] as never[]) {
    await expect(measuredNetworks(archive, { draws })).rejects.toThrow(/^draws: expected a whole number from 1/);
  }
});

test("archives are merged from code", () => {
  const merger = new ArchiveMerger(join(merged, "all.sqlite"));
  expect(merger.add(archive)).toMatchObject([{ from: archive, run: 1, id: 1, known: false }]);
  merger.close();
  expect(archivedRuns(join(merged, "all.sqlite"))[0].digest).toBe(archivedRuns(archive)[0].digest);
});

test("a search that was stopped names the reason of its signal", async () => {
  const reason = new Error("the client is gone");
  const stopping = startSearch(config, { archive: ":memory:", threads: 0, stop: AbortSignal.abort(reason) });
  await expect(stopping).rejects.toMatchObject({ name: "SearchStopped", cause: reason });
});

describe("a mistake of a caller is told as one", () => {
  const unread = { device: "stm32f746", task: "vww" } as unknown as Config;
  const cases: [string, () => unknown][] = [
    ["structure: expected a list of blocks, got a list of 0", () => networkOf([], 32)],
    ["structure: expected a list of blocks, got nothing", () => networkOf(undefined as unknown as Structure, 32)],
    ["resolution: expected a whole number of pixels above 0, got 0", () => networkOf([stem], 0)],
    ["resolution: expected a whole number of pixels above 0, got NaN", () => networkOf([stem], Number.NaN)],
    ["structure[0].class: expected one of ConvKXBNRELU,", () => networkOf([{ ...stem, class: "Conv" }], 32)],
    [
      "classes: expected a whole number of outputs, 0 for no classifier, got -2",
      () => costs(network, -2, emptyCosts()),
    ],
    ["configuration: expected what parseConfig gives, got one that was not read", () => openProblem(unread)],
    ["top: expected a whole number of networks above 0, got 0", () => bestNetworks(archive, { top: 0 })],
    ["top: expected a whole number of networks above 0, got NaN", () => bestNetworks(archive, { top: Number.NaN })],
    ['archive: expected the path of a file, got ""', () => archivedRuns("")],
    ["archive: expected the path of a file, got nothing", () => verifyArchive(undefined as unknown as string)],
    ['no preset "imagenet"; presets: damo-yolo-medium, ', () => presetText("imagenet")],
    ["no preset nothing; presets: ", () => presetText(undefined as unknown as string)],
    ["proof: the certificate: expected object, got nothing", () => parseCertificate(undefined, "proof")],
    [
      'proof: format: expected "qe-search bound certificate 1", got "other"',
      () => parseCertificate({ format: "other" }, "proof"),
    ],
  ];
  test.each(cases)("%s", (message, call) => {
    expect(call).toThrow(UserError);
    expect(call).toThrow(message);
  });

  const asked: [string, () => Promise<unknown>][] = [
    [
      "configuration: expected what parseConfig gives",
      () => startSearch(unread, { archive: join(folder, "un.sqlite") }),
    ],
    ['archive: expected the path of a file, got ""', () => startSearch(config, { archive: "" })],
    ['archive: expected the path of a file, got ""', () => resumeSearch({ archive: "" })],
    ["top: expected a whole number of networks above 0, got -1", () => measuredNetworks(archive, { top: -1 })],
  ];
  test.each(asked)("%s, of a promise", async (message, call) => {
    await expect(call()).rejects.toThrow(UserError);
    await expect(call()).rejects.toThrow(message);
    expect(readdirSync(folder)).toEqual(["small.sqlite"]);
  });
});

test("a search that is stopped rejects, with what it has so far, and resumed it resolves with what it would have found", async () => {
  const path = join(folder, "stopped.sqlite");
  const stop = new AbortController();
  const run = startSearch(config, { archive: path, threads: 0, stop: stop.signal, onProgress: () => stop.abort() });
  const error = await run.catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(SearchStopped);
  const { result } = error as SearchStopped;
  expect(result).toMatchObject({ run: 1, status: "stopped", evaluations: 0 });
  expect(new AnalyticScore(config.score).score(networkOf(result!.best.structure, result!.best.resolution))).toBeCloseTo(
    result!.best.score,
    9,
  );
  const resumed = await resumeSearch({ archive: path, run: 1 });
  expect(resumed).toMatchObject({ status: "done", evaluations: 300 });
  expect(resumed.digest).toBe(archivedRuns(archive)[0].digest);
});

test("kernels are those of one score: two would write their noise over each other's", () => {
  const options = { ...forward, batch: 1, resolution: 32, maxChannels: undefined } as ConstructorParameters<
    typeof ForwardScore
  >[0];
  const kernels = createKernels("simd");
  const first = new ForwardScore({ ...options, noiseSeed: 1 }, kernels);
  const score = first.score(network);
  expect(() => new ForwardScore({ ...options, noiseSeed: 2 }, kernels)).toThrow(
    "kernels: expected some that no other score has",
  );
  expect(first.score(network)).toBe(score);
  expect(new ForwardScore({ ...options, noiseSeed: 1 }, createKernels("simd")).score(network)).toBe(score);
});
