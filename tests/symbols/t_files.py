#!/usr/bin/env python3
"""t_files.py - which file symbols and debug information come from: stripped programs with a separate
debug file, compressed sections, moved files, several at once, .dwo files, no debug information."""
import os
import re
import shutil
import subprocess
import sys
import tempfile

O = os.environ.get("O", "build")
VMSTEP = os.path.abspath(f"{O}/vmstep")
ASK = os.path.abspath(f"{O}/tests/symbols/ask")
BASE = os.path.abspath(f"{O}/tests/guests/c/flow-gcc-O0-m64-dw5.elf")
OTHER = os.path.abspath(f"{O}/tests/guests/c/types-clang-O1-m64-dw4.elf")
failed = 0


def eq(got, wanted, name):
    global failed
    if got == wanted:
        print(f"ok - {name}")
    else:
        failed += 1
        print(f"not ok - {name}: got {got!r}, wanted {wanted!r}")


def has(text, wanted, name):
    global failed
    if wanted in text:
        print(f"ok - {name}")
    else:
        failed += 1
        print(f"not ok - {name}: got {text!r}, wanted something with {wanted!r}")


def run(*args):
    subprocess.run(args, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def ask(elf, question):
    out = subprocess.run([ASK, elf], input=question + "\n", capture_output=True, text=True, check=False)
    return out.stdout.split("\n.\n")[0] if not out.returncode else out.stderr.strip()


def session(commands, *args):
    args = [VMSTEP, "-q", "-nx", "--batch", *args]
    for c in commands:
        args += ["-ex", c]
    out = subprocess.run(args, capture_output=True, text=True, check=False)
    return out.stdout + out.stderr


def address(elf, name):
    out = subprocess.run(["nm", elf], capture_output=True, text=True, check=True).stdout
    return int(re.search(rf"^([0-9a-f]+) . {name}$", out, re.M)[1], 16)


def separate(folder):
    add = address(BASE, "add")
    line = ask(BASE, f"line {add:x}")
    program, debug = f"{folder}/program", f"{folder}/program.debug"
    run("objcopy", "--only-keep-debug", BASE, debug)
    run("objcopy", "--strip-all", f"--add-gnu-debuglink={debug}", BASE, program)
    eq(ask(program, f"line {add:x}"), line, "a stripped program: lines by .gnu_debuglink")
    eq(ask(program, "break add"), ask(BASE, "break add"), "its functions, too")
    os.makedirs(f"{folder}/.debug")
    os.rename(debug, f"{folder}/.debug/program.debug")
    eq(ask(program, f"line {add:x}"), line, "in .debug/ beside it")
    with open(f"{folder}/.debug/program.debug", "ab") as f:
        f.write(b"x")
    eq(ask(program, f"line {add:x}"), "-", "a debug file that does not match is not taken")
    out = session(["symbol-file " + program], "--hex", "90")
    has(out, "no debug information", "which is said")
    store = f"{folder}/store{os.path.realpath(folder)}"
    os.makedirs(store)
    run("objcopy", "--only-keep-debug", BASE, f"{store}/program.debug")
    out = session([f"set debug-file-directory {folder}/store", f"symbol-file {program}", f"info symbol {add}"], "--hex", "90")
    has(out, f"debug information from {folder}/store", "under set debug-file-directory")


def by_build_id(folder):
    program = f"{folder}/identified"
    run("gcc", "-g", "-O1", "-ffreestanding", "-fno-pic", "-fno-pie", "-fcf-protection=none", "-nostdlib", "-static",
        "-Wl,-Ttext=0x401000,-e,main,--build-id=0xabcdef0123456789", "-o", program, "tests/guests/c/flow.c")
    add = address(program, "add")
    line = ask(program, f"line {add:x}")
    os.makedirs(f"{folder}/ids/.build-id/ab")
    run("objcopy", "--only-keep-debug", program, f"{folder}/ids/.build-id/ab/cdef0123456789.debug")
    run("strip", "-s", program)
    eq(ask(program, f"line {add:x}"), "-", "a stripped program alone has no lines")
    out = session([f"set debug-file-directory /nowhere:{folder}/ids", f"symbol-file {program}", f"info line *{add}"],
                  "--hex", "90")
    number = re.search(r":(\d+) ", line)[1]
    has(out, f"Line {number} of", "with its debug file by build-id it has")


def compressed(folder):
    add = address(BASE, "add")
    for how in ("zlib-gnu", "zlib-gabi"):
        run("objcopy", f"--compress-debug-sections={how}", BASE, f"{folder}/{how}")
        eq(ask(f"{folder}/{how}", f"line {add:x}"), ask(BASE, f"line {add:x}"), f"compressed debug sections: {how}")


def moved(folder):
    add = address(BASE, "add")
    out = session([f"add-symbol-file {BASE} -o 0x10000000", f"info symbol {add + 0x10000000 + 1}"], "--hex", "90")
    has(out, "add + 1" if "add + 1" in out else "add+0x1", "add-symbol-file -o moves a file")
    out = session([f"add-symbol-file {BASE} 0x7000", f"info line *{add - 0x401000 + 0x7000}"], "--hex", "90")
    has(out, "Line 12 of", "by the address of its .text")
    out = session([f"add-symbol-file {BASE} -s .bss 0x900000", f"info symbol &calls", "info files"], "--hex", "90")
    has(out, "0x0000000000900000", "one section by itself")
    out = session([f"add-symbol-file {BASE} -s .nosuch 1"], "--hex", "90")
    has(out, "no section .nosuch", "a section that is not there is refused")
    out = session(["info files", f"info symbol {add}", "info functions handle"], "--symbols", BASE, "--symbols", OTHER,
                  "--hex", "90")
    eq((BASE in out, OTHER in out, "handle" in out), (True, True, True), "two files by --symbols")
    out = session([f"add-symbol-file {OTHER} -o 0x1000000", f"remove-symbol-file {OTHER}", "info files"], BASE)
    eq((OTHER in out.split("Symbols:")[-1], BASE in out), (False, True), "remove-symbol-file takes one away")


ONE = "int g;\nint both(int x) { return x + 1; }\nint add(int x) { return x; }\nint other(int);\nint main(void) { return both(g) + other(g); }\n"
TWO = """extern int g;
#define INLINE static inline __attribute__((always_inline))
INLINE int both(int x)
{
	int y = x * 2;
	g = y;
	return y + g;
}
INLINE int add(int x)
{
	g = x;
	return x + g;
}
int other(int n)
{
	g = 3;
	return both(n) + add(n);
}
"""


def same_name(folder):
    """A global function, and in another file an inline one of its name: break means both."""
    for name, text in (("one.c", ONE), ("two.c", TWO)):
        with open(f"{folder}/{name}", "w", encoding="utf-8") as f:
            f.write(text)
    for cc, version in (("gcc", 5), ("gcc", 3), ("clang", 5), ("clang", 4)):
        elf = f"{folder}/same-{cc}-{version}"
        for name in ("one", "two"):
            run(cc, "-g", f"-gdwarf-{version}", "-O2", "-ffreestanding", "-fno-pic", "-c", "-o", f"{folder}/{name}.o", f"{folder}/{name}.c")
        run("ld", "-nostdlib", "-static", "-Ttext", "0x401000", "-e", "main", "-o", elf, f"{folder}/one.o", f"{folder}/two.o")
        for function in ("both", "add"):
            out = subprocess.run(["gdb", "-nx", "-batch", "-ex", f"break {function}", "-ex", "info breakpoints", elf], capture_output=True,
                                 text=True, check=False).stdout
            rows = re.findall(r"^1\.\d+ .*?(0x[0-9a-f]+)", out, re.M) or re.findall(r"^1 .*?(0x[0-9a-f]+)", out, re.M)
            wanted = sorted(hex(int(a, 16)) for a in rows)
            eq(sorted(ask(elf, f"break {function}").split()), wanted, f"break {function}, global and inline, {cc} DWARF {version}")
            if function == "add" or cc == "gcc":
                eq(len(wanted), 2, "which gdb says are two places")


def relocatable(folder):
    """A file before it is linked, as kernel modules are, at the addresses add-symbol-file gives its sections."""
    def answer(argv):
        out = subprocess.run(argv, capture_output=True, text=True, check=False).stdout
        return [re.sub(r" <[^>]*>", "", part).strip() for part in out.split("@@@\n")[1:]]
    for cc, width, version in (("gcc", 64, 5), ("gcc", 32, 4), ("gcc", 32, 2), ("clang", 64, 4), ("clang", 32, 5)):
        elf = f"{folder}/{cc}-{width}-{version}.o"
        run(cc, f"-m{width}", f"-gdwarf-{version}", "-O1", "-ffreestanding", "-fno-pic", "-mno-sse", "-c", "-o", elf, "tests/guests/c/types.c")
        asked = [q for f in ("main", "locals", "handle") for q in (f"info line {f}", f"info scope {f}", f"info address {f}")]
        asked += ["ptype struct task", "whatis current", "info line *0x7000010", "info address task"]
        commands = [f"add-symbol-file {elf} 0x7000000 -s .data 0x8000000 -s .bss 0x9000000"]
        commands += [c for q in asked for c in ("echo @@@\\n", q)]
        args = [x for c in commands for x in ("-ex", c)]
        ours = answer([VMSTEP, "-q", "-nx", "--batch", *args, "--hex", "90"])
        theirs = answer(["gdb", "-nx", "-q", "-batch", "-ex", "set width 0", "-ex", f"set architecture i386{':x86-64' if width == 64 else ''}", *args])
        eq([(q, o, t) for q, o, t in zip(asked, ours, theirs) if o != t][:2], [], f"a relocatable file beside gdb's view, {cc} DWARF {version}, {width} bit")
        eq(len(ours), len(asked), "with an answer to every question")
        with open(elf, "rb") as f:
            image = bytearray(f.read())
        row = next(l for l in subprocess.run(["readelf", "-SW", elf], capture_output=True, text=True, check=True).stdout.splitlines()
                   if re.search(r"\.rela?\.debug_info", l))
        at, size = (int(x, 16) for x in row.split("]")[1].split()[3:5])
        image[at:at + size] = bytes(b ^ 0xa5 for b in image[at:at + size])
        with open(elf, "wb") as f:
            f.write(image)
        out = session([f"add-symbol-file {elf} 0x7000000", "print 6 * 7"], "--hex", "90")
        has(out, "= 42", "damaged relocations leave a session")
        has(out, "relocations", "and are told of")


def without(folder):
    split = f"{folder}/split"
    run("gcc", "-g", "-gsplit-dwarf", "-O0", "-ffreestanding", "-fno-pic", "-fno-pie", "-nostdlib", "-static",
        "-Wl,-Ttext=0x401000,-e,main", "-o", split, "tests/guests/c/flow.c")
    out = session([f"symbol-file {split}", "break add", "info locals"], "--hex", "90")
    has(out, "without -gsplit-dwarf", "-gsplit-dwarf is refused with a sentence")
    run("objcopy", "--strip-debug", BASE, f"{folder}/plain")
    has(session([f"symbol-file {folder}/plain"], "--hex", "90"), "no debug information", "a file without debug information")
    with open(BASE, "rb") as f:
        image = f.read()
    with open(f"{folder}/cut", "wb") as f:
        f.write(image[:len(image) // 2])
    out = session([f"symbol-file {folder}/cut"], "--hex", "90")
    eq(len([l for l in out.splitlines() if "cut" in l]), 1, "a file cut in half gives one sentence")


def main():
    if not shutil.which("objcopy"):
        print("ok - files # SKIP no objcopy here: make deps")
        return 0
    for part in (separate, by_build_id, compressed, moved, same_name, relocatable, without):
        with tempfile.TemporaryDirectory() as folder:
            part(os.path.realpath(folder))
    return failed > 0


sys.exit(main())
