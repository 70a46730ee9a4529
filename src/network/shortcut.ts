/** When an inner layer adds its input to its output. */
export type ShortcutRule =
  | "none"
  /** Only where in = out; 2x2 average pool first where the stride is 2. */
  | "same-width"
  /** Always; a 1x1 projection in a block's first inner layer and wherever in != out. */
  | "projected"
  /** Always; a 1x1 projection wherever in != out, 2x2 average pool first where the stride is 2. */
  | "projected-between-widths";

/** How an inner layer's input reaches its output; the values of `Network.shortcut`. */
export const Shortcut = { none: 0, identity: 1, pooled: 2, projected: 3 } as const;

/** @param first whether it is the first inner layer of its block */
export function shortcutOf(
  rule: ShortcutRule,
  { in: from, out, s }: { readonly in: number; readonly out: number; readonly s: number },
  first: boolean,
): number {
  if (rule === "none" || (rule === "same-width" && from !== out)) return Shortcut.none;
  if (from !== out || (rule === "projected" && first)) return Shortcut.projected;
  return s === 1 ? Shortcut.identity : Shortcut.pooled;
}
