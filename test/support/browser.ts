import { existsSync } from "node:fs";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";

/** The machine's Chromium; undefined where there is none. */
export const chromiumPath = ["chromium", "chromium-browser", "google-chrome"]
  .map((name) => `/usr/bin/${name}`)
  .find((path) => existsSync(path));

export function openBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: chromiumPath!, args: ["--no-sandbox"] });
}

/** A page with what it must not do: what a policy refused, scripts that failed, dialogs, and every request. */
export async function watchedPage(
  context: BrowserContext,
): Promise<{ page: Page; wrong: string[]; requests: string[] }> {
  const page = await context.newPage();
  const wrong: string[] = [];
  const requests: string[] = [];
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") wrong.push(message.text());
  });
  page.on("pageerror", (error) => wrong.push(error.message));
  page.on("dialog", (dialog) => {
    wrong.push(`a dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on("request", (request) => requests.push(request.url()));
  return { page, wrong, requests };
}

/** In the page, where there are types of a browser. */
const looking = `(() => {
  const found = [];
  const width = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth > width) found.push("the page is " + document.documentElement.scrollWidth + " wide");
  for (const svg of document.querySelectorAll("svg")) {
    if (svg.parentElement.closest("svg") !== null) continue;
    const labels = [...svg.querySelectorAll("text")]
      .map((text) => ({ text: text.textContent, box: text.getBoundingClientRect() }))
      .filter(({ box }) => box.width > 0);
    labels.forEach((a, i) => {
      if (a.box.left < -1 || a.box.right > width + 1) found.push(a.text + " is outside");
      for (const b of labels.slice(i + 1)) {
        const beside = a.box.right <= b.box.left + 0.5 || b.box.right <= a.box.left + 0.5;
        const below = a.box.bottom <= b.box.top + 3 || b.box.bottom <= a.box.top + 3;
        if (!beside && !below) found.push(a.text + " over " + b.text);
      }
    });
  }
  for (const row of document.querySelectorAll(".axes")) {
    const boxes = [...row.children].map(cell => {
      const range = document.createRange();
      range.selectNodeContents(cell);
      return { text: cell.textContent, box: range.getBoundingClientRect() };
    });
    boxes.forEach(({ text, box }, i) => {
      if (i > 0 && box.left < boxes[i - 1].box.right - 0.5) found.push(text + " over " + boxes[i - 1].text);
    });
  }
  for (const name of document.querySelectorAll("dt")) {
    if (name.getBoundingClientRect().height > 30) found.push(name.textContent + " is broken");
  }
  for (const line of document.querySelectorAll("h1, h2, p, dd, dt, li, .lead")) {
    const box = line.getBoundingClientRect();
    if (box.width > 0 && box.right > width + 1 && line.closest(".scroll") === null) found.push(line.textContent + " is outside");
  }
  return found;
})()`;

/** Labels of charts that lie over one another, and text that is outside of the page. */
export async function misplaced(page: Page): Promise<string[]> {
  return (await page.evaluate(looking)) as string[];
}
