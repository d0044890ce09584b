/*
 * symbols.h - what the fuzzers of symbols have in common: a file from memory, and the allocator's rules.
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

/* The file in memory, closed again; NULL: it is no ELF file any more. */
static struct symbols *fuzz_load(const u8 *data, size_t size)
{
	int fd = memfd_create("fuzz", MFD_CLOEXEC);
	struct symbols *s = NULL;
	char path[64];

	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		exit(2);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (symbols_load(path, 0, &s, NULL))
		s = NULL;
	close(fd);
	return s;
}

/* Where its code begins. */
static u64 fuzz_code(struct symbols *s)
{
	u64 at = 0;

	symbols_areas(s, 0, fuzz_area, &at);
	return at;
}

#endif
