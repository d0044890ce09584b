/*
 * expr_piece.c - values that lie in registers and in pieces: read, kept and written there.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <vmstep/unwind.h>
#include "eval.h"

enum { WRITE_MAX = 512 }; /* bytes at once, see store_aggregate() */

/* XMM and x87 registers are those of the processor: no frame saves them (System V ABI). */
static bool wide_register(struct eval *ev, const struct frame *f, bool is64, u64 reg, u8 *buf)
{
	unsigned xmm = is64 ? 17 : 21, st = is64 ? 33 : 11;
	const struct cpu_state *c;

	if (f->level && f->inline_depth == 0 && f->how != FRAME_INLINED && f->how != FRAME_CPU)
		return false;
	if (state_need(ev->s, REGS_FPU, &c, NULL))
		return false;
	/* SDM volume 1 "FXSAVE Area": ST at 32, XMM at 160, 16 bytes each. */
	if (reg >= xmm && reg < xmm + (is64 ? 16u : 8u))
		memcpy(buf, c->fxsave + 160 + 16 * (reg - xmm), 16);
	else if (reg >= st && reg < st + 8)
		memcpy(buf, c->fxsave + 32 + 16 * (reg - st), 16);
	else
		return false;
	return true;
}

/* The contents of a piece that is not in memory, at most `max` bytes; false: it is lost. */
static bool piece_raw(struct eval *ev, const struct piece *p, u8 *buf, size_t max, size_t *ret_n)
{
	const struct frame *f;
	int i;

	memset(buf, 0, max);
	*ret_n = max;
	if (ev->seen && p->kind != PIECE_BYTES) /* a value is computed from registers */
		ev->seen->registers = true;
	switch (p->kind) {
	case PIECE_VALUE:
		memcpy(buf, &p->at, 8);
		return true;
	case PIECE_BYTES:
		memcpy(buf, p->bytes, p->n_bytes < max ? p->n_bytes : max);
		return true;
	case PIECE_REGISTER:
		if (eval_frame(ev, &f))
			return false;
		i = frame_reg_of_dwarf(mode_bits(f->regs.mode), p->at);
		if (i < 0)
			return wide_register(ev, f, f->regs.mode == MODE_LONG, p->at, buf);
		memcpy(buf, &f->regs.value[i], 8);
		return place_register_known(ev->s, f, i);
	}
	return false;
}

static void bits_copy(u8 *to, u64 to_bit, const u8 *from, u64 from_bit, u64 n)
{
	for (u64 i = 0; i < n; i++, to_bit++, from_bit++) {
		u8 mask = 1 << (to_bit & 7);

		to[to_bit >> 3] &= ~mask;
		if (from[from_bit >> 3] >> (from_bit & 7) & 1)
			to[to_bit >> 3] |= mask;
	}
}

/* A piece of no said size is all there is. */
static u64 piece_bits(const struct piece *p)
{
	return p->bits ?: (u64)1 << 40;
}

/* Where the bits [want, want + n) of the whole meet a piece that starts at bit `start`. */
struct overlap {
	u64 in;   /* first bit within the piece's storage */
	u64 from; /* the same bit in what is written */
	u64 n;    /* 0: they do not meet */
};

static struct overlap overlap_of(const struct piece *p, u64 start, u64 want, u64 n)
{
	u64 bits = piece_bits(p);
	u64 from = want > start ? want : start;
	u64 to = want + n < start + bits ? want + n : start + bits;

	if (from >= to)
		return (struct overlap){ 0 };
	return (struct overlap){ p->bit_offset + from - start, from - want, to - from };
}

/* The part of bits [want, want + n) that lies in piece `p`, which starts at bit `start`. */
static int piece_copy(struct eval *ev, const struct piece *p, u64 start, u64 want, u64 n, u8 *buf,
		      bool *ret_gone)
{
	enum { RAW = 256 };
	const struct overlap o = overlap_of(p, start, want, n);
	u8 raw[RAW];
	size_t n_raw;

	if (!o.n)
		return 0;
	if (p->kind == PIECE_MEMORY) {
		u64 bytes = (o.in % 8 + o.n + 7) / 8;

		if (bytes > RAW)
			return err_set(ev->err, ENOTSUP, "a piece of the value is too large");
		if (ev->seen)
			seen_memory(ev->seen, p->at + o.in / 8, bytes);
		if (session_read(ev->s, p->at + o.in / 8, raw, bytes, ev->err))
			return -EFAULT;
		bits_copy(buf, o.from, raw, o.in % 8, o.n);
		return 0;
	}
	if (!piece_raw(ev, p, raw, RAW, &n_raw) || o.in + o.n > 8 * RAW) {
		*ret_gone = true;
		return 0;
	}
	bits_copy(buf, o.from, raw, o.in, o.n);
	return 0;
}

int place_bytes(struct eval *ev, const struct place *pl, u64 off, u8 *buf, size_t n,
		       bool *ret_gone)
{
	u64 start = 0;
	int rc = 0;

	memset(buf, 0, n);
	for (unsigned i = 0; !rc && i < pl->n; i++) {
		rc = piece_copy(ev, &pl->piece[i], start, off * 8, n * 8, buf, ret_gone);
		start += piece_bits(&pl->piece[i]);
	}
	if (start < (off + n) * 8)
		*ret_gone = true;
	return rc;
}

int place_keep(struct eval *ev, const struct val *v, struct value *ret)
{
	enum { MAX = 4096 };
	u64 size = ctype_size(v->type.c);
	u8 *data;

	if (size > MAX)
		return err_set(ev->err, ENOTSUP, "the value in registers is too large");
	data = session_keep(ev->s, NULL, 2 * size, ev->err);
	if (!data)
		return -ENOMEM;
	for (u64 i = 0; i < size; i++) {
		bool gone;
		int rc = val_bytes(ev, v, i, data + i, 1, &gone);

		if (rc)
			return rc;
		data[size + i] = gone;
	}
	ret->data = data;
	ret->partly_lost = true;
	return 0;
}

/* ---- writing --------------------------------------------------------------------------------- */

static int register_write(struct eval *ev, const struct node *n, const struct piece *p,
			  const struct overlap *o, const u8 *buf)
{
	const struct frame *f;
	u64 v;
	int rc = eval_frame(ev, &f), i;

	if (rc)
		return rc;
	i = frame_reg_of_dwarf(mode_bits(f->regs.mode), p->at);
	if (i < 0 || o->in + o->n > 64)
		return node_bad(n, ENOTSUP, "this register cannot be written from here", ev->err);
	v = f->regs.value[i];
	bits_copy((u8 *)&v, o->in, buf, o->from, o->n);
	return frame_set_reg(ev->s, f->level, i, v, ev->err);
}

static int memory_write(struct eval *ev, const struct piece *p, const struct overlap *o,
			const u8 *buf)
{
	u8 raw[WRITE_MAX + 1];
	u64 addr = p->at + o->in / 8, bytes = (o->in % 8 + o->n + 7) / 8;
	int rc = session_read(ev->s, addr, raw, bytes, ev->err);

	if (rc)
		return rc;
	bits_copy(raw, o->in % 8, buf, o->from, o->n);
	return session_write(ev->s, addr, raw, bytes, ev->err);
}

/* Whether all of it has a place: nothing is written by halves. */
static int place_check(struct eval *ev, const struct node *n, const struct place *pl, u64 want,
		       u64 bits)
{
	u64 start = 0;

	for (unsigned i = 0; i < pl->n; i++) {
		const struct piece *p = &pl->piece[i];
		bool meets = overlap_of(p, start, want, bits).n;

		if (meets && p->kind == PIECE_NONE)
			return node_bad(n, ENODATA, "a part of it has been optimized out", ev->err);
		if (meets && p->kind != PIECE_REGISTER && p->kind != PIECE_MEMORY)
			return node_bad(n, EINVAL, "this value has no place to write to", ev->err);
		start += piece_bits(p);
	}
	return start >= want + bits
		       ? 0
		       : node_bad(n, ENODATA, "a part of it has been optimized out", ev->err);
}

static int place_write(struct eval *ev, const struct node *n, const struct place *pl, u64 off,
		       const u8 *buf, size_t size)
{
	u64 start = 0;
	int rc = size > WRITE_MAX ? node_bad(n, ENOTSUP, "this is too large to be written", ev->err)
				  : place_check(ev, n, pl, off * 8, size * 8);

	for (unsigned i = 0; !rc && i < pl->n; i++) {
		const struct piece *p = &pl->piece[i];
		const struct overlap o = overlap_of(p, start, off * 8, size * 8);

		if (o.n)
			rc = p->kind == PIECE_MEMORY ? memory_write(ev, p, &o, buf)
						     : register_write(ev, n, p, &o, buf);
		start += piece_bits(p);
	}
	return rc;
}

int val_write(struct eval *ev, const struct node *n, const struct val *to, const void *buf,
	      size_t size)
{
	struct place place;

	if (to->gone)
		return node_bad(n, ENODATA, "the variable has been optimized out", ev->err);
	if (to->in_memory)
		return session_write(ev->s, to->addr, buf, size, ev->err);
	if (!to->place)
		return node_bad(n, EINVAL, "this value has no place to write to", ev->err);
	place = *to->place; /* a register written may lead to other places being looked at */
	return place_write(ev, n, &place, to->place_off, buf, size);
}
