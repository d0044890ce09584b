#!/usr/bin/env python3
# t_script.py - scripts: control flow, defined commands, start-up files, where errors are and what they cost.
import os, sys, tempfile
sys.path.insert(0, os.path.dirname(__file__))
from run import *
from term import Tap

t = Tap()
tmp = tempfile.TemporaryDirectory()


def lines(commands, **more):
    rc, out, err = script(commands, hex=None, **more)
    return out.splitlines() if (rc, err) == (0, "") else ["status %d: %s" % (rc, err)]


def file(name, text):
    path = os.path.join(tmp.name, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as f:
        f.write(text)
    return path


t.eq(lines('echo a\\tb\\n\noutput 6*7\necho \\n\nprintf "%d %5x|%-4d|%c %%\\n", 1, 255, 7, 65'), ["a\tb", "42", "1    ff|7   |A %"],
     "echo, output, printf")
t.eq(lines("if 1\necho yes\\n\nelse\necho no\\n\nend"), ["yes"], "if true")
t.eq(lines("if 0\necho yes\\n\nelse\necho no\\n\nend"), ["no"], "if false")
t.eq(lines("if 0\necho yes\\n\nend"), [], "if false without else")
t.eq(lines("if 1\nif 0\necho a\\n\nelse\necho b\\n\nend\nelse\necho c\\n\nend"), ["b"], "if in if")
t.eq(lines("set $i = 0\nwhile $i < 3\noutput $i\nset $i = $i + 1\nend\necho \\n"), ["012"], "while")
t.eq(lines("set $i = 0\nwhile 1\nset $i = $i + 1\nif $i == 2\nloop_continue\nend\nif $i == 4\nloop_break\nend\noutput $i\nend\necho \\n"),
     ["13"], "loop_break and loop_continue")
t.eq(lines("define add\noutput $arg0 + $arg1\necho  $argc\\n\nend\nadd 3 4"), ["72"], "define with arguments")
t.eq(lines("define a\necho a\\n\nend\ndefine b\na\na\nend\nb"), ["a", "a"], "a defined command calls another")
t.eq(lines("define c1\nif $arg0\necho yes\\n\nelse\necho no\\n\nend\nend\nc1 1\nc1 0"), ["yes", "no"], "if in define")
t.eq(lines("define d\nend\ndocument d\nfirst if\nwhile we\nend\nhelp d"), ["first if", "while we"], "document takes text, not blocks")
t.eq(lines("# nothing\n\n   echo x\\n   "), ["x"], "comments, blanks")
t.eq(lines("echo one\\\n two\\n"), ["one two"], "a backslash joins lines")
t.eq(lines("p 5\np $ + 1\np $$\np $1 * 2"), ["$1 = 5", "$2 = 6", "$3 = 5", "$4 = 10"], "value history")
t.eq(lines("shell exit 3\noutput $_shell_exitcode\necho \\n\n!echo hi"), ["3", "hi"], "shell, !")
t.eq(lines("source " + file("s.gdb", "echo in\\n\n")), ["in"], "source")
t.eq(lines("set prompt x\nshow prompt\nset conf off\nshow confirm\nset his no\nshow history"),
     ['prompt is "x ".', "confirm is off.", "history is off."], "settings, abbreviated")


def failing(commands, place, part, status=1, **more):
    rc, out, err = script(commands, **dict(dict(hex=None), **more))
    name = commands.replace("\n", "; ")[:60]
    t.eq(rc, status, name + ": status")
    t.ok(err.startswith(place) and part in err and err.count("\n") == 1, name + ": one sentence with its place", err, place + "..." + part)
    t.lacks(out, "never", name + ": nothing behind it runs")


failing("echo x\\n\nnosuch\necho never\\n", "stdin:2: ", 'no command "nosuch"')
failing("info", "stdin:1: ", "info")
failing("info nosuch", "stdin:1: ", "info nosuch")
failing("catch", "stdin:1: ", "catch")
failing("print 1 +", "stdin:1: ", "column")
failing("print/q 1", "stdin:1: ", "format letter")
failing("x/99999999999b 0", "stdin:1: ", "there is no guest")
failing("stepi", "stdin:1: ", "there is no guest")
failing("info registers", "stdin:1: info registers: ", "there is no guest")
failing("if 1\necho a\\n", "stdin:", "end is missing")
failing("define x\necho a\\n", "stdin:", "end is missing")
failing("end\necho never\\n", "stdin:1: ", "none is open")
failing("if nosuch\necho never\\n\nend", "stdin:", "nosuch")
failing("echo a\\n\nif 1\nnosuch\nend\necho never\\n", "stdin:3: ", "nosuch")
failing("define f\necho a\\n\nnosuch\necho never\\n\nend\nf", "stdin:6: define f:2: ", "nosuch")
failing("define f\nf\nend\nf", "stdin:", "nested more than")
failing("define 1:2", "stdin:1: ", "no name")
failing("document nosuch\nx\nend", "stdin:", "define it first")
failing("source " + file("bad.gdb", "echo fine\\n\n\nnosuch\necho never\\n\n"), "stdin:1: %s/bad.gdb:3: " % tmp.name, "nosuch")
failing("source /nonexistent", "stdin:1: ", "/nonexistent")
failing("loop_break", "stdin:1: ", "while")
failing("set", "stdin:1: ", "setting")
failing("set icebp", "stdin:1: ", "auto deliver swallow")
failing("set icebp maybe", "stdin:1: ", "none of: auto deliver swallow")
failing("set nosuch 1", "stdin:1: ", "no setting")
failing("show nosuch", "stdin:1: ", "no setting")
failing("set engine nosuch", "stdin:1: ", "no engine")
failing("set engine", "stdin:1: ", "needs a name")
failing("set engine kvm\nset mtf on", "stdin:2: ", "no such switch")
failing("printf \"%q\\n\", 1", "stdin:1: ", "conversion")
failing("printf \"%d\\n\"", "stdin:1: ", "missing")
failing("printf \"x\\n\", 5", "stdin:1: ", "no conversion")
failing("printf x", "stdin:1: ", "format in quotes")
failing("undisplay 5", "stdin:1: ", "no display 5")
failing("delete 5", "stdin:1: ", "5")
failing("delete x", "stdin:1: ", "no number")
failing("condition", "stdin:1: ", "number of a point")
failing("condition 7 1", "stdin:1: ", "no point 7")
failing("trace on", "stdin:1: ", "needs a file")
failing("trace off", "stdin:1: ", "no trace is on")
failing("trace on /nonexistent/x", "stdin:1: ", "/nonexistent/x")
failing("file /nonexistent/x", "stdin:1: ", "/nonexistent/x")
failing("symbol-file /nonexistent/x", "stdin:1: ", "/nonexistent/x")
failing("symbol-file /dev/null", "stdin:1: ", "/dev/null")
failing("start", "stdin:1: ", "")
failing("quit 999", "stdin:1: ", "0 to 255")
failing("find 0, +4", "stdin:1: ", "there is no guest")
failing("why", "stdin:1: ", "no stop yet")
failing("info stop", "stdin:1: ", "no stop yet")
failing("\x01\x02", "stdin:1: ", "command")
failing("x" * 5000, "stdin:1: ", "command")

# -x and -ex
rc, out, err = vmstep("--batch", "-ex", "echo 1\\n", "-x", file("a.gdb", "echo 2\\n\n"), "-ex", "echo 3\\n")
t.eq((rc, out, err), (0, "1\n2\n3\n", ""), "-ex and -x run in their order")
rc, out, err = vmstep("--batch", "-ex", "echo 1\\n", "-ex", "nosuch", "-ex", "echo never\\n")
t.eq((rc, out), (1, "1\n"), "a failing -ex ends the batch")
t.ok(err.startswith('-ex "nosuch": ') and err.count("\n") == 1, "and is named", err)
rc, out, err = vmstep("--batch", "-x", tmp.name + "/bad.gdb")
t.ok(rc == 1 and err.startswith(tmp.name + "/bad.gdb:3: "), "a failing -x names file and line", err)
rc, out, err = vmstep("--batch", "-x", "/nonexistent.gdb")
t.ok(rc == 1 and "/nonexistent.gdb" in err, "a missing -x file", err)
rc, out, err = vmstep("--batch", "-ex", "quit 7")
t.eq(rc, 7, "quit STATUS")
rc, out, err = vmstep("--batch", "-ex", "echo a\\n", stdin="echo never\\n")
t.eq(out, "a\n", "--batch reads no standard input")
rc, out, err = vmstep(stdin="echo no newline at the end\\n")
t.eq(out, "no newline at the end\n", "a last line without its newline")
rc, out, err = vmstep(stdin="echo dos\\n\r\n")
t.eq(out, "dos\n", "lines that end in CR LF")

# start-up files
config = {"XDG_CONFIG_HOME": tmp.name + "/config"}
file("config/vmstep/.vmstepinit", "echo mine\\n\n")
file("work/.vmstepinit", "echo local\\n\n")
work = tmp.name + "/work"
t.eq(vmstep("--batch", env=config)[1], "mine\n", ".vmstepinit of the user is read")
t.eq(vmstep("--batch", "-nx", env=config)[1], "", "-nx reads none")
t.eq(vmstep("--batch", env=config, cwd=work)[1], "mine\n", "that of the working directory is not")
t.has(vmstep(env=config, cwd=work)[1], "Not read: .vmstepinit", "which a session says")
file("config/vmstep/.vmstepinit", "set auto-load-local on\n")
t.eq(vmstep("--batch", env=config, cwd=work)[1], "local\n", "unless the user's own allows it")
file("config/vmstep/.vmstepinit", "nosuch\n")
rc, out, err = vmstep("--batch", "-ex", "echo never\\n", env=config)
t.ok(rc == 1 and ".vmstepinit:1: " in err and out == "", "an error in it ends a batch", (rc, out, err))
t.done()
