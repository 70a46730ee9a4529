import { expect, test } from "vitest";
import { csv } from "../../../src/cli/render/csv.ts";

/** RFC 4180 as its grammar has it, one character after another. */
function parseCsv(text: string): string[][] {
  const records: string[][] = [[]];
  let field = "";
  let quoted = false;
  for (let i = 0; i < text.length; i++) {
    const char = text[i];
    if (quoted) {
      if (char !== '"') field += char;
      else if (text[i + 1] === '"') field += text[++i];
      else quoted = false;
    } else if (char === '"') quoted = true;
    else if (char === "," || char === "\n") {
      records.at(-1)!.push(field);
      field = "";
      if (char === "\n") records.push([]);
    } else field += char;
  }
  records.pop();
  return records;
}

test("names with commas, quotes and line breaks come back, lists as JSON, null as nothing", () => {
  const rows = [
    { name: 'a, "b"\nc\r\nd', score: -1.5e-300, best: null, list: [{ k: 3 }], flag: true },
    { name: "plain", score: 1233.4799846745675, best: 0, list: [], flag: false },
  ];
  const text = csv(rows);
  expect(parseCsv(text)).toEqual([
    ["name", "score", "best", "list", "flag"],
    ['a, "b"\nc\r\nd', "-1.5e-300", "", '[{"k":3}]', "true"],
    ["plain", "1233.4799846745675", "0", "[]", "false"],
  ]);
  expect(text.split("\n").at(-2)).toBe("plain,1233.4799846745675,0,[],false");
});
