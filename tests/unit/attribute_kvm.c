/*
 * attribute_kvm.c - what each return of KVM_RUN is taken for, for every combination of report, DR6
 * bits, place, instruction and owner of TF. The tables follow the causes (section 2), the inner skip
 * (6), KVM's departures (7: K1, K4, K5, K8, K16, K18) and the software flavour (11).
 */
#include <linux/kvm.h>

#include "sem_table.h"

enum { D_REP, D_DR6, D_AT, D_WHERE, D_FROM, D_HTF, D_GTF, D_PLANTED, D_EMUL, D_COUNT };

/* Reports. IO and MMIO come as they are, completed with EINTR, or completed with a debug exit. */
enum {
	R_DB, R_BP, R_IO, R_IO_INTR, R_IO_DB, R_MMIO, R_MMIO_INTR, R_MMIO_DB, R_HLT, R_SHUTDOWN, R_INTR,
	R_FAIL_ENTRY, R_EMULATION, R_INTERNAL, R_SERVICE, R_UNKNOWN, R_COUNT,
};
static const char *const report_names[] = {
	"db", "bp", "io", "io/eintr", "io/debug", "mmio", "mmio/eintr", "mmio/debug", "hlt", "shutdown",
	"eintr", "fail-entry", "internal/emulation", "internal/other", "irq-window", "unknown",
};
/* DR0: ours, code. DR1: ours, write. DR2: the guest's, write (or its code breakpoint). DR3: ours,
 * internal. DISABLED: a match of a breakpoint nobody enabled. */
enum {
	B_NONE, B_BS, B_OUR_CODE, B_OUR_DATA, B_INTERNAL, B_GUEST_DATA, B_GUEST_CODE, B_GUEST_IO, B_DISABLED,
	B_BD, B_BT, B_BS_DATA, B_COUNT,
};
static const char *const bit_names[] = {
	"none", "BS", "our code", "our data", "internal", "guest data", "guest code", "guest io", "disabled",
	"BD", "BT", "BS+our data",
};
enum { A_OTHER, A_ICEBP, A_INT3, A_INTN, A_COUNT };
static const char *const at_names[] = { "other", "icebp", "int3", "intn" };
enum { W_SAME, W_BEHIND, W_PAIR, W_FAR, W_COUNT };
static const char *const where_names[] = { "same rip", "behind", "one more behind", "far" };
enum { F_OTHER, F_ICEBP, F_JMP, F_REP, F_MOVSS, F_SYSCALL_MASKED, F_COUNT };
static const char *const from_names[] = { "other", "icebp", "jmp", "rep", "movss", "syscall/fmask.tf" };

static const struct dim dims[D_COUNT] = {
	[D_REP] = { "report", R_COUNT, report_names }, [D_DR6] = { "dr6", B_COUNT, bit_names },
	[D_AT] = { "at", A_COUNT, at_names },          [D_WHERE] = { "where", W_COUNT, where_names },
	[D_FROM] = { "from", F_COUNT, from_names },    [D_HTF] = { "host-tf", 2, NULL },
	[D_GTF] = { "guest-tf", 2, NULL },             [D_PLANTED] = { "planted", 2, NULL },
	[D_EMUL] = { "flavour", 2, NULL },
};

static const struct insn_facts from_facts[F_COUNT] = {
	[F_OTHER] = { INSN_OTHER, 2, 0 },
	[F_ICEBP] = { INSN_ICEBP, 2, INSNF_PREFIXED },
	[F_JMP] = { INSN_OTHER, 2, INSNF_BRANCH },
	[F_REP] = { INSN_OTHER, 2, INSNF_REP },
	[F_MOVSS] = { INSN_MOV_SS, 2, 0 },
	[F_SYSCALL_MASKED] = { INSN_SYSCALL, 2, 0 },
};
static const u8 at_class[A_COUNT] = { INSN_OTHER, INSN_ICEBP, INSN_INT3, INSN_INTN };

static void evidence_fill(unsigned rep, unsigned bits, struct kvm_evidence *ev)
{
	static const struct {
		u32 reason, exception, suberror;
		u8 completed;
	} rep_facts[R_COUNT] = {
		[R_DB] = { KVM_EXIT_DEBUG, 1, 0, 0 },
		[R_BP] = { KVM_EXIT_DEBUG, 3, 0, 0 },
		[R_IO] = { KVM_EXIT_IO, 0, 0, 0 },
		[R_IO_INTR] = { KVM_EXIT_IO, 0, 0, 1 },
		[R_IO_DB] = { KVM_EXIT_IO, 1, 0, 2 },
		[R_MMIO] = { KVM_EXIT_MMIO, 0, 0, 0 },
		[R_MMIO_INTR] = { KVM_EXIT_MMIO, 0, 0, 1 },
		[R_MMIO_DB] = { KVM_EXIT_MMIO, 1, 0, 2 },
		[R_HLT] = { KVM_EXIT_HLT, 0, 0, 0 },
		[R_SHUTDOWN] = { KVM_EXIT_SHUTDOWN, 0, 0, 0 },
		[R_INTR] = { KVM_EXIT_INTR, 0, 0, 0 },
		[R_FAIL_ENTRY] = { KVM_EXIT_FAIL_ENTRY, 0, 0, 0 },
		[R_EMULATION] = { KVM_EXIT_INTERNAL_ERROR, 0, KVM_INTERNAL_ERROR_EMULATION, 0 },
		[R_INTERNAL] = { KVM_EXIT_INTERNAL_ERROR, 0, KVM_INTERNAL_ERROR_SIMUL_EX, 0 },
		[R_SERVICE] = { KVM_EXIT_IRQ_WINDOW_OPEN, 0, 0, 0 },
		[R_UNKNOWN] = { KVM_EXIT_UNKNOWN, 0, 0, 0 },
	};
	static const u64 dr6[B_COUNT] = {
		[B_BS] = DR6_BS,         [B_OUR_CODE] = 1,   [B_OUR_DATA] = 2, [B_INTERNAL] = 8,
		[B_GUEST_DATA] = 4,      [B_GUEST_CODE] = 4, [B_GUEST_IO] = 4, [B_DISABLED] = 4,
		[B_BD] = DR6_BD,         [B_BT] = DR6_BT,    [B_BS_DATA] = DR6_BS | 2,
	};

	*ev = (struct kvm_evidence){
		.reason = rep_facts[rep].reason,
		.exception = rep_facts[rep].exception,
		.suberror = rep_facts[rep].suberror,
		.completed = rep_facts[rep].completed,
		.dr6 = DR6_INIT | dr6[bits], /* KVM's polarity: K18 */
		.dr7 = DR7_FIXED,
	};
}

static void attribute(const u8 *v, struct verdict *ret)
{
	static const u64 to[W_COUNT] = { 0x1000, 0x1002, 0x1005, 0x9000 };
	static const u8 guest_rw[B_COUNT] = { [B_GUEST_DATA] = DR_RW_WRITE, [B_GUEST_CODE] = DR_RW_EXEC,
					      [B_GUEST_IO] = DR_RW_IO };
	bool guest_on = v[D_DR6] != B_DISABLED;
	struct boundary b = {
		.lin = 0x1000,
		.rflags = FL_FIXED | (v[D_GTF] ? FL_TF : 0),
		.fmask_tf = true,
		.insn = from_facts[v[D_FROM]],
	};
	struct armed a = {
		.host_tf = v[D_HTF],
		.sw_bp = true,
		.db_exiting = true,
		.bp_exiting = true,
		.host_dr7 = DR7_FIXED | DR7_G(0) | DR7_G(1) | DR7_G(3) | (guest_on ? DR7_L(2) : 0) |
			    (u64)DR_RW_WRITE << DR7_RW_SHIFT(1) | (u64)guest_rw[v[D_DR6]] << DR7_RW_SHIFT(2),
		.host_slots = 0xb,
		.internal_slots = 0x8,
	};
	struct landing l = {
		.lin = to[v[D_WHERE]],
		.insn = { at_class[v[D_AT]], 1, 0 },
		.vector = 0x80,
		.planted = v[D_PLANTED],
		.armed_emulated = v[D_EMUL],
	};
	struct kvm_evidence ev;

	evidence_fill(v[D_REP], v[D_DR6], &ev);
	attribute_kvm(&b, &a, &ev, &l, ret);
}

/* --- groups --- */

#define DBS       (V(R_DB) | V(R_IO_DB) | V(R_MMIO_DB)) /* reports that carry a #DB */
#define NOT_DBS   NOT(DBS)
#define EMPTY     (V(B_NONE) | V(B_DISABLED))
#define DATA_ONLY (V(B_OUR_DATA) | V(B_GUEST_DATA))
#define NO_DATA   NOT(EMPTY | DATA_ONLY)
#define RAN       (V(W_BEHIND) | V(W_PAIR) | V(W_FAR))
#define AT_F1     [D_AT] = V(A_ICEBP)
#define NOT_F1    [D_AT] = NOT(V(A_ICEBP))

/*
 * When is a #DB an ICEBP? One set of rows for two questions. Free run or stepping, RIP on an F1:
 *  - no bit counts: ICEBP (K1), while stepping only if RIP has not moved (K18);
 *  - only a watchpoint: ICEBP with one deferred by MOV SS, if we resumed on that very F1 (section 6).
 */
#define ROWS_ICEBP(yes, no) \
	{ "K1: nothing counts, stepping, RIP still on the F1", \
	  { [D_REP] = DBS, [D_DR6] = EMPTY, AT_F1, [D_HTF] = YES, [D_WHERE] = V(W_SAME) }, yes }, \
	{ "K18: RIP has moved while stepping", \
	  { [D_REP] = DBS, [D_DR6] = EMPTY, AT_F1, [D_HTF] = YES, [D_WHERE] = RAN }, no }, \
	{ "K1: nothing counts, free run", \
	  { [D_REP] = DBS, [D_DR6] = EMPTY, AT_F1, [D_HTF] = NO }, yes }, \
	{ "section 2: not on an F1", \
	  { [D_REP] = DBS, [D_DR6] = EMPTY, NOT_F1 }, no }, \
	{ "section 6: a watchpoint deferred to the F1", \
	  { [D_REP] = DBS, [D_DR6] = DATA_ONLY, AT_F1, [D_WHERE] = V(W_SAME), [D_FROM] = V(F_ICEBP) }, yes }, \
	{ "section 2, WATCH: a trap before the F1 behind it", \
	  { [D_REP] = DBS, [D_DR6] = DATA_ONLY, AT_F1, [D_WHERE] = V(W_SAME), [D_FROM] = NOT(V(F_ICEBP)) }, no }, \
	{ "section 2, WATCH: a trap before the F1 behind it", \
	  { [D_REP] = DBS, [D_DR6] = DATA_ONLY, AT_F1, [D_WHERE] = RAN }, no }, \
	{ "section 2, WATCH, no F1", \
	  { [D_REP] = DBS, [D_DR6] = DATA_ONLY, NOT_F1 }, no }, \
	{ "section 2: BS, BD, BT, a code breakpoint: no ICEBP", \
	  { [D_REP] = DBS, [D_DR6] = NO_DATA }, no }

/* K16: which internal errors are an instruction the flavour leaves to us. */
#define ROWS_INTERNAL(icebp, int3, intn, other) \
	{ "K16: F1", \
	  { [D_REP] = V(R_EMULATION), [D_EMUL] = YES, [D_AT] = V(A_ICEBP) }, icebp }, \
	{ "K16: CC, the guest's", \
	  { [D_REP] = V(R_EMULATION), [D_EMUL] = YES, [D_AT] = V(A_INT3), \
	    [D_PLANTED] = NO }, int3 }, \
	{ "K16: CD n", \
	  { [D_REP] = V(R_EMULATION), [D_EMUL] = YES, [D_AT] = V(A_INTN) }, intn }, \
	{ "K16: anything else", \
	  { [D_REP] = V(R_EMULATION), [D_EMUL] = YES, [D_AT] = V(A_OTHER) }, other }, \
	{ "another KVM's emulation error", \
	  { [D_REP] = V(R_EMULATION), [D_EMUL] = NO }, other }, \
	{ "another internal error", { [D_REP] = V(R_INTERNAL) }, other }

/* --- is it an ICEBP: the inner skip, type 5, deduced --- */

static u64 answer_icebp(const u8 *v)
{
	struct verdict r;

	attribute(v, &r);
	return (r.causes & CAUSE_BIT(CAUSE_ICEBP)) && r.first == CAUSE_ICEBP && r.skip == SKIP_KIND_INNER &&
	       r.pending && r.vector == 1 && r.type == INTR_PRIV_SOFT_EXC && r.proof == PROOF_DEDUCED &&
	       !(r.guest_dr6 & ~DR6_BN);
}

static const struct row icebp_rows[] = {
	ROWS_ICEBP(1, 0),
	ROWS_INTERNAL(1, 0, 0, 0),
	{ "K16: our own CC",
	  { [D_REP] = V(R_EMULATION), [D_EMUL] = YES, [D_AT] = V(A_INT3), [D_PLANTED] = YES }, 0 },
	{ "no #DB", { [D_REP] = NOT(DBS | V(R_EMULATION) | V(R_INTERNAL)) }, 0 },
};

/* --- a #DB nothing explains --- */

static u64 answer_unknown(const u8 *v)
{
	struct verdict r;

	attribute(v, &r);
	return r.unknown_db && r.causes == CAUSE_BIT(CAUSE_EXCEPTION) && r.skip == SKIP_KIND_NONE && r.pending &&
	       r.vector == 1 && r.type == INTR_HARD_EXC;
}

static const struct row unknown_rows[] = {
	{ "K18: BLD and RTM look empty", { [D_REP] = DBS, [D_DR6] = EMPTY, NOT_F1 }, 1 },
	{ "K18: and with an F1 next, RIP has moved",
	  { [D_REP] = DBS, [D_DR6] = EMPTY, AT_F1, [D_HTF] = YES, [D_WHERE] = RAN }, 1 },
	{ "K1",
	  { [D_REP] = DBS, [D_DR6] = EMPTY, AT_F1, [D_HTF] = YES, [D_WHERE] = V(W_SAME) }, 0 },
	{ "K1, free run", { [D_REP] = DBS, [D_DR6] = EMPTY, AT_F1, [D_HTF] = NO }, 0 },
	{ "a bit explains it", { [D_REP] = DBS, [D_DR6] = NOT(EMPTY) }, 0 },
	{ "no #DB", { [D_REP] = NOT_DBS }, 0 },
};

/* --- the causes, ICEBP and unknown aside --- */

#define C(x) CAUSE_BIT(CAUSE_##x)

static u64 answer_causes(const u8 *v)
{
	struct verdict r;

	attribute(v, &r);
	return r.causes & ~C(ICEBP);
}

static const struct row cause_rows[] = {
	{ "section 2: #DB with nothing that counts, F1, stepping",
	  { [D_REP] = DBS, [D_DR6] = EMPTY, AT_F1, [D_HTF] = YES, [D_WHERE] = V(W_SAME) }, 0 },
	{ "section 2: #DB with nothing that counts, F1, free run",
	  { [D_REP] = DBS, [D_DR6] = EMPTY, AT_F1, [D_HTF] = NO }, 0 },
	{ "K18",
	  { [D_REP] = DBS, [D_DR6] = EMPTY, AT_F1, [D_HTF] = YES, [D_WHERE] = RAN }, C(EXCEPTION) },
	{ "K18", { [D_REP] = DBS, [D_DR6] = EMPTY, NOT_F1 }, C(EXCEPTION) },
	{ "section 2, TF", { [D_REP] = DBS, [D_DR6] = V(B_BS) }, C(TF) },
	{ "section 9: the debugger's own point",
	  { [D_REP] = DBS, [D_DR6] = V(B_OUR_CODE) }, C(BREAK) },
	{ "section 9: the debugger's own point",
	  { [D_REP] = DBS, [D_DR6] = V(B_OUR_DATA) }, C(UWATCH) },
	{ "section 9: internal points are never shown",
	  { [D_REP] = DBS, [D_DR6] = V(B_INTERNAL) }, 0 },
	{ "section 2, WATCH", { [D_REP] = DBS, [D_DR6] = V(B_GUEST_DATA) }, C(WATCH) },
	{ "section 2, HWBP", { [D_REP] = DBS, [D_DR6] = V(B_GUEST_CODE) }, C(HWBP) },
	{ "section 2, IOBP", { [D_REP] = DBS, [D_DR6] = V(B_GUEST_IO) }, C(IOBP) },
	{ "section 2, GD", { [D_REP] = DBS, [D_DR6] = V(B_BD) }, C(GD) },
	{ "section 2, TBIT", { [D_REP] = DBS, [D_DR6] = V(B_BT) }, C(TBIT) },
	{ "section 2: several in one #DB",
	  { [D_REP] = DBS, [D_DR6] = V(B_BS_DATA) }, C(TF) | C(UWATCH) },
	{ "section 2, INT3", { [D_REP] = V(R_BP), [D_PLANTED] = NO }, C(INT3) },
	{ "section 9: our own CC", { [D_REP] = V(R_BP), [D_PLANTED] = YES }, C(BREAK) },
	{ "a device access is no stop", { [D_REP] = V(R_IO) | V(R_MMIO) }, 0 },
	{ "K4: the one stop", { [D_REP] = V(R_IO_INTR), [D_HTF] = YES }, C(IO) },
	{ "K4: the one stop", { [D_REP] = V(R_MMIO_INTR), [D_HTF] = YES }, C(MMIO) },
	{ "free run: no stop", { [D_REP] = V(R_IO_INTR) | V(R_MMIO_INTR), [D_HTF] = NO }, 0 },
	{ "K4, HLT", { [D_REP] = V(R_HLT) }, C(HLT) },
	{ "triple fault", { [D_REP] = V(R_SHUTDOWN) }, C(SHUTDOWN) },
	{ "Ctrl-C", { [D_REP] = V(R_INTR) }, C(INTERRUPT) },
	{ "entry failed", { [D_REP] = V(R_FAIL_ENTRY) | V(R_UNKNOWN) }, C(ERROR) },
	ROWS_INTERNAL(0, C(INT3), 0, C(ERROR)),
	{ "K16: our own CC",
	  { [D_REP] = V(R_EMULATION), [D_EMUL] = YES, [D_AT] = V(A_INT3),
	    [D_PLANTED] = YES }, C(BREAK) },
	{ "KVM's own business", { [D_REP] = V(R_SERVICE) }, 0 },
};

/* --- what the guest is owed, ICEBP aside: 0 or vector, type, DR6 bits --- */

#define OWED(vector, type, dr6) (1ull << 40 | (u64)(vector) << 32 | (u64)(type) << 28 | (dr6))
#define DB_OWED(dr6)            OWED(1, INTR_HARD_EXC, dr6)

static u64 answer_owed(const u8 *v)
{
	struct verdict r;

	attribute(v, &r);
	if (!r.pending || r.type == INTR_PRIV_SOFT_EXC)
		return r.pending ? 0 : (u64)r.vector << 32 | r.guest_dr6;
	return OWED(r.vector, r.type, r.guest_dr6);
}

/* The guest's own TF trap, where its TF is on: not directly behind a MOV SS, nor where SYSCALL drops it. */
#define GUEST_TRAPS(reports, bits, yes, no) \
	{ "K5: the guest owns no TF", \
	  { reports, bits, [D_HTF] = YES, [D_GTF] = NO }, no }, \
	{ "K5: the guest's own TF traps as well", \
	  { reports, bits, [D_HTF] = YES, [D_GTF] = YES, [D_FROM] = NOT(V(F_MOVSS) | V(F_SYSCALL_MASKED)) }, yes }, \
	{ "section 5: MOV SS discards it; this KVM stops there all the same (section 11)", \
	  { reports, bits, [D_HTF] = YES, [D_GTF] = YES, [D_FROM] = V(F_MOVSS), [D_WHERE] = V(W_BEHIND) }, no }, \
	{ "section 5: behind the pair it is due", \
	  { reports, bits, [D_HTF] = YES, [D_GTF] = YES, [D_FROM] = V(F_MOVSS), [D_WHERE] = NOT(V(W_BEHIND)) }, yes }, \
	{ "section 5: SYSCALL is judged on the resulting TF", \
	  { reports, bits, [D_HTF] = YES, [D_GTF] = YES, [D_FROM] = V(F_SYSCALL_MASKED) }, no }

static const struct row owed_rows[] = {
	{ "ICEBP has its own table",
	  { [D_REP] = DBS, [D_DR6] = EMPTY, AT_F1, [D_HTF] = YES, [D_WHERE] = V(W_SAME) }, 0 },
	{ "ICEBP has its own table", { [D_REP] = DBS, [D_DR6] = EMPTY, AT_F1, [D_HTF] = NO }, 0 },
	{ "unknown: the guest may want it",
	  { [D_REP] = DBS, [D_DR6] = EMPTY, AT_F1, [D_HTF] = YES, [D_WHERE] = RAN }, DB_OWED(0) },
	{ "unknown: the guest may want it",
	  { [D_REP] = DBS, [D_DR6] = EMPTY, NOT_F1 }, DB_OWED(0) },
	{ "BS without a TF of ours is the guest's",
	  { [D_REP] = DBS, [D_DR6] = V(B_BS) | V(B_BS_DATA), [D_HTF] = NO }, DB_OWED(DR6_BS) },
	GUEST_TRAPS([D_REP] = DBS, [D_DR6] = V(B_BS) | V(B_BS_DATA), DB_OWED(DR6_BS), 0),
	{ "ours", { [D_REP] = DBS, [D_DR6] = V(B_OUR_CODE) | V(B_INTERNAL) }, 0 },
	{ "ours", { [D_REP] = DBS, [D_DR6] = V(B_OUR_DATA) }, 0 },
	{ "ICEBP with it has its own table",
	  { [D_REP] = DBS, [D_DR6] = V(B_GUEST_DATA), AT_F1, [D_WHERE] = V(W_SAME),
	    [D_FROM] = V(F_ICEBP) }, 0 },
	{ "K8: the guest's, merged in",
	  { [D_REP] = DBS, [D_DR6] = V(B_GUEST_DATA), AT_F1, [D_WHERE] = V(W_SAME),
	    [D_FROM] = NOT(V(F_ICEBP)) }, DB_OWED(4) },
	{ "K8: the guest's, merged in",
	  { [D_REP] = DBS, [D_DR6] = V(B_GUEST_DATA), AT_F1, [D_WHERE] = RAN }, DB_OWED(4) },
	{ "K8: the guest's, merged in",
	  { [D_REP] = DBS, [D_DR6] = V(B_GUEST_DATA), NOT_F1 }, DB_OWED(4) },
	{ "K8: the guest's, merged in",
	  { [D_REP] = DBS, [D_DR6] = V(B_GUEST_CODE) | V(B_GUEST_IO) }, DB_OWED(4) },
	{ "section 2, GD", { [D_REP] = DBS, [D_DR6] = V(B_BD) }, DB_OWED(DR6_BD) },
	{ "section 2, TBIT", { [D_REP] = DBS, [D_DR6] = V(B_BT) }, DB_OWED(DR6_BT) },
	{ "section 2, INT3: type 6",
	  { [D_REP] = V(R_BP), [D_PLANTED] = NO }, OWED(3, INTR_SOFT_EXC, 0) },
	{ "our own CC", { [D_REP] = V(R_BP), [D_PLANTED] = YES }, 0 },
	{ "nothing",
	  { [D_REP] = V(R_IO) | V(R_MMIO) | V(R_SHUTDOWN) | V(R_INTR) | V(R_FAIL_ENTRY) | V(R_SERVICE) | V(R_UNKNOWN) }, 0 },
	{ "K4, free run", { [D_REP] = V(R_IO_INTR) | V(R_MMIO_INTR) | V(R_HLT), [D_HTF] = NO }, 0 },
	GUEST_TRAPS([D_REP] = V(R_IO_INTR) | V(R_MMIO_INTR) | V(R_HLT), [D_DR6] = 0, DB_OWED(DR6_BS), 0),
	ROWS_INTERNAL(0, OWED(3, INTR_SOFT_EXC, 0), OWED(0x80, INTR_SOFT_INT, 0), 0),
	{ "K16: our own CC",
	  { [D_REP] = V(R_EMULATION), [D_EMUL] = YES, [D_AT] = V(A_INT3), [D_PLANTED] = YES }, 0 },
};

/* --- skip and proof, ICEBP aside --- */

static u64 answer_skip(const u8 *v)
{
	struct verdict r;

	attribute(v, &r);
	return r.causes & C(ICEBP) ? 0 : r.skip << 4 | r.proof;
}

#define SKIP(kind, proof) ((kind) << 4 | (proof))
static const struct row skip_rows[] = {
	{ "seen, nothing to skip", { [D_REP] = NOT(V(R_BP) | V(R_EMULATION)) }, 0 },
	{ "section 9: INT3 is a stop behind the CC",
	  { [D_REP] = V(R_BP), [D_PLANTED] = NO }, SKIP(SKIP_KIND_INNER, PROOF_SEEN) },
	{ "our own CC: RIP is the instruction under it",
	  { [D_REP] = V(R_BP), [D_PLANTED] = YES }, 0 },
	{ "ICEBP has its own table", { [D_REP] = V(R_EMULATION), [D_AT] = V(A_ICEBP) }, 0 },
	{ "K16",
	  { [D_REP] = V(R_EMULATION), [D_AT] = V(A_INT3), [D_EMUL] = YES,
	    [D_PLANTED] = NO }, SKIP(SKIP_KIND_INNER, PROOF_DEDUCED) },
	{ "K16",
	  { [D_REP] = V(R_EMULATION), [D_AT] = V(A_INT3), [D_EMUL] = YES,
	    [D_PLANTED] = YES }, SKIP(SKIP_KIND_NONE, PROOF_DEDUCED) },
	{ "K16: delivery moves RIP",
	  { [D_REP] = V(R_EMULATION), [D_AT] = V(A_INTN),
	    [D_EMUL] = YES }, SKIP(SKIP_KIND_NONE, PROOF_DEDUCED) },
	{ "an error is an error",
	  { [D_REP] = V(R_EMULATION), [D_AT] = V(A_INT3) | V(A_INTN), [D_EMUL] = NO }, 0 },
	{ "an error is an error", { [D_REP] = V(R_EMULATION), [D_AT] = V(A_OTHER) }, 0 },
};

/* --- whose point, whose TF --- */

static u64 answer_hits(const u8 *v)
{
	struct verdict r;

	attribute(v, &r);
	return r.host_hits | r.internal_hits << 4 | r.guest_hits << 8 | r.planted_hit << 12 | r.host_tf_trap << 13;
}

static const struct row hit_rows[] = {
	{ "no hit", { [D_REP] = DBS, [D_DR6] = EMPTY | V(B_BD) | V(B_BT) }, 0 },
	{ "ours", { [D_REP] = DBS, [D_DR6] = V(B_OUR_CODE) }, 0x001 },
	{ "ours", { [D_REP] = DBS, [D_DR6] = V(B_OUR_DATA) }, 0x002 },
	{ "internal", { [D_REP] = DBS, [D_DR6] = V(B_INTERNAL) }, 0x080 },
	{ "guest's",
	  { [D_REP] = DBS, [D_DR6] = V(B_GUEST_DATA) | V(B_GUEST_CODE) | V(B_GUEST_IO) }, 0x400 },
	{ "BS is ours if we set TF", { [D_REP] = DBS, [D_DR6] = V(B_BS), [D_HTF] = YES }, 0x2000 },
	{ "BS without", { [D_REP] = DBS, [D_DR6] = V(B_BS), [D_HTF] = NO }, 0 },
	{ "both", { [D_REP] = DBS, [D_DR6] = V(B_BS_DATA), [D_HTF] = YES }, 0x2002 },
	{ "both", { [D_REP] = DBS, [D_DR6] = V(B_BS_DATA), [D_HTF] = NO }, 0x0002 },
	{ "planted", { [D_REP] = V(R_BP), [D_PLANTED] = YES }, 0x1000 },
	{ "not planted", { [D_REP] = V(R_BP), [D_PLANTED] = NO }, 0 },
	{ "planted, K16",
	  { [D_REP] = V(R_EMULATION), [D_EMUL] = YES, [D_AT] = V(A_INT3),
	    [D_PLANTED] = YES }, 0x1000 },
	{ "not planted, K16",
	  { [D_REP] = V(R_EMULATION), [D_EMUL] = YES, [D_AT] = V(A_INT3), [D_PLANTED] = NO }, 0 },
	{ "not a CC", { [D_REP] = V(R_EMULATION), [D_EMUL] = YES, [D_AT] = NOT(V(A_INT3)) }, 0 },
	{ "not this flavour", { [D_REP] = V(R_EMULATION), [D_EMUL] = NO }, 0 },
	{ "no hit", { [D_REP] = NOT(DBS | V(R_BP) | V(R_EMULATION)) }, 0 },
};

/* --- retired, of what is not an ICEBP (its rows are the fault's: RIP on it) --- */

enum { UNKNOWN = 3, NONE = 0, ONE = 1, TWO = 2 };

static u64 answer_retired(const u8 *v)
{
	struct verdict r;

	attribute(v, &r);
	return r.retired < 0 ? UNKNOWN : r.retired;
}

#define TRAPS    (V(B_BS) | V(B_BS_DATA) | V(B_OUR_DATA) | V(B_GUEST_DATA) | V(B_GUEST_IO) | V(B_BT))
#define FAULTS   (V(B_OUR_CODE) | V(B_GUEST_CODE) | V(B_BD) | V(B_INTERNAL))
#define DATA_F1  V(B_OUR_DATA) | V(B_GUEST_DATA)
/* Where a REP or a pair does not interfere: the instruction went where it can go by itself. */
static const struct row retired_rows[] = {
	/* traps while stepping */
	{ "free run: cannot tell",
	  { [D_REP] = DBS, [D_DR6] = TRAPS, [D_HTF] = NO, [D_FROM] = NOT(V(F_ICEBP)) }, UNKNOWN },
	{ "free run from an F1",
	  { [D_REP] = DBS, [D_DR6] = TRAPS & ~(DATA_F1), [D_HTF] = NO,
	    [D_FROM] = V(F_ICEBP) }, UNKNOWN },
	{ "free run from an F1",
	  { [D_REP] = DBS, [D_DR6] = DATA_F1, [D_HTF] = NO,
	    [D_FROM] = V(F_ICEBP), NOT_F1 }, UNKNOWN },
	{ "free run from an F1",
	  { [D_REP] = DBS, [D_DR6] = DATA_F1, [D_HTF] = NO, [D_FROM] = V(F_ICEBP), AT_F1,
	    [D_WHERE] = RAN }, UNKNOWN },
	{ "the F1 we resumed on: not done",
	  { [D_REP] = DBS, [D_DR6] = DATA_F1, [D_HTF] = NO, [D_FROM] = V(F_ICEBP), AT_F1,
	    [D_WHERE] = V(W_SAME) }, NONE },
	{ "section 9: 1 as a rule",
	  { [D_REP] = DBS, [D_DR6] = TRAPS, [D_HTF] = YES,
	    [D_FROM] = V(F_OTHER) | V(F_REP) | V(F_MOVSS), [D_WHERE] = V(W_BEHIND) }, ONE },
	{ "a transfer goes anywhere",
	  { [D_REP] = DBS, [D_DR6] = TRAPS, [D_HTF] = YES,
	    [D_FROM] = V(F_JMP) | V(F_SYSCALL_MASKED) }, ONE },
	{ "section 9: an iteration that is not the last",
	  { [D_REP] = DBS, [D_DR6] = TRAPS, [D_HTF] = YES, [D_FROM] = V(F_REP),
	    [D_WHERE] = V(W_SAME) }, NONE },
	{ "section 9: 2 where TF cannot stop inside a shadow",
	  { [D_REP] = DBS, [D_DR6] = TRAPS, [D_HTF] = YES, [D_FROM] = V(F_MOVSS),
	    [D_WHERE] = V(W_PAIR) }, TWO },
	{ "K17: it cannot have come here by itself",
	  { [D_REP] = DBS, [D_DR6] = TRAPS, [D_HTF] = YES, [D_FROM] = V(F_MOVSS),
	    [D_WHERE] = V(W_SAME) | V(W_FAR) }, UNKNOWN },
	{ "K17: it cannot have come here by itself",
	  { [D_REP] = DBS, [D_DR6] = TRAPS, [D_HTF] = YES, [D_FROM] = V(F_OTHER),
	    [D_WHERE] = NOT(V(W_BEHIND)) }, UNKNOWN },
	{ "K17: it cannot have come here by itself",
	  { [D_REP] = DBS, [D_DR6] = TRAPS, [D_HTF] = YES, [D_FROM] = V(F_REP),
	    [D_WHERE] = V(W_PAIR) | V(W_FAR) }, UNKNOWN },
	/* faults */
	{ "RIP on it, stepping: nothing ran",
	  { [D_REP] = DBS, [D_DR6] = FAULTS, [D_HTF] = YES, [D_WHERE] = V(W_SAME) }, NONE },
	{ "elsewhere without a trap: cannot tell",
	  { [D_REP] = DBS, [D_DR6] = FAULTS, [D_WHERE] = RAN }, UNKNOWN },
	{ "free run back to where it was: cannot tell",
	  { [D_REP] = DBS, [D_DR6] = FAULTS, [D_HTF] = NO, [D_WHERE] = V(W_SAME),
	    [D_FROM] = NOT(V(F_ICEBP)) }, UNKNOWN },
	{ "an intercepted F1 cannot be passed",
	  { [D_REP] = DBS, [D_DR6] = FAULTS, [D_HTF] = NO, [D_WHERE] = V(W_SAME),
	    [D_FROM] = V(F_ICEBP) }, NONE },
	/* nothing counts: ICEBP or unknown */
	{ "ICEBP, stepping",
	  { [D_REP] = DBS, [D_DR6] = EMPTY, AT_F1, [D_HTF] = YES, [D_WHERE] = V(W_SAME) }, NONE },
	{ "ICEBP in a free run, not moved from it",
	  { [D_REP] = DBS, [D_DR6] = EMPTY, AT_F1, [D_HTF] = NO, [D_WHERE] = V(W_SAME),
	    [D_FROM] = V(F_ICEBP) }, NONE },
	{ "ICEBP in a free run",
	  { [D_REP] = DBS, [D_DR6] = EMPTY, AT_F1, [D_HTF] = NO, [D_WHERE] = V(W_SAME),
	    [D_FROM] = NOT(V(F_ICEBP)) }, UNKNOWN },
	{ "ICEBP in a free run",
	  { [D_REP] = DBS, [D_DR6] = EMPTY, AT_F1, [D_HTF] = NO, [D_WHERE] = RAN }, UNKNOWN },
	{ "unknown",
	  { [D_REP] = DBS, [D_DR6] = EMPTY, AT_F1, [D_HTF] = YES, [D_WHERE] = RAN }, UNKNOWN },
	{ "unknown", { [D_REP] = DBS, [D_DR6] = EMPTY, NOT_F1 }, UNKNOWN },
	/* stepping from an F1 that was intercepted: the guest cannot be behind it by itself */
	{ "from an F1: only by an event",
	  { [D_REP] = DBS, [D_DR6] = TRAPS & ~(DATA_F1), [D_HTF] = YES,
	    [D_FROM] = V(F_ICEBP) }, UNKNOWN },
	{ "from an F1: only by an event",
	  { [D_REP] = DBS, [D_DR6] = DATA_F1, [D_HTF] = YES,
	    [D_FROM] = V(F_ICEBP), NOT_F1 }, UNKNOWN },
	{ "from an F1: only by an event",
	  { [D_REP] = DBS, [D_DR6] = DATA_F1, [D_HTF] = YES, [D_FROM] = V(F_ICEBP), AT_F1,
	    [D_WHERE] = RAN }, UNKNOWN },
	{ "ICEBP with a deferred watchpoint",
	  { [D_REP] = DBS, [D_DR6] = DATA_F1, [D_HTF] = YES, [D_FROM] = V(F_ICEBP), AT_F1,
	    [D_WHERE] = V(W_SAME) }, NONE },
	/* INT3, and the instructions of K16: RIP on it */
	{ "RIP on it, stepping",
	  { [D_REP] = V(R_BP) | V(R_EMULATION), [D_HTF] = YES, [D_WHERE] = V(W_SAME) }, NONE },
	{ "elsewhere", { [D_REP] = V(R_BP) | V(R_EMULATION), [D_WHERE] = RAN }, UNKNOWN },
	{ "free run",
	  { [D_REP] = V(R_BP), [D_HTF] = NO, [D_WHERE] = V(W_SAME),
	    [D_FROM] = NOT(V(F_ICEBP)) }, UNKNOWN },
	{ "free run, an intercept at once",
	  { [D_REP] = V(R_BP), [D_HTF] = NO, [D_WHERE] = V(W_SAME), [D_FROM] = V(F_ICEBP) }, NONE },
	{ "free run, K16",
	  { [D_REP] = V(R_EMULATION), [D_HTF] = NO, [D_WHERE] = V(W_SAME),
	    [D_FROM] = NOT(V(F_ICEBP)) }, UNKNOWN },
	{ "free run, K16 at once",
	  { [D_REP] = V(R_EMULATION), [D_HTF] = NO, [D_WHERE] = V(W_SAME), [D_FROM] = V(F_ICEBP),
	    [D_EMUL] = YES, [D_AT] = NOT(V(A_OTHER)) }, NONE },
	{ "an error in a free run",
	  { [D_REP] = V(R_EMULATION), [D_HTF] = NO, [D_WHERE] = V(W_SAME), [D_FROM] = V(F_ICEBP),
	    [D_EMUL] = YES, [D_AT] = V(A_OTHER) }, UNKNOWN },
	{ "an error in a free run",
	  { [D_REP] = V(R_EMULATION), [D_HTF] = NO, [D_WHERE] = V(W_SAME), [D_FROM] = V(F_ICEBP),
	    [D_EMUL] = NO }, UNKNOWN },
	/* the rest */
	{ "no stop", { [D_REP] = V(R_IO) | V(R_MMIO) | V(R_SERVICE) }, NONE },
	{ "K4: the step is done",
	  { [D_REP] = V(R_IO_INTR) | V(R_MMIO_INTR) | V(R_HLT), [D_HTF] = YES,
	    [D_FROM] = NOT(V(F_REP)) }, ONE },
	{ "K4: REP OUTS, last",
	  { [D_REP] = V(R_IO_INTR) | V(R_MMIO_INTR) | V(R_HLT), [D_HTF] = YES, [D_FROM] = V(F_REP),
	    [D_WHERE] = RAN }, ONE },
	{ "K4: REP OUTS, more to come",
	  { [D_REP] = V(R_IO_INTR) | V(R_MMIO_INTR) | V(R_HLT), [D_HTF] = YES, [D_FROM] = V(F_REP),
	    [D_WHERE] = V(W_SAME) }, NONE },
	{ "free run", { [D_REP] = V(R_HLT), [D_HTF] = NO }, UNKNOWN },
	{ "no stop", { [D_REP] = V(R_IO_INTR) | V(R_MMIO_INTR), [D_HTF] = NO }, NONE },
	{ "stepping, not moved",
	  { [D_REP] = V(R_SHUTDOWN) | V(R_INTR) | V(R_FAIL_ENTRY) | V(R_INTERNAL) | V(R_UNKNOWN),
	    [D_HTF] = YES, [D_WHERE] = V(W_SAME) }, NONE },
	{ "moved",
	  { [D_REP] = V(R_SHUTDOWN) | V(R_INTR) | V(R_FAIL_ENTRY) | V(R_INTERNAL) | V(R_UNKNOWN),
	    [D_HTF] = YES, [D_WHERE] = RAN }, UNKNOWN },
	{ "free run",
	  { [D_REP] = V(R_SHUTDOWN) | V(R_INTR) | V(R_FAIL_ENTRY) | V(R_INTERNAL) | V(R_UNKNOWN),
	    [D_HTF] = NO }, UNKNOWN },
};

/* --- single facts outside the tables --- */

static struct verdict verdict_of(const struct boundary *b, const struct armed *a, const struct kvm_evidence *ev,
				 const struct landing *l)
{
	struct verdict r;

	attribute_kvm(b, a, ev, l, &r);
	return r;
}

static void check_first(void)
{
	struct boundary b = { .lin = 0x1000, .insn = { INSN_OTHER, 2, 0 } };
	struct armed a = { .host_tf = true, .host_dr7 = DR7_FIXED | DR7_G(0) | DR7_G(1) | 1u << DR7_RW_SHIFT(1),
			   .host_slots = 3 };
	struct landing l = { .lin = 0x1002 };
	struct kvm_evidence ev = { .reason = KVM_EXIT_DEBUG, .exception = 1, .dr6 = DR6_INIT | DR6_BS | 3 };
	struct verdict r = verdict_of(&b, &a, &ev, &l);

	tap_eq(r.causes, C(TF) | C(UWATCH) | C(BREAK), "TF+WATCH+BREAK: all are kept");
	tap_eq(r.first, CAUSE_TF, "TF+WATCH+BREAK: the trap is first");
	tap_eq((u8)r.retired, 1, "TF+BREAK: the step that arrived there retired 1");
	ev.dr6 = DR6_INIT | 1;
	b.lin = 0x1002;
	r = verdict_of(&b, &a, &ev, &l);
	tap_eq(r.first, CAUSE_BREAK, "a code breakpoint alone");
	ev.reason = KVM_EXIT_IO;
	r = verdict_of(&b, &a, &ev, &l);
	tap_eq(r.first, CAUSE_NONE, "no stop has no first cause");
}

/* KVM_EXIT_DEBUG with an exception that is neither #DB nor #BP: no KVM known does it. */
static void check_other_exception(void)
{
	struct boundary b = { .lin = 0x1000, .insn = { INSN_OTHER, 2, 0 } };
	struct armed a = { .host_tf = true };
	struct landing l = { .lin = 0x1000 };
	struct kvm_evidence ev = { .reason = KVM_EXIT_DEBUG, .exception = 6 };
	struct verdict r = verdict_of(&b, &a, &ev, &l);

	tap_eq(r.causes, C(EXCEPTION), "another exception is called one");
	tap_eq((u8)r.retired, 0, "another exception: RIP has not moved");
	l.lin = 0x1002;
	tap_eq((u8)verdict_of(&b, &a, &ev, &l).retired, 0xff, "another exception elsewhere: cannot tell");
}

/* The guest's own DR7 in effect: no USE_HW_BP. */
static void check_guest_dr7(void)
{
	struct boundary b = { .lin = 0x1000, .insn = { INSN_MOV_DR, 3, 0 } };
	struct armed a = { .host_tf = true };
	struct landing l = { .lin = 0x1003 };
	struct kvm_evidence ev = { .reason = KVM_EXIT_DEBUG, .exception = 1, .dr6 = DR6_INIT | DR6_BS | 2,
				   .dr7 = DR7_FIXED | DR7_L(1) };
	struct verdict r = verdict_of(&b, &a, &ev, &l);

	tap_eq(r.causes, C(TF) | C(HWBP), "a breakpoint the MOV DR just enabled: the exit's DR7 tells");
	b.dr7 = DR7_FIXED | DR7_L(1) | 1u << DR7_RW_SHIFT(1);
	r = verdict_of(&b, &a, &ev, &l);
	tap_eq(r.causes, C(TF) | C(WATCH), "one enabled before: as it was then");
	tap_eq(r.guest_dr6, 2, "and the guest is owed its bit, not our BS");
	ev.dr6 = DR6_INIT | DR6_BD;
	l.lin = 0x1000;
	b.dr7 = DR7_FIXED | DR7_GD;
	r = verdict_of(&b, &a, &ev, &l);
	tap_eq(r.causes, C(GD), "GD");
	tap_eq((u8)r.retired, 0, "GD is a fault");
}

/* BTF: the guest's TF waits for a branch, ours does not hide that (K5). */
static void check_btf(void)
{
	struct boundary b = { .lin = 0x1000, .rflags = FL_TF, .btf = true,
			      .insn = { INSN_OTHER, 2, INSNF_BRANCH | INSNF_COND } };
	struct armed a = { .host_tf = true };
	struct landing l = { .lin = 0x1002 };
	struct kvm_evidence ev = { .reason = KVM_EXIT_DEBUG, .exception = 1, .dr6 = DR6_INIT | DR6_BS };

	tap_ok(!verdict_of(&b, &a, &ev, &l).pending, "BTF: a branch not taken is no trap of the guest's");
	l.lin = 0x1040;
	tap_eq(verdict_of(&b, &a, &ev, &l).guest_dr6, DR6_BS, "BTF: a branch taken is");
	b.insn.flags = 0;
	l.lin = 0x1002;
	tap_ok(!verdict_of(&b, &a, &ev, &l).pending, "BTF: another instruction is not");
	b.insn.flags = INSNF_CALL;
	tap_ok(verdict_of(&b, &a, &ev, &l).pending, "BTF: a call is");
}

/* K4, K5: the guest's trap that went with ours is said to be the guest's. */
static void check_emulated_owner(void)
{
	struct boundary b = { .lin = 0x1000, .rflags = FL_TF, .insn = { INSN_OUT, 1, 0 } };
	struct armed a = { .host_tf = true };
	struct landing l = { .lin = 0x1001 };
	struct kvm_evidence ev = { .reason = KVM_EXIT_IO, .completed = 1 };
	struct verdict r = verdict_of(&b, &a, &ev, &l);

	tap_ok(r.guest_tf_trap && !r.host_tf_trap, "OUT completed with EINTR: the trap owed is the guest's");
	b.rflags = 0;
	tap_ok(!verdict_of(&b, &a, &ev, &l).guest_tf_trap, "and without its TF none is");
}

/* A trap that was held at the boundary comes before the instruction there. */
static void check_held(void)
{
	struct boundary b = { .lin = 0x1000, .rflags = FL_TF, .pending_dbg = PDBG_BS,
			      .insn = { INSN_OTHER, 2, INSNF_BRANCH } };
	struct armed a = { .host_tf = true };
	struct landing l = { .lin = 0x1000 };
	struct kvm_evidence ev = { .reason = KVM_EXIT_DEBUG, .exception = 1, .dr6 = DR6_INIT | DR6_BS };

	tap_eq((u8)verdict_of(&b, &a, &ev, &l).retired, 0, "pending BS at the same RIP: nothing ran");
	b.pending_dbg = 0;
	tap_eq((u8)verdict_of(&b, &a, &ev, &l).retired, 1, "a jump to itself: one ran");
	b.pending_dbg = PDBG_BS;
	b.shadow = SHADOW_MOV_SS;
	tap_eq((u8)verdict_of(&b, &a, &ev, &l).retired, 1, "BS held by a shadow comes after the instruction");
}

static void check_fold(void)
{
	struct verdict mtf = { .causes = C(MTF), .first = CAUSE_MTF, .retired = 1 };
	struct verdict tf = { .causes = C(TF), .first = CAUSE_TF, .retired = 0, .guest_tf_trap = true, .pending = true,
			      .vector = 1, .type = INTR_HARD_EXC, .guest_dr6 = DR6_BS };
	struct verdict hwbp = { .causes = C(HWBP), .first = CAUSE_HWBP, .retired = -1, .guest_hits = 4,
				.proof = PROOF_DEDUCED, .pending = true, .vector = 1, .type = INTR_HARD_EXC,
				.guest_dr6 = 4 };
	struct verdict int3 = { .causes = C(INT3), .pending = true, .vector = 3, .type = INTR_SOFT_EXC };
	struct verdict io = { .first = CAUSE_NONE, .retired = 0 };
	struct verdict icebp = { .causes = C(ICEBP), .skip = SKIP_KIND_INNER };
	struct verdict emulated = { .first = CAUSE_NONE, .skip = SKIP_KIND_OUTER };

	verdict_fold(&mtf, &tf);
	tap_eq(mtf.causes, C(MTF) | C(TF), "section 9: MTF, then BS at the same RIP, is one stop");
	tap_eq(mtf.first, CAUSE_MTF, "fold: the first stays first");
	tap_eq(mtf.proof, PROOF_SEEN, "fold: seen and seen is seen");
	tap_eq((u8)mtf.retired, 1, "fold: nothing ran in between");
	tap_eq(mtf.guest_dr6, DR6_BS, "fold: what is owed is kept");
	tap_ok(mtf.pending && mtf.vector == 1 && mtf.guest_tf_trap, "fold: by whom as well");
	verdict_fold(&mtf, &hwbp);
	tap_eq(mtf.guest_dr6, DR6_BS | 4, "fold: two #DBs at one boundary owe both bits");
	tap_eq(mtf.proof, PROOF_DEDUCED, "fold: one deduced cause makes it deduced");
	tap_eq((u8)mtf.retired, 1, "fold: an unknown count of the second does not matter");
	tap_eq(mtf.guest_hits, 4, "fold: hits are joined");
	verdict_fold(&io, &tf);
	tap_eq(io.first, CAUSE_TF, "fold into a report that was no stop");
	verdict_fold(&tf, &icebp);
	tap_eq(tf.skip, SKIP_KIND_INNER, "fold: a skip that is owed is kept");
	verdict_fold(&icebp, &emulated);
	tap_eq(icebp.skip, SKIP_KIND_INNER, "fold: of two skips the first");
	verdict_fold(&int3, &hwbp);
	tap_eq(int3.vector << 8 | int3.guest_dr6, 3 << 8, "fold: an INT3 that is owed takes no DR6 bits");
}

int main(void)
{
	TABLE_CHECK("icebp", dims, icebp_rows, answer_icebp);
	TABLE_CHECK("unknown", dims, unknown_rows, answer_unknown);
	TABLE_CHECK("causes", dims, cause_rows, answer_causes);
	TABLE_CHECK("owed", dims, owed_rows, answer_owed);
	TABLE_CHECK("skip", dims, skip_rows, answer_skip);
	TABLE_CHECK("hits", dims, hit_rows, answer_hits);
	TABLE_CHECK("retired", dims, retired_rows, answer_retired);
	check_first();
	check_other_exception();
	check_guest_dr7();
	check_btf();
	check_emulated_owner();
	check_held();
	check_fold();
	return tap_done();
}
