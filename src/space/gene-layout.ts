/* Where the genes of a block are, from its offset on: read here and by the AssemblyScript of the genome module. */

/** Genes of a single conv, from its offset on. */
export const CONV_OUT = 0;
export const CONV_BITS = 1;
/** Genes of a super block; btn takes two bytes, low first; bits take one byte per depth slot. */
export const SUPER_KERNEL = 0;
export const SUPER_BTN = 1;
export const SUPER_OUT = 3;
export const SUPER_DEPTH = 4;
export const SUPER_BITS = 5;
