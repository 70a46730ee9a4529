import { UserError } from "../base/user-error.ts";
import { refineNetwork } from "../bits/refine.ts";
import { peakStep } from "../costs/arena-step.ts";
import { budgetNames } from "../costs/cost-table.ts";
import { costs, emptyCosts, overLimits } from "../costs/costs.ts";
import { formatOf } from "../formats/formats.ts";
import { withPairs } from "../network/structure.ts";
import { type BitsSubject, bitsOptions, readSubjects } from "./bits-input.ts";
import { type Command, DEFAULT_ARCHIVE, flag, flagOption, print, printJson, text, textOption } from "./command.ts";
import { classifierLine, costCells, costHeader, shareCells, stepLine, table } from "./render/format.ts";

export const refineCommand: Command = {
  positionals: { structures: `an archive, or a file as for qes score; ${DEFAULT_ARCHIVE} if left out` },
  options: {
    ...bitsOptions,
    format: text("txt is the released code's format", { choices: ["table", "txt"], defaultDescription: "table" }),
    json: flag("print a JSON array on stdout"),
  },
  examples: [
    ["qes refine best.txt --config stm32f746-imagenet", "the best bits for a device"],
    ["qes refine best.txt", "the best bits at the network's own costs"],
  ],
  async run(args) {
    const rows = (await readSubjects(args)).map(refine);
    if (flagOption(args, "json")) {
      printJson(rows.map(({ limits, ...row }) => row));
    } else if (textOption(args, "format") === "txt") {
      process.stdout.write(formatOf("txt").write(rows));
    } else {
      for (const row of rows) print(render(row));
    }
    return 0;
  },
};

function refine({ name, structure, network, resolution, score, classes, limits, deployment, steps }: BitsSubject) {
  const legal = (layer: number) => {
    const { pairs } = steps(layer);
    return pairs.length === 0 ? [0] : pairs;
  };
  const found = refineNetwork(network, legal, { score, classes, limits, deployment });
  if (found === undefined) {
    const cost = costs(network, classes, emptyCosts(), deployment);
    const over = overLimits(cost, limits).map(
      (costName) => `${costName} ${cost[costName]} > ${limits[budgetNames.indexOf(costName)]}`,
    );
    throw new UserError(
      `${name}: no legal bits are within the budgets; as it is: ${over.join("; ") || "its bits are not legal"}; raise a budget, or use a smaller network`,
    );
  }
  const { pairs, ...figures } = found;
  const before = structure;
  const refined = withPairs(structure, pairs);
  return {
    name,
    ...figures,
    resolution,
    classes,
    costs: costs(network, classes, emptyCosts(), deployment),
    largestStep: peakStep(network, deployment),
    bitsBefore: before.map(({ nbitsA, nbitsW }) => ({ nbitsA, nbitsW })),
    structure: refined,
    limits,
  };
}

function render(row: ReturnType<typeof refine>): string {
  const digits = (bits: number | readonly number[] | undefined) => (bits === undefined ? "-" : [bits].flat().join(""));
  const shares = shareCells(row.costs, (name) => row.limits[budgetNames.indexOf(name)]);
  return [
    `${row.name}: score ${row.scoreBefore} -> ${row.score}${row.fitted ? "" : " (it was over budget, or its bits not legal)"}`,
    row.proven
      ? "proven: no bits within the budgets score more"
      : `not proven: at most ${row.bound} is possible within the budgets`,
    table([
      ["", ...costHeader(row.costs)],
      ["refined", ...costCells(row.costs)],
      ["of the budget", ...shares],
    ]),
    table([
      ["block", "class", "bits A", "-> A", "bits W", "-> W"],
      ...row.structure.map((block, i) => [
        String(i),
        block.class,
        ...[row.bitsBefore[i].nbitsA, block.nbitsA, row.bitsBefore[i].nbitsW, block.nbitsW].map(digits),
      ]),
    ]),
    stepLine(row.largestStep),
    `${classifierLine(row.classes)}\n`,
  ].join("\n");
}
