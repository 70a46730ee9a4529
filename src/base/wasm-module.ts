import { existsSync, readFileSync } from "node:fs";
import { builtFile } from "./package-root.ts";

const modules = new Map<string, WebAssembly.Module>();

/**
 * A compiled module of `npm run build`.
 * @param path below src, without its extension
 */
export function wasmModule(path: string): WebAssembly.Module {
  let module = modules.get(path);
  if (module === undefined) {
    const file = builtFile(`src/${path}.wasm`);
    if (!existsSync(file)) throw new Error(`${path}.wasm is missing: run npm run build`);
    module = new WebAssembly.Module(readFileSync(file));
    modules.set(path, module);
  }
  return module;
}
