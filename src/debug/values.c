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

/* ---- contents that values keep --------------------------------------------------------------- */

struct kept {
	struct kept *next;
	u8 bytes[] __attribute__((aligned(16)));
};

u8 *session_keep(struct session *s, const void *bytes, size_t n, struct err *err)
{
	struct kept *k = s ? calloc(1, sizeof(*k) + n) : NULL;

	if (!k) {
		err_set(err, ENOMEM, "no memory for a value");
		return NULL;
	}
	if (bytes)
		memcpy(k->bytes, bytes, n);
	k->next = s->kept;
	s->kept = k;
	return k->bytes;
}

int value_keep(struct session *s, struct value *v, struct err *err)
{
	enum { MAX = 1 << 20 }; /* larger ones are read when they are shown */
	u64 size = v->type && !ctype_is_scalar(v->type) ? ctype_size(v->type) : 0;
	u8 *data;
	int rc;

	if (!v->lval_mem || v->data || !size || size > MAX ||
	    ctype_bare(v->type)->kind == CTYPE_FUNCTION)
		return 0;
	data = session_keep(s, NULL, size, err);
	if (!data)
		return -ENOMEM;
	rc = session_read(s, v->addr, data, size, err);
	if (!rc)
		v->data = data;
	return rc;
}

/* Their types are those of files that are gone: a number stays a number, the rest is void. */
static void forget_type(struct value *v)
{
	if (!v->type)
		return;
	if (!v->size || v->size > 8 || ctype_bare(v->type)->kind == CTYPE_FLOAT)
		*v = (struct value){ .is_void = true };
	v->type = NULL;
	v->data = NULL;
}

void values_forget_types(struct session *s)
{
	for (size_t i = 0; i < s->n_vars; i++)
		forget_type(&s->var[i].value);
	for (u32 i = 0; i < s->n_history; i++)
		forget_type(&s->history[i]);
	if (s->types)
		ctype_pool_clear(s->types);
}

static void kept_destroy(struct session *s)
{
	while (s->kept) {
		struct kept *k = s->kept;

		s->kept = k->next;
		free(k);
	}
}

void values_destroy(struct session *s)
{
	kept_destroy(s);
	ctype_pool_destroy(s->types);
	s->types = NULL;
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
	s->history[s->n_history] = *v;
	value_keep(s, &s->history[s->n_history], NULL); /* what it is now, not what lies there later */
	return ++s->n_history;
}
