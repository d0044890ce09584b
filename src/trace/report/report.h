/*
 * report.h - a trace as columns for the page of `vmstep report`, and which records of several traces
 * belong together. Internal to src/trace/report/.
 */
#ifndef VMSTEP_TRACE_REPORT_H
#define VMSTEP_TRACE_REPORT_H

#include "trace/read.h"

/* Texts, each kept once and known by a number; number 0 is the empty text. */
struct texts {
	struct strbuf all;   /* the texts, each with its NUL */
	u32 *at;             /* where in `all` text number i begins */
	u32 n, cap;
	u32 *slot, n_slots;  /* open addressing: number of a text, 0: free */
	bool failed;         /* out of memory: some numbers are 0 that should not be */
};

void texts_init(struct texts *t);
void texts_deinit(struct texts *t);
u32 texts_number(struct texts *t, const char *s, size_t n);
const char *texts_get(const struct texts *t, u32 number);

/* What a record says, a column each; all values but COLUMN_N's are numbers of texts. */
enum column {
	COLUMN_N,       /* number of the stop */
	COLUMN_CAUSE,   /* "ICEBP+BREAK/2", "gap" */
	COLUMN_LIN,
	COLUMN_RETIRED,
	COLUMN_INSN,    /* the instruction at the boundary */
	COLUMN_FROM,    /* the one just done */
	COLUMN_SYM,
	COLUMN_LINE,
	COLUMN_MODE,
	COLUMN_CPL,
	COLUMN_RFLAGS,
	COLUMN_SHADOW,
	COLUMN_DR6,
	COLUMN_DR7,
	COLUMN_PROOF,
	COLUMN_EXIT,    /* JSON of `exit`, or the evidence of a text trace, or a gap's reason */
	COLUMN_VMX,     /* JSON */
	COLUMN_DID,     /* JSON */
	COLUMN_EVENT,   /* JSON */
	COLUMN_PENDING,
	COLUMN_REGS,    /* JSON */
	COLUMN_COUNT,
};
extern const char *const column_names[COLUMN_COUNT];

struct columns {
	const char *path;
	char *header, *total;    /* the first and last line; NULL: none (a killed run) */
	u32 n, cap;
	u32 *v[COLUMN_COUNT];
	struct texts texts;
	u64 damaged;             /* lines that were left out */
	struct strbuf complaint; /* the sentence on the first of them */
};

/*
 * The whole file. A line that cannot be read is counted and left out; what is refused with a sentence is
 * a file that cannot be opened or does not begin as a trace does, and one of more records than memory.
 */
int columns_read(const char *path, struct columns *ret, struct err *err);
void columns_deinit(struct columns *c);

/*
 * Which elements of two sequences belong together: keys that are equal, in order. Where they part, the
 * nearest place is looked for, up to ALIGN_WINDOW elements away, where ALIGN_RUN keys in a row agree
 * again (fewer at an end of a sequence); of two as near, the one that passes fewer of `a`. `pair` is called in order; -1: the element has no counterpart.
 */
enum { ALIGN_WINDOW = 256, ALIGN_RUN = 4 };
void align(const u64 *a, u32 na, const u64 *b, u32 nb, void (*pair)(void *arg, s64 i, s64 j), void *arg);

/* The page's parts (page/), each NUL-terminated. */
extern const char page_css[], page_js[];

#endif
