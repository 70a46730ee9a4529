import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { packageRoot } from "../base/package-root.ts";
import { suggestion } from "../base/suggest.ts";
import { UserError } from "../base/user-error.ts";
import { describe } from "../network/structure.ts";
import { parseConfigText } from "./config.ts";

const folder = join(packageRoot, "presets");

/** Names of the shipped search configurations. */
export function presetNames(): string[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith(".yaml"))
    .map((file) => file.slice(0, -".yaml".length))
    .sort();
}

/** The YAML of a preset. @throws UserError where there is none of that name */
export function presetText(name: string): string {
  const names = presetNames();
  if (!names.includes(name)) {
    const near = suggestion(String(name), names);
    throw new UserError(
      `no preset ${describe(name)}; ${near ? `${near} ` : ""}presets: ${names.join(", ")}`,
      "configFile",
    );
  }
  return readFileSync(join(folder, `${name}.yaml`), "utf8");
}

/** The raw configuration of a preset, for `parseConfig`. */
export function presetValue(name: string): unknown {
  return parseConfigText(presetText(name), name);
}
