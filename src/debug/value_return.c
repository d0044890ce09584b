/*
 * value_return.c - what a function has just returned, from the registers its ABI puts it in (System V
 * ABI x86-64, "Returning of Values"; i386, "Functions Returning Scalars" and "... Structures").
 */
#include <errno.h>
#include <string.h>
#include "private.h"

/* Classes of an eightbyte. */
enum class { CLASS_NONE, CLASS_SSE, CLASS_X87, CLASS_INTEGER, CLASS_MEMORY };

enum { DEPTH_MAX = 20 };

static void join(u8 *to, u8 class)
{
	if (class > *to)
		*to = class;
}

/* The classes of what lies at `off`, joined into those of the eightbytes. */
static void classify(const struct ctype *t, u64 off, u8 class[2], unsigned depth)
{
	u64 size = ctype_size(t), at = off / 8;

	t = ctype_strip(t);
	if (at > 1 || depth > DEPTH_MAX) {
		class[0] = CLASS_MEMORY;
		return;
	}
	switch (t->kind) {
	case CTYPE_STRUCT:
	case CTYPE_UNION:
		if (ctype_load(t, NULL))
			class[0] = CLASS_MEMORY;
		for (u32 i = 0; i < t->n; i++)
			classify(t->member[i].type, off + t->member[i].offset, class, depth + 1);
		break;
	case CTYPE_ARRAY:
		for (u64 i = 0; i < t->count && i < 16; i++)
			classify(t->target, off + i * ctype_size(t->target), class, depth + 1);
		break;
	case CTYPE_COMPLEX:
		join(&class[at], size > 16 ? CLASS_X87 : CLASS_SSE);
		join(&class[(off + size / 2) / 8 & 1], size > 16 ? CLASS_X87 : CLASS_SSE);
		break;
	case CTYPE_FLOAT:
		join(&class[at], size > 8 ? CLASS_X87 : CLASS_SSE);
		break;
	default:
		join(&class[at], CLASS_INTEGER);
		if (size > 8)
			class[1] = CLASS_INTEGER;
	}
}

/* The eightbytes from the next free register of their class. */
static int from_registers(struct session *s, const u8 class[2], u8 *buf, struct err *err)
{
	const struct cpu_state *c;
	unsigned n_int = 0, n_sse = 0;
	int rc = state_need(s, REGS_GPR | REGS_FPU, &c, err);

	for (unsigned i = 0; !rc && i < 2; i++) {
		if (class[i] == CLASS_INTEGER)
			memcpy(buf + 8 * i, &c->gpr[n_int++ ? GPR_RDX : GPR_RAX], 8);
		else if (class[i] == CLASS_SSE) /* SDM volume 1 "FXSAVE Area": XMM0 at 160 */
			memcpy(buf + 8 * i, c->fxsave + 160 + 16 * n_sse++, 8);
		else if (class[i] == CLASS_X87 && !i) /* ST0 at 32 */
			memcpy(buf, c->fxsave + 32, 10);
	}
	return rc;
}

static int finish_value(struct session *s, const struct ctype *t, const u8 *buf, struct value *ret,
			struct err *err)
{
	struct value v = { .repeat = 1 };
	u64 size = ctype_size(t);
	unsigned shift = size < 8 ? 64 - 8 * size : 0;

	v.type = t;
	if (!ctype_is_scalar(t)) {
		v.data = session_keep(s, buf, size > 16 ? size : 16, err);
		*ret = v;
		return v.data ? 0 : -ENOMEM;
	}
	memcpy(&v.bits, buf, 8);
	memcpy(v.wide, buf, 16);
	v.size = size;
	ctype_load(ctype_strip(t), NULL);
	v.is_signed = ctype_strip(t)->is_signed;
	v.is_pointer = ctype_strip(t)->kind == CTYPE_POINTER;
	v.bits = v.is_signed && ctype_is_integer(t) ? (u64)((s64)(v.bits << shift) >> shift)
						    : v.bits << shift >> shift;
	*ret = v;
	return 0;
}

static int in_memory(struct session *s, const struct ctype *t, struct value *ret, struct err *err)
{
	const struct cpu_state *c;
	int rc = state_need(s, REGS_GPR, &c, err);
	u64 addr = rc ? 0 : c->gpr[GPR_RAX];

	if (ctype_pointer_size(s->symbols) == 4)
		addr = (u32)addr;
	return rc ?: value_at(s, t, addr, ret, err);
}

static int returned_32(struct session *s, const struct ctype *t, struct value *ret, struct err *err)
{
	u8 kind = ctype_strip(t)->kind, buf[16] = { 0 };
	const struct cpu_state *c;
	long double wide;
	double d;
	float f;
	int rc;

	if (!ctype_is_scalar(t))
		return in_memory(s, t, ret, err);
	rc = state_need(s, REGS_GPR | REGS_FPU, &c, err);
	if (rc)
		return rc;
	memcpy(buf, &c->gpr[GPR_RAX], 4);
	memcpy(buf + 4, &c->gpr[GPR_RDX], 4);
	if (kind == CTYPE_FLOAT) { /* in ST0, at its full width */
		memcpy(&wide, c->fxsave + 32, 10);
		d = wide;
		f = wide;
		if (ctype_size(t) == 4)
			memcpy(buf, &f, 4);
		else if (ctype_size(t) == 8)
			memcpy(buf, &d, 8);
		else
			memcpy(buf, c->fxsave + 32, 10);
	}
	return finish_value(s, t, buf, ret, err);
}

int value_returned(struct session *s, const struct ctype *t, struct value *ret, struct err *err)
{
	u8 class[2] = { CLASS_NONE, CLASS_NONE }, buf[16] = { 0 };
	u64 size = ctype_size(t);
	int rc;

	if (!size)
		return err_set(err, ENOENT, "the function returns nothing");
	if (ctype_pointer_size(s->symbols) == 4)
		return returned_32(s, t, ret, err);
	if (size <= 16)
		classify(t, 0, class, 0);
	/* A structure of more, or with an x87 part, is where the caller wanted it. */
	if (size > 16 || class[0] == CLASS_MEMORY ||
	    (ctype_is_aggregate(t) && (class[0] == CLASS_X87 || class[1] == CLASS_X87)))
		return in_memory(s, t, ret, err);
	rc = from_registers(s, class, buf, err);
	return rc ?: finish_value(s, t, buf, ret, err);
}
