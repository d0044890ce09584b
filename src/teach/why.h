/*
 * why.h - the parts of `why`. Internal to src/teach/.
 */
#ifndef VMSTEP_TEACH_WHY_H
#define VMSTEP_TEACH_WHY_H

#include <vmstep/trace.h>
#include "text.h"

/* The report, as it was. */
void why_evidence(const struct stop *st, struct strbuf *out);
/* What vmstep did, and why it had to. */
void why_did(struct session *s, const struct did *d, struct strbuf *out);
/* What the stop shows that did not come, and why not. */
void why_absent(struct session *s, const struct stop *st, struct strbuf *out);

#endif
