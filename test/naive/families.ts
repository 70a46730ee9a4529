/*
 * The slow, obvious convs of one inner layer, by class: kernel, widths, depthwise or not, stride. Written from the table of classes.
 */

/** One conv: kernel, channels in and out, groups or dense, stride. */
export interface NaiveConv {
  readonly k: number;
  readonly cin: number;
  readonly cout: number;
  readonly depthwise: boolean;
  readonly s: number;
}

export interface NaiveLayer {
  readonly convs: readonly NaiveConv[];
  readonly shortcut: "none" | "add" | "project";
  /** Channels in the middle of a squeeze-excite on the input of the last conv. */
  readonly squeeze: number;
}

export interface NaiveShape {
  readonly from: number;
  readonly btn: number;
  readonly out: number;
  readonly k: number;
  readonly s: number;
  readonly first: boolean;
}

/** Python's round of a quarter: to the nearest, of two as near to the even one. */
function roundedQuarter(x: number): number {
  const quarter = x / 4;
  const nearest = Math.round(quarter);
  return nearest - quarter === 0.5 && nearest % 2 === 1 ? nearest - 1 : nearest;
}

export function naiveLayer(className: string, { from, btn, out, k, s, first }: NaiveShape): NaiveLayer {
  const conv = (kernel: number, cin: number, cout: number, stride = 1, depthwise = false): NaiveConv => ({
    k: kernel,
    cin,
    cout,
    depthwise,
    s: stride,
  });
  const same = from === out;
  const isSqueezing = className.endsWith("K1DWSEK1");
  if (className.endsWith("K1DWK1") || isSqueezing) {
    return {
      convs: [conv(1, from, btn), conv(k, btn, btn, s, true), conv(1, btn, out)],
      shortcut: same ? "add" : "none",
      squeeze: isSqueezing ? Math.max(1, Math.floor(roundedQuarter(btn) / 8)) * 8 : 0,
    };
  }
  if (className.endsWith("K1KXK1")) {
    return {
      convs: [conv(1, from, btn), conv(k, btn, btn, s), conv(1, btn, out)],
      shortcut: first || !same ? "project" : "add",
      squeeze: 0,
    };
  }
  const shortcut = same ? "add" : "project";
  if (className.endsWith("KXKX")) return { convs: [conv(k, from, btn), conv(k, btn, out, s)], shortcut, squeeze: 0 };
  if (className.endsWith("K1KX")) return { convs: [conv(1, from, btn), conv(k, btn, out, s)], shortcut, squeeze: 0 };
  if (className !== "ConvKXBNRELU") throw new Error(`naive: ${className} is not known`);
  return { convs: [conv(k, from, out, s)], shortcut: "none", squeeze: 0 };
}
