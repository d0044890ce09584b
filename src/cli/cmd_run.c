/* cmd_run.c - everything that resumes, starts or ends the guest, and how its stops are shown. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <vmstep/parse.h>

#include "cli.h"
#include "term.h"

/* ---- showing stops --------------------------------------------------------------------------------- */

/* The commands of every point that made this stop, one list. True: the first begins with `silent`. */
static bool commands_take(struct cli *c)
{
	struct upoint *p[16];
	const size_t n = session_stop_points(c->s, p, ARRAY_SIZE(p));
	bool silent = false;

	lines_free(c->point_commands);
	c->point_commands = NULL;
	for (size_t i = 0; i < n; i++) {
		char **lines = p[i]->commands;

		if (!lines || !lines[0])
			continue;
		if (!c->point_commands)
			silent = !strcmp(lines[0], "silent");
		lines_extend(&c->point_commands, lines + !strcmp(lines[0], "silent"));
	}
	return silent;
}

static void watch_show(struct cli *c, const struct stop *st)
{
	if (!(st->causes & CAUSE_BIT(CAUSE_UWATCH)) || st->old_value == st->new_value)
		return;
	say(c, "Old value = 0x%" PRIx64 "\nNew value = 0x%" PRIx64 "\n", st->old_value, st->new_value);
}

void stop_show(struct cli *c)
{
	const struct stop *st = session_last_stop(c->s);
	const struct stop_style style = { .color = c->out.color };
	struct strbuf out;

	c->frame = 0;
	if (!st || commands_take(c))
		return;
	strbuf_init(&out);
	stop_line(c->s, st, &style, &out);
	strbuf_addc(&out, '\n');
	say_buf(c, &out);
	strbuf_deinit(&out);
	watch_show(c, st);
	if (session_exit_value(c->s) >= 0 && !session_alive(c->s))
		say(c, "The guest ended with status %d.\n", session_exit_value(c->s));
	if (session_has_guest(c->s))
		displays_show(c);
}

/* ---- a run and what it passed ------------------------------------------------------------------------ */

struct passed {
	struct cli *c;
	u64 stops, gaps, wanted;     /* wanted 0: no count to show progress against */
	u64 by_cause[CAUSE_COUNT];
	u64 retired_unseen;
	u8 last_gap;
	u64 last_gap_at;
	struct timespec start;
	u64 next_look;               /* stop at which the clock is read again */
	time_t shown;
	bool progress;
	bool free;                   /* the guest runs unwatched until its first stop */
	u64 resumed;                 /* where it was resumed */
};

static double seconds_since(const struct timespec *t)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec - t->tv_sec + (now.tv_nsec - t->tv_nsec) / 1e9;
}

/* On a terminal only, from the first second on, four times a second at most. */
static void progress_show(struct passed *p)
{
	const double s = seconds_since(&p->start);
	char text[120];
	int n;

	p->next_look = p->stops + 4096;
	if (s < 1 || (time_t)(s * 4) == p->shown)
		return;
	p->shown = s * 4;
	output_fresh(&p->c->out);
	n = snprintf(text, sizeof(text), "\r%" PRIu64 " of %" PRIu64 " stops, %.0f a second, Ctrl-C stops\033[K", p->stops,
		     p->wanted, p->stops / s);
	if (write(p->c->out.err_fd, text, n) == n)
		p->progress = true;
}

static void progress_erase(struct passed *p)
{
	static const char erase[] = "\r\033[K";

	if (p->progress && write(p->c->out.err_fd, erase, sizeof(erase) - 1) < 0)
		p->progress = false;
}

/* A recorded trace says where it saw nothing: between a resume and the first stop of a free run. */
static bool gap_record(struct passed *p, const struct stop *st)
{
	const struct stop gap = { .kind = RECORD_GAP, .gap = GAP_RUN, .lin = p->resumed, .retired = -1 };
	const bool one = st->retired == 1 && st->from_lin == p->resumed;

	p->free = false;
	return st->kind == RECORD_GAP || one || trace_record(p->c->trace, &gap);
}

static bool run_observe(void *arg, const struct stop *st)
{
	struct passed *p = arg;
	struct cli *c = p->c;

	if (c->trace && p->free && !gap_record(p, st))
		return false;
	if (st->kind == RECORD_GAP) {
		p->gaps++;
		p->last_gap = st->gap;
		p->last_gap_at = st->lin;
	} else {
		p->stops++;
		p->by_cause[st->first]++;
	}
	if (c->trace && !trace_record(c->trace, st))
		return false;
	if (p->wanted && p->stops >= p->next_look && c->interactive && isatty(c->out.err_fd))
		progress_show(p);
	return true;
}

/* A count stands for many stops: what they were, in one line. */
static void passed_show(struct passed *p)
{
	const struct stop *last = session_last_stop(p->c->s);
	struct strbuf out;

	strbuf_init(&out);
	if (p->gaps)
		strbuf_addf(&out, "%" PRIu64 " gap%s not seen, the last at 0x%" PRIx64 ": %s\n", p->gaps, p->gaps == 1 ? "" : "s",
			    p->last_gap_at, gap_reason_text(p->last_gap));
	if (p->wanted > 1 && p->stops > 1 && last) {
		const char *sep = ": ";

		strbuf_addf(&out, "%" PRIu64 " stops", p->stops);
		for (int i = 0; i < CAUSE_COUNT; i++) {
			if (!p->by_cause[i])
				continue;
			strbuf_addf(&out, "%s%s %" PRIu64, sep, cause_name(i), p->by_cause[i]);
			sep = ", ";
		}
		strbuf_addc(&out, '\n');
	}
	say_buf(p->c, &out);
	strbuf_deinit(&out);
}

typedef int run_fn(struct session *s, u64 arg, stop_observer *each, void *each_arg, struct err *err);

/* `count` is the number of steps asked for, 0 for runs to a point; keys go to the guest in the latter. */
static int run(struct cli *c, run_fn *fn, u64 arg, u64 count, struct err *err)
{
	const struct stop *last = session_last_stop(c->s);
	struct passed p = { .c = c, .wanted = count, .next_look = 4096, .free = !count, .resumed = last ? last->lin : 0 };
	int r;

	output_flush(&c->out);
	/* Ctrl-C while a script was between two runs. */
	if (term_interrupted())
		return -EINTR;
	clock_gettime(CLOCK_MONOTONIC, &p.start);
	term_run_begin(c->s, c->interactive && !count);
	r = fn(c->s, arg, run_observe, &p, err);
	term_run_end();
	progress_erase(&p);
	c->runs++;
	if (c->trace)
		trace_flush(c->trace);
	if (r)
		return r;
	passed_show(&p);
	stop_show(c);
	last = session_last_stop(c->s);
	return last && (last->causes & CAUSE_BIT(CAUSE_INTERRUPT)) ? -EINTR : 0;
}

/* Uniform shapes of the session's runs. */
static int run_stepi(struct session *s, u64 n, stop_observer *each, void *arg, struct err *err)
{
	return session_stepi(s, n, each, arg, err);
}

static int run_nexti(struct session *s, u64 n, stop_observer *each, void *arg, struct err *err)
{
	return session_nexti(s, n, each, arg, err);
}

static int run_continue(struct session *s, u64 unused, stop_observer *each, void *arg, struct err *err)
{
	return session_continue(s, each, arg, err);
}

static int run_until(struct session *s, u64 unused, stop_observer *each, void *arg, struct err *err)
{
	return session_until(s, false, 0, each, arg, err);
}

static int run_until_addr(struct session *s, u64 addr, stop_observer *each, void *arg, struct err *err)
{
	return session_until(s, true, addr, each, arg, err);
}

static int run_finish(struct session *s, u64 unused, stop_observer *each, void *arg, struct err *err)
{
	return session_finish(s, each, arg, err);
}

/* ---- stepping -------------------------------------------------------------------------------------- */

static int count_get(struct cli *c, const char *args, u64 *ret, struct err *err)
{
	int r;

	*ret = 1;
	if (!*args)
		return 0;
	r = expr_u64(c->s, args, ret, err);
	if (!r && (!*ret || *ret > INT64_MAX))
		return err_set(err, ERANGE, "a count of %s makes no step: give 1 or more", args);
	return r;
}

static int steps(struct cli *c, run_fn *fn, const char *args, struct err *err)
{
	u64 n;
	int r = count_get(c, args, &n, err);

	return r ? r : run(c, fn, n, n, err);
}

static int cmd_stepi(struct cli *c, const char *args, struct err *err)
{
	return steps(c, run_stepi, args, err);
}

static int cmd_nexti(struct cli *c, const char *args, struct err *err)
{
	return steps(c, run_nexti, args, err);
}

/* Without line tables there are no lines to step by: say so, then do the nearest thing. */
static void lines_missing(struct cli *c, const char *instead)
{
	const struct stop *st = session_last_stop(c->s);
	char name[300] = "";

	if (st && !c->repeating)
		say(c, "No line number information for 0x%" PRIx64 "%s%s: %s instead.\n", st->lin,
		    session_symbolize(c->s, st->lin, name, sizeof(name)) ? " " : "", name, instead);
}

static int cmd_step(struct cli *c, const char *args, struct err *err)
{
	lines_missing(c, "stepi");
	return cmd_stepi(c, args, err);
}

static int cmd_next(struct cli *c, const char *args, struct err *err)
{
	lines_missing(c, "nexti");
	return cmd_nexti(c, args, err);
}

/* ---- running --------------------------------------------------------------------------------------- */

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
		return err_set(err, EINVAL, "continue N passes the point the guest stopped at, and it stopped at none");
	p->ignore = n - 1;
	say(c, "Will ignore next %" PRIu64 " crossings of point %u.  Continuing.\n", n - 1, p->num);
	return 0;
}

static int cmd_continue(struct cli *c, const char *args, struct err *err)
{
	int r = *args ? point_ignore(c, args, err) : 0;

	return r ? r : run(c, run_continue, 0, 0, err);
}

static int cmd_until(struct cli *c, const char *args, struct err *err)
{
	u64 addr;
	int r;

	if (!*args)
		return run(c, run_until, 0, 0, err);
	r = address_get(c, args, &addr, err);
	return r ? r : run(c, run_until_addr, addr, 0, err);
}

static int cmd_advance(struct cli *c, const char *args, struct err *err)
{
	u64 addr;
	int r;

	if (!*args)
		return err_set(err, EINVAL, "advance needs a location, as in advance main or advance *0x7c3e");
	r = address_get(c, args, &addr, err);
	return r ? r : run(c, session_advance, addr, 0, err);
}

static int cmd_finish(struct cli *c, const char *args, struct err *err)
{
	return run(c, run_finish, 0, 0, err);
}

static int cmd_jump(struct cli *c, const char *args, struct err *err)
{
	u64 addr;
	int r;

	if (!*args)
		return err_set(err, EINVAL, "jump needs a location, as in jump *0x7c00");
	r = address_get(c, args, &addr, err);
	return r ? r : run(c, session_jump, addr, 0, err);
}

/* ---- skip, deliver, swallow ------------------------------------------------------------------------- */

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
			say(c, "Vector %" PRIu64 "%s%s is delivered when the guest goes on.\n", vector,
			    *exception_name(vector) ? " " : "", exception_name(vector));
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

/* ---- start and end ---------------------------------------------------------------------------------- */

int start_show(struct cli *c, struct err *err)
{
	int r;

	term_run_begin(c->s, false);
	r = session_start(c->s, err);
	term_run_end();
	c->runs++;
	if (!r && c->trace)
		trace_record(c->trace, session_last_stop(c->s));
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
	if (guest_moved(c) && !confirm(c, "The guest is running already. Start it from the beginning?"))
		return 0;
	return start_show(c, err);
}

static int cmd_run(struct cli *c, const char *args, struct err *err)
{
	const struct stop *st = session_last_stop(c->s);
	int r = 0;

	if (guest_moved(c) && !confirm(c, "The guest is running already. Start it from the beginning?"))
		return 0;
	/* At the first instruction already: only run. */
	if (!session_alive(c->s) || !st || st->n) {
		r = start_show(c, err);
		if (!r && session_last_stop(c->s)->point) /* a breakpoint at the entry */
			return 0;
	}
	return r ? r : run(c, run_continue, 0, 0, err);
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

/* ---- the table ------------------------------------------------------------------------------------- */

#define ALIVE CMD_NEEDS_ALIVE
#define STEPS (CMD_NEEDS_ALIVE | CMD_CHANGES | CMD_REPEATS)

const struct command commands_run[] = {
	{ "stepi", "si", GROUP_RUN, ARG_COUNT, STEPS, "stepi [COUNT]", "Step one instruction, into calls and handlers.",
	  "Each stop is named with its evidence. With COUNT, the last stop is shown and the others are counted by cause; a\n"
	  "point on the way ends it. Interrupts are held meanwhile (set step-irq). Enter repeats it.", "stepi", cmd_stepi, NULL },
	{ "nexti", "ni", GROUP_RUN, ARG_COUNT, STEPS, "nexti [COUNT]", "Step one instruction, over calls.",
	  "A CALL, INT n or REP instruction runs to the instruction behind it; a point inside still stops.", "nexti", cmd_nexti, NULL },
	{ "step", "s", GROUP_RUN, ARG_COUNT, STEPS, "step [COUNT]", "Step a source line; without line tables, one instruction.",
	  "This version reads no line tables: step does what stepi does and says so.", "step", cmd_step, NULL },
	{ "next", "n", GROUP_RUN, ARG_COUNT, STEPS, "next [COUNT]", "Step a source line over calls; without line tables, one instruction.",
	  "This version reads no line tables: next does what nexti does and says so.", "next", cmd_next, NULL },
	{ "continue", "c fg", GROUP_RUN, ARG_COUNT, STEPS, "continue [N]", "Run until a point, the end or Ctrl-C.",
	  "With N, the point the guest stopped at is passed N-1 times more. On a terminal, keys go to the guest's serial\n"
	  "port while it runs. The guest's own ICEBP and INT3 are delivered without a stop unless catch icebp or catch\n"
	  "int3 asks for one.", "continue", cmd_continue, NULL },
	{ "until", "u", GROUP_RUN, ARG_LOCATION, ALIVE | CMD_CHANGES, "until [LOCATION]", "Run until past the current instruction, or to a location.",
	  "Without LOCATION it steps over calls until an address behind the current one is reached, so that a backward\n"
	  "jump of a loop is run to its end.", "until", cmd_until, NULL },
	{ "advance", NULL, GROUP_RUN, ARG_LOCATION, ALIVE | CMD_CHANGES, "advance LOCATION", "Run to a location.",
	  "Other points on the way stop the guest as well.", "advance *$pc+1", cmd_advance, NULL },
	{ "finish", "fin", GROUP_RUN, ARG_NONE, ALIVE | CMD_CHANGES, "finish", "Run until the current function returns.",
	  "The return address comes from the frame pointer or, at a function's first instruction, from the stack.", "finish",
	  cmd_finish, NULL },
	{ "jump", "j", GROUP_RUN, ARG_LOCATION, ALIVE | CMD_CHANGES, "jump LOCATION", "Go on at another address.",
	  "Sets the instruction pointer and continues.", "jump *$pc", cmd_jump, NULL },
	{ "skip", NULL, GROUP_RUN, ARG_WORD, ALIVE | CMD_CHANGES, "skip [inner|outer]", "Go over the next instruction without running it.",
	  "outer (the default) is the skip a hypervisor owes an instruction it emulated: a single-step trap or MTF is due\n"
	  "behind it. inner is the one for an intercepted ICEBP: nothing is due. Both clear RF and the shadows.", "skip inner",
	  cmd_skip, NULL },
	{ "deliver", NULL, GROUP_RUN, ARG_WORD, ALIVE | CMD_CHANGES, "deliver [VECTOR [ERROR]]",
	  "Deliver the pending event, or any vector, on the next resume.",
	  "Without VECTOR: the ICEBP, INT3 or #DB this stop says is pending, whatever set icebp or set int3 say. VECTOR is\n"
	  "a number or a name such as #PF.", "deliver #UD", cmd_deliver, NULL },
	{ "swallow", NULL, GROUP_RUN, ARG_NONE, ALIVE | CMD_CHANGES, "swallow", "Drop the pending event on the next resume.",
	  "The counterpart of deliver: the guest never sees its ICEBP or INT3.", NULL, cmd_swallow, NULL },
	{ "run", "r", GROUP_RUN, ARG_NONE, CMD_CHANGES, "run", "Start the guest, or start it again, and run it.",
	  "At the first instruction it only continues.", "run", cmd_run, NULL },
	{ "start", "starti", GROUP_RUN, ARG_NONE, CMD_CHANGES, "start", "Start the guest, or start it again, and stop before its first instruction.",
	  "The image is read anew and memory is cleared; points stay.", "start", cmd_start, NULL },
	{ "kill", "k", GROUP_RUN, ARG_NONE, CMD_NEEDS_GUEST | CMD_CHANGES, "kill", "End the guest.", "The session goes on.", "kill", cmd_kill, NULL },
	{ "file", "exec-file", GROUP_RUN, ARG_FILE, 0, "file FILE", "Choose the guest image.",
	  "It is loaded at the next start or run; options such as --mode and --load go on to hold.", "file ./vmstep", cmd_file, NULL },
	{ NULL },
};
