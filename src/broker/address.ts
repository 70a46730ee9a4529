import { isIP } from "node:net";
import { UserError } from "../base/user-error.ts";

/** Where a broker is, by `readAddress`. */
export interface Address {
  readonly url: URL;
  /** In messages: without user and password. */
  readonly shown: string;
}

export interface AddressOptions {
  /** Where the text comes from; begins messages. */
  readonly where: string;
  /** Takes a broker of another machine that asks for no password. */
  readonly insecure: boolean;
}

/**
 * Reads `redis://[user:password@]host[:port][/database]`, or `rediss://` for TLS.
 * @throws UserError where it is not that, or names another machine and no password
 */
export function readAddress(text: string, { where, insecure }: AddressOptions): Address {
  const port = /^rediss?:\/\/(?:[^/]*@)?(?:\[[^\]]*\]|[^/:[\]@]+):(\d{1,20})(?:\/|$)/.exec(text.trim())?.[1];
  if (Number(port) > 65_535) {
    throw new UserError(`${where}: expected a port from 0 to 65535, got ${port}; correct the address`);
  }
  const url = URL.canParse(text.trim()) ? new URL(text.trim()) : undefined;
  const known = url !== undefined && /^rediss?:$/.test(url.protocol) && url.hostname !== "";
  // A text that is no address may still hold a password.
  if (!known || !/^(?:\/\d{0,3})?$/.test(url.pathname) || url.search !== "" || url.hash !== "") {
    throw new UserError(`${where}: expected such as redis://host:6379 or rediss://host:6379/0, got something else`);
  }
  const shown = `${url.protocol}//${url.host}${url.pathname}`;
  if (url.password === "" && !isLoopback(url.hostname) && !insecure) {
    throw new UserError(
      `${where}: ${shown} is another machine's and asks for no password, so that whoever reaches it can give jobs and scores; ` +
        "give it a password",
      "insecure",
    );
  }
  return { url, shown };
}

function isLoopback(host: string): boolean {
  const bare = host.replace(/^\[|\]$/g, "");
  return bare === "localhost" || bare === "::1" || (isIP(bare) === 4 && bare.startsWith("127."));
}
