import { Archive } from "../archive/archive.ts";
import { UserError } from "../base/user-error.ts";
import { parseConfig } from "../config/config.ts";
import { formatPython } from "../formats/structures-file.ts";
import { openProblem } from "../problem/problem.ts";
import { candidateAt } from "../run/candidate.ts";
import {
  type Command,
  formatOption,
  formatOptions,
  note,
  print,
  printJson,
  text,
  textOption,
  wholeOption,
} from "./command.ts";
import { csv, networkCells } from "./render/csv.ts";
import { classifierLine, costCells, costHeader, stepLine, table } from "./render/format.ts";

export const bestCommand: Command = {
  positionals: { archive: "the archive file" },
  options: {
    run: text("id of the run", { defaultDescription: "the last one" }),
    top: text("how many, at most the population", { defaultDescription: "1" }),
    format: text("txt is the released code's format", {
      choices: ["table", "json", "csv", "txt"],
      defaultDescription: "table",
    }),
    ...formatOptions,
  },
  examples: [
    ["qes best qes.sqlite --top 5", "the five best of the last run"],
    ["qes best qes.sqlite --format txt > best.txt", "for the released code, and for qes score"],
  ],
  async run(args) {
    const path = String(args["archive"]);
    const top = wholeOption(args, "top", 1) ?? 1;
    const format = textOption(args, "format") ?? formatOption(args);
    const id = wholeOption(args, "run", 1);
    const archive = Archive.openForReading(path);
    const run = id === undefined ? archive.lastRun() : archive.run(id);
    archive.close();
    if (run?.checkpoint === undefined) {
      throw new UserError(
        `${path}: ${run === undefined ? "no runs" : `run ${run.id} has scored nothing yet`}; start one with qes search`,
      );
    }
    const config = parseConfig(JSON.parse(run.config), `${path}: run ${run.id}`);
    const problem = openProblem(config);
    const { space } = problem;
    const { genomes, scores } = run.checkpoint;
    const count = Math.min(top, scores.length);
    if (count < top) note(`run ${run.id} keeps its ${count} best networks: the population`);
    const rows = Array.from({ length: count }, (_, i) =>
      candidateAt(problem, genomes, i * space.genomeLength, scores[i]),
    );
    if (format === "json") printJson(rows);
    else if (format === "csv") {
      process.stdout.write(csv(rows.map((row, i) => ({ rank: i + 1, ...networkCells(row), classes: row.classes }))));
    } else if (format === "txt")
      process.stdout.write(
        formatPython(
          rows.map((row) => row.structure),
          rows,
        ),
      );
    else {
      print(
        table([
          ["#", "score", "resolution", ...costHeader],
          ...rows.map((row, i) => [String(i + 1), String(row.score), String(row.resolution), ...costCells(row.costs)]),
        ]),
      );
      for (const [i, row] of rows.entries()) {
        print(`\n#${i + 1}`);
        print(structureTable(row.structure));
        print(stepLine(row.largestStep));
      }
      print(classifierLine(config.classes));
    }
    return 0;
  },
};

function structureTable(structure: ReturnType<typeof candidateAt>["structure"]): string {
  const bits = (value: unknown) => (value === undefined ? "-" : Array.isArray(value) ? value.join("") : String(value));
  return table([
    ["class", "in", "out", "k", "s", "L", "btn", "bits A", "bits W"],
    ...structure.map((b) =>
      [b.class, b.in, b.out, b.k, b.s, b.L ?? "", b.btn ?? "", bits(b.nbitsA), bits(b.nbitsW)].map(String),
    ),
  ]);
}
