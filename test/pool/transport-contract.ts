import { existsSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { unpack } from "msgpackr/pack";
import { afterEach, describe, expect, test } from "vitest";
import { packageRoot } from "../../src/base/package-root.ts";
import { packRequest, packSetup, readReply } from "../../src/pool/message.ts";
import { type Transport, TransportDown } from "../../src/pool/transport.ts";
import { temporaryFolder } from "../temporary.ts";
import { standIn } from "./stand-in.ts";

/** Answers with the second byte of a genome; the first one says what goes wrong. */
const worker = join(packageRoot, "test/fixtures/workers/faulty.cjs");
const Fault = { none: 0, throw: 1, exit: 2, hang: 4 } as const;
const CONTEXT = "any";
const request = (...bytes: number[]) => packRequest(CONTEXT, Uint8Array.from(bytes));
const never = new AbortController().signal;

/** The contract of `Transport`, for every implementation. */
export function transportContract(name: string, open: (setup: Uint8Array, worker: string) => Promise<Transport>): void {
  describe(name, () => {
    const folder = temporaryFolder();
    let transport: Transport;
    afterEach(() => transport.close());
    const start = async (config: object = {}) => {
      transport = await open(packSetup(standIn({ marker: join(folder, "died"), ...config })), worker);
    };
    const score = async (...bytes: number[]) => {
      const reply = await transport.run(request(...bytes), never);
      return [...readReply(reply, CONTEXT, bytes.length / 2).scores];
    };

    test("every request gets its own reply, more at once than there are slots", async () => {
      await start();
      const all = Array.from({ length: 5 * transport.slots }, (_, i) => i);
      expect(await Promise.all(all.map((i) => score(Fault.none, i, Fault.none, 7)))).toEqual(all.map((i) => [i, 7]));
    });

    test("a request is left as it was", async () => {
      await start();
      const message = request(Fault.none, 3);
      const copy = message.slice();
      await transport.run(message, never);
      expect(message).toEqual(copy);
      expect(unpack(message)).toMatchObject({ context: CONTEXT });
    });

    test("what throws rejects with its reason, and what dies with how it died; both slots go on", async () => {
      await start();
      await expect(score(Fault.throw, 0)).rejects.toThrow("no such layer");
      await expect(score(Fault.exit, 0)).rejects.toThrow("its thread ended with code 7");
      const all = Array.from({ length: 2 * transport.slots }, (_, i) => i);
      expect(await Promise.all(all.map((i) => score(Fault.none, i)))).toEqual(all.map((i) => [i]));
    });

    test("an abort ends what scores and rejects with its reason, and the slot goes on", async () => {
      await start();
      for (let slot = 0; slot < transport.slots; slot++) {
        const abort = new AbortController();
        const running = transport.run(request(Fault.hang, 0), abort.signal);
        setTimeout(() => abort.abort(new Error("enough")), 100);
        await expect(running).rejects.toThrow("enough");
      }
      expect(await score(Fault.none, 5)).toEqual([5]);
    });

    test("a signal that was aborted before rejects", async () => {
      await start();
      await expect(transport.run(request(Fault.none, 1), AbortSignal.abort(new Error("early")))).rejects.toThrow(
        "early",
      );
    });

    test("where nothing can start it is down, and scores again after a restart", async () => {
      const unstartable = join(folder, "unstartable");
      writeFileSync(unstartable, "");
      await start({ unstartable });
      await expect(score(Fault.none, 1)).rejects.toThrow(TransportDown);
      await expect(score(Fault.none, 1)).rejects.toThrow(TransportDown);
      rmSync(unstartable);
      expect(existsSync(unstartable)).toBe(false);
      transport.restart();
      expect(await score(Fault.none, 2)).toEqual([2]);
    });

    test("a restart does nothing to one that lives", async () => {
      await start();
      const running = score(Fault.none, 4);
      transport.restart();
      expect(await running).toEqual([4]);
      expect(await score(Fault.none, 6)).toEqual([6]);
    });

    test("closing rejects what is in hand, and may be done twice", async () => {
      await start();
      const running = score(Fault.hang, 0);
      running.catch(() => {});
      await new Promise((resolve) => setTimeout(resolve, 100));
      await transport.close();
      await transport.close();
      await expect(running).rejects.toThrow();
    });
  });
}
