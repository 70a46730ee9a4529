import { expect, test } from "vitest";
import { Seen, SeenSet } from "../../src/search/seen-set.ts";
import { picker } from "../arbitrary.ts";

const LENGTH = 51;

/** Genomes as a search makes them: neighbours that differ in a byte or two, in the few values that genes have. */
function similarGenomes(count: number): Uint8Array {
  const pick = picker(7);
  const genomes = new Uint8Array(count * LENGTH);
  for (let i = 1; i < count; i++) {
    const parent = pick(i) * LENGTH;
    genomes.copyWithin(i * LENGTH, parent, parent + LENGTH);
    for (let change = 0; change < 2; change++) genomes[i * LENGTH + pick(LENGTH)] = pick(6);
  }
  return genomes;
}

test.each([16, 1 << 16])("knows what a Map knows of 200,000 genomes, growing from a capacity of %i", (capacity) => {
  const count = 200_000;
  const genomes = similarGenomes(count);
  const seen = new SeenSet(capacity);
  const map = new Map<string, { score: number; flags: number }>();
  let wrong = 0;
  for (let i = 0; i < count; i++) {
    const at = i * LENGTH;
    const key = Buffer.from(genomes.buffer, at, LENGTH).toString("latin1");
    const known = map.get(key);
    const slot = seen.find(genomes, at, LENGTH);
    if (slot >= 0 !== (known !== undefined)) wrong++;
    if (slot < 0) {
      const flags = i % 3 === 0 ? Seen.archived : Seen.inRun;
      seen.add(slot, flags, i);
      map.set(key, { score: i, flags });
    } else if (known !== undefined) {
      if (seen.score(slot) !== known.score || seen.flags(slot) !== known.flags) wrong++;
      seen.mark(slot, Seen.inRun);
      known.flags |= Seen.inRun;
    }
  }
  expect(wrong).toBe(0);
  expect(seen.size).toBe(map.size);
  for (const [key, { score, flags }] of map) {
    const slot = seen.find(Buffer.from(key, "latin1"), 0, LENGTH);
    if (slot < 0 || seen.score(slot) !== score || seen.flags(slot) !== flags) wrong++;
  }
  expect(wrong).toBe(0);
});

test("every length of genome and every single byte counts", () => {
  for (const length of [1, 2, 3, 4, 5, 7, 8, 13]) {
    const seen = new SeenSet();
    const genome = new Uint8Array(length);
    seen.add(seen.find(genome, 0, length), Seen.inRun, 0);
    for (let i = 0; i < length; i++) {
      for (let value = 1; value < 256; value++) {
        genome[i] = value;
        const slot = seen.find(genome, 0, length);
        expect(slot).toBeLessThan(0);
        seen.add(slot, Seen.inRun, 0);
      }
      genome[i] = 0;
    }
    expect(seen.size).toBe(1 + 255 * length);
  }
});

test("a genome is found again by its hash alone", () => {
  const seen = new SeenSet();
  const genome = Uint8Array.from({ length: LENGTH }, (_, i) => i);
  const free = seen.find(genome, 0, LENGTH);
  const { low, high } = seen;
  seen.add(free, Seen.archived | Seen.failed, 0);
  expect(seen.findHash(low, high)).toBe(seen.find(genome, 0, LENGTH));
  expect(seen.flags(seen.findHash(low, high))).toBe(Seen.archived | Seen.failed);
});
