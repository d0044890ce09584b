/* cmd_macro.c - macro expand, info macro, info macros: the preprocessor's view of a line (macro.h). */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <vmstep/expr.h>
#include <vmstep/location.h>
#include <vmstep/macro.h>
#include "cli.h"
#include "info.h"

static int no_macros(struct err *err)
{
	return err_set(err, ENOENT,
		       "no macros are known for the code here; compile it with gcc -g3 or clang -g "
		       "-fdebug-macro");
}

static int scope_here(struct cli *c, struct macro_scope *ret, struct err *err)
{
	return expr_macro_scope(c->s, ret) ? 0 : no_macros(err);
}

/* The file and line, then each #include that led there. */
static void places_add(const struct macro_place *place, size_t n, struct strbuf *out)
{
	for (size_t i = 0; i < n; i++)
		strbuf_addf(out, "%s%s:%u\n", i ? "  included at " : "",
			    place[i].file ? place[i].file->path : "?", place[i].line);
}

static void parameters_add(const struct macro *m, struct strbuf *out)
{
	strbuf_addc(out, '(');
	for (size_t i = 0; i < m->n_parameters; i++) {
		strbuf_addc(out, m->parameters[i]);
		if (m->parameters[i] == ',' && m->parameters[i + 1] != ' ')
			strbuf_addc(out, ' ');
	}
	strbuf_addc(out, ')');
}

struct told {
	const struct macro_scope *at;
	struct strbuf out;
	unsigned n;
};

/* In line 0 are the compiler's own and those of its command line. */
static bool macro_tell(void *arg, const struct macro *m)
{
	struct macro_place place[MACRO_NESTING];
	struct told *t = arg;

	t->n++;
	strbuf_adds(&t->out, "Defined at ");
	places_add(place, macro_places(t->at, m, place), &t->out);
	strbuf_addf(&t->out, "%s%.*s", m->line ? "#define " : "-D", (int)m->n_name, m->name);
	if (m->function)
		parameters_add(m, &t->out);
	strbuf_addf(&t->out, "%c%s\n", m->line ? ' ' : '=', m->body);
	return true;
}

static void unknown_tell(const struct macro_scope *at, const char *name, struct strbuf *out)
{
	struct macro_place place[MACRO_NESTING];

	strbuf_addf(out, "The symbol `%s' has no definition as a C/C++ preprocessor macro\nat ", name);
	places_add(place, macro_scope_places(at, place), out);
}

int info_macro(struct cli *c, const char *args, struct err *err)
{
	struct macro_scope at;
	struct told t = { .at = &at };
	bool all = !strncmp(args, "-a ", 3) || !strncmp(args, "-all ", 5);
	int r;

	if (all)
		args += strcspn(args, " ");
	args += strspn(args, " ");
	if (!strncmp(args, "-- ", 3))
		args += 3 + strspn(args + 3, " ");
	if (!*args)
		return err_set(err, EINVAL, "info macro needs a name, as in info macro NULL");
	r = scope_here(c, &at, err);
	if (r)
		return r;
	strbuf_init(&t.out);
	macro_each(&at, all, args, macro_tell, &t);
	if (!t.n)
		unknown_tell(&at, args, &t.out);
	say_buf(c, &t.out);
	strbuf_deinit(&t.out);
	return 0;
}

static int scope_of_location(struct cli *c, const char *text, struct macro_scope *ret,
			     struct err *err)
{
	const struct location_default none = { NULL, 0 };
	struct symbols *symbols = session_symbols(c->s);
	struct locations l;
	const char *end;
	int r = location_resolve(c->s, text, &none, LOCATION_LINE, &l, &end, err);

	if (r)
		return r;
	if (!symbols || !l.at[0].has_addr || !l.at[0].file ||
	    !macro_scope_at(symbols, l.at[0].addr, l.at[0].file, l.at[0].line, ret))
		r = no_macros(err);
	locations_deinit(&l);
	return r;
}

int info_macros(struct cli *c, const char *args, struct err *err)
{
	struct macro_scope at;
	struct told t = { .at = &at };
	int r = *args ? scope_of_location(c, args, &at, err) : scope_here(c, &at, err);

	if (r)
		return r;
	strbuf_init(&t.out);
	macro_each(&at, false, NULL, macro_tell, &t);
	say_buf(c, &t.out);
	strbuf_deinit(&t.out);
	return 0;
}

static int macro_expansion(struct cli *c, const char *args, struct err *err)
{
	struct macro_scope at;
	struct strbuf out;
	int r;

	if (!*args)
		return err_set(err, EINVAL, "macro expand needs a text, as in macro expand LIMIT + 1");
	r = scope_here(c, &at, err);
	if (r)
		return r;
	strbuf_init(&out);
	strbuf_adds(&out, "expands to: ");
	r = macro_expand(&at, args, &out, err);
	strbuf_addc(&out, '\n');
	if (!r)
		say_buf(c, &out);
	strbuf_deinit(&out);
	return r;
}

static const struct command macro_subs[] = {
	{ "expand", "exp", GROUP_DATA, ARG_EXPR, 0, "macro expand TEXT",
	  "What the preprocessor makes of a text.",
	  "With the macros that hold at the selected frame's line. Expressions are expanded so before "
	  "they are evaluated.", NULL, macro_expansion, NULL },
	{ NULL },
};

const struct command commands_macro[] = {
	{ "macro", NULL, GROUP_DATA, ARG_SUBCOMMAND, CMD_PREFIX, "macro expand TEXT",
	  "The C preprocessor's macros.",
	  "info macro NAME shows one. Known where the compiler was told to: gcc -g3, clang -g "
	  "-fdebug-macro.", "help macro", NULL, macro_subs },
	{ NULL },
};
