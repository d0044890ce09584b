/* The instruction cache: self-modifying code, collisions, texts; and what a lookup costs. */
#include <stdlib.h>
#include <time.h>
#include <vmstep/insn.h>

#include "tap.h"

static const u8 nops[INSN_MAX] = { [0 ... INSN_MAX - 1] = 0x90 };

static void hits_and_misses(struct insn_cache *c)
{
	u8 code[INSN_MAX];
	const struct insn *in;

	memcpy(code, nops, sizeof(code));
	in = insn_cache_get(c, 64, 0x1000, code, sizeof(code));
	tap_eq(in->facts.length, 1, "a nop");
	tap_ok(insn_cache_get(c, 64, 0x1000, code, 1) == in, "the same with fewer bytes given");
	code[1] = 0xf1;
	tap_ok(insn_cache_get(c, 64, 0x1000, code, sizeof(code)) == in, "other bytes behind it");
	tap_eq(in->facts.cls, INSN_OTHER, "it is still the nop");
	code[0] = 0xf1;
	in = insn_cache_get(c, 64, 0x1000, code, sizeof(code));
	tap_eq(in->facts.cls, INSN_ICEBP, "self-modified: the new instruction");

	/* 48 89 c3 is two instructions in 32-bit code: dec eax; mov ebx, eax. */
	memcpy(code, "\x48\x89\xc3", 3);
	tap_eq(insn_cache_get(c, 64, 0x2000, code, sizeof(code))->facts.length, 3, "64-bit width");
	tap_eq(insn_cache_get(c, 32, 0x2000, code, sizeof(code))->facts.length, 1, "32-bit width");
	tap_eq(insn_cache_get(c, 64, 0x2000, code, sizeof(code))->facts.length, 3, "64-bit width again");

	/* The last byte of a long instruction counts, and every one between. */
	memcpy(code, "\x48\xb8\x01\x02\x03\x04\x05\x06\x07\x08", 10);
	for (unsigned i = 2; i < 10; i++) {
		insn_cache_get(c, 64, 0x3000, code, sizeof(code));
		code[i] ^= 0x80;
		in = insn_cache_get(c, 64, 0x3000, code, sizeof(code));
		tap_mem(in->bytes, code, 10, "byte %u of ten changed", i);
	}
}

static void truncated(struct insn_cache *c)
{
	static const u8 call[] = { 0xe8, 1, 0, 0, 0 };

	for (size_t n = 0; n < sizeof(call); n++) {
		tap_eq(insn_cache_get(c, 64, 0x5000, call, n)->facts.cls, INSN_INVALID, "%zu bytes of a call", n);
		tap_eq(insn_cache_get(c, 64, 0x5000, call, n)->n_bytes, n, "%zu bytes of a call are kept", n);
	}
	tap_eq(insn_cache_get(c, 64, 0x5000, call, 5)->facts.length, 5, "the whole call, after its pieces");
	tap_eq(insn_cache_get(c, 64, 0x5000, call, 4)->facts.length, 0, "a piece, after the whole call");
}

static void texts(struct insn_cache *c)
{
	static const u8 jump[] = { 0xeb, 0xfe, 0x90 };
	const char *text;
	size_t len = 0;

	text = insn_cache_text(c, 64, 0x401000, jump, sizeof(jump), &len);
	tap_str(text, "jmp 0x401000", "text");
	tap_eq(len, 12, "its length");
	tap_ok(insn_cache_text(c, 64, 0x401000, jump, 2, NULL) == text, "formatted once");
	tap_str(insn_cache_text(c, 64, 0x401002, jump, 3, &len), "jmp 0x401002", "another address, another text");
	tap_str(insn_cache_text(c, 64, 0x401000, jump + 2, 1, &len), "nop", "self-modified");
	tap_eq(len, 3, "its length");
	tap_str(insn_cache_text(c, 64, 0x401000, jump, 2, NULL), "jmp 0x401000", "and back");
	tap_str(insn_cache_text(c, 64, 0x401000, jump, 1, &len), "(bad)", "what does not decode");
}

/* More addresses than slots: every answer must still be the right one. */
static void collisions(struct insn_cache *c)
{
	unsigned bad = 0;

	for (unsigned round = 0; round < 2; round++)
		for (u64 addr = 0; addr < 30000; addr++) {
			u8 code[5] = { 0xb8, addr, addr >> 8, 0, 0 };
			const struct insn *in = insn_cache_get(c, 64, addr << 20 | addr, code, sizeof(code));

			bad += memcmp(in->bytes, code, sizeof(code)) != 0 || in->facts.length != 5;
		}
	tap_eq(bad, 0, "30000 instructions, twice: wrong ones");
}

#ifndef __SANITIZE_ADDRESS__
static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec * 1e-9;
}
#endif

/* The hot loop of every step. The bound is five times the target of 50 ns: a loaded machine is no
 * failure, formatting at each step (500 ns) is. Sanitized builds are not measured. */
static void cost(struct insn_cache *c)
{
#ifdef __SANITIZE_ADDRESS__
	tap_skip("cost of a lookup", "built with sanitizers");
#else
	enum { N = 200000 };
	u8 code[INSN_MAX] = { 0x48, 0x8b, 0x45, 0x08 };
	double best = 1;
	size_t sum = 0, len = 0;

	for (unsigned round = 0; round < 5; round++) {
		double start = seconds(), took;

		for (unsigned i = 0; i < N; i++) {
			u64 addr = 0x401000 + i % 256 * 4;

			sum += insn_cache_get(c, 64, addr, code, sizeof(code))->facts.length;
			insn_cache_text(c, 64, addr, code, sizeof(code), &len);
			sum += len;
		}
		took = (seconds() - start) / N;
		if (took < best)
			best = took;
	}
	printf("# one lookup and one text: %.1f ns (%zu)\n", best * 1e9, sum);
	tap_ok(best < 250e-9, "one lookup and one text within 250 ns");
#endif
}

int main(void)
{
	struct insn_cache *c = insn_cache_create();

	if (!tap_ok(c != NULL, "create"))
		return tap_done();
	hits_and_misses(c);
	truncated(c);
	texts(c);
	collisions(c);
	cost(c);
	insn_cache_destroy(c);
	insn_cache_destroy(NULL);
	return tap_done();
}
