import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { builtFile } from "../../src/base/package-root.ts";
import { temporaryFolder } from "../temporary.ts";

const folder = temporaryFolder();
/** QES_SLOW_TESTS=1 tries every one of them. */
const slow = process.env["QES_SLOW_TESTS"] === "1";
const preset = "imagenet-mixed-7.0g";

interface ShellOutcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A line of the shell in which "$NODE" "$QES" is the program. */
async function shell(line: string): Promise<ShellOutcome> {
  const env = { ...process.env, NODE: process.execPath, QES: builtFile("src/cli/main.js") };
  try {
    const { stdout, stderr } = await promisify(execFile)("sh", ["-c", line], { cwd: folder, env });
    return { code: 0, stdout, stderr };
  } catch (error) {
    return error as ShellOutcome;
  }
}

test.runIf(process.platform === "linux" && process.versions.node.startsWith("20."))(
  "where addresses are limited the limit is named, and its remedy works",
  async () => {
    const line = `ulimit -v 8000000 && "$NODE" "$QES" search ${preset} --evaluations 600 --threads 0 --quiet --archive`;
    const { code, stderr } = await shell(`${line} limited.sqlite`);
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: expect.stringMatching(
        /^qes: a process may have 7\.6 GB of addresses here \(ulimit -v\), .* take 1\d\.\d GB/,
      ),
    });
    const remedy = /NODE_OPTIONS=\S+/.exec(stderr)![0];
    const mended = await shell(`export ${remedy}; ${line} mended.sqlite`);
    expect({ code: mended.code, stdout: mended.stdout }).toEqual({
      code: 0,
      stdout: expect.stringMatching(/^digest/m),
    });
  },
);

test.runIf(process.platform === "linux")(
  "however few addresses there are, a search ends with a result or with a message",
  async () => {
    const search = `"$NODE" "$QES" search ${preset} --evaluations 600 --quiet --archive`;
    const cases = ["", "--disable-wasm-trap-handler"].flatMap((option) =>
      [2, 6, 12, 14, 28].flatMap((gb) =>
        ["--threads 0", "--threads 2", ""].map((threads) => ({ option, gb, threads })),
      ),
    );
    // Every third has each option, limit and number of threads in it.
    for (const { option, gb, threads } of cases.filter((_, i) => slow || i % 3 === Math.floor(i / 3) % 3)) {
      const name = `${gb}${option}${threads.replace(" ", "")}.sqlite`;
      const limits = `ulimit -v ${gb * 2 ** 20}; export NODE_OPTIONS=${option}`;
      const { code, stdout, stderr } = await shell(`${limits}; ${search} ${name} ${threads}`);
      const said = { name, code, stdout: stdout.slice(-300), stderr: stderr.slice(0, 300) };
      if (code === 0) expect(said.stdout).toMatch(/^digest [0-9a-f]{64}$/m);
      else
        expect(said).toMatchObject({
          code: 2,
          stderr: expect.stringMatching(/^qes: a process may have \d+\.\d GB of addresses/),
        });
    }
  },
);
