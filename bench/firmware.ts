import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { packageRoot } from "../src/base/package-root.ts";
import { boundProblem } from "../src/bound/problem.ts";
import { solve } from "../src/bound/solve.ts";
import { parseConfig } from "../src/config/config.ts";
import { deviceOf } from "../src/config/devices.ts";
import { presetNames, presetValue } from "../src/config/presets.ts";
import { cFiles } from "../src/exports/c.ts";
import { describeNetwork } from "../src/formats/network-description.ts";
import { randomWeights } from "../src/formats/weights.ts";
import { openProblem } from "../src/problem/problem.ts";
import { type Board, boards, hasBoards, linkedSizes, runProgram } from "./firmware/boards.ts";
import { fitOperators } from "./firmware/operators.ts";

/** Side and channels of the pointwise conv of examples/cortex-m/pointwise.c. */
const POINTWISE_MACS = 8 * 8 * 32 * 32;

/**
 * Prints what an exported network takes on the boards, beside what its header predicts; with "presets", what the proven optimum of every device preset takes in
 * the memories of its device; with "operators" a model of what convs take, fitted to random networks; without any, instructions of a pointwise conv by bits.
 */
function main([folder, ...names]: readonly string[]): void {
  if (!hasBoards()) {
    console.error(
      "firmware: expected arm-none-eabi-gcc, qemu-system-arm and make; Debian: gcc-arm-none-eabi, qemu-system-arm",
    );
    process.exitCode = 2;
    return;
  }
  const temporary = mkdtempSync(join(tmpdir(), "qes-firmware-"));
  try {
    if (folder === undefined) pointwise(temporary);
    else if (folder === "presets") presets(temporary, names);
    else if (folder === "operators") fitOperators(temporary, Number(names[0] ?? 200));
    else for (const board of Object.keys(boards) as Board[]) network(resolve(folder), board, temporary);
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

function network(folder: string, board: Board, temporary: string): void {
  const header = readFileSync(join(folder, "network.h"), "utf8");
  const predicted = (name: string) => Number(header.match(new RegExp(`#define QES_${name} (\\d+)`))?.[1]);
  const { totals } = JSON.parse(readFileSync(join(folder, "network.json"), "utf8"));
  const build = join(temporary, board);
  const text = runProgram({ target: "run", board, build, network: folder });
  const { data, code } = linkedSizes(build);
  const of = (...names: string[]) => names.reduce((sum, name) => sum + (data.get(name) ?? 0), 0);
  const instructions = Number(text.match(/(\d+) instructions/)?.[1]);
  const rows: readonly (readonly [string, number, number])[] = [
    ["arena", predicted("ARENA"), of("arena")],
    ["weights", predicted("FLASH_WEIGHTS"), of("weights")],
    ["constants", predicted("FLASH_CONSTANTS"), of("constants")],
    ["descriptors", predicted("FLASH_DESCRIPTORS"), of("convs", "classifier")],
  ];
  console.log(`${boards[board]} (${board}), -O3\n`);
  console.log("| bytes | predicted | measured |\n| --- | ---: | ---: |");
  for (const row of rows) console.log(`| ${row.join(" | ")} |`);
  console.log(`| code | | ${code} |\n\n${text.trim()}`);
  console.log(`${(instructions / totals.macs).toFixed(2)} instructions a MAC\n`);
  if (rows.some(([, expected, measured]) => expected !== measured)) process.exitCode = 1;
}

/**
 * The optimum of each device preset under its runtime, with random weights, linked into memories as small as its device's beside a stack of 1 KiB, and run there on
 * one image.
 */
function presets(temporary: string, names: readonly string[]): void {
  console.log("| preset | score | RAM | of | flash | of | code | instructions a MAC | images as they should be |");
  console.log("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |");
  for (const name of names.length > 0
    ? names
    : presetNames().filter((preset) => parseConfig(presetValue(preset), preset).device !== undefined)) {
    const config = parseConfig(presetValue(name), name);
    const { memory } = deviceOf(config.device as string, name);
    const { spaces, budgets } = boundProblem(openProblem(config));
    const search = solve(spaces, budgets, {});
    let step = search.next();
    while (!step.done) step = search.next();
    const { proven, networks } = step.value;
    if (!proven) throw new Error(`${name}: expected a proven optimum`);
    const [{ structure, resolution, score, costs }] = networks;
    const description = describeNetwork(name, structure, resolution, config.classes);
    const folder = join(temporary, name);
    mkdirSync(folder);
    const files = cFiles(description, { weights: randomWeights(description, 1), weightsNote: "random" });
    for (const [file, content] of files) writeFileSync(join(folder, file), content);
    const build = join(temporary, `${name}-build`);
    const [ram, flash] = [1024 * memory.sram, 1024 * memory.flash];
    const text = runProgram({
      ...{ target: "run", board: "mps2-an386", build, network: folder },
      ...{ memory: { flash, ram, stack: 1024 }, timeout: 900 },
    });
    const { data, code } = linkedSizes(build);
    const constant = ["weights", "constants", "convs", "classifier"].reduce(
      (sum, part) => sum + (data.get(part) ?? 0),
      0,
    );
    if (data.get("arena") !== costs.arena || constant !== costs.flashDeployed) {
      throw new Error(
        `${name}: expected ${costs.arena} and ${costs.flashDeployed} bytes, got ${data.get("arena")} and ${constant}`,
      );
    }
    const instructions = Number(text.match(/(\d+) instructions/)![1]);
    const right = text.match(/^(\d+ of \d+) images/m)![1];
    const figures = [
      score.toFixed(2),
      costs.arena,
      ram,
      constant,
      flash,
      code,
      (instructions / costs.macs).toFixed(2),
      right,
    ];
    console.log(`| ${name} | ${figures.join(" | ")} |`);
  }
}

/** A Markdown table: a row for each number of activation bits, a column for each of weight bits. */
function pointwise(temporary: string): void {
  const kernels = join(packageRoot, "templates", "c");
  const text = runProgram({
    target: "pointwise",
    board: "mps2-an386",
    build: join(temporary, "bits"),
    network: kernels,
  });
  const lines = [...text.matchAll(/^(\d) (\d) (\d+)$/gm)].map((match) => match.slice(1).map(Number));
  const bits = [2, 3, 4, 5, 6, 7, 8];
  console.log(`| activations | ${bits.map((w) => `${w}`).join(" | ")} |\n| --- |${" ---: |".repeat(bits.length)}`);
  for (const a of bits) {
    const row = bits.map((w) => lines.find((line) => line[0] === a && line[1] === w)![2] / POINTWISE_MACS);
    console.log(`| ${a} | ${row.map((value) => value.toFixed(2)).join(" | ")} |`);
  }
}

main(process.argv.slice(2));
