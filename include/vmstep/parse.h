/*
 * parse.h - numbers and sizes as users type them. Implemented by src/util/parse.c.
 *
 * Numbers are gdb's and C's: 0x1f hexadecimal, 017 octal, 0b101 binary, 31 decimal. No sign and no
 * blanks: those belong to the expression parser.
 */
#ifndef VMSTEP_PARSE_H
#define VMSTEP_PARSE_H

#include <vmstep/err.h>

/*
 * The number at the start of `s`. 0, *ret and *ret_end (first character behind it); -EINVAL when there
 * is no number (also "0x" alone and "09"), -ERANGE when it does not fit in 64 bits. What may follow is
 * the caller's business.
 */
int number_scan(const char *s, const char **ret_end, u64 *ret);

/* The whole of `s` is one number. `what` names it in the sentence ("--steps", "argument 2"). */
int number_parse(const char *s, const char *what, u64 *ret, struct err *err);
/* The same within min..max, both inclusive. */
int number_parse_range(const char *s, const char *what, u64 min, u64 max, u64 *ret, struct err *err);
/* A number with an optional K, M, G or T (1024-based, either case; an i and a B may follow: "64MiB"). */
int size_parse(const char *s, const char *what, u64 *ret, struct err *err);
/* Bytes in hex, blanks, commas, colons and a 0x before each allowed: "90 f1 90", "90f190". At most
 * `max` bytes; *ret_n are in `buf`. */
int hex_bytes_parse(const char *s, const char *what, u8 *buf, size_t max, size_t *ret_n, struct err *err);

#endif
