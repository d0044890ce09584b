/*
 * sweep.h - every opcode of every map, for the tests that go through all of them: one byte, 0F, 0F 38, 0F 3A
 * with each mandatory prefix, LOCK and REX.W; VEX, EVEX, XOP and 3DNow!. ModRM bytes with each register field,
 * from registers and from memory ([BX], [EBX], [RBX]); immediates of ones. Deterministic.
 */
#ifndef TEST_SWEEP_H
#define TEST_SWEEP_H

#include <string.h>
#include <vmstep/types.h>

enum { SWEEP_BYTES = 16 };

struct sweep {
	unsigned bits; /* 16, 32, 64 */
	/* Gets SWEEP_BYTES of each, bytes[at] its ModRM byte; false ends the sweep. */
	bool (*meet)(void *arg, const u8 *bytes, unsigned at);
	void *arg;
};

static inline bool sweep_modrm(const struct sweep *s, const u8 *head, unsigned n, u8 modrm, u8 tail)
{
	u8 b[SWEEP_BYTES];

	memset(b, 1, sizeof(b));
	memcpy(b, head, n);
	b[n] = modrm;
	b[n + 1] = tail;
	return s->meet(s->arg, b, n);
}

/* Where ModRM.rm chooses the instruction: x87, 0F 01, 0F 1E, 0F AE, 0F C7, XABORT and XBEGIN. */
static inline bool sweep_rm_chooses(const u8 *head, unsigned n)
{
	u8 last = head[n - 1];

	if (n > 1 && head[n - 2] == 0x0f)
		return last == 0x01 || last == 0x1e || last == 0xae || last == 0xc7;
	return last >> 3 == 0x1b || last == 0xc6 || last == 0xc7;
}

/* `tail` is behind the ModRM byte: an immediate, or what 3DNow! has for an opcode. */
static inline bool sweep_opcode(const struct sweep *s, const u8 *head, unsigned n, u8 tail)
{
	unsigned step = sweep_rm_chooses(head, n) ? 1 : 4;
	unsigned memory = s->bits == 16 ? 7 : 3;

	for (unsigned reg = 0; reg < 8; reg++) {
		if (!sweep_modrm(s, head, n, reg << 3 | memory, tail))
			return false;
		for (unsigned rm = 0; rm < 8; rm += step)
			if (!sweep_modrm(s, head, n, 0xc0 | reg << 3 | rm, tail))
				return false;
	}
	return true;
}

static inline bool sweep_opcodes(const struct sweep *s, u8 *head, unsigned n)
{
	for (unsigned opcode = 0; opcode < 256; opcode++) {
		head[n] = opcode;
		if (!sweep_opcode(s, head, n + 1, 1))
			return false;
	}
	return true;
}

/* Map 0 is that of one byte. */
static inline bool sweep_map(const struct sweep *s, u8 prefix, bool wide, unsigned map)
{
	static const u8 escape[] = { 0, 0, 0x38, 0x3a };
	unsigned n = 0;
	u8 head[8];

	if (prefix)
		head[n++] = prefix;
	if (wide)
		head[n++] = 0x48;
	if (map)
		head[n++] = 0x0f;
	if (map > 1)
		head[n++] = escape[map];
	return sweep_opcodes(s, head, n);
}

static inline bool sweep_legacy(const struct sweep *s)
{
	static const u8 prefixes[] = { 0, 0x66, 0xf2, 0xf3, 0xf0 };

	for (unsigned p = 0; p < ARRAY_SIZE(prefixes); p++)
		for (unsigned wide = 0; wide <= (s->bits == 64); wide++)
			for (unsigned map = 0; map < 4; map++)
				if (!sweep_map(s, prefixes[p], wide, map))
					return false;
	return true;
}

/* VEX of three bytes, maps 1 to 3, with each pp and L; W; vvvv 15, which is none, and 1. */
static inline bool sweep_vex(const struct sweep *s)
{
	static const u8 fields[] = { 0x78, 0xf8, 0x70 };

	for (unsigned map = 1; map < 4; map++)
		for (unsigned i = 0; i < 8 * ARRAY_SIZE(fields); i++)
			if (!sweep_opcodes(s, (u8[5]){ 0xc4, 0xe0 | map, fields[i / 8] | i % 8 }, 3))
				return false;
	return true;
}

/* One form of each opcode of the rest, and VEX of two bytes. */
static inline bool sweep_others(const struct sweep *s)
{
	for (unsigned map = 1; map < 4; map++)
		if (!sweep_opcodes(s, (u8[5]){ 0x62, 0xf0 | map, 0x7d, 0x08 }, 4) ||
		    !sweep_opcodes(s, (u8[5]){ 0x62, 0xf0 | map, 0xfd, 0x08 }, 4) ||
		    !sweep_opcodes(s, (u8[5]){ 0x8f, 0xe7 + map, 0x78 }, 3) ||
		    !sweep_opcodes(s, (u8[5]){ 0xc5, 0xf8 | map }, 2))
			return false;
	for (unsigned opcode = 0; opcode < 256; opcode++)
		if (!sweep_opcode(s, (u8[2]){ 0x0f, 0x0f }, 2, opcode))
			return false;
	return true;
}

/* All of them; false: meet() ended it. */
static inline bool sweep_run(const struct sweep *s)
{
	return sweep_legacy(s) && sweep_vex(s) && sweep_others(s);
}

#endif
