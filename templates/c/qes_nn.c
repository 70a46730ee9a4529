/* Kernels by kind; what they compute, and how tensors lie in memory, is in qes_nn.h. */
#include "qes_nn.h"

#include <stddef.h>

#if defined(__ARM_FEATURE_DSP) && !defined(QES_PORTABLE)
#include <arm_acle.h>
#define QES_DSP 1
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

static void join(struct halves group, unsigned bits, uint8_t *to)
{
    uint32_t first = group.low, second = group.high;
    if (bits < 8) {
        first |= second << (4 * bits);
        second >>= 32 - 4 * bits;
    }
    for (unsigned i = 0; i < bits; i++) to[i] = (uint8_t)(i < 4 ? first >> (8 * i) : second >> (8 * (i - 4)));
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
 * Pairs of values in the halves of a word, in the order in which weights of these bits come apart with the fewest instructions:
 * up to 4 bits (0, 4) (1, 5) (2, 6) (3, 7), else (0, 2) (1, 3) (4, 6) (5, 7).
 */
static inline void weight_pairs(const uint8_t *from, unsigned bits, uint32_t pairs[4])
{
    struct halves group = split(from, bits);
    uint32_t mask = (1u << bits) - 1u;
    mask |= mask << 16;
    if (bits <= 4) {
        uint32_t both = group.low | group.high << 16;
        for (unsigned i = 0; i < 4; i++) pairs[i] = both >> (bits * i) & mask;
    } else {
        uint32_t two = (1u << (2 * bits)) - 1u;
        uint32_t low = (group.low & two) | group.low >> (2 * bits) << 16;
        uint32_t high = (group.high & two) | group.high >> (2 * bits) << 16;
        pairs[0] = low & mask;
        pairs[1] = low >> bits & mask;
        pairs[2] = high & mask;
        pairs[3] = high >> bits & mask;
    }
}

/* A group of inputs as pairs, in the order of weights of `bits_weights`; every second word is the other pixel's. Returns the sum of the values. */
static inline uint32_t input_pairs(struct halves group, unsigned bits, unsigned bits_weights, uint32_t *to)
{
    uint32_t mask = (1u << bits) - 1u;
    uint32_t sum = 0;
    for (unsigned i = 0; i < 4; i++) {
        uint32_t pair;
        if (bits_weights <= 4) {
            pair = (group.low >> (bits * i) & mask) | (group.high >> (bits * i) & mask) << 16;
        } else {
            uint32_t half = (i < 2 ? group.low : group.high) >> (bits * (i & 1u));
            pair = (half & mask) | (half >> (2 * bits) & mask) << 16;
        }
        to[2 * i] = pair;
        sum = dual(pair, 0x00010001u, sum);
    }
    return sum;
}

/* Sums of 8 output channels for two pixels, sums[2 channel + pixel]; `groups` of inputs a channel, `base` what a sum begins with. */
typedef void (*channels8)(const uint32_t *inputs, const uint8_t *weights, unsigned groups, const uint32_t base[2],
                          uint32_t sums[16]);

static inline void sum_channels(const uint32_t *inputs, const uint8_t *weights, unsigned groups, const uint32_t base[2],
                                uint32_t sums[16], unsigned bits)
{
    const unsigned row = groups * bits;
    for (unsigned channel = 0; channel < 8; channel += 2) {
        const uint32_t *x = inputs;
        const uint8_t *end = weights + row;
        uint32_t s00 = base[0], s01 = base[1], s10 = base[0], s11 = base[1];
        for (; weights != end; weights += bits, x += 8) {
            uint32_t first[4], second[4];
            weight_pairs(weights, bits, first);
            weight_pairs(weights + row, bits, second);
            for (unsigned i = 0; i < 4; i++) {
                uint32_t x0 = x[2 * i], x1 = x[2 * i + 1];
                s00 = dual(first[i], x0, s00);
                s01 = dual(first[i], x1, s01);
                s10 = dual(second[i], x0, s10);
                s11 = dual(second[i], x1, s11);
            }
        }
        weights += row;
        sums[0] = s00;
        sums[1] = s01;
        sums[2] = s10;
        sums[3] = s11;
        sums += 4;
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

/* What a conv's sums are rounded with. */
struct rounding {
    int64_t half;
    int32_t bias_unit, held, most;
    unsigned shift;
};

static struct rounding rounding_of(const struct qes_conv *conv)
{
    struct rounding rounding;
    rounding.half = (int64_t)1 << (conv->shift - 1);
    rounding.bias_unit = (int32_t)1 << (conv->shift - conv->bias_shift);
    rounding.held = conv->held;
    rounding.most = (int32_t)((1u << conv->bits_out) - 1u);
    rounding.shift = conv->shift;
    return rounding;
}

/* The sum is of two's complement. `>>` of a negative number rounds towards minus infinity, as gcc, clang, armcc and IAR have it. */
static inline uint32_t requantised(const struct rounding *rounding, uint32_t sum, const int32_t *constants, int64_t added)
{
    int64_t value = added + (int64_t)(int32_t)sum * constants[0] + (int64_t)constants[1] * rounding->bias_unit;
    value >>= rounding->shift;
    if (value < 0) return 0;
    return (uint32_t)(value > rounding->most ? rounding->most : value);
}

/* Both read the inputs of output pixel (row, column), as pairs; they return the sum of the values. */

static uint32_t gather(const struct qes_conv *conv, const uint8_t *in, unsigned row, unsigned column, uint32_t *to)
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
            const uint8_t *from = in + (inside ? ((size_t)y * side + x) * groups * bits : 0);
            for (unsigned group = 0; group < groups; group++, to += 8, from += inside ? bits : 0) {
                const struct halves none = {0, 0};
                sum += input_pairs(inside ? split(from, bits) : none, bits, conv->bits_weights, to);
            }
        }
    }
    return sum;
}

static uint32_t gather_image(const struct qes_conv *conv, const uint8_t *in, unsigned row, unsigned column, uint32_t *to)
{
    const unsigned side = conv->in_side, channels = conv->in;
    const unsigned padding = (conv->kernel - 1u) / 2u;
    struct halves group = {0, 0};
    uint32_t sum = 0;
    unsigned count = 0;
    for (unsigned ky = 0; ky < conv->kernel; ky++) {
        const unsigned y = row * conv->stride + ky - padding;
        for (unsigned kx = 0; kx < conv->kernel; kx++) {
            const unsigned x = column * conv->stride + kx - padding;
            const int inside = y < side && x < side;
            const uint8_t *from = in + (inside ? ((size_t)y * side + x) * channels : 0);
            for (unsigned channel = 0; channel < channels; channel++, count++) {
                /* Of fewer bits than 8 the high ones are read. */
                const uint32_t value = inside ? (uint32_t)from[channel] >> (8u - conv->bits_in) : 0;
                if (count == 8) {
                    sum += input_pairs(group, 8, conv->bits_weights, to);
                    to += 8;
                    count = 0;
                    group.low = group.high = 0;
                }
                put_value(&group, 8, count, value);
            }
        }
    }
    return sum + input_pairs(group, 8, conv->bits_weights, to);
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
static void convolve(const struct qes_conv *conv, struct operands at, enum qes_direction direction, uint32_t *scratch)
{
    const struct rounding rounding = rounding_of(conv);
    const unsigned squares = (unsigned)conv->kernel * conv->kernel, out_groups = GROUPS(conv->out);
    const unsigned groups = at.image ? GROUPS(squares * conv->in) : squares * GROUPS(conv->in);
    const unsigned pixels = (unsigned)conv->out_side * conv->out_side, pairs = (pixels + 1) / 2;
    const unsigned bits = conv->bits_out, bits_held = conv->bits_held;
    const size_t rows8 = (size_t)8 * groups * conv->bits_weights;
    const channels8 sum8 = by_bits[conv->bits_weights - 2];
    struct halves *const added = (struct halves *)(void *)(scratch + 8 * groups);
    for (unsigned i = 0; i < pairs; i++) {
        const unsigned first = 2 * (direction == QES_FORWARD ? i : pairs - 1 - i);
        const unsigned count = first + 1 < pixels ? 2 : 1;
        const size_t place = (size_t)first * out_groups;
        uint32_t base[2] = {0, 0};
        for (unsigned pixel = 0; pixel < count; pixel++) {
            const unsigned row = (first + pixel) / conv->out_side, column = (first + pixel) % conv->out_side;
            uint32_t *const to = scratch + pixel;
            const uint32_t sum =
                at.image ? gather_image(conv, at.in, row, column, to) : gather(conv, at.in, row, column, to);
            base[pixel] = 0u - (sum << (conv->bits_weights - 1));
        }
        /* All of it before the first value is written, which may lie over it. */
        for (unsigned j = 0; at.held && j < count * out_groups; j++)
            added[j] = split(at.held + (place + j) * bits_held, bits_held);
        const uint8_t *weights = conv->weights;
        const int32_t *constants = conv->constants;
        for (unsigned group = 0; group < out_groups; group++, weights += rows8, constants += 16) {
            uint32_t sums[16];
            sum8(scratch, weights, groups, base, sums);
            for (unsigned pixel = 0; pixel < count; pixel++) {
                const struct halves *const kept = added + pixel * out_groups + group;
                struct halves values = {0, 0};
                for (unsigned channel = 0; channel < 8; channel++) {
                    const int64_t more =
                        at.held ? rounding.half + (int64_t)rounding.held * value_of(*kept, bits_held, channel) : rounding.half;
                    const uint32_t value =
                        requantised(&rounding, sums[2 * channel + pixel], constants + 2 * channel, more);
                    if (at.out) put_value(&values, bits, channel, value);
                    else at.totals[8 * group + channel] += value;
                }
                if (at.out) join(values, bits, at.out + (place + pixel * out_groups + group) * bits);
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

/* Sums of one output pixel, 4 channels: inputs of every row are 8 bytes a pixel, weights of a tap 4 words, pairs of channels (0, 2) and (1, 3) first. */
static inline void sum_taps(const uint8_t *const *rows, unsigned count, unsigned kernel, const uint32_t *weights,
                            uint32_t sums[4])
{
    int32_t s0 = 0, s1 = 0, s2 = 0, s3 = 0;
    for (unsigned ky = 0; ky < count; ky++) {
        const uint8_t *from = rows[ky];
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

/* A row of one group of channels as bytes; pixels lie `apart` bytes apart. */
static void unpack_row(const uint8_t *from, size_t apart, unsigned bits, unsigned side, uint8_t *to)
{
    for (unsigned x = 0; x < side; x++, from += apart, to += 8) {
        const struct halves values = split(from, bits);
        for (unsigned i = 0; i < 8; i++) to[i] = (uint8_t)value_of(values, bits, i);
    }
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

/*
 * Group of channels by group, through a ring of rows of its inputs: a row is in the ring before an output is written over it. The other groups' bytes stay.
 */
void qes_depthwise(const struct qes_conv *conv, uint8_t *tensor, enum qes_direction direction, uint32_t *scratch)
{
    const struct rounding rounding = rounding_of(conv);
    const unsigned kernel = conv->kernel, padding = (kernel - 1) / 2, stride = conv->stride;
    const unsigned side = conv->in_side, out_side = conv->out_side, bits = conv->bits_out;
    const unsigned groups = GROUPS(conv->in), row_bytes = 8 * (side + kernel - 1);
    const size_t apart = (size_t)groups * bits;
    const size_t skip = direction == QES_FORWARD ? 0 : (size_t)side * side - (size_t)out_side * out_side;
    uint32_t *const taps = scratch;
    uint8_t *const ring = (uint8_t *)(scratch + 4 * kernel * kernel);
    /* The columns beside a row stay 0. */
    for (unsigned i = 0; i < kernel * row_bytes; i++) ring[i] = 0;
    for (unsigned group = 0; group < groups; group++) {
        uint8_t *const own = tensor + (size_t)group * bits;
        const int32_t *const constants = conv->constants + 16 * group;
        unsigned loaded = 0;
        unpack_taps(conv->weights + (size_t)group * kernel * kernel * conv->bits_weights, conv->bits_weights,
                    kernel * kernel, taps);
        for (unsigned step = 0; step < out_side; step++) {
            const unsigned row = direction == QES_FORWARD ? step : out_side - 1 - step;
            /* Input rows from `first` to before `last`, of which `loaded` are in the ring or were, from the side where this began. */
            const unsigned first = row * stride > padding ? row * stride - padding : 0;
            const unsigned last = row * stride + kernel - padding < side ? row * stride + kernel - padding : side;
            const unsigned skipped = first + padding - row * stride;
            const unsigned wanted = direction == QES_FORWARD ? last : side - first;
            const uint8_t *rows[QES_MOST_KERNEL];
            for (; loaded < wanted; loaded++) {
                const unsigned y = direction == QES_FORWARD ? loaded : side - 1 - loaded;
                unpack_row(own + (size_t)y * side * apart, apart, bits, side,
                           ring + (size_t)(y % kernel) * row_bytes + 8 * padding);
            }
            for (unsigned column = 0; column < out_side; column++) {
                uint32_t sums[8];
                struct halves values = {0, 0};
                for (unsigned y = first; y < last; y++)
                    rows[y - first] = ring + (size_t)(y % kernel) * row_bytes + 8 * column * stride;
                sum_taps(rows, last - first, kernel, taps + 4 * kernel * skipped, sums);
                for (unsigned y = first; y < last; y++) rows[y - first] += 4;
                sum_taps(rows, last - first, kernel, taps + 4 * kernel * skipped + 2, sums + 4);
                for (unsigned channel = 0; channel < 8; channel++)
                    put_value(&values, bits, channel,
                              requantised(&rounding, sums[channel], constants + 2 * channel, rounding.half));
                join(values, bits, own + (skip + (size_t)row * out_side + column) * apart);
            }
        }
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
        for (unsigned group = 0; group < groups; group++) {
            uint8_t *const own = tensor + (size_t)group * bits;
            uint32_t sums[8] = {0, 0, 0, 0, 0, 0, 0, 0};
            struct halves values = {0, 0};
            for (unsigned j = 0; j < count; j++) {
                const struct halves from = split(own + ((size_t)(y + j / wide) * side + x + j % wide) * apart, bits);
                for (unsigned channel = 0; channel < 8; channel++) sums[channel] += value_of(from, bits, channel);
            }
            for (unsigned channel = 0; channel < 8; channel++)
                put_value(&values, bits, channel, (sums[channel] + count / 2) / count);
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
