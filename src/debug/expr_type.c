/* expr_type.c - types in expressions: their names, and gdb's types of registers. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "eval.h"
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

/* Whether the guest's long and pointers have 4 bytes: its debug information says so. */
static bool is_narrow(const struct parser *ps)
{
	return ps->s && ctype_pointer_size(session_symbols(ps->s)) == 4;
}

static const struct ctype *c_type(char kind, unsigned longs, bool is_unsigned, bool is_signed,
				  bool narrow)
{
	switch (kind) {
	case 'c':
		return ctype_builtin(is_unsigned ? "unsigned char" : is_signed ? "signed char" : "char");
	case 's':
		return ctype_builtin(is_unsigned ? "unsigned short" : "short");
	case 'i':
		return ctype_builtin(is_unsigned ? "unsigned int" : "int");
	}
	if (longs > 1)
		return ctype_builtin(is_unsigned ? "unsigned long long" : "long long");
	if (narrow) /* a blank behind the name: the i386 one */
		return ctype_builtin(is_unsigned ? "unsigned long " : "long ");
	return ctype_builtin(is_unsigned ? "unsigned long" : "long");
}

/* unsigned, long, long long, short int, unsigned char, ... in any order C allows. */
static bool parse_c_type(struct parser *ps, struct type *ret)
{
	unsigned longs = 0, n = 0;
	bool is_unsigned = false, is_signed = false, is_short = false, is_char = false;

	for (;; n++) {
		if (take_word(ps, "unsigned"))
			is_unsigned = true;
		else if (take_word(ps, "long"))
			longs++;
		else if (take_word(ps, "short"))
			is_short = true;
		else if (take_word(ps, "char"))
			is_char = true;
		else if (take_word(ps, "signed"))
			is_signed = true;
		else if (!take_word(ps, "int"))
			break;
	}
	*ret = type_of_ctype(c_type(is_char ? 'c' : is_short ? 's' : longs ? 'l' : 'i', longs,
				    is_unsigned, is_signed, is_narrow(ps)));
	return n;
}

/* float, double, long double, _Bool, void: those that are no integers. */
static bool parse_other(struct parser *ps, struct type *ret)
{
	static const char *const names[] = { "float", "double", "_Bool", "void" };
	const char *start = ps->p;

	if (take_word(ps, "long") && take_word(ps, "double")) {
		*ret = type_of_ctype(ctype_builtin(is_narrow(ps) ? "long double " : "long double"));
		return true;
	}
	ps->p = start;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (take_word(ps, names[i])) {
			*ret = type_of_ctype(ctype_builtin(names[i]));
			return true;
		}
	return false;
}

static int parse_tagged(struct parser *ps, enum ctype_space space, const char *keyword,
			struct type *ret)
{
	const char *at = ps->p;
	const struct ctype *t = NULL;
	struct symbols *symbols = ps->s ? session_symbols(ps->s) : NULL;
	const struct scope_at *scope = parser_scope(ps);
	char name[300];
	size_t n = 0;

	while (parser_is_name(at[n]))
		n++;
	snprintf(name, sizeof(name), "%.*s", (int)n, at);
	if (n && n < sizeof(name))
		t = ctype_find(symbols, scope->has_pc, scope->pc, space, name);
	if (!t)
		return parser_bad(ps, at, "there is no %s type named \"%.100s\"", keyword, name);
	ps->p += n;
	*ret = type_of_ctype(t);
	return 0;
}

/* A typedef, or a base type of another language: an ordinary name, and no variable's. */
static int parse_ordinary(struct parser *ps, struct type *ret)
{
	struct symbols *symbols = ps->s ? session_symbols(ps->s) : NULL;
	const struct scope_at *scope;
	const struct ctype *t;
	struct variable v;
	char name[300];
	size_t n = 0, behind;

	while (parser_is_name(ps->p[n]))
		n++;
	behind = n + strspn(ps->p + n, " \t");
	if (!symbols || !n || n >= sizeof(name) || !parser_is_name_start(*ps->p) ||
	    (ps->p[behind] && !strchr("*)([,", ps->p[behind])))
		return -ENOENT;
	snprintf(name, sizeof(name), "%.*s", (int)n, ps->p);
	if (name_is_variable(ps, name, &v))
		return -ENOENT;
	scope = parser_scope(ps);
	t = ctype_find(symbols, scope->has_pc, scope->pc, CTYPES_TYPEDEF, name);
	if (!t)
		return -ENOENT;
	ps->p += n;
	*ret = type_of_ctype(t);
	return 0;
}

static int parse_base_type(struct parser *ps, struct type *ret)
{
	static const struct {
		const char *word;
		u8 space;
	} tagged[] = { { "struct", CTYPES_STRUCT }, { "union", CTYPES_UNION }, { "enum", CTYPES_ENUM } };

	for (size_t i = 0; i < ARRAY_SIZE(tagged); i++)
		if (take_word(ps, tagged[i].word))
			return parse_tagged(ps, tagged[i].space, tagged[i].word, ret);
	for (size_t i = 0; i < ARRAY_SIZE(named_types); i++) {
		if (!parser_word_is(ps->p, named_types[i].name))
			continue;
		if (!parse_ordinary(ps, ret)) /* the program has one of its own */
			return 0;
		take_word(ps, named_types[i].name);
		*ret = named_types[i].type;
		return 0;
	}
	if (parse_other(ps, ret) || parse_c_type(ps, ret))
		return 0;
	return parse_ordinary(ps, ret);
}

static const struct ctype *qualified(struct parser *ps, const struct type *t, unsigned mask)
{
	const struct ctype *c = ctype_of_type(ps->s, t);

	if (c && mask & 2)
		c = ctype_qualified(ps->s->types, c, CTYPE_VOLATILE);
	if (c && mask & 1)
		c = ctype_qualified(ps->s->types, c, CTYPE_CONST);
	return c;
}

static unsigned take_qualifiers(struct parser *ps)
{
	unsigned mask = 0;

	for (;;) {
		if (take_word(ps, "const"))
			mask |= 1;
		else if (take_word(ps, "volatile"))
			mask |= 2;
		else
			return mask;
	}
}

int type_parse(struct parser *ps, struct type *ret)
{
	const char *start = ps->p;
	unsigned mask;
	int rc;

	if (++ps->depth > EXPR_DEPTH_MAX)
		return parser_bad(ps, ps->p, "the expression is nested too deeply");
	parser_blanks(ps);
	mask = take_qualifiers(ps);
	rc = parse_base_type(ps, ret);
	if (rc == -ENOENT)
		ps->p = start;
	if (!rc)
		mask |= take_qualifiers(ps);
	if (!rc && mask && ps->s) {
		const struct ctype *c = qualified(ps, ret, mask);

		rc = c ? 0 : err_set(ps->err, ENOMEM, "no memory for a type");
		*ret = type_of_ctype(c);
	}
	if (!rc)
		rc = declarator_parse(ps, ret);
	ps->depth--;
	return rc;
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
