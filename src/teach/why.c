/*
 * why.c - `why`: the current stop in words. First what each cause is, then how this stop shows it,
 * then what vmstep did; a sentence about this stop is said only where its evidence holds it.
 */
#include <vmstep/trace.h>
#include "why.h"

/* What may be said of the boundary before: that its instruction ran is only known where one
 * retired. */
static void before_words(struct session *s, const struct stop *st, struct strbuf *out)
{
	const bool ran = st->retired == 1 || st->event_rep;

	if (ran)
		strbuf_adds(out, "The instruction before, at ");
	else if (!st->retired)
		strbuf_adds(out, "No instruction has completed since the boundary before, ");
	else if (st->retired > 1)
		strbuf_addf(out, "%d instructions ran since the boundary ", st->retired);
	else
		strbuf_adds(out, "How many instructions ran is not known; the last boundary seen "
				 "before is ");
	teach_address(s, st->from_lin, out);
	strbuf_adds(out, ran ? ", is: " : ", with: ");
	teach_insn(st->from_mode, st->from_lin, st->from_bytes, st->n_from, out);
	strbuf_addc(out, '\n');
}

static void heading(struct session *s, const struct stop *st, struct strbuf *out)
{
	strbuf_addf(out, "Stop #%llu, ", (unsigned long long)st->n);
	stop_causes(st, out);
	strbuf_adds(out, ", at ");
	teach_address(s, st->lin, out);
	strbuf_adds(out, ".\n");
	if (st->n_from && st->first != CAUSE_START)
		before_words(s, st, out);
}

static void event_words(struct session *s, const struct stop *st, struct strbuf *out)
{
	if (!st->has_event)
		return;
	if (st->event_rep) {
		strbuf_adds(out, "The instruction is a REP string instruction and not done: one "
				 "iteration, or some, ended "
				 "here, so nothing retired (SDM volume 2, "
				 "\"REP/REPE/REPZ/REPNE/REPNZ\").\n");
		return;
	}
	strbuf_addf(out, "The event is vector %u", st->event_vector);
	if (*exception_name(st->event_vector) && st->event_type != INTR_EXTERNAL &&
	    st->event_type != INTR_SOFT_INT)
		strbuf_addf(out, " (%s, %s)", exception_name(st->event_vector),
			    exception_long_name(st->event_vector));
	if (st->event_has_error)
		strbuf_addf(out, ", error code 0x%x", st->event_error);
	strbuf_adds(out, st->retired ? ".\n" : "; no instruction retired since the stop before.\n");
}

static void point_words(const struct stop *st, struct strbuf *out)
{
	static const char *const how[] = {
		[POINT_HOW_AUTO] = "by its address",
		[POINT_HOW_INT3] = "by an INT3 planted there",
		[POINT_HOW_DR] = "by a debug register",
		[POINT_HOW_ADDRESS] = "by its address, while stepping",
		[POINT_HOW_VALUE] = "by its value, looked at after each step",
	};

	static const enum cause kinds[] = { CAUSE_UWATCH, CAUSE_BREAK };

	if (!st->point)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		struct stop_point p = stop_point(st, kinds[i]);

		if (st->causes & CAUSE_BIT(kinds[i]))
			strbuf_addf(out, "It is point %u, noticed %s.\n", p.number,
				    how[p.how < ARRAY_SIZE(how) ? p.how : 0]);
	}
	if (st->causes & CAUSE_BIT(CAUSE_UWATCH) && st->old_value != st->new_value && st->hit_addr)
		strbuf_addf(out, "The value at 0x%llx was 0x%llx and is 0x%llx.\n",
			    (unsigned long long)st->hit_addr, (unsigned long long)st->old_value,
			    (unsigned long long)st->new_value);
}

static void pending_words(const struct stop *st, struct strbuf *out)
{
	if (!st->pending)
		return;
	strbuf_addf(out,
		    "The next resume delivers vector %u to the guest or swallows it: see set %s, "
		    "deliver, swallow.\n",
		    st->pending_vector, st->pending_vector == EXC_BP ? "int3" : "icebp");
}

static void shadow_words(const struct stop *st, struct strbuf *out)
{
	if (!st->shadow_known || !st->shadow)
		return;
	strbuf_addf(out,
		    "A shadow is active here (%s): it lasts one instruction and holds back %s "
		    "(SDM volume 2, \"STI\"; volume 3, \"Masking Exceptions and Interrupts When "
		    "Switching Stacks\").\n",
		    st->shadow & SHADOW_MOV_SS ? "MOV SS" : "STI",
		    st->shadow & SHADOW_MOV_SS
			    ? "interrupts, NMIs, code breakpoints and debug traps"
			    : "interrupts");
}

static void sources(const struct stop *st, struct strbuf *out)
{
	const char *before = "See: ";

	for (unsigned c = 0; c < CAUSE_COUNT; c++) {
		if (!(st->causes & CAUSE_BIT(c)) || !cause_text(c)->source)
			continue;
		strbuf_addf(out, "%s%s", before, cause_text(c)->source);
		before = "; ";
	}
	if (__builtin_popcount(st->causes) > 1) {
		strbuf_addf(out, "%sSDM volume 3, \"Priority Among Concurrent Events\"", before);
		before = "; ";
	}
	if (*before == ';')
		strbuf_addc(out, '\n');
}

static void other_words(const struct stop *st, enum cause c, struct strbuf *out)
{
	strbuf_addf(out, "At the same boundary, %s", cause_name(c));
	if (c == CAUSE_BREAK || c == CAUSE_UWATCH || c == CAUSE_CATCH)
		strbuf_addf(out, "/%u", stop_point(st, c).number);
	strbuf_addf(out, ": %s\n", cause_text(c)->what);
}

void why_explain(struct session *s, const struct stop *st, struct strbuf *out)
{
	size_t from = out->n;

	heading(s, st, out);
	strbuf_addf(out, "%s\n", cause_text(st->first)->what);
	for (unsigned c = 0; c < CAUSE_COUNT; c++)
		if (c != st->first && (st->causes & CAUSE_BIT(c)))
			other_words(st, c, out);
	why_evidence(st, out);
	event_words(s, st, out);
	point_words(st, out);
	for (unsigned i = 0; i < st->n_did; i++)
		why_did(s, &st->did[i], out);
	why_absent(s, st, out);
	shadow_words(st, out);
	pending_words(st, out);
	sources(st, out);
	teach_wrap(out, from);
}
