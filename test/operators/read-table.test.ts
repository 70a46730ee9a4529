import { expect, test } from "vitest";
import { UserError } from "../../src/base/user-error.ts";
import { checkedTable } from "../../src/operators/operator-table.ts";
import { readOperatorTable } from "../../src/operators/read-table.ts";

const read = (text: string) => readOperatorTable(text, "t.csv", "t").rows;
const header = "kind,batch,in,side,out,kernel,stride,fused,ms\n";

test("the released rows and a plain file say the same", () => {
  const released =
    "{Regular,128,3,480,480,192,7,2,1} 30.9881\n{Depthwise,1,16,8,8,16,3,1,0} 0.5\n{Regular,1,3,8,8,16,3,1,0} -1\n";
  const rows = [
    ["regular", 128, 3, 480, 192, 7, 2, 1, 30.9881],
    ["depthwise", 1, 16, 8, 16, 3, 1, 0, 0.5],
  ];
  expect(read(released)).toEqual(rows);
  expect(read(`${header}regular,128,3,480,192,7,2,1,30.9881\ndepthwise,1,16,8,16,3,1,0,0.5`)).toEqual(rows);
  expect(read('"latency", OUT ,in,side,kernel,stride,kind\r\n0.5,16,16,8,3,1,Depthwise\r\n')).toEqual([rows[1]]);
  expect(read(`# measured by hand\n${header}depthwise,1,16,8,16,3,1,0,0.5`)).toEqual([rows[1]]);
});

test.each([
  ["", "expected measured operators, got an empty file"],
  [header, "expected measured operators, got none"],
  ["kind,in,side,kernel,stride,ms\n", "got none of out; add them"],
  ["kind,in,side,out,kernel,strid,ms\n", 'unknown column "strid"; did you mean stride'],
  ["kind,in,side,out,out,kernel,stride,ms\n", "got two of out; remove one"],
  [`${header}regular,1,16,8,16,3,1,0`, "t.csv: line 2: expected 9 cells, got 8"],
  [`${header}regular,1,16,8,16,3,1,0,-0.5`, "t.csv: line 2: value: expected a number from 0 to 1000000, got -0.5"],
  [`${header}regular,1,16,8,16,3,1,0,NaN`, "line 2: value: expected a number from 0 to 1000000, got NaN"],
  [`${header}regular,1,16,8,16,3,1,0,`, "line 2: value: expected a number"],
  [`${header}regular,1,16,8.5,16,3,1,0,1`, "line 2: side: expected a whole number from 1 to 8191, got 8.5"],
  [`${header}pool,1,16,8,16,3,1,0,1`, "line 2: kind: expected regular or depthwise, got pool"],
  [`${header}depthwise,1,16,8,32,3,1,0,1`, "line 2: out: expected 16, in, of a depthwise conv, got 32"],
  [`${header}regular,1,16,8,16,3,1,2,1`, "line 2: fused: expected 0 or 1, got 2"],
  [`${header}regular,1,16,8,16,3,1,0,1\n\nregular,1,16,8,16,3,1,0,2`, "t.csv: line 4: expected each operator once"],
  ["{Regular,128,3,480,481,192,7,2,1} 30.9", "line 1: expected a square input, got 480 x 481"],
  ["{Regular,128,3,480,480,192,7,2} 30.9", "line 1: expected 9 fields between the braces, got 8"],
  [
    "{Regular,128,3,480,480,192,7,2,1}",
    "line 1: expected {kind,batch,in,height,width,out,kernel,stride,fused} and a time",
  ],
])("what is no table is refused with its line: %j", (text, message) => {
  expect(() => read(text)).toThrow(message);
  expect(() => read(text)).toThrow(UserError);
});

test("the header says the unit, where it says one", () => {
  const unit = (heading: string) =>
    readOperatorTable(`kind,in,side,out,kernel,stride,${heading}\nregular,1,8,1,1,1,2`, "t.csv", "t").unit;
  expect(["ms", "Latency-ms", "latency"].map(unit)).toEqual(["ms", "ms", "ms"]);
  expect(["mJ", '"energy_mJ"', "energy"].map(unit)).toEqual(["mJ", "mJ", "mJ"]);
  expect(unit("value")).toBeUndefined();
  expect(readOperatorTable("{Regular,1,3,8,8,16,3,1,0} 1", "t.out", "t").unit).toBeUndefined();
});

test("a file of 100 MB is refused before it is read line by line", () => {
  const text = "regular,1,16,8,16,3,1,0,1\n".repeat(4_000_000);
  const began = performance.now();
  expect(() => read(header + text)).toThrow("expected a table of at most 20 MB, got 104.0");
  expect(performance.now() - began).toBeLessThan(1000);
});

test.each([
  [null, "expected a file of measured operators"],
  [{ rows: [] }, "expected 1 to 200000 measured operators, got 0"],
  [{ rows: [["regular", 1, 16]] }, "where: row 1: row: expected kind, batch, in"],
  [{ rows: ["regular"] }, "where: row 1: row: expected kind, batch, in"],
  [{ rows: [["regular", 1, 16, 8, 16, 3, 1, 0, Number.POSITIVE_INFINITY]] }, "where: row 1: value: expected a number"],
  [{ batch: 0.5, rows: [["regular", 1, 16, 8, 16, 3, 1, 0, 1]] }, "where: batch: expected a whole number of images"],
  [
    { table: 1, rows: [["regular", 1, 16, 8, 16, 3, 1, 0, 1]] },
    "where: table: unknown key; known keys: name, batch, unit, rows",
  ],
  [{ unit: "s", rows: [["regular", 1, 16, 8, 16, 3, 1, 0, 1]] }, "where: unit: expected ms or mJ, got s; correct it"],
])("a value that is no table is refused: %j", (value, message) => {
  expect(() => checkedTable(value, "where")).toThrow(message);
});
