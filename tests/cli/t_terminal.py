#!/usr/bin/env python3
# t_terminal.py - a session on a real terminal: editing, history, completion, Ctrl-C, Ctrl-Z, Ctrl-D, resize,
# pages, paste, keys for the guest, colour. Bounds of time are generous: a busy machine must not fail them.
import os, signal, sys, tempfile, termios, time
sys.path.insert(0, os.path.dirname(__file__))
from term import *
from run import demo, on_kvm, vmstep

t = Tap()
if kvm_missing():
    t.skip("everything on a terminal", kvm_missing())
    t.done()

ENDLESS = ["--hex", "eb fe"]
# Echo of COM1: wait for a byte, send it back, for ever.
ECHO = ["--hex", "ba fd 03 ec a8 01 74 fb ba f8 03 ec ee eb f1"]
home = tempfile.TemporaryDirectory()


def session(*args, **more):
    s = Term([VMSTEP, *on_kvm(args)], home=home.name, **more)
    first = s.prompt()
    t.ok(first is not None, "a prompt comes: " + " ".join(args), s.text)
    return s, first or ""


def cooked(s):
    m = termios.tcgetattr(s.fd)
    return bool(m[3] & termios.ECHO and m[3] & termios.ICANON and m[0] & termios.ICRNL)


# --- banner, Enter, completion, history ---------------------------------------------------------------
s, first = session(*ENDLESS)
t.has(first, "engine kvm: ", "the banner names the engine and its reason")
t.has(first, "#0   START", "the first stop is shown")
t.has(s.command("stepi"), "#1 ", "stepi")
t.has(s.command(""), "#2 ", "Enter repeats stepi")
t.has(s.command("stepi 3"), "#5 ", "stepi 3")
t.has(s.command(""), "#8 ", "Enter repeats the count")
t.lacks(s.command("print 1") + s.command(""), "$2", "Enter does not repeat print")
t.has(s.command("x/2i $pc"), "0x1002:", "x/2i")
t.has(s.command(""), "0x1004:", "Enter goes on behind what x showed")
s.send("info regi\t")
t.ok(s.expect("registers "), "TAB completes a subcommand", s.text)
t.has(s.command("rip"), "0x1000", "and the line runs")
s.send("p $cr\t\t")
t.ok(s.expect(r"cr0\s+\$cr2"), "TAB TAB lists the registers", s.text)
t.has(s.command("0"), "$", "which can be completed by hand")
s.send("set icebp sw\t")
t.ok(s.expect("swallow"), "TAB completes a setting's value", s.text)
s.command("")
t.has(s.command("show icebp"), "icebp is swallow", "which was set")
s.command("echo marker\\n")
s.send("\x1b[A")
t.ok(s.expect("echo marker"), "the last line comes back on arrow up", s.text)
t.has(s.command(""), "marker", "and runs again")
s.send("\x12regi")
t.ok(s.expect("info registers rip"), "Ctrl-R finds an older line", s.text)
s.send("\x03")
s.prompt()
s.send("\x1b[200~echo one\\n\necho two\\n\necho three\\n\x1b[201~")
got = s.command("") or ""
while "three" not in got and s.read(1):
    got += s.text
t.ok(all(w in got for w in ("one", "two", "three")), "a paste of several lines runs them all", got)
s.read(0.5)

# --- Ctrl-C at the prompt and in a run -------------------------------------------------------------------
s.mark = len(s.raw)
s.send("echo not run\\n")
s.expect("not run")
s.send("\x03")
t.lacks(s.prompt() or "", "not run\nnot", "Ctrl-C at the prompt clears the line")
s.send("continue\r")
time.sleep(0.5)
before = time.monotonic()
s.send("\x03")
got = s.prompt()
took = time.monotonic() - before
t.has(got or "", "INTERRUPT", "Ctrl-C stops a running guest")
t.ok(took < 5, "and soon (usually under 0.05 s)", took, "less than 5 s")
t.ok((got or "").count("(vmstep)") == 1, "one prompt follows", got)
t.has(s.command("stepi"), "TF ", "the session lives on")
s.send("while 1\r")
s.send("stepi\r")
s.send("end\r")
time.sleep(0.3)
s.send("\x03")
t.ok(s.prompt(), "Ctrl-C ends a loop of steps", s.text)
s.send("stepi 100000000\r")
t.ok(s.expect("of 100000000 stops", 30), "a long count shows its progress", s.text)
s.send("\x03")
got = s.prompt()
t.ok(got and "INTERRUPT" in got and b"\r\x1b[K" in s.raw, "which is erased when it ends", got)
s.send("if 1\r")
s.expect(">")
s.send("\x03")
t.ok(s.prompt(), "Ctrl-C leaves a block half typed", s.text)

# --- resize, pages ----------------------------------------------------------------------------------------
s.resize(10, 80)
s.send("info all-registers\r")
t.ok(s.expect("--Type <RET>"), "long output stops at the screen's new size", s.text)
s.send("\r")
t.ok(s.expect("--Type <RET>"), "RET shows the next page", s.text)
s.send("q")
got = s.prompt()
t.ok(got is not None and "xmm15" not in got, "q ends it", got)
s.send("info all-registers\r")
s.expect("--Type <RET>")
s.send("c")
t.has(s.prompt() or "", "xmm15", "c shows the rest")
s.send("info all-registers\r")
s.expect("--Type <RET>")
s.send("\x03")
t.ok(s.prompt() is not None, "Ctrl-C ends it too", s.text)
s.command("set pagination off")
t.has(s.command("info all-registers") or "", "xmm15", "set pagination off")

# --- the end ------------------------------------------------------------------------------------------------
s.send("\x04")
t.ok(s.expect(r"y or n\) "), "Ctrl-D asks while the guest is running", s.text)
s.send("n\r")
t.ok(s.prompt(), "n stays", s.text)
s.command("set confirm off")
s.send("\x04")
t.eq(s.wait(), 0, "Ctrl-D leaves with status 0")
t.ok(cooked(s), "the terminal is as it was")
s.close()

s, _ = session("-q", *ENDLESS)
s.send("\x1b[A")
t.ok(s.expect("set confirm off"), "history is kept for the next session", s.text)
s.send("\x03")
s.prompt()
s.send("quit\r")
t.eq(s.wait(), 0, "quit before the first step asks nothing")
s.close()
mode = os.stat(home.name + "/state/vmstep/history").st_mode & 0o777
t.eq(mode, 0o600, "the history file is the user's alone")

# --- keys for the guest -------------------------------------------------------------------------------------
s, _ = session("-q", *ECHO)
s.send("continue\r")
time.sleep(0.5)
s.send("hello")
t.ok(s.expect("hello$"), "keys go to the guest's serial port while it runs", s.text)
s.send("\x03")
got = s.prompt() or ""
t.ok(re.search(r"^#\d+ +INTERRUPT", got, re.M), "the stop line starts a line of its own", got)
t.has(s.command("print 6*7"), "42", "and the prompt gets the keys again")

# --- signals ------------------------------------------------------------------------------------------------
s.send("continue\r")
time.sleep(0.3)
os.kill(s.pid, signal.SIGTERM)
t.eq(s.wait(), 143, "SIGTERM while the guest runs: status 143")
t.ok(cooked(s), "and the terminal is as it was")
s.close()
s, _ = session("-q", *ENDLESS)
os.kill(s.pid, signal.SIGTERM)
t.eq(s.wait(), 143, "SIGTERM at the prompt: status 143")
t.ok(cooked(s), "and the terminal is as it was, too")
s.close()
s, _ = session("-q", *ENDLESS)
s.send("continue\r")
time.sleep(0.3)
os.kill(s.pid, signal.SIGSEGV)
got = s.wait()
if got == 125:
    t.ok(cooked(s), "after a crash in a run the terminal is as it was")
    t.has(s.text, "internal fault", "and one sentence says so")
else:
    t.skip("after a crash in a run the terminal is as it was", "a sanitizer takes SIGSEGV itself")
s.close()

s, _ = session("-q", *ECHO)
s.command("set confirm off")
s.command("start")
s.send("continue\r")
time.sleep(0.3)
s.send("again")
t.ok(s.expect("again$"), "a guest started anew gets the keys, too", s.text)
s.send("\x1c")
t.eq(s.wait(), 128 + signal.SIGQUIT, "Ctrl-\\ ends vmstep as it ends others")
t.ok(cooked(s), "with the terminal as it was")
s.close()

# --- job control, under a shell ------------------------------------------------------------------------------
s = Term(["bash", "--norc", "--noprofile", "-i"], home=home.name, env={"PS1": "shell$ ", "PROMPT_COMMAND": ""})
s.send("PS1='shell''$ '\r")
s.expect(r"shell\$ $")
s.send("%s -e kvm -q -nx --hex 'eb fe'\r" % VMSTEP)
t.ok(s.prompt(), "a session under a shell", s.text)
s.send("print 4")
s.expect("print 4")
s.send("\x1a")
t.ok(s.expect(r"Stopped[^$]*shell\$ $"), "Ctrl-Z at the prompt stops vmstep", s.text)
s.send("fg\r")
t.ok(s.expect(r"print 4"), "fg brings the line back", s.text)
t.has(s.command("2") or "", "= 42", "and it goes on where it was")
s.send("continue\r")
time.sleep(0.5)
s.send("\x1a")
t.ok(s.expect(r"Stopped[^$]*shell\$ $"), "Ctrl-Z stops a running guest with vmstep", s.text)
s.send("fg\r")
s.expect("vmstep")
time.sleep(0.5)
s.send("\x03")
t.has(s.prompt() or "", "INTERRUPT", "fg lets it run on, Ctrl-C stops it")
s.command("set confirm off")
s.send("quit\r")
t.ok(s.expect(r"shell\$ $"), "and quit returns to the shell", s.text)
s.close()

# --- colour, pipes ------------------------------------------------------------------------------------------
for name, env, args, wanted in (
        ("a terminal", {}, [], True), ("NO_COLOR", {"NO_COLOR": "1"}, [], False), ("TERM=dumb", {"TERM": "dumb"}, [], False),
        ("--color never", {}, ["--color", "never"], False), ("--color always with NO_COLOR", {"NO_COLOR": "1"}, ["--color", "always"], True)):
    s = Term([VMSTEP, "-e", "kvm", "--batch", *args, "-ex", "stepi", *ENDLESS], home=home.name, env=env)
    t.eq(s.wait(), 0, "colour, %s: ends" % name)
    t.eq(b"\x1b[" in s.raw, wanted, "colour, %s" % name)
    s.close()
rc, out, err = vmstep("--batch", "-ex", "stepi", *ENDLESS)
t.ok(rc == 0 and "\x1b" not in out and "(vmstep)" not in out and out.count("\n") == 2, "a pipe: no colour, no prompt, two lines", out)
rc, out, err = vmstep(*ENDLESS, stdin="stepi\nprint 1\n")
t.ok(rc == 0 and "(vmstep)" not in out and "stepi" not in out and "$1 = 1" in out, "commands from a pipe: no prompt, no echo", out)
s = Term(["bash", "-c", "%s -e kvm -q -nx --hex 'eb fe' | cat" % VMSTEP], home=home.name)
t.ok(s.prompt(), "a terminal in, a pipe out: the prompt is on the terminal", s.text)
s.send("print 6*7\r")
t.ok(s.expect("= 42"), "and the output comes through the pipe", s.text)
s.send("quit\r")
t.eq(s.wait(), 0, "quit there")
s.close()
s = Term([VMSTEP, "-e", "kvm", "-q", "-nx", demo()], home=home.name)
s.prompt()
s.send("break mai\t")
t.ok(s.expect("main"), "TAB completes symbols", s.text)
s.command("")
s.send("source /dev/nul\t")
t.ok(s.expect("/dev/null"), "TAB completes file names", s.text)
s.command("")
s.send("delete \t\t")
t.ok(s.expect(r"1 +checkpoint +display"), "TAB completes the numbers of points", s.text)
s.close()
t.done()
