/*
 * strbuf.h - a string that grows, and fast numbers for hot paths.
 *
 * Implemented by src/util/strbuf.c, used wherever lines are put together (trace sinks, commands).
 *
 * Invariants a caller may rely on, after strbuf_init():
 *  - `s` is never NULL and s[n] is always NUL; an empty buffer needs no allocation;
 *  - strbuf_reset() keeps the memory, so that a buffer reused line after line stops allocating;
 *  - appending never fails visibly: out of memory sets `failed` (sticky until reset) and drops what
 *    did not fit. Who writes the buffer to a file checks `failed` once, there.
 * Pointers into `s` are valid until the next append.
 */
#ifndef VMSTEP_STRBUF_H
#define VMSTEP_STRBUF_H

#include <stdarg.h>
#include <string.h>
#include <vmstep/types.h>

struct strbuf {
	char *s;
	size_t n;
	size_t cap;  /* usable bytes without the NUL; 0: nothing allocated yet */
	bool failed; /* out of memory since the last init or reset */
};

void strbuf_init(struct strbuf *b);
/* Frees; the struct is as after strbuf_init(). */
void strbuf_deinit(struct strbuf *b);
/* Room for `n` more bytes: false (and `failed`) when there is no memory. */
bool strbuf_grow(struct strbuf *b, size_t n);
/* Hands the string over to the caller, who frees it; NULL after a failure. `b` is empty again. */
char *strbuf_detach(struct strbuf *b);

void strbuf_addf(struct strbuf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void strbuf_vaddf(struct strbuf *b, const char *fmt, va_list ap) __attribute__((format(printf, 2, 0)));
/* Blanks until `n` is `column`; at least `least` of them. */
void strbuf_pad(struct strbuf *b, size_t column, size_t least);
/* JSON string contents without the quotes: ", \ and control characters escaped, bytes that are not
 * UTF-8 become U+FFFD, so that the line is valid whatever a symbol or a guest is called. */
void strbuf_addjson(struct strbuf *b, const char *text, size_t n);

static inline void strbuf_reset(struct strbuf *b)
{
	b->n = 0;
	b->failed = false;
	if (b->cap)
		b->s[0] = '\0';
}

static inline bool strbuf_room(struct strbuf *b, size_t n)
{
	return __builtin_expect(b->cap - b->n >= n, 1) || strbuf_grow(b, n);
}

static inline void strbuf_addn(struct strbuf *b, const void *p, size_t n)
{
	if (!n || !strbuf_room(b, n))
		return;
	memcpy(b->s + b->n, p, n);
	b->n += n;
	b->s[b->n] = '\0';
}

static inline void strbuf_adds(struct strbuf *b, const char *text)
{
	strbuf_addn(b, text, strlen(text));
}

static inline void strbuf_addc(struct strbuf *b, char c)
{
	strbuf_addn(b, &c, 1);
}

/* ---- numbers --------------------------------------------------------------------------------- */

enum { HEX_MAX = 16, DEC_MAX = 20 }; /* most digits of a u64 */

/* Lower-case hex without prefix or leading zeros ("0" for 0), no NUL; returns the end. */
char *fmt_hex(char *p, u64 v);
/* The same with exactly `digits` digits (1..16), higher ones cut off. */
char *fmt_hex_fixed(char *p, u64 v, unsigned digits);
/* Decimal, no NUL; returns the end. */
char *fmt_dec(char *p, u64 v);
/* `n` bytes as 2n hex digits without blanks; returns the end. */
char *fmt_bytes(char *p, const u8 *bytes, size_t n);

/* Appended to a buffer. */
void strbuf_addhex(struct strbuf *b, u64 v, bool with_0x);           /* "0x1f", "1f" */
void strbuf_addhex_pad(struct strbuf *b, u64 v, unsigned digits);    /* "001f" for 4 digits, no 0x */
void strbuf_adddec(struct strbuf *b, u64 v);
void strbuf_addsdec(struct strbuf *b, s64 v);
void strbuf_addbytes(struct strbuf *b, const u8 *bytes, size_t n);   /* "90f190" */

/* The text; never NULL. */
static inline const char *strbuf_str(const struct strbuf *b)
{
	return b->s ? b->s : "";
}

#endif
