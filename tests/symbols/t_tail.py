#!/usr/bin/env python3
"""t_tail.py - frames of functions that left by a jump, beside gdb's of a native run: who jumped, with which
arguments, where that is not to be told.
"""
import os
import re
import subprocess
import sys
import tempfile

O = os.environ.get("O", "build")
ENV = dict(os.environ, LC_ALL="C")
failed = 0

PROGRAM = """volatile int sink;
int g;
int (*through)(int);
__attribute__((noinline)) int leaf(int a) { sink = a; g += a; return a + g; }
__attribute__((noinline)) int mid2(int b) { sink = b; return leaf(b * 2); }
__attribute__((noinline)) int mid1(int c) { sink = c + 1; return mid2(c + 5); }
__attribute__((noinline)) int other(int d)
{
	if (d & 1)
		return mid1(d);
	return leaf(d + 3);
}
__attribute__((noinline)) int ways(int w)
{
	if (w & 1)
		return mid1(w);
	return mid2(w + 1);
}
__attribute__((noinline)) int pointer(int p) { sink = p; return through(p); }
__attribute__((noinline)) int loop(int n)
{
	sink = n;
	if (n > 3)
		return leaf(n);
	return loop(n + 1);
}
__attribute__((noinline)) int top(int z)
{
	int r = mid1(z) + 1;

	r += other(z) * 2;
	r += ways(z + 1) * 3;
	r += pointer(z) - 5;
	r += loop(z);
	return r;
}
int main(void)
{
	int r;

	through = leaf;
	r = top(3);
	return r + top(4);
}
void _start(void) { __asm__("call main; hlt"); }
"""
KINDS = [("gcc", "-O2", "-m64", 5), ("gcc", "-O2", "-m32", 4), ("gcc", "-O2", "-m64", 4), ("gcc", "-O3", "-m32", 5), ("clang", "-O2", "-m64", 5),
         ("clang", "-O2", "-m64", 4), ("clang", "-O3", "-m32", 5)]
STOPS = 10


def claim(name, wrong):
    global failed
    failed += bool(wrong)
    print(f"not ok - {name}: got {wrong[0]!r}, wanted {wrong[1]!r}" if wrong else f"ok - {name}", flush=True)


def run(argv, script):
    return subprocess.run(argv, input=script, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=ENV, errors="replace",
                          check=False).stdout


def build(cc, level, width, dwarf, tmp):
    elf, flags = f"{tmp}/tail{cc}{level}{width}{dwarf}.elf", ["-g", f"-gdwarf-{dwarf}", "-ffreestanding", "-fno-pic", "-fno-stack-protector"]
    flags += ["-fcf-protection=none", "-mno-sse", "-mno-mmx", "-fno-builtin", "-fno-asynchronous-unwind-tables"]
    with open(f"{tmp}/tail.c", "w") as f:
        f.write(PROGRAM)
    subprocess.run([cc, level, *flags, width, "-c", f"{tmp}/tail.c", "-o", elf + ".o"], check=True)
    subprocess.run(["ld", "-m", "elf_i386" if width == "-m32" else "elf_x86_64", "-Ttext", "0x401000", "-e", "_start", "--no-warn-rwx-segments",
                    "-o", elf, elf + ".o"], check=True)
    return elf


def stops(text):
    """[[(pc or "", function, arguments, line, how)]] up to main."""
    out = []
    for part in text.split("@stop\n")[1:]:
        frames = []
        for m in re.finditer(r"^#\d+ +(?:0x0*([0-9a-f]+) in )?(\w+) \((.*)\) at \S+:(\d+)(?:  \[(.*)\])?$", part, re.M):
            frames.append((m[1] or "", m[2], m[3], int(m[4]), m[5] or ""))
            if m[2] == "main":
                break
        if frames:
            out.append(frames)
    return out


def same(ours, theirs):
    """A register that clang's code may have changed is lost to us; gdb shows what is in it now."""
    return len(ours) == len(theirs) and all(a[:2] + a[3:4] == b[:2] + b[3:4] and (a[2] == b[2] or "<optimized out>" in a[2])
                                            for a, b in zip(ours, theirs))


def compare(kind, elf, tmp):
    go = "\n".join(["echo @stop\\n", "backtrace", "continue"] * STOPS) + "\n"
    theirs = run(["gdb", "-nx", "-q", elf], "set width 0\nset confirm off\nset print entry-values no\nset prompt\nset style enabled off\n"
                 "break leaf\nrun\n" + go + "kill\nquit\n")
    name = " ".join(map(str, kind))
    if "@stop\n#0 " not in theirs:
        print(f"ok - {name} # SKIP gdb runs no program here: {(theirs.strip().splitlines() or ['it says nothing'])[-1]}")
        return
    ours = stops(run([f"{O}/vmstep", "-q", "-nx", "-e", "soft", elf], "break leaf\ncontinue\n" + go))
    theirs, wrong, tails, alone = stops(theirs), None, 0, 0
    for a, b in zip(ours, theirs):
        mine = sum("tail call" in f[4] for f in a)
        if mine and len(a) - mine == len(b): # gdb reads no DW_AT_call_pc, which is all that clang gives
            a, alone = [f for f in a if "tail call" not in f[4]], alone + mine
        else:
            tails += mine
        if not same(a, b):
            wrong = wrong or (a, b)
    claim(f"{name}: {len(theirs)} stops, {tails} tail calls, {alone} more", wrong or (None if len(ours) == len(theirs) == STOPS else
                                                                               (len(ours), STOPS)))
    claim(f"{name}: some are told", None if tails + alone > 1 and (kind[0] == "clang" or tails) else ((tails, alone), "some"))


def commands(elf):
    """finish leaves all of them; up selects one; info frame says what it is."""
    out = run([f"{O}/vmstep", "-q", "-nx", "-e", "soft", elf], "break leaf\ncontinue\nup\ninfo frame\ninfo registers rip\nprint b\nfinish\n")
    for wanted in ("#1  0x[0-9a-f]+ in mid2 \\(b=8\\) at .*  \\[tail call\\]", "tail call frame, caller of frame 0", "reached by a tail call of frame 2",
                   "\\$1 = 8", "LIMIT .* top\\+"):
        claim(f"commands: {wanted}", None if re.search(wanted, out) else (out, wanted))


def main():
    with tempfile.TemporaryDirectory() as tmp:
        for kind in KINDS:
            elf = build(*kind, tmp)
            compare(kind, elf, tmp)
            if kind == KINDS[0]:
                commands(elf)
    sys.exit(1 if failed else 0)


main()
