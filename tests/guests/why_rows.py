"""why_rows.py - every sentence of `why`, and when it is true.

A row is a sentence as src/teach/ prints it, a function that says whether a stop bears it, whether each stop that
does must say it, and where it must come up at least once. In a sentence {x} is a hexadecimal number, {n} a decimal,
{addr} an address with or without a symbol, {insn} an instruction's text, {cause} a cause's name, {text} any; each goes to the
function. `q` (why.Question) is the stop: record of the trace, registers, the records around it.

Where: a flavour of the corpus ("soft", "soft-tf", "kvm-pvm"; "kvm-rig" and "mtf-rig" are not held to it, since the rig
asks about two guests only), "scene" a session of why_scenes.py, "" not always, "unit" only a stop made by hand (tests/unit/teach_words.c has those words).
"""
import re

NAMES = {0: "#DE, divide error", 1: "#DB, debug exception", 3: "#BP, breakpoint", 6: "#UD, invalid opcode", 8: "#DF, double fault",
         13: "#GP, general protection", 14: "#PF, page fault"}
STACK = '"Masking Exceptions and Interrupts When Switching Stacks"'
IO_POLL = re.compile(r"(rep )?(in|out|ins|outs)")


def before_is(q, addr, insn):
    return q.is_from(insn) and q.came_from(int(addr, 16))


def report_of(q, reason):
    return q.r["exit"] is not None and q.r["exit"]["reason"] == reason


def access(q, reason, key, at, size, write):
    e = q.r["exit"]
    return report_of(q, reason) and int(e[key], 16) == int(at, 16) and e["size"] == int(size) and e["write"] == write


# What a cause is; also said by `why not`, of the cause asked for.
CAUSES = {
    "MTF": "The monitor trap flag, a VM-execution control, makes a VM exit (reason 37) at the boundary after each instruction. The "
           "guest cannot see it, shadows do not hold it back, and a trap that is due at the same boundary waits in the pending "
           "debug exceptions.",
    "TF": "A single-step trap: where RFLAGS.TF is set when an instruction starts, a debug exception follows it, trap-like, with "
          "RIP on the next instruction and BS set in DR6.",
    "ICEBP": "The instruction before is INT1 (opcode F1, ICEBP). It raises a debug exception of its own, and sets no bit in DR6: "
             "not even BS when TF is on, since no single-step trap and no monitor trap flag exit is due for it. An intercept sees "
             "RIP still on the F1; a handler's frame holds the address behind it.",
    "INT3": "The instruction before is the guest's own INT3 (opcode CC): a breakpoint exception, vector 3. An intercept sees RIP "
            "on the CC; a handler's frame holds the address behind it.",
    "HWBP": "A code breakpoint in the guest's own DR0-DR3 matches this address. It is fault-like: RIP on the instruction, which "
            "has not run. RFLAGS.RF in the handler's frame gets past it once.",
    "WATCH": "The instruction before touched memory that a data breakpoint in the guest's own DR0-DR3 covers. It is trap-like: "
             "the access has happened, RIP is on the next instruction.",
    "IOBP": "The instruction before used a port that an I/O breakpoint in DR0-DR3 covers (CR4.DE is set). Trap-like: the access "
            "has happened.",
    "GD": "DR7.GD is set and the instruction here wants a debug register: fault-like, RIP on the MOV DR, BD set in DR6. The "
          "processor clears GD when it enters the handler.",
    "TBIT": "A task switch went to a task whose TSS has the T bit set: a debug exception before the first instruction of the new "
            "task, BT set in DR6.",
    "BLD": "The instruction before took a bus lock while bus-lock detection is on. DR6 bit 11 is active low.",
    "RTM": "A debug event inside a transactional region aborted it; RIP is at the fallback. DR6 bit 16 is active low.",
    "BREAK/n": "One of your breakpoints is at this address; the instruction has not run.",
    "WATCH/n": "The instruction before did what one of your watchpoints waits for.",
    "CATCH/n": "One of your catchpoints matches.",
    "EVENT": "An event was delivered: this is the first instruction of its handler.",
    "IO": "The instruction before is a port access, which leaves the guest for its device model.",
    "MMIO": "The instruction before accessed an address that is no RAM, which leaves the guest for its device model.",
    "HLT": "The guest executed HLT: the processor waits for an interrupt, and none can come, or you asked to stop there.",
    "EXCEPTION": "An exception came that the guest has no handler for, or one that was asked to be caught.",
    "SHUTDOWN": "The processor went into shutdown: while it delivered a double fault, another fault came (triple fault). Nothing "
                "runs from here.",
    "INTERRUPT": "You interrupted the run (Ctrl-C or a signal). The guest did nothing special here.",
    "LIMIT": "The run came to the end that was asked for: the steps are done, or nexti, until, advance or finish is where it was "
             "to go.",
    "EXIT": "The guest wrote to the exit port: it ends itself.",
    "ERROR": "KVM could not go on with this guest.",
    "START": "The guest is loaded and nothing of it has run.",
}
# Where a cause must come up as one; those of `why not` are asked for anyway.
CAUSE_SEEN = {"MTF": "soft", "TF": "soft-tf", "ICEBP": "soft", "INT3": "soft", "HWBP": "soft", "WATCH": "soft", "IOBP": "soft",
              "GD": "soft", "EVENT": "soft", "IO": "kvm-pvm", "MMIO": "kvm-pvm", "INTERRUPT": "unit", "TBIT": "unit", "BLD": "unit",
              "RTM": "unit", "ERROR": "unit"}
# What a cause's evidence must be, beside its name in the record.
CAUSE_BEARS = {
    "ICEBP": lambda q: q.insn == "int1" or q.retired == 2,
    "INT3": lambda q: q.insn == "int3" or q.retired == 2,
    "HWBP": lambda q: q.dr6 & 15 and q.retired == 0 or q.retired == 1,
    "GD": lambda q: re.search(r"\bdr\d", q.r["insn"]) and (q.dr6 & 0x2000 or q.r["proof"] == "deduced"),
    "WATCH": lambda q: q.dr6 & 15 or q.pending_dbg & 15 or q.did("put-back-db"),
    "IOBP": lambda q: IO_POLL.match(q.insn) is not None,
    "TF": lambda q: q.dr6 & 0x4000 or q.pending_dbg & 0x4000 or q.did("outer-skip") or q.r["proof"] == "deduced",
    "IO": lambda q: IO_POLL.match(q.insn) is not None,
    "HLT": lambda q: q.insn == "hlt" or q.retired != 1,
    "EVENT": lambda q: q.event is not None,
}


def cause_row(name):
    def bears(q):
        if q.cause:
            return q.cause.split("/")[0] == name.split("/")[0] and not q.has(q.cause)
        return q.has(name) and CAUSE_BEARS.get(name, lambda q: True)(q)
    return CAUSES[name], bears, name, CAUSE_SEEN.get(name, "scene")


# Where a cause is written: titles of the SDM's sections, or of kvm/api.rst.
INT_N, RUN = "INT n/INTO/INT3/INT1", "The kvm_run structure"
SOURCES = {
    "MTF": ["Monitor Trap Flag"], "TF": ["Single-Step Exception Condition"],
    "ICEBP": [INT_N, "Information for VM Exits Due to Vectored Events"],
    "INT3": ["Interrupt 3 - Breakpoint Exception (#BP)"],
    "HWBP": ["Instruction-Breakpoint Exception Condition"],
    "WATCH": ["Data Memory and I/O Breakpoint Exception Conditions"],
    "IOBP": ["Data Memory and I/O Breakpoint Exception Conditions"],
    "GD": ["General-Detect Exception Condition"], "TBIT": ["Task-Switch Exception Condition"],
    "BLD": ["OS Bus-Lock Detection"],
    "RTM": ["Debug Exceptions, Breakpoint Exceptions, and Restricted Transactional Memory (RTM)"],
    "EVENT": ["Exception- or Interrupt-Handler Procedures"], "IO": [RUN], "MMIO": [RUN], "HLT": ["HLT - Halt"],
    "EXCEPTION": ["Interrupt and Exception Handling"], "SHUTDOWN": ["Interrupt 8 - Double Fault Exception (#DF)"],
    "ERROR": [RUN],
}
# Of `why not` besides.
TITLES = {t for titles in SOURCES.values() for t in titles} | {
    "Priority Among Concurrent Events", STACK.strip('"'), "STI", "SYSCALL", "Debug Control Register (DR7)", "KVM_SET_GUEST_DEBUG",
    "Masking Maskable Hardware Interrupts", "Task Management", "Task Switching", "Task Management in 64-bit Mode",
}

SHADOW = ("A shadow is active here (%s): it lasts one instruction and holds back %s (SDM volume 2, \"STI\"; volume 3, " + STACK + ").")
DELIVERS = "The next resume delivers vector {n} to the guest or swallows it: see set %s, deliver, swallow."

# Sentence, when it is true, must: True (always then), where it must come up.
ROWS = [
    ("At the same boundary, {cause}:", lambda q, c: c in q.r["causes"] and q.r["cause"] != c, False, "soft"),
    ("The instruction before, at {addr}, is: {insn}",
     lambda q, a, i: (q.retired == 1 or q.rep) and before_is(q, a, i), False, "soft"),
    ("No instruction has completed since the boundary before, {addr}, with: {insn}",
     lambda q, a, i: q.retired == 0 and not q.rep and before_is(q, a, i), False, "soft"),
    ("{n} instructions ran since the boundary {addr}, with: {insn}",
     lambda q, n, a, i: q.retired == int(n) > 1 and before_is(q, a, i), False, "soft-tf"),
    ("How many instructions ran is not known; the last boundary seen before is {addr}, with: {insn}",
     lambda q, a, i: q.retired is None or q.retired < 0, False, "scene"),
    # absent
    ("No stop came between the two: an instruction that loads SS drops its own single-step trap, and opens a shadow of one "
     "instruction (SDM volume 3, " + STACK + "). The trap here is that of the second.",
     lambda q: q.retired == 2 and q.loads_ss, True, "soft-tf"),
    ("A stepper by TF has no stop here, behind MOV SS; the monitor trap flag is not held back by the shadow (SDM volume 3, "
     "\"Monitor Trap Flag\").", lambda q: q.has("MTF") and q.loads_ss and q.retired == 1, True, "soft"),
    ("By the manual no trap follows an instruction that loads SS, unless the one before it did, too; KVM that interprets the guest "
     "gives one all the same (K16).", lambda q: q.has("TF") and q.loads_ss and q.retired == 1 and q.engine == "kvm", True, "kvm-pvm"),
    ("MTF came before the single-step trap, BS: it ranks above the traps of the previous instruction, and what it overtakes is kept "
     "in the pending debug exceptions (SDM volume 3, \"Priority Among Concurrent Events\").",
     lambda q: q.has("MTF") and bool(q.pending_dbg & 0x4000), True, "soft"),
    ("MTF came before the data breakpoint: it ranks above the traps of the previous instruction, and what it overtakes is kept in "
     "the pending debug exceptions (SDM volume 3, \"Priority Among Concurrent Events\").",
     lambda q: q.has("MTF") and q.pending_dbg & 15 and not q.pending_dbg & 0x4000, True, "soft"),
    ("The shadow of MOV SS holds it back for one more instruction.",
     lambda q: q.has("MTF") and q.pending_dbg and "mov-ss" in q.shadow, True, "soft"),
    ("The interruption type is 5, privileged software exception: that, and not an empty DR6, is what tells an ICEBP from any other "
     "#DB.", lambda q: q.has("ICEBP") and q.intr_info >> 31 and q.intr_info >> 8 & 7 == 5, True, "soft"),
    ("BS is not set in the exit qualification.",
     lambda q: q.has("ICEBP") and q.r["vmx"] and not int(q.r["vmx"]["qualification"], 16) & 0x4000, True, "soft"),
    ("No step is reported with it: the boundary before this instruction was reported already.",
     lambda q: q.retired == 0 and (q.has("HWBP") or q.has("GD")), True, "soft"),
    ("MTF is pending as soon as an event has been delivered: that is why the stop is before the handler's first instruction (SDM "
     "volume 3, \"Monitor Trap Flag\").", lambda q: q.has("MTF") and q.has("EVENT"), True, "soft"),
    ("A trap flag does not stop here, since delivery clears it: vmstep does so by other means (K17).",
     lambda q: q.has("EVENT") and not q.has("MTF"), True, "soft-tf"),
    # the report
    ("KVM reported exception {n} at {x} with no cause bit in DR6 ({x}), and the bytes there are INT1: that is how an ICEBP is "
     "deduced here, since KVM does not pass on the interruption type, which is 5 for INT1 and 3 for any other #DB.",
     lambda q, n, pc, dr6: report_of(q, "KVM_EXIT_DEBUG") and q.r["exit"]["exception"] == int(n) == 1 and (q.insn == "int1" or q.retired == 2) and
     int(q.r["exit"]["pc"], 16) == int(pc, 16) and q.dr6 == int(dr6, 16) and not q.dr6 & 0xe00f and q.r["proof"] == "deduced", False, "kvm-rig"),
    ("KVM ended the run with KVM_EXIT_DEBUG, exception {n}",
     lambda q, n: report_of(q, "KVM_EXIT_DEBUG") and q.r["exit"]["exception"] == int(n), False, "kvm-pvm"),
    ("(#DB), at {x}, DR6 {x} [{text}].", lambda q, pc, v, bits: q.r["exit"]["exception"] == 1 and q.dr6 == int(v, 16) and
     q.r["exit"]["pc"] == pc and q.bits(bits), False, "kvm-pvm"),
    ("(#BP), at {x}.", lambda q, pc: q.r["exit"]["exception"] == 3 and q.r["exit"]["pc"] == pc, False, "kvm-rig"),
    ("KVM left the guest for a write to port {x}, {n} byte", lambda q, p, n: access(q, "KVM_EXIT_IO", "port", p, n, True), False, "kvm-pvm"),
    ("KVM left the guest for a read of port {x}, {n} byte", lambda q, p, n: access(q, "KVM_EXIT_IO", "port", p, n, False), False, "unit"),
    ("KVM left the guest for a write to physical address {x}, {n} byte", lambda q, p, n: access(q, "KVM_EXIT_MMIO", "gpa", p, n, True), False, "kvm-pvm"),
    ("KVM left the guest for a read of physical address {x}, {n} byte", lambda q, p, n: access(q, "KVM_EXIT_MMIO", "gpa", p, n, False), False, "unit"),
    ("KVM gave up with an internal error (suberror {n}) at {x}.", lambda q, n, x: report_of(q, "KVM_EXIT_INTERNAL_ERROR") and
     q.r["exit"]["suberror"] == int(n) and q.r["exit"]["rip"] == x, False, "kvm-pvm"),
    ("On the software flavour of /dev/kvm this is how INT1, INT3 and INT n in ring 0 show themselves; the instruction's bytes say "
     "which it was.", lambda q: q.flavour == "kvm-pvm" and re.match("int", q.insn) and q.r["cpl"] == 0, False, "kvm-pvm"),
    ("The processor refused to enter the guest, hardware reason {x}.", lambda q, x: report_of(q, "KVM_EXIT_FAIL_ENTRY"), False, "unit"),
    ("A signal brought KVM_RUN back.", lambda q: report_of(q, "KVM_EXIT_INTR"), False, ""),
    ("KVM left the guest with exit reason {n}.", lambda q, n: q.engine == "kvm" and q.r["exit"] is not None, False, "unit"),
    ("This is how a hypervisor would see it, from the processor model.", lambda q: q.engine == "soft" and q.r["vmx"] is not None, True, "soft"),
    ("The VM exit has basic reason {n}", lambda q, n: q.r["vmx"]["reason"] == int(n), False, "soft"),
    (", interruption information {x} (vector {n}, type {n})", lambda q, i, v, t: q.intr_info == int(i, 16) and
     (q.intr_info & 255, q.intr_info >> 8 & 7) == (int(v), int(t)), False, "soft"),
    (", RIP {x}", lambda q, x: q.has("EXCEPTION") or int(x, 16) in (int(q.r["rip"], 16), int(q.r["from"], 16)) or
     q.retired == 2 and int(q.r["from"], 16) < int(x, 16) < int(q.r["rip"], 16), False, "soft"),
    ("; pending debug exceptions {x} (BS) wait for the next entry", lambda q, x: q.pending_dbg == int(x, 16) and q.pending_dbg & 0x4000, False, "soft"),
    ("; pending debug exceptions {x} wait for the next entry", lambda q, x: q.pending_dbg == int(x, 16) and not q.pending_dbg & 0x4000, False, "soft"),
    ("No report of a processor or of KVM stands behind this stop: it is vmstep's own book-keeping.",
     lambda q: q.r["exit"] is None and q.r["vmx"] is None and not q.has("START") and not q.has("ERROR"), True, "scene"),
    ("The cause is deduced, not read off a report.", lambda q: q.r["proof"] == "deduced", True, "kvm-pvm"),
    ("This is not the guest's doing: the shim, the small hypervisor that runs it, failed.", lambda q: q.has("ERROR"), False, "unit"),
    ("The page it shares with vmstep is not as either side writes it.", lambda q: q.has("ERROR"), False, "unit"),
    ("It took exception {n} at {x} of its own code.", lambda q, n, x: q.has("ERROR"), False, "unit"),
    ("A VMX instruction of it failed (SDM \"VM Instruction Error Numbers\").", lambda q: q.has("ERROR"), False, "unit"),
    ("It did not come back for all the NMIs sent to it.", lambda q: q.has("ERROR"), False, "unit"),
    ("The processor model cannot go on: its CPUID shows this instruction and it has none.", lambda q: q.has("ERROR"), False, ""),
    ("The processor model cannot go on. With CR0.NE clear an x87 exception is no #MF: it goes out by the pin FERR#, and the next x87 "
     "instruction that waits stands until the interrupt comes that a PC makes of it, IRQ13 (SDM \"MS-DOS Compatibility Sub-mode\"). "
     "Here it cannot:", lambda q: q.has("ERROR"), False, ""),
    ("FERR# is wired to nothing.", lambda q: q.has("ERROR"), False, ""),
    ("IF is clear, or the interrupt controllers mask it.", lambda q: q.has("ERROR"), False, ""),
    # what happened
    ("The instruction is a REP string instruction and not done: one iteration, or some, ended here, so nothing retired (SDM volume "
     "2, \"REP/REPE/REPZ/REPNE/REPNZ\").", lambda q: q.rep and q.retired == 0 and re.match("rep", q.insn), True, "soft"),
    ("The event is vector {n}", lambda q, v: q.event["vector"] == int(v), False, "soft"),
    ("(#{text})", lambda q, t: NAMES[q.event["vector"]] == "#" + t and q.event["type"] not in (0, 4), False, "soft"),
    (", error code {x}", lambda q, x: int(q.event["error"], 16) == int(x, 16), False, "soft"),
    ("; no instruction retired since the stop before.", lambda q: q.event and q.retired == 0, True, "soft"),
    ("It is point {n}, noticed by its address.", lambda q, n: q.point(n) == "address", False, "unit"),
    ("It is point {n}, noticed by an INT3 planted there.", lambda q, n: q.point(n) == "int3", False, "unit"),
    ("It is point {n}, noticed by a debug register.", lambda q, n: q.point(n)[:2] == "dr", False, "scene"),
    ("It is point {n}, noticed by its value, looked at after each step.", lambda q, n: q.point(n) == "value", False, ""),
    ("It is point {n}, noticed by its address, while stepping.", lambda q, n: q.point(n) == "address", False, "scene"),
    ("The value at {x} was {x} and is {x}.",
     lambda q, *x: [q.r["point"][k] for k in ("addr", "old", "new")] == list(x) and x[1] != x[2], False, "scene"),
    (DELIVERS % "icebp", lambda q, v: q.r["pending"] == int(v) != 3, False, "soft"),
    (DELIVERS % "int3", lambda q, v: q.r["pending"] == int(v) == 3, False, "soft"),
    (SHADOW % ("MOV SS", "interrupts, NMIs, code breakpoints and debug traps"), lambda q: "mov-ss" in q.shadow, True, "soft"),
    (SHADOW % ("STI", "interrupts"), lambda q: q.shadow == "sti", True, "soft"),
    # what vmstep did
    ("vmstep did the inner skip, {x} to {x}: RIP moves over the instruction, shadow and RF are cleared, and no single-step trap or "
     "MTF is raised, since the instruction's own event was the trap.",
     lambda q, a, b: q.did("inner-skip", b) and q.lin == int(b, 16) > int(a, 16), False, "soft"),
    ("vmstep did the outer skip, {x} to {x}: as if the instruction had retired, with a single-step trap or MTF due where one is "
     "armed.", lambda q, a, b: q.did("outer-skip", b) and q.lin == int(b, 16) > int(a, 16), False, "soft-tf"),
    ("The skip policy in force is wrong on purpose (set skip): what follows is what a hypervisor with that bug shows.",
     lambda q: q.did("no-skip") or q.did("wrong-skip"), True, "scene"),
    ("vmstep delivered vector {n} to the guest's handler at {addr}; its frame returns to {x}.",
     lambda q, v, a, b: q.did("deliver", v) and int(a, 16) == q.lin, False, "soft"),
    ("Vector {n} was not delivered: the guest has no usable gate for it.", lambda q, v: q.did("swallow", v), False, "scene"),
    ("Vector {n} was not delivered, as the policy says.", lambda q, v: q.did("swallow", v), False, "scene"),
    ("The trap flag was vmstep's, and the instruction had copied it to where the guest can read it: vmstep took it out again (set "
     "tf-hygiene).", lambda q: q.did("repair-tf"), True, "kvm-pvm"),
    ("vmstep answered the access and re-entered with immediate_exit to complete it; a step can be lost there, and was not.",
     lambda q: q.did("complete-io"), True, "kvm-pvm"),
    ("This KVM does not run INT {n} here; vmstep did it through the guest's IDT.", lambda q, n: q.did("emulate-int", n), False, "kvm-pvm"),
    ("The trap belongs to the guest too: it gets its own #DB at the next resume.", lambda q: q.did("guest-db"), True, "kvm-pvm"),
    ("The guest waited in HLT until an interrupt came.", lambda q: q.did("wait-hlt"), True, "scene"),
    ("On this KVM ring-3 code runs unstepped and the trap flag reached the guest's own #DB handler: what the guest saw is not what it "
     "sees when it runs free.", lambda q: q.did("leaked-tf"), True, "unit"),
    ("This KVM loses the step of an IRET here, so vmstep did the return itself.", lambda q: q.did("emulate-iret") and q.insn[:4] == "iret", True, "kvm-rig"),
    ("KVMs differ in what a step over HLT does, so vmstep put the CPU to sleep itself.", lambda q: q.did("emulate-hlt") and (q.insn == "hlt" or q.retired == 0), True, "kvm-pvm"),
    ("This KVM loses the step of a SYSCALL or SYSRET between rings, so vmstep did it itself.",
     lambda q: q.did("emulate-syscall") and q.insn[:3] == "sys", True, "kvm-pvm"),
    ("On this KVM the trap flag leaks into ring 3 and its #DB goes to the guest's gate at {x}. vmstep stopped the guest before that "
     "handler's first instruction and returned through the frame, so that the handler did not run.",
     lambda q, x: q.did("took-back", x), False, "unit"),
    ("This is no new step: reverse-stepi put the guest back to an earlier state and ran it again up to this boundary, {n} back. The "
     "report is that run's; points were not counted.", lambda q, n: q.did("replay"), False, ""),
    ("A MOV SS held a data breakpoint of the guest's (DR6 bits {x}) back over the INT3, which was intercepted. Its #DB belongs behind "
     "the INT3's delivery, at the handler's first instruction; vmstep made it pending there.",
     lambda q, x: q.did("put-back-db", x) and q.has("INT3"), False, "mtf-rig"),
] + [cause_row(name) for name in CAUSES]
# What sentences are made of besides.
GLUE = (r"\.", r"s\.", r", at 0x[0-9a-f]+\.", r"\(unreadable\)")
