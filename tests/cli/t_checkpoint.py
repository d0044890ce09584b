#!/usr/bin/env python3
# t_checkpoint.py - going back: checkpoint, restart, reverse-stepi. What a guest does again must be what it did:
# the stops of the first time are compared with those after a restart and those stepped back to.
import json, os, re, resource, subprocess, sys, tempfile
sys.path.insert(0, os.path.dirname(__file__))
from run import *
from term import Tap, Term, kvm_missing

t = Tap()
D = tempfile.TemporaryDirectory()
ENGINES = ["soft"] + ([] if kvm_missing() else ["kvm"])


def path(name):
    return os.path.join(D.name, name)


def guest(name):
    return os.path.join(O, "tests/guests", name)


def session(commands, *args, **more):
    return vmstep("-q", "-nx", "--debugcon", "null", *args, stdin="\n".join(["set pagination off", *commands]) + "\n", **more)


def stops(text):
    """The stop lines, without numbers and without the word that they were run again."""
    return [" ".join(re.sub(r"; run again up to here.*", "", l).split()[1:]) for l in text.splitlines() if re.match(r"#\d+ ", l)]


def numbers(text):
    return [int(m) for m in re.findall(r"^#(\d+) ", text, re.M)]


# ---- the same way again -------------------------------------------------------------------------------------

for engine in ENGINES:
    for name in ["demo.elf", "events64.elf", "icebp64.elf", "shadow64.elf", "events16.bin"]:
        what = "engine %s, %s" % (engine, name)
        status, out, err = session(["stepi"] * 20 + ["checkpoint"] + ["stepi"] * 60 + ["restart 1"] + ["stepi"] * 60, "-e", engine, guest(name))
        s = stops(out)
        t.ok(len(s) == 142 and s[20:81] == s[81:142], what + ": 60 stops after a restart are those before it",
             next(((a, b) for a, b in zip(s[20:81], s[81:142]) if a != b), len(s)), "the same")
        t.eq(numbers(out)[81:], numbers(out)[20:81], what + ": so are their numbers")
        first = s[:81]
        back = [1, 1, 2, 5, 1, 20, 30, 1]
        status, out, err = session(["stepi"] * 80 + ["reverse-stepi %d" % n for n in back] + ["stepi 3"], "-e", engine, guest(name))
        at, wanted = 80, []
        for n in back:
            at -= n
            wanted.append(first[at])
        wanted.append(first[at + 3])
        t.eq(stops(out)[81:], wanted, what + ": reverse-stepi comes to the boundaries stepi had")
        t.eq(numbers(out)[-2:], [at, at + 3], what + ": with their numbers")

# The whole trace, byte for byte.
status, out, err = session(["stepi 30", "checkpoint", "trace on " + path("a.jsonl"), "stepi 200", "trace off", "restart 1",
                            "trace on " + path("b.jsonl"), "stepi 200", "trace off"], "-e", "soft", guest("events64.elf"))
a, b = open(path("a.jsonl")).read(), open(path("b.jsonl")).read()
t.ok(a == b and a.count("\n") > 200, "engine soft: a trace after a restart is the first one, byte for byte", len(a), len(b))

# ---- behind a free run --------------------------------------------------------------------------------------

status, out, err = session(["set step-irq on"] + ["stepi"] * 160, "-e", "soft", guest("irq64.elf"))
line = stops(out)
address = [s.split()[1] for s in line]
last = max(i for i in range(3, len(line)) if address.index(address[i]) == i)
status, out, err = session(["tbreak *%s" % address[last], "run"] + ["rsi"] * (last - 3), "-e", "soft", guest("irq64.elf"))
t.eq(stops(out)[-(last - 3):], line[last - 1:2:-1], "engine soft: back through what ran free, interrupts included")

# 40 million instructions, in real mode: mov ecx, 20000000; 1: dec ecx; jnz 1b; hlt
LOOP = "66 b9 00 2d 31 01 66 49 75 fc f4"
status, out, err = session(["run", "rsi 4", "info registers ecx", "rsi 20000", "info registers ecx"], "-e", "soft", "--hex", LOOP, timeout=120)
t.eq(re.findall(r"^ecx +(0x\w+)", out, re.M), ["0x1", "0x%x" % (1 + 10000)], "engine soft: back into a long free run")

# ---- Ctrl-C -------------------------------------------------------------------------------------------------

# Half a million rounds: on engine kvm the way back is looked for by a million steps, which nobody waits for.
ROUNDS = "66 b9 00 00 08 00 66 49 75 fc f4"
if "kvm" in ENGINES:
    s = Term([VMSTEP, "-q", "-nx", "-e", "kvm", "--hex", ROUNDS], home=HOME.name)
    s.prompt()
    s.command("continue", 60)
    s.send("rsi\r")
    s.expect("rsi")
    s.send("\x03")
    t.ok(s.prompt() is not None, "engine kvm: Ctrl-C ends the search for a way back", s.text, "a prompt")
    t.has(s.command("x/1i $pc"), "100b", "engine kvm: the guest is where it was")
    s.close()

# ---- what the user did ------------------------------------------------------------------------------------

# inc eax, eight times
INC = "66 40 " * 8 + "f4"
for engine in ENGINES:
    status, out, err = session(["stepi 2", "set $eax = 100", "stepi 2", "p $eax", "rsi", "p $eax", "rsi", "p $eax", "rsi", "p $eax", "stepi", "p $eax",
                                "stepi 2", "p $eax"],
                               "-e", engine, "--hex", INC)
    t.eq(re.findall(r"= (\d+)", out), ["102", "101", "100", "1", "2", "4"],
          "engine %s: reverse-stepi behind a register the user set, and before that" % engine)
    status, out, err = session(["stepi 2", "set $eax = 7", "checkpoint", "stepi 3", "restart 1", "p $eax", "stepi", "p $eax",
                                "delete checkpoint 1", "info checkpoints"],
                               "-e", engine, "--hex", INC)
    t.eq(re.findall(r"= (\d+)", out), ["7", "8"], "engine %s: a checkpoint has the registers as the user set them" % engine)
    t.has(out, "No checkpoints", "engine %s: delete checkpoint" % engine)


    # Points are the user's: they are not put back, nor met in what is run again.
    status, out, err = session(["break *0x1004", "run", "checkpoint", "stepi 2", "rsi 3", "info breakpoints", "continue"], "-e", engine, "--hex", INC)
    t.has(out, "already hit 1 time", "engine %s: what is run again counts no hits" % engine)
    t.ok("BREAK/1" in stops(out)[-1], "engine %s: a point is met again on the way forward" % engine, stops(out)[-1], "BREAK/1")
    status, out, err = session(["stepi", "deliver #UD", "stepi", "rsi", "x/1i $pc", "stepi"], "-e", engine, "--hex", INC)
    t.ok(len(stops(out)) == 5 and stops(out)[3] != stops(out)[2], "engine %s: back before an event the user queued" % engine, out + err, "5 stops")

# ---- the guest's text and input ---------------------------------------------------------------------------

# mov al, 'A'; 1: mov dx, 3f8; out dx, al; inc al; cmp al, 'G'; jne 1b; hlt: "ABCDEF"
WRITER = "b0 41 ba f8 03 ee fe c0 3c 47 75 f6 f4"
for engine in ENGINES:
    status, out, err = vmstep("-q", "-nx", "-e", engine, "--hex", WRITER, stdin="continue\nrsi 10\nrsi 12\n")
    text = "".join(re.findall(r"^[A-G]+$", out, re.M))
    t.eq(text, "ABCDEF", "engine %s: what is run again is not written again" % engine)
    file = path("serial-" + engine)
    status, out, err = session(["stepi 12", "checkpoint", "continue", "restart 1", "shell cat %s; echo ==" % file, "continue",
                                "shell cat %s; echo ==" % file, "rsi 8", "shell cat %s; echo ==" % file, "continue"],
                               "-e", engine, "--serial", file, "--hex", WRITER)
    t.eq(re.findall(r"^([A-G]*)==", out, re.M), ["AB", "ABCDEF", "ABCDE"],
         "engine %s: a console's file is cut to where the guest is" % engine)
    t.eq(open(file).read(), "ABCDEF", "engine %s: and goes on from there" % engine)

# 1: mov dx, 3fd; in al, dx; test al, 1; jz 1b; mov dx, 3f8; in al, dx; out e9, al; jmp 1b
READER = "ba fd 03 ec a8 01 74 f8 ba f8 03 ec e6 e9 eb f0"
open(path("keys"), "w").write("hello")
for engine in ENGINES:
    status, out, err = session(["checkpoint", "catch io 0xe9", "continue", "continue", "continue", "p $al", "restart 1", "continue", "p $al",
                                "rsi 100", "delete", "catch io 0xe9", "continue", "p $al", "continue", "p $al"],
                               "-e", engine, "--serial", "null,in=" + path("keys"), "--hex", READER)
    t.eq(re.findall(r"^\$\d+ = (\d+)", out, re.M), [str(ord(c)) for c in "lhhe"], "engine %s: input comes again" % engine)

# ---- ends -------------------------------------------------------------------------------------------------

for engine in ENGINES:
    status, out, err = session(["checkpoint", "continue", "rsi", "info registers rip", "restart 1", "stepi", "continue", "restart 1", "stepi"],
                               "-e", engine, guest("triple64.elf"))
    s = stops(out)
    t.ok(len(s) == 8 and [x.split()[0] for x in (s[1], s[3], s[5], s[6])] == ["SHUTDOWN", "START", "SHUTDOWN", "START"] and s[7] == s[4],
         "engine %s: back from a triple fault" % engine, (s, err), "8 stops")

# ---- traces -----------------------------------------------------------------------------------------------

status, out, err = session(["trace on " + path("c.jsonl"), "stepi 5", "checkpoint", "stepi 5", "restart 1", "stepi 3", "rsi 2", "stepi 1", "trace off"],
                           "-e", "soft", guest("events64.elf"))
records = [json.loads(l) for l in open(path("c.jsonl"))]
gaps = [r for r in records if "gap" in r]
t.eq([(g["reason"], g["retired"]) for g in gaps], [("the guest was put back to an earlier state", 0)] * 2, "a trace says that the guest was put back")
t.eq([r["n"] for r in records if "n" in r], [0, *range(1, 11), 6, 7, 8, 7], "and goes on with the numbers of before")
t.eq((records[-1]["total"], records[-1]["retired"]), (14, sum(r["retired"] for r in records if "n" in r)), "its total counts each record once")

# ---- memory -----------------------------------------------------------------------------------------------

status, out, err = session(["checkpoint", "stepi", "checkpoint", "stepi 2", "rsi", "info checkpoints"], "-e", "soft", "-m", "4G", guest("demo.elf"))
sizes = re.findall(r"^\d+ .*, (\d+) KiB of memory, (\d+) KiB of it not shared$", out, re.M)
t.ok(len(sizes) == 2 and all(int(a) < 1000 and int(own) < int(a) for a, own in sizes), "a checkpoint of 4 GiB takes what was touched, and shares it", sizes or out + err,
     "less than 1000 KiB")


def little_memory():
    resource.setrlimit(resource.RLIMIT_AS, (110 << 20, 110 << 20))


# rep stosd over 60 MiB in 32-bit protected mode: mov edi, 200000; mov ecx, f00000; mov eax, 1; rep stosd; hlt
FILL = "bf 00 00 20 00 b9 00 00 f0 00 b8 01 00 00 00 f3 ab f4"
NAME = "no memory for a checkpoint is one sentence"
if b"__asan_init" in open(VMSTEP, "rb").read():
    t.skip(NAME, "the sanitizer needs more address space than that")
else:
    p = subprocess.run([VMSTEP, "-q", "-nx", "-e", "soft", "--batch", "-m", "64M", "-ex", "set record off", "-ex", "continue", "-ex", "checkpoint",
                        "--mode", "protected", "--hex", FILL], capture_output=True, text=True, preexec_fn=little_memory, env=environment())
    t.ok(p.returncode == 1 and p.stderr.count("\n") == 1 and "no memory for a copy of the guest" in p.stderr, NAME, (p.returncode, p.stdout, p.stderr), "1 and the sentence")

# ---- refusals ---------------------------------------------------------------------------------------------

for commands, sentence in [(["restart 1"], "there is no checkpoint 1"), (["restart"], "needs the number of a checkpoint"), (["restart x"], "restart"),
                           (["delete checkpoint"], "needs the number of a checkpoint"), (["delete checkpoint 3"], "there is no checkpoint 3"),
                           (["rsi"], "no way back is kept from here"), (["set record off", "stepi", "rsi"], "set record on keeps it"),
                           (["rsi 0"], "count"), (["kill", "checkpoint"], "not running"), (["checkpoint", "start", "restart 1"], "there is no checkpoint 1")]:
    status, out, err = session(commands, "-e", "soft", guest("demo.elf"))
    t.ok(status == 1 and sentence in err and err.count("\n") == 1, "%s: one sentence" % ", ".join(commands), (status, err), "1 and " + sentence)
status, out, err = session(["stepi 3", "rsi 10", "stepi"], "-e", "soft", guest("demo.elf"))
t.ok("No way back is kept from before this." in out and numbers(out) == [0, 3, 0, 1], "as far as the way is kept, and a word about it", out + err, "numbers 0 3 0 1")

# rdtsc; mov bx, ax: another value each time, so that no way back can be found.
if "kvm" in ENGINES:
    status, out, err = session(["stepi 6", "info registers eax", "rsi 2", "info registers eax"], "-e", "kvm", "--hex", "90 90 0f 31 90 90 90 90 f4")
    values = re.findall(r"^eax +(0x\w+)", out, re.M)
    again = "does not come by here" not in err
    t.ok(status == (0 if again else 1) and (again or err.count("\n") == 1), "engine kvm: a run that differs is told", (status, err), "a sentence")
    if not again:
        status, out, err = session(["stepi 6", "rsi 2"], "-e", "kvm", "--hex", "90 90 0f 31 90 90 90 90 f4")
        t.has(err, "cannot repeat interrupts", "engine kvm: with the reason")

t.done()
