/*
 * random.c - segments, gates, tasks and events at random in 32-bit protected mode, judged by comparing
 * two processors: the same program prints the same lines or one of them is wrong.
 *
 * Every vector is a task gate to a task of its own, so that whatever a case does to its stack and
 * segments, its whole state lies in its TSS afterwards. A case is one instruction in task C1, with random
 * descriptors, LDT, TSSs and gates around it; each prints a line:
 *   12: ljmp v d 88 c1 48 eip 7 fl 10002 ...
 * number, instruction, vector, error code (- without), task it happened in, its EIP, flags and registers
 * as saved, selectors, and a sum of the tables and stacks.
 */
#include <stddef.h>
#include <stdint.h>

#ifndef SEED
#define SEED 1
#endif
#ifndef CASES
#define CASES 3000
#endif

enum {
	CS_RING = 0x08, DS_RING = 0x28, C1 = 0x48, C2 = 0x50, C3 = 0x58, LDT_SEL = 0x60, RND = 0x80,
	RNDS = 16, TASKS = 0x100, N_TASKS = 33, GDT_N = (TASKS + 8 * N_TASKS) / 8, LDT_N = 8,
	LAST_VECTOR = 0x30, GATES = 0x31, N_GATES = 4, SLED = 64, STACK = 128,
};
#define P 0x8000u

static uint64_t gdt[GDT_N], ldt[LDT_N], idt[GATES + N_GATES];
static uint32_t tss[N_TASKS][26];
static union {
	uint32_t w[26];
	uint16_t h[52];
} c1, c2, c3;
static uint8_t code[32 + SLED], landing[SLED];
static uint32_t stacks[4][STACK], far_pointer[2];
static uint32_t state = SEED, number;
static const char *kind;

extern const uint8_t task_stubs[]; /* 16 bytes each */
extern uint8_t task_stack_top[];
void random_main(void);
void case_end(uint32_t task, uint32_t has_error, uint32_t error);

/* --- output --- */

static void out8(uint16_t port, uint8_t v)
{
	__asm__ volatile("outb %0, %1" : : "a"(v), "Nd"(port));
}

static char line[400];
static size_t line_len;

static void put(char c)
{
	const char *from = line;

	line[line_len++] = c;
	if (c != '\n')
		return;
	__asm__ volatile("rep outsb" : "+S"(from), "+c"(line_len) : "d"(0xe9) : "memory");
}

static void put_text(const char *s)
{
	while (*s)
		put(*s++);
}

static void put_hex(const char *label, uint32_t v)
{
	int shift = 28;

	put_text(label);
	while (shift && !(v >> shift & 15))
		shift -= 4;
	for (; shift >= 0; shift -= 4)
		put("0123456789abcdef"[v >> shift & 15]);
}

/* --- chance --- */

static uint32_t rnd(uint32_t n)
{
	state ^= state << 13;
	state ^= state >> 17;
	state ^= state << 5;
	return (state >> 3) % n;
}

static int often(void)
{
	return rnd(8) != 0;
}

static uint16_t rnd_selector(unsigned ring)
{
	unsigned rpl = often() ? ring : rnd(4);

	switch (rnd(8)) {
	case 0:
		return CS_RING + 8 * rnd(8) + rpl;
	case 1:
		return 8 * rnd(LDT_N + 1) + 4 + rpl;
	case 2:
		return C1 + 8 * rnd(4) + rpl;
	case 3:
		return rnd(4) ? rpl : 0x400 + rpl;
	default:
		return RND + 8 * rnd(RNDS) + rpl;
	}
}

static uint32_t rnd_offset(void)
{
	return often() ? (uint32_t)landing : 0x600 + rnd(0x8000);
}

/* --- descriptors --- */

static uint64_t descriptor(uint32_t base, uint32_t limit, uint32_t attr)
{
	return (limit & 0xffff) | (uint64_t)(base & 0xffffff) << 16 | (uint64_t)(attr & 0xff) << 40 |
	       (uint64_t)(limit >> 16 & 15) << 48 | (uint64_t)(attr >> 12) << 52 | (uint64_t)(base >> 24) << 56;
}

static uint64_t gate(uint16_t sel, uint32_t off, uint32_t attr, unsigned count)
{
	return (off & 0xffff) | (uint64_t)sel << 16 | (uint64_t)(count | attr << 8) << 32 | (uint64_t)(off >> 16) << 48;
}

static unsigned case_ring;

static unsigned access_byte(unsigned s, unsigned type)
{
	return (often() ? 0x80 : 0) | (rnd(2) ? case_ring : rnd(4)) << 5 | s << 4 | type;
}

/* Base 0 always, so that code goes on wherever it is entered. */
static uint64_t rnd_segment(void)
{
	unsigned big = often() ? 0xc000 : rnd(2) ? 0x8000 : 0x4000;

	return descriptor(0, often() ? 0xfffff : rnd(0x100000), big | access_byte(1, rnd(16)));
}

/* A short one is busy, so that LTR cannot load it: no task gate would work from there. */
static uint64_t rnd_tss(void)
{
	unsigned wide = rnd(2), busy = rnd(4) == 0;

	return descriptor((uint32_t)(wide ? c2.w : c3.w), busy && rnd(2) ? 0x20 : wide ? 0x67 : 0x2b,
			  access_byte(0, 1 + 8 * wide + 2 * busy));
}

static uint64_t rnd_descriptor(unsigned ring)
{
	static const uint8_t reserved[] = { 0, 8, 10, 13 };

	switch (rnd(8)) {
	case 0:
	case 1:
		return gate(rnd_selector(rnd(4)), rnd_offset(), access_byte(0, rnd(3) ? 12 : 4), rnd(4));
	case 2:
		return rnd_tss();
	case 3:
		return gate(rnd(2) ? C2 + 8 * rnd(2) : rnd_selector(ring), 0, access_byte(0, 5), 0);
	case 4:
		return rnd(2) ? descriptor((uint32_t)ldt, 0x3f, access_byte(0, 2)) :
				gate(rnd_selector(ring), rnd_offset(), access_byte(0, reserved[rnd(4)]), 0);
	default:
		return rnd_segment();
	}
}

/* --- the state before a case --- */

static void rings_fill(uint32_t *t)
{
	for (unsigned r = 0; r < 3; r++) {
		t[1 + 2 * r] = (uint32_t)&stacks[r][STACK];
		t[2 + 2 * r] = often() ? DS_RING + 8 * r + r : rnd_selector(r);
	}
}

/* A bad one keeps the ring: which of CS and SS is looked at first is open when both are wrong. */
static uint16_t seg_or_random(uint16_t sel, unsigned ring)
{
	return rnd(150) ? sel : (rnd_selector(ring) & ~3) | ring;
}

static uint32_t rnd_flags(void)
{
	return 2 | rnd(4) << 12 | (rnd(6) ? 0 : 0x4000) | (rnd(8) ? 0 : 0x8d5);
}

static void task_fill(uint32_t *t, unsigned ring, uint32_t eip)
{
	static const uint8_t data[] = { 18, 21, 22, 23 };

	rings_fill(t);
	t[0] = rnd_selector(0);
	t[7] = 0;
	t[8] = eip;
	t[9] = rnd_flags();
	for (unsigned i = 10; i < 18; i++)
		t[i] = rnd(2) ? rnd(~0u) : rnd_selector(ring);
	t[14] = (uint32_t)&stacks[ring][STACK - 16];
	t[19] = seg_or_random(CS_RING + 8 * ring + ring, ring);
	t[20] = seg_or_random(DS_RING + 8 * ring + ring, ring);
	for (unsigned i = 0; i < sizeof(data); i++)
		t[data[i]] = seg_or_random(DS_RING + 8 * ring + ring, ring);
	t[24] = rnd(40) ? LDT_SEL : rnd_selector(0) & 0xfffc;
	t[25] = 0xffff0000;
}

static void task16_fill(void)
{
	unsigned ring = rnd(4);

	for (unsigned i = 0; i < 52; i++)
		c3.h[i] = rnd(0x10000);
	c3.h[0] = rnd_selector(0);
	c3.h[7] = 0x600 + rnd(0x8000);
	c3.h[8] = rnd_flags();
	c3.h[17] = seg_or_random(DS_RING + 8 * ring + ring, ring);
	c3.h[18] = seg_or_random(CS_RING + 8 * ring + ring, ring);
	c3.h[19] = seg_or_random(DS_RING + 8 * ring + ring, ring);
	c3.h[20] = seg_or_random(DS_RING + 8 * ring + ring, ring);
	c3.h[21] = LDT_SEL;
}

static void tables_fill(unsigned ring)
{
	for (unsigned r = 0; r < 4; r++) {
		gdt[CS_RING / 8 + r] = descriptor(0, 0xfffff, 0xc09a | r << 5);
		gdt[DS_RING / 8 + r] = descriptor(0, 0xfffff, 0xc092 | r << 5);
	}
	gdt[C1 / 8] = descriptor((uint32_t)c1.w, 0x67, 0x8b);
	gdt[C2 / 8] = descriptor((uint32_t)c2.w, 0x67, 0x89 | rnd(4) << 5);
	gdt[C3 / 8] = descriptor((uint32_t)c3.w, 0x2b, 0x81 | rnd(4) << 5);
	gdt[LDT_SEL / 8] = descriptor((uint32_t)ldt, 8 * LDT_N - 1, 0x82);
	for (unsigned i = 0; i < RNDS; i++)
		gdt[RND / 8 + i] = rnd_descriptor(ring);
	for (unsigned i = 0; i < LDT_N; i++)
		ldt[i] = rnd_segment();
	for (unsigned i = 0; i < N_GATES; i++)
		idt[GATES + i] = rnd(4) ? gate(rnd_selector(rnd(4)), rnd_offset(), access_byte(0, rnd(2) ? 14 + rnd(2) : 6 + rnd(2)), 0) :
					  rnd_descriptor(ring);
}

/* --- the instruction --- */

static uint8_t *emit;

static void byte(uint8_t b)
{
	*emit++ = b;
}

static void dword(uint32_t v)
{
	for (unsigned i = 0; i < 4; i++)
		byte(v >> 8 * i);
}

static void far(uint8_t op, unsigned ring)
{
	byte(op);
	dword(rnd_offset());
	dword(rnd_selector(ring));
	emit -= 2;
}

/* What is on the stack of an IRET or far RET. */
static void frame_fill(unsigned ring, int flags)
{
	uint32_t *s = (uint32_t *)c1.w[14];
	unsigned to = often() ? ring + rnd(4 - ring) : rnd(4);

	*s++ = rnd_offset();
	*s++ = rnd(3) ? CS_RING + 8 * to + to : rnd_selector(to);
	if (flags)
		*s++ = rnd_flags() | (rnd(8) ? 0 : 0x20000) | (rnd(4) ? 0 : 0x240000);
	*s++ = (uint32_t)&stacks[to][STACK - 8];
	*s++ = rnd(3) ? DS_RING + 8 * to + to : rnd_selector(to);
	for (unsigned i = 0; i < 4; i++)
		*s++ = rnd_selector(to);
}

static void emit_segment_load(unsigned ring)
{
	static const uint8_t movs[] = { 0xc0, 0xd0, 0xd8, 0xe0, 0xe8 }, loads[] = { 0xb2, 0xb4, 0xb5 };

	c1.w[10] = rnd_selector(ring);
	far_pointer[0] = rnd(~0u);
	far_pointer[1] = rnd_selector(ring);
	if (rnd(3)) {
		byte(0x8e);
		byte(movs[rnd(sizeof(movs))]);
		return;
	}
	byte(0x0f);
	byte(loads[rnd(sizeof(loads))]);
	byte(0x0d);
	dword((uint32_t)far_pointer);
}

static void emit_query(unsigned ring)
{
	static const uint8_t two[][2] = { { 2, 0xc1 }, { 3, 0xc1 }, { 0, 0xe1 }, { 0, 0xe9 } };
	unsigned i = rnd(4);

	c1.w[11] = rnd_selector(ring);
	byte(0x0f);
	byte(two[i][0]);
	byte(two[i][1]);
}

static void emit_register(void)
{
	static const uint8_t ops[] = { 0xd0 /* lldt */, 0xd8 /* ltr */, 0xc0 /* sldt */, 0xc8 /* str */ };

	c1.w[10] = rnd_selector(0);
	byte(0x0f);
	byte(0);
	byte(ops[rnd(4)]);
}

/* A read or write of a dword through a random segment: limits and types. */
static void emit_access(unsigned ring)
{
	static const uint8_t prefix[] = { 0x26, 0x2e, 0x36, 0x64, 0x65, 0x3e }, segs[] = { 18, 21, 22, 23 };

	c1.w[segs[rnd(4)]] = rnd_selector(ring);
	c1.w[13] = rnd(3) ? (uint32_t)far_pointer : rnd(0x2000000);
	byte(prefix[rnd(6)]);
	byte(rnd(2) ? 0x8b : 0x89);
	byte(0x03);
}

static void code_make(unsigned ring)
{
	static const char *const kinds[] = { "ljmp", "lcall", "lret", "iret", "load", "query", "sysreg", "int", "access", "arpl" };
	unsigned k = rnd(10);

	kind = kinds[k];
	emit = code;
	if (k == 0 || k == 1)
		far(k ? 0x9a : 0xea, ring);
	if (k == 2 || k == 3)
		frame_fill(ring, k == 3);
	if (k == 2 && rnd(2)) {
		byte(0xca);
		byte(rnd(4) * 4);
		byte(0);
	} else if (k == 2) {
		byte(0xcb);
	}
	if (k == 3)
		byte(0xcf);
	if (k == 4)
		emit_segment_load(ring);
	if (k == 5)
		emit_query(ring);
	if (k == 6)
		emit_register();
	if (k == 7) {
		byte(0xcd);
		byte(GATES + rnd(N_GATES));
	}
	if (k == 8)
		emit_access(ring);
	if (k == 9) {
		byte(0x63);
		byte(0xc8);
	}
	while (emit < code + sizeof(code)) {
		byte(0xcd);
		byte(LAST_VECTOR);
	}
}

static void case_prepare(void)
{
	unsigned ring = case_ring = rnd(4);

	for (unsigned r = 0; r < 4; r++)
		for (unsigned i = 0; i < STACK; i++)
			stacks[r][i] = 0x5a5a0000 + r * STACK + i;
	tables_fill(ring);
	task_fill(c2.w, rnd(4), (uint32_t)landing);
	task16_fill();
	task_fill(c1.w, ring, (uint32_t)code);
	code_make(ring);
}

/* --- what came of it --- */

#define SUM 2166136261u

static uint32_t sum_of(const void *p, size_t n, uint32_t sum)
{
	for (const uint8_t *b = p; n--; b++)
		sum = (sum ^ *b) * 16777619u;
	return sum;
}

static void case_print(uint32_t vector, uint32_t has_error, uint32_t error, uint16_t link)
{
	if (kind[0] == 'q')
		c1.w[10] &= ~0xf0000u; /* LAR: the SDM leaves these open */
	put_hex("", number);
	put_text(": ");
	put_text(kind);
	put_hex(" v", vector);
	if (has_error)
		put_hex(" ", error);
	put_hex(" in ", link);
	for (unsigned i = 8; i < 24; i++)
		put_hex(i == 18 ? " | " : " ", c1.w[i]);
	put_hex(" rings ", sum_of(gdt, C1, SUM));
	put_hex(" tasks ", sum_of(&gdt[C1 / 8], RND - C1, SUM));
	put_hex(" random ", sum_of(&gdt[RND / 8], TASKS - RND, SUM));
	put_hex(" ldt ", sum_of(ldt, sizeof(ldt), SUM));
	put_hex(" tss ", sum_of(c2.w, sizeof(c2), sum_of(c3.w, sizeof(c3), SUM)));
	put_hex(" stacks ", sum_of(stacks, sizeof(stacks), SUM));
	put('\n');
}

/* In the task of a vector, whose back link says where it came from; it goes on to C1. */
void case_end(uint32_t task, uint32_t has_error, uint32_t error)
{
	const char *quit = "Shutdown";

	if (number)
		case_print(task == N_TASKS - 1 ? LAST_VECTOR : task, has_error, error, tss[task][0]);
	if (number++ == CASES) {
		put_text("oracle: all snippets ran\n");
		out8(0xf4, 0);
		while (*quit)
			__asm__ volatile("outb %0, %1" : : "a"(*quit++), "d"((uint16_t)0x8900));
	}
	case_prepare();
	tss[task][0] = C1;
}

static void tasks_fill(void)
{
	for (unsigned i = 0; i < N_TASKS; i++) {
		unsigned v = i == N_TASKS - 1 ? LAST_VECTOR : i;

		gdt[TASKS / 8 + i] = descriptor((uint32_t)tss[i], 0x67, 0x89);
		tss[i][8] = (uint32_t)task_stubs + 16 * i;
		tss[i][9] = 2;
		tss[i][14] = (uint32_t)task_stack_top;
		tss[i][18] = tss[i][20] = tss[i][21] = tss[i][22] = tss[i][23] = DS_RING;
		tss[i][19] = CS_RING;
		tss[i][25] = 0xffff0000;
		idt[v] = gate(TASKS + 8 * i, 0, 0xe5, 0);
	}
}

void random_main(void)
{
	static struct __attribute__((packed)) {
		uint16_t limit;
		uint32_t base;
	} g = { sizeof(gdt) - 1, 0 }, i = { sizeof(idt) - 1, 0 };

	/* Low memory is INT3: where 16-bit offsets and virtual-8086 mode end up. */
	for (uint8_t *low = (uint8_t *)0x500; low < (uint8_t *)0x9f000; low++)
		*low = 0xcc;
	for (unsigned n = 0; n < SLED; n += 2) {
		landing[n] = 0xcd;
		landing[n + 1] = LAST_VECTOR;
	}
	tables_fill(0);
	tasks_fill();
	g.base = (uint32_t)gdt;
	i.base = (uint32_t)idt;
	__asm__ volatile("lgdt %0\n lidt %1\n ltr %w2\n ljmp $8, $1f\n 1:" : : "m"(g), "m"(i), "r"(TASKS + 8 * (N_TASKS - 1)));
	__asm__ volatile("mov %0, %%ds\n mov %0, %%es\n mov %0, %%ss\n mov %0, %%fs\n mov %0, %%gs" : : "r"(DS_RING));
}
