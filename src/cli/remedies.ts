import type { Remedy, UserError } from "../base/user-error.ts";

const words: Readonly<Record<Remedy, string>> = {
  resume: "go on with qes resume",
  extend: "extend a finished run with --evaluations N",
  search: "start one with qes search",
  otherArchive: "or choose another --archive",
  unlock: "if that machine is gone, add --unlock",
  verify: "qes verify says more",
  moreMemory: "or raise --memory",
  moreTime: "raise --seconds",
  configFile: "or give a YAML file",
  devices: "qes devices lists them",
  insecure: "or, in a network that you trust, add --insecure",
};

/** Remedies that a command is itself, or cannot take. */
const useless: Readonly<Record<string, readonly Remedy[]>> = {
  verify: ["verify", "otherArchive"],
  preset: ["configFile"],
};

/** An error's message, and what the command line offers besides, to a command. */
export function messageOf({ message, remedies }: UserError, command: string | undefined): string {
  const offered = remedies.filter((remedy) => !useless[command ?? ""]?.includes(remedy));
  return [message, ...offered.map((remedy) => words[remedy])].join("; ");
}
