export { erf } from "./base/gaussian.ts";
export { type Remedy, UserError } from "./base/user-error.ts";
export { type BitMove, bestTrade, bitMoves, perUnit, type Resource } from "./bits/rank.ts";
export { bitRefiner, type Refinement, refineNetwork } from "./bits/refine.ts";
export { gapOf } from "./bound/gap.ts";
export type { BoundNetwork } from "./bound/incumbents.ts";
export { KeptBound } from "./bound/kept-bound.ts";
export { type BoundProblem, boundProblem } from "./bound/problem.ts";
export { type Certificate, certificateOf, parseCertificate } from "./bound/proof/certificate.ts";
export { verifyCertificate } from "./bound/proof/check-certificate.ts";
export { type BoundState, type SolveOptions, solve } from "./bound/solve.ts";
export { type Capability, capabilities, parseCapability } from "./config/capabilities.ts";
export { type Config, type ConfigInput, parseConfig, parseConfigText, type ScoreConfig } from "./config/config.ts";
export { type Device, parseDevice } from "./config/device.ts";
export { deviceNames, deviceOf, taskNames, taskOf } from "./config/devices.ts";
export { withPartFiles } from "./config/part-files.ts";
export { presetNames, presetText } from "./config/presets.ts";
export { parseTask, type Task } from "./config/task.ts";
export { type CostName, costNames } from "./costs/cost-table.ts";
export { type Costs, costs, emptyCosts } from "./costs/costs.ts";
export { type LargestStep, type LiveStep, largestStep, liveSteps, sramLive } from "./costs/live-sram.ts";
export { type Format, type FormattedNetwork, formatNames, formatOf, readNetworks } from "./formats/formats.ts";
export { type ConvFigures, type LayerTable, layerTable } from "./formats/layer-table.ts";
export type { StructureEntry } from "./formats/structures-file.ts";
export { Network } from "./network/network.ts";
export { type Block, networkOf, parseStructure, type Structure } from "./network/structure.ts";
export type { OperatorRow, OperatorTable } from "./operators/operator-table.ts";
export { readOperatorTable } from "./operators/read-table.ts";
export { openProblem, type Problem } from "./problem/problem.ts";
export {
  type ArchivedRun,
  archivedRuns,
  type BestNetworks,
  bestNetworks,
  type MeasuredOptions,
  measuredNetworks,
} from "./run/archived.ts";
export { type VerifyOptions, type VerifyReport, verifyArchive } from "./run/audit.ts";
export type { Candidate } from "./run/candidate.ts";
export type { Measurement } from "./run/measuring.ts";
export { ArchiveMerger, type MergedRun } from "./run/merge.ts";
export { type PruneOptions, type PruneReport, pruneArchive } from "./run/prune.ts";
export {
  type Progress,
  type ResumeOptions,
  type RunOptions,
  type RunResult,
  resumeSearch,
  SearchStopped,
  startSearch,
} from "./run/run.ts";
export { type StoringOptions, storeBound } from "./run/stored-bound.ts";
export { AnalyticScore, type ScoreDetail } from "./score/analytic.ts";
export { ExpectedScore } from "./score/expected/expected.ts";
export { type ForwardDetail, ForwardScore } from "./score/forward/forward.ts";
export type { ForwardOptions } from "./score/forward/options.ts";
export { quantisedStd } from "./score/quantised-gaussian.ts";
export { decode, encode, structureOf } from "./space/genome.ts";
export { Space } from "./space/space.ts";
