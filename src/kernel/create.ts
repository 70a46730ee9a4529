import { UserError } from "../base/user-error.ts";
import { Float32Kernels } from "./float32.ts";
import { type KernelName, type Kernels, kernelNames } from "./kernels.ts";
import { ReferenceKernels } from "./reference.ts";
import { SimdKernels } from "./simd.ts";

/** Kernels with a memory of their own. @throws UserError where the name is unknown or this engine cannot run them */
export function createKernels(name: KernelName): Kernels {
  switch (name) {
    case "reference":
      return new ReferenceKernels();
    case "float32":
      return new Float32Kernels();
    case "simd":
    case "simd-relaxed":
      return new SimdKernels(name);
    default:
      throw new UserError(`kernel: expected one of ${kernelNames.join(", ")}, got ${JSON.stringify(name)}`);
  }
}
