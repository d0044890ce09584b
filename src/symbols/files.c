/* files.c - names of source files, kept once each; see files.h. */
#include <stdlib.h>
#include <string.h>
#include "files.h"

struct source_files {
	struct source_file **slot; /* open addressing by path, a power of two */
	u32 n, slots;
};

static u32 hash_of(const char *s)
{
	u32 h = 2166136261u;

	while (*s)
		h = (h ^ (u8)*s++) * 16777619u;
	return h;
}

/* Appends one path to another and takes "." and ".." out, without asking the file system. */
static char *path_of(const char *dir, const char *name)
{
	size_t n = strlen(dir) + strlen(name) + 3;
	char *out = malloc(n), *p = out;
	const char *part[2] = { name[0] == '/' ? "" : dir, name };
	bool absolute = name[0] == '/' || dir[0] == '/';

	if (!out)
		return NULL;
	if (absolute)
		*p++ = '/';
	for (int i = 0; i < 2; i++) {
		for (const char *s = part[i]; *s;) {
			size_t len = strcspn(s, "/");
			bool up = len == 2 && s[0] == '.' && s[1] == '.';

			if (up && p > out + absolute &&
			    !(p - out >= 3 && !memcmp(p - 3, "../", 3))) {
				for (p--; p > out + absolute && p[-1] != '/'; p--)
					;
			} else if (len && !(len == 1 && s[0] == '.') && !(up && absolute)) {
				memcpy(p, s, len);
				p += len;
				*p++ = '/';
			}
			s += len;
			s += strspn(s, "/");
		}
	}
	if (p > out + 1 && p[-1] == '/')
		p--;
	*p = '\0';
	return out;
}

static struct source_file *file_create(const char *dir, const char *name, char *path)
{
	size_t n_dir = strlen(dir) + 1, n_name = strlen(name) + 1;
	struct source_file *new = malloc(sizeof(*new) + n_dir + n_name);
	char *text = (char *)(new + 1), *slash;

	if (!new)
		return NULL;
	memcpy(text, dir, n_dir);
	memcpy(text + n_dir, name, n_name);
	slash = strrchr(text + n_dir, '/');
	new->dir = text;
	new->name = text + n_dir;
	new->base = slash && slash[1] ? slash + 1 : text + n_dir;
	new->path = path;
	return new;
}

static bool grow(struct source_files *l)
{
	u32 slots = l->slots ? l->slots * 2 : 64;
	struct source_file **new;

	if (l->slots && l->n < l->slots / 2)
		return true;
	new = calloc(slots, sizeof(*new));
	if (!new)
		return false;
	for (u32 i = 0; i < l->slots; i++) {
		u32 at;

		if (!l->slot[i])
			continue;
		at = hash_of(l->slot[i]->path) & (slots - 1);
		while (new[at])
			at = (at + 1) & (slots - 1);
		new[at] = l->slot[i];
	}
	free(l->slot);
	l->slot = new;
	l->slots = slots;
	return true;
}

static const struct source_file *intern(struct source_files *l, const char *dir, const char *name)
{
	char *path = grow(l) ? path_of(dir, name) : NULL;
	u32 at;

	if (!path)
		return NULL;
	at = hash_of(path) & (l->slots - 1);
	while (l->slot[at] && strcmp(l->slot[at]->path, path))
		at = (at + 1) & (l->slots - 1);
	if (l->slot[at]) {
		free(path);
		return l->slot[at];
	}
	l->slot[at] = file_create(dir, name, path);
	if (l->slot[at])
		l->n++;
	else
		free(path);
	return l->slot[at];
}

const struct source_file *files_intern(struct dwfile *f, const char *dir, const char *name)
{
	if (!f->files)
		f->files = calloc(1, sizeof(*f->files));
	return f->files ? intern(f->files, dir ?: "", name) : NULL;
}

const struct source_file *files_of_unit(struct dwfile *f, struct dwunit *u)
{
	dw_unit_details(f, u);
	return u->name ? files_intern(f, u->comp_dir, u->name) : NULL;
}

bool files_each(struct dwfile *f, bool (*each)(void *arg, const struct source_file *), void *arg)
{
	for (u32 i = 0; f->files && i < f->files->slots; i++)
		if (f->files->slot[i] && !each(arg, f->files->slot[i]))
			return false;
	return true;
}

void files_destroy(struct source_files *l)
{
	for (u32 i = 0; l && i < l->slots; i++) {
		if (l->slot[i])
			free((char *)l->slot[i]->path);
		free(l->slot[i]);
	}
	if (l)
		free(l->slot);
	free(l);
}

static bool ends_with(const char *path, const char *tail)
{
	size_t n = strlen(path), m = strlen(tail);

	if (m > n || strcmp(path + n - m, tail))
		return false;
	return n == m || path[n - m - 1] == '/' || tail[0] == '/';
}

bool files_match(const struct source_file *file, const char *wanted)
{
	while (wanted[0] == '.' && wanted[1] == '/')
		wanted += 2;
	if (!*wanted)
		return false;
	if (wanted[0] == '/')
		return !strcmp(file->path, wanted) || !strcmp(file->name, wanted);
	return ends_with(file->path, wanted) || ends_with(file->name, wanted);
}
