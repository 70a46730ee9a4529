import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { isArchiveFile } from "../archive/archive-file.ts";
import { UserError } from "../base/user-error.ts";
import type { Device } from "../config/device.ts";
import { deviceOf, isPartFile } from "../config/devices.ts";
import { type ExportFormat, exportFormats } from "../exports/exports.ts";
import { describeNetwork, type NetworkDescription } from "../formats/network-description.ts";
import { parseSafetensors } from "../formats/safetensors.ts";
import { checkWeights, randomWeights } from "../formats/weights.ts";
import { parseStructure } from "../network/structure.ts";
import {
  type Arguments,
  archiveArgument,
  type Command,
  DEFAULT_ARCHIVE,
  note,
  text,
  textOption,
  wholeOption,
} from "./command.ts";
import { archivedBest, readBytes, readNetworkFile, readPartFile, runOption } from "./input.ts";

export const exportCommand: Command = {
  positionals: { networks: `an archive, or a file of structures; ${DEFAULT_ARCHIVE} if left out` },
  options: {
    format: text(exportFormats.map(({ name, what }) => `${name}: ${what}`).join("; "), {
      choices: exportFormats.map(({ name }) => name),
    }),
    output: text("the folder or file to write; must not exist", {
      alias: "o",
      defaultDescription: "stdout, of a text file",
    }),
    form: text(
      exportFormats
        .filter(({ forms }) => forms !== undefined)
        .map(({ name, forms }) => `of ${name}: ${forms!.map((form) => `${form.name}: ${form.what}`).join("; ")}`)
        .join(". "),
      { defaultDescription: "of onnx qdq, float of a network without bits; of c separate" },
    ),
    weights: text("trained.safetensors, of train.py", { defaultDescription: "random ones" }),
    device: text("of c: a microcontroller that it has to fit (qes devices lists them), or a YAML file of one"),
    seed: text("of random weights", { defaultDescription: "1" }),
    run: runOption,
    index: text("which of the networks, from 1 on", { defaultDescription: "1, of an archive the best" }),
    classes: text("outputs of the classifier", { defaultDescription: "the run's or the file's" }),
    resolution: text("pixels of one side of the input", { defaultDescription: "the run's or the file's, else 224" }),
    name: text("what the network is called", { defaultDescription: "after its file" }),
  },
  examples: [
    ["qes export qes.sqlite --format pytorch --output mynet --classes 10", "then: cd mynet; python train.py"],
    ["qes export best.txt --format onnx --form qonnx --output net.onnx", "for runtimes, with its bits"],
    [
      "qes export qes.sqlite --format c --weights trained.safetensors --output firmware",
      "then: make -C firmware check",
    ],
    ["qes export best.txt --format json", "every layer with its figures"],
  ],
  async run(args) {
    const wanted = textOption(args, "format");
    const format = exportFormats.find(({ name }) => name === wanted);
    if (format === undefined) {
      throw new UserError(
        `--format: expected ${exportFormats.map(({ name }) => name).join(", ")}, got ${wanted ?? "nothing"}`,
      );
    }
    const output = textOption(args, "output");
    if (output === undefined && format.kind !== "text") {
      const what = format.kind === "folder" ? ["a folder", "several files"] : ["a file", "no text"];
      throw new UserError(`--output: expected ${what[0]} to write, since ${format.name} is ${what[1]}, got nothing`);
    }
    const asked = formOption(args, format);
    const chosen = { weights: textOption(args, "weights"), seed: wholeOption(args, "seed", 0) };
    checkWeightOptions(format, chosen);
    const device = deviceOption(args, format);
    const network = await chosenNetwork(archiveArgument(args, "networks"), {
      run: wholeOption(args, "run", 1),
      index: wholeOption(args, "index", 1) ?? 1,
      classes: wholeOption(args, "classes", 0, 1e6),
      resolution: wholeOption(args, "resolution", 1, 4096),
      name: textOption(args, "name"),
    });
    const weights = format.weights ? weightsOf(network, chosen) : { weights: new Map(), weightsNote: "" };
    const form = asked ?? format.defaultForm?.(network).name;
    const files = format.files(network, { form, device, ...weights });
    if (output === undefined) process.stdout.write([...files.values()][0]);
    else if (format.kind === "folder") writeFolder(output, files);
    else writeFile(output, [...files.values()][0]);
    if (output !== undefined) {
      const how = form === undefined ? format.name : `${format.name} (${form})`;
      note(`${output}: ${network.name} as ${how}, digest ${network.digest}`);
      if (format.weights) note(`weights: ${weights.weightsNote}`);
      if (format.next !== undefined) note(`next: ${format.next(output)}`);
    }
    return 0;
  },
};

/** The form that is asked for, of a format that has several. */
function formOption(args: Arguments, { name, forms }: ExportFormat): string | undefined {
  const wanted = textOption(args, "form");
  if (forms === undefined) {
    if (wanted !== undefined) throw new UserError(`--form ${wanted}: ${name} has no forms; leave it out`);
    return undefined;
  }
  const names = forms.map((form) => form.name);
  if (wanted !== undefined && !names.includes(wanted)) {
    throw new UserError(`--form: expected ${names.join(", ")}, got ${wanted}`);
  }
  return wanted;
}

/** The device that a network has to fit. */
function deviceOption(args: Arguments, { name, devices }: ExportFormat): Device | undefined {
  const wanted = textOption(args, "device");
  if (wanted === undefined) return undefined;
  if (!devices) throw new UserError(`--device: ${name} is for none in particular; leave it out`);
  if (!isPartFile(wanted)) return deviceOf(wanted, "--device");
  const part = readPartFile(wanted);
  if ("device" in part) return part.device;
  throw new UserError(`--device: expected a device, got a task, ${wanted}; qes devices lists both`);
}

interface WeightOptions {
  readonly weights: string | undefined;
  readonly seed: number | undefined;
}

function checkWeightOptions(format: ExportFormat, { weights, seed }: WeightOptions): void {
  const [name] = [weights !== undefined ? "--weights" : [], seed !== undefined ? "--seed" : []].flat();
  if (name !== undefined && !format.weights)
    throw new UserError(`${name}: ${format.name} has no weights; leave it out`);
  if (weights !== undefined && seed !== undefined) {
    throw new UserError("--seed: not together with --weights, which are not random; leave one out");
  }
}

function weightsOf(network: NetworkDescription, { weights, seed }: WeightOptions) {
  return weights === undefined ? randomOnes(network, seed) : learned(network, weights);
}

function randomOnes(network: NetworkDescription, seed = 1) {
  const weightsNote = `random ones of seed ${seed}, for a look at sizes; --weights takes trained ones`;
  return { weights: randomWeights(network, seed), weightsNote };
}

/** @throws UserError where they are those of another network */
function learned(network: NetworkDescription, path: string) {
  const { tensors, metadata } = parseSafetensors(readBytes(path), path);
  checkWeights(network, tensors);
  const digest = metadata.get("network");
  if (digest !== undefined && digest !== network.digest) {
    throw new UserError(
      `--weights: expected weights of network ${network.digest}, got those of ${digest}; export the network that was trained, with its resolution and classes`,
    );
  }
  const accuracy = metadata.get("accuracy");
  return { weights: tensors, weightsNote: accuracy === undefined ? path : `${path}, accuracy ${accuracy} in training` };
}

interface Choice {
  readonly run: number | undefined;
  /** From 1 on. */
  readonly index: number;
  readonly classes: number | undefined;
  readonly resolution: number | undefined;
  readonly name: string | undefined;
}

async function chosenNetwork(path: string, choice: Choice): Promise<NetworkDescription> {
  const chosen = isArchiveFile(path) ? ofArchive(path, choice) : ofFile(path, choice);
  const { structure, resolution, classes, name } = await chosen;
  if (choice.classes !== undefined && choice.classes !== classes) {
    note(`--classes ${choice.classes}: ${path} counts ${classes} outputs; flash is that of ${choice.classes} here`);
  }
  return describeNetwork(choice.name ?? name, structure, choice.resolution ?? resolution, choice.classes ?? classes);
}

async function ofArchive(path: string, { run, index }: Choice) {
  const networks = await archivedBest(path, run, index);
  checkIndex(path, index, networks.length);
  return networks[index - 1];
}

async function ofFile(path: string, { run, index }: Choice) {
  const entries = await readNetworkFile(path, run);
  checkIndex(path, index, entries.length);
  const { structure, where, resolution = 224, classes = 0, name } = entries[index - 1];
  return { structure: parseStructure(structure, where), resolution, classes, name };
}

function checkIndex(path: string, index: number, count: number): void {
  if (index > count) throw new UserError(`--index: expected at most ${count}, the networks of ${path}, got ${index}`);
}

function writeFile(path: string, content: string | Uint8Array): void {
  if (existsSync(path)) throw new UserError(`--output: ${path} exists already; choose another name or remove it`);
  writing(path, (part) => writeFileSync(part, content));
}

function writeFolder(path: string, files: ReadonlyMap<string, string | Uint8Array>): void {
  if (existsSync(path) && !statSync(path).isDirectory()) {
    throw new UserError(`--output: ${path} exists already and is no folder; choose another name or remove it`);
  }
  if (existsSync(path) && readdirSync(path).length > 0) {
    throw new UserError(`--output: ${path} exists already and is not empty; choose another name or remove it`);
  }
  writing(path, (part) => {
    mkdirSync(part);
    for (const [name, content] of files) writeFileSync(join(part, name), content);
  });
}

/** Writes beside the place and renames, so that nothing is ever there by half. */
function writing(path: string, write: (part: string) => void): void {
  const part = join(dirname(resolve(path)), `.${basename(path)}.${process.pid}.part`);
  try {
    write(part);
    renameSync(part, path);
  } catch (error) {
    rmSync(part, { recursive: true, force: true });
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    throw new UserError(`--output: ${path} cannot be written (${code}); check the folder`);
  }
}
