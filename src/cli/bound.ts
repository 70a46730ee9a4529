import { UserError } from "../base/user-error.ts";
import { boundProblem } from "../bound/problem.ts";
import { type Certificate, certificateOf } from "../bound/proof/certificate.ts";
import { type BoundState, solve } from "../bound/solve.ts";
import { BoundTrace } from "../bound/trace.ts";
import type { Config } from "../config/config.ts";
import { writtenRuntime } from "../config/devices.ts";
import { peakStep } from "../costs/arena-step.ts";
import { formatNames, formatOf } from "../formats/formats.ts";
import { networkOf } from "../network/structure.ts";
import { openProblem } from "../problem/problem.ts";
import { type BoundResult, type Goal, gapOption, isGoal, resultOf } from "./bound-goal.ts";
import { parseSweep, runSweep, sweepText } from "./bound-sweep.ts";
import {
  type Command,
  flag,
  flagOption,
  formatOption,
  formatOptions,
  note,
  positiveOption,
  print,
  printJson,
  text,
  textOption,
  texts,
  textsOption,
  unlockOption,
  wholeOption,
} from "./command.ts";
import { configNotes, workNotes } from "./config-notes.ts";
import { chosenConfig, sourceOptions } from "./input.ts";
import { writeOutput } from "./output-file.ts";
import { BoundView, gapLine, sidesText } from "./render/bound.ts";
import { csv, networkCells } from "./render/csv.ts";
import { classifierLine, costCells, costHeader, duration, stepLine, table } from "./render/format.ts";
import { structureTable } from "./render/structure.ts";

/** The space of a sweep is one, whatever its points' budgets. */
function depthNote(config: Config): string {
  const { maxDepth } = openProblem(config).space.options;
  const from =
    config.budgets.layers === undefined ? "" : `, which follows from budgets.layers = ${config.budgets.layers}`;
  return `every point of the sweep has blocks of at most ${maxDepth[1]} layers${from}; set space.maxDepth to choose another space`;
}

export const boundCommand: Command = {
  positionals: { source: "a preset (qes presets lists them) or a YAML file" },
  options: {
    ...sourceOptions,
    gap: text("stop when the optimum is known this closely, such as 0.01%", { defaultDescription: "0" }),
    seconds: text("stop after this time", { defaultDescription: "300" }),
    top: text("how many of the best networks to find, with proof that no others are better", {
      defaultDescription: "1",
    }),
    sweep: text("bound and best network at each value of a budget: name=from..to:points"),
    archive: text(
      "keep the networks in this archive, as a finished run that qes best shows, and what is proven, for qes report; nothing is kept without it",
    ),
    unlock: unlockOption,
    certificate: text("write what is needed to check the bound to this file"),
    format: text("txt is the released code's format", {
      choices: ["table", "csv", ...formatNames],
      defaultDescription: "table",
    }),
    set: texts("path=value: set one key of the configuration; repeatable"),
    ...formatOptions,
    quiet: flag("no progress"),
  },
  examples: [
    ["qes bound imagenet-mixed-7.0g", "the optimum of the published space, proven"],
    ["qes bound --device stm32f746 --task vww --format txt > best.txt", "the best network for a device, for qes score"],
    ["qes bound imagenet-mixed-7.0g --sweep bitops=1e9..20e9:20", "what every GBitOp buys"],
    ["qes bound imagenet-mixed-7.0g --sweep bitops=1e9..20e9:20 --archive qes.sqlite", "the same, for qes report"],
    ["qes bound imagenet-mixed-7.0g --top 10 --archive qes.sqlite", "the ten best, kept for qes best and qes export"],
    ["qes bound imagenet-mixed-7.0g --certificate proof.json; qes verify-bound proof.json", "a proof to check"],
  ],
  async run(args) {
    const config = chosenConfig(args, textsOption(args, "set"));
    for (const line of configNotes(config)) note(line);
    const format = textOption(args, "format") ?? formatOption(args);
    const goal = { gap: gapOption(args), seconds: positiveOption(args, "seconds") ?? 300 };
    const top = wholeOption(args, "top", 1, 10_000) ?? 1;
    /** With these qes score gives the same figures. */
    const { classes, score: scoring, runtime } = config;
    const settings = { classes, ...(runtime === undefined ? {} : { runtime: writtenRuntime(runtime) }), scoring };
    const view = new BoundView(flagOption(args, "quiet"));
    const began = now();
    const archive = textOption(args, "archive");
    if (archive === undefined && flagOption(args, "unlock")) {
      throw new UserError("--unlock: expected --archive beside it, got none; leave it out");
    }
    const swept = textOption(args, "sweep");
    if (swept !== undefined) {
      for (const name of ["certificate", "top"]) {
        if (args[name] !== undefined) throw new UserError(`--${name}: not together with --sweep; leave one out`);
      }
      if (!["table", "json", "csv"].includes(format)) {
        throw new UserError(`--format ${format}: not together with --sweep; leave one out`);
      }
      const sweep = parseSweep(swept);
      if (sweep.name === "layers" && config.space.maxDepth === undefined) note(depthNote(config));
      const solved = () => runSweep(config, sweep, goal, view);
      const { points, known } =
        archive === undefined
          ? solved()
          : (await import("../run/kept-bounds.ts")).keepSweep(
              { path: archive, unlock: flagOption(args, "unlock") },
              config,
              sweep.name,
              solved,
            );
      if (archive !== undefined) note(`${archive}: keeps what is proven at ${known.length} values of ${sweep.name}`);
      if (format === "json") printJson(points.map((point) => ({ ...point, ...settings })));
      else if (format === "csv") {
        process.stdout.write(csv(points.map(({ best, ...point }) => ({ ...point, ...networkCells(best) }))));
      } else print(sweepText(points));
      return 0;
    }
    const problem = openProblem(config);
    const { spaces, budgets } = boundProblem(problem);
    const trace = new BoundTrace();
    const solved = () =>
      iterate(solve(spaces, budgets, { top, maxBytes: config.search.boundMemory }), goal, view, trace);
    const storing = { top, unlock: flagOption(args, "unlock"), trace };
    const { result: state, run } =
      archive === undefined
        ? { result: solved(), run: undefined }
        : await (await import("../run/stored-bound.ts")).storeBound(problem, { archive, ...storing }, solved);
    const seconds = now() - began;
    const path = textOption(args, "certificate");
    if (path !== undefined) {
      if (state.upperBound === Number.POSITIVE_INFINITY) {
        throw new UserError(`--certificate: ${nothingProven(goal)}`);
      }
      writeCertificate(path, certificateOf(config, state));
    }
    const kept = run === undefined ? {} : { run, archive };
    const result = resultOf(state, seconds);
    if (format === "json")
      printJson({ ...kept, ...result, ...(top === 1 ? {} : { networks: state.networks }), ...settings });
    else if (format === "csv") {
      process.stdout.write(csv(state.networks.map((network, i) => ({ rank: i + 1, ...networkCells(network) }))));
    } else if (format === "table") print(boundText(result, state, goal, config));
    else {
      process.stdout.write(formatOf(format).write(state.networks.map((row) => ({ ...row, ...settings }))));
      note(statementOf(result, state, goal));
    }
    if (archive !== undefined && run === undefined) note(`${archive}: nothing is kept, since there is no network`);
    if (run !== undefined && format !== "json") {
      const show = format === "table" ? print : note;
      show(`kept as run ${run}; show it with: qes best ${archive} --run ${run}`);
    }
    return 0;
  },
};

const now = () => performance.now() / 1000;

/** Steps a bound until it is closed, the gap is small enough or the time is up. */
function iterate(steps: Iterator<BoundState, BoundState>, goal: Goal, view: BoundView, trace: BoundTrace): BoundState {
  const began = now();
  for (let step = 1; ; step++) {
    const { value: state, done } = steps.next();
    trace.add(step, state.upperBound, state.networks[0]?.score, now() - began);
    view.update(state, now() - began);
    if (done || isGoal(state, goal, now() - began)) {
      view.end();
      return state;
    }
  }
}

const nothingProven = ({ seconds }: Goal) =>
  `nothing is proven after ${duration(seconds)}; give it more time with --seconds, or the space fewer widths, kernels or resolutions`;

/** What is known, in a line. */
function statementOf({ best, proven }: BoundResult, { upperBound, networks }: BoundState, goal: Goal): string {
  if (upperBound === Number.POSITIVE_INFINITY)
    return best === null ? nothingProven(goal) : `${sidesText(best.score, upperBound)}: ${nothingProven(goal)}`;
  if (best === null) {
    return upperBound === Number.NEGATIVE_INFINITY
      ? "no network of the space is within the budgets; raise them"
      : `no network found; none scores more than ${upperBound}`;
  }
  return proven && networks.length > 1
    ? `proven: no other network of this space scores more under these budgets than the last of these ${networks.length} (what a score is: docs/score.md)`
    : gapLine(best.score, upperBound);
}

function boundText(result: BoundResult, state: BoundState, goal: Goal, config: Config): string {
  const { runtime, classes } = config;
  const deployment = runtime === undefined ? undefined : { runtime, classes };
  const { networks, phase } = state;
  const statement = statementOf(result, state, goal);
  if (networks.length === 0) return statement;
  const rows = networks.map(({ score, resolution, costs }, i) => [
    String(i + 1),
    String(score),
    String(resolution),
    ...costCells(costs),
  ]);
  return [
    `best score ${networks[0].score}`,
    statement,
    table([["#", "score", "resolution", ...costHeader(networks[0]?.costs ?? {})], ...rows]),
    ...networks.flatMap(({ structure, resolution }, i) => [
      `\n#${i + 1}`,
      structureTable(structure),
      stepLine(peakStep(networkOf(structure, resolution), deployment)),
    ]),
    classifierLine(classes),
    ...workNotes(config, networks[0].costs),
    `${duration(result.seconds)}${phase === "stuck" ? "; the gap needs more labels than allowed" : ""}`,
  ].join("\n");
}

function writeCertificate(path: string, certificate: Certificate): void {
  const text = `${JSON.stringify(certificate, null, 2)}\n`;
  writeOutput("--certificate", path, text, { begins: text.slice(0, text.indexOf(",")), name: "a certificate" });
}
