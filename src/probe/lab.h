/*
 * lab.h - a tiny virtual machine on raw KVM ioctls, to see what KVM does at a debug event.
 *
 * It shares no code with the engines on purpose: it is what they are judged against. Implemented by
 * lab.c, used by the probes and, with evidence printed, by tests/rig/kfacts. One VM with one vCPU and
 * 8 MiB of RAM at 0.
 *
 * Guest physical memory: 1000 code, 2000+16*v handler of vector v, 6000 data, 7000 stack top,
 * 8000 TSS, 9000 GDT, a000 IDT, 10000 page tables (identity, first and fourth GiB), 10000000.. no RAM (MMIO).
 */
#ifndef VMSTEP_PROBE_LAB_H
#define VMSTEP_PROBE_LAB_H

#include <linux/kvm.h>
#include <vmstep/types.h>

enum lab_mode { LAB_LONG, LAB_PROT, LAB_REAL };

#define LAB_CODE 0x1000u
#define LAB_DATA 0x6000u
#define LAB_STACK 0x7000u
#define LAB_TSS 0x8000u
#define LAB_GDT 0x9000u
#define LAB_IDT 0xa000u
#define LAB_PT 0x10000u
#define LAB_HANDLER(v) (0x2000u + 16u * (v))

#define LAB_CS 0x10u
#define LAB_SS 0x18u
#define LAB_USER_SS 0x23u
#define LAB_USER_CS 0x2bu

#define LAB_IRQCHIP 1u /* in-kernel PIC and APIC */
#define LAB_USER 2u    /* start at CPL 3 (long mode) */

#define DBG_STEP (KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_SINGLESTEP)

struct lab {
	int kvm, vm, vcpu;
	u8 *mem;
	struct kvm_run *run;
	size_t run_size;
	int err;            /* errno of the last KVM_RUN, 0 */
	const char *failed; /* the first ioctl that failed and must not; NULL: none. Nothing runs then */
	int failed_errno;
};

/* A guest's code is written in assembly, with global labels for the places a case speaks of. */
#define GUEST(name, bits, body)                                                                    \
	extern const u8 name[], name##_end[];                                                      \
	__asm__(".pushsection .rodata\n.code" #bits "\n.globl " #name "\n" #name ":\n" body        \
		"\n.globl " #name "_end\n" #name "_end:\n.code64\n.popsection\n")

/* `kvm` is /dev/kvm, opened; it is not closed. 0 or -errno, `failed` says of what. lab_destroy() in
 * any case. */
int lab_create(struct lab *lab, int kvm, enum lab_mode mode, const u8 *code, size_t len, unsigned flags);
void lab_destroy(struct lab *lab);

/* KVM_RUN; returns the exit reason, KVM_EXIT_INTR for EINTR and other errors of KVM_RUN (see err). */
unsigned lab_enter(struct lab *lab);
/* The same with immediate_exit set. */
unsigned lab_enter_immediate(struct lab *lab);

void lab_debug(struct lab *lab, u32 control);
/* With hardware breakpoints: DR0-3 and DR7. */
void lab_debug_hw(struct lab *lab, u32 control, const u64 dr[4], u64 dr7);

struct kvm_regs lab_regs(struct lab *lab);
void lab_regs_set(struct lab *lab, const struct kvm_regs *regs);
void lab_rip_set(struct lab *lab, u64 rip);
struct kvm_sregs lab_sregs(struct lab *lab);
void lab_sregs_set(struct lab *lab, const struct kvm_sregs *sregs);
void lab_msr_set(struct lab *lab, u32 index, u64 value);
struct kvm_vcpu_events lab_events(struct lab *lab);
struct kvm_debugregs lab_debugregs(struct lab *lab);
/* The guest's own. */
void lab_debugregs_set(struct lab *lab, u64 dr0, u64 dr7);
u64 lab_mem64(struct lab *lab, u64 gpa);
/* RIP as an offset into the code. */
u64 lab_at(struct lab *lab);
/* DR6 of the last KVM_EXIT_DEBUG. */
u64 lab_dr6(struct lab *lab);

#endif
