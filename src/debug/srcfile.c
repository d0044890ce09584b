/* srcfile.c - source files as lines, read once and again when they change; see srctext.h. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "srctext.h"

/* ---- reading --------------------------------------------------------------------------------- */

static void file_free(struct srcfile *f)
{
	free(f->path);
	free(f->text);
	free(f->line_at);
	*f = (struct srcfile){ 0 };
}

static int read_text(int fd, size_t want, struct srcfile *f)
{
	f->text = malloc(want ?: 1);
	if (!f->text)
		return -ENOMEM;
	while (f->size < want) {
		ssize_t n = read(fd, f->text + f->size, want - f->size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (!n)
			break;
		f->size += n;
	}
	return 0;
}

/* A last line without newline is a line; an empty file has none. */
static int index_lines(struct srcfile *f)
{
	u32 n = 0;

	for (size_t at = 0; at < f->size; n++) {
		const char *nl = memchr(f->text + at, '\n', f->size - at);

		at = nl ? (size_t)(nl - f->text) + 1 : f->size;
	}
	f->line_at = malloc((n + 1) * sizeof(*f->line_at));
	if (!f->line_at)
		return -ENOMEM;
	f->n_lines = n;
	n = 0;
	for (size_t at = 0; at < f->size; n++) {
		const char *nl = memchr(f->text + at, '\n', f->size - at);

		f->line_at[n] = at;
		at = nl ? (size_t)(nl - f->text) + 1 : f->size;
	}
	f->line_at[n] = f->size;
	return 0;
}

static int file_read(const struct srctext *t, const char *name, const char *comp_dir,
		     struct srcfile *ret, struct err *err)
{
	struct stat st;
	int fd, rc = srcpath_find(t, name, comp_dir, &fd, &ret->path);

	if (rc == -EINVAL)
		return err_set(err, EINVAL, "%s: this is no regular file", name);
	if (rc)
		return err_set(err, -rc, "%s: %s", name, strerror(-rc));
	rc = fstat(fd, &st) ? -errno : 0;
	if (!rc && st.st_size > SRC_FILE_MAX)
		rc = err_set(err, EFBIG, "%s: a file of %lld bytes is not read as source", name,
			     (long long)st.st_size);
	else if (!rc && !(rc = read_text(fd, st.st_size, ret)) && !(rc = index_lines(ret))) {
		ret->mtime = st.st_mtim;
		ret->inode = st.st_ino;
	}
	if (rc && rc != -EFBIG)
		err_set(err, -rc, "%s: %s", ret->path, strerror(-rc));
	close(fd);
	if (rc)
		file_free(ret);
	return rc;
}

/* ---- the cache ------------------------------------------------------------------------------- */

static bool same_text(const char *a, const char *b)
{
	return a && b ? !strcmp(a, b) : a == b;
}

static struct srcslot *slot_find(struct srctext *t, const char *name, const char *comp_dir)
{
	for (size_t i = 0; i < t->n_slots; i++)
		if (same_text(t->slot[i].name, name) && same_text(t->slot[i].comp_dir, comp_dir))
			return &t->slot[i];
	return NULL;
}

static bool is_fresh(const struct srcfile *f)
{
	struct stat st;

	return stat(f->path, &st) == 0 && st.st_ino == f->inode &&
	       (size_t)st.st_size == f->size && st.st_mtim.tv_sec == f->mtime.tv_sec &&
	       st.st_mtim.tv_nsec == f->mtime.tv_nsec;
}

static void slot_drop(struct srctext *t, struct srcslot *s)
{
	t->bytes -= s->file.size;
	free(s->name);
	free(s->comp_dir);
	file_free(&s->file);
	*s = t->slot[--t->n_slots];
}

void srcfiles_forget(struct srctext *t)
{
	while (t->n_slots)
		slot_drop(t, &t->slot[t->n_slots - 1]);
}

/* Takes the file over. */
static int slot_add(struct srctext *t, const char *name, const char *comp_dir, struct srcfile *f,
		    struct srcfile **ret, struct err *err)
{
	struct srcslot *more, new = { .name = strdup(name), .file = *f };

	new.comp_dir = comp_dir ? strdup(comp_dir) : NULL;
	if (t->bytes + f->size > SRC_CACHE_MAX)
		srcfiles_forget(t);
	more = realloc(t->slot, (t->n_slots + 1) * sizeof(*more));
	if (more)
		t->slot = more;
	if (!more || !new.name || (comp_dir && !new.comp_dir)) {
		free(new.name);
		free(new.comp_dir);
		file_free(&new.file);
		return err_set(err, ENOMEM, "%s: no memory for the file", name);
	}
	t->slot[t->n_slots] = new;
	t->bytes += f->size;
	*ret = &t->slot[t->n_slots++].file;
	return 0;
}

struct srctext *srctext_create(void)
{
	struct srctext *t = calloc(1, sizeof(*t));

	if (t && srctext_dirs_set(t, "", NULL)) {
		free(t);
		return NULL;
	}
	return t;
}

void srctext_destroy(struct srctext *t)
{
	if (!t)
		return;
	srcfiles_forget(t);
	srctext_subst_drop(t, NULL, NULL);
	free(t->slot);
	free(t->subst);
	free(t->dirs);
	free(t);
}

int srctext_open(struct srctext *t, const char *name, const char *comp_dir, struct srcfile **ret,
		 struct err *err)
{
	struct srcslot *s = slot_find(t, name, comp_dir);
	struct srcfile f = { 0 };
	int rc;

	if (s && is_fresh(&s->file)) {
		*ret = &s->file;
		return 0;
	}
	if (s)
		slot_drop(t, s);
	rc = file_read(t, name, comp_dir, &f, err);
	return rc ?: slot_add(t, name, comp_dir, &f, ret, err);
}

/* ---- one line -------------------------------------------------------------------------------- */

/* Bytes of the UTF-8 character at p, 0 if it is none that may be shown (RFC 3629; the controls
 * U+0080 to U+009F are none either). */
static size_t utf8_length(const u8 *p, size_t n)
{
	size_t len = p[0] >= 0xc2 && p[0] < 0xe0 ? 2 : (p[0] & 0xf0) == 0xe0 ? 3
		     : p[0] >= 0xf0 && p[0] < 0xf5 ? 4 : 0;

	if (!len || len > n)
		return 0;
	for (size_t i = 1; i < len; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	if ((p[0] == 0xc2 && p[1] < 0xa0) || (p[0] == 0xe0 && p[1] < 0xa0) ||
	    (p[0] == 0xed && p[1] > 0x9f) || (p[0] == 0xf0 && p[1] < 0x90) ||
	    (p[0] == 0xf4 && p[1] > 0x8f))
		return 0;
	return len;
}

static size_t char_show(const u8 *p, size_t n, struct strbuf *out)
{
	size_t len = p[0] < 0x80 ? 1 : utf8_length(p, n);

	if (len && p[0] >= 0x20 && p[0] != 0x7f)
		strbuf_addn(out, p, len);
	else if (p[0] == '\t')
		strbuf_addc(out, '\t');
	else if (len)
		strbuf_addf(out, "^%c", p[0] ^ 0x40);
	else
		strbuf_addf(out, "\\%03o", p[0]);
	return len ?: 1;
}

bool srcfile_line(const struct srcfile *f, u32 n, struct strbuf *out)
{
	size_t at, end, shown;

	if (!n || n > f->n_lines)
		return false;
	at = f->line_at[n - 1];
	end = f->line_at[n];
	if (end > at && f->text[end - 1] == '\n')
		end--;
	if (end > at && f->text[end - 1] == '\r')
		end--;
	shown = end - at > SRC_LINE_SHOWN ? at + SRC_LINE_SHOWN : end;
	while (at < shown)
		at += char_show((const u8 *)f->text + at, end - at, out);
	if (at < end)
		strbuf_addf(out, "... (%zu bytes more)", end - at);
	return true;
}
