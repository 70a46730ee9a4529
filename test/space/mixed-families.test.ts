import { expect, test } from "vitest";
import { boundProblem } from "../../src/bound/problem.ts";
import { certificateOf, parseCertificate } from "../../src/bound/proof/certificate.ts";
import { verifyCertificate } from "../../src/bound/proof/check-certificate.ts";
import { solve } from "../../src/bound/solve.ts";
import { parseConfig } from "../../src/config/config.ts";
import { openProblem } from "../../src/problem/problem.ts";
import { startSearch } from "../../src/run/run.ts";
import { naiveCosts } from "../naive/costs.ts";
import { naiveScore } from "../naive/score.ts";

const inner = (className: string, from: number, out: number, s: number) => ({
  class: className,
  ...{ in: from, out, k: 3, s, L: 1, btn: 2 * out },
  ...{ nbitsA: [4, 4, 4], nbitsW: [4, 4, 4] },
});
/** As MobileNetV3: squeeze-excite in some blocks. */
const config = (...classes: readonly string[]) =>
  parseConfig(
    {
      input: { resolution: 64 },
      classes: 10,
      space: {
        family: "quant-k1dwk1",
        start: [
          { class: "ConvKXBNRELU", in: 3, out: 8, k: 3, s: 2, nbitsA: 8, nbitsW: 8 },
          inner(classes[0], 8, 16, 2),
          inner(classes[1], 16, 24, 2),
          inner(classes[2], 24, 32, 2),
          { class: "ConvKXBNRELU", in: 32, out: 64, k: 1, s: 1, nbitsA: 4, nbitsW: 4 },
        ],
        maxOut: 96,
        maxDepth: 3,
        bits: [4, 8],
      },
      score: { kind: "analytic", stageWeights: [0, 0, 1, 6] },
      budgets: { flash: 40_000, sramLive: 24_000 },
      search: { evaluations: 60_000, seed: 3 },
    },
    "mixed families",
  );

test("blocks of families that may stand beside each other are searched as they are, to the proven optimum", async () => {
  const classes = ["SuperQuantResK1DWK1", "SuperQuantResK1DWSEK1", "SuperQuantResK1DWSEK1"];
  const mixed = config(...classes);
  const { best } = await startSearch(mixed, { archive: ":memory:", threads: 0 });
  expect(best.structure.slice(1, -1).map((block) => block.class)).toEqual(classes);
  const { srams: _, ...costs } = naiveCosts(best.structure, 64, 10);
  expect(best.costs).toMatchObject(costs);
  expect(best.score).toBeCloseTo(naiveScore(best.structure, mixed.score as never).score, 9);
  const { spaces, budgets } = boundProblem(openProblem(mixed));
  const steps = solve(spaces, budgets);
  let step = steps.next();
  while (!step.done) step = steps.next();
  expect(step.value.proven).toBe(true);
  expect(best.score).toBeCloseTo(step.value.networks[0].score, 9);
  const certificate = certificateOf(mixed, step.value);
  const read = parseCertificate(JSON.parse(JSON.stringify(certificate)), "mixed");
  expect(verifyCertificate(read, { spaces, budgets })).toEqual([]);
});

test.each([
  ["SuperQuantResK1KXK1", "a bottleneck that is a width of its own"],
  ["SuperResK1DWK1", "no bits"],
])("a block of %s may not stand beside them: it has %s", (className) => {
  const mixed = config("SuperQuantResK1DWK1", "SuperQuantResK1DWK1", "SuperQuantResK1DWK1");
  const start = mixed.space.start.map((block, i) => {
    if (i !== 2) return block;
    const { nbitsA: _, nbitsW: __, ...plain } = block;
    return className.includes("Quant") ? { ...block, class: className } : { ...plain, class: className };
  });
  expect(() => openProblem({ ...mixed, space: { ...mixed.space, start } })).toThrow(
    /space\.start\[2\]\.class: expected SuperQuantResK1DWK1, the family's block, or one that may stand beside it \(SuperQuantResK1DWSEK1\), got/,
  );
});
