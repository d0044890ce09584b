/*
 * topics.c - `help TOPIC` and the topics of vmstep-semantics(7), which is made from this table.
 * Paragraphs are separated by a newline. docs/semantics.md has the same facts with their sources in
 * full.
 */
#include <string.h>
#include <vmstep/teach.h>

static const struct topic topics[] = {
	{ "tf", "the trap flag",
	  "RFLAGS.TF (bit 8) makes the processor raise a debug exception after an instruction: "
	  "trap-like, RIP on the next "
	  "instruction, BS in DR6. TF before the instruction decides: a POPF or IRET that sets it "
	  "is not trapped, the "
	  "instruction behind it is; one that clears it is trapped. SYSCALL is judged on its "
	  "result.\n"
	  "Delivery of any event through the IDT clears TF, so that a stepper by TF sees nothing "
	  "of a handler. MOV SS and POP SS "
	  "drop the trap. The debugger's TF is not the guest's: vmstep takes it out of what PUSHF, "
	  "frames and SYSCALL leave "
	  "(set tf-hygiene), keeps the guest's own beside, and gives it its #DB.",
	  "SDM volume 3, \"Single-Step Exception Condition\"" },
	{ "mtf", "the monitor trap flag",
	  "A VM-execution control of VMX. With it on, a VM exit (reason 37) comes at the boundary "
	  "after each instruction, or before "
	  "the first instruction of the handler of an event that was injected or delivered. It is "
	  "no exception: no vector, nothing on a "
	  "stack, nothing the guest can see, and no shadow holds it back. Of a REP string "
	  "instruction it comes after each iteration.\n"
	  "A trap that is due at the same boundary stays in the pending debug exceptions and comes "
	  "with the next entry. An instruction "
	  "that exits by itself (CPUID, I/O) raises none: the hypervisor that emulates it owes the "
	  "boundary. An intercepted ICEBP "
	  "raises none either.\n"
	  "Engine mtf steps by it, engine soft shows it; KVM_SET_GUEST_DEBUG, which engine kvm "
	  "uses, does not offer it.",
	  "SDM volume 3, \"Monitor Trap Flag\"" },
	{ "icebp", "INT1, opcode F1",
	  "INT1 raises #DB, vector 1, by itself. A handler sees it like a trap: the frame holds "
	  "the address behind the F1. An intercept "
	  "sees it like a fault: RIP on the F1, nothing done. It sets no bit in DR6, BS never, "
	  "even with TF on, and neither a "
	  "single-step trap nor an MTF is due for it. A VM exit for it has interruption type 5, "
	  "and nothing else has; CD 01 "
	  "(INT 1) is an ordinary INT n and no ICEBP.\n"
	  "vmstep shows it behind itself, with the inner skip done and the event pending; the next "
	  "resume delivers it or swallows it "
	  "(set icebp, deliver, swallow). Plain KVM passes on no interruption type, so there it is "
	  "deduced: exception 1, no bit of DR6 "
	  "that counts, F1 at RIP, RIP not moved.",
	  "SDM volume 2, \"INT n/INTO/INT3/INT1\"; volume 3, \"Information for VM Exits Due to "
	  "Vectored Events\"" },
	{ "skip", "the inner and the outer skip",
	  "Who intercepts an instruction has to move RIP over it, prefixes counted, and clear "
	  "shadow and RF. Whether more is owed makes "
	  "the two skips. Outer (CPUID, I/O, MSRs, ... emulated): the instruction counts as done, "
	  "so a single-step trap comes with TF on, an "
	  "MTF with that on, and a deferred data breakpoint is delivered. Inner (ICEBP): nothing "
	  "of this, since its own #DB was the "
	  "trap.\n"
	  "set skip shows three wrong ways past an ICEBP. none: RIP stays, the handler's IRET "
	  "meets the F1 again, for ever. outer: one stop "
	  "too many. dr6-empty: a #DB is an ICEBP when DR6 is empty and none when it is not, which "
	  "a data breakpoint deferred by MOV SS can "
	  "make false. Lessons skip-none, skip-outer and skip-dr6-empty play them.",
	  "Linux, arch/x86/kvm/vmx/vmx.c, skip_emulated_instruction and its callers" },
	{ "shadow", "STI and MOV SS blocking",
	  "After STI, if IF was 0, and after MOV SS or POP SS, the processor blocks events for one "
	  "instruction. The shadow of STI holds "
	  "back external interrupts. That of MOV SS holds back interrupts, NMIs, code breakpoints "
	  "on that instruction, and data breakpoints, "
	  "which come behind it; the single-step trap of the MOV SS itself is lost. MTF and "
	  "general detect are not held back.\n"
	  "Engine kvm cannot stop behind a MOV SS (KVM clears shadows while it steps, K2); mtf and "
	  "soft can. KVM without VMX stops there "
	  "although no processor does.",
	  "SDM volume 3, \"Masking Exceptions and Interrupts When Switching Stacks\"; volume 2, "
	  "\"STI\"" },
	{ "pending", "pending debug exceptions",
	  "A field of the VMCS that holds traps still to come: B0 to B3, BS (bit 14), and bit 12, "
	  "enabled breakpoint. It is filled at a VM "
	  "exit that overtakes a trap, such as MTF, and in a MOV SS shadow. At VM entry what it "
	  "holds is delivered before the first "
	  "instruction, unless the entry injects an event that drops it or a shadow of MOV SS "
	  "blocks it.\n"
	  "With a shadow or in HLT, BS there must agree with TF or the entry fails. A #DB exit "
	  "leaves the field empty. In stop lines it "
	  "is pdbg=.",
	  "SDM volume 3, \"Delivery of Pending Debug Exceptions after VM Entry\"; \"Guest "
	  "Non-Register State\"" },
	{ "dr6", "the debug status register",
	  "What a #DB was about: B0 to B3 (bits 0-3) breakpoint n, BD (13) general detect, BS (14) "
	  "single step, BT (15) task switch; BLD (11) "
	  "and RTM (16) are 0 when they happened. Empty it reads ffff0ff0. The processor sets bits "
	  "and does not clear them: the handler "
	  "has to. A Bn counts only if DR7 enables breakpoint n. An ICEBP sets none.\n"
	  "A #DB that is intercepted leaves DR6 as it was: what it would have set is in the exit "
	  "qualification, and who delivers it to "
	  "the guest must set it.",
	  "SDM volume 3, \"Debug Status Register (DR6)\"" },
	{ "dr7", "the debug control register",
	  "Ln and Gn (bits 0-7) enable breakpoint n. R/Wn says on what: 0 execution, 1 writes, 2 "
	  "I/O (with CR4.DE), 3 reads and writes; "
	  "LENn how many bytes: 0 one, 1 two, 3 four, 2 eight. GD (bit 13) makes the next MOV to "
	  "or from a debug register raise #DB "
	  "before it is done; the processor clears GD when it enters the handler. Code breakpoints "
	  "need length 0.",
	  "SDM volume 3, \"Debug Control Register (DR7)\"; \"General-Detect Exception "
	  "Condition\"" },
	{ "rf", "the resume flag",
	  "RFLAGS.RF (bit 16) holds code breakpoints back for one instruction; retiring an "
	  "instruction clears it. Faults push it as 1, so "
	  "that a return does not report the same breakpoint twice, with one exception: the #DB of "
	  "a code breakpoint pushes it as it was, "
	  "and its handler has to set it in the frame to get past. 16-bit frames have no room for "
	  "it.\n"
	  "It is not a matter of data breakpoints or of TF: those are traps.",
	  "SDM volume 3, \"Instruction-Breakpoint Exception Condition\"" },
	{ "priority", "several events at one boundary",
	  "Highest first: reset and machine check; the trap of a task switch; SMI and INIT; MTF; "
	  "traps of the previous instruction (TF, data "
	  "and I/O breakpoints, which share one #DB); the VMX-preemption timer; NMI; external "
	  "interrupts; code breakpoints of the next "
	  "instruction; faults of its fetch, of its decoding, of its execution (general detect is "
	  "one).\n"
	  "An ICEBP is not in the list: it is the instruction that makes its own #DB. A vmstep "
	  "stop joins what is reported with nothing in "
	  "between, first cause first, as in MTF+TF.",
	  "SDM volume 3, \"Priority Among Concurrent Events\"" },
	{ "injection", "events put into a guest",
	  "VM entry can inject an event: type 0 external interrupt, 2 NMI, 3 hardware exception, 4 "
	  "INT n, 5 INT1, 6 INT3 or INTO, 7 a "
	  "pending MTF. Injected events come before any instruction, and an MTF that is on is "
	  "reported before the handler's first one. "
	  "Types 4 to 6 need the instruction's length, for the address in the frame. An injected "
	  "#DB sets neither DR6 nor clears "
	  "DR7.GD: the hypervisor does.\n"
	  "deliver VECTOR queues one. While engine kvm steps, vmstep delivers by its own routine, "
	  "since KVM's would leave the debugger's "
	  "TF in the frame and run the handler unseen (K12).",
	  "SDM volume 3, \"Event Injection\"; kvm/api.rst, \"KVM_SET_VCPU_EVENTS\"" },
};

const struct topic *topic_at(size_t i)
{
	return i < ARRAY_SIZE(topics) ? &topics[i] : NULL;
}

const struct topic *topic_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(topics); i++)
		if (!strcmp(topics[i].name, name))
			return &topics[i];
	return NULL;
}
