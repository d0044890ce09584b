/*
 * names.c - what the architecture calls its things; see x86_tables.h.
 * Freestanding: the core and the shim use it too.
 */
#include <vmstep/x86_tables.h>

/* SDM volume 3, table "Protected-Mode Exceptions and Interrupts". */
static const struct {
	const char *name, *text;
} exceptions[32] = {
	[EXC_DE] = { "#DE", "divide error" },
	[EXC_DB] = { "#DB", "debug exception" },
	[EXC_NMI] = { "NMI", "non-maskable interrupt" },
	[EXC_BP] = { "#BP", "breakpoint" },
	[EXC_OF] = { "#OF", "overflow" },
	[EXC_BR] = { "#BR", "bound range exceeded" },
	[EXC_UD] = { "#UD", "invalid opcode" },
	[EXC_NM] = { "#NM", "device not available" },
	[EXC_DF] = { "#DF", "double fault" },
	[9] = { "", "coprocessor segment overrun" },
	[EXC_TS] = { "#TS", "invalid TSS" },
	[EXC_NP] = { "#NP", "segment not present" },
	[EXC_SS] = { "#SS", "stack-segment fault" },
	[EXC_GP] = { "#GP", "general protection" },
	[EXC_PF] = { "#PF", "page fault" },
	[EXC_MF] = { "#MF", "x87 floating-point error" },
	[EXC_AC] = { "#AC", "alignment check" },
	[EXC_MC] = { "#MC", "machine check" },
	[EXC_XM] = { "#XM", "SIMD floating-point exception" },
	[EXC_VE] = { "#VE", "virtualization exception" },
	[EXC_CP] = { "#CP", "control protection exception" },
};

static const char *const modes[MODE_COUNT] = {
	[MODE_REAL] = "real",     [MODE_V86] = "v86",           [MODE_PROT16] = "prot16",
	[MODE_PROT32] = "prot32", [MODE_COMPAT16] = "compat16", [MODE_COMPAT32] = "compat32",
	[MODE_LONG] = "long",
};

static const char *const gprs[GPR_COUNT] = {
	"rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi",
	"r8",  "r9",  "r10", "r11", "r12", "r13", "r14", "r15",
};

static const char *const segs[SEG_COUNT] = { "es", "cs", "ss", "ds", "fs", "gs" };

const char *exception_name(u8 vector)
{
	return vector < ARRAY_SIZE(exceptions) && exceptions[vector].name ? exceptions[vector].name
									  : "";
}

const char *exception_long_name(u8 vector)
{
	if (vector >= ARRAY_SIZE(exceptions))
		return "interrupt";
	return exceptions[vector].text ? exceptions[vector].text : "reserved vector";
}

const char *mode_name(enum cpu_mode m)
{
	return (unsigned)m < MODE_COUNT ? modes[m] : "?";
}

const char *gpr_name(enum gpr r)
{
	return (unsigned)r < GPR_COUNT ? gprs[r] : "?";
}

const char *seg_name(enum seg s)
{
	return (unsigned)s < SEG_COUNT ? segs[s] : "?";
}
