#!/usr/bin/env python3
# t_session.py - what the commands do to a guest: transcripts of the demo guest and of a few bytes.
import json, os, re, sys, tempfile
sys.path.insert(0, os.path.dirname(__file__))
from run import *
from term import Tap, kvm_missing

t = Tap()
if kvm_missing():
    t.skip("sessions with a guest", kvm_missing())
    t.done()
tmp = tempfile.TemporaryDirectory()


def out(commands, *args, status=0, errors="", **more):
    """Standard output of a session; status and standard error are claims of their own."""
    rc, o, e = script(commands, *args, **more)
    t.ok(rc == status and (errors in e if errors else not e), "runs: " + commands.replace("\n", "; ")[:70], (rc, e), (status, errors))
    return o


def stops(text):
    """(number, causes, address, symbol) of every stop line."""
    return [(int(m[1]), m[2], int(m[3], 16), m[4]) for m in re.finditer(r"^#(\d+) +(\S+) +0x([0-9a-f]{16}) +(\S+)", text, re.M)]


def on_demo(commands, **more):
    return out(commands, demo(), hex=None, **more)


# --- stepping and its pending events -----------------------------------------------------------------
o = out("stepi\nstepi\nstepi", hex="90 f1 90 90 f4")
t.eq([s[:3] for s in stops(o)], [(0, "START", 0x1000), (1, "TF", 0x1001), (2, "ICEBP", 0x1002), (3, "TF", 0x1003)], "stepi shows the ICEBP once")
t.has(o, "inner skip 1001 -> 1002", "with what was done")
o = out("stepi 4", hex="90 f1 90 90 f4")
t.has(o, "4 stops: TF 3, ICEBP 1\n", "stepi 4 counts what it passed")
t.eq([s[0] for s in stops(o)], [0, 4], "and shows the last")
o = on_demo("catch icebp\ncontinue\ndeliver\nstepi")
t.eq([s[1] for s in stops(o)], ["START", "ICEBP+CATCH/1", "EVENT"], "catch icebp, deliver, stepi: the handler")
t.eq(stops(o)[2][3], "on_db", "at its first instruction")
o = on_demo("catch icebp\ncontinue\nswallow\nstepi")
t.ok(stops(o)[2][1] == "TF" and "swallowed vector 1" in o, "catch icebp, swallow, stepi: behind it", o)
o = on_demo("catch int3\ncontinue\nstepi")
t.eq([s[1] for s in stops(o)], ["START", "INT3+CATCH/1", "EVENT"], "catch int3; set int3 auto delivers it")
o = on_demo("set icebp swallow\ncontinue")
t.has(o, "demo: disturbed", "set icebp swallow: the demo notices")
out("swallow", hex="90 f4", status=1, errors="no event is pending")
o = out("skip\nskip inner", hex="90 90 f4")
t.has(o, "outer skip 1000 -> 1001", "skip")
t.has(o, "inner skip 1001 -> 1002", "skip inner")
o = out("nexti\nnexti", hex="e8 01 00 f4 90 c3")
t.eq([hex(s[2]) for s in stops(o)][:2], ["0x1000", "0x1003"], "nexti runs over a call")
o = out("stepi\nfinish", hex="e8 01 00 f4 90 c3")
t.eq([hex(s[2]) for s in stops(o)], ["0x1000", "0x1004", "0x1003"], "finish runs to the return address")
o = out("until\nuntil\nuntil", hex="b9 05 00 e2 fe 90 f4")
t.eq([hex(s[2]) for s in stops(o)], ["0x1000", "0x1003", "0x1005", "0x1006"], "until leaves a loop")
o = out("advance *0x1003", hex="90 90 90 90 f4")
t.eq(hex(stops(o)[-1][2]), "0x1003", "advance")
o = out("break *0x1003\njump *0x1002", hex="0f 0b 90 90 f4")
t.eq(hex(stops(o)[-1][2]), "0x1003", "jump goes over what would have faulted")
o = out("step\nnext", hex="90 90 f4")
t.ok("No line number information" in o and "stepi instead" in o and "nexti instead" in o and stops(o)[-1][0] == 2, "step and next say what they do", o)
o = out("set confirm off\nstepi\nrun", hex="90 f4")
t.eq([s[1] for s in stops(o)], ["START", "TF", "START", "HLT"], "run starts anew")
o = out("run", hex="90 f4")
t.eq([s[1] for s in stops(o)], ["START", "HLT"], "run at the first instruction only runs")
o = out("kill\nstart", hex="90 f4")
t.eq([s[1] for s in stops(o)], ["START", "START"], "kill, start")
o = out("kill\nstepi", hex="90 f4", status=1, errors="not running")
o = out("set engine kvm\nstepi", hex="90 f4")
t.eq([s[1] for s in stops(o)], ["START", "START", "TF"], "set engine restarts the guest")

# --- points -------------------------------------------------------------------------------------------
o = on_demo("break on_bp\ncontinue\ninfo symbol $pc\nbacktrace\ninfo breakpoints")
t.eq(stops(o)[1][1].split("+")[-1], "BREAK/1", "break at a symbol")
t.has(o, "\non_bp in section .text\n", "is where it says")
t.has(o, "#0  0x%016x in on_bp ()" % stops(o)[1][2], "backtrace")
t.ok(re.search(r"^1 +breakpoint +keep y +0x[0-9a-f]+ <on_bp>\n\tbreakpoint already hit 1 time$", o, re.M), "info breakpoints", o)
o = out("tbreak *0x1002\ncontinue\ninfo breakpoints", hex="90 90 90 f4")
t.ok(stops(o)[1][2] == 0x1002 and "No breakpoints" in o, "tbreak is gone once hit", o)
LOOP = "31 c0 40 3d 0a 00 72 fa 90 f4"  # xor ax, ax; 1002: inc ax; cmp ax, 10; jb 1002
o = out("break *0x1002 if $rax == 7\ncontinue\nprint $rax", hex=LOOP)
t.has(o, "$1 = 7\n", "a condition with break")
o = out("break *0x1002\ncondition 1 $rax == 4\ncontinue\nprint $rax\ncondition 1\ncontinue\nprint $rax", hex=LOOP)
t.ok("$1 = 4\n" in o and "$2 = 5\n" in o, "condition, and none again", o)
o = out("break *0x1002\nignore 1 3\ncontinue\nprint $rax", hex=LOOP)
t.has(o, "$1 = 3\n", "ignore")
o = out("break *0x1002\ncontinue\ncontinue 3\nprint $rax", hex=LOOP)
t.has(o, "$1 = 3\n", "continue N")
o = out("break *0x1002\ndisable 1\ncontinue", hex=LOOP)
t.eq(stops(o)[-1][1], "HLT", "disable")
o = out("break *0x1002\ndisable\nenable 1\ncontinue", hex=LOOP)
t.has(stops(o)[-1][1], "BREAK/1", "enable")
o = out("break *0x1002\nbreak *0x1003\ndelete 1\ncontinue\ninfo breakpoints", hex=LOOP)
t.has(stops(o)[-1][1], "BREAK/2", "delete")
o = out("break *0x1002\nbreak *0x1003\ndelete 1-2\ninfo breakpoints", hex=LOOP)
t.has(o, "No breakpoints", "delete a range")
o = out("break *0x1002\nclear *0x1002\ninfo breakpoints", hex=LOOP)
t.ok("Deleted breakpoint 1" in o and "No breakpoints" in o, "clear", o)
o = out("hbreak *0x1003\ncontinue\ncontinue", hex="90 90 90 90 f4")
t.eq([s[2] for s in stops(o)][1], 0x1003, "hbreak")
o = out("break *0x1002\ncommands\nsilent\noutput $rax\nif $rax < 3\ncontinue\nend\nend\ncontinue\necho \\n\ninfo breakpoints", hex=LOOP)
t.ok("\n0123\n" in o and len(stops(o)) == 1, "commands: silent, and a continue in them", o)
t.has(o, "        silent\n", "which info breakpoints shows")
o = out("break *0x1002\ncommands 1\nend\ncommands 1\necho hit\\n\nend\ncontinue", hex=LOOP)
t.has(o, "hit\n", "commands again replaces them")
o = on_demo("watch *(u32*)&n_bp\ncontinue")
t.ok("WATCH/1" in stops(o)[-1][1] and "Old value = 0x0\nNew value = 0x1\n" in o, "watch shows old and new", o)
o = out("catch hlt\ncontinue", hex="90 f4")
t.has(stops(o)[-1][1], "HLT", "catch hlt")
o = out("catch io 0xe9\ncontinue", hex="e6 80 e6 e9 90 f4")
t.ok("CATCH/1" in stops(o)[-1][1] and stops(o)[-1][2] == 0x1004, "catch io of one port", o)
o = out("catch io 0x70-0x8f\ncontinue", hex="e6 80 e6 e9 90 f4")
t.ok("CATCH/1" in stops(o)[-1][1] and stops(o)[-1][2] == 0x1002, "catch io of a range", o)
for bad in ("catch io 5-3", "catch io x", "catch io 0x10000", "catch exception 40", "catch exception #XY", "catch hlt x", "break *0x1000 when",
            "break *0x1000 if", "watch 5", "watch", "tbreak nosuch", "condition 1 1 +", "ignore 1", "commands 9", "clear", "continue 3",
            "stepi 0", "stepi -1", "deliver 256", "deliver nosuch", "skip sideways", "backtrace 0", "frame 99", "down",
            "translate", "jump", "advance", "undisplay x"):
    rc, o, e = script("break *0x1001\n" + bad, hex="90 90 f4")
    t.ok(rc == 1 and e.startswith("stdin:2: ") and e.count("\n") == 1 and len(e) > 20, bad + ": one sentence", (rc, e))

# --- data ---------------------------------------------------------------------------------------------
o = out('set memory/b 0x500 = 0x41, 0x42, 0, 0xff\nset *(u32*)0x504 = 0x3f800000\nset memory/h 0x508 = 1, 2\nx/4xb 0x500\nx/2db 0x502\nx/ub 0x503\nx/ob 0x500\n'
        'x/tb 0x500\nx/2c 0x500\nx/s 0x500\nx/xh 0x500\nx/xw 0x500\nx/xg 0x500\nx/zw 0x508\nx/fw 0x504\nx/a 0x508\nx/2xh 0x508\nx/i 0x1000', hex="90 f4")
for want in ("0x500:\t0x41\t0x42\t0x0\t0xff\n", "0x502:\t0\t-1\n", "0x503:\t255\n", "0x500:\t0101\n", "0x500:\t1000001\n", "0x500:\t65 'A'\t66 'B'\n",
             '0x500:\t"AB"\n', "0x500:\t0x4241\n", "0x500:\t0xff004241\n", "0x500:\t0x3f800000ff004241\n", "0x508:\t0x00020001\n", "0x504:\t1\n",
             "0x508:\t0x20001\n", "0x508:\t0x1\t0x2\n", "=> 0x1000:\tnop\n"):
    t.has(o, want, "x shows " + repr(want))
o = out("print/x 255\nprint/d 255\nprint/o 8\nprint/t 5\nprint/c 65\nprint/z 5\nprint -5\nprint/x (u8)-1\nprint 7/2\nprint 1 << 40\nprint 'a'\nprint $nosuch\nprint (s8)0xff", hex=None)
t.eq([l.split(" = ", 1)[1] if " = " in l else l for l in o.splitlines()],
     ["0xff", "255", "010", "101", "65 'A'", "0x00000005", "-5", "0xff", "3", "1099511627776", "97 'a'", "void", "-1"], "print")
o = out("set $rax = 0x1234\nset register rbx = 5\nset var $cl = 7\nprint/x $rax\nprint $rbx\nprint $rcx\ninfo registers rax\nstepi\nprint/x $ax", hex="90 90 f4")
t.ok("0x1234\n" in o and "= 5\n" in o and "= 7\n" in o and re.search(r"^rax +0x1234 +4660$", o, re.M), "registers are set and shown", o)
o = out("set memory/b 0x600 = 1,2,3,4\ndump memory %s/d 0x600 0x604\nrestore %s/d binary 0x700\nx/4xb 0x700\nfind/b 0x600, 0x7ff, 3, 4\nprint $numfound\nx/xb $_\nfind 0x600, 0x7ff, \"nothere\""
        % (tmp.name, tmp.name), hex="90 f4")
t.eq(open(tmp.name + "/d", "rb").read(), b"\1\2\3\4", "dump")
t.has(o, "0x700:\t0x1\t0x2\t0x3\t0x4\n", "restore")
t.has(o, "0x602\n0x702\n2 patterns found.\n$1 = 2\n", "find, $numfound")
t.has(o, "0x702:\t0x3\n", "$_ is the last one found")
t.has(o, "Pattern not found.\n", "find nothing")
o = out("display/x $rax\ndisplay/i $pc\nstepi\ninfo display\nundisplay 1\nstepi\ndisable display 2\nstepi", hex="b8 05 00 90 90 f4")
t.has(o, "1: /x $rax = 0x5\n2: x/i $pc\n=> 0x1003:\tnop\n", "display at a stop")
t.eq((o.count("1: /x $rax"), o.count("2: x/i $pc")), (2, 3), "undisplay and disable display")
t.has(o, "1:   y  /x $rax\n", "info display")
rc, o, e = script("x/4xw 0xfffffffffff0", demo(), hex=None)
t.ok(rc == 1 and "0xfffffffffff0" in e, "memory that is not there is named", e)

# --- code and state -------------------------------------------------------------------------------------
o = on_demo("disassemble\ndisassemble /r $pc, +5\ntranslate $pc\ninfo gdt\ninfo idt\ninfo tss\ninfo paging\ninfo files\ninfo engine\ninfo events\ninfo line\n"
            "info frame\ninfo registers\ninfo all-registers\ninfo io\npredict\nwhy\ninfo stop\ninfo symbol main")
for want in ("Dump of assembler code for function main:\n=> 0x0000000000401000 <+0>:\t", "End of assembler dump.\n", "Linear 0x401000:\n  PML4", "physical 0x401000",
             "code 64-bit dpl=0", "<- cs", "interrupt gate 64-bit", "TR 0x", "4-level", "ELF64", "Engine kvm", "No line number information", "Stack level 0",
             "cr0            0x80", "[ PE ", "xmm15", "Next stop: TF", "causes      START", "limit=0xffffffff"):
    t.has(o, want, "state shows " + repr(want))
t.ok(len(re.findall(r"^(rax|r15|rip|eflags|cs|dr7) ", o, re.M)) == 12, "both register lists have their rows")
o = on_demo("info functions gate\ninfo variables n_b\ninfo functions nosuch")
t.ok(re.search(r"^0x[0-9a-f]{16}  gate_set$", o, re.M) and re.search(r"  n_bp$", o, re.M) and "All functions matching regular expression \"nosuch\":" in o, "info functions, info variables", o)
o = out("info gdt\ninfo idt\ntranslate 0x500\ninfo paging", hex="90 f4")
t.ok("real mode" in o and "Interrupt vector table at 0x0" in o and "paging is off: physical 0x500" in o and "Paging: off" in o, "the same in real mode", o)
o = out("info vmcs", hex="90 f4", status=1, errors="vmcs")
o = out("info apic", hex="90 f4", status=1, errors="apic")
o = out("catch mmio\ncontinue\ncatch exception 6\ncontinue", "-e", "soft", "--mode", "long", hex="90 a1 00 00 e0 fe 00 00 00 00 0f 0b f4")
t.eq([s[1] for s in stops(o)], ["START", "CATCH/1", "EXCEPTION"], "engine soft: catch mmio, an exception nobody handles")
o = out("stepi\ninfo vmcs\ninfo apic\ninfo events\ninfo engine", "-e", "soft", hex="90 f4")
for part in ("4402  REASON           0x25", "681e  RIP              0x1001", "local APIC at 0xfee00000: on", "decoded: shadow none", "virtual time"):
    t.has(o, part, "engine soft: state shows %r" % part)
o = out("stepi\nstepi\ninfo io", hex="e4 99 90 f4")
t.ok(re.search(r"port 0x0099 +1 byte +reads 1, writes 0", o), "info io lists what nobody answers", o)

# --- traces ---------------------------------------------------------------------------------------------
path = tmp.name + "/t.jsonl"
o = on_demo("trace on %s\nstepi 5\nbreak on_bp\ncontinue\nstepi\ntrace\ntrace off\ntrace" % path)
t.ok("A trace to %s is on" % path in o and "No trace is on" in o, "trace says whether it is on", o)
records = [json.loads(l) for l in open(path)]
t.eq((records[0]["vmstep"], "total" in records[-1]), (1, True), "trace on FILE.jsonl: header and total")
t.eq([r["n"] for r in records if "n" in r], list(range(0, 8)), "every stop is recorded")
t.ok(any(r.get("gap") for r in records), "what continue ran through is a gap", [list(r)[:3] for r in records])
on_demo("trace on %s/t.txt\nstepi 2" % tmp.name)
t.ok(len(stops(open(tmp.name + "/t.txt").read())) == 3, "trace on FILE: stop lines, closed at the end")

# --- guest text and stop lines, ends ---------------------------------------------------------------------
PRINT = "b0 61 e6 e9 90 90 f4"  # 'a' to port e9 without a newline
o = out("stepi 2\nstepi\necho x\\n", hex=PRINT)
t.ok(all(re.match(r"#\d|a$|x$|2 stops", l) for l in o.splitlines()) and "a" in o.splitlines(), "the guest's text shares no line with ours", o)
t.eq(out("run", hex="b0 03 e6 f4 f4").splitlines()[-1], "The guest ended with status 7.", "the exit port")
rc, o, e = script("run", "--guest-status", hex="b0 03 e6 f4 f4")
t.eq(rc, 7, "--guest-status passes it on")
triple = os.path.join(O, "tests/guests/triple64.elf")
rc, o, e = vmstep("--batch", "-ex", "continue", triple)
t.ok(rc == 5 and stops(o)[-1][1] == "SHUTDOWN", "a guest that died: status 5", (rc, o))
rc, o, e = vmstep("--batch", "-ex", "continue", "-ex", "stepi", triple)
t.ok(rc == 5 and "cannot run on" in e, "and a step after that is refused", (rc, e))
rc, o, e = vmstep("--batch", "-ex", "continue", "-ex", "info registers rip", "-ex", "x/i $pc", triple)
t.ok(rc == 5 and not e, "its registers and memory can be read", (rc, e))

# vmstep trace
rc, o, e = vmstep("trace", "--hex", PRINT)
t.ok(rc == 0 and "\na" not in o and o.startswith("vmstep trace"), "vmstep trace: the guest's text goes nowhere", o)
rc, o, e = vmstep("trace", "-o", path, "--hex", PRINT)
t.eq((rc, o.strip(), e), (0, "a", ""), "with -o it is what standard output carries")
rc, o, e = vmstep("trace", "--json", "-n", "3", "--hex", PRINT)
t.eq([json.loads(l).get("n") for l in o.splitlines()][1:-1], [0, 1, 2, 3], "-n N makes N stops, START not counted")
t.eq((rc, json.loads(o.splitlines()[-1])["ended"]), (0, "LIMIT"), "and is status 0")
rc, o, e = vmstep("trace", triple)
t.eq(rc, 5, "vmstep trace of a guest that dies: status 5")
rc, o, e = vmstep("trace", "-o", "/nonexistent/x", "--hex", "90 f4")
t.ok(rc == 1 and "/nonexistent/x" in e, "a trace that cannot be created", (rc, e))
vmstep("trace", "-o", tmp.name + "/a", "--hex", "90 90 f4")
vmstep("trace", "-o", tmp.name + "/b", "--hex", "90 f1 90 f4")
t.eq(vmstep("diff", tmp.name + "/a", tmp.name + "/a")[0], 0, "diff of a trace with itself: status 0")
rc, o, e = vmstep("diff", tmp.name + "/a", tmp.name + "/b")
t.ok(rc == 1 and o, "diff of two: status 1 and where", (rc, o, e))

# interrupted batch
import signal, subprocess
for sig, status in ((signal.SIGINT, 130), (signal.SIGTERM, 143)):
    for args in (["--batch", "-ex", "continue"], ["trace", "-o", "/dev/null"]):
        p = subprocess.Popen([os.path.abspath(VMSTEP), *on_kvm([*args, "--hex", "b0 7e e6 e9 eb fe"])], stdin=subprocess.DEVNULL,
                             stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment())
        while p.stdout.read(1) not in (b"~", b""): # the guest's sign that it runs
            pass
        p.send_signal(sig)
        t.eq(p.wait(TIMEOUT), status, "%s ends vmstep %s: status" % (sig.name, args[0]))
t.done()
