/* text.c - see text.h. */
#include "text.h"

void teach_address(struct session *s, u64 addr, struct strbuf *out)
{
	char name[200];

	strbuf_addhex(out, addr, true);
	if (session_symbolize(s, addr, name, sizeof(name)))
		strbuf_addf(out, " <%s>", name);
}

void teach_insn(enum cpu_mode mode, u64 addr, const u8 *bytes, size_t n, struct strbuf *out)
{
	char text[128];

	if (!n) {
		strbuf_adds(out, "(unreadable)");
		return;
	}
	insn_format(mode_bits(mode), bytes, n, addr, NULL, NULL, text, sizeof(text));
	strbuf_adds(out, text);
}

enum { WRAP_COLUMN = 79 };

/* In place: a blank becomes a newline, nothing moves. A word that is wider stands on its own. */
void teach_wrap(struct strbuf *out, size_t from)
{
	size_t line = from, blank = 0;

	for (size_t i = from; i < out->n; i++) {
		if (out->s[i] == '\n') {
			line = i + 1;
			blank = 0;
		} else if (out->s[i] == ' ') {
			blank = i;
		}
		if (i - line < WRAP_COLUMN || !blank || i < line)
			continue;
		out->s[blank] = '\n';
		line = blank + 1;
		blank = 0;
	}
}

/* Facts only: nothing here depends on how this stop was noticed. A table, so it may be long. */
static const struct cause_text texts[CAUSE_COUNT] = {
	[CAUSE_MTF] = {
		"The monitor trap flag, a VM-execution control, makes a VM exit (reason 37) at the boundary "
		"after each instruction. The guest cannot see it, shadows do not hold it back, and a trap that "
		"is due at the same boundary waits in the pending debug exceptions.",
		"SDM volume 3, \"Monitor Trap Flag\"",
	},
	[CAUSE_TF] = {
		"A single-step trap: where RFLAGS.TF is set when an instruction starts, a debug exception "
		"follows it, trap-like, with RIP on the next instruction and BS set in DR6.",
		"SDM volume 3, \"Single-Step Exception Condition\"",
	},
	[CAUSE_ICEBP] = {
		"The instruction before is INT1 (opcode F1, ICEBP). It raises a debug exception of its own, "
		"and sets no bit in DR6: not even BS when TF is on, since no single-step trap and no monitor "
		"trap flag exit is due for it. An intercept sees RIP still on the F1; a handler's frame holds "
		"the address behind it.",
		"SDM volume 2, \"INT n/INTO/INT3/INT1\"; volume 3, \"Information for VM Exits Due to Vectored Events\" (type 5)",
	},
	[CAUSE_INT3] = {
		"The instruction before is the guest's own INT3 (opcode CC): a breakpoint exception, vector 3. "
		"An intercept sees RIP on the CC; a handler's frame holds the address behind it.",
		"SDM volume 3, \"Interrupt 3 - Breakpoint Exception (#BP)\"",
	},
	[CAUSE_HWBP] = {
		"A code breakpoint in the guest's own DR0-DR3 matches this address. It is fault-like: RIP on the "
		"instruction, which has not run. RFLAGS.RF in the handler's frame gets past it once.",
		"SDM volume 3, \"Instruction-Breakpoint Exception Condition\"",
	},
	[CAUSE_WATCH] = {
		"The instruction before touched memory that a data breakpoint in the guest's own DR0-DR3 covers. "
		"It is trap-like: the access has happened, RIP is on the next instruction.",
		"SDM volume 3, \"Data Memory and I/O Breakpoint Exception Conditions\"",
	},
	[CAUSE_IOBP] = {
		"The instruction before used a port that an I/O breakpoint in DR0-DR3 covers (CR4.DE is set). "
		"Trap-like: the access has happened.",
		"SDM volume 3, \"Data Memory and I/O Breakpoint Exception Conditions\"",
	},
	[CAUSE_GD] = {
		"DR7.GD is set and the instruction here wants a debug register: fault-like, RIP on the MOV DR, "
		"BD set in DR6. The processor clears GD when it enters the handler.",
		"SDM volume 3, \"General-Detect Exception Condition\"",
	},
	[CAUSE_TBIT] = {
		"A task switch went to a task whose TSS has the T bit set: a debug exception before the first "
		"instruction of the new task, BT set in DR6.",
		"SDM volume 3, \"Task-Switch Exception Condition\"",
	},
	[CAUSE_BLD] = {
		"The instruction before took a bus lock while bus-lock detection is on. DR6 bit 11 is active low.",
		"SDM volume 3, \"OS Bus-Lock Detection\"",
	},
	[CAUSE_RTM] = {
		"A debug event inside a transactional region aborted it; RIP is at the fallback. DR6 bit 16 is "
		"active low.",
		"SDM volume 3, \"Debug Exceptions, Breakpoint Exceptions, and Restricted Transactional Memory (RTM)\"",
	},
	[CAUSE_BREAK] = {
		"One of your breakpoints is at this address; the instruction has not run.",
		NULL,
	},
	[CAUSE_UWATCH] = {
		"The instruction before did what one of your watchpoints waits for.",
		NULL,
	},
	[CAUSE_CATCH] = {
		"One of your catchpoints matches.",
		NULL,
	},
	[CAUSE_EVENT] = {
		"An event was delivered: this is the first instruction of its handler.",
		"SDM volume 3, \"Exception- or Interrupt-Handler Procedures\"",
	},
	[CAUSE_IO] = {
		"The instruction before is a port access, which leaves the guest for its device model.",
		"kvm/api.rst, \"The kvm_run structure\" (KVM_EXIT_IO)",
	},
	[CAUSE_MMIO] = {
		"The instruction before accessed an address that is no RAM, which leaves the guest for its device "
		"model.",
		"kvm/api.rst, \"The kvm_run structure\" (KVM_EXIT_MMIO)",
	},
	[CAUSE_HLT] = {
		"The guest executed HLT: the processor waits for an interrupt, and none can come, or you asked to "
		"stop there.",
		"SDM volume 2, \"HLT - Halt\"",
	},
	[CAUSE_EXCEPTION] = {
		"An exception came that the guest has no handler for, or one that was asked to be caught.",
		"SDM volume 3, \"Interrupt and Exception Handling\"",
	},
	[CAUSE_SHUTDOWN] = {
		"The processor went into shutdown: while it delivered a double fault, another fault came (triple "
		"fault). Nothing runs from here.",
		"SDM volume 3, \"Interrupt 8 - Double Fault Exception (#DF)\"",
	},
	[CAUSE_INTERRUPT] = {
		"You interrupted the run (Ctrl-C or a signal). The guest did nothing special here.",
		NULL,
	},
	[CAUSE_LIMIT] = {
		"The run came to the end that was asked for: the steps are done, or nexti, until, advance or finish "
		"is where it was to go.",
		NULL,
	},
	[CAUSE_EXIT] = {
		"The guest wrote to the exit port: it ends itself.",
		NULL,
	},
	[CAUSE_ERROR] = {
		"KVM could not go on with this guest.",
		"kvm/api.rst, \"The kvm_run structure\" (KVM_EXIT_INTERNAL_ERROR, KVM_EXIT_FAIL_ENTRY)",
	},
	[CAUSE_START] = {
		"The guest is loaded and nothing of it has run.",
		NULL,
	},
};

const struct cause_text *cause_text(enum cause c)
{
	return &texts[c < CAUSE_COUNT ? c : CAUSE_START];
}
