/*
 * questions.h - what elf.c and dwarf.c do with a file: questions about symbols, lines, functions and
 * names, so that a damaged file is read where it would be in a session.
 */
#ifndef FUZZ_QUESTIONS_H
#define FUZZ_QUESTIONS_H

#include "symbols.h"

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

static void fuzz_sources(struct symbols *s)
{
	u64 at = fuzz_code(s);

	for (u64 i = 0; i < 64; i++)
		fuzz_address(s, at + i * 13);
	fuzz_names(s);
	fuzz_places(s);
}

static inline void fuzz_symbols(const u8 *data, size_t size)
{
	struct symbols *s = fuzz_load(data, size);
	struct err err;

	if (!s)
		return;
	fuzz_sources(s);
	source_trouble(s, 0, &err);
	symbols_destroy(s);
}

#endif
