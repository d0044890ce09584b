/* macro_token.c - see macro_token.h. */
#include <string.h>
#include "macro_token.h"

static const char *const punctuation[] = { "%:%:", "...", "<<=", ">>=", "->", "++", "--", "<<", ">>",
					   "<=",   ">=",  "==",  "!=",  "&&", "||", "*=", "/=", "%=",
					   "+=",   "-=",  "&=",  "^=",  "|=", "##", "<:", ":>", "<%",
					   "%>",   "%:" };

static bool is_name_start(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static const char *behind_comment(const char *p, const char *end)
{
	const char *close;

	if (p[1] == '/') {
		close = memchr(p, '\n', end - p);
		return close ? close + 1 : end;
	}
	close = memmem(p + 2, end - p - 2, "*/", 2);
	return close ? close + 2 : end;
}

static const char *behind_blanks(const char *p, const char *end)
{
	for (;;) {
		if (p < end && *p && strchr(" \t\n\v\f\r", *p))
			p++;
		else if (end - p >= 2 && p[0] == '/' && (p[1] == '/' || p[1] == '*'))
			p = behind_comment(p, end);
		else
			return p;
	}
}

static size_t text_length(const char *p, const char *end)
{
	const char *q = p + 1;

	while (q < end && *q != *p)
		q += *q == '\\' && q + 1 < end ? 2 : 1;
	return q < end ? q + 1 - p : q - p;
}

/* A pp-number: digits, letters, dots, and a sign behind an exponent. */
static size_t number_length(const char *p, const char *end)
{
	const char *q = p;

	while (q < end && (is_digit(*q) || is_name_start(*q) || *q == '.' ||
			   (q > p && (*q == '+' || *q == '-') && strchr("eEpP", q[-1]))))
		q++;
	return q - p;
}

static size_t other_length(const char *p, const char *end)
{
	for (size_t i = 0; i < ARRAY_SIZE(punctuation); i++) {
		size_t n = strlen(punctuation[i]);

		if ((size_t)(end - p) >= n && !memcmp(p, punctuation[i], n))
			return n;
	}
	return 1;
}

bool token_next(const char *p, const char *end, struct token *ret)
{
	p = behind_blanks(p, end);
	if (p >= end)
		return false;
	ret->text = p;
	if (is_name_start(*p)) {
		ret->kind = TOKEN_NAME;
		for (ret->n = 1; p + ret->n < end && (is_name_start(p[ret->n]) || is_digit(p[ret->n]));)
			ret->n++;
	} else if (is_digit(*p) || (*p == '.' && end - p > 1 && is_digit(p[1]))) {
		ret->kind = TOKEN_NUMBER;
		ret->n = number_length(p, end);
	} else if (*p == '"' || *p == '\'') {
		ret->kind = TOKEN_TEXT;
		ret->n = text_length(p, end);
	} else {
		ret->kind = TOKEN_OTHER;
		ret->n = other_length(p, end);
	}
	return true;
}

bool token_is(const struct token *t, const char *text)
{
	return t->kind == TOKEN_OTHER && t->n == strlen(text) && !memcmp(t->text, text, t->n);
}

bool tokens_splice(const char *a, size_t n_a, const char *b, size_t n_b)
{
	struct strbuf s;
	struct token t;
	bool whole;

	strbuf_init(&s);
	strbuf_addn(&s, a, n_a);
	strbuf_addn(&s, b, n_b);
	whole = token_next(strbuf_str(&s), strbuf_str(&s) + s.n, &t) && t.text == strbuf_str(&s) &&
		t.n == n_a;
	strbuf_deinit(&s);
	return !whole;
}
