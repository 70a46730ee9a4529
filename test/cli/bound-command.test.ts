import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { Archive } from "../../src/archive/archive.ts";
import { parseConfig, parseConfigText } from "../../src/config/config.ts";
import { presetText } from "../../src/config/presets.ts";
import { problemName } from "../../src/problem/problem-name.ts";
import { temporaryFolder } from "../temporary.ts";
import { qes, qesJson, startQes } from "./qes.ts";

const folder = temporaryFolder();

/** A space whose bound takes minutes: 255 resolutions, 225 bit pairs, 32 bottlenecks a width. */
writeFileSync(
  join(folder, "large.yaml"),
  JSON.stringify({
    name: "large",
    input: { resolutions: Array.from({ length: 255 }, (_, i) => 8 * (i + 1)) },
    space: {
      family: "quant-k1dwk1",
      start: [
        { class: "ConvKXBNRELU", in: 3, out: 8, k: 3, s: 2, nbitsA: 8, nbitsW: 8 },
        {
          class: "SuperQuantResK1DWK1",
          in: 8,
          out: 16,
          k: 1,
          s: 2,
          L: 1,
          btn: 16,
          nbitsA: [4, 4, 4],
          nbitsW: [4, 4, 4],
        },
        { class: "ConvKXBNRELU", in: 16, out: 1280, k: 1, s: 1, nbitsA: 4, nbitsW: 4 },
      ],
      kernels: [1, 3],
      bits: Array.from({ length: 15 }, (_, i) => i + 1),
      expansions: Array.from({ length: 32 }, (_, i) => (i + 1) / 2),
    },
    score: { kind: "analytic", stageWeights: [1, 6] },
    budgets: { bitops: 1e9, sramLive: 300_000, flash: 1e6 },
    search: { evaluations: 20_000 },
  }),
);

describe("bound", () => {
  test("keeps --seconds on a space whose tables take minutes, and says that nothing is proven", async () => {
    const began = performance.now();
    const { code, stdout } = await qes(folder, "bound", "large.yaml", "--seconds", "2");
    // A second of its own, and what a busy machine adds to starting a process.
    expect(performance.now() - began).toBeLessThan(8000);
    expect(code).toBe(0);
    expect(stdout).toContain("nothing is proven after 2.0 s; give it more time with --seconds");
    const json = await qesJson(folder, "bound", "large.yaml", "--seconds", "1");
    expect(json).toMatchObject({ upperBound: null, gap: null, proven: false });
  });

  test("over the limit of bytes says how many it needs, and which key allows them", async () => {
    const { code, stderr } = await qes(folder, "bound", "imagenet-mixed-7.0g", "--set", "search.boundMemory=50e6");
    expect(code).toBe(2);
    expect(stderr).toMatch(
      /^qes: the bound needs \d+ MB for its tables, and search.boundMemory allows 50 MB; raise it/,
    );
  });

  test("takes a device and a task, and its txt is read by score, which gives the same score", async () => {
    const { code, stdout, stderr } = await qes(
      folder,
      ...["bound", "--device", "stm32f412", "--task", "imagenet", "--format", "txt", "--quiet"],
    );
    expect(code).toBe(0);
    expect(stderr).toContain("proven: no network of this space scores more under these budgets");
    writeFileSync(join(folder, "best.txt"), stdout);
    const [scored] = await qesJson(folder, "score", "best.txt");
    const bound = await qesJson(folder, "bound", "stm32f412-imagenet");
    expect(scored.score).toBe(bound.best.score);
  });

  test("shows its network as best does, with its resolution", async () => {
    const { stdout } = await qes(folder, "bound", "imagenet-mixed-7.0g", "--quiet");
    expect(stdout).toContain("best score 1233.4799846745675\nproven: no network of this space scores more under these");
    expect(stdout).toContain("#  score               resolution  BitOps");
    expect(stdout).toContain("SuperQuantResK1DWK1    8    32  5  2  3   48  555555555  555555555");
  });
});

describe("bound --archive", () => {
  test("keeps the network as a run that runs, best and verify know, and says which", async () => {
    const { code, stdout } = await qes(folder, "bound", "imagenet-mixed-7.0g", "--archive", "kept.sqlite", "--quiet");
    expect(code).toBe(0);
    expect(stdout).toContain("kept as run 1; show it with: qes best kept.sqlite --run 1\n");
    const [best] = await qesJson(folder, "best", "kept.sqlite", "--run", "1");
    expect(best.score).toBe(1233.4799846745675);
    expect((await qes(folder, "runs", "kept.sqlite")).stdout).toMatch(/ 1 +bound +0 +- +1233.4799846745675 /);
    expect((await qesJson(folder, "verify", "kept.sqlite")).findings).toEqual([]);
    const json = await qesJson(folder, "bound", "imagenet-mixed-7.0g", "--archive", "kept.sqlite");
    expect(json).toMatchObject({ run: 2, archive: "kept.sqlite", proven: true });
  });

  test("says where there is no network to keep", async () => {
    const none = ["--set", "budgets.bitops=100", "--archive", "none.sqlite", "--quiet"];
    const { code, stdout, stderr } = await qes(folder, "bound", "imagenet-mixed-7.0g", ...none);
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: "no network of the space is within the budgets; raise them\n",
    });
    expect(stderr).toBe("none.sqlite: nothing is kept, since there is no network\n");
    expect(await qesJson(folder, "runs", "none.sqlite")).toEqual([]);
  });

  test("keeps the optima of --sweep, which a run of another budget finds; --unlock is refused without it", async () => {
    const sweep = [
      "bound",
      "imagenet-mixed-7.0g",
      "--sweep",
      "bitops=1e9..2e9:2",
      "--archive",
      "swept.sqlite",
      "--quiet",
    ];
    const { code, stdout, stderr } = await qes(folder, ...sweep);
    expect([code, stderr]).toEqual([0, "swept.sqlite: keeps what is proven at 2 values of bitops\n"]);
    const archive = Archive.openForReading(join(folder, "swept.sqlite"));
    const config = parseConfig(parseConfigText(presetText("imagenet-mixed-7.0g"), "preset"), "preset");
    const optima = archive.proven.optima(problemName(config, "bitops"), "bitops");
    archive.close();
    expect(optima.map(({ value, proven }) => [value, proven])).toEqual([
      [1e9, true],
      [2e9, true],
    ]);
    for (const { network } of optima) expect(stdout).toContain(network!.score.toFixed(6));
    const alone = await qes(folder, "bound", "imagenet-mixed-7.0g", "--unlock");
    expect([alone.code, alone.stderr]).toEqual([
      2,
      "qes: --unlock: expected --archive beside it, got none; leave it out\n",
    ]);
  });

  test("notes what the configuration leaves open, as search does", async () => {
    const { stderr } = await qes(folder, "bound", "--task", "vww", "--seconds", "1", "--quiet");
    expect(stderr).toContain("no memory budget: the network may be of any size; add --device NAME");
  });
});

describe("the bound beside a search", () => {
  const large = ["search", "large.yaml", "--archive", "large.sqlite", "--quiet"];

  test("follows the printed result, and a signal ends the wait for it", async () => {
    const { process: child, outcome } = startQes(folder, ...large);
    let shown = "";
    child.stdout!.on("data", (data) => {
      shown += data;
    });
    while (!shown.includes("show it with: qes best large.sqlite")) await pause(20);
    const began = performance.now();
    child.kill("SIGINT");
    const { code, stdout } = await outcome;
    expect(performance.now() - began).toBeLessThan(3000);
    expect(code).toBe(0);
    expect(stdout).toContain("no bound: the wait for it was ended");
  });

  test("is left out with --no-bound, in the text and in the JSON", async () => {
    const { code, stdout } = await qes(folder, ...large, "--no-bound");
    expect(code).toBe(0);
    expect(stdout).not.toContain("bound");
    expect(await qesJson(folder, ...large, "--no-bound")).not.toHaveProperty("bound");
  });

  test("without the memory for it says why there is none", async () => {
    const { stdout } = await qes(folder, ...large, "--set", "search.boundMemory=1e6");
    expect(stdout).toMatch(
      /no bound: the bound needs \d+ MB for its tables, and search.boundMemory allows 1 MB; raise it/,
    );
  });

  test("leaves a search with --evaluations to breed them all, and ends one without at the proven optimum", async () => {
    const all = await qesJson(folder, "search", "imagenet-mixed-7.0g", "--evaluations", "110000", "--quiet");
    expect(all.evaluations).toBe(110_000);
    const { stdout } = await qes(folder, "search", "imagenet-mixed-7.0g", "--quiet", "--archive", "ends.sqlite");
    expect(stdout).toContain(
      "ended at the proven optimum of the score; all 500000 children with --set search.stopGap=off",
    );
    expect(stdout).toContain("proven: no network of this space scores more under these budgets");
  });
});
