/*
 * default_env.c - what a bare guest needs before its first instruction: GDT, TSS, IDT with default
 * handlers, a stack and, in long mode, page tables. All of it lies in guest RAM that the image left
 * free; the guest may replace any of it.
 *
 * A default handler must leave the registers alone, so that the stop shows the guest as it was at
 * the fault. It therefore only pushes its vector, pops vector and error code into a mailbox in
 * guest memory, copies RIP there and writes port PORT_EXCEPTION, on which machine reads the
 * mailbox:
 *
 *	slot n:  [push 0]  push n  jmp common
 *	common:  pop [vector]  pop [error]  push [sp]  pop [rip]  out PORT_EXCEPTION, al  iret
 *
 * #DB and #BP have no gate: an ICEBP or INT3 in a guest without handlers is then swallowed by the
 * debugger's policy instead of ending in a handler the guest never wrote.
 */
#include "internal.h"

#include <errno.h>
#include <string.h>

enum {
	PAGE = 4096,
	STACK_SIZE = 64 << 10,
	IST_SIZE = 16 << 10,
	/* Offsets in the block. */
	OFF_GDT = 0x000,
	OFF_TSS = 0x100,
	OFF_MAILBOX = 0x200,
	OFF_RETURN = 0x280,
	OFF_IDT = 0x1000,
	OFF_STUBS = 0x2000,
	OFF_IST = 0x3000,
	OFF_STACK = OFF_IST + IST_SIZE,
	OFF_TABLES = OFF_STACK + STACK_SIZE,
	STUB_SLOT = 16,
	EXC_VECTORS = 32,
	/* Selectors; laid out so that SYSCALL and SYSRET can use them (STAR 8 and 18). */
	SEL_TSS = 0x30,
};
#define MAILBOX_EMPTY (~(u64)0)

/* Vectors that push an error code (SDM volume 3, "Exception and Interrupt Reference"). */
static bool has_error_code(unsigned v)
{
	return v == EXC_DF || (v >= EXC_TS && v <= EXC_PF) || v == EXC_AC || v == EXC_CP ||
	       v == 29 || v == 30;
}

static bool has_gate(unsigned v)
{
	return v < EXC_VECTORS && v != EXC_DB && v != EXC_BP;
}

struct emitter {
	u8 *p;   /* host address of the next byte */
	u64 gpa; /* its guest address */
};

static void emit(struct emitter *e, const void *bytes, size_t n)
{
	memcpy(e->p, bytes, n);
	e->p += n;
	e->gpa += n;
}

static void emit_byte(struct emitter *e, u8 b)
{
	emit(e, &b, 1);
}

static void emit_jmp(struct emitter *e, u64 target)
{
	u8 b[5] = { 0xe9 };

	put_le32(b + 1, (u32)(target - (e->gpa + sizeof(b))));
	emit(e, b, sizeof(b));
}

/* POP to memory: [RIP+disp32] in 64-bit code, [disp32] in 32-bit code, the same bytes otherwise. */
static void emit_pop(struct emitter *e, u64 target, unsigned word)
{
	u8 b[6] = { 0x8f, 0x05 };

	put_le32(b + 2, (u32)(word == 8 ? target - (e->gpa + sizeof(b)) : target));
	emit(e, b, sizeof(b));
}

static void emit_slot(struct emitter e, unsigned vector, u64 common)
{
	static const u8 push_zero[] = { 0x6a, 0x00 };
	u8 push_vector[] = { 0x6a, (u8)vector };

	if (!has_error_code(vector))
		emit(&e, push_zero, sizeof(push_zero));
	emit(&e, push_vector, sizeof(push_vector));
	emit_jmp(&e, common);
}

static void emit_common(struct emitter e, u64 mailbox, unsigned word)
{
	static const u8 push_top[] = { 0xff, 0x34, 0x24 };
	static const u8 out[] = { 0xe6, PORT_EXCEPTION };

	emit_pop(&e, mailbox, word);
	emit_pop(&e, mailbox + word, word);
	emit(&e, push_top, sizeof(push_top));
	emit_pop(&e, mailbox + 2 * word, word);
	emit(&e, out, sizeof(out));
	if (word == 8)
		emit_byte(&e, 0x48);
	emit_byte(&e, 0xcf);
}

static void write_stubs(struct machine *m, unsigned word)
{
	u64 base = m->env.gpa + OFF_STUBS, common = base + EXC_VECTORS * STUB_SLOT;

	m->env.code = base;
	m->env.code_end = common + 64;

	for (unsigned v = 0; v < EXC_VECTORS; v++)
		if (has_gate(v))
			emit_slot((struct emitter){ machine_hva(m, base + v * STUB_SLOT, STUB_SLOT),
						    base + v * STUB_SLOT },
				  v, common);
	emit_common((struct emitter){ machine_hva(m, common, 64), common }, m->env.mailbox, word);
}

/*
 * Interrupt gate, ring 0 (SDM volume 3, "IDT Descriptors", "64-Bit Mode IDT"):
 *	offset 15..0 | selector | IST, 0 | P DPL 0 type 14 | offset 31..16 [| offset 63..32 | 0]
 */
static void write_idt(struct machine *m, unsigned word)
{
	unsigned entry = word == 8 ? 16 : 8;

	for (unsigned v = 0; v < EXC_VECTORS; v++) {
		u64 handler = m->env.gpa + OFF_STUBS + v * STUB_SLOT;
		u8 *g = machine_hva(m, m->env.gpa + OFF_IDT + v * entry, entry);

		if (!has_gate(v))
			continue;
		put_le16(g, (u16)handler);
		put_le16(g + 2, m->boot.seg[SEG_CS].sel);
		g[4] = word == 8 ? 1 : 0;
		g[5] = 0x8e;
		put_le16(g + 6, (u16)(handler >> 16));
		if (word == 8)
			put_le32(g + 8, (u32)(handler >> 32));
	}
	m->boot.idtr.base = m->env.gpa + OFF_IDT;
	m->boot.idtr.limit = (u16)(256 * entry - 1);
}

/*
 * Flat code and data for rings 0 and 3, then the TSS, which is busy since TR holds it. Linux wants
 * its code at 10 and its data at 18; everybody else has them at 8 and 10.
 */
static void write_gdt(struct machine *m, unsigned word)
{
	static const u64 gdt64[] = { 0,
				     0x00af9b000000ffff,
				     0x00cf93000000ffff,
				     0x00cffb000000ffff,
				     0x00cff3000000ffff,
				     0x00affb000000ffff };
	static const u64 gdt32[] = {
		0, 0x00cf9b000000ffff, 0x00cf93000000ffff, 0x00cffb000000ffff, 0x00cff3000000ffff, 0
	};
	static const u64 gdt_linux[] = { 0, 0, 0x00cf9b000000ffff, 0x00cf93000000ffff, 0, 0 };
	const u64 *gdt = word == 8 ? gdt64 : m->boot.seg[SEG_CS].sel == 0x10 ? gdt_linux : gdt32;
	u64 tss = m->env.gpa + OFF_TSS;
	u8 *g = machine_hva(m, m->env.gpa + OFF_GDT, PAGE);

	for (size_t i = 0; i < ARRAY_SIZE(gdt64); i++)
		put_le64(g + 8 * i, gdt[i]);
	put_le64(g + SEL_TSS,
		 0x67 | (tss & 0xffffff) << 16 | (u64)0x8b << 40 | (tss >> 24 & 0xff) << 56);
	put_le64(g + SEL_TSS + 8, word == 8 ? tss >> 32 : 0);
	m->boot.gdtr.base = m->env.gpa + OFF_GDT;
	m->boot.gdtr.limit = (u16)(SEL_TSS + (word == 8 ? 15 : 7));
	m->boot.tr = (struct segment){ .base = tss, .limit = 0x67, .sel = SEL_TSS, .attr = 0x8b };
}

/* SDM volume 3, "Task-State Segment (TSS)" and "TSS Descriptor in 64-bit mode". */
static void write_tss(struct machine *m, unsigned word)
{
	u8 *t = machine_hva(m, m->env.gpa + OFF_TSS, 0x68);
	u64 stack = m->env.gpa + OFF_STACK + STACK_SIZE, ist = m->env.gpa + OFF_IST + IST_SIZE;

	put_le16(t + 0x66, 0x68); /* I/O map base beyond the limit: none */
	if (word == 8) {
		put_le64(t + 4, stack);
		put_le64(t + 0x24, ist);
	} else {
		put_le32(t + 4, (u32)stack);
		put_le16(t + 8, m->boot.seg[SEG_SS].sel);
	}
}

/* The entry may be a C function: its return address leads to CLI, HLT and a jump back. */
static void write_stack(struct machine *m, unsigned word)
{
	static const u8 halt[] = { 0xfa, 0xf4, 0xeb, 0xfd };
	u64 sp = m->env.gpa + OFF_TABLES - word;

	memory_put(m, m->env.gpa + OFF_RETURN, halt, sizeof(halt));
	put_le32(machine_hva(m, sp, word), (u32)(m->env.gpa + OFF_RETURN));
	m->boot.gpr[GPR_RSP] = sp;
}

static int env_place(struct machine *m, u64 size, struct err *err)
{
	u64 top = memory_low_size(m), at;

	at = top > MIB(1) ? extent_find(m, MIB(1), top, size, PAGE) : 0;
	if (!at)
		at = extent_find(m, 0x8000, top < 0xa0000 ? top : 0xa0000, size, PAGE);
	if (!at)
		return err_set(err, ENOSPC,
			       "no free place of %llu KiB for vmstep's tables and stack beside the "
			       "image: give more "
			       "memory with -m",
			       (unsigned long long)(size >> 10));
	m->env.gpa = at;
	m->env.size = size;
	return extent_take(m, at, size, "vmstep's tables and stack", err);
}

static void env_fill(struct machine *m, unsigned word)
{
	m->env.word = (u8)word;
	m->env.mailbox = m->env.gpa + OFF_MAILBOX;
	memset(machine_hva(m, m->env.mailbox, word), 0xff, word);
	write_gdt(m, word);
	write_tss(m, word);
	write_stubs(m, word);
	write_idt(m, word);
	write_stack(m, word);
}

int env_build_long(struct machine *m, const struct high_map *map, size_t n, struct err *err)
{
	int rc = env_place(m, OFF_TABLES + tables_size(m, map, n), err);

	if (rc)
		return rc;
	env_fill(m, 8);
	m->boot.cr3 = tables_write(m, m->env.gpa + OFF_TABLES, map, n);
	return 0;
}

int env_build_protected(struct machine *m, struct err *err)
{
	int rc = env_place(m, OFF_TABLES, err);

	if (rc)
		return rc;
	env_fill(m, 4);
	return 0;
}

static u64 mailbox_slot(const struct machine *m, unsigned n)
{
	const u8 *p = machine_hva(m, m->env.mailbox + n * m->env.word, m->env.word);

	if (m->env.word == 2)
		return get_le16(p);
	return m->env.word == 4 ? get_le32(p) : get_le64(p);
}

bool env_report(struct machine *m)
{
	u64 vector;

	if (!m->env.mailbox)
		return false;
	vector = mailbox_slot(m, 0);
	/* Empty: the guest wrote the port by itself. Real mode pushes vectors above 127
	 * sign-extended. */
	if (vector == (m->env.word == 2   ? MAILBOX_EMPTY_REAL
		       : m->env.word == 4 ? 0xffffffff
					  : MAILBOX_EMPTY))
		return false;
	m->exception = (struct machine_exception){ .vector = (u8)vector };
	if (m->env.word == 2) {
		m->exception.rip = mailbox_slot(m, 1);
		m->exception.cs = (u16)mailbox_slot(m, 2);
		put_le16(machine_hva(m, m->env.mailbox, 2), MAILBOX_EMPTY_REAL);
	} else {
		m->exception.has_error = has_error_code((u8)vector);
		m->exception.error = (u32)mailbox_slot(m, 1);
		m->exception.rip = mailbox_slot(m, 2);
		memset(machine_hva(m, m->env.mailbox, m->env.word), 0xff, m->env.word);
	}
	machine_raise(m, MACHINE_EXCEPTION, m->exception.vector);
	return true;
}
