/*
 * location.c - location expressions: every operation from bytes written by hand (DWARF 5, "DWARF
 * Expressions"), descriptions with pieces, and what is damaged or does not end.
 */
#include <errno.h>
#include <stdlib.h>
#include "symbols/location.h"
#include "tap.h"

static struct err err;
static u8 memory[64];

static int get_reg(void *arg, unsigned reg, u64 *ret, struct err *e)
{
	if (reg == 15)
		return err_set(e, ENODATA, "register 15 was not saved");
	*ret = 0x1000 + reg;
	return 0;
}

static int get_memory(void *arg, u64 addr, void *buf, size_t n, struct err *e)
{
	if (addr < 0x2000 || addr + n > 0x2000 + sizeof(memory))
		return err_set(e, EFAULT, "no memory at 0x%llx", (unsigned long long)addr);
	memcpy(buf, memory + addr - 0x2000, n);
	return 0;
}

static int get_cfa(void *arg, u64 *ret, struct err *e)
{
	*ret = 0x7000;
	return 0;
}

static int get_entry(void *arg, unsigned reg, u64 *ret, struct err *e)
{
	if (reg != 5)
		return err_set(e, ENODATA, "nobody knows");
	*ret = 0x5555;
	return 0;
}

static const struct location_ops ops = { get_reg, get_memory, get_cfa, get_entry, NULL };

struct bytes {
	u8 b[40];
	u8 n;
};
#define B(...) { { __VA_ARGS__ }, sizeof((u8[]){ __VA_ARGS__ }) }
#define S(v) (u8)(v), (u8)((v) >> 8) /* a two-byte operand */

/* What an expression leaves on the stack. */
static const struct {
	struct bytes code;
	u64 value;
	const char *what;
} values[] = {
	{ B(DW_OP_lit0 + 7), 7, "lit7" },
	{ B(DW_OP_const1u, 0xff), 0xff, "const1u" },
	{ B(DW_OP_const1s, 0xff), UINT64_MAX, "const1s" },
	{ B(DW_OP_const2u, 0x34, 0x12), 0x1234, "const2u" },
	{ B(DW_OP_const2s, 0xfe, 0xff), (u64)-2, "const2s" },
	{ B(DW_OP_const4u, 1, 2, 3, 0x84), 0x84030201, "const4u" },
	{ B(DW_OP_const4s, 0xff, 0xff, 0xff, 0xff), UINT64_MAX, "const4s" },
	{ B(DW_OP_const8u, 8, 7, 6, 5, 4, 3, 2, 1), 0x0102030405060708, "const8u" },
	{ B(DW_OP_constu, 0xe5, 0x8e, 0x26), 624485, "constu" },
	{ B(DW_OP_consts, 0x9b, 0xf1, 0x59), (u64)-624485, "consts" },
	{ B(DW_OP_addr, 0, 0x20, 0, 0, 0, 0, 0, 0), 0x2000, "addr" },
	{ B(DW_OP_breg0 + 3, 0x7f), 0x1002, "breg3 -1" },
	{ B(DW_OP_bregx, 0x11, 8), 0x1019, "bregx 17, 8" },
	{ B(DW_OP_call_frame_cfa), 0x7000, "call_frame_cfa" },
	{ B(DW_OP_call_frame_cfa, DW_OP_consts, 0x78, DW_OP_plus), 0x6ff8, "cfa - 8" },
	{ B(DW_OP_lit2, DW_OP_dup, DW_OP_mul), 4, "dup, mul" },
	{ B(DW_OP_lit2, DW_OP_lit3, DW_OP_drop), 2, "drop" },
	{ B(DW_OP_lit2, DW_OP_lit3, DW_OP_over), 2, "over" },
	{ B(DW_OP_lit2, DW_OP_lit3, DW_OP_lit4, DW_OP_pick, 2), 2, "pick" },
	{ B(DW_OP_lit2, DW_OP_lit3, DW_OP_swap, DW_OP_minus), 1, "swap, minus" },
	{ B(DW_OP_lit1, DW_OP_lit2, DW_OP_lit3, DW_OP_rot, DW_OP_drop), 1, "rot: the third comes second" },
	{ B(DW_OP_lit1, DW_OP_lit2, DW_OP_lit3, DW_OP_rot), 2, "rot: the second comes first" },
	{ B(DW_OP_const2u, 0, 0x20, DW_OP_deref), 0x0706050403020100, "deref" },
	{ B(DW_OP_const2u, 4, 0x20, DW_OP_deref_size, 2), 0x0504, "deref_size" },
	{ B(DW_OP_lit5, DW_OP_neg, DW_OP_abs), 5, "neg, abs" },
	{ B(DW_OP_lit0, DW_OP_not), UINT64_MAX, "not" },
	{ B(DW_OP_lit12, DW_OP_lit10, DW_OP_and), 8, "and" },
	{ B(DW_OP_lit12, DW_OP_lit10, DW_OP_or), 14, "or" },
	{ B(DW_OP_lit12, DW_OP_lit10, DW_OP_xor), 6, "xor" },
	{ B(DW_OP_lit7, DW_OP_neg, DW_OP_lit2, DW_OP_div), (u64)-3, "div is signed" },
	{ B(DW_OP_lit7, DW_OP_lit4, DW_OP_mod), 3, "mod" },
	{ B(DW_OP_lit1, DW_OP_lit4, DW_OP_shl), 16, "shl" },
	{ B(DW_OP_lit16, DW_OP_lit2, DW_OP_shr), 4, "shr" },
	{ B(DW_OP_lit16, DW_OP_neg, DW_OP_lit2, DW_OP_shra), (u64)-4, "shra" },
	{ B(DW_OP_lit1, DW_OP_const1u, 200, DW_OP_shl), 0, "shl by more than there is" },
	{ B(DW_OP_lit4, DW_OP_plus_uconst, 0x80, 1), 132, "plus_uconst" },
	{ B(DW_OP_lit1, DW_OP_neg, DW_OP_lit1, DW_OP_lt), 1, "lt is signed" },
	{ B(DW_OP_lit1, DW_OP_lit1, DW_OP_ge), 1, "ge" },
	{ B(DW_OP_lit1, DW_OP_lit1, DW_OP_ne), 0, "ne" },
	{ B(DW_OP_lit3, DW_OP_skip, S(1), DW_OP_drop, DW_OP_nop), 3, "skip" },
	{ B(DW_OP_lit3, DW_OP_lit1, DW_OP_bra, S(1), DW_OP_drop, DW_OP_nop), 3, "bra, taken" },
	{ B(DW_OP_lit3, DW_OP_lit4, DW_OP_lit0, DW_OP_bra, S(1), DW_OP_drop), 3, "bra, not taken" },
	/* 10 times: n = 10; do n--; while (n) */
	{ B(DW_OP_lit10, DW_OP_lit1, DW_OP_minus, DW_OP_dup, DW_OP_bra, S(-6)), 0, "a loop that ends" },
	{ B(DW_OP_entry_value, 1, DW_OP_reg5), 0x5555, "entry_value" },
	{ B(DW_OP_reg0 + 6), 0x1006, "a frame base that is a register" },
};

static const struct {
	struct bytes code;
	int code_of_error;
	const char *sentence;
} errors[] = {
	{ B(DW_OP_lit1, DW_OP_skip, S(-3)), EBADMSG, "the location expression does not end" },
	{ B(DW_OP_skip, S(-3)), EBADMSG, "the location expression does not end" },
	{ B(DW_OP_plus), EBADMSG, "the location expression takes from an empty stack" },
	{ B(DW_OP_lit1, DW_OP_swap), EBADMSG, "the location expression takes from an empty stack" },
	{ B(DW_OP_lit1, DW_OP_pick, 9), EBADMSG, "the location expression takes from an empty stack" },
	{ B(DW_OP_lit1, DW_OP_dup, DW_OP_skip, S(-4)), EBADMSG, "the location expression overflows its stack" },
	{ B(DW_OP_lit1, DW_OP_lit0, DW_OP_div), EBADMSG, "the location expression divides by zero" },
	{ B(DW_OP_skip, S(100)), 0, NULL }, /* behind the end: nothing is left */
	{ B(DW_OP_lit1, DW_OP_skip, S(-100)), EBADMSG, "the location expression jumps out of itself" },
	{ B(DW_OP_lit0, DW_OP_deref), EFAULT, "no memory at 0x0" },
	{ B(DW_OP_const2u, 0, 0x20, DW_OP_deref_size, 9), EBADMSG, "the location expression reads an impossible size" },
	{ B(DW_OP_breg15, 0), ENODATA, "register 15 was not saved" },
	{ B(DW_OP_entry_value, 1, DW_OP_reg1), ENODATA, "nobody knows" },
	{ B(DW_OP_fbreg, 0), ENODATA, "there is no frame here" },
	{ B(DW_OP_lit0, DW_OP_GNU_push_tls_address), ENOTSUP,
	  "thread-local variables have no address without a thread library" },
	{ B(0xe9), ENOTSUP, "the location uses operation 0xe9, which vmstep does not know" },
};

static const struct location_env env = { .ops = &ops, .address_size = 8 };

static bool decode(const struct bytes *b, struct location_expr *ret, const char *what)
{
	return tap_eq(location_decode(b->b, b->n, 8, 4, ret, &err), 0, "%s: decoded", what);
}

static void test_values(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
		struct location_expr e;
		u64 v = 0xbad;

		if (!decode(&values[i].code, &e, values[i].what))
			continue;
		location_compute(&env, &e, false, 0, &v, &err);
		tap_eq(v, values[i].value, "%s", values[i].what);
		location_expr_free(&e);
	}
}

static void test_errors(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(errors); i++) {
		const char *want = errors[i].sentence ?: "the location expression takes from an empty stack";
		struct location_expr e;
		u64 v;

		if (!decode(&errors[i].code, &e, want))
			continue;
		tap_ok(location_compute(&env, &e, false, 0, &v, &err) < 0, "%s: is refused", want);
		tap_str(err.text, want, "with its sentence");
		location_expr_free(&e);
	}
}

/* Every prefix of every expression: damaged ones are told, nothing is read behind the end. */
static void test_cut(void)
{
	unsigned refused = 0, silent = 0;

	for (size_t i = 0; i < ARRAY_SIZE(values); i++)
		for (u8 n = 0; n < values[i].code.n; n++) {
			u8 *copy = malloc(n + !n);
			struct location_expr e;

			memcpy(copy, values[i].code.b, n);
			memset(&err, 0, sizeof(err));
			if (location_decode(copy, n, 8, 4, &e, &err)) {
				refused++;
				silent += !err.text[0];
			} else {
				location_expr_free(&e);
			}
			free(copy);
		}
	tap_ok(refused > 30, "%u cut expressions are refused", refused);
	tap_eq(silent, 0, "each with a sentence");
}

static void test_32(void)
{
	static const struct bytes minus = B(DW_OP_lit1, DW_OP_neg);
	static const struct location_env narrow = { .ops = &ops, .address_size = 4 };
	struct location_expr e;
	u64 v = 0;

	decode(&minus, &e, "lit1, neg");
	location_compute(&narrow, &e, false, 0, &v, &err);
	tap_eq(v, 0xffffffff, "32-bit values wrap at their width");
	location_compute(&env, &e, true, 9, &v, &err);
	tap_eq(v, UINT64_MAX, "what call frame information pushes first lies below");
	location_expr_free(&e);
}

static void place_of(const struct bytes *b, struct place *ret, const char *what)
{
	struct location_expr e;

	memset(ret, 0xff, sizeof(*ret));
	if (!decode(b, &e, what))
		return;
	tap_eq(location_run(&env, &e, ret, &err), 0, "%s", what);
	location_expr_free(&e);
}

static void test_places(void)
{
	static const struct bytes in_memory = B(DW_OP_breg0 + 7, 0x10), in_register = B(DW_OP_reg5), empty = B();
	static const struct bytes value = B(DW_OP_lit9, DW_OP_stack_value);
	static const struct bytes bytes = B(DW_OP_implicit_value, 2, 0xaa, 0xbb);
	static const struct bytes pieces = B(DW_OP_reg1, DW_OP_piece, 4, DW_OP_piece, 2, DW_OP_lit3, DW_OP_stack_value,
					     DW_OP_piece, 2, DW_OP_reg2, DW_OP_bit_piece, 5, 3);
	static const struct bytes pointer = B(DW_OP_implicit_pointer, 1, 0, 0, 0, 4);
	struct place p;

	place_of(&in_memory, &p, "an address");
	tap_ok(p.n == 1 && p.piece[0].kind == PIECE_MEMORY && p.piece[0].at == 0x1017, "is memory there");
	place_of(&in_register, &p, "a register");
	tap_ok(p.n == 1 && p.piece[0].kind == PIECE_REGISTER && p.piece[0].at == 5, "is that register");
	place_of(&empty, &p, "an empty expression");
	tap_eq(p.n, 0, "is optimized out");
	place_of(&value, &p, "stack_value");
	tap_ok(p.n == 1 && p.piece[0].kind == PIECE_VALUE && p.piece[0].at == 9, "is the number");
	place_of(&bytes, &p, "implicit_value");
	tap_ok(p.n == 1 && p.piece[0].kind == PIECE_BYTES && p.piece[0].n_bytes == 2 && p.piece[0].bytes[1] == 0xbb,
	       "is its bytes");
	place_of(&pointer, &p, "implicit_pointer");
	tap_eq(p.piece[0].kind, PIECE_POINTER, "is a pointer to something without an address");
	place_of(&pieces, &p, "pieces");
	tap_eq(p.n, 4, "all of them");
	tap_ok(p.piece[0].kind == PIECE_REGISTER && p.piece[0].bits == 32, "4 bytes in a register");
	tap_ok(p.piece[1].kind == PIECE_NONE && p.piece[1].bits == 16, "2 that are gone");
	tap_ok(p.piece[2].kind == PIECE_VALUE && p.piece[2].at == 3, "a number");
	tap_ok(p.piece[3].bits == 5 && p.piece[3].bit_offset == 3, "and bits of a register");
}

static void test_lists(void)
{
	struct location_expr expr[] = { { .low = 0x10, .high = 0x10 }, { .low = 0x10, .high = 0x20 },
					{ .low = 0, .high = 0 } };
	struct location_list l = { .expr = expr, .n = 3, .is_list = true };

	tap_ok(location_at(&l, 0x18, false) == &expr[1], "a list: the range that holds the address");
	tap_ok(location_at(&l, 0x10, false) == &expr[1], "an empty range holds none");
	tap_ok(location_at(&l, 0x10, true) == &expr[0], "but the function's entry");
	tap_ok(location_at(&l, 0x20, false) == &expr[2], "a range's end is outside: the default");
}

int main(void)
{
	for (unsigned i = 0; i < sizeof(memory); i++)
		memory[i] = i;
	test_values();
	test_errors();
	test_cut();
	test_32();
	test_places();
	test_lists();
	return tap_done();
}
