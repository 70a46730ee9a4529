import yargs, { type Argv } from "yargs";
import { printable } from "../base/printable.ts";
import { UserError } from "../base/user-error.ts";
import { type Command, STANDARD_INPUT } from "./command.ts";
import { messageOf } from "./remedies.ts";
import { version } from "./version.ts";

/** A command as `qes --help` lists it; the rest is loaded when it is chosen. */
interface Entry {
  readonly usage: string;
  readonly describe: string;
  load(): Promise<Command>;
}

const commands: readonly Entry[] = [
  {
    usage: "search [source]",
    describe: "run a search from a preset, from a YAML configuration, or for a device and a task",
    load: async () => (await import("./search.ts")).searchCommand,
  },
  {
    usage: "resume [archive]",
    describe: "go on with an interrupted run, or extend a finished one",
    load: async () => (await import("./resume.ts")).resumeCommand,
  },
  {
    usage: "sweep <plan>",
    describe:
      "run the cross product of searches, settings and seeds, here or as an array of jobs, and gather the results",
    load: async () => (await import("./sweep.ts")).sweepCommand,
  },
  {
    usage: "worker",
    describe: "serve the searches and sweeps of a broker with the cores of this machine",
    load: async () => (await import("./worker.ts")).workerCommand,
  },
  {
    usage: "workers",
    describe: "list the workers of a broker: build, host, what is in hand, rate",
    load: async () => (await import("./workers.ts")).workersCommand,
  },
  {
    usage: "score <structures>",
    describe: "score and cost the networks of a file",
    load: async () => (await import("./score.ts")).scoreCommand,
  },
  {
    usage: "latency <table> <structures>",
    describe: "say what networks take by a table of measured operators, conv by conv",
    load: async () => (await import("./latency.ts")).latencyCommand,
  },
  {
    usage: "runs [archive]",
    describe: "list the runs of an archive",
    load: async () => (await import("./runs.ts")).runsCommand,
  },
  {
    usage: "best [archive]",
    describe: "show the best networks of a run",
    load: async () => (await import("./best.ts")).bestCommand,
  },
  {
    usage: "report [archive]",
    describe: "write what a run found as one page for a browser: the network, the search, the runs, the devices",
    load: async () => (await import("./report.ts")).reportCommand,
  },
  {
    usage: "watch [archive]",
    describe: "show a run while it goes on, as a page for a browser of this machine",
    load: async () => (await import("./watch.ts")).watchCommand,
  },
  {
    usage: "verify [archive]",
    describe: "check an archive: its structure, checksums, populations and digests, and scores and costs of a sample",
    load: async () => (await import("./verify.ts")).verifyCommand,
  },
  {
    usage: "prune <archive>",
    describe: "make an archive small: keep of finished runs their best networks",
    load: async () => (await import("./prune.ts")).pruneCommand,
  },
  {
    usage: "merge <archives..>",
    describe: "add the runs of archives to one archive; what several scored is kept once",
    load: async () => (await import("./merge.ts")).mergeCommand,
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
    usage: "export [networks]",
    describe:
      "hand a network over to other tools: PyTorch, ONNX, C for microcontrollers, or every layer with its figures",
    load: async () => (await import("./export.ts")).exportCommand,
  },
  {
    usage: "import <file>",
    describe: "turn a configuration of the released program into one of qes, as YAML",
    load: async () => (await import("./import.ts")).importCommand,
  },
  {
    usage: "devices [name]",
    describe: "list the microcontrollers, the tasks and the bit capabilities; print one as YAML",
    load: async () => (await import("./devices.ts")).devicesCommand,
  },
  {
    usage: "refine [structures]",
    describe: "give every layer of the networks of a file its best bits, within all budgets, with a proof",
    load: async () => (await import("./refine.ts")).refineCommand,
  },
  {
    usage: "rank [structures]",
    describe:
      "rank the layers by entropy gained per KiB of flash, per KiB of SRAM and per MBitOp of one more step of bits",
    load: async () => (await import("./rank.ts")).rankCommand,
  },
  {
    usage: "bound [source]",
    describe: "prove how good a network of a search space can be, and find one that good",
    load: async () => (await import("./bound.ts")).boundCommand,
  },
  {
    usage: "front [source]",
    describe:
      "every network of a space that no other beats in score and one or two costs, and what more of a cost buys",
    load: async () => (await import("./front.ts")).frontCommand,
  },
  {
    usage: "verify-bound <certificate>",
    describe: "check a certificate of qes bound, with code that shares nothing with the solver",
    load: async () => (await import("./verify-bound.ts")).verifyBoundCommand,
  },
  {
    usage: "bench <subject>",
    describe: "measure on this machine: kernel, search, archive, scaling",
    load: async () => (await import("./bench.ts")).benchCommand,
  },
];

/** `qes help search` as `qes search --help`, and `-` as the standard input. */
function normalised(args: readonly string[]): string[] {
  const [first, subject] = args;
  if (first === "help") {
    const known = commands.some(({ usage }) => usage.split(" ")[0] === subject);
    return subject === undefined || subject === "" ? ["--help"] : known ? [subject, "--help"] : [subject];
  }
  return args.map((arg) => (arg === "-" ? STANDARD_INPUT : arg));
}

/** What the parser of the command line says, in the words of this program. */
function mistake(message: string, command: string | undefined): string {
  const near = message.match(/^Did you mean (.+)\?$/)?.[1];
  if (near !== undefined) return `unknown command; did you mean ${near}? qes --help lists all`;
  const entry = commands.find(({ usage }) => usage.split(" ")[0] === command);
  const values = [...message.matchAll(/^ *Argument: (.+?), Given: (.*), Choices: (.+)$/gm)];
  if (entry !== undefined && values.length > 0) {
    const wrong = values.map(([, name, given, choices]) => {
      const place = entry.usage.includes(`<${name}>`) ? `<${name}>` : `--${name}`;
      return `${place}: expected ${choices.replaceAll('"', "")}, got ${given}`;
    });
    return `${wrong.join("\n")}; see qes ${command} --help`;
  }
  if (entry !== undefined && message.startsWith("Not enough non-option arguments")) {
    return `${command}: expected ${entry.usage.slice(entry.usage.indexOf("<"))}, got nothing; see qes ${command} --help`;
  }
  return `${message}; see qes --help`;
}

/**
 * Runs one command line.
 * @param args without the interpreter and the script
 * @returns the exit code: 0 done, 1 bug, 2 user error, 130 stopped after a checkpoint
 */
export async function runCli(args: readonly string[]): Promise<number> {
  let exitCode = 0;
  let program: Argv = yargs(normalised(args))
    .scriptName("qes")
    .usage("qes designs tiny mixed-precision convnets: qes <command> --help shows each command's options")
    .version(version)
    .parserConfiguration({
      // `--set a=1 --set b=2` is two assignments; `--set a=1 name` is one, and a positional.
      "greedy-arrays": false,
      // --no-bound is an option of its own.
      "boolean-negation": false,
      "camel-case-expansion": false,
      "parse-numbers": false,
      "parse-positional-numbers": false,
    })
    .strict()
    .demandCommand(1, 1, "expected a command, got none", "expected one command")
    .recommendCommands()
    .example("qes search imagenet-mixed-7.0g", "run a published search")
    .example("qes search --device stm32f746 --task vww", "a network for a microcontroller")
    .example("qes best qes.sqlite --format txt > best.txt", "the best network, in the released code's format")
    .example("qes score best.txt", "its score and costs")
    .wrap(Math.min(120, process.stdout.columns ?? 120))
    .exitProcess(false)
    .fail((message, error) => {
      throw error ?? new UserError(mistake(message, args[0]));
    });
  for (const entry of commands) {
    program = program.command({
      command: entry.usage,
      describe: entry.describe,
      builder: async (y: Argv) => {
        const command = await entry.load();
        const built = y.options(command.options as Parameters<Argv["options"]>[0]);
        for (const [name, describe] of Object.entries(command.positionals ?? {})) {
          const choices = command.choices?.[name];
          built.positional(name, { type: "string", describe, ...(choices ? { choices: [...choices] } : {}) });
        }
        for (const [line, text] of command.examples) built.example(line, text);
        return built;
      },
      handler: async (argv: Record<string, unknown>) => {
        exitCode = await (await entry.load()).run(argv);
      },
    });
  }
  try {
    await program.parseAsync();
    return exitCode;
  } catch (error) {
    if (error instanceof UserError) {
      process.stderr.write(`qes: ${printable(messageOf(error, args[0]))}\n`);
      return 2;
    }
    const code = (error as NodeJS.ErrnoException | undefined)?.code;
    if (code === "EMFILE" || code === "ENFILE") {
      process.stderr.write("qes: too many open files; raise the limit (ulimit -n) and go on with qes resume\n");
      return 2;
    }
    process.stderr.write(
      `qes: a bug, please report it:\n${printable(String(error instanceof Error ? error.stack : error))}\n`,
    );
    return 1;
  }
}
