/*
 * vmcs.c - the VMCS of L2: controls, host, guest, in this order; EPT and bitmaps. Field encodings and
 * control bits: SDM volume 3, appendix "Field Encoding in VMCS" and chapter "Virtual Machine Control
 * Structures".
 */
#include "shim.h"

enum {
	MSR_BASIC = 0x480, MSR_TRUE_PIN = 0x48d, MSR_PROC2 = 0x48b, MSR_TRUE_PROC = 0x48e,
	MSR_TRUE_EXIT = 0x48f, MSR_TRUE_ENTRY = 0x490, MSR_EPT_CAP = 0x48c,
	PIN_NMI = 1 << 3,
	PROC2_EPT = 1 << 1, PROC2_RDTSCP = 1 << 3, PROC2_UNRESTRICTED = 1 << 7, PROC2_INVPCID = 1 << 12,
	PROC2_XSAVES = 1 << 20,
	EXIT_SAVE_DEBUG = 1 << 2, EXIT_HOST_64 = 1 << 9, EXIT_SAVE_PAT = 1 << 18, EXIT_LOAD_PAT = 1 << 19,
	EXIT_SAVE_EFER = 1 << 20, EXIT_LOAD_EFER = 1 << 21,
	ENTRY_LOAD_DEBUG = 1 << 2, ENTRY_LOAD_PAT = 1 << 14, ENTRY_LOAD_EFER = 1 << 15,
	EPT_RWX = 7,
	EPTP_WB = 6, EPTP_4_LEVELS = 3 << 3,
};
#define PROC_MSR_BITMAPS (1u << 28)
#define PROC_SECONDARY   (1u << 31)

static u8 vmcs_region[4096] __attribute__((aligned(4096)));
static u8 msr_bitmap[4096] __attribute__((aligned(4096)));
static u64 ept_pml4[512] __attribute__((aligned(4096)));
static u64 ept_pdpt[512] __attribute__((aligned(4096)));

/*
 * EPT: the 512 GiB below one PML4 entry, L2's addresses as they are, in pages of 1 GiB. What no RAM of
 * the machine backs is a hole for L0 and so a device access that the machine answers, as without the
 * shim. Only the shim's own GiB leads elsewhere, to a neighbour without RAM: L2 reads there what it
 * reads in any hole and cannot reach the shim.
 */
static void ept_build(void)
{
	u32 a = 0x80000008, b, c = 0, d;
	u64 n;

	cpuid(&a, &b, &c, &d);
	n = ept_gibs(a & 0xff);
	ept_pml4[0] = (u64)ept_pdpt | EPT_RWX;
	for (u64 i = 0; i < n; i++)
		ept_pdpt[i] = ept_gib(i);
}

static void msr_intercept(u32 nr)
{
	msr_bitmap[nr / 8] |= 1 << nr % 8;        /* reads of 0-1fff */
	msr_bitmap[2048 + nr / 8] |= 1 << nr % 8; /* writes */
}

/* L2 has no VMX: its capability MSRs are not there. All other MSRs are L0's business. */
static void msr_bitmap_build(void)
{
	for (u32 nr = 0; nr < 0x2000; nr++)
		if (msr_is_hidden(nr))
			msr_intercept(nr);
}

static u32 allowed(u32 msr, u32 want)
{
	return controls_allowed(rdmsr(msr), want);
}

static int controls_write(void)
{
	u32 pin = allowed(MSR_TRUE_PIN, PIN_NMI);
	u32 proc = allowed(MSR_TRUE_PROC, PROC_MTF | PROC_HLT | PROC_MSR_BITMAPS | PROC_SECONDARY);
	u32 proc2 = allowed(MSR_PROC2, PROC2_EPT | PROC2_UNRESTRICTED | PROC2_RDTSCP | PROC2_INVPCID |
					       PROC2_XSAVES);
	u32 leave = allowed(MSR_TRUE_EXIT, EXIT_SAVE_DEBUG | EXIT_HOST_64 | EXIT_SAVE_PAT |
						   EXIT_LOAD_PAT | EXIT_SAVE_EFER | EXIT_LOAD_EFER);
	u32 enter = allowed(MSR_TRUE_ENTRY, ENTRY_LOAD_DEBUG | ENTRY_LOAD_PAT | ENTRY_LOAD_EFER);
	int bad = 0;

	if (!(proc & PROC_MTF) || !(proc & PROC_SECONDARY) || !(proc2 & PROC2_EPT) ||
	    !(proc2 & PROC2_UNRESTRICTED))
		return START_CONTROLS;
	mailbox.ctl[CTL_PROC] = proc; /* the host goes on from these */
	mailbox.ctl[CTL_EXCEPTIONS] = BIT(EXC_DB) | BIT(EXC_BP);
	bad |= vmwrite(0x4000, pin);   /* pin-based: NMIs exit, interrupts are L2's own (K10) */
	bad |= vmwrite(0x4002, proc);  /* primary processor-based */
	bad |= vmwrite(0x401e, proc2); /* secondary processor-based */
	bad |= vmwrite(0x400c, leave); /* VM-exit controls */
	bad |= vmwrite(0x4012, enter); /* VM-entry controls */
	bad |= vmwrite(0x4004, mailbox.ctl[CTL_EXCEPTIONS]); /* exception bitmap */
	bad |= vmwrite(0x4006, 0);     /* page-fault error-code mask and match: no #PF exits */
	bad |= vmwrite(0x4008, 0);
	bad |= vmwrite(0x400a, 0);     /* CR3-target count */
	bad |= vmwrite(0x400e, 0);     /* MSR lists */
	bad |= vmwrite(0x4010, 0);
	bad |= vmwrite(0x4014, 0);
	bad |= vmwrite(0x2004, (u64)msr_bitmap);
	bad |= vmwrite(0x201a, (u64)ept_pml4 | EPTP_WB | EPTP_4_LEVELS); /* EPT pointer */
	bad |= vmwrite(0x6000, CR0_NE);   /* CR0 and CR4 guest/host masks: what VMX fixes in them */
	bad |= vmwrite(0x6002, CR4_VMXE);
	return bad ? START_FIELD : 0;
}

static int host_write(void)
{
	static const struct {
		u16 code, value;
	} selectors[] = {
		{ 0xc00, SEL_DATA }, { 0xc02, SEL_CODE }, { 0xc04, SEL_DATA }, { 0xc06, SEL_DATA },
		{ 0xc08, SEL_DATA }, { 0xc0a, SEL_DATA }, { 0xc0c, SEL_TSS },
	};
	struct table_pointer g, i;
	u64 cr0, cr3, cr4;
	int bad = 0;

	__asm__ volatile("sgdt %0; sidt %1" : "=m"(g), "=m"(i));
	__asm__ volatile("mov %%cr0, %0; mov %%cr3, %1; mov %%cr4, %2" : "=r"(cr0), "=r"(cr3), "=r"(cr4));
	bad |= vmwrite(0x6c00, cr0);
	bad |= vmwrite(0x6c02, cr3);
	bad |= vmwrite(0x6c04, cr4);
	for (unsigned n = 0; n < ARRAY_SIZE(selectors); n++)
		bad |= vmwrite(selectors[n].code, selectors[n].value);
	bad |= vmwrite(0x6c06, 0);          /* FS and GS base */
	bad |= vmwrite(0x6c08, 0);
	bad |= vmwrite(0x6c0a, tss_base()); /* TR, GDTR, IDTR base */
	bad |= vmwrite(0x6c0c, g.base);
	bad |= vmwrite(0x6c0e, i.base);
	bad |= vmwrite(0x4c00, 0);          /* SYSENTER CS, ESP, EIP */
	bad |= vmwrite(0x6c10, 0);
	bad |= vmwrite(0x6c12, 0);
	bad |= vmwrite(0x2c00, rdmsr(MSR_PAT));
	bad |= vmwrite(0x2c02, rdmsr(MSR_EFER));
	return bad ? START_FIELD : 0;
}

/* The guest's registers come from the host before the first entry; these never change. */
static int guest_write(void)
{
	return vmwrite(0x2800, ~0ull) ? START_FIELD : 0; /* VMCS link pointer */
}

int vmcs_create(void)
{
	u64 gpa = (u64)vmcs_region;
	u8 failed;
	int r;

	*(u32 *)vmcs_region = rdmsr(MSR_BASIC); /* revision identifier */
	__asm__ volatile("vmclear %1; setna %0" : "=r"(failed) : "m"(gpa) : "cc", "memory");
	if (failed)
		return START_VMCS;
	__asm__ volatile("vmptrld %1; setna %0" : "=r"(failed) : "m"(gpa) : "cc", "memory");
	if (failed)
		return START_VMCS;
	ept_build();
	msr_bitmap_build();
	r = controls_write();
	if (!r)
		r = host_write();
	return r ? r : guest_write();
}
