#!/usr/bin/env python3
"""t_debuginfo.py - sessions on programs whose debug information is damaged.

Each section of .debug_* is cut short at many places and has bytes turned; the same questions are asked of
each. The session lives to its end, whatever is wrong is said in one sentence, and where an answer became
another one because something is missing the user was told of it.
"""
import glob
import os
import pty
import re
import select
import struct
import subprocess
import sys
import tempfile
import termios

O = os.environ.get("O", "build")
VMSTEP = os.path.abspath(os.path.join(O, "vmstep"))
GUESTS = os.path.abspath(os.path.join(O, "tests/guests/c"))
FILES = ["flow-gcc-O2-m64-dw5", "flow-clang-O1-m32-dw4", "types-clang-O2-m64-dw5", "flow-gcc-O0-m32-dw3"]
ASK = ["break scale", "break locals", "info line main", "continue", "info locals", "info args", "backtrace", "list main", "ptype main",
       "info scope scale", "info address main", "info functions add", "info types", "info variables", "info source", "step", "next",
       "disassemble /s main", "info frame", "watch result", "up", "print $rip", "finish", "stepi"]
WRONG = re.compile(r"debug information (?:is damaged|cannot be read)|of the debug information is damaged|relocations of its debug")
# Without it nothing says that something is missing.
OPTIONAL = (".debug_frame", ".debug_aranges", ".debug_loc", ".debug_ranges")
failed = 0


def claim(name, wrong):
    global failed
    failed += bool(wrong)
    print(f"not ok - {name}: got {wrong[0][1]!r} at {wrong[0][0]}, wanted {wrong[0][2]} ({len(wrong)} of them)" if wrong else f"ok - {name}",
          flush=True)


def sections(data):
    """{name: (offset, size, place and format of the size in the file)} of those with debug information."""
    wide = data[4] == 2
    shoff, = struct.unpack_from("<Q" if wide else "<I", data, 40 if wide else 32)
    size, n, names = struct.unpack_from("<HHH", data, 58 if wide else 46)
    heads = [struct.unpack_from("<IIQQQQ" if wide else "<IIIIII", data, shoff + i * size) for i in range(n)]
    out = {}
    for i, h in enumerate(heads):
        at = heads[names][4] + h[0]
        name = data[at:data.index(b"\0", at)].decode()
        if name.startswith(".debug_"):
            out[name] = (h[4], h[5], shoff + i * size + (32 if wide else 20), "<Q" if wide else "<I")
    return out


def session(path):
    """(exit status, output) of a terminal's session, where an error is no end."""
    master, slave = pty.openpty()
    quiet = termios.tcgetattr(slave)
    quiet[3] &= ~termios.ECHO # what is typed ahead is echoed at the prompts alone
    termios.tcsetattr(slave, termios.TCSANOW, quiet)
    env = dict(os.environ, TERM="dumb", LC_ALL="C", HOME=os.path.dirname(path), XDG_STATE_HOME=os.path.dirname(path))
    p = subprocess.Popen([VMSTEP, "-q", "-nx", "-e", "soft", path], stdin=slave, stdout=slave, stderr=slave, env=env)
    os.close(slave)
    os.set_blocking(master, False)
    left = "".join(f"{q}\n" for q in ["set pagination off", "set confirm off", *ASK, "echo alive\\n", "quit"]).encode()
    out = b""
    while True:
        can_read, can_write, _ = select.select([master], [master] if left else [], [], 60)
        if not can_read and not can_write:
            p.kill()
            p.wait()
            os.close(master)
            return "hangs", out.decode(errors="replace")
        if can_write:
            try:
                left = left[os.write(master, left[:100]):]
            except BlockingIOError:
                pass
        if can_read:
            try:
                out += os.read(master, 65536)
            except OSError: # Linux's end of a terminal
                break
    os.close(master)
    return p.wait(), out.decode(errors="replace").replace("\r", "").replace(path, "FILE")


def judge(what, result, good, silent_is_fine):
    """[(what, got, wanted)]"""
    status, text = result
    wrong = []
    if status != 0 or "(vmstep) alive\n" not in text:
        wrong.append((what, (status, text[-300:]), "a session that lives to its end"))
    if re.search("Sanitizer|internal fault|runtime error", text):
        wrong.append((what, text[-600:], "no fault of vmstep"))
    told = re.findall(r"^FILE: its debug information .*$", text, re.M)
    if len(told) > 1:
        wrong.append((what, told, "one sentence"))
    if text != good and not silent_is_fine and not WRONG.search(text):
        wrong.append((what, "answers that differ and no word", "a sentence"))
    return wrong


def sweep(name, folder):
    data = open(f"{GUESTS}/{name}.elf", "rb").read()
    path = os.path.join(folder, "damaged")

    def run(copy):
        with open(path, "wb") as f:
            f.write(copy)
        return session(path)
    good = run(data)
    claim(f"{name}: whole", judge("whole", good, good[1], True) or ([("whole", WRONG.findall(good[1]), "no damage")] if WRONG.search(good[1]) else []))
    for section, (at, size, head, form) in sections(data).items():
        wrong, n = [], 0
        for part in range(5):
            copy = bytearray(data)
            to = size * part // 5 | (part > 0) # odd: between two whole entries nothing tells a cut
            struct.pack_into(form, copy, head, to)
            wrong += judge(f"cut after {to} of {size}", run(copy), good[1], section in OPTIONAL and not part)
            n += 1
        for i in range(6):
            copy = bytearray(data)
            copy[at + size * i // 6 + i % 3] ^= (0xff, 0x80, 0x01)[i % 3]
            # What reads as well as before is another program's debug information, not damage.
            wrong += judge(f"byte {size * i // 6 + i % 3}", run(copy), good[1], True)
            n += 1
        claim(f"{name}: {section} damaged {n} times", wrong)


def undamaged(folder):
    """None of the compilers' files is called damaged."""
    wrong = []
    files = sorted(glob.glob(f"{GUESTS}/*.elf"))
    for f in files:
        p = subprocess.run([VMSTEP, "-q", "-nx", "--batch", "-e", "soft", "-ex", "info types", "-ex", "info functions", "-ex", "info variables",
                            "-ex", "info sources", "-ex", "backtrace", "-ex", "info files", f], capture_output=True, text=True, check=False)
        if WRONG.search(p.stdout + p.stderr) or p.returncode:
            wrong.append((f, WRONG.findall(p.stdout + p.stderr) or p.stderr, "no damage"))
    claim(f"{len(files)} whole files are not called damaged", wrong or ([] if files else [("files", 0, "some")]))


def main():
    with tempfile.TemporaryDirectory() as folder:
        undamaged(folder)
        for name in FILES:
            sweep(name, folder)
    sys.exit(1 if failed else 0)


main()
