import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { packageRoot } from "../src/base/package-root.ts";
import { figuresOf } from "./figures.ts";
import { pageWith, readmeSentence } from "./page.ts";
import { Random } from "./random.ts";
import { resultsOf } from "./results.ts";
import { type Row, readRows } from "./rows.ts";
import { train, trainAll } from "./runner.ts";
import { type Sampled, sampleNetworks } from "./sampler.ts";
import { plannedTrainings } from "./trainings.ts";

/*
 * The study of docs/study.md.
 *   npm run study                     trains what has no row yet; stop it at any time, and start it again, or several, one a core
 *   npm run study -- --rows           writes the results and figures of docs/study.md from the rows
 *   npm run study -- --again 2        trains so many rows, chosen by lot, once more and compares
 *   npm run study -- --sample         samples the networks again
 * --csv FILE: other rows than docs/study/rows.csv; --work FOLDER: where it trains; --first N: so many trainings of the plan; --limit N: so many training
 * images, for a trial, whose rows belong in another file. QES_PYTHON names a Python with PyTorch and numpy.
 */

const args = process.argv.slice(2);
const optionOf = (name: string) => (args.includes(name) ? args[args.indexOf(name) + 1] : undefined);
const csv = optionOf("--csv") ?? join(packageRoot, "docs/study/rows.csv");
const networksFile = join(packageRoot, "docs/study/networks.json");
const readNetworks = () => JSON.parse(readFileSync(networksFile, "utf8")) as Sampled[];
const options = {
  rows: csv,
  work: optionOf("--work") ?? join(packageRoot, ".study"),
  python: process.env["QES_PYTHON"] ?? "/usr/bin/python3",
  trial: args.includes("--limit") ? ["--limit", String(optionOf("--limit"))] : [],
  say: (line: string) => console.error(`${new Date().toISOString().slice(11, 19)} ${line}`),
};

if (args.includes("--sample")) {
  const lines = sampleNetworks().map((network) => JSON.stringify(network));
  writeFileSync(networksFile, `[\n${lines.join(",\n")}\n]\n`);
} else if (args.includes("--rows")) {
  const results = resultsOf(readRows(csv), readNetworks());
  const page = join(packageRoot, "docs/study.md");
  writeFileSync(page, pageWith(readFileSync(page, "utf8"), results));
  mkdirSync(join(packageRoot, "docs/study"), { recursive: true });
  for (const [name, text] of figuresOf(results)) writeFileSync(join(packageRoot, "docs/study", name), text);
  console.log(readmeSentence(results));
} else if (args.includes("--again")) {
  await again(Number(optionOf("--again")));
} else {
  const last = Number(optionOf("--first") ?? Number.POSITIVE_INFINITY);
  await trainAll(plannedTrainings().slice(0, last), readNetworks(), options);
}

/** The lot is drawn from the rows that stand; the same rows give the same lot. */
async function again(count: number): Promise<void> {
  const rows = readRows(csv);
  const { noise } = resultsOf(rows, readNetworks());
  for (const row of new Random(rows.length).shuffled<Row>(rows).slice(0, count)) {
    const network = readNetworks().find(({ id }) => id === row.network)!;
    const { accuracy } = await train(network, row.seed, options);
    const points = 100 * Math.abs(accuracy - row.accuracy);
    console.log(
      `${row.network} seed ${row.seed}: ${(100 * row.accuracy).toFixed(2)}%, again ${(100 * accuracy).toFixed(2)}%; ${points <= 3 * noise ? "within" : Number.isNaN(noise) ? "noise not known, against" : "NOT within"} 3 x ${noise.toFixed(2)} points`,
    );
  }
}
