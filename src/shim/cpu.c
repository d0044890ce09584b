/*
 * cpu.c - the shim's own descriptor tables, and VMX operation.
 */
#include "shim.h"

enum {
	MSR_FEATURE_CONTROL = 0x3a, FEATURE_LOCK = 1, FEATURE_VMXON = 4,
	MSR_VMX_BASIC = 0x480, MSR_CR0_FIXED0 = 0x486, MSR_CR4_FIXED0 = 0x488, CPUID1_XSAVE = 1 << 26,
	GATE_INTERRUPT = 0x8e,
};

static u64 gdt[6] __attribute__((aligned(16))) = {
	[SEL_CODE / 8] = 0x00af9b000000ffff, [SEL_DATA / 8] = 0x00cf93000000ffff,
};
static u8 tss[104] __attribute__((aligned(16)));
static struct {
	u64 low, high;
} idt[32] __attribute__((aligned(16)));
static u8 vmxon_region[4096] __attribute__((aligned(4096)));
u8 shim_stack[16384] __attribute__((aligned(16)));
/* entry.S wants its end; a symbol of its own, so that the size is said once. */
__asm__(".globl shim_stack_top\n.set shim_stack_top, shim_stack + 16384");

u64 tss_base(void)
{
	return (u64)tss;
}

static void gate_set(unsigned vector, u64 handler)
{
	idt[vector].low = (handler & 0xffff) | (u64)SEL_CODE << 16 | (u64)GATE_INTERRUPT << 40 |
			  (handler >> 16 & 0xffff) << 48;
	idt[vector].high = handler >> 32;
}

void cpu_setup(void)
{
	struct table_pointer g = { sizeof(gdt) - 1, (u64)gdt }, i = { sizeof(idt) - 1, (u64)idt };
	u64 base = tss_base();

	/* SDM "TSS Descriptor in 64-bit Mode": 16 bytes; type 9, available. */
	gdt[SEL_TSS / 8] = (sizeof(tss) - 1) | (base & 0xffffff) << 16 | 0x89ull << 40 |
			   (base >> 24 & 0xff) << 56;
	gdt[SEL_TSS / 8 + 1] = base >> 32;
	for (unsigned v = 0; v < 32; v++)
		gate_set(v, (u64)exception_stubs + 16 * v);
	gate_set(EXC_NMI, (u64)nmi_gate);
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
