#!/usr/bin/env python3
"""t_lessons.py - every lesson on engine soft and on engine kvm, each answer shown.

A lesson holds what it says against the stops itself and fails where one is otherwise. Here: that it got to its end with
every question judged, that the set is whole, and that what it expects is what the corpus expects, which was written from
the manuals: each lesson names the cases of the same event (# corpus: NAMES), whose stops have each of its facts.
"""
import glob
import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "guests"))
sys.dont_write_bytecode = True
import corpus as corpora  # noqa: E402

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


# A condition of a lesson, and the word of a case's stop that says the same.
FACTS = {"retired": "retired", "shadow": "shadow", "pdbg": "pending", "pending": None}
EVENTS = {"ICEBP", "INT3", "HWBP", "WATCH", "IOBP", "GD", "TF"}


def facts_of_lesson(path):
    """Causes and values that engines soft and mtf must show, as {("retired", "2"), ("cause", "ICEBP")}."""
    found = set()
    for keyword, text in items(path, ["soft"]):
        words = re.sub(r"^[a-z,]+: ", "", text).split() if keyword == "expect" else []
        found |= {("cause", c) for c in re.split(r"[+|]", words[0]) if c in EVENTS} if words else set()
        for key, value in (w.split("=", 1) for w in words[1:] if re.match(r"\w+=", w)):
            if FACTS.get(key) and (key, value) not in (("retired", "1"), ("retired", "0"), ("pdbg", "none")):
                found.add((FACTS[key], re.sub(r"\|.*", "", value)))
    return found


def facts_of_cases(corpus, names):
    found = set()
    for case in corpus.cases:
        for spot in case.spots if case.name in names else ():
            for words, _, _ in spot.alternatives:
                found |= {("cause", c) for c in re.split(r"[+|]", words[0])}
                found |= {tuple(w.split("=", 1)) for w in words[1:]}
    return found


def corpus_check(name, path, sets):
    line = re.search(r"^# corpus: (.*)", open(path, encoding="utf-8").read(), re.M)
    names = set(line[1].split()) if line else set()
    unknown = names - {c.name for c in sets[0].cases}
    tap("lesson %s names its cases of the corpus" % name, None if names and not unknown else "got %s" % (sorted(unknown) or "none"))
    lost = facts_of_lesson(path) - set().union(*(facts_of_cases(s, names) for s in sets))
    tap("lesson %s expects what they do" % name, None if not lost else "got %s, which %s has not" % (sorted(lost), sorted(names)))


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
    sets = [corpora.Corpus(os.path.join(O, "tests/guests/corpus-long.elf"), mtf) for mtf in (True, False)]
    for name in names:
        path = by_name[name]
        corpus_check(name, path, sets)
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
