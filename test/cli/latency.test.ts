import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { randomTable } from "../operators/random-operators.ts";
import { temporaryFolder } from "../temporary.ts";
import { qes, qesJson } from "./qes.ts";

const folder = temporaryFolder();
const PRESET = "imagenet-mixed-7.0g";
const SEARCH = [PRESET, "--evaluations", "20000", "--no-bound", "--quiet"];
const with_ = (...keys: string[]) => keys.flatMap((key) => ["--set", key]);

/** As a plain file. */
function csvOf(seed: number, kept: (row: readonly unknown[]) => boolean = () => true, unit = "ms"): string {
  const rows = randomTable(seed).rows.filter(kept);
  return [`kind,batch,in,side,out,kernel,stride,fused,${unit}`, ...rows.map((row) => row.join())].join("\n");
}

describe("a search with a table of measured operators", () => {
  beforeAll(() => {
    writeFileSync(join(folder, "table.csv"), csvOf(2));
    writeFileSync(join(folder, "other.csv"), csvOf(4));
    writeFileSync(
      join(folder, "joules.csv"),
      csvOf(4, () => true, "mJ"),
    );
    writeFileSync(join(folder, "mine.yaml"), "latency: ./table.csv\nenergy: { file: joules.csv, batch: 1 }\n");
  });

  test("without a budget of it finds what it finds without it, and says what it takes", async () => {
    const plain = await qesJson(folder, "search", ...SEARCH, "--archive", "plain.sqlite");
    const timed = await qesJson(
      folder,
      "search",
      ...SEARCH,
      ...with_("latency=table.csv"),
      "--archive",
      "timed.sqlite",
    );
    expect(timed.digest).toBe(plain.digest);
    expect(plain.best.costs.latency).toBeUndefined();
    expect(timed.best.costs.latency).toBeGreaterThan(0);
  });

  test("keeps within a budget, says conv by conv what it takes, goes on without the file, and is verified", async () => {
    const [{ costs }] = await qesJson(folder, "best", "timed.sqlite", "--top", "1");
    const limit = 0.8 * costs.latency;
    const keys = with_("latency=table.csv", "energy=joules.csv", `budgets.latency=${limit}`, "search.fitStart=true");
    const found = await qesJson(folder, "search", ...SEARCH, ...keys, "--archive", "limited.sqlite");
    expect(found.best.costs.latency).toBeLessThanOrEqual(limit);
    const { stdout } = await qes(folder, "best", "limited.sqlite");
    expect(stdout).toMatch(/latency +energy +layers/);
    expect(stdout).toContain(" mJ");
    const [{ total, steps }] = await qesJson(folder, "latency", "table.csv", "limited.sqlite");
    expect(total).toBe(found.best.costs.latency);
    expect(steps.reduce((sum: number, { value }: { value: number }) => sum + value, 0)).toBe(total);
    const resumed = await qesJson(
      folder,
      "resume",
      "limited.sqlite",
      "--evaluations",
      "25000",
      "--quiet",
      "--no-bound",
    );
    expect(resumed.best.costs.latency).toBeLessThanOrEqual(limit);
    expect(await qesJson(folder, "verify", "limited.sqlite", "--all")).toMatchObject({ findings: [] });
    const { stdout: csv } = await qes(folder, "latency", "table.csv", "limited.sqlite", "--csv");
    expect(csv.split("\n")[0]).toBe("network,block,inner,depthwise,inChannels,side,outChannels,kernel,stride,fused,ms");
    const { stdout: text } = await qes(folder, "latency", "table.csv", "limited.sqlite");
    expect(text).toContain("with the sum of a shortcut");
  });

  test("is bounded by a certificate that holds for that table alone", async () => {
    const keys = with_("latency=table.csv", "budgets.latency=60", "budgets.layers=20");
    const bound = ["bound", PRESET, ...keys, "--gap", "0.001", "--certificate", "proof.json", "--quiet"];
    expect((await qes(folder, ...bound)).code).toBe(0);
    const same = await qes(folder, "verify-bound", "proof.json", "--config", PRESET, ...keys);
    expect(same.code, same.stderr + same.stdout).toBe(0);
    expect(same.stdout).toContain("latency 60");
    const other = keys.map((key) => key.replace("table.csv", "other.csv"));
    const differs = await qes(folder, "verify-bound", "proof.json", "--config", PRESET, ...other);
    expect(differs.code).not.toBe(0);
    expect(differs.stdout + differs.stderr).toContain("budgets");
  });
});

describe("bad tables", () => {
  const refused = async (...args: string[]) => {
    const { code, stderr } = await qes(folder, ...args);
    expect(code).toBe(2);
    return stderr;
  };

  test("a budget without a table", async () => {
    expect(await refused("search", ...SEARCH, ...with_("budgets.latency=5"))).toContain(
      "budgets.latency: expected a table or a model of operators that it limits, got none; give latency: FILE",
    );
  });

  test("operators of the space that were not measured are named", async () => {
    writeFileSync(
      join(folder, "few.csv"),
      csvOf(1, ([kind, , , , , kernel, stride]) => kind === "regular" || kernel !== 5 || stride !== 2),
    );
    expect(await refused("search", ...SEARCH, ...with_("latency=few.csv"))).toContain(
      "latency: few.csv: expected every operator of the space to be measured, got nothing of depthwise 5x5, stride 2; add rows of it, or change space.kernels",
    );
  });

  test("a table in the other unit, whose header decides", async () => {
    const network = {
      resolution: 32,
      structure: [{ class: "ConvKXBNRELU", in: 3, out: 8, k: 3, s: 2 }],
    };
    writeFileSync(join(folder, "net.json"), JSON.stringify(network));
    const rows = "regular,1,3,32,8,3,2,0,2.5";
    const header = "kind,batch,in,side,out,kernel,stride,fused";
    writeFileSync(join(folder, "mj.csv"), `${header},mJ\n${rows}`);
    writeFileSync(join(folder, "ms.csv"), `${header},ms\n${rows}`);
    writeFileSync(join(folder, "any.csv"), `${header},value\n${rows}`);
    const said = async (...args: string[]) => (await qes(folder, "latency", ...args)).stdout.split("\n")[0];
    expect(await said("mj.csv", "net.json")).toBe("net.json at 32 x 32: 2.5 mJ an image by mj.csv");
    expect(await said("mj.csv", "net.json", "--energy")).toContain("2.5 mJ an image");
    expect(await said("ms.csv", "net.json")).toContain("2.5 ms an image");
    expect(await said("any.csv", "net.json")).toContain("2.5 ms an image");
    expect(await said("any.csv", "net.json", "--energy")).toContain("2.5 mJ an image");
    expect(await refused("latency", "ms.csv", "net.json", "--energy")).toBe(
      "qes: --energy: ms.csv: expected values in mJ, got a table in ms; leave it out, or correct the table's header\n",
    );
    expect(await refused("search", ...SEARCH, ...with_("latency=mj.csv"))).toContain(
      `${PRESET}: latency: mj.csv: expected values in ms, got a table in mJ; give it as energy, or correct its header`,
    );
    expect(await refused("search", ...SEARCH, ...with_("energy=ms.csv"))).toContain(
      `${PRESET}: energy: ms.csv: expected values in mJ, got a table in ms; give it as latency, or correct its header`,
    );
  });

  test("a name that no shipped model has is told with the names", async () => {
    const names =
      'unknown operators "nope"; operators: qes-c-cortex-m4; or the path of a table or a model, with its ending\n';
    expect(await refused("latency", "nope", "plain.sqlite")).toBe(`qes: latency: ${names}`);
    expect(await refused("search", ...SEARCH, ...with_("latency=nope"))).toBe(`qes: ${PRESET}: latency: ${names}`);
  });

  test("a row that is none, a file that is none", async () => {
    writeFileSync(join(folder, "bad.csv"), `${csvOf(1)}\nregular,1,16,8,16,3,1,0,NaN\n`);
    expect(await refused("search", ...SEARCH, ...with_("latency=bad.csv"))).toMatch(
      /bad\.csv: line \d+: value: expected/,
    );
    expect(await refused("search", ...SEARCH, ...with_("latency=none.csv"))).toContain("none.csv");
    expect(await refused("latency", "bad.csv", "timed.sqlite")).toMatch(/line \d+/);
    expect(await refused("latency", "few.csv", "timed.sqlite")).toContain("expected such an operator in few.csv");
  });
});
