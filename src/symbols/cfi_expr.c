/*
 * cfi_expr.c - DWARF expressions in call frame information; see cfi.h. Operations: DWARF "DWARF
 * Expressions"; those that need a function, an object or a type are not allowed here ("Call Frame
 * Instructions").
 */
#include <dwarf.h>
#include <errno.h>
#include "cfi.h"

enum { STACK_MAX = 64, OPERATIONS_MAX = 10000 };

struct eval {
	const struct cfi_machine *m;
	struct cfi_section sec; /* the expression's bytes, to read operands from */
	struct cfi_cursor c;
	u64 stack[STACK_MAX];
	unsigned n;
	int code; /* errno of the failure */
	const char *wrong;
};

static bool refuse(struct eval *ev, int code, const char *why)
{
	ev->code = code;
	ev->wrong = why;
	return false;
}

static u64 cut(const struct eval *ev, u64 v)
{
	return ev->m->address_size == 4 ? (u32)v : v;
}

static s64 as_signed(const struct eval *ev, u64 v)
{
	return ev->m->address_size == 4 ? (s32)v : (s64)v;
}

static bool push(struct eval *ev, u64 v)
{
	if (ev->n == STACK_MAX)
		return refuse(ev, EBADMSG, "its stack overflows");
	ev->stack[ev->n++] = cut(ev, v);
	return true;
}

static bool need(struct eval *ev, unsigned n)
{
	return ev->n >= n || refuse(ev, EBADMSG, "its stack is empty");
}

/* Of what is there, 0 being the top: copied on top. */
static bool pick(struct eval *ev, u64 index)
{
	if (index >= ev->n)
		return refuse(ev, EBADMSG, "its stack is empty");
	return push(ev, ev->stack[ev->n - 1 - index]);
}

static bool push_register(struct eval *ev, u64 column, s64 offset)
{
	u64 v;

	if (!ev->m->reg(ev->m->arg, column, &v))
		return refuse(ev, EFAULT, "it needs a register that is not known");
	return push(ev, v + offset);
}

static bool deref(struct eval *ev, u64 size)
{
	u64 v;

	if (!need(ev, 1))
		return false;
	if (!size || size > ev->m->address_size)
		return refuse(ev, EBADMSG, "it reads a number of a size that does not exist");
	if (!ev->m->read(ev->m->arg, ev->stack[ev->n - 1], size, &v))
		return refuse(ev, EFAULT, "it reads memory that cannot be read");
	ev->stack[ev->n - 1] = v;
	return true;
}

static bool branch(struct eval *ev, bool taken)
{
	s16 distance = cfi_uint(&ev->c, 2);
	u64 to = ev->c.at + distance;

	if (!taken || ev->c.bad)
		return true;
	if (to > ev->c.end)
		return refuse(ev, EBADMSG, "it branches out of itself");
	ev->c.at = to;
	return true;
}

static bool unary(struct eval *ev, u8 op)
{
	u64 *top;

	if (!need(ev, 1))
		return false;
	top = &ev->stack[ev->n - 1];
	switch (op) {
	case DW_OP_abs:
		*top = as_signed(ev, *top) < 0 ? -*top : *top;
		break;
	case DW_OP_neg:
		*top = -*top;
		break;
	case DW_OP_not:
		*top = ~*top;
		break;
	default: /* DW_OP_plus_uconst */
		*top += cfi_uleb(&ev->c);
		break;
	}
	*top = cut(ev, *top);
	return true;
}

static u64 shifted(const struct eval *ev, u8 op, u64 a, u64 by)
{
	unsigned bits = ev->m->address_size * 8;

	if (op == DW_OP_shl)
		return by < bits ? a << by : 0;
	if (op == DW_OP_shr)
		return by < bits ? a >> by : 0;
	return as_signed(ev, a) >> (by < bits ? by : bits - 1);
}

/* Signed, as DWARF has it; the one quotient that does not fit wraps. */
static u64 divided(const struct eval *ev, u64 a, u64 b)
{
	return as_signed(ev, b) == -1 ? -a : (u64)(as_signed(ev, a) / as_signed(ev, b));
}

static bool binary(struct eval *ev, u8 op)
{
	u64 a, b, v = 0;

	if (!need(ev, 2))
		return false;
	b = ev->stack[--ev->n];
	a = ev->stack[--ev->n];
	if ((op == DW_OP_div || op == DW_OP_mod) && !b)
		return refuse(ev, EBADMSG, "it divides by zero");
	switch (op) {
	case DW_OP_and:
		v = a & b;
		break;
	case DW_OP_or:
		v = a | b;
		break;
	case DW_OP_xor:
		v = a ^ b;
		break;
	case DW_OP_plus:
		v = a + b;
		break;
	case DW_OP_minus:
		v = a - b;
		break;
	case DW_OP_mul:
		v = a * b;
		break;
	case DW_OP_div:
		v = divided(ev, a, b);
		break;
	case DW_OP_mod:
		v = a % b;
		break;
	default:
		v = shifted(ev, op, a, b);
		break;
	}
	return push(ev, v);
}

static bool compare(struct eval *ev, u8 op)
{
	s64 a, b;

	if (!need(ev, 2))
		return false;
	b = as_signed(ev, ev->stack[--ev->n]);
	a = as_signed(ev, ev->stack[--ev->n]);
	switch (op) {
	case DW_OP_eq:
		return push(ev, a == b);
	case DW_OP_ne:
		return push(ev, a != b);
	case DW_OP_lt:
		return push(ev, a < b);
	case DW_OP_le:
		return push(ev, a <= b);
	case DW_OP_gt:
		return push(ev, a > b);
	default:
		return push(ev, a >= b);
	}
}

static bool swap_or_rotate(struct eval *ev, bool rotate)
{
	u64 *top, v;

	if (!need(ev, rotate ? 3 : 2))
		return false;
	top = &ev->stack[ev->n - 1];
	v = top[0];
	top[0] = top[-1];
	top[-1] = rotate ? top[-2] : v;
	if (rotate)
		top[-2] = v;
	return true;
}

static bool constant(struct eval *ev, u8 op)
{
	switch (op) {
	case DW_OP_addr:
		return push(ev, cfi_uint(&ev->c, ev->m->address_size) + ev->m->bias);
	case DW_OP_const1u:
		return push(ev, cfi_uint(&ev->c, 1));
	case DW_OP_const1s:
		return push(ev, (s8)cfi_uint(&ev->c, 1));
	case DW_OP_const2u:
		return push(ev, cfi_uint(&ev->c, 2));
	case DW_OP_const2s:
		return push(ev, (s16)cfi_uint(&ev->c, 2));
	case DW_OP_const4u:
		return push(ev, cfi_uint(&ev->c, 4));
	case DW_OP_const4s:
		return push(ev, (s32)cfi_uint(&ev->c, 4));
	case DW_OP_const8u:
	case DW_OP_const8s:
		return push(ev, cfi_uint(&ev->c, 8));
	case DW_OP_constu:
		return push(ev, cfi_uleb(&ev->c));
	default:
		return push(ev, cfi_sleb(&ev->c));
	}
}

static bool stack_op(struct eval *ev, u8 op)
{
	switch (op) {
	case DW_OP_dup:
		return pick(ev, 0);
	case DW_OP_over:
		return pick(ev, 1);
	case DW_OP_pick:
		return pick(ev, cfi_uint(&ev->c, 1));
	case DW_OP_drop:
		return need(ev, 1) && ev->n--;
	default:
		return swap_or_rotate(ev, op == DW_OP_rot);
	}
}

static bool condition(struct eval *ev)
{
	return need(ev, 1) && branch(ev, ev->stack[--ev->n] != 0);
}

static bool register_op(struct eval *ev, u8 op)
{
	u64 column = op == DW_OP_bregx ? cfi_uleb(&ev->c) : (u64)(op - DW_OP_breg0);

	return push_register(ev, column, cfi_sleb(&ev->c));
}

static bool operation(struct eval *ev, u8 op)
{
	if (op >= DW_OP_lit0 && op <= DW_OP_lit31)
		return push(ev, op - DW_OP_lit0);
	if (op == DW_OP_bregx || (op >= DW_OP_breg0 && op <= DW_OP_breg31))
		return register_op(ev, op);
	if (op == DW_OP_addr || (op >= DW_OP_const1u && op <= DW_OP_consts))
		return constant(ev, op);
	if (op >= DW_OP_dup && op <= DW_OP_rot)
		return stack_op(ev, op);
	switch (op) {
	case DW_OP_nop:
		return true;
	case DW_OP_deref:
		return deref(ev, ev->m->address_size);
	case DW_OP_deref_size:
		return deref(ev, cfi_uint(&ev->c, 1));
	case DW_OP_skip:
		return branch(ev, true);
	case DW_OP_bra:
		return condition(ev);
	case DW_OP_abs:
	case DW_OP_neg:
	case DW_OP_not:
	case DW_OP_plus_uconst:
		return unary(ev, op);
	case DW_OP_and:
	case DW_OP_or:
	case DW_OP_xor:
	case DW_OP_plus:
	case DW_OP_minus:
	case DW_OP_mul:
	case DW_OP_div:
	case DW_OP_mod:
	case DW_OP_shl:
	case DW_OP_shr:
	case DW_OP_shra:
		return binary(ev, op);
	case DW_OP_eq:
	case DW_OP_ne:
	case DW_OP_lt:
	case DW_OP_le:
	case DW_OP_gt:
	case DW_OP_ge:
		return compare(ev, op);
	default:
		return refuse(ev, EBADMSG, "it has an operation that is not allowed there");
	}
}

static bool run(struct eval *ev)
{
	unsigned left = OPERATIONS_MAX;

	while (ev->c.at < ev->c.end) {
		if (!left--)
			return refuse(ev, EBADMSG, "it does not end");
		if (!operation(ev, cfi_uint(&ev->c, 1)))
			return false;
		if (ev->c.bad)
			return refuse(ev, EBADMSG, "an operand is cut off");
	}
	return ev->n || refuse(ev, EBADMSG, "it gives no value");
}

int cfi_evaluate(const struct cfi_machine *m, const struct cfi_expr *e, const u64 *initial,
		 u64 *ret, struct err *err)
{
	struct eval ev = { .m = m, .sec = { .bytes = e->bytes, .size = e->n } };

	ev.c = (struct cfi_cursor){ .sec = &ev.sec, .end = e->n };
	if (initial)
		push(&ev, *initial);
	if (!run(&ev))
		return err_set(err, ev.code,
			       "an expression of the call frame information is of no use: %s",
			       ev.wrong);
	*ret = ev.stack[ev.n - 1];
	return 0;
}
