/* srctext.c - source files: the search, substitutions, reading again, hostile text. */
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <vmstep/srctext.h>
#include "tap.h"

static char top[] = "/tmp/vmstep-srctext-XXXXXX";
static struct srctext *t;

static void put(const char *name, const void *text, size_t n)
{
	char path[200];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", top, name);
	f = fopen(path, "w");
	if (!f || fwrite(text, 1, n, f) != n || fclose(f))
		tap_ok(false, "%s is written", path);
}
#define PUT(name, text) put(name, text, sizeof(text) - 1)

/* The line as shown, or "-", or what was wrong. */
static const char *line(const char *name, const char *dir, u32 n)
{
	static char text[5000];
	struct srcfile *f;
	struct strbuf b;
	struct err err = { 0 };

	if (srctext_open(t, name, dir, &f, &err)) {
		snprintf(text, sizeof(text), "%s", err.text);
		return text;
	}
	strbuf_init(&b);
	snprintf(text, sizeof(text), "%s", srcfile_line(f, n, &b) ? strbuf_str(&b) : "-");
	strbuf_deinit(&b);
	return text;
}

static const char *in(const char *dir)
{
	static char path[200];

	snprintf(path, sizeof(path), "%s/%s", top, dir);
	return path;
}

static void lines(void)
{
	PUT("a/x.c", "one\n\ttwo\r\n\nfour");
	tap_str(line("x.c", in("a"), 1), "one", "the compilation directory is searched");
	tap_str(line("x.c", in("a"), 2), "\ttwo", "tabs stay, CR LF ends a line");
	tap_str(line("x.c", in("a"), 3), "", "an empty line");
	tap_str(line("x.c", in("a"), 4), "four", "a last line without newline");
	tap_str(line("x.c", in("a"), 5), "-", "no line behind the last");
	tap_str(line("x.c", in("a"), 0), "-", "no line 0");
	PUT("a/empty.c", "");
	tap_str(line("empty.c", in("a"), 1), "-", "an empty file has no line");
}

static void search(void)
{
	char abs[200];

	PUT("b/y.c", "b's y\n");
	tap_str(line("y.c", in("a"), 1), "y.c: No such file or directory", "what is nowhere");
	srctext_dirs_add(t, in("b"), NULL);
	tap_str(line("y.c", in("a"), 1), "b's y", "directory DIR adds to the search");
	tap_str(line("gone/deep/y.c", "/nowhere", 1), "b's y", "the last name alone, at the end");
	tap_ok(strstr(srctext_dirs(t), ":$cdir:$cwd") != NULL, "the default stays behind it");
	srctext_dirs_set(t, "", NULL);
	tap_str(srctext_dirs(t), "$cdir:$cwd", "the default again");
	tap_str(line("y.c", NULL, 1), "y.c: No such file or directory", "forgotten with its directory");
	snprintf(abs, sizeof(abs), "%s/b/y.c", top);
	tap_str(line(abs, "/nowhere", 1), "b's y", "an absolute name");
}

static void substitutions(void)
{
	const char *from, *to;

	srctext_subst_add(t, "/build/", in("b"), NULL);
	tap_str(line("/build/y.c", NULL, 1), "b's y", "an absolute name is substituted");
	tap_str(line("y.c", "/build", 1), "b's y", "and a compilation directory");
	tap_str(line("/buildings/y.c", NULL, 1), "/buildings/y.c: No such file or directory",
		"whole names only");
	srctext_subst_add(t, "/build", "/nowhere", NULL);
	tap_ok(srctext_subst_at(t, 0, &from, &to) && !strcmp(to, "/nowhere"), "a rule is replaced");
	tap_ok(!srctext_subst_at(t, 1, &from, &to), "and not doubled");
	tap_eq(srctext_subst_drop(t, "/build", NULL), 0, "a rule is dropped");
	tap_eq(srctext_subst_drop(t, "/build", NULL), (u64)-ENOENT, "once");
}

static void changes(void)
{
	PUT("a/z.c", "old\n");
	tap_str(line("z.c", in("a"), 1), "old", "before the change");
	unlink(in("a/z.c"));
	PUT("a/z.c", "newer text\n");
	tap_str(line("z.c", in("a"), 1), "newer text", "a changed file is read again");
	unlink(in("a/z.c"));
	tap_str(line("z.c", in("a"), 1), "z.c: No such file or directory", "a file that went");
}

static void hostile(void)
{
	static char big[100000];

	PUT("a/bin.c", "a\0b\x1b[31m\x7f\xff\xc2\x9b\xc3\xa4\n");
	tap_str(line("bin.c", in("a"), 1), "a^@b^[[31m^?\\377\\302\\233\xc3\xa4",
		"controls are shown, UTF-8 stays");
	memset(big, 'x', sizeof(big));
	put("a/big.c", big, sizeof(big));
	line("big.c", in("a"), 1);
	tap_ok(strlen(line("big.c", in("a"), 1)) < 2100, "a gigantic line is cut");
	tap_ok(strstr(line("big.c", in("a"), 1), "(98000 bytes more)") != NULL, "and says so");
	mkdir(in("a/dir.c"), 0700);
	tap_str(line("dir.c", in("a"), 1), "dir.c: Is a directory", "a directory");
	mkfifo(in("a/fifo.c"), 0600);
	tap_str(line("fifo.c", in("a"), 1), "fifo.c: this is no regular file", "a pipe does not hang");
	PUT("a/huge.c", "x");
	tap_eq(truncate(in("a/huge.c"), (off_t)SRC_FILE_MAX + 1), 0, "a sparse file of 64 MB");
	tap_ok(strstr(line("huge.c", in("a"), 1), "is not read as source") != NULL,
	       "is refused with a sentence");
}

int main(void)
{
	char cmd[300];

	if (!mkdtemp(top) || !(t = srctext_create()))
		return 1;
	mkdir(in("a"), 0700);
	mkdir(in("b"), 0700);
	lines();
	search();
	substitutions();
	changes();
	hostile();
	srctext_destroy(t);
	snprintf(cmd, sizeof(cmd), "rm -r %s", top);
	return system(cmd) ? 1 : tap_done();
}
