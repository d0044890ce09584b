/* cmd_script.c - what makes scripts: define, document, if, while, source. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "term.h"

/* ---- define and document --------------------------------------------------------------------- */

static int name_check(const char *args, struct err *err)
{
	const size_t n = command_word(args);

	if (!n || args[n])
		return err_set(err, EINVAL,
			       "\"%s\" is no name for a command: use letters, digits, - and _",
			       args);
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
	if (k && !strcmp(k->name, args) &&
	    !confirm(c, "Really redefine built-in command \"%s\"?", args))
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
		return err_set(err, ENOENT,
			       "document: there is no defined command %s, define it first", args);
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

/* ---- if and while ---------------------------------------------------------------------------- */

static int block_run(struct cli *c, char *const *lines, const char *name, unsigned line,
		     struct err *err)
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
		r = block_run(c, holds ? yes : no, name, line + (holds ? 0 : c->src->line - line),
			      err);
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
		c->loops++;
		if (!r && holds)
			r = block_run(c, body, name, line, err);
		c->loops--;
		if (!r && (term_interrupted() || term_ending()))
			r = -EINTR;
	}
	c->flow = FLOW_NONE;
	lines_free(body);
	return r;
}

static int flow_set(struct cli *c, enum flow flow, const char *name, struct err *err)
{
	if (!c->loops)
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
	return err_set(
		err, EINVAL,
		"this ends a block (if, while, define, document, commands) and none is open");
}

/* ---- source ---------------------------------------------------------------------------------- */

static int cmd_source(struct cli *c, const char *args, struct err *err)
{
	if (!strncmp(args, "-v ", 3))
		args = blanks_skip(args + 3);
	if (!*args)
		return err_set(err, EINVAL, "source needs the path of a file with commands");
	return file_run(c, args, err);
}

/* ---- the table ------------------------------------------------------------------------------- */

const struct command commands_script[] = {
	{ "define", NULL, GROUP_SCRIPT, ARG_WORD, 0, "define NAME", "Define a command.",
	  "Its lines follow up to a line \"end\". In them $arg0, $arg1... are its arguments, $argc "
	  "their number.",
	  NULL, cmd_define, NULL },
	{ "document", NULL, GROUP_SCRIPT, ARG_WORD, 0, "document NAME",
	  "Write the help of a defined command.",
	  "The text follows up to a line \"end\"; its first line is the summary.", NULL,
	  cmd_document, NULL },
	{ "if", NULL, GROUP_SCRIPT, ARG_EXPR, 0, "if EXPR", "Run lines if an expression is not 0.",
	  "The lines follow, perhaps with an else, up to a line \"end\".", NULL, cmd_if, NULL },
	{ "while", NULL, GROUP_SCRIPT, ARG_EXPR, 0, "while EXPR",
	  "Run lines as long as an expression is not 0.",
	  "The lines follow up to a line \"end\". loop_break leaves, loop_continue goes on with "
	  "the next round.",
	  NULL, cmd_while, NULL },
	{ "loop_break", NULL, GROUP_SCRIPT, ARG_NONE, 0, "loop_break", "Leave the innermost while.",
	  "", NULL, cmd_loop_break, NULL },
	{ "loop_continue", NULL, GROUP_SCRIPT, ARG_NONE, 0, "loop_continue",
	  "Go on with the next round of the innermost while.", "", NULL, cmd_loop_continue, NULL },
	{ "else", NULL, GROUP_SCRIPT, ARG_NONE, 0, "else", "The other half of an if.", "", NULL,
	  cmd_stray, NULL },
	{ "end", NULL, GROUP_SCRIPT, ARG_NONE, 0, "end", "The end of a block.", "", NULL, cmd_stray,
	  NULL },
	{ "source", NULL, GROUP_SCRIPT, ARG_FILE, 0, "source FILE", "Run the commands in a file.",
	  "It stops at the first that fails, and says where.", "source /dev/null", cmd_source,
	  NULL },
	{ NULL },
};
