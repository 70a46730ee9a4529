import type { BoundStep } from "../../bound/trace.ts";
import type { CostName } from "../../costs/cost-table.ts";
import type { ConvFigures } from "../../formats/layer-table.ts";

/** All that a report shows, as plain values: the same model gives the same bytes. */
export interface ReportModel {
  readonly archive: ArchiveFigures;
  /** The run that is looked at. */
  readonly run: RunView;
  /** Its best network; null where it has scored none. */
  readonly network: NetworkView | null;
  readonly prices: readonly PriceList[];
  /** Its problem's runs on their way to the optimum; null where nothing is known of how they came along. */
  readonly race: Race | null;
  readonly groups: readonly RunGroup[];
  /** Runs of the archive that the groups leave out. */
  readonly moreRuns: number;
  readonly devices: readonly DeviceFit[];
  /** Scores computed without the closed form's assumptions, beside it; null where there are none. */
  readonly checked: CheckedLayers | null;
  readonly population: PopulationView | null;
  readonly comparison: Comparison | null;
}

export interface ArchiveFigures {
  /** Without its folder. */
  readonly name: string;
  readonly bytes: number;
  readonly runs: number;
  readonly candidates: number;
}

/** Whether more can be said of a run than its best score. */
export interface ProvenView {
  /** Null where no network is within the budgets. */
  readonly upper: number | null;
  readonly proven: boolean;
  /** How far the run's best may be below the optimum, as a share of the upper bound; 0 where it is the optimum. */
  readonly gap: number | null;
  readonly steps: readonly BoundStep[];
  readonly seconds: number;
}

export interface RunView {
  readonly id: number;
  readonly name: string;
  readonly seed: number;
  readonly status: "done" | "running" | "stopped" | "pruned" | "bound";
  readonly operators: string;
  readonly scoreKind: string;
  readonly evaluations: number;
  /** Children that were asked for. */
  readonly of: number;
  readonly seconds: number;
  readonly started: string;
  readonly digest: string | null;
  readonly best: number | null;
  readonly bound: ProvenView | null;
  readonly fate: Fate;
  readonly budgets: readonly BudgetUse[];
}

/** What became of the children, and of the first generation, which is not counted among them. */
export interface Fate {
  readonly scored: number;
  readonly reused: number;
  readonly duplicates: number;
  readonly overBudget: number;
  readonly failed: number;
}

export type Unit = "BitOps" | "MACs" | "bytes" | "layers" | "ms" | "mJ";

export interface BudgetUse {
  readonly name: CostName;
  readonly title: string;
  readonly unit: Unit;
  /** Null where there is no network. */
  readonly value: number | null;
  readonly limit: number | null;
}

export interface NetworkView {
  readonly score: number;
  readonly resolution: number;
  readonly convs: readonly ConvFigures[];
  readonly classifierFlash: number;
  readonly classes: number;
  readonly blocks: readonly BlockSpan[];
  /** Whether gain and width of the convs are those of the run's score. */
  readonly scored: boolean;
  /** Bytes of live tensors that the budgets allow. */
  readonly liveBudget: number | null;
  /** What the configuration's runtime holds; null where it names none. */
  readonly arena: ArenaView | null;
  readonly nextBits: readonly NextBit[];
  /** What every conv takes by measured or modelled operators; empty where none are known. */
  readonly operators: readonly OperatorView[];
}

export interface OperatorView {
  readonly title: "latency" | "energy";
  readonly unit: Unit;
  readonly values: readonly number[];
}

/** The arena of a runtime, conv by conv; bytes. */
export interface ArenaView {
  readonly runtime: string;
  readonly budget: number | null;
  /** The largest moment of every conv that a kernel runs: what is fused into the next has none. */
  readonly steps: readonly {
    /** Its index among the convs. */
    readonly conv: number;
    readonly input: number;
    readonly output: number;
    readonly held: number;
    readonly scratch: number;
    readonly bytes: number;
  }[];
}

/** A block's convs: from the first to one past the last. */
export interface BlockSpan {
  readonly name: string;
  readonly from: number;
  readonly to: number;
}

/** The cheapest step up of a layer's bits: convs from, to one past the last; pairs as `5/5`. */
export interface NextBit {
  readonly from: number;
  readonly to: number;
  readonly before: string;
  readonly after: string;
  /** Score a BitOp. */
  readonly rate: number;
}

/** Optima along a budget, everything else as in the run. */
export interface PriceList {
  readonly budget: CostName;
  readonly title: string;
  readonly unit: Unit;
  readonly limit: number | null;
  readonly points: readonly PricePoint[];
  /** Scores that are shown: those of the points, and a little room. */
  readonly scores: readonly [low: number, high: number];
  readonly visited: Visited;
}

/** Where networks that were scored lie in the field of a price list: columns from the least budget to the greatest, rows from below. */
export interface Visited {
  readonly columns: number;
  readonly rows: number;
  /** Networks in the field, of those that were looked at. */
  readonly inside: number;
  readonly cells: readonly (readonly [column: number, row: number, count: number])[];
}

export interface PricePoint {
  readonly value: number;
  readonly score: number;
  readonly proven: boolean;
  readonly widths: readonly number[];
  readonly depths: readonly number[];
  /** Channels behind every conv. */
  readonly channels: readonly number[];
  readonly costs: readonly { readonly title: string; readonly unit: Unit; readonly value: number }[];
}

/** How runs came along: the best score behind a number of children. */
export interface Race {
  readonly series: readonly RaceSeries[];
  /** The mean of the population of the run that is looked at. */
  readonly mean: readonly (readonly [children: number, score: number])[];
  /** What the gap is to: the optimum where it is proven, else the bound, else the best of the runs. */
  readonly reference: number;
  readonly kind: "optimum" | "bound" | "best";
}

export interface RaceSeries {
  readonly run: number;
  readonly seed: number;
  readonly operators: string;
  readonly own: boolean;
  readonly points: readonly (readonly [children: number, score: number])[];
  /** Children bred when the reference was reached; null where it was not. */
  readonly reached: number | null;
  readonly children: number;
}

/** The runs of one problem. */
export interface RunGroup {
  readonly name: string;
  readonly limits: readonly { readonly title: string; readonly unit: Unit; readonly value: number }[];
  readonly runs: readonly RunLine[];
}

export interface RunLine {
  readonly run: number;
  readonly own: boolean;
  readonly seed: number;
  readonly operators: string;
  readonly status: RunView["status"];
  readonly evaluations: number;
  readonly seconds: number;
  readonly best: number | null;
  readonly gap: number | null;
  readonly proven: boolean;
  readonly reached: number | null;
  readonly points: RaceSeries["points"];
  readonly reference: number | null;
  readonly use: readonly BudgetUse[];
}

export interface DeviceFit {
  readonly name: string;
  readonly title: string;
  readonly core: string;
  readonly sram: number;
  readonly sramLimit: number;
  readonly flash: number;
  readonly flashLimit: number;
}

/** A network's score by the closed form and by the mean of the measured score, and what their log gains differ by. */
export interface CheckedLayers {
  readonly analytic: number;
  readonly expected: number;
  /** Another score that the run was searched by; null where it is one of these. Figures of a measured one are null where they are the network's. */
  readonly own: {
    readonly kind: string;
    readonly draws: number | null;
    readonly resolution: number | null;
    readonly maxChannels: number | null;
  } | null;
  /** The mean of some draws of noise, and its standard error; null where it was not asked for. */
  readonly measured: { readonly score: number; readonly error: number | null } | null;
  /** What the expected and the measured log gain differ by from the closed form's. */
  readonly layers: readonly {
    readonly block: number;
    readonly difference: number;
    readonly measured: number | null;
  }[];
}

/** The networks that a run ended with, along what varies among them. */
export interface PopulationView {
  readonly axes: readonly {
    readonly title: string;
    readonly unit: Unit | "score" | "count";
    readonly min: number;
    readonly max: number;
  }[];
  /** A value an axis, best network first. */
  readonly members: readonly (readonly number[])[];
  /** What does not vary. */
  readonly same: readonly { readonly title: string; readonly unit: Unit | "score" | "count"; readonly value: number }[];
  readonly size: number;
}

/** The best network beside another. */
export interface Comparison {
  readonly best: ComparedNetwork;
  readonly other: ComparedNetwork;
  readonly what: string;
}

export interface ComparedNetwork {
  readonly score: number;
  readonly resolution: number;
  readonly costs: readonly { readonly title: string; readonly unit: Unit; readonly value: number }[];
  /** Of every block, and the layers of those that have some. */
  readonly widths: readonly number[];
  readonly depths: readonly number[];
  /** Of every conv: its channels, and what it is, in one text that is the same where two convs are. */
  readonly channels: readonly number[];
  readonly convs: readonly string[];
}
