import { UserError } from "../base/user-error.ts";
import { front, priceAt, undominated } from "../bound/front.ts";
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
import { csv, networkCells } from "./render/csv.ts";
import { classifierLine, costCells, costHeader, table } from "./render/format.ts";

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
    of: text("one or two costs, such as flash,sramLive"),
    seconds: text("stop after this time", { defaultDescription: "300" }),
    set: texts("path=value: set one key of the configuration; repeatable"),
    ...formatOptions,
    quiet: flag("no progress"),
  },
  examples: [
    ["qes front stm32f412-vww --of flash", "every network that no other beats in score and flash, and what a KiB buys"],
    ["qes front mine.yaml --of flash,sramLive --csv", "the same for two costs, as CSV"],
  ],
  async run(args) {
    const config = chosenConfig(args, textsOption(args, "set"));
    for (const line of configNotes(config)) note(line);
    const problem = openProblem(config);
    const known = costsOf(problem.deployment);
    const names = namesOf(
      textOption(args, "of"),
      known.map(({ name }) => name),
    );
    const { spaces, budgets } = boundProblem(problem);
    const seconds = positiveOption(args, "seconds") ?? 300;
    const began = now();
    let told = began;
    const steps = front(spaces, budgets, names, { maxBytes: config.search.boundMemory });
    let step = steps.next();
    while (!step.done && now() - began < seconds) {
      step = steps.next();
      if (now() - told < 5 || flagOption(args, "quiet")) continue;
      told = now();
      note(`${Math.round(told - began)} s  ${step.value.found.length} points, ${step.value.open} limits to look under`);
    }
    const { found, open } = step.value;
    const points = undominated(found, names);
    const rows = points.map((network) => ({
      network,
      prices: names.map((name) => priceAt(points, network, name, names)),
    }));
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
      const header = names.map((name) => `score per ${unitOf(name)[1]} of ${name}`);
      const cells = rows.map(({ network, prices }) => [
        network.score.toFixed(6),
        ...prices.map((price, i) => (price === null ? "-" : (price * unitOf(names[i])[0]).toPrecision(4))),
        ...costCells(network.costs),
      ]);
      print(table([["score", ...header, ...costHeader(points[0]?.costs ?? {})], ...cells]));
      print(classifierLine(classes));
    }
    note(
      open === 0
        ? `${points.length} points: every network of this space that no other beats in score and ${names.join(" and ")}, proven`
        : `${points.length} points, each proven; ${open} limits are not looked under yet: give it more --seconds, or smaller budgets`,
    );
    return 0;
  },
};

function namesOf(value: string | undefined, known: readonly CostName[]): CostName[] {
  const wished = value?.split(",") ?? [];
  const names = wished.flatMap((wish) => known.find((name) => name === wish) ?? []);
  if (names.length < 1 || names.length > 2 || names.length !== wished.length || new Set(names).size !== names.length) {
    throw new UserError(
      `--of: expected one or two of ${known.join(", ")}, separated by a comma, got ${value === undefined ? "nothing" : JSON.stringify(value)}`,
    );
  }
  return names;
}
