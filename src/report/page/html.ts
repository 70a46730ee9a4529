/** Text of a page that is safe as it is. */
export class Html {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

export type Child = Html | string | number | undefined | null | false | readonly Child[];
export type Attributes = Readonly<Record<string, string | number | boolean | undefined>>;

/** Control characters, and those that turn the direction of what follows or are not seen: shown by their number. */
const unseen = /[\0-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202f\u2060-\u206f\ufeff\ufff9-\ufffb]/g;
const marked: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Text that somebody else may have written, as it is shown literally. */
function escaped(text: string): string {
  return text
    .replace(/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g, "\ufffd")
    .replace(unseen, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`)
    .replace(/[&<>"']/g, (c) => marked[c]);
}

/** Elements without an end tag. */
const empty = new Set(["meta", "link", "input", "br", "hr", "col"]);
/** Elements of SVG, which may close themselves. */
const closed = new Set(["path", "rect", "line", "circle"]);

/** One element; strings are escaped, what is undefined or false is left out. */
export function el(name: string, attributes: Attributes = {}, ...children: readonly Child[]): Html {
  let text = `<${name}`;
  for (const [key, value] of Object.entries(attributes)) {
    if (value === undefined || value === false) continue;
    text += value === true ? ` ${key}` : ` ${key}="${escaped(String(value))}"`;
  }
  if (closed.has(name)) return new Html(`${text}/>`);
  text += ">";
  if (!empty.has(name)) text += `${textOf(children)}</${name}>`;
  return new Html(text);
}

function textOf(child: Child): string {
  if (child === undefined || child === null || child === false) return "";
  if (child instanceof Html) return child.text;
  if (typeof child === "object") return child.map(textOf).join("");
  return escaped(String(child));
}
