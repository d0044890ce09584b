/* why_not.c - `why not CAUSE`: from a cause's name to its list of reasons; see why_not.h. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "why_not.h"

bool reason_tell(const struct why_not *w, const char *source, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	strbuf_vaddf(w->out, fmt, ap);
	va_end(ap);
	strbuf_addc(w->out, '\n');
	if (source)
		strbuf_addf(w->out, "See: %s\n", source);
	return true;
}

void from_text(const struct why_not *w, char *buf, size_t size)
{
	if (w->n_from)
		insn_format(mode_bits(w->st->from_mode), w->from_bytes, w->n_from, w->from_lin, NULL,
			    NULL, buf, size);
	else
		snprintf(buf, size, "the code before");
}

bool nothing_retired(const struct why_not *w)
{
	if (w->st->retired || !w->n_from)
		return false;
	if (w->st->has_event && !w->st->event_rep)
		return reason_tell(w, NULL,
				   "No instruction has completed since the boundary before: vector "
				   "%u was delivered, type %u.",
				   w->st->event_vector, w->st->event_type);
	return reason_tell(w, NULL, "No instruction has completed since the boundary before%s.",
			   w->st->event_rep ? ": a REP string instruction is between two iterations"
					    : "");
}

/* ---- the same for all --------------------------------------------------------------------------
 */

static bool it_came(const struct why_not *w)
{
	char number[16];

	if (!(w->st->causes & CAUSE_BIT(w->cause)))
		return false;
	if (w->point && stop_point(w->st, w->cause).number != w->point)
		return false;
	snprintf(number, sizeof(number), w->point ? "/%u" : "", w->point);
	return reason_tell(w, cause_text(w->cause)->source,
			   "It did come: %s%s is among the causes of this stop.",
			   cause_name(w->cause), number);
}

static bool nothing_ran(const struct why_not *w)
{
	return w->st->first == CAUSE_START &&
	       reason_tell(w, NULL,
			   "Nothing has run yet: this is the stop before the first instruction.");
}

static const struct row {
	enum cause cause;
	reason_fn *const *reasons;
} rows[] = {
	{ CAUSE_TF, tf_reasons },        { CAUSE_MTF, mtf_reasons },
	{ CAUSE_ICEBP, icebp_reasons },  { CAUSE_INT3, int3_reasons },
	{ CAUSE_HWBP, hwbp_reasons },    { CAUSE_WATCH, watch_reasons },
	{ CAUSE_IOBP, iobp_reasons },    { CAUSE_GD, gd_reasons },
	{ CAUSE_TBIT, tbit_reasons },    { CAUSE_BLD, bld_reasons },
	{ CAUSE_RTM, bld_reasons },      { CAUSE_BREAK, point_reasons },
	{ CAUSE_UWATCH, point_reasons }, { CAUSE_CATCH, point_reasons },
	{ CAUSE_EVENT, event_reasons },  { CAUSE_INTERRUPT, interrupt_reasons },
};

static reason_fn *const *reasons_of(enum cause c)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (rows[i].cause == c)
			return rows[i].reasons;
	return other_reasons;
}

/* "tf", "BREAK/2", "BS" for TF, "INT1" for ICEBP. */
static bool cause_parse(const char *text, enum cause *ret, u32 *ret_point)
{
	static const struct {
		const char *name;
		enum cause cause;
	} others[] = { { "BS", CAUSE_TF },
		       { "INT1", CAUSE_ICEBP },
		       { "BD", CAUSE_GD },
		       { "BT", CAUSE_TBIT } };
	const size_t n = strcspn(text, "/");
	char *end = NULL;

	*ret_point = text[n] ? strtoul(text + n + 1, &end, 10) : 0;
	if (text[n] && (end == text + n + 1 || *end))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		if (!strcasecmp(others[i].name, text)) {
			*ret = others[i].cause;
			return true;
		}
	for (unsigned c = 0; c < CAUSE_COUNT; c++) {
		const bool numbered = c == CAUSE_BREAK || c == CAUSE_UWATCH || c == CAUSE_CATCH;

		if (strlen(cause_name(c)) != n || strncasecmp(cause_name(c), text, n) ||
		    (text[n] && !numbered) || (!text[n] && c == CAUSE_UWATCH))
			continue;
		*ret = c;
		return true;
	}
	return false;
}

static void from_decode(struct why_not *w)
{
	struct insn insn;

	insn_decode(mode_bits(w->st->from_mode), w->from_bytes, w->n_from, &insn);
	w->from = insn.facts;
	w->n_from = insn.facts.length;
}

/* Of a pair that MOV SS begins, the stop has the first; behind it lies the second. */
static void second_read(struct why_not *w)
{
	const bool pair = w->st->retired == 2 && w->from.cls == INSN_MOV_SS;
	size_t n = pair && session_has_guest(w->s) ? INSN_MAX : 0;

	w->from = (struct insn_facts){ .cls = INSN_OTHER };
	w->from_lin += w->n_from;
	while (n && session_read(w->s, w->from_lin, w->from_bytes, n, NULL))
		n--;
	w->n_from = n;
	if (n)
		from_decode(w);
}

static void facts_read(struct why_not *w)
{
	const struct stop *st = w->st;
	struct insn insn;

	w->from_lin = st->from_lin;
	w->n_from = st->n_from;
	memcpy(w->from_bytes, st->from_bytes, st->n_from);
	if (w->n_from)
		from_decode(w);
	if (st->retired > 1 || st->retired < 0)
		second_read(w);
	if (st->n_bytes) {
		insn_decode(mode_bits(st->mode), st->bytes, st->n_bytes, &insn);
		w->at = insn.facts;
	}
}

static void answer(const struct why_not *w)
{
	reason_fn *const *reason = reasons_of(w->cause);

	if (it_came(w) || nothing_ran(w))
		return;
	for (; *reason; reason++)
		if ((*reason)(w))
			return;
	reason_tell(w, cause_text(w->cause)->source,
		    "Neither this stop nor the registers say why not. What it takes: %s",
		    cause_text(w->cause)->what);
}

/* What every answer needs, but for the cause. */
static struct why_not question(struct session *s, const struct stop *st, struct strbuf *out)
{
	struct why_not w = { .s = s, .st = st, .engine = session_engine_name(s), .out = out };
	const struct engine_ops *ops = engine_find(w.engine);

	w.vmx_view = ops && ops->vmx_view;
	w.mtf = w.vmx_view && session_settings(s)->mtf;
	if (session_has_guest(s) && session_regs(s, &w.cpu, NULL))
		w.cpu = NULL;
	facts_read(&w);
	return w;
}

int why_not_explain(struct session *s, const struct stop *st, const char *cause, struct strbuf *out,
		    struct err *err)
{
	const size_t from = out->n;
	struct why_not w = question(s, st, out);

	if (!cause_parse(cause, &w.cause, &w.point))
		return err_set(err, EINVAL,
			       "why not %.40s: no stop has that cause; there are TF, MTF, ICEBP, "
			       "INT3, HWBP, WATCH, IOBP, GD, "
			       "BREAK/n, EVENT, INTERRUPT and those of info stop",
			       cause);
	answer(&w);
	teach_wrap(out, from);
	return 0;
}

/* One of a list: not what did come. */
static void answer_of_list(struct why_not *w)
{
	if ((w->st->causes & CAUSE_BIT(w->cause)) &&
	    (!w->point || stop_point(w->st, w->cause).number == w->point))
		return;
	strbuf_adds(w->out, cause_name(w->cause));
	if (w->point)
		strbuf_addf(w->out, "/%u", w->point);
	strbuf_adds(w->out, ": ");
	answer(w);
}

static enum cause point_cause(const struct upoint *p)
{
	if (p->type == UPOINT_CATCH)
		return CAUSE_CATCH;
	return p->type == UPOINT_BREAK || p->type == UPOINT_HBREAK ? CAUSE_BREAK : CAUSE_UWATCH;
}

void why_not_each(struct session *s, const struct stop *st, struct strbuf *out)
{
	const size_t from = out->n;
	struct why_not w = question(s, st, out);
	struct upoint *const *p;
	size_t n;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		w.cause = rows[i].cause;
		if (rows[i].reasons != point_reasons)
			answer_of_list(&w);
	}
	p = session_points(s, &n);
	for (size_t i = 0; i < n; i++) {
		w.cause = point_cause(p[i]);
		w.point = p[i]->num;
		answer_of_list(&w);
	}
	teach_wrap(out, from);
}
