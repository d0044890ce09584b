/* decode.c - from bytes to struct op, through Zydis. */
#include <stdlib.h>
#include <string.h>

#include "model/decode.h"
#include "model/operand.h"
#include "model/sse.h"
#include "x86/zydis_operand.h"

/* The extensions that give old opcodes a new meaning are not there: their bytes mean the old. */
static void decoder_init(ZydisDecoder *d, ZydisMachineMode mode, ZydisStackWidth width)
{
	static const ZydisDecoderMode off[] = {
		ZYDIS_DECODER_MODE_MPX,       ZYDIS_DECODER_MODE_CET,
		ZYDIS_DECODER_MODE_WBNOINVD, ZYDIS_DECODER_MODE_CLDEMOTE,
	};

	ZydisDecoderInit(d, mode, width);
	for (unsigned i = 0; i < ARRAY_SIZE(off); i++)
		ZydisDecoderEnableMode(d, off[i], ZYAN_FALSE);
}

static void gpr_operand(const ZydisDecodedOperand *z, struct opnd *d)
{
	ZydisRegister r = z->reg.value;

	d->kind = OPND_GPR;
	d->reg = ZydisRegisterGetId(r);
	if (ZydisRegisterGetClass(r) != ZYDIS_REGCLASS_GPR8)
		return;
	if (r >= ZYDIS_REGISTER_AL && r <= ZYDIS_REGISTER_BL) {
		d->reg = r - ZYDIS_REGISTER_AL;
	} else if (r >= ZYDIS_REGISTER_AH && r <= ZYDIS_REGISTER_BH) {
		d->reg = r - ZYDIS_REGISTER_AH;
		d->high = true;
	} else { /* SPL, BPL, SIL, DIL, R8B-R15B */
		d->reg = r - ZYDIS_REGISTER_SPL + GPR_RSP;
	}
}

static void register_operand(const ZydisDecodedOperand *z, struct opnd *d)
{
	switch (ZydisRegisterGetClass(z->reg.value)) {
	case ZYDIS_REGCLASS_GPR8:
	case ZYDIS_REGCLASS_GPR16:
	case ZYDIS_REGCLASS_GPR32:
	case ZYDIS_REGCLASS_GPR64:
		gpr_operand(z, d);
		return;
	case ZYDIS_REGCLASS_SEGMENT:
		d->kind = OPND_SEG;
		break;
	case ZYDIS_REGCLASS_CONTROL:
		d->kind = OPND_CR;
		break;
	case ZYDIS_REGCLASS_DEBUG:
		d->kind = OPND_DR;
		break;
	case ZYDIS_REGCLASS_MMX:
		d->kind = OPND_MMX;
		break;
	case ZYDIS_REGCLASS_XMM:
		d->kind = OPND_XMM;
		break;
	default:
		return;
	}
	d->reg = ZydisRegisterGetId(z->reg.value);
}

static void memory_operand(const ZydisDecodedInstruction *i, const ZydisDecodedOperand *z,
			   struct opnd *d)
{
	s8 seg = ZydisRegisterGetClass(z->mem.segment) == ZYDIS_REGCLASS_SEGMENT
			 ? ZydisRegisterGetId(z->mem.segment)
			 : SEG_DS;

	d->kind = OPND_MEM;
	d->base = zydis_address_register(z->mem.base);
	d->index = zydis_address_register(z->mem.index);
	d->scale = z->mem.scale;
	d->seg = seg;
	d->disp = z->mem.disp.value;
	if (zydis_base_is_none(i, z)) {
		d->base = INSN_MEM_NONE;
		d->disp = i->raw.disp.value;
	}
}

static void operand_decode(const ZydisDecodedInstruction *i, const ZydisDecodedOperand *z,
			   struct opnd *d)
{
	d->size = z->size / 8;
	switch (z->type) {
	case ZYDIS_OPERAND_TYPE_REGISTER:
		register_operand(z, d);
		break;
	case ZYDIS_OPERAND_TYPE_MEMORY:
		memory_operand(i, z, d);
		break;
	case ZYDIS_OPERAND_TYPE_POINTER:
		d->kind = OPND_FAR;
		d->sel = z->ptr.segment;
		d->imm = z->ptr.offset;
		break;
	case ZYDIS_OPERAND_TYPE_IMMEDIATE:
		d->kind = z->imm.is_relative ? OPND_REL : OPND_IMM;
		d->imm = z->imm.value.u;
		break;
	default:
		break;
	}
}

/* The last of F2 and F3 counts; of segment overrides what Zydis found effective. */
static void prefixes_decode(const ZydisDecodedInstruction *i, struct op *o)
{
	static const struct {
		u64 attribute;
		u8 seg;
	} segs[] = {
		{ ZYDIS_ATTRIB_HAS_SEGMENT_CS, SEG_CS }, { ZYDIS_ATTRIB_HAS_SEGMENT_SS, SEG_SS },
		{ ZYDIS_ATTRIB_HAS_SEGMENT_DS, SEG_DS }, { ZYDIS_ATTRIB_HAS_SEGMENT_ES, SEG_ES },
		{ ZYDIS_ATTRIB_HAS_SEGMENT_FS, SEG_FS }, { ZYDIS_ATTRIB_HAS_SEGMENT_GS, SEG_GS },
	};

	o->seg = SEG_DS;
	for (unsigned k = 0; k < ARRAY_SIZE(segs); k++)
		if (i->attributes & segs[k].attribute)
			o->seg = segs[k].seg;
	for (unsigned k = 0; k < i->raw.prefix_count; k++) {
		u8 p = i->raw.prefixes[k].value;

		if (p == 0xf2)
			o->rep = REP_NE;
		else if (p == 0xf3)
			o->rep = REP_E;
		else if (p == 0xf0)
			o->lock = true;
	}
}

/*
 * In 64-bit mode an override by SS changes nothing but the exception: #SS in place of #GP for an
 * address that is not canonical. CS, DS and ES do not even that.
 */
static void stack_override(const ZydisDecodedInstruction *i, struct op *o)
{
	if (i->machine_mode != ZYDIS_MACHINE_MODE_LONG_64)
		return;
	for (unsigned k = 0; k < i->raw.prefix_count; k++) {
		if (i->raw.prefixes[k].value != 0x36)
			continue;
		for (unsigned n = 0; n < o->n; n++)
			if (o->opnd[n].kind == OPND_MEM && o->opnd[n].seg == SEG_DS)
				o->opnd[n].seg = SEG_SS;
		if (o->seg == SEG_DS)
			o->seg = SEG_SS;
	}
}

/* F3 90 with REX.B is XCHG R8, RAX all the same; Zydis has it as PAUSE. */
static void pause_adapt(const ZydisDecodedInstruction *i, struct op *o)
{
	if (i->mnemonic != ZYDIS_MNEMONIC_PAUSE || !i->raw.rex.B)
		return;
	o->mnemonic = ZYDIS_MNEMONIC_XCHG;
	o->n = 2;
	o->opnd[0] = (struct opnd){ .kind = OPND_GPR, .size = o->opsize, .reg = GPR_R8 };
	o->opnd[1] = (struct opnd){ .kind = OPND_GPR, .size = o->opsize, .reg = GPR_RAX };
}

static enum row_form form_of(const struct op *o)
{
	for (unsigned i = 0; i < o->n; i++) {
		if (o->opnd[i].kind == OPND_SEG)
			return ROW_SEG;
		if (o->opnd[i].kind == OPND_CR)
			return ROW_CR;
		if (o->opnd[i].kind == OPND_DR)
			return ROW_DR;
	}
	switch (o->mnemonic) {
	case ZYDIS_MNEMONIC_CALL:
	case ZYDIS_MNEMONIC_JMP:
	case ZYDIS_MNEMONIC_RET:
		return o->facts.flags & INSNF_FAR ? ROW_FAR : ROW_ANY;
	default:
		return ROW_ANY;
	}
}

/* MOVSD and CMPSD are strings without; CVTSD2SI from memory has none and is not. */
static bool has_vector(const struct op *o)
{
	for (unsigned i = 0; i < o->n; i++)
		if (o->opnd[i].kind == OPND_MMX || o->opnd[i].kind == OPND_XMM)
			return true;
	return false;
}

/* What CPUID hides is #UD though the model could do it; what it shows and the model lacks is named. */
static op_exec *exec_find(const struct op_decoder *d, const ZydisDecodedInstruction *i, struct op *o)
{
	op_exec *exec;

	if (!feature_shows(d->features, i->meta.isa_set))
		return op_undefined;
	exec = has_vector(o) ? NULL : dispatch_find(d->dispatch, o->mnemonic, form_of(o));
	if (exec)
		return exec;
	o->vector_row = dispatch_vector(d->dispatch, o->mnemonic);
	return o->vector_row ? o->vector_row->exec : op_missing;
}

static void op_fill(const struct op_decoder *d, const ZydisDecodedInstruction *i,
		    const ZydisDecodedOperand *z, const struct insn *facts, struct op *o)
{
	o->mnemonic = i->mnemonic;
	o->len = i->length;
	o->opsize = i->operand_width / 8;
	o->addrsize = i->address_width / 8;
	o->cc = i->opcode & 15;
	o->modrm = i->raw.modrm.mod << 6 | i->raw.modrm.reg << 3 | i->raw.modrm.rm;
	o->facts = facts->facts;
	o->vector = facts->vector;
	prefixes_decode(i, o);
	o->n = i->operand_count_visible < OPNDS ? i->operand_count_visible : OPNDS;
	for (unsigned k = 0; k < o->n; k++)
		operand_decode(i, &z[k], &o->opnd[k]);
	stack_override(i, o);
	pause_adapt(i, o);
	o->exec = exec_find(d, i, o);
	/* F0 before MOV CR is AMD's way to CR8, and nothing here. */
	if (o->lock && o->mnemonic == ZYDIS_MNEMONIC_MOV)
		o->exec = op_undefined;
}

enum decode_result op_decode(const struct op_decoder *d, unsigned bits, const u8 *bytes, unsigned n,
			     struct op *o)
{
	ZydisDecodedInstruction i;
	ZydisDecodedOperand z[ZYDIS_MAX_OPERAND_COUNT];
	struct insn facts;
	ZyanStatus s = ZydisDecoderDecodeFull(&d->zydis[bits / 32], bytes, n, &i, z);

	memset(o, 0, sizeof(*o));
	if (s == ZYDIS_STATUS_NO_MORE_DATA)
		return DECODE_SHORT;
	if (s == ZYDIS_STATUS_INSTRUCTION_TOO_LONG)
		return DECODE_TOO_LONG;
	o->exec = op_undefined;
	o->facts.cls = INSN_INVALID;
	if (!ZYAN_SUCCESS(s))
		return DECODE_BAD;
	insn_decode(bits, bytes, n, &facts);
	op_fill(d, &i, z, &facts, o);
	return DECODED;
}

bool op_decoder_init(struct op_decoder *d, const u32 *features)
{
	d->features = features;
	d->dispatch = dispatch_create();
	if (!d->dispatch)
		return false;
	decoder_init(&d->zydis[0], ZYDIS_MACHINE_MODE_LEGACY_16, ZYDIS_STACK_WIDTH_16);
	decoder_init(&d->zydis[1], ZYDIS_MACHINE_MODE_LEGACY_32, ZYDIS_STACK_WIDTH_32);
	decoder_init(&d->zydis[2], ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
	return true;
}

void op_decoder_deinit(struct op_decoder *d)
{
	free(d->dispatch);
}
