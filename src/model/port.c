/*
 * port.c - IN, OUT, INS, OUTS: who may, which breakpoints see it, and the access through the bus.
 *
 * SDM 1 "I/O Permission Bit Map", "I/O Privilege Level"; SDM 2 "IN", "INS/INSB/INSW/INSD", "OUT",
 * "OUTS/OUTSB/OUTSW/OUTSD".
 */
#include <Zydis/Zydis.h>

#include "model/system.h"

/* --- permission --- */

/* The map's offset is at 102 of a 32- or 64-bit TSS; two bytes are always read. */
static enum ex bitmap_check(struct model *m, u16 port, unsigned size)
{
	const struct segment *tr = &m->c.tr;
	u64 map, bits;

	if (!(tr->attr & ATTR_P) || !(ATTR_TYPE(tr->attr) & 8) || tr->limit < 103)
		return raise_code(m, EXC_GP, 0);
	TRY(sys_read(m, tr->base + 102, 2, &map));
	map += port / 8;
	if (map + 1 > tr->limit)
		return raise_code(m, EXC_GP, 0);
	TRY(sys_read(m, tr->base + map, 2, &bits));
	if (bits >> (port & 7) & (BIT(size) - 1))
		return raise_code(m, EXC_GP, 0);
	return EX_DONE;
}

static enum ex port_check(struct model *m, u16 port, unsigned size)
{
	if (m->mode == MODE_REAL)
		return EX_DONE;
	if (m->mode != MODE_V86 && m->cpl <= flags_iopl(m->c.rflags))
		return EX_DONE;
	return bitmap_check(m, port, size);
}

/* --- the access --- */

/* SDM 3 "Data Breakpoint and I/O Breakpoint" ranges: any byte of the access in the aligned range.
 */
static void points_note(struct model *m, u16 port, unsigned size)
{
	static const u8 bytes[] = { 1, 2, 8, 4 };

	for (unsigned n = 0; n < 4; n++) {
		u64 len = bytes[DR7_LEN(m->c.dr7, n)], at = m->c.dr[n] & ~(len - 1);

		if (!(m->c.dr7 & DR7_LG(n)) || DR7_RW(m->c.dr7, n) != DR_RW_IO)
			continue;
		if (port + size > at && port < at + len)
			m->hits |= BIT(n);
	}
}

static void port_move(struct model *m, bool write, u16 port, unsigned size, u64 *value)
{
	if (m->io_points)
		points_note(m, port, size);
	m->cfg.bus.port(m->cfg.bus.arg, write, port, size, value);
}

static u64 size_mask(unsigned size)
{
	return BIT64(size * 8) - 1;
}

/* The low part of RAX; 32 bits clear the rest. */
static void accumulator_set(struct model *m, unsigned size, u64 value)
{
	u64 *rax = &m->c.gpr[GPR_RAX];

	*rax = size == 4 ? (u32)value : (*rax & ~size_mask(size)) | (value & size_mask(size));
}

/* --- IN, OUT --- */

static unsigned access_size(const struct op *o)
{
	return o->opsize > 4 ? 4 : o->opsize;
}

/* An immediate byte, or DX. */
static u16 port_operand(const struct model *m, const struct op *o)
{
	for (unsigned i = 0; i < o->n; i++)
		if (o->opnd[i].kind == OPND_IMM)
			return (u8)o->opnd[i].imm;
	return m->c.gpr[GPR_RDX];
}

static enum ex in(struct model *m, const struct op *o)
{
	unsigned size = access_size(o);
	u16 port = port_operand(m, o);
	u64 value = 0;

	TRY(port_check(m, port, size));
	port_move(m, false, port, size, &value);
	accumulator_set(m, size, value);
	return EX_DONE;
}

static enum ex out(struct model *m, const struct op *o)
{
	unsigned size = access_size(o);
	u16 port = port_operand(m, o);
	u64 value = m->c.gpr[GPR_RAX] & size_mask(size);

	TRY(port_check(m, port, size));
	port_move(m, true, port, size, &value);
	return EX_DONE;
}

/* --- INS, OUTS --- */

static unsigned string_size(const struct op *o)
{
	switch (o->mnemonic) {
	case ZYDIS_MNEMONIC_INSB:
	case ZYDIS_MNEMONIC_OUTSB:
		return 1;
	case ZYDIS_MNEMONIC_INSW:
	case ZYDIS_MNEMONIC_OUTSW:
		return 2;
	default:
		return 4;
	}
}

static u64 address_mask(const struct op *o)
{
	return o->addrsize == 8 ? ~0ull : size_mask(o->addrsize);
}

/* A register in the address size: 16 bits leave the rest, 32 clear it. */
static void address_set(struct model *m, const struct op *o, enum gpr r, u64 value)
{
	u64 keep = o->addrsize == 2 ? m->c.gpr[r] & ~0xffffull : 0;

	m->c.gpr[r] = keep | (value & address_mask(o));
}

static enum ex ins_once(struct model *m, const struct op *o, unsigned size)
{
	u64 at = m->c.gpr[GPR_RDI] & address_mask(o), value = 0;
	u16 port = m->c.gpr[GPR_RDX];

	TRY(port_check(m, port, size));
	TRY(mem_probe_write(m, SEG_ES, at, size));
	port_move(m, false, port, size, &value);
	return mem_write(m, SEG_ES, at, size, value & size_mask(size));
}

/* DS unless a prefix says otherwise: the memory operand has it. */
static u8 source_segment(const struct op *o)
{
	for (unsigned i = 0; i < OPNDS; i++)
		if (o->opnd[i].kind == OPND_MEM)
			return o->opnd[i].seg;
	return SEG_DS;
}

static enum ex outs_once(struct model *m, const struct op *o, unsigned size)
{
	u64 at = m->c.gpr[GPR_RSI] & address_mask(o), value;
	u16 port = m->c.gpr[GPR_RDX];

	TRY(port_check(m, port, size));
	TRY(mem_read(m, source_segment(o), at, size, &value));
	port_move(m, true, port, size, &value);
	return EX_DONE;
}

/* One iteration; both repeat prefixes repeat. */
static enum ex port_string(struct model *m, const struct op *o, enum gpr index,
			   enum ex (*once)(struct model *, const struct op *, unsigned))
{
	u64 count = m->c.gpr[GPR_RCX] & address_mask(o);
	unsigned size = string_size(o);
	s64 step = m->c.rflags & FL_DF ? -(s64)size : (s64)size;

	if (o->rep && !count)
		return EX_DONE;
	TRY(once(m, o, size));
	address_set(m, o, index, m->c.gpr[index] + step);
	if (!o->rep)
		return EX_DONE;
	address_set(m, o, GPR_RCX, count - 1);
	return count > 1 ? EX_REPEAT : EX_DONE;
}

static enum ex ins(struct model *m, const struct op *o)
{
	return port_string(m, o, GPR_RDI, ins_once);
}

static enum ex outs(struct model *m, const struct op *o)
{
	return port_string(m, o, GPR_RSI, outs_once);
}

const struct op_row port_ops[] = {
	{ ZYDIS_MNEMONIC_IN, in },
	{ ZYDIS_MNEMONIC_OUT, out },
	{ ZYDIS_MNEMONIC_INSB, ins },
	{ ZYDIS_MNEMONIC_INSW, ins },
	{ ZYDIS_MNEMONIC_INSD, ins },
	{ ZYDIS_MNEMONIC_OUTSB, outs },
	{ ZYDIS_MNEMONIC_OUTSW, outs },
	{ ZYDIS_MNEMONIC_OUTSD, outs },
	{ 0, NULL },
};
