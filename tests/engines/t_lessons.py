#!/usr/bin/env python3
"""t_lessons.py - every lesson on engine soft and on engine kvm, each answer shown.

A lesson holds what it says against the stops itself and fails where one is otherwise; here is only that
it got to its end with every question judged, and that the set is whole.
"""
import glob
import os
import re
import subprocess

O = os.environ.get("O", "build")
VMSTEP = os.path.abspath(os.path.join(O, "vmstep"))
WANTED = """tf popf movss sti icebp skips skip-none skip-outer skip-dr6-empty mtf mtf-tf mtf-event rf watch gd
            priority""".split()


def tap(name, wrong):
    print("ok - " + name if wrong is None else "not ok - %s: %s" % (name, wrong))


def run(*args):
    r = subprocess.run([VMSTEP, "lesson", *args], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
    return r.returncode, r.stdout, r.stderr


def items(path, flavours):
    """Items of a lesson that count for one of the flavours: [(keyword, text)]."""
    found = []
    for line in open(path, encoding="utf-8"):
        m = re.match(r"(\w+) (.*)", line)
        if not m:
            continue
        only = re.match(r"((?:soft|mtf|kvm|pvm|vmx)(?:,(?:soft|mtf|kvm|pvm|vmx))*): ", m[2])
        names = set(only[1].replace("vmx", "soft,mtf").split(",")) if only else {"soft", "mtf", "kvm", "pvm"}
        if names & set(flavours):
            found.append((m[1], m[2]))
    return found


def play(name, path, engine, flavour):
    rc, out, err = run("-e", engine, "--batch", name)
    title = "%s: lesson %s" % (engine, name)
    other = [l for l in out.splitlines() if "not as the lesson says" in l]
    tap(title, None if rc == 0 and not err and not other else "got status %d, %s%s, wanted 0 and nothing" % (rc, other[:1], err[:200]))
    needs_mtf = any(k == "needs" for k, _ in items(path, [flavour]))
    asked = sum(k == "ask" for k, _ in items(path, ["soft" if needs_mtf else flavour]))
    told = len(re.findall(r"^The answer:", out, re.M))
    tap(title + ": every question gets its answer", None if asked == told else "got %d of %d" % (told, asked))
    tap(title + ": ends with what to try next", None if "\nTry next: " in out else "got no such line, wanted one")
    if needs_mtf and engine == "kvm":
        tap(title + ": says that it runs elsewhere", None if "it runs on engine" in out else "got nothing of it")


def flavour_of_kvm():
    out = subprocess.run([VMSTEP, "engines"], capture_output=True, text=True, timeout=20).stdout
    return "pvm" if "software" in out else "kvm"


def main():
    rc, out, err = run()
    names = [l.split()[0] for l in out.split("\n\n")[0].splitlines()]
    paths = sorted(glob.glob("src/teach/lessons/*.lesson"))
    whole = set(WANTED) <= set(names) and len(names) == len(paths)
    tap("the list", None if rc == 0 and whole else "got %d, %s, wanted %s and %d in all" % (rc, names, WANTED, len(paths)))
    by_name = {re.search(r"^lesson (\S+)", open(p).read(), re.M)[1]: p for p in paths}
    kvm = os.access("/dev/kvm", os.R_OK | os.W_OK)
    if not kvm:
        print("ok - lessons on engine kvm # SKIP no access to /dev/kvm")
    for name in names:
        path = by_name[name]
        kinds = [k for k, _ in items(path, ["soft"])]
        tap("lesson %s asks and steps" % name, None if "ask" in kinds and "do" in kinds and "expect" in kinds + ["choice"]
            else "got %s" % kinds)
        play(name, path, "soft", "soft")
        if kvm:
            play(name, path, "kvm", flavour_of_kvm())
    rc, out, err = run("--batch", names[0])
    tap("without -e the engine and why it was chosen", None if rc == 0 and re.search(r"^Engine (soft|kvm|mtf): auto", out, re.M)
        else "got %d, %r" % (rc, out[:200]))
    rc, out, err = run("nosuch")
    tap("a lesson that is none", None if (rc, out) == (2, "") and err == "vmstep: there is no lesson \"nosuch\", vmstep lesson lists them\n"
        else "got %d, %r, %r" % (rc, out, err))


main()
