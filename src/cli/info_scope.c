/* info_scope.c - info locals, args, scope and address: variables of the debug information. */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <vmstep/scope.h>
#include <vmstep/source.h>
#include <vmstep/unwind.h>

#include "info.h"

/* ---- locals and arguments -------------------------------------------------------------------- */

struct listing {
	struct cli *c;
	unsigned level;
	bool parameters; /* else the rest */
	const char *indent;
	unsigned n;
};

void variable_show(struct cli *c, unsigned level, const struct variable *v, const char *indent)
{
	struct print_style style = c->print;
	struct err why = { 0 };
	struct strbuf out;
	struct value value;
	int r;

	strbuf_init(&out);
	strbuf_addf(&out, "%s%s = ", indent, v->name);
	style.bare = true;
	r = value_of_variable(c->s, level, v, &value, &why);
	if (!r)
		r = value_print(c->s, &style, &value, &out, &why);
	if (r)
		strbuf_addf(&out, "<error reading variable %s (%s)>", v->name, why.text);
	strbuf_addc(&out, '\n');
	say_buf(c, &out);
	strbuf_deinit(&out);
}

static bool list_variable(void *arg, const struct scope_block *b, const struct variable *v)
{
	struct listing *l = arg;

	if ((v->kind == VARIABLE_PARAMETER) != l->parameters || v->artificial)
		return true;
	variable_show(l->c, l->level, v, l->indent);
	l->n++;
	return true;
}

static void list_frame(struct cli *c, const struct frame *f, bool parameters, const char *indent)
{
	struct listing l = {
		.c = c, .level = f->level, .parameters = parameters, .indent = indent
	};
	const struct scope_at at = { true, f->lookup, f->inline_depth };

	if (!session_symbols(c->s) ||
	    scope_each(session_symbols(c->s), &at, list_variable, &l, NULL))
		say(c, "No symbol table info available.\n");
	else if (!l.n)
		say(c, parameters ? "No arguments.\n" : "No locals.\n");
}

static int list_selected(struct cli *c, bool parameters, struct err *err)
{
	const struct frame *f;
	int r = frame_selected(c->s, &f, err);

	if (!r)
		list_frame(c, f, parameters, "");
	return r;
}

void frame_locals_show(struct cli *c, const struct frame *f, const char *indent)
{
	list_frame(c, f, false, indent);
}

int info_locals(struct cli *c, const char *args, struct err *err)
{
	return list_selected(c, false, err);
}

int info_args(struct cli *c, const char *args, struct err *err)
{
	return list_selected(c, true, err);
}

/* ---- scope ----------------------------------------------------------------------------------- */

struct scope_list {
	struct cli *c;
	const char *what;
	unsigned n;
};

static bool scope_line(void *arg, const struct scope_block *b, const struct variable *v)
{
	struct scope_list *l = arg;
	struct err why = { 0 };
	struct strbuf out;

	strbuf_init(&out);
	if (!l->n++)
		strbuf_addf(&out, "Scope for %s:\n", l->what);
	strbuf_addf(&out, "Symbol %s is ", v->name);
	if (v->kind == VARIABLE_STATIC || v->kind == VARIABLE_GLOBAL)
		strbuf_adds(&out, "in ");
	if (variable_describe(v, b->entry, &out, &why))
		strbuf_addf(&out, "<error: %s>", why.text);
	if (!strcmp(strbuf_str(&out) + out.n - 13, "optimized out"))
		strbuf_adds(&out, ".\n");
	else
		strbuf_addf(&out, ", length %" PRIu64 ".\n", ctype_size(v->type));
	say_buf(l->c, &out);
	strbuf_deinit(&out);
	return true;
}

/* FILE:LINE; -ENOENT when the text is none. */
static int line_address(struct cli *c, const char *text, u64 *ret, struct err *err)
{
	const char *colon = strrchr(text, ':');
	struct source_place *place;
	size_t n, digits = colon ? strspn(colon + 1, "0123456789") : 0;
	char file[400];
	int r;

	if (!colon || !digits || colon[1 + digits] || colon == text || !session_symbols(c->s))
		return -ENOENT;
	snprintf(file, sizeof(file), "%.*s", (int)(colon - text), text);
	r = source_lines(session_symbols(c->s), file, strtoul(colon + 1, NULL, 10), &place, &n,
			 err);
	if (r)
		return r;
	*ret = place[0].body;
	free(place);
	return 0;
}

static int scope_address(struct cli *c, const char *text, u64 *ret, struct err *err)
{
	int r = line_address(c, text, ret, err);
	struct source_function f;

	if (r != -ENOENT)
		return r;
	r = expr_location(c->s, text, ret, err);
	/* A function means its body, behind the prologue; *ADDRESS is taken as it is. */
	if (!r && *text != '*' && source_function_at(session_symbols(c->s), *ret, &f) &&
	    f.entry == *ret)
		*ret = source_skip_prologue(session_symbols(c->s), *ret);
	return r;
}

int info_scope(struct cli *c, const char *args, struct err *err)
{
	struct scope_list l = { .c = c };
	struct scope_at at = { .has_pc = true, .inline_depth = SCOPE_INNERMOST };
	int r;

	if (!*args)
		return err_set(err, EINVAL, "info scope needs a location, as in info scope main");
	if (!session_symbols(c->s))
		return err_set(err, ENOENT, "no symbols are loaded; see --symbols");
	r = scope_address(c, args, &at.pc, err);
	if (r)
		return r;
	l.what = args;
	if (scope_each(session_symbols(c->s), &at, scope_line, &l, NULL) || !l.n)
		say(c, "Scope for %s contains no locals or arguments.\n", args);
	return 0;
}

/* ---- address --------------------------------------------------------------------------------- */

static bool find_here(struct cli *c, const char *name, struct variable *ret, u64 *ret_pc)
{
	struct scope_at at = { .inline_depth = SCOPE_INNERMOST };
	const struct frame *f;

	if (session_has_guest(c->s) && !frame_selected(c->s, &f, NULL))
		at = (struct scope_at){ true, f->lookup, f->inline_depth };
	*ret_pc = at.pc;
	return session_symbols(c->s) && variable_find(session_symbols(c->s), &at, name, ret);
}

int info_address(struct cli *c, const char *args, struct err *err)
{
	const struct symbols *symbols = session_symbols(c->s);
	const struct symbol *sym;
	struct variable v;
	struct strbuf out;
	u64 pc;
	int r = 0;

	if (!*args)
		return err_set(err, EINVAL, "info address needs a name, as in info address main");
	strbuf_init(&out);
	if (find_here(c, args, &v, &pc)) {
		strbuf_addf(&out, "Symbol \"%s\" is ", args);
		r = variable_describe(&v, pc, &out, err);
		strbuf_adds(&out, ".\n");
	} else if (symbols && (sym = symbols_find(symbols, args))) {
		strbuf_addf(&out,
			    "Symbol \"%s\" is at 0x%" PRIx64
			    " in a file compiled without debugging.\n",
			    args, sym->addr);
	} else {
		strbuf_addf(&out, "No symbol \"%s\" in current context.\n", args);
	}
	if (!r)
		say_buf(c, &out);
	strbuf_deinit(&out);
	return r;
}
