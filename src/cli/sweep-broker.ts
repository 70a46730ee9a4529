import { renameSync, rmSync, writeFileSync } from "node:fs";
import { UserError } from "../base/user-error.ts";
import type { Broker } from "../broker/broker.ts";
import type { RemoteSearches, Searched } from "../broker/remote-searches.ts";
import type { Config } from "../config/config.ts";
import { searchFlaw } from "../run/search-check.ts";
import type { SweepFolder } from "../run/sweep.ts";
import { kindOf } from "../score/kinds/kinds.ts";
import { brokerAddress } from "./broker.ts";
import { type Arguments, flagOption, note, textOption } from "./command.ts";
import { programBuild } from "./program-build.ts";

/** Searches that are in the broker at once, at most: those of a large sweep follow as others finish. */
const AT_A_TIME = 256;

interface Planned {
  readonly id: string;
  readonly config: Config;
  readonly bound: boolean;
}

/** Has the searches of a sweep run by the workers of a broker. */
export class SweepBroker {
  readonly atATime = AT_A_TIME;
  readonly #broker: Broker;
  readonly #searches: RemoteSearches;
  /** Archives are checked one after another. */
  #checking: Promise<unknown> = Promise.resolve();
  #ready: Promise<void> | undefined;

  constructor(broker: Broker) {
    this.#broker = broker;
    this.#searches = broker.searches();
  }

  /**
   * Keeps the archive and the record of a search that a worker finished, where its scores are right; another that is wrong is done again by others.
   * @returns why it ended without a result, where it did, or was stopped
   */
  async run({ id, config, bound }: Planned, folder: SweepFolder, stop: AbortSignal): Promise<string | undefined> {
    let reason: string | undefined;
    const keep = async (searched: Searched): Promise<boolean> => {
      const { worker, answer } = searched;
      if (this.#broker.banned.has(worker)) return false;
      if ("reason" in answer) {
        reason = answer.reason;
        return true;
      }
      const flaw = await this.#keep(answer, { id, config, bound }, folder);
      if (flaw === undefined) return true;
      if (!this.#broker.banned.has(worker)) note(`${worker}: ${flaw}; it is banned, and the search is done again`);
      this.#broker.ban(worker, flaw);
      return false;
    };
    try {
      this.#ready ??= this.#broker.ready(stop);
      await this.#ready;
      await this.#searches.run({ id, config: JSON.stringify(config), bound }, keep, stop);
    } catch (error) {
      if (!stop.aborted) throw error;
    }
    return reason;
  }

  async close(): Promise<void> {
    await this.#searches.close();
    this.#broker.close();
  }

  async #keep(
    { result, archive }: { readonly result: unknown; readonly archive: Uint8Array },
    { id, config }: Planned,
    folder: SweepFolder,
  ): Promise<string | undefined> {
    const path = folder.archiveOf(id);
    const part = `${path}.part`;
    writeFileSync(part, archive);
    const digest = String((result as { digest?: unknown } | null)?.digest);
    const threads = kindOf(config.score).begin === "inline" ? 0 : undefined;
    const turn = this.#checking.then(() => searchFlaw(part, config, digest, { threads }));
    this.#checking = turn.catch(() => {});
    const flaw = await turn;
    if (flaw !== undefined) {
      rmSync(part);
      return flaw;
    }
    // What an unfinished search left here is of an earlier time.
    for (const end of ["-wal", "-shm"]) rmSync(path + end, { force: true });
    renameSync(part, path);
    folder.finish(id, result);
    return undefined;
  }
}

/** The broker that was given to a sweep. */
export async function openSweepBroker(args: Arguments): Promise<SweepBroker | undefined> {
  const address = await brokerAddress(args);
  if (address === undefined) return undefined;
  for (const name of ["threads", "index"]) {
    if (textOption(args, name) !== undefined)
      throw new UserError(`--${name}: not together with --broker; leave one out`);
  }
  if (textOption(args, "keep") === "all") {
    throw new UserError(
      "--keep all: not together with --broker, from which the best networks come back; leave one out",
    );
  }
  const [{ Broker }, { scoringBuild }, { searchBuild }] = await Promise.all([
    import("../broker/broker.ts"),
    import("../broker/build.ts"),
    import("../broker/search-jobs.ts"),
  ]);
  const build = scoringBuild();
  const broker = await Broker.open(address, {
    build,
    searchBuild: searchBuild(build, programBuild()),
    onLonely: () => {
      if (!flagOption(args, "quiet"))
        note(`${address.shown}: no worker of this version is there; waiting for qes worker --broker`);
    },
  });
  return new SweepBroker(broker);
}
