#!/usr/bin/env python3
# t_hostile.py - what goes wrong around a session: output nobody takes, scripts that are none, words too
# many; and that a stop says nothing that was not seen.
import json, os, signal, subprocess, sys, tempfile
sys.path.insert(0, os.path.dirname(__file__))
from run import *
from term import Tap, kvm_missing, VMSTEP

t = Tap()
tmp = tempfile.TemporaryDirectory()
# mov dx,0xe9; L: mov al,'a'; out dx,al; jmp L: prints for ever, no newline
TALK = "ba e9 00 b0 61 ee eb fb"


def path(name, data=b""):
    p = os.path.join(tmp.name, name)
    with open(p, "wb") as f:
        f.write(data)
    return p


def to(stdout, *args):
    """(status, standard error) with standard output there; status -1 if it did not end."""
    p = subprocess.Popen([os.path.abspath(VMSTEP), *on_kvm(args)], stdin=subprocess.DEVNULL, stdout=stdout,
                         stderr=subprocess.PIPE, env=environment())
    try:
        return p.wait(20), p.stderr.read().decode()
    except subprocess.TimeoutExpired:
        p.kill()
        p.wait()
        return None, p.stderr.read().decode()


def to_closed_pipe(*args):
    r, w = os.pipe()
    os.close(r)
    try:
        return to(w, *args)
    finally:
        os.close(w)


# --- output nobody takes --------------------------------------------------------------------------------
with open("/dev/full", "w") as full:
    t.eq(to(full, "--help"), (1, "vmstep: cannot write standard output: No space left on device\n"), "--help to a full disk")
t.eq(to_closed_pipe("--help"), (-signal.SIGPIPE, ""), "--help without a reader")

# --- scripts that are none ------------------------------------------------------------------------------
def file_fails(p, part, name):
    rc, o, e = vmstep("-q", "-nx", "--batch", "-x", p)
    t.ok(rc == 1 and part in e and e.count("\n") == 1, name, (rc, o, e), (1, part))
    return o


file_fails(tmp.name, "it is a directory", "a directory as a command file")
o = file_fails(path("nul", b"echo one\\n\nec\0ho two\\n\n"), ":2: \"^@ (NUL) in the line\"", "a NUL byte in a command file")
t.lacks(o, "two", "half a line is not run")
file_fails(path("mutual", b"define a\nb1\nend\ndefine b1\na\nend\na\n"), "nested more than 64 deep", "definitions that call each other: the cause is not cut off")
for block in "if 1\nloop_break\nend\n", "define d\nloop_continue\nend\nd\n":
    file_fails(path("flow", block.encode() + b"echo after\\n\n"), "belongs into the body of a while", "%r outside a while does not skip the rest unsaid" % block)
o = vmstep("-q", "-nx", "--batch", "-x", path("loop", b"define d\nloop_break\nend\nwhile 1\nif 1\nd\nend\nend\necho after\\n\n"))
t.eq(o, (0, "after\n", ""), "loop_break within a definition within a while ends the while")
rc, o, e = vmstep("-q", "-nx", "--batch", "-ex", "info display 3")
t.ok(rc == 1 and "info display takes no argument" in e, "an argument too many is said", (rc, e))

if kvm_missing():
    t.skip("the same with a guest", kvm_missing())
    t.done()

with open("/dev/full", "w") as full:
    rc, e = to(full, "--batch", "-q", "-nx", "--hex", TALK, "-ex", "continue")
t.ok(rc == 1 and "No space left" in e, "a talking guest and a full disk: ends with a sentence", (rc, e))
t.eq(to_closed_pipe("--batch", "-q", "-nx", "--hex", TALK, "-ex", "continue"), (-signal.SIGPIPE, ""), "a talking guest without a reader: ends")
rc, o, e = script("frame -1", hex="90 f4")
t.has(e, "no frame -1", "a frame that cannot be")

# --- nothing that was not seen --------------------------------------------------------------------------
# jmp begins where the OUT to the exit port ends: the jmp must not run a second time.
rc, o, e = script("continue\ninfo registers rip", "--load", "0x1000", "--entry", "0x1004", hex="ba f4 00 ee eb fa")
t.has(o, "EXIT    0x0000000000001004", "the exit port ends a run where it is written, also where the run began")
o = script("break *0x1003\ncontinue\nwhy", hex="90 90 90 90 f4")[1]
t.has(o, "How many instructions ran is not known", "why after continue does not name an instruction before")
t.lacks(o, "instruction before, at", "nor says that there is one")
o = script("stepi\nwhy", hex="90 90 f4")[1]
t.has(o, "The instruction before, at 0x1000, is: nop", "why after stepi does")
f = os.path.join(tmp.name, "c.jsonl")
script("stepi\ntrace on %s\nbreak *0x1003\ncontinue\nstepi\ntrace off" % f, hex="90 90 90 90 90 f4")
rec = [json.loads(l) for l in open(f)]
rec = [(r["retired"], r["from_insn"]) for r in rec if "cause" in r]
t.eq(rec[1:], [(None, None), (1, "nop")], "a continue in a trace: from_insn is null where retired is")
# --- bounds ---------------------------------------------------------------------------------------------
for bad in ("%99999999d", "%.99999999d", "%1001d", "%-4294967297x"):
    rc, o, e = script('printf "%s\\n", 1' % bad, hex="90 f4")
    t.ok(rc == 1 and "a width or precision is at most 1000" in e, "printf %s is refused with a sentence" % bad, (rc, e))
o = script('printf "[%6d|%-6d|%.3d|%6s|%-6s|%.2s|%1000d]\\n", 5, 5, 5, 0x1003, 0x1003, 0x1003, 7', hex="90 90 f4 41 42 43 00")[1]
t.has(o, "[     5|5     |005|   ABC|ABC   |AB|" + " " * 999 + "7]", "widths and precisions within the bound")
rc, o, e = script("x/s 0xfff0000000", hex="90 f4")
t.ok(rc == 1 and "xfff0000000:" not in o and "cannot read memory at 0xfff0000000" in e, "x/s of no memory leaves no half line", (rc, o, e))
o = script("x/s 0x3fffffe\nx/s 0x1000", hex="41 42 00 f4")[1]
t.has(o, '0x1000:\t"AB"\n', "x/s of a string")
# --- names ----------------------------------------------------------------------------------------------
name = path("a\033[31m\nb", bytes([0x90, 0xf4]))
rc, o, e = vmstep("trace", "--mode", "real", "--load", "0x1000", name)
t.ok("\033" not in o and "a\\033[31m\\012b" in o.split("\n")[0], "control characters of a file's name are escaped in a trace's heading", o.split("\n")[:2])
# --- text that cannot be written ------------------------------------------------------------------------
for mode in (["-q", "-nx", "--batch", "-ex", "continue"], ["trace"]):
    rc, o, e = vmstep(*mode[:1] if mode[0] == "trace" else [], "--debugcon", "/dev/full", "--hex", "b0 41 e6 e9 e6 e9 b0 0a e6 e9 e6 e9 f4", *(mode if mode[0] != "trace" else []))
    told = (o + e).count("cannot write /dev/full (No space left on device): text of the guest is lost")
    t.eq(told, 1, "text of the guest that a full disk lost is said once (%s)" % mode[0])
# --- nothing lost ---------------------------------------------------------------------------------------
# IRETQ to ring 3, then dec ecx; jmp back for ever. The engine's own timer must not end it or lose a step.
rc, o, e = vmstep("trace", "-n", "15000", "--mode", "long", "--load", "0x1000", "--hex",
                  "6a 23 68 00 80 00 00 6a 02 6a 2b 68 12 10 00 00 48 cf ff c9 eb fc", timeout=60)
t.ok(rc == 0 and "total 15000  TF 15000  gaps 0  ended LIMIT" in o, "15,000 steps in ring 3: none lost, nobody interrupts", (rc, o[-200:], e))
t.done()
