/*
 * packer.c - compiled C that uses SSE as compilers do: zlib as the distribution built it packs and unpacks
 * a text, and a few planets go round in doubles and floats. Freestanding for a guest; with -DHOSTED the
 * same as a program of this machine, whose output is what is right.
 */
#include <stddef.h>
#include <string.h>
#include <zlib.h>

enum { TEXT = 60000, STEPS = 300, BODIES = 5 };

static unsigned char text[TEXT], packed[TEXT + 4096], again[TEXT];

#ifdef HOSTED
#include <stdio.h>
#include <stdlib.h>

static void put_char(char c)
{
	putchar(c);
}
#else
static unsigned char heap[1 << 20] __attribute__((aligned(16)));
static size_t heap_used;

static char said[4096];
static size_t said_n;

static void put_char(char c)
{
	if (said_n < sizeof(said))
		said[said_n++] = c;
}

/* What zlib's objects want of a libc. */
void *malloc(size_t n)
{
	void *p = heap + heap_used;

	heap_used += (n + 15) & ~(size_t)15;
	return heap_used > sizeof(heap) ? NULL : p;
}

void free(void *p)
{
	(void)p;
}

void *memcpy(void *to, const void *from, size_t n)
{
	for (size_t i = 0; i < n; i++)
		((volatile char *)to)[i] = ((const char *)from)[i];
	return to;
}

void *memset(void *to, int c, size_t n)
{
	for (size_t i = 0; i < n; i++)
		((volatile char *)to)[i] = c;
	return to;
}

void *__memcpy_chk(void *to, const void *from, size_t n, size_t room)
{
	(void)room;
	return memcpy(to, from, n);
}

void __stack_chk_fail(void)
{
	__asm__ volatile("ud2");
}
#endif

static void put_line(const char *name, unsigned long long v)
{
	while (*name)
		put_char(*name++);
	put_char(' ');
	for (int i = 60; i >= 0; i -= 4)
		put_char("0123456789abcdef"[v >> i & 15]);
	put_char('\n');
}

static void text_make(void)
{
	static const char *const words[] = { "step ", "trap ", "guest ", "flag\n", "boundary ", "the ", "of " };
	unsigned s = 1;
	size_t n = 0;

	while (n < TEXT) {
		s = s * 1664525 + 1013904223;
		for (const char *w = words[(s >> 16) % 7]; *w && n < TEXT; w++)
			text[n++] = *w;
	}
}

static void pack(void)
{
	uLongf n = sizeof(packed), m = sizeof(again);
	size_t same = 0;

	text_make();
	put_line("compress", compress2(packed, &n, text, TEXT, 6));
	put_line("bytes", n);
	put_line("crc", crc32(0, packed, n));
	put_line("uncompress", uncompress(again, &m, packed, n));
	while (same < TEXT && again[same] == text[same])
		same++;
	put_line("same", same);
}

struct body {
	double at[3], v[3], mass;
};

static double root(double x)
{
	__asm__("sqrtsd %1, %0" : "=x"(x) : "x"(x));
	return x;
}

static void attract(struct body *a, struct body *b)
{
	double d[3], r = 0, f;

	for (int i = 0; i < 3; i++) {
		d[i] = b->at[i] - a->at[i];
		r += d[i] * d[i];
	}
	f = 0.001 / (r * root(r) + 0.01);
	for (int i = 0; i < 3; i++) {
		a->v[i] += d[i] * b->mass * f;
		b->v[i] -= d[i] * a->mass * f;
	}
}

static void planets(void)
{
	struct body body[BODIES];
	unsigned long long bits;
	float sum = 0, low[64];

	for (int i = 0; i < BODIES; i++)
		for (int k = 0; k < 3; k++) {
			body[i].at[k] = i * 1.5 - k * 0.7;
			body[i].v[k] = (i ^ k) * 0.125;
			body[i].mass = 1.0 / (i + 1);
		}
	for (int n = 0; n < STEPS; n++) {
		for (int i = 0; i < BODIES; i++)
			for (int k = 0; k < i; k++)
				attract(&body[i], &body[k]);
		for (int i = 0; i < BODIES; i++)
			for (int k = 0; k < 3; k++)
				body[i].at[k] += body[i].v[k] * 0.01;
	}
	for (int i = 0; i < BODIES; i++) {
		memcpy(&bits, &body[i].at[i % 3], 8);
		put_line("planet", bits);
	}
	for (int i = 0; i < 64; i++)
		low[i] = (float)(i * 37 % 64) / 7;
	for (int i = 0; i < 64; i++)
		sum += low[i] * low[63 - i];
	put_line("integer", (unsigned long long)(sum * 1000));
	memcpy(&bits, low + 2, 8);
	put_line("floats", bits);
}

static void all(void)
{
	pack();
	planets();
	put_line("end", 0);
}

#ifdef HOSTED
int main(void)
{
	all();
	return 0;
}
#else
/*
 * The work is done in ring 3, where every KVM executes SSE; an invalid opcode at its end brings the output
 * out to ring 0. Flat segments as the loader made them, and the same for ring 3 (SDM volume 3, "Segment Descriptors", "64-Bit
 * Mode IDT", "64-Bit Task State Segment").
 */
enum { CODE0 = 0x08, DATA3 = 0x18, CODE3 = 0x20, TSS = 0x28, VECTOR = 6 };

struct table {
	unsigned short limit;
	void *base;
} __attribute__((packed));

static unsigned long long gdt[7] = {
	0, 0x00af9b000000ffff, 0x00cf93000000ffff, 0x00cff3000000ffff, 0x00affb000000ffff,
};
static unsigned long long idt[2 * (VECTOR + 1)];
static unsigned int tss[26];
static unsigned char stack0[4096] __attribute__((aligned(16))), stack3[1 << 16] __attribute__((aligned(16)));

__attribute__((used)) static void finish(void)
{
	for (size_t i = 0; i < said_n; i++)
		__asm__ volatile("outb %0, %1" : : "a"(said[i]), "Nd"((unsigned short)0xe9));
	__asm__ volatile("outb %0, %1" : : "a"((unsigned char)0), "Nd"((unsigned short)0xf4));
	for (;;)
		__asm__ volatile("hlt");
}
void ring0_entry(void);
__asm__("ring0_entry: call finish\n");

__attribute__((used)) static void ring3(void)
{
	all();
	__asm__ volatile("ud2");
}

static void tables_load(void)
{
	struct table g = { sizeof(gdt) - 1, gdt }, i = { sizeof(idt) - 1, idt };
	unsigned long long at = (unsigned long long)tss, to = (unsigned long long)ring0_entry;

	gdt[TSS / 8] = (sizeof(tss) - 1) | (at & 0xffffff) << 16 | 0x89ull << 40 | (at >> 24 & 0xff) << 56;
	gdt[TSS / 8 + 1] = at >> 32;
	at = (unsigned long long)(stack0 + sizeof(stack0));
	tss[1] = at;
	tss[2] = at >> 32;
	idt[2 * VECTOR] = (to & 0xffff) | CODE0 << 16 | 0x8e00ull << 32 | (to >> 16 & 0xffff) << 48;
	idt[2 * VECTOR + 1] = to >> 32;
	__asm__ volatile("lgdt %0\n lidt %1\n ltr %w2" : : "m"(g), "m"(i), "r"(TSS) : "memory");
}

__attribute__((used)) static void start(void)
{
	tables_load();
	__asm__ volatile("pushq %q0\n pushq %1\n pushq $2\n pushq %q2\n pushq %3\n iretq"
			 :
			 : "r"((unsigned long long)DATA3 | 3), "r"(stack3 + sizeof(stack3) - 8),
			   "r"((unsigned long long)CODE3 | 3), "r"(ring3));
}

__asm__(".globl _start\n_start: lea stack0+4096(%rip), %rsp\n call start\n");
#endif
