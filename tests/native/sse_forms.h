/*
 * sse_forms.h - the rows of MMX and SSE. sse_forms.c has them, sse.c gives them operands here,
 * diff/gen_sse.c there.
 */
#ifndef SSE_FORMS_H
#define SSE_FORMS_H

#include "../form.h"

enum { SSE_FORMS = 356 };
extern const struct form sse_forms[SSE_FORMS];
/* What the host must have for it; the first is every processor of 64 bits. */
enum sse_set { SSE_2, SSE_3, SSSE_3, SSE_41, SSE_42 };
enum sse_set sse_form_set(const struct form *f);
/* Why the host cannot run it, or NULL: it can. sse_host.c */
const char *sse_form_missing(const struct form *f);

#endif
