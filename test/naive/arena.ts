import type { Structure } from "../../src/network/structure.ts";

/** What a runtime does, in words of its own; bytes of scratch by hand. */
interface Machine {
  /** Bits in which values of b bits are kept. */
  readonly keeps: (b: number) => number;
  readonly group: number;
  /** Groups of a tensor come in so many. */
  readonly unit: number;
  readonly inPlace: { readonly depthwise: boolean; readonly addition: boolean; readonly pool: boolean };
  readonly fusesExpansion: boolean;
  readonly fusesAverage: boolean;
  readonly dense: (k: number, cin: number, cout: number) => number;
  readonly pointwise: (cin: number, cout: number, adds: boolean) => number;
  readonly depthwise: (k: number, r: number, c: number) => number;
}

const qes: Machine = {
  keeps: (b) => (b === 1 ? 2 : b),
  group: 8,
  unit: 4,
  inPlace: { depthwise: true, addition: true, pool: true },
  fusesExpansion: false,
  fusesAverage: true,
  dense: (k, cin) => 4 * 8 * Math.ceil((k * k * cin) / 8),
  pointwise: (cin, cout, adds) => 4 * 8 * Math.ceil(cin / 8) + (adds ? 2 * cout : 0),
  depthwise: (k, r) => 8 * k * r + 24 * k * k,
};
const beside = { depthwise: false, addition: false, pool: false };

/** The shipped runtimes, written from spec and sources apart from presets/runtimes. */
export const machines: Readonly<Record<string, Machine>> = {
  "qes-c": qes,
  "qes-c-fused": { ...qes, fusesExpansion: true },
  tinyengine: {
    keeps: (b) => (b <= 8 ? 8 : b),
    group: 1,
    unit: 1,
    inPlace: { ...beside, depthwise: true },
    fusesExpansion: false,
    fusesAverage: false,
    dense: (k, cin, cout) => 4 * k * k * cin + 2 * k * k * cin * cout,
    pointwise: (cin) => 4 * cin,
    depthwise: (k, r) => 2 * (r + k - 1) ** 2,
  },
  "cmsis-nn": {
    keeps: (b) => (b <= 8 ? 8 : b),
    group: 1,
    unit: 16,
    inPlace: beside,
    fusesExpansion: false,
    fusesAverage: false,
    dense: (k, cin) => 4 * k * k * cin,
    pointwise: () => 0,
    depthwise: (k, _, c) => 2 * k * k * c,
  },
  "cmix-nn": {
    keeps: (b) => (b <= 2 ? 2 : b <= 4 ? 4 : b <= 8 ? 8 : b),
    group: 8,
    unit: 1,
    inPlace: beside,
    fusesExpansion: false,
    fusesAverage: false,
    dense: (k, cin) => 4 * 8 * Math.ceil((k * k * cin) / 8),
    pointwise: (cin) => 4 * cin,
    depthwise: (k, _, c) => k * k * c,
  },
};

/** Tensors by name, and the most bytes that they and a kernel's scratch ever took. */
class Memory {
  readonly #live = new Map<string, number>();
  peak = 0;

  put(name: string, bytes: number): void {
    this.#live.set(name, bytes);
  }

  drop(...names: string[]): void {
    for (const name of names) if (!this.#live.delete(name)) throw new Error(`${name} is not there`);
  }

  run(scratch: number): void {
    let sum = scratch;
    for (const bytes of this.#live.values()) sum += bytes;
    this.peak = Math.max(this.peak, sum);
  }
}

/** The arena that a runtime needs, by running a structure kernel by kernel. */
export function simulatedArena(structure: Structure, resolution: number, classes: number, m: Machine): number {
  const memory = new Memory();
  const whole = (c: number) => Math.ceil(c / m.group) * m.group;
  const filled = (values: number) => {
    const rest = values % m.unit;
    return rest === 0 ? values : values - rest + m.unit;
  };
  const bytes = (r: number, c: number, b: number) => (filled((r * r * whole(c)) / m.group) * m.group * m.keeps(b)) / 8;
  const image = filled(resolution * resolution * structure[0].in);
  const layers = structure.flatMap((block) => {
    const bits = block.nbitsA === undefined ? undefined : [block.nbitsA].flat();
    const convs = block.class === "ConvKXBNRELU" ? 1 : 3;
    return Array.from({ length: block.L ?? 1 }, (_, i) => ({
      ...block,
      from: i === 0 ? block.in : block.out,
      s: i === 0 ? block.s : 1,
      b: Array.from({ length: convs }, (_, j) => bits?.[i * convs + j] ?? 8),
      first: i === 0,
    }));
  });
  let r = resolution;
  memory.put("x", image);
  layers.forEach((layer, l) => {
    const { from, out, k, s, b, btn = out } = layer;
    const behind = layers[l + 1]?.b[0] ?? 8;
    const cin = l === 0 ? from : whole(from);
    const averages = l === layers.length - 1 && classes > 0;
    const ro = Math.ceil(r / s);
    const single = layer.class === "ConvKXBNRELU";
    const finish = (kernel: number, scratch: number, channels: number, last: string, drop: string[], adds = false) => {
      if (averages && m.fusesAverage) {
        const read = 8 * Math.ceil((kernel * kernel * channels) / 8);
        memory.run(4 * read + 4 * whole(out) + (adds ? 2 * whole(out) : 0));
        memory.drop(last, ...drop);
        return;
      }
      const size = bytes(ro, out, behind);
      if (adds && m.inPlace.addition) {
        // Over what is held, which first has to be as large.
        memory.run(scratch);
        memory.drop("held");
        memory.put("x", size);
        memory.run(scratch);
        memory.drop(last);
      } else {
        memory.put(adds ? "main" : "x'", size);
        memory.run(scratch);
        memory.drop(last);
        if (adds) {
          memory.put("x", size);
          memory.run(0);
          memory.drop("held", "main");
        } else {
          if (drop.length > 0) memory.drop(...drop);
          memory.drop("x'");
          memory.put("x", size);
        }
      }
      if (averages) {
        memory.put("means", whole(out));
        memory.run(0);
        memory.drop("means");
      }
    };
    if (single) {
      const kernel = k === 1 ? m.pointwise(cin, whole(out), false) : m.dense(k, cin, whole(out));
      finish(k, kernel, cin, "x", []);
      r = ro;
      return;
    }
    const isDepthwise = !layer.class.endsWith("K1KXK1");
    const projects = !isDepthwise && (layer.first || from !== out);
    const holds = projects || from === out;
    const wide = whole(btn);
    const pooled = bytes(ro, from, b[0]);
    const hold = () => {
      if (!holds) return memory.drop("x");
      if (s === 2 && !m.inPlace.pool) {
        memory.put("held", pooled);
        memory.run(0);
        memory.drop("x");
        return;
      }
      memory.drop("x");
      memory.put("held", s === 1 ? (l === 0 ? image : bytes(r, from, b[0])) : pooled);
    };
    if (isDepthwise && m.fusesExpansion) {
      memory.put("t2", bytes(ro, btn, b[2]));
      memory.run(8 * k * r + 24 * k * k + 4 * cin);
      hold();
    } else {
      memory.put("t1", bytes(r, btn, b[1]));
      memory.run(m.pointwise(cin, wide, false));
      hold();
      const inPlace = isDepthwise && m.inPlace.depthwise && m.keeps(b[1]) === m.keeps(b[2]);
      if (!inPlace) memory.put("t2", bytes(ro, btn, b[2]));
      const kernel = k === 1 ? m.pointwise(wide, wide, false) : m.dense(k, wide, wide);
      memory.run(isDepthwise ? m.depthwise(k, r, wide) : kernel);
      memory.drop("t1");
      if (inPlace) memory.put("t2", bytes(ro, btn, b[2]));
    }
    if (projects) {
      const size = bytes(ro, out, behind);
      const sums = averages && m.fusesAverage;
      if (!sums) memory.put("main", size);
      memory.run(sums ? 4 * wide + 4 * whole(out) : m.pointwise(wide, whole(out), false));
      memory.drop("t2", ...(sums ? [] : ["main"]));
      memory.put("main", size);
      memory.put("projection", size);
      memory.run(m.pointwise(cin, whole(out), true));
      memory.drop("held");
      if (!m.inPlace.addition) {
        memory.put("sum", size);
        memory.run(0);
        memory.drop("sum");
      }
      memory.drop("main", "projection");
      memory.put("x", size);
    } else
      finish(
        1,
        m.pointwise(wide, whole(out), holds),
        wide,
        "t2",
        holds && averages && m.fusesAverage ? ["held"] : [],
        holds,
      );
    r = ro;
  });
  return memory.peak;
}
