/** Control characters, and those that turn the direction of what follows: a terminal obeys them. Line breaks and tabs are none here. */
const control = /[\0-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/** Text that somebody else may have written, as it can be shown on a terminal: without escape sequences. */
export function printable(text: string): string {
  return text.replace(control, "");
}

/** JSON with the same characters escaped; those below space it has escaped by itself. */
export function printableJson(json: string): string {
  return json.replace(control, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** The same as a single line of at most so many characters. */
export function printableLine(text: string, most = 200): string {
  if (text.length <= most && !/[\n\t]/.test(text)) return printable(text);
  const line = printable(text.slice(0, 2 * most).replace(/[\n\t]+/g, " "));
  return line.length > most || text.length > 2 * most ? `${line.slice(0, most)}...` : line;
}
