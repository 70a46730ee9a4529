import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { packageRoot } from "../../src/base/package-root.ts";
import { startQes } from "../cli/qes.ts";
import { digestOf, machines } from "./machines.ts";
import { freePort, hasRedis, type RedisServer, startRedis } from "./redis.ts";

const hasOpenssl = (() => {
  try {
    return execFileSync("openssl", ["version"]).length > 0;
  } catch {
    return false;
  }
})();

/** The line of docs/many-machines.md that gives a user the rights that are needed. */
const rights = /^user qes on (\S+) (.*)$/m.exec(readFileSync(join(packageRoot, "docs/many-machines.md"), "utf8"))!;

describe.skipIf(!hasRedis || !hasOpenssl)("a broker with TLS and a user of least rights", () => {
  let server: RedisServer;
  let port: number;
  const { folder, truth, worker, search } = machines(() => "broker.url");
  beforeAll(async () => {
    const [key, certificate] = ["key.pem", "certificate.pem"].map((name) => join(folder, name));
    const subject = ["-subj", "/CN=broker", "-addext", "subjectAltName=IP:127.0.0.1"];
    execFileSync(
      "openssl",
      ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", ...subject, "-keyout", key, "-out", certificate],
      {
        stdio: "ignore",
      },
    );
    writeFileSync(join(folder, "users.acl"), `user default off\nuser qes on >secret ${rights[2]}\n`);
    port = await freePort();
    const tls = [
      "--tls-port",
      String(port),
      "--tls-cert-file",
      certificate,
      "--tls-key-file",
      key,
      "--tls-auth-clients",
      "no",
    ];
    server = await startRedis(...tls, "--aclfile", join(folder, "users.acl"));
    writeFileSync(join(folder, "broker.url"), `rediss://qes:secret@127.0.0.1:${port}\n`, { mode: 0o600 });
  });
  afterAll(() => server.stop());

  test("serves a search; a certificate of an unknown authority is refused", async () => {
    const refused = await startQes(folder, "worker", "--broker", "broker.url").outcome;
    expect(refused.code).toBe(2);
    expect(refused.stderr).toMatch(
      /its certificate was refused .*; name the file of its authority in NODE_EXTRA_CA_CERTS/,
    );
    process.env["NODE_EXTRA_CA_CERTS"] = join(folder, "certificate.pem");
    try {
      const [digest, started] = await Promise.all([truth(), worker()]);
      expect(await digestOf(search())).toBe(digest);
      started.process.kill("SIGTERM");
      const { code, stderr } = await started.outcome;
      expect(code).toBe(0);
      expect(stderr).not.toContain("NOPERM");
    } finally {
      delete process.env["NODE_EXTRA_CA_CERTS"];
    }
  });
});
