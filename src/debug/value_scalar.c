/* value_scalar.c - numbers, enums, floats and pointers in gdb's layout, by type and by format letter. */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <vmstep/source.h>
#include "value_print.h"

/* ---- integers of any base -------------------------------------------------------------------- */

static void digits_add(struct strbuf *out, unsigned __int128 v, unsigned base, unsigned least)
{
	char buf[130], *p = buf + sizeof(buf);

	*--p = '\0';
	do {
		*--p = "0123456789abcdef"[v % base];
		v /= base;
	} while (v);
	while ((size_t)(buf + sizeof(buf) - 1 - p) < least)
		*--p = '0';
	strbuf_adds(out, p);
}

static __int128 as_signed(const struct number *n)
{
	unsigned shift = 128 - 8 * n->size;

	return n->size >= 16 ? (__int128)n->bits : (__int128)(n->bits << shift) >> shift;
}

static void signed_add(struct strbuf *out, const struct number *n)
{
	__int128 v = as_signed(n);

	if (v < 0)
		strbuf_addc(out, '-');
	digits_add(out, v < 0 ? -(unsigned __int128)v : (unsigned __int128)v, 10, 0);
}

static void natural_add(struct strbuf *out, const struct number *n)
{
	if (n->is_signed)
		signed_add(out, n);
	else
		digits_add(out, n->bits, 10, 0);
}

static void character_add(struct strbuf *out, const struct number *n)
{
	bool escaped = false;

	natural_add(out, n);
	strbuf_adds(out, " '");
	char_print(out, (u8)n->bits, '\'', &escaped);
	strbuf_addc(out, '\'');
}

/* ---- floats ---------------------------------------------------------------------------------- */

static void nan_add(struct strbuf *out, const struct number *n)
{
	u64 low = (u64)n->bits, mantissa = n->size == 4   ? low & 0x7fffff
					   : n->size == 8 ? low & 0xfffffffffffffull
							  : low;
	bool negative = n->size > 8 ? (u64)(n->bits >> 64) & 0x8000 : low >> (8 * n->size - 1);

	strbuf_addf(out, "%snan(0x%" PRIx64 ")", negative ? "-" : "", mantissa);
}

/* What C's conversion makes of it. */
static struct number float_whole(const struct number *n)
{
	u64 low = (u64)n->bits;
	u32 word = low;
	long double l = 0;
	double d;
	float f;

	memcpy(&f, &word, sizeof(f));
	memcpy(&d, &low, sizeof(d));
	memcpy(&l, &n->bits, 10);
	l = n->size == 4 ? f : n->size == 8 ? d : l;
	return (struct number){ .bits = l > -0x1p63L && l < 0x1p63L ? (u64)(s64)l : 0, .size = 8,
				.is_signed = true };
}

void float_print(struct printer *p, const struct number *n)
{
	u64 low = (u64)n->bits;
	u32 word = low;
	long double l = 0;
	double d;
	float f;

	memcpy(&f, &word, sizeof(f));
	memcpy(&d, &low, sizeof(d));
	memcpy(&l, &n->bits, 10);
	if (n->size == 4 ? isnan(f) : n->size == 8 ? isnan(d) : isnan(l))
		nan_add(p->out, n);
	else if (n->size == 4)
		strbuf_addf(p->out, "%.9g", f);
	else if (n->size == 8)
		strbuf_addf(p->out, "%.17g", d);
	else
		strbuf_addf(p->out, "%.21Lg", l);
}

/* ---- enums ----------------------------------------------------------------------------------- */

static const char *enum_name(const struct ctype *t, s64 v)
{
	for (u32 i = 0; i < t->n; i++)
		if (t->value[i].value == v)
			return t->value[i].name;
	return NULL;
}

static void flags_add(struct strbuf *out, const struct ctype *t, u64 v)
{
	bool first = true;

	strbuf_addc(out, '(');
	for (u32 i = 0; i < t->n; i++) {
		u64 bit = t->value[i].value;

		if (!bit || !(v & bit))
			continue;
		strbuf_addf(out, "%s%s", first ? "" : " | ", t->value[i].name);
		v &= ~bit;
		first = false;
	}
	if (v)
		strbuf_addf(out, "%sunknown: 0x%" PRIx64, first ? "" : " | ", v);
	strbuf_addc(out, ')');
}

static void enum_print(struct printer *p, const struct ctype *t, const struct number *n)
{
	s64 v = t->is_signed ? (s64)as_signed(n) : (s64)(u64)n->bits;
	const char *name;

	ctype_load(t, NULL);
	name = enum_name(t, v);
	if (name)
		strbuf_adds(p->out, name);
	else if (t->flags && v)
		flags_add(p->out, t, v);
	else
		strbuf_addf(p->out, "%" PRId64, v);
}

/* ---- pointers -------------------------------------------------------------------------------- */

/* gdb writes the offset in decimal here. */
static void symbol_add(struct strbuf *out, const char *name)
{
	const char *plus = strrchr(name, '+');
	char *end;
	u64 offset = plus && !strncmp(plus, "+0x", 3) ? strtoull(plus + 3, &end, 16) : 0;

	if (offset && !*end)
		strbuf_addf(out, "<%.*s+%" PRIu64 ">", (int)(plus - name), name, offset);
	else
		strbuf_addf(out, "<%s>", name);
}

void address_print(struct printer *p, u64 addr)
{
	const char *blank = p->style->address ? " " : "";
	struct source_function f;
	char name[300];

	if (p->style->address)
		strbuf_addhex(p->out, addr, true);
	/* The source's name, not "f.constprop.0". */
	if (p->s->symbols && source_function_at(p->s->symbols, addr, &f) && f.name && !f.inlined) {
		strbuf_addf(p->out, addr > f.entry ? "%s<%s+%" PRIu64 ">" : "%s<%s>", blank, f.name,
			    addr - f.entry);
		return;
	}
	if (session_symbolize(p->s, addr, name, sizeof(name))) {
		strbuf_adds(p->out, blank);
		symbol_add(p->out, name);
	}
}

/* gdb leaves (char *) out, as its text follows. */
static bool wants_type(const struct ctype *t)
{
	const struct ctype *to;

	if (t->kind != CTYPE_POINTER)
		return true;
	to = t->target;
	while (to && to->kind >= CTYPE_CONST && to->kind <= CTYPE_ATOMIC)
		to = to->target;
	return !to || !to->name || strcmp(to->name, "char");
}

void pointer_print(struct printer *p, const struct ctype *t, u64 addr, bool top)
{
	const struct ctype *ptr = ctype_strip(t);

	if (top && !p->style->bare && wants_type(t)) {
		strbuf_addc(p->out, '(');
		ctype_name(t, p->out);
		strbuf_adds(p->out, ") ");
	}
	/* What a pointer to a function says is its name, whatever set print symbol is. */
	if (p->style->symbol || ctype_strip(ptr->target)->kind == CTYPE_FUNCTION)
		address_print(p, addr);
	else if (p->style->address)
		strbuf_addhex(p->out, addr, true);
	if (ptr->kind == CTYPE_POINTER && type_is_char(ptr->target) && addr) {
		strbuf_adds(p->out, p->style->address ? " " : "");
		string_print(p, addr);
	}
}

/* ---- by letter ------------------------------------------------------------------------------- */

static void by_letter(struct printer *p, const struct number *n)
{
	struct strbuf *out = p->out;
	struct number c = *n;
	u64 addr;

	switch (p->style->letter) {
	case 'x':
		strbuf_adds(out, "0x");
		digits_add(out, n->bits, 16, 0);
		break;
	case 'z':
		strbuf_adds(out, "0x");
		digits_add(out, n->bits, 16, 2 * n->size);
		break;
	case 'o':
		strbuf_adds(out, n->bits ? "0" : "");
		digits_add(out, n->bits, 8, 0);
		break;
	case 't':
		digits_add(out, n->bits, 2, 0);
		break;
	case 'd':
		signed_add(out, n);
		break;
	case 'u':
		digits_add(out, n->bits, 10, 0);
		break;
	case 'a':
		addr = n->is_signed ? (u64)as_signed(n) : (u64)n->bits;
		address_print(p, ctype_pointer_size(p->s->symbols) == 4 ? (u32)addr : addr);
		break;
	case 'c':
		c.size = 1;
		c.bits = (u8)n->bits;
		character_add(out, &c);
		break;
	case 'f':
		if (n->size == 4 || n->size == 8)
			float_print(p, n);
		else
			natural_add(out, n);
		break;
	}
}

void scalar_print(struct printer *p, const struct ctype *t, const struct number *n, bool top)
{
	const struct ctype *bare = ctype_strip(t);
	char letter = p->style->letter;

	if (bare->kind == CTYPE_FLOAT && (!letter || letter == 's' || letter == 'f')) {
		float_print(p, n);
		return;
	}
	if (letter && letter != 's') {
		const struct number whole = bare->kind == CTYPE_FLOAT ? float_whole(n) : *n;

		/* The other letters show a float's bits. */
		by_letter(p, letter == 'a' || letter == 'c' ? &whole : n);
		return;
	}
	switch (bare->kind) {
	case CTYPE_POINTER:
		pointer_print(p, t, (u64)n->bits, top);
		break;
	case CTYPE_ENUM:
		enum_print(p, bare, n);
		break;
	case CTYPE_BOOL:
		if (n->bits <= 1)
			strbuf_adds(p->out, n->bits ? "true" : "false");
		else
			natural_add(p->out, n);
		break;
	case CTYPE_CHAR:
		if (n->size == 1) {
			character_add(p->out, n);
			break;
		}
		/* fall through */
	default:
		natural_add(p->out, n);
	}
}
