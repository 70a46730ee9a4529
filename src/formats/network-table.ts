import type { NetworkDescription } from "./network-description.ts";

const columns = [
  "kernel",
  "stride",
  "depthwise",
  "projection",
  "inChannels",
  "outChannels",
  "inResolution",
  "outResolution",
  "bitsA",
  "bitsW",
  "weights",
  "macs",
] as const;

/** A network as CSV: a header, then a row a conv in execution order; yes and no are 1 and 0. */
export function networkTable({ layers }: NetworkDescription): string {
  const rows = layers.flatMap(({ block, inner, shortcut, convs }) =>
    convs.map((conv) => [block, inner, shortcut, ...columns.map((name) => Number(conv[name]))]),
  );
  return `${[["block", "layer", "shortcut", ...columns], ...rows].map((row) => row.join(",")).join("\n")}\n`;
}
