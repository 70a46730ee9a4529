/* The network's self-test on the board, and what an inference takes. */
#include "board.h"
#include "network.h"
#include "vectors.h"

int main(void)
{
    qes_output_t *const output = qes_outputs();
    uint64_t instructions = 0;
    uint32_t equal = 0;
    for (uint32_t vector = 0; vector < QES_VECTORS; vector++) {
        qes_vector(vector, qes_input());
        board_mark_stack();
        const uint64_t before = board_instructions();
        qes_run(qes_input(), output);
        instructions = board_instructions() - before;
        equal += qes_digest(output) == qes_digests[vector];
    }
    board_write_number(equal);
    board_write(" of ");
    board_write_number(QES_VECTORS);
    board_write(" images with the outputs that they should have\n");
    board_write_number(instructions);
    board_write(" instructions an inference\n");
    board_write_number(board_used_stack());
    board_write(" bytes of stack\n");
    return equal != QES_VECTORS;
}
