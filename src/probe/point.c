/* point.c - probes: debug registers, the debugger's and the guest's own. */
#include <string.h>
#include <vmstep/x86.h>

#include "probe/probe.h"

GUEST(guest_points, 64, "nop\n nop\n nop\n nop\n nop\n hlt");
GUEST(guest_watched, 64, "mov $0x6000, %ebx\n mov %eax, (%rbx)\n nop\n mov (%rbx), %eax\n nop\n hlt");
GUEST(guest_watch_ss, 64, "mov $0x6000, %ebx\n mov (%rbx), %ss\n nop\n nop\n nop\n hlt");
GUEST(guest_watch_mmio, 64, "mov $0x10000000, %ebx\n mov %eax, (%rbx)\n nop\n nop\n hlt");
GUEST(guest_watch_io, 64, "mov $0x41, %eax\n out %al, $0xe1\n nop\n nop\n hlt");
GUEST(guest_task, 32, "ljmp $0x38, $0\n .fill 11, 1, 0x90\n hlt");
GUEST(guest_gd, 64, "nop\n mov %dr0, %rax\n nop\n nop\n hlt");

#define HW	 (KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_USE_HW_BP)
#define EXEC	 "SDM \"Instruction-Breakpoint Exception Condition\""
#define DATA	 "SDM \"Data Memory and I/O Breakpoint Exception Conditions\""
#define DETECT	 "SDM \"General-Detect Exception Condition\""
#define X0	 0x2u	  /* DR0: execute */
#define W0_4	 0xd0002u /* DR0: write, 4 bytes */
#define RW0_4	 0xf0002u
#define RW0_2	 0x70002u
#define IO0_1	 0x20002u
#define GUEST_GD 0x2400u
#define NO_DATA	 "section 11"
#define NO_NOTE	 "data breakpoints never fire"
#define BY_VALUE "steps and compares where no data breakpoint fires"

static void rf_between(struct lab *lab, unsigned n)
{
	lab->run->s.regs.regs.rflags |= FL_RF;
	lab->run->kvm_dirty_regs = KVM_SYNC_X86_REGS;
}

static void ss_setup(struct lab *lab)
{
	lab->mem[LAB_DATA] = LAB_SS;
}

static void de_setup(struct lab *lab)
{
	struct kvm_sregs s = lab_sregs(lab);

	s.cr4 |= CR4_DE;
	lab_sregs_set(lab, &s);
}

/* DR6 is never cleared by the processor: what an earlier #DB left there stays (SDM "Debug Status Register
 * (DR6)"). */
static void sticky_setup(struct lab *lab)
{
	lab->mem[LAB_HANDLER(EXC_DB)] = 0x48; /* IRETQ in place of NOP: it goes on */
	lab->mem[LAB_HANDLER(EXC_DB) + 1] = 0xcf;
}

/* A task whose TSS has the T flag, at +16 of the code. */
static void task_setup(struct lab *lab)
{
	const u32 base = LAB_TSS + 0x100;
	const u64 desc = 0x0000890000000067ull | (u64)base << 16;
	u32 *tss = (void *)(lab->mem + base);

	memcpy(lab->mem + LAB_GDT + 0x38, &desc, sizeof(desc));
	tss[8] = LAB_CODE + 16;
	tss[9] = FL_FIXED;
	tss[14] = LAB_STACK;
	for (unsigned i = 18; i < 24; i++) /* ES to GS */
		tss[i] = i == 19 ? LAB_CS : LAB_SS;
	tss[25] = 1; /* T */
}

const struct probe probes_point[] = {
	{ .id = "exec", .event = "a hardware code breakpoint", .source = EXEC, .want = "debug+2[B0]",
	  .vmstep = "shows BREAK/n with drN as evidence",
	  PROBE_CODE(guest_points), .control = HW, .dr0 = LAB_CODE + 2, .dr7 = X0, .runs = 1 },
	{ .id = "exec-rf", .event = "resumed from a code breakpoint with RF=1", .source = EXEC,
	  .want = "debug+2[B0] hlt+6", .vmstep = "steps off it with the point taken away where RF does not help",
	  .known = { { "debug+2[B0] debug+2[B0]", "section 11", "reported again for ever" } },
	  PROBE_CODE(guest_points), .control = HW, .dr0 = LAB_CODE + 2, .dr7 = X0, .between = rf_between,
	  .runs = 2 },
	{ .id = "exec-step", .event = "a single step onto a code breakpoint: two #DBs, the trap first",
	  .source = EXEC ", SDM \"Priority Among Concurrent Events\"", .want = "debug+2[BS] debug+2[B0]",
	  .vmstep = "folds both into one stop, TF+BREAK/n",
	  .known = { { "debug+2[B0 BS] debug+2[B0]", "rig", "the emulated processor gives both as one" },
		     { "debug+2[B0] debug+2[B0]", "section 11", "the trap is lost" },
		     { "debug+2[BS] debug+3[BS]", "section 11", "the breakpoint is lost" } },
	  PROBE_CODE(guest_points), .control = HW | KVM_GUESTDBG_SINGLESTEP, .dr0 = LAB_CODE + 2, .dr7 = X0,
	  .lead = 1, .runs = 2 },
	{ .id = "watch-write", .event = "a hardware watchpoint on writes", .source = DATA,
	  .want = "debug+7[B0] hlt+12", .vmstep = BY_VALUE, .known = { { "hlt+12", NO_DATA, NO_NOTE } },
	  PROBE_CODE(guest_watched), .control = HW, .dr0 = LAB_DATA, .dr7 = W0_4, .runs = 2 },
	{ .id = "watch-access", .event = "a hardware watchpoint on reads and writes", .source = DATA,
	  .want = "debug+7[B0] debug+10[B0] hlt+12", .vmstep = BY_VALUE, .known = { { "hlt+12", NO_DATA, NO_NOTE } },
	  PROBE_CODE(guest_watched), .control = HW, .dr0 = LAB_DATA, .dr7 = RW0_4, .runs = 3 },
	{ .id = "watch-step", .event = "a watched write under a single step: one #DB", .source = DATA,
	  .want = "debug+7[B0 BS] debug+8[BS]", .vmstep = BY_VALUE,
	  .known = { { "debug+7[BS] debug+8[BS]", NO_DATA, NO_NOTE } },
	  PROBE_CODE(guest_watched), .control = HW | KVM_GUESTDBG_SINGLESTEP, .dr0 = LAB_DATA, .dr7 = W0_4,
	  .lead = 1, .runs = 2 },
	{ .id = "watch-movss", .event = "a watch hit by MOV SS: behind the next instruction",
	  .source = "SDM \"Masking Exceptions and Interrupts When Switching Stacks\"", .want = "debug+8[B0] hlt+11",
	  .vmstep = BY_VALUE, .known = { { "hlt+11", NO_DATA, NO_NOTE } },
	  PROBE_CODE(guest_watch_ss), .control = HW, .dr0 = LAB_DATA, .dr7 = RW0_2, .setup = ss_setup, .runs = 2 },
	{ .id = "watch-mmio", .event = "a watched MMIO write, which KVM emulates", .source = DATA,
	  .want = "mmio debug+7[B0]", .vmstep = "looks at the access itself",
	  .known = { { "mmio hlt+10", "K11", "the emulator ignores data breakpoints until 51543660c521" } },
	  PROBE_CODE(guest_watch_mmio), .control = HW, .dr0 = 0x10000000, .dr7 = W0_4, .runs = 2 },
	{ .id = "watch-io", .event = "an I/O breakpoint (CR4.DE), which KVM emulates", .source = DATA,
	  .want = "io debug+7[B0]", .vmstep = "catch io looks at the exit itself",
	  .known = { { "io hlt+10", "K11", "the emulator ignores I/O breakpoints" } },
	  PROBE_CODE(guest_watch_io), .control = HW, .dr0 = 0xe1, .dr7 = IO0_1, .setup = de_setup, .runs = 2 },
	{ .id = "guest-watch", .event = "the guest's own watchpoint, no guest debug", .source = DATA,
	  .want = "hlt v1+1 frame=+7 dr6=B0", .vmstep = "nothing: the guest runs by itself",
	  .known = { { "hlt+12 dr6=", NO_DATA, NO_NOTE } },
	  PROBE_CODE(guest_watched), .halt = 1, .guest_dr0 = LAB_DATA, .guest_dr7 = W0_4 | 0x400, .runs = 1,
	  .more = frame_dr6_more },
	{ .id = "guest-watch-hw", .event = "the guest's own watchpoint while USE_HW_BP is on", .source = DATA,
	  .want = "hlt v1+1 frame=+7 dr6=B0", .vmstep = "merges both sets of debug registers where they fit",
	  .known = { { "hlt+12 dr6=", "K8", "the guest's debug registers do not count" } },
	  PROBE_CODE(guest_watched), .control = HW, .halt = 1, .guest_dr0 = LAB_DATA, .guest_dr7 = W0_4 | 0x400,
	  .runs = 1, .more = frame_dr6_more },
	{ .id = "dr6-sticky", .event = "B0 left in the guest's DR6 by a handler that does not clear it",
	  .source = "SDM \"Debug Status Register (DR6)\"", .want = "hlt+12 dr6=B0",
	  .vmstep = "reads cause bits off the report, not off the guest's DR6",
	  .known = { { "hlt+12 dr6=", NO_DATA, NO_NOTE } },
	  PROBE_CODE(guest_watched), .setup = sticky_setup, .guest_dr0 = LAB_DATA, .guest_dr7 = W0_4 | 0x400,
	  .runs = 1, .more = dr6_more },
	{ .id = "gd", .event = "MOV DR with the guest's DR7.GD=1, no guest debug", .source = DETECT,
	  .want = "hlt v1+1 frame=+1 dr6=BD", .vmstep = "nothing: the guest runs by itself",
	  PROBE_CODE(guest_gd), .halt = 1, .guest_dr7 = GUEST_GD, .runs = 1, .more = frame_dr6_more },
	{ .id = "gd-hw", .event = "MOV DR with the guest's DR7.GD=1 while USE_HW_BP is on", .source = DETECT,
	  .want = "hlt v1+1 frame=+1 dr6=BD", .vmstep = "passes the guest's GD on in its own DR7",
	  .known = { { "hlt+7 dr6=", "K8", "the guest's GD does not count" } },
	  PROBE_CODE(guest_gd), .control = HW, .halt = 1, .guest_dr7 = GUEST_GD, .runs = 1,
	  .more = frame_dr6_more },
	{ .id = "gd-own", .event = "MOV DR with GD in the debugger's DR7", .source = DETECT, .want = "debug+1[BD]",
	  .vmstep = "shows GD and gives it to the guest whose it is",
	  .known = { { "hlt+7", "section 11", "GD in the debugger's DR7 does not count" } },
	  PROBE_CODE(guest_gd), .control = HW, .dr7 = GUEST_GD, .runs = 1 },
	{ .id = "tbit", .event = "a task switch to a TSS with the T flag", .source = "SDM \"Task-Switch Exception Condition\"",
	  .want = "hlt v1+1 frame=+16 dr6=BT", .vmstep = "engine soft has it; on KVM there is nothing to be seen",
	  .known = { { "hlt+19 dr6=", "K11", "KVM's task switch does not look at it" },
		     { "error+0 dr6=", "section 11", "the software flavour switches no tasks" } },
	  PROBE_CODE(guest_task), .mode = LAB_PROT, .setup = task_setup, .halt = 1, .runs = 1,
	  .more = frame_dr6_more },
	{ .id = NULL },
};
