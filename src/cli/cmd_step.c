/* cmd_step.c - stepping, and what becomes of events: stepi, nexti, skip, deliver. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

/* ---- stepping -----------------------------------------------------------------------------------
 */

static int steps(struct cli *c, guest_run_fn *fn, const char *args, struct err *err)
{
	u64 n;
	int r = count_get(c, args, &n, err);

	return r ? r : guest_run(c, fn, n, n, err);
}

static int cmd_stepi(struct cli *c, const char *args, struct err *err)
{
	return steps(c, session_stepi, args, err);
}

static int cmd_nexti(struct cli *c, const char *args, struct err *err)
{
	return steps(c, session_nexti, args, err);
}

static int cmd_step(struct cli *c, const char *args, struct err *err)
{
	return steps(c, session_step, args, err);
}

static int cmd_next(struct cli *c, const char *args, struct err *err)
{
	return steps(c, session_next, args, err);
}

/* ---- skip, deliver, swallow ---------------------------------------------------------------------
 */

static int cmd_skip(struct cli *c, const char *args, struct err *err)
{
	enum skip_kind kind = SKIP_KIND_OUTER;
	int r;

	if (!strcmp(args, "inner"))
		kind = SKIP_KIND_INNER;
	else if (*args && strcmp(args, "outer"))
		return err_set(err, EINVAL, "skip: \"%s\" is neither inner nor outer", args);
	r = session_skip(c->s, kind, err);
	if (!r)
		stop_show(c);
	return r;
}

/* #PF or pf, or a number. */
static int vector_get(struct cli *c, const char *word, u64 *ret, struct err *err)
{
	int r = exception_find(word, ret) ? 0 : expr_u64(c->s, word, ret, err);

	if (!r && *ret > 255)
		return err_set(err, ERANGE, "%s is no vector: they go from 0 to 255", word);
	return r;
}

static int cmd_deliver(struct cli *c, const char *args, struct err *err)
{
	char word[64];
	u64 vector, error = 0;
	bool has_error;
	int r;

	if (!word_take(&args, word, sizeof(word)))
		r = session_deliver_pending(c->s, err);
	else {
		r = vector_get(c, word, &vector, err);
		has_error = *args;
		if (!r && has_error)
			r = expr_u64(c->s, args, &error, err);
		if (!r)
			r = session_deliver_vector(c->s, vector, has_error, error, err);
		if (!r)
			say(c, "Vector %" PRIu64 "%s%s is delivered when the guest goes on.\n",
			    vector, *exception_name(vector) ? " " : "", exception_name(vector));
		return r;
	}
	if (!r)
		say(c, "The pending event is delivered when the guest goes on.\n");
	return r;
}

static int cmd_swallow(struct cli *c, const char *args, struct err *err)
{
	int r = session_swallow_pending(c->s, err);

	if (!r)
		say(c, "The pending event is dropped when the guest goes on.\n");
	return r;
}

/* ---- the table ------------------------------------------------------------------------------- */

#define ALIVE CMD_NEEDS_ALIVE
#define STEPS (CMD_NEEDS_ALIVE | CMD_CHANGES | CMD_REPEATS)

const struct command commands_step[] = {
	{ "stepi", "si", GROUP_RUN, ARG_COUNT, STEPS, "stepi [COUNT]",
	  "Step one instruction, into calls and handlers.",
	  "Each stop is named with its evidence. With COUNT, the last stop is shown and the others "
	  "are counted by cause; a point on the way ends it. Interrupts are held meanwhile (set "
	  "step-irq). Enter repeats it.",
	  "stepi", cmd_stepi, NULL },
	{ "nexti", "ni", GROUP_RUN, ARG_COUNT, STEPS, "nexti [COUNT]",
	  "Step one instruction, over calls.",
	  "A CALL, INT n or REP instruction runs to the instruction behind it; a point inside "
	  "still stops.",
	  "nexti", cmd_nexti, NULL },
	{ "step", "s", GROUP_RUN, ARG_COUNT, STEPS, "step [COUNT]",
	  "Step to another source line, into functions that have lines.",
	  "A call of a function without line numbers is gone over, one with them is entered up to "
	  "behind its prologue. A return into the middle of a line goes on to the next line's "
	  "begin. Points, exceptions, the guest's own ICEBP and INT3, and Ctrl-C end it on the way. "
	  "Where no line is known, the rest of the function is stepped through. Enter repeats it.",
	  "step", cmd_step, NULL },
	{ "next", "n", GROUP_RUN, ARG_COUNT, STEPS, "next [COUNT]",
	  "Step to another source line, over calls.",
	  "As step, but calls and inlined bodies are gone over, and interrupt handlers where set "
	  "step-irq lets interrupts in. A longjmp out of a call is noticed where the symbols name "
	  "it.",
	  "next", cmd_next, NULL },
	{ "skip", NULL, GROUP_RUN, ARG_WORD, ALIVE | CMD_CHANGES, "skip [inner|outer]",
	  "Go over the next instruction without running it.",
	  "outer (the default) is the skip a hypervisor owes an instruction it emulated: a "
	  "single-step trap or MTF is due behind it. inner is the one for an intercepted ICEBP: "
	  "nothing is due. Both clear RF and the shadows.",
	  "skip inner", cmd_skip, NULL },
	{ "deliver", NULL, GROUP_RUN, ARG_WORD, ALIVE | CMD_CHANGES, "deliver [VECTOR [ERROR]]",
	  "Deliver the pending event, or any vector, on the next resume.",
	  "Without VECTOR: the ICEBP, INT3 or #DB this stop says is pending, whatever set icebp or "
	  "set int3 say. VECTOR is a number or a name such as #PF.",
	  "deliver #UD", cmd_deliver, NULL },
	{ "swallow", NULL, GROUP_RUN, ARG_NONE, ALIVE | CMD_CHANGES, "swallow",
	  "Drop the pending event on the next resume.",
	  "The counterpart of deliver: the guest never sees its ICEBP or INT3.", NULL, cmd_swallow,
	  NULL },
	{ NULL },
};
