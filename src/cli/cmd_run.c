/* cmd_run.c - continue to somewhere, start and end the guest. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "term.h"

/* The session's runs in one shape. */
static int run_continue(struct session *s, u64 unused, stop_observer *each, void *arg,
			struct err *err)
{
	return session_continue(s, each, arg, err);
}

static int run_until(struct session *s, u64 unused, stop_observer *each, void *arg, struct err *err)
{
	return session_until(s, false, 0, each, arg, err);
}

/* Addresses travel as a pointer in the runs' one number. */
struct addresses {
	u64 *at;
	size_t n;
	bool same_frame;
};

static int run_to_addresses(struct session *s, u64 addresses, stop_observer *each, void *arg,
			    struct err *err)
{
	const struct addresses *a = (const void *)(uintptr_t)addresses;

	return session_run_to(s, a->at, a->n, a->same_frame, each, arg, err);
}

/* ---- running ------------------------------------------------------------------------------------
 */

/* `continue N` at a point: pass it N-1 times more. */
static int point_ignore(struct cli *c, const char *args, struct err *err)
{
	const struct stop *st = session_last_stop(c->s);
	struct upoint *p = st && st->point ? session_point(c->s, st->point) : NULL;
	u64 n;
	int r = count_get(c, args, &n, err);

	if (r)
		return r;
	if (!p)
		return err_set(
			err, EINVAL,
			"continue N passes the point the guest stopped at, and it stopped at none");
	p->ignore = n - 1;
	say(c, "Will ignore next %" PRIu64 " crossings of point %u.  Continuing.\n", n - 1, p->num);
	return 0;
}

static int cmd_continue(struct cli *c, const char *args, struct err *err)
{
	int r = *args ? point_ignore(c, args, err) : 0;

	return r ? r : guest_run(c, run_continue, 0, 0, err);
}

/* A location and nothing behind it. */
static int places_get(struct cli *c, const char *args, struct locations *ret, struct err *err)
{
	struct location_default def = view_default(c);
	const char *end;
	int r = location_resolve(c->s, args, &def, LOCATION_CODE, ret, &end, err);

	if (r || !*blanks_skip(end))
		return r;
	locations_deinit(ret);
	return err_set(err, EINVAL, "\"%s\" is too much behind a location", blanks_skip(end));
}

static int run_to_location(struct cli *c, const char *args, bool same_frame, struct err *err)
{
	struct addresses a = { .same_frame = same_frame };
	struct locations l;
	int r = places_get(c, args, &l, err);

	if (r)
		return r;
	a.at = calloc(l.n, sizeof(*a.at));
	for (; a.at && a.n < l.n; a.n++)
		a.at[a.n] = l.at[a.n].addr;
	r = a.at ? guest_run(c, run_to_addresses, (uintptr_t)&a, 0, err)
		 : err_set(err, ENOMEM, "no memory for the addresses");
	free(a.at);
	locations_deinit(&l);
	return r;
}

static int cmd_until(struct cli *c, const char *args, struct err *err)
{
	return *args ? run_to_location(c, args, true, err) : guest_run(c, run_until, 0, 0, err);
}

static int cmd_advance(struct cli *c, const char *args, struct err *err)
{
	if (!*args)
		return err_set(err, EINVAL,
			       "advance needs a location, as in advance main or advance *0x7c3e");
	return run_to_location(c, args, false, err);
}

static int cmd_jump(struct cli *c, const char *args, struct err *err)
{
	struct locations l;
	int r;

	if (!*args)
		return err_set(err, EINVAL, "jump needs a location, as in jump *0x7c00");
	r = places_get(c, args, &l, err);
	if (r)
		return r;
	if (l.n > 1)
		r = err_set(err, EINVAL, "%s is %zu places: jump needs one", l.canonical, l.n);
	if (!r)
		r = guest_run(c, session_jump, l.at[0].addr, 0, err);
	locations_deinit(&l);
	return r;
}

/* ---- start and end ------------------------------------------------------------------------------
 */

int start_show(struct cli *c, struct err *err)
{
	int r;

	term_run_begin(c->s, false);
	r = session_start(c->s, err);
	term_run_end();
	c->runs++;
	if (!r && c->trace)
		trace_record(c->trace, session_last_stop(c->s));
	/* A pseudo-terminal is no use to who does not know its name. */
	if (!r && machine_pty(session_machine(c->s)))
		say(c, "The serial port is %s.\n", machine_pty(session_machine(c->s)));
	view_forget(c);
	if (!r)
		stop_show(c);
	return r;
}

static bool guest_moved(struct cli *c)
{
	const struct stop *st = session_last_stop(c->s);

	return session_alive(c->s) && st && st->n;
}

static int cmd_start(struct cli *c, const char *args, struct err *err)
{
	if (guest_moved(c) &&
	    !confirm(c, "The guest is running already. Start it from the beginning?"))
		return 0;
	return start_show(c, err);
}

static int cmd_run(struct cli *c, const char *args, struct err *err)
{
	const struct stop *st = session_last_stop(c->s);
	int r = 0;

	if (guest_moved(c) &&
	    !confirm(c, "The guest is running already. Start it from the beginning?"))
		return 0;
	/* At the first instruction already: only run. */
	if (!session_alive(c->s) || !st || st->n) {
		r = start_show(c, err);
		if (!r && session_last_stop(c->s)->point) /* a breakpoint at the entry */
			return 0;
	}
	return r ? r : guest_run(c, run_continue, 0, 0, err);
}

static int cmd_kill(struct cli *c, const char *args, struct err *err)
{
	int r;

	if (!confirm(c, "Kill the guest?"))
		return 0;
	r = session_kill(c->s, err);
	if (!r)
		say(c, "The guest is gone; start begins anew.\n");
	return r;
}

static int cmd_file(struct cli *c, const char *args, struct err *err)
{
	struct guest_spec spec = session_config(c->s)->guest;
	char *path;
	int r;

	if (!*args)
		return err_set(err, EINVAL, "file needs the path of a guest image");
	if (access(args, R_OK) < 0)
		return err_set(err, errno, "%s: cannot read it: %s", args, strerror(errno));
	path = strdup(args);
	if (!path)
		return err_set(err, ENOMEM, "no memory");
	spec.path = path;
	spec.hex = NULL;
	r = session_set_guest(c->s, &spec, err);
	free(path);
	if (!r)
		say(c, "The guest is %s; start begins it.\n", session_config(c->s)->guest.path);
	return r;
}

/* ---- the table ------------------------------------------------------------------------------- */

#define ALIVE CMD_NEEDS_ALIVE
#define STEPS (CMD_NEEDS_ALIVE | CMD_CHANGES | CMD_REPEATS)

const struct command commands_run[] = {
	{ "continue", "c fg", GROUP_RUN, ARG_COUNT, STEPS, "continue [N]",
	  "Run until a point, the end or Ctrl-C.",
	  "With N, the point the guest stopped at is passed N-1 times more. On a terminal, keys go "
	  "to the guest's serial port while it runs. The guest's own ICEBP and INT3 are delivered "
	  "without a stop unless catch icebp or catch int3 asks for one.",
	  "continue", cmd_continue, NULL },
	{ "until", "u", GROUP_RUN, ARG_LOCATION, ALIVE | CMD_CHANGES, "until [LOCATION]",
	  "Run until past the current instruction, or to a location.",
	  "Without LOCATION it is next, but lines before the current one are stepped through too, "
	  "so that a loop is run to its end; where no line is known, the same by instructions. With "
	  "LOCATION (as in break) it runs to there or until the current frame returns.",
	  "until", cmd_until, NULL },
	{ "advance", NULL, GROUP_RUN, ARG_LOCATION, ALIVE | CMD_CHANGES, "advance LOCATION",
	  "Run to a location.", "Other points on the way stop the guest as well.", "advance *$pc+1",
	  cmd_advance, NULL },
	{ "jump", "j", GROUP_RUN, ARG_LOCATION, ALIVE | CMD_CHANGES, "jump LOCATION",
	  "Go on at another address.", "Sets the instruction pointer and continues.", "jump *$pc",
	  cmd_jump, NULL },
	{ "run", "r", GROUP_RUN, ARG_NONE, CMD_CHANGES, "run",
	  "Start the guest, or start it again, and run it.",
	  "At the first instruction it only continues.", "run", cmd_run, NULL },
	{ "start", "starti", GROUP_RUN, ARG_NONE, CMD_CHANGES, "start",
	  "Start the guest, or start it again, and stop before its first instruction.",
	  "The image is read anew and memory is cleared; points stay.", "start", cmd_start, NULL },
	{ "kill", "k", GROUP_RUN, ARG_NONE, CMD_NEEDS_GUEST | CMD_CHANGES, "kill", "End the guest.",
	  "The session goes on.", "kill", cmd_kill, NULL },
	{ "file", "exec-file", GROUP_RUN, ARG_FILE, 0, "file FILE", "Choose the guest image.",
	  "It is loaded at the next start or run; options such as --mode and --load go on to hold.",
	  "file ./vmstep", cmd_file, NULL },
	{ NULL },
};
