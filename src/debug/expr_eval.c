/*
 * expr_eval.c - running a compiled expression over the guest; see expr.h. Conditions of breakpoints
 * come through here at every hit: no allocation, registers by group, memory only where the
 * expression asks for it.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "expr.h"

/* A value on the way: struct value with the whole type. */
struct val {
	u64 bits;
	struct type type;
	bool in_memory;
	u64 addr;
	u32 repeat;
};

struct eval {
	struct session *s;
	const struct expr *e;
	struct err *err;
};

static int eval_node(struct eval *ev, u32 index, struct val *ret);

/* ---- types --------------------------------------------------------------------------------------- */

static u8 scalar_size(const struct type *t)
{
	return t->depth ? 8 : t->size;
}

static bool scalar_signed(const struct type *t)
{
	return !t->depth && t->is_signed;
}

static u64 extend(u64 bits, unsigned size, bool is_signed)
{
	unsigned shift = 64 - 8 * size;

	if (!size || size >= 8)
		return bits;
	return is_signed ? (u64)((s64)(bits << shift) >> shift) : bits << shift >> shift;
}

/* What a pointer's arithmetic counts in. */
static u64 element_size(const struct type *t)
{
	if (t->depth > 1)
		return 8;
	return t->symbol || !t->size ? 1 : t->size;
}

static struct val number(u64 bits, u8 size, bool is_signed)
{
	return (struct val){ .bits = bits, .type = { .size = size, .is_signed = is_signed }, .repeat = 1 };
}

/* The result of 64-bit arithmetic: of 4 bytes as long as it is C's int or unsigned, so that -1 in hex
 * is 0xffffffff as in C. */
static struct val result(u64 bits, bool is_signed, bool narrow)
{
	bool fits = is_signed ? (s64)bits == (s32)bits : bits == (u32)bits;

	return number(bits, narrow && fits ? 4 : 8, is_signed);
}

/* C's usual conversions: small ones become int, then the unsigned side wins unless it is narrower. */
static void usual(const struct val *a, const struct val *b, bool *ret_signed, bool *ret_narrow)
{
	u8 as = scalar_size(&a->type), bs = scalar_size(&b->type);
	bool ag = scalar_signed(&a->type) || as < 4, bg = scalar_signed(&b->type) || bs < 4;

	as = as < 4 ? 4 : as;
	bs = bs < 4 ? 4 : bs;
	*ret_narrow = as == 4 && bs == 4;
	*ret_signed = ag == bg ? ag : ag ? as > bs : bs > as;
}

/* ---- errors -------------------------------------------------------------------------------------- */

static int bad(struct eval *ev, const struct node *n, int code, const char *text)
{
	return err_set(ev->err, code, "column %u: %s", n->column, text);
}

static int void_operand(struct eval *ev, const struct node *n)
{
	if (n->op == NODE_VAR)
		return err_set(ev->err, EINVAL, "column %u: $%s has no value yet; give it one with set $%s = ...",
			       n->column, n->name, n->name);
	return bad(ev, n, EINVAL, "a value was expected, but this has none");
}

/* An operand that must be a number. */
static int eval_number(struct eval *ev, u32 index, struct val *ret)
{
	int rc = eval_node(ev, index, ret);

	if (!rc && ret->type.is_void)
		return void_operand(ev, &ev->e->node[index]);
	return rc;
}

/* ---- leaves -------------------------------------------------------------------------------------- */

/* gdb's types of registers. */
static struct type register_type(const struct reg_desc *r)
{
	struct type t = { .size = r->size };
	const char *n = r->name;
	size_t len = strlen(n);

	if (r->kind == REGK_RIP || !strcmp(n, "rsp") || !strcmp(n, "rbp") || !strcmp(n, "sp") || !strcmp(n, "fp"))
		return (struct type){ .depth = 1 };
	t.is_signed = r->kind == REGK_GPR || r->kind == REGK_SEG ||
		      (r->kind == REGK_SUB && strcmp(n, "eip") && strcmp(n, "ip") && len <= 4);
	return t;
}

static int eval_register(struct eval *ev, const struct reg_desc *r, struct val *ret)
{
	const struct cpu_state *c;
	int rc = state_need(ev->s, r->group | REGS_GPR | REGS_SYS, &c, ev->err);

	if (rc)
		return rc;
	*ret = (struct val){ .type = register_type(r), .repeat = 1 };
	ret->bits = extend(reg_get(c, r), scalar_size(&ret->type), scalar_signed(&ret->type));
	return 0;
}

static int eval_pc(struct eval *ev, struct val *ret)
{
	const struct cpu_state *c;
	int rc = state_need(ev->s, REGS_GPR | REGS_SYS, &c, ev->err);

	if (!rc)
		*ret = (struct val){ .bits = cpu_linear_rip(c), .type = { .depth = 1 }, .repeat = 1 };
	return rc;
}

static void from_value(const struct value *v, struct val *ret)
{
	*ret = (struct val){
		.bits = v->bits,
		.in_memory = v->lval_mem,
		.addr = v->addr,
		.repeat = v->repeat ?: 1,
	};
	ret->type.is_void = v->is_void;
	ret->type.depth = v->is_pointer;
	ret->type.size = v->is_pointer ? v->pointee_size : v->size;
	ret->type.is_signed = v->is_pointer ? v->pointee_signed : v->is_signed;
}

static void to_value(const struct val *v, struct value *ret)
{
	*ret = (struct value){
		.bits = v->bits,
		.size = scalar_size(&v->type),
		.is_signed = scalar_signed(&v->type),
		.is_pointer = v->type.depth,
		.lval_mem = v->in_memory,
		.addr = v->addr,
		.repeat = v->repeat,
		.is_void = v->type.is_void,
	};
	if (v->type.depth) {
		ret->pointee_size = v->type.depth > 1 ? 8 : v->type.size;
		ret->pointee_signed = v->type.depth == 1 && v->type.is_signed;
	}
}

static void eval_var(struct eval *ev, const char *name, struct val *ret)
{
	struct value v;

	if (ev->s && session_var_get(ev->s, name, &v))
		from_value(&v, ret);
	else
		*ret = (struct val){ .type = { .is_void = true }, .repeat = 1 };
}

static int eval_history(struct eval *ev, const struct node *n, struct val *ret)
{
	struct value v;
	int rc = value_history_get(ev->s, n->history.absolute, n->history.number, &v, ev->err);

	if (!rc)
		from_value(&v, ret);
	return rc;
}

/* ---- memory -------------------------------------------------------------------------------------- */

static u8 mode_word(struct eval *ev)
{
	const struct cpu_state *c;

	return state_need(ev->s, REGS_GPR | REGS_SYS, &c, NULL) ? 8 : mode_bits(cpu_mode(c)) / 8;
}

/* What lies at an address: the target's type, a signed word for an address without one. */
static int pointee(struct eval *ev, const struct node *n, const struct val *p, struct type *ret)
{
	const struct type *t = &p->type;

	if (t->depth > 1)
		*ret = (struct type){ .size = t->size, .is_signed = t->is_signed, .depth = t->depth - 1 };
	else if (t->depth && t->size)
		*ret = (struct type){ .size = t->size, .is_signed = t->is_signed };
	else if (t->symbol)
		return bad(ev, n, EINVAL, "the size of what is at this symbol is not known; cast it, as in *(u32*)NAME");
	else
		*ret = (struct type){ .size = mode_word(ev), .is_signed = true };
	return 0;
}

/* The place a DEREF node names, not yet read. */
static int eval_place(struct eval *ev, const struct node *n, struct val *ret)
{
	struct val p;
	int rc = eval_number(ev, n->arg[0], &p);

	*ret = (struct val){ .in_memory = true, .repeat = 1 };
	if (!rc)
		rc = pointee(ev, n, &p, &ret->type);
	ret->addr = p.bits;
	return rc;
}

static int eval_deref(struct eval *ev, const struct node *n, struct val *ret)
{
	struct val place;
	int rc = eval_place(ev, n, &place);

	if (!rc)
		rc = state_read_uint(ev->s, place.addr, scalar_size(&place.type), &place.bits, ev->err);
	if (rc)
		return rc;
	place.bits = extend(place.bits, scalar_size(&place.type), scalar_signed(&place.type));
	*ret = place;
	return 0;
}

static int eval_address(struct eval *ev, const struct node *n, struct val *ret)
{
	const struct node *of = &ev->e->node[n->arg[0]];
	int rc;

	if (of->op == NODE_SYMBOL)
		return eval_node(ev, n->arg[0], ret);
	if (of->op == NODE_DEREF) {
		struct val place;

		rc = eval_place(ev, of, &place);
		if (rc)
			return rc;
		*ret = (struct val){ .bits = place.addr, .type = place.type, .repeat = 1 };
		ret->type.depth++;
		return 0;
	}
	rc = eval_number(ev, n->arg[0], ret);
	if (rc)
		return rc;
	if (!ret->in_memory)
		return bad(ev, n, EINVAL, "only what lies in memory has an address");
	*ret = (struct val){ .bits = ret->addr, .type = ret->type, .repeat = 1 };
	ret->type.depth++;
	return 0;
}

/* Base of a segment given by number: real mode's rule, else its descriptor (or the register that
 * holds it, whose hidden part counts). Without a guest as in real mode. */
static int segment_base(struct eval *ev, const struct node *n, u16 sel, u64 *ret)
{
	const struct cpu_state *c;
	struct descriptor d;
	struct phys_ops mem;

	*ret = (u64)sel << 4;
	if (!ev->s || !session_has_guest(ev->s))
		return 0;
	if (state_need(ev->s, REGS_GPR | REGS_SYS, &c, ev->err))
		return -EIO;
	if (cpu_mode(c) == MODE_REAL || cpu_mode(c) == MODE_V86)
		return 0;
	for (unsigned i = 0; i < SEG_COUNT; i++)
		if (c->seg[i].sel == sel) {
			*ret = c->seg[i].base;
			return 0;
		}
	mem = machine_phys(session_machine(ev->s));
	if (descriptor_read(c, &mem, sel, &d) || (d.kind != DESC_CODE && d.kind != DESC_DATA))
		return bad(ev, n, EINVAL, "this selector names no code or data segment; see info gdt");
	*ret = cpu_mode(c) == MODE_LONG ? 0 : d.base;
	return 0;
}

static int register_base(struct eval *ev, const struct reg_desc *r, bool *ret_found, u64 *ret)
{
	const struct cpu_state *c;
	int rc = 0;

	*ret_found = false;
	for (int i = 0; i < SEG_COUNT && r->kind == REGK_SEG; i++) {
		if (strcmp(r->name, seg_name(i)))
			continue;
		rc = state_need(ev->s, REGS_GPR | REGS_SYS, &c, ev->err);
		if (rc)
			return rc;
		*ret = cpu_mode(c) == MODE_LONG && i != SEG_FS && i != SEG_GS ? 0 : c->seg[i].base;
		*ret_found = true;
	}
	return 0;
}

static int eval_segoff(struct eval *ev, const struct node *n, struct val *ret)
{
	const struct node *left = &ev->e->node[n->arg[0]];
	struct val seg, off;
	bool found = false;
	u64 base = 0;
	int rc = eval_number(ev, n->arg[1], &off);

	if (!rc && left->op == NODE_REG)
		rc = register_base(ev, left->reg, &found, &base);
	if (!rc && !found) {
		rc = eval_number(ev, n->arg[0], &seg);
		if (!rc && seg.bits != (u16)seg.bits && seg.bits != (u64)(s64)(s16)seg.bits)
			rc = bad(ev, n, ERANGE, "a segment is a number of 16 bits");
		if (!rc)
			rc = segment_base(ev, n, seg.bits, &base);
	}
	if (!rc)
		*ret = (struct val){ .bits = base + off.bits, .type = { .depth = 1 }, .repeat = 1 };
	return rc;
}

/* ---- operators ----------------------------------------------------------------------------------- */

static int divide(struct eval *ev, const struct node *n, bool is_signed, u64 a, u64 b, bool mod, u64 *ret)
{
	if (!b)
		return bad(ev, n, EDOM, "division by zero");
	if (!is_signed)
		*ret = mod ? a % b : a / b;
	else if (b == UINT64_MAX) /* also INT64_MIN / -1, which overflows in C */
		*ret = mod ? 0 : 0 - a;
	else
		*ret = mod ? (u64)((s64)a % (s64)b) : (u64)((s64)a / (s64)b);
	return 0;
}

static u64 shift(bool left, bool is_signed, u64 a, u64 by)
{
	if (by > 63)
		return !left && is_signed && (s64)a < 0 ? UINT64_MAX : 0;
	if (left)
		return a << by;
	return is_signed ? (u64)((s64)a >> by) : a >> by;
}

static bool compare(u8 op, bool is_signed, u64 a, u64 b)
{
	bool less = is_signed ? (s64)a < (s64)b : a < b;

	switch (op) {
	case NODE_LT:
		return less;
	case NODE_GE:
		return !less;
	case NODE_LE:
		return less || a == b;
	case NODE_GT:
		return !less && a != b;
	case NODE_EQ:
		return a == b;
	default:
		return a != b;
	}
}

/* pointer + n, n + pointer, pointer - n count elements; pointer - pointer gives their number. */
static bool pointer_arithmetic(u8 op, const struct val *a, const struct val *b, struct val *ret)
{
	const struct val *p = a->type.depth ? a : b, *i = a->type.depth ? b : a;
	u64 size = element_size(&p->type);

	if (!p->type.depth || (op != NODE_ADD && op != NODE_SUB) || (op == NODE_SUB && p == b))
		return false;
	if (i->type.depth) {
		if (op == NODE_ADD)
			return false;
		*ret = number((u64)((s64)(a->bits - b->bits) / (s64)size), 8, true);
		return true;
	}
	*ret = (struct val){ .type = p->type, .repeat = 1 };
	if (p->type.symbol) /* somewhere inside: its size is no longer that of the whole */
		ret->type.size = 0;
	ret->bits = op == NODE_ADD ? p->bits + i->bits * size : p->bits - i->bits * size;
	return true;
}

static int apply(struct eval *ev, const struct node *n, u8 op, const struct val *a, const struct val *b,
		 struct val *ret)
{
	bool is_signed, narrow;
	u64 v = 0;
	int rc = 0;

	if (pointer_arithmetic(op, a, b, ret))
		return 0;
	usual(a, b, &is_signed, &narrow);
	switch (op) {
	case NODE_MUL:
		v = a->bits * b->bits;
		break;
	case NODE_DIV:
	case NODE_MOD:
		rc = divide(ev, n, is_signed, a->bits, b->bits, op == NODE_MOD, &v);
		break;
	case NODE_ADD:
		v = a->bits + b->bits;
		break;
	case NODE_SUB:
		v = a->bits - b->bits;
		break;
	case NODE_SHL:
	case NODE_SHR: /* the left side alone decides (C, "Bitwise shift operators") */
		is_signed = scalar_signed(&a->type) || scalar_size(&a->type) < 4;
		narrow = scalar_size(&a->type) <= 4;
		v = shift(op == NODE_SHL, is_signed, a->bits, b->bits);
		break;
	case NODE_AND:
		v = a->bits & b->bits;
		break;
	case NODE_XOR:
		v = a->bits ^ b->bits;
		break;
	case NODE_OR:
		v = a->bits | b->bits;
		break;
	default:
		*ret = number(compare(op, is_signed, a->bits, b->bits), 4, true);
		return 0;
	}
	if (!rc)
		*ret = result(v, is_signed, narrow);
	return rc;
}

static int eval_binary(struct eval *ev, const struct node *n, struct val *ret)
{
	struct val a, b;
	int rc = eval_number(ev, n->arg[0], &a);

	if (!rc)
		rc = eval_number(ev, n->arg[1], &b);
	return rc ?: apply(ev, n, n->op, &a, &b, ret);
}

static int eval_logical(struct eval *ev, const struct node *n, struct val *ret)
{
	struct val v;
	int rc = eval_number(ev, n->arg[0], &v);

	if (!rc && (n->op == NODE_LAND) == (v.bits != 0))
		rc = eval_number(ev, n->arg[1], &v);
	if (!rc)
		*ret = number(v.bits != 0, 4, true);
	return rc;
}

static int eval_conditional(struct eval *ev, const struct node *n, struct val *ret)
{
	struct val v;
	int rc = eval_number(ev, n->arg[0], &v);

	return rc ?: eval_node(ev, n->arg[v.bits ? 1 : 2], ret);
}

static int eval_unary(struct eval *ev, const struct node *n, struct val *ret)
{
	struct val v, zero = number(0, 4, true);
	bool is_signed, narrow;
	int rc = eval_number(ev, n->arg[0], &v);

	if (rc)
		return rc;
	usual(&v, &zero, &is_signed, &narrow);
	if (n->op == NODE_NOT)
		*ret = number(!v.bits, 4, true);
	else if (n->op == NODE_PLUS)
		*ret = result(v.bits, is_signed, narrow);
	else
		*ret = result(n->op == NODE_NEG ? 0 - v.bits : ~v.bits, is_signed, narrow);
	return 0;
}

static int eval_cast(struct eval *ev, const struct node *n, struct val *ret)
{
	struct val v;
	int rc = n->type.is_void ? eval_node(ev, n->arg[0], &v) : eval_number(ev, n->arg[0], &v);

	if (rc)
		return rc;
	*ret = (struct val){ .type = n->type, .repeat = 1 };
	ret->bits = extend(v.bits, scalar_size(&n->type), scalar_signed(&n->type));
	return 0;
}

static int eval_repeat(struct eval *ev, const struct node *n, struct val *ret)
{
	struct val count;
	int rc = eval_number(ev, n->arg[0], ret);

	if (!rc)
		rc = eval_number(ev, n->arg[1], &count);
	if (rc)
		return rc;
	if (!ret->in_memory)
		return bad(ev, n, EINVAL, "only what lies in memory can be repeated with @, as in *(u32*)0x500@4");
	if (!count.bits || count.bits > 1u << 20)
		return bad(ev, n, ERANGE, "the count behind @ must be from 1 to 1048576");
	ret->repeat = count.bits;
	return 0;
}

/* ---- assignment ---------------------------------------------------------------------------------- */

static int assign_register(struct eval *ev, const struct node *n, const struct val *v, struct val *ret)
{
	int rc;

	if (n->op == NODE_PC) {
		rc = state_set_linear_rip(ev->s, v->bits, ev->err);
		return rc ?: eval_pc(ev, ret);
	}
	rc = session_set_reg(ev->s, n->reg->name, v->bits, ev->err);
	return rc ?: eval_register(ev, n->reg, ret);
}

static int assign_memory(struct eval *ev, const struct node *n, const struct val *v, struct val *ret)
{
	struct val place;
	u8 size;
	int rc = eval_place(ev, n, &place);

	if (rc)
		return rc;
	size = scalar_size(&place.type);
	rc = session_write(ev->s, place.addr, &v->bits, size, ev->err);
	if (rc)
		return rc;
	place.bits = extend(v->bits, size, scalar_signed(&place.type));
	*ret = place;
	return 0;
}

static int assign_var(struct eval *ev, const struct node *n, const struct val *v, struct val *ret)
{
	struct value value;

	*ret = *v;
	ret->in_memory = false;
	ret->type.symbol = false;
	to_value(ret, &value);
	return session_var_set(ev->s, n->name, &value, ev->err);
}

static int eval_assign(struct eval *ev, const struct node *n, struct val *ret)
{
	const struct node *left = &ev->e->node[n->arg[0]];
	struct val v, old;
	int rc = left->op == NODE_VAR && n->assign_op == NODE_ASSIGN ? eval_node(ev, n->arg[1], &v) :
								       eval_number(ev, n->arg[1], &v);

	if (!rc && n->assign_op != NODE_ASSIGN) {
		struct val right = v;

		rc = eval_number(ev, n->arg[0], &old);
		if (!rc)
			rc = apply(ev, n, n->assign_op, &old, &right, &v);
	}
	if (rc)
		return rc;
	if (left->op == NODE_VAR)
		return assign_var(ev, left, &v, ret);
	return left->op == NODE_DEREF ? assign_memory(ev, left, &v, ret) : assign_register(ev, left, &v, ret);
}

/* ---- the tree ------------------------------------------------------------------------------------ */

static int eval_node(struct eval *ev, u32 index, struct val *ret)
{
	const struct node *n = &ev->e->node[index];

	switch ((enum node_op)n->op) {
	case NODE_CONST:
	case NODE_SYMBOL:
		*ret = (struct val){ .bits = n->bits, .type = n->type, .repeat = 1 };
		return 0;
	case NODE_REG:
		return eval_register(ev, n->reg, ret);
	case NODE_PC:
		return eval_pc(ev, ret);
	case NODE_VAR:
		eval_var(ev, n->name, ret);
		return 0;
	case NODE_HISTORY:
		return eval_history(ev, n, ret);
	case NODE_DEREF:
		return eval_deref(ev, n, ret);
	case NODE_ADDR:
		return eval_address(ev, n, ret);
	case NODE_CAST:
		return eval_cast(ev, n, ret);
	case NODE_NEG:
	case NODE_PLUS:
	case NODE_NOT:
	case NODE_COMPL:
		return eval_unary(ev, n, ret);
	case NODE_REPEAT:
		return eval_repeat(ev, n, ret);
	case NODE_LAND:
	case NODE_LOR:
		return eval_logical(ev, n, ret);
	case NODE_COND:
		return eval_conditional(ev, n, ret);
	case NODE_SEGOFF:
		return eval_segoff(ev, n, ret);
	case NODE_ASSIGN:
		return eval_assign(ev, n, ret);
	default:
		return eval_binary(ev, n, ret);
	}
}

int expr_eval(struct session *s, const struct expr *e, struct value *ret, struct err *err)
{
	struct eval ev = { .s = s, .e = e, .err = err };
	struct val v;
	int rc = eval_node(&ev, e->root, &v);

	if (!rc)
		to_value(&v, ret);
	return rc;
}

int expr_value(struct session *s, const char *text, struct value *ret, struct err *err)
{
	struct expr *e;
	int rc = expr_parse(s, text, &e, err);

	if (rc)
		return rc;
	rc = expr_eval(s, e, ret, err);
	expr_destroy(e);
	return rc;
}

static int number_of(const struct value *v, const char *text, u64 *ret, struct err *err)
{
	if (v->is_void)
		return err_set(err, EINVAL, "\"%s\" has no value", text);
	*ret = v->bits;
	return 0;
}

int expr_u64(struct session *s, const char *text, u64 *ret, struct err *err)
{
	struct value v;
	int rc = expr_value(s, text, &v, err);

	return rc ?: number_of(&v, text, ret, err);
}

int expr_location_prefix(struct session *s, const char *text, u64 *ret, const char **ret_end, struct err *err)
{
	const char *p = text + strspn(text, " \t");
	struct expr *e;
	struct value v;
	int rc;

	if (*p == '*') /* gdb: *EXPR is the address EXPR */
		p++;
	rc = expr_parse_at(s, text, p, &e, ret_end, err);
	if (rc)
		return rc;
	rc = expr_eval(s, e, &v, err);
	expr_destroy(e);
	return rc ?: number_of(&v, text, ret, err);
}

int expr_location(struct session *s, const char *text, u64 *ret, struct err *err)
{
	const char *end;
	u64 addr;
	int rc = expr_location_prefix(s, text, &addr, &end, err);

	if (rc)
		return rc;
	end += strspn(end, " \t");
	if (*end)
		return err_set(err, EINVAL, "column %zu: the location ends before \"%.40s\"", (size_t)(end - text) + 1,
			       end);
	*ret = addr;
	return 0;
}
