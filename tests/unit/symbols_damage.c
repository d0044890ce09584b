/*
 * symbols_damage.c - the debug information of small programs, damaged section by section: cut short at many
 * places, one byte another. Every question about it is asked; no answer matters but that there is one. By the
 * bits of a file's own sections, the same in each run; `symbols_damage all` cuts and turns every byte.
 */
#include <elf.h>
#include <sys/wait.h>
#include <vmstep/cfi.h>
#include "../fuzz/questions.h"
#include "../fuzz/type_questions.h"
#include "tap.h"

enum { FILE_MAX = 1 << 16, CUTS = 8, TURNS = 24 };

/* Where a child is, for the sentence when it dies there. */
struct progress {
	u64 place, done;
	u8 with; /* 0: cut there */
};

static struct {
	u8 bytes[FILE_MAX], copy[FILE_MAX];
	size_t n;
	bool all;
	struct progress *progress;
} t;

struct section {
	const char *name;
	u64 offset, size, header; /* of its size field in the file */
	unsigned size_bytes;
};

static bool section_get(unsigned i, struct section *ret)
{
	const Elf64_Ehdr *e64 = (const Elf64_Ehdr *)t.bytes;
	const Elf32_Ehdr *e32 = (const Elf32_Ehdr *)t.bytes;

	if (t.bytes[EI_CLASS] == ELFCLASS64) {
		const Elf64_Shdr *sh = (const Elf64_Shdr *)(t.bytes + e64->e_shoff);

		if (i >= e64->e_shnum)
			return false;
		*ret = (struct section){
			(const char *)t.bytes + sh[e64->e_shstrndx].sh_offset + sh[i].sh_name, sh[i].sh_offset, sh[i].sh_size,
			(const u8 *)&sh[i].sh_size - t.bytes, 8
		};
	} else {
		const Elf32_Shdr *sh = (const Elf32_Shdr *)(t.bytes + e32->e_shoff);

		if (i >= e32->e_shnum)
			return false;
		*ret = (struct section){
			(const char *)t.bytes + sh[e32->e_shstrndx].sh_offset + sh[i].sh_name, sh[i].sh_offset, sh[i].sh_size,
			(const u8 *)&sh[i].sh_size - t.bytes, 4
		};
	}
	return true;
}

static void ask(void)
{
	struct symbols *s = fuzz_load(t.copy, t.n);
	struct cfi_row row;
	struct err err;

	if (s) {
		fuzz_sources(s);
		fuzz_types(s);
		for (u64 at = fuzz_code(s), i = 0; i < 200; i++)
			cfi_at(s, at + i, &row, NULL);
		source_trouble(s, 0, &err);
		while (source_trouble_new(s, &err))
			;
	}
	symbols_destroy(s);
	t.progress->done++;
}

static void cut(const struct section *s, u64 to)
{
	*t.progress = (struct progress){ to, t.progress->done, 0 };
	memcpy(t.copy, t.bytes, t.n);
	memcpy(t.copy + s->header, &to, s->size_bytes);
	ask();
}

static void turn(const struct section *s, u64 at, u8 with)
{
	*t.progress = (struct progress){ at, t.progress->done, with };
	memcpy(t.copy, t.bytes, t.n);
	t.copy[s->offset + at] ^= with;
	ask();
}

static void sweep(const struct section *s)
{
	static const u8 with[] = { 0x01, 0x80, 0xff, 0x7f };
	const u64 cuts = t.all || s->size < CUTS ? s->size : CUTS;
	const u64 turns = t.all || s->size < TURNS ? s->size : TURNS;

	for (u64 i = 0; i < cuts; i++)
		cut(s, s->size * i / cuts);
	for (u64 i = 0; i < turns; i++)
		for (u64 k = 0; k < (t.all ? ARRAY_SIZE(with) : 1); k++)
			turn(s, s->size * i / turns, with[(i + k) % ARRAY_SIZE(with)]);
}

/* In a process of its own: it may die. */
static void sweep_section(const char *file, const struct section *s)
{
	int status = -1;
	pid_t pid;

	*t.progress = (struct progress){ 0 };
	fflush(stdout);
	pid = fork();
	if (!pid) {
		sweep(s);
		_exit(0);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		status = -1;
	if (status)
		tap_ok(false, "%s %s: got status %d at byte %llu, %s %#x; wanted 0", file, s->name, status,
		       (unsigned long long)t.progress->place, t.progress->with ? "turned by" : "cut there,", t.progress->with);
	else
		tap_ok(t.progress->done, "%s %s: damaged %llu times", file, s->name, (unsigned long long)t.progress->done);
}

static void sweep_file(const char *path)
{
	FILE *f = fopen(path, "rb");
	struct section s;

	t.n = f ? fread(t.bytes, 1, FILE_MAX, f) : 0;
	if (f)
		fclose(f);
	if (!tap_ok(t.n > sizeof(Elf64_Ehdr) && t.n < FILE_MAX, "%s can be read", path))
		return;
	for (unsigned i = 1; section_get(i, &s); i++)
		if (s.size && (!strncmp(s.name, ".debug_", 7) || !strcmp(s.name, ".eh_frame") || !strcmp(s.name, ".symtab") ||
			       !strcmp(s.name, ".strtab")))
			sweep_section(strrchr(path, '/') + 1, &s);
}

int main(int argc, char **argv)
{
	static const char *const file[] = {
		"tests/fuzz/corpus/types/clang5", "tests/fuzz/corpus/types/gcc3", "tests/fuzz/corpus/types/gcc5",
		"tests/fuzz/corpus/types/rel64", "tests/fuzz/corpus/elf/clang32", "tests/fuzz/corpus/elf/compressed",
		"tests/fuzz/corpus/elf/gcc64",
	};

	t.all = argc > 1 && !strcmp(argv[1], "all");
	t.progress = mmap(NULL, sizeof(*t.progress), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	for (size_t i = 0; i < ARRAY_SIZE(file) && t.progress != MAP_FAILED; i++)
		sweep_file(file[i]);
	return tap_done();
}
