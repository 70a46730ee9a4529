import { request } from "node:http";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import type { Browser } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { Archive } from "../../src/archive/archive.ts";
import { parseConfig, parseConfigText } from "../../src/config/config.ts";
import { presetText } from "../../src/config/presets.ts";
import { LiveParts } from "../../src/report/live/live-parts.ts";
import { type LivePage, openLivePage } from "../../src/report/live/server.ts";
import { readReport } from "../../src/report/model/read-report.ts";
import { reportPage } from "../../src/report/report.ts";
import { startSearch } from "../../src/run/run.ts";
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

const pages: LivePage[] = [];
afterEach(async () => {
  for (const page of pages.splice(0)) await page.close();
});

async function live(): Promise<LivePage> {
  const page = await openLivePage(path);
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

describe.skipIf(chromiumPath === undefined)("in Chromium", () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await openBrowser();
  }, 60_000);
  afterAll(() => browser?.close());

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
    expect(await misplaced(page)).toEqual([]);
    expect(wrong).toEqual([]);
    await context.close();
  }, 90_000);
});
