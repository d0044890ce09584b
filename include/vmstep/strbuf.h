/*
 * strbuf.h - a growable string. Implemented by src/util/strbuf.c. Allocation failure aborts nothing:
 * the buffer keeps what fits and `failed` is set.
 */
#ifndef VMSTEP_STRBUF_H
#define VMSTEP_STRBUF_H

#include <vmstep/types.h>

struct strbuf {
	char *s;      /* always terminated once anything was added; may be NULL when empty */
	size_t n, cap;
	bool failed;
};
void strbuf_init(struct strbuf *b);
void strbuf_deinit(struct strbuf *b);
void strbuf_reset(struct strbuf *b);
void strbuf_addf(struct strbuf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void strbuf_adds(struct strbuf *b, const char *s);
void strbuf_addn(struct strbuf *b, const char *s, size_t n);
void strbuf_addc(struct strbuf *b, char c);
/* Hot-path appenders: "0x1f", "1f", "31". */
void strbuf_addhex(struct strbuf *b, u64 v, bool with_0x);
void strbuf_addhex_pad(struct strbuf *b, u64 v, unsigned digits);
void strbuf_adddec(struct strbuf *b, u64 v);
const char *strbuf_str(const struct strbuf *b); /* never NULL */

#endif
