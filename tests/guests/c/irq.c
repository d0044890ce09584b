/*
 * irq.c - interrupt handlers of the guest: a software interrupt, an exception with and one without
 * error code, INT3; 64-bit and 32-bit IDT. For backtraces through them.
 */
#include "start.h"

#ifdef __x86_64__
typedef unsigned long long word;
#else
typedef unsigned int word;
#endif

struct frame;
struct gate {
	u16 low, selector, flags, high;
#ifdef __x86_64__
	u32 top, zero;
#endif
};
struct __attribute__((packed)) idtr {
	u16 limit;
	word base;
};

static struct gate idt[64];
static volatile int ticks, faults;
volatile int progress;

static __attribute__((noinline, no_caller_saved_registers, target("general-regs-only"))) void count(volatile int *what)
{
	*what = *what + 1;
}

__attribute__((interrupt, target("general-regs-only"))) void on_tick(struct frame *frame)
{
	count(&ticks);
}

__attribute__((interrupt, target("general-regs-only"))) void on_break(struct frame *frame)
{
	count(&ticks);
}

__attribute__((interrupt, target("general-regs-only"))) void on_fault(struct frame *frame, word code)
{
	word *f = (word *)frame;

	count(&faults);
	f[0] += 2; /* over the two bytes of mov %eax,%ds (8e d8) */
}

static void set_gate(int vector, void *handler)
{
	word at = (word)handler;
	u16 cs;

	__asm__("mov %%cs, %0" : "=r"(cs));
	idt[vector] = (struct gate){ .low = at, .selector = cs, .flags = 0x8e00, .high = at >> 16 };
#ifdef __x86_64__
	idt[vector].top = at >> 32;
#endif
}

static __attribute__((noinline)) void bad_segment(void)
{
	__asm__ volatile("movl $0x7ff8, %%eax\n\tmovl %%eax, %%ds" ::: "eax");
	progress = 3;
}

static __attribute__((noinline)) int work(int n)
{
	progress = 1;
	__asm__ volatile("int $0x30");
	progress = 2;
	bad_segment();
	return n + ticks + faults;
}

int main(void)
{
	struct idtr r = { sizeof(idt) - 1, (word)idt };

	set_gate(0x30, on_tick);
	set_gate(3, on_break);
	set_gate(13, on_fault);
	__asm__ volatile("lidt %0" ::"m"(r));
	return work(5);
}
