/*
 * trace_sinks.c - both sinks over stops made by hand: every member of a record, gaps, totals, what
 * becomes of write errors. The lines are the interface's, so they stand here whole.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <stdlib.h>
#include <unistd.h>
#include <vmstep/trace.h>
#include "tap.h"

static struct session *session;

static struct session *session_make(void)
{
	struct session_config cfg = { .guest = { .hex = "90 f1 90" }, .engine = NULL };
	struct session *s = NULL;
	struct err err = { 0 };

	if (session_create(&cfg, &s, &err))
		tap_str(err.text, "", "a session");
	return s;
}

/* A TF stop behind a NOP, in long mode; the tests change what they are about. */
static struct stop stop_make(u64 n)
{
	struct stop st = {
		.first = CAUSE_TF, .causes = CAUSE_BIT(CAUSE_TF), .mode = MODE_LONG, .from_mode = MODE_LONG,
		.shadow_known = true, .host_tf = true, .has_dr = true, .retired = 1, .n = n, .point_dr = -1,
		.rip = 0x1001, .lin = 0x1001, .from = 0x1000, .from_lin = 0x1000, .rflags = 2,
		.dr6 = 0xffff4ff0, .dr7 = 0x400, .cs = 8, .n_bytes = 2, .n_from = 1,
		.bytes = { 0xf1, 0x90 }, .from_bytes = { 0x90 },
		.ev = { .kind = EVIDENCE_KVM,
			.kvm = { .reason = KVM_EXIT_DEBUG, .exception = 1, .pc = 0x1001, .dr6 = 0xffff4ff0 } },
	};
	return st;
}

static char *trace_text(const char *format, enum trace_regs regs, const struct stop *stops, size_t n)
{
	struct trace_options opt = { .regs = regs, .deterministic = true };
	char path[] = "/tmp/vmstep-sinks-XXXXXX";
	int fd = mkstemp(path);
	struct err err = { 0 };
	struct trace *t;
	char *text = calloc(1, 1 << 16);

	unlink(path);
	if (!tap_eq(trace_open(session, sink_find(format), fd, &opt, &t, &err), 0, "open a %s trace", format))
		return text;
	for (size_t i = 0; i < n; i++)
		trace_record(t, &stops[i]);
	tap_eq(trace_close(t, NULL, &err), 0, "close it");
	if (pread(fd, text, (1 << 16) - 1, 0) < 0)
		tap_ok(false, "read it");
	close(fd);
	return text;
}

/* The lines `from`.. of the text, cut behind `n` of them. */
static char *lines(char *text, unsigned from, unsigned n)
{
	char *end;

	while (from-- && strchr(text, '\n'))
		text = strchr(text, '\n') + 1;
	for (end = text; n && strchr(end, '\n'); n--)
		end = strchr(end, '\n') + 1;
	*end = '\0';
	return text;
}

static void claim_record(const struct stop *st, enum trace_regs regs, const char *wanted, const char *name)
{
	char *text = trace_text("jsonl", regs, st, 1);

	tap_str(lines(text, 1, 1), wanted, "%s", name);
	free(text);
}

static void record_plain(void)
{
	struct stop st = stop_make(13);

	claim_record(&st, TRACE_REGS_NONE,
		"{\"n\":13,\"cause\":\"TF\",\"causes\":[\"TF\"],\"proof\":\"seen\",\"rip\":\"0x1001\",\"from\":\"0x1000\","
		"\"retired\":1,\"cs\":\"0x8\",\"lin\":\"0x1001\",\"bytes\":\"f1\",\"insn\":\"int1\",\"from_insn\":\"nop\","
		"\"sym\":null,\"line\":null,\"mode\":\"long\",\"cpl\":0,\"rflags\":\"0x2\","
		"\"tf\":{\"host\":true,\"guest\":false},\"shadow\":\"none\",\"dr6\":\"0xffff4ff0\",\"dr7\":\"0x400\","
		"\"exit\":{\"reason\":\"KVM_EXIT_DEBUG\",\"exception\":1,\"pc\":\"0x1001\"},\"vmx\":null,\"did\":[]}\n",
		"a TF stop");
}

static void record_rich(void)
{
	struct stop st = stop_make(2);

	st.causes |= CAUSE_BIT(CAUSE_UWATCH);
	st.point = 4;
	st.point_how = POINT_HOW_DR;
	st.point_dr = 2;
	st.hit_addr = 0x5000;
	st.old_value = 1;
	st.new_value = 2;
	st.proof = PROOF_DEDUCED;
	st.retired = -1;
	st.shadow = SHADOW_STI;
	st.has_dr = false;
	st.n_bytes = 0;
	st.n_from = 0;
	st.guest_tf = true;
	st.pending = true;
	st.pending_vector = 1;
	stop_did(&st, DID_INNER_SKIP, 0, 0x1000, 0x1001);
	stop_did(&st, DID_REPAIR_TF, 1, 0x7000, 0);
	stop_did(&st, DID_DELIVER, 14, 0x1, 0x3000);
	stop_did(&st, DID_WRONG_SKIP, SKIP_WRONG_OUTER, 0, 0);
	claim_record(&st, TRACE_REGS_NONE,
		"{\"n\":2,\"cause\":\"TF\",\"causes\":[\"TF\",\"WATCH/4\"],\"proof\":\"deduced\",\"rip\":\"0x1001\",\"from\":\"0x1000\","
		"\"retired\":null,\"cs\":\"0x8\",\"lin\":\"0x1001\",\"bytes\":null,\"insn\":null,\"from_insn\":null,"
		"\"sym\":null,\"line\":null,\"mode\":\"long\",\"cpl\":0,\"rflags\":\"0x2\","
		"\"tf\":{\"host\":true,\"guest\":true},\"shadow\":\"sti\",\"dr6\":null,\"dr7\":null,"
		"\"exit\":{\"reason\":\"KVM_EXIT_DEBUG\",\"exception\":1,\"pc\":\"0x1001\"},\"vmx\":null,"
		"\"did\":[\"inner-skip:0x1001\",\"repair-tf:frame:0x7000\",\"deliver:14:0x3000\",\"wrong-skip:outer\"],"
		"\"pending\":1,\"point\":{\"number\":4,\"how\":\"dr2\",\"addr\":\"0x5000\",\"old\":\"0x1\",\"new\":\"0x2\"}}\n",
		"a stop with everything");
}

/* What follows `"vmx":` or `"exit":` in a record; the rest is as above. */
static void claim_member(const struct stop *st, const char *wanted, const char *name)
{
	char *text = trace_text("jsonl", TRACE_REGS_NONE, st, 1);

	tap_ok(strstr(text, wanted) != NULL, "%s", name);
	if (!strstr(text, wanted))
		printf("# %s\n", lines(text, 1, 1));
	free(text);
}

static void record_two_points(void)
{
	struct stop st = stop_make(3);

	st.first = CAUSE_UWATCH;
	st.causes = CAUSE_BIT(CAUSE_UWATCH) | CAUSE_BIT(CAUSE_BREAK);
	stop_point_set(&st, CAUSE_UWATCH, 4, POINT_HOW_DR, 2);
	stop_point_set(&st, CAUSE_BREAK, 7, POINT_HOW_INT3, -1);
	st.hit_addr = 0x5000;
	claim_member(&st, "\"causes\":[\"WATCH/4\",\"BREAK/7\"]", "two points: both causes have their number");
	claim_member(&st, "\"point\":{\"number\":4,\"how\":\"dr2\",\"addr\":\"0x5000\",", "the first as ever");
	claim_member(&st, "\"points\":[{\"number\":4,\"how\":\"dr2\",\"addr\":\"0x5000\",\"old\":\"0x0\",\"new\":\"0x0\"},"
			  "{\"number\":7,\"how\":\"int3\"}]", "and all of them");
}

static void record_evidence(void)
{
	struct stop st = stop_make(1);

	st.ev.kvm = (struct kvm_evidence){ .reason = KVM_EXIT_IO, .is_write = 1, .port = 0x402, .size = 1, .count = 1,
					   .data = 0x41, .rip = 0x1001, .completed = 1 };
	claim_member(&st, "\"exit\":{\"reason\":\"KVM_EXIT_IO\",\"write\":true,\"port\":\"0x402\",\"count\":1,\"size\":1,"
			  "\"data\":\"0x41\",\"rip\":\"0x1001\",\"reentry\":\"eintr\"},\"vmx\":null", "an OUT");
	st.ev.kvm = (struct kvm_evidence){ .reason = KVM_EXIT_MMIO, .gpa = 0xfed00000, .size = 4, .rip = 0x1001, .completed = 2 };
	claim_member(&st, "\"exit\":{\"reason\":\"KVM_EXIT_MMIO\",\"write\":false,\"gpa\":\"0xfed00000\",\"size\":4,"
			  "\"rip\":\"0x1001\",\"reentry\":\"debug\"}", "an MMIO read");
	st.ev.kvm = (struct kvm_evidence){ .reason = KVM_EXIT_INTERNAL_ERROR, .suberror = 1, .n_bytes = 1, .bytes = { 0xf1 } };
	claim_member(&st, "\"exit\":{\"reason\":\"KVM_EXIT_INTERNAL_ERROR\",\"suberror\":1,\"bytes\":\"f1\",\"rip\":\"0x0\"}",
		     "an internal error");
	st.ev.kvm = (struct kvm_evidence){ .reason = KVM_EXIT_FAIL_ENTRY, .hw_reason = 0x80000021 };
	claim_member(&st, "\"exit\":{\"reason\":\"KVM_EXIT_FAIL_ENTRY\",\"hw_reason\":\"0x80000021\",\"rip\":\"0x0\"}",
		     "a refused entry");
	st.ev = (struct evidence){ .kind = EVIDENCE_VMX,
				   .vmx = { .reason = 37, .pending_dbg = 0x4000, .interruptibility = 2 } };
	claim_member(&st, "\"exit\":null,\"vmx\":{\"reason\":37,\"qualification\":\"0x0\",\"intr_info\":\"0x0\",\"insn_len\":0,"
			  "\"pending_dbg\":\"0x4000\",\"interruptibility\":\"0x2\"}", "a VM exit");
	st.ev = (struct evidence){ .kind = EVIDENCE_SHIM, .shim = { .what = SHIM_SILENT, .kicks = 80 } };
	claim_member(&st, "\"exit\":{\"reason\":\"SHIM_SILENT\",\"kicks\":80},\"vmx\":null", "a shim that is silent");
	st.ev.kind = EVIDENCE_NONE;
	st.has_event = true;
	st.event_vector = 14;
	st.event_type = INTR_HARD_EXC;
	st.event_has_error = true;
	st.event_error = 2;
	claim_member(&st, "\"exit\":null,\"vmx\":null,\"did\":[],\"event\":{\"vector\":14,\"type\":3,\"error\":\"0x2\"}", "a delivery");
	st.event_rep = true;
	claim_member(&st, "\"event\":\"rep\"", "a REP iteration");
	st.shadow_known = false;
	claim_member(&st, "\"shadow\":null", "a shadow the engine cannot tell");
}

static void registers(void)
{
	struct stop st[3] = { stop_make(0), stop_make(1), stop_make(2) };
	char *text;

	st[0].gpr[GPR_RAX] = 7;
	st[1].gpr[GPR_RAX] = 7;
	st[1].cr2 = 0x1234;
	st[1].sel[SEG_DS] = 0x10;
	memcpy(st[2].gpr, st[1].gpr, sizeof(st[2].gpr));
	memcpy(st[2].sel, st[1].sel, sizeof(st[2].sel));
	st[2].cr2 = st[1].cr2;
	text = trace_text("jsonl", TRACE_REGS_CHANGED, st, 3);
	tap_ok(strstr(text, "\"regs\":{\"rax\":\"0x7\",\"rcx\":\"0x0\"") != NULL, "the first record holds all registers");
	tap_ok(strstr(text, "\"regs\":{\"cr2\":\"0x1234\",\"ds\":\"0x10\"}}\n") != NULL, "then what changed");
	tap_ok(strstr(text, "\"regs\":{}}\n") != NULL, "which may be nothing");
	free(text);
}

static void whole_traces(void)
{
	struct stop st[4] = { stop_make(0), stop_make(1), { .kind = RECORD_GAP, .gap = GAP_CPL3, .lin = 0x1001, .retired = -1 },
			      stop_make(2) };
	char *text;

	st[0].first = CAUSE_START;
	st[0].causes = CAUSE_BIT(CAUSE_START);
	st[0].retired = 0;
	st[0].ev.kind = EVIDENCE_NONE;
	st[3].first = CAUSE_HLT;
	st[3].causes = CAUSE_BIT(CAUSE_HLT);
	text = trace_text("jsonl", TRACE_REGS_NONE, st, 4);
	tap_ok(!strncmp(text, "{\"vmstep\":1,\"schema\":1,\"engine\":\"", 33), "header");
	tap_ok(strstr(text, "\"guest\":\"hex 90 f1 90\",\"policy\":{\"icebp\":\"auto\",\"int3\":\"auto\",\"skip\":\"corrected\"}}\n") != NULL,
	       "header of an engine without a clock");
	tap_str(lines(text, 3, 1), "{\"gap\":true,\"at\":\"0x1001\",\"reason\":\"this KVM does not step ring 3\",\"retired\":null}\n", "a gap");
	free(text);
	text = trace_text("jsonl", TRACE_REGS_NONE, st, 4);
	tap_str(lines(text, 5, 1), "{\"total\":2,\"by_cause\":{\"TF\":1,\"HLT\":1},\"gaps\":1,\"retired\":null,\"ended\":\"HLT\"}\n", "the total");
	free(text);
	text = trace_text("text", TRACE_REGS_NONE, st, 4);
	tap_str(lines(text, 1, 5),
		"#0   START   0x0000000000001001  -                     int1                      -\n"
		"#1   TF      0x0000000000001001  -                     int1                      kvm: debug exc=1 pc=1001 dr6=ffff4ff0[BS]\n"
		"gap          0x0000000000001001  -                     retired unknown           this KVM does not step ring 3\n"
		"#2   HLT     0x0000000000001001  -                     int1                      kvm: debug exc=1 pc=1001 dr6=ffff4ff0[BS]\n"
		"total 2  TF 1, HLT 1  gaps 1  ended HLT\n", "the same as text");
	free(text);
}

static void errors(void)
{
	struct trace_options opt = { .regs = TRACE_REGS_NONE };
	struct stop st = stop_make(1);
	struct err err = { 0 };
	int full = open("/dev/full", O_WRONLY);
	bool fine = true;
	struct trace *t;

	if (full < 0) {
		tap_skip("a full disk", "no /dev/full here");
		return;
	}
	trace_open(session, sink_find("jsonl"), full, &opt, &t, &err);
	for (unsigned i = 0; i < 1000 && fine; i++)
		fine = trace_record(t, &st);
	tap_eq(fine, false, "a full disk ends the recording");
	tap_eq(trace_close(t, NULL, &err), -ENOSPC, "and is told at the end");
	tap_str(err.text, "trace: cannot write after 0 bytes: No space left on device; the trace ends in the middle", "in a sentence");
	close(full);
}

int main(void)
{
	session = session_make();
	if (!session)
		return tap_done();
	record_plain();
	record_rich();
	record_two_points();
	record_evidence();
	registers();
	whole_traces();
	errors();
	tap_ok(sink_find("xml") == NULL, "a format that is none");
	session_destroy(session);
	return tap_done();
}
