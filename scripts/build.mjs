// Builds dist: the program, its threads, its WebAssembly and, unless told --no-types, its declarations.
import { build } from "./dist.mjs";

await build({ types: !process.argv.includes("--no-types") });
