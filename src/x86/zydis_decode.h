/*
 * zydis_decode.h - the one way this folder calls Zydis' decoder.
 */
#ifndef VMSTEP_ZYDIS_DECODE_H
#define VMSTEP_ZYDIS_DECODE_H

#include <Zydis/Zydis.h>
#include <vmstep/insn.h>

struct decoded {
	ZydisDecodedInstruction insn;
	ZydisDecodedOperand op[ZYDIS_MAX_OPERAND_COUNT];
};

/*
 * The 16-bit machine mode is the protected one in real mode too: the real mode's would refuse
 * instructions that only fault there (LTR), and a debugger wants to show those.
 */
static inline bool zydis_decode(unsigned bits, const u8 *bytes, size_t n, struct decoded *ret)
{
	ZydisMachineMode mode = bits == 64   ? ZYDIS_MACHINE_MODE_LONG_64
				: bits == 32 ? ZYDIS_MACHINE_MODE_LEGACY_32
					     : ZYDIS_MACHINE_MODE_LEGACY_16;
	ZydisStackWidth stack = bits == 64   ? ZYDIS_STACK_WIDTH_64
				: bits == 32 ? ZYDIS_STACK_WIDTH_32
					     : ZYDIS_STACK_WIDTH_16;
	ZydisDecoder decoder;

	return n && ZYAN_SUCCESS(ZydisDecoderInit(&decoder, mode, stack)) &&
	       ZYAN_SUCCESS(ZydisDecoderDecodeFull(&decoder, bytes, n > INSN_MAX ? INSN_MAX : n,
						   &ret->insn, ret->op));
}

/* insn_mem.c: the operands' formulas into ret->mem. */
void insn_mem_decode(const struct decoded *d, struct insn *ret);

#endif
