import { hostname } from "node:os";
import { readAddress } from "../../src/broker/address.ts";
import { connect } from "../../src/broker/connection.ts";
import { beat, leave } from "../../src/broker/registry.ts";
import { ScoreWorker } from "../../src/broker/score-worker.ts";

export interface InProcessWorker {
  readonly name: string;
  /** Why it was told to end. */
  readonly banned: () => string | undefined;
  close(): Promise<void>;
}

/** A worker in this process that takes any setup. @param worker file of its threads */
export async function startWorker(
  url: string,
  build: string,
  threads: number,
  worker?: string,
): Promise<InProcessWorker> {
  const redis = await connect(readAddress(url, { where: "test", insecure: false }));
  const name = `${hostname()}:test:${Math.random()}`;
  const scoring = new ScoreWorker(redis, {
    name,
    build,
    threads,
    worker,
    checked: (setup) => setup,
    onError: () => {},
  });
  let banned: string | undefined;
  const sign = async () => {
    const { inHand, lastMinute } = scoring;
    const own = { name, host: hostname(), process: process.pid, build, searchBuild: build, version: "0.0.0", threads };
    banned ??= (await beat(redis, { ...own, inHand, lastMinute, searches: 0 })) ?? undefined;
    await scoring.look();
  };
  await sign();
  const timer = setInterval(() => sign().catch(() => {}), 1000);
  return {
    name,
    banned: () => banned,
    async close() {
      await scoring.close();
      clearInterval(timer);
      await leave(redis, name);
      redis.disconnect();
    },
  };
}
