import { UserError } from "../base/user-error.ts";
import { boundProblem } from "../bound/problem.ts";
import { type Certificate, parseCertificate } from "../bound/proof/certificate.ts";
import { verifyCertificate } from "../bound/proof/check-certificate.ts";
import { differingParts, type Statement, statementOf } from "../bound/proof/statement.ts";
import { parseConfig } from "../config/config.ts";
import { asWritten } from "../config/stored-config.ts";
import { openProblem } from "../problem/problem.ts";
import {
  type Command,
  flag,
  flagOption,
  note,
  positiveOption,
  print,
  printJson,
  text,
  textOption,
  texts,
  textsOption,
} from "./command.ts";
import { readConfig, readText } from "./input.ts";
import { table } from "./render/format.ts";

const DEFAULT_MEGABYTES = 400;
const DEFAULT_SECONDS = 600;

export const verifyBoundCommand: Command = {
  positionals: { certificate: "the file" },
  options: {
    config: text("a preset or a YAML file: fail where the certificate is about another space, score or budgets"),
    set: texts("path=value: set one key of --config; repeatable"),
    memory: text("MB that tables and labels may take", { defaultDescription: String(DEFAULT_MEGABYTES) }),
    seconds: text("time that checking may take", { defaultDescription: String(DEFAULT_SECONDS) }),
    json: flag("print one JSON object on stdout"),
  },
  examples: [
    ["qes verify-bound proof.json", "exit code 0 if it proves what it says, 2 if not"],
    ["qes verify-bound proof.json --config imagenet-mixed-7.0g", "... and if it is about this preset"],
  ],
  async run(args) {
    const path = String(args["certificate"]);
    const assignments = textsOption(args, "set");
    const source = textOption(args, "config");
    if (source === undefined && assignments.length > 0) {
      throw new UserError("--set: sets a key of --config; give --config, too");
    }
    const own = source === undefined ? undefined : problemStatement(readConfig(source, assignments));
    const seconds = positiveOption(args, "seconds") ?? DEFAULT_SECONDS;
    const bytes = (positiveOption(args, "memory") ?? DEFAULT_MEGABYTES) * 1e6;
    const certificate = parseCertificate(parseJson(readText(path), path), path);
    const problem = boundProblem(openProblem(parseConfig(asWritten(certificate.config), `${path}: config`)));
    const until = performance.now() + 1000 * seconds;
    const limits = { bytes, isLate: () => performance.now() > until };
    const statement = statementOf(problem, limits);
    const others = own === undefined ? [] : differingParts(own, statement);
    const problems =
      others.length > 0
        ? others.map((part) => `expected the ${part} of ${source}, got another; leave out --config, or bound that one`)
        : verifyCertificate(certificate, problem, limits);
    const valid = problems.length === 0;
    const { upperBound, best } = certificate;
    const about = { ...statement, ...(source === undefined ? {} : { comparedWith: source }) };
    if (flagOption(args, "json")) printJson({ valid, problems, upperBound, best: best?.score ?? null, about });
    else if (valid) print([...claimOf(certificate), "", ...describe(statement)].join("\n"));
    for (const line of problems) note(`qes: ${path}: ${line}`);
    return valid ? 0 : 2;
  },
};

const problemStatement = (config: ReturnType<typeof readConfig>) => statementOf(boundProblem(openProblem(config)));

function claimOf({ upperBound, best }: Certificate): string[] {
  if (upperBound === null) return ["valid: no network of the space is within the budgets"];
  return [
    `valid: no network of the space within the budgets scores more than ${upperBound}`,
    best === null
      ? "the certificate has no network of it"
      : `its network is of the space, within the budgets, and scores ${best.score}: the optimum is not outside of the two`,
  ];
}

function describe({ resolutions, channels, blocks, score, classes, budgets, digest }: Statement): string[] {
  const limits = Object.entries(budgets).map(([name, limit]) => `${name} ${limit}`);
  const { stageWeights, sigmaActivation, sigmaWeight } = score;
  return [
    `about   the space of ${resolutions.join(", ")} pixels, ${channels} channels`,
    table([
      ["block", "stride", "out", "kernels", "layers", "bits A/W"],
      ...blocks.map(({ class: name, stride, out, kernels, layers, bits }) => [
        name,
        String(stride),
        out[0] === out[1] ? String(out[0]) : `${out[0]}-${out[1]}`,
        kernels.join(","),
        layers === 1 ? "1" : `1-${layers}`,
        bits.join(" ") === "0/0" ? "full precision" : bits.join(" "),
      ]),
    ]),
    `score   stage weights ${stageWeights.join(", ")}; sigmas ${sigmaActivation} and ${sigmaWeight}`,
    `budgets ${limits.join(", ") || "none"}; a classifier of ${classes} outputs counted into flash`,
    `digest  ${digest}`,
  ];
}

function parseJson(value: string, where: string): unknown {
  try {
    return JSON.parse(value);
  } catch (error) {
    throw new UserError(`${where}: expected a certificate (JSON): ${(error as Error).message}`);
  }
}
