/* cmd_echo.c - echo, printf and shell: what scripts write and run. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli.h"
#include "term.h"
#include "tui/view.h"

/* ---- echo and printf ------------------------------------------------------------------------- */

static int cmd_echo(struct cli *c, const char *args, struct err *err)
{
	struct strbuf out;

	strbuf_init(&out);
	escapes_add(args, strlen(args), &out);
	say_buf(c, &out);
	strbuf_deinit(&out);
	return 0;
}

enum { WIDTH_MAX = 1000 }; /* of a conversion, and its precision */

/* What stands between % and the letter. */
struct conversion {
	char flags[12];       /* "-+ #0" */
	int width, precision; /* precision -1: none */
	bool is_long;         /* h, l and the like were given */
	char letter;
};

/* A number of a conversion at *p; -1 when there is none, WIDTH_MAX + 1 for all that are too large.
 */
static int number_take(const char **p)
{
	int n = -1;

	for (; **p >= '0' && **p <= '9'; ++*p) {
		n = (n < 0 ? 0 : n) * 10 + **p - '0';
		if (n > WIDTH_MAX)
			n = WIDTH_MAX + 1;
	}
	return n;
}

/* *p is behind the %; moved behind the letter. */
static int conversion_parse(const char **p, struct conversion *ret, struct err *err)
{
	const char *start = *p;
	size_t n = strspn(start, "-+ #0");

	if (n >= sizeof(ret->flags))
		return err_set(err, EINVAL, "printf: \"%%%.*s\" has too many flags", (int)n, start);
	memset(ret, 0, sizeof(*ret));
	memcpy(ret->flags, start, n);
	*p += n;
	ret->width = number_take(p);
	ret->precision = -1;
	if (**p == '.') {
		++*p;
		ret->precision = number_take(p);
		ret->precision = ret->precision < 0 ? 0 : ret->precision;
	}
	if (ret->width > WIDTH_MAX || ret->precision > WIDTH_MAX)
		return err_set(err, ERANGE, "printf: a width or precision is at most %d",
			       WIDTH_MAX);
	n = strspn(*p, "hlLjzt");
	ret->is_long = n;
	*p += n;
	ret->letter = **p;
	if (ret->letter)
		++*p;
	if (!ret->letter || !strchr("%diuxXocspfgea", ret->letter))
		return err_set(err, EINVAL,
			       "printf: \"%%%.*s\" is no conversion, use %%d %%u %%x %%o %%c %%s "
			       "%%p %%f or %%a (address)",
			       (int)(*p - start), start);
	return 0;
}

/* The value behind the next comma. */
static int value_take(struct cli *c, const char **args, char letter, struct value *ret,
		      struct err *err)
{
	struct expr *e;
	int r;

	*args = blanks_skip(*args);
	if (**args != ',')
		return err_set(err, EINVAL, "printf: a value for %%%c is missing", letter);
	r = expr_parse_prefix(c->s, blanks_skip(*args + 1), &e, args, err);
	if (r)
		return r;
	r = expr_eval(c->s, e, ret, err);
	expr_destroy(e);
	return r;
}

/* At most `precision` characters, in a field of `width`. */
static void text_add(const struct conversion *k, const char *text, struct strbuf *out)
{
	const int width = k->width < 0 ? 0 : k->width;
	const bool left = strchr(k->flags, '-');

	strbuf_addf(out, left ? "%-*.*s" : "%*.*s", width,
		    k->precision < 0 ? (int)strlen(text) : k->precision, text);
}

static int string_add(struct cli *c, const struct conversion *k, const struct value *v,
		      struct strbuf *out, struct err *err)
{
	struct strbuf text;
	int r;

	strbuf_init(&text);
	r = value_text(c->s, v, &text, err);
	if (!r)
		text_add(k, strbuf_str(&text), out);
	strbuf_deinit(&text);
	return r;
}

static bool is_float(const struct value *v)
{
	return v->type && ctype_strip(v->type)->kind == CTYPE_FLOAT;
}

static void number_add(const struct conversion *k, const struct value *v, struct strbuf *out)
{
	char text[WIDTH_MAX + 400], fmt[64];
	int width = k->width < 0 ? 0 : k->width;
	double d = value_float(v);
	u64 bits = is_float(v) ? (u64)(s64)value_float(v) : v->bits;

	if (!v->type && v->size == 8 && strchr("fge", k->letter) && v->lval_mem)
		memcpy(&d, &v->bits, sizeof(d));
	snprintf(fmt, sizeof(fmt), "%%%s*.*%s%c", k->flags, strchr("cfge", k->letter) ? "" : "ll",
		 k->letter == 'p' ? 'x' : k->letter);
	if (k->letter == 'p')
		strbuf_adds(out, "0x");
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	/* The format was put together above from checked parts; a negative precision counts as
	 * none. */
	if (k->letter == 'c')
		snprintf(text, sizeof(text), fmt, width, k->precision, (int)(u8)bits);
	else if (strchr("fge", k->letter))
		snprintf(text, sizeof(text), fmt, width, k->precision, d);
	else
		snprintf(text, sizeof(text), fmt, width, k->precision,
			 (long long)(k->is_long || v->is_signed || v->size > 4
					     ? bits
					     : bits & 0xffffffff));
#pragma GCC diagnostic pop
	strbuf_adds(out, text);
}

static int conversion_add(struct cli *c, const char **p, const char **args, struct strbuf *out,
			  struct err *err)
{
	struct conversion k;
	struct strbuf text;
	struct value v;
	int r = conversion_parse(p, &k, err);

	if (r)
		return r;
	if (k.letter == '%') {
		strbuf_addc(out, '%');
		return 0;
	}
	r = value_take(c, args, k.letter, &v, err);
	if (r)
		return r;
	if (k.letter == 's') {
		r = string_add(c, &k, &v, out, err);
	} else if (k.letter == 'a') {
		strbuf_init(&text);
		address_format(c, v.bits, &text);
		text_add(&k, strbuf_str(&text), out);
		strbuf_deinit(&text);
	} else {
		number_add(&k, &v, out);
	}
	return r;
}

static int cmd_printf(struct cli *c, const char *args, struct err *err)
{
	const char *end = *args == '"' ? args + 1 : NULL, *p, *values;
	struct strbuf format, out;
	int r = 0;

	while (end && *end && *end != '"')
		end += *end == '\\' && end[1] ? 2 : 1;
	if (!end || !*end)
		return err_set(err, EINVAL,
			       "printf needs a format in quotes, as in printf \"%%x\\n\", $rax");
	strbuf_init(&format);
	strbuf_init(&out);
	escapes_add(args + 1, end - args - 1, &format);
	values = end + 1;
	for (p = strbuf_str(&format); !r && *p;) {
		if (*p == '%') {
			p++;
			r = conversion_add(c, &p, &values, &out, err);
		} else {
			strbuf_addc(&out, *p++);
		}
	}
	if (!r && *blanks_skip(values))
		r = err_set(err, EINVAL, "printf: \"%s\" has no conversion in the format",
			    blanks_skip(values));
	if (!r)
		say_buf(c, &out);
	strbuf_deinit(&format);
	strbuf_deinit(&out);
	return r;
}

/* ---- shell ----------------------------------------------------------------------------------- */

/* As system(): Ctrl-C is the child's while it runs. */
static int cmd_shell(struct cli *c, const char *args, struct err *err)
{
	const char *shell = getenv("SHELL");
	int status = 0, value;
	pid_t pid;

	output_flush(&c->out);
	if (!shell || !*shell)
		shell = "/bin/sh";
	tui_pause();
	pid = fork();
	if (pid < 0) {
		tui_resume();
		return err_set(err, errno, "cannot start a shell: %s", strerror(errno));
	}
	if (!pid) {
		signal(SIGPIPE, SIG_DFL);
		if (*args)
			execl(shell, shell, "-c", args, (char *)NULL);
		else
			execl(shell, shell, (char *)NULL);
		_exit(127);
	}
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	tui_wait_key();
	tui_resume();
	term_clear_interrupt();
	/* $_shell_exitcode, as in gdb; a failing command is no failure of the session. */
	value = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	session_var_set(c->s, "_shell_exitcode",
			&(struct value){ .bits = value, .size = 4, .is_signed = true }, NULL);
	if (value == 127)
		return err_set(err, ENOENT, "shell: %s could not run %s", shell, args);
	return 0;
}

/* ---- the table ------------------------------------------------------------------------------- */

const struct command commands_echo[] = {
	{ "echo", NULL, GROUP_SCRIPT, ARG_NONE, 0, "echo TEXT", "Print text.",
	  "C escapes are understood; no newline is added. Blanks at the end are dropped unless the "
	  "last is written as \\040.",
	  "echo hello\\n", cmd_echo, NULL },
	{ "printf", NULL, GROUP_SCRIPT, ARG_EXPR, 0, "printf \"FORMAT\", EXPR...",
	  "Print values by a C format.",
	  "Conversions: %d %i %u %x %X %o %c %p %f %g %e, %s for a string in guest memory, %a for "
	  "an address with its symbol.",
	  "printf \"%#x %d\\n\", 0x500, 6*7", cmd_printf, NULL },
	{ "shell", NULL, GROUP_SCRIPT, ARG_FILE, CMD_RAW, "shell [COMMAND]",
	  "Run a shell command, or a shell.",
	  "!COMMAND is short for it. $_shell_exitcode is then its exit status.", "shell true",
	  cmd_shell, NULL },
	{ NULL },
};
