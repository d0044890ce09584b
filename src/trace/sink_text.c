/* sink_text.c - a trace to read: a heading, the stop lines of the session, a total. */
#include "sink.h"

/* A file may be called anything; the heading stays one line, and a terminal is not at its mercy. */
static void name_put(const char *name, struct strbuf *out)
{
	for (; *name; name++) {
		const u8 ch = *name;

		if (ch < 0x20 || ch == 0x7f)
			strbuf_addf(out, "\\%03o", ch);
		else if (ch == '\\')
			PUT(out, "\\\\");
		else
			strbuf_addc(out, ch);
	}
}

static void text_begin(struct sink *k, struct session *s)
{
	const struct settings *set = session_settings(s);
	struct strbuf guest, *out = &k->out;

	strbuf_init(&guest);
	PUT(out, "vmstep trace  engine ");
	strbuf_adds(out, session_engine_name(s));
	PUT(out, "  guest ");
	name_put(trace_guest_name(s, &guest), out);
	if (!k->opt.deterministic)
		strbuf_addf(out, "  host %s  started %s", k->host, k->started);
	strbuf_addf(out, "  icebp %s  int3 %s  skip %s\n", event_policy_text(set->icebp),
		    event_policy_text(set->int3), skip_policy_name(set->skip));
	strbuf_deinit(&guest);
}

static void text_step(struct sink *k, struct session *s, const struct stop *st)
{
	stop_line_put(&k->src, st, NULL, &k->out);
	strbuf_addc(&k->out, '\n');
}

static void text_end(struct sink *k, struct session *s, const struct trace_total *t)
{
	struct strbuf *out = &k->out;
	const char *before = "  ";

	PUT(out, "total ");
	strbuf_adddec(out, t->stops);
	for (unsigned c = 0; c < CAUSE_COUNT; c++) {
		if (!t->by_cause[c])
			continue;
		strbuf_addf(out, "%s%s %llu", before, cause_family(c),
			    (unsigned long long)t->by_cause[c]);
		before = ", ";
	}
	PUT(out, "  gaps ");
	strbuf_adddec(out, t->gaps);
	PUT(out, "  ended ");
	strbuf_adds(out, t->ended);
	if (!k->opt.deterministic && t->seconds > 0)
		strbuf_addf(out, "  %.3f s, %.0f steps/s", t->seconds, t->stops / t->seconds);
	strbuf_addc(out, '\n');
}

const struct sink_ops sink_text = {
	.name = "text",
	.summary = "the stop lines of a session",
	.begin = text_begin,
	.step = text_step,
	.gap = text_step, /* stop_line_put() knows a gap when it sees one */
	.end = text_end,
};
