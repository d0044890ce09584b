/*
 * symbols.h - what both symbol fuzzers do with a file: every question src/symbols/ answers, so that a
 * damaged file is read everywhere it would be in a session.
 */
#ifndef FUZZ_SYMBOLS_H
#define FUZZ_SYMBOLS_H

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <stdio.h>
#include <vmstep/source.h>

/*
 * libdwarf asks for the memory that a damaged count names and lives with getting none. It keeps what a
 * damaged table made it allocate until the file is closed, some of it for good.
 */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "allocator_may_return_null=1:detect_leaks=0";
}

static bool fuzz_area(void *arg, const struct symbol_area *a)
{
	u64 *first = arg;

	if (a->code && !*first)
		*first = a->start;
	return true;
}

static bool fuzz_file(void *arg, const struct source_file *f)
{
	return ++*(unsigned *)arg < 1000;
}

static bool fuzz_name(void *arg, const struct source_name *n)
{
	return ++*(unsigned *)arg < 300;
}

static void fuzz_address(struct symbols *s, u64 at)
{
	struct source_function f[8];
	struct source_line line;
	char text[100];

	symbols_at(s, at);
	source_line_at(s, at, &line);
	source_format(s, at, text, sizeof(text));
	source_function_at(s, at, f);
	source_inlines_at(s, at, f, 8);
	source_skip_prologue(s, at);
}

static void fuzz_names(struct symbols *s)
{
	static const char *const name[] = { "main", "add", "scale", "nosuch" };
	unsigned n = 0;

	for (size_t i = 0; i < ARRAY_SIZE(name); i++) {
		struct source_function *f;
		size_t found;

		symbols_find(s, name[i]);
		if (!source_functions(s, NULL, name[i], &f, &found, NULL))
			free(f);
	}
	source_files_each(s, fuzz_file, &n);
	for (int kind = SOURCE_FUNCTION; kind <= SOURCE_TYPE; kind++) {
		n = 0;
		source_names_each(s, kind, "", true, fuzz_name, &n);
	}
}

static void fuzz_places(struct symbols *s)
{
	static const u32 line[] = { 1, 20, 60, 5000 };

	for (size_t i = 0; i < ARRAY_SIZE(line); i++) {
		struct source_place *p;
		size_t n;

		if (!source_lines(s, "flow.c", line[i], &p, &n, NULL))
			free(p);
	}
}

static void fuzz_symbols(const u8 *data, size_t size)
{
	int fd = memfd_create("fuzz", MFD_CLOEXEC);
	struct symbols *s = NULL;
	struct err err;
	u64 at = 0;
	char path[64];

	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		exit(2);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (!symbols_load(path, 0, &s, &err)) {
		symbols_areas(s, 0, fuzz_area, &at);
		for (u64 i = 0; i < 64; i++)
			fuzz_address(s, at + i * 13);
		fuzz_names(s);
		fuzz_places(s);
		source_trouble(s, 0, &err);
		symbols_destroy(s);
	}
	close(fd);
}

#endif
