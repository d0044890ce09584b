/*
 * lineprog.c - the state machine of the DWARF standard's "Line Number Information".
 *
 * Names of files come from libdwarf, rows do not: libdwarf 20210528 begins the sequences of version 5
 * with file 0 where the standard ("State Machine Registers") and both compilers mean file 1, and no
 * answer of its interface tells the two apart.
 */
#include <string.h>
#include "lineprog.h"

struct cursor {
	const u8 *p, *end;
	bool bad;
};

struct program {
	struct cursor at;
	u8 min_length, max_ops, line_range, opcode_base, address_size;
	s8 line_base;
	bool default_stmt;
	u8 operands[256]; /* of standard opcodes this code does not know */

	struct lineraw row;
	u32 op_index;
	void (*each)(void *arg, const struct lineraw *);
	void *arg;
};

static u64 get(struct cursor *c, unsigned n)
{
	u64 v = 0;

	if ((size_t)(c->end - c->p) < n) {
		c->bad = true;
		c->p = c->end;
		return 0;
	}
	memcpy(&v, c->p, n);
	c->p += n;
	return v;
}

static u64 uleb(struct cursor *c)
{
	u64 v = 0;

	for (unsigned shift = 0;; shift += 7) {
		u8 b = get(c, 1);

		if (shift < 64)
			v |= (u64)(b & 0x7f) << shift;
		if (!(b & 0x80))
			return v;
	}
}

static s64 sleb(struct cursor *c)
{
	u64 v = 0;

	for (unsigned shift = 0;;) {
		u8 b = get(c, 1);

		if (shift < 64)
			v |= (u64)(b & 0x7f) << shift;
		shift += 7;
		if (!(b & 0x80))
			return shift < 64 && (b & 0x40) ? (s64)(v | -(1ull << shift)) : (s64)v;
	}
}

static void reset(struct program *p)
{
	p->row = (struct lineraw){ .line = 1, .file = 1, .is_stmt = p->default_stmt };
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
	if (p->max_ops <= 1) {
		p->row.addr += by * p->min_length;
		return;
	}
	p->row.addr += p->min_length * ((p->op_index + by) / p->max_ops);
	p->op_index = (p->op_index + by) % p->max_ops;
}

enum { LNS_COPY = 1, LNS_ADVANCE_PC, LNS_ADVANCE_LINE, LNS_SET_FILE, LNS_SET_COLUMN,
       LNS_NEGATE_STMT, LNS_BASIC_BLOCK, LNS_CONST_ADD_PC, LNS_FIXED_ADVANCE_PC,
       LNS_PROLOGUE_END, LNS_EPILOGUE_BEGIN, LNS_ISA, LNS_KNOWN };
enum { LNE_END_SEQUENCE = 1, LNE_SET_ADDRESS, LNE_DEFINE_FILE, LNE_DISCRIMINATOR };

static void extended(struct program *p)
{
	u64 n = uleb(&p->at);
	const u8 *next = p->at.p + n;
	u8 op;

	if (!n || n > (size_t)(p->at.end - p->at.p)) {
		p->at.bad |= n != 0;
		return;
	}
	op = get(&p->at, 1);
	switch (op) {
	case LNE_END_SEQUENCE:
		p->row.end = true;
		emit(p);
		reset(p);
		break;
	case LNE_SET_ADDRESS:
		p->row.addr = n - 1 <= 8 ? get(&p->at, n - 1) : 0;
		p->op_index = 0;
		break;
	case LNE_DISCRIMINATOR:
		p->row.discriminator = uleb(&p->at);
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
		advance(p, uleb(&p->at));
		break;
	case LNS_ADVANCE_LINE:
		p->row.line += sleb(&p->at);
		break;
	case LNS_SET_FILE:
		p->row.file = uleb(&p->at);
		break;
	case LNS_SET_COLUMN:
		p->row.column = uleb(&p->at);
		break;
	case LNS_NEGATE_STMT:
		p->row.is_stmt = !p->row.is_stmt;
		break;
	case LNS_CONST_ADD_PC:
		advance(p, (255 - p->opcode_base) / p->line_range);
		break;
	case LNS_FIXED_ADVANCE_PC:
		p->row.addr += get(&p->at, 2);
		p->op_index = 0;
		break;
	case LNS_PROLOGUE_END:
		p->row.prologue_end = true;
		break;
	case LNS_ISA:
		uleb(&p->at);
		break;
	case LNS_BASIC_BLOCK:
	case LNS_EPILOGUE_BEGIN:
		break;
	default:
		for (int i = 0; i < p->operands[op]; i++)
			uleb(&p->at);
	}
}

static void run(struct program *p)
{
	reset(p);
	while (p->at.p < p->at.end && !p->at.bad) {
		u8 op = get(&p->at, 1);

		if (op >= p->opcode_base) {
			u8 special = op - p->opcode_base;

			advance(p, special / p->line_range);
			p->row.line += p->line_base + special % p->line_range;
			emit(p);
		} else if (op) {
			standard(p, op);
		} else {
			extended(p);
		}
	}
}

/* Up to the program itself: names are behind `header_length` and none of our business here. */
static bool read_header(struct program *p)
{
	u64 length = get(&p->at, 4), header;
	bool is64 = length == 0xffffffff;
	const u8 *program;
	u16 version;

	if (is64)
		length = get(&p->at, 8);
	if (length > (size_t)(p->at.end - p->at.p))
		return false;
	p->at.end = p->at.p + length;
	version = get(&p->at, 2);
	if (version < 2 || version > 5)
		return false;
	if (version == 5)
		get(&p->at, 2); /* sizes of an address and a segment selector */
	header = get(&p->at, is64 ? 8 : 4);
	if (header > (size_t)(p->at.end - p->at.p))
		return false;
	program = p->at.p + header;
	p->min_length = get(&p->at, 1);
	p->max_ops = version >= 4 ? get(&p->at, 1) : 1;
	p->default_stmt = get(&p->at, 1);
	p->line_base = get(&p->at, 1);
	p->line_range = get(&p->at, 1);
	p->opcode_base = get(&p->at, 1);
	for (int i = 1; i < p->opcode_base; i++)
		p->operands[i] = get(&p->at, 1);
	if (p->at.bad || !p->line_range || !p->opcode_base)
		return false;
	p->at.p = program;
	return true;
}

bool lineprog_run(const u8 *section, size_t size, u64 offset,
		  void (*each)(void *arg, const struct lineraw *), void *arg)
{
	struct program p = { .each = each, .arg = arg };

	if (offset >= size)
		return false;
	p.at = (struct cursor){ section + offset, section + size, false };
	if (!read_header(&p))
		return false;
	run(&p);
	return !p.at.bad;
}
