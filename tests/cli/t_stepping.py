#!/usr/bin/env python3
# t_stepping.py - step, next, until, advance and finish by source line: the same program run natively by
# gdb and as a guest by vmstep stops at the same addresses and lines, one by one. The programs' main()
# needs no machine, so that Linux runs the very same file; a difference is a failure.
import os, re, shutil, sys, subprocess
sys.path.insert(0, os.path.dirname(__file__))
import gdbview
from run import *
from term import Tap, kvm_missing

t = Tap()
STEPS = 100
# Both compilers at three levels, both widths and DWARF versions: half of what is built.
KINDS = ["%s-%s-%s" % (c, o, m) for c in ["gcc", "clang"] for o in ["O0", "O1", "O2"] for m in ["m64-dw5", "m32-dw4"]]


def walk(elf, command, steps, engine):
    """vmstep's counterpart of gdbview.walk()."""
    commands = "tbreak main\ncontinue\necho ==\\n\n" + (command + "\necho ==\\n\n") * steps
    status, out, err = vmstep("-q", "-nx", "-e", engine, elf, stdin=commands, timeout=120)
    found, pc, line = [], None, 0
    for part in out.split("==\n")[:-1]:
        for m in re.finditer(r"^#\d+ +\S+ +0x([0-9a-f]{16}) |^(?:0x[0-9a-f]+\t)?(\d+)\t", part, re.M):
            if m[1]:
                pc, line = int(m[1], 16), 0
            else:
                line = int(m[2])
        found.append((pc, line))
    return found, err


def difference(a, b):
    """The first place where two walks part, with what came before."""
    for i in range(max(len(a), len(b))):
        if a[i:i + 1] != b[i:i + 1]:
            show = lambda w: ["%x:%d" % s for s in w[max(0, i - 2):i + 2]]
            return "step %d: %s" % (i, show(a)), "step %d: %s" % (i, show(b))
    return "", ""


engines = ["soft"] + ([] if kvm_missing() else ["kvm"])
for kind in KINDS:
    for program in ["flow", "types"]:
        elf = os.path.join(O, "tests/guests/c/%s-%s.elf" % (program, kind))
        for command in ["step", "next"]:
            name = "%s through %s-%s" % (command, program, kind)
            if not shutil.which("gdb"):
                t.skip(name, "no gdb here: make deps")
                continue
            wanted, why = gdbview.walk(elf, command, STEPS)
            if wanted is None:
                t.skip(name, "gdb cannot run it natively here: " + why)
                continue
            # The policy is the same code on every engine: kvm once without and once with optimisation.
            for engine in engines if kind in ("gcc-O0-m64-dw5", "clang-O2-m32-dw4") else engines[:1]:
                got, err = walk(elf, command, len(wanted) - 1, engine)
                d = difference(got, wanted)
                t.ok(got == wanted and len(wanted) > 3, "%s, engine %s: %d stops as gdb's" % (name, engine, len(wanted)), d[0] + err[-200:], d[1])
t.done()
