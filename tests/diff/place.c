/*
 * place.c - the guest around the one instruction: a handler for each vector that is a NOP, so that
 * the address behind it tells which was entered; data and stack that every offset of the segments
 * reaches or that faults on purpose.
 */
#include <string.h>

#include "diff.h"

const char *const place_name[PLACES] = { "real",     "prot16",     "stack16",
					 "prot32",   "long",       "compat16",
					 "compat32", "long ring3", "compat ring3" };

/* Selectors: ring 0 code of each width, data; ring 3 the same with RPL 3. */
enum {
	CODE16 = 0x08,
	CODE32 = 0x10,
	CODE64 = 0x18,
	DATA = 0x20,
	UCODE32 = 0x2b,
	UCODE64 = 0x33,
	UDATA = 0x3b,
	TSS = 0x40
};

unsigned place_bits(enum place p)
{
	switch (p) {
	case P_LONG:
	case P_LONG3:
		return 64;
	case P_PROT32:
	case P_COMPAT32:
	case P_COMPAT3:
		return 32;
	default:
		return 16;
	}
}

bool place_user(enum place p)
{
	return p == P_LONG3 || p == P_COMPAT3;
}

static bool place_long(enum place p)
{
	return p >= P_LONG;
}

static void put(u8 *ram, u32 at, u64 v, unsigned n)
{
	memcpy(ram + at, &v, n);
}

static void descriptors(u8 *ram, bool lng)
{
	static const u64 gdt[] = {
		0,
		0x00009b000000ffff,
		0x00cf9b000000ffff,
		0x00af9b000000ffff,
		0x00cf93000000ffff,
		0x00cffb000000ffff,
		0x00affb000000ffff,
		0x00cff3000000ffff,
		0, /* TSS, two places */
		0,
		0x00cf91000000ffff, /* 50: read-only data */
		0x0040970000000fff, /* expands down */
		0x00cf99000000ffff, /* execute-only */
		0x00cf9f000000ffff, /* 68: conforming */
		0x00cf13000000ffff, /* not present */
		0x00cf1b000000ffff,
		0x0000820050000fff, /* 80: LDT, two places */
		0,
		0x00008c0000108020, /* 90: call gate, two places */
		0,
		0x0000890028000067, /* a0: TSS, available */
		0,
		0x0000930100000fff, /* b0: data of 4 KiB at 10000 */
		0x00cfff000000ffff, /* conforming, ring 3 */
		0x00afbb000000ffff, /* c0: 64-bit, ring 1 */
		0x00efbb000000ffff, /* L and D */
	};

	_Static_assert(sizeof(gdt) == GDT_SIZE, "the limit of the GDT");

	memcpy(ram + AT_GDT, gdt, sizeof(gdt));
	put(ram, AT_GDT + TSS, 0x0000000000000067 | (u64)AT_TSS << 16 | 0x8bull << 40, 8);
	put(ram, AT_GDT + TSS + 8, 0, 8);
	put(ram, AT_TSS + 4, AT_RING0, 8); /* RSP0; ESP0 and SS0 in a 32-bit TSS */
	if (!lng)
		put(ram, AT_TSS + 8, DATA, 4);
}

static void vectors(u8 *ram, enum place p)
{
	for (unsigned v = 0; v < 256; v++) {
		u32 h = AT_HANDLERS + (v < 32 ? v : 32) * HANDLER_SIZE;

		if (p == P_REAL)
			put(ram, 4 * v, (u64)(AT_HANDLERS >> 4) << 16 | (h - AT_HANDLERS), 4);
		else if (place_long(p))
			put(ram, AT_IDT + 16 * v, (h & 0xffff) | CODE64 << 16 | 0x8eull << 40, 8);
		else
			put(ram, AT_IDT + 8 * v, (h & 0xffff) | CODE32 << 16 | 0x8eull << 40, 8);
	}
}

/* 4-KiB pages, accessed and dirty set; some of data and stack are not what an access expects. */
static u64 page_entry(u32 at)
{
	u64 e = at | 0x60 | 1;
	u64 kind = at >> 12 & 7;

	if (at < AT_ENV_END)
		return e; /* supervisor, read-only */
	if (at < AT_DATA)
		return at >= AT_CODE && at < CODE_END ? e | 4 : 0;
	if (at >= AT_STACK && (at >> 12 & 15) >= 14)
		return e | 2; /* ring 0's */
	switch (kind) {
	case 4:
		return e | 4;
	case 5:
		return 0;
	case 6:
		return e | 2;
	case 7:
		return e | 6 | BIT64(63);
	default:
		return e | 6;
	}
}

static void tables(u8 *ram)
{
	put(ram, AT_TABLES, (AT_TABLES + 0x1000) | 0x67, 8);
	put(ram, AT_TABLES + 0x1000, (AT_TABLES + 0x2000) | 0x67, 8);
	put(ram, AT_TABLES + 0x2000, (AT_TABLES + 0x3000) | 0x67, 8);
	for (u32 at = 0; at < RAM_SIZE; at += 4096)
		put(ram, AT_TABLES + 0x3000 + at / 512, at < AT_END ? page_entry(at) : 0, 8);
}

void place_memory(enum place p, u8 *ram)
{
	memset(ram, 0, AT_ENV_END);
	/* In ring 3 nobody steps: the handler's HLT comes back to us. */
	memset(ram + AT_HANDLERS, place_user(p) ? 0xf4 : 0x90, 33 * HANDLER_SIZE);
	if (p != P_REAL)
		descriptors(ram, place_long(p));
	vectors(ram, p);
	if (place_long(p))
		tables(ram);
}

static struct segment seg(u16 sel, u64 base, u32 limit, u16 attr)
{
	return (struct segment){ .base = base, .limit = limit, .sel = sel, .attr = attr };
}

/*
 * Data segments of different bases, one read-only and one that expands down; none reaches the
 * tables. The stack is flat where events are to come: the software flavour of KVM delivers them
 * without SS's base, and not at all on a 16-bit stack.
 */
static void legacy_segments(enum place p, struct cpu_state *c)
{
	bool real = p == P_REAL;
	u16 data = real ? 0x93 : 0x93 | ATTR_DB;

	c->seg[SEG_DS] = seg(real ? 0x1000 : DATA, 0x10000, 0xffff, data);
	c->seg[SEG_ES] = seg(real ? 0x1200 : DATA, 0x12000, 0xffff, data);
	c->seg[SEG_FS] = seg(real ? 0x1400 : DATA, 0x14000, real ? 0xffff : 0x3fff,
			     real ? data : 0x91 | ATTR_DB);
	c->seg[SEG_GS] =
		seg(real ? 0x1000 : DATA, 0x10000, real ? 0xffff : 0x1fff, real ? data : 0x97);
	if (real || p == P_STACK16)
		c->seg[SEG_SS] = seg(real ? 0x2000 : DATA, 0x20000, 0xffff, 0x93);
	else
		c->seg[SEG_SS] = seg(DATA, 0, AT_DATA - 1, 0x97 | ATTR_DB); /* expands down */
	if (real)
		c->seg[SEG_CS] = seg(0x0800, 0x8000, 0xffff, 0x9b);
	else if (p == P_PROT32)
		c->seg[SEG_CS] = seg(CODE32, 0, 0xffffffff, 0xc09b);
	else
		c->seg[SEG_CS] = seg(CODE16, 0, 0xffff, 0x009b);
}

static void long_segments(enum place p, struct cpu_state *c)
{
	bool user = place_user(p);
	u16 ring = user ? 3 << 5 : 0;

	for (unsigned i = 0; i < SEG_COUNT; i++)
		c->seg[i] = seg(user ? UDATA : DATA, 0, 0xffffffff, 0xc093 | ring);
	if (p == P_LONG || p == P_LONG3)
		c->seg[SEG_CS] = seg(user ? UCODE64 : CODE64, 0, 0xffffffff, 0xa09b | ring);
	else if (p == P_COMPAT16)
		c->seg[SEG_CS] = seg(CODE16, 0, 0xffff, 0x009b);
	else
		c->seg[SEG_CS] = seg(user ? UCODE32 : CODE32, 0, 0xffffffff, 0xc09b | ring);
	if (p == P_LONG) {
		c->seg[SEG_FS].base = 0x11000;
		c->seg[SEG_GS].base = 0xffffffffffff0000; /* GS:0x20000 is in the data */
	}
}

void place_state(enum place p, struct cpu_state *c)
{
	memset(c, 0, sizeof(*c));
	c->known = REGS_ALL;
	c->rflags = FL_FIXED;
	c->dr6 = DR6_INIT;
	c->dr7 = DR7_FIXED;
	c->shadow_known = true;
	c->cr0 = CR0_NE | CR0_ET | (p == P_REAL ? 0 : CR0_PE);
	c->gdtr = (struct table_reg){ AT_GDT, GDT_SIZE - 1 };
	c->idtr =
		p == P_REAL ? (struct table_reg){ 0, 0x3ff } : (struct table_reg){ AT_IDT, 0xfff };
	c->tr = seg(TSS, AT_TSS, 0x67, 0x8b);
	c->ldtr = seg(0, 0, 0xffff, 0x82);
	if (!place_long(p)) {
		legacy_segments(p, c);
		return;
	}
	c->cr0 |= CR0_PG | CR0_WP | CR0_AM;
	c->cr3 = AT_TABLES;
	c->cr4 = CR4_PAE | (place_user(p) ? CR4_OSFXSR | CR4_OSXMMEXCPT : 0);
	c->efer = EFER_LME | EFER_LMA | EFER_NXE;
	long_segments(p, c);
}
