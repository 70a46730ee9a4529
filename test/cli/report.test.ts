import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
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
