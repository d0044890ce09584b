/*
 * teach.h - a stop in words. Implemented by src/teach/ over the core; no sentence claims more than the
 * stop's evidence, each claim names its SDM section or kernel reference.
 */
#ifndef VMSTEP_TEACH_H
#define VMSTEP_TEACH_H

#include <vmstep/session.h>

/* `why`: the current stop explained. */
void why_explain(struct session *s, const struct stop *st, struct strbuf *out);
/* `predict`: what the architecture says the next stop is, from the state at the boundary. */
int predict_explain(struct session *s, struct strbuf *out, struct err *err);

#endif
