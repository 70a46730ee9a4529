import { UserError } from "../base/user-error.ts";

/** `input.resolution` may be one size, a list of them, or { min, max, step }; a searched one becomes `resolution` and `resolutions`. */
export function normaliseResolution(value: unknown): unknown {
  const input = (value as { input?: { resolution?: unknown } } | null)?.input;
  const given = input?.resolution;
  if (typeof given !== "object" || given === null) return value;
  let list: unknown[];
  if (Array.isArray(given)) list = given;
  else {
    const { min, max, step = 8, ...rest } = given as Record<string, unknown>;
    const ok = [min, max, step].every((n) => typeof n === "number" && Number.isInteger(n) && n >= 1 && n <= 4096);
    if (!ok || Object.keys(rest).length > 0 || Number(min) > Number(max)) {
      throw new UserError(
        `input.resolution: expected pixels, a list of them, or { min, max, step } with min <= max, got ${JSON.stringify(given).slice(0, 80)}`,
      );
    }
    list = [];
    for (let r = Number(min); r <= Number(max); r += Number(step)) list.push(r);
  }
  const resolutions = [...new Set(list)].sort((x, y) => Number(x) - Number(y));
  const one = resolutions.length === 1;
  return { ...(value as object), input: { ...input, resolution: resolutions[0], ...(one ? {} : { resolutions }) } };
}
