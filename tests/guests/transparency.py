#!/usr/bin/env python3
"""transparency.py - what a program that tries to notice its debugger (notice.S) printed, against what it prints when
it runs free; what an engine cannot hide is the table of docs/transparency.md.

    transparency.py commands HOW FLAVOUR       the session, to be given to vmstep with -x
    transparency.py judge-files FILES          what the sessions of the rig left: notice.HOW.ENGINE.out and .log

HOW is free, stepped, int3 or hard (the user's points, as INT3 and in debug registers). FLAVOUR is an engine on a
kind of machine, as in tests/guests/corpus/differences.txt. Results are TAP lines FLAVOUR/notice/ATTEMPT/HOW.
"""
import glob
import os
import re
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
sys.dont_write_bytecode = True
import expect  # noqa: E402

TABLE = os.path.join(HERE, "..", "..", "docs", "transparency.md")
LISTED = ("soft", "soft-tf", "kvm-pvm", "kvm-rig", "mtf-rig")
HOWS = ("free", "stepped", "int3", "hard")
# Each is stopped at; there are but four debug registers.
POINTS = ["point_%d" % n for n in range(1, 7)]
REGISTERS = 4


def points_of(how):
    return {"int3": POINTS, "hard": POINTS[:REGISTERS]}.get(how, [])


def attempts():
    """The names of all of them, from the guest's source."""
    found = []
    for path in glob.glob(os.path.join(HERE, "notice*")):
        with open(path, encoding="utf-8") as f:
            found += re.findall(r'^\tATTEMPT "([\w-]+)"$', f.read(), re.M)
    return found


def table_read(path=TABLE):
    """{(flavour, how, attempt): (whether it is looked at, why)}"""
    found = {}
    with open(path, encoding="utf-8") as f:
        for line in f:
            cells = [c.strip() for c in line.strip().strip("|").split("|")]
            if len(cells) != 4 or not re.match(r"\w+(-\w+)?(, \w+-\w+)*$", cells[0]) or cells[0] == "engine":
                continue
            for name in re.split(", *", cells[2].removesuffix(" any")):
                for flavour in re.split(", *", cells[0]):
                    for how in re.split(", *", cells[1]):
                        found[flavour, how, name] = (not cells[2].endswith(" any"), cells[3])
    return found


def commands(how, flavour):
    lines = ["set mtf off"] if flavour == "soft-tf" else []
    if how == "stepped":
        lines += ["set step-irq on", "stepi 1000000"]
    else:
        points = points_of(how)
        lines += ["%s %s" % ("hbreak" if how == "hard" else "break", p) for p in points]
        # A point may be told twice where an event is due (corpus.py), and some are run twice.
        lines += ["continue"] * (3 * len(points) + 1)
    return "\n".join(lines) + "\n"


def log_read(path):
    """{attempt: what it printed}"""
    with open(path, encoding="ascii", errors="replace") as f:
        return dict(line.rstrip("\n").split(" ", 1) for line in f if " " in line)


def session_judge(flavour, how, out, log):
    """How a session went as a whole. `out`: what vmstep printed."""
    title = "%s/notice/%s: " % (flavour, how)
    hits = {int(n) for n in re.findall(r"^#\d+ +\S*BREAK/(\d+)", out, re.M)}
    wanted = set(range(1, len(points_of(how)) + 1))
    expect.tap(title + ("stops at each point, runs to its end" if wanted else "runs to its end"),
               None if "EXIT" in out and hits == wanted
               else "got points %s and %r, wanted %s and the end" % (sorted(hits), out[-100:], sorted(wanted)))
    missing = sorted(set(attempts()) - set(log))
    expect.tap(title + "every attempt was made", "got none of %s, wanted all" % missing if missing else None)


def judge(flavour, how, got, free, table, known_machine=True):
    for name in free:
        title = "%s/notice/%s/%s" % (flavour, name, how)
        wrong = None if got.get(name) == free[name] else "got %s, wanted as free: %s" % (got.get(name), free[name])
        looked_at, why = table.get((flavour, how, name), (True, None))
        if not looked_at:
            expect.skip(title, "not looked at: " + why)
        elif not known_machine and wrong:
            expect.skip(title, "this machine is not one of those listed: " + wrong)
        elif why is None:
            expect.tap(title, wrong)
        elif wrong:
            print("ok - %s: differs as listed (%s)" % (title, why))
        else:
            expect.tap(title, "got the same as free, wanted the listed difference (%s)" % why)


def table_judge(table, flavours=LISTED):
    """A row for what is not there would never be held against anything."""
    strange = sorted({"/".join(key) for key in table if key[0] not in flavours or key[1] not in HOWS or
                      key[2] not in attempts()})
    expect.tap("notice: the table names flavours, ways to run and attempts", "got %s, wanted none such" % strange
               if strange else None)


def judge_files(files):
    table = table_read()
    table_judge(table)
    for engine in ("kvm", "mtf"):
        flavour, logs = engine + "-rig", {}
        for how in HOWS:
            prefix = os.path.join(files, "notice.%s.%s." % (how, engine))
            try:
                logs[how] = log_read(prefix + "log")
                with open(prefix + "out", encoding="utf-8", errors="replace") as f:
                    session_judge(flavour, how, f.read(), logs[how])
            except OSError as e:
                expect.tap("%s/notice/%s" % (flavour, how), "got %s, wanted what the session left" % e)
        for how in HOWS[1:]:
            if how in logs and "free" in logs:
                judge(flavour, how, logs[how], logs["free"], table)


def main():
    words = sys.argv[1:]
    if words[:1] == ["commands"] and len(words) == 3 and words[1] in HOWS:
        sys.stdout.write(commands(words[1], words[2]))
    elif words[:1] == ["judge-files"] and len(words) == 2:
        judge_files(words[1])
    else:
        sys.stderr.write(__doc__)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
