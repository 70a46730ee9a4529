import type { Structure } from "../../src/network/structure.ts";

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

interface Conv {
  readonly out: number;
  readonly s: number;
  readonly depthwise: boolean;
}

/** The peak of live memory in bytes: runs a structure tensor by tensor, plane by plane where a conv is depthwise, straight from the blocks. */
export function simulatedPeak(structure: Structure, resolution: number): number {
  const layers: { in: number; s: number; convs: Conv[]; shortcut: "none" | "add" | "project"; bits: number[] }[] = [];
  for (const block of structure) {
    const bits = block.nbitsA === undefined ? undefined : [block.nbitsA].flat();
    for (let i = 0; i < (block.L ?? 1); i++) {
      const from = i === 0 ? block.in : block.out;
      const s = i === 0 ? block.s : 1;
      const { out, btn = out } = block;
      let convs: Conv[] = [{ out, s, depthwise: false }];
      let shortcut: "none" | "add" | "project" = "none";
      if (block.class !== "ConvKXBNRELU") {
        const depthwise = block.class !== "SuperResK1KXK1";
        convs = [
          { out: btn, s: 1, depthwise: false },
          { out: btn, s, depthwise },
          { out, s: 1, depthwise: false },
        ];
        if (depthwise) shortcut = from === out ? "add" : "none";
        else shortcut = i === 0 || from !== out ? "project" : "add";
      }
      const layerBits = convs.map((_, j) => bits?.[i * convs.length + j] ?? 8);
      layers.push({ in: from, s, convs, shortcut, bits: layerBits });
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
      if (conv.depthwise) {
        for (let c = 0; c < conv.out; c++) {
          memory.allocate(to * to * next);
          memory.free(r * r * bits);
        }
      } else {
        memory.allocate(to * to * conv.out * next);
        if (j > 0 || layer.shortcut === "none") memory.free(input);
        else {
          // The pool writes over the input it has read.
          const pooled = layer.s === 1 ? r : Math.ceil(r / 2);
          held = pooled * pooled * channels * bits;
          memory.free(input - held);
        }
      }
      r = to;
      channels = conv.out;
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
