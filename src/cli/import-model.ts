import { freemem } from "node:os";
import { basename } from "node:path";
import { UserError } from "../base/user-error.ts";
import { gapOf } from "../bound/gap.ts";
import { boundProblem } from "../bound/problem.ts";
import { type BoundState, solve } from "../bound/solve.ts";
import { defaultScore } from "../config/config.ts";
import { costs, emptyCosts } from "../costs/costs.ts";
import { formatOf } from "../formats/formats.ts";
import { networkOf } from "../network/structure.ts";
import { importOnnx } from "../onnx/import.ts";
import { configAround, type PlacedNetwork, stageWeightsOf } from "../problem/around-network.ts";
import { openProblem } from "../problem/problem.ts";
import { AnalyticScore } from "../score/analytic.ts";
import { encode } from "../space/genome.ts";
import {
  type Arguments,
  flag,
  flagOption,
  note,
  numbersOption,
  positiveOption,
  print,
  printJson,
  text,
  textOption,
  wholeOption,
} from "./command.ts";
import { readBytes } from "./input.ts";
import { writeOutput } from "./output-file.ts";
import { gapLine } from "./render/bound.ts";
import { classifierLine, costCells, costHeader, duration, table } from "./render/format.ts";
import { structureTable } from "./render/structure.ts";

/** Of models alone. */
export const modelOptions = {
  resolution: text("pixels of one side, where a model leaves it open"),
  "stage-weights": text("one weight per stage", { defaultDescription: "0,0,1,1,6, its last ones for fewer stages" }),
  "no-bound": flag("do not compute how far the optimum is at the same budgets"),
  seconds: text("stop the bound after this time", { defaultDescription: "20" }),
  json: flag("print a model's network as JSON on stdout"),
} as const;

/** Of the tables of the bound, where so much is free: families whose bottleneck is a width of its own need 1.4e9 and more. */
const MOST_BYTES = 4e9;

/** How far a network is from the optimum of the space around it, at its own costs. */
interface Distance {
  readonly upperBound: number | null;
  /** Of the optimum above the score, as a share of it. */
  readonly gap: number | null;
  readonly proven: boolean;
  /** The best network found. */
  readonly best: BoundState["networks"][number] | null;
  /** Why the network is not in that space itself; null where it is. */
  readonly outside: string | null;
  readonly seconds: number;
}

/** Reads a model, prints its network with score, costs and distance, and writes it where it is asked to. */
export function importModel(path: string, args: Arguments): void {
  const resolution = wholeOption(args, "resolution", 1, 4096);
  const seconds = positiveOption(args, "seconds") ?? 20;
  const { notes, ...network } = importOnnx(readBytes(path), { where: path, resolution });
  const flat = networkOf(network.structure, network.resolution);
  const stageWeights = numbersOption(args, "stage-weights") ?? stageWeightsOf(flat.stages);
  const scoring = { ...defaultScore("analytic"), stageWeights };
  const { score } = new AnalyticScore(scoring).detail(flat);
  const row = {
    name: basename(path).replace(/\.onnx$/i, ""),
    ...network,
    score: Number.isFinite(score) ? score : null,
    costs: costs(flat, network.classes, emptyCosts()),
    scoring,
  };
  for (const line of notes) note(`${path}: ${line}`);
  const distance =
    flagOption(args, "no-bound") || row.score === null
      ? undefined
      : distanceOf(network, row.score, { scoring, seconds });
  const output = textOption(args, "output");
  if (output !== undefined) writeOutput("--output", output, formatOf("json").write([row]));
  if (flagOption(args, "json")) printJson({ ...row, notes, bound: distance ?? null });
  else {
    print(
      [
        structureTable(network.structure),
        table([
          ["name", "score", "resolution", ...costHeader(row.costs)],
          [row.name, String(row.score ?? "none"), String(row.resolution), ...costCells(row.costs)],
        ]),
        `scored with stage weights ${stageWeights.join(",")}`,
        classifierLine(network.classes),
        ...(row.score !== null && distance !== undefined ? distanceText(row.score, distance) : []),
      ].join("\n"),
    );
  }
  if (output !== undefined) note(`${output}: written; next: qes score ${output}, qes export ${output}`);
}

function distanceOf(
  network: PlacedNetwork,
  score: number,
  { scoring, seconds }: { readonly scoring: ReturnType<typeof defaultScore<"analytic">>; readonly seconds: number },
): Distance | undefined {
  const began = performance.now();
  const passed = () => (performance.now() - began) / 1000;
  try {
    const { stageWeights, sigmaActivation, sigmaWeight } = scoring;
    const problem = openProblem(configAround(network, { stageWeights, sigmaActivation, sigmaWeight }));
    const outside = outsideOf(() => encode(problem.space, network.structure, network.resolution, "its network"));
    const { spaces, budgets } = boundProblem(problem);
    const maxBytes = Math.max(problem.config.search.boundMemory, Math.min(MOST_BYTES, freemem() / 2));
    const steps = solve(spaces, budgets, { top: 1, maxBytes });
    let step = steps.next();
    while (step.done !== true && passed() < seconds) step = steps.next();
    const { upperBound, proven, networks } = step.value;
    const known = Number.isFinite(upperBound) ? upperBound : null;
    return {
      upperBound: known,
      gap: known === null ? null : gapOf(known, score),
      proven,
      best: networks[0] ?? null,
      outside,
      seconds: passed(),
    };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    note(`no distance to an optimum: ${error.message}`);
    return undefined;
  }
}

function outsideOf(placed: () => void): string | null {
  try {
    placed();
    return null;
  } catch (error) {
    if (error instanceof UserError) return error.message;
    throw error;
  }
}

function distanceText(score: number, { upperBound, best, outside, seconds }: Distance): string[] {
  const time = `the bound took ${duration(seconds)}`;
  if (upperBound === null) return [`no bound yet; more time with --seconds; ${time}`];
  const found = best === null ? [] : [`best network found at the same budgets: score ${best.score}`];
  return [
    `distance to the optimum at the same budgets, its own costs: ${gapLine(score, upperBound)}`,
    ...found,
    ...(outside === null ? [] : [`it is not in that space itself: ${outside}`]),
    time,
  ];
}
