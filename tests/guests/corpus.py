#!/usr/bin/env python3
"""corpus.py - the cases of tests/guests/corpus and what they expect, read from their ELF files. Whether what was seen is
that says corpus_judge.py.

The words are described in corpus/words.inc. `HOW` is how a guest was run:
    stepped       every instruction, by the engine's own means (MTF on engines mtf and soft, TF on kvm)
    free          continue
    int3, hard    with the user's points on the instructions of each case: INT3, or debug registers
    deliver       free, stopping at each ICEBP and INT3, which are delivered
    swallow       stepped, ICEBP and INT3 swallowed
    bare          free, and nothing of the guest's intercepted: engine soft, and Bochs without vmstep
In each the guest's own log must be what its handlers have to see.
"""
import os
import re
import subprocess

import expect

HOWS = ("stepped", "free", "int3", "hard", "deliver", "swallow")
HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "corpus")
DEFAULT, SOFT_EVENT, ALONE = 1, 2, 4
BITS = dict(expect.DR6_BITS)
VECTORS = {"db": 1, "bp": 3, "ud": 6, "gp": 13, "pf": 14, "irq": 0x40, "note": 0xfe}
FLAG_BITS = {"tf": 1, "if": 2, "rf": 1 << 8, "vm": 1 << 9}
MODES = {"real": "real", "prot": "prot32", "v86": "v86", "long": "long", "compat": "compat32"}
CODE = {"real": 0, "prot32": 8, "v86": 0, "long": 8, "compat32": 0x40}  # CS of the cases; the handlers' is 8 or real mode's 0


def bits_of(value):
    return ",".join(name for name, bit in BITS.items() if value & bit) or "none"


def pending_at(vmx):
    """Pending debug exceptions at an exit; None where it cannot be told. At other exits than these they are empty by rule."""
    return bits_of(int(vmx["pending_dbg"], 16)) if vmx and vmx["reason"] in (0, 37) else None


class Stop(expect.Spot):
    """An S: the stops that must come at its address. `mtf`: the stepper is MTF."""

    def __init__(self, case, address, text, mtf):
        self.said = text
        self.hidden = text.split()[0] == "-"
        self.resumed = " rf" in text
        text, _, own = text.replace(" rf", "").partition(" | mtf: ")
        self.mtf, self.by_stepper = mtf, bool(own)
        super().__init__(case, address, text, "")
        self.visits = sum(times for _, times, _ in self.alternatives)
        super().__init__(case, address, (own or expect.mtf_words(re.sub(r"\bdr6=\S+\s?", "", text))) if mtf else text, "")

    def place(self, record):
        return "+%x" % (self.address - self.case.start)

    def fits(self, record, words):
        plain = [w for w in words if w.split("=")[0] not in ("dr6", "pending", "shadow")]
        wrong = super().fits(record, plain)
        if wrong:
            return wrong
        values = dict(w.split("=", 1) for w in words[1:])
        pending = values.get("pending", "none")
        for key, got, wanted in (
                ("dr6", self.dr6_of(record), values.get("dr6", self.dr6_due(words[0], pending))),
                ("pending", self.pending_of(record), pending),
                ("shadow", record["shadow"], values.get("shadow", "none")),
                ("mode", record.get("mode"), self.case.mode),
                ("cpl", str(record["cpl"]), values.get("cpl", "3" if self.case.mode == "v86" else "0")),
                ("event", expect.field(record, "event"), values.get("event", "null"))):
            if got is not None and "any" not in (got, wanted) and got != wanted:
                return "%s %s, wanted %s" % (key, got, wanted)
        return None

    def dr6_due(self, causes, pending):
        if "HWBP" in causes or "GD" in causes:
            return "BD" if "GD" in causes else "B0"
        if self.mtf:
            return pending
        return "BS" if "TF" in causes else "none"

    def dr6_of(self, record):
        """None where the engine gives none: only a report of a #DB carries it."""
        return None if record["dr6"] is None else bits_of(int(record["dr6"], 16))

    def pending_of(self, record):
        return pending_at(record.get("vmx")) if self.mtf else None


class Sight:
    """A SEES: an event as the guest's handler sees it."""

    def __init__(self, case, address, text, symbols):
        words = text.split()
        self.said, self.address = text, address
        self.vector = VECTORS[words[0]] if words[0] in VECTORS else symbols["INT_N"]
        self.soft = "soft" in words
        self.values = dict(w.split("=", 1) for w in words if "=" in w)
        self.times = int((re.findall(r" x(\d+)$", text) or [1])[0])
        self.note = words[0] == "note"
        ip = symbols[self.values["at"]] if "at" in self.values else address
        own = [] if "at" in self.values or case.mode != "v86" or self.note else ["vm"]
        flags = [w for w in [*words[1:], *own] if w in FLAG_BITS and (w != "rf" or case.mode != "real")]
        bits = [w.upper() for w in words[1:] if w in ("bs", "bd", "b0")]
        self.text = "%s at %s flags %s dr6 %s err %s" % (
            "vector %x" % self.vector, place_of(case, ip, symbols, int(self.values.get("cs", "-1"), 16)), self.flags_text(flags),
            "any" if "any" in words else ",".join(n for n in BITS if n in bits) or "none",
            self.values.get("err", "0") if case.mode != "real" or self.note else "0")
        if self.note:
            self.text = "note %s" % self.values.get("err", "0")
        self.retired = int(self.values.get("retired", 0))

    def flags_text(self, names):
        if self.values.get("rf") == "any":
            return ",".join([n for n in FLAG_BITS if n in names and n != "rf"] + ["rf*"])
        return ",".join(n for n in FLAG_BITS if n in names) or "-"


def place_of(case, ip, symbols, cs=-1):
    """Where that is: in front of it CS, where given and not what the code there has by rule."""
    name = next((n for n, address in symbols.items() if address == ip and n.startswith("h_")), None)
    usual = (8 if case.mode != "real" else 0) if name else CODE[case.mode]
    return ("%x:" % cs if cs not in (-1, usual) else "") + (name or "+%x" % (ip - case.start))


class Case:
    def __init__(self, index, name, anchor, kind, mode, mtf):
        self.index, self.name, self.anchor, self.kind, self.mode, self.mtf = index, name, anchor, kind, mode, mtf
        self.start = self.end = 0
        self.spots, self.sights, self.sections = [], [], []

    def cited(self):
        return "; ".join('SDM %s, "%s"' % section for section in self.sections)

    def points(self, registers):
        """
        [(address, fewest, most)] for the user's points, GO first. The instruction is about to run once; where
        an event of the guest's is due at that boundary, or comes with it, a point may be told at each visit. A
        debug register does not hit in a MOV-SS shadow ("Instruction-Breakpoint Exception Condition"); who steps off
        the point in front of it by MTF stands on it all the same.
        """
        found = {self.start: (1, 1)}
        for spot in self.spots:
            passed = spot.hidden and not spot.mtf or spot.resumed and self.mode != "real"
            fewest = 0 if registers and passed else 1
            found[spot.address] = (fewest, fewest if spot.hidden or not fewest else spot.visits)
        return [(address, *hits) for address, hits in found.items()]


class Image:
    """An ELF file whose one segment holds text and data."""

    def __init__(self, elf):
        self.elf = elf
        self.place, self.lowest, self.size = self.segment()

    def segment(self):
        """(place in the file, address, length)"""
        out = subprocess.run(["readelf", "-lW", self.elf], capture_output=True, text=True, check=True).stdout
        words = next(line.split() for line in out.splitlines() if line.split()[:1] == ["LOAD"])
        return tuple(int(words[i], 16) for i in (1, 2, 4))

    def memory(self, address, length):
        """Bytes of the image."""
        if not self.lowest <= address < self.lowest + self.size:
            raise ValueError("%s: no bytes at %#x" % (self.elf, address))
        with open(self.elf, "rb") as f:
            f.seek(self.place + address - self.lowest)
            return f.read(length)


class Corpus(Image):
    """Its cases in order, symbols, and which the mode is."""

    def __init__(self, elf, mtf=False):
        super().__init__(elf)
        self.name = re.sub(r".*/|\.elf$", "", elf)
        self.mode = MODES[self.name.split("-")[1]]
        out = subprocess.run(["nm", elf], capture_output=True, text=True, check=True).stdout
        self.symbols = {w[2]: int(w[0], 16) for w in map(str.split, out.splitlines()) if len(w) == 3}
        self.cases, case = [], None
        start = self.symbols["case_on"]
        kinds = self.memory(start, 256)
        for address, kind, a, b, _ in expect.records_read(elf):
            if kind == "K":
                n = len(self.cases)
                case = Case(n, a, address, kinds[n], self.mode, mtf)
                self.cases.append(case)
            elif kind == "Q":
                case.sections.append((a, b))
            elif kind == "C":
                case.start = address
            elif kind == "E":
                case.end = address
            elif kind == "S":
                case.spots.append(Stop(case, address, a, mtf))
            elif kind == "F":
                case.sights.append(Sight(case, address, a, self.symbols))

    def chosen(self, mask):
        return [c for c in self.cases if c.kind & mask]
