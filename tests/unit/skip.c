/*
 * skip.c - the two skips and the three wrong ones (section 6), every combination.
 */
#include "sem_table.h"

enum { D_KIND, D_TF, D_BTF, D_MTF, D_SHADOW, D_RF, D_PEND, D_COUNT };
static const char *const kind_names[] = { "none", "inner", "outer" };
static const char *const shadow_names[] = { "none", "movss", "sti" };
enum { PEND_NONE, PEND_B0, PEND_BS };
static const char *const pend_names[] = { "none", "B0", "BS" };
static const struct dim dims[D_COUNT] = {
	[D_KIND] = { "kind", 3, kind_names },       [D_TF] = { "tf", 2, NULL },
	[D_BTF] = { "btf", 2, NULL },               [D_MTF] = { "mtf", 2, NULL },
	[D_SHADOW] = { "shadow", 3, shadow_names }, [D_RF] = { "rf", 2, NULL },
	[D_PEND] = { "pending", 3, pend_names },
};

static void skip(const u8 *v, struct skip_state *s)
{
	static const u64 pend[] = { 0, PDBG_ENABLED | 1, PDBG_BS };

	*s = (struct skip_state){
		.rip = 0x401005,
		.rflags = FL_FIXED | FL_ZF | (v[D_RF] ? FL_RF : 0),
		.shadow = v[D_SHADOW],
		.pending_dbg = pend[v[D_PEND]],
		.mtf = v[D_MTF],
		.tf = v[D_TF],
		.btf = v[D_BTF],
	};
	skip_apply(v[D_KIND], 64, 2, s);
}

#define NONE_   [D_KIND] = V(SKIP_KIND_NONE)
#define INNER_  [D_KIND] = V(SKIP_KIND_INNER)
#define OUTER_  [D_KIND] = V(SKIP_KIND_OUTER)
#define SKIPS   [D_KIND] = V(SKIP_KIND_INNER) | V(SKIP_KIND_OUTER)

static u64 answer_rip(const u8 *v)
{
	struct skip_state s;

	skip(v, &s);
	return s.rip;
}
static const struct row rip_rows[] = {
	{ "not skipped", { NONE_ }, 0x401005 },
	{ "section 6: += instruction length", { SKIPS }, 0x401007 },
};

static u64 answer_rflags(const u8 *v)
{
	struct skip_state s;

	skip(v, &s);
	return s.rflags;
}
static const struct row rflags_rows[] = {
	{ "not skipped", { NONE_, [D_RF] = NO }, FL_FIXED | FL_ZF },
	{ "not skipped", { NONE_, [D_RF] = YES }, FL_FIXED | FL_ZF | FL_RF },
	{ "section 6: RF cleared", { SKIPS }, FL_FIXED | FL_ZF },
};

static u64 answer_shadow(const u8 *v)
{
	struct skip_state s;

	skip(v, &s);
	return s.shadow;
}
static const struct row shadow_rows[] = {
	{ "not skipped", { NONE_, [D_SHADOW] = V(0) }, 0 },
	{ "not skipped", { NONE_, [D_SHADOW] = V(1) }, SHADOW_MOV_SS },
	{ "not skipped", { NONE_, [D_SHADOW] = V(2) }, SHADOW_STI },
	{ "section 6: shadow cleared", { SKIPS }, SHADOW_NONE },
};

static u64 answer_owed(const u8 *v)
{
	struct skip_state s;

	skip(v, &s);
	return s.tf | s.mtf << 1;
}
static const struct row owed_rows[] = {
	{ "not skipped: nothing is owed", { NONE_ }, 0 },
	{ "section 6, inner: nothing, with TF=1 and with MTF=1", { INNER_ }, 0 },
	{ "section 6, outer: neither on", { OUTER_, [D_TF] = NO, [D_MTF] = NO }, 0 },
	{ "section 6, outer: BS at the new boundary",
	  { OUTER_, [D_TF] = YES, [D_BTF] = NO, [D_MTF] = NO }, 1 },
	{ "section 6, outer: BTF=1 holds it",
	  { OUTER_, [D_TF] = YES, [D_BTF] = YES, [D_MTF] = NO }, 0 },
	{ "section 6, outer: MTF at the new boundary", { OUTER_, [D_TF] = NO, [D_MTF] = YES }, 2 },
	{ "section 6, outer: MTF and BS",
	  { OUTER_, [D_TF] = YES, [D_BTF] = NO, [D_MTF] = YES }, 3 },
	{ "section 6, outer: MTF, no BS under BTF",
	  { OUTER_, [D_TF] = YES, [D_BTF] = YES, [D_MTF] = YES }, 2 },
};

static u64 answer_pending(const u8 *v)
{
	struct skip_state s;

	skip(v, &s);
	return s.pending_dbg;
}
#define BS_ON  [D_TF] = YES, [D_BTF] = NO
static const struct row pending_rows[] = {
	{ "not skipped", { NONE_, [D_PEND] = V(PEND_NONE) }, 0 },
	{ "not skipped", { NONE_, [D_PEND] = V(PEND_B0) }, PDBG_ENABLED | 1 },
	{ "not skipped", { NONE_, [D_PEND] = V(PEND_BS) }, PDBG_BS },
	{ "section 6, inner: not carried past the F1", { INNER_ }, 0 },
	{ "section 6, outer: WATCH delivered",
	  { OUTER_, [D_PEND] = V(PEND_B0), [D_TF] = NO }, PDBG_ENABLED | 1 },
	{ "section 6, outer: WATCH delivered",
	  { OUTER_, [D_PEND] = V(PEND_B0), [D_TF] = YES, [D_BTF] = YES }, PDBG_ENABLED | 1 },
	{ "section 6, outer: WATCH and BS in one",
	  { OUTER_, [D_PEND] = V(PEND_B0), BS_ON }, PDBG_ENABLED | PDBG_BS | 1 },
	{ "section 6, outer: BS",
	  { OUTER_, [D_PEND] = V(PEND_NONE) | V(PEND_BS), BS_ON }, PDBG_BS },
	{ "SDM VM entry: BS only with TF=1 and BTF=0",
	  { OUTER_, [D_PEND] = V(PEND_NONE) | V(PEND_BS), [D_TF] = NO }, 0 },
	{ "SDM VM entry: BS only with TF=1 and BTF=0",
	  { OUTER_, [D_PEND] = V(PEND_NONE) | V(PEND_BS), [D_TF] = YES, [D_BTF] = YES }, 0 },
};

/* --- the policies --- */

enum { P_POLICY, P_REPORT, P_DR6, P_COUNT };
enum { R_ICEBP, R_TF, R_WATCH, R_UWATCH, R_INTERNAL, R_UNKNOWN, R_BLD, R_RTM, R_INT3, R_MTF, R_EMULATED, R_COUNT };
static const char *const policy_names[] = { "corrected", "none", "outer", "dr6-empty" };
static const char *const report_names[] = { "icebp", "tf", "watch", "watch/n", "internal", "unknown", "bld", "rtm", "int3", "mtf", "emulated" };
static const struct verdict reports[R_COUNT] = {
	[R_ICEBP] = { .causes = CAUSE_BIT(CAUSE_ICEBP), .skip = SKIP_KIND_INNER },
	[R_TF] = { .causes = CAUSE_BIT(CAUSE_TF) },
	[R_WATCH] = { .causes = CAUSE_BIT(CAUSE_WATCH), .guest_hits = 1 },
	[R_UWATCH] = { .causes = CAUSE_BIT(CAUSE_UWATCH), .host_hits = 1 },
	[R_INTERNAL] = { .internal_hits = 1 },
	[R_UNKNOWN] = { .causes = CAUSE_BIT(CAUSE_EXCEPTION), .unknown_db = true },
	[R_BLD] = { .causes = CAUSE_BIT(CAUSE_BLD) },
	[R_RTM] = { .causes = CAUSE_BIT(CAUSE_RTM) },
	[R_INT3] = { .causes = CAUSE_BIT(CAUSE_INT3), .skip = SKIP_KIND_INNER },
	[R_MTF] = { .causes = CAUSE_BIT(CAUSE_MTF) },
	[R_EMULATED] = { .skip = SKIP_KIND_OUTER },
};
static const u64 dr6_values[] = { DR6_INIT, DR6_INIT | DR6_BS, DR6_INIT | 1, 0, DR6_BD };
static const char *const dr6_names[] = { "ffff0ff0", "BS", "B0", "0", "BD" };
static const struct dim policy_dims[P_COUNT] = {
	[P_POLICY] = { "policy", 4, policy_names }, [P_REPORT] = { "report", R_COUNT, report_names },
	[P_DR6] = { "dr6", 5, dr6_names },
};

static u64 answer_policy(const u8 *v)
{
	return skip_choose(v[P_POLICY], &reports[v[P_REPORT]], dr6_values[v[P_DR6]]);
}

#define DB_REPORTS (V(R_ICEBP) | V(R_TF) | V(R_WATCH) | V(R_UWATCH) | V(R_INTERNAL) | V(R_UNKNOWN) | V(R_BLD) | V(R_RTM))
static const struct row policy_rows[] = {
	{ "corrected: as owed",
	  { [P_POLICY] = V(0), [P_REPORT] = V(R_ICEBP) | V(R_INT3) }, SKIP_KIND_INNER },
	{ "corrected: as owed",
	  { [P_POLICY] = V(0), [P_REPORT] = V(R_EMULATED) }, SKIP_KIND_OUTER },
	{ "corrected: nothing owed",
	  { [P_POLICY] = V(0), [P_REPORT] = (DB_REPORTS & ~V(R_ICEBP)) | V(R_MTF) }, SKIP_KIND_NONE },
	{ "none: RIP stays on the F1",
	  { [P_POLICY] = V(1), [P_REPORT] = V(R_ICEBP) }, SKIP_KIND_NONE },
	{ "none: an INT3 is skipped all the same",
	  { [P_POLICY] = V(1), [P_REPORT] = V(R_INT3) }, SKIP_KIND_INNER },
	{ "none: emulation too",
	  { [P_POLICY] = V(1), [P_REPORT] = V(R_EMULATED) }, SKIP_KIND_OUTER },
	{ "none: the rest",
	  { [P_POLICY] = V(1), [P_REPORT] = (DB_REPORTS & ~V(R_ICEBP)) | V(R_MTF) }, SKIP_KIND_NONE },
	{ "outer: one stop too many",
	  { [P_POLICY] = V(2), [P_REPORT] = V(R_ICEBP) | V(R_EMULATED) }, SKIP_KIND_OUTER },
	{ "outer: an INT3 is no ICEBP",
	  { [P_POLICY] = V(2), [P_REPORT] = V(R_INT3) }, SKIP_KIND_INNER },
	{ "outer: the rest",
	  { [P_POLICY] = V(2), [P_REPORT] = (DB_REPORTS & ~V(R_ICEBP)) | V(R_MTF) }, SKIP_KIND_NONE },
	{ "dr6-empty: every #DB without a cause bit is taken for one",
	  { [P_POLICY] = V(3), [P_REPORT] = DB_REPORTS, [P_DR6] = V(0) | V(3) }, SKIP_KIND_INNER },
	{ "dr6-empty: and one with a bit for none",
	  { [P_POLICY] = V(3), [P_REPORT] = DB_REPORTS, [P_DR6] = NOT(V(0) | V(3)) }, SKIP_KIND_NONE },
	{ "dr6-empty: no #DB", { [P_POLICY] = V(3), [P_REPORT] = V(R_INT3) }, SKIP_KIND_INNER },
	{ "dr6-empty: no #DB", { [P_POLICY] = V(3), [P_REPORT] = V(R_MTF) }, SKIP_KIND_NONE },
	{ "dr6-empty: no #DB", { [P_POLICY] = V(3), [P_REPORT] = V(R_EMULATED) }, SKIP_KIND_OUTER },
};

static u64 skipped_rip(unsigned bits, unsigned len, u64 rip)
{
	struct skip_state s = { .rip = rip };

	skip_apply(SKIP_KIND_INNER, bits, len, &s);
	return s.rip;
}

int main(void)
{
	TABLE_CHECK("rip", dims, rip_rows, answer_rip);
	TABLE_CHECK("rflags", dims, rflags_rows, answer_rflags);
	TABLE_CHECK("shadow", dims, shadow_rows, answer_shadow);
	TABLE_CHECK("owed", dims, owed_rows, answer_owed);
	TABLE_CHECK("pending", dims, pending_rows, answer_pending);
	TABLE_CHECK("policy", policy_dims, policy_rows, answer_policy);
	tap_eq(skipped_rip(16, 2, 0xffff), 1, "16-bit IP wraps");
	tap_eq(skipped_rip(32, 2, 0xffffffff), 1, "32-bit EIP wraps");
	tap_eq(skipped_rip(64, 2, 0xffffffff), 0x100000001, "RIP does not");
	tap_eq(skipped_rip(64, 15, 0x1000), 0x100f, "prefixes count: up to 15 bytes");
	for (unsigned i = 0; i < ARRAY_SIZE(policy_names); i++)
		tap_str(skip_policy_name(i), policy_names[i], "policy %u by name", i);
	tap_str(skip_policy_name(4), "?", "a policy that is none");
	return tap_done();
}
