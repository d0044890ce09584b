/*
 * expr_macro.h - an expression with its macros replaced, and where in the user's text each of its
 * places comes from. Inside src/debug/.
 */
#ifndef VMSTEP_DEBUG_EXPR_MACRO_H
#define VMSTEP_DEBUG_EXPR_MACRO_H

#include <vmstep/err.h>
#include <vmstep/strbuf.h>

struct parser;

enum { EXPANDED_MAX = 64 };
struct expr_text {
	const char *from;  /* the user's text */
	struct strbuf to;  /* what is parsed */
	struct {
		size_t from, from_end, to, to_end;
	} piece[EXPANDED_MAX];
	unsigned n;        /* 0: nothing was replaced, the user's text is parsed itself */
	int rc;            /* an invocation that cannot be replaced, at `wrong`: an error once it is reached */
	size_t wrong;
	struct err why;
};

/* From `start` on, which lies in ps->text; expr_text_deinit() in any case. */
void expr_text_expand(struct parser *ps, const char *start, struct expr_text *ret);
void expr_text_deinit(struct expr_text *t);
/* Where a byte of `to` is in the user's text; *ret_inside: within a macro's replacement. */
size_t expr_text_original(const struct expr_text *t, size_t at, bool *ret_inside);

#endif
