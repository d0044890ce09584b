#!/usr/bin/env python3
"""why.py TEXT TRACE - what `why` and `why not` said at each stop of a session, against its trace.

TEXT is the output of a session that said `why` and `why not CAUSE` behind each step, TRACE the JSON Lines
of the same session (`trace on`). A sentence claims something of a record; where a record has it, the
sentence must be there, too. t_why.py imports this; the trace itself is judged by expect.py.
"""
import json
import re
import sys


def number(text):
    return int(text, 16) if text else 0


def vmx(r, key):
    v = (r["vmx"] or {}).get(key)
    return int(v, 16) if isinstance(v, str) else v


def kvm(r, key):
    return (r["exit"] or {}).get(key)


def did(r, word):
    """Operands of what was done under that name; None: it was not."""
    for d in r["did"]:
        if d.split(":")[0] == word:
            return d.split(":")[1:]
    return None


def plain(insn):
    """Without what symbols add."""
    return re.sub(r" (<[^>]*>|# \S+)", "", insn or "")


def begins(text, insn):
    """Where the text goes on behind it is not marked."""
    return plain(text).startswith(plain(insn))


def from_is(r, text):
    return (r["retired"] == 1 or r.get("event") == "rep") and begins(text, r["from_insn"])


def loads_ss(r):
    return bool(re.match(r"(mov|pop) ss\b", r["from_insn"] or ""))


def event(r):
    return r["event"] if isinstance(r.get("event"), dict) else None


# What is said, as an expression with groups; whether a record bears it; whether every record that does says it.
CLAIMS = [
    (r"Stop #\d+, (\S+), at ", lambda r, c: c == "+".join(r["causes"]), True),
    (r"The instruction before, at \S+(?: <[^>]*>)?, is: (.*)", from_is, False),
    (r"No instruction has completed since the boundary before", lambda r: r["retired"] == 0 and r.get("event") != "rep", True),
    (r"(\d+) instructions ran since the boundary", lambda r, n: r["retired"] == int(n), False),
    (r"No stop came between the two", lambda r: r["retired"] == 2 and loads_ss(r), True),
    (r"A stepper by TF has no stop here", lambda r: "MTF" in r["causes"] and loads_ss(r) and r["retired"] == 1, True),
    (r"KVM ended the run with KVM_EXIT_DEBUG, exception (\d+)",
     lambda r, n: kvm(r, "reason") == "KVM_EXIT_DEBUG" and kvm(r, "exception") == int(n), False),
    (r"DR6 (0x\w+) \[", lambda r, v: int(r["dr6"], 16) == number(v), False),
    (r"The VM exit has basic reason (\d+)", lambda r, n: vmx(r, "reason") == int(n), False),
    (r"interruption information (0x\w+) \(vector (\d+), type (\d+)\)",
     lambda r, i, v, t: vmx(r, "intr_info") == number(i) and number(i) & 0xff == int(v) and number(i) >> 8 & 7 == int(t), False),
    (r"pending debug exceptions (0x\w+)", lambda r, v: vmx(r, "pending_dbg") == number(v), False),
    (r"MTF came before the single-step trap, BS", lambda r: "MTF" in r["causes"] and bool((vmx(r, "pending_dbg") or 0) & 0x4000), True),
    (r"MTF came before the data breakpoint",
     lambda r: "MTF" in r["causes"] and (vmx(r, "pending_dbg") or 0) & 0x400f in range(1, 16), True),
    (r"The interruption type is 5", lambda r: "ICEBP" in r["causes"] and (vmx(r, "intr_info") or 0) >> 8 & 7 == 5, True),
    (r"BS is not set in the exit qualification",
     lambda r: "ICEBP" in r["causes"] and r["vmx"] is not None and not vmx(r, "qualification") & 0x4000, True),
    (r"The cause is deduced|that is how an ICEBP is deduced here", lambda r: r["proof"] == "deduced", True),
    (r"vmstep did the inner skip, \S+ to (0x\w+)", lambda r, b: (did(r, "inner-skip") or [""])[0] == b, False),
    (r"vmstep did the inner skip", lambda r: did(r, "inner-skip") is not None, True),
    (r"vmstep did the outer skip", lambda r: did(r, "outer-skip") is not None, True),
    (r"vmstep delivered vector (\d+)", lambda r, v: (did(r, "deliver") or [""])[0] == v, False),
    (r"The trap flag was vmstep's", lambda r: did(r, "repair-tf") is not None, True),
    (r"The event is vector (\d+)", lambda r, v: event(r) is not None and event(r)["vector"] == int(v), False),
    (r"The event is vector", lambda r: event(r) is not None, True),
    (r"The instruction is a REP string instruction and not done", lambda r: r.get("event") == "rep", True),
    (r"A shadow is active here \(MOV SS\)", lambda r: "mov-ss" in (r["shadow"] or ""), True),
    (r"A shadow is active here \(STI\)", lambda r: r["shadow"] == "sti", True),
    (r"The next resume delivers vector (\d+)", lambda r, v: r.get("pending") == int(v), False),
    (r"The next resume delivers vector", lambda r: r.get("pending") is not None, True),
    (r"MTF is pending as soon as an event has been delivered", lambda r: {"MTF", "EVENT"} <= set(r["causes"]), True),
    (r"No step is reported with it", lambda r: r["retired"] == 0 and bool({"HWBP", "GD"} & set(r["causes"])), True),
    (r"At the same boundary, ", lambda r: len(r["causes"]) > 1, True),
    (r"No report of a processor or of KVM", lambda r: r["exit"] is None and r["vmx"] is None, True),
]
# The same of "why not CAUSE"; the cause is the first argument.
CLAIMS_NOT = [
    (r"It did come", lambda c, r: c in r["causes"], True),
    (r"It is due, and waits: the pending debug exceptions of this exit are (0x\w+)",
     lambda c, r, v: vmx(r, "pending_dbg") == number(v) and bool(number(v) & 0x4000), False),
    (r"The instruction is INT1", lambda c, r: "ICEBP" in r["causes"], False),
    (r"The instruction before loads SS", lambda c, r: loads_ss(r) and r["retired"] == 1, False),
    (r"TF (?:was off|on) when|Nobody had TF on", lambda c, r: not r["tf"]["host"] and not r["tf"]["guest"], False),
    (r"vmstep steps by the monitor trap flag", lambda c, r: r["vmx"] is not None, False),
    (r"An event was delivered, vector (\d+)", lambda c, r, v: event(r) is not None and event(r)["vector"] == int(v), False),
    (r"Engine (\S+) has none to use", lambda c, r, e: e == "kvm" and r["vmx"] is None, False),
    (r"is about the instruction that comes next and has not run", lambda c, r: r["retired"] == 0, False),
    (r"The instruction before this boundary is no (?:ICEBP|INT3) but: (.*)$",
     lambda c, r, i: r["retired"] != 0 and begins(i, r["from_insn"]) and not re.match("int1|int3", i), False),
    (r"No instruction has completed since the boundary before", lambda c, r: r["retired"] == 0, False),
    (r"It was the stop before, .* vector (\d+) of type (\d)",
     lambda c, r, v, k: r["retired"] == 0 and event(r) == {"vector": int(v), "type": int(k)} and c == {"5": "ICEBP", "6": "INT3"}[k], False),
    (r"(?:accesses no port|does not access memory|completed without an exception)", lambda c, r: r["retired"] != 0, False),
    (r"The instruction before is INT n", lambda c, r: re.match(r"int 0x", r["from_insn"]) is not None, False),
    (r"the instruction here is a MOV to or from a debug register", lambda c, r: re.search(r"\bdr\d", r["insn"]) is not None, False),
    (r"Not yet: vector (\d+) is pending", lambda c, r, v: r.get("pending") == int(v), False),
    (r"The boundary is in the shadow of a MOV SS", lambda c, r: "mov-ss" in (r["shadow"] or ""), False),
    (r"RF is set", lambda c, r: bool(int(r["rflags"], 16) & 0x10000), False),
    (r"IF is clear here", lambda c, r: not int(r["rflags"], 16) & 0x200, False),
    (r"a shadow is active here", lambda c, r: r["shadow"] not in ("none", None), False),
]


def sections(text):
    """[(number, what `why` said, {cause: what `why not` said})]."""
    found, record, cause = [], None, None
    for line in text.splitlines():
        m = re.match(r"Stop #(\d+), ", line)
        ask = re.match(r"@ (\S+)$", line)
        if re.match(r"#\d+ ", line):
            record = None
        elif m:
            record = (int(m[1]), [], {})
            cause = None
            found.append(record)
        elif ask and record:
            cause = ask[1]
            record[2][cause] = []
        if record and not ask:
            (record[2][cause] if cause else record[1]).append(line)
    flat = lambda lines: re.sub(r"\s+", " ", " ".join(lines)) + " "
    return [(n, flat(why), {c: flat(l) for c, l in nots.items()}) for n, why, nots in found]


def held(claims, text, record, *before):
    """None, or the first claim that is false or missing."""
    for pattern, bears, always in claims:
        said = list(re.finditer(pattern, text))
        for m in said:
            if not bears(*before, record, *m.groups()):
                return "got %r, which #%d does not bear" % (m[0], record["n"])
        if always and not said and not re.search(r"\(\S", pattern) and bears(*before, record):
            return "got no %r at #%d, wanted it" % (pattern, record["n"])
    return None


def check(text, trace):
    """[(name, None or what is wrong)], and which claims were met."""
    records = {}
    for line in open(trace, encoding="utf-8"):
        r = json.loads(line)
        if "n" in r:
            records[r["n"]] = r
    wrong, wrong_not, met, stops = None, None, set(), 0
    for n, why, nots in sections(text):
        r = records[n]
        if "START" in r["causes"]:
            continue
        stops += 1
        wrong = wrong or held(CLAIMS, why, r)
        met |= {p for p, _, _ in CLAIMS if re.search(p, why)}
        for cause, said in nots.items():
            other = held(CLAIMS_NOT, said, r, cause)
            wrong_not = wrong_not or (other and "why not %s: %s" % (cause, other))
            if not wrong_not and len(said.strip()) < 10:
                wrong_not = "why not %s said nothing at #%d" % (cause, n)
            met |= {p for p, _, _ in CLAIMS_NOT if re.search(p, said)}
    none = "got no stops, wanted some" if not stops else None
    return [("why says what %d stops bear" % stops, wrong or none), ("why not, too", wrong_not or none)], met


CAUSES = "TF MTF ICEBP INT3 HWBP WATCH IOBP GD EVENT INTERRUPT".split()


def script(skip, steps, trace):
    """Commands of such a session; the rest of the guest is only stepped, so that the trace is whole."""
    one = "stepi\nwhy\n" + "".join("echo @ %s\\n\nwhy not %s\n" % (c, c) for c in CAUSES)
    first = "stepi %d\n" % skip if skip else ""
    return "trace on %s\n%s%sstepi 100000\n" % (trace, first, one * steps)


if __name__ == "__main__":
    if len(sys.argv) == 5 and sys.argv[1] == "script":
        sys.stdout.write(script(int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]))
        sys.exit(0)
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    bad = 0
    for name, wrong in check(open(sys.argv[1], encoding="utf-8", errors="replace").read(), sys.argv[2])[0]:
        print("ok - " + name if wrong is None else "not ok - %s: %s" % (name, wrong))
        bad += wrong is not None
    sys.exit(bad > 0)
