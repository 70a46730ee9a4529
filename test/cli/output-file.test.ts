import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { temporaryFolder } from "../temporary.ts";
import { qes } from "./qes.ts";

const folder = temporaryFolder();
const search = ["search", "imagenet-mixed-7.0g", "--evaluations", "300", "--no-bound", "--quiet"];

test("a report replaces an earlier report and nothing else, its own archive least of all", async () => {
  await qes(folder, ...search, "--archive", "a.sqlite");
  const archive = readFileSync(join(folder, "a.sqlite"));
  writeFileSync(join(folder, "notes.txt"), "mine\n");
  writeFileSync(join(folder, "page.html"), "<!doctype html>\n<html><head></head></html>\n");
  for (const file of ["a.sqlite", "notes.txt", "page.html"]) {
    const before = readFileSync(join(folder, file));
    const { code, stderr } = await qes(folder, "report", "a.sqlite", "--out", file);
    expect(code).toBe(2);
    expect(stderr).toContain(`--out ${file}: exists already and is not a report; choose another name or remove it`);
    expect(readFileSync(join(folder, file)).equals(before)).toBe(true);
  }
  for (let i = 0; i < 2; i++) expect((await qes(folder, "report", "a.sqlite")).code).toBe(0);
  expect(readFileSync(join(folder, "a.sqlite")).equals(archive)).toBe(true);
});

test("a certificate replaces an earlier one and nothing else", async () => {
  const { stdout } = await qes(folder, "presets", "damo-yolo-tiny");
  writeFileSync(join(folder, "mine.yaml"), stdout);
  const bound = (file: string) => qes(folder, "bound", "damo-yolo-tiny", "--certificate", file);
  const refused = await bound("mine.yaml");
  expect(refused.code).toBe(2);
  expect(refused.stderr).toContain("--certificate mine.yaml: exists already and is not a certificate");
  expect(readFileSync(join(folder, "mine.yaml"), "utf8")).toBe(stdout);
  for (let i = 0; i < 2; i++) expect((await bound("c.json")).code).toBe(0);
});

test("what is imported replaces nothing but the same", async () => {
  writeFileSync(join(folder, "net.txt"), "mine\n");
  await qes(folder, "export", "a.sqlite", "--format", "onnx", "--output", "net.onnx");
  const imported = (file: string) => qes(folder, "import", "net.onnx", "--no-bound", "--output", file);
  for (const file of ["net.txt", "net.onnx"]) {
    const { code, stderr } = await imported(file);
    expect([code, stderr.includes(`--output ${file}: exists already; choose another name`)]).toEqual([2, true]);
  }
  for (let i = 0; i < 2; i++) expect((await imported("net.json")).code).toBe(0);
});
