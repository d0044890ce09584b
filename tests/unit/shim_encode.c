/* shim_encode.c - what the shim computes without a CPU; words by hand from the SDM's figures. */
#include "tap.h"

#include "shim/encode.h"

static void controls(void)
{
	/* must be 1: 16; may be 1: 7f */
	const u64 msr = 0x0000007f00000016;

	tap_eq(controls_allowed(msr, 0), 0x16, "what must be 1 is");
	tap_eq(controls_allowed(msr, 1 << 3), 0x1e, "what may be 1 is if wanted");
	tap_eq(controls_allowed(msr, 1 << 7), 0x16, "what may not be is not");
}

static void descriptors(void)
{
	struct wide_entry e = gate_encode(0x10, 0x123456789abcdef0);

	tap_eq(e.low, 0x9abc8e000010def0, "gate: offset 15:0 and 31:16, selector, P and type");
	tap_eq(e.high, 0x12345678, "gate: offset 63:32");
	e = tss_encode(0xf00012345678, 0x67);
	tap_eq(e.low, 0x1200893456780067, "TSS: base 31:24, P and type, base 23:0, limit");
	tap_eq(e.high, 0xf000, "TSS: base 63:32");
}

static void ept(void)
{
	tap_eq(ept_gib(0), 0xb7, "GiB 0: RWX, write-back, large");
	tap_eq(ept_gib(3), 0xc00000b7, "GiB 3 is itself");
	tap_eq(ept_gib(60), 0xf400000b7, "the shim's GiB leads to the next");
	tap_eq(ept_gib(61), 0xf400000b7, "which is itself too");
	tap_eq(ept_gibs(36), 64, "36 address bits: 64 GiB");
	tap_eq(ept_gibs(39), 512, "39: all of one PML4 entry");
	tap_eq(ept_gibs(46), 512, "46: no more");
}

static void cpuid(void)
{
	tap_eq(cpuid1_ecx(0xffffffff, 0), 0xf7ffffdf, "no VMX; no OSXSAVE while CR4 has none");
	tap_eq(cpuid1_ecx(0, CR4_OSXSAVE), 0x08000000, "OSXSAVE follows CR4");
}

static void msrs(void)
{
	unsigned n = 0;

	for (u32 nr = 0; nr < 0x2000; nr++)
		n += msr_is_hidden(nr);
	tap_eq(n, 20, "MSRs that L2 has not: IA32_FEATURE_CONTROL and 19 capabilities");
	tap_ok(msr_is_hidden(0x3a) && msr_is_hidden(0x480) && msr_is_hidden(0x492), "by number");
	tap_ok(!msr_is_hidden(0x4b564d01), "KVM's clock is not one");
}

int main(void)
{
	controls();
	descriptors();
	ept();
	cpuid();
	msrs();
	return tap_done();
}
