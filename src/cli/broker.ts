import { readFileSync, statSync } from "node:fs";
import { UserError } from "../base/user-error.ts";
import type { Address } from "../broker/address.ts";
import type { RemoteScoring } from "../broker/remote-scoring.ts";
import type { Config } from "../config/config.ts";
import { kindOf } from "../score/kinds/kinds.ts";
import { type Arguments, flag, flagOption, note, text, textOption } from "./command.ts";

/** Of the commands that speak to a broker. */
export const brokerOptions = {
  broker: text("a Redis: its address without a password, a file that holds the whole address, or env for QES_BROKER"),
  insecure: flag("take a broker of another machine that asks for no password"),
} as const;

/** The broker that was given. What speaks to it is loaded here. */
export async function brokerAddress(args: Arguments): Promise<Address | undefined> {
  const given = textOption(args, "broker");
  const insecure = flagOption(args, "insecure");
  if (given === undefined) {
    if (insecure) throw new UserError("--insecure: expected with --broker alone; leave it out");
    return undefined;
  }
  const { readAddress } = await import("../broker/address.ts");
  const { text, where } = addressText(given);
  return readAddress(text, { where, insecure });
}

/** Of those that have a search scored there. */
export const remoteOptions = {
  ...brokerOptions,
  verify: text("of the batches that workers score, how many are checked here by their best network", {
    choices: ["some", "all"],
    defaultDescription: "the first 20 of every worker, 1 in 20 later",
  }),
} as const;

/** Scoring by the workers of the broker that was given. */
export async function openRemote(args: Arguments, config: Config): Promise<RemoteScoring | undefined> {
  const address = await brokerAddress(args);
  if (address === undefined) return undefined;
  if (textOption(args, "threads") !== undefined) {
    throw new UserError("--threads: not together with --broker, whose workers have their own; leave one out");
  }
  const quiet = flagOption(args, "quiet");
  if (!quiet && kindOf(config.score).begin === "inline") {
    note("this score takes less time to compute here than to send: the search is quicker without --broker");
  }
  const { RemoteScoring } = await import("../broker/remote-scoring.ts");
  return RemoteScoring.open(address, {
    verify: textOption(args, "verify") as "some" | "all" | undefined,
    onLie: (worker, flaw) =>
      note(`${worker}: gave the score ${flaw}; it is banned, and what it scored is scored again`),
    onLonely: () => note(`${address.shown}: no worker of this version is there; waiting for qes worker --broker`),
  });
}

/** What reads arguments of other processes sees them, so that passwords come by the environment or a file. */
function addressText(given: string): { text: string; where: string } {
  if (given === "env") {
    const text = process.env["QES_BROKER"];
    if (text) return { text, where: "QES_BROKER" };
    throw new UserError("--broker env: expected an address in QES_BROKER, got nothing; set it, or name a file");
  }
  if (/^\w+:\/\//.test(given)) {
    // Without a user there is no password either, and what is no address is told as one without a password is.
    if (!given.includes("@") || (URL.canParse(given) && new URL(given).password === ""))
      return { text: given, where: "--broker" };
    throw new UserError(
      "--broker: expected an address without a password, since every user of this machine sees arguments, got one with it; " +
        "put the address into a file and give its name, or into QES_BROKER and give env",
    );
  }
  try {
    const found = statSync(given);
    if (found.isDirectory()) {
      throw new UserError(`--broker: ${given} is a folder; give an address, a file that holds one, or env`);
    }
    if (process.platform !== "win32" && (found.mode & 0o077) !== 0) {
      throw new UserError(
        `${given}: expected a file that others cannot read, since it may hold a password; chmod 600 it`,
      );
    }
    return { text: readFileSync(given, "utf8").slice(0, 4096), where: given };
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw new UserError(
      `--broker: expected such as redis://host:6379, a file that holds it, or env, got ${JSON.stringify(given)} ` +
        `(${(error as NodeJS.ErrnoException).code}); give one`,
    );
  }
}
