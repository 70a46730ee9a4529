import * as z from "zod";
import { deepFreeze } from "../base/deep-freeze.ts";
import { UserError } from "../base/user-error.ts";
import { parseYamlText } from "../base/yaml-text.ts";
import { type CostName, costTable, type DeployedCost } from "../costs/cost-table.ts";
import { operatorSets } from "../engine/operators.ts";
import { searchFamilies } from "../network/families.ts";
import { describe, parseStructure, type Structure } from "../network/structure.ts";
import type { OperatorFigures } from "../operators/operator-figures.ts";
import { kindOf } from "../score/kinds/kinds.ts";
import { chosenCapability } from "./capabilities.ts";
import { chosenRuntime, fillFromDevice, refuseLoneDevice, startIsTasks } from "./devices.ts";
import { normaliseResolution } from "./input-resolution.ts";
import { parseFields } from "./issues.ts";
import { type OperatorsInput, operatorsOf } from "./operators.ts";
import { checkRuntime, type RuntimeFile } from "./runtime.ts";
import { scoreSchema } from "./score-schema.ts";
import { fillTemplate } from "./template.ts";

const whole = (min: number, max = Number.MAX_SAFE_INTEGER) => z.number().int().min(min).max(max);
const positive = z.number().positive().max(1e18);

const width = whole(8, 16_320);

const familyNames = () => searchFamilies().map(({ search }) => search.name);

const spaceSchema = z.strictObject({
  family: z.custom<string>((value) => familyNames().includes(value as string), {
    error: () =>
      `expected one of ${familyNames()
        .map((name) => JSON.stringify(name))
        .join("|")}`,
  }),
  start: z.array(z.unknown()).min(1).max(256),
  kernels: z
    .array(whole(1, 31).refine((k) => k % 2 === 1, "expected an odd kernel size"))
    .min(1)
    .max(8)
    .default([3, 5]),
  /** Ascending, whatever their order in the file: a step up is a step along the list. */
  expansions: z
    .array(z.number().positive().max(16))
    .min(1)
    .max(64)
    .transform((expansions) => expansions.toSorted((x, y) => x - y))
    .default([1.5, 2, 2.5, 3, 3.5, 4]),
  /** Widths are multiples of it, at most 255 times it. */
  widthStep: width
    .refine((step) => step % 8 === 0, "expected a multiple of 8")
    .max(64)
    .default(8),
  maxOut: width.default(1280),
  stemOut: z.tuple([width, width]).default([8, 32]),
  /** Range of every block of the start, null for none of its own. */
  blockOut: z
    .array(z.tuple([width, width]).nullable())
    .max(256)
    .optional(),
  /** Absent: the head keeps its width. */
  headOut: z.tuple([width, width]).optional(),
  maxDepth: whole(1, 64).optional(),
  bits: z.array(whole(1, 15)).min(1).max(15).optional(),
});

const schema = z.strictObject({
  name: z.string().min(1).max(100).default("search"),
  /** Each a name or what a file of one holds; checked and filled in by `fillFromDevice`. */
  device: z.unknown().optional(),
  task: z.unknown().optional(),
  input: z
    .strictObject({
      resolution: whole(1, 4096).default(224),
      /** Ascending, where the resolution is searched; `resolution` is then the first. */
      resolutions: z.array(whole(8, 2040)).min(1).max(255).optional(),
      channels: whole(1, 1024).default(3),
    })
    .prefault({}),
  /** The program that deploys the networks: a name, "none", or what a file of one holds; checked by `chosenRuntime`. */
  runtime: z.unknown().optional(),
  /** Checked by `parseCapability`. */
  capability: z.unknown().optional(),
  /** Tables or models of operators; checked by `operatorsOf`. */
  latency: z.unknown().optional(),
  energy: z.unknown().optional(),
  classes: whole(0, 1e6).default(0),
  space: spaceSchema,
  score: scoreSchema.prefault({ kind: "analytic" }),
  budgets: z
    .strictObject({
      ...(Object.fromEntries(
        costTable.map(({ name, unit }) => [name, (unit === "layers" ? whole(1, 4096) : positive).optional()]),
      ) as Record<Exclude<CostName, DeployedCost>, z.ZodOptional<z.ZodNumber>>),
      /** Of what `runtime` says. */
      flashDeployed: positive.optional(),
      arena: positive.optional(),
      /** Of the tables of measured operators, in milliseconds and millijoules. */
      latency: positive.max(1e6).optional(),
      energy: positive.max(1e6).optional(),
      /** DeepMAD's, of the network as a whole: neither a sum nor a peak of layers. */
      effectiveness: positive.optional(),
    })
    .prefault({}),
  search: z
    .strictObject({
      evaluations: whole(1, 1e12).default(500_000),
      population: whole(1, 1e6).default(256),
      generation: whole(1, 1e6).optional(),
      seed: whole(0).default(1),
      /** Shrink a start network that is over budget instead of refusing it; absent: where there is a device. */
      fitStart: z.boolean().optional(),
      operators: z.enum(operatorSets).default("fitted"),
      /** Begin with few members and children a generation, and grow to the above; absent: with the fitted operators. */
      growing: z.boolean().optional(),
      /** Generations from one child with refined bits to the next, unless the operators are the published ones; 0 for none. */
      refineEvery: whole(0, 1e9).default(0),
      /** What the first generation holds beside the start: nothing, or what the closed form's bound finds; absent: that with the expected score. */
      seedFrom: z.enum(["start", "bound"]).optional(),
      /** How close to the proven optimum a search ends, as a share of the score; "off" breeds all children. */
      stopGap: z
        .union([z.number().min(0).max(1), z.literal("off")], "expected a share from 0 to 1 such as 0.001, or off")
        .optional(),
      /** Bytes that the tables of the bound may take. */
      boundMemory: whole(1e6, 1e12).default(512_000_000),
    })
    .prefault({}),
});

export type ScoreConfig = z.output<typeof scoreSchema>;

/** A score of a kind with every default. */
export function defaultScore<K extends ScoreConfig["kind"]>(kind: K): Extract<ScoreConfig, { kind: K }> {
  return scoreSchema.parse({ kind }) as Extract<ScoreConfig, { kind: K }>;
}

type Listed = readonly (readonly [activation: number, weight: number])[];

/** A configuration as one writes it: what has a default may be left out, and with a task the space too. */
export type ConfigInput = Omit<
  z.input<typeof schema>,
  "device" | "task" | "runtime" | "latency" | "energy" | "input" | "capability" | "space"
> & {
  /** The name of a shipped one, or what a file of one holds. */
  readonly device?: string | Readonly<Record<string, unknown>>;
  readonly task?: string | Readonly<Record<string, unknown>>;
  /** As these; "none" for none. */
  readonly runtime?: string | Readonly<Record<string, unknown>>;
  /** A shipped model by name, or by `readOperatorTable`. */
  readonly latency?: OperatorsInput;
  readonly energy?: OperatorsInput;
  readonly input?: {
    /** Pixels of one side; several are searched. */
    readonly resolution?:
      | number
      | readonly number[]
      | { readonly min: number; readonly max: number; readonly step?: number };
    readonly channels?: number;
  };
  /** A name, or legal pairs of activation and weight bits. */
  readonly capability?: string | Listed | { readonly body: Listed; readonly stem?: Listed; readonly head?: Listed };
  readonly space?: Partial<Omit<z.input<typeof spaceSchema>, "start">> & { readonly start?: Structure };
};

/** A checked configuration: every default filled in, the start network parsed. */
export type Config = Omit<z.output<typeof schema>, "space" | "search" | "runtime" | "latency" | "energy"> & {
  readonly runtime?: RuntimeFile;
  readonly latency?: OperatorFigures;
  readonly energy?: OperatorFigures;
  readonly space: Omit<z.output<typeof spaceSchema>, "start"> & { readonly start: Structure };
  readonly search: z.output<typeof schema>["search"] & {
    readonly generation: number;
    readonly growing: boolean;
    readonly seedFrom: "start" | "bound";
  };
};

/**
 * Checks a configuration value, such as a `ConfigInput` or what a YAML file holds.
 * @param where names it in messages: a file or a preset
 * @throws UserError with the path of every wrong key, what was expected and the nearest right key
 */
export function parseConfig(raw: unknown, where = "configuration"): Config {
  refuseNulls(raw, where);
  refuseLoneDevice(raw, where);
  const value = normaliseResolution(fillFromDevice(raw, where));
  const config = parseFields(schema, value, where);
  const capability = chosenCapability(config.capability, config.space.bits, `${where}: capability`);
  const runtime = chosenRuntime(config.runtime, `${where}: runtime`);
  checkRuntime(runtime, config.budgets, capability, where);
  if (config.capability !== undefined && config.space.bits !== undefined) {
    throw new UserError(
      `${where}: space.bits contradicts capability: both say which bits are legal; remove one of them`,
    );
  }
  let start = parseStructure(config.space.start, `${where}: space.start`);
  if (startIsTasks(raw) || config.search.fitStart === true)
    start = fillTemplate(start, capability, config.input.resolution, config.space.kernels);
  if (start[0].in !== config.input.channels) {
    throw new UserError(
      `${where}: space.start[0].in: expected ${config.input.channels}, input.channels, got ${start[0].in}; make the two equal`,
    );
  }
  const generation = config.search.generation ?? kindOf(config.score).generation;
  const bounded = kindOf(config.score).layerSum !== undefined && config.budgets.effectiveness === undefined;
  const stopGap = config.search.stopGap ?? (bounded ? 0 : "off");
  // The sizes of runs with the operators of earlier versions are fixed.
  const growing = config.search.growing ?? config.search.operators === "fitted";
  // A search of the expected score has no proven end, so what it begins with decides more.
  const seedFrom = config.search.seedFrom ?? (kindOf(config.score).expected === undefined ? "start" : "bound");
  const search = { ...config.search, generation, growing, seedFrom, stopGap };
  const { runtime: _, latency: __, energy: ___, ...rest } = config;
  // What was checked stays as it was: changed, it could make a search endless.
  return deepFreeze({
    ...rest,
    ...(runtime === undefined ? {} : { runtime }),
    ...operatorTables(config, where),
    space: { ...config.space, start },
    search,
  });
}

/**
 * Checks the `score` of a configuration on its own.
 * @throws UserError as of parseConfig
 */
export function parseScoring(value: unknown, where: string): ScoreConfig {
  return parseFields(scoreSchema, value, where);
}

/** @throws UserError where a table is none, or there is a budget of one that is missing */
function operatorTables(
  config: Pick<z.output<typeof schema>, "latency" | "energy" | "budgets">,
  where: string,
): Pick<Config, "latency" | "energy"> {
  const tables = (["latency", "energy"] as const).flatMap((name) => {
    if (config[name] !== undefined) return [[name, operatorsOf(name, config[name], `${where}: ${name}`)]];
    if (config.budgets[name] === undefined) return [];
    throw new UserError(
      `${where}: budgets.${name}: expected a table or a model of operators that it limits, got none; give ${name}: FILE`,
    );
  });
  return Object.fromEntries(tables);
}

/** Left out and null are not the same: what a form left empty is no wish for a search without a device's budgets. */
function refuseNulls(raw: unknown, where: string): void {
  if (typeof raw !== "object" || raw === null) return;
  for (const key of ["device", "task", "capability", "runtime", "latency", "energy"]) {
    if ((raw as Record<string, unknown>)[key] === null) {
      throw new UserError(`${where}: ${key}: expected a name or an object, got nothing; leave the key out for none`);
    }
  }
}

/** @throws UserError where the text is not YAML */
export function parseConfigText(text: string, where = "configuration"): unknown {
  return parseYamlText(text, where);
}

/**
 * Sets `path=value` assignments on a raw configuration; the value is read as YAML.
 * @param where names them in messages
 * @throws UserError where an assignment is not of that form
 */
export function applyAssignments(value: unknown, assignments: readonly string[], where = "assignment"): unknown {
  const root = structuredClone(value);
  // What is no configuration at all is told by parseConfig.
  if (typeof root !== "object" || root === null) return root;
  for (const assignment of assignments) {
    const equals = assignment.indexOf("=");
    const path = assignment.slice(0, equals).split(".");
    if (equals < 1 || path.some((key) => !/^[A-Za-z][A-Za-z0-9]*$|^\d{1,4}$/.test(key) || key in Object.prototype)) {
      throw new UserError(`${where} ${describe(assignment)}: expected path=value, for example search.population=512`);
    }
    const last = path.pop()!;
    let at = root as Record<string, unknown>;
    for (const key of path) {
      const next = Object.hasOwn(at, key) ? at[key] : undefined;
      if (next !== undefined && (typeof next !== "object" || next === null)) {
        throw new UserError(`${where} ${assignment}: ${key} is ${describe(next)}, which has no keys`);
      }
      if (next === undefined) at[key] = {};
      at = at[key] as Record<string, unknown>;
    }
    at[last] = parseConfigText(assignment.slice(equals + 1), `${where} ${path.concat(last).join(".")}`);
  }
  return root;
}
