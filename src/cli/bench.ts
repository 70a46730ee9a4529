import { availableParallelism } from "node:os";
import { type ArchiveBench, benchArchive } from "../bench/archive.ts";
import { benchKernel } from "../bench/kernel.ts";
import { kernelTable } from "../bench/kernel-table.ts";
import { findOnnxruntime, withOnnxruntime } from "../bench/onnxruntime.ts";
import { benchSearch, type SearchBench } from "../bench/search.ts";
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

const subjects = ["kernel", "search", "archive"] as const;

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
