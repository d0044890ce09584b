/*
 * type_text.c - a type as C writes it, in gdb's layout: what stands before the name, the name, what
 * stands behind. The innermost declarator is the outermost type, so both halves are written by
 * walking the chain twice.
 */
#include <inttypes.h>
#include <stdio.h>
#include "type.h"

enum {
	DEPTH_MAX = 60,      /* of one declarator */
	PARAMETERS_MAX = 6,  /* functions within parameters */
	TEXT_MAX = 64 * 1024, /* a type in a circle would never end */
};

static bool is_qualifier(const struct ctype *t)
{
	return t && t->kind >= CTYPE_CONST && t->kind <= CTYPE_ATOMIC;
}

static void qualifiers_add(const struct ctype *t, bool before, bool behind, struct strbuf *out)
{
	static const struct {
		u8 kind;
		const char *name;
	} order[] = { { CTYPE_CONST, "const" },
		      { CTYPE_VOLATILE, "volatile" },
		      { CTYPE_RESTRICT, "restrict" },
		      { CTYPE_ATOMIC, "_Atomic" } };
	bool first = true;

	for (size_t i = 0; i < ARRAY_SIZE(order); i++) {
		const struct ctype *q = t;

		for (unsigned n = 0; is_qualifier(q) && q->kind != order[i].kind && n < 10; n++)
			q = q->target;
		if (!is_qualifier(q) || q->kind != order[i].kind)
			continue;
		strbuf_addf(out, "%s%s", before || !first ? " " : "", order[i].name);
		first = false;
	}
	if (!first && behind)
		strbuf_addc(out, ' ');
}

static const struct ctype *unqualified(const struct ctype *t)
{
	for (unsigned n = 0; is_qualifier(t) && n < 10; n++)
		t = t->target;
	return t;
}

static bool is_kind(const struct ctype *t, u8 kind)
{
	t = unqualified(t);
	return t && t->kind == kind;
}

/* Whether something stands between the innermost type and the name. */
static bool is_derived(const struct ctype *t)
{
	t = unqualified(t);
	return t && (t->kind == CTYPE_POINTER || t->kind == CTYPE_FUNCTION ||
		     (t->kind == CTYPE_ARRAY && !t->vector));
}

static bool is_open(const struct ctype *t) /* *name must be in parentheses */
{
	return is_kind(t, CTYPE_FUNCTION) || (is_kind(t, CTYPE_ARRAY) && !unqualified(t)->vector);
}

static void prefix_add(const struct ctype *t, bool space, unsigned depth, struct strbuf *out)
{
	const struct ctype *bare = unqualified(t);

	if (!bare || depth > DEPTH_MAX)
		return;
	switch (bare->kind) {
	case CTYPE_POINTER:
		prefix_add(bare->target, true, depth + 1, out);
		if (is_open(bare->target))
			strbuf_addc(out, '(');
		strbuf_addc(out, '*');
		qualifiers_add(t, true, space, out);
		break;
	case CTYPE_ARRAY:
	case CTYPE_FUNCTION:
		prefix_add(bare->target, false, depth + 1, out);
		break;
	}
}

static void parameters_add(const struct ctype *f, unsigned nesting, struct strbuf *out)
{
	const struct type_style plain = { .show = 0, .nesting = nesting + 1 };

	if (nesting > PARAMETERS_MAX || out->n > TEXT_MAX) {
		strbuf_adds(out, "(...)");
		return;
	}
	strbuf_addc(out, '(');
	if (f->owner)
		ctype_load(f, NULL);
	for (u32 i = 0; i < f->n; i++) {
		if (i)
			strbuf_adds(out, ", ");
		type_text(f->member[i].type, "", &plain, out);
	}
	if (f->varargs)
		strbuf_adds(out, f->n ? ", ..." : "...");
	else if (!f->n && f->prototyped)
		strbuf_adds(out, "void");
	strbuf_addc(out, ')');
}

static void suffix_add(const struct ctype *t, unsigned nesting, unsigned depth,
		       struct strbuf *out)
{
	t = unqualified(t);
	if (!t || depth > DEPTH_MAX || out->n > TEXT_MAX)
		return;
	switch (t->kind) {
	case CTYPE_POINTER:
		if (is_open(t->target))
			strbuf_addc(out, ')');
		suffix_add(t->target, nesting, depth + 1, out);
		break;
	case CTYPE_ARRAY:
		if (t->vector)
			strbuf_addf(out, " __attribute__ ((vector_size(%" PRIu64 ")))", t->count);
		else if (t->has_count)
			strbuf_addf(out, "[%" PRIu64 "]", t->count);
		else
			strbuf_adds(out, "[]");
		suffix_add(t->target, nesting, depth + 1, out);
		break;
	case CTYPE_FUNCTION:
		parameters_add(t, nesting, out);
		suffix_add(t->target, nesting, depth + 1, out);
		break;
	}
}

/* The type at the end of pointers, arrays and functions, with its qualifiers; gdb looks through
 * typedefs on the way where it shows insides. */
static const struct ctype *innermost(const struct ctype *t, bool through)
{
	for (unsigned i = 0; i < DEPTH_MAX; i++) {
		const struct ctype *bare = unqualified(t);

		if (through && bare && bare->kind == CTYPE_TYPEDEF) {
			t = bare->target;
			continue;
		}
		if (!bare || (bare->kind != CTYPE_POINTER && bare->kind != CTYPE_ARRAY &&
			      bare->kind != CTYPE_FUNCTION))
			return t;
		t = bare->target;
	}
	return NULL;
}

static const char *keyword(const struct ctype *t)
{
	return t->kind == CTYPE_STRUCT ? "struct" : t->kind == CTYPE_UNION ? "union" : "enum";
}

static void tagged_add(const struct ctype *t, const struct type_style *style, struct strbuf *out)
{
	bool body = style->body && (style->show > 0 || (!t->name && style->show == 0));

	strbuf_adds(out, keyword(t));
	if (t->name)
		strbuf_addf(out, " %s%s", t->name, body ? " " : "");
	else
		strbuf_addc(out, ' ');
	if (body)
		style->body(t, style, out);
	else if (!t->name)
		strbuf_adds(out, "{...}");
}

static void base_add(const struct ctype *t, const struct type_style *style, struct strbuf *out)
{
	const struct ctype *bare;

	qualifiers_add(t, false, true, out);
	bare = unqualified(t);
	if (!bare)
		strbuf_adds(out, "void");
	else if (bare->kind == CTYPE_STRUCT || bare->kind == CTYPE_UNION || bare->kind == CTYPE_ENUM)
		tagged_add(style->show > 0 ? ctype_strip(bare) : bare, style, out);
	else
		strbuf_adds(out, bare->name ?: "<unnamed type>");
}

/* Through typedefs at each link of the chain, so that the halves agree with innermost(). */
static const struct ctype *outer(const struct ctype *t, bool through)
{
	for (unsigned i = 0; through && i < DEPTH_MAX; i++) {
		const struct ctype *bare = unqualified(t);

		if (!bare || bare->kind != CTYPE_TYPEDEF)
			break;
		t = bare->target;
	}
	return t;
}

void type_text(const struct ctype *t, const char *name, const struct type_style *style,
	       struct strbuf *out)
{
	bool named = name && *name;

	t = outer(t, style->show > 0);
	base_add(innermost(t, style->show > 0), style, out);
	if (named || is_derived(t))
		strbuf_addc(out, ' ');
	prefix_add(t, named, 0, out);
	strbuf_adds(out, name ?: "");
	suffix_add(t, style->nesting, 0, out);
}

void ctype_name(const struct ctype *t, struct strbuf *out)
{
	const struct type_style plain = { .show = -1 };

	type_text(t, "", &plain, out);
}

void ctype_declare(const struct ctype *t, const char *name, struct strbuf *out)
{
	const struct type_style plain = { .show = -1 };

	type_text(t, name, &plain, out);
}
