/*
 * unwind_path.c - the caller by following the code to its return: what it pops on the way, and the
 * RET or IRET at the end; see up.h.
 *
 * For hand-written code, above all the stubs of interrupt handlers, which keep no frame pointer.
 * Conditional jumps are not taken, calls are taken to pop what they were given by their caller's
 * code. That is a deduction, and what it finds is checked as every other way's.
 */
#include <string.h>
#include "up.h"

enum { INSNS_MAX = 200, JUMPS_MAX = 4 };

struct path {
	struct climb *k;
	unsigned bits;
	u64 pc;     /* linear */
	u64 sp, bp; /* offsets in SS */
	bool bp_known;
	unsigned jumps;
	struct insn in;
	const u8 *op; /* of `in`, behind its prefixes */
	bool has_rex_b;
};

enum go { GO_ON, GO_RETURN, GO_LOST };

static bool word_read(struct path *p, u64 off, unsigned size, u64 *ret)
{
	return !state_read_uint(p->k->s, regs_linear_ss(&p->k->from->regs, off), size, ret, NULL);
}

/* ---- instructions ---------------------------------------------------------------------------- */

static bool is_prefix(const struct path *p, u8 b)
{
	return strchr("\x66\x67\x2e\x36\x3e\x26\x64\x65\xf2\xf3\xf0", b) ||
	       (p->bits == 64 && b >= 0x40 && b <= 0x4f);
}

static bool insn_get(struct path *p)
{
	u8 bytes[INSN_MAX];
	size_t n = state_read_some(p->k->s, p->pc, bytes, sizeof(bytes));

	if (!n)
		return false;
	insn_decode(p->bits, bytes, n, &p->in);
	p->op = p->in.bytes;
	p->has_rex_b = false;
	while (p->op - p->in.bytes + 1 < p->in.facts.length && is_prefix(p, *p->op)) {
		p->has_rex_b = p->bits == 64 && (*p->op & 0xf1) == 0x41;
		p->op++;
	}
	return p->in.facts.cls != INSN_INVALID && p->in.facts.cls != INSN_UD;
}

static s32 immediate(const u8 *b, unsigned size)
{
	s32 v = 0;

	if (size == 1)
		return (s8)b[0];
	memcpy(&v, b, size);
	return size == 2 ? (s16)v : v;
}

static unsigned wide_immediate(const struct path *p)
{
	return p->in.opsize == 2 ? 2 : 4;
}

/* ADD and SUB with an immediate; anything else done to SP loses it. */
static enum go arithmetic(struct path *p)
{
	unsigned size = p->op[0] == 0x83 ? 1 : wide_immediate(p);
	s32 v = immediate(p->op + 2, size);

	if (p->op[1] == 0xc4)
		p->sp += v;
	else if (p->op[1] == 0xec)
		p->sp -= v;
	else
		return GO_LOST;
	return GO_ON;
}

/* LEA SP,[SP+n] and LEA SP,[BP+n]. */
static enum go lea_sp(struct path *p)
{
	u8 modrm = p->op[1];
	bool byte = (modrm & 0xc0) == 0x40;

	if ((modrm & 0x3f) == 0x24 && p->op[2] == 0x24 && (modrm & 0xc0) != 0xc0)
		p->sp += modrm & 0xc0 ? immediate(p->op + 3, byte ? 1 : 4) : 0;
	else if ((modrm & 0x3f) == 0x25 && (modrm & 0xc0) && p->bp_known)
		p->sp = p->bp + immediate(p->op + 2, byte ? 1 : 4);
	else
		return GO_LOST;
	return GO_ON;
}

/* MOV SP,BP and MOV BP,SP are frames; other writes lose what they write. */
static enum go mov(struct path *p)
{
	bool store = p->op[0] == 0x89;
	u8 modrm = p->op[1], to = store ? modrm & 7 : modrm >> 3 & 7;
	u8 from = store ? modrm >> 3 & 7 : modrm & 7;

	if (store && modrm < 0xc0)
		return GO_ON;
	if (to == GPR_RSP && modrm >= 0xc0 && from == GPR_RBP && p->bp_known)
		p->sp = p->bp;
	else if (to == GPR_RSP && !p->has_rex_b)
		return GO_LOST;
	if (to == GPR_RBP && modrm >= 0xc0 && from == GPR_RSP) {
		p->bp = p->sp;
		p->bp_known = true;
	} else if (to == GPR_RBP) {
		p->bp_known = false;
	}
	return GO_ON;
}

static enum go leave(struct path *p)
{
	unsigned w = p->bits / 8;
	u64 slot;

	if (!p->bp_known)
		return GO_LOST;
	slot = regs_linear_ss(&p->k->from->regs, p->bp);
	p->sp = p->bp + w;
	if (!word_read(p, p->bp, w, &p->bp))
		return GO_LOST;
	reg_found(&p->k->to->regs, GPR_RBP, p->bp, slot);
	return GO_ON;
}

static bool pop_to(struct path *p, unsigned reg, unsigned size)
{
	u64 v, slot = regs_linear_ss(&p->k->from->regs, p->sp);

	if (!word_read(p, p->sp, size, &v))
		return false;
	p->sp += size;
	if (reg == GPR_RSP) /* POPA drops it */
		return true;
	reg_found(&p->k->to->regs, reg, v, slot);
	if (reg == GPR_RBP) {
		p->bp = v;
		p->bp_known = true;
	}
	return true;
}

static enum go pop(struct path *p)
{
	unsigned reg = (p->op[0] & 7) + (p->has_rex_b ? 8 : 0);
	unsigned size = p->in.opsize == 2 ? 2 : p->bits / 8;

	if (reg == GPR_RSP)
		return GO_LOST;
	return pop_to(p, reg, size) ? GO_ON : GO_LOST;
}

static enum go popa(struct path *p)
{
	for (int reg = GPR_RDI; reg >= GPR_RAX; reg--)
		if (!pop_to(p, reg, p->in.opsize))
			return GO_LOST;
	return GO_ON;
}

/* What an instruction does to the stack besides: PUSH, PUSHF, POP to memory or a segment. */
static void implicit(struct path *p)
{
	for (unsigned i = 0; i < p->in.n_mem; i++) {
		const struct insn_mem *m = &p->in.mem[i];

		if (m->stack)
			p->sp += m->write ? -(u64)m->size : m->size;
	}
}

static enum go jump(struct path *p)
{
	if (p->in.facts.flags & INSNF_COND)
		return GO_ON;
	if (!p->in.has_target || p->jumps++ == JUMPS_MAX)
		return GO_LOST;
	p->pc += p->in.target_rel;
	return GO_ON;
}

static bool writes_sp(const struct path *p)
{
	const u8 *b = p->op;

	return (b[0] == 0xbc && !p->has_rex_b) || /* MOV SP, imm */
	       (b[0] == 0x87 && ((b[1] & 7) == GPR_RSP || (b[1] >> 3 & 7) == GPR_RSP)) ||
	       b[0] == 0x94 || (b[0] == 0x0f && b[1] == 0xb2); /* XCHG, LSS */
}

static enum go other(struct path *p)
{
	u8 op = p->op[0], rm = p->op[1];

	if ((op == 0x81 || op == 0x83) && rm >= 0xc0 && (rm & 7) == GPR_RSP && !p->has_rex_b)
		return arithmetic(p);
	if (op == 0x8d && (rm >> 3 & 7) == GPR_RSP)
		return lea_sp(p);
	if (op == 0x89 || op == 0x8b)
		return mov(p);
	if (op == 0xc9)
		return leave(p);
	if (op >= 0x58 && op <= 0x5f)
		return pop(p);
	if (op == 0x61 && p->bits != 64)
		return popa(p);
	if (writes_sp(p))
		return GO_LOST;
	implicit(p);
	return GO_ON;
}

static enum go insn_follow(struct path *p)
{
	u16 flags = p->in.facts.flags;

	p->pc += p->in.facts.length;
	if ((flags & INSNF_RET) || p->in.facts.cls == INSN_IRET)
		return GO_RETURN;
	if (flags & INSNF_CALL)
		return flags & INSNF_FAR ? GO_LOST : GO_ON;
	if (flags & INSNF_BRANCH)
		return jump(p);
	return other(p);
}

/* ---- the return ------------------------------------------------------------------------------ */

static bool by_ret(struct path *p)
{
	struct climb *k = p->k;
	unsigned w = p->in.opsize == 2 && p->bits != 64 ? 2 : p->bits / 8;
	u64 off, pc, target, extra = p->op[0] == 0xc2 ? (u16)immediate(p->op + 1, 2) : 0;

	if ((p->in.facts.flags & INSNF_FAR) || !word_read(p, p->sp, w, &off))
		return false;
	pc = regs_linear_cs(&k->from->regs, off);
	if (!follows_call(k->s, &k->from->regs, pc, &target))
		return false;
	k->has_cfa = true;
	k->cfa = regs_linear_ss(&k->from->regs, p->sp + w);
	k->to->how = FRAME_PATH;
	k->to->deduced = true;
	k->to->pc = pc;
	reg_found(&k->to->regs, FRAME_RIP, off, regs_linear_ss(&k->from->regs, p->sp));
	reg_known(&k->to->regs, GPR_RSP, regs_cut(&k->from->regs, p->sp + w + extra));
	return true;
}

static bool by_iret(struct path *p)
{
	struct event_hint hint = { .word = p->in.opsize, .deduced = true };

	event_gate(p->k->s, p->k->from->function, &hint);
	if (!event_at(p->k, p->sp, &hint))
		return false;
	p->k->has_cfa = true;
	p->k->cfa = p->k->to->regs.slot[FRAME_RIP] + p->in.opsize;
	return true;
}

enum up up_by_path(struct climb *k)
{
	const struct frame_regs *r = &k->from->regs;
	struct path p = { .k = k,
			  .bits = mode_bits(r->mode),
			  .pc = k->from->pc,
			  .sp = r->value[GPR_RSP],
			  .bp = r->value[GPR_RBP],
			  .bp_known = regs_know(r, GPR_RBP) };
	enum go go = GO_ON;

	if (!regs_know(r, GPR_RSP))
		return UP_NO;
	regs_forget_clobbered(&k->to->regs); /* what is popped on the way is known again */
	for (unsigned i = 0; i < INSNS_MAX && go == GO_ON; i++)
		go = insn_get(&p) ? insn_follow(&p) : GO_LOST;
	if (go != GO_RETURN)
		return UP_NO;
	return (p.in.facts.cls == INSN_IRET ? by_iret(&p) : by_ret(&p)) ? UP_FOUND : UP_NO;
}
