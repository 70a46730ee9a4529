import { UserError } from "../base/user-error.ts";

/** Whole numbers are doubles here: exact up to 2^53, the nearest one beyond. */
type Scalar = "int" | "float" | "double" | "bytes" | "string";

/** One field of a message; of a message its schema, late, since messages hold each other. */
export interface Field {
  readonly tag: number;
  readonly type: Scalar | (() => Schema);
  readonly repeated?: boolean;
}

export type Schema = Readonly<Record<string, Field>>;

type Message = Record<string, unknown>;

/** What a message may cost to read: far above any network for a small machine, far below this machine's memory. */
const limits = {
  /** Messages in messages. */
  depth: 32,
  /** Messages in all, and texts and bytes, each an object in memory. */
  objects: 2e6,
  /** Numbers in all that stand in lists. */
  numbers: 32e6,
} as const;

/** Bytes of the longest varint. */
const LONGEST_VARINT = 10;

/** A message as bytes: fields in the order of the schema, numbers of a list packed; what is undefined is left out. */
export function encode(schema: Schema, message: object): Uint8Array {
  const parts: Uint8Array[] = [];
  for (const [name, { tag, type, repeated }] of Object.entries(schema)) {
    const value = (message as Message)[name];
    if (value === undefined) continue;
    const values = repeated === true ? (value as readonly unknown[]) : [value];
    if (repeated === true && (type === "int" || type === "float" || type === "double")) {
      if (values.length > 0) parts.push(delimited(tag, Buffer.concat(values.map((x) => scalar(type, x as number)))));
      continue;
    }
    for (const x of values) {
      if (typeof type === "function") parts.push(delimited(tag, encode(type(), x as object)));
      else if (type === "string") parts.push(delimited(tag, Buffer.from(x as string)));
      else if (type === "bytes") parts.push(delimited(tag, x as Uint8Array));
      else parts.push(varint(tag * 8 + wireTypes[type]), scalar(type, x as number));
    }
  }
  return Buffer.concat(parts);
}

const wireTypes = { int: 0, float: 5, double: 1 } as const;

function scalar(type: "int" | "float" | "double", x: number): Uint8Array {
  if (type === "int") return varint(x);
  const bytes = Buffer.alloc(type === "float" ? 4 : 8);
  if (type === "float") bytes.writeFloatLE(x);
  else bytes.writeDoubleLE(x);
  return bytes;
}

function delimited(tag: number, bytes: Uint8Array): Uint8Array {
  return Buffer.concat([varint(tag * 8 + 2), varint(bytes.length), bytes]);
}

function varint(x: number): Uint8Array {
  const bytes: number[] = [];
  if (x < 0) {
    let rest = BigInt.asUintN(64, BigInt(x));
    for (; rest >= 128n; rest >>= 7n) bytes.push(Number(rest & 127n) + 128);
    return Uint8Array.from([...bytes, Number(rest)]);
  }
  for (; x >= 128; x = Math.floor(x / 128)) bytes.push((x % 128) + 128);
  return Uint8Array.from([...bytes, x]);
}

/**
 * Reads a message of a stranger: lists that are not there are empty, other fields undefined, fields that the schema has not are passed over.
 * Bytes are views, not copies.
 * @throws UserError where the bytes are no such message, or cost too much
 */
export function decode(schema: Schema, bytes: Uint8Array): object {
  return new Reader(bytes).message(schema, bytes.length, 0);
}

class Reader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;
  #objects = 0;
  #numbers = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  message(schema: Schema, end: number, depth: number): Message {
    if (depth > limits.depth) this.#fail(`expected at most ${limits.depth} messages in each other, got more`);
    this.#count();
    const message: Message = {};
    const byTag = tagsOf(schema);
    for (const [name, { repeated }] of Object.entries(schema)) if (repeated === true) message[name] = [];
    while (this.#at < end) {
      const key = this.#varint(end);
      const found = byTag.get(Math.floor(key / 8));
      const wire = key % 8;
      if (found === undefined) {
        this.#skip(wire, end);
        continue;
      }
      const [name, { type, repeated }] = found;
      const list = repeated === true ? (message[name] as unknown[]) : undefined;
      if (type === "int" || type === "float" || type === "double") {
        if (list !== undefined && wire === 2) {
          for (const stop = this.#length(end); this.#at < stop; ) this.#add(list, this.#scalar(type, stop));
        } else {
          this.#expect(wire, wireTypes[type], name);
          const value = this.#scalar(type, end);
          if (list === undefined) message[name] = value;
          else this.#add(list, value);
        }
        continue;
      }
      this.#expect(wire, 2, name);
      const stop = this.#length(end);
      const value = this.#delimited(type, stop, depth);
      if (list === undefined) message[name] = value;
      else list.push(value);
    }
    return message;
  }

  #delimited(type: "bytes" | "string" | (() => Schema), stop: number, depth: number): unknown {
    if (typeof type === "function") return this.message(type(), stop, depth + 1);
    this.#count();
    const part = this.#bytes.subarray(this.#at, stop);
    this.#at = stop;
    return type === "bytes" ? part : new TextDecoder().decode(part);
  }

  #scalar(type: "int" | "float" | "double", end: number): number {
    if (type === "int") return this.#varint(end);
    const size = type === "float" ? 4 : 8;
    if (this.#at + size > end) this.#fail("ends in the middle of a number");
    const value = size === 4 ? this.#view.getFloat32(this.#at, true) : this.#view.getFloat64(this.#at, true);
    this.#at += size;
    return value;
  }

  /** Signed, 64 bits. */
  #varint(end: number): number {
    let low = 0;
    for (let i = 0; ; i++) {
      if (this.#at >= end) this.#fail("ends in the middle of a number");
      const byte = this.#bytes[this.#at++];
      // A double is exact so far.
      if (i === 7) return this.#longVarint(low, byte, end);
      low += (byte & 127) * 2 ** (7 * i);
      if (byte < 128) return low;
    }
  }

  #longVarint(low: number, first: number, end: number): number {
    let value = BigInt(low) + (BigInt(first & 127) << 49n);
    for (let i = 8, byte = first; byte >= 128; i++) {
      if (i === LONGEST_VARINT) this.#fail("a number is longer than 64 bits");
      if (this.#at >= end) this.#fail("ends in the middle of a number");
      byte = this.#bytes[this.#at++];
      value += BigInt(byte & 127) << BigInt(7 * i);
    }
    return Number(BigInt.asIntN(64, value));
  }

  /** Where what is as long as the next varint says ends. */
  #length(end: number): number {
    const length = this.#varint(end);
    const stop = this.#at + length;
    if (length < 0 || stop > end)
      this.#fail(`expected ${length} more bytes, got ${end - this.#at}; the file is cut off`);
    return stop;
  }

  #skip(wire: number, end: number): void {
    if (wire === 0) this.#varint(end);
    else if (wire === 2) this.#at = this.#length(end);
    else if (wire === 1 || wire === 5) {
      this.#at += wire === 1 ? 8 : 4;
      if (this.#at > end) this.#fail("ends in the middle of a number");
    } else this.#fail(`unknown wire type ${wire}`);
  }

  #expect(wire: number, expected: number, name: string): void {
    if (wire !== expected) this.#fail(`${name}: expected wire type ${expected}, got ${wire}`);
  }

  #add(list: unknown[], value: number): void {
    if (++this.#numbers > limits.numbers) this.#fail(`expected at most ${limits.numbers} numbers in lists, got more`);
    list.push(value);
  }

  #count(): void {
    if (++this.#objects > limits.objects) this.#fail(`expected at most ${limits.objects} parts, got more`);
  }

  #fail(what: string): never {
    throw new UserError(`not a whole protobuf message: at byte ${this.#at}: ${what}`);
  }
}

const known = new WeakMap<Schema, ReadonlyMap<number, readonly [string, Field]>>();

function tagsOf(schema: Schema): ReadonlyMap<number, readonly [string, Field]> {
  let tags = known.get(schema);
  if (tags === undefined) {
    tags = new Map(Object.entries(schema).map((entry) => [entry[1].tag, entry]));
    known.set(schema, tags);
  }
  return tags;
}
