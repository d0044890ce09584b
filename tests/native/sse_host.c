/* sse_host.c - what of MMX and SSE this processor lacks. */
#include <cpuid.h>

#include "sse_forms.h"

/* Once: CPUID takes long inside a VM. */
static u32 host_ecx(void)
{
	static u32 a, b, c, d;

	if (!a)
		__get_cpuid(1, &a, &b, &c, &d);
	return c;
}

const char *sse_form_missing(const struct form *f)
{
	static const struct {
		u8 set, bit;
	} needs[] = { { SSE_3, 0 }, { SSSE_3, 9 }, { SSE_41, 19 }, { SSE_42, 20 } };

	for (unsigned i = 0; i < ARRAY_SIZE(needs); i++)
		if (sse_form_set(f) == needs[i].set && !(host_ecx() & BIT(needs[i].bit)))
			return "its CPUID does not show it";
	return NULL;
}
