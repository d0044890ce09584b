/*
 * value_print.c - a value as text: structures and arrays down to their numbers, read as they are
 * shown, from guest memory or from where the value keeps its contents; see print.h.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "value_print.h"

enum { DEPTH_MAX = 40 };

const struct print_style print_default = {
	.elements = 200, .repeats = 10, .max_depth = 20, .unions = true, .address = true, .symbol = true,
};

/* ---- reading --------------------------------------------------------------------------------- */

static int read_kept(struct printer *p, u64 off, void *buf, size_t n, bool *ret_gone)
{
	u64 size = ctype_size(p->v->type);

	if (off + n > size) {
		memset(buf, 0, n);
		*ret_gone = true;
		return 0;
	}
	memcpy(buf, p->v->data + off, n);
	for (size_t i = 0; p->v->partly_lost && i < n; i++)
		*ret_gone |= p->v->data[size + off + i];
	return 0;
}

/* The window follows what is read; what lies behind the last readable byte is an error only when it is
 * asked for. */
static int read_memory(struct printer *p, u64 off, void *buf, size_t n)
{
	if (n > sizeof(p->window))
		return session_read(p->s, p->v->addr + off, buf, n, &p->err);
	if (off < p->window_at || off + n > p->window_at + p->window_n) {
		p->window_at = off;
		p->window_n = state_read_some(p->s, p->v->addr + off, p->window, sizeof(p->window));
	}
	if (off + n > p->window_at + p->window_n)
		return session_read(p->s, p->v->addr + off, buf, n, &p->err) ?: -EFAULT;
	memcpy(buf, p->window + (off - p->window_at), n);
	return 0;
}

int printer_read(struct printer *p, u64 off, void *buf, size_t n, bool *ret_gone)
{
	*ret_gone = false;
	if (p->v->data)
		return read_kept(p, off, buf, n, ret_gone);
	if (p->v->lval_mem)
		return read_memory(p, off, buf, n);
	return value_bytes(p->s, p->v, off, buf, n, &p->err);
}

bool printer_addr(const struct printer *p, u64 off, u64 *ret)
{
	*ret = p->v->addr + off;
	return p->v->lval_mem;
}

void printer_trouble(struct printer *p)
{
	strbuf_addf(p->out, "<error: %s>", p->err.text);
}

/* ---- numbers --------------------------------------------------------------------------------- */

static void number_cut(struct number *n, const struct part *part)
{
	unsigned shift = part->bit_pos % 8;
	unsigned __int128 mask = ((unsigned __int128)1 << part->bit_size) - 1;

	n->bits = n->bits >> shift & mask;
	if (n->is_signed && n->bits >> (part->bit_size - 1) & 1)
		n->bits |= ~mask;
	if (n->size < 16)
		n->bits &= ((unsigned __int128)1 << (8 * n->size)) - 1;
}

static void number_part(struct printer *p, const struct part *part, bool top)
{
	const struct ctype *t = ctype_strip(part->type);
	struct number n = { .size = ctype_size(t) };
	u64 off = part->off + (part->bit_size ? part->bit_pos / 8 : 0);
	size_t bytes = n.size;
	bool gone = false;

	if (part->bit_size)
		bytes = (part->bit_pos % 8u + part->bit_size + 7u) / 8;
	if (t->kind == CTYPE_ENUM)
		ctype_load(t, NULL);
	n.is_signed = t->is_signed;
	if (!n.size || n.size > 16 || bytes > 16)
		strbuf_adds(p->out, "<incomplete type>");
	else if (printer_read(p, off, &n.bits, bytes, &gone))
		printer_trouble(p);
	else if (gone)
		strbuf_adds(p->out, "<optimized out>");
	else {
		if (part->bit_size)
			number_cut(&n, part);
		scalar_print(p, part->type, &n, top);
	}
}

static void complex_part(struct printer *p, const struct part *part)
{
	struct number n = { .size = ctype_size(part->type) / 2, .is_signed = true };

	for (unsigned i = 0; i < 2; i++) {
		bool gone;

		n.bits = 0;
		if (n.size > 16 || printer_read(p, part->off + i * n.size, &n.bits, n.size, &gone)) {
			printer_trouble(p);
			return;
		}
		float_print(p, &n);
		strbuf_adds(p->out, i ? "i" : " + ");
	}
}

/* ---- structures ------------------------------------------------------------------------------ */

static void line_break(struct printer *p, int indent)
{
	strbuf_addf(p->out, "\n%*s", indent, "");
}

static void structure_part(struct printer *p, const struct part *part, const struct ctype *t,
			   unsigned recurse)
{
	bool pretty = p->style->pretty;

	if (t->incomplete) {
		strbuf_adds(p->out, "<incomplete type>");
		return;
	}
	if (ctype_load(t, &p->err)) {
		printer_trouble(p);
		return;
	}
	strbuf_addc(p->out, '{');
	if (!t->n)
		strbuf_adds(p->out, "<No data fields>");
	for (u32 i = 0; i < t->n; i++) {
		const struct ctype_member *m = &t->member[i];
		struct part in = { m->type, part->off + m->offset, m->bit_pos, m->bit_size };

		if (i)
			strbuf_adds(p->out, pretty ? "," : ", ");
		if (pretty)
			line_break(p, 2 + 2 * recurse);
		if (m->name)
			strbuf_addf(p->out, "%s = ", m->name);
		part_print(p, &in, false, recurse + 1);
	}
	if (pretty && t->n)
		line_break(p, 2 * recurse);
	strbuf_addc(p->out, '}');
}

static void function_part(struct printer *p, const struct part *part)
{
	u64 addr;

	strbuf_addc(p->out, '{');
	ctype_name(part->type, p->out);
	strbuf_adds(p->out, "} ");
	printer_addr(p, part->off, &addr);
	address_print(p, addr);
}

/* set print max-depth, set print union. */
static bool is_hidden(const struct printer *p, const struct ctype *t, unsigned recurse)
{
	const u32 most = p->style->max_depth;

	if (t->kind == CTYPE_ARRAY && (type_is_char(t->target) || !most))
		return false;
	if (most && recurse >= most && ctype_is_aggregate(t))
		return true;
	return t->kind == CTYPE_UNION && recurse && !p->style->unions;
}

/* ---- all of them ----------------------------------------------------------------------------- */

void part_print(struct printer *p, const struct part *part, bool top, unsigned recurse)
{
	const struct ctype *t = ctype_strip(part->type);

	if (++p->depth > DEPTH_MAX || p->out->n > (64u << 20)) {
		strbuf_adds(p->out, "...");
	} else if (p->style->short_form && ctype_is_aggregate(t)) {
		strbuf_adds(p->out, "...");
	} else if (is_hidden(p, t, recurse)) {
		strbuf_adds(p->out, "{...}");
	} else {
		switch (t->kind) {
		case CTYPE_STRUCT:
		case CTYPE_UNION:
			structure_part(p, part, t, recurse);
			break;
		case CTYPE_ARRAY:
			array_print(p, part, t, recurse);
			break;
		case CTYPE_FUNCTION:
			function_part(p, part);
			break;
		case CTYPE_COMPLEX:
			complex_part(p, part);
			break;
		case CTYPE_VOID:
			strbuf_adds(p->out, "void");
			break;
		default:
			number_part(p, part, top);
		}
	}
	p->depth--;
}

/* A number is in bits or wide: what lies there may have changed. */
static void number_value(struct printer *p, const struct value *v)
{
	const struct ctype *t = ctype_strip(v->type);
	struct number n = { .bits = v->bits, .size = ctype_size(t), .is_signed = t->is_signed };

	if (n.size > 8)
		memcpy(&n.bits, v->wide, 16);
	else if (n.size)
		n.bits &= ((unsigned __int128)1 << (8 * n.size)) - 1;
	scalar_print(p, v->type, &n, true);
}

static void complex_value(struct printer *p, const struct value *v)
{
	struct value copy = *v;

	if (ctype_size(v->type) <= 16) {
		copy.data = v->wide;
		p->v = &copy;
	}
	complex_part(p, &(struct part){ .type = v->type });
	p->v = v;
}

int value_print(struct session *s, const struct print_style *style, const struct value *v,
		struct strbuf *out, struct err *err)
{
	struct value typed = *v;
	struct printer p = { .s = s, .style = style, .v = &typed, .out = out };

	typed.type = value_type(s, v);
	if (v->is_void)
		strbuf_adds(out, "void");
	else if (v->optimized_out)
		strbuf_adds(out, "<optimized out>");
	else if (ctype_is_scalar(typed.type))
		number_value(&p, &typed);
	else if (ctype_strip(typed.type)->kind == CTYPE_COMPLEX)
		complex_value(&p, &typed);
	else {
		/* What cannot be read at all is an error, as in gdb; within, it stands in the text. */
		u8 first;
		bool gone;

		if (ctype_strip(typed.type)->kind != CTYPE_FUNCTION && ctype_size(typed.type) &&
		    printer_read(&p, 0, &first, 1, &gone)) {
			if (err)
				*err = p.err;
			return -EFAULT;
		}
		part_print(&p, &(struct part){ .type = typed.type }, true, 0);
	}
	return 0;
}
