import { execFileSync, spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { packageRoot } from "../../src/base/package-root.ts";
import { cNetwork } from "../../src/firmware/c-network.ts";
import type { PlanOptions } from "../../src/firmware/plan.ts";
import type { NetworkDescription } from "../../src/formats/network-description.ts";
import type { IntegerNetwork } from "../../src/integer/integer-network.ts";

/** Whether C can be compiled for this machine. */
export const hasGcc = spawnSync("gcc", ["--version"]).status === 0;

const main = fileURLToPath(new URL("../fixtures/c/run.c", import.meta.url));
const strict = ["-std=c99", "-pedantic", "-Wall", "-Wextra", "-Werror", "-O1", "-g"];
const sanitizers = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all"];
const runtime = join(packageRoot, "templates/c");

/**
 * A program of the network that maps images on stdin to outputs on stdout, built with sanitizers.
 * @param folder that the runtime is built in once
 * @param name of a new folder there
 */
export function builtForThisMachine(
  folder: string,
  name: string,
  description: NetworkDescription,
  network: IntegerNetwork,
  options: PlanOptions = {},
): string {
  const object = join(folder, "qes_nn.o");
  if (!existsSync(object)) {
    execFileSync("gcc", [...strict, ...sanitizers, "-c", join(runtime, "qes_nn.c"), "-o", object]);
  }
  const { header, source } = cNetwork(description, network, options);
  const path = join(folder, name);
  mkdirSync(path);
  writeFileSync(join(path, "network.h"), header);
  writeFileSync(join(path, "network.c"), source);
  copyFileSync(main, join(path, "run.c"));
  const files = [join(path, "network.c"), join(path, "run.c"), object];
  execFileSync("gcc", [...strict, ...sanitizers, `-I${runtime}`, ...files, "-o", join(path, "run")]);
  return join(path, "run");
}

/** What the program says of images, one after another, as int32: it writes int32 or, without classes, bytes. */
export function outputsOf(run: string, classes: number, images: Uint8Array): Int32Array {
  const out = execFileSync(run, { input: images, maxBuffer: 64e6 });
  return classes > 0 ? new Int32Array(Uint8Array.from(out).buffer) : Int32Array.from(out);
}
