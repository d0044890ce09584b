/* points.c - the user's break-, watch- and catchpoints and the engine's set of them; see
 * session.h. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <vmstep/location.h>
#include "private.h"

static void free_lines(char **lines)
{
	for (size_t i = 0; lines && lines[i]; i++)
		free(lines[i]);
	free(lines);
}

void point_free(struct upoint *p)
{
	if (!p)
		return;
	free(p->what);
	free(p->condition);
	expr_destroy(p->cond);
	expr_destroy(p->expr);
	places_free(p);
	free_lines(p->commands);
	free(p);
}

int point_compile(struct session *s, struct upoint *p, const char *text, struct err *err)
{
	struct expr *cond = NULL;
	char *copy = NULL;
	int rc = 0;

	if (point_is_code(p))
		rc = places_compile(s, p, text, err);
	else if (text)
		rc = expr_parse(s, text, &cond, err);
	if (rc)
		return rc;
	copy = text ? strdup(text) : NULL;
	if (text && !copy) {
		expr_destroy(cond);
		return err_set(err, ENOMEM, "no memory for the condition");
	}
	expr_destroy(p->cond);
	free(p->condition);
	p->cond = cond;
	p->condition = copy;
	return 0;
}

static void recompile_one(struct session *s, struct upoint *p)
{
	struct err why = { 0 };

	p->watched = NULL; /* a type of the old symbols */
	watch_recompile(s, p);
	if (point_is_code(p))
		places_resolve(s, p);
	if (p->condition) {
		char *text = strdup(p->condition);

		if (text && point_compile(s, p, text, &why)) {
			p->enabled = false;
			note(s,
			     "point %u is disabled: its condition \"%s\" does not fit the new symbols: %s",
			     p->num, text, why.text);
		}
		free(text);
	}
}

void points_recompile(struct session *s)
{
	for (size_t i = 0; i < s->n_points; i++)
		recompile_one(s, s->point[i]);
	s->points_dirty = true;
}

static void gone_clear(struct session *s)
{
	for (size_t i = 0; i < s->n_gone; i++)
		point_free(s->gone[i]);
	free(s->gone);
	s->gone = NULL;
	s->n_gone = 0;
}

void points_forget_stop(struct session *s)
{
	gone_clear(s);
	for (size_t i = 0; i < s->n_points; i++)
		s->point[i]->stopped = false;
}

void points_destroy(struct session *s)
{
	gone_clear(s);
	for (size_t i = 0; i < s->n_points; i++)
		point_free(s->point[i]);
	free(s->point);
	s->point = NULL;
	s->n_points = 0;
}

/* ---- adding and removing --------------------------------------------------------------------- */

static int list_add(struct session *s, struct upoint *p, struct err *err)
{
	if (s->n_points == s->cap_points) {
		size_t cap = s->cap_points ? s->cap_points * 2 : 8;
		struct upoint **list = realloc(s->point, cap * sizeof(struct upoint *));

		if (!list)
			return err_set(err, ENOMEM, "no memory for the point");
		s->point = list;
		s->cap_points = cap;
	}
	s->point[s->n_points++] = p;
	s->points_dirty = true;
	return 0;
}

static void list_remove(struct session *s, size_t i)
{
	s->points_dirty |= s->point[i]->type != UPOINT_CATCH;
	memmove(&s->point[i], &s->point[i + 1], (--s->n_points - i) * sizeof(s->point[0]));
}

void points_delete_temporary(struct session *s)
{
	for (size_t i = 0; i < s->n_points;) {
		struct upoint *p = s->point[i];
		struct upoint **gone;

		if (p->left) {
			list_remove(s, i);
			point_free(p);
			continue;
		}
		if (!p->temporary || !p->stopped) {
			i++;
			continue;
		}
		list_remove(s, i);
		gone = realloc(s->gone, (s->n_gone + 1) * sizeof(struct upoint *));
		if (gone) { /* its commands are still to be run */
			s->gone = gone;
			s->gone[s->n_gone++] = p;
		} else {
			point_free(p);
		}
	}
}

int point_enter(struct session *s, struct upoint *p, struct upoint **ret, struct err *err)
{
	int rc;

	p->num = s->next_point;
	p->enabled = true;
	rc = list_add(s, p, err);
	if (rc) {
		point_free(p);
		return rc;
	}
	rc = points_apply(s, err);
	if (rc) {
		list_remove(s, s->n_points - 1);
		point_free(p);
		points_apply(s, NULL);
		return rc;
	}
	s->next_point++;
	*ret = p;
	return 0;
}

static int unknown(u32 num, struct err *err)
{
	return err_set(err, ENOENT, "there is no point number %u; see info breakpoints", num);
}

int session_delete(struct session *s, u32 num, struct err *err)
{
	for (size_t i = 0; i < s->n_points; i++) {
		struct upoint *p = s->point[i];

		if (p->num != num)
			continue;
		list_remove(s, i);
		point_free(p);
		return points_apply(s, err);
	}
	return unknown(num, err);
}

struct upoint *session_point(struct session *s, u32 num)
{
	for (size_t i = 0; i < s->n_points; i++)
		if (s->point[i]->num == num)
			return s->point[i];
	return NULL;
}

size_t session_stop_points(struct session *s, struct upoint **ret, size_t max)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n_gone && n < max; i++)
		ret[n++] = s->gone[i];
	for (size_t i = 0; i < s->n_points && n < max; i++)
		if (s->point[i]->stopped)
			ret[n++] = s->point[i];
	return n;
}

struct upoint *const *session_points(const struct session *s, size_t *ret_n)
{
	*ret_n = s->n_points;
	return s->point;
}

int session_point_enable(struct session *s, u32 num, bool on, struct err *err)
{
	struct upoint *p = session_point(s, num);
	bool old;
	int rc;

	if (!p)
		return unknown(num, err);
	old = p->enabled;
	if (old == on)
		return 0;
	p->enabled = on;
	s->points_dirty = true;
	if (on && point_is_watch(p))
		watch_read(s, p, &p->old_value);
	rc = points_apply(s, err);
	if (rc) {
		p->enabled = old;
		s->points_dirty = true;
		points_apply(s, NULL);
	}
	return rc;
}

int session_point_condition(struct session *s, u32 num, const char *text_or_null, struct err *err)
{
	struct upoint *p = session_point(s, num);

	return p ? point_compile(s, p, text_or_null, err) : unknown(num, err);
}

static char **copy_lines(char *const *lines)
{
	size_t n = 0;
	char **copy;

	while (lines[n])
		n++;
	copy = calloc(n + 1, sizeof(*copy));
	for (size_t i = 0; copy && i < n; i++) {
		copy[i] = strdup(lines[i]);
		if (!copy[i]) {
			free_lines(copy);
			return NULL;
		}
	}
	return copy;
}

int session_point_commands(struct session *s, u32 num, char *const *lines, struct err *err)
{
	struct upoint *p = session_point(s, num);
	char **copy = NULL;

	if (!p)
		return unknown(num, err);
	if (lines && !(copy = copy_lines(lines)))
		return err_set(err, ENOMEM, "no memory for the commands");
	free_lines(p->commands);
	p->commands = copy;
	return 0;
}
