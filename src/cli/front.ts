import { setTimeout as pause } from "node:timers/promises";
import { UserError } from "../base/user-error.ts";
import { type FrontCost, front } from "../bound/front.ts";
import { hullOf, pricesOf } from "../bound/front-points.ts";
import { boundProblem } from "../bound/problem.ts";
import { writtenRuntime } from "../config/devices.ts";
import { type CostName, costsOf } from "../costs/cost-table.ts";
import { openProblem } from "../problem/problem.ts";
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
} from "./command.ts";
import { configNotes } from "./config-notes.ts";
import { chosenConfig, sourceOptions } from "./input.ts";
import { STOPPED } from "./processes.ts";
import { csv, networkCells } from "./render/csv.ts";
import { classifierLine, costCells, costHeader, duration, table } from "./render/format.ts";

/** Costs that their units name. */
const sameName: readonly CostName[] = ["bitops", "macs", "layers"];
/** What a price is for one of, by the unit of a cost. */
const units = {
  bytes: [1024, "KiB"],
  BitOps: [1e6, "MBitOp"],
  MACs: [1e6, "MMAC"],
  layers: [1, "layer"],
  ms: [1, "ms"],
  mJ: [1, "mJ"],
} as const;

const now = () => performance.now() / 1000;

export const frontCommand: Command = {
  positionals: { source: "a preset (qes presets lists them) or a YAML file" },
  options: {
    ...sourceOptions,
    of: text("one or two costs, such as flash,sramLive or bitops=1e9..20e9"),
    all: flag("every point of a front of one cost, not only those of its convex hull"),
    seconds: text("stop after this time", { defaultDescription: "300" }),
    set: texts("path=value: set one key of the configuration; repeatable"),
    ...formatOptions,
    quiet: flag("no progress"),
  },
  examples: [
    ["qes front imagenet-mixed-7.0g --of bitops=1e9..20e9", "the networks that are best at some price of BitOps"],
    ["qes front stm32f412-vww --of flash --all", "every network that no other beats in score and flash"],
    ["qes front mine.yaml --of flash,sramLive --csv", "the same for two costs, as CSV"],
  ],
  async run(args) {
    const config = chosenConfig(args, textsOption(args, "set"));
    for (const line of configNotes(config)) note(line);
    const problem = openProblem(config);
    const known = costsOf(problem.deployment);
    const of = costsIn(
      textOption(args, "of"),
      known.map(({ name }) => name),
    );
    const names = of.map(({ name }) => name);
    const { spaces, budgets } = boundProblem(problem);
    const seconds = positiveOption(args, "seconds") ?? 300;
    const began = now();
    let told = began;
    const steps = front(spaces, budgets, of, { maxBytes: config.search.boundMemory });
    let step = steps.next();
    let stopped = false;
    const stop = () => {
      stopped = true;
    };
    process.once("SIGINT", stop);
    for (let heard = began; !step.done && !stopped && now() - began < seconds; ) {
      step = steps.next();
      if (now() - heard > 0.2) {
        await pause(0);
        heard = now();
      }
      if (now() - told < 5 || flagOption(args, "quiet")) continue;
      told = now();
      note(`${Math.round(told - began)} s  ${points(step.value.points.length)}`);
    }
    process.off("SIGINT", stop);
    const { points: all, isWhole } = step.value;
    if (all.length === 0) {
      note(
        isWhole
          ? `no network of the space is within the budgets${of.some(({ to }) => to !== undefined) ? " and ranges" : ""}; widen them`
          : `nothing was proven in ${duration(now() - began)}; give it more --seconds, or a range such as --of ${names[0]}=FROM..TO`,
      );
      if (formatOption(args) === "json") printJson([]);
      return stopped ? STOPPED : 0;
    }
    const isHull = names.length === 1 && !flagOption(args, "all");
    const shown = isHull ? hullOf(all, names[0]) : all;
    const prices = names.map((name) => pricesOf(shown, name, names));
    const rows = shown.map((network, i) => ({ network, prices: prices.map((list) => list[i]) }));
    const unitOf = (name: CostName) => units[known.find((row) => row.name === name)!.unit];
    const format = formatOption(args);
    const { classes, score: scoring, runtime } = config;
    if (format === "json") {
      const settings = { classes, ...(runtime === undefined ? {} : { runtime: writtenRuntime(runtime) }), scoring };
      printJson(
        rows.map(({ network, prices }) => ({
          ...network,
          prices: Object.fromEntries(names.map((name, i) => [name, prices[i]])),
          ...settings,
        })),
      );
    } else if (format === "csv") {
      const priced = (prices: readonly (number | null)[]) =>
        Object.fromEntries(names.map((name, i) => [`scorePer_${name}`, prices[i]]));
      process.stdout.write(csv(rows.map(({ network, prices }) => ({ ...priced(prices), ...networkCells(network) }))));
    } else {
      const header = names.map((name) => `score per ${unitOf(name)[1]}${sameName.includes(name) ? "" : ` of ${name}`}`);
      const cells = rows.map(({ network, prices }) => [
        network.score.toFixed(6),
        ...prices.map((price, i) => (price === null ? "-" : (price * unitOf(names[i])[0]).toPrecision(4))),
        ...costCells(network.costs),
      ]);
      print(table([["score", ...header, ...costHeader(shown[0]?.costs ?? {})], ...cells]));
      print(classifierLine(classes));
    }
    const part = isHull
      ? `, of which ${shown.length} ${shown.length === 1 ? "is" : "are"} best at some price and here; --all gives all`
      : "";
    note(
      isWhole
        ? `${points(all.length)}${part}: every network of this space that no other beats in score and ${names.join(" and ")}, proven`
        : `${points(all.length)}, each proven${part}; there are more: give it more --seconds, a range such as --of ${names[0]}=FROM..TO, or smaller budgets`,
    );
    return stopped ? STOPPED : 0;
  },
};

const points = (count: number) => `${count} ${count === 1 ? "point" : "points"}`;

/** The costs of `--of`, each perhaps with a range. */
function costsIn(value: string | undefined, known: readonly CostName[]): FrontCost[] {
  const wished = (value?.split(",") ?? []).map((wish) => /^(\w+)(?:=([\d.e+]+)\.\.([\d.e+]+))?$/i.exec(wish));
  const costs = wished.flatMap((match): FrontCost[] => {
    const name = known.find((cost) => cost === match?.[1]);
    if (name === undefined) return [];
    if (match![2] === undefined) return [{ name }];
    const [from, to] = [Number(match![2]), Number(match![3])];
    return from >= 0 && to >= from && Number.isFinite(to) ? [{ name, from, to }] : [];
  });
  const isOf = costs.length === wished.length && new Set(costs.map(({ name }) => name)).size === costs.length;
  if (!isOf || costs.length < 1 || costs.length > 2) {
    throw new UserError(
      `--of: expected one or two of ${known.join(", ")}, separated by a comma, each perhaps with a range that rises, as in bitops=1e9..20e9, got ${value === undefined ? "nothing" : JSON.stringify(value)}`,
    );
  }
  return costs;
}
