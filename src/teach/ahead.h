/*
 * ahead.h - what the architecture says comes next, from the state at a boundary alone: the processor
 * model runs one step on a copy of it, the core names what that means. Nothing is written back.
 * Internal to src/teach/.
 */
#ifndef VMSTEP_TEACH_AHEAD_H
#define VMSTEP_TEACH_AHEAD_H

#include <vmstep/session.h>

/* What of the guest's world the state does not hold. */
enum unseen {
	UNSEEN_NONE,
	UNSEEN_INTERRUPT, /* an interrupt or NMI may come, or wake a HLT */
	UNSEEN_DEVICE,    /* what a device answers decides where it goes */
	UNSEEN_MODEL,     /* the model has no such instruction */
	UNSEEN_EVENT,     /* the user queued an event of his own */
	UNSEEN_SKIP,      /* `set skip` is a wrong rule on purpose */
	UNSEEN_STATE,     /* registers or code cannot be read */
	UNSEEN_FREE,      /* the guest ran freely */
	UNSEEN_COUNT,
};
const char *unseen_text(enum unseen u);

/* The next stop. */
struct ahead {
	bool known;       /* false: `unseen` says why nothing is claimed */
	u8 unseen;        /* enum unseen; with `known` what could still come between */
	u64 from_lin;     /* the boundary it starts at */
	u8 first;         /* enum cause */
	u32 causes;
	u64 lin, rip;
	bool has_dr6;
	u64 dr6;          /* positive cause bits of the #DB */
	bool has_event;
	u8 vector;        /* of the handler entered */
	bool rep;         /* between iterations of a REP */
	bool pending;     /* an event is owed to the guest then */
	u8 pending_vector;
	bool also_trap;   /* MTF: the guest's own trap is due behind it */
	u8 shadow;
	s32 retired;
};

struct ahead_model;
int ahead_create(struct session *s, struct ahead_model **ret, struct err *err);
void ahead_destroy(struct ahead_model *a);
/* From where the guest is, resumed by `plan`. */
void ahead_look(struct ahead_model *a, const struct plan *plan, struct ahead *ret);
/* "TF at 0x1001, DR6 BS"; with `shadow` also what the boundary has of shadows. What is not known is said. */
void ahead_put(const struct ahead *n, bool shadow, struct strbuf *out);
/* The same words for a stop, as far as a prediction has them. */
void ahead_put_stop(const struct stop *st, const struct ahead *n, struct strbuf *out);
/* How the causes of a stop are compared: without the debugger's own points and remarks. */
u32 ahead_causes(u32 causes);
/* The plan of a stepi with the session's settings. */
void ahead_plan(struct session *s, struct plan *ret);
/* The state the core wants, of these registers and the instruction there. */
struct boundary boundary_of(const struct cpu_state *c, const struct insn_facts *insn);

#endif
