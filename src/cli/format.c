/* format.c - the formats of x and print: letters and sizes are gdb's. */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <vmstep/print.h>

#include "cli.h"

static const char letters[] = "xduotzacfsi";

unsigned format_size(char size_letter)
{
	switch (size_letter) {
	case 'b':
		return 1;
	case 'h':
		return 2;
	case 'w':
		return 4;
	default:
		return 8;
	}
}

int format_parse(const char **p, struct format *ret, struct err *err)
{
	const char *s = *p;
	char *end;

	if (*s != '/')
		return 0;
	s++;
	if (*s == '-' && isdigit((unsigned char)s[1])) {
		ret->backwards = true;
		s++;
	}
	if (isdigit((unsigned char)*s)) {
		errno = 0;
		ret->count = strtoull(s, &end, 10);
		ret->has_count = true;
		if (errno || ret->count > UINT32_MAX)
			return err_set(err, ERANGE, "count %.*s is too large", (int)(end - s), s);
		s = end;
	}
	for (; *s && *s != ' ' && *s != '\t'; s++) {
		if (strchr("bhwg", *s))
			ret->size = *s;
		else if (strchr(letters, *s))
			ret->letter = *s;
		else
			return err_set(err, EINVAL,
				       "\"%c\" is no format letter: one of x d u o t z a c f s i "
				       "and a size of b h w g",
				       *s);
	}
	*p = blanks_skip(s);
	return 0;
}

void symbol_format(struct cli *c, u64 addr, struct strbuf *out)
{
	char name[300];

	if (session_symbolize(c->s, addr, name, sizeof(name)))
		strbuf_addf(out, " <%s>", name);
}

void address_format(struct cli *c, u64 addr, struct strbuf *out)
{
	strbuf_addhex(out, addr, true);
	symbol_format(c, addr, out);
}

static u64 bits_cut(u64 bits, unsigned size)
{
	return size >= 8 ? bits : bits & (BIT64(8 * size) - 1);
}

static s64 bits_sign(u64 bits, unsigned size)
{
	const unsigned shift = 64 - 8 * size;

	return (s64)(bits << shift) >> shift;
}

static void binary_add(u64 v, struct strbuf *out)
{
	int top = 63;

	while (top && !(v >> top & 1))
		top--;
	for (; top >= 0; top--)
		strbuf_addc(out, '0' + (v >> top & 1));
}

/* One byte as it stands between quotes of kind `quote`. */
static void char_add(u8 ch, char quote, struct strbuf *out)
{
	static const char from[] = "\a\b\f\n\r\t\v\033", to[] = "abfnrtve";
	const char *p = ch ? strchr(from, ch) : NULL;

	if (p)
		strbuf_addf(out, "\\%c", to[p - from]);
	else if (ch == '\\' || ch == quote)
		strbuf_addf(out, "\\%c", ch);
	else if (ch < 0x20 || ch > 0x7e)
		strbuf_addf(out, "\\%03o", ch);
	else
		strbuf_addc(out, ch);
}

static void float_add(u64 bits, unsigned size, struct strbuf *out)
{
	double d;
	float f;

	if (size == 4) {
		const u32 word = bits;

		memcpy(&f, &word, sizeof(f));
		strbuf_addf(out, "%.9g", f);
	} else {
		memcpy(&d, &bits, sizeof(d));
		strbuf_addf(out, "%.17g", d);
	}
}

int unit_format(struct cli *c, char letter, unsigned size, u64 bits, struct strbuf *out,
		struct err *err)
{
	const u64 v = bits_cut(bits, size);

	switch (letter) {
	case 'd':
		strbuf_addsdec(out, bits_sign(v, size));
		return 0;
	case 'u':
		strbuf_adddec(out, v);
		return 0;
	case 'o':
		strbuf_addf(out, v ? "0%" PRIo64 : "%" PRIo64, v);
		return 0;
	case 't':
		binary_add(v, out);
		return 0;
	case 'z':
		strbuf_adds(out, "0x");
		strbuf_addhex_pad(out, v, 2 * size);
		return 0;
	case 'a':
		address_format(c, v, out);
		return 0;
	case 'c':
		strbuf_addf(out, "%d '", (s8)v);
		char_add(v, '\'', out);
		strbuf_addc(out, '\'');
		return 0;
	case 'f':
		if (size >= 4)
			float_add(v, size, out);
		else
			strbuf_addsdec(out, bits_sign(v, size));
		return 0;
	case 'x':
		strbuf_addhex(out, v, true);
		return 0;
	}
	return err_set(err, EINVAL, "format letter \"%c\" is for the command x, not for print",
		       letter);
}

static int element_format(struct cli *c, char letter, const struct value *v, u64 bits,
			  struct strbuf *out, struct err *err)
{
	if (letter == 'a' && v->is_signed) /* an address is as wide as a register */
		return unit_format(c, letter, 8, bits_sign(bits, v->size), out, err);
	if (letter && letter != 's')
		return unit_format(c, letter, v->size, bits, out, err);
	if (v->is_pointer)
		address_format(c, bits, out);
	else if (v->is_signed)
		strbuf_addsdec(out, bits_sign(bits, v->size));
	else
		strbuf_adddec(out, bits_cut(bits, v->size));
	return 0;
}

static int array_format(struct cli *c, char letter, const struct value *v, struct strbuf *out,
			struct err *err)
{
	enum { SHOWN = 200 }; /* as gdb's `print elements` */
	int r = 0;

	strbuf_addc(out, '{');
	for (u32 i = 0; !r && i < v->repeat && i < SHOWN; i++) {
		u64 bits = 0;

		if (i)
			strbuf_adds(out, ", ");
		r = session_read(c->s, v->addr + (u64)i * v->size, &bits, v->size, err);
		if (!r)
			r = element_format(c, letter, v, bits, out, err);
	}
	strbuf_adds(out, v->repeat > SHOWN ? "...}" : "}");
	return r;
}

int value_format(struct cli *c, const struct format *f, const struct value *v, struct strbuf *out,
		 struct err *err)
{
	if (f->size)
		return err_set(err, EINVAL,
			       "size letter \"%c\" is for the command x: print knows the value's "
			       "size, or cast it, as in (u8)EXPR",
			       f->size);
	if (f->has_count || f->backwards)
		return err_set(err, EINVAL,
			       "a count is for the command x: print an array as EXPR@N");
	if (v->type && !v->is_void) {
		struct print_style style = c->print;

		if (f->letter && !strchr("xduotzacfs", f->letter))
			return unit_format(c, f->letter, 8, 0, out, err);
		style.letter = f->letter;
		return value_print(c->s, &style, v, out, err);
	}
	if (v->is_void) {
		strbuf_adds(out, "void");
		return 0;
	}
	if (v->repeat > 1)
		return array_format(c, f->letter, v, out, err);
	return element_format(c, f->letter, v, v->bits, out, err);
}

/* Value of up to three octal digits at p. */
static size_t octal_scan(const char *p, size_t n, u8 *ret)
{
	size_t i = 0;

	for (*ret = 0; i < n && i < 3 && p[i] >= '0' && p[i] <= '7'; i++)
		*ret = *ret * 8 + (p[i] - '0');
	return i;
}

void escapes_add(const char *p, size_t n, struct strbuf *out)
{
	static const char from[] = "abefnrtv", to[] = "\a\b\033\f\n\r\t\v";
	const char *end = p + n;

	while (p < end) {
		const char *known;
		u8 octal;
		size_t used;

		if (*p != '\\' || p + 1 == end) {
			strbuf_addc(out, *p++);
			continue;
		}
		p++;
		known = strchr(from, *p);
		used = octal_scan(p, end - p, &octal);
		if (used)
			strbuf_addc(out, octal);
		else
			strbuf_addc(out, known && *p ? to[known - from] : *p);
		p += used ? used : 1;
	}
}
