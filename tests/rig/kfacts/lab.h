/*
 * lab.h - a tiny virtual machine on raw KVM ioctls, to show what KVM does at a debug event.
 *
 * Used by kfacts only. It shares no code with the engines on purpose: it is what they are judged
 * against. One VM with one vCPU and 8 MiB of RAM at 0; every KVM_RUN prints one line of evidence.
 *
 * Guest physical memory: 1000 code, 2000+16*v handler of vector v, 6000 data, 7000 stack top,
 * 8000 TSS, 9000 GDT, a000 IDT, 10000 page tables (identity, first and fourth GiB), 10000000.. no RAM (MMIO).
 */
#ifndef RIG_LAB_H
#define RIG_LAB_H

#include <linux/kvm.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum lab_mode { LAB_REAL, LAB_PROT, LAB_LONG };

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
#define TF 0x100u
#define IF 0x200u
#define RF 0x10000u

struct lab {
	int vm, vcpu;
	uint8_t *mem;
	struct kvm_run *run;
	int err; /* errno of the last KVM_RUN, 0 */
};

/* A guest's code is written in assembly, with global labels for the places a case speaks of. */
#define GUEST(name, bits, body)                                                                    \
	extern const uint8_t name[], name##_end[];                                                 \
	__asm__(".pushsection .rodata\n.code" #bits "\n.globl " #name "\n" #name ":\n" body        \
		"\n.globl " #name "_end\n" #name "_end:\n.code64\n.popsection\n")
#define LAB_START(lab, name, mode, flags)                                                          \
	lab_init(lab, mode, name, (size_t)(name##_end - name), flags)

/* Print a line of evidence. */
void say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* Begin a case: its heading in the evidence, and the prefix of its results. */
void case_begin(const char *id, const char *title);
/* One result: TAP line "ok - rig: ID what" or "not ok - rig: ID what: got X, wanted Y". */
void check_hex(const char *what, uint64_t got, uint64_t want);
void check_skip(const char *what, const char *why);
/* Results that were not ok so far. */
int check_failures(void);

/* Open /dev/kvm; returns 0 or -errno. */
int lab_open(void);
bool lab_has(int capability);
void lab_init(struct lab *lab, enum lab_mode mode, const uint8_t *code, size_t len, unsigned flags);
void lab_deinit(struct lab *lab);

/* KVM_RUN, one evidence line, returns the exit reason (KVM_EXIT_INTR for EINTR). */
unsigned lab_run(struct lab *lab);
/* The same with immediate_exit set. */
unsigned lab_run_immediate(struct lab *lab);
/* KVM_RUN without printing. */
unsigned lab_run_quiet(struct lab *lab);

void lab_debug(struct lab *lab, uint32_t control);
/* With hardware breakpoints: DR0-3 and DR7. */
void lab_debug_hw(struct lab *lab, uint32_t control, const uint64_t dr[4], uint64_t dr7);

struct kvm_regs lab_regs(struct lab *lab);
void lab_regs_set(struct lab *lab, const struct kvm_regs *regs);
void lab_rip_set(struct lab *lab, uint64_t rip);
struct kvm_sregs lab_sregs(struct lab *lab);
void lab_sregs_set(struct lab *lab, const struct kvm_sregs *sregs);
void lab_msr_set(struct lab *lab, uint32_t index, uint64_t value);
struct kvm_vcpu_events lab_events(struct lab *lab);
uint64_t lab_mem64(struct lab *lab, uint64_t gpa);
/* RIP as an offset into the code. */
uint64_t lab_at(struct lab *lab);
/* DR6 of the last KVM_EXIT_DEBUG. */
uint64_t lab_dr6(struct lab *lab);

#endif
