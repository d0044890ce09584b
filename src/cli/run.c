/* run.c - a run of the guest, its progress, and how stops are shown. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <vmstep/teach.h>

#include "cli.h"
#include "term.h"
#include "tui/view.h"

/* ---- showing stops ------------------------------------------------------------------------------
 */

/* The commands of every point that made this stop, one list. True: the first begins with `silent`.
 */
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

/* Of a bit-field only its bits are there. */
static void watched_value_show(struct cli *c, const char *which, const struct upoint *p, u64 bits,
			       bool lost)
{
	const struct value v = { .type = p->watched, .bits = bits, .data = (const u8 *)&bits };
	struct err why = { 0 };
	struct strbuf out;

	strbuf_init(&out);
	if (lost)
		strbuf_adds(&out, "<unreadable>");
	else if (!p->watched)
		strbuf_addf(&out, "0x%" PRIx64, bits);
	else if (value_print(c->s, &c->print, &v, &out, &why))
		strbuf_adds(&out, why.text);
	say(c, "%s value = %s\n", which, strbuf_str(&out));
	strbuf_deinit(&out);
}

static bool watch_changed(const struct upoint *p)
{
	return p->type >= UPOINT_WATCH && p->type <= UPOINT_AWATCH &&
	       (p->was_value != p->old_value || p->was_lost != p->lost);
}

/* Each that changed; which one is said where there are several. */
static void watch_show(struct cli *c, const struct stop *st)
{
	enum { MOST = 32 };
	struct upoint *p[MOST];
	size_t n = session_stop_points(c->s, p, MOST), watches = 0;

	if (!(st->causes & CAUSE_BIT(CAUSE_UWATCH)))
		return;
	for (size_t i = 0; i < n; i++)
		watches += watch_changed(p[i]);
	for (size_t i = 0; i < n; i++) {
		if (!watch_changed(p[i]))
			continue;
		if (watches > 1)
			point_show(c, p[i]);
		watched_value_show(c, "Old", p[i], p[i]->was_value, p[i]->was_lost);
		watched_value_show(c, "New", p[i], p[i]->old_value, p[i]->lost);
	}
}

void stop_show(struct cli *c)
{
	const struct stop *st = session_last_stop(c->s);
	const struct stop_style style = { .color = c->out.color };
	struct strbuf out;

	if (!st || commands_take(c))
		return;
	strbuf_init(&out);
	stop_line(c->s, st, &style, &out);
	strbuf_addc(&out, '\n');
	say_buf(c, &out);
	strbuf_deinit(&out);
	watch_show(c, st);
	if (session_alive(c->s))
		view_stop(c, false);
	if (session_exit_value(c->s) >= 0 && !session_alive(c->s))
		say(c, "The guest ended with status %d.\n", session_exit_value(c->s));
	if (session_has_guest(c->s))
		displays_show(c);
}

/* ---- a run and what it passed -------------------------------------------------------------------
 */

struct passed {
	struct cli *c;
	u64 stops, gaps, wanted; /* wanted 0: no count to show progress against */
	u64 by_cause[CAUSE_COUNT];
	u64 retired_unseen;
	u8 last_gap;
	u64 last_gap_at;
	struct timespec start;
	u64 next_look; /* stop at which the clock is read again */
	time_t shown;
	bool progress;
	bool free;   /* the guest runs unwatched until its first stop */
	u64 resumed; /* where it was resumed */
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
	n = snprintf(text, sizeof(text),
		     "\r%" PRIu64 " of %" PRIu64 " stops, %.0f a second, Ctrl-C stops\033[K",
		     p->stops, p->wanted, p->stops / s);
	output_status(&p->c->out, text, n);
	p->progress = true;
}

static void progress_erase(struct passed *p)
{
	static const char erase[] = "\r\033[K";

	if (p->progress)
		output_status(&p->c->out, erase, sizeof(erase) - 1);
	p->progress = false;
}

/* A recorded trace says where it saw nothing: between a resume and the first stop of a free run. */
static bool gap_record(struct passed *p, const struct stop *st)
{
	const struct stop gap = {
		.kind = RECORD_GAP, .gap = GAP_RUN, .lin = p->resumed, .retired = -1
	};
	const bool one = st->retired == 1 && st->from_lin == p->resumed;

	p->free = false;
	return st->kind == RECORD_GAP || one || trace_record(p->c->trace, &gap);
}

static bool run_observe(void *arg, const struct stop *st)
{
	struct passed *p = arg;
	struct cli *c = p->c;

	if (c->interactive)
		tui_stop_note(st);
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
		strbuf_addf(&out, "%" PRIu64 " gap%s not seen, the last at 0x%" PRIx64 ": %s\n",
			    p->gaps, p->gaps == 1 ? "" : "s", p->last_gap_at,
			    gap_reason_text(p->last_gap));
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

/* The stop was another one than predicted: a script has failed then. */
static void prediction_show(struct cli *c)
{
	struct strbuf out;

	strbuf_init(&out);
	if (c->checker && checker_tell(c->checker, &out)) {
		say_buf(c, &out);
		if (!c->interactive && !c->status)
			c->status = STATUS_COMMAND;
	}
	strbuf_deinit(&out);
}

int guest_run(struct cli *c, guest_run_fn *fn, u64 arg, u64 count, struct err *err)
{
	const struct stop *last = session_last_stop(c->s);
	const u64 before = last ? last->n : 0;
	struct passed p = { .c = c,
			    .wanted = count,
			    .next_look = 4096,
			    .free = !count,
			    .resumed = last ? last->lin : 0 };
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
	last = session_last_stop(c->s);
	if (last && last->n == before)
		view_stop(c, true); /* a step into an inlined body */
	else
		stop_show(c);
	prediction_show(c);
	return last && (last->causes & CAUSE_BIT(CAUSE_INTERRUPT)) ? -EINTR : 0;
}
