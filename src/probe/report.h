/*
 * report.h - the outcomes of all probes: as text, as JSON Lines, and against those of another kernel.
 * Implemented by report.c and against.c, called by cli/.
 */
#ifndef VMSTEP_PROBE_REPORT_H
#define VMSTEP_PROBE_REPORT_H

#include <vmstep/err.h>

#include "probe/probe.h"

enum { PROBES_MAX = 100 };
struct outcome {
	const struct probe *probe;
	char did[200];
	u8 verdict; /* enum verdict_kind */
	const struct departure *departure;
};
struct report {
	char flavour[16];  /* "kvm_intel", "kvm_amd", "software" */
	char kernel[80];   /* for the reader: nothing is decided by it */
	struct outcome outcome[PROBES_MAX];
	size_t n;
};

void report_init(struct report *r);
/* `did` is what the probe did, or with `failed` why it could not be run. */
void report_add(struct report *r, const struct probe *p, const char *did, bool failed);
void report_text(const struct report *r, bool color, struct strbuf *out);
void report_json(const struct report *r, struct strbuf *out);
/* What differs from the file, as text; *ret_changes how much. -EINVAL with a sentence for a file that
 * is none of ours. */
int report_against(const struct report *r, const char *path, struct strbuf *out, u64 *ret_changes,
		   struct err *err);

#endif
