import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { packageRoot } from "../../src/base/package-root.ts";
import { type Config, parseConfig } from "../../src/config/config.ts";
import { presetValue } from "../../src/config/presets.ts";
import { InlinePool } from "../../src/pool/inline.ts";
import { MeasuredPool, type MeasuredPoolOptions, type Places, placeFor, sendSeconds } from "../../src/pool/measured.ts";
import { openThreads } from "../../src/pool/threads.ts";
import { openProblem } from "../../src/problem/problem.ts";
import { createScorer, type Scorer } from "../../src/problem/scorer.ts";
import { encode } from "../../src/space/genome.ts";
import { temporaryFolder } from "../temporary.ts";
import { poolContract } from "./contract.ts";
import { standIn } from "./stand-in.ts";

const inline = { begin: "inline", cpus: 2 } as const;
const threads = { begin: "threads", cpus: 2 } as const;
/** A clock that is a second on at every look. */
const slowClock = () => {
  let seconds = 0;
  return () => seconds++;
};

type Options = Omit<MeasuredPoolOptions, "genomeLength">;

function open(config: Config, genomeLength: number, options: Options): MeasuredPool {
  const places: Places = {
    inline: () => new InlinePool(createScorer(openProblem(config))),
    threads: () => openThreads(openProblem(config), 2, { most: 64 }),
  };
  return new MeasuredPool(places, { genomeLength, ...options });
}

poolContract("MeasuredPool begun inline", (config, length) => open(config, length, inline));
poolContract("MeasuredPool begun in threads", (config, length) => open(config, length, threads));
poolContract("MeasuredPool that moves to threads", (config, length) =>
  open(config, length, { ...inline, clock: slowClock(), sendSeconds: () => 0 }),
);
poolContract("MeasuredPool that moves inline", (config, length) => open(config, length, { ...threads, cpus: 1 }));

describe("the place", () => {
  test("is threads exactly where scoring a genome takes longer than sending one", () => {
    expect(placeFor({ score: 2e-6, send: 3e-6 }, 2)).toBe("inline");
    expect(placeFor({ score: 4e-6, send: 3e-6 }, 2)).toBe("threads");
    expect(placeFor({ score: 4, send: 5 }, 64)).toBe("inline");
  });

  test("is this thread on a single CPU, unless a network would hold up signals", () => {
    expect(placeFor({ score: 0.1, send: 1e-5 }, 1)).toBe("inline");
    expect(placeFor({ score: 0.3, send: 1e-5 }, 1)).toBe("threads");
  });
});

test("sending is measured with the genomes that there are", () => {
  for (const count of [1, 7, 5000]) {
    const seconds = sendSeconds(new Uint8Array(40 * count), 40);
    expect(seconds).toBeGreaterThan(0);
    expect(seconds * Math.min(count, 32)).toBeLessThan(1);
  }
});

const config = parseConfig(presetValue("imagenet-mixed-7.0g"), "preset");
const space = openProblem(config).space;
const length = space.genomeLength;
const start = encode(space, config.space.start, 224, "start");
/** Closed with its test. */
function closing(pool: MeasuredPool): MeasuredPool {
  onTestFinished(() => pool.close());
  return pool;
}
/** Places that count the pools of threads that were opened. */
function countingPlaces() {
  let count = 0;
  const places: Places = {
    inline: () => new InlinePool(createScorer(openProblem(config))),
    threads: () => {
      count++;
      return openThreads(openProblem(config), 1, { most: 64 });
    },
  };
  return { places, opened: () => count };
}
const many = Buffer.concat(Array.from({ length: 64 }, () => start));

describe("a pool that measures", () => {
  test("stays inline where scoring is the cheaper, and looks at the clock no more", async () => {
    let looks = 0;
    const clock = () => ++looks / 1000;
    const pool = closing(open(config, length, { ...inline, clock, sendSeconds: () => 1 }));
    for (let call = 0; call < 4; call++) await pool.score(many);
    expect(pool.threads).toBe(0);
    expect(looks).toBe(4);
  });

  test("moves to threads where scoring stays the dearer, with the same scores before and after", async () => {
    const pool = closing(open(config, length, { ...inline, clock: slowClock(), sendSeconds: () => 0 }));
    const before = await pool.score(many);
    expect(pool.threads).toBe(2);
    expect(await pool.score(many)).toEqual(before);
  });

  test("does not take a first call that is slow, nor one that had to wait for a CPU, for the rest", async () => {
    const seconds = [0.15, 0.0064, 30, 0.0064, 0.00064];
    let now = 0;
    let looks = 0;
    const clock = () => {
      if (looks++ % 2 === 1) now += seconds.shift()!;
      return now;
    };
    const pool = closing(open(config, length, { ...inline, clock, sendSeconds: () => 5e-5 }));
    await pool.score(start);
    for (let call = 0; call < 5; call++) await pool.score(many);
    expect(seconds).toEqual([]);
    expect(pool.threads).toBe(0);
  });

  test("moves inline on a single CPU, with the same scores before and after", async () => {
    const pool = closing(open(config, length, { ...threads, cpus: 1 }));
    const before = await pool.score(many);
    await pool.score(many);
    expect(pool.threads).toBe(2);
    expect(await pool.score(many)).toEqual(before);
    expect(pool.threads).toBe(0);
    expect(await pool.score(many)).toEqual(before);
  });

  test("opens nothing more once it is closed", async () => {
    const { places, opened } = countingPlaces();
    const options = { ...inline, genomeLength: length, clock: slowClock(), sendSeconds: () => 0 };
    const pool = new MeasuredPool(places, options);
    const scoring = pool.score(start);
    await pool.close();
    await scoring;
    expect(opened()).toBe(0);
  });

  test("begins no thread where it begins inline", async () => {
    const { places, opened } = countingPlaces();
    const pool = closing(new MeasuredPool(places, { ...inline, genomeLength: length }));
    for (let call = 0; call < 3; call++) await pool.score(many);
    expect(opened()).toBe(0);
  });
});

describe("begun in threads that take the milliseconds a genome says", () => {
  const worker = join(packageRoot, "test/fixtures/workers/counting.cjs");
  const nothing: Scorer = {
    genomeLength: 2,
    score: (genomes) => ({ scores: new Float64Array(genomes.length / 2), failures: [] }),
  };
  const openCounting = () => {
    const places: Places = {
      inline: () => new InlinePool(nothing),
      threads: () => openThreads(standIn({}), 2, { worker }),
    };
    return new MeasuredPool(places, { ...threads, genomeLength: 2 });
  };

  test("it stays in threads where they take longer than a message", async () => {
    const pool = closing(openCounting());
    for (let call = 0; call < 4; call++) await pool.score(new Uint8Array(2 * 32).fill(20));
    expect(pool.threads).toBe(2);
  });

  test("it moves inline where they take no time", async () => {
    const pool = closing(openCounting());
    for (let call = 0; call < 3; call++) await pool.score(new Uint8Array(2 * 32));
    expect(pool.threads).toBe(0);
  });
});

test("what went wrong in threads is still told after they were left", async () => {
  const worker = join(packageRoot, "test/fixtures/workers/faulty.cjs");
  const faulty = standIn({ marker: join(temporaryFolder(), "died") });
  const nothing: Scorer = {
    genomeLength: 2,
    score: (genomes) => ({ scores: new Float64Array(genomes.length / 2), failures: [] }),
  };
  const places: Places = {
    inline: () => new InlinePool(nothing),
    threads: () => openThreads(faulty, 1, { worker }),
  };
  const pool = closing(new MeasuredPool(places, { begin: "threads", cpus: 1, genomeLength: 2 }));
  for (let call = 0; call < 3; call++) await pool.score(new Uint8Array([5, 1, 0, 2]));
  expect(pool.threads).toBe(0);
  expect([...pool.faults]).toEqual([["its thread ended with code 1", 1]]);
});
