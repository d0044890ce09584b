#!/usr/bin/env python3
"""t_real.py - engines kvm and soft on code that nobody here wrote: Debian's SeaBIOS from the reset vector,
GRUB's boot.img and syslinux's mbr.bin to the BIOS calls that print their messages. SeaBIOS must say the same
on both.
"""
import json
import os
import re
import signal
import subprocess
import tempfile
import time

VMSTEP = os.path.abspath(os.path.join(os.environ.get("O", "build"), "vmstep"))
SEABIOS = "/usr/share/seabios/bios.bin"
SEABIOS_BIG = "/usr/share/seabios/bios-256k.bin"
STEPS = 1000000
KEYS = {"n", "cause", "causes", "proof", "rip", "from", "retired", "cs", "lin", "bytes", "insn", "from_insn", "sym",
        "line", "mode", "cpl", "rflags", "tf", "shadow", "dr6", "dr7", "exit", "vmx", "did", "regs"}
# What SeaBIOS takes from a clock.
CLOCKS = re.compile(rb"MHz|tsc|kvmclock|time", re.IGNORECASE)
# It knows KVM by CPUID, then reads its clock instead of the ACPI timer; and it puts one table 48 bytes
# elsewhere, since that clock takes 48 bytes of the same memory.
ONE_SIDED = re.compile(rb"^(Running on KVM|Using pmtimer.*|\(clock\))$")
PLACE = re.compile(rb"(Copying MPTABLE from 0x[0-9a-f]+)/[0-9a-f]+")
engine = "kvm"


def tap(name, wrong):
    name = "%s: %s" % (engine, name)
    print("ok - " + name if wrong is None else "not ok - %s: %s" % (name, wrong), flush=True)


def missing(*paths):
    """Says SKIP for what this machine lacks."""
    if engine == "kvm" and not os.access("/dev/kvm", os.R_OK | os.W_OK):
        return "no access to /dev/kvm"
    return next(("no %s here (make deps)" % p for p in paths if not os.path.exists(p)), None)


class Validator:
    """Reads a trace line by line and keeps nothing of it but what is wrong."""

    def __init__(self):
        self.wrong, self.stops, self.gaps, self.retired, self.total = None, 0, 0, 0, None
        self.number, self.header = -1, False

    def line(self, text):
        r = json.loads(text)
        if "cause" in r:
            self.stop(r)
        elif "gap" in r:
            self.gaps += 1
            self.retired = None if r["retired"] is None or self.retired is None else self.retired + r["retired"]
        elif "vmstep" in r:
            self.header = self.number < 0
        elif "total" in r:
            self.total = r
        else:
            self.wrong = self.wrong or "got the line %.80s" % text

    def stop(self, r):
        if self.wrong is None and not KEYS <= r.keys():
            self.wrong = "#%s lacks %s" % (r["n"], ", ".join(KEYS - r.keys()))
        if self.wrong is None and (r["n"] != self.number + 1 or r["causes"][0] != r["cause"]):
            self.wrong = "got #%s %s behind #%d" % (r["n"], r["causes"], self.number)
        self.number = r["n"]
        self.stops += r["n"] > 0
        if self.retired is not None:
            self.retired = None if r["retired"] is None else self.retired + r["retired"]

    def verdict(self):
        t = self.total
        if self.wrong or not self.header or not t:
            return self.wrong or "got header %s, total %s, wanted both" % (self.header, t)
        sums = (t["total"], sum(t["by_cause"].values()), t["gaps"], t["retired"])
        seen = (self.stops, self.stops, self.gaps, self.retired)
        return None if sums == seen else "got the total %s, wanted what was seen, %s" % (sums, seen)


def seabios_stepped(debug):
    child = subprocess.Popen([VMSTEP, "trace", "-e", engine, "-f", "jsonl", "-n", str(STEPS), "--serial", "null",
                              "--debugcon", debug, SEABIOS], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
    v = Validator()
    for text in child.stdout:
        try:
            v.line(text)
        except (ValueError, KeyError, TypeError) as e:
            v.wrong = v.wrong or "got %s in the line %.80r" % (e, text)
    return child.wait(), v


def seabios_free(debug, enough, image=SEABIOS):
    """Runs until enough() was printed; then Ctrl-C."""
    child = subprocess.Popen([VMSTEP, "-q", "--batch", "-nx", "-e", engine, "--serial", "null", "--debugcon", debug,
                              "-ex", "continue", image],
                             stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    for _ in range(300):
        if child.poll() is not None or (os.path.exists(debug) and enough(debug)):
            break
        time.sleep(0.1)
    if child.poll() is None:
        child.send_signal(signal.SIGINT)
    try:
        child.wait(5)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()
        tap("SeaBIOS, free: Ctrl-C ends it", "got no end in 5 s, wanted one")


def lines_of(path):
    """Whole lines, those with a clock in them masked."""
    lines = open(path, "rb").read().split(b"\n")[:-1]
    return [b"(clock)" if CLOCKS.search(l) else l for l in lines]


def seabios(folder):
    name = "SeaBIOS from the reset vector"
    why = missing(SEABIOS)
    if why:
        print("ok - %s: %s # SKIP %s" % (engine, name, why))
        return
    stepped, free = os.path.join(folder, "stepped"), os.path.join(folder, "free")
    status, v = seabios_stepped(stepped)
    tap("%s, %d steps" % (name, STEPS), None if status == 0 and v.stops == STEPS else
        "got exit status %d after %d steps, wanted 0" % (status, v.stops))
    tap("%s: every line is JSON with its members, numbered, and adds up" % name, v.verdict())
    size = os.path.getsize(stepped)
    seabios_free(free, lambda path: os.path.getsize(path) > size)
    a, b = lines_of(stepped), lines_of(free)
    tap("%s: the stepped run gets to its messages" % name, None if len(a) > 5 else "got %d lines, wanted some" % len(a))
    differ = next((i for i, l in enumerate(a) if i >= len(b) or l != b[i]), None)
    tap("%s: prints the same stepped and free" % name, None if differ is None else "line %d: got %r, wanted %r" % (
        differ + 1, a[differ], b[differ] if differ < len(b) else None))
    return b


def seabios_big(folder):
    """Larger than 128 KiB: not all of it is below 1 MiB, and its SMM code looks for system management."""
    name = "SeaBIOS of 256 KiB"
    why = missing(SEABIOS_BIG)
    if why:
        print("ok - %s: %s # SKIP %s" % (engine, name, why))
        return
    said, end = os.path.join(folder, "big"), b"No bootable device."
    seabios_free(said, lambda path: end in open(path, "rb").read(), SEABIOS_BIG)
    text = open(said, "rb").read()
    tap("%s: gets as far as looking for something to boot" % name, None if end in text else
        "got %r last, wanted %r" % (text[-60:], end))
    lines = [PLACE.sub(rb"\1", l) for l in lines_of(said) if not ONE_SIDED.match(l)]
    return lines[:next((i for i, l in enumerate(lines) if end in l), 0) + 1]


def boot_sector(folder, path, extra, message):
    """Stepped to the end; the message is read off the registers at the INT 10h handler's first instruction."""
    name = os.path.basename(path)
    why = missing(path)
    if why:
        print("ok - %s: %s # SKIP %s" % (engine, name, why))
        return
    trace, debug = os.path.join(folder, name + ".jsonl"), os.path.join(folder, name + ".text")
    r = subprocess.run([VMSTEP, "trace", "-e", engine, "-f", "jsonl", "--regs", "all", "-n", "20000", "-o", trace,
                        "--serial", "null", "--debugcon", debug, *extra, path],
                       stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
    tap("%s: steps to its end" % name, None if r.returncode == 0 else "got exit status %d: %s" % (r.returncode, r.stderr))
    said = ""
    for line in open(trace, encoding="utf-8"):
        record = json.loads(line)
        event = record.get("event")
        if isinstance(event, dict) and event["vector"] == 0x10:
            rax = int(record["regs"]["rax"], 16)
            if rax >> 8 & 0xff == 0x0e:
                said += chr(rax & 0xff)
    tap("%s: its BIOS calls say %r" % (name, message), None if message in said else "got %r, wanted %r" % (said, message))
    printed = open(debug, "rb").read().decode("latin-1")
    tap("%s: and that is printed" % name, None if message in printed else "got %r, wanted %r" % (printed, message))


def compare(said):
    """To the last boot device, line by line."""
    a, b = said.get("kvm"), said.get("soft")
    if not a or not b:
        print("ok - SeaBIOS says the same on both engines # SKIP it did not run on both")
        return
    differ = next((i for i in range(max(len(a), len(b))) if a[i:i + 1] != b[i:i + 1]), None)
    tap("SeaBIOS of 256 KiB says what it says on kvm (%d lines)" % len(a), None if differ is None and len(a) > 30 else
        "line %s: got %r, wanted %r" % (differ, b[differ:differ + 1], a[differ:differ + 1]))


def main():
    global engine
    said = {}
    for engine in ("kvm", "soft"):
        with tempfile.TemporaryDirectory() as folder:
            # A medium without partitions: GRUB's "Floppy" is its own reading of the failing disk calls.
            boot_sector(folder, "/usr/lib/grub/i386-pc/boot.img", [], "GRUB Floppy Error")
            boot_sector(folder, "/usr/lib/syslinux/mbr/mbr.bin", ["--load", "0x7c00"], "Missing operating system.")
            seabios(folder)
            said[engine] = seabios_big(folder)
    compare(said)


main()
