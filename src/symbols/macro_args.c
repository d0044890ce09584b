/* macro_args.c - see macro_args.h. */
#include <string.h>
#include "macro_args.h"

static void argument_add(struct arguments *a, const struct token *t)
{
	struct token *g = &a->given[a->n_given];

	if (!g->n)
		*g = *t;
	else
		g->n = t->text + t->n - g->text;
}

static bool takes_all(const struct arguments *a)
{
	return a->varargs && a->n_given + 1 >= a->n;
}

void macro_parameters(const struct macro *m, struct arguments *a)
{
	struct token t = { .text = m->parameters };
	const char *end = m->parameters + m->n_parameters;

	while (token_next(t.text + t.n, end, &t) && a->n < ARGUMENTS_MAX) {
		if (t.kind == TOKEN_NAME) {
			a->name[a->n++] = t;
		} else if (token_is(&t, "...")) {
			a->varargs = true; /* "args..." or "..." alone */
			if (t.text == m->parameters || t.text[-1] == ',' || t.text[-1] == ' ')
				a->name[a->n++] = (struct token){ TOKEN_NAME, "__VA_ARGS__", 11 };
		}
	}
}

bool macro_arguments(struct arguments *a, const char **p, const char *end)
{
	struct token t;
	unsigned parens = 0;

	while (token_next(*p, end, &t)) {
		*p = t.text + t.n;
		if (token_is(&t, ")") && !parens) {
			a->n_given++;
			return true;
		}
		parens += token_is(&t, "(");
		parens -= token_is(&t, ")");
		if (token_is(&t, ",") && !parens && !takes_all(a)) {
			if (++a->n_given + 1 == ARGUMENTS_MAX)
				return false;
			a->given[a->n_given] = (struct token){ .n = 0 };
			continue;
		}
		argument_add(a, &t);
	}
	return false;
}

bool macro_arguments_fit(struct arguments *a)
{
	if (a->n_given == 1 && !a->given[0].n && !a->n)
		a->n_given = 0;
	if (a->varargs && a->n_given + 1 == a->n)
		a->given[a->n_given++] = (struct token){ .n = 0 };
	return a->n_given == a->n;
}

int macro_parameter_of(const struct arguments *a, const struct token *t)
{
	for (unsigned i = 0; a && t->kind == TOKEN_NAME && i < a->n; i++)
		if (t->n == a->name[i].n && !memcmp(t->text, a->name[i].text, t->n))
			return i;
	return -1;
}
