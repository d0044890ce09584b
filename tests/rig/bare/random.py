#!/usr/bin/env python3
"""Compare what random.c printed on bare Bochs and on engine soft: random.py BOCHS SOFT

One line a case. A difference counts unless a rule below knows it, by the SDM's word against Bochs's way.
Prints one TAP line for each instruction kind, and one for each rule that met a case.
"""
import collections
import re
import sys

LINE = re.compile(r"([0-9a-f]+): (\w+) (.*?) rings (.*) stacks (\S+)$")
LAST = "oracle: all snippets ran"


class Case:
    def __init__(self, number, kind, state, tables, stacks):
        self.number, self.kind, self.state, self.tables, self.stacks = number, kind, state, tables, stacks
        words = state.split()
        self.vector = words[0]
        self.flags = int(words[words.index("in") + 3], 16)


def cases_of(path):
    found, ended = {}, False
    with open(path, errors="replace") as f:
        for line in f:
            m = LINE.match(line.strip())
            if m:
                found[m[1]] = Case(*m.groups())
            ended |= line.strip() == LAST
    return found, ended


def v86_ip(bochs, soft):
    """SDM 2 "IRET/IRETD/IRETQ", RETURN-TO-VIRTUAL-8086-MODE: an EIP beyond the limit is #GP(0); Bochs cuts it."""
    return bochs.kind == "iret" and soft.vector == "vd" and bochs.flags & 0x20000


def pushed_first(bochs, soft):
    """SDM 2 "CALL": the target's offset is checked before anything is pushed; Bochs leaves bytes below ESP."""
    return bochs.kind == "lcall" and bochs.vector == "vd" and (bochs.state, bochs.tables) == (soft.state, soft.tables)


def load_order(bochs, soft):
    """SDM 3 "Task Switching", its table of checks: CS comes before the data segments, Bochs loads it last: of two bad
    selectors the other is named, and other descriptors were marked accessed before the fault."""
    b, s = bochs.state.split(), soft.state.split()
    own = b[:2] == s[:2] or int(s[1], 16) == int(s[s.index("|") + 2], 16) & ~3
    return {b[0], s[0]} <= {"va", "vb", "vc"} and own and (b[2:], bochs.stacks) == (s[2:], soft.stacks)


RULES = [v86_ip, pushed_first, load_order]


def main():
    (bochs, ended_b), (soft, ended_s) = cases_of(sys.argv[1]), cases_of(sys.argv[2])
    total, wrong, known = collections.Counter(), {}, collections.Counter()
    failed = 0
    for number, b in bochs.items():
        s = soft.get(number)
        total[b.kind] += 1
        if s and vars(b) == vars(s):
            continue
        rule = s and next((r for r in RULES if r(b, s)), None)
        if rule:
            known[rule] += 1
        else:
            wrong.setdefault(b.kind, (number, b, s))
    for kind, n in sorted(total.items()):
        name = f"random: {kind}, {n} cases on bare Bochs and engine soft"
        if kind in wrong:
            number, b, s = wrong[kind]
            print(f"not ok - {name}: case {number}: got {vars(s) if s else 'nothing'}, wanted {vars(b)}")
            failed = 1
        else:
            print(f"ok - {name}")
    for rule in known:
        print(f"ok - random: departs {known[rule]} times: {' '.join(rule.__doc__.split())}")
    if not ended_b or not ended_s or len(bochs) != len(soft):
        print(f"not ok - random: the end: got {len(bochs)} and {len(soft)} cases, wanted as many and an end")
        failed = 1
    return failed


if __name__ == "__main__":
    sys.exit(main())
