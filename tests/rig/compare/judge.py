#!/usr/bin/env python3
"""judge.py FILES GUESTS - what `vmstep compare -e kvm,mtf,soft` said in the rig (guest/t_66_compare.sh).

Most guests must be the same on the three engines, but for what GUEST.known lists. The corpus has the cases in which a
machine departs: there a difference must be in a case that tests/guests/corpus/differences.txt lists for one of the
engines, or in one whose label says that a stepper by MTF has other stops than one by TF. What the log of an event more or less does to the registers of handlers and of the log's printing is its
consequence.
"""
import json
import os
import re
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "..", "guests"))
sys.dont_write_bytecode = True
import corpus as corpora  # noqa: E402
import corpus_run  # noqa: E402
import expect  # noqa: E402

ENGINES = ["kvm", "mtf", "soft"]
# Fields that are of the event itself; the others are registers and flags.
OWN = ("rip", "cause", "event", "pending", "mode", "segment", "control", "tf", "ended")


def comparison_read(path):
    """Header, rows, total, exit status."""
    with open(path, encoding="utf-8", errors="replace") as f:
        lines = f.read().splitlines()
    status = int(re.match(r"status (\d+)$", lines.pop())[1])
    objects = [json.loads(line) for line in lines]
    return objects[0], objects[1:-1], objects[-1], status


def whole_judge(title, header, rows, total, status):
    """The same of every guest: engines, the end, the status that goes with it."""
    expect.tap(title + ": three engines, to the end", None
               if header["engines"] == ENGINES and total["ended"] in ("EXIT", "HLT") and total["total"] > 30
               else "got %s and %s, wanted %s and the end" % (header["engines"], total, ENGINES))
    expect.tap(title + ": the status says whether a difference is not listed", None if status == bool(total["differences"])
               else "got status %d, wanted %d for %d differences" % (status, bool(total["differences"]), total["differences"]))


def unlisted(rows):
    """[(row, field, {engine: value})]"""
    return [(r, d["field"], {e: d[e] for e in ENGINES if e in d}) for r in rows for d in r["differences"]
            if d.get("known", d.get("input")) is None]


def plain_judge(title, rows, total):
    wrong = ["row %d: %s %s" % (r["row"], field, values) for r, field, values in unlisted(rows)]
    expect.tap("%s: the same on all in %d rows, %d listed" % (title, total["total"], total["known"]),
               "got %s, wanted no difference" % "; ".join(wrong[:3]) if wrong or total["differences"] else None)
    expect.tap(title + ": what is listed came", None if not total["known_unused"]
               else "got %d lines that did not, wanted none" % total["known_unused"])


class Cases:
    """Which case of the corpus a row is in: by where its stops are or come from, else the one before."""

    def __init__(self, elf):
        self.corpus = corpora.Corpus(elf)
        self.differences = corpus_run.Differences()
        self.now = None

    def inside(self, row):
        places = [int(s[key], 16) for key in ("from", "lin") for s in row["stops"].values() if key in s]
        found = [c for c in self.corpus.cases for p in places if c.anchor <= p <= max(c.end, c.start)]
        self.now = found[-1] if found else self.now
        return bool(found)

    def listed(self):
        if self.now and any(getattr(spot, "by_stepper", False) for spot in self.now.spots):
            return "its label says what a stepper by MTF shows, and what one by TF"
        names = ["%s-rig/%s/%s/%s" % (e, self.corpus.name, self.now.name, how) for e in ("kvm", "mtf")
                 for how in ("stepped", "free")] if self.now else []
        return next((row[1] for row in map(self.differences.find, names) if row), None)


def corpus_judge(title, elf, rows):
    cases, told, wrong = Cases(elf), {}, []
    for r in rows:
        inside = cases.inside(r)
        for _, field, values in unlisted([r]):
            if field not in OWN and not inside:
                continue
            why = cases.listed()
            if why:
                told[cases.now.name] = why
            else:
                wrong.append("row %d, %s: %s %s" % (r["row"], cases.now and cases.now.name, field, values))
    for name, why in told.items():
        print("ok - %s/%s: differs, and is listed (%s)" % (title, name, why))
    expect.tap(title + ": every difference is in a case that is listed", "got %s, wanted none other" % "; ".join(wrong[:3])
               if wrong else None)
    expect.tap(title + ": behind the first difference, too", None if len(told) > 3
               else "got %d cases that differ, wanted more: the listed ones" % len(told))


def text_judge(path):
    with open(path, encoding="utf-8", errors="replace") as f:
        text = f.read()
    for name, part in (("status 1", "\nstatus 1\n"), ("coloured where they differ", "\033[1;31m"), ("marked", "\n!"),
                       ("why, for each", "why, on kvm:"), ("why, for each that differs", "why, on mtf:"),
                       ("the values", "rax: kvm 0x46, mtf 0x10046")):
        expect.tap("rig: compare, a difference that is not listed: " + name, None if part in text
                   else "got %r, wanted %r" % (text[-300:], part))


def main(files, guests):
    found = sorted(n for n in os.listdir(files) if re.match(r"compare\.[\w-]+\.json$", n))
    for name in found:
        guest = name.split(".")[1]
        title = "rig: compare %s" % guest
        try:
            header, rows, total, status = comparison_read(os.path.join(files, name))
        except (ValueError, IndexError, TypeError) as e:
            expect.tap(title, "got %s, wanted its rows" % e)
            continue
        whole_judge(title, header, rows, total, status)
        if guest.startswith("corpus-"):
            corpus_judge(title, os.path.join(guests, guest + ".elf"), rows)
        else:
            plain_judge(title, rows, total)
    expect.tap("rig: compare", None if len(found) >= 9 else "got %d guests, wanted 9" % len(found))
    text_judge(os.path.join(files, "compare.demo.unlisted"))


if len(sys.argv) != 3:
    sys.exit(__doc__)
main(*sys.argv[1:])
