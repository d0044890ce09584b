/*
 * sse.c - MMX and SSE to SSE4.2: the registers and memory that make their operations meet all they can
 * meet. The rows are sse_forms.c's.
 */
#include <cpuid.h>
#include <string.h>

#include "native.h"
#include "sse_forms.h"

/* In FXSAVE's image. */
enum { FX_FCW = 0, FX_FSW = 2, FX_FTW = 4, FX_MXCSR = 24, FX_ST = 32, FX_XMM = 160 };

/* --- values: numbers of every kind, in lanes of one size --- */

static u32 single_any(u64 *seed)
{
	static const u32 edges[] = {
		0x00000000, 0x80000000, 0x3f800000, 0xbf800000, 0x7f800000, 0xff800000, 0x7fc00000,
		0xffc00001, 0x7f800001, 0xffbfffff, 0x00000001, 0x80000001, 0x007fffff, 0x00800000,
		0x80800000, 0x7f7fffff, 0xff7fffff, 0x4f000000, 0xcf000000, 0x4effffff, 0x5f000000,
		0x3f000000, 0x40200000, 0x00400000, 0x0d800000, 0x71800000,
	};
	u64 v = random_u64(seed);

	switch (v >> 60) {
	case 0 ... 5:
		return edges[(v >> 8) % ARRAY_SIZE(edges)];
	case 6 ... 8: /* about 1 */
		return (v & 0x80ffffff) | 0x3f000000;
	case 9: /* denormal */
		return v & 0x807fffff;
	case 10: /* about the least */
		return (v & 0x80ffffff) | 0x01000000;
	default:
		return v;
	}
}

static u64 double_any(u64 *seed)
{
	static const u64 edges[] = {
		0x0000000000000000, 0x8000000000000000, 0x3ff0000000000000, 0xbff0000000000000,
		0x7ff0000000000000, 0xfff0000000000000, 0x7ff8000000000000, 0xfff8000000000001,
		0x7ff0000000000001, 0xfff7ffffffffffff, 0x0000000000000001, 0x8000000000000001,
		0x000fffffffffffff, 0x0010000000000000, 0x7fefffffffffffff, 0xffefffffffffffff,
		0x41dfffffffc00000, 0x41e0000000000000, 0xc1e0000000000000, 0x43e0000000000000,
		0xc3e0000000000000, 0x3fe0000000000000, 0x4004000000000000, 0x380fffffffffffff,
		0x36a0000000000000, 0x47efffffffffffff, 0x3810000000000000,
	};
	u64 v = random_u64(seed);

	switch (random_below(seed, 16)) {
	case 0 ... 5:
		return edges[(v >> 8) % ARRAY_SIZE(edges)];
	case 6 ... 8:
		return (v & 0x801fffffffffffff) | 0x3fe0000000000000;
	case 9:
		return v & 0x800fffffffffffff;
	case 10: /* about the least single */
		return (v & 0x801fffffffffffff) | 0x3800000000000000;
	default:
		return v;
	}
}

/* Bytes of a short alphabet, zero among them, for the string comparisons. */
static u64 text_any(u64 *seed)
{
	u64 v = random_u64(seed), mask = one_in(seed, 2) ? 0x0303030303030303 : 0x0001000300030001;

	return one_in(seed, 4) ? v & mask : (v & mask) + 0x0101010101010101;
}

static void lanes_fill(u64 *seed, unsigned kind, u8 *p, unsigned n)
{
	for (unsigned i = 0; i < n; i += 8) {
		u64 v = kind == 0   ? (u64)single_any(seed) << 32 | single_any(seed)
			: kind == 1 ? double_any(seed)
			: kind == 2 ? text_any(seed)
				    : value_any(seed);

		memcpy(p + i, &v, n - i < 8 ? n - i : 8);
	}
}

/* --- the state --- */

static void mxcsr_make(u64 *seed, u8 *fx)
{
	u64 v = random_u64(seed);
	u32 mxcsr = 0x1f80 | (v & 0x6000); /* all masked, any rounding */

	if (one_in(seed, 3))
		mxcsr ^= v & 0x1f80;
	if (one_in(seed, 3))
		mxcsr |= v & 0x8040; /* FTZ, DAZ */
	if (one_in(seed, 2))
		mxcsr |= v & 0x3f;
	memcpy(fx + FX_MXCSR, &mxcsr, 4);
}

/* Any TOP, any tags; now and then an exception that waits. */
static void x87_make(u64 *seed, u8 *fx)
{
	u16 fcw = 0x37f, fsw = random_u64(seed) & 0x7f00;

	if (one_in(seed, 40))
		fcw &= ~1, fsw |= 0x8081;
	memcpy(fx + FX_FCW, &fcw, 2);
	memcpy(fx + FX_FSW, &fsw, 2);
	fx[FX_FTW] = random_u64(seed);
	for (unsigned i = 0; i < 8; i++)
		lanes_fill(seed, 3, fx + FX_ST + 16 * i, 10);
}

static bool name_begins(const struct form *f, const char *head)
{
	return !strncmp(f->name, head, strlen(head));
}

static void memory_fill(u64 *seed, const struct native_case *c, unsigned kind)
{
	struct op o;
	u8 v[16];

	if (!guest_decode(c, &o))
		return;
	lanes_fill(seed, kind, v, sizeof(v));
	for (unsigned i = 0; i < o.n; i++) {
		u64 at = o.opnd[i].kind == OPND_MEM ? guest_address(c, &o, i) : 0;

		if (at < AT_DATA || at > AT_HOLE - sizeof(v))
			continue;
		memcpy((void *)at, v, sizeof(v));
		memcpy(guest_data() + (at - AT_DATA), v, sizeof(v));
	}
}

static bool has_memory(const struct native_case *c)
{
	struct op o;

	return guest_decode(c, &o) && (o.opnd[0].kind == OPND_MEM || o.opnd[1].kind == OPND_MEM);
}

static void prepare(u64 *seed, const struct form *f, struct native_case *c)
{
	unsigned kind = random_below(seed, 4);
	u8 *fx = c->before.fx;

	mxcsr_make(seed, fx);
	x87_make(seed, fx);
	if (name_begins(f, "pcmp") && !one_in(seed, 4))
		kind = 2;
	lanes_fill(seed, kind, fx + FX_XMM, 256);
	/* The way in and out of host.c is mapped there alone. */
	if (name_begins(f, "maskmov") && (!one_in(seed, 8) || c->before.gpr[GPR_RDI] >> 16 == 0xfff ||
					  c->before.gpr[GPR_RDI] >> 16 == 0x1000 || c->before.gpr[GPR_RDI] >> 16 == 0x1fff ||
					  c->before.gpr[GPR_RDI] >> 16 == 0x2000))
		c->before.gpr[GPR_RDI] = AT_DATA + random_below(seed, DATA_SIZE - 8);
	if (name_begins(f, "pcmpestr") && !(f->flags & FORM_MEM)) {
		/* A base of the memory operand keeps its value: then it is a long string. */
		struct native_case was = *c;

		c->before.gpr[GPR_RAX] = (s64)random_below(seed, 40) - 20;
		c->before.gpr[GPR_RDX] = (s64)random_below(seed, 40) - 20;
		if (c->len && (c->code[c->len - 2] & 0xc0) != 0xc0)
			*c = was;
	}
	if (name_begins(f, "cvtpi2ps") && has_memory(c))
		fx[FX_FSW] &= ~0x80; /* see settle() */
	memory_fill(seed, c, kind);
}

/* --- what the host lacks --- */

/* Once: CPUID takes long inside a VM. */
static u32 host_ecx(void)
{
	static u32 a, b, c, d;

	if (!a)
		__get_cpuid(1, &a, &b, &c, &d);
	return c;
}

static const char *missing(const struct form *f)
{
	static const struct {
		u8 set, bit;
	} needs[] = { { SSE_3, 0 }, { SSSE_3, 9 }, { SSE_41, 19 }, { SSE_42, 20 } };

	for (unsigned i = 0; i < ARRAY_SIZE(needs); i++)
		if (sse_form_set(f) == needs[i].set && !(host_ecx() & BIT(needs[i].bit)))
			return "its CPUID does not show it";
	return NULL;
}

/* --- where processors differ --- */

/*
 * Whether the x87 registers become MMX's: for CVTPI2PS from memory the SDM says so, and AMD's processors
 * leave them; for a MASKMOVQ that faults theirs do it before the fault, which nobody says. Theirs have bit
 * 17 of MXCSR, too (misaligned operands allowed).
 */
static void settle(const struct form *f, const struct native_case *c, struct native_state *host,
		   const struct native_state *model)
{
	if (name_begins(f, "ldmxcsr") && host->fx[FX_MXCSR + 2] & 2)
		*host = *model;
	if (!(name_begins(f, "cvtpi2ps") && has_memory(c)) &&
	    !(name_begins(f, "maskmovq") && host->vector != NATIVE_NONE))
		return;
	memcpy(host->fx + FX_FSW, model->fx + FX_FSW, 3);
	memcpy(host->fx + FX_ST, model->fx + FX_ST, FX_XMM - FX_ST);
}

const struct native_family sse_family = { "sse", sse_forms, SSE_FORMS, prepare, settle, missing };
