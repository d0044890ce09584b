/* unwind_cpu.c - all registers as the selected frame has them; see unwind.h. */
#include <errno.h>
#include "up.h"

/* Which register of a frame `r` is or is a part of; -1: one that frames do not have. */
static int frame_reg(const struct cpu_state *c, const struct reg_desc *r)
{
	const u8 *at = reg_bytes(c, r), *gpr = (const u8 *)c->gpr;

	if (at >= gpr && at < gpr + sizeof(c->gpr))
		return (at - gpr) / sizeof(c->gpr[0]);
	if (at == (const u8 *)&c->rip)
		return FRAME_RIP;
	return at == (const u8 *)&c->rflags ? FRAME_RFLAGS : -1;
}

static void overlay(const struct frame_regs *r, struct cpu_state *c)
{
	for (unsigned i = 0; i < GPR_COUNT; i++)
		c->gpr[i] = r->value[i];
	c->rip = r->value[FRAME_RIP];
	if (r->known & BIT(FRAME_RFLAGS)) /* VM and the like decide the mode */
		c->rflags = r->value[FRAME_RFLAGS];
	c->seg[SEG_CS] = r->cs;
	c->seg[SEG_SS] = r->ss;
}

bool frame_knows(const struct frame *f, const struct cpu_state *c, const struct reg_desc *r)
{
	int reg = frame_reg(c, r);

	return reg < 0 || (f->regs.known & BIT(reg));
}

int frame_cpu(struct session *s, u32 groups, const struct cpu_state **ret,
	      const struct frame **ret_frame, struct err *err)
{
	const struct cpu_state *c;
	const struct frame *f;
	int rc = state_need(s, groups | REGS_GPR | REGS_SYS, &c, err);

	rc = rc ?: frame_selected(s, &f, err);
	if (rc)
		return rc;
	*ret_frame = f;
	*ret = c;
	if (f->level) {
		s->frames.cpu = *c;
		overlay(&f->regs, &s->frames.cpu);
		*ret = &s->frames.cpu;
	}
	return 0;
}

int frame_register(struct session *s, const struct reg_desc *r, const struct cpu_state **ret,
		   struct err *err)
{
	const struct cpu_state *c;
	const struct frame *f;
	int rc = frame_cpu(s, r->group, &c, &f, err);

	if (rc)
		return rc;
	if (!frame_knows(f, c, r))
		return err_set(
			err, ENODATA,
			"$%s of frame %u is not known: the functions it called did not save it",
			r->name, f->level);
	*ret = c;
	return 0;
}

int frame_assign(struct session *s, const struct reg_desc *r, u64 value, struct err *err)
{
	const struct cpu_state *c;
	const struct frame *f;
	struct cpu_state new;
	int reg, rc = frame_cpu(s, r->group, &c, &f, err);

	if (rc)
		return rc;
	reg = frame_reg(c, r);
	if (!f->level || reg < 0)
		return session_set_reg(s, r->name, value, err);
	new = *c;
	reg_set(&new, r, value);
	return frame_set_reg(s, f->level, reg,
			     reg == FRAME_RIP      ? new.rip
			     : reg == FRAME_RFLAGS ? new.rflags
						   : new.gpr[reg],
			     err);
}

/* $pc is linear: in a frame with another base than 0 the register is less. */
int frame_set_pc(struct session *s, u64 linear, struct err *err)
{
	const struct frame *f;
	int rc = frame_selected(s, &f, err);

	if (rc || !f->level)
		return rc ?: state_set_linear_rip(s, linear, err);
	if (f->regs.mode != MODE_LONG)
		linear = (u32)(linear - f->regs.cs.base);
	return frame_set_reg(s, f->level, FRAME_RIP, linear, err);
}
