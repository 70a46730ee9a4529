import { readFileSync } from "node:fs";
import { request } from "node:http";
import { createRequire } from "node:module";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import type { Browser } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { Archive } from "../../src/archive/archive.ts";
import type { BoundNetwork } from "../../src/bound/incumbents.ts";
import { boundProblem } from "../../src/bound/problem.ts";
import { solve } from "../../src/bound/solve.ts";
import { parseConfig, parseConfigText } from "../../src/config/config.ts";
import { presetText } from "../../src/config/presets.ts";
import { openProblem } from "../../src/problem/problem.ts";
import { LiveParts } from "../../src/report/live/live-parts.ts";
import { LiveReader } from "../../src/report/live/live-reader.ts";
import { type LivePage, openLivePage } from "../../src/report/live/server.ts";
import { readReport } from "../../src/report/model/read-report.ts";
import { reportPage } from "../../src/report/report.ts";
import { BoundWatch } from "../../src/run/bound-watch.ts";
import { resumeSearch, startSearch } from "../../src/run/run.ts";
import { chromiumPath, misplaced, openBrowser, watchedPage } from "../support/browser.ts";
import { temporaryFolder } from "../temporary.ts";

const folder = temporaryFolder();
const path = join(folder, "live.sqlite");
const value = parseConfigText(presetText("imagenet-mixed-7.0g"), "preset") as { search: object };
const configOf = (search: object = {}) =>
  parseConfig({ ...value, search: { ...value.search, evaluations: 20_000, stopGap: "off", ...search } }, "test");

beforeAll(async () => {
  await startSearch(configOf({ evaluations: 2000 }), { archive: path, threads: 0 });
});

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core"), "utf8");
const pages: LivePage[] = [];
afterEach(async () => {
  for (const page of pages.splice(0)) await page.close();
});

async function live(archive = path): Promise<LivePage> {
  const page = await openLivePage(archive);
  pages.push(page);
  return page;
}

/** The status of an answer, and the head of its body. */
function ask(
  url: string,
  options: { method?: string; host?: string } = {},
): Promise<{ status: number; policy: string }> {
  const { method = "GET", host = new URL(url).host } = options;
  return new Promise((resolve, reject) => {
    const asking = request(url, { method, headers: { host } }, (response) => {
      resolve({ status: response.statusCode!, policy: String(response.headers["content-security-policy"]) });
      response.destroy();
    });
    asking.once("error", reject);
    asking.end();
  });
}

test("nothing is found without the token, with a wrong one, under another host, by another method, or at another path", async () => {
  const { url } = await live();
  const { origin, pathname, port } = new URL(url);
  expect(new URL(url).hostname).toBe("127.0.0.1");
  expect(pathname.length).toBeGreaterThan(30);
  expect((await ask(url)).status).toBe(200);
  expect((await ask(url, { host: `localhost:${port}` })).status).toBe(200);
  const wrong = pathname.replace(/.\/$/, pathname.endsWith("A/") ? "B/" : "A/");
  for (const [address, options] of [
    [`${origin}/`, {}],
    [`${origin}${wrong}`, {}],
    [`${origin}${wrong}events`, {}],
    [`${url}other`, {}],
    [`${url}events/more`, {}],
    [url, { host: "example.org" }],
    [url, { host: `example.org:${port}` }],
    [`${url}events`, { host: "example.org" }],
    [`${url}what-if?bitops=6976000000&layers=47`, { host: "example.org" }],
    [`${url}what-if?bitops=6976000000&layers=47`, { method: "POST" }],
    [`${origin}${wrong}what-if?bitops=6976000000&layers=47`, {}],
    [`${url}what-if`, {}],
    [`${url}what-if?bitops=6976000000`, {}],
    [`${url}what-if?bitops=6976000000&layers=47&sram=1`, {}],
    [`${url}what-if?bitops=6976000001&layers=47`, {}],
    [`${url}what-if?bitops=6976000000&layers=NaN`, {}],
    [`${url}?bitops=6976000000`, {}],
    [url, { method: "POST" }],
    [url, { method: "HEAD" }],
  ] as const) {
    expect((await ask(address, options)).status, address).toBe(404);
  }
  expect((await ask(url)).policy).toMatch(
    /^default-src 'none'; style-src 'sha256-.*connect-src 'self'; frame-ancestors 'none'$/,
  );
});

test("a ninth stream is refused, and has room when another ends", async () => {
  const { url } = await live();
  const streams = await Promise.all(Array.from({ length: 8 }, () => fetch(`${url}events`)));
  expect(streams.map(({ status }) => status)).toEqual(streams.map(() => 200));
  expect((await fetch(`${url}events`)).status).toBe(503);
  await streams[0].body!.cancel();
  await expect.poll(async () => (await ask(`${url}events`)).status, { timeout: 10_000 }).toBe(200);
  await Promise.all(streams.slice(1).map((stream) => stream.body!.cancel()));
});

test("a tick says at most 10 kB, and nothing where nothing is new", async () => {
  const other = join(folder, "other.sqlite");
  const sizes: number[] = [];
  let parts: LiveParts | undefined;
  await startSearch(configOf(), {
    archive: other,
    threads: 0,
    onProgress: () => {
      parts ??= new LiveParts(other);
      const news = parts.news();
      if (news !== undefined) sizes.push(gzipSync(JSON.stringify(news)).length);
    },
  });
  parts!.news();
  expect(parts!.news()).toBeUndefined();
  expect(parts!.all.get("progress")).toContain("20,000 of 20,000 children");
  expect(sizes.length).toBeGreaterThan(3);
  expect(Math.max(...sizes)).toBeLessThan(10_000);
  // Who comes late is shown the same.
  const late = new LiveParts(other);
  late.news();
  expect(Object.fromEntries(late.all)).toEqual(Object.fromEntries(parts!.all));
  late.close();
  parts!.close();
});

test("the best network and the sliders are made again where they are others, and what is proven meanwhile is told", async () => {
  const own = join(folder, "followed.sqlite");
  await startSearch(configOf({ evaluations: 1000 }), { archive: own, threads: 0 });
  const reader = new LiveReader(own, 1);
  const first = reader.read()!;
  await resumeSearch({ archive: own, threads: 0, evaluations: 4000 });
  const better = reader.read()!;
  expect(better.run.best).toBeGreaterThan(first.run.best!);
  expect(better.network).toEqual(readReport(own, { run: 1 }).network);
  expect(better.network).not.toEqual(first.network);
  expect(better.whatIf).toEqual(first.whatIf);
  expect(better.run.bound).toBeNull();
  const bound = new BoundWatch(configOf());
  await bound.last(new AbortController().signal);
  await startSearch(configOf({ seed: 2, evaluations: 1000 }), { archive: own, threads: 0, bound });
  await bound.close();
  const proven = reader.read()!;
  expect(proven.run.bound).not.toBeNull();
  expect(proven.network).toBe(better.network);
  expect(proven.whatIf).toBe(better.whatIf);
  reader.close();
}, 60_000);

/** A hundred where time is no matter. */
const READINGS = process.env["QES_SLOW_TESTS"] === undefined ? 20 : 100;

test("reading again and again while a search writes changes nothing of its digest", async () => {
  const alone = await startSearch(configOf({ seed: 5 }), { archive: join(folder, "alone.sqlite"), threads: 0 });
  const read = join(folder, "read.sqlite");
  let times = 0;
  const beside = await startSearch(configOf({ seed: 5 }), {
    archive: read,
    threads: 0,
    onProgress: () => {
      for (let i = 0; i < READINGS / 20; i++, times++) reportPage(readReport(read));
    },
  });
  expect(times).toBeGreaterThanOrEqual(READINGS);
  expect(beside.digest).toBe(alone.digest);
  const archive = Archive.openForReading(read);
  expect(archive.lastRun()?.digest).toBe(alone.digest);
  archive.close();
}, 120_000);

/** By a bound of its own. */
function optimumAt(bitops: number): BoundNetwork {
  const { spaces, budgets } = boundProblem(openProblem(configOf()));
  const steps = solve(spaces, { ...budgets, bitops });
  let step = steps.next();
  while (!step.done) step = steps.next();
  return step.value.networks[0];
}

test("a question is answered with the optimum of its own configuration; a later one takes its place", async () => {
  const { url } = await live();
  const at = (bitops: number, layers: number) => fetch(`${url}what-if?bitops=${bitops}&layers=${layers}`);
  const moved = 13_950_000_000;
  // The first waits for what is compiled, and is overtaken.
  const [first, second] = await Promise.all([at(6_976_000_000, 40), at(moved, 47)]);
  expect([first.status, second.status]).toEqual([204, 200]);
  const { score, structure } = optimumAt(moved);
  const text = await second.text();
  expect(text).toContain(`<p class="big">${score.toFixed(2)}</p>`);
  expect(text).toContain("proven optimal");
  expect(text).toContain(structure.map(({ out }) => out).join(" · "));
  expect(text).toContain("at 13.9 G of BitOps for 6.98 G");
  const none = await (await at(1_744_000_000, 24)).text();
  expect(none).toMatch(/No network is within these budgets, proven|<p class="big">\d/);
}, 120_000);

test("a run whose score has no bound has no sliders, and says why", async () => {
  const other = join(folder, "forward.sqlite");
  const score = {
    kind: "forward",
    repeats: 1,
    resolution: 32,
    maxChannels: 16,
    kernel: "float32",
    stageWeights: [0, 0, 1, 1, 6],
  };
  const config = parseConfig({ ...value, score, search: { ...value.search, evaluations: 20, stopGap: "off" } }, "test");
  await startSearch(config, { archive: other, threads: 0 });
  const page = await openLivePage(other);
  pages.push(page);
  const text = await (await fetch(page.url)).text();
  expect(text).toContain("Not to be had: score.kind: the bound needs analytic");
  expect(text).not.toContain('type="range"');
  expect((await fetch(`${page.url}what-if?bitops=6976000000&layers=47`)).status).toBe(404);
}, 60_000);

describe.skipIf(chromiumPath === undefined)("in Chromium", () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await openBrowser();
  }, 60_000);
  afterAll(() => browser?.close());

  test("a moved slider shows the optimum there, its network and what it costs", async () => {
    const own = join(folder, "moved.sqlite");
    await startSearch(configOf({ evaluations: 2000 }), { archive: own, threads: 0 });
    const { url } = await live(own);
    const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
    const { page, wrong } = await watchedPage(context);
    await page.goto(url);
    const answer = page.locator("#what-if-answer");
    await expect.poll(() => answer.locator(".big").textContent(), { timeout: 60_000 }).toBe("1233.48");
    const widths = await answer.locator("p.quiet").last().textContent();
    await page.locator("#what-if-bitops").focus();
    for (let i = 0; i < 12; i++) await page.keyboard.press("ArrowRight");
    expect(await page.locator("label[for=what-if-bitops] output").textContent()).toBe("13.9 G");
    await expect.poll(() => answer.textContent(), { timeout: 60_000 }).toContain("at 13.9 G of BitOps for 6.98 G");
    expect(await answer.locator(".pill").textContent()).toBe("proven optimal");
    const best = optimumAt(13_950_000_000).score.toFixed(2);
    expect(await answer.locator(".big").textContent()).toBe(best);
    expect(await answer.locator("p.quiet").last().textContent()).not.toBe(widths);
    expect(await answer.locator("tbody tr").count()).toBeGreaterThan(3);
    // What the search says meanwhile does not take the sliders back.
    await startSearch(configOf({ seed: 2, evaluations: 3000 }), { archive: own, threads: 0 });
    await expect.poll(() => page.locator("#verdict").textContent(), { timeout: 20_000 }).toContain("run 2");
    expect(await answer.locator(".big").textContent()).toBe(best);
    await page.evaluate(axe);
    const found = (await page.evaluate("axe.run(document, { resultTypes: ['violations'] })")) as {
      violations: unknown[];
    };
    expect(found.violations).toEqual([]);
    expect(await misplaced(page)).toEqual([]);
    expect(wrong).toEqual([]);
    await context.close();
  }, 120_000);

  test("the page follows a search without being loaded again, within its policy", async () => {
    const { url } = await live();
    const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
    const { page, wrong } = await watchedPage(context);
    await page.goto(url);
    await expect.poll(() => page.locator("#live-state").textContent(), { timeout: 20_000 }).toBe("live");
    expect(await page.locator("#verdict").textContent()).toContain("run 1");
    await startSearch(configOf({ seed: 2, evaluations: 3000 }), { archive: path, threads: 0 });
    await expect.poll(() => page.locator("#verdict").textContent(), { timeout: 20_000 }).toContain("run 2");
    await expect.poll(() => page.locator("#progress").textContent(), { timeout: 20_000 }).toContain("3,000 of 3,000");
    await page.locator("[data-strips]").focus();
    await page.keyboard.press("Home");
    expect(await page.locator("#network-readout").textContent()).toContain("stem");
    // A network that comes meanwhile leaves the crosshair and the focus where they are.
    await startSearch(configOf({ seed: 3, evaluations: 4000 }), { archive: path, threads: 0 });
    await expect.poll(() => page.locator("#progress").textContent(), { timeout: 20_000 }).toContain("4,000 of 4,000");
    expect(await page.locator("#network-readout").textContent()).toContain("stem");
    await page.keyboard.press("ArrowRight");
    expect(await page.locator("#network-readout").textContent()).toContain("block 1, layer 1");
    expect(await misplaced(page)).toEqual([]);
    expect(wrong).toEqual([]);
    await context.close();
  }, 90_000);
});
