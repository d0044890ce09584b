/*
 * unwind_cfi.c - the caller by call frame information; see up.h and cfi.h.
 *
 * A register that nothing is said about is, in a function, what the ABI makes of it: kept by the
 * callee or lost. Addresses on the stack are offsets in SS, as the registers they come from.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <vmstep/cfi.h>
#include "up.h"

struct rules {
	struct climb *k;
	const struct cfi_row *row;
	unsigned bits;
	u64 cfa;
};

/* ---- what expressions ask for ---------------------------------------------------------------- */

static bool read_register(void *arg, u64 column, u64 *ret)
{
	const struct rules *rules = arg;
	const struct frame_regs *r = &rules->k->from->regs;
	int reg = frame_reg_of_dwarf(rules->bits, column);

	if (reg < 0 || !regs_know(r, reg))
		return false;
	*ret = rules->bits == 32 ? (u32)r->value[reg] : r->value[reg];
	return true;
}

static bool read_memory(void *arg, u64 addr, unsigned size, u64 *ret)
{
	const struct rules *rules = arg;

	return !state_read_uint(rules->k->s, regs_linear_ss(&rules->k->from->regs, addr), size, ret,
				NULL);
}

static bool evaluate(struct rules *rules, const struct cfi_expr *e, const u64 *initial, u64 *ret)
{
	const struct cfi_machine m = { .reg = read_register,
				       .read = read_memory,
				       .arg = rules,
				       .bias = rules->row->bias,
				       .address_size = rules->row->address_size };
	struct err why = { 0 };

	if (!cfi_evaluate(&m, e, initial, ret, &why))
		return true;
	climb_why(rules->k, "Backtrace stopped: %s", why.text);
	return false;
}

/* ---- rules ----------------------------------------------------------------------------------- */

static bool cfa_get(struct rules *rules)
{
	const struct cfi_row *row = rules->row;

	if (row->cfa_is_expr)
		return evaluate(rules, &row->cfa_expr, NULL, &rules->cfa);
	if (!read_register(rules, row->cfa_column, &rules->cfa)) {
		climb_why(rules->k, "Backtrace stopped: the frame's address is in a register that "
				    "was not saved");
		return false;
	}
	rules->cfa = regs_cut(&rules->k->from->regs, rules->cfa + row->cfa_offset);
	return true;
}

enum cell_state { CELL_LOST, CELL_VALUE, CELL_MEMORY, CELL_UNREADABLE };

/* The caller's value of one column; *ret_slot is linear. */
static enum cell_state cell_get(struct rules *rules, const struct cfi_cell *cell, u64 column,
				u64 *ret, u64 *ret_slot)
{
	const struct frame_regs *r = &rules->k->from->regs;
	u64 at = rules->cfa + cell->offset;

	switch ((enum cfi_rule)cell->rule) {
	case CFI_UNDEFINED:
		return CELL_LOST;
	case CFI_UNSPECIFIED:
	case CFI_SAME:
		return read_register(rules, column, ret) ? CELL_VALUE : CELL_LOST;
	case CFI_REGISTER:
		return read_register(rules, cell->column, ret) ? CELL_VALUE : CELL_LOST;
	case CFI_VAL_OFFSET:
		*ret = regs_cut(r, at);
		return CELL_VALUE;
	case CFI_VAL_EXPRESSION:
		return evaluate(rules, &cell->expr, &rules->cfa, ret) ? CELL_VALUE : CELL_LOST;
	case CFI_EXPRESSION:
		if (!evaluate(rules, &cell->expr, &rules->cfa, &at))
			return CELL_LOST;
		break;
	case CFI_OFFSET:
		break;
	}
	*ret_slot = regs_linear_ss(r, at);
	return read_memory(rules, at, rules->row->address_size, ret) ? CELL_MEMORY
								     : CELL_UNREADABLE;
}

static void register_get(struct rules *rules, u64 column, unsigned reg)
{
	const struct cfi_cell *cell = &rules->row->cell[column];
	struct frame_regs *to = &rules->k->to->regs;
	u64 v, slot;

	/* Nothing said: as it is, unless the ABI lets the callee change it (see forget_lost). */
	if (cell->rule == CFI_UNSPECIFIED)
		return;
	switch (cell_get(rules, cell, column, &v, &slot)) {
	case CELL_MEMORY:
		reg_found(to, reg, v, slot);
		break;
	case CELL_VALUE:
		/* Unchanged, it is still where the frame below says. */
		if (cell->rule != CFI_SAME)
			reg_known(to, reg, v);
		else if (rules->k->from->regs.saved & BIT(reg))
			reg_found(to, reg, v, rules->k->from->regs.slot[reg]);
		else
			reg_known(to, reg, v);
		break;
	default:
		regs_forget_but(to, ~BIT(reg));
	}
}

static void registers_get(struct rules *rules)
{
	reg_known(&rules->k->to->regs, GPR_RSP, rules->cfa);
	for (u64 column = 0; column < CFI_COLUMNS; column++) {
		int reg = frame_reg_of_dwarf(rules->bits, column);

		if (reg >= 0 && column != rules->row->ra_column)
			register_get(rules, column, reg);
	}
}

/* The return address; UP_END where the rules say that there is none. */
static enum up return_get(struct rules *rules)
{
	const struct cfi_cell *cell = &rules->row->cell[rules->row->ra_column];
	struct climb *k = rules->k;
	u64 v, slot;

	if (cell->rule == CFI_UNSPECIFIED || cell->rule == CFI_SAME)
		return UP_NO; /* x86 has no link register: this cannot be meant */
	if (cell->rule == CFI_UNDEFINED) {
		k->why = NULL;
		return UP_END;
	}
	switch (cell_get(rules, cell, rules->row->ra_column, &v, &slot)) {
	case CELL_MEMORY:
		reg_found(&k->to->regs, FRAME_RIP, v, slot);
		break;
	case CELL_VALUE:
		reg_known(&k->to->regs, FRAME_RIP, v);
		break;
	case CELL_UNREADABLE:
		climb_why(k, "Backtrace stopped: Cannot access memory at address 0x%llx",
			  (unsigned long long)slot);
		return UP_END;
	default:
		return UP_END;
	}
	k->to->pc = regs_linear_cs(&k->to->regs, v);
	if (v)
		return UP_FOUND;
	k->why = NULL; /* as gdb: a return address of 0 is the end */
	return UP_END;
}

/* After a call, what the callee may change without a word. */
static void forget_lost(struct rules *rules)
{
	struct frame_regs all = rules->k->to->regs;
	u32 lost;

	regs_forget_clobbered(&all);
	lost = rules->k->to->regs.known & ~all.known;
	for (u64 column = 0; column < CFI_COLUMNS; column++) {
		int reg = frame_reg_of_dwarf(rules->bits, column);

		if (reg >= 0 && rules->row->cell[column].rule != CFI_UNSPECIFIED)
			lost &= ~BIT(reg);
	}
	regs_forget_but(&rules->k->to->regs, ~lost);
}

/*
 * Compilers describe a handler as if RIP alone had been pushed: what lies above it makes the rest
 * of the frame. clang counts an error code as the return address. Handlers keep all registers.
 */
static bool is_event(struct rules *rules)
{
	struct climb *k = rules->k;
	struct event_hint hint = { 0 };
	u64 off = rules->cfa - rules->row->address_size, target;

	if (k->to->regs.saved != (k->to->regs.saved | BIT(FRAME_RIP)) ||
	    k->to->regs.slot[FRAME_RIP] != regs_linear_ss(&k->from->regs, off))
		return false;
	hint.word = rules->row->address_size;
	if (!event_gate(k->s, k->from->function, &hint)) {
		if (follows_call(k->s, &k->to->regs, k->to->pc, &target))
			return false;
		hint.deduced = true;
	}
	return event_at_or_above(k, off, &hint);
}

/* The numbering of 64-bit code says nothing about 32-bit code in the same file, and the reverse. */
static bool width_fits(const struct climb *k, const struct cfi_row *row)
{
	return (row->address_size == 8) == (k->from->regs.mode == MODE_LONG);
}

enum up up_by_cfi(struct climb *k)
{
	struct cfi_row row;
	struct rules rules = { .k = k, .row = &row };
	struct err why = { 0 };
	enum up up;
	int rc = k->s->symbols ? cfi_at(k->s->symbols, k->from->lookup, &row, &why) : -ENOENT;

	if (rc && rc != -ENOENT) {
		climb_why(k, "Backtrace stopped: %s", why.text);
		k->damaged = true;
	}
	if (rc || !width_fits(k, &row))
		return UP_NO;
	rules.bits = row.address_size * 8;
	if (!cfa_get(&rules))
		return UP_END;
	k->has_cfa = true;
	k->cfa = regs_linear_ss(&k->from->regs, rules.cfa);
	registers_get(&rules);
	up = return_get(&rules);
	k->to->how = FRAME_CFI;
	k->to->interrupted = row.signal;
	if (row.signal || (up == UP_FOUND && is_event(&rules)))
		return up;
	forget_lost(&rules);
	return up;
}
