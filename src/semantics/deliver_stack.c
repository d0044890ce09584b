/*
 * deliver_stack.c - the frame of a delivery: where each value goes, whether it may, and the writes.
 */
#include "semantics/deliver.h"

enum { PF_PRESENT = 1, PF_WRITE = 2, PF_USER = 4, PF_RESERVED = 8 };
enum { PTE_ACCESSED = 1 << 5, PTE_DIRTY = 1 << 6 };

/*
 * SDM 3 "Error Code": EXT is clear only while INT n, INT3 or INTO is being delivered; INT1 sets it
 * (SDM 2 "INT n/INTO/INT3/INT1", operation).
 */
u32 attempt_ext(const struct attempt *a)
{
	return a->ev->type != INTR_SOFT_INT && a->ev->type != INTR_SOFT_EXC;
}

int attempt_raise(struct attempt *a, u8 vector, u32 sel_error)
{
	a->raised = (struct guest_event){
		.vector = vector,
		.type = INTR_HARD_EXC,
		.has_error = true,
		.error = (sel_error & 0xfffe) | attempt_ext(a),
		.fault = true,
	};
	return ATTEMPT_RAISED;
}

static int raise_page_fault(struct attempt *a, u64 la, u32 error)
{
	attempt_raise(a, EXC_PF, 0);
	a->raised.error = error;
	a->raised.has_cr2 = true;
	a->raised.cr2 = a->c->efer & EFER_LMA ? la : (u32)la;
	return ATTEMPT_RAISED;
}

/* --- accesses of the processor itself --- */

int system_raise(struct attempt *a, u64 la, size_t n, u32 sel_error)
{
	struct page_walk w;

	for (size_t i = 0; i < 2; i++) {
		u64 at = i ? la + n - 1 : la;

		page_walk(a->c, a->mem, at, &w);
		if (!w.present && !w.noncanonical)
			return raise_page_fault(a, i ? at & ~0xfffull : at,
						w.reserved ? PF_PRESENT | PF_RESERVED : 0);
	}
	return attempt_raise(a, EXC_GP, sel_error);
}

void read_note(struct attempt *a, u64 la, size_t n)
{
	if (a->n_reads == READS_MAX)
		return;
	a->read[a->n_reads].la = la;
	a->read[a->n_reads++].n = n;
}

int system_read(struct attempt *a, u64 la, void *buf, size_t n)
{
	if (linear_read(a->c, a->mem, la, buf, n) != n)
		return system_raise(a, la, n, 0);
	read_note(a, la, n);
	return ATTEMPT_DONE;
}

/* SDM 3 "Accessed and Dirty Flags". The PDPTEs of PAE paging have neither. */
static void page_mark(struct attempt *a, u64 la, bool dirty)
{
	bool pae = !(a->c->efer & EFER_LMA) && (a->c->cr4 & CR4_PAE);
	struct page_walk w;

	page_walk(a->c, a->mem, la, &w);
	for (unsigned i = pae; w.present && i < w.n; i++) {
		u8 old = w.step[i].entry;
		u8 new = old | PTE_ACCESSED | (dirty && i + 1u == w.n ? PTE_DIRTY : 0);

		if (new != old)
			a->mem->write(a->mem->arg, w.step[i].entry_gpa, &new, 1);
	}
}

void pages_mark(struct attempt *a, u64 la, size_t n, bool dirty)
{
	if (!(a->c->cr0 & CR0_PG))
		return;
	page_mark(a, la, dirty);
	if ((la ^ (la + n - 1)) & ~0xfffull)
		page_mark(a, la + n - 1, dirty);
}

void reads_mark(struct attempt *a)
{
	for (unsigned i = 0; i < a->n_reads; i++)
		pages_mark(a, a->read[i].la, a->read[i].n, false);
}

/* --- the frame --- */

static u64 width_mask(u8 width)
{
	return width == 64 ? ~0ull : BIT64(width) - 1;
}

void stack_current(const struct cpu_state *c, struct target_stack *ret)
{
	const struct segment *ss = &c->seg[SEG_SS];
	u8 width = c->efer & EFER_LMA ? 64 : ss->attr & ATTR_DB ? 32 : 16;

	*ret = (struct target_stack){
		.base = width == 64 ? 0 : ss->base,
		.sp = c->gpr[GPR_RSP] & width_mask(width),
		.limit = ss->limit,
		.attr = ss->attr,
		.width = width,
		.cpl = cpu_cpl(c),
	};
}

/* SDM 3 "Limit Checking": an expand-down segment is valid above its limit. */
static bool limit_holds(const struct target_stack *s, u64 first, u64 last)
{
	if (s->width == 64)
		return true;
	if ((ATTR_TYPE(s->attr) & 0xc) == 4)
		return first > s->limit && last <= (s->attr & ATTR_DB ? 0xffffffffull : 0xffffull);
	return last <= s->limit;
}

/* SDM 3 "Determination of Access Rights": may the processor write here at s->cpl? */
static int page_check(struct attempt *a, const struct target_stack *s, u64 la)
{
	u32 error = PF_WRITE | (s->cpl == 3 ? PF_USER : 0);
	bool super = s->cpl != 3;
	struct page_walk w;

	page_walk(a->c, a->mem, la, &w);
	if (w.noncanonical)
		return attempt_raise(a, EXC_SS, s->error_sel);
	if (!w.present)
		return raise_page_fault(a, la, error | (w.reserved ? PF_PRESENT | PF_RESERVED : 0));
	if (!super && !w.user)
		return raise_page_fault(a, la, error | PF_PRESENT);
	if (!w.writable && (!super || (a->c->cr0 & CR0_WP)))
		return raise_page_fault(a, la, error | PF_PRESENT);
	if (super && w.user && (a->c->cr4 & CR4_SMAP) && !(a->c->rflags & FL_AC))
		return raise_page_fault(a, la, error | PF_PRESENT);
	return ATTEMPT_DONE;
}

void frame_add(struct frame *f, u64 value)
{
	f->value[f->n++] = value;
}

int frame_place(struct attempt *a, struct target_stack *s, struct frame *f)
{
	for (unsigned i = 0; i < f->n; i++) {
		u64 la;
		int r;

		s->sp = (s->sp - f->size) & width_mask(s->width);
		if (!limit_holds(s, s->sp, s->sp + f->size - 1))
			return attempt_raise(a, EXC_SS, s->error_sel);
		la = s->base + s->sp;
		f->la[i] = s->width == 64 ? la : (u32)la;
		if (!(a->c->cr0 & CR0_PG))
			continue;
		r = page_check(a, s, f->la[i]);
		if (r == ATTEMPT_DONE && ((la ^ (la + f->size - 1)) & ~0xfffull))
			r = page_check(a, s, (f->la[i] + f->size - 1) & ~0xfffull);
		if (r != ATTEMPT_DONE)
			return r;
	}
	return ATTEMPT_DONE;
}

/* A push to where no RAM is (a stack in ROM) is lost on the processor as well. */
void frame_write(struct attempt *a, const struct frame *f)
{
	for (unsigned i = 0; i < f->n; i++) {
		pages_mark(a, f->la[i], f->size, true);
		linear_write(a->c, a->mem, f->la[i], &f->value[i], f->size);
	}
	a->out->frame_lin = f->la[f->n - 1];
}

void stack_pointer_set(struct cpu_state *c, const struct target_stack *s)
{
	u64 keep = s->width == 16 ? ~0xffffull : 0;

	c->gpr[GPR_RSP] = (c->gpr[GPR_RSP] & keep) | s->sp;
}
