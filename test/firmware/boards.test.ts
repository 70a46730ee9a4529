import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { type Board, boards, hasBoards, linkedSizes, runProgram } from "../../bench/firmware/boards.ts";
import { cFiles } from "../../src/exports/c.ts";
import { describeNetwork, type NetworkDescription } from "../../src/formats/network-description.ts";
import { randomWeights } from "../../src/formats/weights.ts";
import { small } from "../support/exported-networks.ts";
import { firmwareNetworks } from "../support/firmware-networks.ts";
import { temporaryFolder } from "../temporary.ts";

const folder = temporaryFolder();

/** QES_SLOW_TESTS=1 runs 6 random networks beside the one of every kind of layer. */
const count = process.env["QES_SLOW_TESTS"] === "1" ? 6 : 0;
/** The code that devices reserve flash for. */
const MOST_CODE = { "-O2": 8192, "-Os": 5120 };
/** Bytes; what the linker script of the example sets aside is 4096. */
const MOST_STACK = 1024;

function written(network: NetworkDescription, name: string, form?: string): string {
  const path = join(folder, name);
  mkdirSync(path);
  for (const [file, content] of cFiles(network, { weights: randomWeights(network, 3), weightsNote: "random", form })) {
    writeFileSync(join(path, file), content);
  }
  return path;
}

const networks = [
  describeNetwork("small", small, 12, 10),
  ...fc.sample(firmwareNetworks(), { numRuns: count, seed: 11 }),
];

test.skipIf(!hasBoards()).each(networks.map((network, i) => [i, network] as const))(
  "network %i on a Cortex-M4 and a Cortex-M7 gives the interpreter's outputs, and takes the bytes that were predicted",
  (i, network) => {
    const path = written(network, `net${i}`);
    const header = cFiles(network, { weights: randomWeights(network, 3), weightsNote: "random" }).get("network.h")!;
    const predicted = (name: string) => Number(header.match(new RegExp(`#define QES_${name} (\\d+)`))![1]);
    for (const board of Object.keys(boards) as Board[]) {
      const build = join(folder, `${board}-${i}`);
      const text = runProgram({ target: "run", board, build, network: path });
      const [, equal, all] = text.match(/^(\d+) of (\d+) images with the outputs that they should have$/m)!;
      expect(equal).toBe(all);
      expect(Number(all)).toBe(2);
      expect(Number(text.match(/^(\d+) bytes of stack$/m)![1])).toBeLessThanOrEqual(MOST_STACK);
      const { data } = linkedSizes(build);
      expect(data.get("arena")).toBe(predicted("ARENA"));
      expect(data.get("weights")).toBe(predicted("FLASH_WEIGHTS"));
      expect(data.get("constants")).toBe(predicted("FLASH_CONSTANTS"));
      expect(data.get("convs")! + (data.get("classifier") ?? 0)).toBe(predicted("FLASH_DESCRIPTORS"));
    }
  },
);

test.skipIf(!hasBoards())(
  "without the dual multiply, with fused kernels, and for size, the outputs are the same",
  () => {
    const path = written(networks[0], "portable");
    const program = { target: "run", board: "mps2-an386", network: path } as const;
    const instructions = (text: string) => Number(text.match(/^(\d+) instructions/m)![1]);
    const fast = runProgram({ ...program, build: join(folder, "fast") });
    // runProgram throws where outputs differ.
    const portable = runProgram({ ...program, build: join(folder, "plain"), defines: "-DQES_PORTABLE" });
    expect(instructions(portable)).toBeGreaterThan(1.2 * instructions(fast));
    const fused = runProgram({
      ...program,
      network: written(networks[0], "fused", "fused"),
      build: join(folder, "fused-build"),
    });
    expect(instructions(fused)).toBeLessThan(1.3 * instructions(fast));
    for (const optimise of ["-O2", "-Os"] as const) {
      const build = join(folder, `optimise${optimise}`);
      runProgram({ ...program, build, optimise });
      expect(linkedSizes(build).code).toBeLessThanOrEqual(MOST_CODE[optimise]);
    }
  },
);

test.skipIf(!hasBoards())("a pointwise conv takes no more instructions than the table of docs/firmware.md says", () => {
  const text = runProgram({
    ...{ target: "pointwise", board: "mps2-an386", build: join(folder, "bits") },
    network: join(import.meta.dirname, "../../templates/c"),
  });
  const macs = 8 * 8 * 32 * 32;
  const of = (a: number, w: number) => Number(text.match(new RegExp(`^${a} ${w} (\\d+)$`, "m"))![1]) / macs;
  expect(of(8, 8)).toBeLessThanOrEqual(2.4);
  expect(of(4, 4)).toBeLessThanOrEqual(3.2);
  expect(of(5, 3)).toBeLessThanOrEqual(4);
});
