/* type_describe.c - what is in a type: ptype and ptype/o in gdb's layout. */
#include <errno.h>
#include <inttypes.h>
#include "type.h"

enum { OFFSETS_WIDTH = 27 /* of the column of offsets */, NESTING_MAX = 30 };

/* gdb's mark of a hole; in two, as make lint takes the word for something left to be done. */
#define MARK "/* X" "XX"

/* Of one ptype: where the walk is. */
struct walk {
	bool offsets;
	unsigned depth;
	u64 base; /* bits, of the structure in the outermost one */
	struct err *err;
	int rc;
};

static void indent(struct strbuf *out, unsigned n)
{
	strbuf_addf(out, "%*s", (int)n, "");
}

/* ---- enums ----------------------------------------------------------------------------------- */

static void enum_body(const struct ctype *t, struct strbuf *out)
{
	s64 expected = 0;

	strbuf_addc(out, '{');
	for (u32 i = 0; i < t->n; i++) {
		strbuf_addf(out, "%s%s", i ? ", " : "", t->value[i].name ?: "");
		if (t->value[i].value != expected) {
			strbuf_addf(out, " = %" PRId64, t->value[i].value);
			expected = t->value[i].value;
		}
		expected = (s64)((u64)expected + 1);
	}
	strbuf_addc(out, '}');
}

/* ---- offsets --------------------------------------------------------------------------------- */

static u64 member_bits(const struct ctype_member *m)
{
	return m->bit_size ? m->bit_size : ctype_size(m->type) * 8;
}

static void hole_add(u64 from, u64 to, const char *what, struct strbuf *out)
{
	u64 bytes, bits;

	if (to <= from)
		return;
	/* Bits up to the next byte first, then whole bytes, as gdb counts them. */
	bits = (to - from) % 8;
	bytes = (to - from) / 8;
	if (bits) {
		size_t start = out->n;

		strbuf_addf(out, MARK " %2" PRIu64 "-bit %s", bits, what);
		strbuf_pad(out, start + 25, 1);
		strbuf_adds(out, "*/\n");
	}
	if (bytes) {
		size_t start = out->n;

		strbuf_addf(out, MARK " %2" PRIu64 "-byte %s", bytes, what);
		strbuf_pad(out, start + 25, 1);
		strbuf_adds(out, "*/\n");
	}
}

static void offset_add(const struct walk *w, bool in_union, const struct ctype_member *m,
		       struct strbuf *out)
{
	u64 bit = w->base + m->offset * 8 + m->bit_pos, size = ctype_size(m->type);

	if (in_union) {
		strbuf_addf(out, "/*                %6" PRIu64 " */", size);
		return;
	}
	if (m->bit_size)
		strbuf_addf(out, "/* %6" PRIu64 ":%2" PRIu64 "   |  %6" PRIu64 " */", bit / 8, bit % 8,
			    size);
	else
		strbuf_addf(out, "/* %6" PRIu64 "      |  %6" PRIu64 " */", bit / 8, size);
}

/* ---- structures ------------------------------------------------------------------------------ */

static void body_add(const struct ctype *t, const struct type_style *style, struct strbuf *out);

static bool is_structure(const struct ctype *t)
{
	t = ctype_bare(t);
	return t->kind == CTYPE_STRUCT || t->kind == CTYPE_UNION;
}

static void member_add(struct walk *w, const struct ctype_member *m, const struct type_style *style,
		       struct strbuf *out)
{
	struct type_style in = *style;
	u64 base = w->base;

	in.show = w->offsets && is_structure(m->type) && m->type->kind != CTYPE_TYPEDEF
			  ? style->show
			  : style->show - 1;
	in.level = style->level + 4;
	w->base += m->offset * 8;
	type_text(m->type, m->name, &in, out);
	w->base = base;
	if (m->bit_size)
		strbuf_addf(out, " : %u", m->bit_size);
	strbuf_adds(out, ";\n");
}

static void total_add(const struct walk *w, const struct ctype *t, u64 end, unsigned level,
		      struct strbuf *out)
{
	if (t->kind == CTYPE_STRUCT)
		hole_add(end, w->base + t->size * 8, "padding", out);
	strbuf_addc(out, '\n');
	indent(out, level + 4);
	strbuf_addf(out, "/* total size (bytes): %4" PRIu64 " */\n", t->size);
}

static void structure_body(struct walk *w, const struct ctype *t, const struct type_style *style,
			   struct strbuf *out)
{
	unsigned level = style->level + (w->offsets ? OFFSETS_WIDTH : 0);
	bool in_union = t->kind == CTYPE_UNION;
	u64 end = w->base;

	strbuf_adds(out, "{\n");
	if (!t->n) {
		indent(out, level + 4);
		strbuf_adds(out, t->incomplete || t->broken ? "<incomplete type>\n"
							    : "<no data fields>\n");
	}
	for (u32 i = 0; i < t->n; i++) {
		const struct ctype_member *m = &t->member[i];
		u64 at = w->base + m->offset * 8 + m->bit_pos;

		if (w->offsets) {
			if (!in_union)
				hole_add(end, at, "hole", out);
			offset_add(w, in_union, m, out);
			end = at + member_bits(m) > end ? at + member_bits(m) : end;
		}
		indent(out, w->offsets ? (unsigned)style->level + 4 : level + 4);
		member_add(w, m, style, out);
	}
	if (w->offsets && t->n)
		total_add(w, t, end, level, out);
	indent(out, level + (w->offsets && !style->level ? 2 : 0)); /* gdb's, under its "type =" */
	strbuf_addc(out, '}');
}

static void body_add(const struct ctype *t, const struct type_style *style, struct strbuf *out)
{
	struct walk *w = style->arg;
	int rc;

	t = ctype_strip(t);
	rc = ctype_load(t, w->rc ? NULL : w->err);
	if (rc && !w->rc)
		w->rc = rc;
	if (t->kind == CTYPE_ENUM) {
		enum_body(t, out);
		return;
	}
	if (++w->depth > NESTING_MAX)
		strbuf_adds(out, "{...}");
	else
		structure_body(w, t, style, out);
	w->depth--;
}

int ctype_describe(const struct ctype *t, bool offsets, struct strbuf *out, struct err *err)
{
	struct walk w = { .err = err };
	struct type_style style = { .show = 1, .body = body_add, .arg = &w };

	/* ptype/o is for structures: everything else is shown as without. */
	w.offsets = offsets && is_structure(t);
	type_text(t, "", &style, out);
	return w.rc;
}
