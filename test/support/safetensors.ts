import type { NetworkWeights } from "../../src/formats/weights.ts";

/** A .safetensors file of F32 tensors, as train.py writes it. */
export function safetensors(weights: NetworkWeights, metadata: Readonly<Record<string, string>> = {}): Buffer {
  let at = 0;
  const entries = [...weights].map(([name, { shape, values }]) => {
    at += values.byteLength;
    return [name, { dtype: "F32", shape, data_offsets: [at - values.byteLength, at] }];
  });
  const text = JSON.stringify({ __metadata__: metadata, ...Object.fromEntries(entries) });
  const header = Buffer.from(text.padEnd(8 * Math.ceil(text.length / 8)));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  return Buffer.concat([
    length,
    header,
    ...[...weights.values()].map(({ values }) => Buffer.from(values.buffer, values.byteOffset, values.byteLength)),
  ]);
}
