/*
 * int.c - INT n, INT3, INTO, INT1 as the events they are, and IRET in every form.
 *
 * SDM 2 "INT n/INTO/INT3/INT1", "IRET/IRETD/IRETQ", operation sections.
 */
#include <Zydis/Zydis.h>

#include "model/system.h"

/* --- software events: step.c delivers them --- */

static enum ex soft_event(struct model *m, const struct op *o, u8 vector, enum intr_type type)
{
	m->event = (struct guest_event){ .vector = vector, .type = type, .insn_len = o->len };
	return EX_EVENT;
}

static enum ex int_n(struct model *m, const struct op *o)
{
	return soft_event(m, o, o->vector, INTR_SOFT_INT);
}

static enum ex int3(struct model *m, const struct op *o)
{
	return soft_event(m, o, EXC_BP, INTR_SOFT_EXC);
}

static enum ex int1(struct model *m, const struct op *o)
{
	return soft_event(m, o, EXC_DB, INTR_PRIV_SOFT_EXC);
}

static enum ex into(struct model *m, const struct op *o)
{
	return m->c.rflags & FL_OF ? soft_event(m, o, EXC_OF, INTR_SOFT_EXC) : EX_DONE;
}

/* --- IRET: flags --- */

enum {
	IMAGE_ANY = 0x4dd5 /* CF PF AF ZF SF TF DF OF NT */,
	IMAGE_WIDE = 0x250000 /* RF AC ID: with 32 and 64 bits only */,
};

/* RF is not in the flags register for the instruction behind: m->rf_next tells step.c. */
static void flags_load(struct model *m, u64 image, u64 mask)
{
	m->c.rflags = (m->c.rflags & ~mask) | (image & mask) | FL_FIXED;
	m->rf_next = image & mask & FL_RF;
}

/* IF by IOPL; IOPL, VIF and VIP in ring 0 only. */
static u64 flags_mask(const struct model *m, unsigned size)
{
	u64 mask = IMAGE_ANY;

	if (size > 2)
		mask |= IMAGE_WIDE;
	if (m->cpl <= flags_iopl(m->c.rflags))
		mask |= FL_IF;
	if (m->cpl == 0)
		mask |= FL_IOPL | (size > 2 ? FL_VIF | FL_VIP : 0);
	return mask;
}

/* --- IRET in real-address and virtual-8086 mode --- */

struct iret_image {
	u64 rip, cs, flags;
};

static enum ex image_peek(struct model *m, unsigned size, struct iret_image *ret)
{
	TRY(stack_peek(m, 0, size, &ret->rip));
	TRY(stack_peek(m, size, size, &ret->cs));
	return stack_peek(m, 2 * size, size, &ret->flags);
}

static enum ex iret_real(struct model *m, unsigned size)
{
	u64 mask = IMAGE_ANY | FL_IF | FL_IOPL | (size > 2 ? IMAGE_WIDE : 0);
	struct iret_image i;

	TRY(image_peek(m, size, &i));
	TRY(real_enter(m, i.cs, i.rip));
	stack_drop(m, 3 * size);
	flags_load(m, i.flags, mask);
	return EX_DONE;
}

/* SDM 3 "Class 3 - Software Interrupt Handling in Virtual-8086 Mode": with VME and IOPL below 3 a
 * 16-bit IRET gives IF to VIF; a pending VIP, or TF, faults. */
static enum ex iret_v86_vme(struct model *m)
{
	struct iret_image i;

	TRY(image_peek(m, 2, &i));
	if ((i.flags & FL_TF) || ((i.flags & FL_IF) && (m->c.rflags & FL_VIP)))
		return raise_code(m, EXC_GP, 0);
	TRY(real_enter(m, i.cs, i.rip));
	stack_drop(m, 6);
	flags_load(m, i.flags, IMAGE_ANY);
	m->c.rflags = (m->c.rflags & ~FL_VIF) | (i.flags & FL_IF ? FL_VIF : 0);
	return EX_DONE;
}

static enum ex iret_v86(struct model *m, unsigned size)
{
	struct iret_image i;

	if (flags_iopl(m->c.rflags) != 3) {
		if (size == 2 && (m->c.cr4 & CR4_VME))
			return iret_v86_vme(m);
		return raise_code(m, EXC_GP, 0);
	}
	TRY(image_peek(m, size, &i));
	TRY(real_enter(m, i.cs, i.rip));
	stack_drop(m, 3 * size);
	flags_load(m, i.flags, IMAGE_ANY | FL_IF | (size > 2 ? IMAGE_WIDE : 0));
	return EX_DONE;
}

/* --- IRET in protected and IA-32e mode --- */

/* SDM 3 "Entering Virtual-8086 Mode": ESP, SS, ES, DS, FS, GS follow the flags. */
static enum ex iret_to_v86(struct model *m, const struct iret_image *i)
{
	static const u8 order[] = { SEG_SS, SEG_ES, SEG_DS, SEG_FS, SEG_GS };
	u64 esp, sel[ARRAY_SIZE(order)];

	TRY(stack_peek(m, 12, 4, &esp));
	for (unsigned n = 0; n < ARRAY_SIZE(order); n++)
		TRY(stack_peek(m, 16 + 4 * n, 4, &sel[n]));
	if (i->rip > 0xffff)
		return raise_code(m, EXC_GP, 0);
	flags_load(m, i->flags, flags_mask(m, 4) | FL_VM);
	for (unsigned n = 0; n < ARRAY_SIZE(order); n++)
		seg_set_real(m, order[n], sel[n]);
	seg_set_real(m, SEG_CS, i->cs);
	m->c.gpr[GPR_RSP] = esp;
	m->next = i->rip;
	model_derive(m);
	return EX_DONE;
}

static enum ex iret_outer(struct model *m, struct outer_return *r, const struct iret_image *i,
			  unsigned size)
{
	u64 mask = flags_mask(m, size), ss;

	TRY(stack_peek(m, 3 * size, size, &r->rsp));
	TRY(stack_peek(m, 4 * size, size, &ss));
	r->ss = ss;
	TRY(return_stack_check(m, r->ss, r->cs & 3, &r->code, &r->stack));
	TRY(code_offset_check(m, &r->code, r->rip));
	TRY(outer_enter(m, r));
	flags_load(m, i->flags, mask);
	return EX_DONE;
}

static enum ex iret_same(struct model *m, struct outer_return *r, const struct iret_image *i,
			 unsigned size)
{
	u64 mask = flags_mask(m, size);

	TRY(code_offset_check(m, &r->code, r->rip));
	TRY(desc_touch(m, r->cs, &r->code));
	stack_drop(m, 3 * size);
	code_enter(m, r->cs, &r->code, m->cpl, r->rip);
	flags_load(m, i->flags, mask);
	return EX_DONE;
}

static enum ex iret_protected(struct model *m, unsigned size)
{
	struct outer_return r = { 0 };
	struct iret_image i;

	if (m->c.rflags & FL_NT)
		return is_long(m) ? raise_code(m, EXC_GP, 0) : task_return(m);
	TRY(image_peek(m, size, &i));
	if (!is_long(m) && size == 4 && (i.flags & FL_VM) && m->cpl == 0)
		return iret_to_v86(m, &i);
	r.cs = i.cs;
	r.rip = i.rip;
	TRY(return_code_check(m, r.cs, &r.code));
	/* 64-bit mode always pops SS:RSP (SDM 3 "IRET in IA-32e Mode"). */
	if ((r.cs & 3) > m->cpl || m->bits == 64)
		return iret_outer(m, &r, &i, size);
	return iret_same(m, &r, &i, size);
}

/* SDM 3 "Handling Multiple NMIs": IRET unblocks NMIs, also one that faults. */
static enum ex iret(struct model *m, const struct op *o)
{
	m->c.nmi_blocked = false;
	if (m->mode == MODE_REAL)
		return iret_real(m, o->opsize);
	if (m->mode == MODE_V86)
		return iret_v86(m, o->opsize);
	return iret_protected(m, o->opsize);
}

const struct op_row int_ops[] = {
	{ ZYDIS_MNEMONIC_INT, int_n },  { ZYDIS_MNEMONIC_INT3, int3 },
	{ ZYDIS_MNEMONIC_INT1, int1 },  { ZYDIS_MNEMONIC_INTO, into },
	{ ZYDIS_MNEMONIC_IRET, iret },  { ZYDIS_MNEMONIC_IRETD, iret },
	{ ZYDIS_MNEMONIC_IRETQ, iret }, { ZYDIS_MNEMONIC_UD0, op_undefined },
	{ ZYDIS_MNEMONIC_UD1, op_undefined }, { ZYDIS_MNEMONIC_UD2, op_undefined },
	{ 0, NULL },
};
