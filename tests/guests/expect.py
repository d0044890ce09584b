#!/usr/bin/env python3
"""expect.py ELF TRACE hw|pvm|mtf - a JSON Lines trace against the expectations its guest carries.

Prints one TAP line a case. The words of an expectation are described in expect.inc. Everything is
taken from the two files, so that a trace made elsewhere (in the rig, on another machine) can be
judged too; t_guests.py imports this.
"""
import json
import re
import subprocess
import struct
import sys
import tempfile

DR6_BITS = {"BS": 1 << 14, "BD": 1 << 13, "BT": 1 << 15, "B0": 1, "B1": 2, "B2": 4, "B3": 8}


class NotHere(Exception):
    """The flavour cannot run the guest."""


class Spot:
    """An address with the stops that must come there, in order."""

    def __init__(self, case, address, text, why):
        self.case, self.address, self.text, self.why = case, address, text, why
        self.seen = []
        self.alternatives = []
        for part in text.split(";"):
            words = part.split()
            times = 1
            if words and words[-1][0] == "x" and words[-1][1:] in ("*", *map(str, range(2, 100))):
                times = None if words[-1] == "x*" else int(words[-1][1:])
                words = words[:-1]
            if not words or words == ["-"]:
                continue
            optional = words[0][0] == "?"
            words[0] = words[0].lstrip("?")
            self.alternatives.append((words, times, optional))

    def fits(self, record, words):
        """None, or what does not fit."""
        causes = causes_of(record)
        wanted = words[0].split("|")
        if causes not in wanted:
            return "cause %s, wanted %s" % (causes, words[0])
        values = dict(w.split("=", 1) for w in words[1:])
        values.setdefault("retired", "0" if wanted == ["EVENT"] else "1")
        for key, value in values.items():
            got = field(record, key)
            if value not in ("any", got):
                return "%s %s, wanted %s" % (key, got, value)
        return None

    def place(self, record):
        """How a message names a stop and where it is."""
        return "%sat %#x" % ("#%d " % record["n"] if record else "", self.address)

    def verdict(self):
        """None, or the first thing that is wrong with the stops seen here."""
        left = list(self.seen)
        for words, times, optional in self.alternatives:
            n = 0
            if optional and (not left or self.fits(left[0], words)):
                continue
            while left and (times is None or n < times):
                wrong = self.fits(left[0], words)
                if wrong and times is None and n:
                    break
                if wrong:
                    return "%s: got %s" % (self.place(left[0]), wrong)
                left.pop(0)
                n += 1
            if times is not None and n < times:
                return "%s: got %d stop(s), wanted %s: a step is lost" % (self.place(None), len(self.seen), self.text)
            if times is None and not n:
                return "%s: got no stop, wanted %s" % (self.place(None), self.text)
        if left:
            return "%s: got a stop too many (%s), wanted %s" % (
                self.place(left[0]), "+".join(left[0]["causes"]), self.text)
        return None


def causes_of(record):
    """The causes as an expectation writes them: a boundary told by MTF is what TF is on engine kvm."""
    causes = ["TF" if c == "MTF" else c for c in record["causes"]]
    if "EVENT" in causes and "MTF" in record["causes"]:
        causes.remove("TF")
    return "+".join(dict.fromkeys(causes))


def mtf_words(text):
    """
    What engine mtf shows where an expectation says what TF shows on hardware. Two differences, both
    demanded, not merely allowed: MTF stops in a MOV-SS shadow, which hides the boundary from TF (K2;
    SDM "Monitor Trap Flag": not blocked by it), so that the pair retires one each; and an exit 37 has
    no DR6.
    """
    if text == "-":
        return "TF shadow=mov-ss"
    return re.sub(r"\bdr6=[\w,]+", "dr6=none", re.sub(r"\bretired=2\b", "retired=1", text))


def field(record, key):
    if key == "vector":
        event = record.get("event")
        return str(event["vector"]) if isinstance(event, dict) else "none"
    if key == "dr6":
        if record["dr6"] is None:
            return "none"
        bits = int(record["dr6"], 16)
        return ",".join(name for name, bit in DR6_BITS.items() if bits & bit) or "none"
    if key == "did":
        return ",".join(d.split(":")[0] for d in record["did"]) or "none"
    value = record.get(key)
    return "null" if value is None else str(value)


def records_read(elf):
    """The records of section .expect: (address, kind, three strings)."""
    with tempfile.NamedTemporaryFile() as f:
        subprocess.run(["objcopy", "--dump-section", ".expect=" + f.name, elf, "/dev/null"], check=True)
        data = open(f.name, "rb").read()
    at = 0
    while at < len(data):
        address, kind = struct.unpack_from("<IB", data, at)
        a, b, why, rest = (data[at + 5:].split(b"\0", 3) + [b""])[:4]
        at = len(data) - len(rest)
        yield address, chr(kind), a.decode(), b.decode(), why.decode()


def expectation_read(elf, flavour):
    """[(case name, start, end)], {address: Spot}, whether gaps are due; handlers are spots of no case."""
    cases, spots, gaps, case, start = [], {}, False, None, 0
    for address, kind, a, b, why in records_read(elf):
        if kind == "C":
            case, start = a, address
        elif kind == "E":
            cases.append((case, start, address))
            case = None
        elif kind == "G":
            gaps = gaps or a == flavour
        elif kind == "N":
            if a == flavour:
                raise NotHere(why)
        else:
            a, _, mtf = a.partition(" | mtf: ")
            text = b if flavour == "pvm" and b else mtf or mtf_words(a) if flavour == "mtf" else a
            spots[address] = Spot(case, address, text, why)
    return cases, spots, gaps


def trace_read(path):
    """Header, records (stops and gaps), total; a line that is no JSON is an exception."""
    with open(path, encoding="utf-8") as f:
        lines = [json.loads(line) for line in f]
    header = lines.pop(0) if lines and "vmstep" in lines[0] else None
    total = lines.pop() if lines and "total" in lines[-1] else None
    return header, lines, total


def tap(name, wrong):
    if wrong is None:
        print("ok - " + name)
    else:
        print("not ok - %s: %s" % (name, wrong))
    return wrong is None


def skip(name, why):
    print("ok - %s # SKIP %s" % (name, why))


def check(guest, elf, trace, flavour):
    """Prints the TAP lines; returns whether all held."""
    header, records, total = trace_read(trace)
    cases, spots, gaps = expectation_read(elf, flavour)
    fine = tap("%s: header and total" % guest, None if header and total else "got none, wanted both")
    seen = sum("gap" in r for r in records)
    fine = tap("%s: %s" % (guest, "says that it did not see all" if gaps else "has no gap"),
               None if bool(seen) == gaps else "got %d gaps, wanted %s" % (seen, "some" if gaps else "none")) and fine
    stray, last = {}, None
    for r in records:
        if "gap" in r:
            continue
        address = int(r["lin"], 16)
        if address in spots:
            spots[address].seen.append(r)
        for name, start, end in cases:
            if start < address < end and address not in spots:
                stray.setdefault(name, "#%d at %#x: got %s, wanted no stop in the middle of nothing" % (
                    r["n"], address, "+".join(r["causes"])))
        if last is not None and r["n"] != last + 1:
            tap("%s: records are numbered" % guest, "got #%d behind #%d, wanted the next number" % (r["n"], last))
        last = r["n"]
    for name, start, end in cases:
        wrong = stray.get(name)
        for spot in spots.values():
            if spot.case == name and not wrong:
                wrong = spot.verdict()
        fine = tap("%s: %s" % (guest, name), wrong) and fine
    for spot in spots.values():
        if spot.case is None:
            fine = tap("%s: handler at %#x" % (guest, spot.address), spot.verdict()) and fine
    return fine


if __name__ == "__main__":
    if len(sys.argv) != 4 or sys.argv[3] not in ("hw", "pvm", "mtf"):
        sys.exit(__doc__)
    name = sys.argv[1].rsplit("/", 1)[-1].removesuffix(".elf")
    try:
        sys.exit(0 if check(name, sys.argv[1], sys.argv[2], sys.argv[3]) else 1)
    except NotHere as e:
        skip(name, e)
