/*
 * sse.h - MMX and SSE: rows of instructions with vector registers, and their operands.
 *
 * What an instruction computes is left to the host: a row has the host operation, this one instruction
 * between registers (HOST_OP() below). Which registers and bytes go in, which come out, what faults and in
 * which order is the model's own.
 *
 *   sse.c          operands, rows that are one host operation
 *   sse_host.c     a floating-point host operation under the guest's MXCSR
 *   sse_int.c      integer arithmetic and shuffles of MMX and XMM registers
 *   sse_float.c    floating-point arithmetic, with MXCSR
 *   sse_immediate.c both kinds with an immediate that is part of the operation
 *   sse_dot.c      DPPS and DPPD, which are several operations
 *   sse_convert.c  conversions and comparisons that end elsewhere than in an XMM register
 *   sse_move.c     moves between registers and memory
 *   sse_element.c  single elements, masks, blends
 *   sse_string.c   PCMPESTRI and its kin
 */
#ifndef VMSTEP_MODEL_SSE_H
#define VMSTEP_MODEL_SSE_H

#include <string.h>
#include <emmintrin.h>
#include <Zydis/Zydis.h>

#include "model/fpu.h"
#include "model/operand.h"

/* A host operation: the result of the instruction with `a` as destination and `b` as source. */
typedef __m128i sse_host_op(__m128i a, __m128i b);

/*
 * What an operation between MMX registers is in terms of the one between XMM registers, of whose result
 * the low half is taken: operands in the low halves; one operand behind the other as the XMM form has
 * them; upper doublewords where the XMM form looks for its upper half; PSHUFB's index of 3 bits; PALIGNR's.
 */
enum mmx_form { MMX_LOW, MMX_PAIR, MMX_HIGH, MMX_SHUFFLE, MMX_ALIGN };

/*
 * How results that may be beyond a lane's range come about, for exceptions that are not masked; NULL in a
 * row: there are none. A sum is exact when it is tiny; a product (a quotient, a narrower number) comes
 * from the significands of the operands in the same lane.
 */
struct sse_lanes {
	u8 size, n;     /* of the result: bytes of a lane, lanes */
	u8 source;      /* bytes of an operand's lane */
	bool product;
	sse_host_op *pairs; /* HADDPS and its kin: what is done to lanes 0 and 1, 2 and 3; else NULL */
};

struct sse_row {
	u16 mnemonic;
	u8 mmx;  /* enum mmx_form */
	const struct sse_lanes *lanes;
	op_exec *exec;
	const void *host_op; /* sse_host_op; with an immediate the first of 256, SSE_STRIDE bytes apart */
};
enum { SSE_STRIDE = 8 };

/* Each family, ended by a NULL exec. */
extern const struct sse_row sse_int_rows[], sse_float_rows[], sse_immediate_rows[], sse_convert_rows[],
	sse_move_rows[], sse_element_rows[], sse_string_rows[], sse_dot_rows[];

/* ---- sse.c -------------------------------------------------------------------------------------- */

/* The checks that come first: by which registers the operands are. */
enum ex vector_need(struct model *m, const struct op *o);
/*
 * The source: a register, or memory of the operand's size, zero-extended. 16 bytes of memory must be
 * aligned. vector_peek(): they need not be.
 */
enum ex vector_read(struct model *m, const struct op *o, unsigned i, union xmm *ret);
enum ex vector_peek(struct model *m, const struct op *o, unsigned i, union xmm *ret);
/* Memory operand `i` lies on 16 bytes, else #GP, also of an address that is not canonical, also of the
 * stack: before every other fault. */
enum ex vector_aligned(struct model *m, const struct op *o, unsigned i);
/* A whole register; of an MMX register the low half. */
void vector_set(struct model *m, const struct opnd *d, const union xmm *v);
/* Run a host operation under the guest's MXCSR. On EX_DONE *ret is the result and MXCSR has its flags. */
enum ex float_call(struct model *m, const struct op *o, sse_host_op *host_op, const union xmm *a,
		   const union xmm *b, union xmm *ret);

/* ---- sse_host.c --------------------------------------------------------------------------------- */

/* *ret and the flags that the operation raises under `mxcsr`, whose own flags do not matter. With an
 * unmasked one among them there is no result. */
u32 host_float(u32 mxcsr, sse_host_op *host_op, const struct sse_lanes *lanes, const union xmm *a,
	       const union xmm *b, union xmm *ret);

/* ---- rows --------------------------------------------------------------------------------------- */

/* exec functions of rows with a host operation: integer and floating point, and with an immediate. */
op_exec sse_int, sse_float, sse_int_imm, sse_float_imm;

static inline union xmm to_xmm(__m128i v)
{
	union xmm x;

	memcpy(&x, &v, 16);
	return x;
}

static inline __m128i to_host(const union xmm *x)
{
	__m128i v;

	memcpy(&v, x, 16);
	return v;
}

/* ---- host operations ------------------------------------------------------------------------- */

#define HOST_OP(name)                                                                      \
	static __m128i host_##name(__m128i a, __m128i b)                                   \
	{                                                                                  \
		__asm__ volatile(#name " %1, %0" : "+x"(a) : "x"(b));                      \
		return a;                                                                  \
	}

/* 256 by the immediate, SSE_STRIDE bytes apart, made by the assembler. XMM1 is the source, XMM0 the
 * destination and the result, as in a call with two vectors. */
#define HOST_OPS(name)                                                                     \
	extern const u8 host_##name[] __asm__("model_sse_" #name)                          \
		__attribute__((visibility("hidden")));                                     \
	__asm__(".pushsection .text\n"                                                     \
		".balign 16\n"                                                             \
		"model_sse_" #name ":\n"                                                   \
		".set model_sse_value, 0\n"                                                \
		".rept 256\n"                                                              \
		".balign 8\n" #name " $model_sse_value, %xmm1, %xmm0\n"                    \
		"ret\n"                                                                    \
		".set model_sse_value, model_sse_value + 1\n"                              \
		".endr\n"                                                                  \
		".popsection\n");

#endif
