/* location_text.c - a location in gdb's words: in a register, at a frame base, or operation by
 * operation. */
#include <inttypes.h>
#include <stdio.h>
#include "location.h"
#include "type_die.h"

/* System V ABI x86-64, "DWARF Register Number Mapping"; i386 ABI, the same table. */
static const char *const names64[] = { "rax", "rdx", "rcx", "rbx", "rsi", "rdi", "rbp", "rsp", "r8",
				       "r9",  "r10", "r11", "r12", "r13", "r14", "r15", "rip" };
static const char *const names32[] = { "eax", "ecx", "edx", "ebx", "esp", "ebp", "esi", "edi",
				       "eip" };

const char *location_reg_name(u8 address_size, u64 reg, char *buf, size_t size)
{
	unsigned xmm = address_size == 4 ? 21 : 17, n_xmm = address_size == 4 ? 8 : 16;

	if (address_size == 4 && reg < ARRAY_SIZE(names32))
		return names32[reg];
	if (address_size != 4 && reg < ARRAY_SIZE(names64))
		return names64[reg];
	if (reg >= xmm && reg < xmm + n_xmm)
		snprintf(buf, size, "xmm%u", (unsigned)reg - xmm);
	else if (reg >= (address_size == 4 ? 11u : 33u) && reg < (address_size == 4 ? 19u : 41u))
		snprintf(buf, size, "st%u", (unsigned)reg - (address_size == 4 ? 11 : 33));
	else
		snprintf(buf, size, "register%" PRIu64, reg);
	return buf;
}

struct reg_text {
	char s[40];
};

static const char *reg(const struct location_env *env, u64 number, struct reg_text *buf)
{
	return location_reg_name(env->address_size, number, buf->s, sizeof(buf->s));
}

/* ---- operation by operation ------------------------------------------------------------------ */

static void type_add(const struct location_env *env, u64 offset, struct strbuf *out)
{
	const struct ctype *t = offset && env->unit ? type_at(env->file, env->unit->header + offset)
						    : NULL;

	if (!t) {
		strbuf_adds(out, "<0>");
		return;
	}
	strbuf_addc(out, '<');
	ctype_name(t, out);
	strbuf_addf(out, " [0x%" PRIx64 "]>", offset);
}

static void operations_add(const struct location_env *env, const struct location_expr *e, u32 *i,
			   u64 first, unsigned indent, struct strbuf *out);

/* Offsets go on from the outer expression's: operation, length, then the block. */
static void nested_add(const struct location_env *env, const struct location_op *o, u64 base,
		       unsigned indent, struct strbuf *out)
{
	struct location_expr in = { 0 };
	u64 inner = (o->next == UINT64_MAX ? o->off + 2 : o->next - o->n_bytes) - base;
	u32 i = 0;

	strbuf_addc(out, '\n');
	if (location_decode(o->bytes, o->n_bytes, env->address_size, 4, &in, NULL))
		return;
	operations_add(env, &in, &i, inner, indent + 2, out);
	location_expr_free(&in);
}

static void operands_add(const struct location_env *env, const struct location_op *o,
			 struct strbuf *out)
{
	struct reg_text buf;

	if (o->atom >= DW_OP_reg0 && o->atom <= DW_OP_reg31)
		strbuf_addf(out, " [$%s]", reg(env, o->atom - DW_OP_reg0, &buf));
	else if (o->atom >= DW_OP_breg0 && o->atom <= DW_OP_breg31)
		strbuf_addf(out, " %" PRId64 " [$%s]", (s64)o->a, reg(env, o->atom - DW_OP_breg0, &buf));
	switch (o->atom) {
	case DW_OP_addr:
		strbuf_addf(out, " 0x%" PRIx64, dw_to_guest(env->file, o->a));
		break;
	case DW_OP_const1u: case DW_OP_const2u: case DW_OP_const4u: case DW_OP_const8u:
	case DW_OP_constu: case DW_OP_plus_uconst: case DW_OP_pick: case DW_OP_deref_size:
	case DW_OP_addrx: case DW_OP_constx:
		strbuf_addf(out, " %" PRIu64, o->a);
		break;
	case DW_OP_const1s: case DW_OP_const2s: case DW_OP_const4s: case DW_OP_const8s:
	case DW_OP_consts: case DW_OP_fbreg:
		strbuf_addf(out, " %" PRId64, (s64)o->a);
		break;
	case DW_OP_regx:
		strbuf_addf(out, " %" PRIu64 " [$%s]", o->a, reg(env, o->a, &buf));
		break;
	case DW_OP_bregx:
		strbuf_addf(out, " register %" PRIu64 " [$%s] offset %" PRId64, o->a, reg(env, o->a, &buf),
			    (s64)o->b);
		break;
	case DW_OP_bra: case DW_OP_skip:
		strbuf_addf(out, " to %" PRIu64, o->off + 3 + o->a);
		break;
	case DW_OP_implicit_value:
		strbuf_addf(out, " %zu", o->n_bytes);
		break;
	case DW_OP_implicit_pointer: case DW_OP_GNU_implicit_pointer:
		strbuf_addf(out, " DIE %" PRIx64 " offset %" PRId64, o->a, (s64)o->b);
		break;
	case DW_OP_regval_type: case DW_OP_GNU_regval_type:
		type_add(env, o->b, out);
		strbuf_addf(out, " [$%s]", reg(env, o->a, &buf));
		break;
	case DW_OP_deref_type: case DW_OP_GNU_deref_type:
		type_add(env, o->b, out);
		strbuf_addf(out, " %" PRIu64 "-byte", o->a);
		break;
	case DW_OP_const_type: case DW_OP_GNU_const_type:
	case DW_OP_convert: case DW_OP_GNU_convert: case DW_OP_reinterpret:
	case DW_OP_GNU_reinterpret:
		type_add(env, o->a, out);
		break;
	}
}

static bool is_piece(const struct location_op *o)
{
	return o->atom == DW_OP_piece || o->atom == DW_OP_bit_piece;
}

/* Up to the next piece; the first one has offset `first`. */
static void operations_add(const struct location_env *env, const struct location_expr *e, u32 *i,
			   u64 first, unsigned indent, struct strbuf *out)
{
	u64 base = *i < e->n ? e->op[*i].off - first : 0;

	for (; *i < e->n && !is_piece(&e->op[*i]); ++*i) {
		const struct location_op *o = &e->op[*i];
		const char *name = NULL;

		if (dwarf_get_OP_name(o->atom, &name) != DW_DLV_OK)
			name = "DW_OP_unknown";
		strbuf_addf(out, "  %*" PRIu64 ": %s", (int)indent + 4, o->off - base, name);
		if (o->atom == DW_OP_entry_value || o->atom == DW_OP_GNU_entry_value) {
			nested_add(env, o, base, indent, out);
			continue;
		}
		operands_add(env, o, out);
		strbuf_addc(out, '\n');
	}
}

/* ---- in words -------------------------------------------------------------------------------- */

/* A frame base that is a register and an offset; false: anything else. */
static bool simple_base(const struct location_env *env, u64 *ret_reg, s64 *ret_offset)
{
	struct location_list list;
	const struct location_expr *e;
	Dwarf_Die die = env->function ? dw_die(env->file, env->function) : NULL;
	bool ok = false;

	if (!die)
		return false;
	if (!location_read(env->file, env->unit, die, DW_AT_frame_base, &list, NULL)) {
		e = location_at(&list, env->pc, env->pc == env->entry);
		if (e && e->n && e->op[0].atom >= DW_OP_reg0 && e->op[0].atom <= DW_OP_breg31) {
			u8 atom = e->op[0].atom;

			*ret_reg = atom - (atom >= DW_OP_breg0 ? DW_OP_breg0 : DW_OP_reg0);
			*ret_offset = atom >= DW_OP_breg0 ? (s64)e->op[0].a : 0;
			ok = true;
		}
		location_list_free(&list);
	}
	dw_free(die);
	return ok;
}

/* The next piece at *i, where words fit; false and nothing taken where not. */
static bool words_add(const struct location_env *env, const struct location_expr *e, u32 *i,
		      struct strbuf *out)
{
	const struct location_op *o = &e->op[*i];
	bool ends = *i + 1 == e->n || is_piece(&e->op[*i + 1]);
	bool value = *i + 1 < e->n && e->op[*i + 1].atom == DW_OP_stack_value &&
		     (*i + 2 == e->n || is_piece(&e->op[*i + 2]));
	struct reg_text buf;
	u64 base;
	s64 offset;

	if (o->atom >= DW_OP_reg0 && o->atom <= DW_OP_reg31 && ends) {
		strbuf_addf(out, "a variable in $%s", reg(env, o->atom - DW_OP_reg0, &buf));
	} else if (o->atom == DW_OP_regx && ends) {
		strbuf_addf(out, "a variable in $%s", reg(env, o->a, &buf));
	} else if (o->atom == DW_OP_fbreg && ends && simple_base(env, &base, &offset)) {
		strbuf_addf(out, "a variable at frame base reg $%s offset %" PRId64 "+%" PRId64,
			    reg(env, base, &buf), offset, (s64)o->a);
	} else if (o->atom >= DW_OP_lit0 && o->atom <= DW_OP_lit31 && value) {
		strbuf_addf(out, "the constant %u", o->atom - DW_OP_lit0);
		++*i;
	} else {
		return false;
	}
	++*i;
	return true;
}

static void piece_add(const struct location_op *o, bool empty, struct strbuf *out)
{
	if (o->atom == DW_OP_piece)
		strbuf_addf(out, empty ? "an empty %" PRIu64 "-byte piece" : " [%" PRIu64 "-byte piece]",
			    o->a);
	else if (empty)
		strbuf_addf(out, "an empty %" PRIu64 "-bit piece", o->a);
	else
		strbuf_addf(out, " [%" PRIu64 "-bit piece, offset %" PRIu64 " bits]", o->a, o->b);
}

void location_text(const struct location_env *env, const struct location_expr *e, struct strbuf *out)
{
	u32 i = 0;

	if (!e->n)
		strbuf_adds(out, "optimized out");
	while (i < e->n) {
		u32 start = i;
		bool complex;

		if (i)
			strbuf_adds(out, ", and ");
		complex = !is_piece(&e->op[i]) && !words_add(env, e, &i, out);
		if (complex) {
			strbuf_adds(out, "a complex DWARF expression:\n");
			operations_add(env, e, &i, 0, 0, out);
		}
		if (i == e->n)
			break;
		if (complex)
			strbuf_adds(out, "   ");
		piece_add(&e->op[i], i == start, out);
		i++;
	}
}
