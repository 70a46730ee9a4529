/* The network's self-test on the board, and what an inference takes. */
#include "board.h"
#include "network.h"
#include "vectors.h"

static qes_output_t output[QES_OUTPUTS];

int main(void)
{
    uint64_t instructions = 0;
    uint32_t equal = 0;
    for (uint32_t vector = 0; vector < QES_VECTORS; vector++) {
        qes_vector(vector, qes_input());
        board_mark_stack();
        const uint64_t before = board_instructions();
        qes_run(qes_input(), output);
        instructions = board_instructions() - before;
        for (uint32_t i = 0; i < QES_OUTPUTS; i++) equal += output[i] == qes_expected[vector][i];
    }
    board_write_number(equal);
    board_write(" of ");
    board_write_number((uint64_t)QES_VECTORS * QES_OUTPUTS);
    board_write(" outputs as they should be\n");
    board_write_number(instructions);
    board_write(" instructions an inference\n");
    board_write_number(board_used_stack());
    board_write(" bytes of stack\n");
    return equal != QES_VECTORS * QES_OUTPUTS;
}
