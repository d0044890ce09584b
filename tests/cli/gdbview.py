"""gdbview.py - gdb's view of a program, for comparing with vmstep's. Not a test itself."""
import os, re, subprocess, tempfile

WALK = """
import gdb
def where():
    f = gdb.newest_frame()
    return "WALK %x %d" % (f.pc(), f.find_sal().line)
def walk(command, steps):
    gdb.execute("tbreak main", to_string=True)
    gdb.execute("run", to_string=True)
    print("WALK begin")
    print(where())
    for i in range(steps):
        gdb.execute(command, to_string=True)
        print(where())
        if gdb.newest_frame().name() == "_start":
            break
    gdb.execute("kill", to_string=True)
"""


def run(elf, text, timeout=60):
    """What gdb prints for a script in which every line may fail."""
    with tempfile.NamedTemporaryFile("w", suffix=".gdb") as f:
        f.write("set width 0\nset height 0\nset confirm off\nset breakpoint pending off\nset style enabled off\n" + text)
        f.flush()
        p = subprocess.run(["gdb", "-nx", "-q", "-batch", "-x", f.name, elf], capture_output=True, text=True,
                           stdin=subprocess.DEVNULL, timeout=timeout)
    return p.stdout, p.stderr


def walk(elf, command, steps):
    """[(pc, line)] of a native run from main by `command`; None and why where gdb cannot run it here."""
    out, err = run(elf, "python\n%swalk(%r, %d)\nend\n" % (WALK, command, steps))
    found = re.findall(r"^WALK ([0-9a-f]+) (\d+)$", out, re.M)
    if "WALK begin" not in out:
        return None, (err.strip() or out.strip() or "gdb printed nothing").splitlines()[-1]
    return [(int(pc, 16), int(line)) for pc, line in found], None


def answers(elf, questions):
    """{number: text} of questions about the file alone, each of one or more commands; an error's text is one like any other."""
    out, _ = run(elf, "python\nimport gdb\nfor i, q in enumerate(%r):\n  print('== %%d' %% i)\n  for c in q.split('\\n'):\n    try:\n"
                 "      print(gdb.execute(c, to_string=True), end='')\n    except gdb.error as e:\n      print(e)\n      break\nend\n" % (questions,))
    return parts(out)


def parts(text):
    """Text behind "== NUMBER" lines, by number."""
    found, number = {}, None
    for line in text.splitlines():
        if line.startswith("== "):
            number = int(line[3:])
            found[number] = ""
        elif number is not None:
            found[number] += line + "\n"
    return found
