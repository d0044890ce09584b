/*
 * prologue.c - where a function's body begins, by the rules gdb uses for breakpoints on functions, so
 * that both stop at the same place:
 *
 *  - gcc's optimised code with location lists says where everything is from the first instruction on:
 *    the entry itself;
 *  - code of clang: the line table's second row;
 *  - else the instructions that build a frame are looked over (the ABI's "The Stack Frame"), and from
 *    the middle of a line it is the next line's begin.
 */
#include <stdlib.h>
#include <string.h>
#include "lines.h"
#include "prologue.h"
#include "private.h"

/* A function under examination: link addresses. */
struct body {
	struct dwfile *f;
	struct dwunit *u;  /* NULL: known from the ELF symbols only */
	u32 block;
	u64 entry, end;
};

static bool match(const struct body *b, u64 at, const char *bytes, size_t n)
{
	const u8 *p = at < b->end && n <= b->end - at ? dw_bytes(b->f, at, n) : NULL;

	return p && !memcmp(p, bytes, n);
}

#define MATCH(b, at, bytes) match(b, at, bytes, sizeof(bytes) - 1)

/* endbr64, endbr32: a landing place for indirect branches, before anything else. */
static u64 skip_endbr(const struct body *b, u64 at)
{
	return MATCH(b, at, "\xf3\x0f\x1e\xfa") || MATCH(b, at, "\xf3\x0f\x1e\xfb") ? at + 4 : at;
}

/* lea 8(%rsp),%r10 / lea 4(%esp),%ecx; and $-N,%rsp; push -8(%r10) / -4(%ecx): main aligns its stack. */
static u64 skip_align(const struct body *b, u64 at)
{
	u64 p = at;

	if (b->f->is64) {
		if (!MATCH(b, p, "\x4c\x8d\x54\x24\x08") || !MATCH(b, p + 5, "\x48\x83\xe4"))
			return at;
		return MATCH(b, p + 9, "\x41\xff\x72\xf8") ? p + 13 : at;
	}
	if (!MATCH(b, p, "\x8d\x4c\x24\x04") || !MATCH(b, p + 4, "\x83\xe4"))
		return at;
	return MATCH(b, p + 7, "\xff\x71\xfc") ? p + 10 : at;
}

/* Scratch-register work the compiler may put between push %ebp and mov %esp,%ebp. */
static unsigned scratch_insn(const struct body *b, u64 at)
{
	static const struct {
		const char *bytes;
		u8 n, length;
	} insn[] = {
		{ "\xa1", 1, 5 },     /* mov mem,%eax */
		{ "\x8b\x0d", 2, 6 }, /* mov mem,%ecx */
		{ "\x8b\x15", 2, 6 }, /* mov mem,%edx */
		{ "\xb8", 1, 5 },     /* mov $imm,%eax */
		{ "\xb9", 1, 5 },     /* mov $imm,%ecx */
		{ "\xba", 1, 5 },     /* mov $imm,%edx */
		{ "\x31\xc0", 2, 2 }, /* xor %eax,%eax */
		{ "\x31\xc9", 2, 2 }, /* xor %ecx,%ecx */
		{ "\x31\xd2", 2, 2 }, /* xor %edx,%edx */
		{ "\x29\xc0", 2, 2 }, /* sub %eax,%eax */
		{ "\x29\xc9", 2, 2 }, /* sub %ecx,%ecx */
		{ "\x29\xd2", 2, 2 }, /* sub %edx,%edx */
	};

	for (size_t i = 0; i < ARRAY_SIZE(insn); i++)
		if (match(b, at, insn[i].bytes, insn[i].n))
			return insn[i].length;
	return 0;
}

/* sub $N,%esp and up to eight pushes of registers. */
static u64 skip_saves32(const struct body *b, u64 at)
{
	if (MATCH(b, at, "\x83\xec"))
		at += 3;
	else if (MATCH(b, at, "\x81\xec"))
		at += 6;
	else if (MATCH(b, at, "\x8d\x64"))
		at += 4;
	for (int i = 0; i < 8; i++) {
		const u8 *p = at < b->end ? dw_bytes(b->f, at, 1) : NULL;

		if (!p || *p < 0x50 || *p > 0x57)
			break;
		at++;
	}
	return at;
}

static u64 frame32(const struct body *b)
{
	u64 at = skip_align(b, skip_endbr(b, b->entry));
	unsigned n;

	if (MATCH(b, at, "\xc8")) /* enter $N,$0 */
		return skip_saves32(b, at + 4);
	if (!MATCH(b, at, "\x55"))
		return b->entry;
	at++;
	while ((n = scratch_insn(b, at)))
		at += n;
	if (!MATCH(b, at, "\x89\xe5") && !MATCH(b, at, "\x8b\xec"))
		return b->entry;
	return skip_saves32(b, at + 2);
}

static u64 frame64(const struct body *b)
{
	u64 at = skip_align(b, skip_endbr(b, b->entry));

	if (MATCH(b, at, "\x40\x55"))
		at++;
	else if (!MATCH(b, at, "\x55"))
		return b->entry;
	at++;
	if (MATCH(b, at, "\x48\x89\xe5") || MATCH(b, at, "\x48\x8b\xec"))
		return at + 3;
	if (MATCH(b, at, "\x89\xe5") || MATCH(b, at, "\x8b\xec"))
		return at + 2;
	return b->entry;
}

static bool line_of(const struct body *b, u64 at, struct dwlineat *ret)
{
	return b->u && lines_at(b->f, b->u, at, ret);
}

static bool in_inlined(const struct body *b, u64 at)
{
	for (u32 i = dw_block_at(b->f, b->u, at); i != DW_NONE; i = b->u->block[i].parent)
		if (b->u->block[i].tag == DW_TAG_inlined_subroutine)
			return true;
	return false;
}

/* Two rows at the entry: a prologue without instructions. */
static bool two_rows(const struct body *b, const struct dwlineat *first)
{
	const struct dwlinefile *in = first->in;
	u32 i = 0;

	while (i + 1 < in->n && (in->row[i].addr != first->row->addr || !in->row[i].line))
		i++;
	return i + 1 < in->n && in->row[i + 1].line && in->row[i + 1].addr == b->entry;
}

/*
 * By lines alone: the end of the first run, or of the runs behind it that have smaller numbers (the
 * compiler moved code into the prologue). 0: the function is one run.
 */
static u64 by_lines(const struct body *b)
{
	struct dwlineat at, next;

	if (!line_of(b, b->entry, &at))
		return 0;
	if (b->u->language != DW_LANG_Mips_Assembler && two_rows(b, &at))
		return b->entry;
	if (at.end >= b->end)
		return 0;
	while (at.end < b->end) {
		if (!line_of(b, at.end, &next) || next.row->line >= at.row->line ||
		    next.in != at.in || in_inlined(b, at.end))
			break;
		at = next;
	}
	return at.end < b->end ? at.end : at.row->addr;
}

static bool trusts_lines(const struct body *b)
{
	return b->u && b->u->producer && strstr(b->u->producer, "clang ");
}

/* From within a line on to the next one of the function. */
static u64 whole_line(const struct body *b, u64 at)
{
	struct dwlineat line;

	if (line_of(b, at, &line) && line.row->addr != at && line.end >= b->entry &&
	    line.end < b->end)
		at = line.end;
	return at;
}

/* Behind the frame's instructions. */
static u64 skip_frame(const struct body *b)
{
	u64 by_line = trusts_lines(b) ? by_lines(b) : 0;
	u64 at = by_line ? (by_line > b->entry ? by_line : b->entry)
			 : b->f->is64 ? frame64(b) : frame32(b);

	return whole_line(b, at);
}

/* gcc from 4.5 on; its optimised code has location lists. */
static bool trusts_locations(const struct body *b)
{
	const char *p = b->u ? b->u->producer : NULL;

	return p && b->u->has_loclist && !strncmp(p, "GNU ", 4);
}

static struct body body_of(struct dwfile *f, struct dwunit *u, u32 block)
{
	struct dwblock *k = &u->block[block];
	struct body b = { .f = f, .u = u, .block = block };

	b.entry = dw_entry(f, u, block);
	for (u32 i = 0; i < k->n_ranges; i++) /* the piece that holds the entry */
		if (b.entry >= u->range[k->range + i].start && b.entry < u->range[k->range + i].end)
			b.end = u->range[k->range + i].end;
	return b;
}

u64 prologue_frame(struct dwfile *f, struct dwunit *u, u32 block)
{
	struct body b = body_of(f, u, block);

	return whole_line(&b, f->is64 ? frame64(&b) : frame32(&b));
}

u64 prologue_end(struct dwfile *f, struct dwunit *u, u32 block)
{
	struct body b = body_of(f, u, block);

	return trusts_locations(&b) ? b.entry : skip_frame(&b);
}

u64 prologue_end_elf(struct dwfile *f, u64 entry, u64 end)
{
	struct body b = { .f = f, .u = dw_unit_at(f, entry), .entry = entry, .end = end };

	return skip_frame(&b);
}
