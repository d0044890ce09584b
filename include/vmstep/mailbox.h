/*
 * mailbox.h - the page that engine mtf (host) and the shim (src/shim/, the L1 hypervisor) share.
 * Freestanding; both sides assert its layout.
 *
 * The shim lives in a memory slot of its own, above everything a guest (L2) can have, and the page is
 * the first of it:
 *
 *   SHIM_GPA + 0        struct mailbox (this page)
 *   SHIM_GPA + 1000     the shim's entry, code, data, stack; tables of VMX
 *   SHIM_GPA + 80000    struct batch: steps the shim takes by itself
 *   SHIM_GPA + 1fd000   PML4, PDPT, PD of the shim itself, written by the host before it starts
 *
 * Who owns the page: the shim while `where` is MAILBOX_RUNNING, else the host. The shim hands it over
 * by an OUT to MAILBOX_PORT, once per VM exit; the host answers by the next KVM_RUN. L2 may use that
 * port too: it cannot touch the page, so `where` tells whose OUT it was.
 *
 * State of L2 travels as arrays of u64 in the order of the lists below, each entry named by the VMCS
 * field it is read from and written to (SDM volume 3, appendix "Field Encoding in VMCS").
 */
#ifndef VMSTEP_MAILBOX_H
#define VMSTEP_MAILBOX_H

#include <vmstep/cpu.h>

#define SHIM_GPA  0xf00000000ull /* 60 GiB: inside 36 bits, the least a processor with VMX has */
#define SHIM_SIZE 0x200000ull    /* one large page */
#define SHIM_ENTRY (SHIM_GPA + 0x1000)
#define SHIM_BATCH (SHIM_GPA + 0x80000)
#define SHIM_CR3  (SHIM_GPA + 0x1fd000)
#define MAILBOX_MAGIC   0x6d747376u
#define MAILBOX_VERSION 2u
#define MAILBOX_PORT    0x5f7u

/* Read at every exit. Each VMREAD that L0 does not shadow costs the shim an exit of its own. */
#define MAILBOX_CORE(F) \
	F(RIP, 0x681e) F(RSP, 0x681c) F(RFLAGS, 0x6820) F(INTERRUPTIBILITY, 0x4824) F(PENDING_DBG, 0x6822)

/* Read when the host asks (`fetch`); the eight segments in VMCS order: ES CS SS DS FS GS LDTR TR. */
#define MAILBOX_SYS(F) \
	F(ES_SEL, 0x800) F(CS_SEL, 0x802) F(SS_SEL, 0x804) F(DS_SEL, 0x806) F(FS_SEL, 0x808) \
	F(GS_SEL, 0x80a) F(LDTR_SEL, 0x80c) F(TR_SEL, 0x80e) \
	F(ES_LIMIT, 0x4800) F(CS_LIMIT, 0x4802) F(SS_LIMIT, 0x4804) F(DS_LIMIT, 0x4806) \
	F(FS_LIMIT, 0x4808) F(GS_LIMIT, 0x480a) F(LDTR_LIMIT, 0x480c) F(TR_LIMIT, 0x480e) \
	F(ES_AR, 0x4814) F(CS_AR, 0x4816) F(SS_AR, 0x4818) F(DS_AR, 0x481a) \
	F(FS_AR, 0x481c) F(GS_AR, 0x481e) F(LDTR_AR, 0x4820) F(TR_AR, 0x4822) \
	F(ES_BASE, 0x6806) F(CS_BASE, 0x6808) F(SS_BASE, 0x680a) F(DS_BASE, 0x680c) \
	F(FS_BASE, 0x680e) F(GS_BASE, 0x6810) F(LDTR_BASE, 0x6812) F(TR_BASE, 0x6814) \
	F(GDTR_BASE, 0x6816) F(IDTR_BASE, 0x6818) F(GDTR_LIMIT, 0x4810) F(IDTR_LIMIT, 0x4812) \
	F(DR7, 0x681a) F(DEBUGCTL, 0x2802) F(SYSENTER_CS, 0x482a) F(SYSENTER_ESP, 0x6824) \
	F(SYSENTER_EIP, 0x6826) F(EFER, 0x2806) F(PAT, 0x2804) F(ACTIVITY, 0x4826) \
	F(CR0, 0x6800) F(CR3, 0x6802) F(CR4, 0x6804)

/* What the exit said. The first EXIT_SHORT are read at every exit, the rest unless it is an MTF, which
 * has nothing there; they are 0 then. */
#define MAILBOX_EXIT(F) \
	F(REASON, 0x4402) F(QUALIFICATION, 0x6400) F(INTR_INFO, 0x4404) F(INSN_LEN, 0x440c) \
	F(INTR_ERROR, 0x4406) F(IDT_INFO, 0x4408) F(IDT_ERROR, 0x440a) F(GPA, 0x2400) F(GLA, 0x640a)
enum { EXIT_SHORT = 4 };

/* Written by the host, never read back: controls and what the next entry injects. */
#define MAILBOX_CONTROL(F) \
	F(PROC, 0x4002) F(EXCEPTIONS, 0x4004) F(CR0_SHADOW, 0x6004) F(CR4_SHADOW, 0x6006) \
	F(ENTRY_INTR, 0x4016) F(ENTRY_ERROR, 0x4018) F(ENTRY_LEN, 0x401a)

/* The rest of a VMCS, for `info vmcs` (MAILBOX_DUMP). */
#define MAILBOX_MORE(F) \
	F(PIN, 0x4000) F(PROC2, 0x401e) F(EXIT_CTL, 0x400c) F(ENTRY_CTL, 0x4012) \
	F(EPT_POINTER, 0x201a) F(MSR_BITMAP, 0x2004) F(CR0_MASK, 0x6000) F(CR4_MASK, 0x6002) \
	F(HOST_CR0, 0x6c00) F(HOST_CR3, 0x6c02) F(HOST_CR4, 0x6c04) F(HOST_RSP, 0x6c14) \
	F(HOST_RIP, 0x6c16) F(HOST_EFER, 0x2c02) F(LINK_POINTER, 0x2800) F(INSN_ERROR, 0x4400)

#define MAILBOX_ENUM_CORE(name, code) CORE_##name,
#define MAILBOX_ENUM_SYS(name, code) SYS_##name,
#define MAILBOX_ENUM_EXIT(name, code) EXIT_##name,
#define MAILBOX_ENUM_CONTROL(name, code) CTL_##name,
#define MAILBOX_ENUM_MORE(name, code) MORE_##name,
enum { MAILBOX_CORE(MAILBOX_ENUM_CORE) CORE_COUNT };
enum { MAILBOX_SYS(MAILBOX_ENUM_SYS) SYS_COUNT };
enum { MAILBOX_EXIT(MAILBOX_ENUM_EXIT) EXIT_COUNT };
enum { MAILBOX_CONTROL(MAILBOX_ENUM_CONTROL) CTL_COUNT };
enum { MAILBOX_MORE(MAILBOX_ENUM_MORE) MORE_COUNT };

/* `where`: values that a zeroed or scribbled page does not have. */
enum mailbox_where { MAILBOX_RUNNING = 0x52554e21, MAILBOX_AT_HOST = 0x484f5354 };

/* `status`: what the shim has to say when it hands the page over. */
enum mailbox_status {
	MAILBOX_READY,     /* VMX is on, the VMCS is loaded, nothing has run */
	MAILBOX_VM_EXIT,   /* L2 ran (or its entry failed with a VM exit): exit[] */
	MAILBOX_FETCHED,   /* MAILBOX_FETCH or MAILBOX_DUMP is done */
	MAILBOX_VM_FAIL,   /* VMLAUNCH/VMRESUME failed: vm_error (SDM "VM Instruction Error Numbers") */
	MAILBOX_NO_VMX,    /* start-up failed: vm_error is an enum mailbox_start */
	MAILBOX_EXCEPTION, /* the shim itself took an exception: fault_* */
};
enum mailbox_start { START_VMXON = 1, START_VMCS, START_CONTROLS, START_FIELD };
/* `op`: what the host wants. */
enum mailbox_op { MAILBOX_RUN, MAILBOX_FETCH, MAILBOX_DUMP,
		  MAILBOX_BARE /* for the bench: batch.limit entries, nothing read but the reason */ };
/* `dirty`, `fetch`: groups of state. */
enum mailbox_group { GROUP_CORE = 1, GROUP_SYS = 2, GROUP_CONTROL = 4, GROUP_CR2 = 8 };
/* `emulated`: what the shim did of an instruction that exits always; RIP is still on it. */
enum mailbox_emulated { EMULATED_NOT, EMULATED_DONE, EMULATED_GP /* it raises #GP(0) instead */ };

struct mailbox {
	u32 magic, version, size, where;
	u32 status, op, dirty, fetch;
	u32 emulated, vm_error, nmis /* the shim took itself */, launched;
	u64 seq;                      /* counts hand-overs */
	u64 fault_vector, fault_error, fault_rip, fault_cr2;
	u64 gpr[GPR_COUNT];           /* RSP is core[CORE_RSP] */
	u64 cr2;
	u64 core[CORE_COUNT];
	u64 sys[SYS_COUNT];
	u64 exit[EXIT_COUNT];
	u64 ctl[CTL_COUNT];
	u64 more[MORE_COUNT];         /* MAILBOX_DUMP */
	u64 ctl_seen[CTL_COUNT];      /* MAILBOX_DUMP */
};
_Static_assert(sizeof(struct mailbox) <= 4096, "the mailbox is one page");
_Static_assert(offsetof(struct mailbox, seq) == 48, "mailbox layout");
_Static_assert(offsetof(struct mailbox, gpr) == 88, "entry.S knows where the registers are");
_Static_assert(offsetof(struct mailbox, core) == 224, "mailbox layout");

/*
 * Steps without the host (MAILBOX_RUN with batch.limit > 0). The shim goes on from a boundary by itself
 * while there is nothing to decide: the exit is an MTF and nothing is pending or traced by the guest;
 * L2 landed where the instruction leads, and the bytes there are an instruction of the table. The host
 * fills the table, with instructions only that change nothing but general registers, flags and memory,
 * and leaves out those at execute points; bytes are compared at each boundary, so that code that
 * changes is a miss. Each boundary passed is a record; the one the shim stays at is a hand-over as any
 * other. The table and the records are the host's while the page is.
 */
enum { BATCH_INSNS = 4096, BATCH_RECORDS = 2048, BATCH_RANGES = 16 };
struct batch_insn {
	u64 lin;
	u64 next, target;   /* linear, where it may lead; target: ~0 if it is no direct branch */
	u8 bytes[15], n;    /* n 0: no entry */
	u8 bits;            /* of the code segment: 16, 32, 64 */
	u8 unused[7];
};
struct batch_record {
	u64 core[CORE_COUNT];
	u64 exit[EXIT_SHORT];
	u64 gpr[GPR_COUNT];
	u64 insn;           /* index of the instruction at the boundary */
};
/* Why the shim stayed. */
enum batch_left { BATCH_VISIT, BATCH_EXIT, BATCH_DUE, BATCH_ELSEWHERE, BATCH_MISS, BATCH_FULL, BATCH_RECALL,
		  BATCH_LEFT_COUNT };
struct batch {
	u32 usable;         /* shim: it can read the guest's memory */
	u32 recall;         /* host, at any time: stay at the next boundary */
	u32 limit;          /* host: records that may be written */
	u32 n;              /* shim: records written */
	u32 left;           /* shim: enum batch_left */
	u32 bits;           /* host, as the rest: of the code segment */
	u64 first;          /* index of the instruction at the boundary now */
	u64 cs_base, cr0, cr3, cr4, efer;
	u32 n_ranges, unused;
	struct { u64 gpa, size; } range[BATCH_RANGES]; /* RAM and ROM, all the shim may read */
	struct batch_insn insn[BATCH_INSNS];
	struct batch_record record[BATCH_RECORDS];
};
_Static_assert(sizeof(struct batch_insn) == 48, "batch layout");
_Static_assert(SHIM_BATCH + sizeof(struct batch) <= SHIM_CR3, "the batch lies below the page tables");
static inline u32 batch_hash(u64 lin) { return (u32)(lin * 0x9e3779b97f4a7c15ull >> 52); }
_Static_assert(BATCH_INSNS == 1 << 12, "batch_hash() gives 12 bits");

/* Primary processor-based controls that the host switches (SDM table of that name). */
#define PROC_HLT    BIT(7)
#define PROC_MOV_DR BIT(23)
#define PROC_MTF    BIT(27)

#endif
