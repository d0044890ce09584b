/*
 * cfi_program.c - running the programs of a CIE and an FDE up to an address; see cfi.h. Operations:
 * DWARF "Call Frame Instructions", with GNU's.
 */
#include <dwarf.h>
#include <errno.h>
#include <string.h>
#include "cfi.h"

enum { REMEMBER_MAX = 16 }; /* compilers remember one state; hand-written code a few */

struct machine {
	const struct cfi_fde *fde;
	u64 pc, loc;
	struct cfi_row *row;
	struct cfi_row initial; /* after the CIE's program, for DW_CFA_restore */
	struct cfi_row remembered[REMEMBER_MAX];
	unsigned n_remembered;
	bool has_initial;
	const char *wrong;
};

static bool refuse(struct machine *m, const char *why)
{
	m->wrong = why;
	return false;
}

/* The cell of a column; registers that are none of ours get one that nobody reads. */
static struct cfi_cell *cell(struct machine *m, u64 column, struct cfi_cell *spare)
{
	return column < CFI_COLUMNS ? &m->row->cell[column] : spare;
}

static void rule_set(struct machine *m, u64 column, enum cfi_rule rule, s64 offset)
{
	struct cfi_cell spare;

	*cell(m, column, &spare) = (struct cfi_cell){ .rule = rule, .offset = offset };
}

static void rule_expr(struct machine *m, u64 column, enum cfi_rule rule, struct cfi_expr expr)
{
	struct cfi_cell spare;

	*cell(m, column, &spare) = (struct cfi_cell){ .rule = rule, .expr = expr };
}

static bool rule_register(struct machine *m, u64 column, u64 from)
{
	struct cfi_cell spare;

	if (from >= CFI_COLUMNS)
		return refuse(m, "a register is kept in one that does not exist");
	*cell(m, column, &spare) = (struct cfi_cell){ .rule = CFI_REGISTER, .column = from };
	return true;
}

static bool rule_restore(struct machine *m, u64 column)
{
	if (!m->has_initial)
		return refuse(m, "DW_CFA_restore in a CIE");
	if (column < CFI_COLUMNS)
		m->row->cell[column] = m->initial.cell[column];
	return true;
}

static bool cfa_set(struct machine *m, u64 column, s64 offset)
{
	if (column >= CFI_COLUMNS)
		return refuse(m, "the CFA is in a register that does not exist");
	m->row->cfa_is_expr = false;
	m->row->cfa_column = column;
	m->row->cfa_offset = offset;
	return true;
}

static struct cfi_expr block(struct cfi_cursor *c)
{
	struct cfi_expr e = { .n = cfi_uleb(c) };

	e.bytes = cfi_bytes(c, e.n);
	if (!e.bytes)
		e.n = 0;
	return e;
}

static bool cfa_expr_set(struct machine *m, struct cfi_expr e)
{
	m->row->cfa_is_expr = true;
	m->row->cfa_expr = e;
	return true;
}

static bool remember(struct machine *m)
{
	if (m->n_remembered == REMEMBER_MAX)
		return refuse(m, "too many remembered states");
	m->remembered[m->n_remembered++] = *m->row;
	return true;
}

static bool recall(struct machine *m)
{
	if (!m->n_remembered)
		return refuse(m, "a state is restored that was not remembered");
	*m->row = m->remembered[--m->n_remembered];
	return true;
}

static bool advance(struct machine *m, u64 delta)
{
	m->loc += delta * m->fde->cie.code_align;
	return true;
}

/* Factored offsets wrap as the file says; nothing is read with them here. */
static s64 factored(const struct machine *m, u64 v)
{
	return v * (u64)m->fde->cie.data_align;
}

static bool advance_op(struct machine *m, u8 op, struct cfi_cursor *c)
{
	switch (op) {
	case DW_CFA_advance_loc1:
		return advance(m, cfi_uint(c, 1));
	case DW_CFA_advance_loc2:
		return advance(m, cfi_uint(c, 2));
	case DW_CFA_advance_loc4:
		return advance(m, cfi_uint(c, 4));
	default:
		m->loc = cfi_pointer(c, m->fde->cie.pointer_encoding, m->row->address_size);
		return true;
	}
}

static bool cfa_op(struct machine *m, u8 op, struct cfi_cursor *c)
{
	u64 reg;

	switch (op) {
	case DW_CFA_def_cfa:
		reg = cfi_uleb(c);
		return cfa_set(m, reg, cfi_uleb(c));
	case DW_CFA_def_cfa_sf:
		reg = cfi_uleb(c);
		return cfa_set(m, reg, factored(m, cfi_sleb(c)));
	case DW_CFA_def_cfa_expression:
		return cfa_expr_set(m, block(c));
	default:
		break;
	}
	if (m->row->cfa_is_expr)
		return refuse(m, "half a CFA is changed that is an expression");
	if (op == DW_CFA_def_cfa_register)
		return cfa_set(m, cfi_uleb(c), m->row->cfa_offset);
	if (op == DW_CFA_def_cfa_offset)
		return cfa_set(m, m->row->cfa_column, cfi_uleb(c));
	return cfa_set(m, m->row->cfa_column, factored(m, cfi_sleb(c)));
}

/* Operations on one register, which comes first. */
static bool register_op(struct machine *m, u8 op, struct cfi_cursor *c)
{
	u64 reg = cfi_uleb(c);

	switch (op) {
	case DW_CFA_offset_extended:
		rule_set(m, reg, CFI_OFFSET, factored(m, cfi_uleb(c)));
		return true;
	case DW_CFA_offset_extended_sf:
		rule_set(m, reg, CFI_OFFSET, factored(m, cfi_sleb(c)));
		return true;
	case DW_CFA_GNU_negative_offset_extended:
		rule_set(m, reg, CFI_OFFSET, -factored(m, cfi_uleb(c)));
		return true;
	case DW_CFA_val_offset:
		rule_set(m, reg, CFI_VAL_OFFSET, factored(m, cfi_uleb(c)));
		return true;
	case DW_CFA_val_offset_sf:
		rule_set(m, reg, CFI_VAL_OFFSET, factored(m, cfi_sleb(c)));
		return true;
	case DW_CFA_undefined:
		rule_set(m, reg, CFI_UNDEFINED, 0);
		return true;
	case DW_CFA_same_value:
		rule_set(m, reg, CFI_SAME, 0);
		return true;
	case DW_CFA_restore_extended:
		return rule_restore(m, reg);
	case DW_CFA_register:
		return rule_register(m, reg, cfi_uleb(c));
	case DW_CFA_expression:
		rule_expr(m, reg, CFI_EXPRESSION, block(c));
		return true;
	default:
		rule_expr(m, reg, CFI_VAL_EXPRESSION, block(c));
		return true;
	}
}

static bool operation(struct machine *m, u8 op, struct cfi_cursor *c)
{
	switch (op) {
	case DW_CFA_nop:
		return true;
	case DW_CFA_GNU_args_size:
		cfi_uleb(c);
		return true;
	case DW_CFA_remember_state:
		return remember(m);
	case DW_CFA_restore_state:
		return recall(m);
	case DW_CFA_set_loc:
	case DW_CFA_advance_loc1:
	case DW_CFA_advance_loc2:
	case DW_CFA_advance_loc4:
		return advance_op(m, op, c);
	case DW_CFA_def_cfa:
	case DW_CFA_def_cfa_sf:
	case DW_CFA_def_cfa_register:
	case DW_CFA_def_cfa_offset:
	case DW_CFA_def_cfa_offset_sf:
	case DW_CFA_def_cfa_expression:
		return cfa_op(m, op, c);
	case DW_CFA_offset_extended:
	case DW_CFA_offset_extended_sf:
	case DW_CFA_GNU_negative_offset_extended:
	case DW_CFA_val_offset:
	case DW_CFA_val_offset_sf:
	case DW_CFA_undefined:
	case DW_CFA_same_value:
	case DW_CFA_restore_extended:
	case DW_CFA_register:
	case DW_CFA_expression:
	case DW_CFA_val_expression:
		return register_op(m, op, c);
	default:
		return refuse(m, "it has an operation that is not known");
	}
}

/* Two bits of opcode and an operand in one byte, or a whole byte of opcode. */
static bool step(struct machine *m, struct cfi_cursor *c)
{
	u8 byte = cfi_uint(c, 1), low = byte & 0x3f;

	switch (byte & 0xc0) {
	case DW_CFA_advance_loc:
		return advance(m, low);
	case DW_CFA_offset:
		rule_set(m, low, CFI_OFFSET, factored(m, cfi_uleb(c)));
		return true;
	case DW_CFA_restore:
		return rule_restore(m, low);
	default:
		return operation(m, byte, c);
	}
}

/* Each operation takes a byte at least: the section bounds the time. */
static bool run(struct machine *m, struct cfi_cursor c)
{
	while (c.at < c.end && m->loc <= m->pc) {
		if (!step(m, &c))
			return false;
		if (c.bad)
			return refuse(m, "an operand is cut off");
	}
	return true;
}

int cfi_run(const struct cfi_fde *fde, u64 pc, struct cfi_row *ret, struct err *err)
{
	struct machine m;

	memset(ret, 0, sizeof(*ret));
	ret->address_size = fde->cie.address_size;
	ret->signal = fde->cie.signal;
	ret->ra_column = fde->cie.ra_column;
	/* The stack of states is not cleared: it is written before it is read. */
	m.fde = fde;
	m.pc = pc;
	m.loc = fde->start;
	m.row = ret;
	m.n_remembered = 0;
	m.has_initial = false;
	m.wrong = NULL;
	if (run(&m, fde->cie.program)) {
		m.initial = *ret;
		m.has_initial = true;
		if (run(&m, fde->program))
			return 0;
	}
	return err_set(err, EBADMSG,
		       "the call frame information of 0x%llx to 0x%llx is damaged: %s",
		       (unsigned long long)fde->start, (unsigned long long)fde->end, m.wrong);
}
