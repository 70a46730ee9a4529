import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { setTimeout as after } from "node:timers/promises";
import { afterAll } from "vitest";
import { childrenIn } from "../../bench/machines/site.ts";
import { qesJson, type Started, startQes } from "../cli/qes.ts";
import { temporaryFolder } from "../temporary.ts";

/** A search of about six generations with candidates of some milliseconds. */
const MEASURED = ["kind=forward", "repeats=1", "resolution=64", "maxChannels=8"].flatMap((key) => [
  "--set",
  `score.${key}`,
]);
export const SEARCH = ["search", "imagenet-mixed-7.0g", ...MEASURED, "--evaluations", "600", "--no-bound"];

/** Workers and searches of one broker in processes of their own. */
export function machines(url: () => string) {
  const folder = temporaryFolder();
  const started: Started[] = [];
  afterAll(() => {
    for (const { process } of started) process.kill("SIGKILL");
  });
  const archive = () => `${randomBytes(4).toString("hex")}.sqlite`;
  return {
    folder,
    archive,
    /** The digest of the search that a single machine finds. */
    async truth(): Promise<string> {
      return (await qesJson(folder, ...SEARCH, "--quiet", "--archive", archive(), "--threads", "0")).digest;
    },
    /** Resolves when the worker serves. */
    async worker(...args: readonly string[]): Promise<Started & { name: string }> {
      const worker = startQes(folder, "worker", "--broker", url(), "--threads", "1", ...args);
      started.push(worker);
      const name = await new Promise<string>((resolve, reject) => {
        let said = "";
        worker.process.stderr!.on("data", (text) => {
          said += text;
          const serving = /^(\S+): build \S+, \d+ threads, serves/m.exec(said);
          if (serving !== null) resolve(serving[1]);
        });
        worker.outcome.then(({ stderr }) => reject(new Error(`the worker ended: ${stderr}`)));
      });
      return { ...worker, name };
    },
    sweep(plan: string, ...args: readonly string[]): Started {
      const sweep = startQes(folder, "sweep", plan, "--no-bound", "--json", "--broker", url(), ...args);
      started.push(sweep);
      return sweep;
    },
    search(own = archive(), ...args: readonly string[]): Started {
      const search = startQes(folder, ...SEARCH, "--json", "--broker", url(), "--archive", own, ...args);
      started.push(search);
      return search;
    },
    /** Resolves when the run of an archive has bred so many children. */
    async bred(own: string, children: number): Promise<void> {
      while (childrenIn(join(folder, own)) < children) await after(20);
    },
  };
}

export async function digestOf({ outcome }: Started): Promise<string> {
  const { code, stdout, stderr } = await outcome;
  if (code !== 0) throw new Error(`ended with ${code}:\n${stderr}`);
  return JSON.parse(stdout).digest;
}
