/* lesson_store.c - where lessons come from: the program itself, which carries src/teach/lessons/,
 * or a file. */
#include <errno.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>
#include "lesson.h"

enum { FILE_MAX = 1 << 20 };

extern const char lessons_text[], lessons_text_end[];
__asm__(".pushsection .rodata\n"
	".globl lessons_text\n"
	"lessons_text: .incbin \"" LESSONS "\"\n"
	".globl lessons_text_end\n"
	"lessons_text_end: .byte 0\n"
	".popsection\n");

/* The first line at or behind `p` that begins a lesson, or the end. */
static const char *lesson_start(const char *p)
{
	static const char word[] = "lesson ";

	while (p < lessons_text_end) {
		const char *nl;

		if (!strncmp(p, word, sizeof(word) - 1))
			return p;
		nl = memchr(p, '\n', lessons_text_end - p);
		if (!nl)
			break;
		p = nl + 1;
	}
	return lessons_text_end;
}

int lesson_builtin(size_t i, struct lesson **ret, struct err *err)
{
	const char *p = lesson_start(lessons_text), *next;

	for (;; p = next) {
		if (p == lessons_text_end)
			return -ENOENT;
		next = lesson_start(p + 1);
		if (!i--)
			return lesson_parse(p, next - p, "lesson", ret, err);
	}
}

static int lesson_file(const char *path, struct lesson **ret, struct err *err)
{
	FILE *f = fopen(path, "re");
	char *text = malloc(FILE_MAX);
	size_t n = 0;
	int r = 0;

	if (f && text)
		n = fread(text, 1, FILE_MAX, f);
	if (!f || !text || ferror(f))
		r = err_set(err, errno ? errno : ENOMEM, "%s: cannot read this lesson: %s", path,
			    strerror(errno));
	else if (n == FILE_MAX)
		r = err_set(err, EFBIG, "%s: this is no lesson: it has more than a megabyte", path);
	else
		r = lesson_parse(text, n, path, ret, err);
	if (f)
		fclose(f);
	free(text);
	return r;
}

static bool is_path(const char *name)
{
	const size_t n = strlen(name);

	return strchr(name, '/') || (n > 7 && !strcmp(name + n - 7, ".lesson"));
}

int lesson_find(const char *name, struct lesson **ret, struct err *err)
{
	int r;

	if (is_path(name))
		return lesson_file(name, ret, err);
	for (size_t i = 0;; i++) {
		struct lesson *l;

		r = lesson_builtin(i, &l, err);
		if (r == -ENOENT)
			return err_set(err, ENOENT,
				       "there is no lesson \"%s\", vmstep lesson lists them", name);
		if (r)
			return r;
		if (!strcmp(l->name, name)) {
			*ret = l;
			return 0;
		}
		lesson_destroy(l);
	}
}
