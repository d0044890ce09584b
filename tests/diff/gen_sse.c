/*
 * gen_sse.c - a random instruction of MMX or SSE to SSE4.2: bytes of a row of the native test's table, the
 * registers, MXCSR and memory that make it meaningful.
 */
#include <string.h>

#include "../sse_random.h"
#include "diff.h"
#include "x86/zydis_decode.h"

static u8 *opcode_put(u64 *seed, const struct form *f, u8 *p)
{
	static const u8 segs[] = { 0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65 };
	u8 rex = random_below(seed, 8) | (f->flags & FORM_W && one_in(seed, 2) ? 8 : 0);

	if (one_in(seed, 8))
		*p++ = 0x67;
	if (one_in(seed, 12))
		*p++ = segs[random_below(seed, sizeof(segs))];
	if (f->flags & FORM_66 && one_in(seed, 3))
		*p++ = 0x66;
	if (f->prefix)
		*p++ = f->prefix;
	if (one_in(seed, 2) || f->flags & FORM_W)
		*p++ = 0x40 | rex;
	if (f->map != MAP_ONE)
		*p++ = 0x0f;
	if (f->map >= MAP_0F38)
		*p++ = f->map == MAP_0F38 ? 0x38 : 0x3a;
	*p++ = f->opcode;
	return p;
}

/* What follows the ModRM byte is random already. */
static void code_make(u64 *seed, const struct form *f, u8 *code)
{
	bool memory = f->flags & FORM_MEM || (!(f->flags & FORM_REG) && one_in(seed, 2));
	unsigned reg = f->ext >= 0 ? (unsigned)f->ext : random_below(seed, 8);
	unsigned rm = f->rm ? (unsigned)f->rm & 7 : random_below(seed, 8);
	u8 *p;

	for (unsigned i = 0; i < sizeof(((struct sample *)0)->code); i++)
		code[i] = random_u64(seed);
	p = opcode_put(seed, f, code);
	if (!(f->flags & FORM_NO_MODRM))
		*p = (memory ? random_below(seed, 3) : 3) << 6 | reg << 3 | rm;
}

static bool name_begins(const struct form *f, const char *head)
{
	return !strncmp(f->name, head, strlen(head));
}

/* Lengths of the string comparisons that say something; a base of the memory operand takes it back. */
static void registers_make(u64 *seed, struct sample *s, const struct decoded *d)
{
	struct fpu *x = (struct fpu *)s->c.fxsave;

	mxcsr_make(seed, x);
	mmx_state_make(seed, x);
	if (name_begins(s->sse, "cvtpi2ps") && d->insn.raw.modrm.mod != 3)
		x->fsw &= 0x7f00; /* nothing waits: known_processor.c, cvtpi2ps_memory() */
	if (!name_begins(s->sse, "pcmpestr"))
		return;
	s->c.gpr[GPR_RAX] = (s64)random_below(seed, 40) - 20;
	s->c.gpr[GPR_RDX] = (s64)random_below(seed, 40) - 20;
}

/* Registers and the memory operand hold values of one kind. */
static void values_make(u64 *seed, struct sample *s)
{
	unsigned kind = name_begins(s->sse, "pcmp") && !one_in(seed, 4) ? 2 : random_below(seed, 4);
	struct fpu *x = (struct fpu *)s->c.fxsave;
	u64 v[2];

	lanes_fill(seed, kind, (u8 *)x->xmm, sizeof(x->xmm));
	lanes_fill(seed, kind, (u8 *)v, sizeof(v));
	patch_add(s, s->aimed, v[0]);
	patch_add(s, s->aimed + 8, v[1]);
}

bool sse_sample_make(u64 *seed, const struct form *f, struct sample *s)
{
	struct decoded d;

	memset(s, 0, sizeof(*s));
	s->place = P_LONG3;
	s->x87 = true;
	s->sse = f;
	s->align = f->align;
	place_state(s->place, &s->c);
	code_make(seed, f, s->code);
	sample_begin(seed, s);
	if (!zydis_decode(64, s->code, sizeof(s->code) - 1, &d))
		return false;
	registers_make(seed, s, &d);
	operands_aim(seed, s, &d);
	values_make(seed, s);
	return true;
}
