/*
 * sink.h - what every sink writes into. Internal to src/trace/.
 *
 * A sink appends whole lines to `out` and knows nothing of files, locks or clocks: trace.c empties
 * the buffer. To add a format: one file with a struct sink_ops and one row in table.c.
 */
#ifndef VMSTEP_TRACE_SINK_H
#define VMSTEP_TRACE_SINK_H

#include "put.h"

struct sink {
	const struct sink_ops *ops;
	struct trace_options opt;
	struct line_source src; /* with cache and memo */
	struct strbuf out;      /* whole lines not yet written */
	const char *started;    /* ISO 8601, UTC */
	const char *host;       /* "Linux 6.1.0 x86_64" */
	bool has_last;          /* `last` holds the registers of the stop before */
	struct stop last;
};

extern const struct sink_ops sink_text, sink_jsonl;

/* The guest as the user named it: the path, or "hex 90 f1". */
const char *trace_guest_name(struct session *s, struct strbuf *scratch);

#endif
