/*
 * unwind_guess.c - callers without call frame information: at a function's first and last
 * instructions by the top of the stack, elsewhere by the frame pointer; see up.h.
 *
 * What is taken for a return address must follow a CALL. Hand-written code uses BP as it likes, and
 * a temporary point planted at a guess would change the guest's memory for nothing.
 */
#include <string.h>
#include "up.h"

/* A return address on the stack as a linear address: near frames stay in CS. */
static bool read_return(struct climb *k, u64 slot, u64 *ret_off, u64 *ret)
{
	const struct frame_regs *r = &k->from->regs;

	if (state_read_uint(k->s, slot, regs_word(r), ret_off, NULL))
		return false;
	*ret = regs_linear_cs(r, *ret_off);
	return *ret_off || r->mode == MODE_REAL;
}

/* Tried at every length a CALL can have: instructions cannot be decoded backwards. */
bool follows_call(struct session *s, const struct frame_regs *r, u64 addr, u64 *ret_target)
{
	enum { LONGEST = 9 };
	u8 bytes[LONGEST];
	struct insn in;

	*ret_target = 0;
	for (unsigned n = 2; n <= LONGEST; n++) {
		if (state_read_some(s, addr - n, bytes, n) != n)
			return false;
		insn_decode(mode_bits(r->mode), bytes, n, &in);
		if (!(in.facts.flags & INSNF_CALL) || in.facts.length != n)
			continue;
		if (in.has_target)
			*ret_target = addr + in.target_rel;
		return true;
	}
	return false;
}

/* A direct call to another function than the one we are in: the frame pointer is a caller's. */
static bool is_our_caller(struct session *s, u64 pc, u64 target)
{
	const struct symbol *here, *there;

	if (!target)
		return true;
	here = s->symbols ? symbols_at(s->symbols, pc) : NULL;
	there = s->symbols ? symbols_at(s->symbols, target) : NULL;
	if (here && there && here->kind == 'F' && there->kind == 'F')
		return here->addr == there->addr;
	return target <= pc;
}

static bool starts_with(const u8 *bytes, size_t n, const char *pattern, size_t len)
{
	return n >= len && !memcmp(bytes, pattern, len);
}

static bool is_mov_bp_sp(const u8 *b, size_t n, bool wide)
{
	if (wide) { /* REX.W */
		if (!n || b[0] != 0x48)
			return false;
		b++;
		n--;
	}
	return starts_with(b, n, "\x89\xe5", 2) || starts_with(b, n, "\x8b\xec", 2);
}

enum edge { EDGE_NONE, EDGE_FIRST, EDGE_LAST, EDGE_PUSHED };

/*
 * Before the frame pointer is set up and after it is restored the return address is at the top of
 * the stack; between PUSH and MOV it lies one word below. EDGE_NONE where the frame pointer holds.
 */
static enum edge edge_at(struct session *s, const struct frame *f)
{
	const struct symbol *sym = s->symbols ? symbols_at(s->symbols, f->pc) : NULL;
	bool wide = f->regs.mode == MODE_LONG;
	u8 b[INSN_MAX + 1];
	size_t n = state_read_some(s, f->pc, b, INSN_MAX);
	struct insn in;
	u8 before = 0;

	if (!n)
		return EDGE_NONE;
	insn_decode(mode_bits(f->regs.mode), b, n, &in);
	if ((in.facts.flags & INSNF_RET) && !(in.facts.flags & INSNF_FAR) &&
	    in.facts.cls == INSN_OTHER)
		return EDGE_LAST;
	if (sym && sym->kind == 'F' && sym->addr == f->pc)
		return EDGE_FIRST;
	if (b[0] == 0x55 || starts_with(b, n, "\xf3\x0f\x1e\xfa", 4)) /* push bp; endbr64 */
		return EDGE_FIRST;
	if (is_mov_bp_sp(b, n, wide) && state_read_some(s, f->pc - 1, &before, 1) == 1 &&
	    before == 0x55)
		return EDGE_PUSHED;
	return EDGE_NONE;
}

/* The caller behind a return address at linear `slot`. */
static void return_to(struct climb *k, enum frame_how how, u64 off, u64 pc, u64 slot, u64 new_sp)
{
	struct frame *to = k->to;

	to->how = how;
	to->pc = pc;
	reg_found(&to->regs, FRAME_RIP, off, slot);
	reg_known(&to->regs, GPR_RSP, regs_cut(&to->regs, new_sp));
	k->has_cfa = true;
	k->cfa = regs_linear_ss(&to->regs, new_sp);
}

enum up up_by_stack_top(struct climb *k)
{
	const struct frame_regs *r = &k->from->regs;
	enum edge edge = k->from->lookup == k->from->pc ? edge_at(k->s, k->from) : EDGE_NONE;
	unsigned w = regs_word(r);
	u64 sp = r->value[GPR_RSP], off, pc, target, bp;

	if (edge == EDGE_NONE || !regs_know(r, GPR_RSP))
		return UP_NO;
	if (edge == EDGE_PUSHED)
		sp += w;
	if (!read_return(k, regs_linear_ss(r, sp), &off, &pc) ||
	    !follows_call(k->s, r, pc, &target))
		return UP_NO;
	if (edge == EDGE_PUSHED) { /* BP itself is still the caller's */
		bp = r->value[GPR_RBP];
		reg_found(&k->to->regs, GPR_RBP, bp, regs_linear_ss(r, sp - w));
	}
	if (edge == EDGE_LAST)
		regs_forget_clobbered(&k->to->regs);
	return_to(k, FRAME_STACK_TOP, off, pc, regs_linear_ss(r, sp), sp + w);
	return UP_FOUND;
}

/*
 * Whether code entered at `start` has made BP its frame pointer when it is at `pc`: PUSH BP; MOV
 * BP,SP among its first instructions. Without a symbol's word that both are one function, no return
 * may lie in between.
 */
static bool makes_frame(struct climb *k, u64 start, bool one_function)
{
	enum { PROLOGUE = 12, LONGEST = 1000 };
	bool wide = k->from->regs.mode == MODE_LONG, pushed = false, made = false;
	u64 at = start, pc = k->from->lookup;
	u8 b[INSN_MAX];
	struct insn in;

	for (unsigned i = 0; at < pc && i < (one_function && made ? 0u : LONGEST); i++) {
		size_t n = state_read_some(k->s, at, b, sizeof(b));

		insn_decode(mode_bits(k->from->regs.mode), b, n, &in);
		if (!n || !in.facts.length || (i == PROLOGUE && !made))
			return false;
		if (!one_function && ((in.facts.flags & INSNF_RET) || in.facts.cls == INSN_IRET))
			return false;
		made |= pushed && is_mov_bp_sp(b, n, wide);
		pushed = b[0] == 0x55;
		at += in.facts.length;
	}
	return made && (one_function || at >= pc);
}

/* BP is the function's own: by its symbol, else by where the call it would return to went. */
static bool owns_frame(struct climb *k, u64 target)
{
	const struct symbol *sym =
		k->s->symbols ? symbols_at(k->s->symbols, k->from->lookup) : NULL;

	if (sym && sym->kind == 'F')
		return makes_frame(k, sym->addr, true);
	return target && target < k->from->lookup && makes_frame(k, target, false);
}

/* PUSH BP; MOV BP,SP in a handler: what the event pushed is where a return address would be. */
static enum up handler_frame(struct climb *k, u64 up, u64 at, u64 off, bool sure)
{
	struct event_hint hint = { 0 };

	hint.deduced = !event_gate(k->s, k->from->function, &hint) || !sure;
	regs_forget_but(&k->to->regs, 0);
	reg_found(&k->to->regs, GPR_RBP, up, at);
	if (!event_at_or_above(k, off, &hint))
		return UP_NO;
	k->has_cfa = true;
	k->cfa = k->to->regs.slot[FRAME_RIP] + regs_word(&k->from->regs);
	return UP_FOUND;
}

/* `sure`: where BP is known to be the function's own; else where it is not, as a guess. */
static enum up by_frame_pointer(struct climb *k, bool sure)
{
	const struct frame_regs *r = &k->from->regs;
	unsigned w = regs_word(r);
	u64 bp = regs_cut(r, r->value[GPR_RBP]), at = regs_linear_ss(r, bp), up, off, pc, target;

	k->why = "the frame pointer is not known";
	if (!regs_know(r, GPR_RBP) || !regs_know(r, GPR_RSP))
		return UP_NO;
	k->why = "the frame pointer is 0";
	if (!bp)
		return UP_NO;
	k->why = "the frame pointer does not point up the stack";
	if (at < regs_linear_ss(r, r->value[GPR_RSP]))
		return UP_NO;
	k->why = "the frame pointer points to memory that cannot be read";
	if (state_read_uint(k->s, at, w, &up, NULL))
		return UP_NO;
	k->why = "the return address is 0 or cannot be read";
	if (!read_return(k, at + w, &off, &pc))
		return UP_NO;
	k->why = "what would be the return address does not follow a call";
	if (!follows_call(k->s, r, pc, &target))
		return owns_frame(k, 0) == sure ? handler_frame(k, up, at, bp + w, sure) : UP_NO;
	k->why = "the frame pointer is that of a function which called another one than this";
	if (owns_frame(k, target) != sure ||
	    (!sure && k->from->lookup == k->from->pc && !is_our_caller(k->s, k->from->pc, target)))
		return UP_NO;
	k->to->deduced = !sure;
	regs_forget_but(&k->to->regs, 0); /* saved who knows where */
	reg_found(&k->to->regs, GPR_RBP, up, at);
	return_to(k, FRAME_POINTER, off, pc, at + w, bp + 2 * w);
	return UP_FOUND;
}

enum up up_by_own_frame(struct climb *k)
{
	return by_frame_pointer(k, true);
}

enum up up_by_any_frame(struct climb *k)
{
	return by_frame_pointer(k, false);
}

enum up up_by_scan(struct climb *k)
{
	enum { WORDS_LOOKED_AT = 512 };
	const struct frame_regs *r = &k->from->regs;
	unsigned w = regs_word(r);
	u64 off, pc, target, sp = r->value[GPR_RSP];

	if (!regs_know(r, GPR_RSP) || !k->from->function)
		return UP_NO;
	for (unsigned i = 0; i < WORDS_LOOKED_AT; i++, sp += w) {
		if (!read_return(k, regs_linear_ss(r, sp), &off, &pc) ||
		    !follows_call(k->s, r, pc, &target) || target != k->from->function)
			continue;
		regs_forget_but(&k->to->regs, 0);
		k->to->deduced = true;
		return_to(k, FRAME_SCAN, off, pc, regs_linear_ss(r, sp), sp + w);
		return UP_FOUND;
	}
	return UP_NO;
}
