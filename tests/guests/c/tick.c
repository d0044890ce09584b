/*
 * tick.c - a clock interrupts a computation that does not depend on it: the PIT through the PIC or the
 * local APIC's timer, a handler with lines or one without. What a step by line does when interrupts
 * come, and that the guest says the same then as when it runs free.
 */
#include "start.h"

#ifdef __x86_64__
typedef unsigned long long word;
#define BARE "push %rax\n mov $0xfee000b0, %eax\n movl $0, (%rax)\n mov $0x20, %al\n out %al, $0x20\n pop %rax\n iretq\n"
#else
typedef unsigned int word;
#define BARE "push %eax\n mov $0xfee000b0, %eax\n movl $0, (%eax)\n mov $0x20, %al\n out %al, $0x20\n pop %eax\n iret\n"
#endif

enum { NO_CLOCK, PIT, APIC_TIMER };
enum { VECTOR = 0x20 };

/* Set by who looks at the guest, before it starts. */
volatile int source = PIT;
volatile int bare; /* the handler without lines */
volatile u32 period = 11932; /* in the clock's own counts: the PIT has 1193182 a second */
volatile u32 ticks;

void bare_tick(void);
__asm__(".section .text.bare, \"ax\"\n"
	".type bare_tick, @function\n"
	"bare_tick: incl ticks\n" BARE
	".size bare_tick, . - bare_tick\n"
	".text\n");

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

static inline void out(u16 port, u8 v)
{
	__asm__ volatile("outb %0, %1" : : "a"(v), "Nd"(port));
}

static volatile u32 *apic(unsigned reg)
{
	return (volatile u32 *)(0xfee00000ul + reg);
}

__attribute__((interrupt, target("general-regs-only"))) void on_tick(struct frame *frame)
{
	ticks = ticks + 1;
	if (source == APIC_TIMER)
		*(volatile u32 *)0xfee000b0ul = 0;
	else
		__asm__ volatile("outb %%al, $0x20" : : "a"(0x20));
}

static __attribute__((noinline)) void clock_set(void)
{
	static const u8 pic[] = { 0x11, VECTOR, 4, 1 }; /* ICW1 to ICW4 of the master */
	struct idtr r = { sizeof(idt) - 1, (word)idt };
	word at = bare ? (word)bare_tick : (word)on_tick;
	u16 cs;

	__asm__("mov %%cs, %0" : "=r"(cs));
	idt[VECTOR] = (struct gate){ .low = at, .selector = cs, .flags = 0x8e00, .high = at >> 16 };
	__asm__ volatile("lidt %0" : : "m"(r));
	out(0x20, pic[0]);
	for (int i = 1; i < 4; i++)
		out(0x21, pic[i]);
	out(0x21, source == PIT ? 0xfe : 0xff);
	if (source == PIT) {
		out(0x43, 0x34); /* channel 0, both bytes, mode 2 */
		out(0x40, period & 0xff);
		out(0x40, period >> 8);
	} else if (source == APIC_TIMER) {
		*apic(0xf0) = 0x1ff;
		*apic(0x3e0) = 0xb; /* count by 1 */
		*apic(0x320) = 0x20000 | VECTOR; /* periodic */
		*apic(0x380) = period;
	}
	__asm__ volatile("sti");
}

static __attribute__((noinline)) u32 mix(u32 v)
{
	v = v * 31 + 7;
	v ^= v >> 3;
	return v;
}

/* Until the clock has ticked n more times. */
static __attribute__((noinline)) u32 waited(u32 n)
{
	u32 seen = ticks;

	if (!source)
		return n;
	do __asm__ volatile("pause"); while (ticks - seen < n); /* one line */
	return n;
}

static __attribute__((noinline)) void rest(void)
{
	if (source) __asm__ volatile("hlt");
}

static __attribute__((noinline)) void say(u32 n)
{
	for (int shift = 28; shift >= 0; shift -= 4)
		out(0xe9, "0123456789abcdef"[n >> shift & 15]);
	out(0xe9, '\n');
}

static __attribute__((noinline)) u32 work(u32 n)
{
	u32 sum = n;

	sum = mix(sum);
	sum += waited(2);
	for (u32 i = 0; i < 3; i++)
		sum = mix(sum + i);
	rest();
	say(sum);
	__asm__ volatile("mov %%ss, %%eax; mov %%eax, %%ss; nop" ::: "eax"); sum ^= 1;
	sum += waited(1);
	say(sum);
	return sum;
}

int main(void)
{
	u32 sum;

	clock_set();
	sum = work(5);
	say(mix(sum));
	return sum & 0x7f;
}
