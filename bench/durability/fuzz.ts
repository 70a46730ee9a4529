import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { stringify } from "yaml";
import { parseLiteral } from "../../src/base/literal.ts";
import { UserError } from "../../src/base/user-error.ts";
import { applyAssignments, parseConfig, parseConfigText } from "../../src/config/config.ts";
import { presetText, presetValue } from "../../src/config/presets.ts";
import { costs, emptyCosts } from "../../src/costs/costs.ts";
import { formatPython, parseStructures } from "../../src/formats/structures-file.ts";
import { networkOf, parseStructure, type Structure } from "../../src/network/structure.ts";
import { openProblem } from "../../src/problem/problem.ts";
import { createScorer } from "../../src/problem/scorer.ts";
import { startGenome } from "../../src/problem/start.ts";
import { AnalyticScore } from "../../src/score/analytic.ts";
import { isMain, numberArgument } from "./arguments.ts";
import { fuzzCertificates } from "./certificates.ts";

export interface FuzzReport {
  inputs: number;
  refused: number;
  accepted: number;
  slowestSeconds: number;
  crashes: string[];
  hangs: string[];
  /** Accepted, but not valid by a judge that knows nothing of the readers. */
  wrongSuccesses: string[];
}

const preset = "imagenet-mixed-7.0g";
const value = presetValue(preset) as { space: { start: Structure } };
const configText = presetText(preset);
const structureTexts = [
  JSON.stringify({ best_structures: [value.space.start] }),
  formatPython([value.space.start]),
  JSON.stringify([{ name: "net", resolution: 96, structure: value.space.start }]),
];

/** Values at the edges of what a reader may expect. */
const odd = fc.oneof(
  fc.constantFrom(0, -1, 1, 2, 3, 7, 8, 16, 64, 224, 65536, 1e9, 1e18, 1e300, 1e-300, 5e-324, 2 ** 53, -0, 0.5),
  fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, null, true, "", "analytic", "forward", "__proto__"),
  fc.double(),
  fc.integer(),
  fc.string({ maxLength: 20 }),
  fc.constantFrom([], {}, [[]], [0, 0, 1, 1, 6], [Number.NaN], { __proto__: { polluted: 1 } }),
  fc.jsonValue({ maxDepth: 4 }),
);

/** A value with some of its parts replaced, removed or added. */
const mutated = (whole: unknown) =>
  fc
    .array(
      fc.record({ steps: fc.array(fc.nat(1000), { maxLength: 6 }), value: odd, kind: fc.nat(2), key: fc.string() }),
      {
        minLength: 1,
        maxLength: 4,
      },
    )
    .map((edits) => {
      const root = { root: structuredClone(whole) };
      for (const edit of edits) apply(root, structuredClone(edit));
      return root.root;
    });

function apply(
  root: object,
  { steps, value, kind, key }: { steps: number[]; value: unknown; kind: number; key: string },
): void {
  let at = root as Record<string, unknown>;
  for (const step of [0, ...steps]) {
    const keys = Object.keys(at);
    const chosen = keys[step % keys.length];
    const next = at[chosen];
    if (typeof next === "object" && next !== null && Object.keys(next).length > 0 && step % 7 !== 6) {
      at = next as Record<string, unknown>;
      continue;
    }
    if (kind === 0) at[chosen] = value;
    else if (kind === 1 && !Array.isArray(at)) delete at[chosen];
    else
      Object.defineProperty(at, Array.isArray(at) ? at.length : key, {
        value,
        enumerable: true,
        configurable: true,
        writable: true,
      });
    return;
  }
}

/** A text with characters replaced, removed, doubled. */
const scratched = (text: string) =>
  fc
    .array(
      fc.tuple(
        fc.nat(text.length),
        fc.nat(20),
        fc.oneof(fc.string({ maxLength: 4 }), fc.constantFrom(..."[]{}(),:'\"&*!-\n#<")),
      ),
      {
        minLength: 1,
        maxLength: 5,
      },
    )
    .map((edits) => edits.reduce((t, [at, length, put]) => t.slice(0, at) + put + t.slice(at + length), text));

const nested = fc.tuple(fc.constantFrom("[", "{a: ", '{"a":', "(", "- ", "&a [*a,"), fc.integer({ min: 1, max: 5000 }));
const asJson = (v: unknown) => JSON.stringify(v) ?? "null";

type Read = (input: string) => string | undefined;

const readers: readonly { readonly name: string; readonly input: fc.Arbitrary<string>; readonly read: Read }[] = [
  {
    name: "configuration",
    input: fc.oneof(
      { weight: 6, arbitrary: mutated(value).map((v) => stringify(v)) },
      { weight: 2, arbitrary: scratched(configText) },
      { weight: 1, arbitrary: nested.map(([open, count]) => open.repeat(count)) },
      { weight: 1, arbitrary: fc.string() },
    ),
    read: readConfig,
  },
  {
    name: "assignment",
    input: fc
      .tuple(
        fc.oneof(
          fc.constantFrom(
            "search.seed",
            "score.sigmaWeight",
            "score.sigmaActivation",
            "budgets.bitops",
            "space.maxDepth",
          ),
          fc.constantFrom(
            "__proto__.polluted",
            "constructor.prototype.polluted",
            "space.start.0.out",
            "score.stageWeights",
          ),
          fc.constantFrom(
            "space.start.__proto__.polluted",
            "search",
            "space.kernels",
            "input.resolution",
            "space.bits",
          ),
          fc.string(),
        ),
        fc.oneof(odd.map(asJson), fc.string()),
      )
      .map(([path, text]) => `${path}=${text}`),
    read: (assignment) => checkConfig(applyAssignments(value, [assignment])),
  },
  {
    name: "structures",
    input: fc.oneof(
      { weight: 4, arbitrary: mutated(JSON.parse(structureTexts[0])).map(asJson) },
      { weight: 2, arbitrary: mutated(JSON.parse(structureTexts[2])).map(asJson) },
      { weight: 4, arbitrary: fc.constantFrom(...structureTexts).chain(scratched) },
      { weight: 1, arbitrary: nested.map(([open, count]) => open.repeat(count)) },
      { weight: 1, arbitrary: fc.json() },
      { weight: 1, arbitrary: fc.string() },
    ),
    read: readStructures,
  },
];

function readConfig(text: string): string | undefined {
  return checkConfig(parseConfigText(text, "fuzz"));
}

/** What is wrong with a configuration that was accepted. */
function checkConfig(raw: unknown): string | undefined {
  const config = parseConfig(raw, "fuzz");
  const problem = openProblem(config);
  const { genome } = startGenome(problem);
  const wrong = oddNumber(config) ?? brokenChain(config.space.start);
  if (wrong !== undefined) return wrong;
  if (config.score.kind === "forward") return undefined;
  const { scores, failures } = createScorer(problem).score(genome);
  return Number.isFinite(scores[0]) || failures.length === 1 ? undefined : `its start scores ${scores[0]}`;
}

function readStructures(text: string): string | undefined {
  const literal = parseLiteral(text, "fuzz");
  const json = attempt(() => JSON.parse(text) as unknown);
  if (json !== undefined && !isDeepStrictEqual(JSON.parse(JSON.stringify(literal)), JSON.parse(JSON.stringify(json)))) {
    return "JSON reads as something else";
  }
  for (const { structure, where } of parseStructures(text, "fuzz")) {
    const blocks = parseStructure(structure, where);
    const network = networkOf(blocks, 224);
    const cost = costs(network, 0, emptyCosts());
    const stageWeights = new Array<number>(network.stages).fill(1);
    const { score } = new AnalyticScore({ stageWeights, sigmaActivation: 5, sigmaWeight: 4 }).detail(network);
    const wrong = brokenChain(blocks) ?? oddNumber({ score, ...cost });
    if (wrong !== undefined) return wrong;
  }
  return undefined;
}

function attempt<T>(use: () => T): T | undefined {
  try {
    return use();
  } catch {
    return undefined;
  }
}

function oddNumber(value: unknown): string | undefined {
  if (typeof value === "number") return Number.isFinite(value) ? undefined : `it holds ${value}`;
  if (typeof value !== "object" || value === null) return undefined;
  for (const item of Object.values(value)) {
    const found = oddNumber(item);
    if (found !== undefined) return found;
  }
  return undefined;
}

function brokenChain(blocks: Structure): string | undefined {
  for (const [i, block] of blocks.entries()) {
    const { in: width, out, k, s } = block;
    const whole = [width, out, k, s, block.L ?? 1, block.btn ?? 1].every((n) => Number.isInteger(n) && n > 0);
    if (!whole || k % 2 === 0 || s > 2) return `block ${i} has odd figures`;
    if (i > 0 && width !== blocks[i - 1].out) return `block ${i} does not fit the one before`;
  }
  return undefined;
}

/** Feeds inputs to every reader in turn. */
export function fuzz(inputs: number, seed: number): FuzzReport {
  const report: FuzzReport = {
    inputs: 0,
    refused: 0,
    accepted: 0,
    slowestSeconds: 0,
    crashes: [],
    hangs: [],
    wrongSuccesses: [],
  };
  // Every reader in turn, however few the inputs are.
  const chunkSize = Math.min(500, Math.ceil(inputs / readers.length));
  for (let chunk = 0; report.inputs < inputs; chunk++) {
    const { name, input, read } = readers[chunk % readers.length];
    const numRuns = Math.min(chunkSize, inputs - report.inputs);
    for (const text of fc.sample(input, { numRuns, seed: seed + chunk })) feed(name, text, read, report);
  }
  return report;
}

function feed(name: string, text: string, read: Read, report: FuzzReport): void {
  report.inputs++;
  const line = (what: string) => `${name} ${JSON.stringify(text.slice(0, 2000))}: ${what}`;
  // Processor time: the wall clock counts what else the machine does.
  const began = process.cpuUsage();
  try {
    const wrong = read(text);
    report.accepted++;
    if (wrong !== undefined) report.wrongSuccesses.push(line(wrong));
  } catch (error) {
    if (error instanceof UserError) report.refused++;
    else report.crashes.push(line(error instanceof Error ? String(error.stack).slice(0, 600) : String(error)));
  }
  const { user, system } = process.cpuUsage(began);
  const seconds = (user + system) / 1e6;
  report.slowestSeconds = Math.max(report.slowestSeconds, seconds);
  if (seconds > 1) report.hangs.push(line(`${seconds.toFixed(1)} s`));
  if ("polluted" in {}) {
    report.wrongSuccesses.push(line("it changed Object.prototype"));
    delete (Object.prototype as { polluted?: unknown }).polluted;
  }
}

if (isMain(import.meta.url)) {
  const seed = numberArgument("seed", 1);
  const mutants = numberArgument("certificates", 0);
  const report = mutants > 0 ? fuzzCertificates(mutants, seed) : fuzz(numberArgument("inputs", 100_000), seed);
  console.log(JSON.stringify(report, null, 2));
  const bad = Object.values(report as object).flatMap((value) => (Array.isArray(value) ? value : []));
  process.exitCode = bad.length === 0 ? 0 : 1;
}
