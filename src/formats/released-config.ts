import { type PythonModule, type PythonValue, parsePythonModule } from "../base/python-module.ts";
import { suggestion } from "../base/suggest.ts";
import { UserError } from "../base/user-error.ts";
import { parseConfig } from "../config/config.ts";
import { familyOf, searchFamilies } from "../network/families.ts";
import { describe, parseStructure } from "../network/structure.ts";
import { readNetworks } from "./formats.ts";
import { releasedSpaces, roundedStart } from "./released-spaces.ts";

/** A configuration that was read from another program's, and what of it has no counterpart, each with its place. */
export interface ImportedConfig {
  readonly config: Readonly<Record<string, unknown>>;
  readonly notes: readonly string[];
}

type Dict = { readonly [key: string]: PythonValue };

/** Its names of budgets; flops are 8-bit equivalent, 64 BitOps each. */
const budgetNames: Readonly<Record<string, { readonly budget: string; readonly unit: number }>> = {
  flops: { budget: "bitops", unit: 64 },
  layers: { budget: "layers", unit: 1 },
  model_size: { budget: "flash", unit: 1 },
  max_feature: { budget: "sram", unit: 1 },
  efficient_score: { budget: "effectiveness", unit: 1 },
};

/** Keys without a counterpart, and why none is missed; docs/import.md has the table. */
const without: Readonly<Record<string, string>> = {
  log_level: "progress is shown while it searches",
  log_freq: "progress is shown while it searches",
  latency: "a latency that was measured on a GPU is not predicted",
  enable_gpu: "searches run on CPUs",
  "model.dropout_channel": "nothing is trained",
  "model.dropout_layer": "nothing is trained",
  "model.out_indices": "nothing is trained",
  "model.pretrained": "nothing is trained",
  "model.no_create": "nothing is trained",
  "space.block_num": "the operators have rates of their own; search.operators=published has the released program's",
  "score.frames": "networks have two dimensions",
  "search.sync_size_ratio": "the result does not depend on the threads",
  "search.num_network": "the archive keeps every network, and as many are shown as are asked for",
};
/** Those whose usual value says nothing. */
const silent: Readonly<Record<string, PythonValue>> = {
  "space.exclude_stem": false,
  "score.ratio": 1,
};

/**
 * A configuration of the released program (a Python file that assigns literals) as a configuration.
 * @param readFile the text of a file that it names, of a structure
 * @throws UserError with line and column where it is not one, or asks for a space, a score or a block that there is not
 */
export function readReleasedConfig(text: string, where: string, readFile: (path: string) => string): ImportedConfig {
  return new Reading(parsePythonModule(text, where), where, readFile).config();
}

class Reading {
  readonly #module: PythonModule;
  readonly #where: string;
  readonly #readFile: (path: string) => string;
  readonly #notes: string[] = [];

  constructor(module: PythonModule, where: string, readFile: (path: string) => string) {
    this.#module = module;
    this.#where = where;
    this.#readFile = readFile;
  }

  config(): ImportedConfig {
    const root = this.#module.values;
    this.#unknown(root, "", ["work_dir", "image_size", "model", "space", "score", "budgets", "search"]);
    const model = this.#dict(root, "model");
    const start = this.#start(model);
    const { superClass, space, start: own } = this.#space(this.#dict(root, "space"), start);
    const quantised = familyOf(superClass)?.quantised === "always";
    const input = { resolution: this.#number(root, "image_size", "image_size"), channels: start[0].in };
    const config = {
      name: nameOf(root["work_dir"], this.#where),
      input,
      // The inner class follows from the class.
      space: { ...space, start: own.map(({ inner_class, ...block }) => block) },
      score: this.#score(this.#dict(root, "score"), quantised),
      budgets: this.#budgets(root),
      search: this.#search(this.#dict(root, "search")),
    };
    parseConfig(config, this.#where);
    return { config, notes: this.#notes };
  }

  #start(model: Dict) {
    this.#choice(model, "type", "model.type", ["CnnNet", "MasterNet"]);
    const key = model["structure_txt"] === undefined ? "structure_info" : "structure_txt";
    const given = model[key];
    this.#unknown(model, "model.", ["type", key]);
    const place = this.#module.place(model, key);
    if (given === undefined)
      this.#fail(this.#module.place(this.#module.values, "model"), "model.structure_info: missing");
    if (typeof given !== "string") return parseStructure(given, `${place}: ${key}`);
    // As there, text is a file's path or the structure itself.
    const isText = /^\s*[[{]/.test(given);
    const [first] = readNetworks(isText ? given : this.#readFile(given), isText ? place : given);
    return parseStructure(first.structure, first.where);
  }

  #space(space: Dict, start: ReturnType<typeof parseStructure>) {
    const type = this.#choice(space, "type", "space.type", Object.keys(releasedSpaces));
    const { superClass, expansions, ...ranges } = releasedSpaces[type];
    const size = space["image_size"];
    if (size !== undefined && size !== this.#module.values["image_size"]) {
      this.#fail(
        this.#module.place(space, "image_size"),
        `space.image_size: expected image_size, got ${describe(size)}`,
      );
    }
    const kernels = space["kernel_size_list"];
    const most = space["maximum_channel"];
    const { step, start: own, rounded } = roundedStart(start, typeof most === "number" ? most : (ranges.maxOut ?? 0));
    if (rounded) {
      this.#notes.push(
        `${this.#where}: the start's widths are rounded to multiples of ${step}, which the widths of a search are`,
      );
    }
    const stem = own[0].out;
    const leastStem = Math.max(step, ranges.leastStem ?? 8);
    const isUsual = step === 8 && leastStem === 8 && stem <= 32;
    const ownBlocks = ranges.blockOut?.slice(0, own.length);
    this.#unknown(space, "space.", [
      "type",
      "image_size",
      "kernel_size_list",
      "maximum_channel",
      "exclude_stem",
      "budget_layers",
    ]);
    return {
      superClass,
      start: own,
      space: {
        family: searchFamilies().find((family) => family.className === superClass)!.search.name,
        ...(expansions === undefined ? {} : { expansions }),
        ...(step === 8 ? {} : { widthStep: step }),
        ...(kernels === undefined && ranges.kernels === undefined ? {} : { kernels: kernels ?? ranges.kernels }),
        ...(most === undefined && ranges.maxOut === undefined ? {} : { maxOut: most ?? ranges.maxOut }),
        ...(isUsual ? {} : { stemOut: [Math.min(leastStem, stem), Math.max(32, stem)] }),
        ...(space["exclude_stem"] === true ? { stemOut: [stem, stem] } : {}),
        ...(ownBlocks === undefined ? {} : { blockOut: ownBlocks }),
      },
    };
  }

  #score(score: Dict, quantised: boolean) {
    const type = this.#choice(score, "type", "score.type", ["madnas", "deepmad"]);
    const weights = score["multi_block_ratio"] ?? [0, 0, 1, 1, 6];
    const ratio = score["ratio"] === undefined ? 1 : this.#number(score, "ratio", "score.ratio");
    if (!Array.isArray(weights) || !weights.every((weight) => typeof weight === "number")) {
      this.#fail(
        this.#module.place(score, "multi_block_ratio"),
        `score.multi_block_ratio: expected numbers, got ${describe(weights)}`,
      );
    }
    const sigma = (key: string) => (score[key] === undefined ? 1 : this.#number(score, key, `score.${key}`));
    const deepMad = { alpha1: "alpha1", alpha2: "alpha2", depth_penalty_ratio: "depthPenalty" };
    const known = type === "deepmad" ? Object.keys(deepMad) : ["init_std", "init_std_act"];
    this.#unknown(score, "score.", ["type", "multi_block_ratio", "ratio", ...known]);
    if (type === "deepmad") {
      const own = Object.entries(deepMad).flatMap(([key, name]) =>
        score[key] === undefined ? [] : [[name, this.#number(score, key, `score.${key}`)]],
      );
      const stageWeights = (weights as number[]).map((weight) => weight * ratio);
      return { kind: "deepmad", stageWeights, ...Object.fromEntries(own) };
    }
    return {
      kind: "analytic",
      stageWeights: (weights as number[]).map((weight) => weight * ratio),
      // It takes 1 where it is not told; at full precision neither counts.
      ...(quantised ? { sigmaActivation: sigma("init_std_act"), sigmaWeight: sigma("init_std") } : {}),
    };
  }

  #budgets(root: Dict): Record<string, number> {
    const list = root["budgets"];
    const place = this.#module.place(this.#module.values, "budgets");
    if (!Array.isArray(list))
      return this.#fail(place, `budgets: expected a list of dict(type=..., budget=...), got ${describe(list)}`);
    const budgets: Record<string, number> = {};
    for (const [i, item] of list.entries()) {
      const at = this.#module.place(list, i);
      if (!isDict(item) || typeof item["type"] !== "string") {
        return this.#fail(at, `budgets[${i}]: expected dict(type=..., budget=...), got ${describe(item)}`);
      }
      const { type } = item;
      const known = Object.hasOwn(budgetNames, type) ? budgetNames[type] : undefined;
      if (known === undefined) {
        this.#notes.push(
          `${at}: budget ${describe(type)} has no counterpart (${Object.keys(budgetNames).join(", ")} have) and is left out`,
        );
      } else budgets[known.budget] = known.unit * this.#number(item, "budget", `budgets[${i}].budget`);
      this.#unknown(item, `budgets[${i}].`, ["type", "budget"]);
    }
    if (list.length > 0 && Object.keys(budgets).length === 0) {
      return this.#fail(
        place,
        `budgets: expected one of ${Object.keys(budgetNames).join(", ")} among them, got ${list.map((item) => describe((item as Dict)["type"])).join(", ")}; without a budget the largest network is the best`,
      );
    }
    return budgets;
  }

  #search(search: Dict) {
    if (search["minor_mutation"] === true) {
      this.#notes.push(
        `${this.#module.place(search, "minor_mutation")}: search.minor_mutation has no counterpart: every operator is used to the end`,
      );
    }
    this.#unknown(search, "search.", ["popu_size", "num_random_nets", "minor_mutation", "minor_iter"]);
    return {
      evaluations: this.#number(search, "num_random_nets", "search.num_random_nets"),
      population: this.#number(search, "popu_size", "search.popu_size"),
      seed: 1,
    };
  }

  /** Notes the keys that nothing was read from; names that other values are made with are read so. */
  #unknown(dict: Dict, path: string, read: readonly string[]): void {
    for (const [key, value] of Object.entries(dict)) {
      const name = path + key;
      const made = dict === this.#module.values && this.#module.used.has(key);
      if (made || read.includes(key) || (Object.hasOwn(silent, name) && silent[name] === value)) continue;
      const why = Object.hasOwn(without, name) ? without[name] : suggestion(key, read);
      this.#notes.push(
        `${this.#module.place(dict, key)}: ${name} has no counterpart${why === undefined ? "" : `: ${why}`}`,
      );
    }
  }

  #dict(root: Dict, key: string): Dict {
    const value = root[key];
    if (isDict(value)) return value;
    return this.#fail(
      this.#module.place(this.#module.values, key),
      `${key}: expected dict(...), got ${describe(value)}`,
    );
  }

  #number(dict: Dict, key: string, name: string): number {
    const value = dict[key];
    if (typeof value === "number") return value;
    return this.#fail(this.#module.place(dict, key), `${name}: expected a number, got ${describe(value)}`);
  }

  #choice(dict: Dict, key: string, name: string, choices: readonly string[]): string {
    const value = dict[key];
    if (typeof value === "string" && choices.includes(value)) return value;
    return this.#fail(
      this.#module.place(dict, key),
      `${name}: expected ${choices.join(" or ")}, what is searched here, got ${describe(value)}`,
    );
  }

  #fail(place: string, message: string): never {
    throw new UserError(`${place}: ${message}`);
  }
}

function isDict(value: PythonValue | undefined): value is { [key: string]: PythonValue } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The last folder of `work_dir`, else the file's name. */
function nameOf(workDir: PythonValue | undefined, where: string): string {
  const parts = (typeof workDir === "string" ? workDir : "")
    .split(/[\\/]/)
    .filter((part) => part !== "" && part !== ".");
  const name = parts.at(-1) ?? where.split(/[\\/]/).at(-1)!.replace(/\.py$/i, "");
  return name.slice(0, 100) || "imported";
}
