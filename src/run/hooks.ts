import { UserError } from "../base/user-error.ts";

const functions = ["clock", "onStart", "onLoad", "onProgress", "onWait", "onMeasure"];

/**
 * Checks what a run calls, and what ends it, before it is begun: types alone do not hold for callers without them.
 * @throws UserError where one is of another type
 */
export function checkHooks(options: object): void {
  const given = options as Readonly<Record<string, unknown>>;
  const stop = given["stop"];
  if (stop !== undefined && !(stop instanceof AbortSignal)) {
    throw new UserError(`stop: expected an AbortSignal, got ${typeof stop}; give the controller's signal, or none`);
  }
  for (const name of functions) {
    const hook = given[name];
    if (hook !== undefined && typeof hook !== "function") {
      throw new UserError(`${name}: expected a function, got ${typeof hook}; give one, or none`);
    }
  }
}
