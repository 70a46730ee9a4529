import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pytorchFiles } from "../src/exports/pytorch.ts";
import { describeNetwork } from "../src/formats/network-description.ts";
import { networkOf } from "../src/network/structure.ts";
import { ExpectedScore } from "../src/score/expected/expected.ts";
import { ForwardScore } from "../src/score/forward/forward.ts";
import { appendRow, type Row, readRows } from "./rows.ts";
import type { Sampled } from "./sampler.ts";
import { CLASSES, RESOLUTION, scoreOf, scoring } from "./space.ts";
import type { Training } from "./trainings.ts";

export const EPOCHS = 3;
export const BATCH = 128;
/** Of the measured score. */
const DRAWS = 32;

export interface RunnerOptions {
  readonly rows: string;
  /** Folder of what is being trained. */
  readonly work: string;
  readonly python: string;
  /** Further options of train.py, for trials. */
  readonly trial?: readonly string[];
  readonly say: (line: string) => void;
}

/** Trains what has no row yet, in order, one after another; what was in hand when it was killed is begun again, what another runner has in hand is left to it. */
export async function trainAll(
  trainings: readonly Training[],
  networks: readonly Sampled[],
  options: RunnerOptions,
): Promise<void> {
  const rowOf = ({ network, seed }: Training) =>
    readRows(options.rows).find((row) => row.network === network && row.seed === seed);
  for (;;) {
    const taken = inHand(options.work);
    const isFree = (training: Training) =>
      rowOf(training) === undefined && !taken.has(`${training.network}-${training.seed}`);
    const training = trainings.find(isFree);
    if (training === undefined) return;
    const stands = readRows(options.rows).length;
    options.say(`${stands} of ${trainings.length} trained; now ${training.network} seed ${training.seed}`);
    const network = networks.find(({ id }) => id === training.network)!;
    const row = await train(network, training.seed, options);
    if (rowOf(training) === undefined) appendRow(options.rows, row);
    options.say(`${row.network} seed ${row.seed}: ${(100 * row.accuracy).toFixed(2)}% in ${row.cpuSeconds} CPU s`);
  }
}

/** What living runners train; what dead ones left is removed. A folder is named network-seed-process. */
function inHand(work: string): Set<string> {
  const trained = new Set<string>();
  for (const folder of existsSync(work) ? readdirSync(work) : []) {
    const [network, seed, pid] = folder.split("-");
    if (isAlive(Number(pid))) trained.add(`${network}-${seed}`);
    else rmSync(join(work, folder), { recursive: true, force: true });
  }
  return trained;
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** Exports a network, trains it and tests it. */
export async function train({ id, structure }: Sampled, seed: number, options: RunnerOptions): Promise<Row> {
  const description = describeNetwork(`study ${id}`, structure, RESOLUTION, CLASSES);
  // A process that outlived a killed runner has a folder of its own.
  const folder = join(options.work, `${id}-${seed}-${process.pid}`);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const [name, text] of pytorchFiles(description)) writeFileSync(join(folder, name), text);
  const flags = [
    "--epochs",
    String(EPOCHS),
    "--batch",
    String(BATCH),
    "--seed",
    String(seed),
    ...(options.trial ?? []),
  ];
  await succeed(options.python, ["train.py", ...flags], folder);
  const last = JSON.parse(readFileSync(join(folder, "trained.log.jsonl"), "utf8").trimEnd().split("\n").at(-1)!);
  const header = readFileSync(join(folder, "trained.safetensors"));
  const { __metadata__: metadata } = JSON.parse(header.subarray(8, 8 + Number(header.readBigUInt64LE(0))).toString());
  rmSync(folder, { recursive: true });
  const network = networkOf(structure, RESOLUTION);
  const { totals } = description;
  return {
    network: id,
    seed,
    accuracy: last.accuracy,
    trainAccuracy: Math.round(1e4 * last.train_accuracy) / 1e4,
    analytic: scoreOf(structure),
    expected: new ExpectedScore(scoring).score(network),
    measured: new ForwardScore({ ...scoring, repeats: DRAWS, batch: 1, noiseSeed: 1, kernel: "simd" }).detail(network)
      .score,
    bitops: totals.bitops,
    macs: totals.macs,
    weights: totals.weights,
    flash: totals.flash,
    sramLive: totals.sramLive,
    convs: totals.layers,
    epochs: EPOCHS,
    batch: BATCH,
    cpuSeconds: last.cpu_seconds,
    digest: description.digest.slice(0, 16),
    torch: metadata.torch,
    ended: new Date().toISOString().slice(0, 19),
  };
}

/** One thread, and a share of the processor that leaves others theirs. */
function succeed(command: string, args: readonly string[], folder: string): Promise<void> {
  const threads = { OMP_NUM_THREADS: "1", MKL_NUM_THREADS: "1", OPENBLAS_NUM_THREADS: "1" };
  // Memory that glibc gives back is asked for again at once: keeping it saves an eighth of the time.
  const memory = {
    MALLOC_MMAP_THRESHOLD_: "33554432",
    MALLOC_TRIM_THRESHOLD_: "4294967296",
    MALLOC_TOP_PAD_: "67108864",
  };
  const env = { ...process.env, ...threads, ...memory };
  const child = spawn("nice", ["-n", "19", command, ...args], {
    cwd: folder,
    env,
    stdio: ["ignore", "ignore", "pipe"],
  });
  // A runner that is stopped takes its training along; one that is killed cannot.
  const stop = () => child.kill("SIGKILL");
  process.once("exit", stop);
  let errors = "";
  child.stderr.on("data", (text) => {
    errors = `${errors}${text}`.slice(-4000);
  });
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (status) => {
      process.removeListener("exit", stop);
      if (status === 0) resolve();
      else reject(new Error(`train.py ended with ${status}:\n${errors}`));
    });
  });
}
