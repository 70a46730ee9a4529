import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { packageRoot } from "../base/package-root.ts";
import { version } from "./version.ts";

let known: string | undefined;

/** Which program runs: its version, and what was built of it, where that is on record. */
export function programBuild(): string {
  const stamp = join(packageRoot, "dist/build.json");
  known ??= existsSync(stamp)
    ? `${version} ${createHash("sha256").update(readFileSync(stamp)).digest("hex")}`
    : version;
  return known;
}
