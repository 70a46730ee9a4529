/** How large a search is at most, and whether it begins small and grows. */
export interface Sizes {
  /** Most members. */
  readonly population: number;
  /** Most children a generation. */
  readonly generation: number;
  /** Whether both begin small and grow. */
  readonly growing: boolean;
}

/** Members at first; later so many for every root of the children bred, and so many children a member in a generation. */
const FIRST_MEMBERS = 16;
const MEMBERS_A_ROOT = 0.36;
const CHILDREN_A_MEMBER = 4;

/**
 * Members that a population has room for, and children of the next generation, after so many children. Small populations climb faster, large
 * ones get past more local optima: a search that grows has the one while there is far to go, and the other when there is time.
 */
export function sizesAfter(
  children: number,
  { population, generation, growing }: Sizes,
): { readonly members: number; readonly children: number } {
  const members = Math.max(FIRST_MEMBERS, Math.floor(MEMBERS_A_ROOT * Math.sqrt(children)));
  if (!growing || members >= population) return { members: population, children: generation };
  return { members, children: Math.min(generation, CHILDREN_A_MEMBER * members) };
}
