import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { isArchiveFile } from "../archive/archive-file.ts";
import { UserError } from "../base/user-error.ts";
import { exportFormats } from "../formats/exports.ts";
import { describeNetwork, type NetworkDescription } from "../formats/network-description.ts";
import { parseStructure } from "../network/structure.ts";
import { archiveArgument, type Command, DEFAULT_ARCHIVE, note, text, textOption, wholeOption } from "./command.ts";
import { archivedBest, readNetworkFile, runOption } from "./input.ts";

export const exportCommand: Command = {
  positionals: { networks: `an archive, or a file of structures; ${DEFAULT_ARCHIVE} if left out` },
  options: {
    format: text(exportFormats.map(({ name, what }) => `${name}: ${what}`).join("; "), {
      choices: exportFormats.map(({ name }) => name),
    }),
    output: text("the folder or file to write; must not exist", {
      alias: "o",
      defaultDescription: "stdout, of a single file",
    }),
    run: runOption,
    index: text("which of the networks, from 1 on", { defaultDescription: "1, of an archive the best" }),
    classes: text("outputs of the classifier", { defaultDescription: "the run's or the file's" }),
    resolution: text("pixels of one side of the input", { defaultDescription: "the run's or the file's, else 224" }),
    name: text("what the network is called", { defaultDescription: "after its file" }),
  },
  examples: [
    ["qes export qes.sqlite --format pytorch --output mynet --classes 10", "then: cd mynet; python train.py"],
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
    if (format.kind === "folder" && output === undefined) {
      throw new UserError(`--output: expected a folder to write, since ${format.name} is several files, got nothing`);
    }
    const network = await chosenNetwork(archiveArgument(args, "networks"), {
      run: wholeOption(args, "run", 1),
      index: wholeOption(args, "index", 1) ?? 1,
      classes: wholeOption(args, "classes", 0, 1e6),
      resolution: wholeOption(args, "resolution", 1, 4096),
      name: textOption(args, "name"),
    });
    const files = format.files(network);
    if (output === undefined) process.stdout.write([...files.values()][0]);
    else if (format.kind === "file") writeFile(output, [...files.values()][0]);
    else writeFolder(output, files);
    if (output !== undefined) {
      note(`${output}: ${network.name} as ${format.name}, digest ${network.digest}`);
      if (format.next !== undefined) note(`next: ${format.next(output)}`);
    }
    return 0;
  },
};

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

function writeFile(path: string, content: string): void {
  if (existsSync(path)) throw new UserError(`--output: ${path} exists already; choose another name or remove it`);
  writing(path, (part) => writeFileSync(part, content));
}

function writeFolder(path: string, files: ReadonlyMap<string, string>): void {
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
