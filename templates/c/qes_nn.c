/* Kernels by kind; what they compute, and how tensors lie in memory, is in qes_nn.h. */
#include "qes_nn.h"

#include <stddef.h>

#if defined(__ARM_FEATURE_DSP) && !defined(QES_PORTABLE)
#include <arm_acle.h>
#define QES_DSP 1
#endif

/* One copy of what several kernels call: flash is dear. */
#if defined(__GNUC__) && !defined(__clang__)
#define QES_APART __attribute__((noinline, noclone))
#elif defined(__GNUC__)
#define QES_APART __attribute__((noinline))
#else
#define QES_APART
#endif

#define GROUPS(channels) (((unsigned)(channels) + 7u) / 8u)

/*
 * Two products of halves of words, added. Halves are below 2^8, so that signed and unsigned are the same; sums wrap, and what is left when the offset of the weights
 * has been taken from them fits.
 */
static inline uint32_t dual(uint32_t x, uint32_t y, uint32_t sum)
{
#ifdef QES_DSP
    return (uint32_t)__smlad((int16x2_t)x, (int16x2_t)y, (int32_t)sum);
#else
    return sum + (x & 0xffffu) * (y & 0xffffu) + (x >> 16) * (y >> 16);
#endif
}

static inline uint32_t load16(const uint8_t *from)
{
    return (uint32_t)from[0] | (uint32_t)from[1] << 8;
}

static inline uint32_t load32(const uint8_t *from)
{
    return (uint32_t)from[0] | (uint32_t)from[1] << 8 | (uint32_t)from[2] << 16 | (uint32_t)from[3] << 24;
}

/* Four values each, the first in the lowest bits. */
struct halves {
    uint32_t low, high;
};

static inline struct halves split(const uint8_t *from, unsigned bits)
{
    struct halves group;
    switch (bits) {
    case 2:
        group.low = from[0];
        group.high = from[1];
        break;
    case 3: {
        uint32_t all = load16(from) | (uint32_t)from[2] << 16;
        group.low = all & 0xfffu;
        group.high = all >> 12;
        break;
    }
    case 4:
        group.low = load16(from);
        group.high = load16(from + 2);
        break;
    case 5:
        group.low = load32(from) & 0xfffffu;
        group.high = load32(from + 1) >> 12;
        break;
    case 6:
        group.low = load32(from) & 0xffffffu;
        group.high = load32(from + 2) >> 8;
        break;
    case 7:
        group.low = load32(from) & 0xfffffffu;
        group.high = load32(from + 3) >> 4;
        break;
    default:
        group.low = load32(from);
        group.high = load32(from + 4);
        break;
    }
    return group;
}

static QES_APART void join(struct halves group, unsigned bits, uint8_t *to)
{
    uint32_t first = group.low, second = group.high;
    if (bits < 8) {
        first |= second << (4 * bits);
        second >>= 32 - 4 * bits;
    }
    to[0] = (uint8_t)first;
    to[1] = (uint8_t)(first >> 8);
    if (bits == 2) return;
    to[2] = (uint8_t)(first >> 16);
    if (bits == 3) return;
    to[3] = (uint8_t)(first >> 24);
    if (bits == 4) return;
    to[4] = (uint8_t)second;
    if (bits == 5) return;
    to[5] = (uint8_t)(second >> 8);
    if (bits == 6) return;
    to[6] = (uint8_t)(second >> 16);
    if (bits == 7) return;
    to[7] = (uint8_t)(second >> 24);
}

/* The i-th value of a group. */
static inline uint32_t value_of(struct halves group, unsigned bits, unsigned i)
{
    return (i < 4 ? group.low >> (bits * i) : group.high >> (bits * (i - 4))) & ((1u << bits) - 1u);
}

static inline void put_value(struct halves *group, unsigned bits, unsigned i, uint32_t value)
{
    if (i < 4) group->low |= value << (bits * i);
    else group->high |= value << (bits * (i - 4));
}

/*
 * Pairs of values in the halves of a word come in the order in which weights of these bits come apart with the fewest instructions:
 * up to 4 bits (0, 4) (1, 5) (2, 6) (3, 7), from one word; else (0, 2) (1, 3) and (4, 6) (5, 7), from two.
 */
static inline uint32_t four_pairs(const uint8_t *from, unsigned bits)
{
    const struct halves group = split(from, bits);
    return group.low | group.high << 16;
}

static inline uint32_t two_pairs(uint32_t half, unsigned bits)
{
    return (half & ((1u << (2 * bits)) - 1u)) | half >> (2 * bits) << 16;
}

/* Keeps the compiler from a constant in every instruction: with one in a register, a shift and a mask are one instruction. */
static inline uint32_t in_register(uint32_t value)
{
#ifdef QES_DSP
    __asm__("" : "+r"(value));
#endif
    return value;
}

/* The i-th pair of a word of them. */
static inline uint32_t pair_of(uint32_t pairs, unsigned bits, unsigned i, uint32_t mask)
{
#ifdef QES_DSP
    if (bits == 8) {
        uint32_t pair;
        if (i == 0) __asm__("uxtb16 %0, %1" : "=r"(pair) : "r"(pairs));
        else __asm__("uxtb16 %0, %1, ror #8" : "=r"(pair) : "r"(pairs));
        return pair;
    }
#endif
    return pairs >> (bits * i) & mask;
}

/*
 * Groups of inputs as pairs, in the order of weights of `bits_weights`; every second word is the other pixel's. Returns the sum of the values.
 */
static QES_APART uint32_t input_pairs(const uint8_t *from, unsigned groups, unsigned bits, unsigned bits_weights, uint32_t *to)
{
    const uint32_t mask = in_register((1u << bits) - 1u), ones = in_register(0x00010001u);
    uint32_t sum = 0;
    if (bits_weights <= 4) {
        for (; groups > 0; groups--, from += bits, to += 8) {
            struct halves group = split(from, bits);
            for (unsigned i = 0; i < 4; i++) {
                const uint32_t pair = (group.low & mask) | (group.high & mask) << 16;
                group.low >>= bits;
                group.high >>= bits;
                to[2 * i] = pair;
                sum = dual(pair, ones, sum);
            }
        }
    } else {
        const uint32_t masks = mask | mask << 16;
        for (; groups > 0; groups--, from += bits, to += 8) {
            const struct halves group = split(from, bits);
            uint32_t low = group.low, high = group.high;
            if (bits < 8) {
                low = (low & ((mask << bits) | mask)) | low >> (2 * bits) << 16;
                high = (high & ((mask << bits) | mask)) | high >> (2 * bits) << 16;
            }
            to[0] = low & masks;
            to[2] = low >> bits & masks;
            to[4] = high & masks;
            to[6] = high >> bits & masks;
            sum = dual(to[0], ones, sum);
            sum = dual(to[2], ones, sum);
            sum = dual(to[4], ones, sum);
            sum = dual(to[6], ones, sum);
        }
    }
    return sum;
}

/* Sums of 8 output channels for two pixels, sums[8 pixel + channel]; `groups` of inputs a channel, `base` what a sum begins with. */
typedef void (*channels8)(const uint32_t *inputs, const uint8_t *weights, unsigned groups, const uint32_t base[2],
                          uint32_t sums[16]);

/* Two products each for two channels and two pixels. */
#define FOUR_DUALS(i, first, second)                                                                                 \
    do {                                                                                                             \
        const uint32_t x0 = x[2 * (i)], x1 = x[2 * (i) + 1];                                                         \
        const uint32_t a = pair_of(first, bits, bits <= 4 ? (i) : (i) % 2, mask);                                    \
        const uint32_t b = pair_of(second, bits, bits <= 4 ? (i) : (i) % 2, mask);                                   \
        s00 = dual(a, x0, s00);                                                                                      \
        s01 = dual(a, x1, s01);                                                                                      \
        s10 = dual(b, x0, s10);                                                                                      \
        s11 = dual(b, x1, s11);                                                                                      \
    } while (0)

static inline void sum_channels(const uint32_t *inputs, const uint8_t *weights, unsigned groups, const uint32_t base[2],
                                uint32_t sums[16], unsigned bits)
{
    const uint32_t mask = in_register(((1u << bits) - 1u) * 0x10001u);
    for (unsigned channel = 0; channel < 8; channel += 2) {
        const uint32_t *x = inputs;
        const uint8_t *const end = weights + (size_t)2 * groups * bits;
        uint32_t s00 = base[0], s01 = base[1], s10 = base[0], s11 = base[1];
        do {
            if (bits <= 4) {
                const uint32_t first = four_pairs(weights, bits), second = four_pairs(weights + bits, bits);
                FOUR_DUALS(0, first, second);
                FOUR_DUALS(1, first, second);
                FOUR_DUALS(2, first, second);
                FOUR_DUALS(3, first, second);
            } else {
                const struct halves one = split(weights, bits), other = split(weights + bits, bits);
                const uint32_t low = two_pairs(one.low, bits), low_other = two_pairs(other.low, bits);
                FOUR_DUALS(0, low, low_other);
                FOUR_DUALS(1, low, low_other);
                const uint32_t high = two_pairs(one.high, bits), high_other = two_pairs(other.high, bits);
                FOUR_DUALS(2, high, high_other);
                FOUR_DUALS(3, high, high_other);
            }
            weights += 2 * bits;
            x += 8;
        } while (weights != end);
        sums[channel] = s00;
        sums[channel + 1] = s10;
        sums[channel + 8] = s01;
        sums[channel + 9] = s11;
    }
}

#define CHANNELS8(bits)                                                                                              \
    static void sum_channels_##bits(const uint32_t *inputs, const uint8_t *weights, unsigned groups,                 \
                                    const uint32_t base[2], uint32_t sums[16])                                       \
    {                                                                                                                \
        sum_channels(inputs, weights, groups, base, sums, bits);                                                     \
    }
CHANNELS8(2)
CHANNELS8(3)
CHANNELS8(4)
CHANNELS8(5)
CHANNELS8(6)
CHANNELS8(7)
CHANNELS8(8)

static const channels8 by_bits[] = {sum_channels_2, sum_channels_3, sum_channels_4, sum_channels_5,
                                    sum_channels_6, sum_channels_7, sum_channels_8};

static QES_APART void add_values(struct halves values, unsigned bits, uint32_t sums[8])
{
    const uint32_t mask = (1u << bits) - 1u;
    for (unsigned i = 0; i < 4; i++) {
        sums[i] += values.low >> (bits * i) & mask;
        sums[4 + i] += values.high >> (bits * i) & mask;
    }
}

/* What a conv's sums are rounded with. */
struct rounding {
    int64_t half;
    int32_t bias_unit, held;
    uint32_t most;
    uint32_t too_high; /* upper words from here on stand for values beyond `most`, or below 0 */
    uint32_t first_shift; /* as a multiplication by 2^(32 - k), whose upper word is a shift by k */
    unsigned second_shift, bits;
};

static struct rounding rounding_of(const struct qes_conv *conv)
{
    const unsigned top = (unsigned)conv->shift + conv->bits_out;
    /* After the first shift what is in range has 32 bits. */
    const unsigned first_shift = top > 33 ? top - 32 : 1;
    struct rounding rounding;
    rounding.half = (int64_t)1 << (conv->shift - 1);
    rounding.bias_unit = (int32_t)1 << (conv->shift - conv->bias_shift);
    rounding.held = conv->held;
    rounding.most = (1u << conv->bits_out) - 1u;
    rounding.too_high = top >= 32 ? 1u << (top - 32) : 1u;
    rounding.first_shift = 1u << (32 - first_shift);
    rounding.second_shift = conv->shift - first_shift;
    rounding.bits = conv->bits_out;
    return rounding;
}

/* clamp(value >> shift, 0, most): the lower words tell only what the upper one leaves open. */
static inline uint32_t clamped(const struct rounding *rounding, int64_t value)
{
    const uint32_t upper = (uint32_t)((uint64_t)value >> 32);
    uint32_t result;
    if (upper >= rounding->too_high) return upper >> 31 ? 0 : rounding->most;
    result = (uint32_t)(((uint64_t)(uint32_t)value * rounding->first_shift) >> 32) + upper * rounding->first_shift;
    result >>= rounding->second_shift;
    return result > rounding->most ? rounding->most : result;
}

/* Four values in the low bits of a word; what is held is in the low bits of `kept`, of `bits_held` bits, 0 of them for nothing. */
static inline uint32_t round4(const struct rounding *rounding, const uint32_t *sums, const int32_t *constants,
                              uint32_t kept, unsigned bits_held)
{
    const uint32_t mask = (1u << bits_held) - 1u;
    uint32_t values = 0;
    for (unsigned i = 4; i-- > 0;) {
        int64_t value = rounding->half + (int64_t)(int32_t)sums[i] * constants[2 * i] +
                        (int64_t)constants[2 * i + 1] * rounding->bias_unit;
        if (bits_held) value += (int64_t)(int32_t)(kept >> (bits_held * i) & mask) * rounding->held;
        values = values << rounding->bits | clamped(rounding, value);
    }
    return values;
}

static QES_APART struct halves round8(const struct rounding *rounding, const uint32_t *sums, const int32_t *constants)
{
    struct halves values;
    values.low = round4(rounding, sums, constants, 0, 0);
    values.high = round4(rounding, sums + 4, constants + 8, 0, 0);
    return values;
}

static QES_APART struct halves round8_held(const struct rounding *rounding, const uint32_t *sums, const int32_t *constants,
                                 struct halves kept, unsigned bits_held)
{
    struct halves values;
    values.low = round4(rounding, sums, constants, kept.low, bits_held);
    values.high = round4(rounding, sums + 4, constants + 8, kept.high, bits_held);
    return values;
}

/* Both read the inputs of output pixel (row, column), as pairs; they return the sum of the values. */

static QES_APART uint32_t gather(const struct qes_conv *conv, const uint8_t *in, unsigned row, unsigned column, uint32_t *to)
{
    const unsigned side = conv->in_side, groups = GROUPS(conv->in), bits = conv->bits_in;
    const unsigned padding = (conv->kernel - 1u) / 2u;
    uint32_t sum = 0;
    for (unsigned ky = 0; ky < conv->kernel; ky++) {
        const unsigned y = row * conv->stride + ky - padding;
        for (unsigned kx = 0; kx < conv->kernel; kx++) {
            const unsigned x = column * conv->stride + kx - padding;
            /* Left of the image and above it these wrap, and are beyond it too. */
            const int inside = y < side && x < side;
            if (inside) sum += input_pairs(in + ((size_t)y * side + x) * groups * bits, groups, bits, conv->bits_weights, to);
            else
                for (unsigned i = 0; i < 4 * groups; i++) to[2 * i] = 0;
            to += 8 * groups;
        }
    }
    return sum;
}

static QES_APART uint32_t gather_image(const struct qes_conv *conv, const uint8_t *in, unsigned row, unsigned column, uint32_t *to)
{
    const unsigned side = conv->in_side, channels = conv->in;
    const unsigned padding = (conv->kernel - 1u) / 2u;
    uint8_t group[8];
    uint32_t sum = 0;
    unsigned count = 0;
    for (unsigned ky = 0; ky < conv->kernel; ky++) {
        const unsigned y = row * conv->stride + ky - padding;
        for (unsigned kx = 0; kx < conv->kernel; kx++) {
            const unsigned x = column * conv->stride + kx - padding;
            const int inside = y < side && x < side;
            const uint8_t *from = in + (inside ? ((size_t)y * side + x) * channels : 0);
            for (unsigned channel = 0; channel < channels; channel++) {
                /* Of fewer bits than 8 the high ones are read. */
                group[count++] = inside ? (uint8_t)(from[channel] >> (8u - conv->bits_in)) : 0;
                if (count == 8) {
                    sum += input_pairs(group, 1, 8, conv->bits_weights, to);
                    to += 8;
                    count = 0;
                }
            }
        }
    }
    if (count == 0) return sum;
    while (count < 8) group[count++] = 0;
    return sum + input_pairs(group, 1, 8, conv->bits_weights, to);
}

/* What a conv reads, and where its values go. */
struct operands {
    const uint8_t *in;
    const uint8_t *held;  /* 0 where nothing is added */
    uint8_t *out;         /* 0 where values are added up instead */
    uint32_t *totals;     /* of each output channel */
    int image;            /* whether `in` is the image */
};

/* Two pixels at a time: their inputs are taken apart once and meet all weights, 8 output channels after the other. */
static QES_APART void convolve(const struct qes_conv *conv, struct operands at, enum qes_direction direction, uint32_t *scratch)
{
    const struct rounding rounding = rounding_of(conv);
    const unsigned squares = (unsigned)conv->kernel * conv->kernel, out_groups = GROUPS(conv->out);
    const unsigned groups = at.image ? GROUPS(squares * conv->in) : squares * GROUPS(conv->in);
    const unsigned pixels = (unsigned)conv->out_side * conv->out_side, pairs = (pixels + 1) / 2;
    const unsigned bits = conv->bits_out, bits_held = conv->bits_held;
    const int pointwise = conv->kernel == 1 && conv->stride == 1 && !at.image;
    const size_t rows8 = (size_t)8 * groups * conv->bits_weights;
    const channels8 sum8 = by_bits[conv->bits_weights - 2];
    struct halves *const added = (struct halves *)(void *)(scratch + 8 * groups);
    for (unsigned i = 0; i < pairs; i++) {
        const unsigned first = 2 * (direction == QES_FORWARD ? i : pairs - 1 - i);
        const unsigned count = first + 1 < pixels ? 2 : 1;
        const size_t begin = (size_t)first * out_groups;
        uint32_t base[2] = {0, 0};
        for (unsigned pixel = 0; pixel < count; pixel++) {
            uint32_t *const to = scratch + pixel;
            uint32_t sum;
            if (pointwise) {
                const uint8_t *const from = at.in + (size_t)(first + pixel) * groups * conv->bits_in;
                sum = input_pairs(from, groups, conv->bits_in, conv->bits_weights, to);
            } else {
                const unsigned row = (first + pixel) / conv->out_side, column = (first + pixel) % conv->out_side;
                sum = at.image ? gather_image(conv, at.in, row, column, to) : gather(conv, at.in, row, column, to);
            }
            base[pixel] = 0u - (sum << (conv->bits_weights - 1));
        }
        /* All of it before the first value is written, which may lie over it. */
        for (unsigned j = 0; at.held && j < count * out_groups; j++)
            added[j] = split(at.held + (begin + j) * bits_held, bits_held);
        const uint8_t *weights = conv->weights;
        const int32_t *constants = conv->constants;
        for (unsigned group = 0; group < out_groups; group++, weights += rows8, constants += 16) {
            uint32_t sums[16];
            sum8(scratch, weights, groups, base, sums);
            for (unsigned pixel = 0; pixel < count; pixel++) {
                const unsigned place = pixel * out_groups + group;
                const struct halves values =
                    at.held ? round8_held(&rounding, sums + 8 * pixel, constants, added[place], bits_held)
                            : round8(&rounding, sums + 8 * pixel, constants);
                if (at.out) join(values, bits, at.out + (begin + place) * bits);
                else add_values(values, bits, at.totals + 8 * group);
            }
        }
    }
}

void qes_image_conv(const struct qes_conv *conv, const uint8_t *image, uint8_t *out, uint32_t *scratch)
{
    const struct operands at = {image, 0, out, 0, 1};
    convolve(conv, at, QES_FORWARD, scratch);
}

void qes_conv(const struct qes_conv *conv, const uint8_t *in, uint8_t *out, uint32_t *scratch)
{
    const struct operands at = {in, 0, out, 0, 0};
    convolve(conv, at, QES_FORWARD, scratch);
}

void qes_conv_add(const struct qes_conv *conv, const uint8_t *in, const uint8_t *held, uint8_t *out,
                  enum qes_direction direction, uint32_t *scratch)
{
    const struct operands at = {in, held, out, 0, 0};
    convolve(conv, at, direction, scratch);
}

void qes_conv_average(const struct qes_conv *conv, const uint8_t *in, const uint8_t *held, int image, uint32_t *scratch)
{
    const unsigned channels = 8 * GROUPS(conv->out), pixels = (unsigned)conv->out_side * conv->out_side;
    const struct operands at = {in, held, 0, scratch, image};
    uint8_t *const means = (uint8_t *)scratch;
    for (unsigned channel = 0; channel < channels; channel++) scratch[channel] = 0;
    convolve(conv, at, QES_FORWARD, scratch + channels);
    for (unsigned channel = 0; channel < channels; channel++)
        means[channel] = (uint8_t)((scratch[channel] + pixels / 2) / pixels);
}

static inline int32_t low_half(uint32_t pair)
{
    return (int16_t)(uint16_t)pair;
}

static inline int32_t high_half(uint32_t pair)
{
    return (int16_t)(uint16_t)(pair >> 16);
}

/*
 * Sums of one output pixel, 4 channels: `count` rows of inputs, 8 bytes a pixel, from byte `at` on; weights of a tap are 4 words, pairs of channels (0, 2) and (1, 3).
 */
static inline void sum_taps(const uint8_t *const *rows, unsigned count, size_t at, unsigned kernel, const uint32_t *weights,
                            uint32_t sums[4])
{
    int32_t s0 = 0, s1 = 0, s2 = 0, s3 = 0;
    for (unsigned ky = 0; ky < count; ky++) {
        const uint8_t *from = rows[ky] + at;
        for (unsigned kx = 0; kx < kernel; kx++, from += 8, weights += 4) {
            const uint32_t all = load32(from);
            const uint32_t even = all & 0x00ff00ffu, odd = all >> 8 & 0x00ff00ffu;
            s0 += low_half(even) * low_half(weights[0]);
            s2 += high_half(even) * high_half(weights[0]);
            s1 += low_half(odd) * low_half(weights[1]);
            s3 += high_half(odd) * high_half(weights[1]);
        }
    }
    sums[0] = (uint32_t)s0;
    sums[1] = (uint32_t)s1;
    sums[2] = (uint32_t)s2;
    sums[3] = (uint32_t)s3;
}

/* The same for 8 channels; a kernel of 3 is the usual one. */
static QES_APART void sum_taps8(const uint8_t *const *rows, unsigned count, size_t at, unsigned kernel, const uint32_t *weights,
                      uint32_t sums[8])
{
    if (kernel == 3) {
        sum_taps(rows, count, at, 3, weights, sums);
        sum_taps(rows, count, at + 4, 3, weights + 2, sums + 4);
    } else {
        sum_taps(rows, count, at, kernel, weights, sums);
        sum_taps(rows, count, at + 4, kernel, weights + 2, sums + 4);
    }
}

/* The values of a group as bytes. */
static inline void unpack(struct halves values, unsigned bits, uint8_t *to)
{
    for (unsigned i = 0; i < 8; i++) to[i] = (uint8_t)value_of(values, bits, i);
}

/* A row of one group of channels as bytes; pixels lie `apart` bytes apart. */
static void unpack_row(const uint8_t *from, size_t apart, unsigned bits, unsigned side, uint8_t *to)
{
    for (unsigned x = 0; x < side; x++, from += apart, to += 8) unpack(split(from, bits), bits, to);
}

/* Weights of one group of channels as signed pairs, 4 words a tap. */
static void unpack_taps(const uint8_t *from, unsigned bits, unsigned taps, uint32_t *to)
{
    const uint32_t offset = 1u << (bits - 1);
    for (unsigned tap = 0; tap < taps; tap++, from += bits, to += 4) {
        const struct halves values = split(from, bits);
        for (unsigned i = 0; i < 4; i++) {
            const unsigned channel = (i & 1u) + 2 * (i & 2u);
            const uint32_t low = value_of(values, bits, channel) - offset;
            const uint32_t high = value_of(values, bits, channel + 2) - offset;
            to[i] = (low & 0xffffu) | high << 16;
        }
    }
}

/* Words of scratch that a group of a depthwise conv takes: its taps, and a ring of rows. */
static unsigned lane_of(const struct qes_conv *conv)
{
    const unsigned kernel = conv->kernel;
    return 4 * kernel * kernel + 2 * kernel * (conv->in_side + kernel);
}

/* The columns beside the rows of a ring stay 0. */
static void clear_rings(const struct qes_conv *conv, unsigned count, uint32_t *scratch)
{
    const unsigned words = count * lane_of(conv);
    for (unsigned i = 0; i < words; i++) scratch[i] = 0;
}

/* Some groups of 8 output channels, from the first on. */
struct groups {
    unsigned first, count;
};

/* An expansion, and what its inputs are. */
struct expanded {
    const struct qes_conv *conv;
    const uint8_t *in;
    struct rounding rounding;
    uint32_t *inputs; /* scratch for two pixels */
};

/* A row of some groups as bytes, two pixels at a time; the groups' rows lie `lane` bytes apart. */
static void expand_row(const struct expanded *of, struct groups some, unsigned row, uint8_t *to, size_t lane)
{
    const struct qes_conv *const conv = of->conv;
    const unsigned side = conv->in_side, groups = GROUPS(conv->in), bits = conv->bits_out;
    const size_t rows8 = (size_t)8 * groups * conv->bits_weights;
    const uint8_t *from = of->in + (size_t)row * side * groups * conv->bits_in;
    for (unsigned x = 0; x < side; x += 2, to += 16) {
        const unsigned count = x + 1 < side ? 2 : 1;
        const uint8_t *weights = conv->weights + some.first * rows8;
        const int32_t *constants = conv->constants + 16 * some.first;
        uint32_t base[2] = {0, 0}, sums[16];
        for (unsigned pixel = 0; pixel < count; pixel++, from += groups * conv->bits_in)
            base[pixel] = 0u - (input_pairs(from, groups, conv->bits_in, conv->bits_weights, of->inputs + pixel)
                                << (conv->bits_weights - 1));
        for (unsigned i = 0; i < some.count; i++, weights += rows8, constants += 16) {
            by_bits[conv->bits_weights - 2](of->inputs, weights, groups, base, sums);
            for (unsigned pixel = 0; pixel < count; pixel++)
                unpack(round8(&of->rounding, sums + 8 * pixel, constants), bits, to + i * lane + 8 * pixel);
        }
    }
}

/* Where the channels of the first group come from, row by row, and go to. */
struct plane {
    const struct expanded *expanded; /* 0 where they are read from a tensor */
    const uint8_t *in;
    uint8_t *out;
    enum qes_direction direction;
};

/*
 * A depthwise conv of some groups of channels, each through a ring of rows of its inputs: in place, where it is one group, a row is in the ring before an output is
 * written over it. The other groups' bytes stay.
 */
static QES_APART void depthwise_groups(const struct qes_conv *conv, const struct rounding *rounding, struct groups some,
                                       struct plane plane, uint32_t *scratch)
{
    const unsigned kernel = conv->kernel, padding = (kernel - 1) / 2, stride = conv->stride;
    const unsigned side = conv->in_side, out_side = conv->out_side, bits = conv->bits_out;
    const unsigned row_bytes = 8 * (side + kernel);
    const size_t apart = (size_t)GROUPS(conv->in) * bits;
    const int forward = plane.direction == QES_FORWARD;
    /* Of every group the weights of its taps, then its ring. */
    const unsigned taps = 4 * kernel * kernel, lane = lane_of(conv);
    const size_t weights = (size_t)kernel * kernel * conv->bits_weights;
    unsigned loaded = 0;
    for (unsigned i = 0; i < some.count; i++)
        unpack_taps(conv->weights + (some.first + i) * weights, conv->bits_weights, kernel * kernel, scratch + i * lane);
    for (unsigned step = 0; step < out_side; step++) {
        const unsigned row = forward ? step : out_side - 1 - step;
        /* Input rows from `first` to before `last`, of which `loaded` are in the ring or were, from the side where this began. */
        const unsigned first = row * stride > padding ? row * stride - padding : 0;
        const unsigned last = row * stride + kernel - padding < side ? row * stride + kernel - padding : side;
        const unsigned skipped = first + padding - row * stride;
        const unsigned wanted = forward ? last : side - first;
        const uint8_t *rows[QES_MOST_KERNEL];
        for (; loaded < wanted; loaded++) {
            const unsigned y = forward ? loaded : side - 1 - loaded;
            uint8_t *const to = (uint8_t *)(scratch + taps) + (size_t)(y % kernel) * row_bytes + 8 * padding;
            if (plane.expanded) expand_row(plane.expanded, some, y, to, (size_t)4 * lane);
            else unpack_row(plane.in + (size_t)y * side * apart, apart, bits, side, to);
        }
        for (unsigned i = 0; i < some.count; i++) {
            uint32_t *const own = scratch + i * lane;
            const int32_t *const constants = conv->constants + 16 * (some.first + i);
            uint8_t *out = plane.out + (size_t)i * bits + (size_t)row * out_side * apart;
            for (unsigned y = first; y < last; y++)
                rows[y - first] = (uint8_t *)(own + taps) + (size_t)(y % kernel) * row_bytes;
            for (unsigned column = 0; column < out_side; column++, out += apart) {
                uint32_t sums[8];
                sum_taps8(rows, last - first, (size_t)8 * column * stride, kernel, own + 4 * kernel * skipped, sums);
                join(round8(rounding, sums, constants), bits, out);
            }
        }
    }
}


void qes_depthwise(const struct qes_conv *conv, uint8_t *tensor, enum qes_direction direction, uint32_t *scratch)
{
    const struct rounding rounding = rounding_of(conv);
    const unsigned groups = GROUPS(conv->in), bits = conv->bits_out, side = conv->in_side, out_side = conv->out_side;
    const size_t skip = direction == QES_FORWARD ? 0 : ((size_t)side * side - (size_t)out_side * out_side) * groups * bits;
    clear_rings(conv, 1, scratch);
    for (unsigned group = 0; group < groups; group++) {
        const struct groups one = {group, 1};
        uint8_t *const own = tensor + (size_t)group * bits;
        const struct plane plane = {0, own, own + skip, direction};
        depthwise_groups(conv, &rounding, one, plane, scratch);
    }
}

void qes_expand_depthwise(const struct qes_conv *expansion, const struct qes_conv *conv, const uint8_t *in, uint8_t *out,
                          unsigned together, uint32_t *scratch)
{
    const struct rounding rounding = rounding_of(conv);
    const struct expanded expanded = {expansion, in, rounding_of(expansion), scratch};
    const unsigned groups = GROUPS(conv->in);
    uint32_t *const lanes = scratch + 8 * GROUPS(expansion->in);
    struct groups some = {0, together};
    clear_rings(conv, together, lanes);
    for (; some.first < groups; some.first += together) {
        const struct plane plane = {&expanded, 0, out + (size_t)some.first * conv->bits_out, QES_FORWARD};
        if (groups - some.first < together) some.count = groups - some.first;
        depthwise_groups(conv, &rounding, some, plane, lanes);
    }
}

void qes_pool(uint8_t *tensor, unsigned side, unsigned channels, unsigned bits, enum qes_direction direction)
{
    const unsigned out_side = (side + 1) / 2, groups = GROUPS(channels), pixels = out_side * out_side;
    const size_t apart = (size_t)groups * bits;
    const size_t skip = direction == QES_FORWARD ? 0 : (size_t)side * side - pixels;
    for (unsigned i = 0; i < pixels; i++) {
        const unsigned pixel = direction == QES_FORWARD ? i : pixels - 1 - i;
        const unsigned y = 2 * (pixel / out_side), x = 2 * (pixel % out_side);
        const unsigned high = y + 1 < side ? 2 : 1, wide = x + 1 < side ? 2 : 1, count = high * wide;
        uint8_t *own = tensor;
        for (unsigned group = 0; group < groups; group++, own += bits) {
            uint32_t sums[8] = {0, 0, 0, 0, 0, 0, 0, 0};
            struct halves values = {0, 0};
            for (unsigned j = 0; j < count; j++)
                add_values(split(own + ((size_t)(y + j / wide) * side + x + j % wide) * apart, bits), bits, sums);
            for (unsigned c = 0; c < 4; c++) {
                /* Of 1, 2 or 4 values. */
                values.low |= (sums[c] + count / 2) >> (count / 2) << (bits * c);
                values.high |= (sums[4 + c] + count / 2) >> (count / 2) << (bits * c);
            }
            join(values, bits, own + (skip + pixel) * apart);
        }
    }
}

void qes_classify(const struct qes_classifier *classifier, const uint8_t *means, int32_t *logits)
{
    const unsigned channels = 8 * GROUPS(classifier->channels);
    const int64_t half = (int64_t)1 << (classifier->shift - 1);
    const int32_t bias_unit = (int32_t)1 << (classifier->shift - classifier->bias_shift);
    const uint8_t *weights = classifier->weights;
    const int32_t *constants = classifier->constants;
    for (unsigned class = 0; class < classifier->classes; class++, weights += channels, constants += 2) {
        int32_t sum = 0;
        for (unsigned channel = 0; channel < channels; channel++)
            sum += ((int32_t)weights[channel] - 128) * means[channel];
        logits[class] =
            (int32_t)((half + (int64_t)sum * constants[0] + (int64_t)constants[1] * bias_unit) >> classifier->shift);
    }
}

void qes_output(const uint8_t *tensor, unsigned side, unsigned channels, uint8_t *out)
{
    const unsigned pixels = side * side, row = 8 * GROUPS(channels);
    for (unsigned pixel = 0; pixel < pixels; pixel++, tensor += row)
        for (unsigned channel = 0; channel < channels; channel++) *out++ = tensor[channel];
}
