import { UserError } from "../base/user-error.ts";
import { boundProblem } from "../bound/problem.ts";
import { parseCertificate } from "../bound/proof/certificate.ts";
import { verifyCertificate } from "../bound/proof/check-certificate.ts";
import { parseConfig } from "../config/config.ts";
import { openProblem } from "../problem/problem.ts";
import { type Command, flag, flagOption, note, print, printJson } from "./command.ts";
import { readText } from "./input.ts";

export const verifyBoundCommand: Command = {
  positionals: { certificate: "the file" },
  options: { json: flag("print one JSON object on stdout") },
  examples: [["qes verify-bound proof.json", "exit code 0 if it proves what it says, 2 if not"]],
  async run(args) {
    const path = String(args["certificate"]);
    const certificate = parseCertificate(parseJson(readText(path), path), path);
    const { spaces, budgets } = boundProblem(openProblem(parseConfig(certificate.config, `${path}: config`)));
    const problems = verifyCertificate(certificate, { spaces, budgets });
    if (flagOption(args, "json")) printJson({ valid: problems.length === 0, problems });
    else if (problems.length === 0) print(`valid: no network scores more than ${certificate.upperBound}`);
    for (const problem of problems) note(`qes: ${path}: ${problem}`);
    return problems.length === 0 ? 0 : 2;
  },
};

function parseJson(value: string, where: string): unknown {
  try {
    return JSON.parse(value);
  } catch (error) {
    throw new UserError(`${where}: expected a certificate (JSON): ${(error as Error).message}`);
  }
}
