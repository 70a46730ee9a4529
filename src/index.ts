export type { Candidate } from "./candidate.ts";
export { type Config, parseConfig, parseConfigText } from "./config.ts";
export { type CostName, type Costs, costNames, costs, emptyCosts } from "./costs.ts";
export { type Device, deviceNames, deviceOf, type Task, taskNames, taskOf } from "./devices.ts";
export { type LargestStep, type LiveStep, largestStep, liveSteps, sramLive } from "./live-memory.ts";
export { Network } from "./network.ts";
export { presetNames, presetText } from "./presets.ts";
export { type BitMove, bestTrade, bitMoves, perUnit, type Resource } from "./rank.ts";
export { type Refinement, refineBits, refineNetwork } from "./refine.ts";
export {
  type Progress,
  type RunOptions,
  type RunResult,
  resumeSearch,
  StoppedEarly,
  startSearch,
} from "./run.ts";
export { AnalyticScore, type ScoreDetail } from "./score/analytic.ts";
export { erf } from "./score/gaussian.ts";
export { quantisedStd } from "./score/quantised-gaussian.ts";
export { spaceOf } from "./search-problem.ts";
export { type Capability, capabilities, parseCapability } from "./space/capabilities.ts";
export { decode, encode, structureOf } from "./space/genome.ts";
export { Space } from "./space/space.ts";
export { type Block, networkOf, parseStructure, type Structure } from "./structure.ts";
export { formatPython, parseStructures } from "./structures-file.ts";
export { UserError } from "./user-error.ts";
export { type VerifyOptions, type VerifyReport, verifyArchive } from "./verify.ts";
