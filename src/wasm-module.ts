import { existsSync, readFileSync } from "node:fs";

const modules = new Map<string, WebAssembly.Module>();

/**
 * A compiled module of `npm run build`, from beside its sources or, where those run unbuilt, from dist.
 * @param path below src, without its extension
 */
export function wasmModule(path: string): WebAssembly.Module {
  let module = modules.get(path);
  if (module === undefined) {
    const file = [`./${path}.wasm`, `../dist/src/${path}.wasm`]
      .map((relative) => new URL(relative, import.meta.url))
      .find((url) => existsSync(url));
    if (file === undefined) throw new Error(`${path}.wasm is missing: run npm run build`);
    module = new WebAssembly.Module(readFileSync(file));
    modules.set(path, module);
  }
  return module;
}
