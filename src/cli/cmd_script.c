/* cmd_script.c - what makes scripts: define, document, if, while, source, echo, printf, shell. */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli.h"
#include "term.h"

/* ---- define and document ------------------------------------------------------------------------------ */

static int name_check(const char *args, struct err *err)
{
	const size_t n = command_word(args);

	if (!n || args[n])
		return err_set(err, EINVAL, "\"%s\" is no name for a command: use letters, digits, - and _", args);
	return 0;
}

static int definition_add(struct cli *c, const char *name, char **lines, struct err *err)
{
	struct definition *d = definition_find(c, name, strlen(name));

	if (d) {
		lines_free(d->lines);
		d->lines = lines;
		return 0;
	}
	d = realloc(c->defs, (c->n_defs + 1) * sizeof(*d));
	if (d)
		c->defs = d;
	if (!d || !(d[c->n_defs].name = strdup(name))) {
		lines_free(lines);
		return err_set(err, ENOMEM, "no memory for the command %s", name);
	}
	d[c->n_defs].lines = lines;
	d[c->n_defs++].help = NULL;
	return 0;
}

static void body_invite(struct cli *c, const char *what, const char *name)
{
	if (c->interactive && !c->src->file && !c->src->lines)
		say(c, "Type %s \"%s\", end with a line saying just \"end\".\n", what, name);
}

static int cmd_define(struct cli *c, const char *args, struct err *err)
{
	const struct command *k = command_lookup(args, strlen(args));
	char **lines;
	int r = name_check(args, err);

	if (r)
		return r;
	/* As in gdb: a built-in may be replaced, knowingly. */
	if (k && !strcmp(k->name, args) && !confirm(c, "Really redefine built-in command \"%s\"?", args))
		return 0;
	body_invite(c, "commands for definition of", args);
	r = source_body(c, "define", &lines, NULL, err);
	return r ? r : definition_add(c, args, lines, err);
}

static int cmd_document(struct cli *c, const char *args, struct err *err)
{
	struct definition *d;
	struct strbuf text;
	char **lines;
	int r = name_check(args, err);

	if (r)
		return r;
	d = definition_find(c, args, strlen(args));
	if (!d)
		return err_set(err, ENOENT, "document: there is no defined command %s, define it first", args);
	body_invite(c, "documentation for", args);
	r = source_body(c, "document", &lines, NULL, err);
	if (r)
		return r;
	strbuf_init(&text);
	for (char **line = lines; *line; line++)
		strbuf_addf(&text, "%s\n", *line);
	lines_free(lines);
	free(d->help);
	d->help = strbuf_detach(&text);
	return 0;
}

/* ---- if and while ------------------------------------------------------------------------------------- */

static int block_run(struct cli *c, char *const *lines, const char *name, unsigned line, struct err *err)
{
	struct source src = { .name = name, .line = line, .lines = lines };

	return source_run(c, &src, err);
}

static int condition_holds(struct cli *c, const char *text, bool *ret, struct err *err)
{
	struct value v;
	int r = expr_value(c->s, text, &v, err);

	if (!r)
		*ret = v.bits != 0;
	return r;
}

static int cmd_if(struct cli *c, const char *args, struct err *err)
{
	const unsigned line = c->src->line;
	const char *name = c->src->name;
	char **yes, **no;
	bool holds = false;
	int r;

	/* The body is read in any case: its lines are no commands of their own. */
	r = source_body(c, "if", &yes, &no, err);
	if (r)
		return r;
	if (!*args)
		r = err_set(err, EINVAL, "if needs a condition, as in if $rax == 5");
	else
		r = condition_holds(c, args, &holds, err);
	if (!r && (holds || no))
		r = block_run(c, holds ? yes : no, name, line + (holds ? 0 : c->src->line - line), err);
	lines_free(yes);
	lines_free(no);
	return r;
}

static int cmd_while(struct cli *c, const char *args, struct err *err)
{
	const unsigned line = c->src->line;
	const char *name = c->src->name;
	char **body;
	bool holds = true;
	int r;

	r = source_body(c, "while", &body, NULL, err);
	if (r)
		return r;
	if (!*args)
		r = err_set(err, EINVAL, "while needs a condition, as in while $rax < 5");
	while (!r && holds && !c->quit && c->flow != FLOW_BREAK) {
		c->flow = FLOW_NONE;
		r = condition_holds(c, args, &holds, err);
		if (!r && holds)
			r = block_run(c, body, name, line, err);
		if (!r && (term_interrupted() || term_ending()))
			r = -EINTR;
	}
	c->flow = FLOW_NONE;
	lines_free(body);
	return r;
}

static int flow_set(struct cli *c, enum flow flow, const char *name, struct err *err)
{
	if (!c->src->lines)
		return err_set(err, EINVAL, "%s belongs into the body of a while", name);
	c->flow = flow;
	return 0;
}

static int cmd_loop_break(struct cli *c, const char *args, struct err *err)
{
	return flow_set(c, FLOW_BREAK, "loop_break", err);
}

static int cmd_loop_continue(struct cli *c, const char *args, struct err *err)
{
	return flow_set(c, FLOW_CONTINUE, "loop_continue", err);
}

/* The keywords of blocks, met where no block is open. */
static int cmd_stray(struct cli *c, const char *args, struct err *err)
{
	return err_set(err, EINVAL, "this ends a block (if, while, define, document, commands) and none is open");
}

/* ---- source ------------------------------------------------------------------------------------------- */

static int cmd_source(struct cli *c, const char *args, struct err *err)
{
	if (!strncmp(args, "-v ", 3))
		args = blanks_skip(args + 3);
	if (!*args)
		return err_set(err, EINVAL, "source needs the path of a file with commands");
	return file_run(c, args, err);
}

/* ---- echo and printf ---------------------------------------------------------------------------------- */

static int cmd_echo(struct cli *c, const char *args, struct err *err)
{
	struct strbuf out;

	strbuf_init(&out);
	escapes_add(args, strlen(args), &out);
	say_buf(c, &out);
	strbuf_deinit(&out);
	return 0;
}

/* One conversion: flags, width and precision are the C library's, the letter decides how the value is
 * read. *p is behind the %. */
static int conversion_add(struct cli *c, const char **p, const char **args, struct strbuf *out, struct err *err)
{
	const char *start = *p;
	const size_t flags = strspn(start, "-+ #0123456789."), size = strspn(start + flags, "hlLjzt");
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
		return err_set(err, EINVAL, "printf: \"%%%.*s\" is no conversion, use %%d %%u %%x %%o %%c %%s %%p %%f or %%a (address)",
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

		for (u64 at = v.bits; session_read(c->s, at, &ch, 1, err) == 0 && ch && at - v.bits < 4096; at++)
			strbuf_addc(out, ch);
	} else {
		char text[400];
		double d = v.bits;

		if (v.size == 8 && strchr("fge", letter) && v.lval_mem)
			memcpy(&d, &v.bits, sizeof(d));
		snprintf(fmt + strlen(fmt), 8, "%s%c", strchr("cfge", letter) ? "" : "ll", letter == 'p' ? 'x' : letter);
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
				 (long long)(size || v.is_signed || v.size > 4 ? v.bits : v.bits & 0xffffffff));
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
		return err_set(err, EINVAL, "printf needs a format in quotes, as in printf \"%%x\\n\", $rax");
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
		r = err_set(err, EINVAL, "printf: \"%s\" has no conversion in the format", blanks_skip(values));
	if (!r)
		say_buf(c, &out);
	strbuf_deinit(&format);
	strbuf_deinit(&out);
	return r;
}

/* ---- shell -------------------------------------------------------------------------------------------- */

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
	session_var_set(c->s, "_shell_exitcode", &(struct value){ .bits = value, .size = 4, .is_signed = true }, NULL);
	if (value == 127)
		return err_set(err, ENOENT, "shell: %s could not run %s", shell, args);
	return 0;
}

/* ---- the table ------------------------------------------------------------------------------------- */

const struct command commands_script[] = {
	{ "define", NULL, GROUP_SCRIPT, ARG_WORD, 0, "define NAME", "Define a command.",
	  "Its lines follow up to a line \"end\". In them $arg0, $arg1... are its arguments, $argc their number.", NULL, cmd_define, NULL },
	{ "document", NULL, GROUP_SCRIPT, ARG_WORD, 0, "document NAME", "Write the help of a defined command.",
	  "The text follows up to a line \"end\"; its first line is the summary.", NULL, cmd_document, NULL },
	{ "if", NULL, GROUP_SCRIPT, ARG_EXPR, 0, "if EXPR", "Run lines if an expression is not 0.",
	  "The lines follow, perhaps with an else, up to a line \"end\".", NULL, cmd_if, NULL },
	{ "while", NULL, GROUP_SCRIPT, ARG_EXPR, 0, "while EXPR", "Run lines as long as an expression is not 0.",
	  "The lines follow up to a line \"end\". loop_break leaves, loop_continue goes on with the next round.", NULL, cmd_while, NULL },
	{ "loop_break", NULL, GROUP_SCRIPT, ARG_NONE, 0, "loop_break", "Leave the innermost while.", "", NULL, cmd_loop_break, NULL },
	{ "loop_continue", NULL, GROUP_SCRIPT, ARG_NONE, 0, "loop_continue", "Go on with the next round of the innermost while.", "", NULL,
	  cmd_loop_continue, NULL },
	{ "else", NULL, GROUP_SCRIPT, ARG_NONE, 0, "else", "The other half of an if.", "", NULL, cmd_stray, NULL },
	{ "end", NULL, GROUP_SCRIPT, ARG_NONE, 0, "end", "The end of a block.", "", NULL, cmd_stray, NULL },
	{ "source", NULL, GROUP_SCRIPT, ARG_FILE, 0, "source FILE", "Run the commands in a file.",
	  "It stops at the first that fails, and says where.", "source /dev/null", cmd_source, NULL },
	{ "echo", NULL, GROUP_SCRIPT, ARG_NONE, 0, "echo TEXT", "Print text.", "C escapes are understood; no newline is added. Blanks at the end are dropped unless the last is written as\n"
	  "\\040.", "echo hello\\n",
	  cmd_echo, NULL },
	{ "printf", NULL, GROUP_SCRIPT, ARG_EXPR, 0, "printf \"FORMAT\", EXPR...", "Print values by a C format.",
	  "Conversions: %d %i %u %x %X %o %c %p %f %g %e, %s for a string in guest memory, %a for an address with its symbol.",
	  "printf \"%#x %d\\n\", 0x500, 6*7", cmd_printf, NULL },
	{ "shell", NULL, GROUP_SCRIPT, ARG_FILE, CMD_RAW, "shell [COMMAND]", "Run a shell command, or a shell.",
	  "!COMMAND is short for it. $_shell_exitcode is then its exit status.", "shell true", cmd_shell, NULL },
	{ NULL },
};
