/*
 * shift.c - SHL SHR SAR ROL ROR RCL RCR SHLD SHRD.
 *
 * Counts are masked to 5 bits, to 6 with 64-bit operands. What the SDM leaves undefined is as
 * Intel's processors do it (tests/diff/undefined.py says where that was seen): OF is computed for
 * every count by the rule for a count of 1, AF is cleared.
 */
#include <Zydis/Zydis.h>

#include "model/operand.h"

struct shift {
	unsigned size, bits, count; /* bytes, bits, masked count */
	u64 a;                      /* the operand */
};

/* The count is the last operand. */
static enum ex shift_begin(struct model *m, const struct op *o, struct shift *s)
{
	u64 count;

	s->size = o->opnd[0].size;
	s->bits = 8 * s->size;
	TRY(op_read(m, o, o->n - 1, &count));
	s->count = count & (s->size == 8 ? 63 : 31);
	return op_rmw(m, o, 0, &s->a);
}

/* OF when the two bits differ. */
static u64 overflow(bool x, bool y)
{
	return x != y ? FL_OF : 0;
}

static bool top(const struct shift *s, u64 v)
{
	return v & sign_bit(s->size);
}

static bool below_top(const struct shift *s, u64 v)
{
	return v & sign_bit(s->size) >> 1;
}

/* A count of 0 writes the operand back and leaves the flags. */
static enum ex shift_end(struct model *m, const struct op *o, const struct shift *s, u64 r, bool cf,
			 u64 of)
{
	r &= size_mask(s->size);
	TRY(op_write(m, o, 0, r));
	if (s->count)
		flags_set(m, FL_ARITH, flags_szp(r, s->size) | (cf ? FL_CF : 0) | of);
	return EX_DONE;
}

static enum ex rotate_end(struct model *m, const struct op *o, const struct shift *s, u64 r,
			  bool cf, u64 of)
{
	TRY(op_write(m, o, 0, r & size_mask(s->size)));
	if (s->count)
		flags_set(m, FL_CF | FL_OF, (cf ? FL_CF : 0) | of);
	return EX_DONE;
}

static enum ex op_shl(struct model *m, const struct op *o)
{
	struct shift s;
	bool cf;
	u64 r;

	TRY(shift_begin(m, o, &s));
	r = s.count < s.bits ? s.a << s.count : 0;
	cf = s.count && s.count <= s.bits && s.a >> (s.bits - s.count) & 1;
	return shift_end(m, o, &s, r, cf, overflow(top(&s, r), cf));
}

static enum ex op_shr(struct model *m, const struct op *o)
{
	struct shift s;
	bool cf;
	u64 r;

	TRY(shift_begin(m, o, &s));
	r = s.count < s.bits ? s.a >> s.count : 0;
	cf = s.count && s.count <= s.bits && s.a >> (s.count - 1) & 1;
	return shift_end(m, o, &s, r, cf, overflow(top(&s, r), below_top(&s, r)));
}

static enum ex op_sar(struct model *m, const struct op *o)
{
	struct shift s;
	unsigned n;
	s64 a;

	TRY(shift_begin(m, o, &s));
	a = sign_extend(s.a, s.size);
	n = s.count < s.bits ? s.count : s.bits - 1;
	return shift_end(m, o, &s, a >> n, s.count && a >> (s.count < 64 ? s.count - 1 : 63) & 1,
			 0);
}

static enum ex op_rol(struct model *m, const struct op *o)
{
	struct shift s;
	unsigned n;
	u64 r;

	TRY(shift_begin(m, o, &s));
	n = s.count % s.bits;
	r = n ? s.a << n | s.a >> (s.bits - n) : s.a;
	return rotate_end(m, o, &s, r, r & 1, overflow(top(&s, r), r & 1));
}

static enum ex op_ror(struct model *m, const struct op *o)
{
	struct shift s;
	unsigned n;
	u64 r;

	TRY(shift_begin(m, o, &s));
	n = s.count % s.bits;
	r = n ? s.a >> n | s.a << (s.bits - n) : s.a;
	return rotate_end(m, o, &s, r, top(&s, r), overflow(top(&s, r), below_top(&s, r)));
}

/* The result and the bit shifted out of it. */
struct shifted {
	u64 r;
	bool cf;
};

/* Through carry: a ring of one bit more than the operand, by 1 to that many less one. */
static struct shifted ring_left(const struct shift *s, unsigned n, bool cf)
{
	return (struct shifted){
		(n < s->bits ? s->a << n : 0) | (u64)cf << (n - 1) |
			(n > 1 ? s->a >> (s->bits + 1 - n) : 0),
		s->a >> (s->bits - n) & 1,
	};
}

static struct shifted ring_right(const struct shift *s, unsigned n, bool cf)
{
	return (struct shifted){
		(n < s->bits ? s->a >> n : 0) | (u64)cf << (s->bits - n) |
			(n > 1 ? s->a << (s->bits + 1 - n) : 0),
		s->a >> (n - 1) & 1,
	};
}

static inline enum ex rotate_ring(struct model *m, const struct op *o, bool left)
{
	struct shifted d;
	struct shift s;
	unsigned n;

	TRY(shift_begin(m, o, &s));
	n = s.count % (s.bits + 1);
	d = (struct shifted){ s.a, m->c.rflags & FL_CF };
	if (n)
		d = left ? ring_left(&s, n, d.cf) : ring_right(&s, n, d.cf);
	return rotate_end(m, o, &s, d.r, d.cf,
			  overflow(top(&s, d.r), left ? d.cf : below_top(&s, d.r)));
}

static enum ex op_rcl(struct model *m, const struct op *o)
{
	return rotate_ring(m, o, true);
}

static enum ex op_rcr(struct model *m, const struct op *o)
{
	return rotate_ring(m, o, false);
}

/*
 * With 16-bit operands a count above 16 is undefined: the bits come from the 48-bit row of
 * destination, source, destination, as Intel's do.
 */
static struct shifted shift_left(const struct shift *s, u64 b)
{
	u64 row = s->a << 32 | b << 16 | s->a;

	if (s->size == 2)
		return (struct shifted){ row >> (32 - s->count), row >> (48 - s->count) & 1 };
	return (struct shifted){ s->a << s->count | b >> (s->bits - s->count),
				      s->a >> (s->bits - s->count) & 1 };
}

static struct shifted shift_right(const struct shift *s, u64 b)
{
	u64 row = s->a << 32 | b << 16 | s->a;

	if (s->size == 2)
		return (struct shifted){ row >> s->count, row >> (s->count - 1) & 1 };
	return (struct shifted){ s->a >> s->count | b << (s->bits - s->count),
				      s->a >> (s->count - 1) & 1 };
}

static inline enum ex shift_double(struct model *m, const struct op *o, bool left)
{
	struct shifted d;
	struct shift s;
	u64 b;

	TRY(shift_begin(m, o, &s));
	TRY(op_read(m, o, 1, &b));
	if (!s.count)
		return op_write(m, o, 0, s.a);
	d = left ? shift_left(&s, b) : shift_right(&s, b);
	return shift_end(m, o, &s, d.r, d.cf,
			 overflow(top(&s, d.r), left ? top(&s, s.a) : below_top(&s, d.r)));
}

static enum ex op_shld(struct model *m, const struct op *o)
{
	return shift_double(m, o, true);
}

static enum ex op_shrd(struct model *m, const struct op *o)
{
	return shift_double(m, o, false);
}

const struct op_row shift_ops[] = {
	{ ZYDIS_MNEMONIC_SHL, op_shl },   { ZYDIS_MNEMONIC_SHR, op_shr },
	{ ZYDIS_MNEMONIC_SAR, op_sar },   { ZYDIS_MNEMONIC_ROL, op_rol },
	{ ZYDIS_MNEMONIC_ROR, op_ror },   { ZYDIS_MNEMONIC_RCL, op_rcl },
	{ ZYDIS_MNEMONIC_RCR, op_rcr },   { ZYDIS_MNEMONIC_SHLD, op_shld },
	{ ZYDIS_MNEMONIC_SHRD, op_shrd }, { 0 },
};
