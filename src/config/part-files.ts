import { basename, isAbsolute, join } from "node:path";
import { parseYamlText } from "../base/yaml-text.ts";
import type { OperatorFigures } from "../operators/operator-figures.ts";
import { parseConfig } from "./config.ts";
import { parseDevice } from "./device.ts";
import { isPartFile, isRecord, type PartKind } from "./devices.ts";
import { isOperatorFile, readOperators } from "./operators.ts";
import { parseRuntime } from "./runtime.ts";
import { parseTask } from "./task.ts";

/**
 * A raw configuration with what the files of its `device`, `task`, `runtime`, `latency` and `energy` hold in their places; a configuration that is stored so needs them no more.
 * @param folder that their paths are relative to
 * @throws UserError where a file is not what it should be
 */
export function withPartFiles(value: unknown, folder: string, read: (path: string) => string): unknown {
  if (!isRecord(value)) return value;
  const whole = { ...value };
  for (const kind of ["device", "task", "runtime"] as const) {
    const part = value[kind];
    if (isPartFile(part)) whole[kind] = readPart(kind, isAbsolute(part) ? part : join(folder, part), read);
  }
  for (const kind of ["latency", "energy"] as const) {
    const table = value[kind];
    if (typeof table === "string" && isOperatorFile(table)) whole[kind] = operatorsAt(table, folder, read);
    else if (isRecord(table) && typeof table["file"] === "string") {
      const { file, ...rest } = table;
      whole[kind] = { ...operatorsAt(file as string, folder, read), ...rest };
    }
  }
  return whole;
}

function operatorsAt(file: string, folder: string, read: (path: string) => string): OperatorFigures {
  const path = isAbsolute(file) ? file : join(folder, file);
  return readOperators(read(path), path, basename(path));
}

function readPart(kind: Exclude<PartKind, "operators">, path: string, read: (path: string) => string): unknown {
  const raw = parseYamlText(read(path), path);
  const name = basename(path).replace(/\.ya?ml$/i, "");
  const part = isRecord(raw) ? { name, ...raw } : raw;
  if (kind === "device") parseDevice(part, path);
  else if (kind === "runtime") parseRuntime(part, path);
  // Alone a task is a configuration too, so that what is wrong in it is told of its own file.
  else parseConfig(parseTask(part, path).config, path);
  return part;
}
