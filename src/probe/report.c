/* report.c - see report.h. */
#include <stdio.h>
#include <sys/utsname.h>
#include <unistd.h>
#include <vmstep/engine.h>

#include "probe/report.h"

void report_init(struct report *r)
{
	const struct engine_ops *kvm = engine_find("kvm");
	struct engine_probe probe = { 0 };
	struct utsname u = { .sysname = "" };

	*r = (struct report){ .n = 0 };
	kvm->probe(&probe);
	snprintf(r->flavour, sizeof(r->flavour), "%s",
		 !probe.hardware			    ? "software"
		 : access("/sys/module/kvm_amd", F_OK) == 0 ? "kvm_amd"
							    : "kvm_intel");
	if (!uname(&u))
		snprintf(r->kernel, sizeof(r->kernel), "%.31s %.*s", u.sysname,
			 (int)strcspn(u.release, "-+"), u.release);
}

void report_add(struct report *r, const struct probe *p, const char *did, bool failed)
{
	struct outcome *o = &r->outcome[r->n];

	if (r->n == PROBES_MAX)
		return;
	r->n++;
	*o = (struct outcome){ .probe = p, .verdict = VERDICT_ABSENT };
	snprintf(o->did, sizeof(o->did), "%s", did);
	if (!failed)
		o->verdict = probe_verdict(p, o->did, &o->departure);
}

/* ---- text ------------------------------------------------------------------------------------ */

static const char *mark(const struct outcome *o)
{
	switch (o->verdict) {
	case VERDICT_DOCUMENTED: return "ok";
	case VERDICT_KNOWN: return o->departure->id;
	case VERDICT_UNKNOWN: return "UNKNOWN";
	default: return "-";
	}
}

static void outcome_text(const struct outcome *o, bool color, struct strbuf *out)
{
	static const char *const codes[VERDICT_COUNT] = {
		[VERDICT_DOCUMENTED] = "\033[32m", [VERDICT_KNOWN] = "\033[33m",
		[VERDICT_UNKNOWN] = "\033[1;31m", [VERDICT_ABSENT] = "\033[2m",
	};

	strbuf_addf(out, "%s%-13s%s %-16s %s\n", color ? codes[o->verdict] : "", mark(o),
		    color ? "\033[0m" : "", o->probe->id, o->probe->event);
	if (o->verdict == VERDICT_DOCUMENTED)
		return;
	if (o->verdict == VERDICT_ABSENT) {
		strbuf_addf(out, "%31snot tried: %s\n", "", o->did);
		return;
	}
	strbuf_addf(out, "%31sasked: %s (%s)\n%31sdid:   %s%s%s%s\n%31svmstep %s\n", "", o->probe->want,
		    o->probe->source, "", o->did, o->departure && *o->departure->note ? " (" : "",
		    o->departure ? o->departure->note : "",
		    o->departure && *o->departure->note ? ")" : "", "", o->probe->vmstep);
}

void report_text(const struct report *r, bool color, struct strbuf *out)
{
	unsigned count[VERDICT_COUNT] = { 0 };

	strbuf_addf(out, "%s, %s\n", r->flavour, r->kernel);
	for (size_t i = 0; i < r->n; i++) {
		outcome_text(&r->outcome[i], color, out);
		count[r->outcome[i].verdict]++;
	}
	for (const struct unshown *u = probes_unshown; u->id; u++)
		strbuf_addf(out, "%-13s not shown: %s\n", u->id, u->why);
	strbuf_addf(out, "total %zu: %u as documented, %u known departures, %u unknown, %u not tried\n", r->n,
		    count[VERDICT_DOCUMENTED], count[VERDICT_KNOWN], count[VERDICT_UNKNOWN],
		    count[VERDICT_ABSENT]);
}

/* ---- JSON Lines ------------------------------------------------------------------------------ */

static void member_put(struct strbuf *out, const char *before, const char *name, const char *text)
{
	strbuf_addf(out, "%s\"%s\":\"", before, name);
	strbuf_addjson(out, text, strlen(text));
	strbuf_addc(out, '"');
}

static void outcome_json(const struct outcome *o, struct strbuf *out)
{
	member_put(out, "{", "id", o->probe->id);
	member_put(out, ",", "event", o->probe->event);
	member_put(out, ",", "asked", o->probe->want);
	member_put(out, ",", "source", o->probe->source);
	member_put(out, ",", "did", o->did);
	member_put(out, ",", "verdict", verdict_name(o->verdict));
	if (o->departure) {
		member_put(out, ",", "departure", o->departure->id);
		member_put(out, ",", "note", o->departure->note);
	}
	if (o->probe->shows)
		member_put(out, ",", "shows", o->probe->shows);
	member_put(out, ",", "vmstep", o->probe->vmstep);
	strbuf_adds(out, "}\n");
}

void report_json(const struct report *r, struct strbuf *out)
{
	strbuf_adds(out, "{\"vmstep_probe\":1");
	member_put(out, ",", "flavour", r->flavour);
	member_put(out, ",", "kernel", r->kernel);
	strbuf_adds(out, "}\n");
	for (size_t i = 0; i < r->n; i++)
		outcome_json(&r->outcome[i], out);
	for (const struct unshown *u = probes_unshown; u->id; u++) {
		member_put(out, "{", "unshown", u->id);
		member_put(out, ",", "why", u->why);
		strbuf_adds(out, "}\n");
	}
}
