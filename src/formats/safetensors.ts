import { UserError } from "../base/user-error.ts";
import type { NetworkWeights, WeightTensor } from "./weights.ts";

/*
 * .safetensors (github.com/huggingface/safetensors): the header's length as a little-endian uint64, the header, a JSON object of tensors by name, the numbers. Nothing in
 * it is run. Read from strangers: every length is checked before it is used.
 */

const MOST_HEADER = 16e6;
const MOST_TENSORS = 20_000;
const MOST_DIMENSIONS = 8;
/** Bytes of a number. */
const SIZES: Readonly<Record<string, number>> = { F32: 4, F64: 8 };

/** Learned numbers, and what was noted beside them. */
export interface TensorFile {
  readonly tensors: NetworkWeights;
  /** As `__metadata__` has it. */
  readonly metadata: ReadonlyMap<string, string>;
}

/**
 * Reads a file of F32 or F64 tensors; the latter are rounded.
 * @param where names it in messages
 * @throws UserError where it is no such file, or cut off
 */
export function parseSafetensors(bytes: Uint8Array, where: string): TensorFile {
  const refuse = (what: string) =>
    new UserError(`${where}: expected a .safetensors file, got ${what}; give the file that train.py wrote`);
  if (bytes.length < 8) throw refuse(`${bytes.length} bytes`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = view.getBigUint64(0, true);
  if (length > MOST_HEADER || length > bytes.length - 8) throw refuse(`a header of ${length} bytes`);
  const begin = 8 + Number(length);
  const header = parseHeader(bytes.subarray(8, begin));
  if (header === undefined) throw refuse("a header that is no JSON object");
  const entries = Object.entries(header).filter(([name]) => name !== "__metadata__");
  if (entries.length > MOST_TENSORS) throw refuse(`${entries.length} tensors`);
  const data = new DataView(bytes.buffer, bytes.byteOffset + begin, bytes.length - begin);
  const places = entries.map(([name, value]) => {
    const place = placeOf(value, data.byteLength);
    if (typeof place === "string") throw refuse(`${JSON.stringify(name)} with ${place}`);
    return { name, ...place };
  });
  const inOrder = places.toSorted((x, y) => x.start - y.start || x.end - y.end);
  const gap = inOrder.find(({ start }, i) => start !== (i === 0 ? 0 : inOrder[i - 1].end));
  if (gap !== undefined) throw refuse(`numbers of ${JSON.stringify(gap.name)} that do not follow those before them`);
  if ((inOrder.at(-1)?.end ?? 0) !== data.byteLength) throw refuse("numbers that belong to no tensor");
  return {
    tensors: new Map(places.map((place) => [place.name, tensorOf(data, place)])),
    metadata: new Map(Object.entries(metadataOf(header["__metadata__"]))),
  };
}

function parseHeader(bytes: Uint8Array): Readonly<Record<string, unknown>> | undefined {
  try {
    const header: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
    return isObject(header) ? header : undefined;
  } catch {
    return undefined;
  }
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function metadataOf(value: unknown): Record<string, string> {
  if (!isObject(value)) return {};
  return Object.fromEntries(
    Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === "string"),
  );
}

interface Place {
  readonly shape: readonly number[];
  readonly size: number;
  readonly start: number;
  readonly end: number;
}

/** Where a tensor's numbers are, or what is wrong with its entry. */
function placeOf(value: unknown, most: number): Place | string {
  if (!isObject(value)) return "no entry";
  const { dtype, shape, data_offsets: offsets } = value;
  const size = typeof dtype === "string" && Object.hasOwn(SIZES, dtype) ? SIZES[dtype] : undefined;
  if (size === undefined) return `dtype ${JSON.stringify(dtype)} (F32 and F64 are read)`;
  if (!isWholes(shape) || shape.length > MOST_DIMENSIONS) return "a shape that is none";
  if (!isWholes(offsets) || offsets.length !== 2) return "offsets that are none";
  const [start, end] = offsets;
  const bytes = shape.reduce((product, n) => product * n, size);
  if (end > most || start > end || end - start !== bytes) {
    return `${end - start} bytes for shape [${shape.join(", ")}], to byte ${end} of ${most}`;
  }
  return { shape, size, start, end };
}

const isWholes = (value: unknown): value is number[] =>
  Array.isArray(value) && value.every((n) => Number.isSafeInteger(n) && n >= 0);

function tensorOf(data: DataView, { shape, size, start, end }: Place): WeightTensor {
  const values = new Float32Array((end - start) / size);
  for (let i = 0; i < values.length; i++) {
    const at = start + i * size;
    values[i] = size === 4 ? data.getFloat32(at, true) : data.getFloat64(at, true);
  }
  return { shape, values };
}
