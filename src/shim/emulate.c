/*
 * emulate.c - instructions of L2 that exit always and need a CPU to be done. Results go to the
 * registers in the mailbox; RIP stays on the instruction: the host skips it (outer skip).
 */
#include "shim.h"

enum { REASON_CPUID = 10, REASON_INVD = 13, REASON_VMCALL = 18, REASON_RDMSR = 31, REASON_WRMSR = 32,
       REASON_XSETBV = 55 };

static bool is_long(void)
{
	return (vmread(0x2806) & EFER_LMA) && (vmread(0x4816) & ATTR_L); /* CS access rights */
}

/* L2 has the shim's CPU without VMX; OSXSAVE shows the reader's own CR4. */
static u32 emulate_cpuid(void)
{
	u32 leaf = mailbox.gpr[GPR_RAX], a = leaf, c = mailbox.gpr[GPR_RCX], b, d;

	cpuid(&a, &b, &c, &d);
	if (leaf == 1)
		c = cpuid1_ecx(c, vmread(0x6804));
	mailbox.gpr[GPR_RAX] = a;
	mailbox.gpr[GPR_RBX] = b;
	mailbox.gpr[GPR_RCX] = c;
	mailbox.gpr[GPR_RDX] = d;
	return EMULATED_DONE;
}

/* XCR0 is one for shim and L2. A value the processor refuses is L2's #GP(0). */
static u32 emulate_xsetbv(void)
{
	u64 failed = 0;

	xsetbv_try(mailbox.gpr[GPR_RCX],
		   (u32)mailbox.gpr[GPR_RAX] | mailbox.gpr[GPR_RDX] << 32, &failed);
	return failed ? EMULATED_GP : EMULATED_DONE;
}

/*
 * MSRs that the bitmap has no bit for exit always (SDM "MSR-Bitmap Address"): KVM's own, such as its clock,
 * are there. They are one for shim and L2, and what they point to has the same address in both.
 */
static u32 emulate_rdmsr(void)
{
	u64 value = 0, failed = msr_is_hidden(mailbox.gpr[GPR_RCX]);

	if (!failed)
		rdmsr_try(mailbox.gpr[GPR_RCX], &value, &failed);
	if (failed)
		return EMULATED_GP;
	mailbox.gpr[GPR_RAX] = (u32)value;
	mailbox.gpr[GPR_RDX] = value >> 32;
	return EMULATED_DONE;
}

static u32 emulate_wrmsr(void)
{
	u64 failed = msr_is_hidden(mailbox.gpr[GPR_RCX]);

	if (!failed)
		wrmsr_try(mailbox.gpr[GPR_RCX], (u32)mailbox.gpr[GPR_RAX] | mailbox.gpr[GPR_RDX] << 32, &failed);
	return failed ? EMULATED_GP : EMULATED_DONE;
}

/* A hypercall of L2 is KVM's to answer, as if there were no shim between. KVM refuses those from
 * outside ring 0 with EPERM (1), which it cannot know here. */
static u32 emulate_vmcall(void)
{
	bool wide = is_long();
	u64 mask = wide ? ~0ull : 0xffffffff, a = mailbox.gpr[GPR_RAX] & mask;

	if (ATTR_DPL(vmread(0x4818)) == 0) /* SS access rights: CPL */
		__asm__ volatile("vmcall" : "+a"(a)
				 : "b"(mailbox.gpr[GPR_RBX] & mask), "c"(mailbox.gpr[GPR_RCX] & mask),
				   "d"(mailbox.gpr[GPR_RDX] & mask), "S"(mailbox.gpr[GPR_RSI] & mask)
				 : "memory");
	else
		a = -1;
	mailbox.gpr[GPR_RAX] = a & mask;
	return EMULATED_DONE;
}

u32 emulate(void)
{
	switch (mailbox.exit[EXIT_REASON]) {
	case REASON_CPUID:
		return emulate_cpuid();
	case REASON_XSETBV:
		return emulate_xsetbv();
	case REASON_RDMSR:
		return emulate_rdmsr();
	case REASON_WRMSR:
		return emulate_wrmsr();
	case REASON_VMCALL:
		return emulate_vmcall();
	case REASON_INVD: /* L2's memory is not thrown away: caches stay as they are */
		return EMULATED_DONE;
	default:
		return EMULATED_NOT;
	}
}
