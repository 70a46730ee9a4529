import { expect, test } from "vitest";
import { temporaryFolder } from "../temporary.ts";
import { qes, startQes } from "./qes.ts";

const folder = temporaryFolder();

test("front: Ctrl-C prints what is proven so far", async () => {
  const args = ["front", "imagenet-mixed-7.0g", "--of", "flash", "--all", "--json", "--quiet"];
  const { process: child, outcome } = startQes(folder, ...args);
  setTimeout(() => child.kill("SIGINT"), 6000);
  const { code, stdout, stderr } = await outcome;
  expect(code).toBe(130);
  const points = JSON.parse(stdout) as { score: number; costs: { flash: number } }[];
  expect(stderr).toMatch(points.length === 0 ? /nothing was proven in/ : /points?, each proven; there are more/);
}, 60_000);

test("front: where no network fits that is said, with no table", async () => {
  const { code, stdout, stderr } = await qes(folder, "front", "imagenet-mixed-7.0g", "--of", "flash=1..2");
  expect([code, stdout]).toEqual([0, ""]);
  expect(stderr).toContain("no network of the space is within the budgets and ranges; widen them");
});

test("front: the hull of a cost has the prices of its own points, and says how many points there are", async () => {
  const { code, stdout, stderr } = await qes(
    folder,
    ...["front", "imagenet-mixed-7.0g", "--of", "bitops=6.9e9..6.976e9", "--csv"],
  );
  expect(code).toBe(0);
  const [header, ...rows] = stdout.trim().split("\n");
  expect(header.split(",")[0]).toBe("scorePer_bitops");
  const [, all, hull] = stderr.match(/(\d+) points, of which (\d+) are best at some price/)!;
  expect(rows.length).toBe(Number(hull));
  expect(Number(all)).toBeGreaterThan(Number(hull));
  const prices = rows.map((row) => row.split(",")[0]);
  expect(prices.pop()).toBe("");
  // The more there is of a cost, the less does more of it buy.
  expect(prices.map(Number)).toEqual(prices.map(Number).toSorted((x, y) => y - x));
});
