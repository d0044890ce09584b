/* cmd_srcpath.c - where source files are looked for: directory, substitute-path, listsize. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <vmstep/parse.h>

#include "cli.h"

/* "A B:C" as "A:B:C", relative names below the working directory. */
static char *dirs_complete(const char *args)
{
	char *cwd = getcwd(NULL, 0);
	struct strbuf b;

	strbuf_init(&b);
	for (const char *p = args; *(p += strspn(p, " \t:"));) {
		const size_t n = strcspn(p, " \t:");

		strbuf_adds(&b, b.n ? ":" : "");
		if (*p != '/' && *p != '$' && cwd)
			strbuf_addf(&b, "%s/", cwd);
		strbuf_addn(&b, p, n);
		p += n;
	}
	free(cwd);
	return strbuf_detach(&b);
}

static void dirs_show(struct cli *c)
{
	say(c, "Source directories searched: %s\n", srctext_dirs(c->view.text));
}

static int cmd_directory(struct cli *c, const char *args, struct err *err)
{
	char *dirs;
	int r;

	if (!*args) {
		if (!confirm(c, "Reinitialize source path to $cdir:$cwd?"))
			return 0;
		r = srctext_dirs_set(c->view.text, "", err);
	} else {
		dirs = dirs_complete(args);
		r = dirs ? srctext_dirs_add(c->view.text, dirs, err)
			 : err_set(err, ENOMEM, "no memory for the directories");
		free(dirs);
	}
	if (!r && c->interactive)
		dirs_show(c);
	return r;
}

static int unset_substitute(struct cli *c, const char *args, struct err *err)
{
	char from[1000];

	if (!word_take(&args, from, sizeof(from))) {
		if (!confirm(c, "Delete all source path substitution rules?"))
			return 0;
		return srctext_subst_drop(c->view.text, NULL, err);
	}
	return srctext_subst_drop(c->view.text, from, err);
}

/* ---- settings -------------------------------------------------------------------------------- */

int directories_apply(struct cli *c, const struct setting *row, const char *value, struct err *err)
{
	char *dirs = dirs_complete(value);
	int r = dirs ? srctext_dirs_set(c->view.text, dirs, err)
		     : *value ? err_set(err, ENOMEM, "no memory for the directories")
			      : srctext_dirs_set(c->view.text, "", err);

	free(dirs);
	return r;
}

void directories_show(struct cli *c, struct strbuf *out)
{
	strbuf_adds(out, srctext_dirs(c->view.text));
}

int substitute_apply(struct cli *c, const struct setting *row, const char *value, struct err *err)
{
	char from[1000], to[1000];

	if (!word_take(&value, from, sizeof(from)) || !word_take(&value, to, sizeof(to)) || *value)
		return err_set(err, EINVAL,
			       "set substitute-path needs two directories, as in set substitute-path "
			       "/build /home/me/src");
	return srctext_subst_add(c->view.text, from, to, err);
}

void substitute_show(struct cli *c, struct strbuf *out)
{
	const char *from, *to;
	size_t i = 0;

	for (; srctext_subst_at(c->view.text, i, &from, &to); i++)
		strbuf_addf(out, "%s%s -> %s", i ? ", " : "", from, to);
	if (!i)
		strbuf_adds(out, "none");
}

int listsize_apply(struct cli *c, const struct setting *row, const char *value, struct err *err)
{
	u64 n = UINT32_MAX / 2;
	int r = !strcmp(value, "unlimited") ? 0 : number_parse(value, "listsize", &n, err);

	if (!r && (!n || n > UINT32_MAX / 2))
		r = err_set(err, ERANGE, "set listsize: %s is no number of lines", value);
	if (!r)
		c->view.listsize = n;
	return r;
}

void listsize_show(struct cli *c, struct strbuf *out)
{
	if (c->view.listsize == UINT32_MAX / 2)
		strbuf_adds(out, "unlimited");
	else
		strbuf_adddec(out, c->view.listsize);
}

/* ---- the table ------------------------------------------------------------------------------- */

static const struct command unset_subs[] = {
	{ "substitute-path", NULL, GROUP_DATA, ARG_FILE, 0, "unset substitute-path [FROM]",
	  "Drop the substitution of a source directory, or all of them.", "",
	  "unset substitute-path", unset_substitute, NULL },
	{ NULL },
};

const struct command commands_srcpath[] = {
	{ "directory", "dir", GROUP_DATA, ARG_FILE, 0, "directory [DIR]...",
	  "Look for source files in more directories.",
	  "They are put before those there are; $cdir is where a file was compiled, $cwd the "
	  "working directory. Without DIR only these two are left.",
	  "directory /usr/src", cmd_directory, NULL },
	{ "unset", NULL, GROUP_SCRIPT, ARG_SUBCOMMAND, CMD_PREFIX, "unset substitute-path [FROM]",
	  "The counterpart of set, for what is a list.", "", "unset substitute-path", NULL, unset_subs },
	{ NULL },
};
