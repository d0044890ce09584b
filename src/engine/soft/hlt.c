/*
 * hlt.c - sleep in HLT: nothing runs, so that the clock jumps to the next timer event and goes on from
 * there until one of them wakes the CPU. Without one it is the host's input that can, if there is any.
 */
#include "engine/soft/soft.h"

#include <poll.h>

/* A timer that is masked somewhere fires for ever and wakes nobody. */
enum { EVENTS_MAX = 4096, INPUT_WAIT_MS = 25 };

static bool is_woken(struct soft_engine *e)
{
	return (e->c->rflags & FL_IF) && chips_wants(&e->chips, platform_apic_on(e));
}

static bool sleep_by_timers(struct soft_engine *e)
{
	platform_update(e);
	for (unsigned i = 0; i < EVENTS_MAX && !is_woken(e); i++) {
		u64 now = model_clock(e->m);

		if (e->chips.deadline == NEVER || e->r.interrupted)
			return false;
		if (e->chips.deadline > now)
			model_clock_skip(e->m, e->chips.deadline - now);
		platform_update(e);
	}
	return is_woken(e);
}

/* Input that can come raises a line; whether it is let through the masks show then. */
static bool wait_input(struct soft_engine *e)
{
	struct pollfd p = { .fd = machine_input_fd(e->r.base.machine), .events = POLLIN };

	if (p.fd < 0)
		return false;
	while (!e->r.interrupted && !is_woken(e)) {
		poll(&p, 1, INPUT_WAIT_MS);
		platform_poll(e);
		if (machine_input_fd(e->r.base.machine) < 0) /* ended */
			return is_woken(e);
	}
	return is_woken(e);
}

enum awake hlt_wait(struct soft_engine *e)
{
	if (!(e->c->rflags & FL_IF))
		return AWAKE_NEVER;
	platform_poll(e);
	if (sleep_by_timers(e) || wait_input(e))
		return AWAKE;
	return e->r.interrupted ? AWAKE_INTERRUPTED : AWAKE_NEVER;
}
