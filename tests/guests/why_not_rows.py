"""why_not_rows.py - every sentence of `why not`, and when it is true; see why_rows.py for the words."""
import re

DATA, CODE, IO = (1, 3), (0,), (2,)
UNKNOWN = "the code before"  # for an instruction that is not known
USERS = "The cause INTERRUPT is yours, Ctrl-C, and you did not interrupt this run. As for interrupts of devices: "


def is_insn(q, insn, pattern=""):
    return q.is_from(insn) and re.match(pattern, insn) is not None


def enabled(q, kinds):
    """Numbers of DR0-3 that DR7 enables for one of those kinds."""
    return [i for i in range(4) if q.dr[4] >> 2 * i & 3 and q.dr[4] >> 16 + 4 * i & 3 in kinds]


def at_code_point(q):
    return any(q.dr[i] == q.lin for i in enabled(q, CODE))


def accesses(insn):
    """Memory, by the text of an instruction."""
    implied = r"(push|pop|call|ret|iret|enter|leave|movs|cmps|stos|lods|scas|ins[bwd ]|outs|xlat|sgdt|lgdt)"
    return re.match(implied, insn) is not None or "[" in insn and not re.match("lea|nop", insn)


def soft_type(q, v, t, cause):
    """What INT1 or INT3 delivers, at its handler's first instruction."""
    return q.event == {"vector": int(v), "type": int(t)} and (t, q.cause) in (("5", "ICEBP"), ("6", "INT3")) and q.retired == 0


# Sentence, when it is true, and where it must come up (why_rows.py).
ROWS = [
    ("It did come: {cause} is among the causes of this stop.", lambda q, c: c == q.cause and q.has(c), "scene"),
    ("Nothing has run yet: this is the stop before the first instruction.", lambda q: q.has("START"), "scene"),
    ("Neither this stop nor the registers say why not. What it takes:", lambda q: not q.has(q.cause), "mtf-rig"),
    ("No instruction has completed since the boundary before: vector {n} was delivered, type {n}.",
     lambda q, v, t: q.retired == 0 and (q.event["vector"], q.event["type"]) == (int(v), int(t)), "soft"),
    ("No instruction has completed since the boundary before.", lambda q: q.retired == 0 and not q.event, "soft"),
    ("No instruction has completed since the boundary before: a REP string instruction is between two iterations.",
     lambda q: q.retired == 0 and q.rep, "soft"),
    # the guest's debug registers
    ("The guest's registers cannot be read now, so its debug registers are not known.", lambda q: False, "unit"),
    ("The guest has no code breakpoint: DR7 is {x}, which enables none of that kind in DR0 to DR3. (Points of yours are BREAK/n "
     "and WATCH/n.)", lambda q, v: q.dr[4] == int(v, 16) and not enabled(q, CODE), "soft"),
    ("The guest has no data breakpoint: DR7 is {x}, which enables none of that kind in DR0 to DR3. (Points of yours are BREAK/n "
     "and WATCH/n.)", lambda q, v: q.dr[4] == int(v, 16) and not enabled(q, DATA), "soft"),
    ("The guest has no I/O breakpoint: DR7 is {x}, which enables none of that kind in DR0 to DR3. (Points of yours are BREAK/n "
     "and WATCH/n.)", lambda q, v: q.dr[4] == int(v, 16) and not enabled(q, IO), "soft"),
    ("Engine kvm cannot show it here: without VMX or SVM, KVM does not give a stepped guest its own breakpoints (K11). Engine "
     "soft does.", lambda q: q.flavour == "kvm-pvm", "kvm-pvm"),
    ("No enabled code breakpoint of the guest is at {x}: an address in DR0 to DR3 must be that of the instruction's first byte.",
     lambda q, x: q.lin == int(x, 16) and enabled(q, CODE) and not at_code_point(q), "soft"),
    ("RF is set: it holds code breakpoints back for one instruction.", lambda q: q.rflags & 0x10000 and at_code_point(q), "soft"),
    ("The boundary is in the shadow of a MOV SS, where code breakpoints are suppressed.",
     lambda q: "mov-ss" in q.shadow and at_code_point(q), "soft"),
    ("It is due here, behind the event that waits, vector {n}: where that is delivered, the breakpoint comes when the handler has "
     "returned, unless its IRET sets RF.", lambda q, v: at_code_point(q) and q.r.get("pending") == int(v), "soft"),
    ("It is due, and comes next: what is reported here is about the instruction before, which ranks above a breakpoint on the "
     "next one.", lambda q: at_code_point(q) and (not q.next or "HWBP" in q.next["causes"] and q.next["retired"] == 0), "soft"),
    ("It waits: the pending debug exceptions are {x}, and the shadow of MOV SS defers data breakpoints across the next "
     "instruction.", lambda q, x: q.pending_dbg == int(x, 16) and q.pending_dbg & 15 and "mov-ss" in q.shadow, "soft"),
    ("As far as its operands tell, the instruction before does not access memory: {insn}",
     lambda q, i: is_insn(q, i) and q.retired == 1 and not accesses(i), "soft"),
    ("A data breakpoint is enabled (DR7 {x}), but the report does not say that {insn} touched what it covers. It has a length "
     "and an alignment, and one of kind write does not see reads.",
     lambda q, x, i: q.dr[4] == int(x, 16) and enabled(q, DATA) and is_insn(q, i), "soft"),
    ("CR4.DE is clear: I/O breakpoints need it; without it their encoding in DR7 is undefined.", lambda q: not q.dr[5] & 8, "soft"),
    ("The instruction before accesses no port: {insn}", lambda q, i: is_insn(q, i, r"(?!(rep \w+ )?(in|out|ins\w?|outs\w?) )"), "soft"),
    ("KVM does port accesses itself and looks at no I/O breakpoint there (K11).", lambda q: q.engine == "kvm", "kvm-rig"),
    ("An I/O breakpoint is enabled (DR7 {x}), but the report does not say that {insn} used a port that it covers.",
     lambda q, x, i: is_insn(q, i, r"(rep )?(in|out|ins|outs)") and q.dr[4] == int(x, 16) and enabled(q, IO) and
     not {int(n, 16) for n in re.findall("0x[0-9a-f]+", i)} & {q.dr[k] for k in enabled(q, IO)}, "soft"),
    ("DR7 is {x} now: GD is clear. (The processor clears it, too, when it enters a #DB handler.)",
     lambda q, x: q.dr[4] == int(x, 16) and not q.dr[4] & 0x2000, "soft"),
    ("It is still to come: the instruction here is a MOV to or from a debug register and has not been started.",
     lambda q: q.dr[4] & 0x2000 and re.search(r"\bdr\d", q.r["insn"]) and (not q.next or "GD" in q.next["causes"]), "soft"),
    ("GD is set, and waits for a MOV to or from a debug register; the next instruction is none.",
     lambda q: q.dr[4] & 0x2000 and not re.search(r"\bdr\d", q.r["insn"]), "soft"),
    ("There are no task switches here: the processor is in {text}.",
     lambda q, m: {"real": "real mode", "long": "IA-32e mode", "compat32": "IA-32e mode", "compat16": "IA-32e mode"}[q.r["mode"]] == m, "soft"),
    ("There was no task switch: the instruction before is {insn}", lambda q, i: is_insn(q, i, r"(?!jmp far|call far|iret|int)"), "soft"),
    ("Tasks are switched by a TSS descriptor, a task gate or the NT flag; nothing in this stop says that {insn} did it.",
     lambda q, i: q.is_from(i), "soft"),
    ("The processor model of engine soft has neither bus-lock nor RTM debug exceptions.", lambda q: q.engine == "soft", "soft"),
    ("Engine kvm cannot see it: KVM hands DR6 over with the bits of BLD and RTM always inactive (K18).",
     lambda q: q.engine == "kvm", "kvm-pvm"),
    # the user's points
    ("You have no point of that kind (info breakpoints).", lambda q: q.scene, "scene"),
    ("Say which: {cause}/n, with its number from info breakpoints.", lambda q, c: q.cause == c, "scene"),
    ("There is no point {n}; info breakpoints lists them.", lambda q, n: q.cause.endswith("/" + n), "scene"),
    ("Point {n} is of another kind: {text}.", lambda q, n, t: q.cause.endswith("/" + n), "scene"),
    ("Point {n} is disabled; enable {n}.", lambda q, n, m: n == m and q.cause.endswith("/" + n), "scene"),
    ("Point {n} is pending: no symbol is known that {text} means.", lambda q, n, t: q.cause.endswith("/" + n), "scene"),
    ("Its place here, {n}.{n}, is disabled.", lambda q, n, m: q.cause.endswith("/" + n), "scene"),
    ("Point {n} is not at {x}; a breakpoint is about the instruction that comes next.",
     lambda q, n, x: q.cause == "BREAK/" + n and q.lin == int(x, 16), "scene"),
    ("Point {n} ignores its next {n} hits.", lambda q, n, m: q.cause.endswith("/" + n) and int(m) > 0, "scene"),
    ("Point {n} has a condition, which must hold: {text}", lambda q, n, t: q.cause.endswith("/" + n), "scene"),
    ("The guest was resumed from here: stepping onto a point reports it, resuming from it does not.",
     lambda q: q.cause.startswith("BREAK/") and not q.has(q.cause), "scene"),
    ("Nothing in this stop says that what point {n} watches ({text}) was touched or changed.",
     lambda q, n, t: q.cause == "WATCH/" + n and not q.has(q.cause), "scene"),
    ("Nothing in this stop is what point {n} waits for ({text}); catches count in continue, and steps show what they see under "
     "its own name.", lambda q, n, t: q.cause == "CATCH/" + n and not q.has(q.cause), "scene"),
    # events
    ("Not yet: vector {n} is pending at this stop; the next resume delivers it, or swallows it (set icebp, set int3, deliver, "
     "swallow).", lambda q, v: q.r.get("pending") == int(v), "soft"),
    ("Vector {n} was not delivered: the guest has no usable gate for it.", lambda q, v: q.did("swallow", v), "scene"),
    ("Vector {n} was not delivered, as the policy says.", lambda q, v: q.did("swallow", v), "scene"),
    ("The instruction before completed without an exception ({insn}), and no interrupt was taken behind it.",
     lambda q, i: is_insn(q, i) and q.retired and not q.has("EVENT"), "soft"),
    (USERS + "IF is clear here, so none can come.", lambda q: not q.rflags & 0x200, "soft"),
    (USERS + "a shadow is active here, which holds them back for one instruction.", lambda q: q.shadow != "none", "soft"),
    (USERS + "steps by hand hold them back (set step-irq off; K9).", lambda q: q.retired == 1 and q.rflags & 0x200 and q.scene, "scene"),
    (USERS + "nothing in this stop says that one was pending.", lambda q: q.rflags & 0x200 and not q.has("INTERRUPT"), "soft"),
    ("The report of this stop is another, and the instruction before is: {insn}. What {cause} is:",
     lambda q, i, c: q.is_from(i) and c == q.cause and not q.has(c), "soft"),
    # TF and MTF
    ("{cause} is about the instruction that comes next and has not run. What the instruction before it owed was reported before: "
     "it ranks higher.", lambda q, c: q.r["cause"] == c and c in ("HWBP", "GD") and q.retired == 0, "soft"),
    ("An event was delivered, vector {n}, and no instruction has completed since. Delivery clears TF, so that the handler's "
     "first instruction is not trapped either.", lambda q, v: q.event["vector"] == int(v) and q.retired == 0, "soft"),
    ("The instruction before, {insn}, goes to a handler itself: that clears TF, and no single-step trap comes behind it.",
     lambda q, i: is_insn(q, i, r"int3|int 0x") and q.retired and not q.has("TF"), "soft"),
    ("It is due, and waits: the pending debug exceptions of this exit are {x}, with BS. MTF ranks above the traps of the "
     "previous instruction and was reported first.", lambda q, x: q.pending_dbg == int(x, 16) and q.pending_dbg & 0x4000 and q.has("MTF"), "soft"),
    ("It is due, and waits: the pending debug exceptions of this exit are {x}, with BS. They come with the next entry.",
     lambda q, x: q.pending_dbg == int(x, 16) and q.pending_dbg & 0x4000 and not q.has("MTF"), "unit"),
    ("The instruction is INT1, which raises its own #DB: no single-step trap is due for it, whoever has TF on, and BS is not set "
     "in DR6. The skip over it is the inner one and raises none either.",
     lambda q: q.has("ICEBP") and q.is_from("int1") and not q.dr6 & 0x4000, "soft"),
    ("TF was off when {insn} started. Whether it has set TF does not matter yet: TF before the instruction decides, so the trap "
     "comes one instruction later.", lambda q, i: is_insn(q, i, "popf|iret") and not q.tf, "soft"),
    ("Nobody had TF on when {insn} ran: vmstep steps by the monitor trap flag (set mtf), and the guest's own TF was off.",
     lambda q, i: is_insn(q, i) and not q.tf and q.mtf, "soft"),
    ("TF was off when {insn} ran: the guest ran free up to this stop.", lambda q, i: is_insn(q, i) and not q.tf and not q.mtf, "kvm-pvm"),
    ("The instruction before loads SS. It opens a shadow of one instruction, and its own single-step trap is dropped, not "
     "deferred.", lambda q: q.loads_ss and q.retired == 1 and not q.has("TF"), "soft"),
    ("SYSCALL is judged on its result, and IA32_FMASK clears TF: no trap follows (K7).",
     lambda q: q.insn == "syscall" and not q.has("TF"), "soft"),
    ("No instruction has completed since the boundary before, so there is nothing to trap.", lambda q: q.retired == 0, "soft"),
    ("The monitor trap flag is off (set mtf off): vmstep steps by TF.", lambda q: q.flavour == "soft-tf", "soft-tf"),
    ("Engine {text} has none to use: KVM_SET_GUEST_DEBUG steps by TF, and the monitor trap flag of VMX is KVM's alone. Engines mtf "
     "and soft show it.", lambda q, e: e == q.engine == "kvm", "kvm-pvm"),
    ("The instruction is INT1 and its #DB is intercepted: that exit (reason 0) came instead. MTF reports an instruction that "
     "retired or an event that was delivered; here neither happened, and the inner skip owes no MTF.",
     lambda q: q.has("ICEBP") and q.r["vmx"]["reason"] == 0, "soft"),
    ("The instruction is INT3 and its #BP is intercepted: that exit (reason 0) came instead, before anything was delivered.",
     lambda q: q.has("INT3") and q.r["vmx"]["reason"] == 0 and q.intr_info & 255 == 3 and not q.event, "soft"),
    ("It did come: the VM exit has reason 37. The stop is named after what the instruction did, {cause}.",
     lambda q, c: q.r["vmx"]["reason"] == 37 and not q.has("MTF") and q.r["cause"].split("/")[0] == c, "scene"),
    ("The instruction before caused a VM exit itself, and no MTF comes behind such a one; who emulates it, here the hypervisor, owes "
     "the boundary.", lambda q: re.match(r"(cpuid|hlt|in |out |ins|outs|rdmsr|wrmsr|vm|xsetbv|invd)", q.insn) and not q.has("MTF"), "scene"),
    ("The guest ran free up to this stop, without the control: only steps set it.", lambda q: q.retired != 1 and not q.event, "scene"),
    # ICEBP and INT3
    ("It was the stop before, shown behind its instruction. Here its event is delivered, vector {n} of type {n}, and nothing has "
     "run since.", lambda q, v, t: soft_type(q, v, t, q.cause), "soft"),
    ("The instruction before is INT n (opcode CD). It goes through the IDT with its DPL check and is no exception: neither the "
     "intercept of #DB nor that of #BP sees it.", lambda q: any(q.is_from("int %#x" % n) for n in range(256)), "soft"),
    ("The instruction before this boundary is no {cause} but: {insn}",
     lambda q, c, i: c == q.cause and is_insn(q, i, r"(?!int1|int3)") and q.retired != 0, "soft"),
    ("#DB is not intercepted (set intercept db off): it went through the guest's IDT unseen.", lambda q: q.insn == "int1" and q.scene, "scene"),
    ("#BP is not intercepted (set intercept bp off): it went through the guest's IDT unseen.", lambda q: q.insn == "int3" and q.scene, "scene"),
    ("The instruction before is INT3 (CC), which raises #BP, vector 3.", lambda q: q.is_from("int3") and q.cause == "ICEBP", "soft"),
    ("The instruction before is INT1 (F1), which raises #DB, vector 1.", lambda q: q.is_from("int1") and q.cause == "INT3", "soft"),
]
