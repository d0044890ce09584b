/*
 * location.c - runs a location expression (DWARF 5, "DWARF Expressions" and "Location Descriptions").
 * Every operation costs one of a budget, so that an expression that loops ends with a sentence.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include "location_stack.h"

enum { NESTING_MAX = 4 }; /* of frame bases */

/* ---- what is outside ------------------------------------------------------------------------- */

static int frame_base(struct machine_stack *m, u64 *ret)
{
	struct location_env env = *m->env;
	struct location_list list;
	const struct location_expr *e;
	Dwarf_Die die;
	int rc;

	if (!env.file || !env.function || ++env.nesting > NESTING_MAX)
		return err_set(m->err, ENODATA, "there is no frame here");
	die = dw_die(env.file, env.function);
	rc = die ? location_read(env.file, env.unit, die, DW_AT_frame_base, &list, m->err) : -ENOENT;
	dw_free(die);
	if (rc == -ENOENT)
		return err_set(m->err, ENODATA, "the function has no frame base");
	if (rc)
		return rc;
	e = location_at(&list, env.pc, env.pc == env.entry);
	if (!e)
		rc = err_set(m->err, ENODATA, "the function has no frame base here");
	else
		rc = location_compute(&env, e, false, 0, ret, m->err);
	location_list_free(&list);
	return rc;
}

static int push_frame_base(struct machine_stack *m, u64 offset)
{
	u64 base;
	int rc = frame_base(m, &base);

	return rc ?: stack_push(m, base + offset);
}

static int push_cfa(struct machine_stack *m)
{
	const struct location_ops *ops = m->env->ops;
	u64 cfa;
	int rc;

	if (!ops || !ops->cfa)
		return err_set(m->err, ENODATA, "there is no frame without a running guest");
	rc = ops->cfa(ops->arg, &cfa, m->err);
	return rc ?: stack_push(m, cfa);
}

static int push_indexed(struct machine_stack *m, u64 index, bool is_address)
{
	const struct location_env *env = m->env;
	u64 v = 0;

	if (!env->unit || !dw_indexed_addr(env->file, env->unit, index, &v))
		return stack_bad(m, "names an address the file does not have");
	return stack_push(m, is_address ? dw_to_guest(env->file, v) : v);
}

/* A value at the function's entry: only plain registers are known to unwinders. */
static int push_entry(struct machine_stack *m, const struct location_op *o)
{
	const struct location_ops *ops = m->env->ops;
	struct location_expr in = { 0 };
	u64 reg = UINT64_MAX, v;
	int rc = location_decode(o->bytes, o->n_bytes, m->env->address_size, 4, &in, m->err);

	if (rc)
		return rc;
	if (in.n == 1 && in.op[0].atom >= DW_OP_reg0 && in.op[0].atom <= DW_OP_reg31)
		reg = in.op[0].atom - DW_OP_reg0;
	else if (in.n == 1 && (in.op[0].atom == DW_OP_regx || in.op[0].atom == DW_OP_regval_type ||
			       in.op[0].atom == DW_OP_GNU_regval_type))
		reg = in.op[0].a;
	location_expr_free(&in);
	if (reg == UINT64_MAX || !ops || !ops->entry_reg)
		return err_set(m->err, ENODATA, "the value at the function's entry is not known");
	rc = ops->entry_reg(ops->arg, reg, &v, m->err);
	return rc ?: stack_push(m, v);
}

/* ---- descriptions ---------------------------------------------------------------------------- */

static int describe(struct machine_stack *m, struct piece p)
{
	m->now = p;
	m->has_now = true;
	return 0;
}

/* What the next piece consists of when no operation said so: memory at the address on the stack. */
static void settle(struct machine_stack *m)
{
	if (m->has_now)
		return;
	m->now = (struct piece){ .kind = PIECE_NONE };
	if (m->n)
		m->now = (struct piece){ .kind = PIECE_MEMORY, .at = m->v[--m->n] };
}

static int end_piece(struct machine_stack *m, u64 bits, u64 offset)
{
	if (m->place->n == PLACE_PIECES || bits > UINT32_MAX || offset > UINT32_MAX)
		return stack_bad(m, "has too many pieces");
	settle(m);
	m->now.bits = bits;
	m->now.bit_offset = offset;
	m->place->piece[m->place->n++] = m->now;
	m->has_now = false;
	return 0;
}

static int describing(struct machine_stack *m, const struct location_op *o)
{
	u64 v;
	int rc;

	switch (o->atom) {
	case DW_OP_regx:
		return describe(m, (struct piece){ .kind = PIECE_REGISTER, .at = o->a });
	case DW_OP_piece:
		return end_piece(m, o->a * 8, 0);
	case DW_OP_bit_piece:
		return end_piece(m, o->a, o->b);
	case DW_OP_stack_value:
		rc = stack_pop(m, &v);
		return rc ?: describe(m, (struct piece){ .kind = PIECE_VALUE, .at = v });
	case DW_OP_implicit_value:
		return describe(m, (struct piece){ .kind = PIECE_BYTES,
						   .bytes = o->bytes,
						   .n_bytes = o->n_bytes });
	default:
		return describe(m, (struct piece){ .kind = PIECE_POINTER, .at = o->a });
	}
}

/* ---- the loop -------------------------------------------------------------------------------- */

static int run_one(struct machine_stack *m, const struct location_op *o)
{
	u64 v;
	int rc;

	if (o->atom >= DW_OP_lit0 && o->atom <= DW_OP_lit31)
		return stack_push(m, o->atom - DW_OP_lit0);
	if (o->atom >= DW_OP_reg0 && o->atom <= DW_OP_reg31)
		return describe(m, (struct piece){ .kind = PIECE_REGISTER,
						   .at = o->atom - DW_OP_reg0 });
	if (o->atom >= DW_OP_breg0 && o->atom <= DW_OP_breg31) {
		rc = stack_register(m, o->atom - DW_OP_breg0, &v);
		return rc ?: stack_push(m, v + o->a);
	}
	switch (o->atom) {
	case DW_OP_addr:
		return stack_push(m, m->env->file ? dw_to_guest(m->env->file, o->a) : o->a);
	case DW_OP_addrx: case DW_OP_GNU_addr_index:
		return push_indexed(m, o->a, true);
	case DW_OP_constx: case DW_OP_GNU_const_index:
		return push_indexed(m, o->a, false);
	case DW_OP_const1u: case DW_OP_const1s: case DW_OP_const2u: case DW_OP_const2s:
	case DW_OP_const4u: case DW_OP_const4s: case DW_OP_const8u: case DW_OP_const8s:
	case DW_OP_constu: case DW_OP_consts:
		return stack_push(m, o->a);
	case DW_OP_bregx:
		rc = stack_register(m, o->a, &v);
		return rc ?: stack_push(m, v + o->b);
	case DW_OP_fbreg:
		return push_frame_base(m, o->a);
	case DW_OP_call_frame_cfa:
		return push_cfa(m);
	case DW_OP_entry_value: case DW_OP_GNU_entry_value:
		return push_entry(m, o);
	case DW_OP_dup: case DW_OP_drop: case DW_OP_over: case DW_OP_pick: case DW_OP_swap:
	case DW_OP_rot:
		return stack_shuffle(m, o);
	case DW_OP_neg: case DW_OP_not: case DW_OP_abs: case DW_OP_plus_uconst: case DW_OP_deref:
	case DW_OP_deref_size:
		return stack_unary(m, o);
	case DW_OP_and: case DW_OP_or: case DW_OP_xor: case DW_OP_plus: case DW_OP_minus:
	case DW_OP_mul: case DW_OP_div: case DW_OP_mod: case DW_OP_shl: case DW_OP_shr:
	case DW_OP_shra: case DW_OP_eq: case DW_OP_ne: case DW_OP_lt: case DW_OP_gt:
	case DW_OP_le: case DW_OP_ge:
		return stack_binary(m, o->atom);
	case DW_OP_const_type: case DW_OP_GNU_const_type: case DW_OP_regval_type:
	case DW_OP_GNU_regval_type: case DW_OP_deref_type: case DW_OP_GNU_deref_type:
	case DW_OP_convert: case DW_OP_GNU_convert: case DW_OP_reinterpret:
	case DW_OP_GNU_reinterpret:
		return stack_typed(m, o);
	case DW_OP_regx: case DW_OP_piece: case DW_OP_bit_piece: case DW_OP_stack_value:
	case DW_OP_implicit_value: case DW_OP_implicit_pointer: case DW_OP_GNU_implicit_pointer:
		return describing(m, o);
	case DW_OP_nop: case DW_OP_GNU_uninit:
		return 0;
	case DW_OP_form_tls_address: case DW_OP_GNU_push_tls_address:
		return err_set(m->err, ENOTSUP,
			       "thread-local variables have no address without a thread library");
	case DW_OP_GNU_parameter_ref: case DW_OP_GNU_variable_value:
		return err_set(m->err, ENODATA, "the value depends on what the caller no longer has");
	}
	return err_set(m->err, ENOTSUP, "the location uses operation 0x%x, which vmstep does not know",
		       o->atom);
}

/* Index of the operation at an offset; n: behind the last. */
static int jump(struct machine_stack *m, const struct location_op *o, u32 *ret)
{
	u64 to = o->off + 3 + o->a; /* the operation has an operand of two bytes */

	for (u32 i = 0; i < m->e->n; i++)
		if (m->e->op[i].off == to) {
			*ret = i;
			return 0;
		}
	*ret = m->e->n;
	return (s64)to >= 0 && to > m->e->op[m->e->n - 1].off ? 0 : stack_bad(m, "jumps out of itself");
}

static int run(struct machine_stack *m)
{
	u32 i = 0;
	u64 v;

	while (i < m->e->n) {
		const struct location_op *o = &m->e->op[i++];
		int rc = 0;

		if (!m->budget--)
			return stack_bad(m, "does not end");
		if (o->atom == DW_OP_skip) {
			rc = jump(m, o, &i);
		} else if (o->atom == DW_OP_bra) {
			rc = stack_pop(m, &v);
			if (!rc && v)
				rc = jump(m, o, &i);
		} else {
			rc = run_one(m, o);
		}
		if (rc)
			return rc;
	}
	return 0;
}

int location_run(const struct location_env *env, const struct location_expr *e, struct place *ret,
		 struct err *err)
{
	struct place place = { 0 };
	struct machine_stack m = { .env = env, .e = e, .budget = LOCATION_BUDGET, .place = &place,
				   .err = err };
	int rc = run(&m);

	if (rc)
		return rc;
	if (!place.n && e->n) { /* an empty expression: optimized out */
		settle(&m);
		if (m.now.kind != PIECE_NONE)
			place.piece[place.n++] = m.now;
	}
	*ret = place;
	return 0;
}

int location_compute(const struct location_env *env, const struct location_expr *e, bool has_first,
		     u64 first, u64 *ret, struct err *err)
{
	struct place place = { 0 };
	struct machine_stack m = { .env = env, .e = e, .budget = LOCATION_BUDGET, .place = &place,
				   .err = err };
	int rc = has_first ? stack_push(&m, first) : 0;

	if (!rc)
		rc = run(&m);
	if (rc)
		return rc;
	if (m.has_now && m.now.kind == PIECE_REGISTER) /* a frame base that is a register */
		return stack_register(&m, m.now.at, ret);
	if (m.has_now && m.now.kind == PIECE_VALUE) {
		*ret = m.now.at;
		return 0;
	}
	return stack_pop(&m, ret);
}
