#!/usr/bin/env python3
"""t_oracle.py - the guests that watch themselves (tests/rig/bare) on engine soft.

Each prints what its own handlers see: vector, RIP, flags image and DR6 of every event. The lines wanted
are the architecture's (expected.txt, events*.txt), and must not depend on how the guest is run: free,
stepped by MTF, stepped by TF, or with nothing intercepted. `make check-rig` holds Bochs to the same
files and lists where it departs.
"""
import os
import subprocess
import sys
import tempfile

O = os.environ.get("O", "build")
VMSTEP = os.path.abspath(os.path.join(O, "vmstep"))
BARE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "rig", "bare")
STEPI = ["-ex", "set step-irq on", "-ex", "stepi 2000000"]
FREE = ["-ex", "set intercept db off", "-ex", "set intercept bp off"]

GUESTS = [
    ("oracle", "expected.txt", ["oracle.elf"]),
    ("events16", "events16.txt", ["--mode", "real", "--load", "0x1000", "--entry", "0x1000", "events16.bin"]),
    ("events32", "events32.txt", ["events32.elf"]),
    ("events64", "events64.txt", ["events64.elf"]),
]
WAYS = [
    ("free", ["-ex", "continue"]),
    ("stepped by MTF", STEPI),
    ("stepped by TF", ["-ex", "set mtf off", *STEPI]),
    ("with nothing intercepted", [*FREE, "-ex", "continue"]),
    ("stepped with nothing intercepted", [*FREE, *STEPI]),
]


def judge(name, expected, image, way, commands, out):
    title = "%s on soft, %s" % (name, way)
    args = [*image[:-1], os.path.join(O, "rig", image[-1])]
    r = subprocess.run([VMSTEP, "-q", "-nx", "--batch", "-e", "soft", "--debugcon", out, *commands, *args],
                       capture_output=True, text=True, errors="replace", stdin=subprocess.DEVNULL, timeout=120)
    if r.returncode:
        print("not ok - %s: got exit status %d (%s), wanted 0" % (title, r.returncode, r.stderr.strip()[-200:]))
        return 1
    return subprocess.run([os.path.join(BARE, "compare.py"), title, out, os.path.join(BARE, expected)],
                          timeout=60).returncode


def main():
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        for name, expected, image in GUESTS:
            for way, commands in WAYS:
                sys.stdout.flush()
                failed |= judge(name, expected, image, way, commands, os.path.join(folder, "out"))
    return failed


if __name__ == "__main__":
    sys.exit(main())
