/*
 * fetch.c - the instruction at c.rip, from a cache of decoded ones. The cache is keyed by linear
 * address and width and compares the bytes at each use: self-modifying code is right by
 * construction, and nobody has to tell it of a change of mapping.
 */
#include <emmintrin.h>
#include <stdlib.h>
#include <string.h>

#include "model/decode.h"

enum { PAGE = 4096 };

struct slot {
	u64 lin;
	u8 bits, n; /* n: bytes compared; 0: empty */
	u8 bytes[16], mask[16];
	struct op op;
};

struct code_cache {
	struct op_decoder decoder;
	struct slot slot[CODE_SIZE];
};

static struct slot *slot_of(struct code_cache *c, u64 lin)
{
	return &c->slot[(lin ^ lin >> 12) & (CODE_SIZE - 1)];
}

/* All 16 bytes at `p` can be read. */
static inline bool slot_equals(const struct slot *s, const u8 *p)
{
	__m128i a = _mm_loadu_si128((const __m128i *)p);
	__m128i b = _mm_loadu_si128((const __m128i *)s->bytes);
	__m128i k = _mm_loadu_si128((const __m128i *)s->mask);

	return _mm_movemask_epi8(_mm_cmpeq_epi8(_mm_and_si128(a, k), b)) == 0xffff;
}

static void slot_fill(struct slot *s, u64 lin, unsigned bits, const u8 *bytes, unsigned n)
{
	s->lin = lin;
	s->bits = bits;
	s->n = n;
	memset(s->bytes, 0, sizeof(s->bytes));
	memset(s->mask, 0, sizeof(s->mask));
	memcpy(s->bytes, bytes, n);
	memset(s->mask, 0xff, n);
}

/* What is between the fetch of an instruction and its decoded form. */
struct fetch {
	u64 lin;
	u8 buf[16], n; /* bytes read so far */
	u8 most;       /* bytes up to the limit of CS, at most 15 */
};

/* More bytes: the rest of this page, or the next page. */
static enum ex fetch_more(struct model *m, struct fetch *f)
{
	u64 lin = f->lin + f->n;
	unsigned part;
	struct tlb_entry *e;

	if (m->bits != 64)
		lin = (u32)lin;
	part = PAGE - lin % PAGE;
	if (part > (unsigned)(f->most - f->n))
		part = f->most - f->n;
	TRY(tlb_get(m, lin, m->cpl == 3 ? TLB_FETCH_USER : TLB_FETCH, &e));
	phys_get(m, e->gpa + lin % PAGE, f->buf + f->n, part);
	f->n += part;
	return EX_DONE;
}

/*
 * With what is there: true when *ret_r is the answer, else more bytes are needed. An instruction
 * longer than 15 bytes or beyond the limit is #GP (SDM volume 3, "Interrupt 13 - General Protection
 * Exception (#GP)").
 */
static bool fetch_decode(struct model *m, struct fetch *f, struct slot *s, enum ex *ret_r)
{
	struct op o;
	enum decode_result d;

	*ret_r = EX_DONE;
	if (s->n && s->lin == f->lin && s->bits == m->bits) {
		if (f->n >= s->n && slot_equals(s, f->buf))
			return true;
		if (f->n < s->n && f->n < f->most && s->op.len && !memcmp(s->bytes, f->buf, f->n))
			return false;
	}
	d = op_decode(&m->code->decoder, m->bits, f->buf, f->n, &o);
	if (d == DECODE_SHORT && f->n < f->most)
		return false;
	if (d == DECODE_SHORT || d == DECODE_TOO_LONG) {
		*ret_r = raise_code(m, EXC_GP, 0);
		return true;
	}
	slot_fill(s, f->lin, m->bits, f->buf, o.len ? o.len : f->n);
	s->op = o;
	return true;
}

static enum ex fetch_slow(struct model *m, u64 lin, unsigned most, struct slot *s)
{
	struct fetch f = { .lin = lin, .most = most };
	enum ex r;

	do
		TRY(fetch_more(m, &f));
	while (!fetch_decode(m, &f, s, &r));
	return r;
}

/* Where to fetch and how many bytes the limit leaves. */
static inline enum ex fetch_place(struct model *m, u64 *ret_lin, unsigned *ret_most)
{
	const struct segment *cs = &m->c.seg[SEG_CS];
	u64 rip = m->c.rip;

	if (m->bits == 64) {
		*ret_lin = rip;
		*ret_most = INSN_MAX;
		if ((u64)((s64)(rip << 16) >> 16) != rip)
			return raise_code(m, EXC_GP, 0);
		return EX_DONE;
	}
	if (unlikely((u32)rip > cs->limit))
		return raise_code(m, EXC_GP, 0);
	*ret_lin = (u32)(cs->base + (u32)rip);
	*ret_most = cs->limit - (u32)rip < INSN_MAX ? cs->limit - (u32)rip + 1 : INSN_MAX;
	return EX_DONE;
}

/* The slot holds what lies at `lin` now, of which `most` bytes are inside the limit. */
static inline bool slot_holds(const struct model *m, const struct slot *s, u64 lin, unsigned most)
{
	const struct tlb_entry *e = &m->tlb[lin >> 12 & (TLB_SIZE - 1)];

	return s->n && s->lin == lin && s->bits == m->bits && s->n <= most && e->page == tlb_page(m, lin) &&
	       e->hva && e->rights & (m->cpl == 3 ? TLB_FETCH_USER : TLB_FETCH) && lin % PAGE <= PAGE - 16 &&
	       slot_equals(s, e->hva + lin % PAGE);
}

enum ex op_fetch(struct model *m, const struct op **ret)
{
	unsigned most = 0;
	struct slot *s;
	u64 lin = 0;

	TRY(fetch_place(m, &lin, &most));
	s = slot_of(m->code, lin);
	*ret = &s->op;
	if (likely(slot_holds(m, s, lin, most)))
		return EX_DONE;
	return fetch_slow(m, lin, most, s);
}

const struct op *op_cached(struct model *m, u64 lin, const u8 **ret_bytes)
{
	const struct slot *s = slot_of(m->code, lin);

	if (!slot_holds(m, s, lin, INSN_MAX))
		return NULL;
	*ret_bytes = s->bytes;
	return &s->op;
}

struct code_cache *code_cache_create(const u32 *features)
{
	struct code_cache *c = calloc(1, sizeof(*c));

	if (c && !op_decoder_init(&c->decoder, features)) {
		free(c);
		return NULL;
	}
	return c;
}

void code_cache_destroy(struct code_cache *c)
{
	if (!c)
		return;
	op_decoder_deinit(&c->decoder);
	free(c);
}
