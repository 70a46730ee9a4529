import { configDefaults, defineConfig } from "vitest/config";

/** Those that start commands or threads by the dozen, search for long or prove optima: `npm run test:unit` leaves them out. */
const long = [
  "test/cli/**",
  "test/durability/**",
  "test/scripts/**",
  "test/package.test.ts",
  "test/run/**",
  "test/bench/**",
  "test/broker/**",
  "test/bound/labels/**",
  "test/bound/boards.test.ts",
  "test/bound/proof/{forged,presets}.test.ts",
  "test/bound/{kept-bound,presets}.test.ts",
  "test/bound/solve.test.ts",
  "test/bits/refine.test.ts",
  "test/archive/{pruning,commit-queue,writer-lock}.test.ts",
  "test/costs/toy-costs.test.ts",
  "test/engine/{breeding,mutation}.test.ts",
  "test/firmware/{boards,native}.test.ts",
  "test/integer/{pytorch-agreement,pytorch-whole,reference}.test.ts",
  "test/exports/pytorch.test.ts",
  "test/onnx/{files,forms,hostile,import,integer,pytorch-models}.test.ts",
  "test/problem/{boards,fit-start}.test.ts",
  "test/pool/{batches,faults,measured,pool,transport}.test.ts",
  "test/score/{expected,forward}/**",
  "test/search/loop.test.ts",
  "test/study/**",
];

export default defineConfig(({ mode }) => ({
  test: {
    include: ["test/**/*.test.ts"],
    exclude: mode === "unit" ? [...configDefaults.exclude, ...long] : configDefaults.exclude,
    globalSetup: ["test/build-first.ts"],
    maxWorkers: 2,
    // Files share a process, and the modules that are read in it: a third of the unit tests' CPU seconds. A test takes back what it adds to a table.
    isolate: false,
    testTimeout: 180_000,
    hookTimeout: 180_000,
  },
}));
