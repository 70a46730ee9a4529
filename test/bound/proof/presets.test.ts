import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { builtFile } from "../../../src/base/package-root.ts";
import { presetNames } from "../../../src/config/presets.ts";
import { temporaryFolder } from "../../temporary.ts";

const folder = temporaryFolder();
const slow = process.env["QES_SLOW_TESTS"] === "1";
const names = slow ? presetNames() : ["imagenet-fp-300m", "stm32f412-imagenet"];

/**
 * Processor seconds and the greatest resident memory of a command, by its own account. Linux lets `maxRSS` begin at that of the process that started it, so
 * that there the kernel's figure of the program alone is taken.
 */
const measured = `process.on("exit", () => { const fs = require("node:fs"); const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
  const own = fs.existsSync("/proc/self/status") && /VmHWM:\\s*(\\d+) kB/.exec(fs.readFileSync("/proc/self/status", "utf8"));
  fs.writeFileSync(process.env.USAGE, JSON.stringify({ seconds: (userCPUTime + systemCPUTime) / 1e6, mb: (own ? Number(own[1]) : maxRSS) / 1e3 })); });`;

function qes(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  const preload = join(folder, "measure.cjs");
  writeFileSync(preload, measured);
  return spawnSync(process.execPath, ["--require", preload, builtFile("src/cli/main.js"), ...args], {
    cwd: folder,
    encoding: "utf8",
    env: { ...process.env, USAGE: join(folder, "usage.json") },
  });
}

describe("the certificate of a preset", () => {
  it.each(names)(
    "%s: is valid, is about the preset, and is checked in 60 s and 500 MB",
    (name) => {
      const proof = `${name}.json`;
      expect(qes("bound", name, "--quiet", "--certificate", proof).status).toBe(0);
      const { status, stdout, stderr } = qes("verify-bound", proof, "--config", name, "--json");
      expect(stderr).toBe("");
      expect(status).toBe(0);
      const { valid, upperBound, best } = JSON.parse(stdout);
      expect(valid).toBe(true);
      expect(upperBound).toBeGreaterThanOrEqual(best);
      expect(upperBound - best).toBeLessThan(1e-8);
      const { seconds, mb } = JSON.parse(readFileSync(join(folder, "usage.json"), "utf8"));
      expect(seconds).toBeLessThan(60);
      expect(mb).toBeGreaterThan(20);
      expect(mb).toBeLessThan(500);
    },
    600_000,
  );
});
