/* cmd_set.c - set and show: settings, registers, variables, memory. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

/* ---- registers, variables, memory ------------------------------------------------------------ */

static int set_variable(struct cli *c, const char *args, struct err *err)
{
	struct value v;

	if (!*args)
		return err_set(err, EINVAL,
			       "set var needs an assignment, as in set var $rax = 5 or set var "
			       "*(u32*)0x500 = 1");
	return expr_value(c->s, args, &v, err);
}

/* NAME = VALUE, or NAME VALUE. */
static int set_register(struct cli *c, const char *args, struct err *err)
{
	char name[64];
	size_t n;
	u64 v;
	int r;

	args += *args == '$';
	n = command_word(args);
	if (!n || n >= sizeof(name))
		return err_set(err, EINVAL,
			       "set register needs a name and a value, as in set register rax 5");
	memcpy(name, args, n);
	name[n] = '\0';
	args = blanks_skip(args + n);
	if (*args == '=')
		args = blanks_skip(args + 1);
	if (!*args)
		return err_set(err, EINVAL, "set register %s needs a value", name);
	r = expr_u64(c->s, args, &v, err);
	return r ? r : session_set_reg(c->s, name, v, err);
}

/* Values one after the other from `addr` on, in units of `size`; *p is at the first. */
static int values_write(struct cli *c, const char *p, unsigned size, u64 addr, struct err *err)
{
	while (*p) {
		struct value v;
		struct expr *e;
		int r = expr_parse_prefix(c->s, p, &e, &p, err);

		if (r)
			return r;
		r = expr_eval(c->s, e, &v, err);
		expr_destroy(e);
		if (!r)
			r = session_write(c->s, addr, &v.bits, size, err);
		if (r)
			return r;
		addr += size;
		p = blanks_skip(p);
		if (*p == ',')
			p = blanks_skip(p + 1);
	}
	return 0;
}

/* set memory[/SIZE] ADDR = VALUE[, VALUE...] */
static int set_memory(struct cli *c, const char *args, struct err *err)
{
	struct format f = { .size = 'b' };
	const char *eq;
	char *place;
	u64 addr;
	int r = format_parse(&args, &f, err);

	if (r)
		return r;
	eq = strchr(args, '=');
	if (!eq || !*blanks_skip(eq + 1))
		return err_set(
			err, EINVAL,
			"set memory needs an address and values, as in set memory/w 0x500 = 1, 2");
	place = strndup(args, eq - args);
	r = place ? address_get(c, place, &addr, err) : err_set(err, ENOMEM, "no memory");
	free(place);
	return r ? r : values_write(c, blanks_skip(eq + 1), format_size(f.size), addr, err);
}

/* What is no subcommand: a setting, else an assignment. */
static int cmd_set(struct cli *c, const char *args, struct err *err)
{
	const struct setting *row;
	const char *value = "";

	if (!*args)
		return err_set(err, EINVAL,
			       "set needs a setting and a value, show lists the settings");
	row = setting_match(args, &value);
	if (row)
		return setting_assign(c, row, value, err);
	if (strchr("$*({&", *args) || strchr(args, '='))
		return set_variable(c, args, err);
	return err_set(err, ENOENT, "there is no setting \"%.*s\", show lists them all",
		       (int)strcspn(args, " \t"), args);
}

/* ---- show ------------------------------------------------------------------------------------ */

void settings_show(struct cli *c)
{
	const struct setting *row;
	struct strbuf out;

	strbuf_init(&out);
	for (size_t i = 0; (row = setting_at(i)); i++) {
		const size_t line = out.n;

		strbuf_addf(&out, "%s", row->name);
		strbuf_pad(&out, line + 18, 2);
		setting_value(c, row, &out);
		strbuf_addc(&out, '\n');
	}
	say_buf(c, &out);
	strbuf_deinit(&out);
}

static int cmd_show(struct cli *c, const char *args, struct err *err)
{
	const struct setting *row;
	struct strbuf out;
	const char *rest;

	if (!*args) {
		settings_show(c);
		return 0;
	}
	row = setting_match(args, &rest);
	if (!row)
		return err_set(err, ENOENT, "there is no setting \"%s\", show lists them all",
			       args);
	strbuf_init(&out);
	setting_value(c, row, &out);
	say(c, "%s is %s.\n", row->name, strbuf_str(&out));
	strbuf_deinit(&out);
	return 0;
}

static int show_version(struct cli *c, const char *args, struct err *err)
{
	struct strbuf out;

	strbuf_init(&out);
	version_text(&out);
	say_buf(c, &out);
	strbuf_deinit(&out);
	return 0;
}

static void convenience_show(void *arg, const char *name, const struct value *v)
{
	const struct format f = { 0 };
	struct cli *c = arg;
	struct strbuf out;

	strbuf_init(&out);
	if (value_format(c, &f, v, &out, NULL) == 0)
		say(c, "$%s = %s\n", name, strbuf_str(&out));
	strbuf_deinit(&out);
}

static int show_convenience(struct cli *c, const char *args, struct err *err)
{
	session_vars_each(c->s, convenience_show, c);
	return 0;
}

static int show_user(struct cli *c, const char *args, struct err *err)
{
	for (size_t i = 0; i < c->n_defs; i++) {
		if (*args && strcmp(args, c->defs[i].name))
			continue;
		say(c, "User command \"%s\":\n", c->defs[i].name);
		for (char **line = c->defs[i].lines; *line; line++)
			say(c, "  %s\n", *line);
	}
	return 0;
}

/* ---- the table ------------------------------------------------------------------------------- */

static const struct command set_subs[] = {
	{ "variable", "var", GROUP_DATA, ARG_EXPR, CMD_CHANGES, "set variable EXPR",
	  "Evaluate an assignment.",
	  "To a convenience variable, register or memory. set alone does the same for what is no "
	  "setting.",
	  "set variable $n = 3", set_variable, NULL },
	{ "register", "reg", GROUP_DATA, ARG_REGISTER, CMD_NEEDS_GUEST | CMD_CHANGES,
	  "set register NAME = VALUE", "Set a register.",
	  "Any register of info all-registers but ldtr and tr, which need their descriptors.",
	  "set register rax = 5", set_register, NULL },
	{ "memory", "mem", GROUP_DATA, ARG_EXPR, CMD_NEEDS_GUEST | CMD_CHANGES,
	  "set memory[/SIZE] ADDR = VALUE[, VALUE]...", "Write memory.",
	  "SIZE is b (the default), h, w or g. Points planted in the code stay.",
	  "set memory/b $sp-64 = 1, 2, 3", set_memory, NULL },
	{ NULL },
};

static const struct command show_subs[] = {
	{ "version", NULL, GROUP_HELP, ARG_NONE, 0, "show version", "Version and licence.", "",
	  "show version", show_version, NULL },
	{ "convenience", "conv", GROUP_DATA, ARG_NONE, 0, "show convenience",
	  "The convenience variables.", "", "show convenience", show_convenience, NULL },
	{ "user", NULL, GROUP_SCRIPT, ARG_WORD, 0, "show user [NAME]",
	  "The lines of defined commands.", "", "show user", show_user, NULL },
	{ NULL },
};

const struct command commands_set[] = {
	{ "set", NULL, GROUP_DATA, ARG_SETTING, CMD_PREFIX, "set SETTING VALUE",
	  "Change a setting, register, variable or memory.",
	  "show lists the settings with their values, help set those that there are. What is no "
	  "setting is taken as an assignment: set $rax = 5, set *(u32*)0x500 = 1.",
	  "set confirm off", cmd_set, set_subs },
	{ "show", NULL, GROUP_HELP, ARG_SETTING, CMD_PREFIX, "show [SETTING]",
	  "Show a setting, or all of them.", "", "show icebp", cmd_show, show_subs },
	{ NULL },
};
