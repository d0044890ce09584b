#!/usr/bin/env python3
"""symbols.py - `make bench`: symbols and source of a kernel's debug image, beside gdb on the same file.

The file: $BENCH_SYMBOLS, else the vmlinux of Debian's newest linux-image-*-cloud-amd64-dbg (about 280 MB
to fetch, 600 MB on disk, kept in the build folder); BENCH_SYMBOLS=none skips. Each row is a process
of its own that starts, answers one question and ends: all that is lazy is paid for.
"""
import glob
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

O = os.environ.get("O", "build")
VMSTEP = os.path.abspath(os.path.join(O, "vmstep"))
CACHE = os.path.abspath(os.path.join(O, "tests/bench/image"))
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "3"))


class Skip(Exception):
    pass


def newest_package():
    names = subprocess.run(["apt-cache", "search", "-n", r"^linux-image-.*-cloud-amd64-dbg$"], capture_output=True,
                           text=True, check=False).stdout.split("\n")
    names = [n.split()[0] for n in names if re.match(r"linux-image-\d", n)]
    if not names:
        raise Skip("apt knows no linux-image-*-cloud-amd64-dbg (apt-get update)")
    return max(names, key=lambda n: [int(x) for x in re.findall(r"\d+", n)])


def fetch():
    """The vmlinux of the package, taken from its archive without being installed."""
    package = newest_package()
    os.makedirs(CACHE, exist_ok=True)
    print(f"fetching {package}", flush=True)
    with tempfile.TemporaryDirectory(dir=CACHE) as folder:
        got = subprocess.run(["apt-get", "-q", "download", package], cwd=folder, stdout=subprocess.DEVNULL,
                             stderr=subprocess.PIPE, text=True, check=False)
        deb = glob.glob(f"{folder}/*.deb")
        if not deb:
            raise Skip(f"{package} cannot be fetched: {got.stderr.strip().splitlines()[-1:]}")
        tar = subprocess.Popen(["dpkg-deb", "--fsys-tarfile", deb[0]], stdout=subprocess.PIPE)
        subprocess.run(["tar", "x", "-C", folder, "--wildcards", "./usr/lib/debug/boot/vmlinux*"], stdin=tar.stdout,
                       check=False)
        tar.stdout.close()
        tar.wait()
        found = glob.glob(f"{folder}/usr/lib/debug/boot/vmlinux*")
        if not found:
            raise Skip(f"{package} holds no vmlinux")
        os.rename(found[0], f"{CACHE}/vmlinux")


def image():
    wanted = os.environ.get("BENCH_SYMBOLS")
    if wanted == "none":
        raise Skip("BENCH_SYMBOLS=none")
    if wanted:
        return wanted
    if not os.path.exists(f"{CACHE}/vmlinux"):
        if not shutil.which("apt-get"):
            raise Skip("no apt-get here; name a file with BENCH_SYMBOLS")
        fetch()
    return f"{CACHE}/vmlinux"


def run(args):
    """Seconds by the clock, of processor time, megabytes, and what was printed."""
    with tempfile.TemporaryFile("w+") as out:
        began = time.perf_counter()
        child = subprocess.Popen(args, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT)
        _, _, used = os.wait4(child.pid, 0)
        wall = time.perf_counter() - began
        child.returncode = 0
        out.seek(0)
        return wall, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, out.read()


def median(rows):
    return [statistics.median(r[i] for r in rows) for i in range(3)]


def address_of(file, name):
    out = subprocess.run(["nm", file], capture_output=True, text=True, check=False).stdout
    found = re.search(rf"^([0-9a-f]+) T {name}$", out, re.M)
    if not found:
        raise Skip(f"{file} has no function {name}: it is no kernel")
    return "0x" + found[1]


def rows(file):
    address = address_of(file, "schedule")
    yield "to the prompt", None, 0.5
    yield "function by name", "break schedule", 2
    yield "function by address", f"info symbol {address}", 2
    yield "line by address", f"info line *{address}", 2
    yield "address by line", "info line kernel/sched/core.c:6000", None
    yield "a type by name", "ptype struct task_struct", None
    yield "a static function", "info line cpu_idle_poll", None


def compare(file):
    print(f"{os.path.basename(file)}, {os.path.getsize(file) >> 20} MB; seconds by the clock (processor), memory; "
          f"median of {ROUNDS}")
    print(f"{'':22}{'vmstep':>24}{'gdb':>26}")
    for what, command, limit in rows(file):
        ours = [VMSTEP, "-q", "-nx", "--batch", "--symbols", file, "--hex", "90"]
        theirs = ["gdb", "-nx", "-q", "-batch", file]
        if command:
            ours[4:4] = ["-ex", command]
            theirs[4:4] = ["-ex", command]
        a, b = [], []
        for _ in range(ROUNDS):
            a.append(run(ours))
            b.append(run(theirs))
        if command and ("No symbol" in a[0][3] or "rror" in a[0][3]):
            print(f"{what:22}  vmstep: {a[0][3].strip().splitlines()[-1]}")
            continue
        wall, cpu, mem = median(a)
        gwall, gcpu, gmem = median(b)
        verdict = "" if not limit else f"  {'met' if cpu < limit else 'NOT met'}: under {limit} s of processor time"
        print(f"{what:22}{wall:8.2f} ({cpu:5.2f}) {mem:5.0f} MB{gwall:10.2f} ({gcpu:5.2f}) {gmem:5.0f} MB{verdict}")


def main():
    try:
        if not shutil.which("gdb"):
            raise Skip("no gdb here: make deps")
        compare(image())
    except Skip as why:
        print(f"symbols: skipped, {why}")
    return 0


sys.exit(main())
