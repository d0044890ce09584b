#!/usr/bin/env python3
"""t_trace.py - `vmstep trace` and `vmstep diff` as a user and a script meet them: ends, signals, kill -9,
readers that go away, full disks, late readers, equal runs. On engine kvm and on engine soft, whose
traces are moreover equal byte for byte.
"""
import json
import os
import signal
import subprocess
import tempfile
import time

O = os.environ.get("O", "build")
VMSTEP = os.path.abspath(os.path.join(O, "vmstep"))
DEMO = os.path.abspath(os.path.join(O, "tests/guests/demo.elf"))
BENCH = os.path.abspath(os.path.join(O, "tests/guests/bench.bin"))  # never ends
# Waits in HLT for an interrupt that does not come: sti; hlt.
IDLE = ["--hex", "fb f4"]
engine = "kvm"


def tap(name, got, wanted=True):
    fine = got == wanted
    name = "%s: %s" % (engine, name)
    print("ok - " + name if fine else "not ok - %s: got %.300r, wanted %.300r" % (name, got, wanted), flush=True)
    return fine


def run(*args, **kw):
    if args[0] == "trace":
        args = ("trace", "-e", engine, *args[1:])
    return subprocess.run([VMSTEP, *args], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, **kw)


def start(*args, **kw):
    kw.setdefault("stdout", subprocess.PIPE)
    return subprocess.Popen([VMSTEP, "trace", "-e", engine, *args], stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, **kw)


def parsed(path):
    """(records, whether every line was whole JSON)"""
    lines = open(path, encoding="utf-8").read().split("\n")
    try:
        return [json.loads(l) for l in lines[:-1]], lines[-1] == ""
    except ValueError as e:
        return [], str(e)


def grown(path, lines):
    """Waits until the file has so many lines; not for ever."""
    end = time.monotonic() + 30
    while time.monotonic() < end:
        if os.path.exists(path):
            with open(path, "rb") as f:
                if f.read(1 << 20).count(b"\n") >= lines:
                    return
        time.sleep(0.02)


def signals(folder):
    for sig, name, status in ((signal.SIGINT, "SIGINT", 130), (signal.SIGTERM, "SIGTERM", 143)):
        out = os.path.join(folder, name)
        child = start("-f", "jsonl", "-o", out, BENCH)
        grown(out, 100)
        child.send_signal(sig)
        tap("%s: exit status" % name, child.wait(30), status)
        records, whole = parsed(out)
        tap("%s: every line is whole" % name, whole)
        tap("%s: the last line is the total and says it" % name, records and records[-1].get("ended"), name)
        child.stderr.close()
    if engine == "soft": # knows at once that nothing will come
        return
    out = os.path.join(folder, "idle")
    child = start("-f", "jsonl", "-o", out, *IDLE)
    grown(out, 3)
    child.send_signal(signal.SIGINT)
    tap("SIGINT while the guest sleeps in HLT: exit status", child.wait(30), 130)


def killed(folder):
    out = os.path.join(folder, "killed")
    child = start("-f", "jsonl", "-o", out, BENCH)
    grown(out, 200)
    child.kill()
    child.wait()
    text = open(out, encoding="utf-8").read()
    lines = text.split("\n")[:-1]
    broken = [l for l in lines if not whole_json(l)]
    tap("kill -9: a trace of %s lines, each whole but the last" % ("many" if len(lines) > 100 else len(lines)),
        (len(lines) > 100, broken), (True, []))


def whole_json(line):
    try:
        return isinstance(json.loads(line), dict)
    except ValueError:
        return False


def unwatched(folder):
    """What was recorded is in the file while the engine sits in the guest."""
    out = os.path.join(folder, "late")
    child = start("-f", "jsonl", "-o", out, *IDLE)
    grown(out, 3)
    records, whole = parsed(out)
    tap("lines are written while the guest sleeps", [r.get("n") for r in records[1:]][:2], [0, 1])
    tap("and they are whole", whole)
    child.kill()
    child.wait()


def readers(folder):
    child = start("-f", "jsonl", BENCH)
    child.stdout.read(100000)
    child.stdout.close()
    tap("a reader that goes away: exit status", child.wait(10), 1)
    said = child.stderr.read().decode()
    tap("a reader that goes away: one sentence", said.count("\n") == 1 and "Broken pipe" in said, True)
    with open("/dev/full", "wb") as full:
        child = start("-n", "2000", DEMO, stdout=full)
        tap("a full disk: exit status", child.wait(10), 1)
        said = child.stderr.read().decode()
        tap("a full disk: one sentence", said.count("\n") == 1 and "No space left" in said, True)
    r = run("trace", "-o", os.path.join(folder, "no/such/folder"), DEMO)
    tap("-o into no folder: status and sentence", (r.returncode, r.stderr.count("\n")), (1, 1))


def forms(folder):
    a, b, t = (os.path.join(folder, n) for n in ("a.jsonl", "b.jsonl", "t.txt"))
    for out, fmt in ((a, "jsonl"), (b, "jsonl"), (t, "text")):
        r = run("trace", "-f", fmt, "-o", out, DEMO)
        tap("the demo, to %s: status" % os.path.basename(out), (r.returncode, r.stdout), (0, "demo: undisturbed\n"))
    r = run("diff", a, b)
    tap("two runs are the same", (r.returncode, r.stdout[:5]), (0, "same:"))
    r = run("diff", a, t)
    tap("JSON Lines and text of one guest are the same", (r.returncode, r.stdout[:5]), (0, "same:"))
    records, _ = parsed(a)
    text = [l for l in open(t, encoding="utf-8") if l.startswith("#")]
    tap("as many stop lines as records", len(text), sum("cause" in r for r in records))
    tap("header first", list(records[0])[:3], ["vmstep", "schema", "engine"])
    clock = engine != "soft"
    tap("total last", [k in records[-1] for k in ("total", "by_cause", "ended", "seconds", "steps_per_s")],
        [True] * 3 + [clock] * 2)
    if not clock:
        tap("two runs are equal byte for byte", open(a, "rb").read() == open(b, "rb").read())
    tap("total", records[-1]["total"], records[-2]["n"])
    tap("retired adds up", records[-1]["retired"], sum(r.get("retired", 0) for r in records[1:-1]))
    regs_follow(records)
    run("trace", "-f", "jsonl", "--regs", "none", "-n", "20", "-o", b, DEMO)
    tap("--regs none", any("regs" in r for r in parsed(b)[0]), False)
    run("trace", "-f", "jsonl", "--regs", "all", "-n", "400", "-o", b, DEMO)
    full = parsed(b)[0]
    tap("--regs all", all("r15" in r["regs"] and "cr4" in r["regs"] for r in full if "cause" in r))
    known = {}
    same = True
    for changed, whole in zip(records[1:-1], full[1:-1]):
        known.update(changed["regs"])
        same = same and known == whole["regs"]
    tap("changed registers, put together, are all registers", same)
    r = run("trace", "-n", "5", DEMO)
    tap("-n 5: five stops and a total with LIMIT",
        (sum(l.startswith("#") for l in r.stdout.split("\n")), "ended LIMIT" in r.stdout), (6, True))


def regs_follow(records):
    """`from` is the boundary of the stop before."""
    stops = [r for r in records if "cause" in r]
    wrong = [b["n"] for a, b in zip(stops, stops[1:]) if b["from"] != a["rip"]]
    tap("each stop comes from the one before", wrong, [])
    wrong = [b["n"] for a, b in zip(stops, stops[1:]) if b["from_insn"] != a["insn"]]
    tap("and from its instruction", wrong, [])


def main():
    global engine
    for engine in ("kvm", "soft"):
        if engine == "kvm" and not os.access("/dev/kvm", os.R_OK | os.W_OK):
            print("ok - vmstep trace -e kvm # SKIP no access to /dev/kvm")
            continue
        with tempfile.TemporaryDirectory() as folder:
            forms(folder)
            signals(folder)
            killed(folder)
            if engine != "soft":
                unwatched(folder)
            readers(folder)


main()
