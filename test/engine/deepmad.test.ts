import fc from "fast-check";
import { expect, test } from "vitest";
import { parseConfig, type ScoreConfig } from "../../src/config/config.ts";
import { presetValue } from "../../src/config/presets.ts";
import { Settled } from "../../src/engine/breeding.ts";
import { GenomeEngine } from "../../src/engine/engine.ts";
import { networkOf } from "../../src/network/structure.ts";
import { openProblem, type Problem } from "../../src/problem/problem.ts";
import { createScorer } from "../../src/problem/scorer.ts";
import { DeepMadScore } from "../../src/score/deepmad.ts";
import { effectivenessOf } from "../../src/score/effectiveness.ts";
import { encode, resolutionOf, structureOf } from "../../src/space/genome.ts";
import { mutatePublished } from "../naive/mutation.ts";
import { RandomStream } from "../naive/random.ts";

/** A preset of every family, one at full precision and one with bits. */
const presets = ["deepmad-r18", "deepmad-29m-224", "damo-yolo-tiny", "damo-yolo-medium", "imagenet-mixed-7.0g"];

const anyCase = fc.record({
  preset: fc.constantFrom(...presets),
  seed: fc.nat(),
  alpha1: fc.constantFrom(1, 0.7),
  alpha2: fc.constantFrom(1, 0.3),
  depthPenalty: fc.constantFrom(0, 10),
  like: fc.constantFrom(undefined, "released" as const),
  scoredAt: fc.constantFrom(undefined, 33, 224),
});

/** Networks that mutations lead to from the preset's first one. */
function mutated(problem: Problem, seed: number, count: number): Uint8Array {
  const { space } = problem;
  const { genomeLength } = space;
  const random = new RandomStream();
  random.reset(seed, 1, 1);
  const genomes = new Uint8Array(count * genomeLength);
  genomes.set(encode(space, problem.config.space.start, space.options.resolutions[0], "start"));
  for (let i = 1; i < count; i++) {
    genomes.copyWithin(i * genomeLength, (i - 1) * genomeLength, i * genomeLength);
    mutatePublished(space, genomes, i * genomeLength, random);
  }
  return genomes;
}

const networkAt = ({ space }: Problem, genomes: Uint8Array, i: number) =>
  networkOf(structureOf(space, genomes, i * space.genomeLength), resolutionOf(space, genomes, i * space.genomeLength));

test("DeepMAD's score of genomes is that of their networks to the last bit", () => {
  fc.assert(
    fc.property(anyCase, ({ preset, seed, alpha1, alpha2, depthPenalty, like, scoredAt }) => {
      const raw = presetValue(preset) as { score: { stageWeights: number[] } };
      const { stageWeights } = raw.score;
      const own = { kind: "deepmad", stageWeights, alpha1, alpha2, depthPenalty, like, resolution: scoredAt };
      const score = Object.fromEntries(Object.entries(own).filter(([, value]) => value !== undefined));
      const problem = openProblem(parseConfig({ ...raw, score }, preset));
      const genomes = mutated(problem, seed, 30);
      const { scores } = createScorer(problem).score(genomes);
      const truth = new DeepMadScore(problem.config.score as Extract<ScoreConfig, { kind: "deepmad" }>);
      scores.forEach((value, i) => {
        expect(value).toBe(truth.score(networkAt(problem, genomes, i)));
      });
    }),
    { numRuns: 60, seed: 3 },
  );
});

/** The double below. */
function below(x: number): number {
  const words = new BigInt64Array(Float64Array.of(x).buffer);
  words[0]--;
  return new Float64Array(words.buffer)[0];
}

test("a genome is over a budget of effectiveness exactly where its network is", () => {
  fc.assert(
    fc.property(fc.constantFrom(...presets), fc.nat(), (preset, seed) => {
      const problem = openProblem(parseConfig(presetValue(preset), preset));
      const { space } = problem;
      const genomes = mutated(problem, seed, 8);
      const last = genomes.subarray(7 * space.genomeLength);
      const own = effectivenessOf(networkAt(problem, genomes, 7));
      const limits = Float64Array.from(problem.limits, () => Number.POSITIVE_INFINITY);
      for (const [effectiveness, answer] of [
        [own, Settled.fits],
        [below(own), Settled.exceeds],
      ] as const) {
        const engine = new GenomeEngine(space, 0, { members: 1, children: 1 });
        const breeding = engine.breeding({ seed: 1, limits, effectiveness, rates: undefined });
        engine.children.set(last);
        breeding.settle(0);
        expect(breeding.settled(0)).toBe(answer);
      }
    }),
    { numRuns: 60, seed: 4 },
  );
});
