#!/usr/bin/env python3
"""why.py - what `why` and `why not` said at the stops of a session, word for word against the session's trace.

    why.py judge-files FILES GUESTS   sessions of the rig: why-GUEST.ENGINE.out and .jsonl, the trace
    why.py ask                        the commands of such a session, for one stop

Every sentence must be a row of why_rows.py or why_not_rows.py that the stop bears, and every row that a stop always
calls for must be there; text that is no row fails. The trace itself is judged by what the corpus expects
(corpus_run.py), so that the words are held against expectations written by hand. t_why.py imports this.
"""
import functools
import json
import os
import re
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.dont_write_bytecode = True
import corpus as corpora  # noqa: E402
import corpus_judge  # noqa: E402
import corpus_run  # noqa: E402
import expect  # noqa: E402
import why_not_rows  # noqa: E402
import why_rows  # noqa: E402

# What has no reasons of its own is asked for by name.
OTHERS = "IO MMIO HLT EXCEPTION SHUTDOWN LIMIT EXIT ERROR".split()
PLACES = {"x": r"(0x[0-9a-f]+)", "n": r"(\d+)", "addr": r"(0x[0-9a-f]+)(?: <[^>]*>)?", "cause": r"([A-Z0-9]+(?:/\d+)?)",
          "insn": r"(.+?)", "text": r"(.+?)"}
# Where an instruction's text ends a sentence, another begins or nothing does.
NEXT = r"(?= (?:[A-Z][a-z]|KVM|DR7\.GD|MTF came|BS is|A [a-zM]|vmstep )|$)"


class Row:
    def __init__(self, row):
        self.text, self.bears = row[0], row[1]
        self.must, self.where = row[2:] if len(row) == 4 else (False, row[2])
        pattern = re.sub(r"\\{(\w+)\\}", lambda m: PLACES[m[1]], re.escape(self.text))
        self.regex = re.compile(pattern + (NEXT if self.text.endswith(("{insn}", "{text}")) else ""))

    def begin(self):
        return self.text.split("{")[0]

    def due(self, q):
        return self.must and (q.has(self.must) if isinstance(self.must, str) else bool(self.bears(q)))


WHY = [Row(r) for r in why_rows.ROWS]
NOT = [Row(r) for r in why_not_rows.ROWS] + [Row(why_rows.cause_row(c)[:2] + (False, "soft" if c in OTHERS else "")) for c in why_rows.CAUSES]
GLUE = re.compile("|".join(why_rows.GLUE))
PARSED = {}


def plain(insn):
    """Without what symbols add."""
    return re.sub(r" (<[^>]*>|# \S+)", "", insn or "")


class Question:
    """A stop, and the cause asked for (None: `why`)."""

    def __init__(self, records, n, flavour, dr, scene, code=None):
        r = records[n]
        self.r, self.prev, self.next = r, records.get(n - 1), records.get(n + 1)
        self.flavour, self.dr, self.scene, self.cause = flavour, dr, scene, None
        self.engine = flavour.split("-")[0]
        self.mtf = flavour in ("soft", "mtf-rig")
        self.retired, self.shadow, self.insn = r["retired"], r["shadow"] or "none", plain(r["from_insn"])
        self.rep = r.get("event") == "rep"
        self.event = r["event"] if isinstance(r.get("event"), dict) else None
        self.lin, self.rflags = int(r["lin"], 16), int(r["rflags"], 16)
        self.dr6 = int(r["dr6"] or "0", 16)
        self.tf = r["tf"]["host"] or r["tf"]["guest"]
        vmx = r["vmx"] or {}
        self.pending_dbg, self.intr_info = (int(vmx.get(k, "0"), 16) for k in ("pending_dbg", "intr_info"))
        self.loads_ss = bool(re.match(r"(mov|pop) ss\b", self.insn))
        self.code = code  # reader of the image, and {bytes: text} of instructions; of a corpus

    def has(self, cause):
        if cause.endswith("/n"):
            return any(c.startswith(cause[:-1]) for c in self.r["causes"])
        return cause in self.r["causes"] or "/" not in cause and cause not in ("WATCH",) and self.has(cause + "/n")

    def did(self, word, operand=None):
        return any(d.split(":")[0] == word and operand in (None, *d.split(":")[1:]) for d in self.r["did"])

    def is_from(self, insn):
        """The instruction before the boundary; of a pair the second, which is not in the record."""
        if self.cause is None or self.retired in (0, 1):
            return plain(insn) == self.insn
        second = self.second() if self.retired == 2 and self.loads_ss else None
        return insn == (second or why_not_rows.UNKNOWN)

    def second(self):
        if not (self.code and self.prev):
            return None
        at = int(self.r["from"], 16) + self.lin - int(self.r["rip"], 16) + len(self.prev["bytes"]) // 2
        image = self.code[0](at, 15).hex()
        found = max((b for b in self.code[1] if image.startswith(b)), key=len, default="")
        return plain(self.code[1].get(found)) or None

    def came_from(self, address):
        """The boundary before, linear."""
        whole = self.prev and "lin" in self.prev and int(self.prev["lin"], 16) == address
        return whole or (address - int(self.r["from"], 16)) & 15 == 0

    def point(self, n):
        p = self.r.get("points") or [self.r["point"]]
        return next((x["how"] for x in p if x["number"] == int(n)), "")

    def bits(self, text):
        return corpora.bits_of(self.dr6 & 0xe00f) in (text, {"": "none"}.get(text)) or set(text.split(",")) == set(corpora.bits_of(self.dr6 & 0xe00f).split(","))


def tiles(rows, text):
    """[(row, its values)] that make up the text, or the rest that no row knows."""
    found, at = [], 0
    while at < len(text):
        if text[at] == " ":
            at += 1
            continue
        for row in rows:
            m = row.regex.match(text, at)
            if m:
                found.append((row, m.groups()))
                break
        else:
            m = GLUE.match(text, at)
            if not m:
                return found, text[at:at + 60]
        at = m.end()
    return found, None


def parsed(rows, text):
    key = (rows is WHY, text)
    if key not in PARSED:
        PARSED[key] = tiles(rows, text)
    return PARSED[key]


def sources_judge(q, see):
    titles = re.findall(r'"([^"]*)"', see)
    unknown = [t for t in titles if t not in why_rows.TITLES]
    if unknown:
        return "the source %r, wanted one of why_rows.TITLES" % unknown[0]
    if q.cause is None:
        wanted = {t for c in q.r["causes"] for t in why_rows.SOURCES.get(re.sub(r"/\d+", "/n", c), ())}
        wanted |= {"Priority Among Concurrent Events"} if len(q.r["causes"]) > 1 else set()
        if set(titles) != wanted:
            return "the sources %s, wanted %s" % (sorted(set(titles)), sorted(wanted))
    return None


def text_judge(q, rows, text, met):
    """None, or the first claim that is not true, not known or missing."""
    text, _, see = text.partition(" See: ")
    found, rest = parsed(rows, text.removeprefix("See: ") if text.startswith("See: ") else text)
    if rest is not None:
        return "%r, which no row judges" % rest
    for row, values in found:
        try:
            fine = row.bears(q, *values)
        except (KeyError, TypeError, ValueError, IndexError) as e:
            fine, row.text = False, row.text + " (%s)" % e
        if not fine:
            return "%r with %s, which the stop does not bear" % (row.text[:70], values)
        met.add(row)
    said = {row for row, _ in found}
    for row in rows:
        if q.cause is None and row not in said and row.due(q):
            return "no %r, wanted it" % row.text[:70]
    if not found:
        return "nothing, wanted a reason"
    return sources_judge(q, see)


def sections(path):
    """[(number, what `why` said, [[cause, *what `why not` said]], registers)] of a session's output."""
    found, now, lines, each = [], None, None, False
    for line in open(path, encoding="utf-8", errors="replace"):
        line = line.rstrip("\n")
        begin, paragraph = re.match(r"Stop #(\d+), ", line), re.match(r"([A-Z]+3?(?:/\d+)?): (.*)", line)
        if begin:
            now, lines, each = [int(begin[1]), [line], [], None], None, False
            lines = now[1]
            found.append(now)
        elif re.match(r"#\d+ ", line):
            now = None
        elif now and line[:2] in ("@=", "@."):
            now[3] = [int(w, 16) for w in line.split()[1:]] or now[3]
            lines, each = [], False
        elif now and line == "@ each":
            each = True
        elif now and (line.startswith("@ ") or each and paragraph):
            each = line[0] != "@"
            lines = list(paragraph.groups()) if each else [line[2:]]
            now[2].append(lines)
        elif now:
            lines.append(line)
    return found


def heading_judge(q, text):
    """The first line; what is left of the text."""
    m = re.match(r"Stop #(\d+), (\S+), at (0x[0-9a-f]+)(?: <[^>]*>)?\. ", text + " ")
    if not m or m[2] != "+".join(q.r["causes"]) or int(m[3], 16) != q.lin:
        return "the heading %r, wanted %s at %#x" % (text[:60], "+".join(q.r["causes"]), q.lin), ""
    return None, text[m.end():]


class Judge:
    """What sessions said; `met` are the rows that came up."""

    def __init__(self):
        self.met = set()

    def session(self, out, trace, flavour, scene=False, memory=None):
        """[(name, None or what is wrong)]."""
        records = {r["n"]: r for r in map(json.loads, open(trace, encoding="utf-8")) if "n" in r}
        code = memory and (memory, {r["bytes"]: r["insn"] for r in records.values() if r["insn"]})
        wrong, stops, answers = {}, 0, 0
        for n, why, nots, dr in sections(out):
            if n not in records:
                wrong.setdefault("why", "got stop #%d, which the trace has not" % n)
                continue
            q = Question(records, n, flavour, dr or [0] * 6, scene, code)
            stops += 1
            bad, text = heading_judge(q, " ".join(why))
            bad = bad or text_judge(q, WHY, text, self.met)
            if bad:
                wrong.setdefault("why", "#%d %s: got %s" % (n, "+".join(q.r["causes"]), bad))
            for cause, *lines in nots:
                q.cause, answers = cause, answers + 1
                bad = text_judge(q, NOT, " ".join(lines), self.met)
                if bad:
                    wrong.setdefault("why not", "#%d why not %s: got %s" % (n, cause, bad))
        none = None if stops and answers else "got %d stops and %d answers, wanted some" % (stops, answers)
        return [("why at %d stops" % stops, wrong.get("why") or none),
                ("why not, %d answers" % answers, wrong.get("why not") or none)]


ASK = ["why", "echo @ each\\n", "why not", 'printf "@= %x %x %x %x %x %x\\n", $dr0, $dr1, $dr2, $dr3, $dr7, $cr4']


def corpus_commands(corpus, flavour, left_out, everywhere, folder="."):
    """A stepped session that asks at each stop, or at those in cases and at the first instructions of handlers."""
    s = corpus.symbols
    named = [line for c in OTHERS for line in ("echo @ %s\\n" % c, "why not " + c, "echo @.\\n")] if flavour == "soft" else []
    at = ["if $pc >= %#x || $pc >= %#x && $pc <= %#x" % (s["main"], s["h_db"], s["h_irq"])]
    ask = ["stepi", *(ASK if everywhere else []), *at, *([] if everywhere else ASK), *named, "end"]
    loop = ["while $pc != %#x" % s["log_print"], *(ask if everywhere and named or not everywhere else ["stepi", *ASK]), "end"]
    lines = corpus_run.commands(corpus, "stepped", flavour, None, left_out, folder).splitlines()
    i = lines.index("stepi 100000")
    return "\n".join(lines[:i] + loop + lines[i + 1:]) + "\n"


def corpus_words(judge, elf, flavour, prefix):
    """The words of a session over the corpus, and its stops by what the cases expect."""
    name = "%s: %s: " % (flavour, re.sub(r".*/|\.elf$", "", elf))
    corpus, differences = corpora.Corpus(elf, flavour in corpus_run.MTF), corpus_run.Differences()
    traced, log = corpus_judge.trace_cases(corpus, prefix + "trace.jsonl"), corpus_judge.log_read(prefix + "log")
    left_out = corpus_run.not_run(corpus, flavour, "stepped", differences)
    bad = None
    for case in corpus.chosen(corpora.DEFAULT):
        title = "/".join((flavour, corpus.name, case.name, "stepped"))
        if case.index not in left_out and not differences.find(title):
            wrong = corpus_run.judge_case(corpus, case, "stepped", log, [], traced, flavour)
            bad = bad or wrong and "%s: %s" % (case.name, wrong)
    fine = expect.tap(name + "the stops asked about are those of the corpus", bad if flavour in corpus_run.LISTED else None)
    for what, wrong in judge.session(prefix + "out", prefix + "trace.jsonl", flavour, memory=functools.cache(corpus.memory)):
        fine = expect.tap(name + what, wrong) and fine
    return fine


def coverage_judge(judge, flavours):
    """Every row that says it comes up on one of them did."""
    lost = ["%s (%s)" % (row.text[:60], row.where) for row in WHY + NOT if row.where in flavours and row not in judge.met]
    return expect.tap("%s: every sentence that can come up did" % ", ".join(flavours),
                      None if not lost else "got none with %s" % "; ".join(lost))


def judge_files(files, guests):
    judge, seen, fine = Judge(), set(), True
    for name in sorted(os.listdir(files)):
        m = re.match(r"why-(\w+)\.(kvm|mtf)\.out$", name)
        if not m:
            continue
        seen.add(m[2])
        try:
            path = os.path.join(files, name)
            memory = functools.cache(corpora.Image(os.path.join(guests, m[1] + ".elf")).memory)
            results = judge.session(path, path[:-3] + "jsonl", m[2] + "-rig", memory=memory)
        except (OSError, ValueError, KeyError) as e:
            results = [("why", "got %s: %s, wanted readable files" % (type(e).__name__, e))]
        for what, wrong in results:
            fine = expect.tap("%s-rig: %s: %s" % (m[2], m[1], what), wrong) and fine
    return expect.tap("rig: why", None if len(seen) == 2 else "got sessions of %s, wanted kvm and mtf" % (sorted(seen) or "none")) and fine


def main():
    if sys.argv[1:2] == ["judge-files"] and len(sys.argv) == 4:
        return 0 if judge_files(*sys.argv[2:]) else 1
    if sys.argv[1:] == ["ask"]:
        print("\n".join(["stepi", *ASK]))
        return 0
    sys.stderr.write(__doc__)
    return 2


if __name__ == "__main__":
    sys.exit(main())
