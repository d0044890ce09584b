#!/usr/bin/env python3
"""corpus.py - the cases of tests/guests/corpus: what they expect, read from their ELF files, and whether what
an engine showed is that.

The words are described in corpus/words.inc. `HOW` is how a guest was run:
    stepped       every instruction, by the engine's own means (MTF on engines mtf and soft, TF on kvm)
    free          continue
    int3, hard    with the user's points on the instructions of each case: INT3, or debug registers
    deliver       free, stopping at each ICEBP and INT3, which are delivered
    swallow       stepped, ICEBP and INT3 swallowed
In each the guest's own log must be what its handlers have to see.
"""
import re
import struct
import subprocess

import expect

HOWS = ("stepped", "free", "int3", "hard", "deliver", "swallow")
DEFAULT, SOFT_EVENT, ALONE = 1, 2, 4
BITS = dict(expect.DR6_BITS)
VECTORS = {"db": 1, "bp": 3, "ud": 6, "gp": 13, "pf": 14, "irq": 0x40, "note": 0xfe}
FLAG_BITS = {"tf": 1, "if": 2, "rf": 1 << 8, "vm": 1 << 9}
MODES = {"real": "real", "prot": "prot32", "v86": "v86", "long": "long", "compat": "compat32"}


def bits_of(value):
    return ",".join(name for name, bit in BITS.items() if value & bit) or "none"


class Stop(expect.Spot):
    """An S: the stops that must come at its address. `mtf`: the stepper is MTF."""

    def __init__(self, case, address, text, mtf):
        self.hidden = text.split()[0] == "-"
        self.resumed = " rf" in text
        text, _, own = text.replace(" rf", "").partition(" | mtf: ")
        self.mtf = mtf
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
                ("mode", record.get("mode"), self.case.mode)):
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
        """None where the engine cannot tell; at other exits than MTF they are empty by rule."""
        vmx = record.get("vmx") if self.mtf else None
        return bits_of(int(vmx["pending_dbg"], 16)) if vmx and vmx["reason"] in (0, 37) else None


class Sight:
    """A SEES: an event as the guest's handler sees it."""

    def __init__(self, case, address, text, symbols):
        words = text.split()
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
            "vector %x" % self.vector, place_of(case, ip, symbols), self.flags_text(flags),
            "any" if "any" in words else ",".join(n for n in BITS if n in bits) or "none",
            self.values.get("err", "0") if case.mode != "real" or self.note else "0")
        if self.note:
            self.text = "note %s" % self.values.get("err", "0")
        self.retired = int(self.values.get("retired", 0))

    def flags_text(self, names):
        if self.values.get("rf") == "any":
            return ",".join([n for n in FLAG_BITS if n in names and n != "rf"] + ["rf*"])
        return ",".join(n for n in FLAG_BITS if n in names) or "-"


def place_of(case, ip, symbols):
    for name, address in symbols.items():
        if address == ip and name.startswith("h_"):
            return name
    return "+%x" % (ip - case.start)


def sight_of(entry, case, symbols, wanted):
    """The text of a log entry; what `wanted` does not look at is taken from it."""
    vector, _, flags, ip, dr6, err = struct.unpack("<BBHIIH2x", entry)
    if vector == 0xfe:
        return "note %x" % err
    names = [n for n, bit in FLAG_BITS.items() if flags & bit]
    if " flags " in wanted and "rf*" in wanted:
        names = [n for n in names if n != "rf"] + ["rf*"]
    return "vector %x at %s flags %s dr6 %s err %x" % (
        vector, place_of(case, ip, symbols), ",".join(names) or "-",
        "any" if " dr6 any " in wanted else bits_of(dr6), err)


class Case:
    def __init__(self, index, name, anchor, kind, mode):
        self.index, self.name, self.anchor, self.kind, self.mode = index, name, anchor, kind, mode
        self.start = self.end = 0
        self.spots, self.sights = [], []

    def points(self, registers):
        """
        [(address, fewest, most)] for the user's points, GO first. The instruction is about to run once; where
        an event of the guest's is due at that boundary, or comes with it, a point may be told at each visit. A
        debug register does not hit in a MOV-SS shadow ("Instruction-Breakpoint Exception Condition").
        """
        found = {self.start: (1, 1)}
        for spot in self.spots:
            passed = spot.hidden or spot.resumed and self.mode != "real"
            fewest = 0 if registers and passed else 1
            found[spot.address] = (fewest, fewest if spot.hidden or not fewest else spot.visits)
        return [(address, *hits) for address, hits in found.items()]


class Corpus:
    """One ELF file: cases in order, symbols, and which the mode is."""

    def __init__(self, elf, mtf=False):
        self.elf = elf
        self.name = re.sub(r".*/|\.elf$", "", elf)
        self.mode = MODES[self.name.split("-")[1]]
        out = subprocess.run(["nm", elf], capture_output=True, text=True, check=True).stdout
        self.symbols = {w[2]: int(w[0], 16) for w in map(str.split, out.splitlines()) if len(w) == 3}
        self.cases, case = [], None
        start = self.symbols["case_on"]
        self.lowest = self.segment()[1]
        kinds = self.memory(start, 256)
        for address, kind, a, _, _ in expect.records_read(elf):
            if kind == "K":
                n = len(self.cases)
                case = Case(n, a, address, kinds[n], self.mode)
                self.cases.append(case)
            elif kind == "C":
                case.start = address
            elif kind == "E":
                case.end = address
            elif kind == "S":
                case.spots.append(Stop(case, address, a, mtf))
            elif kind == "F":
                case.sights.append(Sight(case, address, a, self.symbols))

    def segment(self):
        """(place in the file, address, length): one holds text and data."""
        out = subprocess.run(["readelf", "-lW", self.elf], capture_output=True, text=True, check=True).stdout
        words = next(line.split() for line in out.splitlines() if line.split()[:1] == ["LOAD"])
        return tuple(int(words[i], 16) for i in (1, 2, 4))

    def memory(self, address, length):
        """Bytes of the image."""
        place, lowest, size = self.segment()
        if not lowest <= address < lowest + size:
            raise ValueError("%s: no bytes at %#x" % (self.elf, address))
        with open(self.elf, "rb") as f:
            f.seek(place + address - lowest)
            return f.read(length)

    def chosen(self, mask):
        return [c for c in self.cases if c.kind & mask]


def log_entries(data):
    return [data[i:i + 16] for i in range(0, len(data) - len(data) % 16, 16)]


def log_read(path):
    with open(path, "rb") as f:
        return log_entries(f.read())


def sights_judge(corpus, case, log, swallow):
    """None, or the first difference between what the handlers saw and what they had to see."""
    wanted = [s.text for s in case.sights if not (swallow and s.soft) for _ in range(s.times)]
    got = []
    for entry in log:
        vector, index, _, ip = struct.unpack_from("<BBHI", entry)
        inside = case.start <= ip <= case.end or place_of(case, ip, corpus.symbols)[0] == "h"
        if index == case.index and (inside or vector == 0xfe):
            got.append(sight_of(entry, case, corpus.symbols, wanted[len(got)] if len(got) < len(wanted) else ""))
    for i in range(max(len(got), len(wanted))):
        g, w = (seq[i] if i < len(seq) else "nothing" for seq in (got, wanted))
        if g != w:
            return "the guest: got %s, wanted %s" % (g, w)
    return None


def events_judge(case, records, handlers, swallow):
    """The stops at the handlers' first instructions are the events the guest sees. (Their order is the log's: an
    event in front of another's handler is logged first and delivered second.)"""
    mtf = any(spot.hidden and spot.mtf for spot in case.spots)
    wanted = sorted((s.vector, max(s.retired - mtf, 0)) for s in case.sights
                    if not s.note and not (swallow and s.soft) for _ in range(s.times))
    got = sorted((r["event"]["vector"], r["retired"]) for r in records
                 if int(r["lin"], 16) in handlers and "EVENT" in r["causes"])
    if got != wanted:
        text = [" ".join("%x/%d" % e for e in events) or "none" for events in (got, wanted)]
        return "deliveries (vector/retired): got %s, wanted %s" % tuple(text)
    return None


def stepped_judge(corpus, case, records, swallow):
    handlers = {a for n, a in corpus.symbols.items() if n.startswith("h_")}
    spots = {}
    for spot in case.spots:
        spot.seen = []
        spots.setdefault(spot.address, spot)
        if swallow:
            swallowed(spot)
    for r in records:
        at = int(r["lin"], 16)
        if at in spots:
            spots[at].seen.append(r)
        elif case.start < at < case.end:
            return "+%x: got %s, wanted no stop in the middle of nothing" % (at - case.start, "+".join(r["causes"]))
    for spot in case.spots:
        wrong = spot.verdict()
        if wrong:
            return wrong
    return events_judge(case, records, handlers, swallow)


def swallowed(spot):
    """What was delivered comes back from its handler; what was swallowed does not."""
    for i, (words, _, _) in enumerate(spot.alternatives):
        if re.match("(ICEBP|INT3)", words[0]) and i + 1 < len(spot.alternatives):
            del spot.alternatives[i + 1]
            return


def trace_cases(corpus, path):
    """{case index: its stops and gaps}: those from its first judged instruction to the next case's."""
    _, records, _ = expect.trace_read(path)
    found, now, first = {}, None, {c.start: c.index for c in corpus.cases}
    for r in records:
        if "gap" not in r:
            now = first.get(int(r["lin"], 16), now)
        found.setdefault(now, []).append(r)
    return found


def stop_lines(path):
    """[(causes, address)] of what a session printed."""
    with open(path, encoding="utf-8", errors="replace") as f:
        found = [re.match(r"#\d+ +(\S+) +0x([0-9a-f]+)", line) for line in f]
    return [(m[1], int(m[2], 16)) for m in found if m]


def points_judge(case, stops, wanted):
    got = [at for causes, at in stops if "BREAK/" in causes and (case.start <= at <= case.end)]
    for address, fewest, most in wanted:
        n = got.count(address)
        if not fewest <= n <= most:
            return "+%x: got %d stops by the user's point, wanted %s" % (
                address - case.start, n, fewest if fewest == most else "%d to %d" % (fewest, most))
    return None


def catches_judge(case, stops):
    got = [(c.split("+CATCH")[0], at) for c, at in stops if "CATCH/" in c and case.start <= at <= case.end]
    wanted = [s for s in case.spots if any(re.match("ICEBP|INT3", w[0]) for w, _, _ in s.alternatives)]
    for i, spot in enumerate(wanted):
        causes = [w for w, _, _ in spot.alternatives if re.match("ICEBP|INT3", w[0])][0][0]
        if i >= len(got) or got[i][1] != spot.address or got[i][0] not in causes.split("|"):
            return "+%x: got %s, wanted a stop by catch (%s)" % (
                spot.address - case.start, got[i][0] if i < len(got) else "nothing", causes)
    return None if len(got) == len(wanted) else "got %d stops by catch, wanted %d" % (len(got), len(wanted))
