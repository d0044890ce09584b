#!/usr/bin/env python3
# t_lesson.py - a lesson at a terminal of 80x24: predictions right and wrong, a prompt of one's own and back,
# leaving by q, Ctrl-C and Ctrl-D; a lesson from a file, and what is wrong with one.
import os, sys, tempfile, termios
sys.path.insert(0, os.path.dirname(__file__))
from term import *
from run import script, vmstep

t = Tap()
home = tempfile.TemporaryDirectory()


def lesson(*args):
    return Term([VMSTEP, "lesson", "-e", "soft", *args], home=home.name, rows=24, cols=80)


def cooked(s):
    m = termios.tcgetattr(s.fd)
    return bool(m[3] & termios.ECHO and m[3] & termios.ICANON and m[0] & termios.ICRNL)


def asked(s):
    """Up to the next question; full screens and commands are passed by Enter."""
    text = ""
    while True:
        got = s.expect(r"prediction, a (letter|number): $|\[Enter\] $|continue without paging--$|leaves, ! opens a prompt: $")
        if got is None:
            return text
        text += got
        if re.search(r"(letter|number): $|opens a prompt: $", got):
            return text
        s.send("\r")


# --- the whole, with a wrong and a right prediction -----------------------------------------------------
s = lesson("tf")
first = asked(s)
t.has(first, "One instruction, one stop", "the title")
t.has(first, "Engine soft: asked for", "the engine and why")
t.has(first, "Enter goes on, ! opens a prompt", "what the keys do")
t.ok(all(len(l) <= 80 for l in first.split("\n") if not re.match(r"#\d|Engine", l)), "words fit 80 columns", first)
s.send("z\r")
t.ok(s.expect("Give one of the letters"), "a letter that is none", s.text)
s.expect(r"letter: $")
s.send("a\r")
second = asked(s)
t.has(re.sub(r"\s+", " ", second), "You said a), which is not what happened. That would be fault-like", "a wrong prediction and why it is wrong")
t.has(second, "The answer: b) on the instruction behind it", "the right one")
t.has(second, "#1   TF      0x0000000000100005", "the real stop")
s.send("0\r")
last = asked(s)
t.has(last, "Right: 0", "a right number")
t.has(last, "Try next: ", "what to try next")
s.send("\r")
s.wait()
t.eq(s.status, 0, "the status at the end")

# --- a prompt of one's own ------------------------------------------------------------------------------
s = lesson("icebp")
asked(s)
s.send("!\r")
t.has(s.prompt() or "", "The guest is yours", "! opens a prompt")
t.has(s.command("stepi 4") or "", "#6", "the guest runs there")
s.command("break *0x1008")
s.command("set skip none")
s.send("quit\r")
t.ok(s.expect(r"a letter: $"), "quit there comes back to the question", s.text)
s.send("a\r")
text = asked(s)
t.has(text, "#3   ICEBP   0x0000000000001008", "the guest is where it was, its settings too")
t.lacks(text, "not as the lesson says", "and goes as the lesson says")
s.send("!\r")
s.prompt()
s.send("\x04")
t.ok(s.expect(r"a number: $"), "so does Ctrl-D", s.text)

# --- leaving --------------------------------------------------------------------------------------------
s.send("\x03")
s.wait()
t.eq(s.status, 0, "Ctrl-C leaves a question")
t.ok(cooked(s), "the terminal is as before")
s = lesson("icebp")
s.expect(r"\[Enter\] $")
s.send("q\r")
s.wait()
t.eq(s.status, 0, "q leaves a command")
s = lesson("icebp")
s.expect(r"\[Enter\] $")
s.send("\x04")
s.wait()
t.eq(s.status, 0, "Ctrl-D leaves")

# --- files ----------------------------------------------------------------------------------------------
HEAD = "lesson own\ntitle T\nguest long\ncode\n  start: 90 | nop\n  second: 90 | nop\n  f4 | hlt\n"
with tempfile.TemporaryDirectory() as d:
    path = os.path.join(d, "own.lesson")

    def play(body):
        open(path, "w").write(HEAD + body)
        return vmstep("lesson", "-e", "soft", "--batch", path)

    rc, out, err = play("do stepi\nexpect STEP at=second retired=1\ntry more\n")
    t.eq((rc, err), (0, ""), "a lesson of one's own")
    rc, out, err = play("do stepi\nexpect STEP at=start\ntry more\n")
    t.eq(rc, 1, "one whose expectation is wrong fails")
    t.has(out, "This run is not as the lesson says (soft, own:9): at is 0x100001, not start.", "and says where and how")
    rc, out, err = play("do stepi\nexpect soft: STEP at=second\nexpect STEP at=start\ntry more\n")
    t.eq(rc, 0, "an expectation for this engine stands instead of the one for all")
    rc, out, err = play("ask Q\nchoice at=start : X\nreply R\ndo stepi\nanswer A\n")
    t.has(out, "none of the answers holds", "a question without a right answer")
    rc, out, err = play("ask Q\nchoice at=second : X\nchoice STEP : Y\ndo stepi\nanswer A\n")
    t.has(out, "two of the answers hold", "one with two")
    rc, out, err = play("do print 1\nprints = 2\n")
    t.has(out, "does not print what the lesson says", "output that is otherwise")
    rc, out, err = play("do nosuch\n")
    t.has(out, 'there is no command "nosuch"', "a command that is none")
    rc, out, err = play("expect NOSUCH\n")
    t.eq((rc, out), (2, ""), "a file that is wrong is refused")
    t.has(err, "own.lesson:8: no stop has a cause \"NOSUCH\"", "in one sentence with its line")

# --- why not, in a session -------------------------------------------------------------------------------
rc, out, err = script("stepi\nwhy not tf\nwhy not BREAK/1\nwhy not mtf\nbreak *0x1003\nwhy not break/1", "-e", "soft")
t.has(out, "Nobody had TF on", "why not tf")
t.has(out, "You have no point of that kind", "why not BREAK/1 without a point")
t.has(out, "It did come: MTF", "why not mtf where it came")
t.has(out, "Point 1 is not at 0x1001", "a point elsewhere")
rc, out, err = script("stepi\nwhy not", "-e", "soft")
t.ok(rc == 0 and "Nobody had TF on" in out and "It did come" not in out, "why not: each cause that did not come", (rc, out, err))
for bad, part in (("why not nosuch", "no stop has that cause"), ("why so", "not understood"), ("why not TF/1", "no stop has that cause")):
    rc, out, err = script("stepi\n" + bad, "-e", "soft")
    t.ok(rc == 1 and part in err and err.count("\n") == 1, bad + ": one sentence", err, part)
rc, out, err = script("help icebp\nhelp skip\nhelp\napropos interruption type\ncomplete help shad\ncomplete why n", hex=None)
t.has(out, "icebp: INT1, opcode F1", "help icebp")
t.ok("the inner and the outer skip" in out and "Usage: skip" in out, "help skip is the topic and the command", out)
t.has(out, "help icebp -- INT1", "apropos finds topics")
t.has(out, "\nhelp shadow\n", "TAB completes topics")
t.ok(out.endswith("why not\n"), "and not", out[-200:])
for name in "icebp mtf tf shadow pending dr6 dr7 rf priority skip injection".split():
    rc, out, err = script("help " + name, hex=None)
    t.ok(rc == 0 and "See: " in out and len(out) > 400, "help " + name, out[:200])
t.done()
