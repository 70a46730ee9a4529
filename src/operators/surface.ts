import Delaunator from "delaunator";

/** How far outside of a triangle, in its barycentric coordinates, a point still is of it. */
const TOLERANCE = 1e-12;

/** A measured operator of some channels and pixels. */
export interface Point {
  readonly out: number;
  readonly side: number;
  readonly value: number;
}

/**
 * A figure over output channels and the side of the input: linear on the Delaunay triangulation of the measured points; where these do not surround it, that of the nearest one, by distances in shares of their
 * ranges. It does not depend on the order of the points.
 */
export class Surface {
  readonly #points: readonly Point[];
  readonly #triangles: Uint32Array;
  readonly #neighbours: Int32Array;
  readonly #outRange: number;
  readonly #sideRange: number;
  /** The points lie on a line, in the order along it. */
  readonly #onLine: boolean;

  /** @param points at least one, each place once */
  constructor(points: readonly Point[]) {
    this.#points = points.toSorted((x, y) => x.out - y.out || x.side - y.side);
    const coordinates = Float64Array.from(this.#points.flatMap(({ out, side }) => [out, side]));
    const { triangles, halfedges } =
      points.length < 3 ? { triangles: new Uint32Array(0), halfedges: new Int32Array(0) } : new Delaunator(coordinates);
    this.#triangles = triangles;
    this.#neighbours = halfedges;
    this.#onLine = triangles.length === 0;
    this.#outRange = rangeOf(this.#points.map(({ out }) => out));
    this.#sideRange = rangeOf(this.#points.map(({ side }) => side));
  }

  at(out: number, side: number): number {
    return (this.#onLine ? this.#between(out, side) : this.#inside(out, side)) ?? this.#nearest(out, side);
  }

  /** Walks from the first triangle towards the place, always the same way, so that a place has one value. */
  #inside(out: number, side: number): number | undefined {
    const triangles = this.#triangles;
    let at = 0;
    // A walk through a Delaunay triangulation ends; what rounding could do to it is looked at triangle by triangle.
    for (let steps = 0; steps < triangles.length; steps++) {
      const weights = this.#weights(at, out, side);
      const lowest = weights[0] <= weights[1] && weights[0] <= weights[2] ? 0 : weights[1] <= weights[2] ? 1 : 2;
      if (weights[lowest] >= -TOLERANCE) return this.#mean(at, weights);
      // The edge opposite of a corner begins at the next one.
      const next = this.#neighbours[at + ((lowest + 1) % 3)];
      if (next < 0) return undefined;
      at = next - (next % 3);
    }
    for (at = 0; at < triangles.length; at += 3) {
      const weights = this.#weights(at, out, side);
      if (weights.every((weight) => weight >= -TOLERANCE)) return this.#mean(at, weights);
    }
    return undefined;
  }

  /** Barycentric coordinates of a place in the triangle that begins at an index. */
  #weights(at: number, out: number, side: number): [number, number, number] {
    const corner = (i: number) => this.#points[this.#triangles[at + i]];
    const [a, b, c] = [corner(0), corner(1), corner(2)];
    const whole = (b.side - c.side) * (a.out - c.out) + (c.out - b.out) * (a.side - c.side);
    const first = ((b.side - c.side) * (out - c.out) + (c.out - b.out) * (side - c.side)) / whole;
    const second = ((c.side - a.side) * (out - c.out) + (a.out - c.out) * (side - c.side)) / whole;
    return [first, second, 1 - first - second];
  }

  #mean(at: number, weights: readonly number[]): number {
    const value = weights.reduce((sum, weight, i) => sum + weight * this.#points[this.#triangles[at + i]].value, 0);
    return Math.max(0, value);
  }

  /** Between two of the points on a line. */
  #between(out: number, side: number): number | undefined {
    for (let i = 0; i + 1 < this.#points.length; i++) {
      const [a, b] = [this.#points[i], this.#points[i + 1]];
      const across = (b.out - a.out) * (side - a.side) - (b.side - a.side) * (out - a.out);
      const length = (b.out - a.out) ** 2 + (b.side - a.side) ** 2;
      const share = ((out - a.out) * (b.out - a.out) + (side - a.side) * (b.side - a.side)) / length;
      if (across === 0 && share >= 0 && share <= 1) return a.value + share * (b.value - a.value);
    }
    return undefined;
  }

  #nearest(out: number, side: number): number {
    let nearest = this.#points[0];
    let least = Number.POSITIVE_INFINITY;
    for (const point of this.#points) {
      const distance = ((point.out - out) / this.#outRange) ** 2 + ((point.side - side) / this.#sideRange) ** 2;
      if (distance >= least) continue;
      least = distance;
      nearest = point;
    }
    return nearest.value;
  }
}

/** Of numbers that are all the same: 1. */
function rangeOf(numbers: readonly number[]): number {
  const least = numbers.reduce((x, y) => Math.min(x, y));
  const most = numbers.reduce((x, y) => Math.max(x, y));
  return most - least || 1;
}
