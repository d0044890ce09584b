/*
 * ctype.c - C types by hand: their names and declarations, ptype and ptype/o, members through
 * anonymous ones, derived types, and types in a circle, as damaged debug information has them.
 */
#include <stdlib.h>
#include <vmstep/ctype.h>
#include "tap.h"

static struct ctype_pool *pool;

static const char *name_of(const struct ctype *t, const char *name)
{
	static char text[4000];
	struct strbuf out;

	strbuf_init(&out);
	if (name)
		ctype_declare(t, name, &out);
	else
		ctype_name(t, &out);
	snprintf(text, sizeof(text), "%s", strbuf_str(&out));
	strbuf_deinit(&out);
	return text;
}

static const char *describe(const struct ctype *t, bool offsets)
{
	static char text[4000];
	struct strbuf out;
	struct err err;

	strbuf_init(&out);
	tap_eq(ctype_describe(t, offsets, &out, &err), 0, "a type is described");
	snprintf(text, sizeof(text), "%s", strbuf_str(&out));
	strbuf_deinit(&out);
	return text;
}

static const struct ctype *type(const char *name)
{
	return ctype_builtin(name);
}

static void test_names(void)
{
	const struct ctype *i = type("int"), *c = type("char"), *args[] = { i, ctype_pointer(pool, c, 8) };
	const struct ctype *fn = ctype_function(pool, i, args, 2, true, true);
	const struct ctype *none = ctype_function(pool, NULL, NULL, 0, true, false);
	const struct ctype *fp = ctype_pointer(pool, fn, 8);
	const struct ctype *row = ctype_array(pool, i, 3), *cc = ctype_qualified(pool, c, CTYPE_CONST);
	const struct ctype *ccp = ctype_pointer(pool, cc, 8);

	tap_str(name_of(i, NULL), "int", "int");
	tap_str(name_of(NULL, NULL), "void", "NULL is void");
	tap_str(name_of(ctype_pointer(pool, NULL, 8), NULL), "void *", "a pointer");
	tap_str(name_of(fp, NULL), "int (*)(int, char *, ...)", "a pointer to a function");
	tap_str(name_of(ctype_array(pool, fp, 4), "table"), "int (*table[4])(int, char *, ...)", "an array of those");
	tap_str(name_of(none, NULL), "void (void)", "a function without parameters");
	tap_str(name_of(ctype_function(pool, i, NULL, 0, false, false), NULL), "int ()", "without a prototype");
	tap_str(name_of(ctype_array(pool, row, 2), "m"), "int m[2][3]", "the outer dimension comes first");
	tap_str(name_of(ctype_pointer(pool, row, 8), NULL), "int (*)[3]", "a pointer to an array");
	tap_str(name_of(ccp, NULL), "const char *", "a pointer to const");
	tap_str(name_of(ctype_qualified(pool, ccp, CTYPE_CONST), NULL), "const char * const", "a const pointer");
	tap_str(name_of(ctype_qualified(pool, ccp, CTYPE_CONST), "p"), "const char * const p", "with its name");
	tap_str(name_of(ctype_qualified(pool, ctype_qualified(pool, i, CTYPE_VOLATILE), CTYPE_CONST), NULL),
		"const volatile int", "qualifiers have one order");
	tap_str(name_of(ctype_pointer(pool, fp, 8), NULL), "int (**)(int, char *, ...)", "and one more star");
}

static void test_pool(void)
{
	const struct ctype *i = type("int");

	tap_ok(ctype_pointer(pool, i, 8) == ctype_pointer(pool, i, 8), "the same pointer is one type");
	tap_ok(ctype_pointer(pool, i, 8) != ctype_pointer(pool, i, 4), "of another width another");
	tap_ok(ctype_array(pool, i, 3) != ctype_array(pool, i, 4), "of another count too");
	tap_eq(ctype_size(ctype_array(pool, ctype_array(pool, i, 3), 5)), 60, "sizes multiply");
	tap_ok(!ctype_array(pool, type("long"), UINT64_MAX / 4), "what overflows is refused");
	tap_ok(ctype_same(ctype_pointer(pool, i, 8), ctype_pointer(pool, type("int"), 8)), "equal");
	tap_ok(!ctype_same(i, type("unsigned int")), "int is not unsigned");
	tap_ok(!ctype_same(ctype_array(pool, i, 3), ctype_array(pool, i, 4)), "arrays of other counts are not");
	tap_eq(ctype_size(type("long ")), 4, "i386's long");
	tap_eq(ctype_size(type("long")), 8, "x86-64's");
}

static struct ctype_member inner_members[] = { { .name = "deep", .offset = 4 } };
static struct ctype inner = { .kind = CTYPE_STRUCT, .size = 8, .member = inner_members, .n = 1 };
static struct ctype_member members[] = {
	{ .name = "a", .offset = 0, .bit_pos = 0, .bit_size = 3 },
	{ .name = "b", .offset = 0, .bit_pos = 5, .bit_size = 2 },
	{ .name = NULL, .type = &inner, .offset = 8 },
	{ .name = "c", .offset = 16 },
};
static struct ctype outer = { .kind = CTYPE_STRUCT, .name = "outer", .size = 24, .member = members, .n = 4 };

static void test_members(void)
{
	u64 off = 0;

	inner_members[0].type = members[0].type = members[1].type = type("int");
	members[3].type = type("char");
	tap_ok(ctype_member(&outer, "deep", 4, &off) == &inner_members[0], "a member of an anonymous one");
	tap_eq(off, 12, "has its offset in the whole");
	tap_ok(!ctype_member(&outer, "dee", 3, &off), "a part of a name is none");
	tap_ok(!ctype_member(type("int"), "a", 1, &off), "a number has no members");
	tap_str(describe(&outer, false),
		"struct outer {\n    int a : 3;\n    int b : 2;\n    struct {\n        int deep;\n    };\n    char c;\n}",
		"ptype");
	tap_str(describe(&outer, true),
		"struct outer {\n"
		"/*      0: 0   |       4 */    int a : 3;\n"
		"/* XXX  2-bit hole       */\n"
		"/*      0: 5   |       4 */    int b : 2;\n"
		"/* XXX  1-bit hole       */\n"
		"/* XXX  7-byte hole      */\n"
		"/*      8      |       8 */    struct {\n"
		"/* XXX  4-byte hole      */\n"
		"/*     12      |       4 */        int deep;\n\n"
		"                                   /* total size (bytes):    8 */\n"
		"                               };\n"
		"/*     16      |       1 */    char c;\n"
		"/* XXX  7-byte padding   */\n\n"
		"                               /* total size (bytes):   24 */\n"
		"                             }",
		"ptype/o");
}

static void test_enum(void)
{
	struct ctype_value v[] = { { "A", 0 }, { "B", 1 }, { "C", 5 }, { "D", 6 }, { "E", -1 } };
	const struct ctype e = { .kind = CTYPE_ENUM, .name = "e", .size = 4, .value = v, .n = 5 };

	tap_str(describe(&e, false), "enum e {A, B, C = 5, D, E = -1}", "values that count on are not written");
}

/* What damaged debug information can be: each ends. */
static void test_circles(void)
{
	struct ctype a = { .kind = CTYPE_TYPEDEF, .name = "a" }, b = { .kind = CTYPE_CONST, .target = &a };
	struct ctype p = { .kind = CTYPE_POINTER, .size = 8 }, s = { .kind = CTYPE_STRUCT, .name = "s", .size = 8 };
	struct ctype_member self = { .name = NULL, .type = &s }, param[3];
	struct ctype f = { .kind = CTYPE_FUNCTION, .member = param, .n = 3, .size = 1 };
	struct ctype arr = { .kind = CTYPE_ARRAY, .count = 2, .has_count = true };
	u64 off;

	a.target = &b;
	p.target = &p;
	arr.target = &arr;
	s.member = &self;
	s.n = 1;
	for (unsigned i = 0; i < 3; i++)
		param[i] = (struct ctype_member){ .type = &f };
	f.target = &f;
	tap_eq(ctype_bare(&a)->kind, CTYPE_VOID, "a typedef of itself is void");
	tap_eq(ctype_size(&b), 0, "and has no size");
	tap_ok(name_of(&p, NULL) != NULL, "a pointer to itself has a name");
	tap_ok(name_of(&arr, NULL) != NULL, "an array of itself");
	tap_ok(name_of(&f, NULL) != NULL, "a function that takes itself");
	tap_ok(!ctype_member(&s, "x", 1, &off), "a structure in itself has no such member");
	tap_ok(strlen(describe(&s, false)) > 10, "and is described");
	tap_ok(ctype_same(&p, &p), "it is the same as itself");
}

int main(void)
{
	pool = ctype_pool_create();
	test_names();
	test_pool();
	test_members();
	test_enum();
	test_circles();
	ctype_pool_destroy(pool);
	return tap_done();
}
