import { createHash } from "node:crypto";
import { type Child, el, Html } from "./html.ts";
import { script } from "./script.ts";
import { style } from "./theme.ts";

const hash = (text: string) => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;

/** What a page may do: show itself, with this style and these scripts, and nothing else. */
/** What a page with some scripts may do: show itself, with its style and these, and nothing else but what `more` says. */
export function policyOf(scripts: readonly string[], more = ""): string {
  return `default-src 'none'; style-src ${hash(style)}; script-src ${scripts.map(hash).join(" ")}; base-uri 'none'; form-action 'none'${more}`;
}

/** A whole page that loads nothing but what its policy allows. @param more scripts of this program's beside the usual one */
export function page(title: string, body: readonly Child[], more: readonly string[] = [], also = ""): string {
  const scripts = [script, ...more];
  const html = el(
    "html",
    { lang: "en" },
    el(
      "head",
      {},
      el("meta", { charset: "utf-8" }),
      el("meta", { name: "generator", content: "qe-search" }),
      el("meta", { "http-equiv": "Content-Security-Policy", content: policyOf(scripts, also) }),
      el("meta", { name: "viewport", content: "width=device-width, initial-scale=1" }),
      el("meta", { name: "referrer", content: "no-referrer" }),
      el("title", {}, title),
      raw("style", style),
    ),
    el(
      "body",
      {},
      el("div", { class: "wrap" }, body),
      scripts.map((text) => raw("script", text)),
    ),
  );
  return `<!doctype html>\n${html.text}\n`;
}

/** @param text of this program's, which ends no element */
function raw(name: "style" | "script", text: string): Html {
  return new Html(`<${name}>${text}</${name}>`);
}
