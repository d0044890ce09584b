/*
 * sse_int.c - integer arithmetic, logic, shifts and shuffles of MMX and XMM registers, and what moves
 * floating-point lanes without looking at them.
 */
#include "model/sse.h"

/* MMX and XMM: operands of 64 bits lie in the low halves. */
#define LOW(X)                                                                                     \
	X(PADDB) X(PADDW) X(PADDD) X(PADDQ) X(PADDSB) X(PADDSW) X(PADDUSB) X(PADDUSW)              \
	X(PSUBB) X(PSUBW) X(PSUBD) X(PSUBQ) X(PSUBSB) X(PSUBSW) X(PSUBUSB) X(PSUBUSW)              \
	X(PMULLW) X(PMULHW) X(PMULHUW) X(PMULUDQ) X(PMADDWD) X(PSADBW) X(PAVGB) X(PAVGW)           \
	X(PAND) X(PANDN) X(POR) X(PXOR) X(PCMPEQB) X(PCMPEQW) X(PCMPEQD) X(PCMPGTB) X(PCMPGTW)     \
	X(PCMPGTD) X(PMAXUB) X(PMAXSW) X(PMINUB) X(PMINSW) X(PSLLW) X(PSLLD) X(PSLLQ) X(PSRLW)     \
	X(PSRLD) X(PSRLQ) X(PSRAW) X(PSRAD) X(PUNPCKLBW) X(PUNPCKLWD) X(PUNPCKLDQ)                 \
	X(PABSB) X(PABSW) X(PABSD) X(PSIGNB) X(PSIGNW) X(PSIGND) X(PMADDUBSW) X(PMULHRSW)
#define HIGH(X) X(PUNPCKHBW) X(PUNPCKHWD) X(PUNPCKHDQ)
#define PAIR(X)                                                                                    \
	X(PACKSSWB) X(PACKSSDW) X(PACKUSWB) X(PHADDW) X(PHADDD) X(PHADDSW) X(PHSUBW) X(PHSUBD)     \
	X(PHSUBSW)
#define SHUFFLE(X) X(PSHUFB)
/* XMM only. */
#define WIDE(X)                                                                                    \
	X(PUNPCKLQDQ) X(PUNPCKHQDQ) X(ANDPS) X(ANDPD) X(ANDNPS) X(ANDNPD) X(ORPS) X(ORPD) X(XORPS) \
	X(XORPD) X(UNPCKLPS) X(UNPCKLPD) X(UNPCKHPS) X(UNPCKHPD) X(MOVHLPS) X(MOVLHPS) X(MOVDDUP)  \
	X(MOVSHDUP) X(MOVSLDUP) X(PACKUSDW) X(PMINSB) X(PMINSD) X(PMINUW) X(PMINUD) X(PMAXSB)      \
	X(PMAXSD) X(PMAXUW) X(PMAXUD) X(PMULDQ) X(PMULLD) X(PCMPEQQ) X(PCMPGTQ) X(PHMINPOSUW)      \
	X(PMOVSXBW) X(PMOVSXBD) X(PMOVSXBQ) X(PMOVSXWD) X(PMOVSXWQ) X(PMOVSXDQ) X(PMOVZXBW)        \
	X(PMOVZXBD) X(PMOVZXBQ) X(PMOVZXWD) X(PMOVZXWQ) X(PMOVZXDQ)

LOW(HOST_OP)
HIGH(HOST_OP)
PAIR(HOST_OP)
SHUFFLE(HOST_OP)
WIDE(HOST_OP)

/* PSLLDQ, PSRLDQ: by bytes, all of them from 16 on. */
static enum ex op_shift_bytes(struct model *m, const struct op *o)
{
	union xmm *r = &fpu_of(m)->xmm[o->opnd[0].reg];
	unsigned by = o->opnd[1].imm & 0xff;
	unsigned __int128 v = 0;

	TRY(vector_need(m, o));
	memcpy(&v, r, 16);
	if (by > 15)
		v = 0;
	else if (o->mnemonic == ZYDIS_MNEMONIC_PSLLDQ)
		v <<= 8 * by;
	else
		v >>= 8 * by;
	memcpy(r, &v, 16);
	return EX_DONE;
}

#define ROW(name, form)  { ZYDIS_MNEMONIC_##name, form, NULL, sse_int, host_##name },
#define ROW_LOW(name)     ROW(name, MMX_LOW)
#define ROW_HIGH(name)    ROW(name, MMX_HIGH)
#define ROW_PAIR(name)    ROW(name, MMX_PAIR)
#define ROW_SHUFFLE(name) ROW(name, MMX_SHUFFLE)

const struct sse_row sse_int_rows[] = {
	LOW(ROW_LOW)
	HIGH(ROW_HIGH)
	PAIR(ROW_PAIR)
	SHUFFLE(ROW_SHUFFLE)
	WIDE(ROW_LOW)
	{ ZYDIS_MNEMONIC_PSLLDQ, 0, NULL, op_shift_bytes, NULL },
	{ ZYDIS_MNEMONIC_PSRLDQ, 0, NULL, op_shift_bytes, NULL },
	{ 0 },
};
