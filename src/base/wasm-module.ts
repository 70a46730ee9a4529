import { existsSync, readFileSync } from "node:fs";
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
  try {
    return new WebAssembly.Instance(module, imports).exports;
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new UserError(
      "WebAssembly cannot get its memory: it reserves 10 GB of addresses, of which it uses few, and a limit (ulimit -v) allows fewer; " +
        "raise the limit to 16 GB or more; with 8 GB, NODE_OPTIONS=--disable-wasm-trap-handler has Node reserve less",
    );
  }
}
