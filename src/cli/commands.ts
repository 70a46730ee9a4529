import type { Command } from "./command.ts";

/** A command as `qes --help` lists it; the rest is loaded when it is chosen. */
export interface CommandEntry {
  readonly usage: string;
  readonly describe: string;
  load(): Promise<Command>;
}

/** In the order of `qes --help`. */
export const commands: readonly CommandEntry[] = [
  {
    usage: "search [source]",
    describe: "run a search from a preset, from a YAML configuration, or for a device and a task",
    load: async () => (await import("./search.ts")).searchCommand,
  },
  {
    usage: "resume <archive>",
    describe: "go on with an interrupted run, or extend a finished one",
    load: async () => (await import("./resume.ts")).resumeCommand,
  },
  {
    usage: "score <structures>",
    describe: "score and cost the networks of a file",
    load: async () => (await import("./score.ts")).scoreCommand,
  },
  {
    usage: "runs <archive>",
    describe: "list the runs of an archive",
    load: async () => (await import("./runs.ts")).runsCommand,
  },
  {
    usage: "best <archive>",
    describe: "show the best networks of a run",
    load: async () => (await import("./best.ts")).bestCommand,
  },
  {
    usage: "verify <archive>",
    describe: "check an archive: its structure, checksums, populations and digests, and scores and costs of a sample",
    load: async () => (await import("./verify.ts")).verifyCommand,
  },
  {
    usage: "presets",
    describe: "list the shipped search configurations",
    load: async () => (await import("./presets.ts")).presetsCommand,
  },
  {
    usage: "preset <name>",
    describe: "print a preset as YAML, to copy and edit",
    load: async () => (await import("./presets.ts")).presetCommand,
  },
  {
    usage: "devices",
    describe: "list the microcontrollers, the tasks and the bit capabilities",
    load: async () => (await import("./devices.ts")).devicesCommand,
  },
  {
    usage: "refine <structures>",
    describe: "give every layer of the networks of a file its best bits, within all budgets, with a proof",
    load: async () => (await import("./refine.ts")).refineCommand,
  },
  {
    usage: "rank <structures>",
    describe:
      "rank the layers by entropy gained per kB of flash, per kB of SRAM and per MBitOp of one more step of bits",
    load: async () => (await import("./rank.ts")).rankCommand,
  },
  {
    usage: "bound <source>",
    describe: "prove how good a network of a search space can be, and find one that good",
    load: async () => (await import("./bound.ts")).boundCommand,
  },
  {
    usage: "verify-bound <certificate>",
    describe: "check a certificate of qes bound, with code that shares nothing with the solver",
    load: async () => (await import("./bound.ts")).verifyBoundCommand,
  },
  {
    usage: "bench <subject>",
    describe: "measure on this machine: kernel, search, archive",
    load: async () => (await import("./bench.ts")).benchCommand,
  },
];
