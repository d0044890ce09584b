/* teach_words.c - sentences of `why` that no session shows on a sound machine: each needs a stop made by hand. */
#include <linux/kvm.h>
#include <vmstep/teach.h>
#include "tap.h"

static const struct {
	u8 cause; /* enum cause */
	struct evidence ev;
	struct did did; /* kind 0: none, since an inner skip is not among these */
	struct stop_point point;
	const char *says;
} rows[] = {
	{ .cause = CAUSE_IO, .says = "KVM left the guest for a read of port 0x71, 1 byte.",
	  .ev = { .kind = EVIDENCE_KVM, .kvm = { .reason = KVM_EXIT_IO, .port = 0x71, .size = 1 } } },
	{ .cause = CAUSE_MMIO, .says = "KVM left the guest for a read of physical address 0xf0000000, 4 bytes.",
	  .ev = { .kind = EVIDENCE_KVM, .kvm = { .reason = KVM_EXIT_MMIO, .gpa = 0xf0000000, .size = 4 } } },
	{ .cause = CAUSE_ERROR, .says = "The processor refused to enter the guest, hardware reason 0x80000021.",
	  .ev = { .kind = EVIDENCE_KVM, .kvm = { .reason = KVM_EXIT_FAIL_ENTRY, .hw_reason = 0x80000021 } } },
	{ .cause = CAUSE_INTERRUPT, .says = "A signal brought KVM_RUN back.",
	  .ev = { .kind = EVIDENCE_KVM, .kvm = { .reason = KVM_EXIT_INTR } } },
	{ .cause = CAUSE_INTERRUPT, .says = "You interrupted the run (Ctrl-C or a signal). The guest did nothing special here.",
	  .ev = { .kind = EVIDENCE_KVM, .kvm = { .reason = KVM_EXIT_INTR } } },
	{ .cause = CAUSE_ERROR, .says = "KVM left the guest with exit reason 11.",
	  .ev = { .kind = EVIDENCE_KVM, .kvm = { .reason = KVM_EXIT_SET_TPR } } },
	{ .cause = CAUSE_ERROR, .says = "KVM could not go on with this guest.", .ev = { .kind = EVIDENCE_KVM } },
	{ .cause = CAUSE_ERROR, .says = "This is not the guest's doing: the shim, the small hypervisor that runs it, failed.",
	  .ev = { .kind = EVIDENCE_SHIM, .shim = { .what = SHIM_SILENT } } },
	{ .cause = CAUSE_ERROR, .says = "It did not come back for all the NMIs sent to it.",
	  .ev = { .kind = EVIDENCE_SHIM, .shim = { .what = SHIM_SILENT } } },
	{ .cause = CAUSE_ERROR, .says = "The page it shares with vmstep is not as either side writes it.",
	  .ev = { .kind = EVIDENCE_SHIM, .shim = { .what = SHIM_CORRUPTED } } },
	{ .cause = CAUSE_ERROR, .says = "It took exception 14 at 0x1234 of its own code.",
	  .ev = { .kind = EVIDENCE_SHIM, .shim = { .what = SHIM_EXCEPTION, .vector = 14, .rip = 0x1234 } } },
	{ .cause = CAUSE_ERROR, .says = "A VMX instruction of it failed (SDM \"VM Instruction Error Numbers\").",
	  .ev = { .kind = EVIDENCE_SHIM, .shim = { .what = SHIM_VM_FAIL } } },
	{ .cause = CAUSE_TF, .did = { .kind = DID_LEAKED },
	  .says = "On this KVM ring-3 code runs unstepped and the trap flag reached the guest's own #DB handler: what the guest saw is "
		  "not what it sees when it runs free." },
	{ .cause = CAUSE_TF, .did = { .kind = DID_TOOK_BACK, .a = 0x500 },
	  .says = "On this KVM the trap flag leaks into ring 3 and its #DB goes to the guest's gate at 0x500. vmstep stopped the guest "
		  "before that handler's first instruction and returned through the frame, so that the handler did not run." },
	{ .cause = CAUSE_TBIT,
	  .says = "A task switch went to a task whose TSS has the T bit set: a debug exception before the first instruction of the new "
		  "task, BT set in DR6." },
	{ .cause = CAUSE_BLD,
	  .says = "The instruction before took a bus lock while bus-lock detection is on. DR6 bit 11 is active low." },
	{ .cause = CAUSE_RTM,
	  .says = "A debug event inside a transactional region aborted it; RIP is at the fallback. DR6 bit 16 is active low." },
	{ .cause = CAUSE_BREAK, .point = { .number = 3, .how = POINT_HOW_AUTO, .dr = -1 }, .says = "It is point 3, noticed by its address." },
	{ .cause = CAUSE_BREAK, .point = { .number = 3, .how = POINT_HOW_INT3, .dr = -1 },
	  .says = "It is point 3, noticed by an INT3 planted there." },
};

static const struct {
	u32 causes;
	u64 pending_dbg;
	const char *cause, *says;
} answers[] = {
	{ CAUSE_BIT(CAUSE_EVENT), PDBG_BS, "TF",
	  "It is due, and waits: the pending debug exceptions of this exit are 0x4000, with BS. They come with the next entry." },
	{ CAUSE_BIT(CAUSE_TF), 0, "HWBP", "The guest's registers cannot be read now, so its debug registers are not known." },
};

/* Where lines are broken does not count. */
static bool has(struct strbuf *out, const char *words)
{
	for (size_t i = 0; i < out->n; i++)
		out->s[i] = out->s[i] == '\n' ? ' ' : out->s[i];
	return strstr(strbuf_str(out), words) != NULL;
}

static struct stop stop_make(enum cause c)
{
	return (struct stop){ .first = c, .causes = CAUSE_BIT(c), .mode = MODE_LONG, .from_mode = MODE_LONG, .retired = 1, .n = 5,
			      .lin = 0x1002, .from_lin = 0x1000, .n_from = 1, .from_bytes = { 0x90 }, .point_dr = -1 };
}

static void row_check(struct session *s, size_t i)
{
	struct stop st = stop_make(rows[i].cause);
	struct strbuf out;

	st.ev = rows[i].ev;
	st.n_did = rows[i].did.kind != 0;
	st.did[0] = rows[i].did;
	if (rows[i].point.number)
		stop_point_set(&st, CAUSE_BREAK, rows[i].point.number, rows[i].point.how, rows[i].point.dr);
	strbuf_init(&out);
	why_explain(s, &st, &out);
	tap_ok(has(&out, rows[i].says), "%s: %s", cause_name(rows[i].cause), rows[i].says);
	strbuf_deinit(&out);
}

static void answer_check(struct session *s, size_t i)
{
	struct stop st = stop_make(CAUSE_TF);
	struct strbuf out;

	st.causes = answers[i].causes;
	st.ev = (struct evidence){ .kind = EVIDENCE_VMX, .vmx = { .pending_dbg = answers[i].pending_dbg } };
	strbuf_init(&out);
	tap_ok(!why_not_explain(s, &st, answers[i].cause, &out, NULL) && has(&out, answers[i].says), "why not %s: %s",
	       answers[i].cause, answers[i].says);
	strbuf_deinit(&out);
}

int main(void)
{
	struct session_config cfg = { .guest = { .hex = "90" } };
	struct session *s;
	struct err err = { 0 };

	if (session_create(&cfg, &s, &err))
		return tap_str(err.text, "", "a session"), tap_done();
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		row_check(s, i);
	for (size_t i = 0; i < ARRAY_SIZE(answers); i++)
		answer_check(s, i);
	session_destroy(s);
	return tap_done();
}
