/* strbuf.c - a string that grows; see strbuf.h. */
#include <stdio.h>
#include <stdlib.h>
#include <vmstep/strbuf.h>

/* What an empty buffer points to: never written, since cap is 0. */
static const char nothing[1];

void strbuf_init(struct strbuf *b)
{
	*b = (struct strbuf){ .s = (char *)nothing };
}

void strbuf_deinit(struct strbuf *b)
{
	if (b->cap)
		free(b->s);
	strbuf_init(b);
}

bool strbuf_grow(struct strbuf *b, size_t n)
{
	size_t cap = b->cap ? b->cap : 120;
	char *p;

	if (b->cap - b->n >= n)
		return true;
	if (n > SIZE_MAX / 4 || b->n > SIZE_MAX / 4)
		goto fail;
	while (cap < b->n + n)
		cap = cap * 2 + 1; /* with the NUL a power-of-two-like size */
	p = realloc(b->cap ? b->s : NULL, cap + 1);
	if (!p)
		goto fail;
	b->s = p;
	b->cap = cap;
	b->s[b->n] = '\0';
	return true;
fail:
	b->failed = true;
	return false;
}

char *strbuf_detach(struct strbuf *b)
{
	char *p = NULL;

	if (!b->failed && strbuf_grow(b, 1)) {
		p = b->s;
		b->cap = 0;
	}
	strbuf_deinit(b);
	return p;
}

void strbuf_vaddf(struct strbuf *b, const char *fmt, va_list ap)
{
	va_list again;
	int n;

	if (!strbuf_room(b, 1))
		return;
	va_copy(again, ap);
	n = vsnprintf(b->s + b->n, b->cap - b->n + 1, fmt, ap);
	if (n > 0 && (size_t)n > b->cap - b->n) {
		b->s[b->n] = '\0';
		n = strbuf_grow(b, n) ? vsnprintf(b->s + b->n, b->cap - b->n + 1, fmt, again) : 0;
	}
	va_end(again);
	if (n > 0)
		b->n += n;
}

void strbuf_addf(struct strbuf *b, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	strbuf_vaddf(b, fmt, ap);
	va_end(ap);
}

void strbuf_pad(struct strbuf *b, size_t column, size_t least)
{
	size_t n = column > b->n ? column - b->n : 0;

	if (n < least)
		n = least;
	if (!strbuf_room(b, n))
		return;
	memset(b->s + b->n, ' ', n);
	b->n += n;
	b->s[b->n] = '\0';
}

/* Length of the well-formed UTF-8 sequence at `p`, 0 if there is none (Unicode, table 3-7). */
static unsigned utf8_length(const unsigned char *p, size_t n)
{
	unsigned len = p[0] < 0xc2 || p[0] > 0xf4 ? 0 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
	unsigned low = p[0] == 0xe0 ? 0xa0 : p[0] == 0xf0 ? 0x90 : 0x80;
	unsigned high = p[0] == 0xed ? 0x9f : p[0] == 0xf4 ? 0x8f : 0xbf;

	if (!len || n < len || p[1] < low || p[1] > high)
		return 0;
	for (unsigned i = 2; i < len; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	return len;
}

void strbuf_addjson(struct strbuf *b, const char *text, size_t n)
{
	const unsigned char *p = (const unsigned char *)text, *end = p + n;

	while (p < end) {
		const unsigned char *run = p;
		unsigned len = 1;

		/* Nearly all text is plain: in one piece. */
		while (p < end && *p >= 0x20 && *p < 0x7f && *p != '"' && *p != '\\')
			p++;
		strbuf_addn(b, run, p - run);
		if (p == end)
			break;
		if (*p == '"' || *p == '\\') {
			strbuf_addc(b, '\\');
			strbuf_addc(b, *p);
		} else if (*p < 0x20 || *p == 0x7f) {
			char esc[6] = { '\\', 'u', '0', '0' };

			fmt_hex_fixed(esc + 4, *p, 2);
			strbuf_addn(b, esc, sizeof(esc));
		} else if ((len = utf8_length(p, end - p))) {
			strbuf_addn(b, p, len);
		} else {
			strbuf_adds(b, "\xef\xbf\xbd");
			len = 1;
		}
		p += len;
	}
}

void strbuf_addhex(struct strbuf *b, u64 v, bool with_0x)
{
	char *p;

	if (!strbuf_room(b, 2 + HEX_MAX))
		return;
	p = b->s + b->n;
	if (with_0x) {
		memcpy(p, "0x", 2);
		p += 2;
	}
	p = fmt_hex(p, v);
	*p = '\0';
	b->n = p - b->s;
}

void strbuf_addhex_pad(struct strbuf *b, u64 v, unsigned digits)
{
	char text[HEX_MAX];

	strbuf_addn(b, text, fmt_hex_fixed(text, v, digits) - text);
}

void strbuf_adddec(struct strbuf *b, u64 v)
{
	if (!strbuf_room(b, DEC_MAX))
		return;
	b->n = fmt_dec(b->s + b->n, v) - b->s;
	b->s[b->n] = '\0';
}

void strbuf_addsdec(struct strbuf *b, s64 v)
{
	if (v < 0)
		strbuf_addc(b, '-');
	strbuf_adddec(b, v < 0 ? 0 - (u64)v : (u64)v);
}

void strbuf_addbytes(struct strbuf *b, const u8 *bytes, size_t n)
{
	if (!strbuf_room(b, 2 * n))
		return;
	b->n = fmt_bytes(b->s + b->n, bytes, n) - b->s;
	b->s[b->n] = '\0';
}
