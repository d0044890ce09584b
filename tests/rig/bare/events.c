/*
 * events.c - events that the corpus has not (tests/guests/corpus), as programs that watch themselves, in each width.
 *
 * Built with BITS 16 (real-address mode), 32 (protected mode, no paging) and 64 (long mode). As oracle.c
 * it runs each snippet of events.S with handlers of its own and prints every event to port E9:
 *   v1 +2 f102 d4ff0    vector, RIP in the snippet, FLAGS image as wide as the mode's frame, DR6
 *   a0                  accumulator at the end
 * Snippets that ask for it start with IRQ 0 pending (vector 20): where it is taken is what the program
 * can see of interruptibility. For the bare emulated CPU and engine soft, which both have PIC and PIT.
 */
#include <stddef.h>
#include <stdint.h>

#define RF 0x10000u
#define ARITHMETIC 0x8d5u /* CF PF AF ZF SF OF: no matter here, and partly undefined */
#define IRQ_VECTOR 0x20

#if BITS == 64
typedef uint64_t word; /* as events.S lays out its table */
#else
typedef uint32_t word;
#endif

struct snippet {
	const char *name;
	const uint8_t *code;
	word flags, dr7, dr0;
	word resume; /* where a fault's handler goes on, 0: at the saved RIP */
	word irq;    /* IRQ 0 is pending at the start */
};
_Static_assert(sizeof(struct snippet) == 7 * sizeof(word), "the table of events.S");

/* As the stubs of events.S leave it. */
struct frame {
#if BITS == 64
	uint64_t r11, r10, r9, r8, di, si, dx, cx, ax, vector, error, ip, cs, flags;
#elif BITS == 32
	uint32_t di, si, bp, sp, bx, dx, cx, ax, vector, error, ip, cs, flags;
#else
	uint32_t di, si, bp, sp, bx, dx, cx, ax, vector;
	uint16_t ip, cs, flags;
#endif
};

extern const struct snippet snippets[], snippets_end[];
extern const uint8_t vector_stubs[]; /* 16 bytes each */
extern uint8_t watched[];
word snippet_run(const uint8_t *code, word flags);
void event_seen(struct frame *f);
void events_main(void);

static const struct snippet *now;
static char line[128];
static size_t line_len;

/* --- ports and registers --- */

static void out8(uint16_t port, uint8_t v)
{
	__asm__ volatile("outb %0, %1" : : "a"(v), "Nd"(port));
}

static uint8_t in8(uint16_t port)
{
	uint8_t v;

	__asm__ volatile("inb %1, %0" : "=a"(v) : "Nd"(port));
	return v;
}

static word dr6_take(void)
{
	word v;

	__asm__ volatile("mov %%dr6, %0" : "=r"(v));
	__asm__ volatile("mov %0, %%dr6" : : "r"((word)0xffff0ff0u));
	return v;
}

static void debug_set(word dr0, word dr7)
{
	__asm__ volatile("mov %0, %%dr7" : : "r"((word)0x400));
	__asm__ volatile("mov %0, %%dr0" : : "r"(dr0));
	__asm__ volatile("mov %0, %%dr6" : : "r"((word)0xffff0ff0u));
	__asm__ volatile("mov %0, %%dr7" : : "r"(dr7 | 0x400));
}

/* --- text --- */

static void put(char c)
{
	line[line_len++] = c;
	if (c != '\n')
		return;
	for (size_t i = 0; i < line_len; i++)
		out8(0xe9, line[i]);
	line_len = 0;
}

static void put_text(const char *s)
{
	while (*s)
		put(*s++);
}

static void put_hex(const char *label, word v)
{
	int shift = 4 * sizeof(v) * 2 - 4;

	put_text(label);
	while (shift && !(v >> shift & 15))
		shift -= 4;
	for (; shift >= 0; shift -= 4)
		put("0123456789abcdef"[v >> shift & 15]);
}

/* --- events --- */

/* A code breakpoint gets past itself by RF, where the frame has it; real-address mode's has not, and
 * there the handler takes the breakpoint away. */
static void breakpoint_pass(struct frame *f)
{
#if BITS == 16
	(void)f;
	debug_set(0, 0);
#else
	f->flags |= RF;
#endif
}

static void fault_resume(struct frame *f, word dr6)
{
	if (f->vector == 1 && (dr6 & 1) && (now->dr7 & 2) && !(now->dr7 >> 16 & 3))
		breakpoint_pass(f);
	else if (f->vector != 1 && f->vector != 3 && f->vector != 4 && f->vector < 32 && now->resume)
		f->ip = now->resume;
}

void event_seen(struct frame *f)
{
	word dr6 = dr6_take(), at = f->ip - (word)now->code;

	put_hex("  v", f->vector);
	if (at < 0x100)
		put_hex(" +", at);
	else
		put_text(" out"); /* in a handler, or in another task */
	put_hex(" f", f->flags & ~(word)ARITHMETIC);
	put_hex(" d", dr6 & 0xffff);
	put('\n');
	if (f->vector == IRQ_VECTOR)
		out8(0x20, 0x20);
	fault_resume(f, dr6);
}

/* --- tables --- */

#if BITS != 16
static struct __attribute__((packed)) {
	uint16_t limit;
	word base;
} table;
static uint64_t idt[BITS == 64 ? 512 : 256], gdt[6];
static uint32_t tss[2][26];
extern const uint8_t task_code[], task_stack[];

static void descriptor_set(unsigned n, word base, uint64_t rest)
{
	gdt[n] = rest | (uint64_t)(base & 0xffffff) << 16 | (uint64_t)(base >> 24 & 0xff) << 56;
}

/* Selectors 8 and 10: code and data; 18 and 20: TSSs, the second with T=1. */
static void gdt_load(void)
{
	gdt[1] = BITS == 64 ? 0x00af9b000000ffff : 0x00cf9b000000ffff;
	gdt[2] = 0x00cf93000000ffff;
	descriptor_set(3, (word)tss[0], 0x0000890000000067);
	if (BITS == 32)
		descriptor_set(4, (word)tss[1], 0x0000890000000067);
	tss[1][8] = (uint32_t)(word)task_code;
	tss[1][9] = 2;
	tss[1][14] = (uint32_t)(word)task_stack;
	tss[1][18] = tss[1][20] = tss[1][21] = 0x10;
	tss[1][19] = 8;
	tss[1][25] = 1;
	table.limit = sizeof(gdt) - 1;
	table.base = (word)gdt;
#if BITS == 64
	__asm__ volatile("lgdt %0\n pushq $8\n leaq 1f(%%rip), %%rax\n pushq %%rax\n lretq\n 1:"
			 : : "m"(table) : "rax", "memory");
#else
	__asm__ volatile("lgdt %0\n ljmp $8, $1f\n 1:" : : "m"(table) : "memory");
#endif
	__asm__ volatile("mov %0, %%ss\n mov %0, %%ds\n mov %0, %%es" : : "r"(0x10));
	__asm__ volatile("ltr %w0" : : "r"(0x18));
}

static void idt_load(void)
{
	for (unsigned v = 0; v < 256; v++) {
		uint64_t h = (word)vector_stubs + 16 * v;
		uint64_t *gate = &idt[BITS == 64 ? 2 * v : v];

		gate[0] = (h & 0xffff) | 8ull << 16 | 0xeeull << 40 | (h >> 16 & 0xffff) << 48;
		if (BITS == 64)
			gate[1] = h >> 32;
	}
	table.limit = sizeof(idt) - 1;
	table.base = (word)idt;
	__asm__ volatile("lidt %0" : : "m"(table));
}
#else
static void gdt_load(void)
{
}

static void idt_load(void)
{
	for (unsigned v = 0; v < 256; v++)
		__asm__ volatile("movl %0, (%1)" : : "r"((word)vector_stubs + 16 * v), "r"(4 * v) : "memory");
}
#endif

/* --- interrupts --- */

static void pic_init(void)
{
	static const uint8_t icw[][2] = {
		{ 0x20, 0x11 }, { 0x21, IRQ_VECTOR }, { 0x21, 4 }, { 0x21, 1 }, { 0xa0, 0x11 },
		{ 0xa1, IRQ_VECTOR + 8 }, { 0xa1, 2 }, { 0xa1, 1 }, { 0x21, 0xff }, { 0xa1, 0xff },
	};

	for (unsigned i = 0; i < sizeof(icw) / sizeof(icw[0]); i++)
		out8(icw[i][0], icw[i][1]);
}

/* The timer counts down once; the PIC's request register says when. */
static void irq_raise(void)
{
	out8(0x43, 0x30);
	out8(0x40, 100);
	out8(0x40, 0);
	out8(0x21, 0xfe);
	out8(0x20, 0x0a);
	while (!(in8(0x20) & 1))
		;
}

static void snippet_show(const struct snippet *s)
{
	word ax, cr4;

	now = s;
	put_text(s->name);
	put('\n');
	for (unsigned i = 0; i < 16; i++)
		watched[i] = 0;
	__asm__ volatile("mov %%cr4, %0" : "=r"(cr4));
	__asm__ volatile("mov %0, %%cr4" : : "r"(cr4 | 8)); /* DE: I/O breakpoints */
	if (s->irq)
		irq_raise();
	debug_set(s->dr0, s->dr7);
	ax = snippet_run(s->code, s->flags);
	debug_set(0, 0);
	out8(0x21, 0xff);
	put_hex("  a", ax);
	put('\n');
}

void events_main(void)
{
	const char *quit = "Shutdown";

	gdt_load();
	idt_load();
	pic_init();
	for (const struct snippet *s = snippets; s != snippets_end; s++)
		snippet_show(s);
	put_text("oracle: all snippets ran\n");
	out8(0xf4, 0); /* vmstep's exit port */
	while (*quit)
		__asm__ volatile("outb %0, %1" : : "a"(*quit++), "d"((uint16_t)0x8900));
}
