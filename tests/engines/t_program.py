#!/usr/bin/env python3
"""t_program.py - compiled C without SSE gives the right output: tests/engines/program/program.c in 32 and 64 bits,
unoptimised and at -O2 on engine soft, at -O2 on kvm, too (a software flavour of KVM interprets it: seconds).
What is right is computed here.
"""
import binascii
import hashlib
import math
import os
import struct
import subprocess

OUT = os.path.abspath(os.environ.get("O", "build"))
VMSTEP = os.path.join(OUT, "vmstep")
SOURCE = "tests/engines/program/program.c"
FLAGS = ["-std=gnu11", "-ffreestanding", "-fno-pic", "-fno-pie", "-fno-stack-protector", "-mno-sse", "-mno-mmx",
         "-mgeneral-regs-only", "-fcf-protection=none", "-fno-asynchronous-unwind-tables", "-w"]
LINK = ["-nostdlib", "-static", "-no-pie", "-Wl,-Ttext=0x100000", "-Wl,--build-id=none", "-Wl,-z,noexecstack"]
MASK = (1 << 64) - 1


class Lcg:
    def __init__(self, seed):
        self.s = seed

    def next(self):
        self.s = (self.s * 1664525 + 1013904223) & 0xffffffff
        return self.s


def signed(v, bits):
    return v - (1 << bits) if v >> (bits - 1) & 1 else v


def division(a, b):
    """C's: towards zero."""
    q = abs(a) // abs(b)
    q = -q if (a < 0) != (b < 0) else q
    return q, a - q * b


def the_data():
    rnd = Lcg(1)
    return bytes(rnd.next() >> 24 if i % 7 < 4 else b"abracadabra"[i % 11] for i in range(3000))


def the_sorts():
    rnd = Lcg(7)
    words = [signed(rnd.next(), 32) for _ in range(300)]
    low = sorted(signed(w >> 16 & 0xff, 8) for w in words)
    return [binascii.crc32(struct.pack("<300i", *sorted(words))), binascii.crc32(struct.pack("<300b", *low))]


def the_sum():
    rnd, total = Lcg(3), 0
    for i in range(400):
        a = rnd.next() << 32
        a |= rnd.next()
        b = ((rnd.next() | 1) << (i % 31)) & MASK
        c, d = signed(a, 64) >> (i % 64), signed(rnd.next(), 32) | 1
        q, r = division(c, d)
        total = (total * 31 + a // b + a % b + q + r + a * b + (a >> (i % 64)) + (a << (i % 63))) & MASK
    return total


def fibonacci(n):
    a, b = 0, 1
    for _ in range(n):
        a, b = b, a + b
    return a


def pack(p):
    """The length of what program.c's pack() writes."""
    last, at, length = {}, 0, 0
    while at < len(p):
        length += 1
        for _ in range(8):
            if at >= len(p):
                break
            m, far = 0, at + 3 > len(p)
            h = 0 if far else (p[at] * 2654435761 ^ p[at + 1] * 40503 ^ p[at + 2]) & 4095
            start = last.get(h, 0xffff)
            if not far and start < at and at - start < 4096:
                while m < 18 and at + m < len(p) and p[start + m] == p[at + m]:
                    m += 1
            if not far:
                last[h] = at
            length, at = (length + 2, at + m) if m >= 3 else (length + 1, at + 1)
    return length


def wanted():
    data = the_data()
    crc = binascii.crc32(data)
    words, low = the_sorts()
    return "\n".join([
        "crc32 %08x" % crc, "sha256 " + hashlib.sha256(data).hexdigest(), "sha256 " + hashlib.sha256(b"abc").hexdigest(),
        "words %08x" % words, "bytes %08x" % low, "factorial %d" % math.factorial(120),
        "fibonacci %d" % fibonacci(1000), "arithmetic %d" % the_sum(),
        "power %d" % pow(123456789, 987654321, 4294967291),
        "packed %d again %d crc %08x" % (pack(data), len(data), crc), "end", ""])


def build(bits, opt):
    """The ELF file, or what the compiler said."""
    path = os.path.join(OUT, "tests", "engines", "program%d%s" % (bits, opt))
    os.makedirs(os.path.dirname(path), exist_ok=True)
    r = subprocess.run([os.environ.get("CC", "cc"), "-m%d" % bits, opt, *FLAGS, *LINK, "-o", path, SOURCE, "-lgcc"],
                       stderr=subprocess.PIPE, text=True)
    return (path, None) if r.returncode == 0 else (None, r.stderr.strip().splitlines()[-1])


def run(engine, path):
    return subprocess.run([VMSTEP, "-e", engine, "-q", "-nx", "--batch", "--serial", "null", "-ex", "continue", path],
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                          timeout=120)


def judge(name, engine, path, right):
    if engine == "kvm" and not os.access("/dev/kvm", os.R_OK | os.W_OK):
        print("ok - %s # SKIP no access to /dev/kvm" % name)
        return
    r = run(engine, path)
    got = [line for line in r.stdout.splitlines() if line.split(" ")[0] in KINDS]
    for g, w in zip(got + ["nothing"] * len(right), right):
        if g != w:
            print("not ok - %s: got %r, wanted %r; %s" % (name, g, w, r.stderr.strip()[-200:]))
            return
    print("ok - " + name, flush=True)


RIGHT = wanted().splitlines()
KINDS = {line.split(" ")[0] for line in RIGHT}
for bits in (32, 64):
    for opt in ("-O0", "-O2"):
        path, why = build(bits, opt)
        for engine in ("soft", "kvm") if opt == "-O2" else ("soft",):
            name = "compiled C, %d bits, %s, on engine %s" % (bits, opt, engine)
            if why:
                print("ok - %s # SKIP %s" % (name, why))
            else:
                judge(name, engine, path, RIGHT)
