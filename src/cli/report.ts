import { resolve } from "node:path";
import { UserError } from "../base/user-error.ts";
import { budgetNames, type CostName } from "../costs/cost-table.ts";
import { readReport } from "../report/model/read-report.ts";
import { reportPage } from "../report/report.ts";
import { sweepBudget } from "../run/swept-budget.ts";
import {
  type Arguments,
  archiveArgument,
  type Command,
  DEFAULT_ARCHIVE,
  flag,
  flagOption,
  note,
  print,
  printJson,
  text,
  textOption,
  wholeOption,
} from "./command.ts";
import { openFile } from "./open-file.ts";
import { writeOutput } from "./output-file.ts";
import { BoundView } from "./render/bound.ts";
import { duration } from "./render/format.ts";

export const reportCommand: Command = {
  positionals: { archive: `the archive file; ${DEFAULT_ARCHIVE} if left out` },
  options: {
    run: text("id of the run that is looked at", { defaultDescription: "the last one" }),
    out: text("file to write", { defaultDescription: "the archive's name with .html" }),
    "what-if": text("budgets whose optima are proven first, around the run's own, and kept in the archive"),
    measure: flag("measure the best network's score too, layer by layer"),
    open: flag("show the page in a browser of this machine"),
    json: flag("print what the page shows as JSON on stdout, and write no page"),
  },
  examples: [
    ["qes report qes.sqlite", "qes.html: one file, to look at in any browser, to send or to print"],
    ["qes report qes.sqlite --what-if bitops,layers --open", "what every budget buys, in the browser"],
    [
      "qes bound imagenet-mixed-7.0g --sweep bitops=2e9..20e9:19 --archive qes.sqlite",
      "the same at values of your own",
    ],
  ],
  async run(args) {
    const path = archiveArgument(args);
    const run = wholeOption(args, "run", 1);
    if (flagOption(args, "json") && textOption(args, "out") !== undefined) {
      throw new UserError("--json and --out: expected one of them, since --json prints on stdout and writes no page");
    }
    for (const budget of budgetsOption(args)) sweepOf({ path, run }, budget);
    const model = readReport(path, { run, measure: flagOption(args, "measure") });
    if (flagOption(args, "json")) {
      printJson(model);
      return 0;
    }
    const file = textOption(args, "out") ?? `${path.replace(/\.(?:sqlite3?|db)$/, "")}.html`;
    const page = reportPage(model);
    // What all reports begin with, its author's name included.
    writeOutput("--out", file, page, { begins: page.slice(0, page.indexOf("<meta http-equiv")), name: "a report" });
    print(`${file}: run ${model.run.id} of ${path}${flagOption(args, "open") ? "" : "; open it in a browser"}`);
    if (flagOption(args, "open")) {
      const why = await openFile(file);
      if (why !== undefined) note(`no browser could be started (${why}); open ${resolve(file)} in one`);
    }
    return 0;
  },
};

function budgetsOption(args: Arguments): CostName[] {
  const names = textOption(args, "what-if")?.split(",") ?? [];
  return names.map((text) => {
    const name = budgetNames.find((budget) => budget === text.trim());
    if (name !== undefined) return name;
    throw new UserError(
      `--what-if: expected budgets among ${budgetNames.join(", ")}, for example bitops,layers, got ${JSON.stringify(text)}`,
    );
  });
}

/** Proves optima along a budget, and says how far it is. */
function sweepOf(of: { readonly path: string; readonly run: number | undefined }, budget: CostName): void {
  const view = new BoundView(false);
  const began = performance.now();
  const seconds = () => (performance.now() - began) / 1000;
  const solved = sweepBudget(of, budget, (_, state) => view.update(state, seconds()));
  view.end();
  if (solved > 0) note(`${solved} optima along ${budget} in ${duration(seconds())}, kept in ${of.path}`);
}
