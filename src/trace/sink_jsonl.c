/*
 * sink_jsonl.c - a trace for programs: JSON Lines, a header first, a total last. man/vmstep-trace.5
 * describes every field.
 *
 * This runs once a step, so there is no printf in step(): literals and digits only. Numbers that
 * can pass 2^53 are hex strings.
 */
#include "sink.h"

/* --- pieces --- */

static void hex(struct strbuf *out, u64 v)
{
	PUT(out, "\"");
	strbuf_addhex(out, v, true);
	PUT(out, "\"");
}

static void text(struct strbuf *out, const char *s)
{
	strbuf_addc(out, '"');
	strbuf_addjson(out, s, strlen(s));
	strbuf_addc(out, '"');
}

static void boolean(struct strbuf *out, bool v)
{
	if (v)
		PUT(out, "true");
	else
		PUT(out, "false");
}

/* Make a string of what was appended since `at`; the usual plain ASCII is left where it is. */
static void quote_from(struct strbuf *out, size_t at)
{
	bool plain = true;
	char copy[400];
	size_t n;

	for (size_t i = at; i < out->n && plain; i++) {
		unsigned char c = out->s[i];

		plain = c >= ' ' && c < 0x7f && c != '"' && c != '\\';
	}
	n = out->n - at;
	if (!plain && n <= sizeof(copy)) {
		memcpy(copy, out->s + at, n);
		out->n = at;
		strbuf_addjson(out, copy, n);
	}
	strbuf_addc(out, '"');
}

static void insn(struct sink *k, u8 mode, u64 lin, const u8 *bytes, size_t n)
{
	struct strbuf *out = &k->out;

	if (!n) {
		PUT(out, "null");
		return;
	}
	strbuf_addc(out, '"');
	insn_put(&k->src, mode, lin, bytes, n, out);
	strbuf_addc(out, '"');
}

/* A text as a string, or null where there is none. */
static void text_of(struct sink *k, u64 lin,
		    bool (*put)(const struct line_source *, u64, struct strbuf *))
{
	struct strbuf *out = &k->out;
	size_t at;

	strbuf_addc(out, '"');
	at = out->n;
	if (put(&k->src, lin, out)) {
		quote_from(out, at);
	} else {
		out->n = at - 1;
		PUT(out, "null");
	}
}

/* --- the members of a record, in the order of the schema --- */

static void causes(const struct stop *st, struct strbuf *out)
{
	PUT(out, ",\"cause\":\"");
	cause_put(st, st->first, out);
	PUT(out, "\",\"causes\":[\"");
	cause_put(st, st->first, out);
	for (u32 rest = st->causes & ~CAUSE_BIT(st->first); rest; rest &= rest - 1) {
		PUT(out, "\",\"");
		cause_put(st, __builtin_ctz(rest), out);
	}
	if (st->proof == PROOF_SEEN)
		PUT(out, "\"],\"proof\":\"seen\"");
	else
		PUT(out, "\"],\"proof\":\"deduced\"");
}

static void place(struct sink *k, const struct stop *st)
{
	struct strbuf *out = &k->out;

	HEX(out, ",\"rip\":", st->rip);
	HEX(out, ",\"from\":", st->from);
	PUT(out, ",\"retired\":");
	if (st->retired < 0)
		PUT(out, "null");
	else
		strbuf_adddec(out, st->retired);
	HEX(out, ",\"cs\":", st->cs);
	HEX(out, ",\"lin\":", st->lin);
	if (st->n_bytes) {
		PUT(out, ",\"bytes\":\"");
		strbuf_addbytes(out, st->bytes,
				insn_size(&k->src, st->mode, st->lin, st->bytes, st->n_bytes));
		PUT(out, "\",\"insn\":");
	} else {
		PUT(out, ",\"bytes\":null,\"insn\":");
	}
	insn(k, st->mode, st->lin, st->bytes, st->n_bytes);
	PUT(out, ",\"from_insn\":");
	/* Where it is not known what ran, `from` need not be the instruction just done. */
	insn(k, st->from_mode, st->from_lin, st->from_bytes, st->retired < 0 ? 0 : st->n_from);
	PUT(out, ",\"sym\":");
	text_of(k, st->lin, symbol_put);
	PUT(out, ",\"line\":");
	text_of(k, st->lin, line_put);
	PUT(out, ",\"mode\":\"");
	strbuf_adds(out, mode_name(st->mode));
	PUT(out, "\",\"cpl\":");
	strbuf_adddec(out, st->cpl);
}

static void flags(const struct stop *st, struct strbuf *out)
{
	HEX(out, ",\"rflags\":", st->rflags);
	PUT(out, ",\"tf\":{\"host\":");
	boolean(out, st->host_tf);
	PUT(out, ",\"guest\":");
	boolean(out, st->guest_tf);
	if (!st->shadow_known) {
		PUT(out, "},\"shadow\":null");
	} else {
		PUT(out, "},\"shadow\":\"");
		strbuf_adds(out, shadow_text(st->shadow));
		strbuf_addc(out, '"');
	}
	if (st->has_dr) {
		HEX(out, ",\"dr6\":", st->dr6);
		HEX(out, ",\"dr7\":", st->dr7);
	} else {
		PUT(out, ",\"dr6\":null,\"dr7\":null");
	}
}

static void reg(struct strbuf *out, const char *name, u64 v, bool *any)
{
	if (*any)
		strbuf_addc(out, ',');
	*any = true;
	strbuf_addc(out, '"');
	strbuf_adds(out, name);
	PUT(out, "\":");
	hex(out, v);
}

static void regs(struct sink *k, const struct stop *st)
{
	bool all = k->opt.regs == TRACE_REGS_ALL || !k->has_last, any = false;
	const struct stop *last = &k->last;
	struct strbuf *out = &k->out;
	const struct {
		const char *name;
		u64 now, before;
	} crs[] = {
		{ "cr0", st->cr0, last->cr0 },
		{ "cr2", st->cr2, last->cr2 },
		{ "cr3", st->cr3, last->cr3 },
		{ "cr4", st->cr4, last->cr4 },
	};

	if (k->opt.regs == TRACE_REGS_NONE)
		return;
	PUT(out, ",\"regs\":{");
	for (unsigned r = 0; r < GPR_COUNT; r++)
		if (all || st->gpr[r] != last->gpr[r])
			reg(out, gpr_name(r), st->gpr[r], &any);
	for (unsigned i = 0; i < ARRAY_SIZE(crs); i++)
		if (all || crs[i].now != crs[i].before)
			reg(out, crs[i].name, crs[i].now, &any);
	for (unsigned i = 0; i < SEG_COUNT; i++)
		if (i != SEG_CS && (all || st->sel[i] != last->sel[i]))
			reg(out, seg_name(i), st->sel[i], &any);
	strbuf_addc(out, '}');
	memcpy(k->last.gpr, st->gpr, sizeof(st->gpr));
	memcpy(k->last.sel, st->sel, sizeof(st->sel));
	k->last.cr0 = st->cr0;
	k->last.cr2 = st->cr2;
	k->last.cr3 = st->cr3;
	k->last.cr4 = st->cr4;
	k->has_last = true;
}

/* --- the sink --- */

static void jsonl_begin(struct sink *k, struct session *s)
{
	const struct settings *set = session_settings(s);
	struct strbuf guest, *out = &k->out;

	strbuf_init(&guest);
	PUT(out, "{\"vmstep\":1,\"schema\":1,\"engine\":");
	text(out, session_engine_name(s));
	if (!k->opt.deterministic) {
		PUT(out, ",\"host\":");
		text(out, k->host);
	}
	PUT(out, ",\"guest\":");
	text(out, trace_guest_name(s, &guest));
	if (!k->opt.deterministic) {
		PUT(out, ",\"started\":");
		text(out, k->started);
	}
	PUT(out, ",\"policy\":{\"icebp\":");
	text(out, event_policy_text(set->icebp));
	PUT(out, ",\"int3\":");
	text(out, event_policy_text(set->int3));
	PUT(out, ",\"skip\":");
	text(out, skip_policy_name(set->skip));
	PUT(out, "}}\n");
	strbuf_deinit(&guest);
}

static void jsonl_step(struct sink *k, struct session *s, const struct stop *st)
{
	struct strbuf *out = &k->out;

	PUT(out, "{\"n\":");
	strbuf_adddec(out, st->n);
	causes(st, out);
	place(k, st);
	flags(st, out);
	jsonl_exit_put(st, out);
	jsonl_did_put(st, out);
	jsonl_occasion_put(st, out);
	regs(k, st);
	PUT(out, "}\n");
}

static void jsonl_gap(struct sink *k, struct session *s, const struct stop *gap)
{
	struct strbuf *out = &k->out;

	PUT(out, "{\"gap\":true");
	HEX(out, ",\"at\":", gap->lin);
	PUT(out, ",\"reason\":");
	text(out, gap_reason_text(gap->gap));
	PUT(out, ",\"retired\":");
	if (gap->retired < 0)
		PUT(out, "null");
	else
		strbuf_adddec(out, gap->retired);
	PUT(out, "}\n");
}

static void jsonl_end(struct sink *k, struct session *s, const struct trace_total *t)
{
	struct strbuf *out = &k->out;
	bool any = false;

	PUT(out, "{\"total\":");
	strbuf_adddec(out, t->stops);
	PUT(out, ",\"by_cause\":{");
	for (unsigned c = 0; c < CAUSE_COUNT; c++) {
		if (!t->by_cause[c])
			continue;
		strbuf_addf(out, "%s\"%s\":%llu", any ? "," : "", cause_family(c),
			    (unsigned long long)t->by_cause[c]);
		any = true;
	}
	PUT(out, "},\"gaps\":");
	strbuf_adddec(out, t->gaps);
	PUT(out, ",\"retired\":");
	if (t->retired_exact)
		strbuf_adddec(out, t->retired);
	else
		PUT(out, "null");
	PUT(out, ",\"ended\":");
	text(out, t->ended);
	if (!k->opt.deterministic)
		strbuf_addf(out, ",\"seconds\":%.3f,\"steps_per_s\":%.0f", t->seconds,
			    t->seconds > 0 ? t->stops / t->seconds : 0.0);
	PUT(out, "}\n");
}

const struct sink_ops sink_jsonl = {
	.name = "jsonl",
	.summary = "JSON Lines, one object a record (vmstep-trace(5))",
	.begin = jsonl_begin,
	.step = jsonl_step,
	.gap = jsonl_gap,
	.end = jsonl_end,
};
