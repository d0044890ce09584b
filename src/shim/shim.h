/*
 * shim.h - what the files of src/shim/ share. The shim is a hypervisor for one guest (L2) that is
 * driven by the host through the mailbox page: it makes no decisions. In the order of what happens:
 *
 *   entry.S    the first instruction; into L2 and back; exceptions of the shim
 *   main.c     the loop: take the host's orders, enter L2, hand the exit over
 *   batch.c    boundaries passed without the host, with a record each
 *   cpu.c      descriptor tables of the shim, VMXON
 *   vmcs.c     the VMCS: controls, host, guest; EPT and bitmaps
 *   encode.h   descriptors, EPT entries, control words: pure
 *   emulate.c  instructions that always exit: CPUID, XSETBV, INVD, VMCALL
 */
#ifndef VMSTEP_SHIM_H
#define VMSTEP_SHIM_H

#include <vmstep/mailbox.h>
#include <vmstep/x86.h>

#include "encode.h"

/* One image, no dynamic linker: everything is reached relative to RIP. */
#pragma GCC visibility push(hidden)

extern struct mailbox mailbox;
extern struct batch batch; /* where the linker script says: SHIM_BATCH */

/* entry.S */
u64 guest_enter(u64 *gpr, u64 launched);
void nmi_gate(void);
void nmi_unblock(void);
void xsetbv_try(u32 index, u64 value, u64 *failed);
void wrmsr_try(u32 index, u64 value, u64 *failed);
void rdmsr_try(u32 index, u64 *value, u64 *failed);
extern char exception_stubs[];

/* cpu.c */
void cpu_setup(void);
int vmx_on(void); /* 0, or an enum mailbox_start */
void shim_exception(u64 vector, u64 error, u64 rip) __attribute__((noreturn));
struct table_pointer {
	u16 limit;
	u64 base;
} __attribute__((packed));
enum { SEL_CODE = 0x10, SEL_DATA = 0x18, SEL_TSS = 0x20 };
u64 tss_base(void);

/* vmcs.c */
int vmcs_create(void); /* 0, or an enum mailbox_start */

/* batch.c */
void batch_init(void);
void batch_start(void);
bool batch_goes_on(void); /* after the exit in the mailbox was read */

/* emulate.c */
u32 emulate(void); /* the instruction of the exit in the mailbox; enum mailbox_emulated */

/* main.c */
void host_call(enum mailbox_status status);
/* To the host and back, the page in hand: an OUT, which engine mtf answers by the next KVM_RUN. On the
 * bare CPU (tests/rig/shim) the host is a function. */
#ifdef SHIM_BARE
void host_visit(void);
#else
static inline void host_visit(void)
{
	__asm__ volatile("outb %0, %1" : : "a"((u8)0), "d"((u16)MAILBOX_PORT) : "memory");
}
#endif

#pragma GCC visibility pop

static inline u64 rdmsr(u32 nr)
{
	u32 lo, hi;

	__asm__ volatile("rdmsr" : "=a"(lo), "=d"(hi) : "c"(nr));
	return lo | (u64)hi << 32;
}

static inline void wrmsr(u32 nr, u64 v)
{
	__asm__ volatile("wrmsr" : : "c"(nr), "a"((u32)v), "d"((u32)(v >> 32)));
}

static inline void cpuid(u32 *a, u32 *b, u32 *c, u32 *d)
{
	__asm__ volatile("cpuid" : "+a"(*a), "=b"(*b), "+c"(*c), "=d"(*d));
}

static inline u64 vmread(u64 field)
{
	u64 v;

	__asm__ volatile("vmread %1, %0" : "=r"(v) : "r"(field) : "cc");
	return v;
}

/* 0, or 1 if the field or value is refused (SDM "VMWRITE"). */
static inline int vmwrite(u64 field, u64 v)
{
	u8 failed;

	__asm__ volatile("vmwrite %2, %1; setna %0" : "=r"(failed) : "r"(field), "r"(v) : "cc");
	return failed;
}

#endif
