"""corpus_judge.py - whether what was seen of a case of the corpus is what it expects: the guest's own log, the stops
of a trace, the stops of a session. Each judge gives None or the first difference.
"""
import re
import struct

import corpus as corpora
import expect


def sight_of(entry, case, symbols, wanted):
    """The text of a log entry; what `wanted` does not look at is taken from it."""
    vector, _, flags, ip, dr6, err, cs = struct.unpack("<BBHIIHH", entry)
    if vector == 0xfe:
        return "note %x" % err
    names = [n for n, bit in corpora.FLAG_BITS.items() if flags & bit]
    if " flags " in wanted and "rf*" in wanted:
        names = [n for n in names if n != "rf"] + ["rf*"]
    return "vector %x at %s flags %s dr6 %s err %x" % (
        vector, corpora.place_of(case, ip, symbols, cs), ",".join(names) or "-",
        "any" if " dr6 any " in wanted else corpora.bits_of(dr6), err)


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
        inside = case.start <= ip <= case.end or corpora.place_of(case, ip, corpus.symbols)[0] == "h"
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


def handlers_judge(case, records, handlers):
    """None, or what is wrong with a stop at a handler's first instruction but the event: nothing is left over there from the
    boundary before, and pending is only what MOV SS held back for that handler."""
    held = {s.vector: s.values["pending"] for s in case.sights if "pending" in s.values}
    for r in records:
        if int(r["lin"], 16) not in handlers or "EVENT" not in r["causes"]:
            continue
        vector, vmx = r["event"]["vector"], r.get("vmx")
        pending = corpora.pending_at(vmx) if case.mtf else None
        for key, got, wanted in (("shadow", r["shadow"], "none"), ("cpl", r["cpl"], 0),
                                 ("pending", pending, held.get(vector, "none"))):
            if got is not None and got != wanted:
                return "the handler of vector %x: got %s %s, wanted %s" % (vector, key, got, wanted)
        held.pop(vector, None)
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
    return events_judge(case, records, handlers, swallow) or handlers_judge(case, records, handlers)


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
