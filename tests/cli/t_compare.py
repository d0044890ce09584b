#!/usr/bin/env python3
# t_compare.py - vmstep compare: alignment, differences, the list of known ones, input from outside, and
# what is refused.
import json, os, subprocess, sys, tempfile
sys.path.insert(0, os.path.dirname(__file__))
from run import *
from term import Tap, Term, kvm_missing

t = Tap()
DIR = tempfile.TemporaryDirectory()


def compare(*args, engines="kvm,soft", **more):
    return vmstep("compare", "-e", engines, *args, **more)


def rows(*args, **more):
    """(status, header, rows, total) of --json."""
    rc, out, err = compare("--json", *args, **more)
    lines = [json.loads(l) for l in out.splitlines()]
    return rc, lines[0], lines[1:-1], lines[-1]


def listed(text):
    path = os.path.join(DIR.name, "known")
    with open(path, "w") as f:
        f.write(text)
    return path


def refused(status, part, *args, **more):
    rc, out, err = vmstep("compare", *args, **more)
    t.ok(rc == status and out == "" and err.count("\n") == 1 and part in err, "compare " + " ".join(args) + ": refused",
         (rc, out, err), (status, part))


# Nothing runs for these.
refused(2, "needs a guest")
refused(2, "none of: kvm mtf soft auto", "-e", "kvm,qemu", "--hex", "90")
refused(2, "none of: kvm mtf soft auto", "-e", "kvm,,soft", "--hex", "90")
refused(2, "is none to compare with", "-e", "soft,auto", "--hex", "90")
refused(2, "named twice", "-e", "soft,soft", "--hex", "90")
refused(2, "nothing to be compared", "-e", "soft", "--hex", "90")
refused(2, "would write", "-e", "kvm,soft", "--serial", os.path.join(DIR.name, "out"), "--hex", "90")
refused(2, "does not go with", "--regs", "all", "--hex", "90")

if kvm_missing():
    t.skip("two engines", kvm_missing())
    t.done()
refused(4, "nonexistent", "-e", "kvm,soft", "/nonexistent/guest")
refused(2, "known", "-e", "kvm,soft", "--known", "/nonexistent/known", "--hex", "90 f4")
for text, part in (("rip *\n", "FIELD INSTRUCTION ENGINE REASON"), ("# fine\n\nnose * kvm because\n", "known:3: there is no field")):
    refused(2, part, "-e", "kvm,soft", "--known", listed(text), "--hex", "90 f4")
if not any(l.split()[:2] == ["mtf", "works"] for l in vmstep("engines")[1].splitlines()):
    refused(3, "engine mtf: ", "-e", "soft,mtf", "--hex", "90")

# The same on both: an ICEBP, an exception's handler, a guest that dies.
rc, out, err = compare("--hex", "90 f1 90 40 f4")
t.eq((rc, err), (0, ""), "ICEBP: no difference")
t.has(out, "ICEBP pending 1", "ICEBP: shown for each engine")
t.ok(all(len(l) <= 132 for l in out.splitlines()), "lines are no longer than said", max(map(len, out.splitlines())), "<= 132")
t.eq(compare("--hex", "0f 0b")[0], 0, "an exception that nobody handles ends both")
rc, out, err = compare(os.path.join(O, "tests/guests/triple64.elf"))
t.ok(rc == 5 and "ended: SHUTDOWN" in out, "a guest that dies on both: status 5", (rc, out[-200:]))
rc, head, body, total = rows("-n", "3", "--hex", "90 90 90 90 90 90 f4")
t.eq((rc, head["engines"], total["total"], total["ended"]), (0, ["kvm", "soft"], 3, "LIMIT"), "-n limits the rows")
t.eq([r["retired"] for r in body], [0, 1, 2, 3], "rows stand behind the same number of instructions")
t.eq(sorted(body[1]["stops"]), ["kvm", "soft"], "a row has a record of each engine")
rc, out, err = compare("-q", "--hex", "90 90 90 90 90 90 f4")
t.eq(len(out.splitlines()), 2, "-q: heading and total alone, where nothing differs")
rc, out, err = compare("--color", "always", "--hex", "90 f4")
t.lacks(out, "\033[", "--color: what is the same has none")

# Flags that AND leaves undefined are no difference; a REP's iterations may be one engine's alone.
t.eq(compare("--hex", "b8 0f 00 05 01 00 25 01 00 90 f4")[0], 0, "undefined flags are not compared")
rc, head, body, total = rows("--hex", "b9 03 00 be 00 20 bf 00 30 f3 a4 90 f4")
t.eq((rc, total["differences"]), (0, 0), "REP MOVSB: no difference")

# Input from outside: the values differ, the guests part, and that is said.
rc, out, err = compare("--hex", "0f 31 89 c3 85 c3 74 02 90 90 f4")
t.ok(rc == 0 and "! " not in out, "RDTSC: different values are no difference", (rc, out[-300:]))
rc, head, body, total = rows("-n", "200000", "--hex", "0f 31 a9 10 00 74 01 90 eb f6")
t.ok(rc == 0 and total["differences"] == 0 and (total["ended"] == "LIMIT" or "rdtsc at row" in total["ended"]),
     "RDTSC that is branched on: the comparison ends where the paths part", (rc, total))

# What a processor says of itself is input, too; it is forgotten when it is no longer in a register.
rc, head, body, total = rows("--hex", "66 31 c0 0f a2 66 31 c0 66 31 db 66 31 c9 66 31 d2 f4")
t.eq((rc, total["differences"], total["input"]), (0, 0, None), "CPUID: different values are no difference, and are gone when overwritten")

# The software flavour has no data breakpoints, and the list can say so (semantics.md, section 11).
guest = os.path.join(O, "tests/guests/dr64.elf")
software = any(l.startswith("kvm") and "software flavour" in l for l in vmstep("engines")[1].splitlines())
if not software:
    t.skip("an unlisted difference", "this /dev/kvm has data breakpoints")
else:
    rc, out, err = compare("--color", "always", guest)
    t.eq(rc, 1, "an unlisted difference: status 1")
    for part in ("cause: kvm a step, soft WATCH", "why, on kvm:", "why, on soft:", "\033[1;31m", "the paths part here and meet again: kvm after 0 records, soft after"):
        t.has(out, part, "an unlisted difference shows " + part.replace("\033", "ESC"))
    screen = Term([os.path.abspath(VMSTEP), "compare", "-e", "kvm,soft", "-q", guest], cols=100)
    status = screen.wait()
    shown = screen.plain(screen.raw).splitlines()
    t.ok(status == 1 and b"\x1b[1;31m" in screen.raw and any(l.startswith("!") for l in shown), "on a terminal it is coloured",
         (status, screen.raw[:300]), "ESC[1;31m, a row with !, status 1")
    t.ok(all(len(l) <= 100 for l in shown if l[:1] in ("!", "~", " ") and l[1:2].isdigit()), "and no wider than it",
         max(map(len, shown)), "<= 100")
    t.eq(out.count("why, on kvm:"), 1, "`why` for the first difference alone")
    t.lacks(compare("--color", "auto", guest, env={"NO_COLOR": "1"})[1], "\033[", "NO_COLOR")
    rc, head, body, total = rows("-q", guest)
    t.ok(rc == 1 and all(r["differences"] for r in body) and "soft" in body[0]["why"], "--json -q: rows that differ, with why", (rc, body[:1]))
    known = "# software flavour, section 11\ncause mov kvm no data breakpoints\npending mov kvm the same\nrip * kvm its consequence\n" \
        "rflags cmp kvm the length of the log\nr9 * * never comes\n"
    rc, out, err = compare("--known", listed(known), guest)
    t.eq(rc, 0, "listed differences do not count")
    parts = [r["meets"] for r in rows("-q", guest)[2] if "meets" in r]
    t.ok(parts and parts[0]["kvm"] == 0 and parts[0]["soft"] > 0, "--json: a handler on one engine alone is waited for", parts,
         "meets, kvm after 0 records")
    for part in ("known: no data breakpoints", "0 differences", "1 known difference of the list did not come"):
        t.has(out, part, "listed differences: " + part)

# Every engine's guest is killed under way: a Ctrl-C ends it all.
p = subprocess.Popen([os.path.abspath(VMSTEP), "compare", "-e", "kvm,soft", "--hex", "eb fe"], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                     env=environment())
for _ in range(5):
    p.stdout.readline()
p.send_signal(2)
out = p.communicate(timeout=TIMEOUT)[0].decode()
t.ok(p.returncode == 130 and "ended: interrupted" in out, "SIGINT: a total and status 130", (p.returncode, out[-200:]))
t.done()
