/*
 * look.h - one look ahead under way: the model on its copy, what is armed, what came out. Internal to
 * src/teach/; look.c implements it for ahead.c.
 */
#ifndef VMSTEP_TEACH_LOOK_H
#define VMSTEP_TEACH_LOOK_H

#include "teach/ahead.h"
#include "teach/overlay.h"

struct ahead_model {
	struct session *s;
	struct machine *machine; /* of the guest the model was made for */
	struct overlay memory;
	struct model *m;
};

/* One step under way. */
struct look {
	struct ahead_model *a;
	const struct plan *plan;
	struct model_controls ctl;
	struct armed armed;
	struct boundary b;
	struct model_report r;
	struct verdict v;
	s32 retired;
};

/* To the next boundary that anything tells of; why nothing can be said of it, UNSEEN_NONE if it can. */
enum unseen look_run(struct look *l);
/* What that boundary is as a stop. */
void look_outcome(struct look *l, struct ahead *ret);

#endif
