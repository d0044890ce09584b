#!/usr/bin/env python3
"""bench.py - `make bench`: how fast vmstep steps, as ratios measured in one run on one guest.

Repeats are interleaved, so that what the machine does beside falls on all alike; medians are shown.
Every time has the same program's time for no steps taken off. BENCH_ROUNDS, BENCH_STEPS: more or less.
"""
import os
import pty
import select
import shutil
import statistics
import subprocess
import tempfile
import time

O = os.environ.get("O", "build")
VMSTEP = os.path.abspath(os.path.join(O, "vmstep"))
BARE = os.path.abspath(os.path.join(O, "tests/bench/bare"))
GUEST = os.path.abspath(os.path.join(O, "tests/guests/bench.bin"))
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "5"))
STEPS = int(os.environ.get("BENCH_STEPS", "200000"))
GDB_STEPS = 2000
COMMON = ["-e", "kvm"]
FOLDER = tempfile.TemporaryDirectory()  # traces and sockets of this run


class Cost:
    """Seconds a program took: by the clock, and of a processor's time. The second hardly depends on
    what else the machine does."""

    def __init__(self, wall, cpu):
        self.wall, self.cpu = wall, cpu

    def per_step(self, start, steps):
        return Cost(max(self.wall - start.wall, 1e-9) / steps, max(self.cpu - start.cpu, 1e-9) / steps)


def cost(args):
    began = time.perf_counter()
    child = subprocess.Popen(args, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(child.pid, 0)
    wall = time.perf_counter() - began
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise subprocess.CalledProcessError(child.returncode, args)
    return Cost(wall, used.ru_utime + used.ru_stime)


def stepping(make_args):
    """What a step costs with a command, its start taken off."""
    return cost(make_args(STEPS)).per_step(cost(make_args(1)), STEPS)


def bare(n):
    return [BARE, GUEST, str(n)]


def stepi(n):
    return [VMSTEP, "-q", "--batch", "-nx", *COMMON, "-ex", "stepi %d" % n, GUEST]


def trace(fmt):
    return lambda n: [VMSTEP, "trace", *COMMON, "-f", fmt, "-n", str(n), "-o", os.path.join(FOLDER.name, "trace"), GUEST]


def gdb():
    """gdb's own loop on QEMU's stub, from the boot sector's first instruction. None where QEMU or gdb is missing."""
    if not shutil.which("qemu-system-x86_64") or not shutil.which("gdb"):
        return None
    sock, script = os.path.join(FOLDER.name, "gdb.sock"), os.path.join(FOLDER.name, "gdb.cmd")
    with open(script, "w") as f:
        f.write("set pagination off\nset confirm off\ntarget remote %s\nbreak *0x7c00\n"
                "continue\npython import time; began = time.time()\nset $i = 0\nwhile $i < %d\nx/i $pc\nstepi\n"
                "set $i = $i + 1\nend\npython print('RATE', %d / (time.time() - began))\nkill\n" % (sock, GDB_STEPS, GDB_STEPS))
    qemu = subprocess.Popen(
        ["qemu-system-x86_64", "-accel", "tcg", "-display", "none", "-serial", "null", "-monitor", "none", "-S",
         "-drive", "format=raw,file=%s,snapshot=on" % GUEST, "-chardev", "socket,path=%s,server=on,wait=off,id=g" % sock,
         "-gdb", "chardev:g"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _ in range(100):
            if os.path.exists(sock):
                break
            time.sleep(0.05)
        out = subprocess.run(["gdb", "-nx", "-batch", "-x", script], capture_output=True, text=True, timeout=120).stdout
        line = next((l for l in out.splitlines() if l.startswith("RATE")), None)
        return float(line.split()[1]) if line else None
    finally:
        qemu.kill()
        qemu.wait()


def first_prompt():
    """Seconds from exec to the first prompt on a terminal."""
    began = time.perf_counter()
    pid, fd = pty.fork()
    if pid == 0:
        os.execv(VMSTEP, [VMSTEP, "-nx", *COMMON, GUEST])
    seen = b""
    while b"(vmstep) " not in seen:
        if not select.select([fd], [], [], 5)[0]:
            break
        try:
            seen += os.read(fd, 4096)
        except OSError:
            break
    took = time.perf_counter() - began
    os.write(fd, b"quit\n")
    time.sleep(0.05)
    os.close(fd)
    try:
        os.kill(pid, 9)
    except ProcessLookupError:
        pass
    os.waitpid(pid, 0)
    return took if b"(vmstep) " in seen else None


def resident(pid):
    """KiB resident outside of guest RAM, which is the one mapping of 32 MiB and more."""
    total, size = 0, 0
    with open("/proc/%d/smaps" % pid) as f:
        for line in f:
            if line.startswith("Size:"):
                size = int(line.split()[1])
            elif line.startswith("Rss:") and size < 32 << 10:
                total += int(line.split()[1])
    return total


def memory(steps):
    child = subprocess.Popen(trace("jsonl")(steps), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    most = 0
    while child.poll() is None:
        try:
            most = max(most, resident(child.pid))
        except (FileNotFoundError, ProcessLookupError):
            break
        time.sleep(0.02)
    child.wait()
    return most


def show(what, value, floor=None, met=None, note=""):
    verdict = "" if floor is None else "%-16s%-9s" % (floor, "met" if met else "NOT MET")
    print(("%-42s %14s   %s%s" % (what, value, verdict, note)).rstrip(), flush=True)


def ratio(got, kind, which):
    """Against the bare loop; a round's values were measured next to each other."""
    return statistics.median(getattr(b, which) / getattr(a, which) for a, b in zip(got[kind], got["bare"]))


def speed():
    kinds = {"bare": (bare, "bare KVM_RUN loop with sync regs", None), "none": (stepi, "stepping without output", 0.9),
             "text": (trace("text"), "text trace", 0.75), "jsonl": (trace("jsonl"), "JSON Lines trace, changed registers", 0.75)}
    got = {k: [] for k in kinds}
    for _ in range(ROUNDS):
        for k, (make_args, _, _) in kinds.items():
            got[k].append(stepping(make_args))
    rate = {k: 1 / statistics.median(c.wall for c in v) for k, v in got.items()}
    for k, (_, name, _) in kinds.items():
        own = statistics.median(c.cpu for c in got[k]) * 1e6
        show(name, "%.0f steps/s" % rate[k], None, None, "%.2f us CPU a step" % own)
    for k, (_, name, floor) in kinds.items():
        if floor:
            r = ratio(got, k, "wall")
            show(name + " / bare", "%.2f" % r, "floor %.2f" % floor, r >= floor, "by CPU time %.2f" % ratio(got, k, "cpu"))
    gdbs = [g for g in (gdb() for _ in range(3)) if g]
    if gdbs:
        slow = statistics.median(gdbs)
        show("gdb x/i $pc; stepi on QEMU (tcg)", "%.0f steps/s" % slow)
        times = min(rate["text"], rate["jsonl"]) / slow
        show("slower trace / gdb", "%.0f times" % times, "floor 40 times", times >= 40)
    else:
        show("gdb x/i $pc; stepi on QEMU (tcg)", "not measured")


def main():
    print("%d rounds of %d steps, medians" % (ROUNDS, STEPS))
    speed()
    starts = [s for s in (first_prompt() for _ in range(11)) if s]
    if starts:
        start = statistics.median(starts) * 1000
        show("start to first prompt", "%.1f ms" % start, "under 30 ms", start < 30)
    else:
        show("start to first prompt", "no prompt", "under 30 ms", False)
    short, long = memory(STEPS // 4), memory(STEPS * 3)
    show("resident, guest RAM aside, %d steps" % (STEPS // 4), "%.1f MiB" % (short / 1024), "under 30 MiB", short < 30 << 10)
    show("resident, guest RAM aside, %d steps" % (STEPS * 3), "%.1f MiB" % (long / 1024), "under 30 MiB", long < 30 << 10)


with FOLDER:
    main()
