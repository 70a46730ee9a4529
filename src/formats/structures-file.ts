import { type Literal, parseLiteral } from "../base/literal.ts";
import { UserError } from "../base/user-error.ts";
import type { ScoreConfig } from "../config/config.ts";
import { chosenRuntime, NO_RUNTIME } from "../config/devices.ts";
import type { RuntimeFile } from "../config/runtime.ts";
import { parseStoredScoring } from "../config/stored-config.ts";
import { describe, type Structure } from "../network/structure.ts";

/** One entry of a structures file, not yet checked as a structure, with the settings that golden files carry beside it. */
export interface StructureEntry {
  readonly name: string;
  /** Names the entry's structure in messages. */
  readonly where: string;
  readonly structure: unknown;
  readonly resolution?: number;
  readonly stageWeights?: readonly number[];
  readonly sigmaActivation?: number;
  readonly sigmaWeight?: number;
  /** Outputs of the classifier that flash counts. */
  readonly classes?: number;
  /** What deploys it. */
  readonly runtime?: RuntimeFile;
  /** How the score was computed, in a result of this program. */
  readonly scoring?: ScoreConfig;
}

/**
 * Reads a structures file: `{ best_structures: [...] }` (the released code's form, JSON or Python literal), a list of objects with
 * `structure`, `{ cases: [...] }` of those, one structure alone, or what search, best, refine and bound print as JSON.
 * @throws UserError where the text is none of these
 */
export function parseStructures(text: string, where: string): StructureEntry[] {
  const value = parseLiteral(text, where);
  if (isObject(value)) {
    if (Array.isArray(value.best_structures)) {
      const common = settingsOf(value, where);
      const entries = value.best_structures.map((structure, i) => ({
        name: `${i}`,
        where: `${where}: best_structures[${i}]`,
        structure,
        ...common,
        ...settingsOf(besideStructure(value, i), `${where}: best_structures[${i}]`),
      }));
      return nonEmpty(entries, where);
    }
    if (Array.isArray(value.cases))
      return nonEmpty(entriesOf(value.cases, `${where}: cases`, settingsOf(value, where)), where);
    if (value.structure !== undefined) return entriesOf([value], where, {});
    if (Array.isArray(value.networks)) {
      return nonEmpty(entriesOf(value.networks, `${where}: networks`, settingsOf(value, where)), where);
    }
    if (value.best !== undefined) return nonEmpty(bestOf([value], where), where);
  }
  if (Array.isArray(value)) {
    const first = value[0];
    if (isObject(first) && first.class !== undefined) return [{ name: "0", where, structure: value }];
    if (isObject(first) && first.best !== undefined) return nonEmpty(bestOf(value, where), where);
    return nonEmpty(entriesOf(value, where, {}), where);
  }
  throw new UserError(
    `${where}: expected { best_structures: [...] }, a list of objects with a structure, or one structure, got ${describe(value)}`,
  );
}

/** The settings of one structure that `formatPython` writes in lists beside the structures. */
function besideStructure(file: { [key: string]: Literal }, i: number): { [key: string]: Literal } {
  const settings: { [key: string]: Literal } = {};
  for (const [key, list] of [
    ["resolution", file.best_resolutions],
    ["classes", file.best_classes],
    ["runtime", file.best_runtimes],
  ] as const) {
    if (Array.isArray(list) && list[i] !== undefined) settings[key] = list[i];
  }
  return settings;
}

/** The best networks of results: of a search, of a bound, of every point of a sweep; a result that found none has null. */
function bestOf(results: readonly Literal[], where: string): StructureEntry[] {
  return results.flatMap((result, i) => {
    const place = results.length === 1 ? where : `${where}[${i}]`;
    if (!isObject(result) || result.best === undefined) {
      throw new UserError(`${place}: expected an object with a best network, got ${describe(result)}`);
    }
    if (result.best === null) return [];
    const [entry] = entriesOf([result.best], `${place}: best`, settingsOf(result, place));
    return [{ ...entry, name: `${i}` }];
  });
}

function nonEmpty(entries: StructureEntry[], where: string): StructureEntry[] {
  if (entries.length === 0) throw new UserError(`${where}: expected at least one structure, got none`);
  return entries;
}

type Settings = Pick<
  StructureEntry,
  "resolution" | "stageWeights" | "sigmaActivation" | "sigmaWeight" | "classes" | "runtime" | "scoring"
>;

function entriesOf(values: Literal[], where: string, common: Settings): StructureEntry[] {
  return values.map((value, i) => {
    const place = `${where}[${i}]`;
    if (!isObject(value) || value.structure === undefined) {
      throw new UserError(`${place}: expected an object with a structure, got ${describe(value)}`);
    }
    const name = value.name ?? value.model;
    return {
      name: typeof name === "string" ? name : `${i}`,
      where: `${place}.structure`,
      structure: value.structure,
      ...common,
      ...settingsOf(value, place),
    };
  });
}

/**
 * The settings the released code's records carry, under its names, and those of this program's results.
 * @throws UserError where one of them is not what it should be
 */
function settingsOf(value: { [key: string]: Literal }, where: string): Settings {
  const inner = isObject(value.settings) ? value.settings : value;
  const score = isObject(inner.score_settings) ? inner.score_settings : isObject(inner.score) ? inner.score : {};
  const settings: { -readonly [K in keyof Settings]: Settings[K] } = {};
  const check = (key: string, item: Literal, valid: boolean, expected: string) => {
    if (!valid) throw new UserError(`${where}: ${key}: expected ${expected}, got ${describe(item)}`);
  };
  const resolution = inner.resolution ?? inner.image_size;
  if (resolution !== undefined) {
    const valid = Number.isInteger(resolution) && (resolution as number) >= 1 && (resolution as number) <= 4096;
    check("resolution", resolution, valid, "a whole number from 1 to 4096");
    settings.resolution = resolution as number;
  }
  if (value.classes !== undefined) {
    const valid = Number.isInteger(value.classes) && (value.classes as number) >= 0 && (value.classes as number) <= 1e6;
    check("classes", value.classes, valid, "a whole number from 0 to 1000000");
    settings.classes = value.classes as number;
  }
  if (value.runtime !== undefined) {
    const runtime = chosenRuntime(value.runtime, `${where}: runtime`);
    if (runtime !== undefined) settings.runtime = runtime;
  }
  if (value.scoring !== undefined) {
    settings.scoring = parseStoredScoring(value.scoring, `${where}: scoring`);
    settings.stageWeights = settings.scoring.stageWeights;
    settings.sigmaActivation = settings.scoring.sigmaActivation;
    settings.sigmaWeight = settings.scoring.sigmaWeight;
  }
  const { multi_block_ratio: weights, init_std_act: sigmaActivation, init_std: sigmaWeight } = score;
  if (weights !== undefined) {
    const valid = Array.isArray(weights) && weights.every((w) => Number.isFinite(w) && (w as number) >= 0);
    check("multi_block_ratio", weights, valid, "a list of numbers >= 0");
    settings.stageWeights = weights as number[];
  }
  const isSigma = (item: Literal) => Number.isFinite(item) && (item as number) > 0;
  if (sigmaActivation !== undefined) {
    check("init_std_act", sigmaActivation, isSigma(sigmaActivation), "a number above 0");
    settings.sigmaActivation = sigmaActivation as number;
  }
  if (sigmaWeight !== undefined) {
    check("init_std", sigmaWeight, isSigma(sigmaWeight), "a number above 0");
    settings.sigmaWeight = sigmaWeight as number;
  }
  return settings;
}

function isObject(value: Literal | undefined): value is { [key: string]: Literal } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * Structures as the Python literal of the released code, which reads it back.
 * @param beside for each structure, its input's resolution, the outputs of the classifier that its flash counts and what deploys it, under keys that
 * the released code does not look at
 */
export function formatPython(
  structures: readonly Structure[],
  beside?: readonly { readonly resolution: number; readonly classes: number; readonly runtime?: string | object }[],
): string {
  const file = { space_arch: "CnnNet", best_structures: structures };
  if (beside === undefined) return `${python(file)}\n`;
  const resolutions = beside.map(({ resolution }) => resolution);
  const classes = beside.map((settings) => settings.classes);
  const runtimes = beside.map(({ runtime = NO_RUNTIME }) => runtime);
  return `${python({
    ...file,
    best_resolutions: resolutions,
    ...(classes.every((count) => count === 0) ? {} : { best_classes: classes }),
    ...(runtimes.every((runtime) => runtime === NO_RUNTIME) ? {} : { best_runtimes: runtimes }),
  })}\n`;
}

function python(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(python).join(", ")}]`;
  if (typeof value === "object" && value !== null) {
    return `{${Object.entries(value)
      .map(([key, item]) => `'${key}': ${python(item)}`)
      .join(", ")}}`;
  }
  return typeof value === "string" ? `'${value}'` : String(value);
}
