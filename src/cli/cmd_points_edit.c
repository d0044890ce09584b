/* cmd_points_edit.c - what becomes of points: clear, condition, ignore, commands. */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <vmstep/parse.h>

#include "cli.h"

static bool point_is_at(const struct upoint *p, const struct locations *l)
{
	for (size_t i = 0; i < p->n_places; i++)
		for (size_t k = 0; k < l->n; k++)
			if (p->place[i].addr == l->at[k].addr)
				return true;
	return false;
}

static int clear_at(struct cli *c, const struct locations *l, struct err *err)
{
	size_t n, found = 0;
	struct upoint *const *p = session_points(c->s, &n);
	int r;

	for (size_t i = 0; i < n;) {
		if (!point_is_at(p[i], l)) {
			i++;
			continue;
		}
		say(c, "Deleted breakpoint %u\n", p[i]->num);
		r = session_delete(c->s, p[i]->num, err);
		if (r)
			return r;
		found++;
		p = session_points(c->s, &n);
	}
	return found ? 0
		     : err_set(err, ENOENT, "there is no breakpoint at %s, see info breakpoints",
			       l->canonical);
}

static int cmd_clear(struct cli *c, const char *args, struct err *err)
{
	struct location_default def = view_default(c);
	struct locations l;
	const char *end = "";
	char here[24] = "*$pc";
	int r = location_resolve(c->s, *args ? args : here, &def, LOCATION_CODE, &l, &end, err);

	if (r)
		return r;
	r = *blanks_skip(end) ? err_set(err, EINVAL, "\"%s\" is too much behind a location", end)
			      : clear_at(c, &l, err);
	locations_deinit(&l);
	return r;
}

/* ---- condition, ignore, commands ----------------------------------------------------------------
 */

int point_take(struct cli *c, const char **p, const char *what, struct upoint **ret,
		       struct err *err)
{
	char word[32];
	u64 num;
	int r;

	if (!word_take(p, word, sizeof(word)))
		return err_set(err, EINVAL, "%s needs the number of a point, see info breakpoints",
			       what);
	r = *word == '$' ? expr_u64(c->s, word, &num, err) : number_parse(word, what, &num, err);
	if (r)
		return r;
	*ret = num <= UINT32_MAX ? session_point(c->s, num) : NULL;
	return *ret ? 0 : err_set(err, ENOENT, "there is no point %s, see info breakpoints", word);
}

static int cmd_condition(struct cli *c, const char *args, struct err *err)
{
	struct upoint *p;
	int r = point_take(c, &args, "condition", &p, err);

	if (!r)
		r = session_point_condition(c->s, p->num, *args ? args : NULL, err);
	if (!r && !*args)
		say(c, "Point %u now stops always.\n", p->num);
	return r;
}

static int cmd_ignore(struct cli *c, const char *args, struct err *err)
{
	struct upoint *p;
	u64 n = 0;
	int r = point_take(c, &args, "ignore", &p, err);

	if (!r && !*args)
		r = err_set(err, EINVAL, "ignore needs a count: ignore %u COUNT", p->num);
	if (!r)
		r = expr_u64(c->s, args, &n, err);
	if (r)
		return r;
	p->ignore = n;
	if (n)
		say(c, "Will ignore next %" PRIu64 " crossings of point %u.\n", n, p->num);
	else
		say(c, "Will stop next time point %u is reached.\n", p->num);
	return 0;
}

static int cmd_commands(struct cli *c, const char *args, struct err *err)
{
	struct upoint *p = session_point(c->s, c->last_point);
	char **lines = NULL;
	u32 num;
	int r = *args ? point_take(c, &args, "commands", &p, err) : 0;

	if (!r && !p)
		r = err_set(err, ENOENT,
			    "commands needs the number of a point, as there is no last one");
	if (r)
		return r;
	num = p->num;
	if (c->interactive && !c->src->file && !c->src->lines)
		say(c,
		    "Commands for when point %u is hit, one a line, then a line with just "
		    "\"end\".\n",
		    num);
	r = source_body(c, "commands", &lines, NULL, err);
	if (!r)
		r = session_point_commands(c->s, num, lines[0] ? lines : NULL, err);
	lines_free(lines);
	return r;
}

/* ---- the table ------------------------------------------------------------------------------- */

const struct command commands_points_edit[] = {
	{ "condition", NULL, GROUP_POINTS, ARG_POINT, 0, "condition N [EXPR]",
	  "Let point N stop only if EXPR is not 0.", "Without EXPR it stops always again.", NULL,
	  cmd_condition, NULL },
	{ "ignore", NULL, GROUP_POINTS, ARG_POINT, 0, "ignore N COUNT", "Pass point N COUNT times.",
	  "", NULL, cmd_ignore, NULL },
	{ "commands", NULL, GROUP_POINTS, ARG_POINT, 0, "commands [N]",
	  "Commands to run whenever point N is hit.",
	  "They follow one a line, up to a line \"end\". Without N, those of the last point set. "
	  "If the first is silent, the stop is not shown. An empty list removes them.",
	  NULL, cmd_commands, NULL },
	{ "clear", "cl", GROUP_POINTS, ARG_LOCATION, 0, "clear [LOCATION]",
	  "Delete the breakpoints at a location.", "", NULL, cmd_clear, NULL },
	{ NULL },
};
