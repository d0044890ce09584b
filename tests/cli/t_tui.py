#!/usr/bin/env python3
"""t_tui.py - the full-screen view on a real terminal (tmux): what its panes show at 80x24 and other sizes, and that
the terminal is as before however it ends.
"""
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time

from run import demo
from term import O, TIMEOUT, VMSTEP, Tap

t = Tap()
FLOW = os.path.join(O, "tests/guests/c/flow-gcc-O0-m64-dw5.elf")


class Screen:
    """vmstep under a shell in a tmux window of its own."""

    def __init__(self, args, cols=80, rows=24):
        self.home = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        self.socket = os.path.join(self.home.name, "tmux")
        env = dict(os.environ, HOME=self.home.name, XDG_STATE_HOME=self.home.name, XDG_CONFIG_HOME=self.home.name, LC_ALL="C.UTF-8")
        env.pop("TMUX", None)
        subprocess.run(["tmux", "-f", "/dev/null", "-S", self.socket, "new-session", "-d", "-x", str(cols), "-y", str(rows),
                        "exec bash --norc --noprofile"], env=env, check=True, stdin=subprocess.DEVNULL)
        self.type("PS1='shell''> '; clear")
        self.see(r"^shell>")
        self.before = self.modes()
        self.type("%s -q -nx -e soft %s" % (os.path.abspath(VMSTEP), args))
        self.see(r"^\(vmstep\) ?$")

    def tmux(self, *args):
        return subprocess.run(["tmux", "-S", self.socket, *args], capture_output=True, text=True, stdin=subprocess.DEVNULL).stdout

    def keys(self, *keys):
        self.tmux("send-keys", *keys)

    def type(self, text):
        self.tmux("send-keys", "-l", text)
        self.keys("Enter")

    def screen(self):
        return self.tmux("capture-pane", "-p")

    def see(self, pattern):
        """Waits until the screen shows the pattern; the screen then, or None."""
        end = time.monotonic() + TIMEOUT
        while time.monotonic() < end:
            s = self.screen()
            if re.search(pattern, s + " ", re.M):
                return s
            time.sleep(0.05)
        return None

    def shows(self, pattern, name):
        t.ok(self.see(pattern) is not None, name, self.screen(), pattern)

    def lacks(self, pattern, name):
        """Waits until the screen shows it no more."""
        end = time.monotonic() + TIMEOUT
        while re.search(pattern, self.screen(), re.M) and time.monotonic() < end:
            time.sleep(0.05)
        t.ok(not re.search(pattern, self.screen(), re.M), name, self.screen(), "no " + pattern)

    def modes(self):
        self.type("clear; stty -g >%s/modes; echo wrote" % self.home.name)
        self.see(r"^wrote")
        return open(self.home.name + "/modes", encoding="utf-8").read()

    def pid(self):
        shell = self.tmux("display-message", "-p", "#{pane_pid}").strip()
        out = subprocess.run(["pgrep", "-P", shell], capture_output=True, text=True).stdout.split()
        return int(out[0])

    def ended(self, name):
        self.shows(r"^shell> ", name + ": the shell is back")
        t.eq(self.tmux("display-message", "-p", "#{alternate_on} #{cursor_flag}").strip(), "0 1", name + ": its screen and cursor, too")
        t.eq(self.modes(), self.before, name + ": and the terminal's modes")

    def close(self):
        self.tmux("kill-server")
        self.home.cleanup()


if not shutil.which("tmux"):
    t.skip("the full-screen view", "no tmux here: make deps")
    t.done()
    raise SystemExit

# --- 80x24 -----------------------------------------------------------------------------------------------
s = Screen(demo())
s.type("tui enable")
s.shows(r"^ asm 0x401000 <main> +│ regs long CPL 0 \[ \]", "80x24: code and registers, with titles")
s.shows(r"^ >401000 <main>  call", "the instruction that is next")
s.shows(r"^ due here, in order of priority +│ stops, engine soft", "what is due, and the stops")
s.shows(r"^IRQ +IF off \| held: IF", "with the mask that holds back")
s.type("stepi 29")
s.shows(r"│#29 +ICEBP +401007 <main\+0x7>", "the history has the stop")
s.shows(r"^next +vector 1 waits", "what waits is shown")
s.type("break *0x401008")
s.shows(r"^b 401008", "a breakpoint's mark")
s.type("stepi")
s.shows(r"rsp 0000000003ff8fc8\*", "a register that changed has a star")
s.lacks(r"r15 0+\*", "one that did not has none")
s.type("p 6*7")
s.shows(r"^\$1 = 42$", "commands are answered")
s.type("info all-registers")
s.shows(r"^--Type <RET> for more", "long output stops at the pane's size")
s.keys("q")
s.lacks(r"--Type", "q ends it and the question goes")
s.keys("Up")
s.shows(r"^\(vmstep\) info all-registers", "the last line comes back")
s.keys("C-u")
s.keys("info regi", "Tab")
s.shows(r"^\(vmstep\) info registers", "TAB completes")
s.keys("C-u")
s.keys("-l", "p 'ä€' + 12345678901234567890123456789012345678901234567890123456789012345678901234567890")
s.shows(r"^\(vmstep\) p 'ä€' \+ 1234567.*\n[0-9]+$", "a long line takes two rows")
s.keys("C-u")
s.type("if 1")
s.shows(r"^>$|^> $", "a block asks for its lines")
s.type("echo inside\\n")
s.type("end")
s.shows(r"^inside$", "and runs")
s.type("shell echo from the shell")
s.shows(r"^from the shell\nPress a key", "a shell command has the whole terminal")
s.keys("x")
s.shows(r"^ asm ", "until a key brings the view back")

# --- sizes -----------------------------------------------------------------------------------------------
s.tmux("resize-window", "-x", "120", "-y", "40")
s.shows(r"(?s)^ asm.*\n.*r15 0{16}.*\n *\(vmstep\)|r8 .*", "120x40")
s.shows(r"^code bp .*\n.*next ", "has room for every row of what is due")
s.tmux("resize-window", "-x", "40", "-y", "10")
s.lacks(r"regs|stops, engine", "40x10: code and commands")
s.tmux("resize-window", "-x", "12", "-y", "3")
s.shows(r"too small", "12x3: too small, and it says so")
s.tmux("resize-window", "-x", "80", "-y", "24")
s.shows(r"│ stops, engine soft", "80x24 again")
s.type("winheight cmd 12")
s.type("echo a\\nb\\nc\\nd\\ne\\nf\\ng\\nh\\ni\\n")
s.shows(r"^a\nb\nc\nd\ne\nf\ng\nh\ni\n", "a command pane of twelve rows")
s.type("layout regs")
s.lacks(r"regs long", "layout regs hides the registers")
s.keys("C-x", "a")
s.lacks(r"stops, engine", "Ctrl-X a turns the view off")
s.type("p 1+1")
s.shows(r"^\$\d+ = 2$", "the plain prompt works")
s.keys("C-x", "a")
s.shows(r"^ asm ", "and on again")
s.keys("PageUp")
s.shows(r"commands \(scrolled\)", "Page Up goes back in the text")
s.keys("PageDown", "PageDown")
s.lacks(r"scrolled", "Page Down comes forward")
s.type("focus code")
s.type("layout bogus")
s.shows(r"none of: asm, src, split, regs, next", "a layout that is none: one sentence")
s.keys("C-z")
s.ended("Ctrl-Z")
s.type("fg")
s.shows(r"^ asm ", "fg brings the view back")
s.type("set confirm off")
s.type("quit")
s.ended("quit")
s.close()

# --- source ----------------------------------------------------------------------------------------------
s = Screen(FLOW)
s.type("tbreak main")
s.type("continue")
s.type("layout src")
s.shows(r"^ src \S*flow.c:\d+ ", "layout src shows the source")
s.shows(r"^> +\d+ .*int result = 0;", "at the line that is next")
s.type("next")
s.shows(r"^> +\d+ .*result \+= add\(2, 3\)", "which moves with next")
s.type("layout asm")
s.shows(r"^ >4[0-9a-f]+ <main\+", "layout asm: the instructions")
s.type("layout split")
s.shows(r"(?s)^ src \S*flow.c:\d+ .*^> +\d+ .*result \+= add\(2, 3\).*^ asm 0x4[0-9a-f]+ .*^ >4[0-9a-f]+ <main\+", "layout split: source over instructions")
s.type("stepi")
s.shows(r"(?s)^> +\d+ .*result \+= add\(2, 3\).*^ >4[0-9a-f]+ <main\+", "both move with stepi")
s.keys("C-x", "1")
s.lacks(r"^ asm 0x", "Ctrl-X 1: one of them")
s.keys("C-x", "2")
s.shows(r"(?s)^ src .*^ asm 0x4", "Ctrl-X 2: both again")
s.type("focus asm")
s.keys("PageDown")
s.lacks(r"^ >4[0-9a-f]+ <main\+", "focus asm: Page Down moves the instructions")
s.shows(r"^> +\d+ .*result \+= add\(2, 3\)", "and not the source")
s.keys("PageUp")
s.shows(r"^ >4[0-9a-f]+ <main\+", "Page Up brings them back")
s.tmux("resize-window", "-x", "80", "-y", "10")
s.lacks(r"^ asm 0x", "80x10: no room for the instructions")
s.tmux("resize-window", "-x", "80", "-y", "24")
s.shows(r"(?s)^ src .*^ asm 0x4", "80x24: both again")
s.keys("C-x", "a")
s.lacks(r"stops, engine", "Ctrl-X a turns both off")
s.keys("-l", "p 40")
s.keys("C-x", "2")
s.shows(r"(?s)^ src .*^ asm 0x4.*^\(vmstep\) p 40", "Ctrl-X 2 turns the view on, and the line typed stays")
s.keys("Enter")
s.shows(r"^\$\d+ = 40$", "and can be entered")
s.keys("C-d")
s.shows(r"y or n\)", "Ctrl-D asks")
s.keys("y", "Enter")
s.ended("Ctrl-D")
s.close()

# --- a guest that writes and does not end: mov al,'X'; out e9,al; jmp back; then other ends ------------------
for end, name in ((signal.SIGTERM, "SIGTERM while the guest runs"), (signal.SIGSEGV, "a crash")):
    s = Screen("--mode long --hex 'b0 58 e6 e9 b0 0a e6 e9 f4 eb f5'")
    s.type("tui enable")
    s.see(r"^ asm ")
    s.type("continue")
    s.shows(r"^X$", "the guest's text stands in the command pane")
    s.type("set var $rip = 0x100009")
    s.type("print 5")
    s.see(r"= 5$")
    os.kill(s.pid(), end)
    s.ended(name)
    s.close()
s = Screen("--mode long --hex 'b0 58 e6 e9 eb fe'")
s.type("tui enable")
s.see(r"^ asm ")
s.type("continue")
s.shows(r"^X$", "while the guest runs its text is shown")
s.keys("C-c")
s.shows(r"│#\d+ +INTERRUPT", "Ctrl-C stops it")
s.keys("C-\\")
s.ended("Ctrl-\\")
s.close()

# --- where it cannot be ----------------------------------------------------------------------------------
p = subprocess.run([os.path.abspath(VMSTEP), "-q", "-nx", "-e", "soft", "-ex", "tui enable", "-ex", "layout src", "--batch", "--hex", "90"],
                   capture_output=True, text=True, stdin=subprocess.DEVNULL)
t.ok(p.returncode == 1 and "it needs a terminal" in p.stderr, "without a terminal: one sentence", (p.returncode, p.stderr))
t.done()
