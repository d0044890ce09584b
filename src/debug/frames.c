/*
 * frames.c - stack frames without unwind tables: by the frame pointer, and at a function's first
 * and last instructions by the top of the stack; see session.h.
 *
 * What is taken for a return address must follow a CALL. Hand-written code uses BP as it likes, and
 * a temporary point planted at a guess would change the guest's memory for nothing.
 */
#include <string.h>
#include "private.h"

static unsigned word_size(const struct cpu_state *c)
{
	return mode_bits(cpu_mode(c)) / 8;
}

static u64 word_mask(unsigned size)
{
	return size == 8 ? UINT64_MAX : BIT64(8 * size) - 1;
}

/* A return address on the stack as a linear address: near frames stay in CS. */
static bool read_return(struct session *s, const struct cpu_state *c, u64 slot, u64 *ret)
{
	u64 off;

	if (state_read_uint(s, slot, word_size(c), &off, NULL))
		return false;
	*ret = state_linear_cs(c, off);
	return off || cpu_mode(c) == MODE_REAL;
}

/* Whether the bytes before `addr` are a CALL; of a direct one also where it goes. Tried at every
 * length a CALL can have: instructions cannot be decoded backwards. */
static bool follows_call(struct session *s, const struct cpu_state *c, u64 addr, u64 *ret_target)
{
	enum { LONGEST = 9 };
	u8 bytes[LONGEST];
	struct insn in;

	*ret_target = 0;
	for (unsigned k = 2; k <= LONGEST; k++) {
		if (state_read_some(s, addr - k, bytes, k) != k)
			return false;
		insn_decode(mode_bits(cpu_mode(c)), bytes, k, &in);
		if (!(in.facts.flags & INSNF_CALL) || in.facts.length != k)
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

/*
 * Before the frame pointer is set up and after it is restored the return address is at the top of
 * the stack: *ret_depth words below it. False where the frame pointer holds.
 */
static bool at_edge(struct session *s, const struct cpu_state *c, u64 pc, unsigned *ret_depth)
{
	const struct symbol *sym = s->symbols ? symbols_at(s->symbols, pc) : NULL;
	bool wide = cpu_mode(c) == MODE_LONG;
	u8 b[INSN_MAX + 1];
	size_t n = state_read_some(s, pc, b, INSN_MAX);
	struct insn in;
	u8 before = 0;

	*ret_depth = 0;
	if (!n)
		return false;
	insn_decode(mode_bits(cpu_mode(c)), b, n, &in);
	if ((in.facts.flags & INSNF_RET) && !(in.facts.flags & INSNF_FAR) &&
	    in.facts.cls == INSN_OTHER)
		return true;
	if (sym && sym->kind == 'F' && sym->addr == pc)
		return true;
	if (b[0] == 0x55 || starts_with(b, n, "\xf3\x0f\x1e\xfa", 4)) /* push bp; endbr64 */
		return true;
	*ret_depth = 1;
	return is_mov_bp_sp(b, n, wide) && state_read_some(s, pc - 1, &before, 1) == 1 &&
	       before == 0x55;
}

static bool by_stack_top(struct session *s, const struct cpu_state *c, u64 pc,
			 struct return_site *ret)
{
	unsigned w = word_size(c), depth;
	u64 slot, target;

	if (!at_edge(s, c, pc, &depth))
		return false;
	slot = state_linear_ss(c, c->gpr[GPR_RSP] + depth * w);
	if (!read_return(s, c, slot, &ret->addr) || !follows_call(s, c, ret->addr, &target))
		return false;
	ret->sp = slot + w;
	ret->how = "top of the stack";
	return true;
}

static bool by_frame_pointer(struct session *s, const struct cpu_state *c, u64 pc,
			     struct return_site *ret)
{
	unsigned w = word_size(c);
	u64 bp = state_linear_ss(c, c->gpr[GPR_RBP]), target;

	if (bp < state_linear_sp(c) || !read_return(s, c, bp + w, &ret->addr))
		return false;
	if (!follows_call(s, c, ret->addr, &target) || !is_our_caller(s, pc, target))
		return false;
	ret->sp = bp + 2 * w;
	ret->how = "frame pointer";
	return true;
}

bool frame_return(struct session *s, const struct cpu_state *c, struct return_site *ret)
{
	u64 pc = cpu_linear_rip(c);
	unsigned depth;

	if (at_edge(s, c, pc, &depth))
		return by_stack_top(s, c, pc, ret);
	return by_frame_pointer(s, c, pc, ret);
}

/* ---- backtrace ------------------------------------------------------------------------------- */

/* The next frame up by the chain at offset `*bp` in SS; NULL, or why there is none. */
static const char *chain_up(struct session *s, const struct cpu_state *c, u64 *bp, u64 below,
			    struct frame *ret)
{
	unsigned w = word_size(c);
	u64 at = state_linear_ss(c, *bp), target, up;

	if (!(*bp & word_mask(w)))
		return "the frame pointer is 0";
	if (at < below)
		return "the frame pointer does not point up the stack";
	if (state_read_uint(s, at, w, &up, NULL))
		return "the frame pointer points to memory that cannot be read";
	if (!read_return(s, c, at + w, &ret->pc))
		return "the return address is 0 or cannot be read";
	if (!follows_call(s, c, ret->pc, &target))
		return "what would be the return address does not follow a call";
	ret->fp = up;
	ret->sp = at + 2 * w;
	ret->how = "frame pointer";
	*bp = up;
	return NULL;
}

int session_backtrace(struct session *s, struct frame *ret, size_t max, size_t *ret_n,
		      const char **ret_why, struct err *err)
{
	const struct cpu_state *c;
	struct return_site site;
	const char *why = NULL;
	u64 bp, below;
	size_t n = 0;
	int rc = state_need(s, REGS_GPR | REGS_SYS, &c, err);

	if (rc)
		return rc;
	bp = c->gpr[GPR_RBP];
	below = state_linear_sp(c);
	if (n < max)
		ret[n++] = (struct frame){
			.pc = cpu_linear_rip(c), .fp = bp, .sp = below, .how = "cpu"
		};
	if (n < max && by_stack_top(s, c, cpu_linear_rip(c), &site)) {
		ret[n++] =
			(struct frame){ .pc = site.addr, .fp = bp, .sp = site.sp, .how = site.how };
		below = site.sp;
	}
	while (!why && n < max) {
		why = chain_up(s, c, &bp, below, &ret[n]);
		if (!why)
			below = ret[n++].sp;
	}
	*ret_n = n;
	*ret_why = why ?: "as many frames as were asked for";
	return 0;
}
