#!/usr/bin/env python3
"""Judge what the oracle printed somewhere: compare.py WHERE GOT [EXPECTED]

The expectation is the architecture's (expected.txt). departures.txt lists where some emulator,
kernel or engine differs: a listed snippet must differ in exactly that way, so that a difference
that vanishes is noticed too. Prints one TAP line for each snippet. EXPECTED judges another program that
prints in this form.
"""
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
LAST = "oracle: all snippets ran"


def blocks(lines):
    """{snippet: its lines}; a snippet's name starts in the first column, its events do not."""
    found, name = {}, None
    for line in lines:
        line = line.rstrip()
        if line.startswith("  ") and name:
            found[name].append(line.strip())
        elif line:
            name = line
            found[name] = []
    return found


def file_lines(path):
    with open(path, errors="replace") as f:
        return [line for line in f if not line.startswith("# ")]


def departures(where):
    """Entries "[where] snippet" of departures.txt; a line "why: ..." gives the reason."""
    mine = {}
    for head, lines in blocks(file_lines(os.path.join(HERE, "departures.txt"))).items():
        places, _, name = head.partition("] ")
        if where in places.strip("[").split():
            why = [line[5:] for line in lines if line.startswith("why: ")]
            mine[name] = (why[0] if why else "no reason given", [line for line in lines if not line.startswith("why: ")])
    return mine


def first_difference(got, wanted):
    for g, w in zip(got + ["nothing"], wanted + ["nothing"]):
        if g != w:
            return f"got {g}, wanted {w}"
    return f"got {len(got)} lines, wanted {len(wanted)}"


def snippet_judge(title, got, wanted, listed):
    if got is None:
        print(f"not ok - {title}: got nothing, wanted {len(wanted)} lines")
    elif listed is None and got == wanted:
        print(f"ok - {title}")
    elif listed is None:
        print(f"not ok - {title}: {first_difference(got, wanted)}")
    elif got == listed[1]:
        print(f"ok - {title}: departs as listed ({listed[0]})")
    elif got == wanted:
        print(f"not ok - {title}: got the architecture's answer, wanted the listed departure ({listed[0]})")
    else:
        print(f"not ok - {title}: {first_difference(got, listed[1])}, as the listed departure says")
    return got is not None and got == (listed[1] if listed else wanted)


def main():
    where, path = sys.argv[1:3]
    other = sys.argv[3] if len(sys.argv) > 3 else None
    lines = file_lines(path)
    wanted = blocks(file_lines(other or os.path.join(HERE, "expected.txt")))
    first = next(iter(wanted))
    start = next((i for i, line in enumerate(lines) if line.rstrip() == first), len(lines))
    end = next((i for i, line in enumerate(lines) if line.strip() == LAST), len(lines))
    title = where if other else f"oracle on {where}"
    got, listed = blocks(lines[start:end]), departures(where)
    good = [snippet_judge(f"{title}: {name}", got.get(name), wanted[name], listed.get(name)) for name in wanted]
    for name in set(listed) - set(wanted):
        print(f"not ok - {title}: departures.txt: got {name}, wanted the name of a snippet")
        good.append(False)
    if end == len(lines):
        print(f"not ok - {title}: the end: got none, wanted '{LAST}'")
        good.append(False)
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())
