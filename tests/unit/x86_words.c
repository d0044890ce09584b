/* Flags, debug registers and names in words, byte for byte. */
#include <vmstep/x86_tables.h>

#include "tap.h"

static void format_is(void (*format)(u64, char *, size_t), u64 v, const char *wanted, const char *name)
{
	char text[160], cut[6];

	format(v, text, sizeof(text));
	tap_str(text, wanted, "%s of %#llx", name, (unsigned long long)v);
	format(v, cut, sizeof(cut));
	tap_ok(strlen(cut) < sizeof(cut) && !strncmp(cut, wanted, strlen(cut)), "%s of %#llx, cut", name,
	       (unsigned long long)v);
}

static void flags(void)
{
	format_is(rflags_format, 2, "[ ]", "rflags");
	format_is(rflags_format, 0x246, "[ PF ZF IF ]", "rflags");
	format_is(rflags_format, 0x100, "[ TF ]", "rflags");
	format_is(rflags_format, 0x3202, "[ IF IOPL=3 ]", "rflags");
	format_is(rflags_format, 0x1000 | FL_NT, "[ IOPL=1 NT ]", "rflags");
	format_is(rflags_format, ~0ull, "[ CF PF AF ZF SF TF IF DF OF IOPL=3 NT RF VM AC VIF VIP ID ]", "rflags");
	format_is(cr0_format, 0, "[ ]", "cr0");
	format_is(cr0_format, 0x80000011, "[ PE ET PG ]", "cr0");
	format_is(cr0_format, 0x60000010, "[ ET NW CD ]", "cr0");
	format_is(cr0_format, ~0ull, "[ PE MP EM TS ET NE WP AM NW CD PG ]", "cr0");
	format_is(cr4_format, 0x620, "[ PAE OSFXSR OSXMMEXCPT ]", "cr4");
	format_is(cr4_format, CR4_LA57 | CR4_VMXE | CR4_SMEP | CR4_SMAP | CR4_UMIP, "[ UMIP LA57 VMXE SMEP SMAP ]",
		  "cr4");
	format_is(cr4_format, ~0ull,
		  "[ VME PVI TSD DE PSE PAE MCE PGE PCE OSFXSR OSXMMEXCPT UMIP LA57 VMXE SMXE FSGSBASE PCIDE"
		  " OSXSAVE KL SMEP SMAP PKE CET PKS ]",
		  "cr4");
	format_is(efer_format, 0xd01, "[ SCE LME LMA NXE ]", "efer");
	format_is(efer_format, 0, "[ ]", "efer");
}

static void debug_registers(void)
{
	format_is(dr6_format, 0xffff0ff0, "[]", "dr6");
	format_is(dr6_format, 0xffff4ff0, "[BS]", "dr6");
	format_is(dr6_format, 0xffff4ff1, "[BS,B0]", "dr6");
	format_is(dr6_format, 0xffffefff, "[BT,BS,BD,B0,B1,B2,B3]", "dr6");
	format_is(dr6_format, 0xffff07f0, "[BLD]", "dr6");
	format_is(dr6_format, 0xfffe0ff0, "[RTM]", "dr6");
	/* Positive bits alone (an exit qualification, nothing at all) are no image of the register. */
	format_is(dr6_format, 0, "[]", "dr6");
	format_is(dr6_format, 0x4002, "[BS,B1]", "dr6");

	format_is(dr7_format, 0x400, "[]", "dr7");
	format_is(dr7_format, 0x400 | DR7_GD, "[GD]", "dr7");
	format_is(dr7_format, 0x000d0400 | DR7_L(0), "[dr0:w4 L]", "dr7");
	format_is(dr7_format, 0x000d0400 | DR7_L(0) | DR7_G(1) | DR7_GD, "[dr0:w4 L, dr1:x G, GD]", "dr7");
	format_is(dr7_format, 0xb2600400 | DR7_LG(1) | DR7_L(2) | DR7_G(3), "[dr1:io2 LG, dr2:io1 L, dr3:rw8 G]",
		  "dr7");
	format_is(dr7_format, 0xffff0400, "[]", "dr7");
}

static void names(void)
{
	static const char *const exceptions[] = {
		"#DE", "#DB", "NMI", "#BP", "#OF", "#BR", "#UD", "#NM", "#DF", "",    "#TS",
		"#NP", "#SS", "#GP", "#PF", "",	   "#MF", "#AC", "#MC", "#XM", "#VE", "#CP",
	};

	for (unsigned v = 0; v < 256; v++)
		tap_str(exception_name(v), v < ARRAY_SIZE(exceptions) ? exceptions[v] : "", "exception %u", v);
	tap_str(exception_long_name(1), "debug exception", "exception 1 in words");
	tap_str(exception_long_name(15), "reserved vector", "exception 15 in words");
	tap_str(exception_long_name(31), "reserved vector", "exception 31 in words");
	tap_str(exception_long_name(32), "interrupt", "vector 32 in words");
	for (unsigned v = 0; v < 256; v++)
		if (!exception_long_name(v)[0])
			tap_ok(false, "vector %u in words", v);
	tap_str(mode_name(MODE_REAL), "real", "mode");
	tap_str(mode_name(MODE_V86), "v86", "mode");
	tap_str(mode_name(MODE_PROT16), "prot16", "mode");
	tap_str(mode_name(MODE_PROT32), "prot32", "mode");
	tap_str(mode_name(MODE_COMPAT16), "compat16", "mode");
	tap_str(mode_name(MODE_COMPAT32), "compat32", "mode");
	tap_str(mode_name(MODE_LONG), "long", "mode");
	tap_str(mode_name(MODE_COUNT), "?", "mode out of range");
	tap_str(gpr_name(GPR_RAX), "rax", "gpr");
	tap_str(gpr_name(GPR_RSP), "rsp", "gpr");
	tap_str(gpr_name(GPR_RDI), "rdi", "gpr");
	tap_str(gpr_name(GPR_R15), "r15", "gpr");
	tap_str(gpr_name(GPR_COUNT), "?", "gpr out of range");
	tap_str(seg_name(SEG_ES), "es", "seg");
	tap_str(seg_name(SEG_SS), "ss", "seg");
	tap_str(seg_name(SEG_GS), "gs", "seg");
	tap_str(seg_name(SEG_COUNT), "?", "seg out of range");
}

int main(void)
{
	flags();
	debug_registers();
	names();
	return tap_done();
}
