/* teach_why.c - `why` for every cause: it has something to say, and nothing beyond the evidence. */
#include <linux/kvm.h>
#include <vmstep/teach.h>
#include "tap.h"

static struct session *session;

static struct stop stop_make(enum cause c)
{
	return (struct stop){
		.first = c, .causes = CAUSE_BIT(c), .mode = MODE_LONG, .from_mode = MODE_LONG, .retired = 1, .n = 5,
		.lin = 0x1002, .from_lin = 0x1000, .n_from = 1, .from_bytes = { 0x90 }, .point_dr = -1,
		.ev = { .kind = EVIDENCE_KVM, .kvm = { .reason = KVM_EXIT_DEBUG, .exception = 1, .pc = 0x1002, .dr6 = 0xffff4ff0 } },
	};
}

/* Blanks and line breaks are the same: the text is wrapped. */
static bool says(const struct stop *st, const char *what)
{
	struct strbuf out;
	bool found;

	strbuf_init(&out);
	why_explain(session, st, &out);
	for (size_t i = 0; i < out.n; i++)
		if (out.s[i] == '\n')
			out.s[i] = ' ';
	found = strstr(strbuf_str(&out), what) != NULL;
	strbuf_deinit(&out);
	return found;
}

static void every_cause(void)
{
	for (unsigned c = 0; c < CAUSE_COUNT; c++) {
		struct stop st = stop_make(c);
		struct strbuf out;
		bool wide = false;

		strbuf_init(&out);
		why_explain(session, &st, &out);
		for (char *l = out.s, *e; (e = strchr(l, '\n')); l = e + 1)
			wide |= e - l > 79 && memchr(l, ' ', e - l);
		tap_ok(out.n > 60 && strstr(out.s, cause_name(c)), "why %s has words", cause_name(c));
		tap_ok(!wide, "why %s fits 80 columns", cause_name(c));
		strbuf_deinit(&out);
		if (c <= CAUSE_RTM)
			tap_ok(says(&st, "SDM volume"), "why %s names the manual", cause_name(c));
	}
}

static void no_more_than_seen(void)
{
	struct stop st = stop_make(CAUSE_TF);

	tap_ok(!says(&st, "deduced"), "a seen stop is not called deduced");
	tap_ok(says(&st, "exception 1 (#DB), at 0x1002, DR6 0xffff4ff0 [BS]"), "KVM's report in words");
	st.proof = PROOF_DEDUCED;
	tap_ok(says(&st, "The cause is deduced"), "a deduced one is");
	st = stop_make(CAUSE_EVENT);
	st.has_event = true;
	st.event_vector = 14;
	st.event_type = INTR_HARD_EXC;
	st.event_has_error = true;
	st.event_error = 2;
	st.retired = 0;
	tap_ok(says(&st, "vector 14 (#PF, page fault"), "an exception by name");
	tap_ok(says(&st, "error code 0x2; no instruction retired"), "and its error code");
	st.event_type = INTR_SOFT_INT;
	st.retired = 1;
	tap_ok(!says(&st, "#PF"), "INT 14 is no page fault");
	tap_ok(!says(&st, "no instruction retired"), "and it did retire");
}

static void sets_and_deeds(void)
{
	struct stop st = stop_make(CAUSE_TF);

	st.causes |= CAUSE_BIT(CAUSE_BREAK);
	st.point = 2;
	st.point_how = POINT_HOW_ADDRESS;
	tap_ok(says(&st, "At the same boundary, BREAK/2:"), "a second cause");
	tap_ok(says(&st, "point 2, noticed by its address, while stepping"), "and how it was noticed");
	tap_ok(says(&st, "Priority Among Concurrent Events"), "and where the order is written");
	for (unsigned d = 0; d < DID_KIND_COUNT; d++) {
		size_t before = 0, after;
		struct strbuf out;

		st = stop_make(CAUSE_TF);
		strbuf_init(&out);
		why_explain(session, &st, &out);
		before = out.n;
		strbuf_reset(&out);
		stop_did(&st, d, 0, 1, 2);
		why_explain(session, &st, &out);
		after = out.n;
		tap_ok(after > before + 20, "deed %u has words", d);
		strbuf_deinit(&out);
	}
}

/* The table of every cause by every kind of evidence: each has words, and none has those of another kind. */
static const struct {
	u8 kind;
	const char *name, *says, *never[6];
} kinds[] = {
	{ EVIDENCE_NONE, "no report", "No report of a processor or of KVM",
	  { "The VM exit has", "KVM ended", "KVM left", "interruption type is", "qualification" } },
	{ EVIDENCE_KVM, "KVM's", "KVM", { "The VM exit has", "interruption type is 5", "qualification", "No report of" } },
	{ EVIDENCE_VMX, "a VM exit's", "The VM exit has basic reason", { "KVM ended", "KVM left", "No report of", "processor model" } },
	{ EVIDENCE_SOFT, "the model's", "from the processor model. The VM exit has", { "KVM ended", "KVM left", "No report of" } },
	{ EVIDENCE_MODEL, "the model's own", "The processor model cannot go on", { "The VM exit has", "KVM ended", "No report of" } },
	{ EVIDENCE_SHIM, "the shim's", "the shim, the small hypervisor", { "The VM exit has", "KVM ended", "No report of" } },
};

static void evidence_set(struct stop *st, u8 kind)
{
	st->ev = (struct evidence){ .kind = kind };
	if (kind == EVIDENCE_KVM)
		st->ev.kvm = (struct kvm_evidence){ .reason = KVM_EXIT_DEBUG, .exception = 1, .pc = 0x1002, .dr6 = 0xffff0ff0 };
	if (kind == EVIDENCE_VMX || kind == EVIDENCE_SOFT)
		st->ev.vmx = (struct vmx_evidence){ .rip = 0x1002, .reason = 37 };
	if (kind == EVIDENCE_SHIM)
		st->ev.shim = (struct shim_evidence){ .what = SHIM_SILENT };
}

static void cause_by_evidence(unsigned c, size_t k)
{
	struct stop st = stop_make(c);

	evidence_set(&st, kinds[k].kind);
	if (c != CAUSE_START || kinds[k].kind != EVIDENCE_NONE)
		tap_ok(says(&st, kinds[k].says), "%s with %s report says so", cause_name(c), kinds[k].name);
	for (size_t i = 0; kinds[k].never[i]; i++)
		tap_ok(!says(&st, kinds[k].never[i]), "%s with %s report: nothing of \"%s\"", cause_name(c), kinds[k].name,
		       kinds[k].never[i]);
}

static void every_evidence(void)
{
	for (unsigned c = 0; c < CAUSE_COUNT; c++)
		for (size_t k = 0; k < ARRAY_SIZE(kinds); k++)
			cause_by_evidence(c, k);
}

/* What a stop has not, by hand: the sentence and the stop it needs; without one part of it, no sentence. */
static void absent(void)
{
	struct stop st = stop_make(CAUSE_TF);

	st.from_bytes[0] = 0x8e;
	st.from_bytes[1] = 0xd0;
	st.n_from = 2;
	st.retired = 2;
	tap_ok(says(&st, "No stop came between the two"), "MOV SS and its successor");
	st.retired = 1;
	tap_ok(!says(&st, "No stop came between the two"), "not where one retired");
	tap_ok(says(&st, "KVM that interprets the guest gives one all the same"), "KVM that interprets");
	st = stop_make(CAUSE_MTF);
	evidence_set(&st, EVIDENCE_VMX);
	tap_ok(!says(&st, "MTF came before"), "nothing pending, nothing overtaken");
	st.ev.vmx.pending_dbg = PDBG_BS;
	tap_ok(says(&st, "MTF came before the single-step trap, BS"), "a pending BS");
	st.ev.vmx.pending_dbg = BIT(0) | BIT(12);
	tap_ok(says(&st, "MTF came before the data breakpoint"), "a pending B0");
	st = stop_make(CAUSE_ICEBP);
	evidence_set(&st, EVIDENCE_VMX);
	tap_ok(!says(&st, "interruption type is 5"), "type 5 is not claimed without it");
	st.ev.vmx.intr_info = 0x80000501;
	tap_ok(says(&st, "interruption type is 5"), "but where it is");
}

static bool says_not(struct stop *st, const char *cause, const char *what)
{
	struct err err = { 0 };
	struct strbuf out;
	bool found;

	strbuf_init(&out);
	why_not_explain(session, st, cause, &out, &err);
	for (size_t i = 0; i < out.n; i++)
		if (out.s[i] == '\n')
			out.s[i] = ' ';
	found = strstr(strbuf_str(&out), what) != NULL;
	strbuf_deinit(&out);
	return found;
}

/* Without a guest there are no registers: each cause has an answer all the same, and says when it came. */
static void why_not_every(void)
{
	struct err err = { 0 };
	struct strbuf out;

	strbuf_init(&out);
	for (unsigned c = 0; c < CAUSE_COUNT; c++) {
		const bool point = c == CAUSE_BREAK || c == CAUSE_UWATCH || c == CAUSE_CATCH;
		struct stop st = stop_make(c == CAUSE_TF ? CAUSE_MTF : CAUSE_TF);
		char name[24];

		snprintf(name, sizeof(name), "%s%s", cause_name(c), point ? "/1" : "");
		strbuf_reset(&out);
		tap_ok(!why_not_explain(session, &st, name, &out, &err) && out.n > 40, "why not %s has an answer", name);
		tap_ok(!says_not(&st, name, "It did come"), "why not %s: it did not", name);
		st = stop_make(c);
		st.point = 1;
		tap_ok(says_not(&st, name, "It did come"), "why not %s where it came", name);
	}
	strbuf_deinit(&out);
}

static void why_not_reasons(void)
{
	struct stop st = stop_make(CAUSE_ICEBP);

	st.from_bytes[0] = 0xf1;
	tap_ok(says_not(&st, "TF", "no single-step trap is due"), "why not TF at an ICEBP");
	tap_ok(says_not(&st, "bs", "no single-step trap is due"), "BS means the same");
	tap_ok(says_not(&st, "INT3", "INT1 (F1), which raises #DB"), "why not INT3");
	st = stop_make(CAUSE_EVENT);
	st.retired = 0;
	st.has_event = true;
	st.event_vector = 1;
	st.event_type = INTR_PRIV_SOFT_EXC;
	tap_ok(says_not(&st, "ICEBP", "It was the stop before"), "why not ICEBP at its handler");
	tap_ok(says_not(&st, "INT3", "No instruction has completed"), "nothing has run there");
	st = stop_make(CAUSE_MTF);
	evidence_set(&st, EVIDENCE_VMX);
	st.ev.vmx.pending_dbg = PDBG_BS;
	tap_ok(says_not(&st, "TF", "It is due, and waits"), "why not TF while BS is pending");
	st.retired = 1;
	st.from_bytes[0] = 0xcd;
	st.from_bytes[1] = 1;
	st.n_from = 2;
	tap_ok(says_not(&st, "ICEBP", "is INT n (opcode CD)"), "CD 01 is no ICEBP");
	st = stop_make(CAUSE_TF);
	st.rflags = 0x2;
	tap_ok(says_not(&st, "INTERRUPT", "IF is clear"), "why no interrupt");
}

int main(void)
{
	struct session_config cfg = { .guest = { .hex = "90" } };
	struct err err = { 0 };

	if (session_create(&cfg, &session, &err))
		return tap_str(err.text, "", "a session"), tap_done();
	every_cause();
	no_more_than_seen();
	sets_and_deeds();
	every_evidence();
	absent();
	why_not_every();
	why_not_reasons();
	session_destroy(session);
	return tap_done();
}
