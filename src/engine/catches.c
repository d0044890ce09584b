/* catches.c - which instructions are caught by what they are; see engine.h. */
#include <vmstep/engine.h>

u32 catches_of_class(u8 cls)
{
	switch (cls) {
	case INSN_RDMSR:
	case INSN_WRMSR:
		return CATCH_MSR;
	case INSN_MOV_CR:
		return CATCH_CR;
	case INSN_IN:
	case INSN_OUT:
		return CATCH_IO;
	case INSN_HLT:
		return CATCH_HLT;
	default:
		return 0;
	}
}
