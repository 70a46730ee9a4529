import { expect, test } from "vitest";
import { damage, seeded } from "../../bench/durability/damage.ts";
import { fuzz } from "../../bench/durability/fuzz.ts";
import { scenarios, soak } from "../../bench/durability/soak.ts";

// Short versions of `npm run soak`, `npm run damage` and `npm run fuzz`.

test("searches that are killed at random instants and resumed come to what they come to undisturbed", async () => {
  const short = scenarios.slice(1, 3).map((scenario) => {
    const { search, ...config } = scenario.config as { search: object };
    return { ...scenario, config: { ...config, search: { ...search, evaluations: 100, generation: 10 } } };
  });
  const report = await soak({ minutes: 0.05, kills: 2, scenarios: short, random: seeded(1) });
  expect(report).toMatchObject({ rowsLost: 0, rowsTwice: 0, digestsThatDiffered: 0, problems: [] });
  expect(report.searches).toBeGreaterThan(0);
}, 120_000);

test("damaged archives are refused or answered rightly, never with a crash", async () => {
  const report = await damage({ archives: 8, random: seeded(2) });
  expect(report).toMatchObject({ archives: 8, uncaught: [], wrong: [] });
  expect(report.refused).toBeGreaterThan(0);
  expect(report.answered).toBeGreaterThan(0);
}, 120_000);

test("odd inputs are refused with a message or are valid, and take no time", () => {
  const report = fuzz(300, 7);
  expect(report).toMatchObject({ inputs: 300, crashes: [], hangs: [], wrongSuccesses: [] });
  expect(report.accepted).toBeGreaterThan(0);
}, 60_000);
