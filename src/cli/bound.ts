import { writeFileSync } from "node:fs";
import { UserError } from "../base/user-error.ts";
import { gapOf } from "../bound/gap.ts";
import type { BoundNetwork } from "../bound/incumbents.ts";
import { boundProblem } from "../bound/problem.ts";
import { type Certificate, certificateOf } from "../bound/proof/certificate.ts";
import { type BoundState, solve } from "../bound/solve.ts";
import { sweep } from "../bound/sweep.ts";
import type { Config } from "../config/config.ts";
import { type CostName, costNames } from "../costs/cost-table.ts";
import { openProblem } from "../problem/problem.ts";
import {
  type Arguments,
  type Command,
  flag,
  flagOption,
  formatOption,
  formatOptions,
  positiveOption,
  print,
  printJson,
  text,
  textOption,
  texts,
  textsOption,
  wholeOption,
} from "./command.ts";
import { readConfig } from "./input.ts";
import { csv, networkCells } from "./render/csv.ts";
import { costCells, costHeader, costText, duration, percent, table } from "./render/format.ts";

export const boundCommand: Command = {
  positionals: { source: "a preset (qes presets lists them) or a YAML file" },
  options: {
    gap: text("stop when the optimum is known this closely, such as 0.01%", { defaultDescription: "0" }),
    seconds: text("stop after this time", { defaultDescription: "300" }),
    top: text("how many of the best networks to find, with proof that no others are better", {
      defaultDescription: "1",
    }),
    sweep: text("bound and best network at each value of a budget: name=from..to:points"),
    certificate: text("write what is needed to check the bound to this file"),
    set: texts("path=value: set one key of the configuration; repeatable"),
    ...formatOptions,
    quiet: flag("no progress"),
  },
  examples: [
    ["qes bound imagenet-mixed-7.0g", "the optimum of the published space, proven"],
    ["qes bound imagenet-mixed-7.0g --sweep bitops=1e9..20e9:20", "what every GBitOp buys"],
    ["qes bound imagenet-mixed-7.0g --certificate proof.json; qes verify-bound proof.json", "a proof to check"],
  ],
  async run(args) {
    const config = readConfig(String(args["source"]), textsOption(args, "set"));
    const format = formatOption(args);
    const goal = { gap: gapOption(args), seconds: positiveOption(args, "seconds") ?? 300 };
    const top = wholeOption(args, "top", 1, 10_000) ?? 1;
    /** With these qes score gives the same figures. */
    const settings = { classes: config.classes, scoring: config.score };
    const view = new BoundView(flagOption(args, "quiet"));
    const began = now();
    const swept = textOption(args, "sweep");
    if (swept !== undefined) {
      for (const name of ["certificate", "top"]) {
        if (args[name] !== undefined) throw new UserError(`--${name}: not together with --sweep; leave one out`);
      }
      const points = runSweep(config, parseSweep(swept), goal, view);
      if (format === "json") printJson(points.map((point) => ({ ...point, ...settings })));
      else if (format === "csv") {
        process.stdout.write(csv(points.map(({ best, ...point }) => ({ ...point, ...networkCells(best) }))));
      } else print(sweepText(points));
      return 0;
    }
    const { spaces, budgets } = boundProblem(openProblem(config));
    const state = iterate(solve(spaces, budgets, { top }), goal, view);
    const seconds = now() - began;
    const path = textOption(args, "certificate");
    if (path !== undefined) writeCertificate(path, certificateOf(config, state));
    const result = resultOf(state, seconds);
    if (format === "json") printJson({ ...result, ...(top === 1 ? {} : { networks: state.networks }), ...settings });
    else if (format === "csv") {
      process.stdout.write(csv(state.networks.map((network, i) => ({ rank: i + 1, ...networkCells(network) }))));
    } else print(boundText(result, state));
    return 0;
  },
};

interface Goal {
  /** As a share of the score. */
  readonly gap: number;
  readonly seconds: number;
}

interface BoundResult {
  readonly upperBound: number | null;
  readonly gap: number | null;
  readonly proven: boolean;
  readonly seconds: number;
  readonly best: BoundNetwork | null;
}

const now = () => performance.now() / 1000;

/** Steps a bound until it is closed, the gap is small enough or the time is up. */
function iterate(steps: Iterator<BoundState, BoundState>, goal: Goal, view: BoundView): BoundState {
  const began = now();
  for (;;) {
    const { value: state, done } = steps.next();
    view.update(state, now() - began);
    if (done || isGoal(state, goal, now() - began)) {
      view.end();
      return state;
    }
  }
}

function isGoal(state: BoundState, goal: Goal, seconds: number): boolean {
  const best = state.networks[0];
  const close = best !== undefined && goal.gap > 0 && gapOf(state.upperBound, best.score) <= goal.gap;
  return close || (seconds >= goal.seconds && Number.isFinite(state.upperBound));
}

function resultOf(state: BoundState, seconds: number): BoundResult {
  const best = state.networks[0] ?? null;
  const upperBound = Number.isFinite(state.upperBound) ? state.upperBound : null;
  const gap = best === null || upperBound === null ? null : gapOf(upperBound, best.score);
  return { upperBound, gap, proven: state.proven, seconds, best };
}

function boundText(result: BoundResult, state: BoundState): string {
  const { best, upperBound, gap, seconds } = result;
  if (best === null) {
    return upperBound === null
      ? "no network of the space is within the budgets; raise them"
      : `no network found; none scores more than ${upperBound}`;
  }
  const rows = state.networks.map((network, i) => [String(i + 1), String(network.score), ...costCells(network.costs)]);
  const proof =
    result.proven && state.networks.length > 1
      ? `proven: no other network scores more than the last of these ${state.networks.length}`
      : `best ${best.score}, proven within ${percent(gap!)} of the optimum`;
  return [
    proof,
    `no network of the space within the budgets scores more than ${upperBound}`,
    table([["#", "score", ...costHeader], ...rows]),
    `${duration(seconds)}${state.phase === "stuck" ? "; the gap needs more memory than allowed" : ""}`,
  ].join("\n");
}

function gapOption(args: Arguments): number {
  const value = textOption(args, "gap");
  if (value === undefined) return 0;
  const share = value.endsWith("%") ? Number(value.slice(0, -1)) / 100 : Number(value);
  if (!(share >= 0 && share < 1)) {
    throw new UserError(`--gap: expected a share such as 0.01% or 0.0001, got ${JSON.stringify(value)}`);
  }
  return share;
}

interface Sweep {
  readonly name: CostName;
  readonly values: readonly number[];
}

function parseSweep(value: string): Sweep {
  const match = /^(\w+)=([\d.e+]+)\.\.([\d.e+]+):(\d{1,4})$/i.exec(value);
  const name = costNames.find((cost) => cost === match?.[1]);
  const [from, to, points] = [Number(match?.[2]), Number(match?.[3]), Number(match?.[4])];
  if (name === undefined || !(from > 0 && to >= from && points >= 1)) {
    throw new UserError(
      `--sweep: expected name=from..to:points with a name among ${costNames.join(", ")}, for example bitops=1e9..20e9:20, got ${JSON.stringify(value)}`,
    );
  }
  const step = points === 1 ? 0 : (to - from) / (points - 1);
  return { name, values: Array.from({ length: points }, (_, i) => from + i * step) };
}

function runSweep(config: Config, { name, values }: Sweep, goal: Goal, view: BoundView) {
  const { spaces, budgets } = boundProblem(openProblem(config));
  const last = new Map<number, BoundResult>();
  const steps = sweep(spaces, budgets, name, values);
  let began = now();
  let wish: "skip" | undefined;
  let budget: number | undefined;
  for (let step = steps.next(); !step.done; step = steps.next(wish)) {
    if (step.value.budget !== budget) began = now();
    budget = step.value.budget;
    const { state } = step.value;
    const seconds = now() - began;
    view.update(state, seconds);
    last.set(budget, resultOf(state, seconds));
    wish = isGoal(state, goal, seconds) ? "skip" : undefined;
  }
  view.end();
  return [...last].map(([value, result]) => ({ budget: name, value, ...result }));
}

function sweepText(points: ReturnType<typeof runSweep>): string {
  return table([
    [points[0].budget, "upper bound", "best", "gap", ...costHeader],
    ...points.map(({ budget, value, upperBound, gap, best }) => [
      costText(budget, value),
      upperBound?.toFixed(6) ?? "-",
      best?.score.toFixed(6) ?? "none",
      gap === null ? "-" : percent(gap),
      ...(best === null ? costHeader.map(() => "") : costCells(best.costs)),
    ]),
  ]);
}

function writeCertificate(path: string, certificate: Certificate): void {
  try {
    writeFileSync(path, `${JSON.stringify(certificate, null, 2)}\n`);
  } catch (error) {
    throw new UserError(
      `--certificate ${path}: cannot be written (${(error as NodeJS.ErrnoException).code}); check the path`,
    );
  }
}

/** Both bounds on stderr: redrawn on a terminal, else a line now and then. */
class BoundView {
  readonly #quiet: boolean;
  readonly #terminal = process.stderr.isTTY === true;
  #last = now();

  constructor(quiet: boolean) {
    this.#quiet = quiet;
  }

  update(state: BoundState, seconds: number): void {
    if (this.#quiet || now() - this.#last < (this.#terminal ? 0.1 : 10)) return;
    this.#last = now();
    const best = state.networks[0]?.score.toFixed(4) ?? "none";
    const line = `${duration(seconds)}  ${state.phase}  best ${best}  upper bound ${state.upperBound.toFixed(4)}`;
    process.stderr.write(this.#terminal ? `\r\x1b[2K${line}` : `${line}\n`);
  }

  end(): void {
    if (this.#terminal && !this.#quiet) process.stderr.write("\r\x1b[2K");
  }
}
