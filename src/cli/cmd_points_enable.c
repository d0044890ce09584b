/* cmd_points_enable.c - points by their numbers: delete, enable, disable; displays too. */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <vmstep/parse.h>
#include "cli.h"

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

/* ---- the table ------------------------------------------------------------------------------- */

static const struct command delete_subs[] = {
	{ "display", NULL, GROUP_POINTS, ARG_WORD, 0, "delete display [N]...",
	  "Drop displays, as undisplay does.", "", "delete display", display_delete, NULL },
	{ "checkpoint", NULL, GROUP_POINTS, ARG_WORD, 0, "delete checkpoint N...",
	  "Drop checkpoints.", "", NULL, checkpoint_delete, NULL },
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

const struct command commands_points_enable[] = {
	{ "delete", "d", GROUP_POINTS, ARG_POINT, CMD_PREFIX, "delete [N|N-M]...",
	  "Delete points, all of them without N.", "", "delete", cmd_delete, delete_subs },
	{ "enable", "en", GROUP_POINTS, ARG_POINT, CMD_PREFIX, "enable [N|N-M]...",
	  "Turn points on.", "", "enable", cmd_enable, enable_subs },
	{ "disable", "dis", GROUP_POINTS, ARG_POINT, CMD_PREFIX, "disable [N|N-M]...",
	  "Turn points off without forgetting them.", "", "disable", cmd_disable, disable_subs },
	{ NULL },
};
