/*
 * sse.c - vector operands, and the operations that are one of the host between them.
 *
 * SDM volume 3, "Effect of MMX Instructions on the x87 FPU Register File"; the alignment rules are those
 * of volume 2's exception classes.
 */
#include "model/sse.h"
#include "model/system.h"

/* --- operands --- */

static bool has_kind(const struct op *o, u8 kind)
{
	for (unsigned i = 0; i < o->n; i++)
		if (o->opnd[i].kind == kind)
			return true;
	return false;
}

/* With both kinds of registers the rules of both hold. */
enum ex vector_need(struct model *m, const struct op *o)
{
	if (likely(!has_kind(o, OPND_MMX)))
		return need_sse(m);
	if (has_kind(o, OPND_XMM))
		TRY(need_sse(m));
	return need_mmx(m);
}

enum ex vector_peek(struct model *m, const struct op *o, unsigned i, union xmm *ret)
{
	const struct opnd *d = &o->opnd[i];

	switch (d->kind) {
	case OPND_XMM:
		*ret = fpu_of(m)->xmm[d->reg];
		return EX_DONE;
	case OPND_MEM:
		if (d->size != 16)
			break;
		TRY(mem_check(m, d->seg, op_address(m, o, d), 16, false));
		return mem_read_bytes(m, d->seg, op_address(m, o, d), 16, ret);
	case OPND_MMX:
		*ret = (union xmm){ .qword = { mmx_get(m, d->reg) } };
		return EX_DONE;
	}
	*ret = (union xmm){ 0 };
	return op_read(m, o, i, &ret->qword[0]);
}

enum ex vector_aligned(struct model *m, const struct op *o, unsigned i)
{
	const struct opnd *d = &o->opnd[i];

	if (unlikely(seg_linear(m, d->seg, op_address(m, o, d)) & 15))
		return raise_code(m, EXC_GP, 0);
	return EX_DONE;
}

enum ex vector_read(struct model *m, const struct op *o, unsigned i, union xmm *ret)
{
	if (o->opnd[i].kind == OPND_MEM && o->opnd[i].size == 16)
		TRY(vector_aligned(m, o, i));
	return vector_peek(m, o, i, ret);
}

void vector_set(struct model *m, const struct opnd *d, const union xmm *v)
{
	struct fpu *f = fpu_of(m);

	if (d->kind == OPND_XMM) {
		f->xmm[d->reg] = *v;
		return;
	}
	mmx_enter(m);
	f->st[d->reg].mantissa = v->qword[0];
	f->st[d->reg].exponent = 0xffff;
}

/* --- MMX by the XMM form --- */

static void mmx_operands(enum mmx_form form, union xmm *a, union xmm *b)
{
	u64 d = a->qword[0], s = b->qword[0];

	switch (form) {
	case MMX_LOW:
		break;
	case MMX_PAIR:
		a->qword[1] = s;
		break;
	case MMX_HIGH:
		a->qword[1] = d >> 32;
		b->qword[1] = s >> 32;
		break;
	case MMX_SHUFFLE:
		b->qword[0] = s & 0x8787878787878787ull;
		break;
	case MMX_ALIGN:
		b->qword[1] = d;
		a->qword[0] = 0;
		break;
	}
}

/* Destination and source, as the host operation takes them. */
static enum ex operands_read(struct model *m, const struct op *o, union xmm *a, union xmm *b)
{
	TRY(vector_need(m, o));
	TRY(vector_read(m, o, 1, b));
	TRY(vector_peek(m, o, 0, a));
	if (o->opnd[0].kind == OPND_MMX)
		mmx_operands(o->vector_row->mmx, a, b);
	return EX_DONE;
}

/* --- rows --- */

enum ex float_call(struct model *m, const struct op *o, sse_host_op *host_op, const union xmm *a,
		   const union xmm *b, union xmm *ret)
{
	return simd_raise(m, host_float(fpu_of(m)->mxcsr, host_op, o->vector_row->lanes, a, b, ret));
}

static sse_host_op *immediate_host_op(const struct op *o)
{
	return (sse_host_op *)((const u8 *)o->vector_row->host_op + (u8)o->opnd[2].imm * SSE_STRIDE);
}

static enum ex int_run(struct model *m, const struct op *o, sse_host_op *host_op)
{
	union xmm a, b;

	TRY(operands_read(m, o, &a, &b));
	a = to_xmm(host_op(to_host(&a), to_host(&b)));
	vector_set(m, &o->opnd[0], &a);
	return EX_DONE;
}

static enum ex float_run(struct model *m, const struct op *o, sse_host_op *host_op)
{
	union xmm a, b, r;

	TRY(operands_read(m, o, &a, &b));
	TRY(float_call(m, o, host_op, &a, &b, &r));
	vector_set(m, &o->opnd[0], &r);
	return EX_DONE;
}

enum ex sse_int(struct model *m, const struct op *o)
{
	return int_run(m, o, (sse_host_op *)o->vector_row->host_op);
}

enum ex sse_float(struct model *m, const struct op *o)
{
	return float_run(m, o, (sse_host_op *)o->vector_row->host_op);
}

enum ex sse_int_imm(struct model *m, const struct op *o)
{
	return int_run(m, o, immediate_host_op(o));
}

enum ex sse_float_imm(struct model *m, const struct op *o)
{
	return float_run(m, o, immediate_host_op(o));
}
