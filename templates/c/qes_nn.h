/*
 * Kernels of networks in whole numbers: docs/integer-arithmetic.md of qe-search. C99, no library, no allocation, no float.
 *
 * A tensor is (row, column, channel). Channels come in groups of 8, the last one filled up with zeros; a group of b-bit values is b bytes, the first value in the lowest
 * bits of the first byte. So every group begins at a byte, and a pixel of c channels takes ceil(c / 8) * b bytes.
 *
 * Weights of w bits are stored as weight + 2^(w-1), in the same groups. Of a conv: (pair of outputs, kernel row, kernel column, group of inputs, output of the pair); of one
 * that reads the image the inputs, in the order of its rows, columns and channels, are groups as a whole; of a depthwise conv: (group of channels, kernel row, kernel column).
 */
#ifndef QES_NN_H
#define QES_NN_H

#include <stdint.h>

/* Of a depthwise conv. */
#define QES_MOST_KERNEL 15

/* A conv with batch norm, ReLU and the rounding to the next tensor's bits. 28 bytes on a 32-bit machine. */
struct qes_conv {
    const uint8_t *weights;
    const int32_t *constants; /* multiplier, bias of each output channel, a group filled up */
    int32_t held;             /* multiplier of what the shortcut adds, 0 without one */
    uint16_t in, out;         /* channels */
    uint16_t in_side, out_side;
    uint8_t kernel, stride;
    uint8_t bits_in, bits_weights, bits_out;
    uint8_t shift, bias_shift;
    uint8_t bits_held;
};

/* Which way a kernel goes through its pixels, so that it never writes over what it has yet to read. */
enum qes_direction { QES_FORWARD, QES_BACKWARD };

/* Reads an image of bytes. Scratch: 4 bytes for each of 8 ceil(kernel^2 in / 8) inputs. */
void qes_image_conv(const struct qes_conv *conv, const uint8_t *image, uint8_t *out, uint32_t *scratch);

/* Any conv that is not depthwise. Scratch: 4 bytes for each of kernel^2 in inputs, groups filled up. */
void qes_conv(const struct qes_conv *conv, const uint8_t *in, uint8_t *out, uint32_t *scratch);

/* The same, and adds the held tensor, over which the output may be written. Scratch: 2 bytes more for each output channel. */
void qes_conv_add(const struct qes_conv *conv, const uint8_t *in, const uint8_t *held, uint8_t *out,
                  enum qes_direction direction, uint32_t *scratch);

/*
 * The last conv and the average of each channel over all pixels: writes one byte a channel to the beginning of the scratch.
 * `held` is 0 without a shortcut; `in` is the image where `image` is not 0. Scratch: 4 bytes an output channel before the others'.
 */
void qes_conv_average(const struct qes_conv *conv, const uint8_t *in, const uint8_t *held, int image, uint32_t *scratch);

/*
 * In place. Forward the output begins where the input does, backward it ends where the input does.
 * Scratch: 8 bytes for each of kernel * in_side pixels, 24 for each of kernel^2 weights.
 */
void qes_depthwise(const struct qes_conv *conv, uint8_t *tensor, enum qes_direction direction, uint32_t *scratch);

/*
 * A pointwise conv and the depthwise conv behind it, some groups of channels together: what is between them is never there as a whole. The more together, the more
 * seldom inputs are taken apart. Scratch: 4 bytes for each input channel of the first, groups filled up, and for every group together that of the depthwise conv.
 */
void qes_expand_depthwise(const struct qes_conv *expansion, const struct qes_conv *conv, const uint8_t *in, uint8_t *out,
                          unsigned together, uint32_t *scratch);

/* The 2x2 average of what exists, in place as above; no scratch. */
void qes_pool(uint8_t *tensor, unsigned side, unsigned channels, unsigned bits, enum qes_direction direction);

struct qes_classifier {
    const uint8_t *weights;   /* (class, channel), 8 bits, groups filled up */
    const int32_t *constants; /* multiplier, bias of each class */
    uint16_t channels, classes;
    uint8_t shift, bias_shift;
};

void qes_classify(const struct qes_classifier *classifier, const uint8_t *means, int32_t *logits);

/* A tensor of 8 bits as bytes (row, column, channel). */
void qes_output(const uint8_t *tensor, unsigned side, unsigned channels, uint8_t *out);

#endif
