/*
 * Where the compiled space lies in the memory of the genome module: read by the AssemblyScript beside it, written by engine.ts.
 * Addresses are in bytes; 32-bit whole numbers where nothing else is said.
 */

/** What the module answers: the hash of the last genome. */
export const HASH_LOW = 0;
export const HASH_HIGH = 4;

/** Seed of the random numbers. */
export const SEED_LOW = 8;
export const SEED_HIGH = 12;

/** The space. */
export const GENOME_LENGTH = 16;
export const BLOCK_COUNT = 20;
export const RESOLUTION_COUNT = 24;
export const KERNEL_COUNT = 28;
export const EXPANSIONS = 32;
/** Address of the input resolutions, ascending. */
export const RESOLUTIONS = 36;
/** Address of btn in width units, 16 bits, at expansion * 256 + out. */
export const BTN_UNITS = 40;
/** Address of the weight of every stage, a double. */
export const STAGE_WEIGHTS = 44;

/** Operators: an address of one byte each, as often as its weight; none for the published search. */
export const WHEEL = 48;
export const WHEEL_LENGTH = 52;
export const MAX_MUTATIONS = 56;
export const REPAIRS = 60;
/** Whether the layers of a block are sorted: 0 or 1. */
export const SORTS = 64;
/** Addresses of indices of blocks, 16 bits each: the super blocks, those whose width may change, those whose bits may. */
export const SUPERS = 68;
export const SUPER_COUNT = 72;
export const WIDTHS = 76;
export const WIDTH_COUNT = 80;
export const BITS = 84;
export const BITS_COUNT = 88;
export const FILLS = 92;
/** A double of 0 to 2^32. */
export const CROSSOVER_ODDS = 96;

/** Bytes of the classifier, doubles: constant + perUnit * units of the last width. */
export const CLASSIFIER_CONSTANT = 104;
export const CLASSIFIER_PER_UNIT = 112;
/** Address of room for a genome. */
export const KEPT = 120;
/** Budgets and scratch, doubles in the order of the figures. */
export const LIMITS = 128;
export const SCRATCH = 192;
/** Whether a cost that is no figure of the module has a budget: 0 or 1. */
export const MORE_BUDGETS = 240;

/** Index of an input resolution by its gene, a byte. */
export const RESOLUTION_INDICES = 256;
/** Doubles: ln of a width by its units, the gain of a bit pair by its byte. */
export const LN_WIDTHS = 512;
export const BIT_GAINS = 2560;
/** The expected score: addresses of the tables of what a quantiser keeps, by activation bits, 32 bits each. */
export const EXPECTED_TABLES = 4608;
/** Bits of a pair: 0 to 15. */
export const BIT_WIDTHS = 16;
/** Doubles by bits: the second moment of a quantised weight, the kurtosis of weights and of activations. */
export const EXPECTED_SECOND_W = 4672;
export const EXPECTED_KURTOSIS_W = 4800;
export const EXPECTED_KURTOSIS_A = 4928;
export const EXPECTED_LN_SIGMA = 5056;
/** Addresses of two profiles, doubles by pixel. */
export const EXPECTED_PROFILE = 5064;
export const EXPECTED_TAPS = 5068;
/** The grids of those tables: relative variance from 0, and spread from 0 to 1. */
export const EXPECTED_MOST_VARIANCE = 4;
export const EXPECTED_VARIANCE_STEPS = 128;
export const EXPECTED_SPREAD_STEPS = 16;
export const INPUT_CHANNELS = 5072;
/** Channels of a width unit. */
export const CHANNELS_A_UNIT = 5076;
/** Addresses of a search's members, its children, and a record of each of these. */
export const MEMBERS = 5080;
export const CHILDREN = 5084;
export const RECORDS = 5088;
/** Where networks are deployed, what that costs: the address of its rows, as many as above, `DEPLOYED_BYTES` each; 0 where they are not. */
export const DEPLOYED_ROWS = 5092;
/** Its two budgets, doubles, and the classifier's part of the first: constant + perUnit * units of the last width. */
export const FLASH_DEPLOYED_LIMIT = 5096;
export const ARENA_LIMIT = 5104;
export const DEPLOYED_CLASSIFIER_CONSTANT = 5112;
export const DEPLOYED_CLASSIFIER_PER_UNIT = 5120;
/** Bytes by bits: at how many bits activations and weights are stored. */
export const STORED_ACTIVATIONS = 5128;
export const STORED_WEIGHTS = 5144;
/** Its further budgets, doubles. */
export const LATENCY_LIMIT = 5160;
export const ENERGY_LIMIT = 5168;
/** What stands for weight bits in latency and in energy, doubles by bits. */
export const LATENCY_FACTORS = 5176;
export const ENERGY_FACTORS = 5304;
/** Address of the logarithms of whole numbers from 0 on, doubles; filled where DeepMAD's score or effectiveness is wanted. */
export const LN_NUMBERS = 5432;
/** DeepMAD's score: the first block behind which all maps count as 1x1; half of alpha1, alpha2 and the penalty, doubles. */
export const DEEPMAD_FIRST_FLAT = 5436;
export const DEEPMAD_HALF_ALPHA1 = 5440;
export const DEEPMAD_ALPHA2 = 5448;
export const DEEPMAD_PENALTY = 5456;
/** Pixels of one side of the input, 0 for the genome's own; super blocks whose depth is not counted. */
export const DEEPMAD_RESOLUTION = 5464;
export const DEEPMAD_SPARED = 5468;
/** Budget of effectiveness, a double. */
export const EFFECTIVENESS_LIMIT = 5472;
/**
 * Rows by block shape, a power of two of them: `ROW_BYTES`, a cache line, of what breeding asks for, and apart from these, so that they lie
 * close together, tails of `TAIL_BYTES`.
 */
export const ROWS = 8192;
export const ROW_SLOTS = 65536;
export const ROW_BYTES = 64;
export const TAIL_BYTES = 256;
export const TAILS = ROWS + ROW_SLOTS * ROW_BYTES;
/** Of every block `BLOCK_BYTES`; behind them what has no address of its own. */
export const BLOCKS = TAILS + ROW_SLOTS * TAIL_BYTES;

/** A block: what SpaceBlock says of it. */
export const BLOCK_OFFSET = 0;
/** Kernel of a single conv; 0 for a super block. */
export const BLOCK_KERNEL = 4;
export const BLOCK_CONVS = 8;
export const BLOCK_STRIDE = 12;
/** In width units. */
export const BLOCK_MIN_OUT = 16;
export const BLOCK_MAX_OUT = 20;
export const BLOCK_MAX_DEPTH = 24;
export const BLOCK_BIT_PAIRS = 28;
/** BitSteps.next of the block. */
export const BLOCK_BIT_STEPS = 32;
/** Kernels as they shrink at the block's input: a byte at resolution index * KERNEL_COUNT + kernel. */
export const BLOCK_KERNELS = 36;
/** The convs of an inner layer, `TEMPLATE_BYTES` each. */
export const BLOCK_CONV_TEMPLATES = 40;
/** Of the genome in hand: pixels of the block's input, and its sums, doubles; `BLOCK_KEPT` further on those before the last step. */
export const BLOCK_RESOLUTION = 44;
export const BLOCK_BITOPS = 48;
export const BLOCK_MACS = 56;
export const BLOCK_FLASH = 64;
export const BLOCK_LAYERS = 72;
export const BLOCK_KEPT = 32;
export const BLOCK_BYTES = 112;

/**
 * A conv of an inner layer, bytes: its kernel, 0 for the block's; whether it is depthwise, and takes the stride; the widths that it reads and writes: 0 in, 1 btn,
 * 2 out.
 */
export const TEMPLATE_KERNEL = 0;
export const TEMPLATE_DEPTHWISE = 1;
export const TEMPLATE_STRIDED = 2;
export const TEMPLATE_FROM = 3;
export const TEMPLATE_TO = 4;
export const TEMPLATE_BYTES = 5;

/** Of every child `RECORD_BYTES`: its hash as it was bred, the random numbers that are left for fitting it, what `settle` found, its hash then. */
export const RECORD_LOW = 0;
export const RECORD_HIGH = 4;
export const RECORD_RANDOM = 8;
export const RECORD_SETTLED = 16;
export const RECORD_FITTED_LOW = 20;
export const RECORD_FITTED_HIGH = 24;
export const RECORD_BYTES = 32;

/** What `settle` found: within budget; over it; within budget, perhaps as another genome, with a new hash. `KNOWN`: it is not to look. */
export const FITS = 0;
export const EXCEEDS = 1;
export const FITTED = 2;
export const KNOWN = 3;

/** Operators of the wheel. */
export const WIDTH_FACTOR = 0;
export const WIDTH_STEP = 1;
export const KERNEL = 2;
export const EXPANSION = 3;
export const DEPTH = 4;
export const PUBLISHED = 5;
export const LAYER_BITS = 6;
export const MOVE_BIT = 7;
export const RESOLUTION = 8;
export const WIDTH_PUSH = 9;
export const MOVE_DEPTH = 10;

/*
 * A row: the key of a block's shape in 64 bits, then doubles of its first inner layer and, `REST` further on at every field, of any other one, as
 * they are when the bits are taken out. With activation bits A, weight bits W and the next layer's activation bits N: BitOps = work A W +
 * elementwise; MACs = work; flash = perWeightBit W + constant; SRAM = max(inner A, lastInput A + lastOutput N); gains = lnFanIn + f(A, W) a
 * conv; live SRAM as a `MemoryForm` of A and N. Gains and what follows are in the row's tail, cache lines of gains, twice memory and what is left.
 */
export const REST = 4;
export const WORK = 1;
export const ELEMENTWISE = 2;
export const FLASH_PER_WEIGHT_BIT = 3;
/** ln sqrt(fan-in) of main-path conv 0 to `MAIN_CONVS` - 1. */
export const LN_FAN_IN = 0;
/** Main-path convs of an inner layer that there is room for. */
export const MAIN_CONVS = 4;
export const SRAM_INNER = 8;
export const SRAM_LAST_INPUT = 9;
export const SRAM_LAST_OUTPUT = 10;
export const LIVE_JOIN_OUTPUT = 11;
export const LIVE_INNER = 16;
export const LIVE_LAST_INPUT = 17;
export const LIVE_LAST_OUTPUT = 18;
export const LIVE_JOIN_INPUT = 19;
export const FLASH_CONSTANT = 24;

/*
 * A row of a deployment, doubles, of a block's first inner layer and, `DEPLOYED_REST` further on, of any other one: deployed flash = perWeightBit W +
 * constant at the stored bits W; moments of its memory, three doubles each, of which the greatest perA A + perN N + constant counts, at the stored
 * bits A and N; the same where the network ends behind the layer; latency and energy.
 */
export const DEPLOYED_PER_WEIGHT_BIT = 0;
export const DEPLOYED_CONSTANT = 1;
export const ARENA_MOST_TERMS = 5;
export const ARENA_TERMS = 2;
export const ARENA_END_TERMS = 17;
/** Latency and energy = constant + byBits * what stands for the weight bits. */
export const DEPLOYED_LATENCY = 32;
export const DEPLOYED_LATENCY_BY_BITS = 33;
export const DEPLOYED_ENERGY = 34;
export const DEPLOYED_ENERGY_BY_BITS = 35;
export const DEPLOYED_REST = 36;
export const DEPLOYED_BYTES = 576;
/** Figures of a deployment: flash, arena, latency, energy. */
export const DEPLOYED_FIGURES = 4;

/** Figures that the module computes, the first costs of the table, in its order; `LIMITS` and `SCRATCH` have room for them. */
export const BITOPS = 0;
export const MACS = 1;
export const FLASH = 2;
export const SRAM = 3;
export const LAYERS = 4;
export const SRAM_LIVE = 5;
export const FIGURES = 6;

/** What full precision is charged for, as a bit pair: 8 bits. */
export const FULL_PRECISION_PAIR = 0x88;
