/* type.c - questions about C types that need no debug information; see ctype.h. */
#include <errno.h>
#include <string.h>
#include "type.h"

enum { CHAIN_MAX = 100 /* typedefs and qualifiers on top of each other */ };

static const struct ctype type_void = { .kind = CTYPE_VOID, .name = "void", .size = 1 };

/* clang-format off */
#define INTEGER(n, bytes, sign) { .kind = CTYPE_INT, .name = n, .size = bytes, .is_signed = sign }
static const struct ctype builtin[] = {
	INTEGER("int", 4, true), INTEGER("unsigned int", 4, false),
	INTEGER("long", 8, true), INTEGER("unsigned long", 8, false),
	INTEGER("short", 2, true), INTEGER("unsigned short", 2, false),
	INTEGER("int8_t", 1, true), INTEGER("uint8_t", 1, false),
	INTEGER("long long", 8, true), INTEGER("unsigned long long", 8, false),
	INTEGER("__int128", 16, true), INTEGER("unsigned __int128", 16, false),
	{ .kind = CTYPE_CHAR, .name = "char", .size = 1, .is_signed = true },
	{ .kind = CTYPE_CHAR, .name = "signed char", .size = 1, .is_signed = true },
	{ .kind = CTYPE_CHAR, .name = "unsigned char", .size = 1 },
	{ .kind = CTYPE_BOOL, .name = "_Bool", .size = 1 },
	{ .kind = CTYPE_FLOAT, .name = "float", .size = 4, .is_signed = true },
	{ .kind = CTYPE_FLOAT, .name = "double", .size = 8, .is_signed = true },
	{ .kind = CTYPE_FLOAT, .name = "long double", .size = 16, .is_signed = true },
};
/* Where i386 differs. */
static const struct ctype builtin32[] = {
	INTEGER("long", 4, true), INTEGER("unsigned long", 4, false),
	{ .kind = CTYPE_FLOAT, .name = "long double", .size = 12, .is_signed = true },
};
#undef INTEGER
/* clang-format on */

const struct ctype *ctype_builtin(const char *name)
{
	if (!strcmp(name, "void"))
		return &type_void;
	for (size_t i = 0; i < ARRAY_SIZE(builtin); i++)
		if (!strcmp(name, builtin[i].name))
			return &builtin[i];
	for (size_t i = 0; i < ARRAY_SIZE(builtin32); i++)
		if (!strncmp(name, builtin32[i].name, strlen(builtin32[i].name)) &&
		    !strcmp(name + strlen(builtin32[i].name), " "))
			return &builtin32[i];
	return NULL;
}

const struct ctype *ctype_integer(unsigned size, bool is_signed)
{
	for (size_t i = 0; i < ARRAY_SIZE(builtin); i++)
		if (builtin[i].size == size && builtin[i].is_signed == is_signed)
			return &builtin[i];
	return &builtin[0];
}

static bool is_wrapping(const struct ctype *t)
{
	return t->kind >= CTYPE_TYPEDEF && t->kind <= CTYPE_ATOMIC;
}

const struct ctype *ctype_bare(const struct ctype *t)
{
	for (unsigned i = 0; t && is_wrapping(t); i++)
		t = i < CHAIN_MAX ? t->target : NULL;
	return t ?: &type_void;
}

const struct ctype *ctype_strip(const struct ctype *t)
{
	t = ctype_bare(t);
	return t->incomplete && t->owner ? type_definition(t) : t;
}

u64 ctype_size(const struct ctype *t)
{
	t = ctype_strip(t);
	return t->kind == CTYPE_VOID || t->incomplete ? 0 : t->size;
}

bool ctype_is_integer(const struct ctype *t)
{
	u8 kind = ctype_bare(t)->kind;

	return kind == CTYPE_INT || kind == CTYPE_CHAR || kind == CTYPE_BOOL || kind == CTYPE_ENUM;
}

bool ctype_is_scalar(const struct ctype *t)
{
	u8 kind = ctype_bare(t)->kind;

	return ctype_is_integer(t) || kind == CTYPE_POINTER || kind == CTYPE_FLOAT;
}

bool ctype_is_aggregate(const struct ctype *t)
{
	u8 kind = ctype_bare(t)->kind;

	return kind == CTYPE_STRUCT || kind == CTYPE_UNION || kind == CTYPE_ARRAY;
}

static bool same_name(const struct ctype *a, const struct ctype *b)
{
	return a->name && b->name && !strcmp(a->name, b->name);
}

bool ctype_same(const struct ctype *a, const struct ctype *b)
{
	for (unsigned i = 0; i < CHAIN_MAX; i++) {
		a = ctype_bare(a);
		b = ctype_bare(b);
		if (a == b)
			return true;
		if (a->kind != b->kind || a->size != b->size || a->is_signed != b->is_signed)
			return false;
		if (a->kind != CTYPE_POINTER && a->kind != CTYPE_ARRAY)
			return same_name(a, b);
		if (a->kind == CTYPE_ARRAY && a->count != b->count)
			return false;
		a = a->target;
		b = b->target;
	}
	return false;
}

/* ---- members --------------------------------------------------------------------------------- */

static const struct ctype_member *member_find(const struct ctype *t, const char *name, size_t n,
					      u64 base, unsigned depth, u64 *ret_offset)
{
	t = ctype_strip(t);
	if ((t->kind != CTYPE_STRUCT && t->kind != CTYPE_UNION) || depth > CHAIN_MAX ||
	    ctype_load(t, NULL))
		return NULL;
	for (u32 i = 0; i < t->n; i++) {
		const struct ctype_member *m = &t->member[i], *in;

		if (m->name && !strncmp(m->name, name, n) && !m->name[n]) {
			*ret_offset = base + m->offset;
			return m;
		}
		if (m->name)
			continue;
		in = member_find(m->type, name, n, base + m->offset, depth + 1, ret_offset);
		if (in)
			return in;
	}
	return NULL;
}

const struct ctype_member *ctype_member(const struct ctype *t, const char *name, size_t n,
					u64 *ret_offset)
{
	t = ctype_strip(t);
	if (t->kind != CTYPE_STRUCT && t->kind != CTYPE_UNION)
		return NULL;
	return member_find(t, name, n, 0, 0, ret_offset);
}
