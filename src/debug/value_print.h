/*
 * value_print.h - between value_print.c (structures), value_array.c, value_scalar.c (numbers, pointers)
 * and value_string.c (characters). Inside src/debug/.
 */
#ifndef VMSTEP_DEBUG_VALUE_PRINT_H
#define VMSTEP_DEBUG_VALUE_PRINT_H

#include <vmstep/print.h>
#include "private.h"

/* One value being shown, with what was last read of it. */
struct printer {
	struct session *s;
	const struct print_style *style;
	const struct value *v; /* the whole */
	struct strbuf *out;
	u8 window[4096];
	u64 window_at;
	size_t window_n;
	unsigned depth;
	struct err err; /* of the last read */
};

/* A part of the whole. */
struct part {
	const struct ctype *type;
	u64 off;
	u16 bit_pos, bit_size;
};

/* `n` bytes of the whole; *ret_gone: not all of them exist. */
int printer_read(struct printer *p, u64 off, void *buf, size_t n, bool *ret_gone);
/* Where the part is in the guest; false: nowhere. */
bool printer_addr(const struct printer *p, u64 off, u64 *ret);
/* A part of any type; `recurse`: how deep in structures it is, `top`: it is the whole. */
void part_print(struct printer *p, const struct part *part, bool top, unsigned recurse);
/* "<error: Cannot access memory at address 0x10>" and the like. */
void printer_trouble(struct printer *p);

/* ---- value_array.c --------------------------------------------------------------------------- */

void array_print(struct printer *p, const struct part *part, const struct ctype *t,
		 unsigned recurse);

/* ---- value_scalar.c -------------------------------------------------------------------------- */

/* A number's contents, `size` bytes of little-endian; at most 16. */
struct number {
	unsigned __int128 bits; /* cut to the size */
	unsigned size;
	bool is_signed;
};
void scalar_print(struct printer *p, const struct ctype *t, const struct number *n, bool top);
/* A float of 4, 8 or more bytes as gdb prints it. */
void float_print(struct printer *p, const struct number *n);
void pointer_print(struct printer *p, const struct ctype *t, u64 addr, bool top);
void address_print(struct printer *p, u64 addr);

/* ---- value_string.c -------------------------------------------------------------------------- */

/* One character as gdb writes it in quotes of kind `quote`; *escaped: the last one was an octal escape. */
void char_print(struct strbuf *out, u8 c, char quote, bool *escaped);
bool type_is_char(const struct ctype *t);
/* `count` characters of the whole. */
void chars_print(struct printer *p, u64 off, u64 count);
/* The text at a guest address, up to its NUL. */
void string_print(struct printer *p, u64 addr);

#endif
