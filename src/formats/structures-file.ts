import { type Literal, parseLiteral } from "../base/literal.ts";
import { UserError } from "../base/user-error.ts";
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
}

/**
 * Reads a structures file: `{ best_structures: [...] }` (the released code's form, JSON or Python literal), a list of objects with
 * `structure`, `{ cases: [...] }` of those, or one structure alone.
 * @throws UserError where the text is none of these
 */
export function parseStructures(text: string, where: string): StructureEntry[] {
  const value = parseLiteral(text, where);
  if (isObject(value)) {
    if (Array.isArray(value.best_structures)) {
      const resolutions = Array.isArray(value.best_resolutions) ? value.best_resolutions : [];
      const entries = value.best_structures.map((structure, i) => ({
        name: `${i}`,
        where: `${where}: best_structures[${i}]`,
        structure,
        ...(typeof resolutions[i] === "number" ? { resolution: resolutions[i] } : {}),
      }));
      return nonEmpty(entries, where);
    }
    if (Array.isArray(value.cases))
      return nonEmpty(entriesOf(value.cases, `${where}: cases`, settingsOf(value, where)), where);
    if (value.structure !== undefined) return entriesOf([value], where, {});
  }
  if (Array.isArray(value)) {
    const first = value[0];
    if (isObject(first) && first.class !== undefined) return [{ name: "0", where, structure: value }];
    return nonEmpty(entriesOf(value, where, {}), where);
  }
  throw new UserError(
    `${where}: expected { best_structures: [...] }, a list of objects with a structure, or one structure, got ${describe(value)}`,
  );
}

function nonEmpty(entries: StructureEntry[], where: string): StructureEntry[] {
  if (entries.length === 0) throw new UserError(`${where}: expected at least one structure, got none`);
  return entries;
}

type Settings = Pick<StructureEntry, "resolution" | "stageWeights" | "sigmaActivation" | "sigmaWeight">;

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
 * The settings the released code's records carry, under its names.
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
 * @param resolutions of the inputs, one a structure, where they were searched; a key the released code does not look at
 */
export function formatPython(structures: readonly Structure[], resolutions?: readonly number[]): string {
  const file = { space_arch: "CnnNet", best_structures: structures };
  return `${python(resolutions === undefined ? file : { ...file, best_resolutions: resolutions })}\n`;
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
