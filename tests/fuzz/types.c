/*
 * types.c - fuzz target: damage anywhere in an ELF file, and then every question about its types,
 * variables, their places, calls and macros. The corpus is one small program with some of each.
 */
#include "type_questions.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);
int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct symbols *s = fuzz_load(data, size);

	if (s)
		fuzz_types(s);
	symbols_destroy(s);
	return 0;
}
