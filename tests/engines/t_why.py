#!/usr/bin/env python3
"""t_why.py - `why` and `why not` at every stop of guests of the corpus, on engines soft and kvm.

The session's own trace is judged by what the guest expects (expect.py), and each sentence by that trace
(tests/guests/why.py): so the words are held against the corpus, not against themselves.
"""
import os
import subprocess
import sys
import tempfile

sys.path[:0] = [os.path.dirname(os.path.abspath(__file__))]
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "guests"))
sys.dont_write_bytecode = True
import expect  # noqa: E402
import why  # noqa: E402
from t_guests import O, VMSTEP, flavour, image_of  # noqa: E402

# Guest, steps before the first question, steps with one; the rest of a guest mostly prints its log.
GUESTS = [("icebp64", 0, 300), ("shadow64", 0, 80), ("dr64", 0, 70), ("events16", 0, 260), ("hardware64", 0, 420),
          ("hardware64", 1980, 220)]


def one(name, skip, steps, engine, which, folder):
    elf = os.path.join(O, "tests/guests", name + ".elf")
    trace = os.path.join(folder, "trace.jsonl")
    expect.expectation_read(elf, which)  # NotHere
    r = subprocess.run([VMSTEP, "-q", "-nx", "-e", engine, "--serial", "null", "--debugcon", "null", image_of(elf)],
                       input=why.script(skip, steps, trace), capture_output=True, text=True, timeout=100, errors="replace")
    results, met = why.check(r.stdout, trace)
    for what, wrong in results:
        expect.tap("%s: %s: %s" % (engine, name, what), wrong)
    expect.check("%s: %s stepped with why" % (engine, name), elf, trace, which)
    return met


def engine_check(engine, which):
    met = set()
    with tempfile.TemporaryDirectory() as folder:
        for name, skip, steps in GUESTS:
            try:
                met |= one(name, skip, steps, engine, which, folder)
            except expect.NotHere as e:
                expect.skip("%s: why at %s" % (engine, name), e)
    if engine == "soft":
        # What only KVM's reports, TF or a REP on the way need not come here.
        lost = [p for p, _, _ in why.CLAIMS + why.CLAIMS_NOT if p not in met and not p.startswith(NOT_ON_SOFT)]
        expect.tap("soft: every sentence came up", None if not lost else "got none with %s" % lost)


NOT_ON_SOFT = ("KVM ended", "DR6 ", "No stop came between", "(\\d+) instructions ran", "The trap flag was vmstep's",
               "vmstep did the outer skip", "Engine ", "No report", "The instruction before loads SS", "IF is clear",
               "RF is set", "It is due", "a shadow is active", "TF (?:", "An event was delivered", "The cause is deduced")


def main():
    which, reason = flavour()
    if which is None:
        print("ok - why on engine kvm # SKIP %s" % reason)
    else:
        engine_check("kvm", which)
    engine_check("soft", "mtf")


main()
