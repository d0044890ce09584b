/* insn_mem.c - where the memory operands of one instruction lie, as formulas; see insn.h. */
#include "zydis_decode.h"
#include "zydis_operand.h"

static u8 seg_number(ZydisRegister r)
{
	s8 id = ZydisRegisterGetClass(r) == ZYDIS_REGCLASS_SEGMENT ? ZydisRegisterGetId(r) : SEG_DS;

	return id >= 0 && id < SEG_COUNT ? id : SEG_DS;
}

/* A PUSH or CALL stores below the stack pointer that it then moves there. */
static bool is_push(const ZydisDecodedOperand *op)
{
	return op->visibility == ZYDIS_OPERAND_VISIBILITY_HIDDEN &&
	       zydis_address_register(op->mem.base) == GPR_RSP &&
	       (op->actions & ZYDIS_OPERAND_ACTION_MASK_WRITE) &&
	       !(op->actions & ZYDIS_OPERAND_ACTION_MASK_READ);
}

/* XLAT's index is AL, a gather's a vector, BT's bit number in a register reaches beyond its
 * operand: those are not told. */
static bool is_formula(const struct decoded *d, const ZydisDecodedOperand *op)
{
	switch (d->insn.mnemonic) {
	case ZYDIS_MNEMONIC_XLAT:
		return false;
	case ZYDIS_MNEMONIC_BT:
	case ZYDIS_MNEMONIC_BTC:
	case ZYDIS_MNEMONIC_BTR:
	case ZYDIS_MNEMONIC_BTS:
		if (d->op[1].type == ZYDIS_OPERAND_TYPE_REGISTER)
			return false;
		break;
	default:
		break;
	}
	return op->type == ZYDIS_OPERAND_TYPE_MEMORY && op->mem.type == ZYDIS_MEMOP_TYPE_MEM &&
	       (op->mem.index == ZYDIS_REGISTER_NONE ||
		zydis_address_register(op->mem.index) != INSN_MEM_NONE);
}

void insn_mem_decode(const struct decoded *d, struct insn *ret)
{
	for (unsigned i = 0; i < d->insn.operand_count && ret->n_mem < INSN_MEMS; i++) {
		const ZydisDecodedOperand *op = &d->op[i];
		struct insn_mem *m = &ret->mem[ret->n_mem];

		if (!is_formula(d, op))
			continue;
		*m = (struct insn_mem){
			.base = zydis_address_register(op->mem.base),
			.index = zydis_address_register(op->mem.index),
			.scale = op->mem.scale,
			.seg = seg_number(op->mem.segment),
			.size = op->size / 8,
			.read = op->actions & ZYDIS_OPERAND_ACTION_MASK_READ,
			.write = op->actions & ZYDIS_OPERAND_ACTION_MASK_WRITE,
			.disp = op->mem.disp.value,
		};
		if (zydis_base_is_none(&d->insn, op)) {
			m->base = INSN_MEM_NONE;
			m->disp = d->insn.raw.disp.value;
		}
		if (is_push(op))
			m->disp -= m->size;
		/* SDM volume 2, POP: a destination relative to the stack pointer uses its value
		 * after. */
		if (d->insn.mnemonic == ZYDIS_MNEMONIC_POP && m->base == GPR_RSP && m->write)
			m->disp += m->size;
		/* Of what is not written out, only the stack lies in SS (LEAVE's by RBP). */
		m->stack = op->visibility == ZYDIS_OPERAND_VISIBILITY_HIDDEN && m->seg == SEG_SS;
		ret->n_mem++;
	}
}
