import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { temporaryFolder } from "../temporary.ts";
import { qes as inFolder } from "./qes.ts";

const folder = temporaryFolder();
const qes = (...args: string[]) => inFolder(folder, ...args);

describe("a search for a device", () => {
  test("needs no configuration file, keeps every budget and names its largest step and its resolution", async () => {
    const { code, stdout } = await qes(
      ...[
        "search",
        "--device",
        "stm32f746",
        "--task",
        "vww",
        "--evaluations",
        "3000",
        "--archive",
        "a.sqlite",
        "--no-bound",
        "--json",
      ],
    );
    expect(code).toBe(0);
    const { best, preset } = JSON.parse(stdout);
    expect(preset).toBe("stm32f746-vww");
    expect(best.runtime).toBe("qes-c");
    expect(best.costs.arena).toBeLessThanOrEqual((320 - 2) * 1024);
    expect(best.costs.flashDeployed).toBeLessThanOrEqual((1024 - 16) * 1024);
    expect([96, 112, 128, 144, 160]).toContain(best.resolution);
    expect(best.largestStep.bytes).toBe(best.costs.arena);
    expect(best.largestStep.name).toMatch(/^block \d layer \d: /);

    const [row] = JSON.parse((await qes("best", "a.sqlite", "--format", "json")).stdout);
    expect(row).toEqual(best);
    expect((await qes("best", "a.sqlite")).stdout).toContain(`largest memory step ${best.largestStep.name}`);
    const txt = (await qes("best", "a.sqlite", "--format", "txt")).stdout;
    expect(txt).toContain(`'best_resolutions': [${best.resolution}]`);
    writeFileSync(join(folder, "best.txt"), txt);
    const [scored] = JSON.parse((await qes("score", "best.txt", "--json", "--memory")).stdout);
    expect(scored.score).toBeCloseTo(best.score, 9);
    expect(scored.costs.sramLive).toBe(best.costs.sramLive);
    const most = (steps: readonly { readonly bytes: number }[]) => Math.max(...steps.map(({ bytes }) => bytes));
    expect(most(scored.memory)).toBe(best.costs.sramLive);
    expect(most(scored.arena)).toBe(best.costs.arena);
    expect(most(scored.placement)).toBe(best.costs.arena);
    expect((await qes("score", "best.txt", "--memory")).stdout.match(/<- largest/g)).toHaveLength(2);
    const other = ["--runtime", "cmsis-nn", "--json"];
    const [elsewhere] = JSON.parse((await qes("score", "best.txt", ...other)).stdout);
    expect(elsewhere.costs.arena).toBeGreaterThan(best.costs.arena);
    const [alone] = JSON.parse((await qes("score", "best.txt", "--runtime", "none", "--json")).stdout);
    expect(alone.costs).not.toHaveProperty("arena");
  });

  test("says so where nothing bounds the memory, and where a device's flash has room for no classifier", async () => {
    const run = async (...args: string[]) =>
      (await qes("search", ...args, "--evaluations", "10", "--archive", ":memory:", "--no-bound", "--quiet")).stderr;
    const noMemory = "no memory budget: the network may be of any size; add --device NAME";
    const noClassifier = "no classifier is counted into flash";
    expect(await run("--task", "vww")).toContain(noMemory);
    expect(await run("--task", "vww", "--set", "budgets.flash=5e5")).not.toContain(noMemory);
    expect(await run("--task", "face", "--device", "stm32h7a3")).toBe("");
    const preset = ["imagenet-mixed-7.0g", "--device", "stm32h743", "--set", "capability=published"];
    expect(await run(...preset)).toContain(noClassifier);
    expect(await run(...preset, "--set", "classes=1000")).not.toContain(noClassifier);
  });

  test("says how much a device's network computes where no budget limits that, in a search and a bound", async () => {
    const device = ["--device", "stm32f746", "--task", "vww", "--quiet"];
    const search = [...device, "--evaluations", "10", "--archive", ":memory:", "--no-bound"];
    const line = /^(\S+ M) MACs an inference, which no budget limits; --set budgets.macs=N makes it a faster one/m;
    const found = (await qes("search", ...search)).stdout;
    expect(found).toContain(`  ${line.exec(found)![1]}  `);
    expect((await qes("bound", ...device, "--set", "space.expansions=[4]", "--seconds", "60")).stdout).toMatch(line);
    expect((await qes("search", ...search, "--set", "budgets.macs=60e6")).stdout).not.toMatch(line);
    const preset = ["imagenet-mixed-7.0g", "--evaluations", "10", "--archive", ":memory:", "--no-bound"];
    expect((await qes("search", ...preset)).stdout).not.toMatch(line);
  });

  test("shrinks a start network that is over budget, and says so", async () => {
    const { code, stdout, stderr } = await qes(
      ...["search", "--device", "stm32f412", "--task", "imagenet", "--set", "budgets.sramLive=90000"],
      ...["--evaluations", "100", "--archive", ":memory:", "--no-bound", "--json"],
    );
    expect(code).toBe(0);
    expect(stderr).toContain("the start network was shrunk into the budgets: ");
    const { startChanges, best } = JSON.parse(stdout);
    expect(startChanges.length).toBeGreaterThan(0);
    expect(best.costs.sramLive).toBeLessThanOrEqual(90_000);
  });

  test("has mistakes answered with exit code 2 and the remedy", async () => {
    const cases: [string[], string][] = [
      [["--device", "stm32f999", "--task", "vww"], "unknown device"],
      [["--device", "stm32f746", "--task", "cifar"], "tasks: face, imagenet, kws, vww"],
      [["--device", "stm32f746"], "for example --device stm32f746 --task vww"],
      [["--device", "stm32f746", "--task", "vww", "--set", "capability=cmisnn"], "did you mean cmsis-nn?"],
      [["--device", "stm32f746", "--task", "vww", "--set", "capability=[[0, 8]]"], "capability[0]: expected"],
      [
        ["--device", "stm32f746", "--task", "vww", "--set", "space.bits=[4]", "--set", "capability=cmix-nn"],
        "space.bits contradicts capability",
      ],
      [["--device", "stm32f746", "--task", "vww", "--set", "budgets.flash=100"], "the smallest possible is 1356"],
      [["imagenet-mixed-7.0g", "--set", "budgets.sramLive=1000"], "the smallest possible is"],
      [["imagenet-mixed-7.0g", "--set", "capability=cmsis-nn"], "space.start[1].nbitsA/nbitsW"],
      [["imagenet-mixed-7.0g", "--seed", "1", "--seed", "2"], "--seed: given 2 times"],
    ];
    for (const [args, message] of cases) {
      const { code, stderr, stdout } = await qes("search", ...args, "--archive", ":memory:", "--quiet");
      expect(stderr).toContain(message);
      expect(stderr).not.toContain("    at ");
      expect([code, stdout]).toEqual([2, ""]);
    }
  });
});

describe("qes devices, preset --full, refine and rank", () => {
  test("list devices, tasks and capabilities", async () => {
    const { devices, tasks, capabilities } = JSON.parse((await qes("devices", "--json")).stdout);
    expect(devices).toHaveLength(14);
    expect(tasks.map((task: { name: string }) => task.name)).toEqual(["face", "imagenet", "kws", "vww"]);
    expect(capabilities.map((c: { name: string }) => c.name)).toEqual([
      "published",
      "cmsis-nn",
      "cmix-nn",
      "pulp-nn",
      "qes-c",
      "int8",
    ]);
    expect((await qes("devices")).stdout).toMatch(/stm32f746 +STM32F746 +Arm Cortex-M7, 216 MHz +320 KiB +1024 KiB/);
  });

  test("print a device and a task as YAML, which is searched with as a file, and names nearest to one that is not there", async () => {
    const device = (await qes("devices", "rp2040")).stdout;
    expect(device).toContain("memory: { sram: 264, flash: 2048 }");
    writeFileSync(join(folder, "my-board.yaml"), `${device}reserve: { sram: 64, flash: 512 }\n`);
    writeFileSync(
      join(folder, "my-words.yaml"),
      (await qes("devices", "kws")).stdout.replace("classes: 12", "classes: 3"),
    );
    const run = ["--evaluations", "2000", "--no-bound", "--quiet", "--json"];
    const made = await qes(
      "search",
      "--device",
      "./my-board.yaml",
      "--task",
      "my-words.yaml",
      "--archive",
      "mine.sqlite",
      ...run,
    );
    expect(made.stderr).toBe("");
    const { best, preset } = JSON.parse(made.stdout);
    expect(preset).toBe("my-board-my-words");
    expect(best.costs.arena).toBeLessThanOrEqual(198 * 1024);
    expect(best.costs.flashDeployed).toBeLessThanOrEqual(1520 * 1024);
    expect(best.costs.macs).toBeLessThanOrEqual(10e6);

    expect((await qes("devices", "./my-board.yaml")).stdout).toMatch(
      /my-board .* 264 - 64 KiB +2048 - 512 KiB +cmsis-nn\na search's budgets: arena 202752 bytes, flashDeployed 1556480 bytes/,
    );
    expect((await qes("devices", "my-words.yaml")).stdout).toBe(
      "my-words: a task of 3 classes at 40 pixels, 5 blocks\n",
    );
    writeFileSync(join(folder, "wrong.yaml"), "memory: { srm: 64, flash: 512 }\ncapability: int8\n");
    const wrong = await qes("devices", "wrong.yaml");
    expect([wrong.code, wrong.stderr]).toEqual([
      2,
      expect.stringContaining("wrong.yaml: memory.srm: unknown key; did you mean sram?"),
    ]);

    mkdirSync(join(folder, "configs"));
    writeFileSync(join(folder, "configs/c.yaml"), "device: ../my-board.yaml\ntask: ../my-words.yaml\n");
    const again = await qes("search", "configs/c.yaml", "--archive", "again.sqlite", ...run);
    expect(JSON.parse(again.stdout).digest).toBe(JSON.parse(made.stdout).digest);

    // What the files held is in the archive.
    rmSync(join(folder, "my-board.yaml"));
    rmSync(join(folder, "my-words.yaml"));
    const more = await qes("resume", "mine.sqlite", "--evaluations", "3000", "--no-bound", "--quiet", "--json");
    expect([more.code, more.stderr]).toEqual([0, ""]);
    expect(JSON.parse(more.stdout).evaluations).toBe(3000);

    const gone = await qes("search", "configs/c.yaml", "--archive", ":memory:", ...run);
    expect([gone.code, gone.stderr]).toEqual([2, "qes: my-board.yaml: no such file; check the path\n"]);
    const none = await qes("devices", "rp2042");
    expect([none.code, none.stderr]).toEqual([2, expect.stringContaining("did you mean rp2040?")]);
  });

  test("print everything that a device preset fills in, as a configuration that can be run", async () => {
    const { stdout } = await qes("preset", "stm32f412-face", "--full");
    expect(stdout).toContain("arena: 260096");
    writeFileSync(join(folder, "full.yaml"), stdout);
    const few = ["--evaluations", "10", "--archive", ":memory:", "--no-bound", "--quiet"];
    expect((await qes("search", "full.yaml", ...few)).code).toBe(0);
  });

  test("refine a network at its own costs or for a configuration, and rank its layers", async () => {
    const block = {
      class: "SuperQuantResK1DWK1",
      k: 3,
      s: 2,
      L: 2,
      nbitsA: [4, 4, 4, 5, 5, 5],
      nbitsW: [4, 4, 4, 3, 3, 3],
    };
    const structure = [
      { class: "ConvKXBNRELU", in: 3, out: 8, k: 3, s: 2, nbitsA: 8, nbitsW: 8 },
      { ...block, in: 8, out: 16, btn: 24 },
      { ...block, in: 16, out: 32, btn: 48 },
    ];
    writeFileSync(
      join(folder, "net.json"),
      JSON.stringify([{ name: "net", structure, score_settings: { multi_block_ratio: [1, 1, 6] } }]),
    );
    const [own] = JSON.parse((await qes("refine", "net.json", "--json")).stdout);
    expect(own).toMatchObject({ name: "net", proven: true, fitted: true });
    expect(own.score).toBeGreaterThan(own.scoreBefore);
    const [before] = JSON.parse((await qes("score", "net.json", "--json")).stdout);
    for (const [name, cost] of Object.entries(before.costs))
      expect(own.costs[name]).toBeLessThanOrEqual(cost as number);

    const device = await qes("refine", "net.json", "--config", "stm32f412-vww", "--format", "txt");
    expect(device.code).toBe(0);
    writeFileSync(join(folder, "refined.txt"), device.stdout);
    expect((await qes("refine", "net.json", "--config", "stm32f412-vww")).stdout).toContain(
      "proven: no bits within the budgets",
    );
    const none = await qes("refine", "net.json", "--config", "stm32f412-vww", "--set", "budgets.flash=10");
    expect([none.code, none.stderr]).toEqual([2, expect.stringContaining("no legal bits are within the budgets")]);

    const [ranked] = JSON.parse((await qes("rank", "net.json", "--json")).stdout);
    expect(ranked.trades.map((trade: { resource: string }) => trade.resource)).toEqual(["flash", "sram", "bitops"]);
    expect((await qes("rank", "net.json")).stdout).toMatch(
      /bitops: give a step to block \d layer \d .*; take one from block/,
    );
  });
});
