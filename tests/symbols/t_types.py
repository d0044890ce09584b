#!/usr/bin/env python3
"""t_types.py - types, static values and scopes of the C guests, beside gdb's on the same file.

The same commands go to vmstep, which stands at the guest's first instruction, and to gdb with the
file; what they print must be the same, number of the history apart. tests/symbols/types.txt has them.
"""
import os
import re
import subprocess
import sys

O = os.environ.get("O", "build")
HERE = os.path.dirname(os.path.abspath(__file__))
KINDS = ["gcc-O0-m64-dw5", "gcc-O0-m32-dw4", "gcc-O2-m64-dw4", "gcc-O1-m32-dw5",
         "clang-O0-m64-dw4", "clang-O0-m32-dw5", "clang-O2-m64-dw5", "clang-O1-m32-dw4",
         "gcc-O0-m64-dw2", "gcc-O2-m32-dw2", "gcc-O0-m32-dw3", "gcc-O2-m64-dw3",
         "clang-O2-m64-dw2", "clang-O0-m32-dw2", "clang-O0-m64-dw3", "clang-O2-m32-dw3"]
ENV = dict(os.environ, LC_ALL="C")
failed = 0


def claim(name, wrong):
    global failed
    if wrong:
        failed += 1
        what, got, wanted = wrong[0]
        print(f"not ok - {name}: {what}: got {got!r}, wanted {wanted!r} ({len(wrong)} differ)")
    else:
        print(f"ok - {name}")


def run(argv, commands):
    """What each command prints, in a list."""
    script = "".join(f"echo @@@\\n\n{c}\n" for c in commands)
    out = subprocess.run(argv, input=script, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                         text=True, errors="replace", env=ENV, check=False).stdout
    parts = [p.strip() for p in out.split("@@@\n")[1:]]
    return parts + ["(nothing: it ended before)"] * (len(commands) - len(parts))


def gdb(elf, commands):
    quiet = ["-ex", "set width 0", "-ex", "set height 0", "-ex", "set confirm off",
             "-ex", "set prompt", "-ex", "set print entry-values no"]
    return run(["gdb", "-nx", "-q", *quiet, elf], commands)


def vmstep(elf, commands):
    return run([f"{O}/vmstep", "-q", "-nx", elf], commands)


def plain(text):
    """Without the number of the history."""
    return re.sub(r"^\$\d+ = ", "", text)


def compare(name, elf, commands):
    theirs, ours = gdb(elf, commands), vmstep(elf, commands)
    # A function whose body behind the prologue is empty: gdb then lists the whole file's block.
    claim(name, [(c, plain(o), plain(t)) for c, o, t in zip(commands, ours, theirs)
                 if plain(o) != plain(t) and " is a typedef." not in t])


def functions(elf):
    out = subprocess.run(["nm", elf], stdout=subprocess.PIPE, text=True, check=True).stdout
    return sorted(set(re.findall(r" [Tt] (\w+)$", out, re.M)) - {"_start"})


def no_engine(elf):
    """Why no guest runs here; None: one does."""
    p = subprocess.run([f"{O}/vmstep", "-q", "-nx", "--batch", elf], capture_output=True, text=True, check=False)
    return p.stderr.strip() if p.returncode == 3 else None


def main():
    with open(f"{HERE}/types.txt", encoding="utf-8") as f:
        lines = [l.rstrip("\n") for l in f if l.strip() and not l.startswith("#")]
    for kind in KINDS:
        elf = f"{O}/tests/guests/c/types-{kind}.elf"
        why = no_engine(elf)
        if why:
            print(f"ok - types-{kind} # SKIP {why}")
            continue
        compare(f"types-{kind}: types and values", elf, lines)
        for guest in ("types", "flow", "irq"):
            elf = f"{O}/tests/guests/c/{guest}-{kind}.elf"
            names = functions(elf)
            # Inlined copies within: gdb lists the functions themselves as symbols there.
            compare(f"{guest}-{kind}: scopes", elf, [f"info scope {n}" for n in names])
            compare(f"{guest}-{kind}: addresses", elf, [f"info address {n}" for n in names])
    sys.exit(1 if failed else 0)


main()
