#include "board.h"

#include <stddef.h>

#define SYST_CSR (*(volatile uint32_t *)0xe000e010u)
#define SYST_RVR (*(volatile uint32_t *)0xe000e014u)
#define SYST_CVR (*(volatile uint32_t *)0xe000e018u)
#define RELOAD 0xffffffu
#define INSTRUCTIONS_A_TICK 40u

extern uint32_t data_image[], data_start[], data_end[], bss_start[], bss_end[], stack_limit[];
/* The first entry of the table of vectors is the stack's top, as a function only for the type's sake. */
void stack_top(void);
int main(void);
void *memset(void *to, int value, size_t length);

static volatile uint32_t rounds;

static int semihosting(int operation, const void *argument)
{
    register int r0 __asm__("r0") = operation;
    register const void *r1 __asm__("r1") = argument;
    __asm__ volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
    return r0;
}

void board_write(const char *text)
{
    semihosting(0x04, text); /* SYS_WRITE0 */
}

void board_write_number(uint64_t number)
{
    char digits[21];
    char *at = digits + 20;
    *at = 0;
    do {
        *--at = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    board_write(at);
}

void board_exit(int code)
{
    const uint32_t block[2] = {0x20026u, (uint32_t)code}; /* ADP_Stopped_ApplicationExit */
    semihosting(0x20, block);                            /* SYS_EXIT_EXTENDED */
    for (;;) {
    }
}

/* All that the compiler wants of a C library. */
void *memset(void *to, int value, size_t length)
{
    uint8_t *at = to;
    while (length-- > 0) *at++ = (uint8_t)value;
    return to;
}

static void tick(void)
{
    rounds++;
}

uint64_t board_instructions(void)
{
    uint32_t before, now;
    do {
        before = rounds;
        now = SYST_CVR;
    } while (before != rounds);
    /* It is 0 before the first tick. */
    now = now == 0 ? 0 : RELOAD + 1u - now;
    return ((uint64_t)before * (RELOAD + 1u) + now) * INSTRUCTIONS_A_TICK;
}

#define MARK 0xc5c5c5c5u

void board_mark_stack(void)
{
    register uint32_t *here __asm__("sp");
    for (volatile uint32_t *at = stack_limit; at < here - 4; at++) *at = MARK;
}

uint32_t board_used_stack(void)
{
    const volatile uint32_t *at = stack_limit;
    while (*at == MARK) at++;
    return (uint32_t)((uintptr_t)stack_top - (uintptr_t)at);
}

static void fault(void)
{
    board_write("fault\n");
    board_exit(3);
}

static void reset(void)
{
    for (uint32_t *to = data_start, *from = data_image; to < data_end;) *to++ = *from++;
    for (uint32_t *to = bss_start; to < bss_end;) *to++ = 0;
    SYST_RVR = RELOAD;
    SYST_CVR = 0;
    SYST_CSR = 7; /* processor clock, exception, on */
    board_exit(main());
}

__attribute__((section(".vectors"), used)) static void (*const vectors[16])(void) = {
    stack_top, reset, fault, fault, fault, fault, fault, 0, 0, 0, 0, fault, fault, 0, fault, tick,
};
