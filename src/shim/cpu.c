/*
 * cpu.c - the shim's own descriptor tables, and VMX operation.
 */
#include "shim.h"

enum {
	MSR_FEATURE_CONTROL = 0x3a, FEATURE_LOCK = 1, FEATURE_VMXON = 4,
	MSR_VMX_BASIC = 0x480, MSR_CR0_FIXED0 = 0x486, MSR_CR4_FIXED0 = 0x488, CPUID1_XSAVE = 1 << 26
};

static u64 gdt[6] __attribute__((aligned(16))) = {
	[SEL_CODE / 8] = 0x00af9b000000ffff, [SEL_DATA / 8] = 0x00cf93000000ffff,
};
static u8 tss[104] __attribute__((aligned(16)));
static struct wide_entry idt[32] __attribute__((aligned(16)));
static u8 vmxon_region[4096] __attribute__((aligned(4096)));
u8 shim_stack[16384] __attribute__((aligned(16)));
/* entry.S wants its end; a symbol of its own, so that the size is said once. */
__asm__(".globl shim_stack_top\n.set shim_stack_top, shim_stack + 16384");

u64 tss_base(void)
{
	return (u64)tss;
}

void cpu_setup(void)
{
	struct table_pointer g = { sizeof(gdt) - 1, (u64)gdt }, i = { sizeof(idt) - 1, (u64)idt };
	struct wide_entry t = tss_encode(tss_base(), sizeof(tss) - 1);

	gdt[SEL_TSS / 8] = t.low;
	gdt[SEL_TSS / 8 + 1] = t.high;
	for (unsigned v = 0; v < 32; v++)
		idt[v] = gate_encode(SEL_CODE, (u64)exception_stubs + 16 * v);
	idt[EXC_NMI] = gate_encode(SEL_CODE, (u64)nmi_gate);
	__asm__ volatile("lgdt %0; lidt %1; ltr %w2; mov %3, %%ss; mov %3, %%ds; mov %3, %%es"
			 : : "m"(g), "m"(i), "r"(SEL_TSS), "r"(SEL_DATA) : "memory");
}

/* SDM "Enabling and Entering VMX Operation". */
int vmx_on(void)
{
	u64 gpa = (u64)vmxon_region, cr0, cr4, feature = rdmsr(MSR_FEATURE_CONTROL);
	u32 a = 1, b, c = 0, d;
	u8 failed;

	if (!(feature & FEATURE_LOCK))
		wrmsr(MSR_FEATURE_CONTROL, FEATURE_LOCK | FEATURE_VMXON);
	cpuid(&a, &b, &c, &d);
	__asm__ volatile("mov %%cr0, %0; mov %%cr4, %1" : "=r"(cr0), "=r"(cr4));
	/* OSXSAVE: XSETBV of L2 is done here (emulate.c). */
	cr4 |= rdmsr(MSR_CR4_FIXED0) | CR4_VMXE | (c & CPUID1_XSAVE ? CR4_OSXSAVE : 0);
	cr0 = (cr0 | rdmsr(MSR_CR0_FIXED0)) & ~(CR0_CD | CR0_NW);
	__asm__ volatile("mov %0, %%cr0; mov %1, %%cr4" : : "r"(cr0), "r"(cr4));
	*(u32 *)vmxon_region = rdmsr(MSR_VMX_BASIC); /* revision identifier */
	__asm__ volatile("vmxon %1; setna %0" : "=r"(failed) : "m"(gpa) : "cc", "memory");
	return failed ? START_VMXON : 0;
}

void shim_exception(u64 vector, u64 error, u64 rip)
{
	mailbox.fault_vector = vector;
	mailbox.fault_error = error;
	mailbox.fault_rip = rip;
	__asm__ volatile("mov %%cr2, %0" : "=r"(mailbox.fault_cr2));
	for (;;)
		host_call(MAILBOX_EXCEPTION);
}
