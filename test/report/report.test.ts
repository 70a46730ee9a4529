import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readReport } from "../../src/report/model/read-report.ts";
import { reportPage } from "../../src/report/report.ts";
import { chromiumPath, misplaced, openBrowser, watchedPage } from "../support/browser.ts";
import { temporaryFolder } from "../temporary.ts";
import { archivesOf, hostile } from "./archives.ts";

const folder = temporaryFolder();
let archives: Readonly<Record<string, string>> = {};
beforeAll(async () => {
  archives = await archivesOf(folder);
}, 240_000);

/** Writes the report of an archive. @returns its address */
function written(kind: string, run?: number): string {
  const file = join(folder, `${kind}-${run ?? "last"}.html`);
  writeFileSync(file, reportPage(readReport(archives[kind], { run })));
  return `file://${file}`;
}

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core"), "utf8");
/** Kinds and the run that is looked at. */
const looks: [kind: string, run: number | undefined][] = [
  ["bound", 1],
  ["bound", undefined],
  ["one", undefined],
  ["member", undefined],
  ["face", undefined],
  ["resolutions", undefined],
  ["forward", undefined],
  ["stopped", undefined],
  ["failed", undefined],
];

test("the same archive gives the same bytes, of at most 300 kB and 120 kB a swept budget", () => {
  for (const [kind, run] of looks) {
    const page = reportPage(readReport(archives[kind], { run }));
    expect(reportPage(readReport(archives[kind], { run }))).toBe(page);
    expect(page.length, kind).toBeLessThan(kind === "bound" ? 420_000 : 300_000);
  }
});

test("titles say what was found", () => {
  const page = reportPage(readReport(archives["bound"], { run: 1 }));
  expect(page).toMatch(/<h1>1[12]\d\d\.\d\d, <em>within [\d.]+% of the optimum<\/em><\/h1>/);
  expect(page).toMatch(/<h2 id="network-title">Memory peaks in [^<]+ of the flash is in [^<]+<\/h2>/);
  expect(page).toMatch(/<h2 id="what-if-bitops-title">[\d.]+ [MG]BitOps more would buy a score [\d.]+ higher<\/h2>/);
  expect(page).toMatch(/<h2 id="runs-title">4 runs in this archive/);
  expect(reportPage(readReport(archives["forward"]))).toContain("The forward score has no bound");
  expect(reportPage(readReport(archives["failed"]))).toContain("Nothing was scored");
});

test("where a runtime runs the network, its arena is shown conv by conv, with its budget", () => {
  const model = readReport(archives["face"]);
  const { arena, convs } = model.network!;
  const use = model.run.budgets.find(({ name }) => name === "arena")!;
  expect(arena!.budget).toBe(use.limit);
  expect(Math.max(...arena!.steps.map(({ bytes }) => bytes))).toBe(use.value);
  for (const { input, output, held, scratch, bytes } of arena!.steps)
    expect(input + output + held + scratch).toBe(bytes);
  expect(arena!.steps.every(({ conv }, i) => conv < convs.length && (i === 0 || conv > arena!.steps[i - 1].conv))).toBe(
    true,
  );
  const page = reportPage(model);
  expect(page).toContain(`<h3>Arena</h3><p>of ${arena!.runtime}, scratch too: budget 318 KiB, peak`);
  expect(reportPage(readReport(archives["one"]))).not.toContain("<h3>Arena</h3>");
});

test("a run of a single child has no race, and what its networks have in common is said in units", () => {
  const model = readReport(archives["one"]);
  expect(model.race).toBeNull();
  const page = reportPage(model);
  expect(page).not.toContain("How far the best network is from");
  expect(page).toMatch(/The same in all of them: [^<]*live SRAM\s\d+ KiB/);
});

test("a hostile name is text, and its control characters are shown by their numbers", () => {
  const page = reportPage(readReport(archives["bound"]));
  expect(page).not.toContain("<script>alert");
  expect(page).not.toContain("<img");
  expect(page).not.toMatch(/[\u0007\u001b\u202e\u2066]/);
  expect(page).toContain("&lt;/script&gt;&lt;script&gt;alert(1)&lt;/script&gt;");
  expect(page).toContain("\\u202e\\u2066\\u0007\\u001b[31m");
});

describe.skipIf(chromiumPath === undefined)("in Chromium", () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await openBrowser();
  }, 60_000);
  afterAll(() => browser?.close());

  test.each(looks)(
    "a report of kind %s %s keeps its policy, makes one request, and axe finds nothing",
    async (kind, run) => {
      const address = written(kind, run);
      for (const colorScheme of ["light", "dark"] as const) {
        const context = await browser.newContext({ colorScheme });
        const { page, wrong, requests } = await watchedPage(context);
        // Both colours at both widths for one; for the others, which differ in their parts alone, one of each.
        const widths = kind === "bound" && run === 1 ? [1280, 390] : [colorScheme === "light" ? 1280 : 390];
        for (const width of widths) {
          await page.setViewportSize({ width, height: 900 });
          await page.goto(address);
          await page.evaluate(axe);
          const { violations } = (await page.evaluate("axe.run()")) as {
            violations: { id: string; nodes: { html: string }[] }[];
          };
          expect(violations.map(({ id, nodes }) => `${id}: ${nodes[0].html}`)).toEqual([]);
        }
        expect(wrong).toEqual([]);
        expect(new Set(requests)).toEqual(new Set([address]));
        await context.close();
      }
    },
    120_000,
  );

  test.each(looks)(
    "no label of kind %s %s lies over another, at any width",
    async (kind, run) => {
      const context = await browser.newContext();
      const { page } = await watchedPage(context);
      await page.goto(written(kind, run));
      for (const width of [320, 390, 600, 768, 1280, 1920]) {
        await page.setViewportSize({ width, height: 900 });
        expect(await misplaced(page), `${width} pixels`).toEqual([]);
      }
      await context.close();
    },
    120_000,
  );

  test("keys and pointer move the crosshair, and the slider shows the network of another budget", async () => {
    const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
    const { page, wrong } = await watchedPage(context);
    await page.goto(written("bound", 1));
    const strips = page.locator("[data-strips]");
    await strips.focus();
    await page.keyboard.press("Home");
    expect(await page.locator("#network-readout").textContent()).toContain("stem");
    await page.keyboard.press("ArrowRight");
    expect(await page.locator("#network-readout").textContent()).toContain("block 1, layer 1");
    await page.keyboard.press("End");
    expect(await page.locator("#network-readout").textContent()).toContain("head");
    expect(
      new Set(await page.locator(".cross").evaluateAll((all) => all.map((one) => one.getAttribute("x")))).size,
    ).toBe(1);
    await page.locator("input[type=range]").focus();
    await page.keyboard.press("Home");
    expect(await page.locator("[data-prices] output").textContent()).toBe("2.00 G");
    expect(await page.locator("[data-prices] .big").textContent()).toBe("1150.00");
    expect(await page.locator("[data-prices] .big + p").textContent()).toBe("the optimum at 2.00 G");
    // The network there as the page draws it, as it is drawn without a script.
    const shape = page.locator("[data-prices] [data-shape] path");
    const drawn = await shape.getAttribute("d");
    await page.keyboard.press("End");
    await page.keyboard.press("Home");
    expect(await shape.getAttribute("d")).toBe(drawn);
    expect(wrong).toEqual([]);
    await context.close();
  }, 60_000);

  test("everything is there without JavaScript, and a hostile name opens no dialog", async () => {
    const context = await browser.newContext({ javaScriptEnabled: false });
    const { page, wrong } = await watchedPage(context);
    await page.goto(written("bound"));
    expect(wrong).toEqual([]);
    await context.close();
    const run = await browser.newContext();
    const { page: live, wrong: dialogs } = await watchedPage(run);
    await live.goto(written("bound"));
    const shown = hostile.replace(
      /[\u0000-\u001f\u202e\u2066]/g,
      (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`,
    );
    expect(await live.locator("#verdict").textContent()).toContain(shown);
    expect(dialogs).toEqual([]);
    expect(await live.locator("section h2").count()).toBeGreaterThanOrEqual(4);
    await run.close();
  }, 60_000);

  test("boxes stand where they should: one column on a phone, two on a desktop, the strips as wide as their card", async () => {
    const context = await browser.newContext();
    const { page } = await watchedPage(context);
    await page.goto(written("bound", 1));
    const boxes = async (width: number) => {
      await page.setViewportSize({ width, height: 900 });
      const of = async (name: string) => (await page.locator(name).first().boundingBox())!;
      return {
        left: await of(".verdict > div"),
        right: await of(".verdict > dl"),
        card: await of("#network"),
        strip: await of(".strip:not(.head) svg"),
      };
    };
    const desktop = await boxes(1280);
    expect(desktop.right.x).toBeGreaterThan(desktop.left.x + desktop.left.width - 1);
    expect(desktop.strip.width).toBeGreaterThan(0.75 * desktop.card.width);
    const phone = await boxes(390);
    expect(phone.right.y).toBeGreaterThan(phone.left.y + phone.left.height - 1);
    expect(phone.strip.width).toBeGreaterThan(0.85 * phone.card.width);
    await context.close();
  }, 60_000);
});
