#!/usr/bin/env python3
"""t_watch.py - watchpoints on expressions whose place moves, beside gdb's on the same program.

gdb runs the program natively and steps it (set can-use-hw-watchpoints 0); vmstep runs it as a guest. Every
stop has the same instruction, the same expressions, the same old and new values.
"""
import os
import re
import subprocess
import sys
import tempfile

O = os.environ.get("O", "build")
ENV = dict(os.environ, LC_ALL="C")
failed = 0

PROGRAM = """struct node { int x; struct node *next; short s; unsigned f : 3; long double wide; };
struct node n1, n2, *gp = (struct node *)0xf0000000ul;
struct node n1 = { .next = &n2 }, n2 = { .next = &n1 };
int arr[8], idx, a, b;
__attribute__((noinline)) void touch(struct node *p, int v)
{
	p->x = v;
	p->f = v;
}
__attribute__((noinline)) int deep(int n, struct node *p)
{
	int mine = n * 3;

	p->s = n;
	if (n)
		mine += deep(n - 1, p);
	return mine + p->x;
}
__attribute__((noinline)) int work(int k)
{
	struct node *lp = &n1;
	int v[4], i = 0, sum = 0;

	lp->x = 1;
	touch(lp, 2); /* HERE */
	lp = &n2;
	touch(lp, 7);
	for (i = 0; i < 4; i++) {
		v[i] = k + i;
		sum += v[i] + arr[i];
	}
	return sum + deep(2, lp);
}
__attribute__((noinline)) void done(void) { __asm__ volatile("nop"); }
int main(void)
{
	gp = &n1;
	gp->x = 5;
	gp = &n2;
	n2.x = 9;
	n1.x = 6;
	idx = 2;
	arr[2] = 1;
	arr[3] = 3;
	idx = 3;
	arr[3] = 4;
	arr[2] = 77;
	a = 1;
	b = 2;
	a = 2;
	gp->next = &n1;
	gp->next->x = 12;
	gp->f = 5;
	a = work(3) + work(4);
	done();
	return a;
}
void _start(void) { __asm__("call main; hlt"); }
"""
# (where to stop first, what to watch)
WATCHES = [("main", ["gp->x", "arr[idx]", "a + b"]), ("main", ["gp->next->x", "gp->f"]), ("main", ["gp", "gp->next"]),
           ("touch", ["p->x", "v * 2"]), ("touch", ["p->f if p->f > 2", "$sp > 0 && p->x"]),
           ("watch.c:HERE", ["lp->x", "v[i]"]), ("watch.c:HERE", ["sum", "i"]), ("deep", ["mine", "p->s"]), ("deep", ["n * 2"])]
KINDS = [("gcc", "-O0", "-m64"), ("gcc", "-O0", "-m32"), ("clang", "-O0", "-m64"), ("gcc", "-O1", "-m64"), ("gcc", "-O2", "-m32"),
         ("clang", "-O1", "-m32"), ("clang", "-O2", "-m64")]
CONTINUES = 30


def claim(name, wrong):
    global failed
    failed += bool(wrong)
    print(f"not ok - {name}: got {wrong[0]!r}, wanted {wrong[1]!r}" if wrong else f"ok - {name}", flush=True)


def run(argv, script):
    return subprocess.run(argv, input=script, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=ENV,
                          errors="replace", check=False).stdout


def events(text):
    """[(pc, [(old, new)], {numbers of those that ended})] of each stop up to the one in done()."""
    out = []
    for part in text.split("@stop\n")[1:]:
        insn = re.search(r"^=> (0x[0-9a-f]+)(?: <.*?>)?:\t(\w+)", part, re.M)
        if not insn:
            break
        values = re.findall(r"^Old value = (.*)\nNew value = (.*)$", part, re.M)
        left = re.findall(r"^Watchpoint (\d+) deleted because", part, re.M)
        # Behind clang's "pop %rbp" gdb takes its callers' values for the function's.
        if not insn[2].startswith("ret"):
            out.append((insn[1], sorted(values), sorted(set(left))))
        if re.search(r"<done[+>]", part):
            break
    return out


def script(start, watches, before, go="continue"):
    lines = [*before, "break done", f"tbreak {start}", "@begin"]
    lines += [f"watch {w}" for w in watches]
    for _ in range(CONTINUES):
        lines += ["echo @stop\\n", go, "x/i $pc"]
    return lines


def gdbs(elf, start, watches):
    lines = script(start, watches, ["set width 0", "set height 0", "set confirm off", "set can-use-hw-watchpoints 0",
                                    "set prompt", "set style enabled off"])
    return run(["gdb", "-nx", "-q", elf], "\n".join(lines).replace("@begin", "run") + "\nkill\nquit\n")


def ours(elf, start, watches, engine, go="continue"):
    lines = "\n".join(script(start, watches, [], go)).replace("@begin", "continue") + "\n"
    return run([f"{O}/vmstep", "-q", "-nx", "-e", engine, elf], lines)


def build(cc, level, width, tmp):
    elf, flags = f"{tmp}/watch{cc}{level}{width}.elf", ["-g", "-gdwarf-5", "-ffreestanding", "-fno-pic", "-fno-stack-protector"]
    flags += ["-fcf-protection=none", "-mno-sse", "-mno-mmx", "-fno-builtin", "-fno-asynchronous-unwind-tables"]
    with open(f"{tmp}/watch.c", "w") as f:
        f.write(PROGRAM)
    if subprocess.run([cc, level, *flags, width, "-c", f"{tmp}/watch.c", "-o", elf + ".o"], check=False).returncode:
        return None
    emulation = "elf_i386" if width == "-m32" else "elf_x86_64"
    p = subprocess.run(["ld", "-m", emulation, "-Ttext", "0x401000", "-e", "_start", "--no-warn-rwx-segments", "-o", elf, elf + ".o"],
                       check=False)
    return elf if p.returncode == 0 else None


def compare(kind, elf, engine):
    here = next(i for i, line in enumerate(PROGRAM.splitlines(), 1) if "HERE" in line)
    for start, watches in WATCHES:
        name = f"{' '.join(kind)} {engine}: watch {', '.join(watches)} in {start}"
        theirs = gdbs(elf, start.replace("HERE", str(here)), watches)
        if "optimized out" in theirs: # gdb then drops the watchpoint, wherever that happens
            continue
        if "Watchpoint 3" not in theirs:
            print(f"ok - {name} # SKIP gdb runs no program here: {(theirs.strip().splitlines() or ['it says nothing'])[-1]}")
            continue
        mine = ours(elf, start.replace("HERE", str(here)), watches, engine)
        a, b = events(mine), events(theirs)
        wrong = next(((i, x, y) for i, (x, y) in enumerate(zip(a + [None] * len(b), b)) if x != y), None)
        claim(f"{name}: {len(b)} stops", None if a == b else (wrong[1:] if wrong else (a[len(b):], "no more")))


def other_ways(elf, engine):
    """By hand and on another engine the stops are those of continue on engine soft."""
    if subprocess.run([f"{O}/vmstep", "-q", "-nx", "--batch", "-e", engine, elf], capture_output=True, check=False).returncode == 3:
        print(f"ok - {engine}: moved places # SKIP engine {engine} is not available here")
        return
    for start, watches in WATCHES[:2] + WATCHES[3:4]:
        wanted = events(ours(elf, start, watches, "soft"))
        for go in "continue", "stepi 5000", "next 1000":
            got = events(ours(elf, start, watches, engine, go))
            # A line step ends where an inlined or unlined place makes it; its watches are the same.
            claim(f"{engine}: {go}, watch {', '.join(watches)}",
                  None if [e for e in got if e[1]] == [e for e in wanted if e[1]] else (got, wanted))


def refusals(elf):
    """What cannot be watched is one sentence."""
    for text, wanted in (("rwatch $rax", "hangs on registers"), ("awatch n1.x + $sp", "hangs on registers"),
                         ("watch gp->x = 5", "would change the guest"), ("watch gp->nope", "has no member nope"), ("watch 5", "no place in memory"),
                         ("watch *gp->next", "watch a part of it"), ("watch gp->next->wide", "covers 1, 2, 4 or 8")):
        out = run([f"{O}/vmstep", "-q", "-nx", "-e", "soft", elf], f"tbreak main\ncontinue\n{text}\n")
        claim(f"{text}: {wanted}", None if wanted in out else (out, wanted))
    out = run([f"{O}/vmstep", "-q", "-nx", "-e", "soft", elf], "tbreak main\ncontinue\nwatch -l n1.x\nrwatch gp->next->x\nawatch arr[idx]\n" +
              "continue\n" * 5)
    got = re.findall(r"(WATCH/\d).* point \d by address at (\w+)", out)
    at = {name: int(addr, 16) for addr, name in re.findall(r"^(\w+) \w (\w+)$", run(["nm", elf], ""), re.M)}
    # Written: n1.x = 5, 6; arr[2] = 1, arr[3] = 4 (arr[3] = 3 while it is arr[2]).
    wanted = [("WATCH/2", at["n1"]), ("WATCH/2", at["n1"]), ("WATCH/4", at["arr"] + 8), ("WATCH/4", at["arr"] + 12), ("WATCH/4", at["arr"] + 12)]
    claim("awatch moves with its index, -l does not", None if [(w, int(a, 16)) for w, a in got] == wanted else (got, wanted))


def main():
    with tempfile.TemporaryDirectory() as tmp:
        for kind in KINDS:
            elf = build(*kind, tmp)
            if not elf:
                claim(f"{' '.join(kind)}: compiles", ("an error", "a program"))
                continue
            compare(kind, elf, "soft")
            if kind == KINDS[0]:
                refusals(elf)
                other_ways(elf, "soft")
                other_ways(elf, "kvm")
    sys.exit(1 if failed else 0)


main()
