#!/usr/bin/env python3
"""t_sse.py - compiled C with SSE at -O2 gives the right output: zlib as the distribution built it, doubles and floats
(tests/engines/sse/packer.c). What is right is said by the same source as a program of this machine, and the compressed
bytes' checksum by Python's own zlib.
"""
import os
import subprocess
import zlib

OUT = os.path.abspath(os.environ.get("O", "build"))
VMSTEP = os.path.join(OUT, "vmstep")
SOURCE = "tests/engines/sse/packer.c"
CC = os.environ.get("CC", "cc")
FLAGS = ["-std=gnu11", "-O2", "-ftree-vectorize", "-ffp-contract=off", "-fno-builtin", "-w"]
FREE = ["-ffreestanding", "-fno-pic", "-fno-pie", "-fno-stack-protector", "-fcf-protection=none",
        "-fno-asynchronous-unwind-tables", "-nostdlib", "-static", "-no-pie", "-Wl,-Ttext=0x100000", "-Wl,--build-id=none",
        "-Wl,-z,noexecstack"]
WORDS = [b"step ", b"trap ", b"guest ", b"flag\n", b"boundary ", b"the ", b"of "]


def compile_to(name, flags, libs):
    path = os.path.join(OUT, "tests", "engines", name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    r = subprocess.run([CC, *FLAGS, *flags, "-o", path, SOURCE, *libs], stderr=subprocess.PIPE, text=True)
    return path, r.stderr.strip()[-300:] if r.returncode else None


def text():
    s, out = 1, b""
    while len(out) < 60000:
        s = (s * 1664525 + 1013904223) & 0xffffffff
        out += WORDS[(s >> 16) % 7]
    return out[:60000]


def run(engine, path):
    return subprocess.run([VMSTEP, "-e", engine, "-q", "-nx", "--batch", "--serial", "null", "-ex", "continue", path],
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=120)


def judge(name, engine, path, right):
    r = run(engine, path)
    got = [line for line in r.stdout.splitlines() if line.split(" ")[0] in {w.split(" ")[0] for w in right}]
    if engine == "kvm" and not got and "suberror=1 " in r.stdout:
        print("ok - %s # SKIP this KVM does not execute SSE" % name)
        return
    for g, w in zip(got + ["nothing"] * len(right), right):
        if g != w:
            print("not ok - %s: got %r, wanted %r; %s" % (name, g, w, (r.stdout + r.stderr).strip()[-300:]))
            return
    print("ok - " + name, flush=True)


def instructions(path):
    """SSE instructions in the guest, by objdump."""
    r = subprocess.run(["objdump", "-d", "--no-show-raw-insn", path], stdout=subprocess.PIPE, text=True)
    return sum("%xmm" in line for line in r.stdout.splitlines())


def main():
    guest, why = compile_to("packer", FREE, ["-lz", "-lgcc"])
    host, why_host = compile_to("packer-hosted", ["-DHOSTED"], ["-l:libz.a"])
    if why or why_host:
        print("ok - compiled C with SSE # SKIP %s" % (why or why_host).splitlines()[-1])
        return
    right = subprocess.run([host], stdout=subprocess.PIPE, text=True).stdout.splitlines()
    n = instructions(guest)
    print("%sok - the guest has SSE in it%s" % ("" if n > 100 else "not ", "" if n > 100 else ": got %d, wanted 100" % n))
    crc = "crc %016x" % zlib.crc32(zlib.compress(text(), 6))
    print("ok - Python's zlib packs alike" if crc in right else
          "not ok - Python's zlib packs alike: got %r, wanted %r" % ([w for w in right if w.startswith("crc")], crc))
    for engine in ("soft", "kvm"):
        name = "compiled C with SSE and zlib on engine %s" % engine
        if engine == "kvm" and not os.access("/dev/kvm", os.R_OK | os.W_OK):
            print("ok - %s # SKIP no access to /dev/kvm" % name)
        else:
            judge(name, engine, guest, right)


main()
