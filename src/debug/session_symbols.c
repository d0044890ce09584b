/* session_symbols.c - where the session's symbols come from: --symbols, else the guest's own
 * file. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "private.h"

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

/* --symbols, else the guest itself where it is an ELF file. */
static const char *symbol_file(const struct session *s)
{
	if (s->cfg.symbols)
		return s->cfg.symbols;
	if (s->cfg.guest.path && is_elf(s->cfg.guest.path))
		return s->cfg.guest.path;
	return NULL;
}

void session_symbols_drop(struct session *s)
{
	frames_forget(s); /* they hold names */
	values_forget_types(s);
	symbols_destroy(s->symbols);
	s->symbols = NULL;
	free(s->symbols_path);
	s->symbols_path = NULL;
}

static bool symbols_fresh(const struct session *s, const char *path, const struct stat *st)
{
	return path && s->symbols_path && !strcmp(path, s->symbols_path) &&
	       st->st_size == s->symbols_size && st->st_mtim.tv_sec == s->symbols_mtime.tv_sec &&
	       st->st_mtim.tv_nsec == s->symbols_mtime.tv_nsec;
}

/*
 * Read the symbols again if the file is another one or was changed. Only a file that was asked for
 * with --symbols is an error when it cannot be read; the guest's own is a remark.
 */
int session_symbols_refresh(struct session *s, struct err *err)
{
	const char *path = symbol_file(s);
	struct symbols *new = NULL;
	struct err why = { 0 };
	struct stat st = { 0 };
	int rc;

	if (path && stat(path, &st))
		return s->cfg.symbols ? err_set(err, errno, "%s: %s", path, strerror(errno)) : 0;
	if (symbols_fresh(s, path, &st))
		return 0;
	rc = path ? symbols_load(path, 0, &new, &why) : 0;
	if (rc && s->cfg.symbols)
		return err_set(err, -rc, "%s", why.text);
	if (rc)
		note(s, "%s", why.text);
	session_symbols_drop(s);
	s->symbols = new;
	s->symbols_path = path ? strdup(path) : NULL;
	s->symbols_size = st.st_size;
	s->symbols_mtime = st.st_mtim;
	points_recompile(s);
	return 0;
}

struct symbols *session_symbols(struct session *s)
{
	return s->symbols;
}

int session_load_symbols(struct session *s, const char *path, struct err *err)
{
	const char *old = s->cfg.symbols;
	int rc;

	s->cfg.symbols = strdup(path);
	rc = s->cfg.symbols ? session_symbols_refresh(s, err)
			    : err_set(err, ENOMEM, "no memory for the file's name");
	if (rc) {
		free((char *)s->cfg.symbols);
		s->cfg.symbols = old;
		return rc;
	}
	free((char *)old);
	return 0;
}

bool session_symbolize(void *session, u64 addr, char *buf, size_t size)
{
	struct session *s = session;

	return s->symbols && symbols_format(s->symbols, addr, buf, size);
}
