/* why_not_task.c - why none of the processor's rarer #DBs made this stop: TBIT, BLD, RTM. */
#include <string.h>
#include "why_not.h"

/* Neither real-address nor IA-32e mode has them; that of a virtual-8086 task is its monitor's. */
static bool no_tasks(const struct why_not *w)
{
	const u8 mode = w->st->mode;
	const bool ia32e = mode == MODE_LONG || mode == MODE_COMPAT32 || mode == MODE_COMPAT16;

	return (ia32e || mode == MODE_REAL) &&
	       reason_tell(w,
			   ia32e ? "SDM volume 3, \"Task Management in 64-bit Mode\""
				 : "SDM volume 3, \"Task Management\"",
			   "There are no task switches here: the processor is in %s.",
			   ia32e ? "IA-32e mode" : "real mode");
}

static bool no_task_switch(const struct why_not *w)
{
	char text[128];

	if (!w->n_from || w->from.flags & INSNF_FAR || w->st->has_event)
		return false;
	from_text(w, text, sizeof(text));
	return reason_tell(w, "SDM volume 3, \"Task-Switch Exception Condition\"",
			   "There was no task switch: the instruction before is %s", text);
}

static bool no_task_told(const struct why_not *w)
{
	char text[128];

	if (!w->n_from)
		return false;
	from_text(w, text, sizeof(text));
	return reason_tell(w, "SDM volume 3, \"Task Switching\"",
			   "Tasks are switched by a TSS descriptor, a task gate or the NT flag; nothing "
			   "in this stop says that %s did it.",
			   text);
}

reason_fn *const tbit_reasons[] = { nothing_retired, no_tasks, no_task_switch, no_task_told, NULL };

static bool not_modelled(const struct why_not *w)
{
	if (!strcmp(w->engine, "soft"))
		return reason_tell(w, NULL,
				   "The processor model of engine soft has neither bus-lock nor "
				   "RTM debug exceptions.");
	return !strcmp(w->engine, "kvm") &&
	       reason_tell(w, NULL,
			   "Engine kvm cannot see it: KVM hands DR6 over with the bits of BLD and "
			   "RTM always inactive (K18).");
}

reason_fn *const bld_reasons[] = { not_modelled, NULL };
