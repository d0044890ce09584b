/* cmd_print.c - print and output. */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

enum how { PRINT, OUTPUT, CALL /* as print, but nothing for void */ };

/* gdb's "-pretty", "-elements N", "-repeats N" before a value, as far as "--". */
static int options_take(struct cli *c, const char **args, struct err *err)
{
	char word[40], line[100];
	const char *p = *args;

	while (*p == '-' && isalpha((unsigned char)p[1])) {
		const struct setting *row;
		const char *rest = "";

		word_take(&p, word, sizeof(word));
		snprintf(line, sizeof(line), "print %s", word + 1);
		row = setting_match(line, &rest);
		if (!row || *rest)
			return 0; /* "-x": an expression */
		p = blanks_skip(p);
		*word = '\0';
		if (!row->values || !strncmp(p, "on", 2) || !strncmp(p, "off", 3))
			word_take(&p, word, sizeof(word));
		if (setting_assign(c, row, word, err))
			return -EINVAL;
		*args = p = blanks_skip(p);
	}
	if (!strncmp(p, "--", 2) && (p[2] == ' ' || !p[2]))
		*args = blanks_skip(p + 2);
	return 0;
}

static int print_formatted(struct cli *c, const char *args, enum how how, struct err *err)
{
	struct format f = { 0 };
	struct strbuf out;
	struct value v;
	int r = options_take(c, &args, err) ?: format_parse(&args, &f, err);

	if (!r)
		r = expr_value(c->s, *args ? args : "$", &v, err);
	if (r)
		return r;
	strbuf_init(&out);
	r = value_format(c, &f, &v, &out, err);
	if (!r && (how == PRINT || (how == CALL && !v.is_void)))
		say(c, "$%u = %s\n", session_history_add(c->s, &v), strbuf_str(&out));
	else if (!r && how == OUTPUT)
		say(c, "%s", strbuf_str(&out));
	strbuf_deinit(&out);
	return r;
}

/* The style of the session comes back behind it. */
static int print_value(struct cli *c, const char *args, enum how how, struct err *err)
{
	const struct print_style style = c->print;
	int r = print_formatted(c, args, how, err);

	c->print = style;
	return r;
}

static int cmd_print(struct cli *c, const char *args, struct err *err)
{
	return print_value(c, args, PRINT, err);
}

static int cmd_call(struct cli *c, const char *args, struct err *err)
{
	if (!*args)
		return err_set(err, EINVAL, "call needs an expression, as in call x += 1");
	return print_value(c, args, CALL, err);
}


static int cmd_output(struct cli *c, const char *args, struct err *err)
{
	if (!*args)
		return err_set(err, EINVAL, "output needs an expression, as in output $rax");
	return print_value(c, args, OUTPUT, err);
}

/* ---- the table ------------------------------------------------------------------------------- */

const struct command commands_print[] = {
	{ "print", "p inspect", GROUP_DATA, ARG_EXPR, 0, "print [-OPTION [VALUE]]... [--] [/FMT] [EXPR]",
	  "Print the value of an expression.",
	  "EXPR is a C expression over variables and functions of the debug information, registers "
	  "($rax), symbols (without debug information &name or name is the address), "
	  "convenience variables ($name), earlier values ($, $$, $N) and memory: *(u32*)0x500, "
	  "p->next, s.field, casts to any C type or u8...s64, EXPR@N for N elements, sizeof. An "
	  "assignment (x = 5, s.field = 5, $rax = 5) changes the guest. FMT is one letter: x hex, d "
	  "signed, u unsigned, o octal, t binary, z hex with zeros, a address with symbol, c "
	  "character, f float. Without EXPR the last value again. The options are those of set print (-pretty, "
	  "-elements N, -union off, -array on...), for this value only.",
	  "print/x $rip + 4", cmd_print, NULL },
	{ "call", NULL, GROUP_DATA, ARG_EXPR, 0, "call[/FMT] EXPR",
	  "Evaluate an expression for what it does.",
	  "As print, but a value that is void is not shown. Functions of the guest are not called: a "
	  "debugger that runs code of its own in a machine without an operating system would change "
	  "what is looked at.",
	  "call $x = 5", cmd_call, NULL },
	{ "output", NULL, GROUP_DATA, ARG_EXPR, 0, "output[/FMT] EXPR",
	  "Print a value and nothing else.",
	  "As print, without \"$N = \", newline or entry in the value history: for scripts.",
	  "output 6*7", cmd_output, NULL },
	{ NULL },
};
