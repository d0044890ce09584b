#!/usr/bin/env python3
"""t_print.py - print with its formats, settings and ++ and --, beside gdb's of a native run."""
import os
import re
import subprocess
import sys
import tempfile

O = os.environ.get("O", "build")
ENV = dict(os.environ, LC_ALL="C")

PROGRAM = """struct in { int a; char b; };
union u { int i; float f; char c[4]; };
int target = 7;
void fun(int z) { target += z; }
struct s { int x; union u u; struct in in; int arr[12]; char *str; void (*fn)(int); int *ip; char name[16]; unsigned char uc[4]; short sh;
	   double d; _Bool flag; enum { RED, GREEN = 5 } e; };
struct s v = { 1, { 0x41424344 }, { 3, 'q' }, { 1, 2, 3, 4, 5, 5, 5, 5, 5, 5, 5, 5 }, "hello", fun, &target, "name", { 65, 66, 1, 2 }, -3,
	       2.5, 1, 5 };
int m[3][2] = { { 1, 2 }, { 3, 4 }, { 5, 6 } };
long long big = -5;
unsigned char byte = 200;
char ch = 'x', text[] = "some text";
float fl = 1.5f;
int *ptr = &target;
struct s *ps = &v;
struct in ins[3] = { { 1, 'a' }, { 2, 'b' }, { 3, 'c' } };
int main(void)
{
	fun(1);
	return 0;
}
void _start(void) { __asm__("call main; hlt"); }
"""
VALUES = ["v", "v.u", "v.in", "v.arr", "v.str", "v.fn", "v.ip", "v.name", "v.uc", "v.sh", "v.d", "v.flag", "v.e", "m", "big", "byte", "ch", "fl",
          "ptr", "text", "ps", "*ps", "ins", "&v", "&m", "target", "v.x == 1", "5/2.0", "'a'"]
SETTINGS = [("pretty", "on", "off"), ("union", "off", "on"), ("address", "off", "on"), ("symbol", "off", "on"), ("array", "on", "off"),
            ("array-indexes", "on", "off"), ("elements", "4", "200"), ("repeats", "3", "10"), ("null-stop", "on", "off"),
            ("elements", "unlimited", "200"), ("repeats", "unlimited", "10"), ("max-depth", "1", "20"), ("max-depth", "2", "20")]
STEPS = ["print target++", "print ++target", "print target--", "print --target", "print target", "print v.arr[1]++ + 2", "print v.arr[1]",
         "print ptr++", "print *ptr", "print --ptr", "print *ptr", "print ch++", "print ++ch", "set var target++", "print v.x++ + ++v.x", "print v.x",
         "whatis target++", "print sizeof(target++)", "print target", "print fl++", "print fl", "print - -v.x", "print v.x - -1", "print $n = 3",
         "print $n++", "print ++$n", "print -elements 3 -- v.arr", "print -union off -- v", "print -array on -- m", "print v.arr"]
failed = 0


def claim(name, wrong):
    global failed
    failed += bool(wrong)
    print(f"not ok - {name}: {wrong[0][0]}: got {wrong[0][1]!r}, wanted {wrong[0][2]!r} ({len(wrong)} differ)" if wrong else f"ok - {name}")


def questions():
    out = [f"print{'/' + letter if letter else ''} {value}" for value in VALUES for letter in ["", *"xduotacfsz"]]
    for name, on, off in SETTINGS:
        out += [f"set print {name} {on}", *(f"print {v}" for v in ("v", "m", "v.str", "v.fn", "ins", "ptr", "v.arr", "text", "ps", "&v")),
                f"set print {name} {off}"]
    return out + STEPS


def ask(argv, before, asked):
    script = "\n".join(before) + "\n" + "".join(f"echo @@{i}\\n\n{q}\necho \\n\n" for i, q in enumerate(asked)) + "echo @@end\\n\n"
    out = subprocess.run(argv, input=script, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=ENV, check=False).stdout
    return [re.sub(r"^\$\d+ = ", "", part.partition("\n")[2].strip()) for part in out.split("@@")[1:-1]], out


def main():
    with tempfile.TemporaryDirectory() as tmp:
        with open(f"{tmp}/print.c", "w") as f:
            f.write(PROGRAM)
        for width in "-m64", "-m32":
            elf = f"{tmp}/print{width}.elf"
            subprocess.run(["gcc", "-O0", "-g", width, "-ffreestanding", "-fno-pic", "-fno-stack-protector", "-mno-sse", "-c", f"{tmp}/print.c",
                            "-fno-asynchronous-unwind-tables", "-o", elf + ".o"], check=True)
            subprocess.run(["ld", "-m", "elf_i386" if width == "-m32" else "elf_x86_64", "-Ttext", "0x401000", "-e", "_start",
                            "--no-warn-rwx-segments", "-o", elf, elf + ".o"], check=True)
            asked = questions()
            theirs, said = ask(["gdb", "-nx", "-q", elf], ["set width 0", "set height 0", "set confirm off", "set style enabled off", "set prompt",
                                                          "break main", "run"], asked)
            if len(theirs) != len(asked) or "Breakpoint 1, main" not in said:
                print(f"ok - print {width} # SKIP gdb runs no program here: {(said.strip().splitlines() or ['it says nothing'])[-1]}")
                continue
            ours, said = ask([f"{O}/vmstep", "-q", "-nx", "-e", "soft", elf], ["break main", "continue"], asked)
            wrong = [(q, a, b) for q, a, b in zip(asked, ours, theirs) if a != b]
            claim(f"print {width}: {len(asked)} answers are gdb's", wrong or ([] if len(ours) == len(asked) else [("answers", said[-300:], len(asked))]))
            backwards(elf)
    sys.exit(1 if failed else 0)


def backwards(elf):
    """x with a negative count shows what lies before, and goes on from there."""
    def run(*lines):
        return subprocess.run([f"{O}/vmstep", "-q", "-nx", "-e", "soft", elf], input="break fun\ncontinue\n" + "\n".join(lines) + "\n",
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=ENV, check=False).stdout
    data = [line for line in run("x/-3dw &v.arr[6]", "x/3dw &v.arr[3]").splitlines() if "<v+" in line]
    claim("x/-3dw is what lies before", [] if len(data) == 2 and data[0] == data[1] else [("x", data, "twice the same")])
    code = [line for line in run("x/-2i $pc", "x/8i fun").splitlines() if re.match("(=>|  ) 0x", line)]
    here = next((i for i, line in enumerate(code) if line.startswith("=>")), 0)
    claim("x/-2i are the two before", [] if here >= 4 and code[:2] == code[here - 2:here] else [("x", code, "the two before =>")])
    claim("strings do not go backwards", [] if "cannot be found backwards" in run("x/-2s text") else [("x/-2s", run("x/-2s text"), "a sentence")])


main()
