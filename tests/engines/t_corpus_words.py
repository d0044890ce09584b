#!/usr/bin/env python3
"""t_corpus_words.py - what tests/guests/corpus says of itself: no engine runs.

Every case cites sections of the SDM that sections.txt has; its words are complete where a field applies; README's table
has it, with its modes; and each pattern of differences.txt fits a result that there is.
"""
import fnmatch
import os
import re
import sys

O = os.environ.get("O", "build")
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "guests"))
sys.dont_write_bytecode = True
import corpus as corpora  # noqa: E402
import corpus_run  # noqa: E402
import expect  # noqa: E402

STI, POP_SS, MOV_SEG = 0xfb, 0x17, 0x8e
PREFIXES = (0x2e, 0x64, 0x66, 0x67)
HOWS = {"bochs": ("bare",), "soft": corpora.HOWS + ("bare",)}


def text_of(name):
    with open(os.path.join(corpora.HERE, name), encoding="utf-8") as f:
        return f.read()


def first(wrongs):
    return next((w for w in wrongs if w), None)


# --- citations ---

def sections_known():
    return {tuple(line.split(None, 1)) for line in text_of("sections.txt").splitlines() if line[:1].isdigit()}


def citation_wrong(case, known):
    if not case.sections:
        return "got no SDM line, wanted where its expectation is written"
    return first("got %s \"%s\", wanted a section of sections.txt" % s for s in case.sections if s not in known)


def uncited(cases, known):
    left = known - {s for case in cases for s in case.sections}
    return "got no case that cites %s, wanted one for each" % sorted(left) if left else None


# --- words ---

def opcode(corpus, start, end):
    """First byte behind the prefixes, and the next; (None, None) where there is no instruction."""
    code = list(corpus.memory(start, end - start)) if start < end else []
    while code and code[0] in PREFIXES:
        code.pop(0)
    return (code + [None, None])[:2]


def loads_ss(op, modrm):
    return op == POP_SS or op == MOV_SEG and modrm >> 3 & 7 == 2


def shadow_wrong(corpus, case):
    """Behind STI, MOV SS and POP SS the shadow is said, elsewhere it is not."""
    at = case.start
    for spot in case.spots:
        op, modrm = opcode(corpus, at, spot.address)
        at = max(at, spot.address)
        due = op == STI or loads_ss(op, modrm)
        if due != (spot.hidden or "shadow=" in spot.said):
            return "+%x: got \"%s\", wanted %s" % (spot.address - case.start, spot.said, "its shadow" if due else "none")
    return None


def pending_wrong(case):
    """What is pending at a boundary of a trap is what the handler then finds in DR6, and the other way round."""
    for spot in case.spots:
        if spot.hidden or "any" in spot.said:
            continue
        here = [s for s in case.sights if s.address == spot.address]
        said = [spot.said, *(s.said for s in here)]
        pending = {bit for text in said for bits in re.findall(r"pending=(\S+?)[;\s]|pending=(\S+)$", text)
                   for bit in "".join(bits).split(",")}
        seen = {w.upper() for s in here for w in s.said.split() if w in ("bs", "b0")}
        if "HWBP" in spot.said:
            seen.discard("B0")
        if pending != seen:
            return "+%x: got pending %s, wanted %s as the handler sees it" % (
                spot.address - case.start, sorted(pending) or "none", sorted(seen) or "none")
    return None


def frame_wrong(case):
    """A fault's frame says RF and, where one is pushed, the error code."""
    for sight in case.sights:
        fault = sight.vector in (6, 13, 14) or "bd" in sight.said.split()
        if fault and not re.search(r"\brf\b", sight.said):
            return "got \"%s\", wanted RF said" % sight.said
        if sight.vector in (13, 14) and case.mode != "real" and "err=" not in sight.said:
            return "got \"%s\", wanted the error code said" % sight.said
    return None


def words_wrong(corpus, case):
    if not case.spots:
        return "got no stop, wanted one behind each instruction"
    return shadow_wrong(corpus, case) or pending_wrong(case) or frame_wrong(case)


# --- README's table ---

def modes_of(text):
    words = text.partition(":")[0].replace(",", "").split() or [""]
    if words[0] in ("all", "not"):
        return {m for m in corpora.MODES if m not in words[1:]}
    return set(words)


def table_read():
    """[(pattern, modes)]; "(-tf)" is both names."""
    lines = text_of("README").splitlines()
    head = next(n for n, line in enumerate(lines) if line.split()[:2] == ["section", "12"])
    name, modes = lines[head].index("case"), lines[head].index("modes")
    rows = []
    for line in lines[head + 1:lines.index("", head)]:
        for word in line[name:modes].split():
            stem = word.removesuffix("(-tf)")
            rows += [(p, modes_of(line[modes:])) for p in ([word] if stem == word else [stem, stem + "-tf"])]
    return rows


def table_wrong(name, modes, table):
    row = next((m for pattern, m in table if fnmatch.fnmatchcase(name, pattern)), None)
    if row is None:
        return "got no row in README, wanted one"
    return None if row == modes else "got %s in README, wanted %s" % (sorted(row), sorted(modes))


# --- differences.txt ---

def differences_wrong(titles):
    for patterns, message, why, line in corpus_run.Differences().rows:
        if not message or not why:
            return "line %d: got no message or no reason, wanted both" % line
        for p in patterns:
            if not any(fnmatch.fnmatchcase(t, p) for t in titles):
                return "line %d: got %s, wanted a pattern that fits a result" % (line, p)
    return None


def titles_of(guests):
    for flavour in (*corpus_run.LISTED, "bochs"):
        for corpus in guests:
            for case in corpus.cases:
                for how in HOWS.get(flavour, corpora.HOWS):
                    yield "/".join((flavour, corpus.name, case.name, how))


def main():
    guests = [corpora.Corpus(os.path.join(O, "tests/guests/corpus-%s.elf" % mode)) for mode in corpora.MODES]
    known, table, found = sections_known(), table_read(), {}
    for mode, corpus in zip(corpora.MODES, guests):
        for case in corpus.cases:
            found.setdefault(case.name, set()).add(mode)
            expect.tap("%s/%s: cites the SDM" % (corpus.name, case.name), citation_wrong(case, known))
            expect.tap("%s/%s: its words are complete" % (corpus.name, case.name), words_wrong(corpus, case))
    for name, modes in found.items():
        expect.tap("README has %s" % name, table_wrong(name, modes, table))
    expect.tap("README's cases are there", first(
        "got %s, wanted the name of a case" % p for p, _ in table if not fnmatch.filter(found, p)))
    expect.tap("sections.txt: all are cited", uncited([c for g in guests for c in g.cases], known))
    expect.tap("differences.txt fits results", differences_wrong(list(titles_of(guests))))


main()
