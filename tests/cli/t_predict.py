#!/usr/bin/env python3
# t_predict.py - predictions held against stops: the corpus of guests on the model, where none may differ; what
# this KVM does otherwise; what cannot be predicted; and that nothing is written to the guest.
import json, os, sys
sys.path.insert(0, os.path.dirname(__file__))
from run import *
from term import Tap, kvm_missing

t = Tap()
GUESTS = os.path.join(O, "tests/guests")
MOVSS = "8c d0 8e d0 90 90 90 f4"


def predict(*args, engine="soft", **more):
    return vmstep("predict", "-e", engine, *args, **more)


def session(*commands, guest=("--hex", "90 90 90 f4"), engine="soft"):
    return vmstep("-q", "-nx", "-e", engine, *guest, stdin="\n".join(commands) + "\n")


def said(*commands, **more):
    """What a session says, as one line: the terminal's width breaks sentences."""
    return " ".join(session(*commands, **more)[1].split())


def total(out):
    return json.loads(out.splitlines()[-1])


# Each event of section 12 in each width: the prediction from the state alone is the stop.
for name in ("events16.bin", "events32.elf", "events64.elf", "hardware16.bin", "hardware32.elf", "hardware64.elf", "icebp64.elf",
             "fault64.elf", "shadow64.elf", "dr64.elf", "user64.elf", "switch16.bin"):
    rc, out, err = predict("--json", os.path.join(GUESTS, name))
    differs = [json.loads(l) for l in out.splitlines()[:-1] if '"differs"' in l]
    t.ok(rc == 0 and not differs and total(out)["checked"] > 30, name + ": each stop is the one predicted", (rc, differs[:2], out.splitlines()[-1:]))
rc, out, err = predict("-q", os.path.join(GUESTS, "triple64.elf"))
t.eq((rc, out.splitlines()[0][:6]), (5, "total "), "a triple fault is predicted; the guest's death is the status")
rc, out, err = predict("--json", os.path.join(GUESTS, "irq64.elf"))
opened = [json.loads(l)["open"] for l in out.splitlines()[:-1] if '"open"' in l]
t.ok(rc == 0 and "an external interrupt or NMI" in opened, "an interrupt is neither predicted nor held against", (rc, opened))
rc, out, err = predict("--hex", "fb f4")
t.ok("depends on an external interrupt" in out and rc == 0, "HLT with IF=1: what wakes it is not known", out)
rc, out, err = predict("-n", "2", "--hex", "90 90 90 90")
t.ok(rc == 0 and "total 2 stops: 2 checked" in out, "-n ends it", out)
t.eq(predict("/nonexistent/guest")[0], 4, "no such guest: status 4")
t.eq(predict("--known", "x", "--hex", "90")[0], 2, "an option of another subcommand is refused")
if not any(l.split()[:2] == ["mtf", "works"] for l in vmstep("engines")[1].splitlines()):
    t.eq(predict("--hex", "90", engine="mtf")[0], 3, "an engine that is not there: status 3")

# The command, by the rules and by the model.
out = said("predict", "stepi", "predict", guest=("--hex", "90 f1 90 f4"))
t.has(out, "By the processor model, on a copy of the state: MTF at 0x1001.", "predict: the model's answer")
t.has(out, "ICEBP at 0x1002, DR6 without a cause bit, vector 1 owed to the guest", "predict: an ICEBP, and what is pending")
t.has(said("predict", guest=("--hex", "8c d0 8e d0 90 f4")), "at 0x1002", "predict: an address")
t.has(said("stepi", "predict", guest=("--hex", "8c d0 8e d0 90 f4")), "in a MOV-SS shadow", "predict: the shadow")
t.has(said("set skip outer", "stepi", "predict", guest=("--hex", "90 f1 90 f4")), "a skip that is wrong on purpose", "predict: nothing of wrong skips")
t.has(said("deliver 6", "predict"), "an event that the user queued", "predict: nothing of an event the user queued")
t.has(said("predict", guest=("--hex", "fb f4", "--mode", "real")), "MTF at 0x1001, in a STI shadow", "predict: the STI shadow")

# Nothing of a prediction stays in the guest.
commands = ("stepi 300", "info registers", "x/32xb 0x3ff8000", "continue")
guest = (os.path.join(GUESTS, "icebp64.elf"),)
plain, checked = session(*commands, guest=guest), session("set predict on", *commands, guest=guest)
t.eq(checked, plain, "set predict on: the guest's registers, memory and output are the same")
rc, out, err = session("set predict on", "show predict", "set predict off", "stepi", "show predict")
t.ok(rc == 0 and "predict is on" in out and "predict is off" in out, "set predict on and off", (rc, out))
rc, out, err = session("set predict on", "stepi", "run", "stepi", "kill", "stepi")
t.ok(rc == 1 and "not running" in err, "set predict on: the guest started again and killed", (rc, out, err))

if kvm_missing():
    t.skip("predictions on engine kvm", kvm_missing())
    t.done()
rc, out, err = predict("--hex", "90 f1 90 0f a2 f4", engine="kvm")
t.ok(rc == 0 and " 0 differ" in out, "engine kvm: an ICEBP and CPUID as predicted", out)
if not any(l.startswith("kvm") and "software flavour" in l for l in vmstep("engines")[1].splitlines()):
    t.skip("a stop that differs", "this KVM drops the trap of MOV SS as the processor does")
    t.done()
# The software flavour stops straight behind a MOV SS, where the processor drops the trap.
rc, out, err = predict("-q", "--hex", MOVSS, engine="kvm")
t.ok(rc == 1 and "predicted TF at 0x1005, DR6 BS, 2 instructions" in out and "was       TF at 0x1004, DR6 BS, 1 instructions" in out,
     "a stop that differs: both are shown, status 1", (rc, out))
rc, out, err = session("set predict on", "stepi 5", "p $pc", guest=("--hex", MOVSS), engine="kvm")
t.ok(rc == 1 and out.count("Prediction and stop differ, from 0x1002:") == 1 and "0x1004" in out.splitlines()[-1],
     "set predict on: stepi 5 ends at the difference, a script with status 1", (rc, out))
rc, out, err = session("set predict on", "continue", guest=("--hex", MOVSS), engine="kvm")
t.ok(rc == 0 and "differ" not in out, "what runs freely is not judged", (rc, out))
t.done()
