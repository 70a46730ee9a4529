import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { packageRoot } from "../../src/base/package-root.ts";

/** Boards that the emulator has, by their processor. */
export const boards = { "mps2-an386": "Cortex-M4", "mps2-an500": "Cortex-M7" } as const;
export type Board = keyof typeof boards;

/** What `make -C examples/cortex-m` builds and runs. */
export interface Program {
  readonly target: "run" | "pointwise";
  readonly board: Board;
  /** Where it is built: a folder that is made. */
  readonly build: string;
  /** An exported folder; of `pointwise` the one of the kernels. */
  readonly network: string;
  /** Of the compiler, such as -O2. */
  readonly optimise?: string;
  readonly defines?: string;
  /** Bytes of the memories, where it is to have less than the board. */
  readonly memory?: { readonly flash: number; readonly ram: number; readonly stack: number };
  /** Seconds that it may run. */
  readonly timeout?: number;
}

/** Whether the cross compiler and the emulator are there. */
export function hasBoards(): boolean {
  return ["arm-none-eabi-gcc", "qemu-system-arm", "make"].every(
    (tool) => spawnSync(tool, ["--version"], { stdio: "ignore" }).status === 0,
  );
}

/**
 * Builds a program for a board and runs it in the emulator.
 * @returns what it wrote
 * @throws Error where it is not built, or ends with another status than 0
 */
export function runProgram({
  target,
  board,
  build,
  network,
  optimise = "-O3",
  defines = "",
  memory,
  timeout = 60,
}: Program): string {
  const link = Object.entries(memory ?? {}).map(([name, bytes]) => `--defsym=${name.toUpperCase()}_BYTES=${bytes}`);
  const variables = {
    ...{ NETWORK: network, BOARD: board, BUILD: build, OPTIMISE: optimise, DEFINES: defines },
    LINK: link.join(" "),
    TIMEOUT: String(timeout),
  };
  const args = Object.entries(variables).map(([name, value]) => `${name}=${value}`);
  const folder = join(packageRoot, "examples", "cortex-m");
  const { status, stdout, stderr } = spawnSync("make", ["-s", "-C", folder, target, ...args], { encoding: "utf8" });
  // Texts of semihosting go to stderr.
  if (status !== 0) throw new Error(`make ${target} ended with ${status}:\n${stdout}\n${stderr}`);
  return stdout + stderr;
}

/** What the linked program of an exported network takes. */
export interface Sizes {
  /** Bytes of what network.c defines, by name: arena, weights, constants, convs, classifier. */
  readonly data: ReadonlyMap<string, number>;
  /** Bytes of the code of network.c and of the kernels, without what the linker left out. */
  readonly code: number;
}

/** Reads the symbols of what `run` built. */
export function linkedSizes(build: string): Sizes {
  const linked = symbols(join(build, "selftest.elf"));
  const own = ["network.o", "qes_nn.o"].flatMap((object) => symbols(join(build, object)));
  const names = (kind: RegExp) => new Set(own.filter(({ type }) => kind.test(type)).map(({ name }) => name));
  const [functions, data] = [names(/^t$/i), names(/^[brd]$/i)];
  const code = linked.filter(({ name, type }) => /^t$/i.test(type) && functions.has(name));
  return {
    data: new Map(linked.filter(({ name }) => data.has(name)).map(({ name, size }) => [name, size])),
    code: code.reduce((sum, { size }) => sum + size, 0),
  };
}

function symbols(file: string) {
  const { status, stdout, stderr } = spawnSync("arm-none-eabi-nm", ["-S", "--defined-only", file], {
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(`arm-none-eabi-nm ${file} ended with ${status}:\n${stderr}`);
  return [...stdout.matchAll(/^\w+ (\w+) (\w) (\S+)$/gm)].map(([, size, type, name]) => ({
    ...{ name, type },
    size: Number.parseInt(size, 16),
  }));
}
