import { basename, dirname, isAbsolute, join } from "node:path";
import { Document, isMap, isPair, visit } from "yaml";
import { UserError } from "../base/user-error.ts";
import { type ImportedConfig, readReleasedConfig } from "../formats/released-config.ts";
import { type Arguments, type Command, note, text, textOption } from "./command.ts";
import { importModel, modelOptions } from "./import-model.ts";
import { readText } from "./input.ts";
import { writeOutput } from "./output-file.ts";

/** A kind of file that is imported; a new kind is a new row. */
interface Kind {
  readonly what: string;
  readonly ending: RegExp;
  /** What is wrong or left out is told by notes and a UserError, with its place in the file. */
  run(path: string, args: Arguments): void;
}

const kinds: readonly Kind[] = [
  { what: "a configuration of the released program (.py)", ending: /\.py$/i, run: importConfig },
  { what: "an ONNX model (.onnx)", ending: /\.onnx$/i, run: importModel },
];

export const importCommand: Command = {
  positionals: { file: `${kinds.map(({ what }) => what).join(" or ")}; it is read and not run` },
  options: {
    output: text("write the configuration, or a model's network, to this file", {
      alias: "o",
      defaultDescription: "a configuration to stdout",
    }),
    ...modelOptions,
  },
  examples: [
    [
      "qes import Mixed_7d0G.py > mine.yaml; qes search mine.yaml",
      "a search of the released program, as a configuration",
    ],
    ["qes import model.onnx --output model.json", "a network of another tool, scored, for qes score and qes export"],
  ],
  async run(args) {
    const path = String(args["file"]);
    const kind = kinds.find(({ ending }) => ending.test(path));
    if (kind === undefined) {
      throw new UserError(
        `${path}: expected ${kinds.map(({ what }) => what).join(" or ")}; structure files are read by qes score`,
      );
    }
    kind.run(path, args);
    return 0;
  },
};

function importConfig(path: string, args: Arguments): void {
  const other = Object.keys(modelOptions).find((name) => args[name] !== undefined && args[name] !== false);
  if (other !== undefined)
    throw new UserError(`--${other}: expected an ONNX model beside it, got ${path}; leave it out`);
  const { config, notes } = readReleasedConfig(readText(path), path, (named) =>
    readText(isAbsolute(named) ? named : join(dirname(path), named)),
  );
  for (const line of notes) note(line);
  const yaml = yamlOf(config, path);
  const output = textOption(args, "output");
  if (output === undefined) process.stdout.write(yaml);
  else {
    writeOutput("--output", output, yaml);
    note(`${output}: written; next: qes search ${output}`);
  }
}

/** One line a block of the network, as the presets have them. */
function yamlOf(config: ImportedConfig["config"], path: string): string {
  const document = new Document(config);
  document.commentBefore = ` Imported from ${basename(path)}.`;
  visit(document, {
    Collection(_, node, ancestors) {
      // The document, its map and a pair are above a top-level value; those of the space are one level deeper.
      const inSpace = ancestors.some((above) => isPair(above) && String(above.key) === "space");
      const inStart = ancestors.some((above) => isPair(above) && String(above.key) === "start");
      const depth = ancestors.filter(isPair).length;
      if (depth >= 1 && (inStart ? isMap(node) : depth >= (inSpace ? 2 : 1))) node.flow = true;
    },
  });
  return document.toString({ flowCollectionPadding: true, lineWidth: 0 });
}
