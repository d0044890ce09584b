/*
 * lineprog.c - the state machine of the DWARF standard's "Line Number Information".
 *
 * Our own and not libdwarf's: its version 20210528 begins the sequences of DWARF 5 with file 0 where
 * the standard ("State Machine Registers") and both compilers mean file 1, and no answer of its
 * interface tells the two apart.
 */
#include "lineprog.h"

struct program {
	const struct linehead *head;
	struct cursor at;
	struct lineraw row;
	u32 op_index;
	void (*each)(void *arg, const struct lineraw *);
	void *arg;
};

static void reset(struct program *p)
{
	p->row = (struct lineraw){ .line = 1, .file = 1, .is_stmt = p->head->default_stmt };
	p->op_index = 0;
}

static void emit(struct program *p)
{
	p->each(p->arg, &p->row);
	p->row.discriminator = 0;
	p->row.prologue_end = false;
}

/* Version 4's VLIW form; x86 has one operation an instruction. */
static void advance(struct program *p, u64 by)
{
	if (p->head->max_ops <= 1) {
		p->row.addr += by * p->head->min_length;
		return;
	}
	p->row.addr += p->head->min_length * ((p->op_index + by) / p->head->max_ops);
	p->op_index = (p->op_index + by) % p->head->max_ops;
}

enum { LNS_COPY = 1, LNS_ADVANCE_PC, LNS_ADVANCE_LINE, LNS_SET_FILE, LNS_SET_COLUMN,
       LNS_NEGATE_STMT, LNS_BASIC_BLOCK, LNS_CONST_ADD_PC, LNS_FIXED_ADVANCE_PC,
       LNS_PROLOGUE_END, LNS_EPILOGUE_BEGIN, LNS_ISA, LNS_KNOWN };
enum { LNE_END_SEQUENCE = 1, LNE_SET_ADDRESS, LNE_DEFINE_FILE, LNE_DISCRIMINATOR };

static void extended(struct program *p)
{
	u64 n = cursor_uleb(&p->at);
	const u8 *next = p->at.p + n;
	u8 op;

	if (!n || n > (size_t)(p->at.end - p->at.p)) {
		p->at.bad |= n != 0;
		return;
	}
	op = cursor_get(&p->at, 1);
	switch (op) {
	case LNE_END_SEQUENCE:
		p->row.end = true;
		emit(p);
		reset(p);
		break;
	case LNE_SET_ADDRESS:
		p->row.addr = n - 1 <= 8 ? cursor_get(&p->at, n - 1) : 0;
		p->op_index = 0;
		break;
	case LNE_DISCRIMINATOR:
		p->row.discriminator = cursor_uleb(&p->at);
		break;
	}
	p->at.p = next;
}

static void standard(struct program *p, u8 op)
{
	switch (op) {
	case LNS_COPY:
		emit(p);
		break;
	case LNS_ADVANCE_PC:
		advance(p, cursor_uleb(&p->at));
		break;
	case LNS_ADVANCE_LINE:
		p->row.line += cursor_sleb(&p->at);
		break;
	case LNS_SET_FILE:
		p->row.file = cursor_uleb(&p->at);
		break;
	case LNS_SET_COLUMN:
		p->row.column = cursor_uleb(&p->at);
		break;
	case LNS_NEGATE_STMT:
		p->row.is_stmt = !p->row.is_stmt;
		break;
	case LNS_CONST_ADD_PC:
		advance(p, (255 - p->head->opcode_base) / p->head->line_range);
		break;
	case LNS_FIXED_ADVANCE_PC:
		p->row.addr += cursor_get(&p->at, 2);
		p->op_index = 0;
		break;
	case LNS_PROLOGUE_END:
		p->row.prologue_end = true;
		break;
	case LNS_ISA:
		cursor_uleb(&p->at);
		break;
	case LNS_BASIC_BLOCK:
	case LNS_EPILOGUE_BEGIN:
		break;
	default:
		for (int i = 0; i < p->head->operands[op]; i++)
			cursor_uleb(&p->at);
	}
}

static void run(struct program *p)
{
	reset(p);
	while (p->at.p < p->at.end && !p->at.bad) {
		u8 op = cursor_get(&p->at, 1);

		if (op >= p->head->opcode_base) {
			u8 special = op - p->head->opcode_base;

			advance(p, special / p->head->line_range);
			p->row.line += p->head->line_base + special % p->head->line_range;
			emit(p);
		} else if (op) {
			standard(p, op);
		} else {
			extended(p);
		}
	}
}

bool lineprog_run(const struct linehead *head, void (*each)(void *arg, const struct lineraw *),
		  void *arg)
{
	struct program p = { .head = head, .each = each, .arg = arg };

	p.at = (struct cursor){ head->program, head->end, false };
	run(&p);
	return !p.at.bad;
}
