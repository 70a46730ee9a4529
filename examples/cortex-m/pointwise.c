/* Instructions of a pointwise conv with each pair of bits: a line of activation bits, weight bits, instructions for each. */
#include "board.h"
#include "qes_nn.h"

#ifndef DEPTH
#define DEPTH 32
#endif
#define SIDE 8

static uint8_t weights[DEPTH * DEPTH];
static int32_t constants[2 * DEPTH];
static uint8_t in[SIDE * SIDE * DEPTH], out[SIDE * SIDE * DEPTH];
static uint32_t scratch[DEPTH];

int main(void)
{
    for (unsigned a = 2; a <= 8; a++) {
        for (unsigned w = 2; w <= 8; w++) {
            const struct qes_conv conv = {weights, constants, 0,          DEPTH,      DEPTH,      SIDE, SIDE, 1,
                                          1,       (uint8_t)a, (uint8_t)w, (uint8_t)a, 24,         20,   8};
            const uint64_t before = board_instructions();
            qes_conv(&conv, in, out, scratch);
            const uint64_t instructions = board_instructions() - before;
            board_write_number(a);
            board_write(" ");
            board_write_number(w);
            board_write(" ");
            board_write_number(instructions);
            board_write("\n");
        }
    }
    return 0;
}
