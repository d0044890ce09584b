/*
 * integer.c - the integer extensions, and of the first set what computes. ADCX and the like have their
 * flags compared whole; what the SDM leaves undefined is in tests/diff/undefined.c.
 */
#include <cpuid.h>

#include "native.h"

enum { ALU = FORM_W | FORM_66, BMI = FORM_VEX | FORM_W };

static const struct form forms[] = {
	{ .name = "popcnt", 0xf3, MAP_0F, 0xb8, -1, ALU },
	{ .name = "lzcnt", 0xf3, MAP_0F, 0xbd, -1, ALU },
	{ .name = "tzcnt", 0xf3, MAP_0F, 0xbc, -1, ALU },
	{ .name = "adcx", 0x66, MAP_0F38, 0xf6, -1, FORM_W },
	{ .name = "adox", 0xf3, MAP_0F38, 0xf6, -1, FORM_W },
	{ .name = "movbe load", 0, MAP_0F38, 0xf0, -1, ALU | FORM_MEM },
	{ .name = "movbe store", 0, MAP_0F38, 0xf1, -1, ALU | FORM_MEM },
	{ .name = "crc32 of a byte", 0xf2, MAP_0F38, 0xf0, -1, FORM_W },
	{ .name = "crc32", 0xf2, MAP_0F38, 0xf1, -1, ALU },
	{ .name = "andn", 0, MAP_0F38, 0xf2, -1, BMI },
	{ .name = "blsr", 0, MAP_0F38, 0xf3, 1, BMI },
	{ .name = "blsmsk", 0, MAP_0F38, 0xf3, 2, BMI },
	{ .name = "blsi", 0, MAP_0F38, 0xf3, 3, BMI },
	{ .name = "bzhi", 0, MAP_0F38, 0xf5, -1, BMI },
	{ .name = "pext", 0xf3, MAP_0F38, 0xf5, -1, BMI },
	{ .name = "pdep", 0xf2, MAP_0F38, 0xf5, -1, BMI },
	{ .name = "mulx", 0xf2, MAP_0F38, 0xf6, -1, BMI },
	{ .name = "bextr", 0, MAP_0F38, 0xf7, -1, BMI },
	{ .name = "shlx", 0x66, MAP_0F38, 0xf7, -1, BMI },
	{ .name = "sarx", 0xf3, MAP_0F38, 0xf7, -1, BMI },
	{ .name = "shrx", 0xf2, MAP_0F38, 0xf7, -1, BMI },
	{ .name = "rorx", 0xf2, MAP_0F3A, 0xf0, -1, BMI | FORM_NO_V | FORM_IMM8 },
	{ .name = "rorx with vvvv", 0xf2, MAP_0F3A, 0xf0, -1, BMI | FORM_IMM8 },
	{ .name = "clflush", 0, MAP_0F, 0xae, 7, FORM_MEM },
	{ .name = "clflushopt", 0x66, MAP_0F, 0xae, 7, FORM_MEM },
	{ .name = "clwb", 0x66, MAP_0F, 0xae, 6, FORM_MEM },
	{ .name = "prefetch", 0, MAP_0F, 0x18, 1, FORM_MEM },
	{ .name = "prefetchw", 0, MAP_0F, 0x0d, 1, FORM_MEM },
	{ .name = "cmpxchg8b, cmpxchg16b", 0, MAP_0F, 0xc7, 1, FORM_MEM | FORM_W, 16 },
	{ .name = "stac", 0, MAP_0F, 0x01, 1, FORM_REG, 0, 8 | 3 },
	{ .name = "clac", 0, MAP_0F, 0x01, 1, FORM_REG, 0, 8 | 2 },
	{ .name = "invpcid", 0x66, MAP_0F38, 0x82, -1, FORM_MEM },
	{ .name = "add", 0, MAP_ONE, 0x03, -1, ALU },
	{ .name = "adc", 0, MAP_ONE, 0x13, -1, ALU },
	{ .name = "sbb to memory", 0, MAP_ONE, 0x19, -1, ALU },
	{ .name = "cmp", 0, MAP_ONE, 0x3b, -1, ALU },
	{ .name = "imul", 0, MAP_0F, 0xaf, -1, ALU },
	{ .name = "mul", 0, MAP_ONE, 0xf7, 4, ALU },
	{ .name = "div", 0, MAP_ONE, 0xf7, 6, ALU },
	{ .name = "idiv", 0, MAP_ONE, 0xf7, 7, ALU },
	{ .name = "shl by an immediate", 0, MAP_ONE, 0xc1, 4, ALU | FORM_IMM8 },
	{ .name = "sar by cl", 0, MAP_ONE, 0xd3, 7, ALU },
	{ .name = "rcl by cl", 0, MAP_ONE, 0xd3, 2, ALU },
	{ .name = "rcr by an immediate", 0, MAP_ONE, 0xc1, 3, ALU | FORM_IMM8 },
	{ .name = "shrd", 0, MAP_0F, 0xac, -1, ALU | FORM_IMM8 },
	{ .name = "bt", 0, MAP_0F, 0xba, 4, ALU | FORM_IMM8 },
	{ .name = "bsf", 0, MAP_0F, 0xbc, -1, ALU },
	{ .name = "cmovbe", 0, MAP_0F, 0x46, -1, ALU },
	{ .name = "setle", 0, MAP_0F, 0x9e, 0, FORM_W },
	{ .name = "movsx", 0, MAP_0F, 0xbe, -1, ALU },
	{ .name = "xadd", 0, MAP_0F, 0xc1, -1, ALU },
	{ .name = "cmpxchg", 0, MAP_0F, 0xb1, -1, ALU },
	{ .name = "lea", 0, MAP_ONE, 0x8d, -1, ALU | FORM_MEM },
	{ .name = "daa is none here", 0, MAP_ONE, 0x27, -1, FORM_NO_MODRM },
};

/* What has a bit in leaf 7's EBX or leaf 1's ECX of the host's CPUID. */
static const struct {
	u8 first, last; /* of the table above */
	bool leaf7;
	u8 bit;
} needs[] = {
	{ 0, 0, false, 23 },   { 3, 4, true, 19 },    { 5, 6, false, 22 }, { 7, 8, false, 20 },
	{ 9, 12, true, 3 },    { 13, 16, true, 8 },   { 17, 17, true, 3 }, { 18, 22, true, 8 },
	{ 24, 24, true, 23 },  { 25, 25, true, 24 },
};

static const char *missing(const struct form *f)
{
	unsigned n = f - forms, a, b = 0, c = 0, d;

	for (unsigned i = 0; i < ARRAY_SIZE(needs); i++) {
		if (n < needs[i].first || n > needs[i].last)
			continue;
		if (!__get_cpuid_count(needs[i].leaf7 ? 7 : 1, 0, &a, &b, &c, &d) ||
		    !((needs[i].leaf7 ? b : c) & BIT(needs[i].bit)))
			return "its CPUID does not show it";
	}
	return NULL;
}

/* Quotients that fit, comparisons that hold: now and then. */
static void prepare(u64 *seed, const struct form *f, struct native_case *c)
{
	if (f->opcode == 0xf7 && f->map == MAP_ONE && f->ext >= 6 && !one_in(seed, 4))
		c->before.gpr[GPR_RDX] = f->ext == 7 && c->before.gpr[GPR_RAX] >> 63 ? ~0ull : 0;
}

const struct native_family integer_family = { "integer", forms, ARRAY_SIZE(forms), prepare, NULL, missing };
