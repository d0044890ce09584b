/*
 * check.c - every step held against its prediction: made before the resume, compared with the record that
 * comes. What the state at the boundary does not hold - interrupts, devices, free runs - is counted as
 * open, never as right or wrong.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "teach/ahead.h"
#include <vmstep/teach.h>

struct checker {
	struct session *s;
	struct ahead_model *model;
	bool stops;
	struct ahead next; /* of the resume under way */
	bool looked;       /* `next` is of it, and no record of it has come yet */
	struct check last;
	struct check_total total;
	u64 told;          /* differences that were told */
	u64 differ_from;   /* of the last one: the boundary it was predicted at */
};

static void before(void *arg, const struct plan *plan)
{
	struct checker *c = arg;

	c->looked = true;
	if (plan->mode == PLAN_STEP)
		ahead_look(c->model, plan, &c->next);
	else
		c->next = (struct ahead){ .unseen = UNSEEN_FREE };
}

/* An interrupt came, or the run was ended from outside: nothing the state could tell. */
static bool came_from_outside(const struct stop *st)
{
	return st->causes & (CAUSE_BIT(CAUSE_INTERRUPT) | CAUSE_BIT(CAUSE_LIMIT) | CAUSE_BIT(CAUSE_EXIT)) ||
	       (st->has_event && !st->event_rep &&
		(st->event_type == INTR_EXTERNAL || st->event_type == INTR_NMI));
}

static bool event_same(const struct ahead *n, const struct stop *st)
{
	const bool has = st->has_event && !st->event_rep;

	return has == n->has_event && (!has || st->event_vector == n->vector);
}

/* A device's access can be the stop by itself: engine kvm then has no report of TF, and needs none. */
static bool causes_same(const struct ahead *n, const struct stop *st)
{
	u32 differ = ahead_causes(n->causes) ^ ahead_causes(st->causes);

	if (st->causes & (CAUSE_BIT(CAUSE_IO) | CAUSE_BIT(CAUSE_MMIO)))
		differ &= ~(CAUSE_BIT(CAUSE_TF) | CAUSE_BIT(CAUSE_MTF));
	return !differ;
}

/*
 * DR6 of a report that only stands for the stop, such as a temporary point's, is the engine's own. So is a Bn
 * beside TF that no cause of the stop goes with: of a temporary point (K7), or of a breakpoint that matched and
 * is not enabled, whose bit a processor may set (SDM "Debug Status Register (DR6)").
 */
static bool dr6_same(const struct ahead *n, const struct stop *st)
{
	const u32 have_bn = CAUSE_BIT(CAUSE_HWBP) | CAUSE_BIT(CAUSE_WATCH) | CAUSE_BIT(CAUSE_IOBP) |
			    CAUSE_BIT(CAUSE_BREAK) | CAUSE_BIT(CAUSE_UWATCH);
	const u64 bits = (n->causes | st->causes) & have_bn ? DR6_CAUSE : DR6_CAUSE & ~DR6_BN;

	return !n->has_dr6 || !st->has_dr || st->proof == PROOF_DEDUCED || !((n->dr6 ^ st->dr6) & bits);
}

static bool same(const struct ahead *n, const struct stop *st)
{
	if (n->lin != st->lin || !causes_same(n, st) || !dr6_same(n, st))
		return false;
	if (!event_same(n, st) || n->pending != st->pending)
		return false;
	if (n->pending && n->pending_vector != st->pending_vector)
		return false;
	return st->retired < 0 || n->retired == st->retired;
}

static void text_take(char *buf, size_t size, struct strbuf *text)
{
	snprintf(buf, size, "%s", strbuf_str(text));
	strbuf_deinit(text);
}

static void texts_make(struct checker *c, const struct stop *st)
{
	struct strbuf text;

	strbuf_init(&text);
	ahead_put(&c->next, false, &text);
	if (c->next.retired != st->retired && st->retired >= 0)
		strbuf_addf(&text, ", %d instructions", c->next.retired);
	text_take(c->last.predicted, sizeof(c->last.predicted), &text);
	strbuf_init(&text);
	ahead_put_stop(st, &c->next, &text);
	if (c->next.retired != st->retired && st->retired >= 0)
		strbuf_addf(&text, ", %d instructions", st->retired);
	text_take(c->last.was, sizeof(c->last.was), &text);
}

static void open_note(struct checker *c, enum unseen u)
{
	c->last = (struct check){ .result = CHECK_OPEN, .open = unseen_text(u) };
	c->total.open++;
}

static bool after(void *arg, const struct stop *st)
{
	struct checker *c = arg;

	if (st->kind == RECORD_GAP)
		c->next = (struct ahead){ .unseen = UNSEEN_FREE };
	if (st->kind == RECORD_GAP || !c->looked)
		return true;
	c->looked = false;
	if (!c->next.known || came_from_outside(st)) {
		open_note(c, c->next.known ? UNSEEN_INTERRUPT : c->next.unseen);
		return true;
	}
	c->last = (struct check){ .result = same(&c->next, st) ? CHECK_SAME : CHECK_DIFFERS };
	texts_make(c, st);
	c->total.checked++;
	if (c->last.result == CHECK_SAME)
		return true;
	c->total.differences++;
	c->differ_from = c->next.from_lin;
	return !c->stops;
}

int checker_create(struct session *s, bool stops, struct checker **ret, struct err *err)
{
	struct checker *c = calloc(1, sizeof(*c));
	int r;

	if (!c)
		return err_set(err, ENOMEM, "no memory for predictions");
	c->s = s;
	c->stops = stops;
	r = ahead_create(s, &c->model, err);
	if (r) {
		free(c);
		return r;
	}
	session_set_watcher(s, &(struct session_watcher){ before, after, c });
	*ret = c;
	return 0;
}

void checker_destroy(struct checker *c)
{
	if (!c)
		return;
	session_set_watcher(c->s, NULL);
	ahead_destroy(c->model);
	free(c);
}

const struct check *checker_last(const struct checker *c)
{
	return &c->last;
}

const struct check_total *checker_total(const struct checker *c)
{
	return &c->total;
}

bool checker_tell(struct checker *c, struct strbuf *out)
{
	if (c->told == c->total.differences || c->last.result != CHECK_DIFFERS)
		return false;
	c->told = c->total.differences;
	strbuf_addf(out, "Prediction and stop differ, from 0x%llx:\n  predicted %s\n  was       %s\n",
		    (unsigned long long)c->differ_from, c->last.predicted, c->last.was);
	return true;
}
