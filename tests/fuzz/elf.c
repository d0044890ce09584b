/*
 * elf.c - fuzz target: damage anywhere in an ELF file, headers first. The
 * corpus is one small program: by gcc and by clang, in both widths, with compressed sections.
 */
#include "questions.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);
int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	fuzz_symbols(data, size);
	return 0;
}
