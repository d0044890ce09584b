#!/usr/bin/env python3
"""predictions.py - sessions under `set predict on`: the guest is stepped to its end, and a stop is shown where it is
not the one that was predicted.

    predictions.py commands GUEST FLAVOUR    the session, to be given to vmstep with -x
    predictions.py judge-files FILES GUESTS  what the sessions of the rig left: predict.GUEST.ENGINE.out

FLAVOUR is an engine on a kind of machine, as in corpus/differences.txt. Results are TAP lines FLAVOUR/GUEST/CASE,
CASE being that of the corpus, "-" elsewhere. predictions.txt lists what must differ: a difference that is not
there fails, and so does a pattern that does not come true.
"""
import fnmatch
import os
import re
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
sys.dont_write_bytecode = True
import corpus as corpora  # noqa: E402
import corpus_run  # noqa: E402
import expect  # noqa: E402

LIST = os.path.join(HERE, "predictions.txt")
# Each ends at a difference; more than any guest has of them.
STRETCHES = 700
# A boot sector without a disk waits for one: not to its end.
CHECKED = {"demo": 300, "boot": 50, "mbr": 50}  # stops of which something is predicted, at least
FIRST_STEPS = {"boot": 4000, "mbr": 4000}
END = r"EXIT|SHUTDOWN|HLT|BREAK/1"


class Symbols:
    """Names for addresses: those of a corpus, none for other guests."""

    def __init__(self, elf):
        self.cases, self.handlers = [], {}
        if os.path.basename(elf).startswith("corpus-"):
            corpus = corpora.Corpus(elf)
            self.cases = corpus.cases
            self.handlers = {a: n for n, a in corpus.symbols.items() if n.startswith("h_")}

    def case_of(self, address):
        """A case's setting up belongs to it, too."""
        found = [c.name for c in self.cases if c.anchor <= address and (c.end == 0 or address <= c.end)]
        return found[-1] if found else "-"

    def place(self, address, start):
        return self.handlers.get(address, "%+d" % (address - start))


def differences(text, symbols):
    """[(case, message)] of what a session printed."""
    found = []
    for m in re.finditer(r"^Prediction and stop differ, from 0x(\w+):\n  predicted (.*)\n  was {7}(.*)$", text, re.M):
        start = int(m[1], 16)
        message = "predicted %s; was %s" % (m[2], m[3])
        message = re.sub(r"\bat 0x(\w+)", lambda p: "at " + symbols.place(int(p[1], 16), start), message)
        found.append((symbols.case_of(start), message))
    return found


def row_find(listed, title, message):
    """(the pattern that fits, why); None where no row does."""
    for patterns, wanted, why, _ in listed.rows:
        for p in patterns:
            if fnmatch.fnmatchcase(title, p) and fnmatch.fnmatchcase(message, wanted):
                return p, why
    return None


def judge(elf, guest, flavour, text, known_machine=True):
    """Prints TAP lines for one session; the patterns of the list that came true."""
    listed, name, used, told = corpus_run.Differences(LIST), "%s/%s" % (flavour, guest), set(), set()
    ended = re.search(r"^#\d+ +\S*(%s)" % END, text, re.M) or guest in FIRST_STEPS
    checked = max([int(n) for n in re.findall(r"(\d+) stops checked", text)] or [0])
    expect.tap(name + ": predicted to its end", None if ended and checked >= CHECKED.get(guest, 1000)
               else "got %d stops checked and %r, wanted the end" % (checked, text[-200:]))
    wrong = 0
    for case, message in differences(text, Symbols(elf)):
        title = "%s/%s" % (name, case)
        if (case, message) in told:
            continue
        told.add((case, message))
        row = row_find(listed, title, message)
        wrong += not row
        if row:
            used.add(row[0])
            print("ok - %s: differs as listed: %s (%s)" % (title, message, row[1]))
        elif known_machine:
            expect.tap(title, "got %s, wanted what is predicted" % message)
        else:
            expect.skip(title, "this machine is not one of those listed: " + message)
    if not wrong:
        expect.tap("%s: every other stop is the one predicted" % name, None)
    return used


def rows_judge(flavours, used):
    """Patterns for these flavours that never came true."""
    for patterns, wanted, _, line in corpus_run.Differences(LIST).rows:
        for p in patterns:
            if p.split("/")[0] in flavours:
                expect.tap("predictions.txt:%d: %s" % (line, p), None if p in used else "got nothing of the kind, wanted %s" % wanted)


def commands(elf, guest, flavour):
    lines = ["set confirm off", "set predict on", "set step-irq on"]
    if flavour == "soft-tf":
        lines.append("set mtf off")
    if guest.startswith("corpus-"):
        corpus = corpora.Corpus(elf)
        left_out = corpus_run.not_run(corpus, flavour, "stepped", corpus_run.Differences())
        lines += corpus_run.choose(corpus, "stepped", None, left_out)
        lines += ["tbreak *%#x" % corpus.symbols["log_print"], "commands", "show predict", "kill", "end"]
    # A script ends with its first step of a guest that is gone: the count is asked for before that, too.
    lines += ["stepi %d" % FIRST_STEPS.get(guest, 1000000), "show predict"] * (20 if guest in FIRST_STEPS else STRETCHES)
    return "\n".join(lines) + "\n"


def judge_files(files, guests):
    flavours, used = ("kvm-rig", "mtf-rig"), set()
    for name in sorted(os.listdir(files)):
        m = re.match(r"predict\.([\w-]+)\.(kvm|mtf)\.out$", name)
        if m:
            with open(os.path.join(files, name), encoding="utf-8", errors="replace") as f:
                used |= judge(os.path.join(guests, m[1] + ".elf"), m[1], m[2] + "-rig", f.read())
    rows_judge(flavours, used)


def main():
    words = sys.argv[1:]
    if words[:1] == ["commands"] and len(words) == 3:
        guest = re.sub(r".*/|\.\w+$", "", words[1])
        sys.stdout.write(commands(words[1], guest, words[2]))
    elif words[:1] == ["judge-files"] and len(words) == 3:
        judge_files(*words[1:])
    else:
        sys.stderr.write(__doc__)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
