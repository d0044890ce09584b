/* verdict.c - the list of probes, and what an outcome means. */
#include "probe/probe.h"

static const struct probe *const groups[] = {
	probes_step, probes_flow, probes_icebp, probes_event, probes_point, probes_state, probes_nested,
};

static const char *const names[VERDICT_COUNT] = {
	[VERDICT_DOCUMENTED] = "documented",
	[VERDICT_KNOWN] = "known",
	[VERDICT_UNKNOWN] = "unknown",
	[VERDICT_ABSENT] = "absent",
};

const struct unshown probes_unshown[] = {
	{ "K10", "SINGLESTEP, which takes L2's #DB as USE_HW_BP does, would step the probe's L1 as well" },
	{ "K18", "an RTM trap takes a processor with TSX and no such processor was at hand" },
	{ "K19", "a pending MTF is lost only without KVM_CAP_EXCEPTION_PAYLOAD, which the lab always has, and an "
		 "injected type 5 or 7 where an entry is repeated, which no guest can bring about at will" },
	{ NULL, NULL },
};

const char *verdict_name(enum verdict_kind v)
{
	return (unsigned)v < VERDICT_COUNT ? names[v] : "?";
}

const struct probe *probe_at(size_t i)
{
	for (size_t g = 0; g < ARRAY_SIZE(groups); g++)
		for (const struct probe *p = groups[g]; p->id; p++)
			if (!i--)
				return p;
	return NULL;
}

enum verdict_kind probe_verdict(const struct probe *p, const char *did,
				const struct departure **ret_departure)
{
	*ret_departure = NULL;
	if (!strcmp(did, p->want))
		return VERDICT_DOCUMENTED;
	for (unsigned i = 0; i < DEPARTURES && p->known[i].did; i++) {
		if (strcmp(did, p->known[i].did))
			continue;
		*ret_departure = &p->known[i];
		return VERDICT_KNOWN;
	}
	return VERDICT_UNKNOWN;
}
