/* cmd_points_edit.c - what becomes of points: delete, enable, condition, commands, info. */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <vmstep/parse.h>

#include "cli.h"

/* ---- numbers ------------------------------------------------------------------------------------
 */

typedef int point_fn(struct cli *c, u32 num, struct err *err);

/* "1 3-5 $foo": each number in turn. */
static int numbers_each(struct cli *c, const char *args, point_fn *fn, struct err *err)
{
	char word[64];
	u64 lo, hi;

	while (word_take(&args, word, sizeof(word))) {
		char *dash = isdigit((unsigned char)*word) ? strchr(word, '-') : NULL;
		int r;

		if (dash)
			*dash = '\0';
		r = *word == '$' ? expr_u64(c->s, word, &lo, err)
				 : number_parse(word, "point", &lo, err);
		hi = lo;
		if (!r && dash)
			r = number_parse(dash + 1, "point", &hi, err);
		if (!r && (lo > hi || hi > UINT32_MAX))
			r = err_set(err, EINVAL, "%s is no range of points", word);
		for (u64 n = lo; !r && n <= hi; n++) {
			/* A wide range must not walk through numbers that never were. */
			if (dash && !session_point(c->s, n) && n < hi && n - lo > 10000)
				return err_set(err, ERANGE,
					       "%s-%" PRIu64 " is too wide a range of points", word,
					       hi);
			if (!dash || session_point(c->s, n))
				r = fn(c, n, err);
		}
		if (r)
			return r;
	}
	return 0;
}

static int all_each(struct cli *c, point_fn *fn, struct err *err)
{
	size_t n;
	struct upoint *const *p = session_points(c->s, &n);
	u32 *nums = calloc(n + 1, sizeof(*nums));
	int r = nums ? 0 : err_set(err, ENOMEM, "no memory for the list of points");

	/* The list may change under the function. */
	for (size_t i = 0; i < n && !r; i++)
		nums[i] = p[i]->num;
	for (size_t i = 0; i < n && !r; i++)
		r = fn(c, nums[i], err);
	free(nums);
	return r;
}

/* "2.1", "2.1-3": places of a breakpoint. */
static int places_switch(struct cli *c, const char *word, bool on, struct err *err)
{
	unsigned num, lo, hi;
	int n = 0, got = sscanf(word, "%u.%u%n-%u%n", &num, &lo, &n, &hi, &n);
	int r = 0;

	if (got < 2 || word[n])
		return err_set(err, EINVAL, "%s is no place of a breakpoint: write N.1", word);
	if (got == 2)
		hi = lo;
	if (hi < lo || hi - lo > 10000)
		return err_set(err, EINVAL, "%s is no range of places", word);
	for (unsigned i = lo; !r && i <= hi; i++)
		r = session_place_enable(c->s, num, i, on, err);
	return r;
}

/* Numbers of points and of places, in any order. */
static int points_switch(struct cli *c, const char *args, bool on, point_fn *fn, struct err *err)
{
	char word[64];
	int r = 0;

	while (!r && word_take(&args, word, sizeof(word)))
		r = strchr(word, '.') ? places_switch(c, word, on, err)
				      : numbers_each(c, word, fn, err);
	return r;
}

static int point_delete(struct cli *c, u32 num, struct err *err)
{
	return session_delete(c->s, num, err);
}

static int point_enable(struct cli *c, u32 num, struct err *err)
{
	return session_point_enable(c->s, num, true, err);
}

static int point_disable(struct cli *c, u32 num, struct err *err)
{
	return session_point_enable(c->s, num, false, err);
}

static int cmd_delete(struct cli *c, const char *args, struct err *err)
{
	size_t n;

	if (*args)
		return numbers_each(c, args, point_delete, err);
	session_points(c->s, &n);
	if (n && !confirm(c, "Delete all points?"))
		return 0;
	return all_each(c, point_delete, err);
}

static int cmd_enable(struct cli *c, const char *args, struct err *err)
{
	return *args ? points_switch(c, args, true, point_enable, err) : all_each(c, point_enable, err);
}

static int cmd_disable(struct cli *c, const char *args, struct err *err)
{
	return *args ? points_switch(c, args, false, point_disable, err) : all_each(c, point_disable, err);
}

/* delete display, enable display, disable display */
static int display_switch(struct cli *c, const char *args, bool on, struct err *err)
{
	char word[24];
	u64 num;

	for (size_t i = 0; !*args && i < c->n_displays; i++)
		c->displays[i].enabled = on;
	while (word_take(&args, word, sizeof(word))) {
		bool found = false;
		int r = number_parse(word, "display", &num, err);

		if (r)
			return r;
		for (size_t i = 0; i < c->n_displays; i++) {
			if (c->displays[i].num != num)
				continue;
			c->displays[i].enabled = on;
			found = true;
		}
		if (!found)
			return err_set(err, ENOENT, "there is no display %s, see info display",
				       word);
	}
	return 0;
}

static int display_enable(struct cli *c, const char *args, struct err *err)
{
	return display_switch(c, args, true, err);
}

static int display_disable(struct cli *c, const char *args, struct err *err)
{
	return display_switch(c, args, false, err);
}

static int display_delete(struct cli *c, const char *args, struct err *err)
{
	const struct command *k = command_lookup("undisplay", 9);

	return k->run(c, args, err);
}

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

/* The number at *p, moved behind it. */
static int number_take(struct cli *c, const char **p, const char *what, struct upoint **ret,
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
	int r = number_take(c, &args, "condition", &p, err);

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
	int r = number_take(c, &args, "ignore", &p, err);

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
	int r = *args ? number_take(c, &args, "commands", &p, err) : 0;

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

/* ---- info breakpoints ---------------------------------------------------------------------------
 */

static const char *const how_names[] = {
	[POINT_HOW_AUTO] = NULL,
	[POINT_HOW_INT3] = "by int3",
	[POINT_HOW_DR] = "by debug register",
	[POINT_HOW_ADDRESS] = "by stepping",
};

static void point_details(struct cli *c, const struct upoint *p, struct strbuf *out)
{
	if (p->condition)
		strbuf_addf(out, "\tstop only if %s\n", p->condition);
	if (p->hits)
		strbuf_addf(out, "\tbreakpoint already hit %" PRIu64 " time%s\n", p->hits,
			    p->hits == 1 ? "" : "s");
	if (p->ignore)
		strbuf_addf(out, "\tignore next %" PRIu64 " hits\n", p->ignore);
	if (session_alive(c->s) && p->enabled && p->got < ARRAY_SIZE(how_names) &&
	    how_names[p->got])
		strbuf_addf(out, "\tnoticed %s\n", how_names[p->got]);
	if (p->cost)
		strbuf_addf(out, "\t%s\n", p->cost);
	for (char **line = p->commands; line && *line; line++)
		strbuf_addf(out, "        %s\n", *line);
}

/* "0x0000000000401136 in main at demo.c:4", or the symbol where no line is known. */
static void place_put(struct cli *c, const struct point_place *at, struct strbuf *out)
{
	strbuf_addf(out, "0x%016" PRIx64, at->addr);
	if (!at->file) {
		symbol_format(c, at->addr, out);
		return;
	}
	if (at->function)
		strbuf_addf(out, " in %s", at->function);
	strbuf_addf(out, " at %s:%u", at->file, at->line);
}

static bool has_rows(const struct upoint *p)
{
	return p->n_places > 1 || (p->n_places && !p->place[0].enabled);
}

static void place_rows(struct cli *c, const struct upoint *p, struct strbuf *out)
{
	char num[24];

	for (size_t i = 0; has_rows(p) && i < p->n_places; i++) {
		snprintf(num, sizeof(num), "%u.%zu", p->num, i + 1);
		strbuf_addf(out, "%-7s %-15s %-4s %-3s ", num, "", "",
			    p->place[i].enabled ? "y" : "n");
		place_put(c, &p->place[i], out);
		strbuf_addc(out, '\n');
	}
}

static void point_row(struct cli *c, const struct upoint *p, struct strbuf *out)
{
	const bool code = p->type == UPOINT_BREAK || p->type == UPOINT_HBREAK;

	strbuf_addf(out, "%-7u %-15s %-4s %-3s ", p->num, point_type_name(p),
		    p->temporary ? "del" : "keep", p->enabled ? "y" : "n");
	if (!code)
		strbuf_addf(out, "%-18s %s", "", p->what);
	else if (p->n_places && !has_rows(p))
		place_put(c, &p->place[0], out);
	else
		strbuf_addf(out, "%-18s %s", p->n_places ? "<MULTIPLE>" : "<PENDING>",
			    p->n_places ? "" : p->what);
	strbuf_addc(out, '\n');
	point_details(c, p, out);
	place_rows(c, p, out);
}

int points_info(struct cli *c, const char *args, struct err *err)
{
	struct strbuf out;
	size_t n;
	struct upoint *const *p = session_points(c->s, &n), *one = NULL;

	if (*args && number_take(c, &args, "info breakpoints", &one, err))
		return -ENOENT;
	if (!n) {
		say(c, "No breakpoints, watchpoints or catchpoints.\n");
		return 0;
	}
	say(c, "Num     Type            Disp Enb Address            What\n");
	strbuf_init(&out);
	for (size_t i = 0; i < n; i++) {
		if (one && p[i] != one)
			continue;
		point_row(c, p[i], &out);
		say_buf(c, &out);
	}
	strbuf_deinit(&out);
	return 0;
}

/* ---- the table ------------------------------------------------------------------------------- */

static const struct command delete_subs[] = {
	{ "display", NULL, GROUP_POINTS, ARG_WORD, 0, "delete display [N]...",
	  "Drop displays, as undisplay does.", "", "delete display", display_delete, NULL },
	{ NULL },
};
static const struct command enable_subs[] = {
	{ "display", NULL, GROUP_POINTS, ARG_WORD, 0, "enable display [N]...", "Turn displays on.",
	  "", "enable display", display_enable, NULL },
	{ NULL },
};
static const struct command disable_subs[] = {
	{ "display", NULL, GROUP_POINTS, ARG_WORD, 0, "disable display [N]...",
	  "Turn displays off.", "", "disable display", display_disable, NULL },
	{ NULL },
};

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
	{ "delete", "d", GROUP_POINTS, ARG_POINT, CMD_PREFIX, "delete [N|N-M]...",
	  "Delete points, all of them without N.", "", "delete", cmd_delete, delete_subs },
	{ "clear", "cl", GROUP_POINTS, ARG_LOCATION, 0, "clear [LOCATION]",
	  "Delete the breakpoints at a location.", "", NULL, cmd_clear, NULL },
	{ "enable", "en", GROUP_POINTS, ARG_POINT, CMD_PREFIX, "enable [N|N-M]...",
	  "Turn points on.", "", "enable", cmd_enable, enable_subs },
	{ "disable", "dis", GROUP_POINTS, ARG_POINT, CMD_PREFIX, "disable [N|N-M]...",
	  "Turn points off without forgetting them.", "", "disable", cmd_disable, disable_subs },
	{ NULL },
};
