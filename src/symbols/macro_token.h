/*
 * macro_token.h - the preprocessor's tokens (C11, "Preprocessing tokens"): names, numbers, strings,
 * punctuation. Comments are blanks. Inside src/symbols/ only.
 */
#ifndef VMSTEP_SYMBOLS_MACRO_TOKEN_H
#define VMSTEP_SYMBOLS_MACRO_TOKEN_H

#include <vmstep/macro.h>

enum token_kind { TOKEN_NAME, TOKEN_NUMBER, TOKEN_TEXT /* a string or a character */, TOKEN_OTHER };
struct token {
	u8 kind;
	const char *text;
	size_t n;
};
/* The first token at or behind `p`; false: only blanks before `end`. A string without an end goes there. */
bool token_next(const char *p, const char *end, struct token *ret);
bool token_is(const struct token *t, const char *text);
/* Whether two tokens written without a blank between them would be read as others. */
bool tokens_splice(const char *a, size_t n_a, const char *b, size_t n_b);

#endif
