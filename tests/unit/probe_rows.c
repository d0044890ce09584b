/* probe_rows.c - the rows of the probes are whole, and their verdicts follow from what was done. */
#include "probe/probe.h"
#include "tap.h"

static bool is_name(const char *id)
{
	for (const char *p = id; *p; p++)
		if (!(*p >= 'a' && *p <= 'z') && !(*p >= '0' && *p <= '9') && *p != '-')
			return false;
	return *id && strlen(id) <= 16;
}

/* "K12", "section 11", "rig" or a kernel commit. */
static bool is_departure(const char *id)
{
	if (*id == 'K')
		return id[1] >= '1' && id[1] <= '9' && strlen(id) <= 3;
	if (!strcmp(id, "section 11") || !strcmp(id, "rig"))
		return true;
	return strlen(id) == 12 && strspn(id, "0123456789abcdef") == 12;
}

static bool row_whole(const struct probe *p)
{
	return is_name(p->id) && *p->event && *p->source && *p->want && *p->vmstep && p->code < p->end &&
	       p->end - p->code < 0x200 && (p->script || p->runs) && strlen(p->want) < 200;
}

static bool known_whole(const struct probe *p)
{
	for (unsigned i = 0; i < DEPARTURES && p->known[i].did; i++) {
		if (!strcmp(p->known[i].did, p->want) || !is_departure(p->known[i].id) || !p->known[i].note)
			return false;
		for (unsigned k = 0; k < i; k++)
			if (!strcmp(p->known[k].did, p->known[i].did))
				return false;
	}
	return true;
}

static bool unique(const struct probe *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(probe_at(i)->id, p->id))
			return false;
	return true;
}

static bool verdicts_follow(const struct probe *p)
{
	const struct departure *d;

	if (probe_verdict(p, p->want, &d) != VERDICT_DOCUMENTED || d)
		return false;
	if (probe_verdict(p, "debug+77[BD]", &d) != VERDICT_UNKNOWN || d)
		return false;
	for (unsigned i = 0; i < DEPARTURES && p->known[i].did; i++)
		if (probe_verdict(p, p->known[i].did, &d) != VERDICT_KNOWN || d != &p->known[i])
			return false;
	return true;
}

static void places(void)
{
	static const struct {
		u64 rip;
		const char *text;
	} cases[] = { { 0x1000, "+0" },		{ 0x1fff, "+4095" },	  { 0x2000, " v0+0" },
		      { 0x2011, " v1+1" },	{ 0x2fff, " v255+15" }, { 0x3000, " 0x3000" },
		      { 0x0fff, " 0xfff" } };
	struct strbuf out;

	strbuf_init(&out);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		strbuf_reset(&out);
		place_put(cases[i].rip, &out);
		tap_str(strbuf_str(&out), cases[i].text, "a place as text");
	}
	strbuf_deinit(&out);
}

int main(void)
{
	const struct probe *p;
	size_t n;

	for (n = 0; (p = probe_at(n)); n++) {
		tap_ok(row_whole(p) && unique(p, n), "%s: the row is whole, its name its own", p->id);
		tap_ok(known_whole(p), "%s: its known departures are told apart and have names", p->id);
		tap_ok(verdicts_follow(p), "%s: its verdicts", p->id);
	}
	tap_ok(n >= 40, "forty probes or more: %zu", n);
	places();
	return tap_done();
}
