import { type ConvSizes, Format } from "../kernel/kernels.ts";
import type { Assembly } from "../kernel/simd.ts";

/** GOP/s of one thread at independent multiply-adds, 2 operations each, in the instructions of each kind of conv. */
export interface Peaks {
  /** f32x4.mul, f32x4.add: every conv in float32. */
  readonly float32: number;
  /** i32x4.dot_i16x8_s, i32x4.add: pointwise and dense convs in int16. */
  readonly dot: number;
  /** i16x8.mul, i16x8.add: depthwise convs in int16. */
  readonly int16: number;
  /** i16x8.relaxed_dot_i8x16_i7x16_s, i16x8.add: convs of few bits, where the engine has relaxed SIMD; 0 elsewhere. */
  readonly int8: number;
}

export const peakInstructions: Readonly<Record<keyof Peaks, string>> = {
  float32: "float32 multiply and add",
  dot: "int16 dot product and add",
  int16: "int16 multiply and add",
  int8: "int8 dot product and add",
};

/** The peak that bounds a conv of the simd kernel. */
export function peakOf(
  { arithmetic, depthwise }: Pick<ConvSizes, "arithmetic" | "depthwise">,
  int8: boolean,
): keyof Peaks {
  if (int8) return "int8";
  if (arithmetic === Format.float32) return "float32";
  return depthwise ? "int16" : "dot";
}

/** The fastest of many short runs, so that another process does not lower it. @param hasInt8 whether the module has relaxed SIMD */
export function measurePeaks({ peakFloat32, peakDot, peakInt16, peakInt8 }: Assembly, hasInt8: boolean): Peaks {
  return {
    float32: fastest(192, (rounds) => peakFloat32(rounds, 0.999, 0.001)),
    dot: fastest(384, (rounds) => peakDot(rounds, 3, 1)),
    int16: fastest(384, (rounds) => peakInt16(rounds, 3, 1)),
    int8: hasInt8 ? fastest(768, (rounds) => peakInt8(rounds, 3, 1)) : 0,
  };
}

export function higher(a: Peaks, b: Peaks): Peaks {
  return {
    float32: Math.max(a.float32, b.float32),
    dot: Math.max(a.dot, b.dot),
    int16: Math.max(a.int16, b.int16),
    int8: Math.max(a.int8, b.int8),
  };
}

function fastest(operations: number, run: (rounds: number) => number): number {
  const rounds = 1e5;
  let most = 0;
  for (let i = 0; i < 20; i++) {
    const start = performance.now();
    run(rounds);
    most = Math.max(most, (operations * rounds) / (performance.now() - start) / 1e6);
  }
  return most;
}
