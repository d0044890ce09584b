/*
 * deliver_guest.h - a small machine for the delivery tests: 256 KiB of RAM with tables at fixed
 * places, and a CPU in any mode. Expected frames in the tests are bytes written by hand.
 *
 *	01c00  IDT (vector 80h and up lie in the next page, for tests of missing pages)
 *	03000  GDT          03800  TSS
 *	05000  top of the kernel stack, 07000 top of IST 1, 07800 top of IST 2, 09000 top of the user stack
 *	0a000  handlers: vector v at a000 + 16 * v
 *	10000  page tables
 */
#ifndef VMSTEP_DELIVER_GUEST_H
#define VMSTEP_DELIVER_GUEST_H

#include <errno.h>
#include <vmstep/semantics.h>

#include "tap.h"

enum {
	IDT = 0x1c00, GDT = 0x3000, TSS = 0x3800, KSTACK = 0x5000, IST1 = 0x7000, IST2 = 0x7800,
	USTACK = 0x9000, HANDLERS = 0xa000, TABLES = 0x10000, RAM = 0x40000,
};

/* SDM 3 "Segment Descriptors". Types without the accessed bit, so that setting it shows. */
enum {
	CS64 = 0x08, DS0 = 0x10, CS32 = 0x18, CS32_3 = 0x20, DS3 = 0x28, CS64_3 = 0x30, CS16 = 0x38,
	DS16 = 0x40, CS32_CONF = 0x48, CS32_ABSENT = 0x50, CS32_SHORT = 0x58, DS_DOWN = 0x60, DS_RO = 0x68,
	DS_ABSENT = 0x70, CS64_CONF = 0x78, CS64_D = 0x80, TSS_SEL = 0x88, GDT_END = 0x98,
};
static const u64 gdt[GDT_END / 8] = {
	[CS64 / 8] = 0x00209a0000000000,       [DS0 / 8] = 0x00cf92000000ffff,
	[CS32 / 8] = 0x00cf9a000000ffff,       [CS32_3 / 8] = 0x00cffa000000ffff,
	[DS3 / 8] = 0x00cff2000000ffff,        [CS64_3 / 8] = 0x0020fa0000000000,
	[CS16 / 8] = 0x00009a000000ffff,       [DS16 / 8] = 0x000092000000ffff,
	[CS32_CONF / 8] = 0x00cf9e000000ffff,  [CS32_ABSENT / 8] = 0x00cf1a000000ffff,
	[CS32_SHORT / 8] = 0x00409a0000000fff, [DS_DOWN / 8] = 0x0040960000003fff,
	[DS_RO / 8] = 0x00cf90000000ffff,      [DS_ABSENT / 8] = 0x00cf12000000ffff,
	[CS64_CONF / 8] = 0x00209e0000000000,  [CS64_D / 8] = 0x00609a0000000000,
};

struct guest {
	struct cpu_state c;
	u8 ram[RAM];
};

static int ram_read(void *arg, u64 gpa, void *buf, size_t n)
{
	struct guest *g = arg;

	if (gpa > RAM || n > RAM - gpa)
		return -EFAULT;
	memcpy(buf, g->ram + gpa, n);
	return 0;
}

static int ram_write(void *arg, u64 gpa, const void *buf, size_t n)
{
	struct guest *g = arg;

	if (gpa > RAM || n > RAM - gpa)
		return -EFAULT;
	memcpy(g->ram + gpa, buf, n);
	return 0;
}

static inline struct phys_ops guest_mem(struct guest *g)
{
	return (struct phys_ops){ ram_read, ram_write, g };
}

static inline void put(struct guest *g, u64 gpa, u64 value, size_t n)
{
	memcpy(g->ram + gpa, &value, n);
}

/* --- tables --- */

/* SDM 3 "IDT Descriptors": access is P, DPL and type, as in 0x8e. */
static inline void gate32(struct guest *g, u8 vector, u16 sel, u32 offset, u8 access)
{
	put(g, IDT + vector * 8u, (u64)(offset >> 16) << 48 | (u64)access << 40 | (u64)sel << 16 | (offset & 0xffff), 8);
}

static inline void gate64(struct guest *g, u8 vector, u16 sel, u64 offset, u8 access, u8 ist)
{
	u64 lo = (offset >> 16 & 0xffff) << 48 | (u64)access << 40 | (u64)ist << 32 | (u64)sel << 16 | (offset & 0xffff);

	put(g, IDT + vector * 16u, lo, 8);
	put(g, IDT + vector * 16u + 8, offset >> 32, 8);
}

static inline void ivt(struct guest *g, u8 vector, u16 seg, u16 offset)
{
	put(g, vector * 4u, (u32)seg << 16 | offset, 4);
}

/* Identity, 4-KiB pages, all present, writable, user. */
enum { PT_LONG = TABLES + 0x3000, PT_32 = TABLES + 0x1000 };

static inline void paging_long(struct guest *g)
{
	put(g, TABLES, (TABLES + 0x1000) | 7, 8);
	put(g, TABLES + 0x1000, (TABLES + 0x2000) | 7, 8);
	put(g, TABLES + 0x2000, PT_LONG | 7, 8);
	for (unsigned i = 0; i < RAM / 0x1000; i++)
		put(g, PT_LONG + 8 * i, i << 12 | 7, 8);
	g->c.cr3 = TABLES;
	g->c.cr0 |= CR0_PG | CR0_WP;
}

static inline void paging_32(struct guest *g)
{
	put(g, TABLES, PT_32 | 7, 4);
	for (unsigned i = 0; i < RAM / 0x1000; i++)
		put(g, PT_32 + 4 * i, i << 12 | 7, 4);
	g->c.cr3 = TABLES;
	g->c.cr0 |= CR0_PG | CR0_WP;
}

/* --- the CPU --- */

static inline struct segment seg_flat(u16 sel, u16 attr)
{
	return (struct segment){ 0, 0xffffffff, sel, attr };
}

static inline void guest_common(struct guest *g)
{
	memset(g, 0, sizeof(*g));
	g->c.known = REGS_ALL;
	g->c.dr6 = DR6_INIT;
	g->c.dr7 = DR7_FIXED;
	g->c.gdtr = (struct table_reg){ GDT, GDT_END - 1 };
	g->c.tr = (struct segment){ TSS, 0x67, TSS_SEL, 0x8b };
	memcpy(g->ram + GDT, gdt, sizeof(gdt));
}

/* Real mode at 1000:0100, stack 2000:fffe. */
static inline void guest_real(struct guest *g)
{
	guest_common(g);
	g->c.idtr = (struct table_reg){ 0, 0x3ff };
	for (unsigned s = 0; s < SEG_COUNT; s++)
		g->c.seg[s] = (struct segment){ 0, 0xffff, 0, 0x93 };
	g->c.seg[SEG_CS] = (struct segment){ 0x10000, 0xffff, 0x1000, 0x9b };
	g->c.seg[SEG_SS] = (struct segment){ 0x20000, 0xffff, 0x2000, 0x93 };
	g->c.rip = 0x100;
	g->c.gpr[GPR_RSP] = 0xfffe;
	g->c.rflags = 0x202;
}

/* 32-bit protected mode, CPL 0 at 18:1234, stack 10:4fc0. Every gate is an interrupt gate to CS32. */
static inline void guest_prot(struct guest *g)
{
	guest_common(g);
	g->c.cr0 = CR0_PE | CR0_ET;
	g->c.idtr = (struct table_reg){ IDT, 0x7ff };
	for (unsigned v = 0; v < 256; v++)
		gate32(g, v, CS32, HANDLERS + 16 * v, 0x8e);
	put(g, TSS + 4, KSTACK, 4);
	put(g, TSS + 8, DS0, 2);
	for (unsigned s = 0; s < SEG_COUNT; s++)
		g->c.seg[s] = seg_flat(DS0, 0xc093);
	g->c.seg[SEG_CS] = seg_flat(CS32, 0xc09b);
	g->c.rip = 0x1234;
	g->c.gpr[GPR_RSP] = 0x4fc0;
	g->c.rflags = 0x202;
}

/* The same at CPL 3: 23:1234, stack 2b:8fc0. */
static inline void guest_user32(struct guest *g)
{
	guest_prot(g);
	for (unsigned s = 0; s < SEG_COUNT; s++)
		g->c.seg[s] = seg_flat(DS3 | 3, 0xc0f3);
	g->c.seg[SEG_CS] = seg_flat(CS32_3 | 3, 0xc0fb);
	g->c.gpr[GPR_RSP] = 0x8fc0;
}

/* Virtual-8086 mode at 0100:0034 (linear 1034), stack 0800:0fc0, IOPL 3. */
static inline void guest_v86(struct guest *g)
{
	static const u16 sel[SEG_COUNT] = {
		[SEG_ES] = 0x0111, [SEG_CS] = 0x0100, [SEG_SS] = 0x0800,
		[SEG_DS] = 0x0222, [SEG_FS] = 0x0333, [SEG_GS] = 0x0444,
	};

	guest_prot(g);
	for (unsigned s = 0; s < SEG_COUNT; s++)
		g->c.seg[s] = (struct segment){ sel[s] << 4, 0xffff, sel[s], 0xf3 };
	g->c.rip = 0x34;
	g->c.gpr[GPR_RSP] = 0xfc0;
	g->c.rflags = FL_VM | FL_IOPL | 0x202;
}

/* 64-bit mode, CPL 0 at 8:1234, stack 10:4fc0. Every gate is an interrupt gate to CS64. */
static inline void guest_long(struct guest *g)
{
	guest_common(g);
	g->c.cr0 = CR0_PE | CR0_ET;
	g->c.cr4 = CR4_PAE;
	g->c.efer = EFER_LME | EFER_LMA;
	g->c.idtr = (struct table_reg){ IDT, 0xfff };
	for (unsigned v = 0; v < 256; v++)
		gate64(g, v, CS64, HANDLERS + 16 * v, 0x8e, 0);
	put(g, TSS + 4, KSTACK, 8);
	put(g, TSS + 36, IST1, 8);
	put(g, TSS + 44, IST2, 8);
	for (unsigned s = 0; s < SEG_COUNT; s++)
		g->c.seg[s] = seg_flat(DS0, 0xc093);
	g->c.seg[SEG_CS] = (struct segment){ 0, 0, CS64, 0x209b };
	g->c.rip = 0x1234;
	g->c.gpr[GPR_RSP] = 0x4fc0;
	g->c.rflags = 0x202;
	paging_long(g);
}

/* The same at CPL 3: 33:1234, stack 2b:8fc0. */
static inline void guest_user64(struct guest *g)
{
	guest_long(g);
	for (unsigned s = 0; s < SEG_COUNT; s++)
		g->c.seg[s] = seg_flat(DS3 | 3, 0xc0f3);
	g->c.seg[SEG_CS] = (struct segment){ 0, 0, CS64_3 | 3, 0x20fb };
	g->c.gpr[GPR_RSP] = 0x8fc0;
}

/* --- events --- */

#define EXTERNAL(v)   ((struct guest_event){ .vector = (v), .type = INTR_EXTERNAL })
#define FAULT(v)      ((struct guest_event){ .vector = (v), .type = INTR_HARD_EXC, .fault = true })
#define FAULT_E(v, e) ((struct guest_event){ .vector = (v), .type = INTR_HARD_EXC, .fault = true, .has_error = true, .error = (e) })
#define INT_N(v)      ((struct guest_event){ .vector = (v), .type = INTR_SOFT_INT, .insn_len = 2 })
#define INT3_         ((struct guest_event){ .vector = 3, .type = INTR_SOFT_EXC, .insn_len = 1 })
#define ICEBP_        ((struct guest_event){ .vector = 1, .type = INTR_PRIV_SOFT_EXC, .insn_len = 1 })

static inline struct delivery deliver(struct guest *g, struct guest_event ev)
{
	struct phys_ops mem = guest_mem(g);
	struct delivery d = { .outcome = 0xff };
	int r = event_deliver(&g->c, &mem, &ev, &d);

	if (r)
		d.outcome = 0xf0; /* matches no outcome a test wants */
	return d;
}

/* Outcome and vector in one claim: most tests' first line. */
static inline void wants(struct delivery d, u8 outcome, u8 vector, const char *name)
{
	tap_eq(d.outcome << 8 | d.vector, outcome << 8 | vector, "%s: outcome and vector", name);
}

/* The frame is `n` bytes, ends where the stack pointer is, and reads like this. */
static inline void wants_frame(struct guest *g, struct delivery d, u64 lin, const u8 *bytes, size_t n, const char *name)
{
	tap_eq(d.frame_lin, lin, "%s: the frame's place", name);
	tap_mem(g->ram + lin, bytes, n, "%s: the frame's bytes", name);
}
#define FRAME(g, d, lin, name, ...) \
	wants_frame(g, d, lin, (const u8[]){ __VA_ARGS__ }, sizeof((const u8[]){ __VA_ARGS__ }), name)

#define LE16(x) (u8)(x), (u8)((x) >> 8)
#define LE32(x) LE16(x), LE16((u32)(x) >> 16)
#define LE64(x) LE32(x), LE32((u64)(x) >> 32)

#endif
