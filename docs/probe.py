#!/usr/bin/env python3
# probe.py - docs/probe.md, the matrix of what each KVM does, from the results in docs/probe. `make
# probe-doc` writes it; `--check` says whether it is up to date.
import glob, json, os, sys

HEAD = """# What KVM does with debug events

`vmstep probe` runs some eighty micro-guests on this host's KVM by raw ioctls and says of each what the
architecture asks for, what this KVM did and what vmstep does about it. No version decides, only what was
seen. Below is what it said on the machines we have; the results are in docs/probe, one file for each.
`vmstep probe --json >FILE` writes such a file, `vmstep probe --against FILE` tells what differs from it.
`make probe-doc` makes this text.

An outcome is a list of what KVM_RUN gave: `debug+2[BS]` is KVM_EXIT_DEBUG two bytes into the guest with DR6.BS,
`bp` the same with exception 3, `hlt v1+1` a HLT behind the first byte of vector 1's handler, `io` and `mmio`
exits to userspace, `error` KVM_EXIT_INTERNAL_ERROR, `eintr` that only a signal ended it; `frame` is the return
address pushed. The K numbers, and "section 11", are those of docs/semantics.md, "rig" is a departure of the
emulated processor (docs/rig.md). **ok** is what was asked for.

`L1:debug+1[BS]` is what a hypervisor in the guest got for the #DB of its own guest. kvm_amd runs in the rig too, on an
emulated AMD processor two of whose errata are mended first (docs/rig.md).
"""
HERE = os.path.dirname(os.path.abspath(__file__))


def results():
    for path in sorted(glob.glob(os.path.join(HERE, "probe", "*.json"))):
        lines = [json.loads(l) for l in open(path)]
        yield lines[0], {o["id"]: o for o in lines[1:] if "id" in o}, [o for o in lines[1:] if "unshown" in o]


def cell(o):
    if o is None or o["verdict"] == "absent":
        return "not tried"
    if o["verdict"] == "documented":
        return "ok"
    return "%s: `%s`" % (o.get("departure", "unknown"), o["did"])


def name(head):
    return "%s %s" % (head["flavour"], head["kernel"].split()[1])


def changes(kernels):
    """What differs between two kernels with the same module: `vmstep probe --against` says the same."""
    for (h, rows), (h2, rows2) in zip(kernels, kernels[1:]):
        if h["flavour"] != h2["flavour"]:
            continue
        changed = [i for i in rows if i in rows2 and rows[i]["did"] != rows2[i]["did"]]
        yield "- from %s to %s: %d of %d%s" % (name(h), name(h2), len(changed), len(rows), ":" if changed else ".")
        for i in changed:
            yield "  - %s (%s): was `%s`, is `%s`" % (rows[i]["event"], i, rows[i]["did"], rows2[i]["did"])


def text():
    files = list(results())
    kernels = [(h, rows) for h, rows, _ in files]
    out = [HEAD]
    for head, rows in kernels:
        n = lambda v: sum(o["verdict"] == v for o in rows.values())
        out.append("- **%s** (%s): %d as documented, %d known departures, %d unknown, %d not tried"
                   % (head["flavour"], head["kernel"], n("documented"), n("known"), n("unknown"), n("absent")))
    out += ["", "| event | asked | %s |" % " | ".join(name(h) for h, _ in kernels),
            "|---|---|%s" % ("---|" * len(kernels))]
    ids = dict.fromkeys(i for _, rows in kernels for i in rows)
    for i in ids:
        first = next(rows[i] for _, rows in kernels if i in rows)
        out.append("| %s (%s) | `%s` | %s |" % (first["event"], i, first["asked"], " | ".join(cell(rows.get(i)) for _, rows in kernels)))
    out += ["", "## What changed between two kernels", ""] + list(changes(kernels))
    out += ["", "## What no probe shows", ""] + ["- **%s**: %s." % (o["unshown"], o["why"]) for o in files[0][2]]
    out += ["", "## What vmstep does about them", ""]
    for i in ids:
        departures = {o["departure"]: o.get("note", "") for _, rows in kernels for o in [rows.get(i)] if o and "departure" in o}
        if not departures:
            continue
        o = next(rows[i] for _, rows in kernels if i in rows)
        why = "; ".join("%s: %s" % (k, v) if v else k for k, v in departures.items())
        out.append("- **%s** (%s; asked for by %s): %s." % (i, why, o["source"], o["vmstep"]))
    return "\n".join(out) + "\n"


path = os.path.join(HERE, "probe.md")
if sys.argv[1:] == ["--check"]:
    if not os.path.exists(path) or open(path).read() != text():
        print("docs/probe.md is not what docs/probe has: make probe-doc")
        sys.exit(1)
else:
    open(path, "w").write(text())
