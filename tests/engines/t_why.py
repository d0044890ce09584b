#!/usr/bin/env python3
"""t_why.py - `why` and `why not` at the stops of the whole corpus, on engines soft (by MTF and by TF) and kvm.

In long mode on engine soft every stop of the guest is asked about, elsewhere those in cases and at the first instructions of
handlers (what lies between them writes the log). Guests with rings, HLT and interrupts come besides, and small sessions for
points, policies and ends of runs (why_scenes.py). Each sentence is held against the stop by why.py; every sentence that
src/teach/ can print is a row there and comes up where its row says.
"""
import glob
import os
import re
import subprocess
import sys
import tempfile

sys.path[:0] = [os.path.dirname(os.path.abspath(__file__))]
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "guests"))
sys.dont_write_bytecode = True
import corpus as corpora  # noqa: E402
import corpus_run  # noqa: E402
import expect  # noqa: E402
import why  # noqa: E402
import why_not_rows  # noqa: E402
import why_rows  # noqa: E402
import why_scenes  # noqa: E402
from t_corpus import kvm_flavour  # noqa: E402
from t_guests import O, VMSTEP, flavour as guest_flavour, image_of  # noqa: E402

GUESTS = ["icebp64", "user64", "userint64", "irq64", "events64"]


def session(engine, commands, folder, *image):
    """What it printed is in `folder`."""
    with open(folder + "/commands", "w", encoding="utf-8") as f:
        f.write(commands)
    open(folder + "/log", "wb").close()
    with open(folder + "/out", "wb") as out:
        subprocess.run([VMSTEP, "-q", "-nx", "--batch", "-e", engine, "--serial", "null", "--debugcon", folder + "/log",
                        "-x", folder + "/commands", *image], stdout=out, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, timeout=150)


def corpus_check(judge, elf, flavour):
    corpus = corpora.Corpus(elf)
    left_out = corpus_run.not_run(corpus, flavour, "stepped", corpus_run.Differences())
    if len(left_out) == len(corpus.cases):
        return expect.skip("%s: why in %s" % (flavour, corpus.name), "not run there: see differences.txt")
    with tempfile.TemporaryDirectory() as folder:
        everywhere = flavour == "soft" and corpus.mode == "long"
        session(flavour.split("-")[0], why.corpus_commands(corpus, flavour, left_out, everywhere, folder), folder, corpus_run.image_of(elf))
        why.corpus_words(judge, elf, flavour, folder + "/")


def guest_check(judge, name, flavour, which):
    """A guest of tests/guests from its start, judged by its own expectations, too."""
    elf = os.path.join(O, "tests/guests", name + ".elf")
    title = "%s: %s: " % (flavour, name)
    with tempfile.TemporaryDirectory() as folder:
        trace = folder + "/trace.jsonl"
        lines = ["set step-irq on", "trace on " + trace, *(["stepi", *why.ASK] * 300), "stepi 100000", "trace off"]
        try:
            expect.expectation_read(elf, which)
        except expect.NotHere as e:
            return expect.skip(title + "why", e)
        session(flavour.split("-")[0], "\n".join(lines) + "\n", folder, image_of(elf))
        for what, wrong in judge.session(folder + "/out", trace, flavour):
            expect.tap(title + what, wrong)
        expect.check(title + "stepped with why", elf, trace, which)


def scene_commands(text, trace):
    lines = ["set confirm off", "trace on " + trace]
    for word in (w.strip() for line in text.strip().splitlines() for w in line.split(";")):
        asks = [*why.ASK] if word == "@" else ["echo @ %s\\n" % word[2:], "why not " + word[2:], "echo @.\\n"]
        lines += asks if word[:1] == "@" else [word] if word else []
    return "\n".join(lines) + "\n"


def scene_check(judge, name, flavour, args, text):
    with tempfile.TemporaryDirectory() as folder:
        image = [os.path.join(O, a[6:]) if a.startswith("build:") else a for a in args]
        session(flavour.split("-")[0], scene_commands(text, folder + "/trace.jsonl"), folder, *image)
        for what, wrong in judge.session(folder + "/out", folder + "/trace.jsonl", flavour, True):
            expect.tap("%s: %s: %s" % (flavour, name, what), wrong)


def literals():
    """[(file, what it can print between conversions)] of src/teach/why*.c and the causes of text.c."""
    for path in sorted(glob.glob("src/teach/why*.c")) + ["src/teach/text.c"]:
        text = re.sub(r"/\*.*?\*/", "", open(path, encoding="utf-8").read(), flags=re.S)
        text = re.sub(r"(?m)^#include.*|\\\n", "", text)
        text = re.sub(r"return err_set\(.*?\);\n", "", text, flags=re.S)
        for m in re.finditer(r'(?:"(?:[^"\\]|\\.)*"\s*)+', text):
            words = "".join(re.findall(r'"((?:[^"\\]|\\.)*)"', m[0])).replace("\\n", "").replace('\\"', '"')
            if re.match("SDM volume|kvm/api.rst", words):
                yield path, words
            pieces = (p.replace("0x", "").strip() for p in re.split(r"%[-0-9.]*(?:ll|z)?[a-z]", words))
            yield from ((path, p) for p in pieces if len(p.split()) > 2)


def rows_check():
    """No sentence without a row, no row without a sentence or for a stop made by hand that is none."""
    known = "\n".join([why_not_rows.UNKNOWN] + [r.text for r in why.WHY + why.NOT])
    known = re.sub(r"\{\w+\}", "\0", known)
    lost = [(p, t) for p, t in literals() if t not in known and not re.match("SDM volume|kvm/api.rst", t)]
    expect.tap("every sentence of src/teach/ has a row", None if not lost else "got none for %s" % (lost[:3],))
    titles = {x for _, t in literals() if re.match("SDM volume|kvm/api.rst", t) for x in re.findall('"([^"]*)"', t)}
    expect.tap("the sources are the judge's", None if titles == why_rows.TITLES else "got %s, wanted %s" % (
        sorted(titles - why_rows.TITLES), sorted(why_rows.TITLES - titles)))
    unit = re.sub(r'"\s*\n\s*"', "", open("tests/unit/teach_words.c", encoding="utf-8").read()).replace('\\"', '"')
    lost = [r.text for r in why.WHY + why.NOT if r.where == "unit" and max(re.split(r"\{\w+\}", r.text), key=len).strip()[:40] not in unit]
    expect.tap("what only a stop made by hand shows is in tests/unit/teach_words.c", None if not lost else "got none of %s" % lost)


def main():
    rows_check()
    flavour, reason = kvm_flavour()
    judge, seen = why.Judge(), ["soft", "soft-tf", "scene"] + ([flavour] if flavour else [])
    if not flavour:
        expect.skip("why on engine kvm", reason)
    for which in seen[:2] + seen[3:]:
        for elf in sorted(glob.glob(os.path.join(O, "tests/guests/corpus-*.elf"))):
            corpus_check(judge, elf, which)
    for name in GUESTS:
        guest_check(judge, name, "soft", "mtf")
        if flavour:
            guest_check(judge, name, flavour, guest_flavour()[0])
    for name, engine, args, text in why_scenes.SCENES:
        if engine == "soft" or flavour:
            scene_check(judge, name, flavour if engine == "kvm" else "soft", args, text)
    why.coverage_judge(judge, [f for f in seen if f != "kvm-host"])
    wrong = [r.text[:60] for r in judge.met if r.where == "unit"]
    expect.tap("what is said to come up nowhere does not", None if not wrong else "got %s" % wrong)


main()
