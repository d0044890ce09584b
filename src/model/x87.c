/*
 * x87.c - the x87 instructions that compute and move: checks, the operand in memory, the host's
 * processor for the rest (x87_host.c), and the pointers to the last instruction.
 *
 * SDM volume 1, "Programming with the x87 FPU"; volume 2, the instructions' sections.
 */
#include <string.h>
#include <Zydis/Zydis.h>

#include "model/operand.h"
#include "model/x87.h"

/* SDM volume 3, "Alignment Requirements by Data Type". */
enum { EXTENDED_ALIGN = 8 };

const struct opnd *x87_operand(const struct op *o)
{
	return &o->opnd[0];
}

static u8 opcode_of(const struct op *o)
{
	return 0xd0 | o->cc;
}

static bool has_memory(const struct op *o)
{
	return o->modrm < 0xc0;
}

/* Which of a memory opcode's eight store: bit n for /n. */
static bool is_store(const struct op *o)
{
	static const u8 stores[8] = { [1] = 0x0c, [3] = 0x8e, [5] = 0x0e, [7] = 0xce };

	return has_memory(o) && stores[opcode_of(o) & 7] >> (o->modrm >> 3 & 7) & 1;
}

/* SDM volume 1, "x87 FPU Instruction and Data (Operand) Pointers", "Last Instruction Opcode". */
static void pointers_set(struct model *m, const struct op *o, struct fpu *f)
{
	f->fop = (opcode_of(o) & 7) << 8 | o->modrm;
	f->fip = m->c.rip;
	if (has_memory(o))
		f->fdp = op_address(m, o, x87_operand(o));
}

static enum ex memory_load(struct model *m, const struct op *o, u8 *buf)
{
	const struct opnd *d = x87_operand(o);
	u64 at = op_address(m, o, d), v;

	if (d->size > 8) {
		TRY(need_alignment(m, d->seg, at, EXTENDED_ALIGN));
		return mem_read_bytes(m, d->seg, at, d->size, buf);
	}
	TRY(mem_read(m, d->seg, at, d->size, &v));
	memcpy(buf, &v, 8);
	return EX_DONE;
}

/* A fault of the store comes before what the number raises. */
static enum ex memory_probe(struct model *m, const struct op *o)
{
	const struct opnd *d = x87_operand(o);
	u64 at = op_address(m, o, d);

	if (d->size <= 8)
		return mem_probe_write(m, d->seg, at, d->size);
	TRY(need_alignment(m, d->seg, at, EXTENDED_ALIGN));
	return block_probe(m, d->seg, at, d->size);
}

static enum ex memory_store(struct model *m, const struct op *o, const u8 *buf)
{
	const struct opnd *d = x87_operand(o);
	u64 at = op_address(m, o, d), v;

	if (d->size > 8)
		return block_write(m, d->seg, at, d->size, buf);
	memcpy(&v, buf, 8);
	return mem_write(m, d->seg, at, d->size, v);
}

/* Unmasked, any but the inexact result keeps a store from being made (SDM volume 1, "x87 FPU
 * Floating-Point Exception Conditions"). */
static bool store_is_made(const struct fpu *f)
{
	return !(f->fsw & ~f->fcw & (X87_EXCEPTIONS & ~FSW_PE));
}

/*
 * Under IGNNE# an exception that waits is ignored: the host, which would not, does not see it. What is put
 * back behind the instruction.
 */
static u16 waiting_take(struct fpu *f)
{
	u16 waiting = f->fsw & FSW_ES ? f->fsw & X87_EXCEPTIONS : 0;

	f->fsw &= ~waiting;
	fpu_summary(f);
	return waiting;
}

static enum ex op_compute(struct model *m, const struct op *o)
{
	u16 waiting;
	u8 buf[16] = { 0 };
	u64 rflags = m->c.rflags;
	struct fpu *f = fpu_of(m);

	TRY(need_x87_waiting(m));
	if (is_store(o))
		TRY(memory_probe(m, o));
	else if (has_memory(o))
		TRY(memory_load(m, o, buf));
	pointers_set(m, o, f);
	waiting = waiting_take(f);
	x87_host_run(f, opcode_of(o), o->modrm, buf, &rflags);
	if (is_store(o) && store_is_made(f))
		TRY(memory_store(m, o, buf));
	f->fsw |= waiting;
	fpu_summary(f);
	flags_set(m, FL_ARITH, rflags & FL_ARITH);
	return EX_DONE;
}

/* Nothing for the host: what was said to the 8087 and the 287 (SDM volume 3, "Obsolete
 * Instructions"). They wait for nothing. */
static enum ex op_ignored(struct model *m, const struct op *o)
{
	return need_x87(m);
}

#define COMPUTE(name)                                                                              \
	{                                                                                          \
		ZYDIS_MNEMONIC_##name, op_compute                                                  \
	}

const struct op_row x87_ops[] = {
	COMPUTE(FADD),	  COMPUTE(FADDP),   COMPUTE(FIADD),    COMPUTE(FSUB),	 COMPUTE(FSUBP),
	COMPUTE(FISUB),	  COMPUTE(FSUBR),   COMPUTE(FSUBRP),   COMPUTE(FISUBR),	 COMPUTE(FMUL),
	COMPUTE(FMULP),	  COMPUTE(FIMUL),   COMPUTE(FDIV),     COMPUTE(FDIVP),	 COMPUTE(FIDIV),
	COMPUTE(FDIVR),	  COMPUTE(FDIVRP),  COMPUTE(FIDIVR),   COMPUTE(FCOM),	 COMPUTE(FCOMP),
	COMPUTE(FCOMPP),  COMPUTE(FICOM),   COMPUTE(FICOMP),   COMPUTE(FUCOM),	 COMPUTE(FUCOMP),
	COMPUTE(FUCOMPP), COMPUTE(FCOMI),   COMPUTE(FCOMIP),   COMPUTE(FUCOMI),	 COMPUTE(FUCOMIP),
	COMPUTE(FTST),	  COMPUTE(FXAM),    COMPUTE(FLD),      COMPUTE(FST),	 COMPUTE(FSTP),
	COMPUTE(FSTPNCE), COMPUTE(FILD),    COMPUTE(FIST),     COMPUTE(FISTP),	 COMPUTE(FISTTP),
	COMPUTE(FBLD),	  COMPUTE(FBSTP),   COMPUTE(FXCH),     COMPUTE(FCHS),	 COMPUTE(FABS),
	COMPUTE(FLD1),	  COMPUTE(FLDL2T),  COMPUTE(FLDL2E),   COMPUTE(FLDPI),	 COMPUTE(FLDLG2),
	COMPUTE(FLDLN2),  COMPUTE(FLDZ),    COMPUTE(FSQRT),    COMPUTE(FRNDINT), COMPUTE(FSCALE),
	COMPUTE(FXTRACT), COMPUTE(FPREM),   COMPUTE(FPREM1),   COMPUTE(F2XM1),	 COMPUTE(FYL2X),
	COMPUTE(FYL2XP1), COMPUTE(FSIN),    COMPUTE(FCOS),     COMPUTE(FSINCOS), COMPUTE(FPTAN),
	COMPUTE(FPATAN),  COMPUTE(FCMOVB),  COMPUTE(FCMOVE),   COMPUTE(FCMOVBE), COMPUTE(FCMOVU),
	COMPUTE(FCMOVNB), COMPUTE(FCMOVNE), COMPUTE(FCMOVNBE), COMPUTE(FCMOVNU), COMPUTE(FFREE),
	COMPUTE(FFREEP),  COMPUTE(FINCSTP), COMPUTE(FDECSTP),  COMPUTE(FNOP),
	{ ZYDIS_MNEMONIC_FENI8087_NOP, op_ignored },
	{ ZYDIS_MNEMONIC_FDISI8087_NOP, op_ignored },
	{ ZYDIS_MNEMONIC_FSETPM287_NOP, op_ignored },
	{ 0 },
};
