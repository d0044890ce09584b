/*
 * srcpath.c - where source files are looked for: substitutions first, then the name as it stands,
 * then each directory of the search path, then the same with the file's last name alone; see
 * srctext.h.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "srctext.h"

static const char default_dirs[] = "$cdir:$cwd";

/* ---- the search path ------------------------------------------------------------------------- */

static bool has_dir(const char *dirs, const char *word)
{
	const size_t len = strlen(word);

	for (const char *p = dirs; *p; p += strcspn(p, ":"), p += *p == ':')
		if (strcspn(p, ":") == len && !memcmp(p, word, len))
			return true;
	return false;
}

/* `first`, then the directories of `second` that are not there yet. */
static char *dirs_join(const char *first, const char *second)
{
	struct strbuf b;

	strbuf_init(&b);
	for (int list = 0; list < 2; list++) {
		for (const char *p = list ? second : first; *p;) {
			size_t n = strcspn(p, ":");
			char *word = strndup(p, n);

			if (word && n && !has_dir(strbuf_str(&b), word))
				strbuf_addf(&b, "%s%s", b.n ? ":" : "", word);
			free(word);
			p += n + (p[n] == ':');
		}
	}
	return strbuf_detach(&b);
}

static int dirs_take(struct srctext *t, const char *first, const char *second, struct err *err)
{
	char *dirs = dirs_join(first, second);

	if (!dirs)
		return err_set(err, ENOMEM, "no memory for the list of directories");
	free(t->dirs);
	t->dirs = dirs;
	srcfiles_forget(t);
	return 0;
}

int srctext_dirs_add(struct srctext *t, const char *dirs, struct err *err)
{
	return dirs_take(t, dirs, t->dirs, err);
}

int srctext_dirs_set(struct srctext *t, const char *dirs, struct err *err)
{
	return dirs_take(t, dirs, default_dirs, err);
}

const char *srctext_dirs(const struct srctext *t)
{
	return t->dirs;
}

/* ---- substitutions --------------------------------------------------------------------------- */

static void subst_remove(struct srctext *t, size_t i)
{
	free(t->subst[i].from);
	free(t->subst[i].to);
	memmove(t->subst + i, t->subst + i + 1, (--t->n_subst - i) * sizeof(*t->subst));
	srcfiles_forget(t);
}

/* A directory without the slashes at its end. */
static char *dir_copy(const char *dir)
{
	size_t n = strlen(dir);

	while (n > 1 && dir[n - 1] == '/')
		n--;
	return strndup(dir, n);
}

int srctext_subst_drop(struct srctext *t, const char *from, struct err *err)
{
	char *dir = from ? dir_copy(from) : NULL;
	bool found = !from;

	for (size_t i = t->n_subst; i--;) {
		if (from && (!dir || strcmp(t->subst[i].from, dir)))
			continue;
		subst_remove(t, i);
		found = true;
	}
	free(dir);
	return found ? 0 : err_set(err, ENOENT, "there is no substitution rule for \"%s\"", from);
}

int srctext_subst_add(struct srctext *t, const char *from, const char *to, struct err *err)
{
	struct subst *more;
	struct subst new = { dir_copy(from), dir_copy(to) };

	srctext_subst_drop(t, from, NULL);
	more = realloc(t->subst, (t->n_subst + 1) * sizeof(*more));
	if (more)
		t->subst = more;
	if (!more || !new.from || !new.to) {
		free(new.from);
		free(new.to);
		return err_set(err, ENOMEM, "no memory for the substitution rule");
	}
	t->subst[t->n_subst++] = new;
	srcfiles_forget(t);
	return 0;
}

bool srctext_subst_at(const struct srctext *t, size_t i, const char **ret_from, const char **ret_to)
{
	if (i >= t->n_subst)
		return false;
	*ret_from = t->subst[i].from;
	*ret_to = t->subst[i].to;
	return true;
}

/* The first rule whose directory the path begins with, whole names only. */
static char *substitute(const struct srctext *t, const char *path)
{
	char *new;

	for (size_t i = 0; i < t->n_subst; i++) {
		const size_t n = strlen(t->subst[i].from);

		if (strncmp(path, t->subst[i].from, n) || (path[n] && path[n] != '/'))
			continue;
		return asprintf(&new, "%s%s", t->subst[i].to, path + n) < 0 ? NULL : new;
	}
	return strdup(path);
}

/* ---- the search ------------------------------------------------------------------------------ */

struct hunt {
	const char *dirs, *comp_dir;
	int fd;
	char *path;
	int error; /* of a file that is there and cannot be opened; else ENOENT */
};

/* Devices and pipes are no source text, and opening one must not hang. */
static bool try_path(struct hunt *h, const char *dir, const char *name)
{
	struct stat st;
	char *path;

	if (asprintf(&path, "%s%s%s", dir, *dir ? "/" : "", name) < 0)
		return false;
	if (stat(path, &st) == 0) {
		h->error = S_ISREG(st.st_mode) ? 0 : S_ISDIR(st.st_mode) ? EISDIR : EINVAL;
		if (!h->error) {
			h->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
			h->error = h->fd < 0 ? errno : 0;
		}
		if (h->fd >= 0) {
			h->path = path;
			return true;
		}
	}
	free(path);
	return false;
}

static bool try_dirs(struct hunt *h, const char *name)
{
	while (*name == '/') /* /usr/src/a.c may lie in DIR/usr/src/a.c */
		name++;
	for (const char *p = h->dirs; *p; p += strcspn(p, ":"), p += *p == ':') {
		char dir[PATH_MAX];
		bool found;

		snprintf(dir, sizeof(dir), "%.*s", (int)strcspn(p, ":"), p);
		if (!strcmp(dir, "$cdir") && !h->comp_dir)
			continue;
		found = !strcmp(dir, "$cdir")	? try_path(h, h->comp_dir, name)
			: !strcmp(dir, "$cwd")	? try_path(h, ".", name)
						: try_path(h, dir, name);
		/* A relative name below the compilation directory, moved as a whole. */
		if (!found && h->comp_dir && *dir != '$') {
			char *below;

			if (asprintf(&below, "%s/%s", dir, h->comp_dir) > 0) {
				found = try_path(h, below, name);
				free(below);
			}
		}
		if (found)
			return true;
	}
	return false;
}

int srcpath_find(const struct srctext *t, const char *name, const char *comp_dir, int *ret_fd,
		 char **ret_path)
{
	char *real = substitute(t, name), *cdir = comp_dir ? substitute(t, comp_dir) : NULL;
	struct hunt h = { .dirs = t->dirs, .comp_dir = cdir, .fd = -1, .error = ENOENT };
	const char *last = real ? strrchr(real, '/') : NULL;

	if (real && !(*real == '/' && try_path(&h, "", real)) && !try_dirs(&h, real) && last)
		try_dirs(&h, last + 1);
	free(real);
	free(cdir);
	if (h.fd < 0)
		return -h.error;
	*ret_fd = h.fd;
	*ret_path = h.path;
	return 0;
}
