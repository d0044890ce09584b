/* json.c - see json.h. RFC 8259, depth bounded. */
#include <string.h>
#include "json.h"

enum { DEPTH_MAX = 16 };

struct reader {
	const char *p, *end;
	unsigned depth;
};

static char peek(const struct reader *r)
{
	return r->p < r->end ? *r->p : '\0';
}

static void blanks(struct reader *r)
{
	while (r->p < r->end && strchr(" \t\r\n", *r->p) && *r->p)
		r->p++;
}

static bool take(struct reader *r, char c)
{
	blanks(r);
	if (peek(r) != c || r->p == r->end)
		return false;
	r->p++;
	return true;
}

static bool word(struct reader *r, const char *w)
{
	size_t n = strlen(w);

	if ((size_t)(r->end - r->p) < n || memcmp(r->p, w, n))
		return false;
	r->p += n;
	return true;
}

static bool escape(struct reader *r)
{
	char c = peek(r);

	r->p++;
	if (c != 'u')
		return c && strchr("\"\\/bfnrt", c);
	for (int i = 0; i < 4; i++, r->p++)
		if (!peek(r) || !strchr("0123456789abcdefABCDEF", *r->p))
			return false;
	return true;
}

static bool string(struct reader *r)
{
	if (!take(r, '"'))
		return false;
	while (r->p < r->end) {
		unsigned char c = *r->p++;

		if (c == '"')
			return true;
		if (c < ' ' || (c == '\\' && !escape(r)))
			return false;
	}
	return false;
}

static bool digits(struct reader *r)
{
	const char *from = r->p;

	while (peek(r) >= '0' && peek(r) <= '9')
		r->p++;
	return r->p > from;
}

static bool number(struct reader *r)
{
	if (peek(r) == '-')
		r->p++;
	if (peek(r) == '0')
		r->p++;
	else if (!digits(r))
		return false;
	if (peek(r) == '.') {
		r->p++;
		if (!digits(r))
			return false;
	}
	if (peek(r) == 'e' || peek(r) == 'E') {
		r->p++;
		if (peek(r) == '+' || peek(r) == '-')
			r->p++;
		return digits(r);
	}
	return true;
}

/* The one function that needs itself: arrays and objects hold values. */
static bool value(struct reader *r)
{
	char close;

	blanks(r);
	switch (peek(r)) {
	case '"':
		return string(r);
	case 't':
		return word(r, "true");
	case 'f':
		return word(r, "false");
	case 'n':
		return word(r, "null");
	case '[':
	case '{':
		close = *r->p++ == '[' ? ']' : '}';
		break;
	default:
		return number(r);
	}
	if (++r->depth > DEPTH_MAX)
		return false;
	if (!take(r, close)) {
		do {
			if (close == '}' && (!string(r) || !take(r, ':')))
				return false;
			if (!value(r))
				return false;
		} while (take(r, ','));
		if (!take(r, close))
			return false;
	}
	r->depth--;
	return true;
}

const char *json_skip(const char *p, const char *end)
{
	struct reader r = { p, end, 0 };

	return value(&r) ? r.p : NULL;
}

bool json_object(struct json_members *m, const char *line, size_t n, size_t *ret_bad)
{
	struct reader r = { line, line + n, 0 };
	bool fine;

	blanks(&r);
	fine = peek(&r) == '{' && value(&r);
	if (fine)
		blanks(&r);
	if (!fine || r.p < r.end) {
		*ret_bad = r.p < r.end ? (size_t)(r.p - line) : n;
		return false;
	}
	*m = (struct json_members){ strchr(line, '{') + 1, line + n, true };
	return true;
}

bool json_next(struct json_members *m, struct slice *ret_key, struct slice *ret_value)
{
	struct reader r = { m->p, m->end, 0 };

	if (!m->first && !take(&r, ','))
		return false;
	blanks(&r);
	if (peek(&r) == '}')
		return false;
	ret_key->s = r.p;
	string(&r);
	ret_key->n = r.p - ret_key->s;
	take(&r, ':');
	blanks(&r);
	ret_value->s = r.p;
	value(&r);
	ret_value->n = r.p - ret_value->s;
	m->p = r.p;
	m->first = false;
	return true;
}
