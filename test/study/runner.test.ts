import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { builtFile } from "../../src/base/package-root.ts";
import { readRows } from "../../study/rows.ts";
import { plannedTrainings } from "../../study/trainings.ts";
import { pythonWith } from "../support/python.ts";

const interpreter = pythonWith("torch", "numpy");
const hasData = existsSync("/usr/share/datasets/fashion-mnist");
const isSlow = process.env["QES_SLOW_TESTS"] === "1";

test.runIf(isSlow && interpreter !== undefined && hasData)(
  "a study whose runner is killed goes on, and no training is lost or counted twice (needs PyTorch and Fashion-MNIST)",
  async () => {
    const folder = mkdtempSync(join(tmpdir(), "qes-study-"));
    const [csv, work] = [join(folder, "rows.csv"), join(folder, "work")];
    const args = [builtFile("study/main.js"), "--csv", csv, "--work", work, "--limit", "128", "--first", "2"];
    const start = () =>
      spawn(process.execPath, args, { stdio: "ignore", env: { ...process.env, QES_PYTHON: interpreter } });
    const until = async (isSo: () => boolean) => {
      while (!isSo()) await sleep(20);
    };
    try {
      // In the first training, then in the second.
      for (const rows of [0, 1]) {
        const runner = start();
        await until(() => readRows(csv).length === rows && existsSync(work) && readdirSync(work).length > 0);
        await sleep(500);
        runner.kill("SIGKILL");
        await once(runner, "close");
      }
      const [status] = await once(start(), "close");
      expect(status).toBe(0);
      const planned = plannedTrainings().slice(0, 2);
      expect(readRows(csv).map(({ network, seed }) => ({ network, seed }))).toEqual(planned);
      const again = readRows(csv);
      const [second] = await once(start(), "close");
      expect([second, readRows(csv)]).toEqual([0, again]);
    } finally {
      // A training that outlived its runner may still write.
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    }
  },
  600_000,
);
