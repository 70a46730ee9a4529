import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { builtFile } from "../../src/base/package-root.ts";
import { temporaryFolder } from "../temporary.ts";
import { qes, qesJson, startQes } from "./qes.ts";

const folder = temporaryFolder();
const short = [
  "--archive",
  "a.sqlite",
  "--evaluations",
  "300",
  "--quiet",
  "--no-bound",
  "--set",
  "search.population=16",
];
beforeAll(async () => {
  await qes(folder, "search", "imagenet-mixed-7.0g", ...short);
});

test("report writes one page beside the archive, or where it is told, and prints the same as JSON", async () => {
  const { code, stdout } = await qes(folder, "report", "a.sqlite");
  expect([code, stdout]).toEqual([0, "a.html: run 1 of a.sqlite; open it in a browser\n"]);
  const page = readFileSync(join(folder, "a.html"), "utf8");
  expect(page).toMatch(/^<!doctype html>/);
  await qes(folder, "report", "a.sqlite", "--run", "1", "--out", "b.html");
  expect(readFileSync(join(folder, "b.html"), "utf8")).toBe(page);
  expect(await qesJson(folder, "report", "a.sqlite")).toMatchObject({ run: { id: 1, evaluations: 300 }, moreRuns: 0 });
});

test("runs of one name that differ in their budgets are told apart, and others are listed as ever", async () => {
  const alike = (await qes(folder, "runs", "a.sqlite")).stdout;
  expect(alike).toMatch(/^run +preset +seed +status/);
  const more = ["--archive", "budgets.sqlite", ...short.slice(2)];
  await qes(folder, "search", "imagenet-mixed-7.0g", ...more);
  await qes(folder, "search", "imagenet-mixed-7.0g", ...more, "--set", "budgets.bitops=5e9");
  await qes(folder, "search", "stm32f746-vww", ...more);
  const lines = (await qes(folder, "runs", "budgets.sqlite")).stdout.split("\n");
  expect(lines[0]).toMatch(/^run +preset +budgets +seed/);
  expect(lines[1]).toMatch(/ imagenet-mixed-7\.0g +bitops 6\.976 G +1 +done/);
  expect(lines[2]).toMatch(/ imagenet-mixed-7\.0g +bitops 5\.000 G +1 +done/);
  expect(lines[3]).toMatch(/ stm32f746-vww +1 +done/);
  expect((await qesJson(folder, "runs", "budgets.sqlite"))[1]).toMatchObject({ budgets: { bitops: 5e9, layers: 47 } });
});

test("--what-if proves optima around the run's budgets and keeps them: the next report has them without proving them again", async () => {
  await qes(
    folder,
    "search",
    "imagenet-mixed-7.0g",
    "--archive",
    "w.sqlite",
    "--evaluations",
    "20000",
    ...short.slice(4),
  );
  const first = await qes(folder, "report", "w.sqlite", "--what-if", "bitops");
  expect(first.stderr).toMatch(/^25 optima along bitops in .+, kept in w\.sqlite$/m);
  const page = readFileSync(join(folder, "w.html"), "utf8");
  expect(page).toContain("exact optimum, proven at 25 budgets");
  expect(page.length).toBeLessThan(420_000);
  const again = await qes(folder, "report", "w.sqlite", "--what-if", "bitops");
  expect([again.code, again.stderr]).toEqual([0, ""]);
  expect(readFileSync(join(folder, "w.html"), "utf8")).toBe(page);
  // What is proven at the run's own budgets is said at the top.
  expect(page).toMatch(/<h1>[\d.]+, <em>(within [\d.]+% of the optimum|proven optimal)<\/em>/);
  expect(page).toMatch(/<path class="seen s0"/);
  const { prices } = (await qesJson(folder, "report", "w.sqlite")) as unknown as {
    prices: {
      budget: string;
      limit: number;
      visited: { inside: number; cells: [number, number, number][] };
      points: { value: number; score: number; proven: boolean }[];
    }[];
  };
  expect(prices.map(({ budget, limit }) => [budget, limit])).toEqual([["bitops", 6.976e9]]);
  const [{ points, visited }] = prices;
  expect(visited.cells.reduce((sum, [, , count]) => sum + count, 0)).toBe(visited.inside);
  expect(visited.inside).toBeGreaterThan(10);
  expect(points.map(({ value }) => value).slice(0, 2)).toEqual([1.744e9, 1.958e9]);
  expect(points.every(({ proven }) => proven)).toBe(true);
  // The published optimum, in its place.
  expect(points[12]).toMatchObject({ value: 6.976e9, score: 1233.4799846745675 });
  // By a bound of its own.
  const bound = (await qesJson(
    folder,
    "bound",
    "imagenet-mixed-7.0g",
    "--set",
    "budgets.bitops=1.958e9",
  )) as unknown as {
    best: { score: number };
  };
  expect(points[1].score).toBe(bound.best.score);
  for (const [value, message] of [
    ["bitops,rom", /^qes: --what-if: expected budgets among bitops, .*, got "rom"$/m],
    ["flash", /^qes: w\.sqlite: expected a budget of the run \(bitops, layers\), got flash; name one of those$/m],
  ] as const) {
    const { code, stderr } = await qes(folder, "report", "w.sqlite", "--what-if", value);
    expect(code).toBe(2);
    expect(stderr).toMatch(message);
  }
});

test("--measure shows what the best network scores on noise, layer by layer", async () => {
  await qes(folder, "report", "a.sqlite", "--measure", "--out", "m.html");
  const page = readFileSync(join(folder, "m.html"), "utf8");
  expect(page).toContain("measured minus closed form");
  const { checked } = (await qesJson(folder, "report", "a.sqlite", "--measure")) as unknown as {
    checked: {
      expected: number;
      measured: { score: number; error: number };
      layers: { difference: number; measured: number }[];
    };
  };
  const { expected, measured, layers } = checked;
  // The mean of the draws is about the mean that is computed.
  expect(Math.abs(measured.score - expected)).toBeLessThan(6 * measured.error);
  expect(measured.error).toBeLessThan(0.01 * expected);
  expect(layers.length).toBeGreaterThan(3);
});

test.skipIf(process.platform !== "linux")("--open starts the browser, and names the page where there is none", () => {
  const browser = join(folder, "bin");
  mkdirSync(browser);
  const report = (path: string) =>
    spawnSync(process.execPath, [builtFile("src/cli/main.js"), "report", "a.sqlite", "--open"], {
      cwd: folder,
      env: { ...process.env, PATH: path },
      encoding: "utf8",
    });
  expect(report(browser).stderr).toBe(
    `no browser could be started (xdg-open: ENOENT); open ${join(folder, "a.html")} in one\n`,
  );
  writeFileSync(join(browser, "xdg-open"), '#!/bin/sh\necho "$1" > opened\n', { mode: 0o755 });
  expect(report(`${browser}:/bin:/usr/bin`)).toMatchObject({
    status: 0,
    stderr: "",
    stdout: "a.html: run 1 of a.sqlite\n",
  });
  expect(readFileSync(join(folder, "opened"), "utf8")).toBe("a.html\n");
  writeFileSync(join(browser, "xdg-open"), "#!/bin/sh\nexit 3\n");
  expect(report(`${browser}:/bin:/usr/bin`).stderr).toContain("xdg-open ended with 3");
});

test("mistakes are told with what to do", async () => {
  for (const [args, message] of [
    [["report", "none.sqlite"], "none.sqlite: no such archive; check the path"],
    [["report", "a.sqlite", "--run", "9"], "a.sqlite: no run 9; it has runs 1"],
    [
      ["report", "a.sqlite", "--out", "no/where.html"],
      "--out no/where.html: cannot be written (ENOENT); check the path",
    ],
    [["watch", "a.sqlite", "--run", "9"], "a.sqlite: no run 9; it has runs 1"],
    [
      ["search", "imagenet-mixed-7.0g", "--watch", "--archive", ":memory:"],
      "--watch: expected an archive in a file, got :memory:; give one",
    ],
    [
      ["search", "imagenet-mixed-7.0g", "--watch", "--seeds", "1..2"],
      "--seeds: not together with --watch; leave one out",
    ],
  ] as const) {
    const { code, stdout, stderr } = await qes(folder, ...args);
    expect({ code, stdout, stderr }).toEqual({ code: 2, stdout: "", stderr: `qes: ${message}\n` });
  }
});

test("watch prints an address that shows the run, and ends with Ctrl-C", async () => {
  const running = startQes(folder, "watch", "a.sqlite");
  const url = await new Promise<string>((resolve) => {
    let text = "";
    running.process.stdout!.on("data", (chunk) => {
      text += chunk;
      const [address] = /^http:\S+(?=\n)/.exec(text) ?? [];
      if (address !== undefined) resolve(address);
    });
  });
  const page = await (await fetch(url)).text();
  expect(page).toContain("imagenet-mixed-7.0g · run 1 · seed 1");
  running.process.kill("SIGINT");
  expect((await running.outcome).code).toBe(0);
});
