/*
 * encode.h - what the shim computes without a CPU: descriptors, EPT entries, control words. Pure, so
 * that the host can test it.
 */
#ifndef VMSTEP_SHIM_ENCODE_H
#define VMSTEP_SHIM_ENCODE_H

#include <vmstep/mailbox.h>
#include <vmstep/x86.h>

struct wide_entry {
	u64 low, high;
};

/* SDM "Reserved Controls and Default Settings": the MSR's low half must be 1, its high half may be 1. */
static inline u32 controls_allowed(u64 msr, u32 want)
{
	return (want | (u32)msr) & (u32)(msr >> 32);
}

/* SDM "64-Bit IDT Gate Descriptors": an interrupt gate, DPL 0, no IST. */
static inline struct wide_entry gate_encode(u16 selector, u64 handler)
{
	return (struct wide_entry){
		.low = (handler & 0xffff) | (u64)selector << 16 | 0x8eull << 40 | (handler >> 16 & 0xffff) << 48,
		.high = handler >> 32,
	};
}

/* SDM "TSS Descriptor in 64-bit Mode": 16 bytes; type 9, available. */
static inline struct wide_entry tss_encode(u64 base, u32 limit)
{
	return (struct wide_entry){
		.low = limit | (base & 0xffffff) << 16 | 0x89ull << 40 | (base >> 24 & 0xff) << 56,
		.high = base >> 32,
	};
}

/* SDM "EPT Page-Directory-Pointer-Table Entry that Maps a 1-GByte Page": RWX, write-back. GiB `i` of L2
 * is GiB `i`, only the shim's leads to its neighbour. */
static inline u64 ept_gib(u64 i)
{
	const u64 rwx = 7, write_back = 6 << 3, large = 1 << 7, shim = SHIM_GPA >> 30;

	return (i == shim ? shim + 1 : i) << 30 | rwx | write_back | large;
}

/* How many GiB one PML4 entry maps on a processor with that many physical-address bits. */
static inline u64 ept_gibs(unsigned maxphyaddr)
{
	return maxphyaddr >= 39 ? 512 : BIT64(maxphyaddr - 30);
}

/* CPUID.1:ECX for L2: no VMX; OSXSAVE is the reader's own CR4.OSXSAVE. */
static inline u32 cpuid1_ecx(u32 ecx, u64 cr4)
{
	const u32 vmx = BIT(5), osxsave = BIT(27);

	return (ecx & ~(vmx | osxsave)) | (cr4 & CR4_OSXSAVE ? osxsave : 0);
}

/* L2 has no VMX: IA32_FEATURE_CONTROL and the capability MSRs are not there. */
static inline bool msr_is_hidden(u32 nr)
{
	return nr == 0x3a || (nr >= 0x480 && nr <= 0x492);
}

#endif
