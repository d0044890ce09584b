#!/usr/bin/env python3
"""t_macros.py - macros at the lines of a guest, beside gdb's on the same file.

The guest stands at one line after the other; vmstep is asked there, and gdb with that line as its
default one. Every form: .debug_macro of DWARF 5, GNU's before it, .debug_macinfo; damaged ones, too.
"""
import os
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import core  # noqa: E402

O = os.environ.get("O", "build")
SOURCE = "tests/symbols/macros.c"
FLAGS = ["-ffreestanding", "-fno-pic", "-fno-pie", "-fno-stack-protector", "-fcf-protection=none", "-mno-sse",
         "-fno-asynchronous-unwind-tables", "-I", "tests/guests/c", "-c"]
KINDS = {
    "gcc DWARF 5, 64 bit": ["gcc", "-g3", "-gdwarf-5", "-m64"],
    "gcc DWARF 4, 32 bit": ["gcc", "-g3", "-gdwarf-4", "-m32"],
    "gcc .debug_macinfo, DWARF 2": ["gcc", "-g3", "-gdwarf-2", "-gstrict-dwarf", "-m32"],
    "gcc .debug_macinfo, DWARF 3": ["gcc", "-g3", "-gdwarf-3", "-gstrict-dwarf", "-m64"],
    "clang DWARF 5": ["clang", "-g", "-fdebug-macro", "-gdwarf-5", "-m64"],
    "clang .debug_macinfo": ["clang", "-g", "-fdebug-macro", "-gdwarf-4", "-m32"],
}
NAMES = ["LIMIT", "BEFORE", "FROM_HEADER", "WIDTH", "ADD", "STR", "CAT3", "VAR", "NAMED", "EMPTY", "NOTHING", "LATE",
         "GUEST_ALIGN", "MACROS_H", "nosuch", "ADDI"]
EXPANDED = ["LIMIT", "ADD(1,2)", "ADD ( 1 , (2,3) ) /* c */ + 4", "TWICE(LIMIT)", "STR( a  \"x\\n\" 'c' )", "STR(LIMIT)", "XSTR(LIMIT)",
            "CAT(LIM,IT)", "CAT3(a,1,b)", "VAR(\"a\", 1,2)", "VAR(1)", "GNU(1)", "GNU(1, 2)", "SELF", "PING", "a EMPTY b",
            "NOTHING()", "NOTHING", "-MINUS", "NAMED(1,2)", "FUNCTION_LIKE(1,2)", "TWICE(TWICE(1))", "\"LIMIT\" 'L'",
            "LIMIT1 + LIMIT", "1.LIMIT", "WIDTH(WIDTH(2))", "ADD((1,2),\"),(\")", "TEXT", "ADD(,1)", "PARENS[LIMIT]"]
VALUES = ["ADD(1, 2) * 2", "WIDTH(2)", "PARENS", "limited + ADD(CAT(lim, ited), 1)", "line.MEMBER", "SIZE", "sizeof(TEXT)", "TEXT[2]",
          "NOTHING() + 1", "-MINUS", "XSTR(BEFORE)", "BEFORE ? FROM_HEADER : 0", "&line.MEMBER == &line.at.x", "3-MINUS-MINUS", "EMPTY 3 EMPTY"]
failed = 0


def claim(name, got, wanted):
    global failed
    if got == wanted:
        print(f"ok - {name}")
    else:
        failed += 1
        print(f"not ok - {name}: got {got!r}, wanted {wanted!r}")


def run(argv, commands):
    script = "".join(f"echo @@@\\n\n{c}\n" for c in commands)
    out = subprocess.run(argv, input=script, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                         errors="replace", env=dict(os.environ, LC_ALL="C"), check=False).stdout
    return [re.sub(r"^\$\d+ = ", "", p.strip("\n")) for p in out.split("@@@\n")[1:]]


def build(kind, elf):
    subprocess.run([*KINDS[kind], *FLAGS, "-o", elf + ".o", SOURCE], check=True, stderr=subprocess.DEVNULL)
    emulation = "elf_i386" if "-m32" in KINDS[kind] else "elf_x86_64"
    subprocess.run(["ld", "-nostdlib", "-static", "-z", "noexecstack", "--no-warn-rwx-segments", "-m", emulation, "-Ttext", "0x401000", "-e",
                    "_start", "-o", elf, elf + ".o"], check=True)


def lines_with(*texts):
    with open(SOURCE, encoding="utf-8") as f:
        rows = f.read().splitlines()
    return [next(i for i, row in enumerate(rows, 1) if t in row) for t in texts]


def gdb(elf, line, commands):
    argv = ["gdb", "-nx", "-q", "-ex", "set width 0", "-ex", "set height 0", "-ex", "set confirm off", "-ex", "set prompt"]
    # Behind a list the line after it is the one that counts.
    return run([*argv, elf], [f"list {SOURCE}:{line - 1},{line - 1}", *commands])[1:]


def gdb_values(kind, elf, line, expressions):
    """An expression's line is that of the frame: a core file that stands there."""
    pc = int(vmstep(elf, line, ["output/x (long)$pc"])[0], 16)
    core.write(elf + ".core", 32 if "-m32" in KINDS[kind] else 64, {"rip": pc, "rsp": 0x7000}, [(0x6000, bytes(0x2000))])
    return gdb(elf, line, [f"core-file {elf}.core", *[f"print {e}" for e in expressions]])[1:]


def vmstep(elf, line, commands):
    out = []
    while len(out) < len(commands):  # a command that fails ends a session of a script
        got = run([f"{O}/vmstep", "-q", "-nx", elf], [f"tbreak {SOURCE}:{line}", "continue", *commands[len(out):]])[2:]
        if not got:
            break
        out += got
    return out


def visible(text):
    """info macros without those of line 0, where gdb shows some of the compiler's twice, and gdb's own __LINE__."""
    found = re.findall(r"(Defined at .*\n(?:  included at .*\n)*)(#define .*)", text + "\n")
    return [a + b for a, b in found if ":-1\n" not in a]


def compare(kind, elf):
    lines = lines_with("int a = n + LIMIT", "a += LIMIT", "return a + limited", "line.at.y = WIDTH")
    for line in lines:
        asked = [f"info macro {n}" for n in NAMES] + [f"info macro -a {n}" for n in NAMES[:4]]
        asked += [f"macro expand {e}" for e in EXPANDED]
        values = VALUES + ["LATE", "LIMIT + LIMIT"]
        ours = vmstep(elf, line, asked + [f"print {v}" for v in values] + ["info macros"])
        theirs = gdb(elf, line, asked) + gdb_values(kind, elf, line, values) + gdb(elf, line, ["info macros"])
        claim(f"{kind}, line {line}: every answer", len(ours), len(asked) + len(values) + 1)
        pairs = [(a, re.sub(r"^stdin:\d+: .*", "(no)", o), re.sub(r"^(No symbol .*|A syntax error.*)", "(no)", t))
                 for a, o, t in zip(asked + values, ours, theirs)]
        claim(f"{kind}, line {line}: {len(pairs)} questions", [p for p in pairs if p[1].strip() != p[2].strip()][:2], [])
        mine, his = visible(ours[-1]), visible(theirs[-1])
        claim(f"{kind}, line {line}: info macros", ([m for m in mine if m not in his][:2], len(mine) > 20),
              ([m for m in his if m not in mine][:2], True))


def sentences(elf):
    """What is gdb's, too, but in words of our own; places in the user's text."""
    line = lines_with("a += LIMIT")[0]
    asked = ["print ADD(1)", "macro expand ADD(1", "print LIMIT + nosuch", "print 1 + ADD(1, nosuch) + x", "x/2dw LIMIT - LIMIT + &limited",
             "print limited, LIMIT", "info macro", "macro expand", "print $LIMIT", "break first if a == LIMIT", "info breakpoints"]
    got = vmstep(elf, line, asked)
    wanted = ["column 1: wrong number of arguments to macro ADD (expected 2, got 1)", "the arguments of macro ADD do not end with a )",
              'column 9: there is no symbol "nosuch"', 'column 5: there is no symbol "nosuch"', "<limited>:",
              None, "needs a name", "needs a text", "void", "Breakpoint ", "a == LIMIT"]
    for a, g, w in zip(asked, got, wanted):
        if w:
            claim(f"{a}: {w}", w in g or g, True)


def damaged(elf):
    """Every byte of the section in turn is another, a few at a time: an answer, and the session lives."""
    with open(elf, "rb") as f:
        image = f.read()
    row = next(l for l in subprocess.run(["readelf", "-SW", elf], capture_output=True, text=True, check=True).stdout.splitlines()
               if ".debug_mac" in l)
    offset, size = (int(x, 16) for x in row.split("]")[1].split()[3:5])
    for what, bad in (("zeros", b"\0"), ("ones", b"\xff"), ("imports", b"\7\0\0\0\0")):
        with open(elf + ".bad", "wb") as f:
            f.write(image[:offset + 3] + (bad * size)[:size - 3] + image[offset + size:])
        got = vmstep(elf + ".bad", lines_with("a += LIMIT")[0], ["print ADD(1,2)", "print limited", "info macros"])
        claim(f"damaged macros, {what}: the rest works", got[1:2], ["3"])


def main():
    with tempfile.TemporaryDirectory() as folder:
        for kind in KINDS:
            elf = f"{folder}/{kind.replace(' ', '-').replace(',', '')}"
            build(kind, elf)
            p = subprocess.run([f"{O}/vmstep", "-q", "-nx", "--batch", elf], capture_output=True, text=True, check=False)
            if p.returncode == 3:
                print(f"ok - macros # SKIP {p.stderr.strip()}")
                return 0
            compare(kind, elf)
        sentences(f"{folder}/gcc-DWARF-5-64-bit")
        damaged(f"{folder}/gcc-DWARF-5-64-bit")
        damaged(f"{folder}/gcc-.debug_macinfo-DWARF-3")
    return failed > 0


sys.exit(main())
