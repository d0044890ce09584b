/* values.c - convenience variables and the value history; see session.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "private.h"

static struct session_var *var_find(const struct session *s, const char *name)
{
	for (size_t i = 0; i < s->n_vars; i++)
		if (!strcmp(s->var[i].name, name))
			return &s->var[i];
	return NULL;
}

static struct session_var *var_new(struct session *s, const char *name)
{
	struct session_var *list;
	char *copy = strdup(name);

	if (!copy)
		return NULL;
	if (s->n_vars == s->cap_vars) {
		size_t cap = s->cap_vars ? s->cap_vars * 2 : 8;

		list = realloc(s->var, cap * sizeof(*list));
		if (!list) {
			free(copy);
			return NULL;
		}
		s->var = list;
		s->cap_vars = cap;
	}
	s->var[s->n_vars] = (struct session_var){ .name = copy };
	return &s->var[s->n_vars++];
}

void values_destroy(struct session *s)
{
	for (size_t i = 0; i < s->n_vars; i++)
		free(s->var[i].name);
	free(s->var);
	free(s->history);
	s->var = NULL;
	s->history = NULL;
	s->n_vars = s->n_history = 0;
}

int value_history_get(const struct session *s, bool absolute, u32 n, struct value *ret,
		      struct err *err)
{
	u32 last = s ? s->n_history : 0;

	if (!last && !absolute) { /* gdb: the last value of an empty history is void */
		*ret = (struct value){ .is_void = true };
		return 0;
	}
	if (!last)
		return err_set(err, ENOENT, "the value history has no $%u; it is empty", n);
	if (absolute ? !n || n > last : n >= last)
		return err_set(err, ENOENT, "the value history has no %s%u; it holds $1 to $%u",
			       absolute ? "$" : "$$", n, last);
	*ret = s->history[absolute ? n - 1 : last - 1 - n];
	return 0;
}

int session_var_set(struct session *s, const char *name, const struct value *v, struct err *err)
{
	struct session_var *var = var_find(s, name) ?: var_new(s, name);

	if (!var)
		return err_set(err, ENOMEM, "no memory for the variable");
	var->value = *v;
	return 0;
}

bool session_var_get(struct session *s, const char *name, struct value *ret)
{
	const struct session_var *var = var_find(s, name);

	if (var)
		*ret = var->value;
	return var;
}

void session_vars_each(struct session *s,
		       void (*each)(void *arg, const char *name, const struct value *v), void *arg)
{
	for (size_t i = 0; i < s->n_vars; i++)
		each(arg, s->var[i].name, &s->var[i].value);
}

u32 session_history_add(struct session *s, const struct value *v)
{
	if (s->n_history == s->cap_history) {
		u32 cap = s->cap_history ? s->cap_history * 2 : 32;
		struct value *list = realloc(s->history, cap * sizeof(*list));

		if (!list)
			return 0;
		s->history = list;
		s->cap_history = cap;
	}
	s->history[s->n_history++] = *v;
	return s->n_history;
}
