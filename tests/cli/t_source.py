#!/usr/bin/env python3
# t_source.py - the source commands: what they say of a file beside gdb's answers, and transcripts of
# stepping where gdb has no say: the guest's events, handlers, longjmp, code without lines, Ctrl-C.
import os, re, shutil, signal, subprocess, sys, tempfile
sys.path.insert(0, os.path.dirname(__file__))
import gdbview
from run import *
from term import Tap, Term

t = Tap()
tmp = tempfile.TemporaryDirectory()
CFLAGS = "-g -ffreestanding -fno-pic -fno-pie -fno-stack-protector -fcf-protection=none -mno-sse -mno-mmx -fno-builtin".split()
ROOT = os.getcwd()


def build(name, text, plain="", flags=("-O0",), bits=64):
    """A guest of a file with lines and, in `plain`, assembler without them."""
    src, asm, elf = (os.path.join(tmp.name, name + e) for e in (".c", ".S", ".elf"))
    with open(src, "w") as f:
        f.write(text)
    with open(asm, "w") as f:
        f.write(plain + "\n.section .note.GNU-stack,\"\",@progbits\n")
    m = "-m%d" % bits
    for cmd in (["gcc", *CFLAGS, m, *flags, "-I", os.path.join(ROOT, "tests/guests/c"), "-c", "-o", name + ".o", name + ".c"],
                ["gcc", m, "-c", "-o", name + "-plain.o", name + ".S"],
                ["ld", "-nostdlib", "-static", "-z", "noexecstack", "-m", "elf_x86_64" if bits == 64 else "elf_i386", "-Ttext", "0x401000",
                 "-e", "_start", "-o", elf, name + ".o", name + "-plain.o"]):
        subprocess.run(cmd, check=True, cwd=tmp.name)
    return elf


def session(elf, commands, *args, status=0, errors="", cwd=None):
    rc, out, err = vmstep("-q", "-nx", "-e", "soft", *args, elf, stdin=commands + "\n", cwd=cwd)
    t.ok(rc == status and (errors in err if errors else not err), "runs: " + commands.replace("\n", "; ")[:70], (rc, err), (status, errors))
    return out


def lines(out):
    """Numbers of the source lines shown."""
    return [int(n) for n in re.findall(r"^(?:0x[0-9a-f]+\t)?(\d+)\t", out, re.M)]


def guest(kind):
    return os.path.join(O, "tests/guests/c/%s.elf" % kind)


# --- beside gdb: break, info line, list --------------------------------------------------------------
def normal(text):
    """What the two write differently: zeros before addresses, offsets in hex, notes of the engine."""
    text = re.sub(r"0x0*([0-9a-f]+)", r"0x\1", text)
    text = re.sub(r"\+(0x[0-9a-f]+)>", lambda m: "+%d>" % int(m[1], 16), text)
    text = re.sub(r"\.(constprop|isra|part)\.\d+", "", text)
    text = re.sub(r" \((a debug|continue single).*\)$", "", text, flags=re.M)
    text = re.sub(r"[bB]reakpoint \d+", "breakpoint", text)
    text = re.sub(r"^\d+(\.\d+)? +(breakpoint +keep +y|(?=y)) *", r"\2 ", text, flags=re.M)
    text = re.sub(r"^\tnoticed .*\n|^\tcontinue single.*\n|^Num .*\n", "", text, flags=re.M)
    return sorted(re.sub(r" +", " ", line).strip() for line in text.splitlines())


def vmstep_answers(elf, questions):
    """As gdbview.answers(): a failing command ends a script, so that the rest needs another one."""
    found, at = {}, 0
    while at < len(questions):
        text = "".join("echo == %d\\n\n%s\n" % (i, questions[i]) for i in range(at, len(questions)))
        rc, out, err = vmstep("-q", "-nx", "-e", "soft", elf, stdin=text)
        got = gdbview.parts(out)
        if not got:
            return found
        at = max(got)
        if rc:
            got[at] += re.sub(r"^stdin:\d+: ", "", err)
        found.update(got)
        at += 1
    return found


FUNCTIONS = ["main", "add", "factorial", "choose", "through", "small", "oneliner", "many", "clamp", "scale"]
PLACES = FUNCTIONS + ["flow.c:%d" % n for n in (1, 13, 20, 21, 22, 30, 34, 42, 48, 52, 63, 64, 71, 72, 86, 94, 99)] + ["flow.h:4"]
QUESTIONS = ["list", "list", "list -", "list flow.c:30,33", "list", "list add,", "list ,20", "list flow.h:3", "list choose,+2"]
QUESTIONS += ["info line " + p for p in PLACES] + ["list " + f for f in FUNCTIONS]
QUESTIONS += ["break %s\ninfo breakpoints\ndelete" % p for p in PLACES + ["flow.c:add"]]
for kind in ["%s-%s-%s" % (c, o, m) for c in ("gcc", "clang") for o, m in (("O0", "m64-dw5"), ("O1", "m32-dw4"), ("O2", "m64-dw5"))]:
    if not shutil.which("gdb"):
        t.skip("answers of gdb, " + kind, "no gdb here: make deps")
        continue
    elf = guest("flow-" + kind)
    wanted, got = gdbview.answers(elf, QUESTIONS), vmstep_answers(elf, QUESTIONS)
    bad = [i for i in range(len(QUESTIONS)) if normal(got.get(i, "nothing")) != normal(wanted[i])]
    t.ok(not bad, "list, info line, break as gdb's, %s, %d questions" % (kind, len(QUESTIONS)),
         [(QUESTIONS[i], got.get(i)) for i in bad[:2]], [(QUESTIONS[i], wanted[i]) for i in bad[:2]])

# --- breakpoints at several places -------------------------------------------------------------------
flow = guest("flow-gcc-O0-m64-dw5")
o = session(flow, "break clamp\ndisable 1.1\ninfo breakpoints\ncontinue\nbt 1\nenable 1.1\ninfo breakpoints")
t.has(o, "1       breakpoint      keep y   <MULTIPLE>", "a point at two places")
t.ok(re.search(r"^1\.1 +n +0x\w+ in clamp at \S*flow\.h:4$", o, re.M), "one of them off", o)
t.has(o, "#0  clamp (", "the other stops, in the inlined body")
t.ok(re.search(r"^1\.1 +y", o, re.M), "and it is on again", o)
session(flow, "break clamp\ndisable 1.3", status=1, errors="no place 1.3")
o = session(flow, "break factorial if n == 1\ncontinue\ninfo args\ncondition 1 n == 2\ncontinue\nprint n")
t.has(o, "n = 1\n", "a condition on a parameter, in the scope of the place")
t.has(o, "$1 = 2\n", "and another")
session(flow, "break factorial if nonesuch == 1", status=1, errors="nonesuch")
o = session(flow, "tbreak add\ncontinue\ninfo breakpoints\nhbreak add\ncontinue")
t.ok("No breakpoints" in o and "BREAK/2" in o, "tbreak goes, hbreak stops", o)
session(flow, "break nosuch", status=1, errors='Function "nosuch" not defined.')
session(flow, "break nosuch.c:3", status=1, errors="No source file named nosuch.c.")
session(flow, "break flow.c:4000", status=1, errors='No line 4000 in file "flow.c".')
o = session(guest("types-gcc-O0-m64-dw5"), "set breakpoint pending on\nbreak factorial\ninfo breakpoints\nsymbol-file %s\ninfo breakpoints" % flow)
t.has(o, "Breakpoint 1 (factorial) pending.", "set breakpoint pending on")
t.has(o, "<PENDING>          factorial", "it waits")
t.ok(re.search(r"keep y   0x\w+ in factorial at \S+flow.c:21", o), "until symbols come that know it", o)
o = session(flow, "break add\nbreak flow.c:13\nclear add\ninfo breakpoints")
t.ok("Deleted breakpoint 1" in o and "No breakpoints" in o, "clear takes what is at the place", o)
o = session(flow, "tbreak add\ncontinue\nuntil 16\nadvance loop\nlist .")
t.eq(lines(o)[:3], [13, 16, 83], "until and advance, which ends at the frame's return too")

# --- list, files, settings ---------------------------------------------------------------------------
o = session(flow, "list 30\nlist\nlist -\nset listsize 3\nlist 50\nlist 200", status=1, errors='Line number 199 out of range; tests/guests/c/flow.c has')
t.eq(lines(o), [*range(25, 45), *range(25, 35), 49, 50, 51], "list N, list, list -, listsize")
session(flow, "list 5,3", status=1, errors="ends before it begins")
session(flow, "list add bogus", status=1, errors="too much")
elf = build("moved", '#include "start.h"\nint main(void)\n{\n\treturn 7;\n}\n')
os.rename(os.path.join(tmp.name, "moved.c"), os.path.join(tmp.name, "away.c"))
o = session(elf, "tbreak main\ncontinue\nnext\nlist 3")
t.has(o, "4\tmoved.c: No such file or directory.\n", "a source file that is gone: said once")
t.has(o, "5\tin moved.c\n", "then only the line's place")
os.mkdir(os.path.join(tmp.name, "other"))
os.rename(os.path.join(tmp.name, "away.c"), os.path.join(tmp.name, "other/moved.c"))
o = session(elf, "directory %s/other\ntbreak main\ncontinue\ninfo source\nshow directories" % tmp.name)
t.has(o, "4\t\treturn 7;\n", "directory DIR finds it")
t.has(o, "Located in %s/other/moved.c" % tmp.name, "info source says where")
o = session(elf, "set substitute-path %s %s/other\nshow substitute-path\nlist main\nunset substitute-path\nshow substitute-path" % (tmp.name, tmp.name))
t.has(o, "4\t\treturn 7;\n", "set substitute-path finds it")
t.ok("other" in o and o.rstrip().endswith("none."), "shown and dropped", o)
with open(os.path.join(tmp.name, "other/moved.c"), "wb") as f:
    f.write(b"\x1b[31mred\n\xff\xfe\n\n" + b"x" * 100000 + b"\nend\n")
o = session(elf, "directory %s/other\nlist 1,5" % tmp.name)
t.has(o, "1\t^[[31mred\n2\t\\377\\376\n", "control characters and bytes that are no text are shown, not sent")
t.ok("bytes more)" in o and len(o) < 4000, "a gigantic line is cut", len(o))
t.has(o, "warning: Source file is more recent than executable.", "a newer file is said to be newer")
o = session(flow, "tbreak main\ncontinue\nnext", "--no-source")
t.eq(lines(o), [], "--no-source")
o = session(flow, "tbreak main\ncontinue\nset source off\nnext\nset source on\nnext")
t.eq(lines(o), [81, 84], "set source")
o = session(flow, "disassemble /s add\ndisassemble /m add\ndisassemble /rs oneliner")
t.ok(o.count("13\t\tint sum = a + b;") == 2 and "tests/guests/c/flow.c:\n12\t{\n" in o, "disassemble /s and /m", o)
session(flow, "disassemble /q", status=1, errors="/q")

# --- stepping where gdb has no say -------------------------------------------------------------------
EVENTS = '''#include "start.h"
typedef void *buf[8];
extern int set_jump(buf);
extern void longjmp(buf, int) __attribute__((noreturn));
extern void plain(void (*)(void));
volatile int g;
buf env;
void deep(void) { longjmp(env, 1); }
void callee(void)
{
	g++;
}
void forever(void)
{ __asm__ volatile("outb %%al, $0xe9" : : "a"('~'));
	for (;;)
		;
}
int main(void)
{
	g = 1;
	__asm__ volatile("nop; .byte 0xf1; nop");
	plain(callee);
	plain(0);
	if (!set_jump(env))
		deep();
	g = 5;
	__asm__ volatile("mov %%ss, %%eax; mov %%eax, %%ss; nop" ::: "eax"); g = 6;
	__asm__ volatile("rep movsb" : : "S"(&g), "D"(&g), "c"(3L));
	forever();
	return 0;
}
'''
PLAIN = '''.text
.type plain, @function
plain: test %rdi, %rdi
	jz 1f
	call *%rdi
1:	ret
.size plain, . - plain
.globl plain, set_jump, longjmp
.type set_jump, @function
set_jump: mov (%rsp), %rax
	mov %rax, (%rdi)
	mov %rsp, 8(%rdi)
	mov %rbp, 16(%rdi)
	xor %eax, %eax
	ret
.size set_jump, . - set_jump
.type longjmp, @function
longjmp: mov %esi, %eax
	mov 8(%rdi), %rsp
	mov 16(%rdi), %rbp
	mov (%rdi), %rdx
	mov %rdx, (%rsp)
	ret
.size longjmp, . - longjmp
'''
elf = build("events", EVENTS, PLAIN)
o = session(elf, "tbreak main\ncontinue\n" + "next\n" * 9)
causes = re.findall(r"^#\d+ +(\S+)", o, re.M)
t.eq(lines(o), [20, 21, 22, 23, 24, 25, 24, 26, 27], "next by line: an ICEBP on the way, code without lines, longjmp, MOV SS")
t.ok(causes[3] == "ICEBP", "the guest's ICEBP in the middle of a line is a stop of its own", causes)
t.ok(all(c in ("MTF", "LIMIT") for c in causes[4:]), "and nothing else is", causes)
o = session(elf, "tbreak 22\ncontinue\nstep\nstep\nstep\nstep")
t.eq(lines(o), [22, 23, 24, 25, 8], "step goes over code without lines, also where that calls back")
o = session(elf, "tbreak 22\ncontinue\nbreak callee\nnext\nnext")
t.ok("BREAK/2" in o and lines(o) == [22, 11, 12], "a breakpoint inside a call ends next", o)
o = session(elf, "tbreak 8\ncontinue\nstep\nstep")
t.eq(lines(o)[-1], 26, "step out of a frame by longjmp ends in the frame jumped to")
o = session(elf, "stepi\nstep")
t.has(o, "Single stepping until exit from function _start,\nwhich has no line number information.\n", "a function without lines")
t.eq(lines(o), [20], "is stepped through until there are lines")
o = session(elf, "tbreak main\ncontinue\nnext 2")
t.ok(lines(o)[1:] == [21], "a count ends where there is news", o)
o = session(flow, "tbreak main\ncontinue\nstep\nstep\nstep\ninfo stop")
t.ok(re.search(r"^retired +4$", o, re.M), "each instruction of a line step is counted", re.findall(r"^retired.*", o, re.M))
irq = guest("irq-gcc-O0-m64-dw5")
o = session(irq, "tbreak work\ncontinue\nnext\nnext\nnext\ninfo line")
t.ok(lines(o) == [72, 73, 74, 75] and "on_tick" not in o, "next goes over INT n and its handler", o)
o = session(irq, "tbreak work\ncontinue\nnext\nstep\nbt\nfinish\nnext")
t.ok("on_tick (" in o and re.search(r"^#1 +work \(n=5\).*interrupted", o, re.M) and lines(o)[-2:] == [74, 75], "step enters a handler with lines, finish leaves it", o)
o = session(irq, "tbreak bad_segment\ncontinue\nnext")
t.ok(re.search(r"^#2 +\S*EVENT .*on_fault", o, re.M), "an exception on the way is the news", o)

# --- values in pieces --------------------------------------------------------------------------------
pieces = build("pieces", '''#include "start.h"
struct two { long x, y; };
volatile long sink;
struct two other = { 7, 8 };
__attribute__((noinline)) long mixed(struct two t)
{
	sink = t.x;
	return t.x * 3 + t.y;
}
int main(void)
{
	struct two t = { 1, 2 };
	return mixed(t);
}
''', flags=("-O1",))
o = session(pieces, "break *mixed\ncontinue\nprint t\nset var t.y = 100\nprint t\nprint $rsi\nfinish")
t.ok("{x = 1, y = 2}" in o and "{x = 1, y = 100}" in o and "= 100\n" in o and "= 103" in o, "a member in a register of its own is written", o)
o = session(pieces, "break *mixed\ncontinue\nprint t = other\nprint $rdi\nprint t\nfinish")
t.ok(o.count("{x = 7, y = 8}") == 2 and "$2 = 7" in o and "= 29" in o, "a structure in two registers is assigned", o)

# --- what a gdb user types ---------------------------------------------------------------------------
ASKED = ["info functions -n", "info functions -n lo", "info functions -q -n main", "info functions -n -t int", "info variables -n", "info variables -q arr",
         "info variables -t int", "info types", "info types po", "info types -q .", "list main\ninfo source", "print -pretty -- origin", "print -elements 3 -- array",
         "print -elements 3 -repeats 2 -- zeros", "print -5", "print -array[0]", "call number", "p {int}&array", "p {struct point}&points[1]", "p/x {char[4]}&array",
         "p 1,2", "p (1,2)+1", "p array[1,2]", "p $nonexist", "p $_isvoid($nonexist)", "p $_isvoid(1)", "p $_strlen(greeting)", 'p $_streq(greeting, "hello, guest")',
         'p $_streq(greeting, "hello")', 'p $_regex(greeting, "hel.*")', 'p $_regex(greeting, "uest")', "info symbol main", "info symbol main+3",
         "info symbol &array[3]", "info symbol 0", "ptype/m struct point", 'printf "%d %s %c %x|%5d|%-5d|%05d|%lu\\n", 5, text, 65, 255, 5, 5, 5, 5',
         'printf "%f %g %.2e\\n", pi, 1.5, reals.d', "whatis $_strlen(text)", "ptype {int}&array"]
for kind in ("gcc-O0-m64-dw5", "clang-O0-m32-dw4", "gcc-O2-m64-dw4"):
    if not shutil.which("gdb"):
        t.skip("what a gdb user types, " + kind, "no gdb here: make deps")
        continue
    types = guest("types-" + kind)
    wanted, got = gdbview.answers(types, ASKED), vmstep_answers(types, ASKED)
    bad = [i for i in range(len(ASKED)) if normal(got.get(i, "nothing")) != normal(wanted[i])]
    t.ok(not bad, "info functions, source, symbol, print and its functions as gdb's, %s, %d questions" % (kind, len(ASKED)),
         [(ASKED[i], got.get(i)) for i in bad[:2]], [(ASKED[i], wanted[i]) for i in bad[:2]])
types = guest("types-gcc-O0-m64-dw5")
o = session(types, "tbreak locals\ncontinue\ncomplete print current->wh\ncomplete print task.at.\ncomplete p points[1].\ncomplete p (*current).inn\ncomplete p he\n"
            "complete p $ra\ncomplete p glob+ori\nbreak locals if $_streq(p, greeting)\ninfo frame 1\ninfo frame function main\ncall number = 3\n")
t.has(o, "print current->where\nprint task.at.x\nprint task.at.y\np points[1].x\np points[1].y\np (*current).inner\np here\np $rax\np glob+origin\n",
      "members, locals and symbols are completed")
t.ok(o.count("Stack level 1, frame at") == 2 and "$1 = 3" in o, "info frame of a frame, call", o)
session(types, "call main()", status=1, errors="functions of the guest cannot be called")
session(types, "return", status=1, errors="use finish")
session(types, "print $_nosuch(1)", status=1, errors="there is no function $_nosuch")

# --- a terminal: Enter, Ctrl-C ------------------------------------------------------------------------
home = tempfile.TemporaryDirectory()


def interrupted(s, command, mark):
    """The output of a command that Ctrl-C ends, pressed when `mark` has been seen."""
    s.send(command + "\r")
    s.expect(mark)
    s.send("\x03")
    return s.prompt() or ""


for engine in ["soft"] + (["kvm"] if os.access("/dev/kvm", os.R_OK | os.W_OK) else []):
    s = Term([VMSTEP, "-q", "-nx", "-e", engine, elf], home=home.name)
    s.prompt()
    s.command("tbreak 27")
    s.command("continue")
    t.has(s.command("next") or "", "28\t", "on a terminal, %s: next" % engine)
    t.has(s.command("") or "", "29\t", "Enter repeats it")
    o = interrupted(s, "next", "~")
    t.ok("INTERRUPT" in o and "forever () at events.c" in o, "Ctrl-C stops a call that does not return", o)
    t.has(s.command("bt 2") or "", "main () at events.c:29", "where it was")
    t.has(s.command("print g") or "", "= 6", "and the session goes on")
    o = interrupted(s, "until", "until\r\n")
    t.ok("INTERRUPT" in o, "also a loop that until cannot end", o)
    s.close()
t.done()
