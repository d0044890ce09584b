#!/usr/bin/env python3
"""t_lto.py - a program that the linker optimized (gcc -flto): its functions are declared in one unit and have
their code, or only copies inlined, in another. Places, lines and frames are gdb's.
"""
import os
import re
import subprocess
import sys
import tempfile

O = os.environ.get("O", "build")
ENV = dict(os.environ, LC_ALL="C")
failed = 0

FILES = {"one.c": """int g;
int helper(int);
static int st(int x) { g += x; return g * 3; }
__attribute__((noinline)) int one(int a) { return helper(a) + st(a); }
__attribute__((used)) int main(void) { return one(3) + helper(5) + st(9); }
void _start(void) { __asm__("call main; hlt"); }
""", "two.c": """extern int g;
static int st(int y) { g -= y; return g + 7; }
int helper(int b)
{
	int loc = b * g;

	if (loc > 100)
		return st(loc);
	g = loc;
	return loc + st(b);
}
"""}
FLAGS = ["-flto", "-g", "-ffreestanding", "-fno-pic", "-no-pie", "-nostdlib", "-static", "-fno-stack-protector", "-mno-sse", "-Wl,-Ttext=0x401000",
         "-Wl,-e,_start"]


def claim(name, got, wanted):
    global failed
    failed += got != wanted
    print(f"ok - {name}" if got == wanted else f"not ok - {name}: got {got!r}, wanted {wanted!r}", flush=True)


def run(argv, script):
    return subprocess.run(argv, input=script, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=ENV, check=False).stdout


def places(text):
    """{number of the place: address, function, line}; files by their base name."""
    return re.findall(r"^[\d.]+ .*?(0x[0-9a-f]+) in (\w+) at (?:\S*/)?(\w+\.c:\d+)$", text, re.M)


def frames(text):
    return re.findall(r"^#\d+ +(?:0x0*([0-9a-f]+) in )?(\w+) \((.*)\) at (?:\S*/)?(\w+\.c:\d+)", text.split("@bt")[-1], re.M)


def compare(level, tmp):
    elf = f"{tmp}/lto{level}.elf"
    p = subprocess.run(["gcc", level, *FLAGS, *(f"{tmp}/{f}" for f in FILES), "-o", elf], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                       check=False)
    if p.returncode:
        print(f"ok - gcc -flto {level} # SKIP this gcc does not link so: {p.stderr.strip().splitlines()[-1]}")
        return
    quiet = "set width 0\nset confirm off\nset style enabled off\nset prompt\nset print entry-values no\n"
    vmstep = [f"{O}/vmstep", "-q", "-nx", "-e", "soft", elf]
    asked = "break helper\nbreak st\nbreak one\ninfo breakpoints\n"
    ours, theirs = places(run(vmstep, asked)), places(run(["gdb", "-nx", "-q", elf], quiet + asked))
    claim(f"gcc -flto {level}: {len(theirs)} places", ours, theirs)
    claim(f"gcc -flto {level}: some are copies", len(theirs) > 3, True)
    asked = "break helper\n%s\necho @bt\\n\nbacktrace\n"
    theirs = run(["gdb", "-nx", "-q", elf], quiet + asked % "run" + "kill\nquit\n")
    if "#0  helper" not in theirs:
        print(f"ok - gcc -flto {level}: frames # SKIP gdb runs no program here")
        return
    ours, theirs = frames(run(vmstep, asked % "continue")), frames(theirs)
    main = next((i for i, f in enumerate(theirs) if f[1] == "main"), 0) + 1
    claim(f"gcc -flto {level}: {main} frames", [(int(a or "0", 16), *rest) for a, *rest in ours[:main]],
          [(int(a or "0", 16), *rest) for a, *rest in theirs[:main]])


def main():
    with tempfile.TemporaryDirectory() as tmp:
        for name, text in FILES.items():
            with open(f"{tmp}/{name}", "w") as f:
                f.write(text)
        for level in "-O1", "-O2":
            compare(level, tmp)
    sys.exit(1 if failed else 0)


main()
