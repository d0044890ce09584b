/* cmd_echo.c - echo, printf and shell: what scripts write and run. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli.h"
#include "term.h"

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

/* One conversion: flags, width and precision are the C library's, the letter decides how the value
 * is read. *p is behind the %. */
static int conversion_add(struct cli *c, const char **p, const char **args, struct strbuf *out,
			  struct err *err)
{
	const char *start = *p;
	const size_t flags = strspn(start, "-+ #0123456789."),
		     size = strspn(start + flags, "hlLjzt");
	const char letter = start[flags + size];
	char fmt[40];
	struct value v;
	struct expr *e;
	int r;

	*p = start + flags + size + (letter != '\0');
	if (letter == '%') {
		strbuf_addc(out, '%');
		return 0;
	}
	if (!letter || !strchr("diuxXocspfgea", letter) || flags > 20)
		return err_set(err, EINVAL,
			       "printf: \"%%%.*s\" is no conversion, use %%d %%u %%x %%o %%c %%s "
			       "%%p %%f or %%a (address)",
			       (int)(flags + size + 1), start);
	*args = blanks_skip(*args);
	if (**args != ',')
		return err_set(err, EINVAL, "printf: a value for %%%c is missing", letter);
	r = expr_parse_prefix(c->s, blanks_skip(*args + 1), &e, args, err);
	if (r)
		return r;
	r = expr_eval(c->s, e, &v, err);
	expr_destroy(e);
	if (r)
		return r;
	snprintf(fmt, sizeof(fmt), "%%%.*s", (int)flags, start);
	if (letter == 'a') {
		address_format(c, v.bits, out);
	} else if (letter == 's') {
		u8 ch;

		for (u64 at = v.bits;
		     session_read(c->s, at, &ch, 1, err) == 0 && ch && at - v.bits < 4096; at++)
			strbuf_addc(out, ch);
	} else {
		char text[400];
		double d = v.bits;

		if (v.size == 8 && strchr("fge", letter) && v.lval_mem)
			memcpy(&d, &v.bits, sizeof(d));
		snprintf(fmt + strlen(fmt), 8, "%s%c", strchr("cfge", letter) ? "" : "ll",
			 letter == 'p' ? 'x' : letter);
		if (letter == 'p')
			strbuf_adds(out, "0x");
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
		/* The format was put together above from checked parts. */
		if (letter == 'c')
			snprintf(text, sizeof(text), fmt, (int)(u8)v.bits);
		else if (strchr("fge", letter))
			snprintf(text, sizeof(text), fmt, d);
		else
			snprintf(text, sizeof(text), fmt,
				 (long long)(size || v.is_signed || v.size > 4
						     ? v.bits
						     : v.bits & 0xffffffff));
#pragma GCC diagnostic pop
		strbuf_adds(out, text);
	}
	return 0;
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
	pid = fork();
	if (pid < 0)
		return err_set(err, errno, "cannot start a shell: %s", strerror(errno));
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
