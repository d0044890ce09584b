/* expr_type.c - types in expressions: their names, and gdb's types of registers. */
#include <string.h>
#include "parser.h"

/* clang-format off */
#define TYPE(n, bytes, sign) { n, { .size = bytes, .is_signed = sign } }
static const struct {
	const char *name;
	struct type type;
} named_types[] = {
	TYPE("u8", 1, false), TYPE("u16", 2, false), TYPE("u32", 4, false),
	TYPE("u64", 8, false), TYPE("s8", 1, true), TYPE("s16", 2, true), TYPE("s32", 4, true),
	TYPE("s64", 8, true), TYPE("uint8_t", 1, false), TYPE("uint16_t", 2, false),
	TYPE("uint32_t", 4, false), TYPE("uint64_t", 8, false), TYPE("int8_t", 1, true),
	TYPE("int16_t", 2, true), TYPE("int32_t", 4, true), TYPE("int64_t", 8, true),
	TYPE("size_t", 8, false), TYPE("uintptr_t", 8, false), TYPE("bool", 1, false),
	{ "void", { .is_void = true } },
};
#undef TYPE
/* clang-format on */

static bool take_word(struct parser *ps, const char *word)
{
	if (!parser_word_is(ps->p, word))
		return false;
	ps->p += strlen(word);
	parser_blanks(ps);
	return true;
}

/* unsigned, long, long long, short int, unsigned char, ... in any order C allows. */
static bool parse_c_type(struct parser *ps, struct type *ret)
{
	unsigned longs = 0, n = 0;
	bool is_unsigned = false, is_short = false, is_char = false;

	for (;; n++) {
		if (take_word(ps, "unsigned"))
			is_unsigned = true;
		else if (take_word(ps, "long"))
			longs++;
		else if (take_word(ps, "short"))
			is_short = true;
		else if (take_word(ps, "char"))
			is_char = true;
		else if (!take_word(ps, "signed") && !take_word(ps, "int"))
			break;
	}
	*ret = (struct type){ .size = is_char    ? 1
				      : is_short ? 2
				      : longs    ? 8
						 : 4,
			      .is_signed = !is_unsigned };
	return n;
}

static bool parse_base_type(struct parser *ps, struct type *ret)
{
	for (size_t i = 0; i < ARRAY_SIZE(named_types); i++)
		if (take_word(ps, named_types[i].name)) {
			*ret = named_types[i].type;
			return true;
		}
	return parse_c_type(ps, ret);
}

bool type_parse(struct parser *ps, struct type *ret)
{
	const char *start = ps->p;

	parser_blanks(ps);
	if (!parse_base_type(ps, ret)) {
		ps->p = start;
		return false;
	}
	while (*ps->p == '*' && ret->depth < 8) {
		ret->depth++;
		ps->p++;
		parser_blanks(ps);
	}
	if (ret->depth)
		ret->is_void = false;
	return true;
}

struct type type_of_register(const struct reg_desc *r)
{
	struct type t = { .size = r->size };
	const char *n = r->name;
	size_t len = strlen(n);

	if (r->kind == REGK_RIP || !strcmp(n, "rsp") || !strcmp(n, "rbp") || !strcmp(n, "sp") ||
	    !strcmp(n, "fp"))
		return (struct type){ .depth = 1 };
	t.is_signed = r->kind == REGK_GPR || r->kind == REGK_SEG ||
		      (r->kind == REGK_SUB && strcmp(n, "eip") && strcmp(n, "ip") && len <= 4);
	return t;
}
