export { erf } from "./base/gaussian.ts";
export { UserError } from "./base/user-error.ts";
export { type BitMove, bestTrade, bitMoves, perUnit, type Resource } from "./bits/rank.ts";
export { bitRefiner, type Refinement, refineNetwork } from "./bits/refine.ts";
export { type Capability, capabilities, parseCapability } from "./config/capabilities.ts";
export { type Config, parseConfig, parseConfigText } from "./config/config.ts";
export { type Device, parseDevice } from "./config/device.ts";
export { deviceNames, deviceOf, taskNames, taskOf } from "./config/devices.ts";
export { withPartFiles } from "./config/part-files.ts";
export { presetNames, presetText } from "./config/presets.ts";
export { parseTask, type Task } from "./config/task.ts";
export { type CostName, costNames } from "./costs/cost-table.ts";
export { type Costs, costs, emptyCosts } from "./costs/costs.ts";
export { type LargestStep, type LiveStep, largestStep, liveSteps, sramLive } from "./costs/live-sram.ts";
export { formatPython, parseStructures } from "./formats/structures-file.ts";
export { Network } from "./network/network.ts";
export { type Block, networkOf, parseStructure, type Structure } from "./network/structure.ts";
export { openProblem, type Problem } from "./problem/problem.ts";
export { type VerifyOptions, type VerifyReport, verifyArchive } from "./run/audit.ts";
export type { Candidate } from "./run/candidate.ts";
export { type PruneOptions, type PruneReport, pruneArchive } from "./run/prune.ts";
export {
  type Progress,
  type RunOptions,
  type RunResult,
  resumeSearch,
  StoppedEarly,
  startSearch,
} from "./run/run.ts";
export { AnalyticScore, type ScoreDetail } from "./score/analytic.ts";
export { quantisedStd } from "./score/quantised-gaussian.ts";
export { decode, encode, structureOf } from "./space/genome.ts";
export { Space } from "./space/space.ts";
