/*
 * cause.c - the names of what stop.h counts. They are part of the interface: tests, scripts and
 * other tools read them.
 */
#include <vmstep/stop.h>

static const char *const cause_names[CAUSE_COUNT] = {
	[CAUSE_MTF] = "MTF",
	[CAUSE_TF] = "TF",
	[CAUSE_ICEBP] = "ICEBP",
	[CAUSE_INT3] = "INT3",
	[CAUSE_HWBP] = "HWBP",
	[CAUSE_WATCH] = "WATCH",
	[CAUSE_IOBP] = "IOBP",
	[CAUSE_GD] = "GD",
	[CAUSE_TBIT] = "TBIT",
	[CAUSE_BLD] = "BLD",
	[CAUSE_RTM] = "RTM",
	[CAUSE_BREAK] = "BREAK",
	[CAUSE_UWATCH] = "WATCH", /* the user's: shown with its number */
	[CAUSE_CATCH] = "CATCH",
	[CAUSE_EVENT] = "EVENT",
	[CAUSE_IO] = "IO",
	[CAUSE_MMIO] = "MMIO",
	[CAUSE_HLT] = "HLT",
	[CAUSE_EXCEPTION] = "EXCEPTION",
	[CAUSE_SHUTDOWN] = "SHUTDOWN",
	[CAUSE_INTERRUPT] = "INTERRUPT",
	[CAUSE_LIMIT] = "LIMIT",
	[CAUSE_EXIT] = "EXIT",
	[CAUSE_ERROR] = "ERROR",
	[CAUSE_START] = "START",
};

static const char *const gap_texts[] = {
	[GAP_NONE] = "",
	[GAP_EVENT] = "an event was delivered under TF and its handler ran unseen",
	[GAP_SYSCALL] = "SYSCALL or SYSRET dropped TF and the step with it",
	[GAP_CPL3] = "this KVM does not step ring 3",
	[GAP_REP] = "iterations of a REP instruction were not seen one by one",
	[GAP_RUN] = "the guest ran freely",
	[GAP_BACK] = "the guest was put back to an earlier state",
	[GAP_OTHER] = "the engine could not see what ran here",
};

const char *cause_name(enum cause c)
{
	return (unsigned)c < CAUSE_COUNT ? cause_names[c] : "?";
}

const char *gap_reason_text(enum gap_reason r)
{
	return (unsigned)r < ARRAY_SIZE(gap_texts) ? gap_texts[r] : "?";
}

void stop_did(struct stop *s, enum did_kind kind, u8 arg, u64 a, u64 b)
{
	if (s->n_did < STOP_DIDS)
		s->n_did++;
	s->did[s->n_did - 1] = (struct did){ .kind = kind, .arg = arg, .a = a, .b = b };
}

static struct stop_point *point_slot(struct stop *s, enum cause c)
{
	return &s->points[c == CAUSE_BREAK ? STOP_BREAK : c == CAUSE_UWATCH ? STOP_WATCH : STOP_CATCH];
}

struct stop_point stop_point(const struct stop *s, enum cause c)
{
	const struct stop_point *p = point_slot((struct stop *)s, c);
	struct stop_point only = { s->point, s->point_how, s->point_dr };

	return p->number ? *p : only;
}

void stop_point_set(struct stop *s, enum cause c, u32 number, u8 how, s8 dr)
{
	*point_slot(s, c) = (struct stop_point){ number, how, dr };
	if (s->point)
		return;
	s->point = number;
	s->point_how = how;
	s->point_dr = dr;
}
