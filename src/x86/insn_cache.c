/*
 * insn_cache.c - decoded instructions by address; see insn.h. In the hot loop of every step: a
 * lookup is one hash, one slot of the table and a comparison of the bytes.
 */
#include <stdlib.h>
#include <string.h>
#include <vmstep/insn.h>

enum { SLOT_BITS = 13, SLOTS = 1 << SLOT_BITS, TEXT_SIZE = 120 };

struct slot {
	u64 addr;
	u8 bits;     /* 0: empty */
	u8 text_len; /* 0: not formatted yet (no text is empty) */
	struct insn insn;
};

struct insn_cache {
	struct slot slot[SLOTS];
	char text[SLOTS][TEXT_SIZE]; /* apart, so that slots stay dense */
};

struct insn_cache *insn_cache_create(void)
{
	return calloc(1, sizeof(struct insn_cache)); /* pages come with use */
}

void insn_cache_destroy(struct insn_cache *c)
{
	free(c);
}

static unsigned slot_index(u64 addr)
{
	return addr * 0x9e3779b97f4a7c15ull >> (64 - SLOT_BITS); /* Fibonacci hashing */
}

static bool bytes_equal(const u8 *a, const u8 *b, size_t n)
{
	u64 x, y;

	if (n < 8) {
		for (size_t i = 0; i < n; i++)
			if (a[i] != b[i])
				return false;
		return true;
	}
	/* Two words that overlap: at most 15 bytes. */
	memcpy(&x, a, 8);
	memcpy(&y, b, 8);
	if (x != y)
		return false;
	memcpy(&x, a + n - 8, 8);
	memcpy(&y, b + n - 8, 8);
	return x == y;
}

/* A valid instruction needs only its own bytes; what did not decode may have lacked the next. */
static bool slot_holds(const struct slot *s, unsigned bits, u64 addr, const u8 *bytes, size_t n)
{
	const struct insn *i = &s->insn;

	return s->addr == addr && s->bits == bits && n >= i->n_bytes &&
	       (i->facts.length || n == i->n_bytes || i->n_bytes == INSN_MAX) &&
	       bytes_equal(i->bytes, bytes, i->n_bytes);
}

static struct slot *slot_get(struct insn_cache *c, unsigned bits, u64 addr, const u8 *bytes,
			     size_t n)
{
	struct slot *s = &c->slot[slot_index(addr)];

	if (__builtin_expect(slot_holds(s, bits, addr, bytes, n), 1))
		return s;
	insn_decode(bits, bytes, n, &s->insn);
	s->addr = addr;
	s->bits = bits;
	s->text_len = 0;
	return s;
}

const struct insn *insn_cache_get(struct insn_cache *c, unsigned bits, u64 addr, const u8 *bytes,
				  size_t n)
{
	return &slot_get(c, bits, addr, bytes, n)->insn;
}

const char *insn_cache_text(struct insn_cache *c, unsigned bits, u64 addr, const u8 *bytes,
			    size_t n, size_t *ret_len)
{
	struct slot *s = slot_get(c, bits, addr, bytes, n);
	char *text = c->text[s - c->slot];

	if (!s->text_len)
		s->text_len = insn_format(bits, bytes, n, addr, NULL, NULL, text, TEXT_SIZE);
	if (ret_len)
		*ret_len = s->text_len;
	return text;
}
