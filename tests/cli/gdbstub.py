#!/usr/bin/env python3
"""gdbstub.py - states that vmstep was in, served to gdb over its remote protocol, so that gdb says
what it sees in the very same registers and memory. Not a test itself: started by gdb
(`target remote | gdbstub.py FILE`). FILE is a pickle: {"regs": names and sizes in gdb's order,
"states": [({register: value}, address, bytes of memory there)]}. A step goes to the next state."""
import pickle, sys

with open(sys.argv[1], "rb") as f:
    data = pickle.load(f)
at = 0


def registers():
    return "".join(data["states"][at][0][name].to_bytes(size, "little").hex() for name, size in data["regs"])


def memory(addr, n):
    _, base, image = data["states"][at]
    return image[addr - base:addr - base + n].hex() if base <= addr < base + len(image) else "E01"


def answer(p):
    global at
    if p == "?":
        return "S05"
    if p == "g":
        return registers()
    if p.startswith("m"):
        a, n = p[1:].split(",")
        return memory(int(a, 16), int(n, 16))
    if p.startswith("s") or p.startswith("vCont;s"):
        at = min(at + 1, len(data["states"]) - 1)
        return "S05"
    if p.startswith("qSupported"):
        return "PacketSize=4000"
    if p.startswith("qAttached"):
        return "1"
    if p == "vCont?":
        return "vCont;s;c"
    if p.startswith("H") or p.startswith("D"):
        return "OK"
    return ""


buf = b""
while True:
    c = sys.stdin.buffer.read(1)
    if not c:
        break
    if c != b"$":
        continue
    packet = b""
    while (c := sys.stdin.buffer.read(1)) not in (b"#", b""):
        packet += c
    sys.stdin.buffer.read(2)
    reply = answer(packet.decode("latin-1")).encode()
    sys.stdout.buffer.write(b"+$" + reply + b"#%02x" % (sum(reply) & 0xff))
    sys.stdout.buffer.flush()
    if packet in (b"k", b"D"):
        break
