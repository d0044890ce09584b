#!/usr/bin/env python3
# t_source_irq.py - stepping by line while a clock interrupts: the PIT on engines soft and kvm, the local
# APIC's timer on soft; a handler with lines and one without; `set step-irq` on and off. The lines are
# those of a run without a clock, and the guest says what it says when it runs free.
import os, re, sys
sys.path.insert(0, os.path.dirname(__file__))
from run import *
from term import Tap

t = Tap()
KVM = ["kvm"] if os.access("/dev/kvm", os.R_OK | os.W_OK) else []
# What a clock needs: long enough that a step is short beside it, on kvm in real time, on soft in instructions.
CLOCKS = [("soft", 1, 1000), ("soft", 2, 9000)] + [(e, 1, 11932) for e in KVM]
NONE = ("soft", 0, 1000)


def session(kind, clock, commands, bare=0, irq="on"):
    """Output of a session that begins with the guest's clock chosen, and what failed."""
    engine, source, period = clock
    elf = os.path.join(O, "tests/guests/c/tick-%s.elf" % kind)
    start = "set var source = %d\nset var period = %d\nset var bare = %d\nset step-irq %s\n" % (source, period, bare, irq)
    rc, out, err = vmstep("-q", "-nx", "-e", engine, elf, stdin=start + commands + "\n")
    return out, err if rc else ""


def lines(out):
    return [int(n) for n in re.findall(r"^(?:0x[0-9a-f]+\t)?(\d+)\t", out, re.M)]


with open("tests/guests/c/tick.c") as f:
    SOURCE = f.read().splitlines()


def line(text):
    """The number of the line with this text."""
    return next(i for i, l in enumerate(SOURCE, 1) if text in l)


def said(out):
    """What the guest printed."""
    return re.findall(r"^[0-9a-f]{8}$", out, re.M)


def name(clock):
    return "%s, %s" % (clock[0], ("no clock", "PIT", "APIC timer")[clock[1]])


if not KVM:
    t.skip("stepping on kvm while the PIT interrupts", "no /dev/kvm here")

for kind in ("gcc-O0-m64-dw5", "gcc-O2-m64-dw4", "clang-O2-m64-dw5", "gcc-O0-m32-dw5"):
    clocks = [c for c in CLOCKS if c[0] == "soft" or "m64" in kind]  # the software flavour has no IRET to 32-bit code
    free, bad = session(kind, NONE, "continue")
    t.ok(len(said(free)) == 3 and not bad, "%s: the guest runs free, without a clock" % kind, (free, bad))
    # next, until the guest is back in main: work() has 18 lines shown at most
    walk = "tbreak work\ncontinue\n" + "next\n" * 11
    wanted, bad = session(kind, NONE, walk + "continue")
    t.ok(len(lines(wanted)) >= 11 and said(wanted) == said(free) and not bad, "%s: stepped, without a clock" % kind, (wanted, bad))
    for clock in clocks:
        out, bad = session(kind, clock, "continue\nprint ticks")
        t.ok(said(out) == said(free) and not bad, "%s, %s: the guest runs free" % (kind, name(clock)), (out, bad))
        for irq in ("on", "off"):
            for bare in (0, 1):
                out, bad = session(kind, clock, walk + "print ticks > 0\ncontinue\nprint ticks > 3", bare, irq)
                what = "%s, %s, step-irq %s, handler %s lines: next" % (kind, name(clock), irq, "without" if bare else "with")
                t.ok(lines(out) == lines(wanted) and said(out) == said(free) and not bad, what, (lines(out), said(out), bad), (lines(wanted), said(free)))
                t.has(out, "$2 = 1\n", what + ": the clock did interrupt")

kind = "gcc-O0-m64-dw5"
for clock in CLOCKS:
    # step: into functions; a handler without lines is gone over, also on the line that waits for it
    steps = "tbreak work\ncontinue\n" + "step\n" * 12
    out, bad = session(kind, clock, steps + "print ticks", bare=1)
    inside = re.findall(r"(\w+) \([^)]*\) at \S*tick.c:\d+$", out, re.M)
    t.ok(inside == ["work", "mix", "work", "waited", "work"] and not bad, "%s: step, handler without lines" % name(clock), (inside, out, bad))
    t.ok(re.search(r"^\$1 = [2-9]", out, re.M), "%s: ... which ran while a line was stepped" % name(clock), out)
    # a handler with lines is entered, and finish and next lead back to what was interrupted
    enter = "tbreak waited\ncontinue\nnext\nnext\nstep\nbt 2\nfinish\nprint ticks > 0\nnext\nprint ticks - seen >= n\nfinish\n"
    out, bad = session(kind, clock, enter)
    t.ok(re.search(r"^#0 +on_tick \(.*\n#1 +.*waited \(n=2\).*interrupted", out, re.M), "%s: step enters a handler with lines" % name(clock), (out, bad))
    t.ok("Run till exit" in out and "$1 = 1" in out and "$2 = 1" in out, "%s: finish leaves it, next goes on" % name(clock), (out, bad))
    t.ok("Value returned is $3 = 2" in out and not bad, "%s: finish with the value, interrupts or not" % name(clock), (out, bad))
    # held: the same line is stepped without an interrupt, as none is let in
    out, bad = session(kind, clock, "tbreak mix\ncontinue\n" + "stepi\n" * 4 + "finish\nadvance waited\nuntil %d\nprint ticks > 0\n" % (line("one line") + 1), irq="off")
    t.ok("on_tick" not in out and not bad, "%s: step-irq off: stepi stays where it is" % name(clock), (out, bad))
    t.ok(lines(out)[-1:] == [line("one line") + 1] and out.rstrip().endswith("= 1"), "%s: until and advance let them in" % name(clock), (out, bad))
    out, bad = session(kind, clock, "tbreak rest\ncontinue\nset $before = ticks\nnext\nnext\nprint ticks > $before\n", irq="off")
    t.ok(lines(out)[:2] == [line("hlt"), line("hlt") + 1] and "$1 = 1" in out and not bad, "%s: step-irq off: next over HLT waits for an interrupt" % name(clock), (out, bad))
    # breakpoints in the handler, with a condition and with commands
    out, bad = session(kind, clock, "break on_tick if ticks == 1\ncommands\nsilent\nprintf \"tick %d in %s\\n\", ticks, \"handler\"\nend\n"
                       "tbreak waited\ncontinue\nnext\nnext\nnext\nbt 3\ndelete\ncontinue")
    t.ok("tick 1 in handler" in out and said(out) == said(free) and not bad, "%s: a breakpoint in the handler ends next" % name(clock), (out, bad))
t.done()
