import { arenaBytes, arenaForm } from "../memory/arena.ts";
import { classifierDeployedFlash, layerDeployedFlash } from "../memory/deployed-flash.ts";
import type { RuntimeDeployment } from "../memory/runtime.ts";
import { storedBits } from "../memory/storage.ts";
import type { PeakCost, SumCost } from "./cost-table.ts";

/** The two costs that a network has where a runtime deploys it, docs/memory.md: its constants in flash, and the arena of its tensors. */
export function deployedCosts(
  deployment: RuntimeDeployment,
): readonly [SumCost & { readonly name: "flashDeployed" }, PeakCost & { readonly name: "arena" }] {
  const { runtime } = deployment;
  const storedActivations = storedBits(runtime.activations);
  const storedWeights = storedBits(runtime.weights);
  return [
    {
      name: "flashDeployed",
      title: "deployed flash",
      unit: "bytes",
      kind: "sum",
      factor: "w",
      weightFactors: storedWeights,
      ofLayer: (network, layer) => layerDeployedFlash(network, layer, runtime, storedWeights),
      ofClassifier: (channels, classes) => classifierDeployedFlash(channels, classes, runtime),
    },
    {
      name: "arena",
      title: "arena",
      unit: "bytes",
      kind: "peak",
      ofNetwork: (network) => arenaBytes(network, deployment),
      form: (network, layer) => arenaForm(network, layer, deployment, storedActivations),
    },
  ];
}
