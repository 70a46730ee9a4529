import { expect, test } from "vitest";
import { temporaryFolder } from "../temporary.ts";
import { qes } from "./qes.ts";

const folder = temporaryFolder();
const quiet = ["--evaluations", "2000", "--no-bound", "--archive", ":memory:", "--quiet"];

test("a budget of effectiveness is among those of a preset, and what the best network has of it is said", async () => {
  const presets = (await qes(folder, "presets")).stdout;
  expect(presets).toMatch(/deepmad-r18 .*flash [\d.]+ KiB, effectiveness 0\.3 /);
  const { stdout } = await qes(folder, "search", "deepmad-r18", ...quiet);
  const [, own] = stdout.match(/^effectiveness (0\.\d{4}) of 0\.3$/m)!;
  expect(Number(own)).toBeLessThanOrEqual(0.3);
  const without = await qes(folder, "search", "imagenet-mixed-7.0g", ...quiet);
  expect(without.stdout).toContain("best score");
  expect(without.stdout).not.toContain("effectiveness");
});
