/* events.c - what becomes of events at the next resume: deliver, swallow, deliver VECTOR; see
 * session.h. */
#include <errno.h>
#include "private.h"

static int choose_pending(struct session *s, u8 choice, struct err *err)
{
	if (!s->has_last || !s->last.pending)
		return err_set(err, ENOENT,
			       "no event is pending at this stop; deliver VECTOR queues one");
	s->pending_once = choice;
	return 0;
}

int session_deliver_pending(struct session *s, struct err *err)
{
	return choose_pending(s, EVENT_DELIVER, err);
}

int session_swallow_pending(struct session *s, struct err *err)
{
	return choose_pending(s, EVENT_SWALLOW, err);
}

/* Exceptions that push an error code outside real mode (SDM "Error Code"): #DF #TS #NP #SS #GP #PF
 * #AC #CP. */
static bool has_error_code(u8 vector)
{
	return vector == EXC_DF || (vector >= EXC_TS && vector <= EXC_PF) || vector == EXC_AC ||
	       vector == EXC_CP;
}

static u8 event_type(u8 vector)
{
	switch (vector) {
	case EXC_NMI:
		return INTR_NMI;
	case EXC_BP:
	case EXC_OF:
		return INTR_SOFT_EXC;
	default:
		return vector < 32 ? INTR_HARD_EXC : INTR_EXTERNAL;
	}
}

/* Fault class: RF is set in the frame (SDM "Exception Classifications"). #DB here is a trap. */
static bool is_fault(u8 vector)
{
	return vector < 32 && vector != EXC_DB && vector != EXC_NMI && vector != EXC_BP &&
	       vector != EXC_OF && vector != EXC_DF && vector != EXC_MC;
}

int session_deliver_vector(struct session *s, u8 vector, bool has_error, u32 error, struct err *err)
{
	struct guest_event ev = {
		.vector = vector,
		.type = event_type(vector),
		.has_error = has_error_code(vector),
		.error = error,
		.fault = is_fault(vector),
	};
	int rc = run_possible(s, err);

	if (rc)
		return rc;
	if (has_error && !ev.has_error)
		return err_set(err, EINVAL, "vector %u has no error code; leave it out", vector);
	history_change(s);
	rc = s->engine->ops->queue_event(s->engine, &ev, err);
	s->event_queued |= !rc;
	return rc;
}

bool session_event_queued(const struct session *s)
{
	return s->event_queued;
}
