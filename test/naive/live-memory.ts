import type { Structure } from "../../src/network/structure.ts";
import { type NaiveLayer, naiveLayer } from "./families.ts";

/** Memory that is allocated and freed piece by piece; remembers the most that was ever live. */
class Memory {
  #live = 0;
  peak = 0;

  allocate(bits: number): void {
    this.#live += bits;
    this.peak = Math.max(this.peak, this.#live);
  }

  free(bits: number): void {
    this.#live -= bits;
    if (this.#live < 0) throw new Error("freed more than was allocated");
  }
}

/** The peak of live memory in bytes: runs a structure tensor by tensor, plane by plane where a conv is depthwise, straight from the blocks. */
export function simulatedPeak(structure: Structure, resolution: number): number {
  const layers: (NaiveLayer & { in: number; s: number; bits: number[] })[] = [];
  for (const block of structure) {
    const bits = block.nbitsA === undefined ? undefined : [block.nbitsA].flat();
    for (let i = 0; i < (block.L ?? 1); i++) {
      const from = i === 0 ? block.in : block.out;
      const s = i === 0 ? block.s : 1;
      const { out, btn = out, k } = block;
      const layer = naiveLayer(block.class, { from, btn, out, k, s, first: i === 0 });
      const layerBits = layer.convs.map((_, j) => bits?.[i * layer.convs.length + j] ?? 8);
      layers.push({ ...layer, in: from, s, bits: layerBits });
    }
  }
  const memory = new Memory();
  const readers = [...layers.flatMap((layer) => layer.bits), 8];
  let reader = 0;
  let r = resolution;
  let channels = layers[0].in;
  memory.allocate(r * r * channels * readers[0]);
  for (const layer of layers) {
    let held = 0;
    layer.convs.forEach((conv, j) => {
      const bits = readers[reader];
      const next = readers[++reader];
      const to = Math.ceil(r / conv.s);
      const input = r * r * channels * bits;
      if (layer.squeeze > 0 && j === layer.convs.length - 1) {
        // The means of all channels, then the squeezed ones, then the factors over the means.
        memory.allocate(channels * bits);
        memory.allocate(layer.squeeze * bits);
        memory.free(layer.squeeze * bits);
        memory.free(channels * bits);
      }
      if (conv.depthwise) {
        for (let c = 0; c < conv.cout; c++) {
          memory.allocate(to * to * next);
          memory.free(r * r * bits);
        }
      } else {
        memory.allocate(to * to * conv.cout * next);
        if (j > 0 || layer.shortcut === "none") memory.free(input);
        else {
          // The pool writes over the input it has read.
          const pooled = layer.s === 1 ? r : Math.ceil(r / 2);
          held = pooled * pooled * channels * bits;
          memory.free(input - held);
        }
      }
      r = to;
      channels = conv.cout;
    });
    const output = r * r * channels * readers[reader];
    if (layer.shortcut === "project") {
      memory.allocate(output);
      memory.free(held);
      // The addition writes over the main path's output.
      memory.free(output);
    } else if (layer.shortcut === "add") memory.free(held);
  }
  memory.free(r * r * channels * 8);
  return memory.peak / 8;
}
