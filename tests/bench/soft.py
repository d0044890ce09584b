#!/usr/bin/env python3
"""soft.py - engine soft beside Unicorn on the same loop in one run: stepping without output, a text trace
against a hook that prints pc and registers, and running free. Medians of interleaved rounds; every
program's start is taken off. Beside each figure stands its floor; a machine with other work to do shows
less, so that nothing fails here. BENCH_ROUNDS, BENCH_STEPS as bench.py.
"""
import os
import statistics
import struct
import subprocess
import tempfile
import time

O = os.environ.get("O", "build")
VMSTEP = os.path.abspath(os.path.join(O, "vmstep"))
UNICORN = os.path.abspath(os.path.join(O, "tests/bench/unicorn"))
GUEST = os.path.abspath(os.path.join(O, "tests/guests/bench.bin"))
ELF = GUEST.removesuffix(".bin") + ".elf"
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "5"))
STEPS = 5 * int(os.environ.get("BENCH_STEPS", "200000"))
FREE_ROUNDS = 100 * int(os.environ.get("BENCH_STEPS", "200000")) // 1000
LOAD, DATA = 0x7c00, 0x9000
TAIL = 0x80  # in the sector, free of code
FOLDER = tempfile.TemporaryDirectory()
OUT = os.path.join(FOLDER.name, "out")
POINTS = 1000
LOOP = None  # set by main()


def seconds(args):
    began = time.perf_counter()
    subprocess.run(args, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - began


def rate(make_args):
    return STEPS / max(seconds(make_args(STEPS)) - seconds(make_args(1)), 1e-9)


def unicorn(what):
    return lambda n: [UNICORN, LOOP, what, str(n), OUT]


def stepi(n):
    return [VMSTEP, "-q", "--batch", "-nx", "-e", "soft", "-ex", "stepi %d" % n, LOOP]


def points():
    """1,000 breakpoints and watchpoints that nothing meets."""
    script = os.path.join(FOLDER.name, "points")
    with open(script, "w") as f:
        for i in range(POINTS // 2):
            f.write("break *0x%x\nwatch *(char *)0x%x\n" % (0x20000 + 16 * i, 0x30000 + 16 * i))
    return lambda n: [VMSTEP, "-q", "--batch", "-nx", "-e", "soft", "-x", script, "-ex", "stepi %d" % n, LOOP]


def trace(n):
    return [VMSTEP, "trace", "-e", "soft", "-n", str(n), "-o", OUT, LOOP]


def jsonl(n):
    return [VMSTEP, "trace", "-e", "soft", "-f", "jsonl", "-n", str(n), "-o", OUT, LOOP]


def with_bytes(make_args):
    r = rate(make_args)
    seconds(make_args(STEPS))
    return r, r * os.path.getsize(OUT) / STEPS


def symbols():
    out = subprocess.run(["nm", ELF], capture_output=True, text=True, check=True).stdout
    return {l.split()[-1]: int(l.split()[0], 16) for l in out.splitlines()}


def moved():
    """The guest with its variables on a page of their own: writes beside code cost a translator dear,
    and that is not what is compared here."""
    at, code = symbols(), open(GUEST, "rb").read()
    for name, opcode in (("sum", b"\x89\x1e"), ("rounds", b"\x66\xff\x06")):
        old = opcode + struct.pack("<H", at[name])
        assert code.count(old) == 1
        code = code.replace(old, opcode + struct.pack("<H", at[name] - LOAD + DATA))
    return code


def image(name, code):
    path = os.path.join(FOLDER.name, name)
    with open(path, "wb") as f:
        f.write(code)
    return path


def bounded(rounds):
    """The guest with an end: its jump back goes by way of a comparison of its own count, then HLT."""
    at, code = symbols(), bytearray(moved())
    count = b"\x66\xff\x06" + struct.pack("<H", at["rounds"] - LOAD + DATA)
    jump = code.index(count) + len(count)
    code[jump:jump + 2] = b"\xeb" + struct.pack("<b", TAIL - jump - 2)
    tail = b"\x66\x81\x3e" + struct.pack("<HI", at["rounds"] - LOAD + DATA, rounds) + b"\x0f\x82"
    tail += struct.pack("<h", at["again"] - LOAD - TAIL - len(tail) - 2) + b"\xf4"
    code[TAIL:TAIL + len(tail)] = tail
    return image("bounded%d.bin" % rounds, code)


def free(make_args):
    """Rounds a second."""
    return FREE_ROUNDS / max(seconds(make_args(FREE_ROUNDS)) - seconds(make_args(1)), 1e-9)


def free_soft(n):
    return [VMSTEP, "-q", "--batch", "-nx", "-e", "soft", "-ex", "continue", bounded(n)]


def free_unicorn(n):
    return [UNICORN, bounded(n), "free", "0", "0"]


def show(what, ours, theirs, unit, note=""):
    print("%-44s %12.0f %12.0f %-9s %6.2f   %s" % (what, ours, theirs, unit, ours / theirs, note), flush=True)


def main():
    if not os.path.exists(UNICORN):
        print("engine soft beside Unicorn: not measured, libunicorn-dev is missing (make deps)")
        return
    global LOOP
    LOOP, with_points = image("loop.bin", moved()), points()
    names = ("step", "ustep", "text", "hook", "jsonl", "free", "ufree", "points")
    got = {n: [] for n in names}
    for _ in range(ROUNDS):
        got["step"].append(rate(stepi))
        got["ustep"].append(rate(unicorn("step")))
        got["points"].append(rate(with_points))
        got["text"].append(with_bytes(trace))
        got["hook"].append(with_bytes(unicorn("hook")))
        got["jsonl"].append(with_bytes(jsonl))
        got["free"].append(free(free_soft))
        got["ufree"].append(free(free_unicorn))
    m = {n: statistics.median(v[0] if isinstance(v, tuple) else v for v in got[n]) for n in names}
    size = {n: statistics.median(v[1] for v in got[n]) / 1e6 for n in ("text", "hook", "jsonl")}
    print("%d rounds of %d steps, medians          engine soft      Unicorn             ratio" % (ROUNDS, STEPS))
    show("stepping, no output / count=1", m["step"], m["ustep"], "steps/s", "floor 1.0")
    show("text trace / hook with fprintf", m["text"], m["hook"], "steps/s", "%.0f against %.0f MB/s: %.2f, floor 1.0" % (size["text"], size["hook"], size["text"] / size["hook"]))
    show("JSON Lines trace / the same hook", m["jsonl"], m["hook"], "steps/s", "%.0f against %.0f MB/s" % (size["jsonl"], size["hook"]))
    show("free run / free run", m["free"], m["ufree"], "rounds/s", "floor 1.5")
    print("%-44s %12.0f %35.2f   of stepping without any, floor 0.83" % ("stepping with %d points by address" % POINTS, m["points"], m["points"] / m["step"]))


with FOLDER:
    main()
