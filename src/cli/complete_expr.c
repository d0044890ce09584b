/*
 * complete_expr.c - the words of an expression: members of the structure before . and ->, registers and
 * convenience variables, what the selected frame declares, symbols; see complete.h.
 */
#include <ctype.h>
#include <string.h>
#include <vmstep/scope.h>
#include <vmstep/unwind.h>

#include "complete.h"

/* What ends a word. */
static const char operators[] = " \t()+-*/%&|^~!,<>=@[]{}?:";

void registers_offer(struct completion *k, const char *sign, const char *text, size_t n)
{
	const struct reg_desc *table;
	char word[64];
	size_t count;

	table = reg_table(&count);
	for (size_t i = 0; i < count; i++) {
		snprintf(word, sizeof(word), "%s%s", sign, table[i].name);
		completion_offer(k, word, text, n);
	}
}

struct offering {
	struct completion *k;
	const char *text;
	size_t n;
};

static bool symbol_offer(void *arg, const struct symbol *sym)
{
	struct offering *o = arg;

	completion_add(o->k, sym->name);
	/* More than anybody reads. */
	return o->k->n < 2000;
}

static void variable_offer(void *arg, const char *name, const struct value *v)
{
	struct offering *o = arg;
	char word[300];

	snprintf(word, sizeof(word), "$%s", name);
	completion_offer(o->k, word, o->text, o->n);
}

/* ---- members --------------------------------------------------------------------------------- */

/* Behind the . or -> that stands before the name ending at `n`; 0: there is none. */
static size_t member_start(const char *line, size_t from, size_t n)
{
	while (n > from && (isalnum((unsigned char)line[n - 1]) || line[n - 1] == '_'))
		n--;
	if (isdigit((unsigned char)line[n]))
		return 0; /* 1.5 */
	if (n > from + 1 && line[n - 1] == '.')
		return n;
	return n > from + 2 && line[n - 1] == '>' && line[n - 2] == '-' ? n : 0;
}

/* The opening bracket that belongs to the closing one before `n`; `from` if there is none. */
static size_t bracket_start(const char *line, size_t from, size_t n)
{
	unsigned depth = 0;

	while (n > from) {
		n--;
		depth += line[n] == ')' || line[n] == ']';
		depth -= line[n] == '(' || line[n] == '[';
		if (!depth)
			return n;
	}
	return from;
}

/* Where the operand that ends at `n` begins: names, brackets, . and -> between them. */
static size_t operand_start(const char *line, size_t from, size_t n)
{
	while (n > from) {
		const char c = line[n - 1];

		if (c == ')' || c == ']')
			n = bracket_start(line, from, n);
		else if (isalnum((unsigned char)c) || strchr("_$.:\'", c))
			n--;
		else if (c == '>' && n > from + 1 && line[n - 2] == '-')
			n -= 2;
		else
			break;
	}
	return n;
}

/* Members of anonymous structures are named like the structure's own. */
static void members_offer(struct completion *k, const struct ctype *t, const char *text, size_t n,
			  unsigned depth)
{
	t = ctype_strip(t);
	if ((t->kind != CTYPE_STRUCT && t->kind != CTYPE_UNION) || ctype_load(t, NULL) || depth > 20)
		return;
	for (u32 i = 0; i < t->n; i++) {
		if (t->member[i].name)
			completion_offer(k, t->member[i].name, text, n);
		else
			members_offer(k, t->member[i].type, text, n, depth + 1);
	}
}

static void members_complete(struct cli *c, struct completion *k, const char *line, size_t from,
			     size_t n)
{
	const size_t at = k->start, behind = at - (line[at - 1] == '.' ? 1 : 2);
	const size_t start = operand_start(line, from, behind);
	const struct ctype *t;
	struct value v;
	char text[400];

	snprintf(text, sizeof(text), "%.*s", (int)(behind - start), line + start);
	if (expr_value_type(c->s, text, &v, NULL))
		return;
	t = ctype_strip(value_type(c->s, &v));
	if (t->kind == CTYPE_POINTER)
		t = t->target;
	members_offer(k, t, line + at, n - at, 0);
}

/* ---- names ----------------------------------------------------------------------------------- */

static bool local_offer(void *arg, const struct scope_block *block, const struct variable *v)
{
	struct offering *o = arg;

	if (v->name)
		completion_offer(o->k, v->name, o->text, o->n);
	return true;
}

/* What the selected frame's code declares. */
static void locals_offer(struct cli *c, struct offering *o)
{
	const struct frame *f;
	struct scope_at at;

	if (!session_has_guest(c->s) || frame_selected(c->s, &f, NULL))
		return;
	at = (struct scope_at){ true, f->lookup, f->inline_depth };
	scope_each(session_symbols(c->s), &at, local_offer, o, NULL);
}

static void names_offer(struct cli *c, struct completion *k, const char *text, size_t n)
{
	struct offering o = { k, text, n };
	char prefix[300];

	if (*text == '$') {
		registers_offer(k, "$", text, n);
		session_vars_each(c->s, variable_offer, &o);
		return;
	}
	if (!session_symbols(c->s))
		return;
	snprintf(prefix, sizeof(prefix), "%.*s", (int)n, text);
	locals_offer(c, &o);
	symbols_complete(session_symbols(c->s), prefix, symbol_offer, &o);
}

void expression_complete(struct cli *c, struct completion *k, const char *line, size_t from,
			 size_t n)
{
	const size_t member = member_start(line, from, n);

	if (member) {
		k->start = member;
		members_complete(c, k, line, from, n);
		if (k->n)
			return;
	}
	/* Symbols may have dots. */
	k->start = word_start(line, n, from, operators);
	names_offer(c, k, line + k->start, n - k->start);
}
