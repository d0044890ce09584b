/*
 * read.h - a trace file back as records, whichever format it is in. Internal to src/trace/.
 *
 * Lines are read one at a time, so that traces of any length cost no memory.
 */
#ifndef VMSTEP_TRACE_READ_H
#define VMSTEP_TRACE_READ_H

#include <stdio.h>
#include <vmstep/err.h>
#include <vmstep/strbuf.h>
#include "json.h"

enum item_kind {
	ITEM_HEADER,
	ITEM_STOP,
	ITEM_GAP,
	ITEM_TOTAL,
	ITEM_END, /* of the file, without a total: the run was killed */
};

/* What must be equal between two runs of the same guest, in the order in which it is told. */
enum item_field {
	FIELD_CAUSE,
	FIELD_RIP,
	FIELD_LIN,
	FIELD_RETIRED,
	FIELD_EVENT,
	FIELD_INSN,
	FIELD_MODE,
	FIELD_CPL,
	FIELD_CS,
	FIELD_PENDING,
	FIELD_REASON,
	FIELD_ENDED,
	FIELD_FLOW_COUNT,
	/* Equal where nothing the guest reads comes from a clock or the host. */
	FIELD_REGS = FIELD_FLOW_COUNT,
	FIELD_RFLAGS,
	FIELD_COUNT,
};
extern const char *const field_names[FIELD_COUNT];

struct item {
	u8 kind;                          /* enum item_kind */
	u64 n;                            /* number of a stop */
	struct strbuf field[FIELD_COUNT]; /* text, the same from both formats; empty: not in this
					     format */
};

struct trace_reader {
	const char *path;
	FILE *file;
	bool text;       /* else JSON Lines */
	u64 line;        /* number of the line read last, 1 is the first */
	bool unfinished; /* the last line has no newline and was left out */
	char *buf;
	size_t cap, n;
	struct item item;
};

/* Opens and reads the header; errors name the file. */
int reader_open(struct trace_reader *r, const char *path, struct err *err);
void reader_close(struct trace_reader *r);
/* The next record into r->item; behind the last one ITEM_END again and again. */
int reader_next(struct trace_reader *r, struct err *err);

#endif
