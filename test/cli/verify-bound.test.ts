import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { temporaryFolder } from "../temporary.ts";
import { qes } from "./qes.ts";

const folder = temporaryFolder();
const narrow = ["--set", "space.maxOut=64", "--set", "space.maxDepth=1", "--set", "budgets.layers=17"];
const bound = (file: string, ...more: string[]) =>
  qes(folder, "bound", "imagenet-mixed-7.0g", "--quiet", ...narrow, ...more, "--certificate", file);
const verify = (...args: string[]) => qes(folder, "verify-bound", ...args);

beforeAll(async () => {
  expect((await bound("proof.json")).code).toBe(0);
});

describe("qes verify-bound", () => {
  it("says what is proven, and of which space, score and budgets", async () => {
    const { code, stdout, stderr } = await verify("proof.json");
    expect([code, stderr]).toEqual([0, ""]);
    const { upperBound, best } = JSON.parse(readFileSync(join(folder, "proof.json"), "utf8"));
    expect(upperBound).toBeGreaterThan(best.score);
    const digest = /digest {2}([0-9a-f]{64})/.exec(stdout)?.[1];
    expect(
      stdout.replace(digest!, "DIGEST").replace(String(upperBound), "BOUND").replace(String(best.score), "SCORE"),
    ).toMatchInlineSnapshot(`
      "valid: no network of the space within the budgets scores more than BOUND
      its network is of the space, within the budgets, and scores SCORE: the optimum is not outside of the two

      about   the space of 224 pixels, 3 channels
      block                stride  out   kernels  layers  bits A/W
      ConvKXBNRELU              2  8-32        3       1                                                              8/8
      SuperQuantResK1DWK1       2  8-64      3,5       1  3/3 3/4 3/5 3/6 4/3 4/4 4/5 4/6 5/3 5/4 5/5 5/6 6/3 6/4 6/5 6/6
      SuperQuantResK1DWK1       2  8-64      3,5       1  3/3 3/4 3/5 3/6 4/3 4/4 4/5 4/6 5/3 5/4 5/5 5/6 6/3 6/4 6/5 6/6
      SuperQuantResK1DWK1       2  8-64      3,5       1  3/3 3/4 3/5 3/6 4/3 4/4 4/5 4/6 5/3 5/4 5/5 5/6 6/3 6/4 6/5 6/6
      SuperQuantResK1DWK1       1  8-64      3,5       1  3/3 3/4 3/5 3/6 4/3 4/4 4/5 4/6 5/3 5/4 5/5 5/6 6/3 6/4 6/5 6/6
      SuperQuantResK1DWK1       2  8-64      3,5       1  3/3 3/4 3/5 3/6 4/3 4/4 4/5 4/6 5/3 5/4 5/5 5/6 6/3 6/4 6/5 6/6
      ConvKXBNRELU              1  1280        1       1  3/3 3/4 3/5 3/6 4/3 4/4 4/5 4/6 5/3 5/4 5/5 5/6 6/3 6/4 6/5 6/6
      score   stage weights 0, 0, 1, 1, 6; sigmas 5 and 4
      budgets bitops 6976000000, layers 17; a classifier of 0 outputs counted into flash
      digest  DIGEST
      "
    `);
    const { about } = JSON.parse((await verify("proof.json", "--json")).stdout);
    expect(about.digest).toBe(digest);
    expect(about.budgets).toEqual({ bitops: 6.976e9, layers: 17 });
    expect(about.blocks.length).toBe(7);
  });

  it("compares space, score and budgets with one's own", async () => {
    const own = ["--config", "imagenet-mixed-7.0g"];
    expect((await verify("proof.json", ...own, ...narrow)).code).toBe(0);
    const other = await verify("proof.json", ...own, ...narrow, "--set", "budgets.bitops=6e9");
    expect([other.code, other.stdout]).toEqual([2, ""]);
    expect(other.stderr).toBe(
      "qes: proof.json: expected the budgets of imagenet-mixed-7.0g, got another; leave out --config, or bound that one\n",
    );
    const all = await verify("proof.json", "--config", "stm32f412-vww", "--json");
    expect(all.code).toBe(2);
    expect(JSON.parse(all.stdout).valid).toBe(false);
    expect(all.stderr.match(/expected the (?:space|score|budgets) of/g)?.length).toBe(3);
    expect((await verify("proof.json", "--set", "budgets.bitops=6e9")).stderr).toMatch(/give --config, too/);
  });

  it("says in words that no network is within the budgets", async () => {
    await bound("none.json", "--set", "budgets.bitops=1e6");
    const { code, stdout } = await verify("none.json");
    expect(code).toBe(0);
    expect(stdout).toMatch(/^valid: no network of the space is within the budgets\n/);
  });

  it("ends with a message where it needs more memory than allowed, or finds a claim false", async () => {
    const small = await verify("proof.json", "--memory", "0.01");
    expect(small.code).toBe(2);
    expect(small.stderr).toMatch(/0\.01 MB.*raise --memory/);
    const certificate = JSON.parse(readFileSync(join(folder, "proof.json"), "utf8"));
    const upperBound = certificate.best.score - 1e-12;
    const proofs = [{ ...certificate.proofs[0], bound: upperBound }];
    writeFileSync(join(folder, "false.json"), JSON.stringify({ ...certificate, upperBound, proofs, best: null }));
    const { code, stdout, stderr } = await verify("false.json");
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toMatch(/the proof of resolution 224: by \w+ it gives/);
  });
});
