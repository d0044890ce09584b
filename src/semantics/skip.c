/*
 * skip.c - the two ways past an instruction that did not run, and the wrong ones to be studied.
 *
 * Inner skip: ICEBP, and INT3 when it is a stop: the instruction delivers its own event, so that
 * completing it owes nothing more ("KVM: VMX: Update MTF and ICEBP comments to document KVM's
 * subtle behavior", Linux 6.1). Outer skip: an instruction somebody emulated; its single-step trap
 * and its MTF are owed at the new boundary (SDM 3 "Single-Step Exception Condition", "Monitor Trap
 * Flag": an instruction that itself causes a VM exit raises no MTF).
 */
#include <vmstep/semantics.h>

static u64 width_mask(unsigned bits)
{
	return bits >= 64 ? ~0ull : BIT64(bits) - 1;
}

const char *skip_policy_name(enum skip_policy p)
{
	static const char *const name[] = {
		[SKIP_CORRECTED] = "corrected",
		[SKIP_WRONG_NONE] = "none",
		[SKIP_WRONG_OUTER] = "outer",
		[SKIP_WRONG_DR6_EMPTY] = "dr6-empty",
	};

	return (unsigned)p < ARRAY_SIZE(name) ? name[p] : "?";
}

/* Did a #DB (of whatever kind) make this verdict? */
static bool is_db_report(const struct verdict *v)
{
	const u32 db = CAUSE_BIT(CAUSE_TF) | CAUSE_BIT(CAUSE_ICEBP) | CAUSE_BIT(CAUSE_HWBP) |
		       CAUSE_BIT(CAUSE_WATCH) | CAUSE_BIT(CAUSE_UWATCH) | CAUSE_BIT(CAUSE_IOBP) |
		       CAUSE_BIT(CAUSE_GD) | CAUSE_BIT(CAUSE_TBIT) | CAUSE_BIT(CAUSE_BLD) |
		       CAUSE_BIT(CAUSE_RTM);

	return (v->causes & db) || v->host_hits || v->internal_hits || v->guest_hits ||
	       v->unknown_db;
}

/* CVE-2018-1087: "an empty DR6 means ICEBP", and so a DR6 with a cause means it is none. */
static enum skip_kind skip_by_dr6(const struct verdict *v, u64 dr6)
{
	if (!is_db_report(v))
		return v->skip;
	return dr6 & DR6_CAUSE ? SKIP_KIND_NONE : SKIP_KIND_INNER;
}

enum skip_kind skip_choose(enum skip_policy policy, const struct verdict *v, u64 dr6)
{
	bool icebp = v->causes & CAUSE_BIT(CAUSE_ICEBP);

	switch (policy) {
	case SKIP_WRONG_NONE:
		return icebp ? SKIP_KIND_NONE : v->skip;
	case SKIP_WRONG_OUTER:
		return icebp ? SKIP_KIND_OUTER : v->skip;
	case SKIP_WRONG_DR6_EMPTY:
		return skip_by_dr6(v, dr6);
	default:
		return v->skip;
	}
}

void skip_apply(enum skip_kind kind, unsigned bits, unsigned len, struct skip_state *s)
{
	bool trap = kind == SKIP_KIND_OUTER && s->tf && !s->btf;

	s->mtf = s->mtf && kind == SKIP_KIND_OUTER;
	s->tf = trap;
	if (kind == SKIP_KIND_NONE)
		return;
	s->rip = (s->rip + len) & width_mask(bits);
	s->rflags &= ~FL_RF;
	s->shadow = SHADOW_NONE;
	if (kind == SKIP_KIND_INNER)
		s->pending_dbg = 0; /* one #DB in all: nothing is carried past the F1 */
	else
		s->pending_dbg = (s->pending_dbg & ~PDBG_BS) | (trap ? PDBG_BS : 0);
}
