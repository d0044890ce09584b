#!/usr/bin/env python3
"""t_locals.py - arguments and locals of running C guests, beside gdb's in the same registers and memory.

vmstep steps through a guest and at each stop shows info args and info locals of the first two frames;
gdb shows the same for a core file of the stop. -O0 to -O2: locations in memory, in registers, in pieces,
by location lists and entry values.
"""
import os
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import core  # noqa: E402

O = os.environ.get("O", "build")
ENV = dict(os.environ, LC_ALL="C")
KINDS = ["gcc-O0-m64-dw5", "gcc-O1-m32-dw4", "gcc-O2-m64-dw5", "gcc-O2-m32-dw5",
         "clang-O0-m32-dw4", "clang-O1-m64-dw5", "clang-O2-m64-dw4", "clang-O2-m32-dw5",
         # Before DWARF 4 clang says constants as if they were addresses: both then read there.
         "gcc-O0-m64-dw2", "gcc-O2-m32-dw2", "gcc-O2-m64-dw3", "clang-O2-m64-dw2", "clang-O2-m32-dw3"]
ASKED = ["info args", "info locals"]
STOPS, STEP = 30, 4
TOP = 64 << 20  # of the guest's memory, where its stack begins
failed = 0


def claim(name, wrong):
    global failed
    if wrong:
        failed += 1
        what, got, wanted = wrong[0]
        print(f"not ok - {name}: {what}: got {got!r}, wanted {wanted!r} ({len(wrong)} differ)")
    else:
        print(f"ok - {name}")


def loaded(elf):
    """[(address, size)] of what the file puts into memory."""
    out = subprocess.run(["readelf", "-lW", elf], stdout=subprocess.PIPE, text=True, check=True).stdout
    return [(int(m[1], 16), int(m[2], 16)) for m in
            re.finditer(r"^\s+LOAD\s+\S+\s+(0x\S+)\s+\S+\s+\S+\s+(0x\S+)", out, re.M)]


def run(argv, script):
    return subprocess.run(argv, input=script, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          errors="replace", env=ENV, check=False).stdout


def parts_of(text):
    """[(function of the frame, answer)]."""
    out = []
    for frame in text.split("@frame\n")[1:]:
        name = re.search(r"(\w+)(?:\.\w+)* \(", frame)
        out += [(name[1] if name else "?", a.split("@end\n")[0]) for a in frame.split("@ask\n")[1:]]
    return out


def vmstep_stops(elf, start, tmp, areas):
    """[(registers, memory, [answers])]."""
    lines = [f"tbreak *{start}", "continue"]
    for i in range(STOPS):
        lines += ["echo @stop\\n\n", "info registers"]
        for k, (addr, size) in enumerate(areas):
            lines.append(f"dump memory {tmp}/{i}.{k} {addr:#x} {addr + size:#x}")
        lines.append(f"dump memory {tmp}/{i}.stack $sp-256 {TOP:#x}")
        for frame in (0, 1):
            lines += ["echo @frame\\n\n", f"frame {frame}"]
            lines += [f"echo @ask\\n\n{a}" for a in ASKED]
            lines.append("echo @end\\n")
        lines.append(f"stepi {STEP}")
    stops = []
    for i, part in enumerate(run([f"{O}/vmstep", "-q", "-nx", elf], "\n".join(lines) + "\n").split("@stop\n")[1:]):
        answers = parts_of(part)
        regs = {m[1]: int(m[2], 16) for m in re.finditer(r"^([er]\w+|[cdefgs]s) +(0x[0-9a-f]+)", part, re.M)}
        if len(answers) < 2 * len(ASKED) or "rsp" not in regs:
            break
        memory = []
        for k, (addr, _) in enumerate(areas):
            with open(f"{tmp}/{i}.{k}", "rb") as f:
                memory.append((addr, f.read()))
        with open(f"{tmp}/{i}.stack", "rb") as f:
            memory.append((regs["rsp"] - 256, f.read()))
        stops.append((regs, memory, answers))
    return stops


def gdb_answers(elf, bits, stops, tmp):
    script = ""
    for i, (regs, memory, _) in enumerate(stops):
        core.write(f"{tmp}/core{i}", bits, regs, memory)
        script += f"core-file {tmp}/core{i}\necho @stop\\n\n"
        for frame in (0, 1):
            script += f"echo @frame\\n\nframe {frame}\n" + "".join(f"echo @ask\\n\n{a}\n" for a in ASKED) + "echo @end\\n\n"
    quiet = ["set width 0", "set height 0", "set confirm off", "set prompt", "set print entry-values no",
             "set backtrace past-main on"]
    out = run(["gdb", "-nx", "-q", *[x for q in quiet for x in ("-ex", q)], elf], script)
    return [parts_of(part) for part in out.split("@stop\n")[1:]]


def by_name(text):
    """{name: values}: within a block gdb's order of names is that of a hash table."""
    out = {}
    for line in re.sub(r"(<error reading variable \w+) \(.*?\)>", r"\1>", text).strip().splitlines():
        name, _, value = line.partition(" = ")
        out.setdefault(name, []).append(value)
    return {k: sorted(v) for k, v in out.items()}


def differs(frame, ours, theirs):
    # _start has no debug information: gdb then lists the file's block.
    if by_name(ours) == by_name(theirs) or (frame and "No symbol table info" in ours):
        return False
    a, b = by_name(ours), by_name(theirs)
    # A register that a call may change is not known in frame 1; gdb shows what is in it now.
    return not (frame and a.keys() == b.keys() and
                all(a[k] == b[k] or any("<optimized out>" in v for v in a[k]) for k in a))


VLA = """int g;
__attribute__((noinline)) int sum(int n)
{
	int v[n], total = 0;

	for (int i = 0; i < n; i++)
		v[i] = i * 2;
	g = 1;
	for (int i = 0; i < n; i++)
		total += v[i];
	return total + g;
}
int main(void) { return sum(5); }
void _start(void) { __asm__("call main; hlt"); }
"""


def variable_length(cc, level):
    """An array of as many elements as an argument says: its type follows from the frame."""
    with tempfile.TemporaryDirectory() as tmp:
        elf = f"{tmp}/vla.elf"
        flags = ["-g", "-ffreestanding", "-fno-pic", "-no-pie", "-nostdlib", "-static", "-fno-stack-protector",
                 "-mno-sse", "-Wl,-Ttext=0x401000", "-Wl,-e,_start"]
        subprocess.run([cc, level, *flags, "-x", "c", "-", "-o", elf], input=VLA, text=True, check=True,
                       stderr=subprocess.DEVNULL)
        out = run([f"{O}/vmstep", "-q", "-nx", elf],
                  "watch -l g\ncontinue\nprint v\nprint sizeof v\nwhatis v\nprint v[3]\n")
    got = out.splitlines()[-4:]
    wanted = ["$1 = {0, 2, 4, 6, 8}", "$2 = 20", "type = int [5]", "$3 = 6"]
    claim(f"a variable-length array, {cc} {level}", [] if got == wanted else [("v", got, wanted)])


def compare(name, elf, bits, start):
    with tempfile.TemporaryDirectory() as tmp:
        stops = vmstep_stops(elf, start, tmp, loaded(elf) + [(0, 4096)])
        theirs = gdb_answers(elf, bits, stops, tmp)
    wrong = [] if len(stops) >= 5 else [("stops", len(stops), "at least 5")]
    shown = 0
    for i, ((regs, _, ours), gdbs) in enumerate(zip(stops, theirs)):
        for k, ((our_frame, a), (gdb_frame, b)) in enumerate(zip(ours, gdbs)):
            # gdb invents frames for tail calls; t_backtrace.py is about frames.
            if k >= len(ASKED) and our_frame != gdb_frame:
                continue
            shown += a.count(" = ")
            if differs(k >= len(ASKED), a, b):
                wrong.append((f"{ASKED[k % len(ASKED)]} at {regs['rip']:#x}, frame {k // len(ASKED)}", a, b))
    claim(f"{name}: {len(stops)} stops, {shown} values", wrong or ([] if shown else [("values", 0, "some")]))


def no_engine(elf):
    """Why no guest runs here; None: one does."""
    p = subprocess.run([f"{O}/vmstep", "-q", "-nx", "--batch", elf], capture_output=True, text=True, check=False)
    return p.stderr.strip() if p.returncode == 3 else None


def main():
    for kind in KINDS:
        bits = 64 if "m64" in kind else 32
        for guest, start in (("flow", "many"), ("flow", "loop"), ("types", "locals"), ("flow", "add")):
            elf = f"{O}/tests/guests/c/{guest}-{kind}.elf"
            if no_engine(elf):
                print(f"ok - {guest}-{kind} {start} # SKIP {no_engine(elf)}")
                continue
            compare(f"{guest}-{kind} {start}", elf, bits, start)
    if not no_engine(f"{O}/tests/guests/c/flow-{KINDS[0]}.elf"):
        for cc, level in (("gcc", "-O0"), ("gcc", "-O2"), ("clang", "-O0"), ("clang", "-O1")):
            variable_length(cc, level)
    sys.exit(1 if failed else 0)


main()
