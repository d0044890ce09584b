/* lab.c - see lab.h: the virtual machine of the KVM facts. */
#include "lab.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

static const size_t ram_size = 8u << 20;
static int kvm_fd = -1;
static int failures;
static char case_id[64];

static void must(int rc, const char *what)
{
	if (rc >= 0)
		return;
	printf("not ok - rig: %s %s: got %s, wanted success\n", case_id, what, strerror(errno));
	exit(1);
}

static void cpuid_pass_on(struct lab *lab)
{
	struct kvm_cpuid2 *cpuid = calloc(1, sizeof(*cpuid) + 256 * sizeof(cpuid->entries[0]));

	if (!cpuid)
		abort();
	cpuid->nent = 256;
	must(ioctl(kvm_fd, KVM_GET_SUPPORTED_CPUID, cpuid), "KVM_GET_SUPPORTED_CPUID");
	must(ioctl(lab->vcpu, KVM_SET_CPUID2, cpuid), "KVM_SET_CPUID2");
	free(cpuid);
}

/* Handlers: NOP, then IRET in the mode's size; with an error code on the stack, drop it first. */
static void handlers_write(struct lab *lab, enum lab_mode mode)
{
	static const uint8_t plain16[] = {0x90, 0xcf}, plain32[] = {0x90, 0xcf};
	static const uint8_t plain64[] = {0x90, 0x48, 0xcf};
	static const uint8_t code32[] = {0x83, 0xc4, 0x04, 0xcf};
	static const uint8_t code64[] = {0x48, 0x83, 0xc4, 0x08, 0x48, 0xcf};
	unsigned v;

	for (v = 0; v < 256; v++) {
		uint8_t *at = lab->mem + LAB_HANDLER(v);
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
	unsigned v;

	for (v = 0; v < 256; v++) {
		uint32_t h = LAB_HANDLER(v), gate[4] = {LAB_CS << 16 | h, 0xee00, 0, 0};

		if (mode == LAB_REAL)
			memcpy(lab->mem + 4 * v, &h, 4);
		else
			memcpy(lab->mem + LAB_IDT + (mode == LAB_LONG ? 16 : 8) * v, gate,
			       mode == LAB_LONG ? 16 : 8);
	}
}

/* Identity map of the first GiB in 2 MiB pages and of the fourth (APICs) in one, open to CPL 3. */
static void tables_write(struct lab *lab)
{
	uint64_t *pml4 = (void *)(lab->mem + LAB_PT), *pdpt = pml4 + 512, *pd = pdpt + 512;
	unsigned i;

	pml4[0] = (LAB_PT + 0x1000) | 7;
	pdpt[0] = (LAB_PT + 0x2000) | 7;
	pdpt[3] = 0xc0000087;
	for (i = 0; i < 512; i++)
		pd[i] = (uint64_t)i << 21 | 0x87;
}

static void segments_set(struct kvm_sregs *s, enum lab_mode mode, unsigned flags)
{
	struct kvm_segment cs = {.limit = 0xffffffff, .selector = LAB_CS, .type = 11, .present = 1,
				 .s = 1, .g = 1, .l = mode == LAB_LONG, .db = mode == LAB_PROT};
	struct kvm_segment ss = {.limit = 0xffffffff, .selector = LAB_SS, .type = 3, .present = 1,
				 .s = 1, .g = 1, .db = 1};

	if (flags & LAB_USER) {
		cs.selector = LAB_USER_CS;
		ss.selector = LAB_USER_SS;
		cs.dpl = ss.dpl = 3;
	}
	s->cs = cs;
	s->ss = s->ds = s->es = s->fs = s->gs = ss;
	s->tr = (struct kvm_segment){.base = LAB_TSS, .limit = 103, .selector = 0x30, .type = 11,
				     .present = 1};
}

static void protected_enter(struct lab *lab, struct kvm_sregs *s, enum lab_mode mode, unsigned flags)
{
	const bool l = mode == LAB_LONG;
	const uint64_t gdt[] = {0, 0, l ? 0x00af9b000000ffff : 0x00cf9b000000ffff, 0x00cf93000000ffff,
				0x00cff3000000ffff, 0x00affb000000ffff,
				0x00008b0000000067 | (uint64_t)LAB_TSS << 16, 0};
	const uint64_t rsp0 = LAB_STACK - 0x400;

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
	struct kvm_regs r = {.rip = LAB_CODE, .rflags = 2, .rsp = LAB_STACK};

	if (mode == LAB_REAL)
		s.cs.base = s.cs.selector = 0;
	else
		protected_enter(lab, &s, mode, flags);
	handlers_write(lab, mode);
	gates_write(lab, mode);
	lab_sregs_set(lab, &s);
	lab_regs_set(lab, &r);
}

static void vm_create(struct lab *lab, unsigned flags)
{
	struct kvm_enable_cap payload = {.cap = KVM_CAP_EXCEPTION_PAYLOAD, .args = {1}};
	struct kvm_userspace_memory_region ram = {.memory_size = ram_size};
	int size = ioctl(kvm_fd, KVM_GET_VCPU_MMAP_SIZE, 0);

	must(lab->vm = ioctl(kvm_fd, KVM_CREATE_VM, 0), "KVM_CREATE_VM");
	must(ioctl(lab->vm, KVM_SET_TSS_ADDR, 0xfffbd000), "KVM_SET_TSS_ADDR");
	if (lab_has(KVM_CAP_EXCEPTION_PAYLOAD))
		must(ioctl(lab->vm, KVM_ENABLE_CAP, &payload), "KVM_CAP_EXCEPTION_PAYLOAD");
	if (flags & LAB_IRQCHIP)
		must(ioctl(lab->vm, KVM_CREATE_IRQCHIP, 0), "KVM_CREATE_IRQCHIP");
	lab->mem = mmap(NULL, ram_size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	must(lab->mem == MAP_FAILED ? -1 : 0, "mmap of the RAM");
	ram.userspace_addr = (uintptr_t)lab->mem;
	must(ioctl(lab->vm, KVM_SET_USER_MEMORY_REGION, &ram), "KVM_SET_USER_MEMORY_REGION");
	must(lab->vcpu = ioctl(lab->vm, KVM_CREATE_VCPU, 0), "KVM_CREATE_VCPU");
	lab->run = mmap(NULL, (size_t)size, PROT_READ | PROT_WRITE, MAP_SHARED, lab->vcpu, 0);
	must(lab->run == MAP_FAILED ? -1 : 0, "mmap of kvm_run");
	cpuid_pass_on(lab);
}

static const char *exit_name(unsigned reason)
{
	switch (reason) {
	case KVM_EXIT_IO: return "IO";
	case KVM_EXIT_DEBUG: return "DEBUG";
	case KVM_EXIT_HLT: return "HLT";
	case KVM_EXIT_MMIO: return "MMIO";
	case KVM_EXIT_INTR: return "INTR";
	case KVM_EXIT_SHUTDOWN: return "SHUTDOWN";
	case KVM_EXIT_FAIL_ENTRY: return "FAIL_ENTRY";
	case KVM_EXIT_INTERNAL_ERROR: return "INTERNAL_ERROR";
	case KVM_EXIT_IRQ_WINDOW_OPEN: return "IRQ_WINDOW_OPEN";
	}
	return "?";
}

static void dr6_print(uint64_t dr6)
{
	static const char *const bit[16] = {"B0", "B1", "B2", "B3", [13] = "BD", "BS", "BT"};
	const char *sep = "";
	unsigned i;

	printf(" dr6=%llx[", (unsigned long long)dr6);
	for (i = 0; i < 16; i++) {
		if (!bit[i] || !(dr6 & 1u << i))
			continue;
		printf("%s%s", sep, bit[i]);
		sep = " ";
	}
	printf("]");
}

static void exit_print(struct lab *lab, unsigned reason)
{
	struct kvm_run *run = lab->run;
	struct kvm_sync_regs *s = &run->s.regs;
	struct kvm_mp_state mp = {0};

	ioctl(lab->vcpu, KVM_GET_MP_STATE, &mp);
	printf("    %-9s", lab->err ? strerror(lab->err) : exit_name(reason));
	if (reason == KVM_EXIT_DEBUG) {
		printf(" exc=%u pc=%llx", run->debug.arch.exception, (unsigned long long)run->debug.arch.pc);
		dr6_print(run->debug.arch.dr6);
		printf(" dr7=%llx", (unsigned long long)run->debug.arch.dr7);
	} else if (reason == KVM_EXIT_IO) {
		printf(" port=%x %s count=%u", run->io.port, run->io.direction ? "out" : "in", run->io.count);
	} else if (reason == KVM_EXIT_MMIO) {
		printf(" gpa=%llx %s", (unsigned long long)run->mmio.phys_addr, run->mmio.is_write ? "write" : "read");
	} else if (reason == KVM_EXIT_FAIL_ENTRY) {
		printf(" hw=%llx", (unsigned long long)run->fail_entry.hardware_entry_failure_reason);
	} else if (reason == KVM_EXIT_INTERNAL_ERROR) {
		printf(" suberror=%u", run->internal.suberror);
	}
	printf(" | rip=%llx rflags=%llx rsp=%llx rax=%llx shadow=%u if=%u mp=%u\n", (unsigned long long)s->regs.rip,
	       (unsigned long long)s->regs.rflags, (unsigned long long)s->regs.rsp, (unsigned long long)s->regs.rax,
	       s->events.interrupt.shadow, run->if_flag, mp.mp_state);
}

void say(const char *fmt, ...)
{
	va_list ap;

	printf("  ");
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	printf("\n");
}

void case_begin(const char *id, const char *title)
{
	snprintf(case_id, sizeof(case_id), "%s", id);
	printf("\n== %s: %s\n", id, title);
}

void check_hex(const char *what, uint64_t got, uint64_t want)
{
	if (got == want) {
		printf("ok - rig: %s %s\n", case_id, what);
		return;
	}
	failures++;
	printf("not ok - rig: %s %s: got %llx, wanted %llx\n", case_id, what, (unsigned long long)got,
	       (unsigned long long)want);
}

void check_skip(const char *what, const char *why)
{
	printf("ok - rig: %s %s # SKIP %s\n", case_id, what, why);
}

int check_failures(void)
{
	return failures;
}

int lab_open(void)
{
	kvm_fd = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	return kvm_fd < 0 ? -errno : 0;
}

bool lab_has(int capability)
{
	return ioctl(kvm_fd, KVM_CHECK_EXTENSION, capability) > 0;
}

void lab_init(struct lab *lab, enum lab_mode mode, const uint8_t *code, size_t len, unsigned flags)
{
	memset(lab, 0, sizeof(*lab));
	vm_create(lab, flags);
	memcpy(lab->mem + LAB_CODE, code, len);
	mode_enter(lab, mode, flags);
	lab->run->kvm_valid_regs = KVM_SYNC_X86_REGS | KVM_SYNC_X86_SREGS | KVM_SYNC_X86_EVENTS;
}

void lab_deinit(struct lab *lab)
{
	munmap(lab->run, (size_t)ioctl(kvm_fd, KVM_GET_VCPU_MMAP_SIZE, 0));
	close(lab->vcpu);
	close(lab->vm);
	munmap(lab->mem, ram_size);
}

unsigned lab_run_quiet(struct lab *lab)
{
	lab->err = ioctl(lab->vcpu, KVM_RUN, 0) < 0 ? errno : 0;
	return lab->err ? KVM_EXIT_INTR : lab->run->exit_reason;
}

unsigned lab_run(struct lab *lab)
{
	unsigned reason;

	ualarm(100000, 0); /* a guest that sleeps or spins is evidence too: EINTR */
	reason = lab_run_quiet(lab);
	ualarm(0, 0);
	exit_print(lab, reason);
	return reason;
}

unsigned lab_run_immediate(struct lab *lab)
{
	unsigned reason;

	lab->run->immediate_exit = 1;
	reason = lab_run(lab);
	lab->run->immediate_exit = 0;
	return reason;
}

void lab_debug(struct lab *lab, uint32_t control)
{
	struct kvm_guest_debug d = {.control = control};

	must(ioctl(lab->vcpu, KVM_SET_GUEST_DEBUG, &d), "KVM_SET_GUEST_DEBUG");
}

void lab_debug_hw(struct lab *lab, uint32_t control, const uint64_t dr[4], uint64_t dr7)
{
	struct kvm_guest_debug d = {.control = control | KVM_GUESTDBG_USE_HW_BP};

	memcpy(d.arch.debugreg, dr, 4 * sizeof(dr[0]));
	d.arch.debugreg[7] = dr7;
	must(ioctl(lab->vcpu, KVM_SET_GUEST_DEBUG, &d), "KVM_SET_GUEST_DEBUG");
}

struct kvm_regs lab_regs(struct lab *lab)
{
	struct kvm_regs r;

	must(ioctl(lab->vcpu, KVM_GET_REGS, &r), "KVM_GET_REGS");
	return r;
}

void lab_regs_set(struct lab *lab, const struct kvm_regs *regs)
{
	must(ioctl(lab->vcpu, KVM_SET_REGS, regs), "KVM_SET_REGS");
}

void lab_rip_set(struct lab *lab, uint64_t rip)
{
	struct kvm_regs r = lab_regs(lab);

	r.rip = rip;
	lab_regs_set(lab, &r);
}

struct kvm_sregs lab_sregs(struct lab *lab)
{
	struct kvm_sregs s;

	must(ioctl(lab->vcpu, KVM_GET_SREGS, &s), "KVM_GET_SREGS");
	return s;
}

void lab_sregs_set(struct lab *lab, const struct kvm_sregs *sregs)
{
	must(ioctl(lab->vcpu, KVM_SET_SREGS, sregs), "KVM_SET_SREGS");
}

void lab_msr_set(struct lab *lab, uint32_t index, uint64_t value)
{
	struct {
		struct kvm_msrs head;
		struct kvm_msr_entry entry;
	} m = {.head.nmsrs = 1, .entry = {.index = index, .data = value}};

	must(ioctl(lab->vcpu, KVM_SET_MSRS, &m), "KVM_SET_MSRS");
}

struct kvm_vcpu_events lab_events(struct lab *lab)
{
	struct kvm_vcpu_events e;

	must(ioctl(lab->vcpu, KVM_GET_VCPU_EVENTS, &e), "KVM_GET_VCPU_EVENTS");
	return e;
}

uint64_t lab_mem64(struct lab *lab, uint64_t gpa)
{
	uint64_t v;

	memcpy(&v, lab->mem + gpa, 8);
	return v;
}

uint64_t lab_at(struct lab *lab)
{
	return lab_regs(lab).rip - LAB_CODE;
}

uint64_t lab_dr6(struct lab *lab)
{
	return lab->run->debug.arch.dr6;
}
