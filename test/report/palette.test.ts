import { expect, test } from "vitest";
import { palette } from "../../src/report/page/palette.ts";

type Colour = readonly [red: number, green: number, blue: number];

/** Linear light. */
const linear = (hex: string): Colour =>
  [1, 3, 5].map((at) => {
    const value = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  }) as unknown as Colour;

const luminance = ([r, g, b]: Colour) => 0.2126 * r + 0.7152 * g + 0.0722 * b;

/** As WCAG 2 has it. */
function contrast(a: string, b: string): number {
  const [light, dark] = [luminance(linear(a)), luminance(linear(b))].sort((x, y) => y - x);
  return (light + 0.05) / (dark + 0.05);
}

/** What a person sees whose cones of one kind do not work: Viénot, Brettel and Mollon 1999; of the third kind, by its mean. */
const eyes: Readonly<Record<string, (colour: Colour) => Colour>> = {
  all: (colour) => colour,
  "without red": ([r, g, b]) => [
    0.1121 * r + 0.8853 * g - 0.0005 * b,
    0.1127 * r + 0.8897 * g - 0.0001 * b,
    0.0045 * r + 0.0085 * g + 0.9963 * b,
  ],
  "without green": ([r, g, b]) => [
    0.292 * r + 0.7054 * g - 0.0003 * b,
    0.2934 * r + 0.7089 * g,
    -0.0209 * r + 0.0256 * g + 0.9944 * b,
  ],
  "without blue": ([r, g, b]) => [r, 0.9 * g + 0.1 * b, 0.86 * g + 0.14 * b],
};

/** Distance in OKLab, in which 1 is from black to white. */
function distance(a: Colour, b: Colour): number {
  const lab = ([r, g, b]: Colour) => {
    const [l, m, s] = [
      Math.cbrt(0.4122 * r + 0.5363 * g + 0.0514 * b),
      Math.cbrt(0.2119 * r + 0.6807 * g + 0.1074 * b),
      Math.cbrt(0.0883 * r + 0.2817 * g + 0.63 * b),
    ];
    return [
      0.2105 * l + 0.7936 * m - 0.0041 * s,
      1.978 * l - 2.4286 * m + 0.4506 * s,
      0.0259 * l + 0.7828 * m - 0.8087 * s,
    ];
  };
  const [x, y] = [lab(a), lab(b)];
  return Math.hypot(...x.map((value, i) => value - y[i]));
}

const schemes = [
  ["light", 0],
  ["dark", 1],
] as const;

test.each(schemes)("in %s, text stands 4.5:1 on every ground and marks 3:1", (_, scheme) => {
  for (const ground of ["card", "page", "soft"] as const) {
    for (const text of ["ink", "quiet", "good", "bad", "limit"] as const) {
      expect(contrast(palette[text][scheme], palette[ground][scheme]), `${text} on ${ground}`).toBeGreaterThanOrEqual(
        4.5,
      );
    }
  }
  for (const mark of ["first", "second", "third", "limit", "good", "bad"] as const) {
    for (const ground of ["card", "soft"] as const) {
      expect(contrast(palette[mark][scheme], palette[ground][scheme]), `${mark} on ${ground}`).toBeGreaterThanOrEqual(
        3,
      );
    }
  }
});

test.each(schemes)("in %s, the colours of a chart are told apart by every kind of eye", (_, scheme) => {
  const marks = ["first", "second", "third"] as const;
  for (const [name, seen] of Object.entries(eyes)) {
    for (const a of marks) {
      for (const b of marks) {
        if (a >= b) continue;
        const apart = distance(seen(linear(palette[a][scheme])), seen(linear(palette[b][scheme])));
        expect(apart, `${a} and ${b}, eyes ${name}`).toBeGreaterThan(0.1);
      }
    }
  }
});
