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
			wide |= e - l > 88 && memchr(l, ' ', e - l);
		tap_ok(out.n > 60 && strstr(out.s, cause_name(c)), "why %s has words", cause_name(c));
		tap_ok(!wide, "why %s fits 88 columns", cause_name(c));
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
	tap_ok(says(&st, "At the same boundary, BREAK:"), "a second cause");
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

int main(void)
{
	struct session_config cfg = { .guest = { .hex = "90" } };
	struct err err = { 0 };

	if (session_create(&cfg, &session, &err))
		return tap_str(err.text, "", "a session"), tap_done();
	every_cause();
	no_more_than_seen();
	sets_and_deeds();
	session_destroy(session);
	return tap_done();
}
