/*
 * host.c - a host for the shim on the bare emulated CPU: no Linux, no KVM, no vmstep between.
 *
 * The shim's own files are linked with this one (SHIM_BARE): where it would leave for engine mtf it
 * calls host_visit(), which prints each VM exit to port E9 and answers as a host must:
 *   e37 +2 i0 l0 p0 s0    reason, RIP in the code, interruption information, length, pending debug
 *                         exceptions, interruptibility
 * Skips are the ones of docs/semantics.md section 6. Runs the guests of guests.S one after the other.
 */
#include "../../../src/shim/shim.h"

#define VM_ENTRY_FAILED BIT(31)
enum { STACK = 0x7000, TABLES = 0x10000 /* rom.S's PML4 */, EXITS_MAX = 60 };
enum { REASON_EXC = 0, REASON_TRIPLE = 2, REASON_HLT_EXIT = 12 };

struct guest {
	const char *name;
	const u8 *code, *end;
	u64 bits;   /* 16, 32, 64 */
	u64 rflags; /* beside bit 1 */
};
extern const struct guest guests[], guests_end[]; /* shim.ld */

/* Of the guests: null, code, data. */
static u64 guest_gdt[] = { 0, 0x00af9b000000ffff, 0x00cf93000000ffff };
static u64 now;
static u64 exits;

static void put(char c)
{
	__asm__ volatile("outb %0, %1" : : "a"(c), "Nd"((u16)0xe9));
}

static void put_text(const char *s)
{
	while (*s)
		put(*s++);
}

static void put_hex(const char *label, u64 v)
{
	int shift = v ? (63 - __builtin_clzll(v)) & ~3 : 0;

	put_text(label);
	for (; shift >= 0; shift -= 4)
		put("0123456789abcdef"[v >> shift & 15]);
}

static void segment_set(unsigned i, u16 sel, u64 base, u32 limit, u32 ar)
{
	mailbox.sys[SYS_ES_SEL + i] = sel;
	mailbox.sys[SYS_ES_BASE + i] = base;
	mailbox.sys[SYS_ES_LIMIT + i] = limit;
	mailbox.sys[SYS_ES_AR + i] = ar;
}

/* SDM "Checks on Guest Segment Registers": code and data accessed, LDTR unusable, TR a busy TSS. */
static void segments_set(u64 bits)
{
	u32 limit = bits == 16 ? 0xffff : 0xffffffff, code = bits == 64 ? 0xa09b : bits == 32 ? 0xc09b : 0x9b;

	for (unsigned i = 0; i < 6; i++)
		segment_set(i, i == 1 ? 8 : 0x10, 0, limit, i == 1 ? code : bits == 16 ? 0x93 : 0xc093);
	if (bits == 16)
		for (unsigned i = 0; i < 6; i++)
			mailbox.sys[SYS_ES_SEL + i] = 0;
	segment_set(6, 0, 0, 0, 0x10000);
	segment_set(7, 0, 0, 0x67, 0x8b);
}

static void guest_set(const struct guest *g)
{
	const u8 *from = g->code;

	for (u8 *to = (u8 *)(g->bits == 16 ? 0x8000ul : 0x500000ul); from < g->end;)
		*to++ = *from++;
	for (unsigned i = 0; i < SYS_COUNT; i++)
		mailbox.sys[i] = 0;
	segments_set(g->bits);
	mailbox.sys[SYS_CR0] = CR0_ET | CR0_NE | (g->bits == 16 ? 0 : CR0_PE) | (g->bits == 64 ? CR0_PG : 0);
	mailbox.sys[SYS_CR3] = TABLES;
	mailbox.sys[SYS_CR4] = CR4_VMXE | (g->bits == 64 ? CR4_PAE : 0);
	mailbox.sys[SYS_EFER] = g->bits == 64 ? EFER_LME | EFER_LMA : 0;
	mailbox.sys[SYS_DR7] = DR7_FIXED;
	mailbox.sys[SYS_PAT] = 0x0007040600070406;
	mailbox.sys[SYS_GDTR_BASE] = (u64)guest_gdt;
	mailbox.sys[SYS_GDTR_LIMIT] = sizeof(guest_gdt) - 1;
	mailbox.sys[SYS_IDTR_LIMIT] = g->bits == 16 ? 0x3ff : 0;
	for (unsigned i = 0; i < GPR_COUNT; i++)
		mailbox.gpr[i] = 0;
	mailbox.core[CORE_RIP] = g->bits == 16 ? 0x8000 : 0x500000;
	mailbox.core[CORE_RSP] = STACK;
	mailbox.core[CORE_RFLAGS] = FL_FIXED | g->rflags;
	mailbox.core[CORE_INTERRUPTIBILITY] = 0;
	mailbox.core[CORE_PENDING_DBG] = 0;
	mailbox.ctl[CTL_PROC] |= PROC_MTF | PROC_HLT;
	mailbox.dirty = GROUP_CORE | GROUP_SYS | GROUP_CONTROL;
	exits = 0;
}

static void quit(void)
{
	const char *word = "Shutdown";

	put_text("oracle: all snippets ran\n");
	while (*word)
		__asm__ volatile("outb %0, %1" : : "a"(*word++), "Nd"((u16)0x8900));
	for (;;)
		__asm__ volatile("hlt");
}

static void guest_next(void)
{
	if (&guests[now] == guests_end)
		quit();
	put_text(guests[now].name);
	put('\n');
	guest_set(&guests[now++]);
	mailbox.op = MAILBOX_RUN;
	mailbox.fetch = 0;
}

static void exit_show(void)
{
	u64 start = guests[now - 1].bits == 16 ? 0x8000 : 0x500000;

	put_hex("  e", mailbox.exit[EXIT_REASON] & 0xffff);
	put_hex(" +", mailbox.core[CORE_RIP] - start);
	put_hex(" i", mailbox.exit[EXIT_INTR_INFO]);
	/* SDM "Information for VM Exits Due to Instruction Execution": at an MTF it means nothing. */
	put_hex(" l", mailbox.exit[EXIT_REASON] == 37 ? 0 : mailbox.exit[EXIT_INSN_LEN]);
	put_hex(" p", mailbox.core[CORE_PENDING_DBG]);
	put_hex(" s", mailbox.core[CORE_INTERRUPTIBILITY]);
	put('\n');
}

/* Inner and outer skip alike move RIP and end the shadow; what an outer skip owes is not entered. */
static void skip(void)
{
	mailbox.core[CORE_RIP] += mailbox.exit[EXIT_INSN_LEN];
	mailbox.core[CORE_INTERRUPTIBILITY] &= ~3ull;
	mailbox.dirty |= GROUP_CORE;
}

static bool is_over(void)
{
	u64 reason = mailbox.exit[EXIT_REASON];

	return reason == REASON_HLT_EXIT || reason == REASON_TRIPLE || (reason & VM_ENTRY_FAILED) ||
	       ++exits == EXITS_MAX;
}

static void exit_serve(void)
{
	u32 type = mailbox.exit[EXIT_INTR_INFO] >> 8 & 7;

	exit_show();
	if (is_over())
		guest_next();
	else if (mailbox.exit[EXIT_REASON] == REASON_EXC && type == INTR_HARD_EXC)
		mailbox.core[CORE_RFLAGS] &= ~FL_TF, mailbox.dirty |= GROUP_CORE; /* swallowed; no more of it */
	else if (mailbox.exit[EXIT_REASON] == REASON_EXC || mailbox.emulated == EMULATED_DONE)
		skip();
	mailbox.op = MAILBOX_RUN;
}

void host_visit(void)
{
	switch (mailbox.status) {
	case MAILBOX_READY:
		guest_next();
		break;
	case MAILBOX_VM_EXIT:
		exit_serve();
		break;
	case MAILBOX_NO_VMX:
		put_hex("shim: start failed ", mailbox.vm_error);
		put('\n');
		quit();
		break;
	case MAILBOX_VM_FAIL:
		put_hex("  VM-instruction error ", mailbox.vm_error);
		put('\n');
		quit();
		break;
	default:
		put_hex("shim: exception ", mailbox.fault_vector);
		put_hex(" at ", mailbox.fault_rip);
		put('\n');
		quit();
	}
}
