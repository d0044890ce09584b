/*
 * dwarf.c - fuzz target: damage in the debug sections only, in a file whose ELF part is sound: the
 * input is laid over the sections .debug_* of a good file, byte by byte (0: left as it is, else
 * xored). So most inputs get past the ELF reader.
 */
#include <elf.h>
#include "questions.h"

static u8 *good;
static size_t n_good;

/* The good file, from FUZZ_BASE or the corpus. */
static void read_good(void)
{
	const char *path = getenv("FUZZ_BASE");
	FILE *f = fopen(path ? path : "tests/fuzz/corpus/elf/gcc64", "rb");

	good = malloc(1 << 20);
	n_good = f && good ? fread(good, 1, 1 << 20, f) : 0;
	if (n_good < sizeof(Elf64_Ehdr)) {
		fprintf(stderr, "dwarf: FUZZ_BASE must name a 64-bit ELF file\n");
		exit(2);
	}
	fclose(f);
}

/* Calls with each debug section's place in the copy until the input is used up. */
static void damage(u8 *copy, const u8 *data, size_t size)
{
	const Elf64_Ehdr *eh = (const Elf64_Ehdr *)good;
	const Elf64_Shdr *sh = (const Elf64_Shdr *)(good + eh->e_shoff);
	const char *names = (const char *)good + sh[eh->e_shstrndx].sh_offset;

	for (int i = 1; i < eh->e_shnum && size; i++) {
		if (strncmp(names + sh[i].sh_name, ".debug", 6))
			continue;
		for (u64 j = 0; j < sh[i].sh_size && size; j++, data++, size--)
			copy[sh[i].sh_offset + j] ^= *data;
	}
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);
int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	u8 *copy;

	if (!good)
		read_good();
	copy = malloc(n_good);
	if (!copy)
		return 0;
	memcpy(copy, good, n_good);
	damage(copy, data, size);
	fuzz_symbols(copy, n_good);
	free(copy);
	return 0;
}
