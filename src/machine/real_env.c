/*
 * real_env.c - the same default handlers for real mode: the interrupt vector table points at stubs
 * in the last part of the first megabyte, as on a PC where the firmware is there.
 *
 *	slot n:  push n  jmp common
 *	common:  pop [vector]  pop [ip]  pop [cs]
 *	         push [cs]  push [ip]  out PORT_EXCEPTION, al  iret
 */
#include "internal.h"

#include <string.h>

enum {
	STUB_SEG = 0xf000,
	OFF_SLOTS = 0xd000,
	SLOT = 8,
	VECTORS = 256,
	OFF_COMMON = OFF_SLOTS + SLOT * VECTORS,
	OFF_MAILBOX = OFF_COMMON + 0xf0,
	OFF_END = OFF_MAILBOX + 0x10,
	IVT_SIZE = 4 * VECTORS,
};

static u64 linear(u16 off)
{
	return (STUB_SEG << 4) + off;
}

/* CS-relative PUSH (ff /6) or POP (8f /0) of a mailbox word. */
static u8 *emit_word(u8 *p, u8 opcode, u8 modrm, unsigned slot)
{
	p[0] = 0x2e;
	p[1] = opcode;
	p[2] = modrm;
	put_le16(p + 3, (u16)(OFF_MAILBOX + 2 * slot));
	return p + 5;
}

static void write_common(struct machine *m)
{
	static const u8 out_iret[] = { 0xe6, PORT_EXCEPTION, 0xcf };
	u8 *p = machine_hva(m, linear(OFF_COMMON), OFF_END - OFF_COMMON);

	for (unsigned slot = 0; slot < 3; slot++)
		p = emit_word(p, 0x8f, 0x06, slot);
	p = emit_word(p, 0xff, 0x36, 2);
	p = emit_word(p, 0xff, 0x36, 1);
	memcpy(p, out_iret, sizeof(out_iret));
}

void ivt_set(struct machine *m, u8 vector, u16 seg, u16 off)
{
	u8 *e = machine_hva(m, vector * 4, 4);

	put_le16(e, off);
	put_le16(e + 2, seg);
}

static void write_slot(struct machine *m, u8 vector)
{
	u16 at = (u16)(OFF_SLOTS + vector * SLOT);
	u8 *p = machine_hva(m, linear(at), SLOT);

	p[0] = 0x6a;
	p[1] = vector;
	p[2] = 0xe9;
	put_le16(p + 3, (u16)(OFF_COMMON - (at + 5)));
	ivt_set(m, vector, STUB_SEG, at);
}

void env_build_real(struct machine *m, const u8 *vectors, size_t n)
{
	/* An image that wants these places has them; its faults are then its own affair. */
	if (extent_take(m, 0, IVT_SIZE, "the interrupt vector table", NULL) ||
	    extent_take(m, linear(OFF_SLOTS), OFF_END - OFF_SLOTS, "vmstep's real-mode handlers",
			NULL))
		return;
	for (unsigned v = 0; !vectors && v < VECTORS; v++)
		if (v != EXC_DB && v != EXC_BP)
			write_slot(m, (u8)v);
	for (size_t i = 0; vectors && i < n; i++)
		write_slot(m, vectors[i]);
	write_common(m);
	m->env.mailbox = linear(OFF_MAILBOX);
	m->env.code = linear(OFF_SLOTS);
	m->env.code_end = linear(OFF_MAILBOX);
	m->env.word = 2;
	put_le16(machine_hva(m, m->env.mailbox, 2), MAILBOX_EMPTY_REAL);
}
