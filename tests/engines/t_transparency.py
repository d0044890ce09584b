#!/usr/bin/env python3
"""t_transparency.py - a program that tries to notice its debugger (tests/guests/notice.S) prints the same stepped and
with the user's points as free, on engine soft and on this machine's engine kvm. What an engine cannot hide is
the table of docs/transparency.md.
"""
import os
import re
import subprocess
import sys
import tempfile

O = os.environ.get("O", "build")
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "guests"))
sys.dont_write_bytecode = True
import expect  # noqa: E402

VMSTEP = os.path.abspath(os.path.join(O, "vmstep"))
GUEST = os.path.join(O, "tests/guests/notice.elf")
TABLE = os.path.join(HERE, "..", "..", "docs", "transparency.md")
LISTED = ("soft", "soft-tf", "kvm-pvm")
POINTS = ("point_1", "point_2", "point_3", "point_4")


def table_read():
    """{(engine, how, attempt): (whether it is looked at, why)}"""
    found = {}
    with open(TABLE, encoding="utf-8") as f:
        for line in f:
            cells = [c.strip() for c in line.strip().strip("|").split("|")]
            if len(cells) != 4 or not re.match(r"\w+(-\w+)?$", cells[0]) or cells[0] == "engine":
                continue
            name, _, rest = cells[2].partition(" ")
            for how in re.split(", *", cells[1]):
                found[cells[0], how, name] = (rest != "any", cells[3])
    return found


def commands(engine, how):
    lines = ["set mtf off"] if engine == "soft-tf" else []
    if how == "stepped":
        lines += ["set step-irq on", "stepi 1000000"]
    elif how in ("int3", "hard"):
        lines += ["%s %s" % ("break" if how == "int3" else "hbreak", p) for p in POINTS]
        lines += ["continue"] * len(POINTS)
        lines += ["continue"] * 4  # a point may be told twice where an event is due (tests/guests/corpus.py)
    else:
        lines += ["continue"]
    return "\n".join(lines) + "\n"


def run(engine, how, folder):
    """{attempt: what it printed}"""
    script, log = (os.path.join(folder, n) for n in ("commands", "log"))
    with open(script, "w") as f:
        f.write(commands(engine, how))
    r = subprocess.run([VMSTEP, "-q", "-nx", "--batch", "-e", engine.split("-")[0], "--serial", "null", "--debugcon", log,
                        "-x", script, GUEST], capture_output=True, text=True, timeout=120, errors="replace",
                       stdin=subprocess.DEVNULL)
    hits = len(re.findall(r"^#\d+ +\S*BREAK/", r.stdout, re.M))
    expect.tap("%s/notice/%s: %s" % (engine, how, "stops at each point" if how in ("int3", "hard") else "runs to its end"),
               None if "EXIT" in r.stdout and hits >= (len(POINTS) if how in ("int3", "hard") else 0)
               else "got %d points and %r, wanted the end" % (hits, r.stdout[-100:]))
    with open(log, encoding="ascii", errors="replace") as f:
        return dict(line.rstrip("\n").split(" ", 1) for line in f if " " in line)


def judge(engine, how, got, free, table):
    for name in free:
        title = "%s/notice/%s/%s" % (engine, name, how)
        wrong = None if got.get(name) == free[name] else "got %s, wanted as free: %s" % (got.get(name), free[name])
        looked_at, why = table.get((engine, how, name), (True, None))
        if not looked_at:
            expect.skip(title, "not looked at: " + why)
        elif engine not in LISTED and wrong:
            expect.skip(title, "this machine is not one of those listed: " + wrong)
        elif why is None:
            expect.tap(title, wrong)
        elif wrong:
            print("ok - %s: differs as listed (%s)" % (title, why))
        else:
            expect.tap(title, "got the same as free, wanted the listed difference (%s)" % why)


def engine_check(engine, table):
    with tempfile.TemporaryDirectory() as folder:
        free = run(engine, "free", folder)
        expect.tap("%s/notice: attempts" % engine, None if len(free) >= 24 else "got %d, wanted 24" % len(free))
        strange = sorted({name for place, _, name in table if place == engine} - set(free))
        expect.tap("%s/notice: the table names attempts" % engine, "got %s, wanted attempts" % strange if strange else None)
        for how in ("stepped", "int3", "hard"):
            judge(engine, how, run(engine, how, folder), free, table)


def main():
    table = table_read()
    engine_check("soft", table)
    engine_check("soft-tf", table)
    if not os.access("/dev/kvm", os.R_OK | os.W_OK):
        return expect.skip("kvm/notice", "no access to /dev/kvm")
    out = subprocess.run([VMSTEP, "engines"], capture_output=True, text=True, timeout=20).stdout
    engine_check("kvm-pvm" if "software" in out else "kvm-host", table)


main()
