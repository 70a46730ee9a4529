import {
  appendFileSync,
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  readFileSync,
  truncateSync,
  writeFileSync,
} from "node:fs";

/** One training that ended. Costs are those of `qes score`, with the classifier. */
export interface Row {
  readonly network: string;
  readonly seed: number;
  /** Of the 10,000 test images, a share. */
  readonly accuracy: number;
  /** Of the training images in the last epoch, while it was trained. */
  readonly trainAccuracy: number;
  readonly analytic: number;
  readonly expected: number;
  readonly measured: number;
  readonly bitops: number;
  readonly macs: number;
  readonly weights: number;
  readonly flash: number;
  readonly sramLive: number;
  readonly convs: number;
  readonly epochs: number;
  readonly batch: number;
  readonly cpuSeconds: number;
  /** Of the exported network; its beginning. */
  readonly digest: string;
  readonly torch: string;
  readonly ended: string;
}

const texts = ["network", "digest", "torch", "ended"];
const columns = [
  ...["network", "seed", "accuracy", "trainAccuracy", "analytic", "expected", "measured", "bitops", "macs", "weights"],
  ...["flash", "sramLive", "convs", "epochs", "batch", "cpuSeconds", "digest", "torch", "ended"],
] as (keyof Row)[];

/** The rows of a file, without a last line that was cut off; none where there is no file. */
export function readRows(path: string): Row[] {
  if (!existsSync(path)) return [];
  const [header, ...lines] = wholeLines(readFileSync(path, "utf8")).split("\n").slice(0, -1);
  if (header !== undefined && header !== columns.join(",")) {
    throw new Error(`${path}: expected the columns ${columns.join(",")}, got ${header}`);
  }
  return lines.map((line) => {
    const cells = line.split(",");
    const values = columns.map((column, i) => [column, texts.includes(column) ? cells[i] : Number(cells[i])]);
    return Object.fromEntries(values) as unknown as Row;
  });
}

/** Adds a row in a single write: there is all of it or, behind a kill, none. */
export function appendRow(path: string, row: Row): void {
  if (!existsSync(path)) writeFileSync(path, `${columns.join(",")}\n`);
  const text = readFileSync(path, "utf8");
  if (!text.endsWith("\n")) truncateSync(path, Buffer.byteLength(wholeLines(text)));
  const file = openSync(path, "a");
  try {
    appendFileSync(file, `${columns.map((column) => row[column]).join(",")}\n`);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

const wholeLines = (text: string) => text.slice(0, text.lastIndexOf("\n") + 1);
