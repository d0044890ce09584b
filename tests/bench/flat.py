#!/usr/bin/env python3
"""flat.py - what must not grow on engine soft: memory with the instructions run, 10^9 free and 10^8 stepped,
and the cost of a step with the number of points. The first are peaks of a short and a long run of the same
program; the second are ratios of processor time, medians of interleaved rounds. Ends with status 1 where a
floor is broken. FLAT_FREE, FLAT_STEPS, BENCH_ROUNDS: more or less.
"""
import os
import statistics
import struct
import subprocess
import sys
import tempfile

O = os.environ.get("O", "build")
VMSTEP = os.path.abspath(os.path.join(O, "vmstep"))
FREE = int(os.environ.get("FLAT_FREE", "1000000000"))
STEPPED = int(os.environ.get("FLAT_STEPS", "100000000"))
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "5"))
SHORT = 1000000
POINT_STEPS = 2000000
LOOP = 6  # instructions
GROWTH_MOST = 1024  # KiB
COST_MOST = 1.2
POINTS = 1000
FOLDER = tempfile.TemporaryDirectory()


def guest(instructions):
    """mov esi, 4M; mov ecx, rounds; again: add eax, ecx; mov [rsi], eax; add esi, 64; and esi, 7fffff;
    or esi, 4M; dec ecx; jne again; hlt. It walks over 4 MiB, so that translations come and go."""
    code = b"\xbe" + struct.pack("<I", 0x400000) + b"\xb9" + struct.pack("<I", instructions // (LOOP + 1))
    body = b"\x01\xc8\x89\x06\x83\xc6\x40\x81\xe6\xff\xff\x7f\x00\x81\xce\x00\x00\x40\x00\xff\xc9"
    return (code + body + b"\x75" + struct.pack("<b", -len(body) - 2) + b"\xf4").hex(" ")


def usage(instructions, *args):
    """Peak of resident memory in KiB, and seconds of processor time."""
    argv = [VMSTEP, "-q", "--batch", "-nx", "-e", "soft", "--mode", "long", "--hex", guest(instructions), *args]
    child = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
    out = child.stdout.read()
    _, status, u = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        sys.exit("flat.py: vmstep ended with status %d:\n%s" % (child.returncode, out))
    return u.ru_maxrss, u.ru_utime + u.ru_stime


def free(n):
    return usage(n, "-ex", "continue")


def stepped(n):
    return usage(2 * n, "-ex", "stepi %d" % n)


def memory(name, run, n):
    before, after = run(SHORT)[0], run(n)[0]
    fine = after - before <= GROWTH_MOST
    print("%-44s %9d KiB after %.0e, %d KiB after %.0e   %s" % (
        name, before, SHORT, after, n, "flat" if fine else "GREW: at most %d KiB" % GROWTH_MOST), flush=True)
    return fine


def script(n, kind):
    path = os.path.join(FOLDER.name, "%s%d" % (kind, n))
    with open(path, "w") as f:
        for i in range(n):
            f.write("break *0x%x\n" % (0x200000 + 16 * i) if kind == "code" or (kind == "both" and i % 2) else
                    "watch *(char *)0x%x\n" % (0x300000 + 16 * i))
    return path


def with_points(n, kind):
    return usage(2 * POINT_STEPS, "-x", script(n, kind), "-ex", "stepi %d" % POINT_STEPS)[1] - usage(
        2 * POINT_STEPS, "-x", script(n, kind), "-ex", "stepi 1")[1]


def costs():
    rows = [(0, "code")] + [(n, k) for n in (1, 2, 3, 4) for k in ("code", "data")] + [(POINTS, "both")]
    got = {r: [] for r in rows}
    for _ in range(ROUNDS):
        for r in rows:
            got[r].append(with_points(*r))
    none, fine = statistics.median(got[rows[0]]), True
    for n, kind in rows[1:]:
        ratio = statistics.median(got[n, kind]) / none
        fine &= ratio <= COST_MOST
        print("%-44s %9.2f of a step without any   %s" % (
            "a step with %d points (%s)" % (n, kind), ratio, "" if ratio <= COST_MOST else "at most %.1f" % COST_MOST),
            flush=True)
    return fine


def main():
    fine = memory("memory, free run", free, FREE)
    fine &= memory("memory, stepped", stepped, STEPPED)
    fine &= costs()
    return 0 if fine else 1


with FOLDER:
    sys.exit(main())
