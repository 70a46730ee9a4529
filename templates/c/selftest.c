/* Runs the network on made-up images and compares with what qes computed: 0 where all outputs are equal. */
#include <stdio.h>

#include "network.h"
#include "vectors.h"

int main(void)
{
    static qes_output_t output[QES_OUTPUTS];
    unsigned long equal = 0;
    for (uint32_t vector = 0; vector < QES_VECTORS; vector++) {
        qes_vector(vector, qes_input());
        qes_run(qes_input(), output);
        for (unsigned long i = 0; i < QES_OUTPUTS; i++) equal += output[i] == qes_expected[vector][i];
    }
    printf("%lu of %lu outputs as they should be\n", equal, (unsigned long)QES_VECTORS * QES_OUTPUTS);
    return equal != (unsigned long)QES_VECTORS * QES_OUTPUTS;
}
