/* What the programs here need of a board: texts for the terminal, an exit code, a count of instructions. Semihosting, in an emulator or with a debugger. */
#ifndef BOARD_H
#define BOARD_H

#include <stdint.h>

void board_write(const char *text);
void board_write_number(uint64_t number);
void board_exit(int code);

/* Instructions since some time, where the emulator runs with -icount shift=0: one a nanosecond, and the timer has 25 MHz. On hardware these are cycles of something else. */
uint64_t board_instructions(void);

/* Marks the free stack, and says how much of it was used since. */
void board_mark_stack(void);
uint32_t board_used_stack(void);

#endif
