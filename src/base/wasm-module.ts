import { existsSync, readFileSync } from "node:fs";
import { refuseNarrowMemory } from "./address-space.ts";
import { builtFile } from "./package-root.ts";
import { UserError } from "./user-error.ts";

const modules = new Map<string, WebAssembly.Module>();

/**
 * A compiled module of `npm run build`.
 * @param path below src, without its extension
 */
function wasmModule(path: string): WebAssembly.Module {
  let module = modules.get(path);
  if (module === undefined) {
    const file = builtFile(`src/${path}.wasm`);
    if (!existsSync(file)) throw new Error(`${path}.wasm is missing: run npm run build`);
    module = new WebAssembly.Module(readFileSync(file));
    modules.set(path, module);
  }
  return module;
}

/**
 * An instance with a memory of its own.
 * @throws UserError where the system refuses the memory
 */
export function wasmInstance(path: string, imports?: Record<string, Record<string, unknown>>): Record<string, unknown> {
  const module = wasmModule(path);
  refuseNarrowMemory();
  try {
    return new WebAssembly.Instance(module, imports).exports;
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new UserError(`WebAssembly cannot get its memory (${error.message}); free some, or raise what limits it`);
  }
}
