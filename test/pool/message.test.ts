import { pack, unpack } from "msgpackr/pack";
import { expect, test } from "vitest";
import { parseConfig } from "../../src/config/config.ts";
import { presetValue } from "../../src/config/presets.ts";
import { answer, contextKey, packRequest, packSetup, readReply, readSetup } from "../../src/pool/message.ts";
import { openProblem } from "../../src/problem/problem.ts";
import { randomTable } from "../operators/random-operators.ts";

const problem = openProblem(parseConfig(presetValue("imagenet-mixed-7.0g"), "preset"));
const context = contextKey(problem.scoringContext);
const genomes = Uint8Array.of(1, 2, 3, 4);
const sums = (asked: Uint8Array) => ({
  scores: Float64Array.of(asked[0] + asked[1], Number.NaN),
  failures: [[1, "odd"]] as [number, string][],
});
/** A message with one of its fields changed. */
const changed = (message: Uint8Array, change: object) => pack({ ...unpack(message), ...change });

test("a setup gives the problem that it was packed from", () => {
  const read = readSetup(packSetup(problem));
  expect(read.scoringContext).toBe(problem.scoringContext);
  expect(read.config).toEqual(problem.config);
  expect(read.limits).toEqual(problem.limits);
});

test("a setup has no tables of operators: no score depends on them", () => {
  const timed = { ...(presetValue("imagenet-mixed-7.0g") as object), latency: randomTable(2), energy: randomTable(4) };
  const budgets = { bitops: 6.976e9, layers: 47, latency: 60 };
  const setup = packSetup(openProblem(parseConfig({ ...timed, budgets }, "timed")));
  expect(setup.length).toBeLessThan(packSetup(problem).length + 100);
  expect(readSetup(setup).config).toEqual(problem.config);
});

test("a setup of another version, or of another scoring context than its configuration has here, is refused", () => {
  const setup = packSetup(problem);
  expect(() => readSetup(changed(setup, { version: 0 }))).toThrow("setup of version 0, expected");
  expect(() => readSetup(changed(setup, { scoringContext: "other" }))).toThrow("another scoring context");
});

test("a request is answered with scores and reasons, bit for bit", () => {
  const asked: Uint8Array[] = [];
  const reply = answer(packRequest(context, genomes), context, (got) => {
    asked.push(got);
    return sums(got);
  });
  expect(asked).toEqual([genomes]);
  const { scores, failures, seconds } = readReply(reply, context, 2);
  expect(scores).toEqual(Float64Array.of(3, Number.NaN));
  expect(failures).toEqual([[1, "odd"]]);
  expect(seconds).toBeGreaterThanOrEqual(0);
});

test("standard errors come along where scores have some, one a score", () => {
  const standardErrors = Float64Array.of(0.5, Number.NaN);
  const reply = answer(packRequest(context, genomes), context, (asked) => ({ ...sums(asked), standardErrors }));
  expect(readReply(reply, context, 2).standardErrors).toEqual(standardErrors);
  expect(readReply(answer(packRequest(context, genomes), context, sums), context, 2).standardErrors).toBeUndefined();
  const short = changed(reply, { standardErrors: new Uint8Array(8) });
  expect(() => readReply(short, context, 2)).toThrow("expected 2 standard errors, got 1");
});

test("a request of another version or context is not scored, and its reply says why", () => {
  const request = packRequest(context, genomes);
  const never = () => {
    throw new Error("scored");
  };
  for (const [change, reason] of [
    [{ version: 0 }, /message of version 0/],
    [{ context: "other" }, /another scoring context/],
  ] as const) {
    const reply = answer(changed(request, change), context, never);
    expect(() => readReply(reply, context, 2)).toThrow(reason);
  }
});

test("a reply of another version, another context or another number of scores is never taken for scores", () => {
  const reply = answer(packRequest(context, genomes), context, sums);
  expect(() => readReply(changed(reply, { version: 9 }), context, 2)).toThrow("message of version 9");
  expect(() => readReply(reply, "other", 2)).toThrow("another scoring context");
  expect(() => readReply(reply, context, 3)).toThrow("expected 3 scores, got 2");
});
