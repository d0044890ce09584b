#!/usr/bin/env python3
# t_backtrace.py - backtraces at many stops of C guests, compared with gdb's in the same registers and
# memory; through handlers of the guest, compared with the backtrace before the event.
import json, os, pickle, re, shutil, subprocess, sys, tempfile
sys.path.insert(0, os.path.dirname(__file__))
from run import *
from term import Tap, kvm_missing

t = Tap()
if kvm_missing():
    t.skip("backtraces of guests", kvm_missing())
    t.done()
tmp = tempfile.TemporaryDirectory()
STUB = os.path.join(os.path.dirname(os.path.abspath(__file__)), "gdbstub.py")
GUESTS = os.path.join(O, "tests/guests/c")

# Frames of gdb as JSON: address, name, whether inlined, line, registers that calls keep.
GDB_FRAMES = """
import gdb, json
KEPT = %s
def value(f, r):
    try:
        return int(f.read_register(r)) & (1 << 64) - 1
    except gdb.error:
        return None
def show():
    f, out, tail = gdb.newest_frame(), [], False
    while f:
        tail |= f.type() == gdb.TAILCALL_FRAME
        inline = f.type() == gdb.INLINE_FRAME
        out.append([f.pc(), f.name(), inline, f.find_sal().line, [value(f, r) for r in KEPT]])
        if f.name() == "_start":
            break
        try:
            f = f.older()
        except gdb.error:
            break
    print("@@" + json.dumps([out, gdb.execute("bt", to_string=True), tail]))
for i in range(%d):
    show()
    gdb.execute("stepi", to_string=True)
"""
WIDE = ["rax", "rbx", "rcx", "rdx", "rsi", "rdi", "rbp", "rsp", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15"]
NARROW = ["rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi"]
TAIL = ["cs", "ss", "ds", "es", "fs", "gs"]
KEPT = {64: ["rbx", "rbp", "rsp", "r12", "r13", "r14", "r15"], 32: ["ebx", "ebp", "esp", "esi", "edi"]}


def layout(bits):
    word = bits // 8
    return [(r, word) for r in (WIDE if bits == 64 else NARROW)] + [("rip", word), ("eflags", 4)] + [(r, 4) for r in TAIL]


def frames(text):
    """[(pc, name, inlined, line)] of a backtrace of ours."""
    out = []
    for m in re.finditer(r"^#(\d+) +(?:0x([0-9a-f]+) in )?(\S+?)(?:\+0x[0-9a-f]+)? \(.*?\)(?: at \S+?:(\d+))?(?:  \[(.*)\])?$", text, re.M):
        out.append((int(m[2] or "0", 16), m[3], m[5] or "", int(m[4] or 0)))
    return out


def register_values(text):
    return {m[1]: None if "<" in m[2] else int(m[2], 16) for m in re.finditer(r"^([er]\w+|[cdefgs]s) +(0x[0-9a-f]+|<not saved>)", text, re.M)}


def record(guest, bits, n, by):
    """`n` stops from main on: [(registers, stack's address, stack, frames, registers of frame 1 and of _start)]."""
    rc, o, e = script("print $rsp", guest, hex=None)
    top = min(int(re.search(r"\$1 = .*?(0x[0-9a-f]+)", o)[1], 16) + 64, 64 << 20)
    lines = ["tbreak *main", "continue"]
    for i in range(n):
        lines += ["stepi %d" % by if i else "", "echo @@\\n", "info registers",
                  "dump memory %s/%d.bin $rsp-512 0x%x" % (tmp.name, i, top), "echo @bt\\n", "backtrace"]
        for where in ("frame 1", "frame function _start"):
            lines += ["echo @regs\\n", where, "info registers " + " ".join(WIDE)]
    rc, o, e = script("\n".join(lines), guest, hex=None)
    stops = []
    for i, part in enumerate(o.split("@@\n")[1:]):
        if part.count("@regs\n") < 2 or "r15" not in part.split("@regs\n")[2]:
            break  # main has returned
        regs, rest = part.split("@bt\n")
        trace, *more = rest.split("@regs\n")
        regs = register_values(regs)
        with open("%s/%d.bin" % (tmp.name, i), "rb") as f:
            stops.append((regs, regs["rsp"] - 512, f.read(), trace, [register_values(m) for m in more]))
    return stops


def gdb_view(guest, bits, stops):
    """gdb's frames at the same stops."""
    path = os.path.join(tmp.name, "states")
    with open(path, "wb") as f:
        pickle.dump({"regs": layout(bits), "states": [(r, at, image) for r, at, image, _, _ in stops]}, f)
    source = os.path.join(tmp.name, "frames.py")
    with open(source, "w") as f:
        f.write(GDB_FRAMES % (KEPT[bits], len(stops)))
    p = subprocess.run(["gdb", "-nx", "-q", "-batch", "-ex", "set trust-readonly-sections on", "-ex", "set backtrace past-main on", "-ex", "set width 0", "-ex", "set print entry-values no",
                        "-ex", "target remote | exec %s %s %s" % (sys.executable, STUB, path), "-x", source, guest],
                       capture_output=True, text=True, timeout=120, env=environment())
    return [json.loads(line[2:]) for line in p.stdout.splitlines() if line.startswith("@@")], p.stdout[-800:] + p.stderr[-800:]


def upto_start(bt):
    names = [f[1] for f in bt]
    return bt[:names.index("_start") + 1] if "_start" in names else bt


def plain(trace):
    """The text, without what we say beyond gdb: offsets in functions without lines, how a frame was found."""
    out = []
    for line in trace.splitlines():
        line = re.sub(r"0x0*", "0x", re.sub(r"  \[.*\]$", "", line))
        out.append(re.sub(r"\.\d+ \(", " (", re.sub(r"\+0x[0-9a-f]+ \(", " (", line)))
        if " in _start" in line:
            break
    return out


def same_text(ours, theirs):
    """A register that the callee did not save is lost; gdb shows what is in it now."""
    return re.fullmatch(re.escape("\n".join(ours)).replace(re.escape("<optimized out>"), "[^,)]*"), "\n".join(theirs))


def same_registers(ours, theirs, bits, guessed):
    """Registers that calls keep, in frame 1 and in the outermost one. Without tables each guesses in its way."""
    for what, regs, gdb in zip(("frame 1", "_start"), ours, (theirs[1], theirs[-1])):
        if theirs[0][2] and what == "frame 1":
            continue
        for name, value in zip(KEPT[bits], gdb[4]):
            got = regs.get("r" + name[1:] if bits == 32 else name)
            if got != value and not (guessed and name not in ("rbp", "ebp")):
                return "%s %s: %s, gdb %s" % (what, name, got, value)
    return ""


def compare(guest, bits, name, n=60, by=11, guessed=False):
    stops = record(guest, bits, n, by)
    theirs, text = gdb_view(guest, bits, stops)
    if not t.ok(len(theirs) == len(stops) > 10, name + ": gdb saw every stop", (len(theirs), text), len(stops)):
        return
    wrong, depth, inlined = [], 0, 0
    for i, ((regs, _, _, trace, kept), (gdb, gdb_trace, tail)) in enumerate(zip(stops, theirs)):
        if not tail and "[tail call]" in trace: # gdb does not read where clang says one is, t_tail.py does
            continue
        ours = frames(trace)
        # An inlined call has no address of its own here.
        mine = [[re.sub(r"\.\d+$", "", f[1]), f[3], f[0]] for f in upto_start(ours)]  # gdb cuts numbers off the linker's names
        his = [[f[1], f[3], f[0]] for f in upto_start(gdb)]
        mine = [m if m[2] else [m[0], m[1], h[2]] for m, h in zip(mine, his)] + mine[len(his):]
        if guessed and len(gdb) < 2:  # gdb's reading of prologues does not know this one
            continue
        if mine != his:
            wrong.append((i, hex(regs["rip"]), mine, his))
        if gdb_trace and not guessed and not same_text(plain(trace), plain(gdb_trace)):
            wrong.append((i, hex(regs["rip"]), plain(trace), plain(gdb_trace)))
        bad = same_registers(kept, gdb, bits, guessed) if len(gdb) > 1 else "gdb has no caller"
        if bad:
            wrong.append((i, hex(regs["rip"]), bad))
        depth = max(depth, len(gdb))
        inlined += any(f[2] for f in gdb)
    t.ok(not wrong, "%s: frames and kept registers are gdb's at %d stops (up to %d deep, %d with inlined ones)" % (name, len(stops), depth, inlined),
         wrong[:2], "gdb's")


# --- through events ------------------------------------------------------------------------------------


def at_stops(commands, guest, *args):
    """[(stop line, frames, text)] of every backtrace in a session."""
    rc, o, e = script(commands.replace("bt\n", "echo @@\\n\ninfo stop\necho @bt\\n\nbacktrace\necho @@\\n\n"), guest, *args, hex=None)
    return [(part.split("@bt\n")[0], frames(part.split("@bt\n")[1]), part.split("@bt\n")[1]) for part in o.split("@@\n")[1::2]], o + e


def through_handlers(guest, name):
    """From the handler on, frames are those of the code it interrupted."""
    stops, text = at_stops("tbreak *main\ncontinue\n" + "bt\nstepi\n" * 260, guest)
    before, seen, wrong, inside = [], set(), [], False
    for stop, bt, _ in stops:
        depth = [i for i, f in enumerate(bt) if "interrupted" in f[2]]
        if not depth:
            before, inside = bt, False
            continue
        i = depth[0]
        vector = re.search(r"interrupted by (\S+)", bt[i][2])
        what = vector[1].rstrip(",") if vector else "?"
        # Of INT n the next instruction is interrupted, of a fault the faulting one.
        if [f[1] for f in bt[i:]] != [f[1] for f in before] or [f[0] for f in bt[i + 1:]] != [f[0] for f in before[1:]]:
            wrong.append((bt, before))
        seen.add((what, bt[i - 1][1]))
    t.ok(not wrong, name + ": the caller of a handler is the code it interrupted", wrong[:1], "the frames before the event")
    return seen


for g in sorted(os.listdir(GUESTS)):
    m = re.match(r"irq-(gcc|clang)-(O[012])-m(32|64)-dw5\.elf$", g)
    if m:
        seen = through_handlers(os.path.join(GUESTS, g), g[:-4])
        t.ok(("vector", "on_tick") in seen, g[:-4] + ": by a software interrupt", seen, "on_tick")
        # A 32-bit IRET is not run by every KVM: the fault comes after one.
        if m[3] == "64":
            t.ok(("#GP", "on_fault") in seen, g[:-4] + ": by an exception with an error code", seen, "#GP in on_fault")

# Handlers by hand: stubs that push and jump, registers saved by PUSH and PUSHA, no frame pointers, no
# tables; a stack switched by an IST and from ring 3.
STUBS64 = """
	.intel_syntax noprefix
	.globl _start
	.type _start, @function
_start:	mov rbp, 0
	lgdt [gdtr]
	mov eax, offset tss
	mov [tss_low + 2], ax
	mov dword ptr [tss + 4], offset ring0_top
	mov dword ptr [tss + 0x24], offset ist_top
	mov ax, 0x28
	ltr ax
	lidt [idtr]
	mov rbx, 0x1234
	call outer
	out 0xf4, al
1:	hlt
	jmp 1b
	.size _start, . - _start
	.type outer, @function
outer:	sub rsp, 40
	call inner
	add rsp, 40
	ret
	.size outer, . - outer
	.type inner, @function
inner:	push r12
	mov r12d, 0x77
	int 0x30
	nop
	int 0x31
	nop
	push 0x1b
	push offset user_top
	push 2
	push 0x23
	push offset user
	iretq
	.size inner, . - inner
	.type user, @function
user:	nop
	ud2
	.size user, . - user
	.type on_int, @function
on_int:	push 0
	push 0x30
	jmp common
	.size on_int, . - on_int
	.type on_ist, @function
on_ist:	push 0
	push 0x31
	jmp common
	.size on_ist, . - on_ist
	.type on_ud, @function
on_ud:	push 0
	push 6
	jmp common
	.size on_ud, . - on_ud
	.type common, @function
common:	push rax
	push rbx
	push r12
	mov ebx, 0x99
	mov r12d, ebx
	call handle
	test eax, eax
	jnz 1f
	inc ecx
1:	pop r12
	pop rbx
	pop rax
	add rsp, 16
	iretq
	.size common, . - common
	.type handle, @function
handle:	sub rsp, 8
	nop
	add rsp, 8
	ret
	.size handle, . - handle
	.data
	.balign 16
gdt:	.quad 0, 0x00af9b000000ffff, 0x00cf93000000ffff, 0x00cff3000000ffff, 0x00affb000000ffff
tss_low: .quad 0x67 + 0x890000000000, 0
gdtr:	.word . - gdt - 1
	.quad gdt
	.balign 16
idt:	.skip 6 * 16
	.quad on_ud + 0x8e0000080000, 0
	.skip 0x29 * 16
	.quad on_int + 0x8e0000080000, 0
	.quad on_ist + 0x8e0100080000, 0
idtr:	.word . - idt - 1
	.quad idt
tss:	.skip 0x68
	.skip 256
ring0_top: .skip 256
ist_top: .skip 256
user_top: .skip 16
"""


def build(source, *flags, bits=64, at="0x8000", ld=()):
    """A guest from a file, or from assembler text."""
    base = os.path.join(tmp.name, "guest%d" % bits)
    if not source.startswith("/"):
        with open(base + ".s", "w") as f:
            f.write(source)
        source = base + ".s"
    subprocess.run(["gcc", "-m%d" % bits, *flags, "-c", "-o", base + ".o", source], check=True)
    subprocess.run(["ld", "-nostdlib", "-static", "-z", "noexecstack", "--no-warn-rwx-segments", "-m", "elf_x86_64" if bits == 64 else "elf_i386",
                    *([] if source.endswith(".c") else ["-N"]), "-Ttext", at, "-e", "_start", *ld, "-o", base + ".elf", base + ".o"], check=True)
    return base + ".elf"


def names(bt):
    return [f[1] for f in bt]


guest = build(STUBS64)
stops, text = at_stops("break *handle+4\nbreak *on_int\nbreak *on_ist\n" + "continue\nbt\n" * 4 + "frame 2\nprint $r12\nprint $rbx\ncontinue\nbt\nframe 2\ninfo frame\ninfo registers cs ss rsp\n", guest)
t.eq(len(stops), 5, "hand-written stubs: five stops")
want = [["on_int", "inner", "outer", "_start"], ["handle", "common", "inner", "outer", "_start"], ["on_ist", "inner", "outer", "_start"],
        ["handle", "common", "inner", "outer", "_start"], ["handle", "common", "user"]]
for (stop, bt, _), w, what in zip(stops, want, ("at its first instruction", "below two calls", "on another stack", "with the rest of it there", "from ring 3")):
    t.eq(names(bt)[:len(w)], w, "an event " + what + ", no tables at all")
t.has(text, "$1 = 119", "what the stub pops is the interrupted code's r12")
t.has(text, "$2 = 4660", "and its rbx")
t.has(stops[0][2], "interrupted by vector 48", "the gate says which vector")
t.has(text, "cs             0x23", "the selectors are ring 3's")

# A boot sector of hand-written code, without symbols, sizes or tables: what is told is right or says that
# it is deduced, and where nothing can be told there is one sentence.
BOOT = """
	.globl _start
	.code16
	.intel_syntax noprefix
_start:	xor ax, ax
	mov ds, ax
	mov ss, ax
	mov sp, 0x7c00
	mov word ptr [0x30*4], offset on30
	mov word ptr [0x30*4+2], ax
	mov cx, 3
	call f1
	jmp .
f1:	push bp
	mov bp, sp
	call f2
	pop bp
	ret
f2:	push ax
	mov bx, 1
	call f3
	pop ax
	ret
f3:	nop
	int 0x30
	nop
	ret
on30:	push ax
	push bx
	call f4
	pop bx
	pop ax
	iret
f4:	nop
	ret

"""


def places(text):
    return {m[2]: int(m[1], 16) for m in re.finditer(r"^(\w+) \w (\w+)$", text, re.M)}


elf = build(BOOT, bits=32, at="0x7c00")
flat = os.path.join(tmp.name, "boot.bin")
subprocess.run(["objcopy", "-O", "binary", "-j", ".text", elf, flat], check=True)
with open(flat, "rb") as f:
    image = f.read().ljust(510, b"\0")[:510] + b"\x55\xaa"
with open(flat, "wb") as f:
    f.write(image)
at = places(subprocess.run(["nm", elf], capture_output=True, text=True).stdout)
order = sorted(at.items(), key=lambda x: x[1])
stops, text = at_stops("bt\nstepi 8\n" + "bt\nstepi\n" * 32, flat)
CHAIN = {"_start": ["_start"], "f1": ["f1", "_start"], "f2": ["f2", "f1", "_start"], "f3": ["f3", "f2", "f1", "_start"],
         "on30": ["on30", "f3", "f2", "f1", "_start"], "f4": ["f4", "on30", "f3", "f2", "f1", "_start"]}
wrong, seen = [], set()
for stop, bt, said in stops:
    inside = [[n for n, a in order if a <= f[0]][-1] for f in bt]
    seen.add(inside[0])
    if inside != CHAIN[inside[0]] or len([l for l in said.splitlines() if not l.startswith("#")]) != 1:
        wrong.append((hex(bt[0][0]), inside, said))
t.ok(not wrong and seen == set(CHAIN), "a boot sector without symbols: every caller, through its handler too (%d stops)" % len(stops), (wrong[:2], seen), "the chain of calls")
o = script("set $bp = 0x9000\nset *(u16*)0x9002 = 0x1234\nbacktrace", hex="90 90 f4")[1]
t.eq([f[0] for f in frames(o)], [0x1000], "words that are no frame are told as none")
t.ok(re.search(r"^\([^\n]+\)$", o.strip().splitlines()[-1]), "with the reason", o[-200:])

if not shutil.which("gdb"):
    t.skip("backtraces compared with gdb", "no gdb")
else:
    for g in sys.argv[1:] or sorted(os.listdir(GUESTS)):
        m = re.match(r"flow-(gcc|clang)-(O[012])-m(32|64)-dw([45])\.elf$", g)
        if m:
            compare(os.path.join(GUESTS, g), int(m[3]), g[:-4])
    # .eh_frame without any DWARF; neither, but frame pointers.
    for bits, what, flags in ((64, "eh_frame alone", ["-O2", "-fasynchronous-unwind-tables"]), (32, "eh_frame alone", ["-O2", "-fasynchronous-unwind-tables"]),
                              (64, "frame pointers alone", ["-O0", "-fno-asynchronous-unwind-tables"]),
                              (32, "frame pointers alone", ["-O0", "-fno-asynchronous-unwind-tables"])):
        compare(build(os.path.abspath("tests/guests/c/flow.c"), "-ffreestanding", "-fno-pic", "-fno-pie", "-fno-stack-protector", "-fcf-protection=none",
                      "-mno-sse", "-mno-mmx", "-w", *flags, bits=bits), bits, "flow, %d bits, %s" % (bits, what), guessed="-O0" in flags)
t.done()
