/*
 * gen.c - a random instruction and the registers that make it meaningful: its memory operands in
 * the data, its stack in the stack, now and then just beyond what is allowed.
 */
#include <string.h>

#include "diff.h"
#include "../x87_random.h"
#include "x86/zydis_decode.h"

/* Opcodes of the integer set; "f" before: 0F map. Groups appear with a ModRM of any reg field. */
static const char one_byte[] =
	"\x00\x01\x02\x03\x04\x05\x08\x09\x0a\x0b\x0c\x0d\x10\x11\x12\x13\x14\x15\x18\x19\x1a\x1b"
	"\x1c\x1d"
	"\x20\x21\x22\x23\x24\x25\x27\x28\x29\x2a\x2b\x2c\x2d\x2f\x30\x31\x32\x33\x34\x35\x37\x38"
	"\x39\x3a"
	"\x3b\x3c\x3d\x3f\x40\x41\x42\x43\x44\x45\x46\x47\x48\x49\x4a\x4b\x4c\x4d\x4e\x4f\x50\x51"
	"\x52\x53"
	"\x54\x55\x56\x57\x58\x59\x5a\x5b\x5c\x5d\x5e\x5f\x60\x61\x62\x63\x68\x69\x6a\x6b\x70\x71"
	"\x72\x73"
	"\x74\x75\x76\x77\x78\x79\x7a\x7b\x7c\x7d\x7e\x7f\x80\x81\x82\x83\x84\x85\x86\x87\x88\x89"
	"\x8a\x8b"
	"\x8d\x8f\x90\x91\x92\x93\x94\x95\x96\x97\x98\x99\x9c\x9d\x9e\x9f\xa0\xa1\xa2\xa3\xa4\xa5"
	"\xa6\xa7"
	"\xa8\xa9\xaa\xab\xac\xad\xae\xaf\xb0\xb4\xb8\xbd\xc0\xc1\xc2\xc3\xc6\xc7\xc8\xc9\xd0\xd1"
	"\xd2\xd3"
	"\xd8\xd9\xda\xdb\xdc\xdd\xde\xdf"
	"\xd4\xd5\xd6\xd7\xe0\xe1\xe2\xe3\xe8\xe9\xeb\xf5\xf6\xf7\xf8\xf9\xfa\xfb\xfc\xfd\xfe\xff"
	"\xc0\xc1\xd0\xd1\xd2\xd3\xf6\xf7\x80\x81\x83\xff"; /* groups: more often */
static const char two_byte[] = "\x0b\x0d\x18\x19\x1c\x1d\x1e\x1f\x40\x41\x42\x43\x44\x45\x46\x47"
			       "\x48\x49\x4a\x4b\x4c\x4d\x4e\x4f"
			       "\x80\x81\x82\x83\x84\x85\x86\x87\x88\x89\x8a\x8b\x8c\x8d\x8e\x8f"
			       "\x90\x91\x92\x93\x94\x95\x96\x97"
			       "\x98\x99\x9a\x9b\x9c\x9d\x9e\x9f\xa3\xa4\xa5\xab\xac\xad\xaf\xb0"
			       "\xb1\xb3\xb6\xb7\xb9\xba\xbb\xbc"
			       "\xbd\xbe\xbf\xc0\xc1\xc7\xc8\xc9\xca\xcb\xcf\xff\xa3\xab\xb3\xbb"
			       "\xba\xba\xa4\xa5\xac\xad\xb0\xb1";

static bool is_string(u8 opcode)
{
	return (opcode >= 0xa4 && opcode <= 0xa7) || (opcode >= 0xaa && opcode <= 0xaf);
}

static u8 *prefixes_put(u64 *seed, u8 *p, u8 opcode)
{
	static const u8 segs[] = { 0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65 };

	if (one_in(seed, 4))
		*p++ = 0x66;
	if (one_in(seed, 8))
		*p++ = 0x67;
	if (one_in(seed, 8))
		*p++ = segs[random_below(seed, sizeof(segs))];
	if (one_in(seed, is_string(opcode) ? 2 : 16))
		*p++ = 0xf2 + random_below(seed, 2);
	if (one_in(seed, 16))
		*p++ = 0xf0;
	return p;
}

/* What has a mandatory prefix or three bytes of opcode: prefix, length, opcode. */
static void extension_put(u64 *seed, u8 *p)
{
	static const u8 rows[][5] = {
		{ 0xf3, 2, 0x0f, 0xb8 }, { 0xf3, 2, 0x0f, 0xbc }, { 0xf3, 2, 0x0f, 0xbd },
		{ 0, 3, 0x0f, 0x38, 0xf0 }, { 0, 3, 0x0f, 0x38, 0xf1 }, { 0x66, 3, 0x0f, 0x38, 0xf1 },
		{ 0x66, 3, 0x0f, 0x38, 0xf6 }, { 0xf3, 3, 0x0f, 0x38, 0xf6 },
		{ 0, 3, 0x0f, 0x01, 0xca }, { 0, 3, 0x0f, 0x01, 0xcb },
		{ 0, 3, 0xc4, 0xe2, 0x78 }, { 0, 3, 0xc4, 0xe2, 0xfb }, { 0, 3, 0xc4, 0x62, 0x72 },
		{ 0, 3, 0xc4, 0xe3, 0x7b },
	};
	static const u8 vex[] = { 0xf0, 0xf2, 0xf3, 0xf5, 0xf6, 0xf7 };
	const u8 *r = rows[random_below(seed, ARRAY_SIZE(rows))];

	if (r[0])
		*p++ = r[0];
	memcpy(p, r + 2, r[1]);
	if (r[2] == 0xc4)
		p[3] = vex[random_below(seed, sizeof(vex))];
}

static void code_make(u64 *seed, struct sample *s)
{
	bool two = one_in(seed, 3);
	u8 opcode = s->system ? system_opcode(seed, two)
		    : two     ? two_byte[random_below(seed, sizeof(two_byte) - 1)]
			      : one_byte[random_below(seed, sizeof(one_byte) - 1)];
	u8 *p = s->code;

	for (unsigned i = 0; i < sizeof(s->code); i++)
		s->code[i] = random_u64(seed);
	if (one_in(seed, 16))
		return; /* as it is */
	if (!s->system && one_in(seed, 24)) {
		extension_put(seed, p);
		return;
	}
	p = prefixes_put(seed, p, two ? 0 : opcode);
	if (place_bits(s->place) == 64 && one_in(seed, 2))
		*p++ = 0x40 | random_below(seed, 16);
	if (two)
		*p++ = 0x0f;
	*p = opcode;
}

static bool is_x87(const struct decoded *d)
{
	return (d->insn.meta.isa_ext == ZYDIS_ISA_EXT_X87 && d->insn.mnemonic != ZYDIS_MNEMONIC_FWAIT) ||
	       d->insn.mnemonic == ZYDIS_MNEMONIC_FISTTP;
}

/* Beyond these the two sides have other rules: KVM's exits, the rest of the system half, modes. */
static bool compared(const struct sample *s, const struct decoded *d)
{
	/* The interpreter has next to nothing of x87. */
	if (is_x87(d) && s->place != P_LONG3)
		return false;
	switch (d->insn.meta.category) {
	case ZYDIS_CATEGORY_SYSTEM:
	case ZYDIS_CATEGORY_IO:
	case ZYDIS_CATEGORY_IOSTRINGOP:
	case ZYDIS_CATEGORY_SYSCALL:
	case ZYDIS_CATEGORY_SYSRET:
	case ZYDIS_CATEGORY_VTX:
	case ZYDIS_CATEGORY_SGX:
	case ZYDIS_CATEGORY_SEGOP:
	case ZYDIS_CATEGORY_XSAVE:
	case ZYDIS_CATEGORY_RDRAND:
	case ZYDIS_CATEGORY_RDSEED:
		return false;
	default:
		break;
	}
	if (d->insn.meta.branch_type == ZYDIS_BRANCH_TYPE_FAR)
		return false;
	for (unsigned i = 0; i < d->insn.operand_count_visible; i++) {
		ZydisRegisterClass c = d->op[i].type == ZYDIS_OPERAND_TYPE_REGISTER
					       ? ZydisRegisterGetClass(d->op[i].reg.value)
					       : ZYDIS_REGCLASS_INVALID;

		if (c == ZYDIS_REGCLASS_CONTROL || c == ZYDIS_REGCLASS_DEBUG ||
		    c == ZYDIS_REGCLASS_SEGMENT || c == ZYDIS_REGCLASS_MMX || c == ZYDIS_REGCLASS_XMM)
			return false;
	}
	/* MMX and SSE: gen_sse.c. */
	return d->insn.mnemonic != ZYDIS_MNEMONIC_ARPL && d->insn.mnemonic != ZYDIS_MNEMONIC_EMMS &&
	       d->insn.mnemonic != ZYDIS_MNEMONIC_LDMXCSR && d->insn.mnemonic != ZYDIS_MNEMONIC_STMXCSR;
}

/* The classes that are the system half's, whatever Zydis calls them. */
static bool class_compared(const struct sample *s)
{
	struct insn i;

	insn_decode(place_bits(s->place), s->code, sizeof(s->code) - 1, &i);
	switch (i.facts.cls) {
	case INSN_OTHER:
	case INSN_INVALID:
	case INSN_PUSHF:
	case INSN_POPF:
	case INSN_STI:
	case INSN_CLI:
	case INSN_UD:
		return true;
	default:
		return false;
	}
}

/* Values that meet the edges of every size. */
static u64 value_make(u64 *seed)
{
	static const u64 edges[] = { 0,
				     1,
				     2,
				     0x7f,
				     0x80,
				     0xff,
				     0x7fff,
				     0x8000,
				     0xffff,
				     0x7fffffff,
				     0x80000000,
				     0xffffffff,
				     0x7fffffffffffffff,
				     0x8000000000000000,
				     ~0ull,
				     9,
				     0x99 };

	switch (random_below(seed, 4)) {
	case 0:
		return edges[random_below(seed, ARRAY_SIZE(edges))];
	case 1:
		return random_below(seed, 256);
	default:
		return random_u64(seed);
	}
}

static u64 flags_make(u64 *seed, bool user)
{
	u64 f = random_u64(seed) & (FL_ARITH | FL_DF);

	if (one_in(seed, 8))
		f |= FL_AC;
	if (one_in(seed, 8))
		f |= random_u64(seed) & (FL_IOPL | FL_NT | FL_ID);
	if (user)
		f &= ~(FL_IOPL | FL_NT); /* this KVM's ring 3 has none */
	return f | FL_FIXED;
}

void patch_add(struct sample *s, u64 lin, u64 value)
{
	if (lin < AT_DATA || lin > AT_END - 8 || s->n_patch == PATCHES)
		return;
	s->patch[s->n_patch].at = lin;
	s->patch[s->n_patch++].value = value;
}

/* What the instruction wants of its registers beside addresses. */
static void wishes_grant(u64 *seed, struct sample *s, const struct decoded *d)
{
	u64 sp = s->c.gpr[GPR_RSP] + s->c.seg[SEG_SS].base;

	if (!(s->c.efer & EFER_LMA) && !(s->c.seg[SEG_SS].attr & ATTR_DB))
		sp = s->c.seg[SEG_SS].base + (u16)s->c.gpr[GPR_RSP];
	switch (d->insn.mnemonic) {
	case ZYDIS_MNEMONIC_BT:
	case ZYDIS_MNEMONIC_BTS:
	case ZYDIS_MNEMONIC_BTR:
	case ZYDIS_MNEMONIC_BTC: /* not too far from the operand */
		if (d->op[1].type == ZYDIS_OPERAND_TYPE_REGISTER && gpr_of(d->op[1].reg.value) >= 0)
			s->c.gpr[gpr_of(d->op[1].reg.value)] = (s64)random_below(seed, 8192) - 4096;
		break;
	case ZYDIS_MNEMONIC_DIV:
	case ZYDIS_MNEMONIC_IDIV: /* quotients that fit */
		if (!one_in(seed, 4))
			s->c.gpr[GPR_RDX] = one_in(seed, 2) ? 0 : random_below(seed, 64);
		break;
	case ZYDIS_MNEMONIC_RET:
	case ZYDIS_MNEMONIC_JMP:
	case ZYDIS_MNEMONIC_CALL: /* targets inside the code */
		patch_add(s, sp,
			  one_in(seed, 8) ? random_u64(seed) : AT_CODE + random_below(seed, 256));
		if (d->op[0].type == ZYDIS_OPERAND_TYPE_REGISTER &&
		    gpr_of(d->op[0].reg.value) >= 0 && !one_in(seed, 8))
			s->c.gpr[gpr_of(d->op[0].reg.value)] = AT_CODE + random_below(seed, 256);
		break;
	case ZYDIS_MNEMONIC_POPF:
	case ZYDIS_MNEMONIC_POPFD:
	case ZYDIS_MNEMONIC_POPFQ:
		patch_add(s, sp, random_u64(seed) & ~(FL_TF | FL_VM));
		break;
	case ZYDIS_MNEMONIC_CMPXCHG: /* equal, now and then */
		if (d->op[0].type == ZYDIS_OPERAND_TYPE_REGISTER &&
		    gpr_of(d->op[0].reg.value) >= 0 && one_in(seed, 2))
			s->c.gpr[GPR_RAX] = s->c.gpr[gpr_of(d->op[0].reg.value)];
		break;
	default:
		break;
	}
	/* Few iterations; the whole register counts with wider addresses. */
	if (d->insn.meta.category == ZYDIS_CATEGORY_STRINGOP)
		s->c.gpr[GPR_RCX] =
			random_below(seed, 20) |
			(d->insn.address_width == 32 && one_in(seed, 2) ? random_u64(seed) << 32
									: 0);
}

static void code_place(u64 *seed, struct sample *s)
{
	s->at = AT_CODE + random_below(seed, 0x200);
	if (one_in(seed, 24))
		s->at = CODE_END - 1 - random_below(seed, 15);
	else if (one_in(seed, 24))
		s->at = AT_CODE + 0x1000 - 1 - random_below(seed, 15);
	else if (one_in(seed, 24) && place_bits(s->place) == 16 && !(s->c.efer & EFER_LMA))
		s->at = s->c.seg[SEG_CS].base + 0x10000 - 1 - random_below(seed, 15);
	s->c.rip = s->at - s->c.seg[SEG_CS].base;
}

void sample_begin(u64 *seed, struct sample *s)
{
	code_place(seed, s);
	for (unsigned i = 0; i < GPR_COUNT; i++)
		s->c.gpr[i] = value_make(seed);
	s->c.rflags = flags_make(seed, place_user(s->place));
	s->c.gpr[GPR_RSP] = stack_make(seed, s);
	s->c.gpr[GPR_RBP] = one_in(seed, 2) ? stack_make(seed, s) : s->c.gpr[GPR_RBP];
}

bool sample_make(u64 *seed, struct sample *s)
{
	struct decoded d;
	bool valid;

	place_state(s->place, &s->c);
	s->n_patch = 0;
	s->aimed = 0;
	code_make(seed, s);
	sample_begin(seed, s);
	valid = zydis_decode(place_bits(s->place), s->code, sizeof(s->code) - 1, &d);
	if (valid && (s->system ? !system_compared(s, &d) : !compared(s, &d) || !class_compared(s)))
		return false;
	/* Interpreted, REPs are not trapped between iterations there. */
	if (valid && s->place == P_COMPAT3 && d.insn.meta.category == ZYDIS_CATEGORY_STRINGOP)
		return false;
	s->repeats = valid && d.insn.meta.category == ZYDIS_CATEGORY_STRINGOP;
	s->x87 = valid && is_x87(&d);
	if (s->x87)
		x87_state_make(seed, (struct fpu *)s->c.fxsave);
	if (valid) {
		wishes_grant(seed, s, &d);
		operands_aim(seed, s, &d);
		if (s->system)
			system_wishes(seed, s, &d);
	}
	if (place_bits(s->place) != 64)
		for (unsigned i = 0; i < GPR_COUNT; i++)
			s->c.gpr[i] = i < 8 ? (u32)s->c.gpr[i] : 0;
	return true;
}
