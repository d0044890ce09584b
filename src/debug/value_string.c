/*
 * value_string.c - characters in gdb's layout: "abc", 'x' <repeats 20 times>, "...". Runs of equal
 * characters longer than the limit stand outside the quotes.
 */
#include <ctype.h>
#include <string.h>
#include "value_print.h"

void char_print(struct strbuf *out, u8 c, char quote, bool *escaped)
{
	static const char from[] = "\a\b\f\n\r\t\v", to[] = "abfnrtv";
	const char *hit = c ? strchr(from, c) : NULL;
	bool octal = !hit && (c < 0x20 || c > 0x7e || (*escaped && isdigit(c)));

	if (hit)
		strbuf_addf(out, "\\%c", to[hit - from]);
	else if (octal) /* also a digit behind one, which would be taken for its part */
		strbuf_addf(out, "\\%03o", c);
	else if (c == '\\' || c == (u8)quote)
		strbuf_addf(out, "\\%c", c);
	else
		strbuf_addc(out, c);
	*escaped = octal;
}

bool type_is_char(const struct ctype *t)
{
	t = ctype_strip(t);
	return t->kind == CTYPE_CHAR && t->size == 1;
}

/* What is between the parts of a string. */
struct writer {
	struct strbuf *out;
	bool open, started, escaped;
};

static void run_add(struct writer *w, u8 c, u64 n, u32 limit)
{
	if (limit && n > limit) {
		strbuf_adds(w->out, w->open ? "\", '" : w->started ? ", '" : "'");
		w->open = w->escaped = false;
		char_print(w->out, c, '\'', &w->escaped);
		strbuf_addf(w->out, "' <repeats %llu times>", (unsigned long long)n);
		w->escaped = false;
	} else {
		if (!w->open)
			strbuf_adds(w->out, w->started ? ", \"" : "\"");
		w->open = true;
		while (n--)
			char_print(w->out, c, '"', &w->escaped);
	}
	w->started = true;
}

static void string_end(struct writer *w, bool cut)
{
	if (!w->started)
		strbuf_adds(w->out, "\"\"");
	else if (w->open)
		strbuf_addc(w->out, '"');
	if (cut)
		strbuf_adds(w->out, "...");
}

/* Length of the run at `i`; all of it is read, as gdb counts it. */
static u64 run_length(struct printer *p, u64 off, u64 i, u64 n, u8 *ret)
{
	u64 k = i;
	bool gone;
	u8 c;

	if (printer_read(p, off + i, ret, 1, &gone))
		return 0;
	do
		k++;
	while (k < n && !printer_read(p, off + k, &c, 1, &gone) && c == *ret);
	return k - i;
}

void chars_print(struct printer *p, u64 off, u64 n)
{
	struct writer w = { .out = p->out };
	u32 limit = p->style->elements, repeats = p->style->repeats;
	u64 i = 0, shown = 0;
	bool gone;
	u8 c = 1;

	for (u64 k = 0; p->style->null_stop && k < n; k++)
		if (!printer_read(p, off + k, &c, 1, &gone) && !c)
			n = k;
	c = 1;
	if (!n || (!limit || n <= limit)) /* a NUL at the end goes without saying */
		if (n && !printer_read(p, off + n - 1, &c, 1, &gone) && !c)
			n--;
	while (i < n && (!limit || shown < limit)) {
		u64 run = run_length(p, off, i, n, &c);

		if (!run) {
			printer_trouble(p);
			return;
		}
		i += run;
		if (repeats && run > repeats) {
			shown += repeats;
		} else if (limit && shown + run > limit) {
			i -= shown + run - limit;
			run = limit - shown;
			shown = limit;
		} else {
			shown += run;
		}
		run_add(&w, c, run, repeats);
	}
	string_end(&w, i < n);
}

/* Reads until the NUL, the limit, or what cannot be read; false where not even the first byte can. */
static bool fetch(struct printer *p, u64 addr, u8 *buf, size_t max, size_t *ret_n, bool *ret_end,
		  bool *ret_error)
{
	size_t n = state_read_some(p->s, addr, buf, max);
	u8 *nul = memchr(buf, 0, n);

	*ret_end = nul;
	*ret_n = nul ? (size_t)(nul - buf) : n;
	*ret_error = !nul && n < max;
	return n;
}

void string_print(struct printer *p, u64 addr)
{
	enum { ALL = 65536 };
	struct writer w = { .out = p->out };
	u32 limit = p->style->elements ?: ALL;
	u8 buf[ALL];
	size_t n, i = 0;
	bool end, error;

	if (limit > ALL)
		limit = ALL;
	if (!fetch(p, addr, buf, limit, &n, &end, &error)) {
		strbuf_addf(p->out, "<error: Cannot access memory at address 0x%llx>",
			    (unsigned long long)addr);
		return;
	}
	while (i < n) {
		size_t run = 1;

		while (i + run < n && buf[i + run] == buf[i])
			run++;
		run_add(&w, buf[i], run, p->style->repeats);
		i += run;
	}
	string_end(&w, !end && !error);
	if (error)
		strbuf_addf(p->out, "<error: Cannot access memory at address 0x%llx>",
			    (unsigned long long)(addr + n));
}
