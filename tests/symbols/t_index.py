#!/usr/bin/env python3
"""t_index.py - lines, functions and places of every C guest, beside gdb's on the same file.

For each build of each guest: the line of every address, the function of every address, the place of
a breakpoint on every function and on every line of every file. A difference is a failure; the first
ones are shown.
"""
import glob
import os
import re
import shutil
import subprocess
import sys

O = os.environ.get("O", "build")
ASK = f"{O}/tests/symbols/ask"
failed = 0


def claim(name, wrong):
    global failed
    if wrong:
        failed += 1
        got, wanted, what = wrong[0]
        print(f"not ok - {name}: got {got} for {what}, wanted {wanted} ({len(wrong)} differ)")
    else:
        print(f"ok - {name}")


def ask(elf, questions):
    """The answers, a list of lines each."""
    out = subprocess.run([ASK, elf], input="".join(q + "\n" for q in questions), capture_output=True,
                         text=True, check=False)
    if out.returncode:
        return [[f"exit {out.returncode}: {out.stderr.strip()}"]] * len(questions)
    answers, one = [], []
    for line in out.stdout.splitlines():
        if line == ".":
            answers.append(one)
            one = []
        else:
            one.append(line)
    return answers


def gdb(elf, commands):
    """What gdb prints for each command: one run, with a mark before each."""
    script = f"{O}/tests/symbols/{os.path.basename(elf)}.gdb"
    with open(script, "w", encoding="utf-8") as f:
        f.write("set width 0\nset height 0\nset confirm off\nset pagination off\n")
        for c in commands:
            f.write("".join(f"{part}\n" for part in ["echo @@@\\n", *c.split(";")]))
    out = subprocess.run(["gdb", "-nx", "-batch", "-x", script, elf], stdout=subprocess.PIPE,
                         stderr=subprocess.STDOUT, text=True, check=False).stdout
    return out.split("@@@\n")[1:]


def text_addresses(elf):
    out = subprocess.run(["objdump", "-d", "--no-show-raw-insn", elf], capture_output=True, text=True,
                         check=True).stdout
    return re.findall(r"^ +([0-9a-f]+):", out, re.M)


def gdb_line(text):
    """ "info line *A": FILE:LINE START END of the run, or "-"."""
    m = re.search(r'Line (\d+) of "(.*?)" starts at address (0x[0-9a-f]+)(?: <.*?>)? and ends at '
                  r'(0x[0-9a-f]+)', text)
    if not m:
        m = re.search(r'Address 0x[0-9a-f]+ (?:<.*?> )?is at address (0x[0-9a-f]+)', text)
        return "-"
    return f"{m[2]}:{m[1]} {m[3]} {m[4]}"


def gdb_places(text):
    """Addresses of "break X" and "info breakpoints"."""
    rows = [l for l in text.splitlines() if re.match(r"\d+(\.\d+)?\s", l)]
    multiple = any("<MULTIPLE>" in r for r in rows)
    rows = [r for r in rows if not multiple or re.match(r"\d+\.\d+\s", r)]
    found = (re.search(r"0x[0-9a-f]+", r) for r in rows)
    return sorted(hex(int(m[0], 16)) for m in found if m)


def compare_lines(name, elf, addresses):
    ours = ask(elf, [f"line {a}" for a in addresses])
    theirs = gdb(elf, [f"info line *0x{a}" for a in addresses])
    wrong = []
    for a, o, t in zip(addresses, ours, theirs):
        # "Line 5 of "x.c" is at address A but contains no code": a run gdb found, told differently
        want, got = gdb_line(t), o[0] if o else "nothing"
        if want != got:
            wrong.append((got, want + " " + t.strip(), a))
    claim(f"{name}: the line of {len(addresses)} addresses", wrong)


def compare_places(name, elf, what, questions, commands):
    ours = ask(elf, questions)
    theirs = gdb(elf, [f"delete;break {c};info breakpoints" for c in commands])
    wrong = []
    for c, o, t in zip(commands, ours, theirs):
        want, got = gdb_places(t), sorted(o)
        if want != got:
            wrong.append((" ".join(got), " ".join(want), c))
    claim(f"{name}: {what}", wrong)


def compare_functions(name, elf, addresses):
    ours = ask(elf, [f"function {a}" for a in addresses])
    theirs = gdb(elf, [f"info symbol 0x{a}" for a in addresses])
    wrong = []
    for a, o, t in zip(addresses, ours, theirs):
        m = re.match(r"(\S+)( \+ \d+)? in section", t)
        if not m or not o or m[1] == "_start":
            continue
        got = re.sub(r"\..*", "", o[0].split()[0])
        if got != re.sub(r"\..*", "", m[1]):
            wrong.append((got, m[1], a))
    claim(f"{name}: the function of {len(addresses)} addresses", wrong)


def names(elf, kind):
    return sorted({l.split()[0] for l in ask(elf, [kind])[0]})


def check(elf):
    name = os.path.basename(elf)[:-4]
    addresses = text_addresses(elf)
    compare_lines(name, elf, addresses)
    compare_functions(name, elf, addresses)
    functions = names(elf, "functions")
    compare_places(name, elf, f"breakpoints on {len(functions)} functions", [f"break {f}" for f in functions],
                   functions)
    lines = []
    for file in (f"{name.split('-')[0]}.c", "flow.h" if name.startswith("flow") else "start.h"):
        with open(f"tests/guests/c/{file}", encoding="utf-8") as f:
            lines += [(file, n) for n in range(1, len(f.readlines()) + 2)]
    compare_places(name, elf, f"breakpoints on {len(lines)} lines", [f"place {f} {n}" for f, n in lines],
                   [f"{f}:{n}" for f, n in lines])


def wanted(name):
    """Every build of flow; of the others enough for each compiler, width and version. ALL=1: all."""
    return os.environ.get("ALL") or name.startswith("flow") or re.search("O0-m64-dw5|O2-m32-dw4|O2-m..-dw2", name)


def main():
    if not shutil.which("gdb"):
        print("ok - the index beside gdb's # SKIP no gdb here: make deps")
        return 0
    elves = sorted(glob.glob(f"{O}/tests/guests/c/*.elf"))
    for elf in elves if len(sys.argv) < 2 else sys.argv[1:]:
        if wanted(os.path.basename(elf)) or len(sys.argv) > 1:
            check(elf)
    if not elves:
        print("not ok - C guests: got none, wanted some; make c-guests")
        return 1
    return failed > 0


sys.exit(main())
