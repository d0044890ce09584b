/*
 * state.c - registers and memory of the guest for everybody above the engines; see session.h.
 *
 * Registers are fetched by group when somebody asks and kept until the guest runs or is written to:
 * a breakpoint's condition must not cost the ioctls of groups it does not look at.
 */
#include <errno.h>
#include <string.h>
#include "private.h"

static int no_guest(struct err *err)
{
	return err_set(err, ENODEV, "the guest is not running; start it with run or start");
}

/* The groups that address translation looks at. */
enum { WALK_GROUPS = REGS_GPR | REGS_SYS };

int state_need(struct session *s, u32 groups, const struct cpu_state **ret, struct err *err)
{
	u32 known = s->regs.known, missing = groups & ~known;
	int rc;

	if (!s->engine)
		return no_guest(err);
	if (missing) {
		rc = s->engine->ops->get_regs(s->engine, missing, &s->regs, err);
		if (rc)
			return rc;
		s->regs.known |= known;
	}
	*ret = &s->regs;
	return 0;
}

void state_forget(struct session *s)
{
	s->regs.known = 0;
	frames_forget(s);
}

size_t state_read_some(struct session *s, u64 addr, void *buf, size_t n)
{
	const struct cpu_state *c = NULL;
	struct phys_ops mem;

	if (state_need(s, WALK_GROUPS, &c, NULL))
		return 0;
	mem = machine_phys(s->machine);
	return linear_read(c, &mem, addr, buf, n);
}

int state_read_uint(struct session *s, u64 addr, unsigned size, u64 *ret, struct err *err)
{
	u64 v = 0;
	int rc = session_read(s, addr, &v, size, err); /* x86: little-endian host and guest */

	if (!rc)
		*ret = v;
	return rc;
}

/* Wrap at the width of a segment: its D/B bit outside long mode. */
static u64 segment_linear(const struct cpu_state *c, enum seg seg, u64 off)
{
	enum cpu_mode m = cpu_mode(c);
	bool wide = m != MODE_REAL && m != MODE_V86 && (c->seg[seg].attr & ATTR_DB);

	if (m == MODE_LONG)
		return off;
	return (u32)(c->seg[seg].base + (wide ? (u32)off : (u16)off));
}

u64 state_linear_cs(const struct cpu_state *c, u64 off)
{
	return segment_linear(c, SEG_CS, off);
}

u64 state_linear_ss(const struct cpu_state *c, u64 off)
{
	return segment_linear(c, SEG_SS, off);
}

u64 state_linear_sp(const struct cpu_state *c)
{
	return state_linear_ss(c, c->gpr[GPR_RSP]);
}

void state_decode(struct session *s, const struct cpu_state *c, u64 addr, struct insn *ret)
{
	u8 bytes[INSN_MAX];
	size_t n = state_read_some(s, addr, bytes, sizeof(bytes));

	memset(ret, 0, sizeof(*ret));
	ret->facts.cls = INSN_INVALID;
	if (n)
		insn_decode(mode_bits(cpu_mode(c)), bytes, n, ret);
}

int state_fill_stop(struct session *s, struct stop *st, struct err *err)
{
	const struct cpu_state *c;
	int rc = state_need(s, REGS_GPR | REGS_SYS | REGS_DEBUG | REGS_EVENTS, &c, err);

	if (rc)
		return rc;
	st->mode = cpu_mode(c);
	st->cpl = cpu_cpl(c);
	st->shadow = c->shadow;
	st->shadow_known = c->shadow_known;
	st->rip = st->from = c->rip;
	st->lin = st->from_lin = cpu_linear_rip(c);
	st->rflags = c->rflags;
	st->guest_tf = c->rflags & FL_TF;
	st->point_dr = -1;
	st->cs = c->seg[SEG_CS].sel;
	st->n_bytes = state_read_some(s, st->lin, st->bytes, sizeof(st->bytes));
	st->from_mode = st->mode;
	memcpy(st->gpr, c->gpr, sizeof(st->gpr));
	st->cr0 = c->cr0;
	st->cr2 = c->cr2;
	st->cr3 = c->cr3;
	st->cr4 = c->cr4;
	for (unsigned i = 0; i < SEG_COUNT; i++)
		st->sel[i] = c->seg[i].sel;
	return 0;
}

static int set_groups(struct session *s, u32 groups, const struct cpu_state *c, struct err *err)
{
	int rc;

	history_change(s);
	rc = s->engine->ops->set_regs(s->engine, groups, c, err);

	state_forget(s);
	return rc;
}

/* Outside real mode a selector's hidden part comes from its descriptor, as a load would do it (SDM
 * "Segment Descriptors"); the null selector leaves the register unusable. */
static int load_segment(struct session *s, struct cpu_state *c, enum seg seg, u16 sel,
			struct err *err)
{
	struct segment *g = &c->seg[seg];
	struct phys_ops mem = machine_phys(s->machine);
	enum cpu_mode m = cpu_mode(c);
	struct descriptor d;

	if (m == MODE_REAL || m == MODE_V86) {
		g->sel = sel;
		g->base = (u64)sel << 4;
		return 0;
	}
	if (!(sel & ~3) && seg != SEG_CS) {
		*g = (struct segment){ .sel = sel, .attr = ATTR_UNUSABLE };
		return 0;
	}
	if (descriptor_read(c, &mem, sel, &d) || !d.present ||
	    (seg == SEG_CS ? d.kind != DESC_CODE : d.kind != DESC_CODE && d.kind != DESC_DATA))
		return err_set(
			err, EINVAL,
			"selector 0x%x is not a present %s segment in the GDT or LDT; see info gdt",
			sel, seg == SEG_CS ? "code" : "data");
	*g = (struct segment){ .sel = sel, .base = d.base, .limit = d.limit, .attr = d.attr };
	return 0;
}

static int find_seg(const struct reg_desc *d)
{
	for (int i = 0; i < SEG_COUNT; i++)
		if (d->kind == REGK_SEG && !strcmp(d->name, seg_name(i)))
			return i;
	return -1;
}

int session_regs(struct session *s, const struct cpu_state **ret, struct err *err)
{
	return state_need(s, REGS_ALL, ret, err);
}

int session_get_reg(struct session *s, const char *name, u64 *ret, struct err *err)
{
	const struct reg_desc *d = reg_find(name);
	const struct cpu_state *c;
	int rc;

	if (!d)
		return err_set(err, EINVAL, "there is no register \"%s\"; see info registers",
			       name);
	rc = state_need(s, d->group | REGS_GPR | REGS_SYS, &c, err);
	if (!rc)
		*ret = reg_get(c, d);
	return rc;
}

int session_set_reg(struct session *s, const char *name, u64 value, struct err *err)
{
	const struct reg_desc *d = reg_find(name);
	const struct cpu_state *c;
	struct cpu_state new;
	int rc, seg;

	if (!d)
		return err_set(err, EINVAL, "there is no register \"%s\"; see info registers",
			       name);
	rc = state_need(s, d->group | REGS_GPR | REGS_SYS, &c, err);
	if (rc)
		return rc;
	new = *c;
	seg = find_seg(d);
	if (seg >= 0)
		rc = load_segment(s, &new, seg, value, err);
	else if (reg_set(&new, d, value))
		rc = err_set(err, EINVAL, "register %s cannot be written", d->name);
	return rc ?: set_groups(s, d->group, &new, err);
}

int state_set_linear_rip(struct session *s, u64 addr, struct err *err)
{
	const struct cpu_state *c;
	struct cpu_state new;
	int rc = state_need(s, REGS_GPR | REGS_SYS, &c, err);

	if (rc)
		return rc;
	new = *c;
	new.rip = cpu_mode(c) == MODE_LONG ? addr : (u32)(addr - c->seg[SEG_CS].base);
	if (cpu_linear_rip(&new) != addr || (mode_bits(cpu_mode(c)) == 16 && new.rip > 0xffff))
		return err_set(
			err, ERANGE,
			"0x%llx is outside the code segment (base 0x%llx, %u-bit); set $cs first",
			(unsigned long long)addr, (unsigned long long)c->seg[SEG_CS].base,
			mode_bits(cpu_mode(c)));
	return set_groups(s, REGS_GPR, &new, err);
}

static int bad_address(struct session *s, const struct cpu_state *c, const char *what, u64 addr,
		       struct err *err)
{
	struct phys_ops mem = machine_phys(s->machine);
	u64 gpa;

	if (linear_to_phys(c, &mem, addr, &gpa))
		return err_set(err, EFAULT, "cannot %s memory at 0x%llx: no page is mapped there",
			       what, (unsigned long long)addr);
	return err_set(err, EFAULT, "cannot %s memory at 0x%llx: physical 0x%llx is not RAM", what,
		       (unsigned long long)addr, (unsigned long long)gpa);
}

int session_read(struct session *s, u64 addr, void *buf, size_t n, struct err *err)
{
	const struct cpu_state *c;
	struct phys_ops mem;
	size_t done;
	int rc = state_need(s, WALK_GROUPS, &c, err);

	if (rc)
		return rc;
	mem = machine_phys(s->machine);
	done = linear_read(c, &mem, addr, buf, n);
	return done == n ? 0 : bad_address(s, c, "read", addr + done, err);
}

int session_write(struct session *s, u64 addr, const void *buf, size_t n, struct err *err)
{
	const struct cpu_state *c;
	struct phys_ops mem;
	size_t done;
	int rc = state_need(s, WALK_GROUPS, &c, err);

	if (rc)
		return rc;
	history_change(s);
	frames_forget(s);
	mem = machine_phys(s->machine);
	done = linear_write(c, &mem, addr, buf, n);
	return done == n ? 0 : bad_address(s, c, "write", addr + done, err);
}

int session_read_phys(struct session *s, u64 gpa, void *buf, size_t n, struct err *err)
{
	struct phys_ops mem;

	if (!s->machine)
		return no_guest(err);
	mem = machine_phys(s->machine);
	if (!mem.read(mem.arg, gpa, buf, n))
		return 0;
	return err_set(err, EFAULT,
		       "cannot read %zu bytes at physical 0x%llx: not all of it is RAM", n,
		       (unsigned long long)gpa);
}

int session_write_phys(struct session *s, u64 gpa, const void *buf, size_t n, struct err *err)
{
	struct phys_ops mem;

	if (!s->machine)
		return no_guest(err);
	history_change(s);
	frames_forget(s);
	mem = machine_phys(s->machine);
	if (!mem.write(mem.arg, gpa, buf, n))
		return 0;
	return err_set(err, EFAULT,
		       "cannot write %zu bytes at physical 0x%llx: not all of it is RAM", n,
		       (unsigned long long)gpa);
}
