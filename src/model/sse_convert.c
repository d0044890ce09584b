/*
 * sse_convert.c - conversions from and to general-purpose and MMX registers, and comparisons into
 * RFLAGS. As in sse_float.c the host computes; its result is what goes there, in the low half.
 */
#include "model/sse.h"

/* --- to general-purpose registers --- */

#define TO_GPR(name)                                                                               \
	static __m128i to32_##name(__m128i a, __m128i b)                                           \
	{                                                                                          \
		u32 r;                                                                             \
                                                                                                   \
		__asm__ volatile(#name " %1, %0" : "=r"(r) : "x"(b));                              \
		return _mm_cvtsi32_si128(r);                                                       \
	}                                                                                          \
	static __m128i to64_##name(__m128i a, __m128i b)                                           \
	{                                                                                          \
		u64 r;                                                                             \
                                                                                                   \
		__asm__ volatile(#name " %1, %0" : "=r"(r) : "x"(b));                              \
		return _mm_cvtsi64_si128(r);                                                       \
	}                                                                                          \
	static sse_host_op *const to_##name[2] = { to32_##name, to64_##name };

TO_GPR(CVTSS2SI)
TO_GPR(CVTTSS2SI)
TO_GPR(CVTSD2SI)
TO_GPR(CVTTSD2SI)

static enum ex op_to_gpr(struct model *m, const struct op *o)
{
	sse_host_op *const *host_op = o->vector_row->host_op;
	union xmm b, r;

	TRY(vector_need(m, o));
	TRY(vector_read(m, o, 1, &b));
	TRY(float_call(m, o, host_op[o->opnd[0].size == 8], &b, &b, &r));
	return op_write(m, o, 0, r.qword[0]);
}

/* --- from them, or as much of memory --- */

#define FROM_GPR(name)                                                                             \
	static __m128i from32_##name(__m128i a, __m128i b)                                         \
	{                                                                                          \
		__asm__ volatile(#name "l %1, %0" : "+x"(a) : "r"((u32)_mm_cvtsi128_si32(b)));     \
		return a;                                                                          \
	}                                                                                          \
	static __m128i from64_##name(__m128i a, __m128i b)                                         \
	{                                                                                          \
		__asm__ volatile(#name "q %1, %0" : "+x"(a) : "r"(_mm_cvtsi128_si64(b)));          \
		return a;                                                                          \
	}                                                                                          \
	static sse_host_op *const from_##name[2] = { from32_##name, from64_##name };

FROM_GPR(CVTSI2SS)
FROM_GPR(CVTSI2SD)

static enum ex op_from_gpr(struct model *m, const struct op *o)
{
	sse_host_op *const *host_op = o->vector_row->host_op;
	union xmm a, b, r;

	TRY(vector_need(m, o));
	TRY(vector_read(m, o, 1, &b));
	TRY(vector_read(m, o, 0, &a));
	TRY(float_call(m, o, host_op[o->opnd[1].size == 8], &a, &b, &r));
	vector_set(m, &o->opnd[0], &r);
	return EX_DONE;
}

/* --- from and to MMX registers: the low lanes of the XMM forms --- */

HOST_OP(CVTPS2DQ)
HOST_OP(CVTTPS2DQ)
HOST_OP(CVTPD2DQ)
HOST_OP(CVTTPD2DQ)
HOST_OP(CVTDQ2PD)

/* The upper singles stay, and are not looked at. */
static __m128i host_CVTPI2PS(__m128i a, __m128i b)
{
	__m128i r;

	__asm__ volatile("CVTDQ2PS %1, %0" : "=x"(r) : "x"(b));
	return _mm_castpd_si128(_mm_move_sd(_mm_castsi128_pd(a), _mm_castsi128_pd(r)));
}

/* A source in memory leaves the x87 registers alone for CVTPI2PD (SDM volume 2). */
static enum ex op_from_mmx(struct model *m, const struct op *o)
{
	bool enters = o->opnd[1].kind == OPND_MMX || o->mnemonic == ZYDIS_MNEMONIC_CVTPI2PS;
	union xmm a, b, r;

	TRY(need_sse(m));
	if (enters)
		TRY(need_mmx(m));
	TRY(vector_read(m, o, 1, &b));
	TRY(vector_read(m, o, 0, &a));
	if (enters)
		mmx_enter(m);
	TRY(float_call(m, o, (sse_host_op *)o->vector_row->host_op, &a, &b, &r));
	vector_set(m, &o->opnd[0], &r);
	return EX_DONE;
}

/* Of a register with four singles the upper two raise nothing. The x87 registers are MMX's though the
 * conversion raises #XM, as on the processor. */
static enum ex op_to_mmx(struct model *m, const struct op *o)
{
	bool singles = o->mnemonic == ZYDIS_MNEMONIC_CVTPS2PI || o->mnemonic == ZYDIS_MNEMONIC_CVTTPS2PI;
	union xmm b, r;

	TRY(vector_need(m, o));
	TRY(vector_read(m, o, 1, &b));
	if (singles)
		b.qword[1] = 0;
	mmx_enter(m);
	TRY(float_call(m, o, (sse_host_op *)o->vector_row->host_op, &b, &b, &r));
	vector_set(m, &o->opnd[0], &r);
	return EX_DONE;
}

/* --- comparisons: the flags as RFLAGS has them --- */

#define COMPARE(name)                                                                              \
	static __m128i flags_##name(__m128i a, __m128i b)                                          \
	{                                                                                          \
		bool z, p, c;                                                                      \
                                                                                                   \
		__asm__ volatile(#name " %4, %3"                                                   \
				 : "=@ccz"(z), "=@ccp"(p), "=@ccc"(c)                              \
				 : "x"(a), "x"(b));                                                \
		return _mm_cvtsi32_si128((z ? FL_ZF : 0) | (p ? FL_PF : 0) | (c ? FL_CF : 0));     \
	}

COMPARE(COMISS)
COMPARE(COMISD)
COMPARE(UCOMISS)
COMPARE(UCOMISD)

static enum ex op_compare(struct model *m, const struct op *o)
{
	union xmm a, b, r;

	TRY(vector_need(m, o));
	TRY(vector_read(m, o, 1, &b));
	TRY(vector_read(m, o, 0, &a));
	TRY(float_call(m, o, (sse_host_op *)o->vector_row->host_op, &a, &b, &r));
	flags_set(m, FL_ARITH, r.qword[0]);
	return EX_DONE;
}

#define ROW(name, exec, host_op) { ZYDIS_MNEMONIC_##name, MMX_LOW, NULL, exec, host_op }

const struct sse_row sse_convert_rows[] = {
	ROW(CVTSS2SI, op_to_gpr, to_CVTSS2SI),
	ROW(CVTTSS2SI, op_to_gpr, to_CVTTSS2SI),
	ROW(CVTSD2SI, op_to_gpr, to_CVTSD2SI),
	ROW(CVTTSD2SI, op_to_gpr, to_CVTTSD2SI),
	ROW(CVTSI2SS, op_from_gpr, from_CVTSI2SS),
	ROW(CVTSI2SD, op_from_gpr, from_CVTSI2SD),
	ROW(CVTPI2PS, op_from_mmx, host_CVTPI2PS),
	ROW(CVTPI2PD, op_from_mmx, host_CVTDQ2PD),
	ROW(CVTPS2PI, op_to_mmx, host_CVTPS2DQ),
	ROW(CVTTPS2PI, op_to_mmx, host_CVTTPS2DQ),
	ROW(CVTPD2PI, op_to_mmx, host_CVTPD2DQ),
	ROW(CVTTPD2PI, op_to_mmx, host_CVTTPD2DQ),
	ROW(COMISS, op_compare, flags_COMISS),
	ROW(COMISD, op_compare, flags_COMISD),
	ROW(UCOMISS, op_compare, flags_UCOMISS),
	ROW(UCOMISD, op_compare, flags_UCOMISD),
	{ 0 },
};
