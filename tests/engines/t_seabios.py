#!/usr/bin/env python3
"""t_seabios.py - Debian's SeaBIOS from the reset vector until it gives up looking for something to boot:
engine soft says on the debug port what engine kvm says.

What differs and is left out: the lines about clocks (CPUID shows KVM's there and none on soft) and the
place of a table that SeaBIOS builds in temporary memory, which those clocks shift.
"""
import os
import re
import signal
import subprocess
import sys
import tempfile
import time

VMSTEP = os.path.abspath(os.path.join(os.environ.get("O", "build"), "vmstep"))
SEABIOS = "/usr/share/seabios/bios.bin"
END = b"No bootable device."
CLOCKS = re.compile(rb"MHz|tsc|kvmclock|pmtimer|Running on KVM", re.IGNORECASE)
TEMPORARY = re.compile(rb"(Copying \w+ from )0x[0-9a-f/]+")


def tap(name, wrong):
    print("ok - " + name if wrong is None else "not ok - %s: %s" % (name, wrong), flush=True)


def said(engine, path):
    """What it printed up to END, or to 30 seconds; then Ctrl-C."""
    child = subprocess.Popen([VMSTEP, "-q", "--batch", "-nx", "-e", engine, "--serial", "null", "--debugcon", path,
                              "-ex", "continue", SEABIOS],
                             stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    for _ in range(300):
        if child.poll() is not None or (os.path.exists(path) and END in open(path, "rb").read()):
            break
        time.sleep(0.1)
    if child.poll() is None:
        child.send_signal(signal.SIGINT)
    child.wait(20)
    return open(path, "rb").read()


def lines_of(text):
    lines = text.partition(END)[0].split(b"\n")
    return [TEMPORARY.sub(rb"\1(memory)", line) for line in lines if not CLOCKS.search(line)]


def main():
    if not os.path.exists(SEABIOS):
        print("ok - SeaBIOS on soft # SKIP no %s here (make deps)" % SEABIOS)
        return 0
    with tempfile.TemporaryDirectory() as folder:
        soft = said("soft", os.path.join(folder, "soft"))
        tap("SeaBIOS on soft: looks for something to boot and finds nothing",
            None if END in soft else "got %r last, wanted %r" % (soft[-80:], END))
        name = "SeaBIOS on soft: says what it says on kvm"
        if not os.access("/dev/kvm", os.R_OK | os.W_OK):
            print("ok - %s # SKIP no access to /dev/kvm" % name)
            return 0
        a, b = lines_of(soft), lines_of(said("kvm", os.path.join(folder, "kvm")))
    differ = next((i for i in range(max(len(a), len(b))) if a[i:i + 1] != b[i:i + 1]), None)
    tap(name, None if differ is None else "line %d: got %r, wanted %r" % (differ + 1, a[differ:differ + 1], b[differ:differ + 1]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
