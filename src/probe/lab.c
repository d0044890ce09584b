/* lab.c - see lab.h: the virtual machine of the probes and of the rig's KVM facts. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "probe/lab.h"

enum { RAM_SIZE = 8 << 20, CPUID_MAX = 256 };

/* The first failure is kept: what follows it says nothing. */
static int check(struct lab *lab, int rc, const char *what)
{
	if (rc >= 0 || lab->failed)
		return rc;
	lab->failed = what;
	lab->failed_errno = errno;
	return rc;
}

static int call(struct lab *lab, int fd, unsigned long request, const void *arg, const char *what)
{
	return check(lab, ioctl(fd, request, arg), what);
}

static void cpuid_pass_on(struct lab *lab)
{
	struct kvm_cpuid2 *cpuid = calloc(1, sizeof(*cpuid) + CPUID_MAX * sizeof(cpuid->entries[0]));

	if (!cpuid) {
		check(lab, -1, "memory for CPUID");
		return;
	}
	cpuid->nent = CPUID_MAX;
	call(lab, lab->kvm, KVM_GET_SUPPORTED_CPUID, cpuid, "KVM_GET_SUPPORTED_CPUID");
	call(lab, lab->vcpu, KVM_SET_CPUID2, cpuid, "KVM_SET_CPUID2");
	free(cpuid);
}

/* Handlers: NOP, then IRET in the mode's size; with an error code on the stack, drop it first. */
static void handlers_write(struct lab *lab, enum lab_mode mode)
{
	static const u8 plain16[] = { 0x90, 0xcf }, plain32[] = { 0x90, 0xcf };
	static const u8 plain64[] = { 0x90, 0x48, 0xcf };
	static const u8 code32[] = { 0x83, 0xc4, 0x04, 0xcf };
	static const u8 code64[] = { 0x48, 0x83, 0xc4, 0x08, 0x48, 0xcf };

	for (unsigned v = 0; v < 256; v++) {
		u8 *at = lab->mem + LAB_HANDLER(v);
		bool code = mode != LAB_REAL && (v == 8 || (v >= 10 && v <= 14) || v == 17);

		if (mode == LAB_REAL)
			memcpy(at, plain16, sizeof(plain16));
		else if (mode == LAB_PROT)
			memcpy(at, code ? code32 : plain32, code ? sizeof(code32) : sizeof(plain32));
		else
			memcpy(at, code ? code64 : plain64, code ? sizeof(code64) : sizeof(plain64));
	}
}

static void gates_write(struct lab *lab, enum lab_mode mode)
{
	for (unsigned v = 0; v < 256; v++) {
		u32 h = LAB_HANDLER(v), gate[4] = { LAB_CS << 16 | h, 0xee00, 0, 0 };

		if (mode == LAB_REAL)
			memcpy(lab->mem + 4 * v, &h, 4);
		else
			memcpy(lab->mem + LAB_IDT + (mode == LAB_LONG ? 16 : 8) * v, gate,
			       mode == LAB_LONG ? 16 : 8);
	}
}

/* Identity map of the first GiB and of the fourth (APICs), in 2 MiB pages open to CPL 3. */
static void tables_write(struct lab *lab)
{
	u64 *pml4 = (void *)(lab->mem + LAB_PT), *pdpt = pml4 + 512, *pd = pdpt + 512;

	pml4[0] = (LAB_PT + 0x1000) | 7;
	pdpt[0] = (LAB_PT + 0x2000) | 7;
	pdpt[3] = (LAB_PT + 0x3000) | 7;
	for (unsigned i = 0; i < 512; i++) {
		pd[i] = (u64)i << 21 | 0x87;
		pd[512 + i] = 0xc0000000 | (u64)i << 21 | 0x87;
	}
}

static void segments_set(struct kvm_sregs *s, enum lab_mode mode, unsigned flags)
{
	struct kvm_segment cs = { .limit = 0xffffffff, .selector = LAB_CS, .type = 11, .present = 1,
				  .s = 1, .g = 1, .l = mode == LAB_LONG, .db = mode == LAB_PROT };
	struct kvm_segment ss = { .limit = 0xffffffff, .selector = LAB_SS, .type = 3, .present = 1,
				  .s = 1, .g = 1, .db = 1 };

	if (flags & LAB_USER) {
		cs.selector = LAB_USER_CS;
		ss.selector = LAB_USER_SS;
		cs.dpl = ss.dpl = 3;
	}
	s->cs = cs;
	s->ss = s->ds = s->es = s->fs = s->gs = ss;
	s->tr = (struct kvm_segment){ .base = LAB_TSS, .limit = 103, .selector = 0x30, .type = 11,
				      .present = 1 };
}

static void protected_enter(struct lab *lab, struct kvm_sregs *s, enum lab_mode mode, unsigned flags)
{
	const bool l = mode == LAB_LONG;
	const u64 gdt[] = { 0, 0, l ? 0x00af9b000000ffff : 0x00cf9b000000ffff, 0x00cf93000000ffff,
			    0x00cff3000000ffff, 0x00affb000000ffff,
			    0x00008b0000000067 | (u64)LAB_TSS << 16, 0 };
	const u64 rsp0 = LAB_STACK - 0x400;

	memcpy(lab->mem + LAB_GDT, gdt, sizeof(gdt));
	memcpy(lab->mem + LAB_TSS + 4, &rsp0, 8);
	segments_set(s, mode, flags);
	s->gdt.base = LAB_GDT;
	s->gdt.limit = sizeof(gdt) - 1;
	s->idt.base = LAB_IDT;
	s->idt.limit = 0xfff;
	s->cr0 = 0x31;
	if (l) {
		tables_write(lab);
		s->cr3 = LAB_PT;
		s->cr4 = 0x20;
		s->cr0 |= 0x80000000;
		s->efer = 0x501; /* LME, LMA, SCE */
	}
}

static void mode_enter(struct lab *lab, enum lab_mode mode, unsigned flags)
{
	struct kvm_sregs s = lab_sregs(lab);
	struct kvm_regs r = { .rip = LAB_CODE, .rflags = 2, .rsp = LAB_STACK };

	if (mode == LAB_REAL)
		s.cs.base = s.cs.selector = 0;
	else
		protected_enter(lab, &s, mode, flags);
	handlers_write(lab, mode);
	gates_write(lab, mode);
	lab_sregs_set(lab, &s);
	lab_regs_set(lab, &r);
}

static bool has(const struct lab *lab, int capability)
{
	return ioctl(lab->kvm, KVM_CHECK_EXTENSION, capability) > 0;
}

static void *map(struct lab *lab, size_t size, int flags, int fd, const char *what)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | flags, fd, 0);

	check(lab, p == MAP_FAILED ? -1 : 0, what);
	return p == MAP_FAILED ? NULL : p;
}

static void vm_create(struct lab *lab, unsigned flags)
{
	struct kvm_enable_cap payload = { .cap = KVM_CAP_EXCEPTION_PAYLOAD, .args = { 1 } };
	struct kvm_userspace_memory_region ram = { .memory_size = RAM_SIZE };

	lab->vm = check(lab, ioctl(lab->kvm, KVM_CREATE_VM, 0), "KVM_CREATE_VM");
	check(lab, ioctl(lab->vm, KVM_SET_TSS_ADDR, 0xfffbd000), "KVM_SET_TSS_ADDR");
	if (has(lab, KVM_CAP_EXCEPTION_PAYLOAD))
		call(lab, lab->vm, KVM_ENABLE_CAP, &payload, "KVM_CAP_EXCEPTION_PAYLOAD");
	if (flags & LAB_IRQCHIP)
		call(lab, lab->vm, KVM_CREATE_IRQCHIP, NULL, "KVM_CREATE_IRQCHIP");
	lab->mem = map(lab, RAM_SIZE, MAP_ANONYMOUS, -1, "mmap of the RAM");
	ram.userspace_addr = (uintptr_t)lab->mem;
	call(lab, lab->vm, KVM_SET_USER_MEMORY_REGION, &ram, "KVM_SET_USER_MEMORY_REGION");
	lab->vcpu = check(lab, ioctl(lab->vm, KVM_CREATE_VCPU, 0), "KVM_CREATE_VCPU");
	lab->run_size = ioctl(lab->kvm, KVM_GET_VCPU_MMAP_SIZE, 0);
	lab->run = map(lab, lab->run_size, 0, lab->vcpu, "mmap of kvm_run");
}

int lab_create(struct lab *lab, int kvm, enum lab_mode mode, const u8 *code, size_t len, unsigned flags)
{
	*lab = (struct lab){ .kvm = kvm, .vm = -1, .vcpu = -1 };
	vm_create(lab, flags);
	if (lab->failed)
		return -lab->failed_errno;
	cpuid_pass_on(lab);
	memcpy(lab->mem + LAB_CODE, code, len);
	mode_enter(lab, mode, flags);
	lab->run->kvm_valid_regs = KVM_SYNC_X86_REGS | KVM_SYNC_X86_SREGS | KVM_SYNC_X86_EVENTS;
	return lab->failed ? -lab->failed_errno : 0;
}

void lab_destroy(struct lab *lab)
{
	if (lab->run)
		munmap(lab->run, lab->run_size);
	if (lab->vcpu >= 0)
		close(lab->vcpu);
	if (lab->vm >= 0)
		close(lab->vm);
	if (lab->mem)
		munmap(lab->mem, RAM_SIZE);
	*lab = (struct lab){ .vm = -1, .vcpu = -1 };
}

unsigned lab_enter(struct lab *lab)
{
	lab->err = lab->failed ? EINTR : ioctl(lab->vcpu, KVM_RUN, 0) < 0 ? errno : 0;
	return lab->err ? KVM_EXIT_INTR : lab->run->exit_reason;
}

unsigned lab_enter_immediate(struct lab *lab)
{
	unsigned reason;

	lab->run->immediate_exit = 1;
	reason = lab_enter(lab);
	lab->run->immediate_exit = 0;
	return reason;
}

void lab_debug(struct lab *lab, u32 control)
{
	struct kvm_guest_debug d = { .control = control };

	call(lab, lab->vcpu, KVM_SET_GUEST_DEBUG, &d, "KVM_SET_GUEST_DEBUG");
}

void lab_debug_hw(struct lab *lab, u32 control, const u64 dr[4], u64 dr7)
{
	struct kvm_guest_debug d = { .control = control | KVM_GUESTDBG_USE_HW_BP };

	for (unsigned i = 0; i < 4; i++)
		d.arch.debugreg[i] = dr[i];
	d.arch.debugreg[7] = dr7;
	call(lab, lab->vcpu, KVM_SET_GUEST_DEBUG, &d, "KVM_SET_GUEST_DEBUG");
}

struct kvm_regs lab_regs(struct lab *lab)
{
	struct kvm_regs r = { 0 };

	call(lab, lab->vcpu, KVM_GET_REGS, &r, "KVM_GET_REGS");
	return r;
}

void lab_regs_set(struct lab *lab, const struct kvm_regs *regs)
{
	call(lab, lab->vcpu, KVM_SET_REGS, regs, "KVM_SET_REGS");
}

void lab_rip_set(struct lab *lab, u64 rip)
{
	struct kvm_regs r = lab_regs(lab);

	r.rip = rip;
	lab_regs_set(lab, &r);
}

struct kvm_sregs lab_sregs(struct lab *lab)
{
	struct kvm_sregs s = { 0 };

	call(lab, lab->vcpu, KVM_GET_SREGS, &s, "KVM_GET_SREGS");
	return s;
}

void lab_sregs_set(struct lab *lab, const struct kvm_sregs *sregs)
{
	call(lab, lab->vcpu, KVM_SET_SREGS, sregs, "KVM_SET_SREGS");
}

void lab_msr_set(struct lab *lab, u32 index, u64 value)
{
	struct {
		struct kvm_msrs head;
		struct kvm_msr_entry entry;
	} m = { .head.nmsrs = 1, .entry = { .index = index, .data = value } };

	call(lab, lab->vcpu, KVM_SET_MSRS, &m, "KVM_SET_MSRS");
}

struct kvm_vcpu_events lab_events(struct lab *lab)
{
	struct kvm_vcpu_events e = { 0 };

	call(lab, lab->vcpu, KVM_GET_VCPU_EVENTS, &e, "KVM_GET_VCPU_EVENTS");
	return e;
}

struct kvm_debugregs lab_debugregs(struct lab *lab)
{
	struct kvm_debugregs d = { 0 };

	call(lab, lab->vcpu, KVM_GET_DEBUGREGS, &d, "KVM_GET_DEBUGREGS");
	return d;
}

void lab_debugregs_set(struct lab *lab, u64 dr0, u64 dr7)
{
	struct kvm_debugregs d = lab_debugregs(lab);

	d.db[0] = dr0;
	d.dr7 = dr7;
	call(lab, lab->vcpu, KVM_SET_DEBUGREGS, &d, "KVM_SET_DEBUGREGS");
}

u64 lab_mem64(struct lab *lab, u64 gpa)
{
	u64 v = 0;

	if (gpa <= RAM_SIZE - sizeof(v))
		memcpy(&v, lab->mem + gpa, sizeof(v));
	return v;
}

u64 lab_at(struct lab *lab)
{
	return lab_regs(lab).rip - LAB_CODE;
}

u64 lab_dr6(struct lab *lab)
{
	return lab->run->debug.arch.dr6;
}
