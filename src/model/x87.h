/*
 * x87.h - what the x87 files share: x87.c the instructions that compute and move, x87_host.c the host's
 * processor that does it, x87_control.c the environment. Nobody else includes it.
 */
#ifndef VMSTEP_MODEL_X87_H
#define VMSTEP_MODEL_X87_H

#include "model/fpu.h"

enum {
	FSW_IE = BIT(0),
	FSW_DE = BIT(1),
	FSW_ZE = BIT(2),
	FSW_OE = BIT(3),
	FSW_UE = BIT(4),
	FSW_PE = BIT(5),
};

/*
 * One instruction on the host: `opcode` D8-DF, `modrm` with mod 3 or with the operand at `mem`, which
 * is as long as the instruction wants. No exception may be pending in *f. *rflags: in, of FCMOVcc; out,
 * as FCOMI and its kin leave it.
 */
void x87_host_run(struct fpu *f, u8 opcode, u8 modrm, void *mem, u64 *rflags);

/* The memory operand, which is the only explicit one there is. */
const struct opnd *x87_operand(const struct op *o);

#endif
