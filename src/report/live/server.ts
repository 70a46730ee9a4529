import { randomBytes, timingSafeEqual } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { basename } from "node:path";
import { createGzip, type Gzip } from "node:zlib";
import { UserError } from "../../base/user-error.ts";
import { page, policyOf } from "../page/document.ts";
import { el, Html } from "../page/html.ts";
import { script } from "../page/script.ts";
import { LiveParts } from "./live-parts.ts";
import { liveScript } from "./live-script.ts";
import { LiveWhatIf } from "./live-what-if.ts";

/** Browsers that may look at the same time. */
const STREAMS = 8;
/** Milliseconds between two looks at the archive. */
const TICK = 500;
/** Milliseconds that what is compiled for the sliders is kept where nobody looks. */
const IDLE = 60_000;
const CONNECT = "; connect-src 'self'";

export interface LiveOptions {
  readonly run?: number | undefined;
  /** 0, which is the default, takes any that is free. */
  readonly port?: number | undefined;
}

/** A page that shows a run while it goes on. */
export interface LivePage {
  /** With the token, without which nothing is answered. */
  readonly url: string;
  close(): Promise<void>;
}

/**
 * Serves a live page to this machine alone: a path with a random token, asked for by GET under this machine's name; anything else is not found. The archive is only read.
 * @throws UserError where there is no archive, no such run, or the port cannot be had
 */
export async function openLivePage(path: string, { run, port = 0 }: LiveOptions = {}): Promise<LivePage> {
  const parts = new LiveParts(path, run);
  const token = randomBytes(24).toString("base64url");
  const streams = new Set<Gzip>();
  const tick = () => {
    const news = parts.news();
    if (news === undefined) return;
    for (const stream of streams) say(stream, news);
  };
  const whatIf = new LiveWhatIf();
  let looked = performance.now();
  const server = createServer((request, response) => {
    const what = asked(request, token, (server.address() as AddressInfo).port);
    if (what !== undefined) looked = performance.now();
    if (what instanceof URLSearchParams) void sendAnswer(response, whatIf.answer(parts.problem, what));
    else if (what === "page") sendPage(response, tick, parts, basename(path));
    else if (what === "events" && streams.size < STREAMS) sendEvents(response, streams, parts.all);
    else response.writeHead(what === "events" ? 503 : 404, plain).end();
  });
  tick();
  // An archive that is damaged or gone ends the ticks, not what is shown.
  const timer = setInterval(() => {
    try {
      if (streams.size > 0) {
        looked = performance.now();
        tick();
      } else if (performance.now() - looked > IDLE) void whatIf.close();
    } catch (error) {
      clearInterval(timer);
      if (!(error instanceof UserError)) throw error;
    }
  }, TICK);
  const close = async () => {
    clearInterval(timer);
    for (const stream of streams) stream.end();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    await whatIf.close();
    parts.close();
  };
  try {
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject).listen(port, "127.0.0.1", resolve);
    });
  } catch (error) {
    clearInterval(timer);
    parts.close();
    throw new UserError(
      `port ${port}: cannot be had (${(error as NodeJS.ErrnoException).code}); choose another, or none`,
    );
  }
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/${token}/`, close };
}

const plain = { "content-type": "text/plain", "cache-control": "no-store", "x-content-type-options": "nosniff" };

/** What a request asks for; undefined where it is none of those that are answered. */
function asked(
  { method, url = "", headers }: IncomingMessage,
  token: string,
  port: number,
): "page" | "events" | URLSearchParams | undefined {
  const hosts = [`127.0.0.1:${port}`, `localhost:${port}`];
  if (method !== "GET" || !hosts.includes(headers.host ?? "")) return undefined;
  const [path, query = ""] = url.split("?", 2);
  const [, given = "", rest, ...more] = path.split("/");
  const [a, b] = [Buffer.from(given), Buffer.from(token)];
  if (a.length !== b.length || !timingSafeEqual(a, b) || more.length > 0) return undefined;
  if (rest === "what-if") return new URLSearchParams(query);
  return query !== "" ? undefined : rest === "" ? "page" : rest === "events" ? "events" : undefined;
}

/** Part of the page; nothing where another question came before the answer. */
async function sendAnswer(response: ServerResponse, answer: Promise<string | undefined | null>): Promise<void> {
  const text = await answer;
  if (text === null) response.writeHead(404, plain).end();
  else if (text === undefined) response.writeHead(204, plain).end();
  else response.writeHead(200, { ...plain, "content-type": "text/html; charset=utf-8" }).end(text);
}

function sendPage(response: ServerResponse, tick: () => void, { all }: LiveParts, name: string): void {
  tick();
  const body = [
    el(
      "header",
      { class: "top" },
      el("b", {}, name),
      el("span", { id: "live-state", role: "status" }, "connecting"),
      theme,
    ),
    el(
      "main",
      {},
      [...all.values()].map((text) => new Html(text)),
    ),
  ];
  response
    .writeHead(200, {
      ...plain,
      "content-type": "text/html; charset=utf-8",
      "content-security-policy": `${policyOf([script, liveScript], CONNECT)}; frame-ancestors 'none'`,
      "referrer-policy": "no-referrer",
      "cross-origin-resource-policy": "same-origin",
    })
    .end(page(`${name}, live`, body, [liveScript], CONNECT));
}

const theme = el("label", { class: "theme" }, el("input", { type: "checkbox", id: "theme" }), "Dark or light");

function sendEvents(response: ServerResponse, streams: Set<Gzip>, parts: ReadonlyMap<string, string>): void {
  response.writeHead(200, { ...plain, "content-type": "text/event-stream", "content-encoding": "gzip" });
  const stream = createGzip();
  stream.pipe(response);
  say(stream, Object.fromEntries(parts));
  streams.add(stream);
  response.once("close", () => {
    streams.delete(stream);
    stream.destroy();
  });
}

/** A message, compressed and sent at once. */
function say(stream: Gzip, parts: Readonly<Record<string, string>>): void {
  stream.write(`data: ${JSON.stringify(parts)}\n\n`);
  stream.flush();
}
