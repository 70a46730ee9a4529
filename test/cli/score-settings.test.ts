import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { temporaryFolder } from "../temporary.ts";
import { qes, qesJson } from "./qes.ts";

const folder = temporaryFolder();
const net = [
  { class: "ConvKXBNRELU", in: 3, out: 8, k: 3, s: 2, nbitsA: 8, nbitsW: 8 },
  { class: "ConvKXBNRELU", in: 8, out: 16, k: 3, s: 2, nbitsA: 4, nbitsW: 4 },
];

describe("a score says what it was computed with, and nothing that it does not use", () => {
  const said = async (...args: string[]) => {
    writeFileSync(join(folder, "net.json"), JSON.stringify(net));
    const { code, stdout, stderr } = await qes(folder, "score", "net.json", ...args);
    expect(code, stderr).toBe(0);
    return stdout
      .trimEnd()
      .split("\n")
      .filter((line) => line.startsWith("scored"));
  };

  test.each(["analytic", "expected", "forward"])("%s: stage weights and sigmas", async (kind) => {
    expect(await said("--kind", kind, "--resolution", "32", "--stage-weights", "0,2", "--sigma-weight", "3")).toEqual([
      "scored with stage weights 0,2, sigmas 5 of activations and 3 of weights",
    ]);
  });

  test("deepmad: its own stage weights and factors", async () => {
    expect(await said("--kind", "deepmad", "--stage-weights", "0,2")).toEqual([
      "scored with stage weights 0,2, alpha1 1, alpha2 1, depthPenalty 0",
    ]);
    expect(await said("--kind", "deepmad")).toEqual([
      "scored with stage weights 1,8 (the last ones of 1,1,1,1,8), alpha1 1, alpha2 1, depthPenalty 0",
    ]);
    const [{ score }] = await qesJson(folder, "score", "net.json", "--kind", "deepmad");
    expect(await qesJson(folder, "score", "net.json", "--kind", "deepmad", "--stage-weights", "1,8")).toMatchObject([
      { score },
    ]);
  });

  test("random: its seed; an ensemble: its parts; the others: nothing", async () => {
    expect(await said("--kind", "random")).toEqual(["scored at random, by seed 1"]);
    for (const kind of ["params", "bitops", "effectiveness"]) expect(await said("--kind", kind)).toEqual([]);
    const parts =
      "{ kind: ensemble, parts: [{ weight: 1, score: { kind: params } }, { weight: -0.5, score: { kind: bitops } }] }";
    const preset = (await qes(folder, "preset", "imagenet-mixed-7.0g")).stdout;
    writeFileSync(join(folder, "parts.yaml"), preset.replace(/^score:.*$/m, `score: ${parts}`));
    expect(await said("--config", "parts.yaml")).toEqual(["scored as 1 x params + -0.5 x bitops"]);
    writeFileSync(join(folder, "seed.yaml"), preset.replace(/^score:.*$/m, "score: { kind: random, randomSeed: 7 }"));
    expect(await said("--config", "seed.yaml")).toEqual(["scored at random, by seed 7"]);
  });
});

describe("a network of fewer stages than the default stage weights has the last ones of them", () => {
  const line = "scored with stage weights 1,6 (the last ones of 0,0,1,1,6)";

  test("to score, rank and refine, which say so", async () => {
    writeFileSync(join(folder, "two.json"), JSON.stringify({ resolution: 32, structure: net }));
    const { stdout } = await qes(folder, "score", "two.json");
    expect(stdout).toContain(`\n${line}, sigmas 5 of activations and 4 of weights\n`);
    const [given] = await qesJson(folder, "score", "two.json", "--stage-weights", "1,6");
    expect(await qesJson(folder, "score", "two.json")).toEqual([given]);
    for (const command of ["rank", "refine"]) {
      const { code, stdout: out, stderr } = await qes(folder, command, "two.json", "--json");
      expect([code, stderr]).toEqual([0, `${line}\n`]);
      expect(JSON.parse(out)).toHaveLength(1);
    }
    expect((await qesJson(folder, "refine", "two.json"))[0].scoreBefore).toBe(given.score);
  });

  test("but what was given has to be of as many", async () => {
    const { code, stderr } = await qes(folder, "score", "two.json", "--stage-weights", "1,1,6");
    expect([code, stderr]).toEqual([
      2,
      "qes: stage weights: expected 2 entries, one per stage of the network, got 3; give one weight for each stage\n",
    ]);
    expect((await qes(folder, "rank", "two.json", "--config", "imagenet-mixed-7.0g")).stderr).toContain(
      "expected 2 entries",
    );
  });

  test("one of more stages has zeros before them", async () => {
    const deep = [...net, ...[16, 16, 16, 16].map((width) => ({ ...net[1], in: width, out: 16 }))];
    writeFileSync(join(folder, "six.json"), JSON.stringify({ resolution: 64, structure: deep }));
    expect((await qes(folder, "score", "six.json")).stdout).toContain(
      "scored with stage weights 0,0,0,1,1,6 (0,0,1,1,6 behind zeros), sigmas",
    );
  });
});
