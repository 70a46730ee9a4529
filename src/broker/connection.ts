import { Redis, type RedisOptions } from "ioredis";
import { UserError } from "../base/user-error.ts";
import type { Address } from "./address.ts";

/** Milliseconds that a connection may take, and after which one that answers nothing is made anew. */
const PATIENCE = 5000;
/** Seconds that a blocking command waits; well below that patience. */
export const BLOCK = 2;
/** BLMOVE, and ACL rules as they are documented. */
const OLDEST = [6, 2] as const;

/** All that is kept in a broker begins with this. */
export const PREFIX = "qes";

/**
 * Connects to a broker and checks it. What is asked of it later waits while it cannot be reached, for as long as that takes.
 * @throws UserError where it cannot be reached, refuses, is too old or may drop what it was given
 */
export async function connect({ url, shown }: Address): Promise<Redis> {
  const options: RedisOptions = {
    host: url.hostname.replace(/^\[|\]$/g, ""),
    port: Number(url.port || 6379),
    db: Number(url.pathname.slice(1) || 0),
    ...(url.username === "" ? {} : { username: decodeURIComponent(url.username) }),
    ...(url.password === "" ? {} : { password: decodeURIComponent(url.password) }),
    ...(url.protocol === "rediss:" ? { tls: {} } : {}),
    connectTimeout: PATIENCE,
    socketTimeout: PATIENCE,
    maxRetriesPerRequest: null,
    disableClientInfo: true,
    protocol: 2,
    lazyConnect: true,
    retryStrategy: () => null,
  };
  const redis = new Redis(options as RedisOptions & { replyMapping?: "legacy" });
  let last: Error | undefined;
  redis.on("error", (error: Error) => {
    last = error;
  });
  try {
    await redis.connect();
    await check(redis, shown);
  } catch (error) {
    redis.disconnect();
    throw error instanceof UserError ? error : refusal(last ?? (error as Error), shown);
  }
  // From here on a broker that is away comes back.
  redis.options.retryStrategy = () => 500;
  return redis;
}

async function check(redis: Redis, shown: string): Promise<void> {
  const info = new Map(
    (await redis.info()).split("\r\n").map((line) => {
      const [key, value] = line.split(":", 2);
      return [key, value] as const;
    }),
  );
  const version = info.get("redis_version") ?? "0";
  const [major, minor] = version.split(".").map(Number);
  if (major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1])) {
    throw new UserError(`${shown}: expected Redis ${OLDEST.join(".")} or newer, got ${version}; take a newer one`);
  }
  const policy = info.get("maxmemory_policy");
  if (policy !== "noeviction") {
    throw new UserError(
      `${shown}: expected maxmemory-policy noeviction, got ${policy}: it may drop jobs when its memory is full; set that policy in its configuration`,
    );
  }
}

function refusal(error: Error & { code?: string }, shown: string): UserError {
  const said = error.message.split("\n")[0];
  if (/^(?:WRONGPASS|NOAUTH|ERR invalid password|ERR AUTH)/.test(said)) {
    return new UserError(`${shown}: user or password was refused (${said}); correct them in the address`);
  }
  if (/^NOPERM/.test(said)) {
    return new UserError(
      `${shown}: its user may not do what is needed (${said}); give it the rights in docs/many-machines.md`,
    );
  }
  if (/certificate|self.signed|ERR_TLS|SSL/i.test(`${error.code} ${said}`)) {
    return new UserError(
      `${shown}: its certificate was refused (${said}); name the file of its authority in NODE_EXTRA_CA_CERTS`,
    );
  }
  return new UserError(`${shown}: cannot be reached (${error.code ?? said}); start it there, or correct the address`);
}
