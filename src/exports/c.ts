import { readFileSync } from "node:fs";
import { join } from "node:path";
import { packageRoot } from "../base/package-root.ts";
import { UserError } from "../base/user-error.ts";
import type { Device } from "../config/device.ts";
import { type CNetwork, cNetwork } from "../firmware/c-network.ts";
import type { NetworkDescription } from "../formats/network-description.ts";
import type { NetworkWeights } from "../formats/weights.ts";
import type { IntegerNetwork } from "../integer/integer-network.ts";
import { runInteger } from "../integer/reference.ts";
import { integerNetwork } from "../integer/trained-network.ts";

/** Images that the self-test runs; one where the interpreter takes seconds for it. */
const VECTORS = 2;
const SLOW_MACS = 50e6;

/** Bytes of stack, and of the code at -O3, that a device has to have at least: docs/firmware.md has what was measured. */
const LEAST_STACK = 1024;
const LEAST_CODE = 12_288;

const template = (file: string) => readFileSync(join(packageRoot, "templates", "c", file), "utf8");
const copied = ["qes_nn.h", "qes_nn.c", "selftest.c", "Makefile"];

/** Which kernels run a network. */
export const cForms = [
  { name: "separate", what: "a kernel a conv" },
  {
    name: "fused",
    what: "one for an expansion and the depthwise conv behind it, which needs less SRAM and a few instructions more",
  },
] as const;

/** What a network is written with. */
export interface COptions {
  /** One of `cForms`; the first unless given. */
  readonly form?: string | undefined;
  readonly weights: NetworkWeights;
  /** What the weights are, for a reader. */
  readonly weightsNote: string;
  /** Whose memories it has to fit. */
  readonly device?: Device | undefined;
}

/**
 * A folder of C99 that runs the network in whole numbers, by file name.
 * @throws UserError where whole numbers, the runtime or the device cannot hold the network, or the weights are of another one
 */
export function cFiles(
  description: NetworkDescription,
  { weights, weightsNote, device, form }: COptions,
): ReadonlyMap<string, string> {
  const network = integerNetwork(description, weights);
  const c = cNetwork(description, network, { fused: form === "fused" });
  if (device !== undefined) checkFit(c, device);
  const { header, source, plan, flash } = c;
  const vectors = description.totals.macs > SLOW_MACS ? 1 : VECTORS;
  const values: Readonly<Record<string, string | number>> = {
    NAME: description.name.replace(/[^\x20-\x7e]/g, "?"),
    CHANNELS: network.channels,
    RESOLUTION: network.resolution,
    VECTORS: vectors,
    WEIGHTS: weightsNote,
    ARENA: plan.arena,
    FLASH_WEIGHTS: flash.weights,
    FLASH_CONSTANTS: flash.constants,
    FLASH_DESCRIPTORS: flash.descriptors,
    STEP: network.outputStep.toPrecision(6),
  };
  return new Map([
    ["network.h", header],
    ["network.c", source],
    ...copied.map((file) => [file, template(file)] as const),
    ["vectors.h", vectorsText(network, vectors)],
    ["README.md", template("README.md.in").replace(/@([A-Z_]+)@/g, (_, key: string) => String(values[key]))],
    ["network.json", `${JSON.stringify(description, null, 1)}\n`],
  ]);
}

function checkFit({ plan, flash }: CNetwork, { name, memory, reserve }: Device): void {
  const network = flash.weights + flash.constants + flash.descriptors;
  const rows = [
    { what: "SRAM", has: memory.sram, reserved: Math.max(1024 * reserve.sram, LEAST_STACK), takes: plan.arena },
    { what: "flash", has: memory.flash, reserved: Math.max(1024 * reserve.flash, LEAST_CODE), takes: network },
  ];
  for (const { what, has, reserved, takes } of rows) {
    const left = Math.floor(1024 * has - reserved);
    if (takes <= left) continue;
    throw new UserError(
      `c: expected at most ${left} bytes of ${what}, what ${name} has beside ${reserved} for stack, code and drivers, got ${takes}; choose a smaller network or another device`,
    );
  }
}

/** Bytes of a made-up image: xorshift32, which `qes_vector` of vectors.h computes too. */
function madeUp(length: number, vector: number): Uint8Array {
  let state = 0x9e3779b9 ^ (vector + 1);
  return Uint8Array.from({ length }, () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 24;
  });
}

/** `qes_digest` of vectors.h. */
function digestOf(outputs: ArrayLike<number>): number {
  let hash = 2166136261;
  for (let i = 0; i < outputs.length; i++) {
    for (let bit = 0; bit < 32; bit += 8) hash = Math.imul(hash ^ ((outputs[i] >>> bit) & 0xff), 16777619);
  }
  return hash >>> 0;
}

function vectorsText(network: IntegerNetwork, count: number): string {
  const { resolution, channels } = network;
  const rows = Array.from({ length: count }, (_, vector) =>
    runInteger(network, madeUp(resolution * resolution * channels, vector)),
  );
  return `/* Made-up images, and the outputs that the interpreter computed for them. Written by qe-search. */
#ifndef QES_VECTORS_H
#define QES_VECTORS_H

#include "network.h"

#define QES_VECTORS ${count}

/* Of all outputs, for a device that has no room for them twice: FNV-1a of the bytes of each as an int32_t, the lowest first. */
static const uint32_t qes_digests[QES_VECTORS] = {${rows.map((row) => `${digestOf(row)}u`).join(", ")}};

static inline uint32_t qes_digest(const qes_output_t *outputs)
{
    uint32_t hash = 2166136261u;
    for (uint32_t i = 0; i < QES_OUTPUTS; i++) {
        const uint32_t value = (uint32_t)outputs[i];
        for (uint32_t bit = 0; bit < 32; bit += 8) hash = (hash ^ (value >> bit & 0xffu)) * 16777619u;
    }
    return hash;
}

static const qes_output_t qes_expected[QES_VECTORS][QES_OUTPUTS] = {
${rows.map((row) => `    {${row.join(", ")}},`).join("\n")}
};

/* Writes the QES_INPUTS bytes of an image. */
static void qes_vector(uint32_t vector, uint8_t *image)
{
    uint32_t state = 0x9e3779b9u ^ (vector + 1);
    for (uint32_t i = 0; i < QES_INPUTS; i++) {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        image[i] = (uint8_t)(state >> 24);
    }
}

#endif
`;
}
