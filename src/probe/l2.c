/* l2.c - see l2.h: VMXON, a VMCS from a table, VMLAUNCH; what the first exit said. */
#include <string.h>
#include <sys/ioctl.h>
#include <vmstep/x86.h>

#include "probe/l2.h"
#include "probe/probe.h"

/* Where it all is; the code below has these numbers too. */
enum {
	L1_CODE = 0x4000,
	VMXON_REGION = 0x20000,
	VMCS_REGION = 0x21000,
	FIELDS = 0x22000,   /* pairs of field and value, ended by an all-ones field */
	POINTERS = 0x22ff0, /* of the two regions */
	EXIT = 0x23000,     /* struct l2_exit */
	L1_STACK = 0x25000,
};

GUEST(l2_host, 64,
      "vmxon 0x22ff0\n jbe 2f\n vmclear 0x22ff8\n jbe 2f\n vmptrld 0x22ff8\n jbe 2f\n"
      "mov $0x22000, %esi\n"
      "1: mov (%rsi), %rax\n cmp $-1, %rax\n je 3f\n vmwrite 8(%rsi), %rax\n jbe 2f\n add $16, %rsi\n jmp 1b\n"
      "3: vmlaunch\n"
      "2: hlt\n"
      ".globl l2_host_exit\n l2_host_exit:\n"
      "mov $0x4402, %eax\n vmread %rax, 0x23000\n mov $0x4404, %eax\n vmread %rax, 0x23008\n"
      "mov $0x681e, %eax\n vmread %rax, 0x23010\n mov $0x6400, %eax\n vmread %rax, 0x23018\n hlt");
extern const u8 l2_host_exit[];

enum {
	MSR_VMX_BASIC = 0x480, MSR_VMX_PIN, MSR_VMX_PROC, MSR_VMX_EXIT, MSR_VMX_ENTRY,
	MSR_FEATURE_CONTROL = 0x3a,
	PROC_HLT = BIT(7),
	EXIT_HOST_64 = BIT(9), EXIT_LOAD_EFER = BIT(21),
	ENTRY_IA32E = BIT(9), ENTRY_LOAD_EFER = BIT(15),
	AR_CODE64 = 0xa09b, AR_DATA = 0xc093, AR_TSS = 0x8b, AR_UNUSABLE = 0x10000,
};

struct field {
	u64 field, value;
};

static u64 msr_get(struct lab *lab, u32 index)
{
	struct {
		struct kvm_msrs head;
		struct kvm_msr_entry entry;
	} m = { .head.nmsrs = 1, .entry.index = index };

	return ioctl(lab->vcpu, KVM_GET_MSRS, &m) == 1 ? m.entry.data : 0;
}

/* A control as its capability MSR allows it: low half must be 1, high half may be (SDM appendix "VMX
 * Capability Reporting Facility"). */
static u64 control(struct lab *lab, u32 msr, u32 wanted)
{
	const u64 allowed = msr_get(lab, msr);

	return ((u32)allowed | wanted) & (allowed >> 32);
}

static struct field *control_fields(struct lab *lab, struct field *at, u32 exceptions)
{
	const struct field fields[] = {
		{ 0x4000, control(lab, MSR_VMX_PIN, 0) },
		{ 0x4002, control(lab, MSR_VMX_PROC, PROC_HLT) },
		{ 0x4004, exceptions },
		{ 0x400c, control(lab, MSR_VMX_EXIT, EXIT_HOST_64 | EXIT_LOAD_EFER) },
		{ 0x4012, control(lab, MSR_VMX_ENTRY, ENTRY_IA32E | ENTRY_LOAD_EFER) },
		{ 0x2800, ~0ull },
	};

	memcpy(at, fields, sizeof(fields));
	return at + ARRAY_SIZE(fields);
}

static struct field *host_fields(const struct kvm_sregs *s, struct field *at)
{
	const struct field fields[] = {
		{ 0x6c00, s->cr0 }, { 0x6c02, s->cr3 }, { 0x6c04, s->cr4 }, { 0x2c02, s->efer },
		{ 0xc00, LAB_SS }, { 0xc02, LAB_CS }, { 0xc04, LAB_SS }, { 0xc06, LAB_SS },
		{ 0xc08, LAB_SS }, { 0xc0a, LAB_SS }, { 0xc0c, s->tr.selector },
		{ 0x6c0a, LAB_TSS }, { 0x6c0c, LAB_GDT }, { 0x6c0e, LAB_IDT },
		{ 0x6c14, L1_STACK }, { 0x6c16, L1_CODE + (u64)(l2_host_exit - l2_host) },
	};

	memcpy(at, fields, sizeof(fields));
	return at + ARRAY_SIZE(fields);
}

/* ES CS SS DS FS GS LDTR TR: selector, limit, access rights. */
static struct field *segment_fields(const struct kvm_sregs *s, struct field *at)
{
	for (unsigned i = 0; i < 8; i++) {
		const bool code = i == 1, none = i == 6, tss = i == 7;

		*at++ = (struct field){ 0x800 + 2 * i, code ? LAB_CS : tss ? s->tr.selector : none ? 0 : LAB_SS };
		*at++ = (struct field){ 0x4800 + 2 * i, tss ? 103 : 0xffffffff };
		*at++ = (struct field){ 0x4814 + 2 * i, code   ? AR_CODE64
							: tss  ? AR_TSS
							: none ? AR_UNUSABLE
							       : AR_DATA };
	}
	*at++ = (struct field){ 0x6814, LAB_TSS };
	return at;
}

static struct field *guest_fields(const struct kvm_sregs *s, u64 rflags, struct field *at)
{
	const struct field fields[] = {
		{ 0x6800, s->cr0 }, { 0x6802, s->cr3 }, { 0x6804, s->cr4 }, { 0x2806, s->efer },
		{ 0x6816, LAB_GDT }, { 0x4810, s->gdt.limit }, { 0x6818, LAB_IDT }, { 0x4812, s->idt.limit },
		{ 0x681a, 0x400 }, { 0x681c, LAB_STACK }, { 0x681e, LAB_CODE }, { 0x6820, rflags },
	};

	memcpy(at, fields, sizeof(fields));
	return at + ARRAY_SIZE(fields);
}

static void regions_write(struct lab *lab)
{
	const u32 revision = msr_get(lab, MSR_VMX_BASIC) & 0x7fffffff;
	const u64 pointers[] = { VMXON_REGION, VMCS_REGION };

	memcpy(lab->mem + VMXON_REGION, &revision, sizeof(revision));
	memcpy(lab->mem + VMCS_REGION, &revision, sizeof(revision));
	memcpy(lab->mem + POINTERS, pointers, sizeof(pointers));
	memset(lab->mem + EXIT, 0xff, sizeof(struct l2_exit));
}

void l2_prepare(struct lab *lab, u64 rflags, u32 exceptions)
{
	struct kvm_sregs s = lab_sregs(lab);
	struct field fields[64], *at = fields;
	struct kvm_regs r = lab_regs(lab);

	s.cr4 |= CR4_VMXE;
	lab_sregs_set(lab, &s);
	lab_msr_set(lab, MSR_FEATURE_CONTROL, 5); /* locked, VMXON outside SMX */
	regions_write(lab);
	at = control_fields(lab, at, exceptions);
	at = host_fields(&s, at);
	at = segment_fields(&s, at);
	at = guest_fields(&s, rflags, at);
	at++->field = ~0ull;
	memcpy(lab->mem + FIELDS, fields, (u8 *)at - (u8 *)fields);
	memcpy(lab->mem + L1_CODE, l2_host, l2_host_end - l2_host);
	r.rip = L1_CODE;
	r.rsp = L1_STACK;
	lab_regs_set(lab, &r);
}

bool l2_exited(struct lab *lab, struct l2_exit *ret)
{
	if (lab_regs(lab).rip != L1_CODE + (u64)(l2_host_end - l2_host))
		return false;
	memcpy(ret, lab->mem + EXIT, sizeof(*ret));
	return true;
}
