/*
 * attribute_vmx.c - what each VM exit is taken for, for every combination of exit, exit qualification,
 * place, instruction and stepping. The tables follow the causes (section 2), MTF (4) and the skips (6).
 */
#include "sem_table.h"

enum { D_EXIT, D_QUAL, D_AT, D_WHERE, D_FROM, D_STEP, D_GTF, D_PLANTED, D_HELD, D_DBX, D_COUNT };

enum {
	E_TYPE5, E_DB, E_BP, E_OF, E_PF, E_NMI, E_NOT_VALID, E_MTF, E_CPUID, E_IO, E_HLT, E_VMXON, E_INTR,
	E_EPT, E_TRIPLE, E_ENTRY_FAILED, E_UNKNOWN, E_COUNT,
};
static const char *const exit_names[] = {
	"type 5", "#DB", "#BP", "#OF", "#PF", "nmi", "0, not valid", "mtf", "cpuid", "io", "hlt", "vmxon",
	"external interrupt", "ept violation", "triple fault", "80000021", "unknown",
};
static const struct {
	u32 reason, intr_info;
} exit_facts[E_COUNT] = {
	[E_TYPE5] = { 0, 0x80000501 },  [E_DB] = { 0, 0x80000301 },
	[E_BP] = { 0, 0x80000603 },     [E_OF] = { 0, 0x80000604 },
	[E_PF] = { 0, 0x80000b0e },     [E_NMI] = { 0, 0x80000202 },
	[E_NOT_VALID] = { 0, 0x501 },   [E_MTF] = { 37, 0 },
	[E_CPUID] = { 10, 0 },          [E_IO] = { 30, 0 },
	[E_HLT] = { 12, 0 },            [E_VMXON] = { 27, 0 },
	[E_INTR] = { 1, 0 },            [E_EPT] = { 48, 0 },
	[E_TRIPLE] = { 2, 0 },          [E_ENTRY_FAILED] = { 0x80000021, 0 },
	[E_UNKNOWN] = { 200, 0 },
};

/* DR1: ours, write. DR2: the guest's, write or code; disabled: a match nobody asked for. */
enum { Q_NONE, Q_BS, Q_OUR_DATA, Q_GUEST_DATA, Q_GUEST_CODE, Q_DISABLED, Q_BD, Q_BLD, Q_RTM, Q_BS_GUEST, Q_COUNT };
static const char *const qual_names[] = {
	"none", "BS", "our data", "guest data", "guest code", "disabled", "BD", "BLD", "RTM", "BS+guest data",
};
static const u64 quals[Q_COUNT] = {
	[Q_BS] = DR6_BS, [Q_OUR_DATA] = 2, [Q_GUEST_DATA] = 4, [Q_GUEST_CODE] = 4, [Q_DISABLED] = 4,
	[Q_BD] = DR6_BD, [Q_BLD] = DR6_BLD, [Q_RTM] = DR6_RTM, [Q_BS_GUEST] = DR6_BS | 4,
};
enum { A_OTHER, A_ICEBP, A_INT3, A_COUNT };
static const char *const at_names[] = { "other", "icebp", "int3" };
static const u8 at_class[A_COUNT] = { INSN_OTHER, INSN_ICEBP, INSN_INT3 };
enum { W_SAME, W_BEHIND, W_FAR, W_COUNT };
static const char *const where_names[] = { "same rip", "behind", "far" };
enum { F_OTHER, F_ICEBP, F_JMP, F_REP, F_MOVSS, F_INTN, F_UD, F_COUNT };
static const char *const from_names[] = { "other", "icebp", "jmp", "rep", "movss", "intn", "ud2" };
static const struct insn_facts from_facts[F_COUNT] = {
	[F_OTHER] = { INSN_OTHER, 2, 0 },  [F_ICEBP] = { INSN_ICEBP, 2, INSNF_PREFIXED },
	[F_JMP] = { INSN_OTHER, 2, INSNF_BRANCH }, [F_REP] = { INSN_OTHER, 2, INSNF_REP },
	[F_MOVSS] = { INSN_MOV_SS, 2, 0 }, [F_INTN] = { INSN_INTN, 2, 0 },
	[F_UD] = { INSN_UD, 2, 0 },
};
enum { S_NONE, S_MTF, S_TF };
static const char *const step_names[] = { "free", "mtf", "tf" };

static const struct dim dims[D_COUNT] = {
	[D_EXIT] = { "exit", E_COUNT, exit_names },    [D_QUAL] = { "qual", Q_COUNT, qual_names },
	[D_AT] = { "at", A_COUNT, at_names },          [D_WHERE] = { "where", W_COUNT, where_names },
	[D_FROM] = { "from", F_COUNT, from_names },    [D_STEP] = { "step", 3, step_names },
	[D_GTF] = { "guest-tf", 2, NULL },             [D_PLANTED] = { "planted", 2, NULL },
	[D_HELD] = { "trap held", 2, NULL },           [D_DBX] = { "db-exits", 2, NULL },
};

static void attribute(const u8 *v, struct verdict *ret)
{
	static const u64 to[W_COUNT] = { 0x1000, 0x1002, 0x9000 };
	bool code = v[D_QUAL] == Q_GUEST_CODE, on = v[D_QUAL] != Q_DISABLED;
	struct boundary b = {
		.lin = 0x1000,
		.rflags = FL_FIXED | (v[D_GTF] ? FL_TF : 0),
		.pending_dbg = v[D_HELD] ? PDBG_BS : 0,
		.insn = from_facts[v[D_FROM]],
	};
	struct armed a = {
		.mtf = v[D_STEP] == S_MTF,
		.host_tf = v[D_STEP] == S_TF,
		.db_exiting = v[D_DBX],
		.bp_exiting = true,
		.host_dr7 = DR7_FIXED | DR7_G(1) | (on ? DR7_L(2) : 0) | (u64)DR_RW_RW << DR7_RW_SHIFT(1) |
			    (code ? 0 : (u64)DR_RW_WRITE << DR7_RW_SHIFT(2)),
		.host_slots = 2,
	};
	struct landing l = { .lin = to[v[D_WHERE]], .insn = { at_class[v[D_AT]], 1, 0 }, .planted = v[D_PLANTED] };
	struct vmx_evidence ev = {
		.reason = exit_facts[v[D_EXIT]].reason,
		.intr_info = exit_facts[v[D_EXIT]].intr_info,
		.qualification = quals[v[D_QUAL]],
	};

	attribute_vmx(&b, &a, &ev, &l, ret);
}

#define C(x)  CAUSE_BIT(CAUSE_##x)
#define EMPTY (V(Q_NONE) | V(Q_DISABLED))
/* Of a type 5 only B0-B3 of the qualification can mean something: section 2, "BS never". */
#define NO_BN (EMPTY | V(Q_BS) | V(Q_BD) | V(Q_BLD) | V(Q_RTM))

static u64 answer_causes(const u8 *v)
{
	struct verdict r;

	attribute(v, &r);
	return (u64)r.first << 32 | r.causes;
}

#define FIRST(first, causes) ((u64)CAUSE_##first << 32 | (causes))
#define ONLY(x)              FIRST(x, C(x))

static const struct row cause_rows[] = {
	{ "section 6: type 5, wherever RIP is",
	  { [D_EXIT] = V(E_TYPE5), [D_QUAL] = NO_BN }, ONLY(ICEBP) },
	{ "section 6: with a watchpoint a MOV SS deferred",
	  { [D_EXIT] = V(E_TYPE5),
	    [D_QUAL] = V(Q_GUEST_DATA) | V(Q_BS_GUEST) }, FIRST(ICEBP, C(ICEBP) | C(WATCH)) },
	{ "the same of ours",
	  { [D_EXIT] = V(E_TYPE5), [D_QUAL] = V(Q_OUR_DATA) }, FIRST(ICEBP, C(ICEBP) | C(UWATCH)) },
	{ "verbatim, if ever",
	  { [D_EXIT] = V(E_TYPE5), [D_QUAL] = V(Q_GUEST_CODE) }, FIRST(ICEBP, C(ICEBP) | C(HWBP)) },
	{ "section 6: never by an empty DR6, even on an F1",
	  { [D_EXIT] = V(E_DB), [D_QUAL] = EMPTY }, ONLY(EXCEPTION) },
	{ "section 2, TF", { [D_EXIT] = V(E_DB), [D_QUAL] = V(Q_BS) }, ONLY(TF) },
	{ "section 2, WATCH", { [D_EXIT] = V(E_DB), [D_QUAL] = V(Q_OUR_DATA) }, ONLY(UWATCH) },
	{ "section 2, WATCH", { [D_EXIT] = V(E_DB), [D_QUAL] = V(Q_GUEST_DATA) }, ONLY(WATCH) },
	{ "section 2, HWBP", { [D_EXIT] = V(E_DB), [D_QUAL] = V(Q_GUEST_CODE) }, ONLY(HWBP) },
	{ "section 2, GD", { [D_EXIT] = V(E_DB), [D_QUAL] = V(Q_BD) }, ONLY(GD) },
	{ "section 2, BLD", { [D_EXIT] = V(E_DB), [D_QUAL] = V(Q_BLD) }, ONLY(BLD) },
	{ "section 2, RTM", { [D_EXIT] = V(E_DB), [D_QUAL] = V(Q_RTM) }, ONLY(RTM) },
	{ "section 2: TF+WATCH",
	  { [D_EXIT] = V(E_DB), [D_QUAL] = V(Q_BS_GUEST) }, FIRST(TF, C(TF) | C(WATCH)) },
	{ "section 2, INT3", { [D_EXIT] = V(E_BP), [D_PLANTED] = NO }, ONLY(INT3) },
	{ "our own CC", { [D_EXIT] = V(E_BP), [D_PLANTED] = YES }, ONLY(BREAK) },
	{ "another exception", { [D_EXIT] = V(E_OF) | V(E_PF) }, ONLY(EXCEPTION) },
	{ "NMI exiting: our attention is called for", { [D_EXIT] = V(E_NMI) }, ONLY(INTERRUPT) },
	{ "exit 0 with nothing valid", { [D_EXIT] = V(E_NOT_VALID) }, ONLY(ERROR) },
	{ "section 2, MTF: whatever else is due stays pending",
	  { [D_EXIT] = V(E_MTF) }, ONLY(MTF) },
	{ "section 6: emulated, no stop", { [D_EXIT] = V(E_CPUID) | V(E_IO) }, FIRST(NONE, 0) },
	{ "HLT", { [D_EXIT] = V(E_HLT) }, ONLY(HLT) },
	{ "served, no stop", { [D_EXIT] = V(E_INTR) | V(E_EPT) | V(E_VMXON) }, FIRST(NONE, 0) },
	{ "SDM Triple Fault", { [D_EXIT] = V(E_TRIPLE) }, ONLY(SHUTDOWN) },
	{ "entry failed, unknown reason",
	  { [D_EXIT] = V(E_ENTRY_FAILED) | V(E_UNKNOWN) }, ONLY(ERROR) },
};

/* --- skip, what is owed, proof --- */

static u64 answer_owed(const u8 *v)
{
	struct verdict r;

	attribute(v, &r);
	if (r.proof != PROOF_SEEN)
		return ~0ull; /* a VM exit is never a deduction */
	return (u64)r.skip << 56 | (u64)r.pending << 48 | (u64)r.vector << 40 | (u64)r.type << 32 | r.guest_dr6;
}

#define OWED(skip, vector, type, dr6) \
	((u64)(SKIP_KIND_##skip) << 56 | 1ull << 48 | (u64)(vector) << 40 | (u64)(type) << 32 | (dr6))
#define SKIPPED(skip) ((u64)(SKIP_KIND_##skip) << 56)
#define DB(dr6)       OWED(NONE, 1, INTR_HARD_EXC, dr6)

static const struct row owed_rows[] = {
	{ "section 6: inner skip; DR6 gains no bit",
	  { [D_EXIT] = V(E_TYPE5),
	    [D_QUAL] = NO_BN | V(Q_OUR_DATA) }, OWED(INNER, 1, INTR_PRIV_SOFT_EXC, 0) },
	{ "section 6: but one the processor itself reported",
	  { [D_EXIT] = V(E_TYPE5),
	    [D_QUAL] = V(Q_GUEST_DATA) | V(Q_GUEST_CODE) | V(Q_BS_GUEST) }, OWED(INNER, 1, INTR_PRIV_SOFT_EXC, 4) },
	{ "nothing explains it: the guest may want it",
	  { [D_EXIT] = V(E_DB), [D_QUAL] = EMPTY }, DB(0) },
	{ "BS with no TF of ours",
	  { [D_EXIT] = V(E_DB), [D_QUAL] = V(Q_BS), [D_STEP] = V(S_NONE) | V(S_MTF) }, DB(DR6_BS) },
	{ "BS of our TF",
	  { [D_EXIT] = V(E_DB), [D_QUAL] = V(Q_BS), [D_STEP] = V(S_TF),
	    [D_GTF] = NO }, SKIPPED(NONE) },
	{ "K5: BS of both",
	  { [D_EXIT] = V(E_DB), [D_QUAL] = V(Q_BS), [D_STEP] = V(S_TF), [D_GTF] = YES,
	    [D_FROM] = NOT(V(F_MOVSS)) }, DB(DR6_BS) },
	{ "section 5: not straight behind a MOV SS",
	  { [D_EXIT] = V(E_DB), [D_QUAL] = V(Q_BS), [D_STEP] = V(S_TF), [D_GTF] = YES,
	    [D_FROM] = V(F_MOVSS), [D_WHERE] = V(W_BEHIND) }, SKIPPED(NONE) },
	{ "elsewhere",
	  { [D_EXIT] = V(E_DB), [D_QUAL] = V(Q_BS), [D_STEP] = V(S_TF), [D_GTF] = YES,
	    [D_FROM] = V(F_MOVSS), [D_WHERE] = NOT(V(W_BEHIND)) }, DB(DR6_BS) },
	{ "ours", { [D_EXIT] = V(E_DB), [D_QUAL] = V(Q_OUR_DATA) }, SKIPPED(NONE) },
	{ "the guest's",
	  { [D_EXIT] = V(E_DB), [D_QUAL] = V(Q_GUEST_DATA) | V(Q_GUEST_CODE) }, DB(4) },
	{ "GD", { [D_EXIT] = V(E_DB), [D_QUAL] = V(Q_BD) }, DB(DR6_BD) },
	{ "BLD", { [D_EXIT] = V(E_DB), [D_QUAL] = V(Q_BLD) }, DB(DR6_BLD) },
	{ "RTM", { [D_EXIT] = V(E_DB), [D_QUAL] = V(Q_RTM) }, DB(DR6_RTM) },
	{ "BS and the guest's",
	  { [D_EXIT] = V(E_DB), [D_QUAL] = V(Q_BS_GUEST),
	    [D_STEP] = V(S_NONE) | V(S_MTF) }, DB(DR6_BS | 4) },
	{ "our BS and the guest's",
	  { [D_EXIT] = V(E_DB), [D_QUAL] = V(Q_BS_GUEST), [D_STEP] = V(S_TF),
	    [D_GTF] = NO }, DB(4) },
	{ "both BS and the guest's",
	  { [D_EXIT] = V(E_DB), [D_QUAL] = V(Q_BS_GUEST), [D_STEP] = V(S_TF), [D_GTF] = YES,
	    [D_FROM] = NOT(V(F_MOVSS)) }, DB(DR6_BS | 4) },
	{ "straight behind a MOV SS",
	  { [D_EXIT] = V(E_DB), [D_QUAL] = V(Q_BS_GUEST), [D_STEP] = V(S_TF), [D_GTF] = YES,
	    [D_FROM] = V(F_MOVSS), [D_WHERE] = V(W_BEHIND) }, DB(4) },
	{ "elsewhere",
	  { [D_EXIT] = V(E_DB), [D_QUAL] = V(Q_BS_GUEST), [D_STEP] = V(S_TF), [D_GTF] = YES,
	    [D_FROM] = V(F_MOVSS), [D_WHERE] = NOT(V(W_BEHIND)) }, DB(DR6_BS | 4) },
	{ "section 2, INT3: type 6",
	  { [D_EXIT] = V(E_BP), [D_PLANTED] = NO }, OWED(INNER, 3, INTR_SOFT_EXC, 0) },
	{ "our own CC", { [D_EXIT] = V(E_BP), [D_PLANTED] = YES }, SKIPPED(NONE) },
	{ "INTO", { [D_EXIT] = V(E_OF) }, OWED(NONE, 4, INTR_SOFT_EXC, 0) },
	{ "#PF", { [D_EXIT] = V(E_PF) }, OWED(NONE, 14, INTR_HARD_EXC, 0) },
	{ "section 6: outer skip of what was emulated",
	  { [D_EXIT] = V(E_CPUID) | V(E_IO) | V(E_HLT) }, SKIPPED(OUTER) },
	{ "nothing",
	  { [D_EXIT] = V(E_NMI) | V(E_NOT_VALID) | V(E_MTF) | V(E_VMXON) | V(E_INTR) | V(E_EPT) | V(E_TRIPLE) | V(E_ENTRY_FAILED) | V(E_UNKNOWN) }, SKIPPED(NONE) },
};

/* --- retired at an MTF exit: the engine sees every boundary --- */

enum { UNKNOWN = 3, NONE = 0, ONE = 1 };

static u64 answer_retired(const u8 *v)
{
	struct verdict r;

	attribute(v, &r);
	if (v[D_EXIT] != E_MTF || v[D_STEP] != S_MTF)
		return NONE; /* not this table's question */
	return r.retired < 0 ? UNKNOWN : r.retired;
}

#define MTF_STEP [D_EXIT] = V(E_MTF), [D_STEP] = V(S_MTF)
static const struct row mtf_retired_rows[] = {
	{ "other exits", { [D_EXIT] = NOT(V(E_MTF)) }, NONE },
	{ "other ways to step", { [D_EXIT] = V(E_MTF), [D_STEP] = NOT(V(S_MTF)) }, NONE },
	{ "section 4.5: after it retires",
	  { MTF_STEP, [D_FROM] = V(F_OTHER) | V(F_MOVSS) | V(F_REP),
	    [D_WHERE] = V(W_BEHIND) }, ONE },
	{ "section 4.5: after its fault, or the delivery that came first",
	  { MTF_STEP, [D_FROM] = V(F_OTHER) | V(F_MOVSS) | V(F_REP), [D_WHERE] = V(W_FAR) }, NONE },
	{ "section 4.5: delivered back to itself",
	  { MTF_STEP, [D_FROM] = V(F_OTHER) | V(F_MOVSS), [D_WHERE] = V(W_SAME) }, NONE },
	{ "section 4.4: after the first iteration",
	  { MTF_STEP, [D_FROM] = V(F_REP), [D_WHERE] = V(W_SAME) }, NONE },
	{ "a branch goes anywhere",
	  { MTF_STEP, [D_FROM] = V(F_JMP), [D_WHERE] = NOT(V(W_SAME)) }, ONE },
	{ "a branch to itself",
	  { MTF_STEP, [D_FROM] = V(F_JMP), [D_WHERE] = V(W_SAME), [D_HELD] = NO }, ONE },
	{ "SDM Priority: the trap held here was delivered first",
	  { MTF_STEP, [D_FROM] = V(F_JMP), [D_WHERE] = V(W_SAME), [D_HELD] = YES }, NONE },
	{ "section 4.5: after the delivery of a software event",
	  { MTF_STEP, [D_FROM] = V(F_INTN) | V(F_ICEBP) }, ONE },
	{ "section 4.5: after its fault", { MTF_STEP, [D_FROM] = V(F_UD) }, NONE },
};

/* What RIP is on is not done at the exit; a step that was not seen is not counted. */
static u64 answer_fault(const u8 *v)
{
	struct verdict r;

	attribute(v, &r);
	if (v[D_EXIT] != E_TYPE5 && v[D_EXIT] != E_BP && v[D_EXIT] != E_NMI && v[D_EXIT] != E_PF)
		return NONE;
	return r.retired < 0 ? UNKNOWN : r.retired;
}

#define ON_IT_EXITS (V(E_TYPE5) | V(E_BP) | V(E_NMI) | V(E_PF))
#define ON_IT       [D_EXIT] = ON_IT_EXITS
static const struct row fault_retired_rows[] = {
	{ "other exits", { [D_EXIT] = NOT(ON_IT_EXITS) }, NONE },
	{ "stepping: RIP is on it",
	  { ON_IT, [D_STEP] = NOT(V(S_NONE)), [D_WHERE] = V(W_SAME) }, NONE },
	{ "free run, moved", { ON_IT, [D_WHERE] = NOT(V(W_SAME)) }, UNKNOWN },
	{ "free run, and the instruction there cannot be passed",
	  { ON_IT, [D_STEP] = V(S_NONE), [D_WHERE] = V(W_SAME),
	    [D_FROM] = V(F_ICEBP) | V(F_INTN) | V(F_UD) }, NONE },
	{ "free run, back where it was",
	  { ON_IT, [D_STEP] = V(S_NONE), [D_WHERE] = V(W_SAME),
	    [D_FROM] = V(F_OTHER) | V(F_JMP) | V(F_REP) | V(F_MOVSS) }, UNKNOWN },
};

/* Every instruction exit of the SDM's list wants the outer skip; nothing else does. */
static void check_instruction_exits(void)
{
	static const u8 outer[] = { 10, 12, 13, 14, 15, 16, 18, 28, 29, 30, 31, 32, 36, 39, 40, 46, 47, 51, 54, 55, 57, 58, 61 };
	static const u8 served[] = { 1, 7, 8, 9, 11, 19, 20, 21, 22, 23, 24, 25, 26, 27, 43, 44, 48, 50, 52, 53, 59 };
	struct boundary b = { .lin = 0x1000, .insn = { INSN_OTHER, 2, 0 } };
	struct armed a = { .mtf = true };
	struct landing l = { .lin = 0x1000 };

	for (unsigned reason = 0; reason < 80; reason++) {
		struct vmx_evidence ev = { .reason = reason };
		bool wants_outer = memchr(outer, reason, sizeof(outer));
		bool silent = wants_outer ? reason != 12 : !!memchr(served, reason, sizeof(served));
		struct verdict r;

		attribute_vmx(&b, &a, &ev, &l, &r);
		tap_eq(r.skip, wants_outer ? SKIP_KIND_OUTER : SKIP_KIND_NONE, "exit %u: the skip", reason);
		tap_eq(r.causes == 0, silent, "exit %u: a stop or not", reason);
	}
}

int main(void)
{
	TABLE_CHECK("causes", dims, cause_rows, answer_causes);
	TABLE_CHECK("owed", dims, owed_rows, answer_owed);
	TABLE_CHECK("mtf retired", dims, mtf_retired_rows, answer_retired);
	TABLE_CHECK("fault retired", dims, fault_retired_rows, answer_fault);
	check_instruction_exits();
	return tap_done();
}
