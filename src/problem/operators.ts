import { UserError } from "../base/user-error.ts";
import { operatorOf, operatorsOf } from "../costs/operator-costs.ts";
import { MOST_CONVS } from "../network/families.ts";
import { appendLayer, beginNetwork, Network } from "../network/network.ts";
import type { OperatorFigures } from "../operators/operator-figures.ts";
import { shrunkKernel } from "../space/genome.ts";
import type { Space } from "../space/space.ts";

const zeros = new Uint8Array(MOST_CONVS);
const unused = { a: zeros, w: zeros, offset: 0 };

/**
 * Holds a table of measured operators against a space: of every conv that a network may have its kind, kernel, stride and fusion must have been measured.
 * @throws UserError with those that were not
 */
export function checkOperators(space: Space, figures: OperatorFigures, name: string): void {
  const operators = operatorsOf(figures);
  const missing = new Set<string>();
  const network = new Network(MOST_CONVS + 1);
  for (const [b, block] of space.blocks.entries()) {
    const { family, s, k, minOut, maxDepth } = block;
    for (const resolution of space.options.resolutions) {
      const input = space.inputResolution(block, resolution);
      const kernels = family.isSuper ? space.options.kernels.map((kernel) => shrunkKernel(kernel, input)) : [k];
      for (const kernel of kernels) {
        // Of an inner layer that keeps its width and of one that does not, which have different shortcuts.
        for (const [first, from] of [
          [true, b === 0 ? space.inputChannels : 2 * minOut],
          [true, b === 0 ? space.inputChannels : minOut],
          [false, minOut],
        ] as const) {
          if (!first && maxDepth === 1) continue;
          beginNetwork(network, first ? input : Math.ceil(input / s));
          const shape = { in: from, btn: 2 * minOut, out: minOut, k: kernel, s: first ? s : 1 };
          appendLayer(network, family, { block: b, first }, shape, unused);
          for (let conv = 0; conv < network.convs; conv++) {
            const operator = operatorOf(network, 0, conv);
            if (operators.knows(operator)) continue;
            const { depthwise, stride, fused } = operator;
            const size = `${operator.kernel}x${operator.kernel}`;
            missing.add(
              `${depthwise ? "depthwise" : "regular"} ${size}${stride > 1 ? `, stride ${stride}` : ""}${fused ? ", with the sum of a shortcut" : ""}`,
            );
          }
        }
      }
    }
  }
  if (missing.size === 0) return;
  throw new UserError(
    `${name}: ${figures.name}: expected every operator of the space to be measured, got nothing of ${[...missing].join("; ")}; add rows of it, or change space.kernels`,
  );
}
