import { execFileSync } from "node:child_process";
import type { TestProject } from "vitest/node";
import { packageRoot } from "../src/base/package-root.ts";

/** Tests start threads, WebAssembly and commands from dist; where it is what the sources give, this takes a moment. */
export default function setup(project: TestProject): void {
  const build = () =>
    execFileSync(process.execPath, ["scripts/build.mjs", "--no-types"], { cwd: packageRoot, stdio: "inherit" });
  build();
  project.onTestsRerun(async () => {
    build();
  });
}
