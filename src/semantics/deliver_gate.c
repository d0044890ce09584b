/*
 * deliver_gate.c - through the IDT: protected, virtual-8086 and IA-32e mode (SDM 3 "Protected-Mode
 * Exception and Interrupt Handling", "Exception and Interrupt Handling in 64-bit Mode"; the order
 * of the checks is that of SDM 2 "INT n/INTO/INT3/INT1", PROTECTED-MODE and below).
 */
#include "semantics/deliver.h"
#include "x86/errno_min.h"

/* What the checks found, before anything is changed. */
struct entry {
	struct descriptor gate, code, ss_desc;
	u16 cs_sel;
	u8 cpl;     /* of the handler */
	bool inter; /* to an inner ring: another stack */
	bool long_mode, v86;
	struct segment ss; /* inter: the new one, */
	u64 rsp;           /* with what the TSS gives */
	struct target_stack stack;
};

static bool is_16bit_tss(const struct cpu_state *c)
{
	return (ATTR_TYPE(c->tr.attr) & ~2) == 1;
}

static u64 descriptor_la(const struct cpu_state *c, u16 sel)
{
	return (sel & 4 ? c->ldtr.base : c->gdtr.base) + (sel & ~7);
}

/* The processor marks a segment it loads. */
static void descriptor_accessed(struct attempt *a, u16 sel, const struct descriptor *d)
{
	u64 la = descriptor_la(a->c, sel) + 5;
	u8 access = (u8)d->attr | 1;

	if (d->attr & 1)
		return;
	pages_mark(a, la, 1, true);
	linear_write(a->c, a->mem, la, &access, 1);
}

/* --- gate and code segment --- */

static int gate_check(struct attempt *a, struct entry *e)
{
	u32 error = a->ev->vector * 8u + 2;
	u64 size = e->long_mode ? 16 : 8;
	const struct descriptor *g = &e->gate;
	bool software = !attempt_ext(a);
	int r = gate_read(a->c, a->mem, a->ev->vector, &e->gate);

	if (r == -EFAULT)
		return system_raise(a, a->c->idtr.base + a->ev->vector * size, size, error);
	if (r || g->kind < DESC_TASK_GATE || g->kind > DESC_TRAP_GATE)
		return attempt_raise(a, EXC_GP, error);
	read_note(a, a->c->idtr.base + a->ev->vector * size, size);
	if (software && g->dpl < cpu_cpl(a->c))
		return attempt_raise(a, EXC_GP, error);
	if (!g->present)
		return attempt_raise(a, EXC_NP, error);
	a->task_sel = g->sel;
	return g->kind == DESC_TASK_GATE ? ATTEMPT_UNSUPPORTED : ATTEMPT_DONE;
}

static int code_check(struct attempt *a, struct entry *e)
{
	const struct descriptor *d = &e->code;
	unsigned cpl = cpu_cpl(a->c);
	u16 sel = e->gate.sel & 0xfffc;
	bool conforming;
	int r;

	if (!sel)
		return attempt_raise(a, EXC_GP, 0);
	r = descriptor_read(a->c, a->mem, sel, &e->code);
	if (r == -EFAULT)
		return system_raise(a, descriptor_la(a->c, sel), 8, sel);
	if (r || d->kind != DESC_CODE || d->dpl > cpl)
		return attempt_raise(a, EXC_GP, sel);
	read_note(a, descriptor_la(a->c, sel), 8);
	if (!d->present)
		return attempt_raise(a, EXC_NP, sel);
	if (e->long_mode && (d->attr & (ATTR_L | ATTR_DB)) != ATTR_L)
		return attempt_raise(a, EXC_GP, sel);
	conforming = d->type & 4;
	if (e->v86 && (conforming || d->dpl != 0))
		return attempt_raise(a, EXC_GP, sel);
	e->inter = !conforming && d->dpl < cpl;
	e->cpl = e->inter ? d->dpl : cpl;
	e->cs_sel = (sel & ~3) | e->cpl;
	return ATTEMPT_DONE;
}

/* --- the stack --- */

static int tss_read(struct attempt *a, u32 at, void *buf, size_t n)
{
	if (at + n - 1 > a->c->tr.limit)
		return attempt_raise(a, EXC_TS, a->c->tr.sel & 0xfffc);
	return system_read(a, a->c->tr.base + at, buf, n);
}

/* IA-32e: RSPn at 4 + 8n, IST n at 36 + 8(n - 1); always aligned (SDM 3 "64-Bit Mode Stack Frame").
 */
static int stack_choose_long(struct attempt *a, struct entry *e)
{
	unsigned at = e->gate.ist ? 28u + 8u * e->gate.ist : 4u + 8u * e->cpl;

	stack_current(a->c, &e->stack);
	e->stack.cpl = e->cpl;
	if (e->gate.ist || e->inter) {
		int r = tss_read(a, at, &e->stack.sp, 8);

		if (r != ATTEMPT_DONE)
			return r;
	}
	e->rsp = e->stack.sp &= ~15ull;
	/* SDM 3 "Stack Switching in IA-32e Mode": null SS with the new CPL as its RPL. */
	e->ss = (struct segment){ .sel = e->cpl, .attr = e->cpl << 5 };
	return ATTEMPT_DONE;
}

static int ss_check(struct attempt *a, struct entry *e, u16 sel)
{
	struct descriptor *d = &e->ss_desc;
	int r;

	if (!(sel & 0xfffc))
		return attempt_raise(a, EXC_TS, 0);
	r = descriptor_read(a->c, a->mem, sel, d);
	if (r == -EFAULT)
		return system_raise(a, descriptor_la(a->c, sel), 8, sel & 0xfffc);
	if (r || (sel & 3) != e->cpl || d->dpl != e->cpl || d->kind != DESC_DATA || !(d->type & 2))
		return attempt_raise(a, EXC_TS, sel & 0xfffc);
	if (!d->present)
		return attempt_raise(a, EXC_SS, sel & 0xfffc);
	return ATTEMPT_DONE;
}

/* 32-bit TSS: ESPn at 4 + 8n, SSn at 8 + 8n; 16-bit TSS: SPn at 2 + 4n, SSn at 4 + 4n. */
static int stack_switch(struct attempt *a, struct entry *e)
{
	unsigned w = is_16bit_tss(a->c) ? 2 : 4;
	const struct descriptor *d = &e->ss_desc;
	u8 raw[6] = { 0 };
	u32 sp = 0;
	u16 sel;
	int r = tss_read(a, w + 2 * w * e->cpl, raw, w + 2);

	if (r != ATTEMPT_DONE)
		return r;
	__builtin_memcpy(&sp, raw, w);
	__builtin_memcpy(&sel, raw + w, 2);
	r = ss_check(a, e, sel);
	if (r != ATTEMPT_DONE)
		return r;
	e->ss = (struct segment){ d->base, d->limit, sel, d->attr | 1 };
	e->rsp = sp;
	e->stack = (struct target_stack){
		.base = d->base,
		.sp = d->attr & ATTR_DB ? sp : (u16)sp,
		.limit = d->limit,
		.attr = d->attr,
		.error_sel = sel & 0xfffc,
		.width = d->attr & ATTR_DB ? 32 : 16,
		.cpl = e->cpl,
	};
	return ATTEMPT_DONE;
}

static int stack_choose(struct attempt *a, struct entry *e)
{
	if (e->long_mode)
		return stack_choose_long(a, e);
	if (e->inter)
		return stack_switch(a, e);
	stack_current(a->c, &e->stack);
	return ATTEMPT_DONE;
}

/* --- frame and entry --- */

static void frame_build(const struct attempt *a, const struct entry *e, struct frame *f)
{
	static const u8 v86_order[] = { SEG_GS, SEG_FS, SEG_DS, SEG_ES };
	const struct cpu_state *c = a->c;

	f->size = e->long_mode ? 8 : e->gate.gate32 ? 4 : 2;
	for (unsigned i = 0; e->v86 && i < ARRAY_SIZE(v86_order); i++)
		frame_add(f, c->seg[v86_order[i]].sel);
	if (e->inter || e->long_mode) {
		frame_add(f, c->seg[SEG_SS].sel);
		frame_add(f, c->gpr[GPR_RSP]);
	}
	frame_add(f, c->rflags | FL_FIXED | (a->ev->fault ? FL_RF : 0));
	frame_add(f, c->seg[SEG_CS].sel);
	frame_add(f, a->return_rip);
	if (a->ev->has_error)
		frame_add(f, a->ev->error);
}

static bool offset_valid(const struct cpu_state *c, const struct entry *e)
{
	unsigned up = c->cr4 & CR4_LA57 ? 7 : 16;

	if (!e->long_mode)
		return e->gate.offset <= e->code.limit;
	return (u64)((s64)(e->gate.offset << up) >> up) == e->gate.offset;
}

static void handler_enter(struct attempt *a, const struct entry *e)
{
	static const u8 nulled[] = { SEG_ES, SEG_DS, SEG_FS, SEG_GS };
	const struct descriptor *d = &e->code;
	struct cpu_state *c = a->c;

	descriptor_accessed(a, e->cs_sel, d);
	if (e->inter && !e->long_mode)
		descriptor_accessed(a, e->ss.sel, &e->ss_desc);
	for (unsigned i = 0; e->v86 && i < ARRAY_SIZE(nulled); i++)
		c->seg[nulled[i]] = (struct segment){ .attr = ATTR_UNUSABLE };
	if (e->inter) {
		c->seg[SEG_SS] = e->ss;
		c->gpr[GPR_RSP] = e->rsp; /* all of it: a 16-bit stack replaces SP only */
	}
	stack_pointer_set(c, &e->stack);
	c->seg[SEG_CS] = (struct segment){ d->base, d->limit, e->cs_sel, d->attr | 1 };
	c->rip = e->gate.offset;
	c->rflags &= ~(FL_TF | FL_NT | FL_RF | FL_VM);
	if (e->gate.kind == DESC_INT_GATE)
		c->rflags &= ~FL_IF;
}

/*
 * SDM 3 table "Software Interrupt Handling Methods While in Virtual-8086 Mode": INT n asks for IOPL
 * 3 unless VME and a clear bit in the TSS's map give it to the program itself. INT3, INTO and INT1
 * are not concerned.
 */
static int v86_int_check(struct attempt *a, bool *ret_to_program)
{
	if (a->c->cr4 & CR4_VME) {
		int r = vme_map_read(a, ret_to_program);

		if (r != ATTEMPT_DONE || *ret_to_program)
			return r;
	}
	if ((a->c->rflags & FL_IOPL) != FL_IOPL)
		return attempt_raise(a, EXC_GP, 0);
	return ATTEMPT_DONE;
}

int attempt_idt(struct attempt *a)
{
	struct entry e = {
		.long_mode = a->c->efer & EFER_LMA,
		.v86 = cpu_mode(a->c) == MODE_V86,
	};
	struct frame f = { 0 };
	int r;

	if (e.v86 && a->ev->type == INTR_SOFT_INT) {
		bool to_program = false;

		r = v86_int_check(a, &to_program);
		if (r != ATTEMPT_DONE)
			return r;
		if (to_program)
			return attempt_vme(a);
	}
	r = gate_check(a, &e);
	if (r == ATTEMPT_DONE)
		r = code_check(a, &e);
	if (r == ATTEMPT_DONE)
		r = stack_choose(a, &e);
	if (r != ATTEMPT_DONE)
		return r;
	frame_build(a, &e, &f);
	r = frame_place(a, &e.stack, &f);
	if (r != ATTEMPT_DONE)
		return r;
	if (!offset_valid(a->c, &e))
		return attempt_raise(a, EXC_GP, 0);
	reads_mark(a);
	frame_write(a, &f);
	handler_enter(a, &e);
	return ATTEMPT_DONE;
}
