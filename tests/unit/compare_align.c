/*
 * compare_align.c - which records of several engines `vmstep compare` puts into one row, and where it goes on
 * behind a difference. Lanes are written as words, a record each, oldest first:
 *
 *	a      at place a, one instruction behind the record before    a0 a2   so many instead
 *	a?     behind a gap of unknown length                          a=5     with RAX 5 from there on
 *
 * Rows come out as a word each: the places by engine, "." for none, "!" where they differ, and "{0,2}" where
 * paths part and meet again after so many records. The last record of a lane is the end of its guest.
 */
#include <stdlib.h>
#include "compare/row.h"
#include "tap.h"

enum { PLACE = 0x1000 };
struct script {
	const char *next; /* the words not read yet */
	u64 rax;
};

static struct script scripts[COMPARE_ENGINES];
static char rows[4000];

/* The word at *p, which moves behind it. */
static void word_read(struct script *s, struct record *ret)
{
	const char *p = s->next;

	*ret = (struct record){ .retired = 1, .gap = GAP_NONE };
	ret->stop.lin = ret->stop.rip = PLACE + *p++;
	ret->stop.causes = CAUSE_BIT(CAUSE_TF);
	ret->stop.first = CAUSE_TF;
	if (*p >= '0' && *p <= '9')
		ret->retired = *p++ - '0';
	if (*p == '?') {
		ret->lost = true;
		ret->gap = GAP_OTHER;
		p++;
	}
	if (*p == '=')
		s->rax = strtoul(p + 1, (char **)&p, 0);
	ret->stop.gpr[GPR_RAX] = s->rax;
	ret->stop.retired = ret->retired;
	while (*p == ' ')
		p++;
	s->next = p;
	ret->ended = !*p;
}

static int script_read(struct lane *l, const struct compare_config *cfg, struct record *ret, bool *ret_none,
		       struct err *err)
{
	struct script *s = &scripts[l->name[0] - 'A'];

	*ret_none = !*s->next;
	if (*s->next)
		word_read(s, ret);
	return 0;
}

static void begin(struct compare *c)
{
}

static void end(struct compare *c, const char *ended)
{
}

static void row(struct compare *c, const struct row *r)
{
	char *p = rows + strlen(rows);

	if (p != rows)
		*p++ = ' ';
	for (unsigned i = 0; i < c->cfg->n_engines; i++)
		*p++ = r->present[i] ? c->lane[i].now.stop.lin - PLACE : '.';
	if (r->differs)
		*p++ = '!';
	*p = '\0';
	for (unsigned i = 0; r->meets && i < c->cfg->n_engines; i++)
		p += sprintf(p, "%s%zu%s", i ? "," : "{", r->away[i], i + 1 < c->cfg->n_engines ? "" : "}");
}

static void nothing_write(void *arg, const char *text, size_t n)
{
}

static const struct row_view view = { begin, row, end };

struct a_case {
	const char *name, *lane[COMPARE_ENGINES], *rows;
	u64 differences;
	const char *parted; /* part of why it ends before the guests do; NULL: it does not */
};

static void case_try(const struct a_case *t)
{
	static const char *const names[] = { "A", "B", "C" };
	struct compare_config cfg = { .write = nothing_write };
	struct compare c = { .cfg = &cfg, .standing_ref = COMPARE_ENGINES };
	struct err err = { 0 };

	rows[0] = '\0';
	strbuf_init(&c.out);
	known_read(NULL, &c.known, &err);
	for (; cfg.n_engines < COMPARE_ENGINES && t->lane[cfg.n_engines]; cfg.n_engines++) {
		struct lane *l = &c.lane[cfg.n_engines];

		scripts[cfg.n_engines] = (struct script){ .next = t->lane[cfg.n_engines] };
		*l = (struct lane){ .name = names[cfg.n_engines], .read = script_read };
		word_read(&scripts[cfg.n_engines], &l->now);
	}
	tap_eq(compare_rows(&c, &view, &err), 0, "%s: runs", t->name);
	tap_str(rows, t->rows, "%s: rows", t->name);
	tap_eq(c.total.differences, t->differences, "%s: differences", t->name);
	if (t->parted && strstr(c.parted, t->parted))
		tap_ok(true, "%s: says why it ends", t->name);
	else
		tap_str(c.parted, t->parted ? t->parted : "", "%s: says why it ends", t->name);
	known_free(c.known);
	strbuf_deinit(&c.out);
	for (unsigned i = 0; i < cfg.n_engines; i++)
		free(c.lane[i].ahead);
}

static const struct a_case cases[] = {
	{ "the same", { "a b c", "a b c" }, "aa bb cc", 0, NULL },
	{ "one record", { "a", "a" }, "aa", 0, NULL },
	/* docs/semantics.md section 9: engines may differ in 0-records and in MOV-SS pairs. */
	{ "a 0-record more", { "a b c", "a x0 b c" }, "aa .x bb cc", 0, NULL },
	{ "a 0-record more at the end", { "a b", "a b x0" }, "aa bb! .x", 1, NULL },
	{ "0-records of a REP", { "a b c", "a r0 r0 r0 b c" }, "aa .r .r .r bb cc", 0, NULL },
	{ "a MOV-SS pair", { "a c2 d", "a b c d" }, "aa .b cc dd", 0, NULL },
	{ "a MOV SS and the handler of what follows", { "a h c", "a m h0 c" }, "aa .m hh cc", 0, NULL },
	{ "the same on the first engine", { "a m h0 c", "a h c" }, "aa m. hh cc", 0, NULL },
	{ "two of three have a record between", { "a h c", "a m h0 c", "a m h0 c" }, "aaa .mm hhh ccc", 0, NULL },
	{ "one of three has a pair", { "a c2 d", "a b c d", "a b c d" }, "aaa .bb ccc ddd", 0, NULL },
	{ "a gap whose length is known", { "a b c d", "a d3" }, "aa b. c. dd", 0, NULL },
	/* What goes on after a difference. */
	{ "registers differ: told once", { "a b=1 c d", "a b=2 c d" }, "aa bb! cc dd", 1, NULL },
	{ "they differ, are the same, differ", { "a b=1 c=0 d=1", "a b=2 c=0 d=3" }, "aa bb! cc dd!", 2, NULL },
	{ "a handler on one side alone", { "a b c d", "a b h0 i j c d" }, "aa bb .h ci!{0,2} .j cc dd", 1, NULL },
	{ "the same on the first engine", { "a b h0 i j c d", "a b c d" }, "aa bb h. ic!{2,0} j. cc dd", 1, NULL },
	{ "two ways to one place", { "a p q z", "a r s t z" }, "aa pr!{2,3} q. .s .t zz", 1, NULL },
	{ "they part twice", { "a b c d e f", "a x y c d z f" }, "aa bx!{1,2} .y cc dd ez!{1,1} ff", 2, NULL },
	{ "two of three take a handler", { "a b c d", "a i j c d", "a i j c d" }, "aaa bii!{1,2,2} .j. ..j ccc ddd", 2, NULL },
	{ "registers at the place where they meet", { "a p z=1 y", "a q z=2 z=1 y" }, "aa pq!{1,2} .z zz yy", 1, NULL },
	{ "paths that never meet", { "a b c d", "a x y w" }, "aa bx!", 1, "take different paths from row 1 on" },
	/* Ends. */
	{ "one ends before", { "a b", "a b c d" }, "aa bb!", 1, "has ended on A (TF) and goes on on B" },
	{ "the other ends before", { "a b c d", "a b" }, "aa bb!", 1, "has ended on B (TF) and goes on on A" },
	{ "one ends on another path", { "a b c", "a x" }, "aa bx!", 2, "take different paths" },
	/* Gaps of unknown length: who comes out of one waits to be met. */
	{ "a gap of unknown length", { "a b c d e", "a d? e" }, "aa b. c. dd ee", 0, NULL },
	{ "it ends in one", { "a b c", "a c?" }, "aa b. cc", 0, NULL },
	{ "both have one", { "a d? e", "a d? e" }, "aa dd ee", 0, NULL },
	{ "nobody comes to where it went on", { "a b c", "a x? y" }, "aa b. c. .x", 1, "has ended on A (TF) and goes on on B" },
};

int main(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		case_try(&cases[i]);
	return tap_done();
}
