/*
 * session_symbols.c - which files the session's symbols come from: those asked for (--symbols,
 * symbol-file, add-symbol-file), and the guest itself where it is an ELF file and nothing else was
 * asked for. A changed list or a changed file makes a new set; what is there is never changed.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <vmstep/source.h>
#include "private.h"

/* A file asked for; everything owned. */
struct symbol_source {
	struct symbol_file file;
};

/* A file as it was when its symbols were read. */
struct symbol_stamp {
	char *path;
	struct timespec mtime;
	off_t size;
	ino_t inode;
};

static void source_clear(struct symbol_source *w)
{
	for (size_t i = 0; i < w->file.n_sections; i++)
		free((char *)w->file.section[i].name);
	free((struct symbol_section *)w->file.section);
	free((char *)w->file.path);
}

static int source_copy(struct symbol_source *w, const struct symbol_file *from, struct err *err)
{
	struct symbol_section *section = calloc(from->n_sections + 1, sizeof(*section));

	w->file = *from;
	w->file.section = section;
	w->file.path = strdup(from->path);
	for (size_t i = 0; section && i < from->n_sections; i++) {
		section[i].addr = from->section[i].addr;
		section[i].name = strdup(from->section[i].name);
		if (!section[i].name) {
			w->file.n_sections = i;
			break;
		}
	}
	if (section && w->file.path && w->file.n_sections == from->n_sections)
		return 0;
	if (!section)
		w->file.n_sections = 0;
	source_clear(w);
	return err_set(err, ENOMEM, "no memory for the file's name");
}

static int source_add(struct session *s, const struct symbol_file *file, struct err *err)
{
	struct symbol_source *p = realloc(s->source, (s->n_sources + 1) * sizeof(*p));
	int rc;

	if (!p)
		return err_set(err, ENOMEM, "no memory for the file's name");
	s->source = p;
	rc = source_copy(&p[s->n_sources], file, err);
	if (!rc)
		s->n_sources++;
	return rc;
}

void symbol_sources_clear(struct session *s)
{
	for (size_t i = 0; i < s->n_sources; i++)
		source_clear(&s->source[i]);
	free(s->source);
	free(s->debug_dirs);
	s->source = NULL;
	s->debug_dirs = NULL;
	s->n_sources = 0;
}

int symbol_sources_copy(struct session *s, const char *const *path, struct err *err)
{
	int rc = 0;

	s->sources_only = path && *path;
	for (; path && *path && !rc; path++)
		rc = source_add(s, &(struct symbol_file){ .path = *path }, err);
	return rc;
}

static bool is_elf(const char *path)
{
	char magic[4] = "";
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	ssize_t n;

	if (fd < 0)
		return false;
	n = read(fd, magic, sizeof(magic));
	close(fd);
	return n == sizeof(magic) && !memcmp(magic, "\177ELF", 4);
}

static bool has_own(const struct session *s)
{
	return !s->sources_only && s->cfg.guest.path && is_elf(s->cfg.guest.path);
}

/* The files wanted now; the guest's own, where it is one of them, is the first. */
static struct symbol_file *wanted(const struct session *s, bool own, size_t *ret_n)
{
	struct symbol_file *list = calloc(s->n_sources + 2, sizeof(*list));
	size_t n = 0;

	if (!list)
		return NULL;
	if (own)
		list[n++].path = s->cfg.guest.path;
	for (size_t i = 0; i < s->n_sources; i++)
		list[n++] = s->source[i].file;
	*ret_n = n;
	return list;
}

static void stamps_drop(struct session *s)
{
	for (size_t i = 0; i < s->n_stamps; i++)
		free(s->stamp[i].path);
	free(s->stamp);
	s->stamp = NULL;
	s->n_stamps = 0;
}

static void stamps_take(struct session *s, const struct symbol_file *list, size_t n)
{
	stamps_drop(s);
	s->stamp = calloc(n + 1, sizeof(*s->stamp));
	for (size_t i = 0; s->stamp && i < n; i++) {
		struct stat st = { 0 };

		stat(list[i].path, &st);
		s->stamp[s->n_stamps++] = (struct symbol_stamp){ strdup(list[i].path), st.st_mtim,
								 st.st_size, st.st_ino };
	}
}

static bool is_fresh(const struct session *s, const struct symbol_file *list, size_t n)
{
	if (!s->symbols || n != s->n_stamps)
		return !n && !s->symbols;
	for (size_t i = 0; i < n; i++) {
		const struct symbol_stamp *old = &s->stamp[i];
		struct stat st;

		if (!old->path || strcmp(old->path, list[i].path) || stat(old->path, &st) ||
		    st.st_size != old->size || st.st_ino != old->inode ||
		    st.st_mtim.tv_sec != old->mtime.tv_sec ||
		    st.st_mtim.tv_nsec != old->mtime.tv_nsec)
			return false;
	}
	return true;
}

void session_symbols_drop(struct session *s)
{
	frames_forget(s); /* they hold names */
	values_forget_types(s);
	symbols_destroy(s->symbols);
	s->symbols = NULL;
	s->symbols_serial++;
	stamps_drop(s);
}

static int install(struct session *s, const struct symbol_file *list, size_t n, struct err *err)
{
	struct symbols *new = NULL;
	int rc = n ? symbols_load_files(list, n, s->debug_dirs, &new, err) : 0;

	if (rc)
		return rc;
	session_symbols_drop(s);
	s->symbols = new;
	stamps_take(s, list, n);
	points_recompile(s);
	return 0;
}

/* Only files that were asked for fail the set; the guest's own that cannot be read is a remark. */
static int install_all(struct session *s, const struct symbol_file *list, size_t n, bool own,
		       struct err *err)
{
	struct symbols *alone = NULL;
	struct err why = { 0 };
	int rc = install(s, list, n, err);

	if (!rc || !own)
		return rc;
	if (!symbols_load_files(list, 1, s->debug_dirs, &alone, &why)) {
		symbols_destroy(alone); /* it is another one that fails */
		return rc;
	}
	note(s, "%s", why.text);
	return install(s, list + 1, n - 1, err);
}

static int load(struct session *s, bool even_if_fresh, struct err *err)
{
	bool own = has_own(s);
	size_t n = 0;
	struct symbol_file *list = wanted(s, own, &n);
	int rc = 0;

	if (!list)
		return err_set(err, ENOMEM, "no memory for the symbols");
	if (even_if_fresh || !is_fresh(s, list, n))
		rc = install_all(s, list, n, own, err);
	free(list);
	return rc;
}

int session_symbols_refresh(struct session *s, struct err *err)
{
	return load(s, false, err);
}

struct symbols *session_symbols(struct session *s)
{
	return s->symbols;
}

u64 session_symbols_serial(const struct session *s)
{
	return s->symbols_serial;
}

int session_load_symbols(struct session *s, const struct symbol_file *file, bool replace,
			 struct err *err)
{
	struct symbol_source *old = s->source, *kept = NULL;
	size_t n_old = s->n_sources;
	bool only = s->sources_only;
	int rc;

	if (replace) {
		s->source = NULL;
		s->n_sources = 0;
		s->sources_only = true;
	}
	rc = source_add(s, file, err);
	if (!rc) {
		rc = load(s, true, err);
		if (rc)
			source_clear(&s->source[--s->n_sources]);
	}
	if (!replace)
		return rc;
	kept = rc ? s->source : old;
	for (size_t i = 0; !rc && i < n_old; i++)
		source_clear(&old[i]);
	free(kept);
	if (rc) {
		s->source = old;
		s->n_sources = n_old;
		s->sources_only = only;
	}
	return rc;
}

int session_unload_symbols(struct session *s, const char *path, struct err *err)
{
	size_t i = s->n_sources;

	if (!path) {
		while (s->n_sources)
			source_clear(&s->source[--s->n_sources]);
		s->sources_only = true;
		return load(s, true, err);
	}
	while (i > 0 && strcmp(s->source[i - 1].file.path, path))
		i--;
	if (!i)
		return err_set(err, ENOENT, "no symbols were added from %.200s; see info files", path);
	source_clear(&s->source[i - 1]);
	s->n_sources--;
	memmove(&s->source[i - 1], &s->source[i], (s->n_sources - (i - 1)) * sizeof(*s->source));
	return load(s, true, err);
}

const char *session_debug_dirs(const struct session *s)
{
	return s->debug_dirs ?: "/usr/lib/debug";
}

int session_set_debug_dirs(struct session *s, const char *dirs, struct err *err)
{
	char *copy = strdup(dirs);

	if (!copy)
		return err_set(err, ENOMEM, "no memory for the directory's name");
	free(s->debug_dirs);
	s->debug_dirs = copy;
	return s->symbols ? load(s, true, err) : 0;
}

void session_tell_trouble(struct session *s)
{
	struct err trouble = { 0 };

	while (source_trouble_new(s->symbols, &trouble))
		note(s, "%s", trouble.text);
}

bool session_symbolize(void *session, u64 addr, char *buf, size_t size)
{
	struct session *s = session;

	return s->symbols && symbols_format(s->symbols, addr, buf, size);
}
