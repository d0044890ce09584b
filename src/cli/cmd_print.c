/* cmd_print.c - print and output. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

static int print_value(struct cli *c, const char *args, bool number, struct err *err)
{
	struct format f = { 0 };
	struct strbuf out;
	struct value v;
	int r = format_parse(&args, &f, err);

	if (!r)
		r = expr_value(c->s, *args ? args : "$", &v, err);
	if (r)
		return r;
	strbuf_init(&out);
	r = value_format(c, &f, &v, &out, err);
	if (!r && number)
		say(c, "$%u = %s\n", session_history_add(c->s, &v), strbuf_str(&out));
	else if (!r)
		say(c, "%s", strbuf_str(&out));
	strbuf_deinit(&out);
	return r;
}

static int cmd_print(struct cli *c, const char *args, struct err *err)
{
	return print_value(c, args, true, err);
}

static int cmd_output(struct cli *c, const char *args, struct err *err)
{
	if (!*args)
		return err_set(err, EINVAL, "output needs an expression, as in output $rax");
	return print_value(c, args, false, err);
}

/* ---- the table ------------------------------------------------------------------------------- */

const struct command commands_print[] = {
	{ "print", "p inspect", GROUP_DATA, ARG_EXPR, 0, "print[/FMT] [EXPR]",
	  "Print the value of an expression.",
	  "EXPR is a C expression over variables and functions of the debug information, registers "
	  "($rax), symbols (without debug information &name or name is the address), "
	  "convenience variables ($name), earlier values ($, $$, $N) and memory: *(u32*)0x500, "
	  "p->next, s.field, casts to any C type or u8...s64, EXPR@N for N elements, sizeof. An "
	  "assignment (x = 5, s.field = 5, $rax = 5) changes the guest. FMT is one letter: x hex, d "
	  "signed, u unsigned, o octal, t binary, z hex with zeros, a address with symbol, c "
	  "character, f float. Without EXPR the last value again.",
	  "print/x $rip + 4", cmd_print, NULL },
	{ "output", NULL, GROUP_DATA, ARG_EXPR, 0, "output[/FMT] EXPR",
	  "Print a value and nothing else.",
	  "As print, without \"$N = \", newline or entry in the value history: for scripts.",
	  "output 6*7", cmd_output, NULL },
	{ NULL },
};
