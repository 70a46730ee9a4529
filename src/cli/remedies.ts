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
};

/** An error's message, and what the command line offers besides. */
export function messageOf({ message, remedies }: UserError): string {
  return [message, ...remedies.map((remedy) => words[remedy])].join("; ");
}
