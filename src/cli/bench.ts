import { availableParallelism } from "node:os";
import { type ArchiveBench, benchArchive } from "../bench/archive.ts";
import { benchKernel } from "../bench/kernel.ts";
import { kernelTable } from "../bench/kernel-table.ts";
import { findOnnxruntime, withOnnxruntime } from "../bench/onnxruntime.ts";
import { benchScaling, type ScalingBench } from "../bench/scaling.ts";
import { benchSearch, type SearchBench } from "../bench/search.ts";
import { type Config, defaultScore } from "../config/config.ts";
import { kindOf, scoreKinds } from "../score/kinds/kinds.ts";
import {
  type Command,
  flag,
  flagOption,
  note,
  print,
  printJson,
  text,
  textOption,
  texts,
  textsOption,
  wholeOption,
} from "./command.ts";
import { readConfig } from "./input.ts";
import { rate, table } from "./render/format.ts";

const subjects = ["kernel", "search", "archive", "scaling"] as const;

export const benchCommand: Command = {
  positionals: { subject: subjects.join(", ") },
  choices: { subject: subjects },
  options: {
    source: text("preset or YAML file to measure with", { defaultDescription: "imagenet-mixed-7.0g" }),
    evaluations: text("children a search breeds", { defaultDescription: "the configuration's" }),
    rounds: text("times everything is measured, in turn; medians are shown", { defaultDescription: "5" }),
    resolution: text("kernel: pixels of one side of the input", { defaultDescription: "224" }),
    seeds: text("seeds of the score curves", { defaultDescription: "5" }),
    set: texts("path=value: set one key of the configuration; repeatable"),
    json: flag("print one JSON object on stdout"),
  },
  examples: [
    ["qes bench kernel", "time and share of peak of every conv of the published networks"],
    ["qes bench search", "children a second by stage and threads, and score against children"],
    ["qes bench archive --json", "rows a second and bytes a candidate"],
    ["qes bench scaling", "a measured score in 1, 2, ... threads, and by a model on up to 1,024 workers"],
  ],
  async run(args) {
    const assignments = [...textsOption(args, "set")];
    const evaluations = wholeOption(args, "evaluations", 1000);
    if (evaluations !== undefined) assignments.push(`search.evaluations=${evaluations}`);
    const config = readConfig(textOption(args, "source") ?? "imagenet-mixed-7.0g", assignments);
    const rounds = wholeOption(args, "rounds", 1, 1000) ?? 5;
    const seeds = wholeOption(args, "seeds", 1, 1000) ?? 5;
    const json = flagOption(args, "json");
    if (args["subject"] === "kernel") return kernel(json, wholeOption(args, "resolution", 1, 4096), rounds);
    if (args["subject"] === "scaling") return scaling(json, config);
    if (args["subject"] === "search") {
      const threads = [0, ...Array.from({ length: availableParallelism() }, (_, i) => i + 1)];
      const report = await benchSearch(config, { rounds, seeds, threads });
      if (json) printJson(report);
      else print(searchText(report));
    } else {
      const report = benchArchive(config, { rows: 200_000, rounds });
      if (json) printJson(report);
      else print(archiveText(report));
    }
    return 0;
  },
};

async function kernel(json: boolean, resolution: number | undefined, rounds: number): Promise<number> {
  const measured = benchKernel({
    rounds,
    progress: note,
    ...(resolution === undefined ? {} : { resolution }),
  });
  const onnxruntime = await findOnnxruntime();
  const report = onnxruntime === undefined ? measured : await withOnnxruntime(measured, onnxruntime.runtime);
  if (json) printJson(report);
  else print(kernelTable(report));
  if (onnxruntime === undefined) note("onnxruntime-node and onnxruntime-web are not installed: not compared");
  return 0;
}

/** Of the forward score at 64 pixels, unless the configuration says what is measured. */
async function scaling(json: boolean, config: Config): Promise<number> {
  const measured = kindOf(config.score).measured !== undefined;
  const { stageWeights } = config.score;
  const score = { ...defaultScore("forward"), stageWeights, resolution: 64, repeats: 1 };
  const { generation } = scoreKinds.forward;
  const chosen = measured ? config : { ...config, score, search: { ...config.search, generation } };
  const report = await benchScaling(chosen, threadCounts(availableParallelism()));
  if (json) printJson(report);
  else print(scalingText(report));
  return 0;
}

/** 1, 2, 4, ... and all of them. */
function threadCounts(most: number): number[] {
  return [...Array.from({ length: 32 }, (_, i) => 2 ** i).filter((count) => count < most), most];
}

function scalingText({ preset, generation, candidate, measured, model }: ScalingBench): string {
  const share = (part: number) => `${(100 * part).toFixed(0)}%`;
  return [
    `${preset}: generations of ${generation}, a candidate takes ${candidate.median.toFixed(1)} ms, at most ${candidate.most.toFixed(1)} ms`,
    "",
    table([
      ["threads", "candidates/s", "scoring", "CPU s to warm one", "MB of one"],
      ...measured.map((row) => [
        String(row.threads),
        row.candidatesPerSecond.toFixed(0),
        share(row.utilisation),
        row.warmSeconds.toFixed(2),
        row.warmMegabytes.toFixed(0),
      ]),
    ]),
    "",
    "a model from these times: equal workers, no delays of a network, a generation waits for its last candidate",
    table([
      ["workers", "candidates/s", "speed-up", "scoring"],
      ...model.map((row) => [
        String(row.workers),
        row.candidatesPerSecond.toFixed(0),
        row.speedup.toFixed(1),
        share(row.utilisation),
      ]),
    ]),
  ].join("\n");
}

function searchText(report: SearchBench): string {
  const { withoutArchive, withArchive, stages, messages, curves } = report;
  const points = curves["standard"].map(({ evaluations }, i) => [
    String(evaluations),
    ...Object.values(curves).map((curve) => curve[i].best.toFixed(4)),
  ]);
  return [
    `${report.preset}, ${report.evaluations} children a run`,
    table([
      ["", "children/s", "ratio"],
      ["loop alone", rate(withoutArchive), "1.00"],
      ...withArchive.map(({ threads, childrenPerSecond }) => [
        `with archive, --threads ${threads}`,
        rate(childrenPerSecond),
        (childrenPerSecond / withoutArchive).toFixed(2),
      ]),
    ]),
    "",
    table([["stage", "ns a child"], ...Object.entries(stages).map(([stage, ns]) => [stage, ns.toFixed(0)])]),
    "",
    table([
      ["threads", "of a generation not scoring"],
      ...messages.map(({ threads, share }) => [String(threads), `${(100 * share).toFixed(1)}%`]),
    ]),
    "",
    "median best score",
    table([["children", ...Object.keys(curves)], ...points]),
  ].join("\n");
}

function archiveText(report: ArchiveBench): string {
  return [
    table([
      ["candidates a transaction", "rows/s"],
      ...report.commits.map(({ transaction, rowsPerSecond }) => [String(transaction), rate(rowsPerSecond)]),
    ]),
    `load: ${rate(report.loadRowsPerSecond)}; ${report.bytesPerCandidate.toFixed(1)} bytes a candidate, score and costs included`,
  ].join("\n");
}
