/*
 * gen_system.c - segment loads, far transfers, descriptor checks, system registers: what of the
 * system half leaves the guest where it can be compared.
 */
#include "diff.h"
#include "x86/zydis_decode.h"

static const char one_byte[] =
	"\x06\x07\x0e\x16\x17\x1e\x1f\x63\x8c\x8c\x8c\x8e\x8e\x8e\x8e\x9a\xc4\xc5\xca\xcb\xcf"
	"\xea\xff\xfa\xfb";
static const char two_byte[] =
	"\x00\x00\x00\x01\x01\x01\x02\x02\x03\x03\x06\x20\x21\xa0\xa1\xa8\xa9\xb2\xb4\xb5";

u8 system_opcode(u64 *seed, bool two)
{
	return two ? two_byte[random_below(seed, sizeof(two_byte) - 1)]
		   : one_byte[random_below(seed, sizeof(one_byte) - 1)];
}

/* IRET: this KVM executes it in real mode only. */
bool system_compared(const struct sample *s, const struct decoded *d)
{
	ZydisRegisterClass to = d->op[0].type == ZYDIS_OPERAND_TYPE_REGISTER
					? ZydisRegisterGetClass(d->op[0].reg.value)
					: ZYDIS_REGCLASS_INVALID;

	if (to == ZYDIS_REGCLASS_CONTROL || to == ZYDIS_REGCLASS_DEBUG)
		return false;
	switch (d->insn.mnemonic) {
	case ZYDIS_MNEMONIC_MOV:
	case ZYDIS_MNEMONIC_PUSH:
	case ZYDIS_MNEMONIC_POP:
	case ZYDIS_MNEMONIC_LDS:
	case ZYDIS_MNEMONIC_LES:
	case ZYDIS_MNEMONIC_LFS:
	case ZYDIS_MNEMONIC_LGS:
	case ZYDIS_MNEMONIC_LSS:
	case ZYDIS_MNEMONIC_LAR:
	case ZYDIS_MNEMONIC_LSL:
	case ZYDIS_MNEMONIC_VERR:
	case ZYDIS_MNEMONIC_VERW:
	case ZYDIS_MNEMONIC_ARPL:
	case ZYDIS_MNEMONIC_SGDT:
	case ZYDIS_MNEMONIC_SIDT:
	case ZYDIS_MNEMONIC_SLDT:
	case ZYDIS_MNEMONIC_STR:
	case ZYDIS_MNEMONIC_LLDT:
	case ZYDIS_MNEMONIC_SMSW:
	case ZYDIS_MNEMONIC_CLTS:
	case ZYDIS_MNEMONIC_CALL:
	case ZYDIS_MNEMONIC_JMP:
	case ZYDIS_MNEMONIC_RET:
	case ZYDIS_MNEMONIC_SWAPGS:
	case ZYDIS_MNEMONIC_CLI:
	case ZYDIS_MNEMONIC_STI:
		return true;
	case ZYDIS_MNEMONIC_IRET:
	case ZYDIS_MNEMONIC_IRETD:
		return s->place == P_REAL;
	default:
		return false;
	}
}

static u16 selector_make(u64 *seed, const struct sample *s)
{
	u16 rpl = one_in(seed, 4) ? random_below(seed, 4) : place_user(s->place) ? 3 : 0;

	if (s->place == P_REAL)
		return one_in(seed, 4) ? random_u64(seed) & 0x1fff : AT_CODE >> 4;
	if (one_in(seed, 20))
		return random_u64(seed);
	return 8 * random_below(seed, GDT_SIZE / 8 + 1) | (one_in(seed, 16) ? 4 : 0) | rpl;
}

/* Offset and selector as `size` bytes each: 2, 4, 8 and 2. */
static void far_patch(struct sample *s, u64 at, u64 offset, u16 sel, unsigned size)
{
	if (size == 8) {
		patch_add(s, at + 8, sel);
		patch_add(s, at, offset);
	} else {
		patch_add(s, at,
			  (offset & (size == 2 ? 0xffff : 0xffffffff)) | (u64)sel << (8 * size));
	}
}

static u64 stack_linear(const struct sample *s)
{
	u64 sp = s->c.gpr[GPR_RSP];

	if (!(s->c.efer & EFER_LMA) && !(s->c.seg[SEG_SS].attr & ATTR_DB))
		sp = (u16)sp;
	return sp + s->c.seg[SEG_SS].base;
}

/* Frames for RET far and IRET: the same ring's selector first of all. */
static void frame_wish(u64 *seed, struct sample *s, const struct decoded *d)
{
	unsigned size = d->insn.operand_width / 8;
	u64 at = stack_linear(s),
	    to = AT_CODE + random_below(seed, 256) - (s->place == P_REAL ? AT_CODE : 0);
	u16 sel = one_in(seed, 3) ? selector_make(seed, s) : s->c.seg[SEG_CS].sel;
	u64 flags = (random_u64(seed) & ~(FL_TF | FL_VM | FL_NT | FL_IF | 0xffffffff00000000ull));

	far_patch(s, at, to, sel, size);
	if (d->insn.mnemonic != ZYDIS_MNEMONIC_RET)
		patch_add(s, at + 2 * size, size == 8 ? flags : flags & ((1ull << 8 * size) - 1));
	if (size == 8 && d->insn.mnemonic == ZYDIS_MNEMONIC_IRETQ)
		patch_add(s, at + 24, AT_STACK + 0x1000);
}

static void register_wish(u64 *seed, struct sample *s, const ZydisDecodedOperand *op)
{
	if (op->type != ZYDIS_OPERAND_TYPE_REGISTER)
		return;
	switch (ZydisRegisterGetClass(op->reg.value)) {
	case ZYDIS_REGCLASS_GPR16:
	case ZYDIS_REGCLASS_GPR32:
	case ZYDIS_REGCLASS_GPR64:
		if (ZydisRegisterGetId(op->reg.value) != GPR_RSP)
			s->c.gpr[ZydisRegisterGetId(op->reg.value)] =
				(random_u64(seed) & ~0xffffull) | selector_make(seed, s);
		break;
	default:
		break;
	}
}

void system_wishes(u64 *seed, struct sample *s, const struct decoded *d)
{
	switch (d->insn.mnemonic) {
	case ZYDIS_MNEMONIC_RET:
	case ZYDIS_MNEMONIC_IRET:
	case ZYDIS_MNEMONIC_IRETD:
	case ZYDIS_MNEMONIC_IRETQ:
		s->n_patch = 0;
		frame_wish(seed, s, d);
		return;
	case ZYDIS_MNEMONIC_LDS:
	case ZYDIS_MNEMONIC_LES:
	case ZYDIS_MNEMONIC_LFS:
	case ZYDIS_MNEMONIC_LGS:
	case ZYDIS_MNEMONIC_LSS:
	case ZYDIS_MNEMONIC_CALL:
	case ZYDIS_MNEMONIC_JMP:
		if (s->aimed)
			far_patch(s, s->aimed, AT_CODE + random_below(seed, 256),
				  selector_make(seed, s),
				  d->insn.operand_width / 8 == 8 ? 8 : d->insn.operand_width / 8);
		return;
	case ZYDIS_MNEMONIC_POP:
		patch_add(s, stack_linear(s), selector_make(seed, s));
		return;
	default:
		break;
	}
	if (s->aimed)
		patch_add(s, s->aimed, selector_make(seed, s));
	else
		register_wish(seed, s, &d->op[d->insn.operand_count_visible > 1]);
}
