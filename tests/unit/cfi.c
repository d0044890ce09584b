/*
 * cfi.c - call frame information from bytes made by hand: every operation and rule, encodings of
 * pointers, both sections, expressions, and what damage must lead to.
 */
#include "tap.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "symbols/cfi.h"

static struct err err;

/* ---- a section ------------------------------------------------------------------------------- */

struct maker {
	u8 b[4096];
	size_t n;
	size_t cie, open; /* offsets: the CIE, the length of the entry being made */
	bool eh;
	u8 word;
};

static void put(struct maker *m, u64 v, unsigned size)
{
	memcpy(m->b + m->n, &v, size);
	m->n += size;
}

static void put_bytes(struct maker *m, const char *bytes, size_t n)
{
	memcpy(m->b + m->n, bytes, n);
	m->n += n;
}
#define PROGRAM(m, text) put_bytes(m, text, sizeof(text) - 1)

static void begin(struct maker *m)
{
	m->open = m->n;
	put(m, 0, 4);
}

static void end(struct maker *m)
{
	u32 length = m->n - m->open - 4;

	memcpy(m->b + m->open, &length, 4);
}

/* `rest`: version, augmentation and what follows up to the program. */
static void cie_begin(struct maker *m)
{
	m->cie = m->n;
	begin(m);
	put(m, m->eh ? 0 : 0xffffffff, 4);
}

static void fde_begin(struct maker *m)
{
	begin(m);
	put(m, m->eh ? m->n - m->cie : m->cie, 4);
}

/* Version 1, no augmentation, code 1, data -8, return address 16; CFA is rsp+8, RA at CFA-8. */
static void plain_cie(struct maker *m)
{
	cie_begin(m);
	PROGRAM(m, "\1\0\1\x78\x10\x0c\7\x08\x90\1");
	end(m);
}

static struct cfi_section section(const struct maker *m)
{
	return (struct cfi_section){
		.bytes = m->b, .size = m->n, .addr = 0x5000, .eh = m->eh, .address_size = m->word
	};
}

enum { START = 0x1000 };

/* The row at START + `at` of an FDE with this program behind the plain CIE. */
static int row_of(const char *program, size_t n, u64 at, struct cfi_row *ret)
{
	struct maker m = { .word = 8 };
	struct cfi_section sec;
	struct cfi_fde fde;
	u64 offset;

	plain_cie(&m);
	offset = m.n;
	fde_begin(&m);
	put(&m, START, 8);
	put(&m, 0x100, 8);
	put_bytes(&m, program, n);
	end(&m);
	sec = section(&m);
	err = (struct err){ 0 };
	if (!cfi_fde_read(&sec, offset, &fde))
		return -ENOENT;
	return cfi_run(&fde, START + at, ret, &err);
}
#define ROW(program, at, ret) row_of(program, sizeof(program) - 1, at, ret)

/* ---- rules ----------------------------------------------------------------------------------- */

static void test_plain(void)
{
	struct cfi_row r;

	tap_eq(ROW("", 0, &r), 0, "an empty program is the CIE's");
	tap_eq(r.cfa_column << 8 | r.cfa_offset, 7 << 8 | 8, "CFA rsp+8");
	tap_eq(r.cell[16].rule, CFI_OFFSET, "return address in memory");
	tap_eq(r.cell[16].offset, -8, "at CFA-8");
	tap_eq(r.cell[3].rule, CFI_UNSPECIFIED, "nothing is said of rbx");
	/* push rbp; mov rbp,rsp; ...; leave; ret */
	static const char usual[] = "\x41\x0e\x10\x86\2\x43\x0d\6\x60\x0c\7\x08";
	tap_eq(row_of(usual, sizeof(usual) - 1, 0, &r) ?: r.cfa_offset, 8, "entry");
	tap_eq(row_of(usual, sizeof(usual) - 1, 1, &r) ?: r.cfa_offset, 16, "behind the push");
	tap_eq(r.cell[6].offset, -16, "rbp at CFA-16");
	tap_eq(row_of(usual, sizeof(usual) - 1, 4, &r) ?: r.cfa_column, 6, "CFA by rbp");
	tap_eq(r.cfa_offset, 16, "keeps its offset");
	tap_eq(row_of(usual, sizeof(usual) - 1, 0x23, &r) ?: r.cfa_column, 6, "to the end");
	tap_eq(row_of(usual, sizeof(usual) - 1, 0x24, &r) ?: r.cfa_column, 7, "at the ret");
}

static void test_rules(void)
{
	struct cfi_row r;

	tap_eq(ROW("\5\3\5", 0, &r) ?: r.cell[3].offset, -40, "offset_extended");
	tap_eq(ROW("\x11\3\x7d", 0, &r) ?: r.cell[3].offset, 24, "offset_extended_sf");
	tap_eq(ROW("\x2f\3\5", 0, &r) ?: r.cell[3].offset, 40, "GNU_negative_offset_extended");
	tap_eq(ROW("\x14\3\2", 0, &r) ?: r.cell[3].rule, CFI_VAL_OFFSET, "val_offset");
	tap_eq(r.cell[3].offset, -16, "factored");
	tap_eq(ROW("\x15\3\x7e", 0, &r) ?: r.cell[3].offset, 16, "val_offset_sf");
	tap_eq(ROW("\7\x10", 0, &r) ?: r.cell[16].rule, CFI_UNDEFINED, "undefined");
	tap_eq(ROW("\x08\3", 0, &r) ?: r.cell[3].rule, CFI_SAME, "same_value");
	tap_eq(ROW("\x09\3\x0c", 0, &r) ?: r.cell[3].column, 12, "register");
	tap_eq(ROW("\7\x10\x06\x10", 0, &r) ?: r.cell[16].rule, CFI_OFFSET, "restore_extended");
	tap_eq(ROW("\7\x10\xd0", 0, &r) ?: r.cell[16].offset, -8, "restore");
	tap_eq(ROW("\x12\6\x7e", 0, &r) ?: r.cfa_offset, 16, "def_cfa_sf is factored");
	tap_eq(ROW("\x13\x7d", 0, &r) ?: r.cfa_offset, 24, "def_cfa_offset_sf is factored");
	tap_eq(ROW("\x10\3\2\x77\0", 0, &r) ?: r.cell[3].rule, CFI_EXPRESSION, "expression");
	tap_eq(r.cell[3].expr.n, 2, "of two bytes");
	tap_eq(ROW("\x16\3\1\x30", 0, &r) ?: r.cell[3].rule, CFI_VAL_EXPRESSION, "val_expression");
	tap_eq(ROW("\x0f\3\x77\x08\x06", 0, &r) ?: r.cfa_is_expr, 1, "def_cfa_expression");
	tap_eq(ROW("\x0f\1\x30\x0c\7\x20", 0, &r) ?: r.cfa_is_expr, 0, "and a plain CFA again");
	tap_eq(ROW("\x2e\x20\x0e\x20", 0, &r) ?: r.cfa_offset, 32, "GNU_args_size is gone over");
	tap_eq(ROW("\5\x63\5\5\3\5", 0, &r) ?: r.cell[3].offset, -40,
	       "a register that is none of ours is gone over");
}

static void test_locations(void)
{
	struct cfi_row r;
	static const char steps[] = "\2\x10\x0e\x10\3\x10\0\x0e\x20\4\x10\0\0\0\x0e\x30";

	tap_eq(ROW("\x0a\x0e\x20\x41\x0b", 0, &r) ?: r.cfa_offset, 32, "remember_state, changed");
	tap_eq(ROW("\x0a\x0e\x20\x41\x0b", 1, &r) ?: r.cfa_offset, 8, "restore_state");
	tap_eq(row_of(steps, sizeof(steps) - 1, 0xf, &r) ?: r.cfa_offset, 8, "before advance_loc1");
	tap_eq(row_of(steps, sizeof(steps) - 1, 0x10, &r) ?: r.cfa_offset, 16, "advance_loc1");
	tap_eq(row_of(steps, sizeof(steps) - 1, 0x20, &r) ?: r.cfa_offset, 32, "advance_loc2");
	tap_eq(row_of(steps, sizeof(steps) - 1, 0x30, &r) ?: r.cfa_offset, 48, "advance_loc4");
	tap_eq(ROW("\1\x40\x10\0\0\0\0\0\0\x0e\x20", 0x3f, &r) ?: r.cfa_offset, 8, "set_loc");
	tap_eq(ROW("\1\x40\x10\0\0\0\0\0\0\x0e\x20", 0x40, &r) ?: r.cfa_offset, 32, "from there");
}

/* ---- damage ---------------------------------------------------------------------------------- */

static void test_damage(void)
{
	struct cfi_row r;
	char deep[40];

	memset(deep, 0x0a, sizeof(deep));
	tap_eq(ROW("\x3f", 0, &r), -EBADMSG, "an unknown operation");
	tap_ok(strstr(err.text, "not known") != NULL, "is said: %s", err.text);
	tap_eq(ROW("\x0e", 0, &r), -EBADMSG, "a missing operand");
	tap_eq(ROW("\x0e\x80\x80", 0, &r), -EBADMSG, "a number without an end");
	tap_eq(ROW("\x0b", 0, &r), -EBADMSG, "restore_state without remember_state");
	tap_eq(row_of(deep, sizeof(deep), 0, &r), -EBADMSG, "too many remembered states");
	tap_eq(ROW("\x09\3\x63", 0, &r), -EBADMSG, "a register kept in none");
	tap_eq(ROW("\x0d\x63", 0, &r), -EBADMSG, "a CFA in no register");
	tap_eq(ROW("\x0f\1\x30\x0e\x08", 0, &r), -EBADMSG,
	       "an offset to a CFA that is an expression");
	tap_eq(ROW("\x10\3\x70\x30", 0, &r), -EBADMSG, "an expression longer than the entry");
	tap_eq(ROW("\x0e\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 0, &r), 0,
	       "a number of more than 64 bits is cut");
}

/* ---- sections -------------------------------------------------------------------------------- */

static void eh_fde(struct maker *m, u64 at, u32 length)
{
	fde_begin(m);
	put(m, at - (0x5000 + m->n), 4); /* pc-relative */
	put(m, length, 4);
	put(m, 0, 1); /* augmentation data */
	end(m);
}

static void test_eh_frame(void)
{
	struct maker m = { .word = 8, .eh = true };
	struct cfi_section sec;
	struct cfi_span *span;
	struct cfi_fde fde;
	struct cfi_row r;
	u32 n, bad;

	cie_begin(&m); /* zPLRS: personality pcrel sdata4, LSDA absptr, pointers pcrel sdata4 */
	PROGRAM(&m, "\1zPLRS\0\1\x78\x10\7\x1b\1\2\3\4\0\x1b\x0c\7\x08\x90\1");
	end(&m);
	eh_fde(&m, 0x3000, 0x10);
	eh_fde(&m, 0x1000, 0x20);
	put(&m, 0, 4); /* the linker's end, in the middle */
	cie_begin(&m);
	PROGRAM(&m, "\1zR\0\1\x78\x10\1\x9b\x0c\7\x08\x90\1"); /* indirect: not for code */
	end(&m);
	eh_fde(&m, 0x2000, 0x10);
	cie_begin(&m);
	PROGRAM(&m, "\1zR\0\1\x78\x10\1\x03\x0c\7\x08\x90\1"); /* udata4 */
	end(&m);
	fde_begin(&m);
	put(&m, 0x2000, 4);
	put(&m, 0x18, 4);
	put(&m, 0, 1);
	end(&m);
	sec = section(&m);
	tap_eq(cfi_spans(&sec, &span, &n, &bad), 0, "an .eh_frame");
	tap_eq(n, 3, "three entries");
	tap_eq(bad, 1, "and one of no use");
	tap_eq(span[0].start << 16 | span[0].end, 0x10001020, "sorted: the first");
	tap_eq(span[1].start << 16 | span[1].end, 0x20002018, "the second, by another CIE");
	tap_eq(span[2].start << 16 | span[2].end, 0x30003010, "the last");
	tap_ok(cfi_fde_read(&sec, span[2].entry, &fde) && !cfi_run(&fde, 0x3000, &r, &err) &&
		       r.signal,
	       "S makes a signal frame");
	tap_ok(cfi_fde_read(&sec, span[1].entry, &fde) && !cfi_run(&fde, 0x2000, &r, &err) &&
		       !r.signal,
	       "others are none");
	free(span);
}

static void test_debug_frame(void)
{
	struct maker m = { .word = 8 };
	struct cfi_section sec;
	struct cfi_span *span;
	struct cfi_fde fde;
	struct cfi_row r;
	u32 n, bad;

	cie_begin(&m); /* version 4 with 4-byte addresses, in a 64-bit file */
	PROGRAM(&m, "\4\0\4\0\1\x7c\x08\x0c\4\4\x88\1");
	end(&m);
	fde_begin(&m);
	put(&m, 0x1000, 4);
	put(&m, 0x20, 4);
	end(&m);
	m.cie = m.n; /* 64-bit DWARF */
	put(&m, 0xffffffff, 4);
	put(&m, 8 + 10, 8);
	put(&m, UINT64_MAX, 8);
	PROGRAM(&m, "\3\0\1\x78\x10\x0c\7\x08\x90\1");
	put(&m, 0xffffffff, 4);
	put(&m, 8 + 16, 8);
	put(&m, m.cie, 8);
	put(&m, 0x2000, 8);
	put(&m, 0x30, 8);
	sec = section(&m);
	tap_eq(cfi_spans(&sec, &span, &n, &bad), 0, "a .debug_frame");
	tap_eq(n << 8 | bad, 2 << 8, "with entries of both offset sizes");
	tap_ok(cfi_fde_read(&sec, span[0].entry, &fde) && !cfi_run(&fde, 0x1000, &r, &err), "read");
	tap_eq(r.address_size << 8 | r.ra_column, 4 << 8 | 8, "i386's numbering by the CIE");
	tap_ok(cfi_fde_read(&sec, span[1].entry, &fde) && fde.end == 0x2030, "and the other");
	free(span);
}

/* Whatever is cut off or changed: an answer, and nothing read outside (the sanitizers look). */
static void test_cut(void)
{
	struct maker m = { .word = 8, .eh = true };
	struct cfi_section sec;
	struct cfi_span *span;
	struct cfi_fde fde;
	struct cfi_row r;
	u32 n, bad, seed = 1;
	u8 *copy;

	plain_cie(&m);
	fde_begin(&m);
	put(&m, START, 8);
	put(&m, 0x100, 8);
	PROGRAM(&m, "\x41\x0e\x10\x86\2\x43\x0d\6\x10\3\2\x77\0\x0a\x60\x0b\x0c\7\x08");
	end(&m);
	for (size_t cut = 0; cut <= m.n; cut++) {
		copy = malloc(cut ?: 1);
		memcpy(copy, m.b, cut);
		sec = section(&m);
		sec.bytes = copy;
		sec.size = cut;
		if (!cfi_spans(&sec, &span, &n, &bad) && n &&
		    cfi_fde_read(&sec, span[0].entry, &fde))
			cfi_run(&fde, START + 0x50, &r, NULL);
		free(span);
		free(copy);
	}
	for (unsigned i = 0; i < 20000; i++) {
		copy = malloc(m.n);
		memcpy(copy, m.b, m.n);
		for (unsigned k = 0; k < 3; k++) {
			seed = seed * 1103515245 + 12345;
			copy[(seed >> 8) % m.n] = seed >> 20;
		}
		sec = section(&m);
		sec.bytes = copy;
		if (!cfi_spans(&sec, &span, &n, &bad) && n &&
		    cfi_fde_read(&sec, span[0].entry, &fde))
			cfi_run(&fde, fde.start + 0x50, &r, NULL);
		free(span);
		free(copy);
	}
	tap_ok(true, "cut and changed sections are lived through");
}

/* ---- expressions ----------------------------------------------------------------------------- */

static bool reg(void *arg, u64 column, u64 *ret)
{
	*ret = 0x100 * column;
	return column < 17;
}

static bool read_memory(void *arg, u64 addr, unsigned size, u64 *ret)
{
	*ret = size == 8 ? addr + 1 : addr & (BIT64(8 * size) - 1);
	return addr < 0x10000;
}

static int value_of(const char *bytes, size_t n, u8 word, u64 *ret)
{
	const struct cfi_machine m = {
		.reg = reg, .read = read_memory, .bias = 0x40, .address_size = word
	};
	const struct cfi_expr e = { (const u8 *)bytes, n };
	const u64 initial = 0x800;

	*ret = 0;
	err = (struct err){ 0 };
	return cfi_evaluate(&m, &e, &initial, ret, &err);
}

static void is(const char *bytes, size_t n, u64 want, const char *what)
{
	u64 v;

	tap_eq(value_of(bytes, n, 8, &v), 0, "%s: %s", what, err.text);
	tap_eq(v, want, "%s", what);
}
#define IS(bytes, want, what) is(bytes, sizeof(bytes) - 1, want, what)

static void test_expressions(void)
{
	u64 v;

	IS("", 0x800, "the initial value");
	IS("\x23\x10", 0x810, "plus_uconst");
	IS("\x77\x08", 0x708, "breg7");
	IS("\x92\x10\x7f", 0xfff, "bregx");
	IS("\x77\x10\x06", 0x711, "deref");
	IS("\x77\x10\x94\1", 0x10, "deref_size");
	IS("\3\1\0\0\0\0\0\0\0", 0x41, "addr is moved with the file");
	IS("\x08\xff", 0xff, "const1u");
	IS("\x09\xff", UINT64_MAX, "const1s");
	IS("\x0b\xfe\xff", (u64)-2, "const2s");
	IS("\x0c\1\2\3\4", 0x04030201, "const4u");
	IS("\x11\x7d", (u64)-3, "consts");
	IS("\x10\x80\2", 0x100, "constu");
	IS("\x33\x34\x1c", (u64)-1, "minus");
	IS("\x37\x33\x16\x1b", 0, "swap, div");
	IS("\x38\x33\x1d", 2, "mod");
	IS("\x11\x78\x32\x26", (u64)-2, "shra");
	IS("\x11\x78\x32\x25", 0x3ffffffffffffffe, "shr");
	IS("\x31\x08\xff\x24", 0, "shl by more than there is");
	IS("\x33\x34\x35\x17\x1c", (u64)-1, "rot"); /* 5 3 4: 3 - 4 */
	IS("\x33\x34\x15\1\x1c", 1, "pick");
	IS("\x33\x34\x14\x22", 7 - 0, "over, plus");
	IS("\x33\x34\x2d", 1, "lt");
	IS("\x33\x34\x2b", 0, "gt");
	IS("\x33\x1f", (u64)-3, "neg");
	IS("\x11\x7d\x19", 3, "abs");
	IS("\x31\x28\1\0\x96\x35", 5, "bra taken over a nop");
	IS("\x35\x2f\1\0\x96", 5, "skip");
	/* The lazy binding stub's: rsp + 8 + ((((rip & 15) >= 11) << 3) */
	IS("\x77\x08\x80\0\x3f\x1a\x3b\x2a\x33\x24\x22", 0x708, "the PLT's");
	tap_eq(value_of("\x33\x34\x1c", 3, 4, &v) ?: v == 0xffffffff, 1, "32 bits wide on i386");
}

static void refused(const char *bytes, size_t n, int code, const char *what)
{
	u64 v;

	tap_eq(value_of(bytes, n, 8, &v), -code, "%s", what);
	tap_ok(err.text[0] != 0, "%s: is said: %s", what, err.text);
}
#define REFUSED(bytes, code, what) refused(bytes, sizeof(bytes) - 1, code, what)

static void test_bad_expressions(void)
{
	char deep[80];

	memset(deep, 0x12, sizeof(deep));
	REFUSED("\x13", EBADMSG, "no value left");
	REFUSED("\x13\x22", EBADMSG, "plus of nothing");
	REFUSED("\x15\7", EBADMSG, "pick from below");
	REFUSED("\x33\x30\x1b", EBADMSG, "division by zero");
	REFUSED("\x33\x30\x1d", EBADMSG, "remainder by zero");
	REFUSED("\x2f\xfd\xff", EBADMSG, "an endless loop");
	REFUSED("\x2f\x10\0", EBADMSG, "a branch out");
	REFUSED("\x2f\xf0\xff", EBADMSG, "a branch out below");
	REFUSED("\x0c\1", EBADMSG, "an operand cut off");
	REFUSED("\x9c", EBADMSG, "call_frame_cfa, which is no part of it");
	REFUSED("\x94\x09", EBADMSG, "deref of 9 bytes");
	REFUSED("\x92\x20\0", EFAULT, "a register that is not there");
	REFUSED("\x0c\0\0\2\0\x06", EFAULT, "memory that is not there");
	refused(deep, sizeof(deep), EBADMSG, "a stack that overflows");
}

int main(void)
{
	test_plain();
	test_rules();
	test_locations();
	test_damage();
	test_eh_frame();
	test_debug_frame();
	test_cut();
	test_expressions();
	test_bad_expressions();
	return tap_done();
}
