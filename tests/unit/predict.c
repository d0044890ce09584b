/*
 * predict.c - what is due after one step, for every combination of what the facts distinguish.
 * SDM is the Intel SDM volume 3; the tables were written from it and from the notes on the debug
 * events, section by section, before the code was run against them.
 */
#include "sem_table.h"

/* --- the dimensions --- */

enum {
	I_OTHER, I_JMP, I_JCC, I_CALL, I_REP, I_ICEBP, I_INT3, I_INTN, I_INTO_OF0, I_INTO_OF1, I_IRET,
	I_PUSHF, I_POPF, I_MOVSS, I_STI_IF0, I_STI_IF1, I_CLI, I_HLT, I_IN, I_OUT, I_MOVDR, I_MOVCR,
	I_SYSCALL, I_SYSCALL_MASKED, I_SYSRET_TF0, I_SYSRET_TF1, I_SYSENTER, I_SYSEXIT, I_RDMSR, I_WRMSR,
	I_CPUID, I_VMX, I_UD, I_INVALID, I_PRIV3, I_COUNT,
};
static const char *const insn_names[I_COUNT] = {
	"other", "jmp", "jcc", "call", "rep", "icebp", "int3", "intn", "into/of=0", "into/of=1", "iret",
	"pushf", "popf", "movss", "sti/if=0", "sti/if=1", "cli", "hlt", "in", "out", "movdr", "movcr",
	"syscall", "syscall/fmask.tf", "sysret/r11.tf=0", "sysret/r11.tf=1", "sysenter", "sysexit", "rdmsr",
	"wrmsr", "cpuid", "vmx", "ud2", "invalid", "hlt/cpl3",
};
static const struct insn_facts insn_facts[I_COUNT] = {
	[I_OTHER] = { INSN_OTHER, 1, 0 },
	[I_JMP] = { INSN_OTHER, 2, INSNF_BRANCH },
	[I_JCC] = { INSN_OTHER, 2, INSNF_BRANCH | INSNF_COND },
	[I_CALL] = { INSN_OTHER, 5, INSNF_CALL },
	[I_REP] = { INSN_OTHER, 2, INSNF_REP | INSNF_MEM_WRITE | INSNF_MEM_READ },
	[I_ICEBP] = { INSN_ICEBP, 1, 0 },
	[I_INT3] = { INSN_INT3, 1, 0 },
	[I_INTN] = { INSN_INTN, 2, 0 },
	[I_INTO_OF0] = { INSN_INTO, 1, 0 },
	[I_INTO_OF1] = { INSN_INTO, 1, 0 },
	[I_IRET] = { INSN_IRET, 1, 0 },
	[I_PUSHF] = { INSN_PUSHF, 1, INSNF_MEM_WRITE },
	[I_POPF] = { INSN_POPF, 1, INSNF_MEM_READ },
	[I_MOVSS] = { INSN_MOV_SS, 2, 0 },
	[I_STI_IF0] = { INSN_STI, 1, 0 },
	[I_STI_IF1] = { INSN_STI, 1, 0 },
	[I_CLI] = { INSN_CLI, 1, 0 },
	[I_HLT] = { INSN_HLT, 1, INSNF_PRIVILEGED },
	[I_IN] = { INSN_IN, 1, 0 },
	[I_OUT] = { INSN_OUT, 1, 0 },
	[I_MOVDR] = { INSN_MOV_DR, 3, INSNF_PRIVILEGED },
	[I_MOVCR] = { INSN_MOV_CR, 3, INSNF_PRIVILEGED },
	[I_SYSCALL] = { INSN_SYSCALL, 2, 0 },
	[I_SYSCALL_MASKED] = { INSN_SYSCALL, 2, 0 },
	[I_SYSRET_TF0] = { INSN_SYSRET, 2, INSNF_PRIVILEGED },
	[I_SYSRET_TF1] = { INSN_SYSRET, 2, INSNF_PRIVILEGED },
	[I_SYSENTER] = { INSN_SYSENTER, 2, 0 },
	[I_SYSEXIT] = { INSN_SYSEXIT, 2, INSNF_PRIVILEGED },
	[I_RDMSR] = { INSN_RDMSR, 2, INSNF_PRIVILEGED },
	[I_WRMSR] = { INSN_WRMSR, 2, INSNF_PRIVILEGED },
	[I_CPUID] = { INSN_CPUID, 2, 0 },
	[I_VMX] = { INSN_VMX_EXIT, 3, 0 },
	[I_UD] = { INSN_UD, 2, 0 },
	[I_INVALID] = { INSN_INVALID, 0, 0 },
	[I_PRIV3] = { INSN_HLT, 1, INSNF_PRIVILEGED },
};

enum { D_INSN, D_TF, D_MTF, D_SHADOW, D_PEND, D_HIT, D_GD, D_BTF, D_DBX, D_BPX, D_RF, D_COUNT };
enum { TF_NONE, TF_GUEST, TF_HOST, TF_BOTH };
enum { SH_NONE, SH_MOVSS, SH_STI };
enum { PEND_NONE, PEND_B0, PEND_B0_NOT_ENABLED, PEND_BS, PEND_B0_BS };
enum { HIT_NONE, HIT_W, HIT_W_OFF, HIT_X, HIT_IO_DE0, HIT_IO_DE1 };
static const char *const tf_names[] = { "none", "guest", "host", "both" };
static const char *const shadow_names[] = { "none", "movss", "sti" };
static const char *const pend_names[] = { "none", "B0", "B0 not enabled", "BS", "B0+BS" };
static const char *const hit_names[] = { "none", "write", "write, disabled", "exec", "io, DE=0", "io, DE=1" };
static const struct dim dims[D_COUNT] = {
	[D_INSN] = { "insn", I_COUNT, insn_names }, [D_TF] = { "tf", 4, tf_names },
	[D_MTF] = { "mtf", 2, NULL },               [D_SHADOW] = { "shadow", 3, shadow_names },
	[D_PEND] = { "pending", 5, pend_names },    [D_HIT] = { "dr1", 6, hit_names },
	[D_GD] = { "gd", 2, NULL },                 [D_BTF] = { "btf", 2, NULL },
	[D_DBX] = { "db-exits", 2, NULL },          [D_BPX] = { "bp-exits", 2, NULL },
	[D_RF] = { "rf", 2, NULL },
};

static void predict(const u8 *v, struct prediction *p)
{
	static const u8 shadow[] = { SHADOW_NONE, SHADOW_MOV_SS, SHADOW_STI };
	static const u64 pend[] = { 0, PDBG_ENABLED | 1, 1, PDBG_BS, PDBG_BS | 1 };
	static const u8 rw[] = { 0, DR_RW_WRITE, DR_RW_WRITE, DR_RW_EXEC, DR_RW_IO, DR_RW_IO };
	unsigned i = v[D_INSN], hit = v[D_HIT];
	struct boundary b = {
		.lin = 0x1000,
		.rflags = FL_FIXED | (v[D_TF] & TF_GUEST ? FL_TF : 0) | (v[D_RF] ? FL_RF : 0) |
			  (i == I_INTO_OF1 ? FL_OF : 0) | (i == I_STI_IF0 ? 0 : FL_IF),
		.shadow = shadow[v[D_SHADOW]],
		.shadow_known = true,
		.cpl = i == I_PRIV3 ? 3 : 0,
		.pending_dbg = pend[v[D_PEND]],
		.dr7 = DR7_FIXED | (v[D_GD] ? DR7_GD : 0) | (u64)rw[hit] << DR7_RW_SHIFT(1) |
		       (hit == HIT_NONE || hit == HIT_W_OFF ? 0 : DR7_G(1)),
		.btf = v[D_BTF],
		.de = hit == HIT_IO_DE1,
		.fmask_tf = i == I_SYSCALL_MASKED,
		.r11_tf = i == I_SYSRET_TF1,
		.insn = insn_facts[i],
	};
	struct armed a = {
		.host_tf = v[D_TF] & TF_HOST,
		.mtf = v[D_MTF],
		.db_exiting = v[D_DBX],
		.bp_exiting = v[D_BPX],
	};

	boundary_predict(&b, &a, hit == HIT_NONE ? 0 : BIT(1), p);
}

/* --- groups of instructions --- */

#define TRANSFERS \
	(V(I_JMP) | V(I_CALL) | V(I_IRET) | V(I_SYSCALL) | V(I_SYSENTER) | V(I_SYSEXIT))
/* Retire like any other, and go on behind themselves. */
#define PLAIN \
	(V(I_OTHER) | V(I_JCC) | V(I_REP) | V(I_INTO_OF0) | V(I_PUSHF) | V(I_POPF) | V(I_STI_IF0) | \
	 V(I_STI_IF1) | V(I_CLI) | V(I_HLT) | V(I_IN) | V(I_OUT) | V(I_MOVCR) | V(I_RDMSR) | \
	 V(I_WRMSR) | V(I_CPUID) | V(I_VMX))
#define SYSRETS (V(I_SYSRET_TF0) | V(I_SYSRET_TF1))
#define UDS     (V(I_UD) | V(I_INVALID))
#define FAULTS  (UDS | V(I_PRIV3))
#define SOFT    (V(I_INTN) | V(I_INTO_OF1))
/* All that retire, MOV SS and MOV DR (which have rows of their own) aside. */
#define RETIRE (PLAIN | TRANSFERS | SYSRETS | V(I_SYSCALL_MASKED))
#define TF_ON  (V(TF_GUEST) | V(TF_HOST) | V(TF_BOTH))

/* --- the event the instruction causes --- */

#define EVENT(vector, type)     (1u << 24 | (vector) << 8 | (type))
#define INTERCEPT(vector, type) (1u << 16 | (vector) << 8 | (type))

static u64 answer_event(const u8 *v)
{
	struct prediction p;

	predict(v, &p);
	return (u64)p.event << 24 | (u64)p.intercepted << 16 | (u64)p.vector << 8 | p.type;
}

static const struct row event_rows[] = {
	{ "no event", { [D_INSN] = RETIRE | V(I_MOVSS) }, 0 },
	{ "SDM 2 UD: #UD", { [D_INSN] = UDS }, EVENT(6, INTR_HARD_EXC) },
	{ "SDM 2 HLT: #GP above CPL 0", { [D_INSN] = V(I_PRIV3) }, EVENT(13, INTR_HARD_EXC) },
	{ "GD off", { [D_INSN] = V(I_MOVDR), [D_GD] = NO }, 0 },
	{ "section 2, GD: fault, type 3", { [D_INSN] = V(I_MOVDR), [D_GD] = YES, [D_DBX] = NO },
	  EVENT(1, INTR_HARD_EXC) },
	{ "section 2, GD intercepted", { [D_INSN] = V(I_MOVDR), [D_GD] = YES, [D_DBX] = YES },
	  INTERCEPT(1, INTR_HARD_EXC) },
	{ "section 2, ICEBP: type 5",
	  { [D_INSN] = V(I_ICEBP), [D_DBX] = NO }, EVENT(1, INTR_PRIV_SOFT_EXC) },
	{ "section 2, ICEBP: instruction intercept", { [D_INSN] = V(I_ICEBP), [D_DBX] = YES },
	  INTERCEPT(1, INTR_PRIV_SOFT_EXC) },
	{ "section 2, INT3: type 6",
	  { [D_INSN] = V(I_INT3), [D_BPX] = NO }, EVENT(3, INTR_SOFT_EXC) },
	{ "section 2, INT3: RIP on the CC",
	  { [D_INSN] = V(I_INT3), [D_BPX] = YES }, INTERCEPT(3, INTR_SOFT_EXC) },
	{ "section 2: INT n is never an exception intercept",
	  { [D_INSN] = V(I_INTN) }, EVENT(0, INTR_SOFT_INT) },
	{ "SDM 2 INTO: #OF if OF", { [D_INSN] = V(I_INTO_OF1) }, EVENT(4, INTR_SOFT_EXC) },
};

/* --- MTF --- */

static u64 answer_mtf(const u8 *v)
{
	struct prediction p;

	predict(v, &p);
	return p.due & DUE_BIT(DUE_MTF) ? 1 : 0;
}

static const struct row mtf_rows[] = {
	{ "control off", { [D_MTF] = NO }, 0 },
	{ "section 4.5, 4.7: after retiring, no shadow blocks it",
	  { [D_MTF] = YES, [D_INSN] = RETIRE | V(I_MOVSS) }, 1 },
	{ "section 4.5: after delivery of its fault or software event",
	  { [D_MTF] = YES, [D_INSN] = FAULTS | SOFT }, 1 },
	{ "section 4.5: GD off", { [D_MTF] = YES, [D_INSN] = V(I_MOVDR), [D_GD] = NO }, 1 },
	{ "section 4.5: GD delivered",
	  { [D_MTF] = YES, [D_INSN] = V(I_MOVDR), [D_GD] = YES, [D_DBX] = NO }, 1 },
	{ "section 4.6: a VM exit raises none",
	  { [D_MTF] = YES, [D_INSN] = V(I_MOVDR), [D_GD] = YES, [D_DBX] = YES }, 0 },
	{ "section 4.9: ICEBP not intercepted, at the handler",
	  { [D_MTF] = YES, [D_INSN] = V(I_ICEBP), [D_DBX] = NO }, 1 },
	{ "section 3, ICEBP: no MTF for it",
	  { [D_MTF] = YES, [D_INSN] = V(I_ICEBP), [D_DBX] = YES }, 0 },
	{ "section 4.5: INT3 delivered", { [D_MTF] = YES, [D_INSN] = V(I_INT3), [D_BPX] = NO }, 1 },
	{ "section 4.6: INT3 exit", { [D_MTF] = YES, [D_INSN] = V(I_INT3), [D_BPX] = YES }, 0 },
};

/* --- the TF trap: BS, now, discarded or not at all --- */

enum { BS_NO, BS_DUE, BS_DISCARDED };

static u64 answer_bs(const u8 *v)
{
	struct prediction p;

	predict(v, &p);
	return (p.dr6 & DR6_BS ? BS_DUE : 0) | (p.tf_discarded ? BS_DISCARDED : 0);
}

static const struct row bs_rows[] = {
	{ "section 5: events clear TF; section 2: ICEBP never BS",
	  { [D_INSN] = FAULTS | SOFT | V(I_ICEBP) | V(I_INT3) }, BS_NO },
	{ "SDM Single-Step: TF clear",
	  { [D_INSN] = PLAIN | TRANSFERS, [D_TF] = V(TF_NONE) }, BS_NO },
	{ "SDM Single-Step: TF before decides",
	  { [D_INSN] = PLAIN, [D_TF] = TF_ON, [D_BTF] = NO }, BS_DUE },
	{ "SDM Single-Stepping on Branches: no branch",
	  { [D_INSN] = PLAIN, [D_TF] = TF_ON, [D_BTF] = YES }, BS_NO },
	{ "SDM Single-Stepping on Branches: a branch",
	  { [D_INSN] = TRANSFERS, [D_TF] = TF_ON }, BS_DUE },
	{ "section 5: SYSCALL judged on the resulting TF",
	  { [D_INSN] = V(I_SYSCALL_MASKED) }, BS_NO },
	{ "section 5: SYSRET without any TF",
	  { [D_INSN] = V(I_SYSRET_TF0), [D_TF] = V(TF_NONE) }, BS_NO },
	{ "SDM Single-Step: TF before SYSRET",
	  { [D_INSN] = V(I_SYSRET_TF0), [D_TF] = TF_ON }, BS_DUE },
	{ "section 5: SYSRET that sets TF traps at once", { [D_INSN] = V(I_SYSRET_TF1) }, BS_DUE },
	{ "section 5: MOV SS discards the trap",
	  { [D_INSN] = V(I_MOVSS), [D_SHADOW] = NOT(V(SH_MOVSS)), [D_TF] = TF_ON, [D_BTF] = NO }, BS_DISCARDED },
	{ "MOV SS, no TF",
	  { [D_INSN] = V(I_MOVSS), [D_SHADOW] = NOT(V(SH_MOVSS)), [D_TF] = V(TF_NONE) }, BS_NO },
	{ "MOV SS under BTF: nothing to discard",
	  { [D_INSN] = V(I_MOVSS), [D_SHADOW] = NOT(V(SH_MOVSS)), [D_TF] = TF_ON, [D_BTF] = YES }, BS_NO },
	{ "SDM Masking ... When Switching Stacks: the second MOV SS in a row opens no shadow",
	  { [D_INSN] = V(I_MOVSS), [D_SHADOW] = V(SH_MOVSS), [D_TF] = TF_ON, [D_BTF] = NO }, BS_DUE },
	{ "second MOV SS, no TF",
	  { [D_INSN] = V(I_MOVSS), [D_SHADOW] = V(SH_MOVSS), [D_TF] = V(TF_NONE) }, BS_NO },
	{ "second MOV SS, BTF",
	  { [D_INSN] = V(I_MOVSS), [D_SHADOW] = V(SH_MOVSS), [D_TF] = TF_ON, [D_BTF] = YES }, BS_NO },
	{ "GD is a fault", { [D_INSN] = V(I_MOVDR), [D_GD] = YES }, BS_NO },
	{ "MOV DR, no TF", { [D_INSN] = V(I_MOVDR), [D_GD] = NO, [D_TF] = V(TF_NONE) }, BS_NO },
	{ "MOV DR", { [D_INSN] = V(I_MOVDR), [D_GD] = NO, [D_TF] = TF_ON, [D_BTF] = NO }, BS_DUE },
	{ "MOV DR, BTF",
	  { [D_INSN] = V(I_MOVDR), [D_GD] = NO, [D_TF] = TF_ON, [D_BTF] = YES }, BS_NO },
};

/* --- data breakpoints: B0 was pending before, B1 is this instruction's --- */

enum { B_NONE, B_DUE, B_DEFERRED, B_AT_HANDLER };

static u64 fate(const struct prediction *p, u64 bit)
{
	if (p->dr6 & bit)
		return B_DUE;
	if (!(p->deferred & bit))
		return B_NONE;
	return p->event ? B_AT_HANDLER : B_DEFERRED;
}

static u64 answer_pending(const u8 *v)
{
	struct prediction p;

	predict(v, &p);
	return fate(&p, DR6_B(0));
}

static u64 answer_hit(const u8 *v)
{
	struct prediction p;

	predict(v, &p);
	return fate(&p, DR6_B(1));
}

#define PEND_COUNTS (V(PEND_B0) | V(PEND_B0_BS))
static const struct row pending_rows[] = {
	{ "section 5: counts only with bit 12 or BS",
	  { [D_PEND] = V(PEND_NONE) | V(PEND_BS), }, B_NONE },
	{ "section 5: counts only with bit 12 or BS, all that complete",
	  { [D_PEND] = V(PEND_B0_NOT_ENABLED), [D_INSN] = RETIRE | V(I_MOVSS) | FAULTS | SOFT | V(I_ICEBP) }, B_NONE },
	{ "not enabled, MOV DR",
	  { [D_PEND] = V(PEND_B0_NOT_ENABLED), [D_INSN] = V(I_MOVDR), [D_GD] = NO }, B_NONE },
	{ "not enabled, GD",
	  { [D_PEND] = V(PEND_B0_NOT_ENABLED), [D_INSN] = V(I_MOVDR), [D_GD] = YES,
	    [D_DBX] = NO }, B_NONE },
	{ "not enabled, INT3",
	  { [D_PEND] = V(PEND_B0_NOT_ENABLED), [D_INSN] = V(I_INT3), [D_BPX] = NO }, B_NONE },
	{ "an intercept leaves the field as it is",
	  { [D_PEND] = V(PEND_B0_NOT_ENABLED), [D_INSN] = V(I_MOVDR), [D_GD] = YES, [D_DBX] = YES }, B_DEFERRED },
	{ "an intercept leaves the field as it is",
	  { [D_PEND] = V(PEND_B0_NOT_ENABLED), [D_INSN] = V(I_INT3), [D_BPX] = YES }, B_DEFERRED },
	{ "section 5: deferred across one instruction",
	  { [D_PEND] = PEND_COUNTS, [D_INSN] = RETIRE }, B_DUE },
	{ "MOV DR alike", { [D_PEND] = PEND_COUNTS, [D_INSN] = V(I_MOVDR), [D_GD] = NO }, B_DUE },
	{ "section 5, CVE-2018-8897: faults and INT n, at the handler",
	  { [D_PEND] = PEND_COUNTS, [D_INSN] = FAULTS | SOFT }, B_DUE },
	{ "section 5, CVE-2018-8897: INT3",
	  { [D_PEND] = PEND_COUNTS, [D_INSN] = V(I_INT3), [D_BPX] = NO }, B_DUE },
	{ "INT3 intercepted: not yet",
	  { [D_PEND] = PEND_COUNTS, [D_INSN] = V(I_INT3), [D_BPX] = YES }, B_DEFERRED },
	{ "section 6: not carried past the F1",
	  { [D_PEND] = PEND_COUNTS, [D_INSN] = V(I_ICEBP) }, B_NONE },
	{ "section 5: GD is not suppressed, the deferred one is a #DB of its own",
	  { [D_PEND] = PEND_COUNTS, [D_INSN] = V(I_MOVDR), [D_GD] = YES, [D_DBX] = NO }, B_AT_HANDLER },
	{ "GD intercepted: not yet",
	  { [D_PEND] = PEND_COUNTS, [D_INSN] = V(I_MOVDR), [D_GD] = YES, [D_DBX] = YES }, B_DEFERRED },
	{ "section 5: MOV SS defers",
	  { [D_PEND] = PEND_COUNTS, [D_INSN] = V(I_MOVSS), [D_SHADOW] = NOT(V(SH_MOVSS)) }, B_DEFERRED },
	{ "second MOV SS in a row does not",
	  { [D_PEND] = PEND_COUNTS, [D_INSN] = V(I_MOVSS), [D_SHADOW] = V(SH_MOVSS) }, B_DUE },
};

#define HIT_COUNTS (V(HIT_W) | V(HIT_IO_DE1))
static const struct row hit_rows[] = {
	{ "section 2: a Bn counts only if DR7 enables it and it is no code breakpoint; I/O needs DE",
	  { [D_HIT] = NOT(HIT_COUNTS) }, B_NONE },
	{ "section 2, WATCH, IOBP: trap", { [D_HIT] = HIT_COUNTS, [D_INSN] = RETIRE }, B_DUE },
	{ "MOV DR alike", { [D_HIT] = HIT_COUNTS, [D_INSN] = V(I_MOVDR), [D_GD] = NO }, B_DUE },
	{ "a fault undoes the instruction", { [D_HIT] = HIT_COUNTS, [D_INSN] = FAULTS }, B_NONE },
	{ "GD is a fault", { [D_HIT] = HIT_COUNTS, [D_INSN] = V(I_MOVDR), [D_GD] = YES }, B_NONE },
	{ "section 6: one #DB in all", { [D_HIT] = HIT_COUNTS, [D_INSN] = V(I_ICEBP) }, B_NONE },
	{ "the frame's push is the instruction's",
	  { [D_HIT] = HIT_COUNTS, [D_INSN] = SOFT }, B_DUE },
	{ "the frame's push is the instruction's",
	  { [D_HIT] = HIT_COUNTS, [D_INSN] = V(I_INT3), [D_BPX] = NO }, B_DUE },
	{ "no push when intercepted",
	  { [D_HIT] = HIT_COUNTS, [D_INSN] = V(I_INT3), [D_BPX] = YES }, B_NONE },
	{ "section 5: MOV SS defers",
	  { [D_HIT] = HIT_COUNTS, [D_INSN] = V(I_MOVSS), [D_SHADOW] = NOT(V(SH_MOVSS)) }, B_DEFERRED },
	{ "second MOV SS in a row does not",
	  { [D_HIT] = HIT_COUNTS, [D_INSN] = V(I_MOVSS), [D_SHADOW] = V(SH_MOVSS) }, B_DUE },
};

/* --- shadow, RF, the guest's TF, BD --- */

static u64 answer_shadow(const u8 *v)
{
	struct prediction p;

	predict(v, &p);
	return p.shadow;
}

#define NO_SHADOW_INSNS \
	((RETIRE & ~V(I_STI_IF0)) | FAULTS | SOFT)
static const struct row shadow_rows[] = {
	{ "section 1: lasts one instruction; delivery clears it",
	  { [D_INSN] = NO_SHADOW_INSNS }, SHADOW_NONE },
	{ "section 5: STI blocks only if IF was 0", { [D_INSN] = V(I_STI_IF0) }, SHADOW_STI },
	{ "MOV SS", { [D_INSN] = V(I_MOVSS), [D_SHADOW] = NOT(V(SH_MOVSS)) }, SHADOW_MOV_SS },
	{ "MOV SS after MOV SS", { [D_INSN] = V(I_MOVSS), [D_SHADOW] = V(SH_MOVSS) }, SHADOW_NONE },
	{ "MOV DR", { [D_INSN] = V(I_MOVDR), [D_GD] = NO }, SHADOW_NONE },
	{ "GD delivered", { [D_INSN] = V(I_MOVDR), [D_GD] = YES, [D_DBX] = NO }, SHADOW_NONE },
	{ "GD intercepted: still there",
	  { [D_INSN] = V(I_MOVDR), [D_GD] = YES, [D_DBX] = YES,
	    [D_SHADOW] = V(SH_NONE) }, SHADOW_NONE },
	{ "GD intercepted: still there",
	  { [D_INSN] = V(I_MOVDR), [D_GD] = YES, [D_DBX] = YES,
	    [D_SHADOW] = V(SH_STI) }, SHADOW_STI },
	{ "GD intercepted: still there",
	  { [D_INSN] = V(I_MOVDR), [D_GD] = YES, [D_DBX] = YES,
	    [D_SHADOW] = V(SH_MOVSS) }, SHADOW_MOV_SS },
	{ "ICEBP delivered", { [D_INSN] = V(I_ICEBP), [D_DBX] = NO }, SHADOW_NONE },
	{ "section 6: the skip clears it, not the exit",
	  { [D_INSN] = V(I_ICEBP), [D_DBX] = YES, [D_SHADOW] = V(SH_NONE) }, SHADOW_NONE },
	{ "section 6: the skip clears it, not the exit",
	  { [D_INSN] = V(I_ICEBP), [D_DBX] = YES, [D_SHADOW] = V(SH_STI) }, SHADOW_STI },
	{ "section 6: the skip clears it, not the exit",
	  { [D_INSN] = V(I_ICEBP), [D_DBX] = YES, [D_SHADOW] = V(SH_MOVSS) }, SHADOW_MOV_SS },
	{ "INT3 delivered", { [D_INSN] = V(I_INT3), [D_BPX] = NO }, SHADOW_NONE },
	{ "INT3 intercepted",
	  { [D_INSN] = V(I_INT3), [D_BPX] = YES, [D_SHADOW] = V(SH_NONE) }, SHADOW_NONE },
	{ "INT3 intercepted",
	  { [D_INSN] = V(I_INT3), [D_BPX] = YES, [D_SHADOW] = V(SH_STI) }, SHADOW_STI },
	{ "INT3 intercepted",
	  { [D_INSN] = V(I_INT3), [D_BPX] = YES, [D_SHADOW] = V(SH_MOVSS) }, SHADOW_MOV_SS },
};

static u64 answer_rf(const u8 *v)
{
	struct prediction p;

	predict(v, &p);
	return p.rf;
}

static const struct row rf_rows[] = {
	{ "section 5: retiring clears it; delivery clears it; section 6: VMX saves RF=0",
	  { [D_INSN] = NOT(V(I_MOVDR)) }, 0 },
	{ "MOV DR retires", { [D_INSN] = V(I_MOVDR), [D_GD] = NO }, 0 },
	{ "GD delivered", { [D_INSN] = V(I_MOVDR), [D_GD] = YES, [D_DBX] = NO }, 0 },
	{ "section 5, GD: nothing to rely on, so unchanged",
	  { [D_INSN] = V(I_MOVDR), [D_GD] = YES, [D_DBX] = YES, [D_RF] = NO }, 0 },
	{ "section 5, GD: nothing to rely on, so unchanged",
	  { [D_INSN] = V(I_MOVDR), [D_GD] = YES, [D_DBX] = YES, [D_RF] = YES }, 1 },
};

static u64 answer_tf_after(const u8 *v)
{
	struct prediction p;

	predict(v, &p);
	return p.guest_tf_after;
}

static const struct row tf_after_rows[] = {
	{ "TF stays",
	  { [D_INSN] = (PLAIN & ~V(I_POPF)) | V(I_MOVSS) | V(I_JMP) | V(I_CALL) | V(I_SYSENTER) | V(I_SYSEXIT) }, TF_KEEP },
	{ "section 5: delivery clears TF", { [D_INSN] = FAULTS | SOFT }, TF_CLEAR },
	{ "section 5: POPF, IRET", { [D_INSN] = V(I_POPF) | V(I_IRET) }, TF_FROM_IMAGE },
	{ "SDM 2 SYSCALL: FMASK",
	  { [D_INSN] = V(I_SYSCALL) | V(I_SYSCALL_MASKED) }, TF_FROM_FMASK },
	{ "SDM 2 SYSRET: R11", { [D_INSN] = SYSRETS }, TF_FROM_R11 },
	{ "ICEBP delivered", { [D_INSN] = V(I_ICEBP), [D_DBX] = NO }, TF_CLEAR },
	{ "ICEBP intercepted: nothing happened yet",
	  { [D_INSN] = V(I_ICEBP), [D_DBX] = YES }, TF_KEEP },
	{ "INT3 delivered", { [D_INSN] = V(I_INT3), [D_BPX] = NO }, TF_CLEAR },
	{ "INT3 intercepted", { [D_INSN] = V(I_INT3), [D_BPX] = YES }, TF_KEEP },
	{ "MOV DR", { [D_INSN] = V(I_MOVDR), [D_GD] = NO }, TF_KEEP },
	{ "GD delivered", { [D_INSN] = V(I_MOVDR), [D_GD] = YES, [D_DBX] = NO }, TF_CLEAR },
	{ "GD intercepted", { [D_INSN] = V(I_MOVDR), [D_GD] = YES, [D_DBX] = YES }, TF_KEEP },
};

static u64 answer_bd(const u8 *v)
{
	struct prediction p;

	predict(v, &p);
	return p.dr6 & ~(DR6_BN | DR6_BS);
}

static const struct row bd_rows[] = {
	{ "no other bit", { [D_INSN] = NOT(V(I_MOVDR)) }, 0 },
	{ "GD off", { [D_INSN] = V(I_MOVDR), [D_GD] = NO }, 0 },
	{ "section 2, GD: BD", { [D_INSN] = V(I_MOVDR), [D_GD] = YES }, DR6_BD },
};

/* Nothing but MTF and TRAP can be told from the instruction's side; TRAP goes with its bits. */
static void check_due_agrees(void)
{
	unsigned long wrong = 0, combos = 0;
	u8 v[DIMS_MAX] = { 0 };

	do {
		struct prediction p;
		bool bits, trap;

		predict(v, &p);
		bits = (p.dr6 & (DR6_BN | DR6_BS)) || (p.event && p.deferred);
		trap = p.due & DUE_BIT(DUE_TRAP);
		wrong += bits != trap || (p.due & ~(DUE_BIT(DUE_TRAP) | DUE_BIT(DUE_MTF)));
		combos++;
	} while (combo_next(dims, D_COUNT, v));
	tap_eq(wrong, 0, "due: a trap is due exactly when it has bits (%lu combinations)", combos);
}

/* Whose DR7 is asked: ours once we armed any. */
static void check_host_dr7(void)
{
	struct boundary b = { .dr7 = DR7_FIXED | DR7_GD | DR7_G(0) | 1u << DR7_RW_SHIFT(0),
			      .insn = { INSN_OTHER, 1, 0 } };
	struct armed a = { .host_dr7 = DR7_FIXED | DR7_G(3) | 3u << DR7_RW_SHIFT(3) };
	struct prediction p;

	boundary_predict(&b, &a, BIT(0) | BIT(3), &p);
	tap_eq(p.dr6, DR6_B(3), "K8: with USE_HW_BP the guest's own breakpoints do not fire");
	a.host_dr7 = 0;
	boundary_predict(&b, &a, BIT(0) | BIT(3), &p);
	tap_eq(p.dr6, DR6_B(0), "without, they do");
	b.insn.cls = INSN_MOV_DR;
	boundary_predict(&b, &a, 0, &p);
	tap_eq(p.dr6, DR6_BD, "the guest's GD counts without USE_HW_BP");
	a.host_dr7 = DR7_FIXED;
	boundary_predict(&b, &a, 0, &p);
	tap_eq(p.dr6, 0, "K8: and not with it, unless merged in");
}

int main(void)
{
	TABLE_CHECK("event", dims, event_rows, answer_event);
	TABLE_CHECK("mtf", dims, mtf_rows, answer_mtf);
	TABLE_CHECK("bs", dims, bs_rows, answer_bs);
	TABLE_CHECK("pending", dims, pending_rows, answer_pending);
	TABLE_CHECK("hit", dims, hit_rows, answer_hit);
	TABLE_CHECK("shadow", dims, shadow_rows, answer_shadow);
	TABLE_CHECK("rf", dims, rf_rows, answer_rf);
	TABLE_CHECK("tf-after", dims, tf_after_rows, answer_tf_after);
	TABLE_CHECK("bd", dims, bd_rows, answer_bd);
	check_due_agrees();
	check_host_dr7();
	return tap_done();
}
