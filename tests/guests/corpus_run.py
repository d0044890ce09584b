#!/usr/bin/env python3
"""corpus_run.py - runs the corpus: the commands of a session for each HOW, and one result a case.

    corpus_run.py commands ELF HOW FLAVOUR [CASE]   the session, to be given to vmstep with -x
    corpus_run.py judge ELF HOW FLAVOUR PREFIX      what such a session left
    corpus_run.py judge-files FILES GUESTS          what the sessions of the rig left
    corpus_run.py one ELF CASE HOW [ENGINE]         run a single case here and say how it went

A session leaves PREFIXout (what it printed), PREFIXlog (debug console) and, stepped, PREFIXtrace.jsonl. Results are
TAP lines FLAVOUR/GUEST/CASE/HOW. FLAVOUR is an engine on a kind of machine (see differences.txt): what is
listed there must differ in exactly that way; on a machine that is not one of those, a difference is a SKIP.
"""
import fnmatch
import os
import re
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
sys.dont_write_bytecode = True
import corpus as corpora  # noqa: E402
import corpus_judge  # noqa: E402
import expect  # noqa: E402

LISTED = ("soft", "soft-tf", "kvm-pvm", "kvm-rig", "mtf-rig", "kvm-amd")
RIG = {"kvm": "kvm-rig", "mtf": "mtf-rig", "amd": "kvm-amd"}  # how a session of the rig ends, and its flavour
MTF = ("soft", "mtf-rig")
REGISTERS = 3  # a guest has a breakpoint of its own


class Differences:
    """differences.txt: what a flavour is known to do otherwise. Patterns are the shell's."""

    def __init__(self, path=os.path.join(HERE, "corpus", "differences.txt")):
        self.rows = []
        with open(path, encoding="utf-8") as f:
            for n, line in enumerate(f, 1):
                line = line.rstrip("\n")
                if not line or line[0] == "#":
                    continue
                if line[0] != " ":
                    if not self.rows or self.rows[-1][1]:
                        self.rows.append([[], "", "", n])
                    self.rows[-1][0] += line.split()
                elif line.strip().startswith("why: "):
                    self.rows[-1][2] = line.strip()[5:]
                else:
                    self.rows[-1][1] = line.strip()

    def find(self, title):
        """(message, reason) of the first row that fits FLAVOUR/GUEST/CASE/HOW; None without one."""
        for patterns, message, why, _ in self.rows:
            if any(fnmatch.fnmatchcase(title, p) for p in patterns):
                return message, why
        return None


def report(title, wrong, listed, known_machine, cited):
    """One TAP line. What is wrong is told with the case's sections of the SDM."""
    cited = " (%s)" % cited
    if not known_machine and wrong:
        expect.skip(title, "this machine is not one of those listed: " + wrong)
    elif listed is None:
        return expect.tap(title, wrong and wrong + cited)
    elif wrong and fnmatch.fnmatchcase(wrong, listed[0]):
        print("ok - %s: differs as listed (%s)" % (title, listed[1]))
    else:
        return expect.tap(title, "got %s, wanted the listed difference: %s" % (wrong or "what the case expects" + cited, listed[0]))
    return True


def result(corpus, case, flavour, how, wrong, differences, known_machine=True):
    """The case's TAP line."""
    title = "/".join((flavour, corpus.name, case.name, how))
    return report(title, wrong, differences.find(title), known_machine, case.cited())


def mask_of(how):
    return 2 if how in ("deliver", "swallow") else 1


def not_run(corpus, flavour, how, differences):
    """Cases that the flavour cannot run: the row's message says so."""
    found = {}
    for case in corpus.cases:
        row = differences.find("/".join((flavour, corpus.name, case.name, how)))
        if row and row[0] == "not run":
            found[case.index] = row[1]
    return found


def judge_left_out(corpus, case, how, flavour, title=None):
    """A SKIP in the case's name, or in that of its guest."""
    name = "/".join((flavour, corpus.name, case.name, how))
    expect.skip(title or name, "not run: " + Differences().find(name)[1])


def choose(corpus, how, only, left_out):
    """Commands that say which cases run."""
    byte = "set *(unsigned char*)%#x = %d"
    lines = [byte % (corpus.symbols["case_on"] + n, 0) for n in left_out]
    mask = mask_of(how)
    if only is not None:
        mask = 0x80
        lines.append(byte % (corpus.symbols["case_on"] + only.index, mask))
    return lines + [byte % (corpus.symbols["case_mask"], mask)]


def loop_to(address):
    return ["while $pc != %#x" % address, "continue", "end"]


def point_lines(corpus, cases, how):
    """The user's points on each instruction of a case, on the first REGISTERS where they are registers."""
    lines, ends = [], [c.anchor for c in corpus.cases[1:]] + [corpus.symbols["log_print"]]
    hard = how == "hard"
    for case in cases:
        points = [address for address, _, _ in case.points(hard)]
        points = points[:REGISTERS] if hard else points
        lines += ["delete", "break *%#x" % ends[case.index]]
        lines += ["%s *%#x" % ("hbreak" if hard else "break", p) for p in points if p != ends[case.index]]
        lines += loop_to(ends[case.index])
    return lines + ["delete", "continue"]


def commands(corpus, how, engine, only=None, left_out=(), folder="."):
    lines = ["set confirm off"] + choose(corpus, how, only, left_out)
    cases = [only] if only else [c for c in corpus.chosen(mask_of(how)) if c.index not in left_out]
    if engine == "soft-tf":
        lines.append("set mtf off")
    if how == "bare":
        lines += ["set intercept db off", "set intercept bp off"]
    if how in ("deliver", "swallow"):
        lines += ["set icebp " + how, "set int3 " + how]
    if how in ("free", "bare"):
        lines.append("continue")
    elif how in ("int3", "hard"):
        lines += point_lines(corpus, cases, how)
    elif how == "deliver":
        lines += ["catch icebp", "catch int3", "break *%#x" % corpus.symbols["log_print"]]
        lines += [*loop_to(corpus.symbols["log_print"]), "delete", "continue"]
    else:
        lines += ["set step-irq on", "tbreak *%#x" % corpus.symbols["log_print"], "trace on %s/trace.jsonl" % folder,
                  "stepi 100000", "trace off"]
        lines += [] if only and only.kind & corpora.ALONE else ["continue"]
    return "\n".join(lines) + "\n"


def judge_case(corpus, case, how, log, stops, traced, engine):
    """None, or what is wrong."""
    swallow = how == "swallow"
    if how in ("stepped", "swallow"):
        records = traced.get(case.index, [])
        gap = next((r for r in records if "gap" in r), None)
        if gap:
            return "got a gap (%s), wanted none" % gap["reason"]
        wrong = corpus_judge.stepped_judge(corpus, case, records, swallow)
    elif how in ("int3", "hard"):
        points = case.points(how == "hard" and engine not in ("soft", "soft-tf"))
        wrong = corpus_judge.points_judge(case, stops, points[:REGISTERS] if how == "hard" else points)
    elif how == "deliver":
        wrong = corpus_judge.catches_judge(case, stops)
    else:
        wrong = None
    return wrong or corpus_judge.sights_judge(corpus, case, log, swallow)


def judge(elf, how, flavour, prefix, only=None, known_machine=True):
    """Prints a TAP line for each case; whether all held. `prefix`: of the files that the session left."""
    corpus, differences = corpora.Corpus(elf, flavour in MTF), Differences()
    stops = corpus_judge.stop_lines(prefix + "out")
    log = corpus_judge.log_read(prefix + "log")
    trace = prefix + "trace.jsonl"
    traced = corpus_judge.trace_cases(corpus, trace) if how in ("stepped", "swallow") else {}
    fine, left_out = True, not_run(corpus, flavour, how, differences)
    only = only and corpus.cases[only.index]
    chosen = [only] if only else corpus.chosen(mask_of(how))
    ends = not (only and only.kind & corpora.ALONE) and any(c.index not in left_out for c in chosen)
    if ends and not any("EXIT" in causes for causes, _ in stops):
        fine = expect.tap("%s/%s/end/%s" % (flavour, corpus.name, how), "got none, wanted the guest's exit")
    for case in chosen:
        if case.index in left_out:
            judge_left_out(corpus, case, how, flavour)
            continue
        wrong = judge_case(corpus, case, how, log, stops, traced, flavour)
        fine = result(corpus, case, flavour, how, wrong, differences, known_machine) and fine
    return fine


def judge_files(files, guests):
    """All that the rig handed over: GUEST.HOW.WHERE.out and beside it log and trace."""
    fine, seen = True, 0
    for name in sorted(os.listdir(files)):
        m = re.match(r"(corpus-\w+)\.(\w+)\.(kvm|mtf|amd)\.out$", name)
        if m:
            seen += 1
            try:
                fine = judge(os.path.join(guests, m[1] + ".elf"), m[2], RIG[m[3]], os.path.join(files, name[:-3])) and fine
            except (OSError, ValueError, KeyError) as e:
                fine = expect.tap(name, "got %s: %s, wanted readable files" % (type(e).__name__, e))
    return expect.tap("rig: corpus", None if seen else "got no session, wanted some") and fine


def image_of(elf):
    flat = elf.removesuffix(".elf") + ".bin"
    return flat if os.path.exists(flat) else elf


def run_here(vmstep, elf, how, flavour, folder, only=None, left_out=()):
    """One session on this machine; what it leaves is in `folder`."""
    corpus = corpora.Corpus(elf)
    script = os.path.join(folder, "commands")
    with open(script, "w") as f:
        f.write(commands(corpus, how, flavour, only, left_out, folder))
    with open(os.path.join(folder, "log"), "wb"):
        pass
    with open(os.path.join(folder, "out"), "wb") as out:
        subprocess.run([vmstep, "-q", "-nx", "--batch", "-e", flavour.split("-")[0], "--serial", "null",
                        "--debugcon", os.path.join(folder, "log"), "-x", script, image_of(elf)],
                       stdout=out, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, timeout=120)


def main():
    words = sys.argv[1:]
    if words[:1] == ["commands"] and len(words) in (4, 5):
        corpus = corpora.Corpus(words[1])
        only = next(c for c in corpus.cases if c.name == words[4]) if len(words) == 5 else None
        left_out = () if only else not_run(corpus, words[3], words[2], Differences())
        sys.stdout.write(commands(corpus, words[2], words[3], only, left_out))
        return 0
    if words[:1] == ["judge"] and len(words) == 5:
        return 0 if judge(*words[1:]) else 1
    if words[:1] == ["judge-files"] and len(words) == 3:
        return 0 if judge_files(*words[1:]) else 1
    if words[:1] == ["one"] and len(words) in (4, 5):
        vmstep = os.path.join(os.environ.get("O", "build"), "vmstep")
        flavour = words[4] if len(words) == 5 else "soft"
        corpus = corpora.Corpus(words[1])
        only = next(c for c in corpus.cases if c.name == words[2])
        with tempfile.TemporaryDirectory() as folder:
            run_here(vmstep, words[1], words[3], flavour, folder, only)
            with open(os.path.join(folder, "out"), errors="replace") as f:
                sys.stdout.write(re.sub("(?m)^", "# ", f.read()) + "\n")
            return 0 if judge(words[1], words[3], flavour, folder + "/", only) else 1
    sys.stderr.write(__doc__)
    return 2


if __name__ == "__main__":
    sys.exit(main())
