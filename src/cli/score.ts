import { UserError } from "../base/user-error.ts";
import type { ScoreConfig } from "../config/config.ts";
import { writtenRuntime } from "../config/devices.ts";
import { namedArenaSteps, peakStep } from "../costs/arena-step.ts";
import { budgetNames } from "../costs/cost-table.ts";
import { type Costs, costs, emptyCosts, overLimits } from "../costs/costs.ts";
import { liveSteps } from "../costs/live-sram.ts";
import { placedSteps } from "../firmware/placement.ts";
import { describeNetwork } from "../formats/network-description.ts";
import type { StructureEntry } from "../formats/structures-file.ts";
import { type KernelName, kernelNames } from "../kernel/kernels.ts";
import type { Network } from "../network/network.ts";
import { networkOf, parseStructure, type Structure } from "../network/structure.ts";
import { effectivenessOf } from "../score/effectiveness.ts";
import { type ForwardDetail, ForwardScore } from "../score/forward/forward.ts";
import { scoreKinds } from "../score/kinds/kinds.ts";
import {
  type Command,
  flag,
  flagOption,
  note,
  numbersOption,
  positiveOption,
  print,
  printJson,
  text,
  textOption,
  wholeOption,
} from "./command.ts";
import { computedDetail } from "./computed-detail.ts";
import { readConfig, readNetworkFile, readRuntime, runOption } from "./input.ts";
import {
  arenaTable,
  classifierLine,
  costCells,
  costHeader,
  memoryTable,
  placementTable,
  table,
} from "./render/format.ts";
import { chosenWeights, publishedSettings, type ScoreSettings as Settings, settingsText } from "./score-settings.ts";

export const scoreCommand: Command = {
  positionals: {
    structures: "interchange JSON, the released code's .txt, a list of objects with a structure, or an archive",
  },
  options: {
    kind: text("how to score", { choices: Object.keys(scoreKinds), defaultDescription: "analytic" }),
    resolution: text("pixels of one side of the input", { defaultDescription: "the file's, else 224" }),
    "input-channels": text("channels of the input", { defaultDescription: "the network's own" }),
    classes: text("outputs of the 8-bit classifier that flash counts", { defaultDescription: "the file's, else 0" }),
    "stage-weights": text("one weight per stage", {
      defaultDescription: "the file's, else 0,0,1,1,6, of deepmad 1,1,1,1,8, their last ones for fewer stages",
    }),
    "sigma-activation": text("standard deviation of activations", { defaultDescription: "the file's, else 5" }),
    "sigma-weight": text("standard deviation of weights", { defaultDescription: "the file's, else 4" }),
    repeats: text("forward: draws of noise whose scores are averaged", { defaultDescription: "the file's, else 8" }),
    batch: text("forward: images of a draw", { defaultDescription: "1" }),
    seed: text("forward: seed of the noise", { defaultDescription: "1" }),
    kernel: text("forward: what runs the convs", { choices: kernelNames, defaultDescription: "simd" }),
    "max-channels": text("forward: measure a network thinned to this many channels", {
      defaultDescription: "full width",
    }),
    run: runOption,
    runtime: text("what deploys it, for its arena and flash: a name of qes devices, a YAML file, or none", {
      defaultDescription: "the file's, else none",
    }),
    config: text("take the settings from this preset or YAML file, and say what is over its budgets"),
    memory: flag("list the live memory of every step; with a runtime, what it needs and where everything lies"),
    json: flag("print a JSON array on stdout"),
  },
  examples: [
    ["qes score best.txt", "a file of the released code"],
    ["qes score best.txt --kind forward --repeats 32", "measured: the mean of 32 draws and its standard error"],
    ["qes score nets.json --resolution 160 --stage-weights 0,0,1,1,6 --json", "with settings, as JSON"],
  ],
  async run(args) {
    const path = String(args["structures"]);
    const entries = await readNetworkFile(path, wholeOption(args, "run", 1));
    const configPath = textOption(args, "config");
    const config = configPath === undefined ? undefined : readConfig(configPath, []);
    const fromConfig: Partial<Settings> =
      config === undefined
        ? {}
        : {
            ...fromScoring(config.score),
            resolution: config.input.resolution,
            inputChannels: config.input.channels,
            classes: config.classes,
            runtime: config.runtime,
          };
    const options = withoutUndefined({
      resolution: wholeOption(args, "resolution", 1, 4096),
      inputChannels: wholeOption(args, "input-channels", 1, 65536),
      classes: wholeOption(args, "classes", 0, 1e6),
      stageWeights: numbersOption(args, "stage-weights"),
      sigmaActivation: positiveOption(args, "sigma-activation"),
      sigmaWeight: positiveOption(args, "sigma-weight"),
      kind: textOption(args, "kind") as Settings["kind"] | undefined,
      repeats: wholeOption(args, "repeats", 1, 1e6),
      batch: wholeOption(args, "batch", 1, 1024),
      noiseSeed: wholeOption(args, "seed", 0),
      kernel: textOption(args, "kernel") as KernelName | undefined,
      maxChannels: wholeOption(args, "max-channels", 1, 65536),
    });
    const runtime = args["runtime"] === undefined ? {} : { runtime: readRuntime(textOption(args, "runtime")!) };
    const limits = config && Float64Array.from(budgetNames, (name) => config.budgets[name] ?? Number.POSITIVE_INFINITY);
    let failed = 0;
    const rows = entries.map((entry) => {
      try {
        const { scoring, ...record } = entry;
        const ownScoring = scoring === undefined ? {} : fromScoring(scoring);
        const row = scoreEntry(entry, {
          ...publishedSettings,
          ...fromConfig,
          ...ownScoring,
          ...withoutUndefined(record),
          ...options,
          ...runtime,
        });
        return limits === undefined ? row : { ...row, overBudget: overBudget(row.costs, limits) };
      } catch (error) {
        if (!(error instanceof UserError)) throw error;
        if (entries.length === 1) throw error;
        failed++;
        note(`qes: ${entry.name}: ${error.message}`);
        return { name: entry.name, error: error.message, memory: undefined, settings: undefined };
      }
    });
    const memory = flagOption(args, "memory");
    if (flagOption(args, "json")) {
      printJson(rows.map(({ settings: _, ...row }) => (memory ? row : { ...row, ...noMemory })));
    } else print(render(rows, memory));
    if (failed > 0)
      note(`qes: ${failed} of ${rows.length} networks could not be scored, each named above; mend or remove them`);
    return failed > 0 ? 2 : 0;
  },
};

/** The resolution of a measured score is not the input's. */
function fromScoring(score: ScoreConfig): Partial<Settings> {
  if (score.kind !== "forward" && score.kind !== "deepmad") return score;
  const { resolution: measuredResolution, ...rest } = score;
  return withoutUndefined({ ...rest, measuredResolution });
}

function scoreEntry(entry: StructureEntry, settings: Settings) {
  const structure = parseStructure(entry.structure, entry.where);
  const { inputChannels } = settings;
  if (inputChannels !== undefined && structure[0].in !== inputChannels) {
    throw new UserError(
      `${entry.where}[0].in: expected ${inputChannels}, the input's channels, got ${structure[0].in}; make the two equal`,
    );
  }
  const network = networkOf(structure, settings.resolution);
  const weights = chosenWeights(settings.stageWeights, settings.kind, network.stages);
  const scoring = { ...settings, stageWeights: weights.stageWeights };
  const measured = settings.kind === "forward" ? measure(network, scoring, entry.where) : undefined;
  const computed = () => computedDetail(network, scoring);
  const { score, stages, blocks } = measured ?? computed();
  const { classes, runtime } = settings;
  const deployment = runtime === undefined ? undefined : { runtime, classes };
  if (deployment !== undefined && network.squeeze.some((channels) => channels > 0)) {
    throw new UserError(`${entry.where}: no runtime here has a squeeze-excite; expected --runtime none with it`);
  }
  return {
    name: entry.name,
    resolution: settings.resolution,
    score,
    ...(measured === undefined ? {} : { scoreStd: measured.scoreStd, scoreError: measured.scoreError }),
    stages: [...stages],
    blocks: [...blocks],
    ...(measured === undefined ? {} : { blockStds: measured.blockStds && [...measured.blockStds] }),
    classes,
    ...(runtime === undefined ? {} : { runtime: writtenRuntime(runtime) }),
    costs: costs(network, classes, emptyCosts(), deployment),
    effectiveness: effectivenessOf(network),
    largestStep: peakStep(network, deployment),
    memory: liveSteps(network),
    ...(deployment === undefined ? {} : { arena: namedArenaSteps(network, deployment) }),
    ...placement(entry, structure, settings),
    settings: settingsText(settings, weights),
  };
}

/** Where everything lies, where the runtime is the one whose code is written here and it has a kernel for every layer. */
function placement({ name }: StructureEntry, structure: Structure, { resolution, classes, runtime }: Settings) {
  const form = { "qes-c": "separate", "qes-c-fused": "fused" }[runtime?.name ?? ""];
  if (form === undefined) return {};
  try {
    const description = describeNetwork(name, structure, resolution, classes);
    return { placement: placedSteps(description, { fused: form === "fused" }) };
  } catch (error) {
    if (error instanceof UserError) return {};
    throw error;
  }
}

type Scoring = Settings & { readonly stageWeights: readonly number[] };

function measure(network: Network, settings: Scoring, where: string): ForwardDetail {
  const detail = new ForwardScore({ ...settings, resolution: settings.measuredResolution }).detail(network);
  if (detail.reason !== undefined) {
    throw new UserError(`${where}: no finite score: ${detail.reason}; change the sigmas, the bits or the resolution`);
  }
  return detail;
}

/** JSON leaves out what is not defined. */
const noMemory = { memory: undefined, arena: undefined, placement: undefined };

/** The budgets that are exceeded, with figures. */
const overBudget = (found: Costs, limits: Float64Array) =>
  overLimits(found, limits).map((name) => `${name} ${found[name]} > ${limits[budgetNames.indexOf(name)]}`);

type Row =
  | (ReturnType<typeof scoreEntry> & { readonly overBudget?: readonly string[] })
  | { readonly name: string; readonly error: string };

function render(rows: readonly Row[], memory: boolean): string {
  const measured = rows.some((row) => "scoreStd" in row);
  const costed = rows.find((row) => "costs" in row);
  const spreads = measured ? ["+-", "std of a draw"] : [];
  const header = ["name", "score", ...spreads, "resolution", ...costHeader(costed?.costs ?? {}), "largest memory step"];
  const cells = rows.map((row) => {
    if ("error" in row) return [row.name, "failed", ...header.slice(2).map(() => "")];
    const spread = measured ? [row.scoreError, row.scoreStd].map((value) => value?.toFixed(4) ?? "-") : [];
    const resolution = String(row.resolution);
    return [row.name, String(row.score), ...spread, resolution, ...costCells(row.costs), row.largestStep.name];
  });
  const settings = new Set(rows.flatMap((row) => ("error" in row ? [] : [row.settings])));
  const classes = new Set(rows.flatMap((row) => ("error" in row ? [] : [row.classes])));
  const [only = 0] = classes;
  const lines = [
    table([header, ...cells]),
    ...(settings.size > 1
      ? ["scored with each network's own settings"]
      : [...settings].filter((text) => text !== undefined)),
    classes.size > 1 ? "flash counts each network's own classifier" : classifierLine(only),
  ];
  for (const row of rows) {
    if (!("overBudget" in row) || row.overBudget === undefined) continue;
    lines.push(
      row.overBudget.length === 0
        ? `${row.name}: within the budgets`
        : `${row.name}: over budget: ${row.overBudget.join("; ")}`,
    );
  }
  if (memory) {
    for (const row of rows) {
      if ("error" in row) continue;
      lines.push(`\n${row.name}`, memoryTable(row.memory));
      if (row.arena === undefined) continue;
      const { name } = row.runtime as { readonly name?: string };
      lines.push(`\n${row.name}: arena of ${name ?? row.runtime}`, arenaTable(row.arena));
      if (row.placement !== undefined)
        lines.push(`\n${row.name}: where everything lies, bytes at their offset`, placementTable(row.placement));
    }
  }
  return lines.join("\n");
}

function withoutUndefined<T extends object>(value: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, item]) => item !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>;
  };
}
