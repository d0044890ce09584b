/*
 * unwind_event.c - from the handler of an interrupt or exception to the code it interrupted: what
 * the processor pushed (SDM "Exception- and Interrupt-Handler Procedures", "Interrupt Handling in
 * Real-Address Mode"); see up.h.
 *
 * That there is such a frame follows from the debugger's own last stop, from a gate of the IDT that
 * leads to the function, or, where there is nothing else, from the look of the words; that is said.
 */
#include <string.h>
#include "up.h"

/* ---- gates ----------------------------------------------------------------------------------- */

static bool gate_target(const struct cpu_state *c, const struct phys_ops *mem, u8 vector, u64 *ret)
{
	struct descriptor gate, code;

	if (gate_read(c, mem, vector, &gate) || !gate.present ||
	    (gate.kind != DESC_INT_GATE && gate.kind != DESC_TRAP_GATE))
		return false;
	if (!(c->cr0 & CR0_PE)) {
		*ret = ((u64)gate.sel << 4) + gate.offset;
		return *ret; /* 0:0 is an entry that nobody wrote */
	}
	*ret = gate.offset;
	if (!gate.gate64 && !descriptor_read(c, mem, gate.sel, &code))
		*ret = (u32)(code.base + gate.offset);
	return true;
}

/* All gates at once: each frame asks for all of them. 0 where there is none. */
static void gates_read(struct session *s)
{
	const struct cpu_state *c;
	struct phys_ops mem;

	s->frames.gates_read = true;
	memset(s->frames.gate, 0, sizeof(s->frames.gate));
	if (state_need(s, REGS_GPR | REGS_SYS, &c, NULL))
		return;
	mem = machine_phys(s->machine);
	for (unsigned i = 0; i < ARRAY_SIZE(s->frames.gate); i++)
		gate_target(c, &mem, i, &s->frames.gate[i]);
}

bool event_gate(struct session *s, u64 addr, struct event_hint *ret)
{
	unsigned n = 0;

	if (!s->frames.gates_read)
		gates_read(s);
	for (unsigned i = 0; addr && i < ARRAY_SIZE(s->frames.gate); i++)
		if (s->frames.gate[i] == addr && !n++)
			ret->vector = i;
	ret->has_vector = n == 1;
	return n;
}

/* SDM "Error Code"; none in real mode. */
static bool pushes_error(u8 vector)
{
	static const u32 with = BIT(EXC_DF) | BIT(EXC_TS) | BIT(EXC_NP) | BIT(EXC_SS) |
				BIT(EXC_GP) | BIT(EXC_PF) | BIT(EXC_AC) | BIT(EXC_CP);

	return vector < 32 && (with & BIT(vector));
}

/* ---- the words ------------------------------------------------------------------------------- */

enum { RIP, CS, FLAGS, SP, SS, WORDS, V86_WORDS = 9 };
enum { FLAGS_ZERO = BIT(3) | BIT(5) | BIT(15) };

struct pushed {
	struct climb *k;
	const struct cpu_state *c;
	struct phys_ops mem;
	u64 off;       /* in SS, of the first word */
	unsigned word; /* bytes */
	u64 v[WORDS];
	bool has_stack; /* SP and SS were pushed */
};

static bool words_read(struct pushed *p, unsigned from, unsigned to)
{
	for (unsigned i = from; i < to; i++) {
		u64 at = regs_linear_ss(&p->k->from->regs, p->off + i * p->word);

		if (state_read_uint(p->k->s, at, p->word, &p->v[i], NULL))
			return false;
	}
	return true;
}

static bool flags_fit(const struct pushed *p)
{
	u64 v = p->v[FLAGS];

	return (v & FL_FIXED) && !(v & FLAGS_ZERO) && v >> 22 == 0;
}

/* A selector as an event saves it, with what its descriptor says. */
static bool segment_get(const struct pushed *p, u16 sel, bool code, struct segment *ret)
{
	struct descriptor d;

	if (!(p->c->cr0 & CR0_PE)) {
		*ret = (struct segment){ .sel = sel, .base = (u64)sel << 4, .limit = 0xffff };
		return true;
	}
	if (!(sel & ~3)) { /* a null SS is what 64-bit mode loads at a change of ring */
		*ret = (struct segment){ .sel = sel, .attr = ATTR_UNUSABLE };
		return !code && p->word == 8;
	}
	if (descriptor_read(p->c, &p->mem, sel, &d) || !d.present ||
	    d.kind != (code ? DESC_CODE : DESC_DATA))
		return false;
	*ret = (struct segment){ .sel = sel, .base = d.base, .limit = d.limit, .attr = d.attr };
	return true;
}

static void v86_segments(const struct pushed *p, struct frame_regs *ret)
{
	ret->cs = (struct segment){ .sel = p->v[CS],
				    .base = (u64)(u16)p->v[CS] << 4,
				    .limit = 0xffff };
	ret->ss = (struct segment){ .sel = p->v[SS],
				    .base = (u64)(u16)p->v[SS] << 4,
				    .limit = 0xffff };
}

/* CS, and the stack where it was switched. The ring never gets lower by an event. */
static bool segments_get(struct pushed *p, struct frame_regs *ret)
{
	bool v86 = p->word == 4 && (p->v[FLAGS] & FL_VM);
	u8 rpl = v86 ? 3 : p->v[CS] & 3;

	if (p->v[CS] >> 16 || (p->word == 4 && p->v[CS] > 0xffff))
		return false;
	if (!v86 && !segment_get(p, p->v[CS], true, &ret->cs))
		return false;
	if (!(p->c->cr0 & CR0_PE))
		return true;
	if (rpl < ret->cpl)
		return false;
	p->has_stack = p->word == 8 || rpl > ret->cpl;
	ret->cpl = rpl;
	if (!p->has_stack)
		return true;
	if (!words_read(p, SP, WORDS) || p->v[SS] >> 16)
		return false;
	if (!v86)
		return segment_get(p, p->v[SS], false, &ret->ss) && (p->v[SS] & 3) == rpl;
	v86_segments(p, ret);
	return true;
}

static bool code_is_there(const struct pushed *p, u64 linear)
{
	u8 byte;

	return state_read_some(p->k->s, linear, &byte, 1) == 1;
}

static u64 slot_of(const struct pushed *p, unsigned word)
{
	return regs_linear_ss(&p->k->from->regs, p->off + word * p->word);
}

static void registers_set(struct pushed *p, struct frame_regs *ret)
{
	u64 sp = p->off + 3 * p->word;

	reg_found(ret, FRAME_RIP, p->v[RIP], slot_of(p, RIP));
	reg_found(ret, FRAME_RFLAGS, p->v[FLAGS], slot_of(p, FLAGS));
	if (p->has_stack)
		reg_found(ret, GPR_RSP, p->v[SP], slot_of(p, SP));
	else if (ret->mode == MODE_REAL || ret->mode == MODE_PROT16)
		reg_known(ret, GPR_RSP, (ret->value[GPR_RSP] & ~(u64)0xffff) | (u16)sp);
	else
		reg_known(ret, GPR_RSP, (u32)sp);
}

/* Whether the words at `off` are what an event pushed; the caller's registers if so. */
static bool pushed_get(struct climb *k, u64 off, unsigned word, struct frame_regs *ret)
{
	struct pushed p = { .k = k, .off = off, .word = word };

	*ret = k->to->regs;
	if (state_need(k->s, REGS_GPR | REGS_SYS, &p.c, NULL))
		return false;
	p.mem = machine_phys(k->s->machine);
	if (!words_read(&p, RIP, SP) || !flags_fit(&p) || !segments_get(&p, ret))
		return false;
	ret->mode = cpu_mode_of(p.c->cr0, p.c->efer, p.v[FLAGS], ret->cs.attr);
	registers_set(&p, ret);
	return code_is_there(&p, regs_linear_cs(ret, p.v[RIP]));
}

/* ---- from the handler's frame to the caller -------------------------------------------------- */

static void read_error(struct climb *k, u64 off, unsigned word)
{
	u64 slot = regs_linear_ss(&k->from->regs, off), v;

	if (state_read_uint(k->s, slot, word, &v, NULL))
		return;
	k->to->event.has_error = true;
	k->to->event.error = v;
	k->to->event.at = slot;
}

bool event_at(struct climb *k, u64 off, const struct event_hint *hint)
{
	unsigned word = hint->word ?: regs_word(&k->from->regs);
	struct frame_regs regs;
	struct frame *to = k->to;
	bool below;

	if (!pushed_get(k, off, word, &regs))
		return false;
	below = hint->has_error ||
		(hint->has_vector && pushes_error(hint->vector) && hint->error_below);
	memset(&to->event, 0, sizeof(to->event));
	to->event.at = regs_linear_ss(&k->from->regs, off);
	if (below && (k->from->regs.mode != MODE_REAL))
		read_error(k, off - word, word);
	to->regs = regs;
	to->how = FRAME_EVENT;
	to->interrupted = true;
	to->deduced = hint->deduced;
	to->pc = regs_linear_cs(&regs, regs.value[FRAME_RIP]);
	to->event.has_vector = hint->has_vector;
	to->event.vector = hint->vector;
	return true;
}

/* Below the frame there may be an error code, and below that a word for alignment that clang pushes
 * and counts as the return address. */
bool event_at_or_above(struct climb *k, u64 off, struct event_hint *hint)
{
	enum { WORDS_BELOW = 2 };
	unsigned word = hint->word ?: regs_word(&k->from->regs);

	hint->error_below = true;
	for (unsigned i = 0; i <= WORDS_BELOW; i++, hint->has_error = true)
		if (event_at(k, off + i * word, hint))
			return true;
	return false;
}

/* The debugger saw this very delivery. */
static bool stop_tells(const struct climb *k, struct event_hint *ret)
{
	const struct stop *st = &k->s->last;

	if (k->from->level || !k->s->has_last || !st->has_event || st->event_rep ||
	    st->lin != k->from->pc)
		return false;
	ret->has_vector = true;
	ret->vector = st->event_vector;
	ret->has_error = st->event_has_error;
	return true;
}

/* At its IRET a handler has given everything back but what the event pushed. */
static bool at_iret(struct climb *k, struct event_hint *ret)
{
	const struct frame *f = k->from;
	u8 bytes[INSN_MAX];
	size_t n = state_read_some(k->s, f->pc, bytes, sizeof(bytes));
	struct insn in;

	if (!n)
		return false;
	insn_decode(mode_bits(f->regs.mode), bytes, n, &in);
	if (in.facts.cls != INSN_IRET)
		return false;
	event_gate(k->s, f->function, ret);
	ret->word = in.opsize;
	return event_at(k, f->regs.value[GPR_RSP], ret);
}

enum up up_by_event(struct climb *k)
{
	const struct frame_regs *r = &k->from->regs;
	struct event_hint hint = { 0 };
	u64 sp = r->value[GPR_RSP];

	if (k->from->lookup != k->from->pc || !regs_know(r, GPR_RSP))
		return UP_NO;
	if (stop_tells(k, &hint)) {
		sp += hint.has_error ? regs_word(r) : 0;
		if (!event_at(k, sp, &hint))
			return UP_NO;
	} else if (at_iret(k, &hint)) {
		; /* an error code was taken off already */
	} else if (!event_gate(k->s, k->from->pc, &hint) || !event_at_or_above(k, sp, &hint)) {
		return UP_NO;
	}
	k->has_cfa = true;
	k->cfa = k->to->regs.slot[FRAME_RIP] + regs_word(r); /* where compilers have it */
	return UP_FOUND;
}

/* The last resort: words that look like such a frame, where segments make that more than chance. */
enum up up_by_event_scan(struct climb *k)
{
	enum { WORDS_LOOKED_AT = 64 };
	const struct frame_regs *r = &k->from->regs;
	struct event_hint hint = { .deduced = true };
	unsigned word = regs_word(r);

	if (!regs_know(r, GPR_RSP) || r->mode == MODE_REAL || r->mode == MODE_V86)
		return UP_NO;
	regs_forget_but(&k->to->regs, 0);
	for (unsigned i = 0; i < WORDS_LOOKED_AT; i++)
		if (event_at(k, r->value[GPR_RSP] + i * word, &hint))
			return UP_FOUND;
	return UP_NO;
}
