import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The folder that holds package.json, whether this file runs from src or bundled in dist. */
export const packageRoot = findRoot(dirname(fileURLToPath(import.meta.url)));

function findRoot(folder: string): string {
  return existsSync(join(folder, "package.json")) ? folder : findRoot(dirname(folder));
}

/** The path of a built file, the same for code that runs from source: workers and WASM are always the built ones. */
export function builtFile(path: string): string {
  return join(packageRoot, "dist", path);
}
