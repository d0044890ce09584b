/*
 * srctext.h - the text of source files: where they lie on this machine, and their lines.
 *
 * Implemented by src/debug/srcpath.c (where to look) and srcfile.c (what was read), used by debug/
 * and cli/. What debug information says of a file (include/vmstep/source.h) is only a name and the
 * directory it was compiled in; the file itself may be gone, moved, newer, or no text at all, and
 * none of that is more than a sentence.
 */
#ifndef VMSTEP_SRCTEXT_H
#define VMSTEP_SRCTEXT_H

#include <sys/types.h>
#include <time.h>
#include <vmstep/err.h>
#include <vmstep/strbuf.h>

enum {
	SRC_FILE_MAX = 64 << 20,  /* a larger file is refused */
	SRC_CACHE_MAX = 256 << 20, /* bytes of text kept in all */
	SRC_LINE_SHOWN = 2000,    /* bytes of one line that are shown */
};

struct srctext; /* the search path, the substitutions and the files read so far */
struct srctext *srctext_create(void); /* NULL without memory */
void srctext_destroy(struct srctext *t);

/* ---- where to look (srcpath.c) ------------------------------------------------------------------- */

/* Directories, colon-separated, put before those there are; "$cdir" is where the file was compiled,
 * "$cwd" the working directory, both last by default. */
int srctext_dirs_add(struct srctext *t, const char *dirs, struct err *err);
/* Exactly these, followed by $cdir and $cwd where they are not named; "" for the default. */
int srctext_dirs_set(struct srctext *t, const char *dirs, struct err *err);
const char *srctext_dirs(const struct srctext *t);
/* Names that begin with the directory `from` begin with `to` instead; the newest rule of a `from` holds. */
int srctext_subst_add(struct srctext *t, const char *from, const char *to, struct err *err);
/* NULL: all of them. -ENOENT when there is no such rule. */
int srctext_subst_drop(struct srctext *t, const char *from, struct err *err);
/* Rule number i; false behind the last. */
bool srctext_subst_at(const struct srctext *t, size_t i, const char **ret_from, const char **ret_to);

/* ---- a file (srcfile.c) -------------------------------------------------------------------------- */

struct srcfile {
	char *path;   /* where it was found */
	char *text;   /* `size` bytes as they stand in the file, not terminated */
	size_t size;
	u32 *line_at; /* n_lines + 1 offsets: the start of each line, and the end */
	u32 n_lines;
	struct timespec mtime;
	ino_t inode;
	bool told_newer; /* the user was told that it is newer than the program */
};
/*
 * The file that debug information calls `name` (compiled in `comp_dir`, which may be NULL). Read
 * again when it changed on disk. Valid until the next call. -ENOENT: "NAME: No such file or
 * directory"; other errors say what the file is that it cannot be shown.
 */
int srctext_open(struct srctext *t, const char *name, const char *comp_dir, struct srcfile **ret,
		 struct err *err);
/*
 * Line `n` (from 1) without its newline, made fit for a terminal: tabs stay, other control
 * characters become ^X, bytes that are no UTF-8 become \ooo, and what is beyond SRC_LINE_SHOWN bytes
 * is cut with a remark. False if there is no such line.
 */
bool srcfile_line(const struct srcfile *f, u32 n, struct strbuf *out);

#endif
