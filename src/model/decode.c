/*
 * decode.c - from bytes to struct op, through Zydis once and then from a cache. The cache is keyed
 * by linear address and width and compares the bytes at each use: self-modifying code is right by
 * construction, and nobody has to tell it of a change of mapping.
 */
#include <emmintrin.h>
#include <stdlib.h>
#include <string.h>
#include <Zydis/Zydis.h>

#include "model/operand.h"

enum { PAGE = 4096 };

struct slot {
	u64 lin;
	u8 bits, n; /* n: bytes compared; 0: empty */
	u8 bytes[16], mask[16];
	struct op op;
};

struct code_cache {
	struct dispatch *dispatch;
	ZydisDecoder decoder[3]; /* 16, 32, 64 */
	struct slot slot[CODE_SIZE];
};

enum decode_result { DECODED, DECODE_SHORT /* bytes are missing */, DECODE_TOO_LONG, DECODE_BAD };

/* The extensions that give old opcodes a new meaning are not there: their bytes mean the old. */
static void decoder_init(ZydisDecoder *d, ZydisMachineMode mode, ZydisStackWidth width)
{
	static const ZydisDecoderMode off[] = {
		ZYDIS_DECODER_MODE_MPX,   ZYDIS_DECODER_MODE_CET,      ZYDIS_DECODER_MODE_LZCNT,
		ZYDIS_DECODER_MODE_TZCNT, ZYDIS_DECODER_MODE_WBNOINVD, ZYDIS_DECODER_MODE_CLDEMOTE,
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
	default:
		return; /* not of the integer set */
	}
	d->reg = ZydisRegisterGetId(z->reg.value);
}

static u8 address_register(ZydisRegister r)
{
	switch (ZydisRegisterGetClass(r)) {
	case ZYDIS_REGCLASS_GPR16:
	case ZYDIS_REGCLASS_GPR32:
	case ZYDIS_REGCLASS_GPR64:
		return ZydisRegisterGetId(r);
	case ZYDIS_REGCLASS_IP:
		return INSN_MEM_RIP;
	default:
		return INSN_MEM_NONE;
	}
}

/* Without a base: mod 0 with a SIB base of 5. Zydis 4.0.0 gives R13D under REX.B and a 67 prefix.
 */
static bool base_is_none(const ZydisDecodedInstruction *i)
{
	return i->attributes & ZYDIS_ATTRIB_HAS_SIB && i->raw.modrm.mod == 0 &&
	       i->raw.sib.base == 5;
}

static void memory_operand(const ZydisDecodedInstruction *i, const ZydisDecodedOperand *z,
			   struct opnd *d)
{
	s8 seg = ZydisRegisterGetClass(z->mem.segment) == ZYDIS_REGCLASS_SEGMENT
			 ? ZydisRegisterGetId(z->mem.segment)
			 : SEG_DS;

	d->kind = OPND_MEM;
	d->base = address_register(z->mem.base);
	d->index = address_register(z->mem.index);
	d->scale = z->mem.scale;
	d->seg = seg;
	d->disp = z->mem.disp.value;
	if (z->visibility != ZYDIS_OPERAND_VISIBILITY_HIDDEN && base_is_none(i)) {
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

static void op_fill(const struct dispatch *dispatch, const ZydisDecodedInstruction *i,
		    const ZydisDecodedOperand *z, const struct insn *facts, struct op *o)
{
	o->mnemonic = i->mnemonic;
	o->len = i->length;
	o->opsize = i->operand_width / 8;
	o->addrsize = i->address_width / 8;
	o->cc = i->opcode & 15;
	o->facts = facts->facts;
	o->vector = facts->vector;
	prefixes_decode(i, o);
	o->n = i->operand_count_visible < OPNDS ? i->operand_count_visible : OPNDS;
	for (unsigned k = 0; k < o->n; k++)
		operand_decode(i, &z[k], &o->opnd[k]);
	stack_override(i, o);
	pause_adapt(i, o);
	o->exec = i->meta.isa_ext == ZYDIS_ISA_EXT_X87 && i->mnemonic != ZYDIS_MNEMONIC_FWAIT
			  ? op_x87
			  : dispatch_find(dispatch, o->mnemonic, form_of(o));
	/* F0 before MOV CR is AMD's way to CR8, and nothing here. */
	if (o->lock && o->mnemonic == ZYDIS_MNEMONIC_MOV)
		o->exec = op_undefined;
}

static enum decode_result op_decode(const struct code_cache *c, unsigned bits, const u8 *bytes,
				    unsigned n, struct op *o)
{
	ZydisDecodedInstruction i;
	ZydisDecodedOperand z[ZYDIS_MAX_OPERAND_COUNT];
	struct insn facts;
	ZyanStatus s = ZydisDecoderDecodeFull(&c->decoder[bits / 32], bytes, n, &i, z);

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
	op_fill(c->dispatch, &i, z, &facts, o);
	return DECODED;
}

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
	d = op_decode(m->code, m->bits, f->buf, f->n, &o);
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

enum ex op_fetch(struct model *m, const struct op **ret)
{
	const struct tlb_entry *e;
	unsigned most = 0;
	struct slot *s;
	u64 lin = 0;

	TRY(fetch_place(m, &lin, &most));
	s = slot_of(m->code, lin);
	e = &m->tlb[lin >> 12 & (TLB_SIZE - 1)];
	*ret = &s->op;
	if (likely(s->n && s->lin == lin && s->bits == m->bits && s->n <= most &&
		   e->page == ((lin & ~(u64)(PAGE - 1)) | 1) && e->hva &&
		   e->rights & (m->cpl == 3 ? TLB_FETCH_USER : TLB_FETCH) &&
		   lin % PAGE <= PAGE - 16 && slot_equals(s, e->hva + lin % PAGE)))
		return EX_DONE;
	return fetch_slow(m, lin, most, s);
}

struct code_cache *code_cache_create(void)
{
	struct code_cache *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->dispatch = dispatch_create();
	if (!c->dispatch) {
		free(c);
		return NULL;
	}
	decoder_init(&c->decoder[0], ZYDIS_MACHINE_MODE_LEGACY_16, ZYDIS_STACK_WIDTH_16);
	decoder_init(&c->decoder[1], ZYDIS_MACHINE_MODE_LEGACY_32, ZYDIS_STACK_WIDTH_32);
	decoder_init(&c->decoder[2], ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
	return c;
}

void code_cache_destroy(struct code_cache *c)
{
	if (!c)
		return;
	free(c->dispatch);
	free(c);
}
