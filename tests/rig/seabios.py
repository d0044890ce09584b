#!/usr/bin/env python3
"""Judge SeaBIOS in the rig: seabios.py FOLDER [VMSTEP]

FOLDER holds seabios-bios.txt (the trace on engine kvm), seabios-mtf.txt (on engine mtf), seabios-stepped,
seabios-mtf and seabios-free (what the debug port said). With VMSTEP, and /dev/kvm here, the same steps are traced on this machine's KVM and the two
paths compared: they must agree boundary by boundary, but for the one inside a MOV SS pair (K2).
"""
import os
import re
import subprocess
import sys
import tempfile

STEPS = 20000
BIOS = "/usr/share/seabios/bios-256k.bin"


def result(good, name, got="", wanted=""):
    print(f"ok - rig: SeaBIOS: {name}" if good else f"not ok - rig: SeaBIOS: {name}: got {got}, wanted {wanted}")


def records(path):
    """(cause, address, instruction there) of each stop line; the total line as one word list."""
    stops, total = [], ""
    with open(path, errors="replace") as f:
        for line in f:
            col = re.split(r"  +", line.rstrip())
            if line.startswith("#") and len(col) > 4:
                stops.append((col[1], col[2], col[4]))
            elif line.startswith("total "):
                total = line.rstrip()
    return stops, total


def path_of(stops):
    """The boundaries in order, stops that stay at one folded into it."""
    path = []
    for _, lin, _ in stops:
        if not path or path[-1] != lin:
            path.append(lin)
    return path


def mov_ss(stops):
    """Boundaries right behind an instruction that loads SS: hardware has no stop there (K2)."""
    return {b[1] for a, b in zip(stops, stops[1:]) if a[2].startswith(("mov ss", "pop ss", "lss"))}


def trace_judge(stops, total):
    result(total.startswith(f"total {STEPS} ") and "gaps 0 " in total, f"{STEPS} steps, no gap", total, f"total {STEPS}, gaps 0")
    odd = [s for s in stops if set(s[0].split("+")) & {"ERROR", "?", "EXCEPTION"}]
    result(not odd, "every stop named", odd[:1], "no ERROR, ? or EXCEPTION")


def text_judge(folder):
    stepped, free = (open(os.path.join(folder, "seabios-" + n), "rb").read() for n in ("stepped", "free"))
    result(len(stepped) > 0 and free.startswith(stepped), "the debug port says the same stepped and free",
           repr(stepped[:200]), "the beginning of " + repr(free[:200]))


def here_judge(stops, vmstep):
    name = "the same path as on this machine's KVM"
    if not os.path.exists("/dev/kvm"):
        print(f"ok - rig: SeaBIOS: {name} # SKIP no /dev/kvm here")
        return
    with tempfile.NamedTemporaryFile() as f:
        subprocess.run([vmstep, "-q", "-nx", "--batch", "-e", "kvm", "--debugcon", "null", "-ex", "set rep whole",
                        "-ex", f"trace on {f.name}", "-ex", f"stepi {STEPS}", BIOS], check=False, stdout=subprocess.DEVNULL)
        other, _ = records(f.name)
    paths_judge(name, stops, other)


def mtf_judge(folder, stops):
    """As L2, by MTF: one retired a stop, and the way engine kvm went, boundary by boundary."""
    if not os.path.exists(os.path.join(folder, "seabios-mtf.txt")):
        return
    mine, mine_total = records(os.path.join(folder, "seabios-mtf.txt"))
    result(mine_total.startswith(f"total {STEPS} ") and "gaps 0 " in mine_total, f"{STEPS} steps as L2, no gap", mine_total,
           f"total {STEPS}, gaps 0")
    odd = [s for s in mine if set(s[0].split("+")) & {"ERROR", "?", "EXCEPTION"}]
    result(not odd, "every stop as L2 named", odd[:1], "no ERROR, ? or EXCEPTION")
    paths_judge("as L2 the same path as on engine kvm", mine, stops)
    stepped, other = (open(os.path.join(folder, "seabios-" + n), "rb").read() for n in ("stepped", "mtf"))
    result(len(other) > 0 and (stepped.startswith(other) or other.startswith(stepped)), "the debug port says the same as L2",
           repr(other[:200]), repr(stepped[:200]))


def paths_judge(name, one, two):
    skip = mov_ss(one) | mov_ss(two)
    a, b = ([x for x in path_of(t) if x not in skip] for t in (one, two))
    n = min(len(a), len(b))
    at = next((i for i in range(n) if a[i] != b[i]), n)
    result(at == n and n > 1000, f"{name} ({n} boundaries, K2's pairs left out)",
           f"boundary {at}: {a[at:at + 1]}", f"{b[at:at + 1]} as there")


def main():
    stops, total = records(os.path.join(sys.argv[1], "seabios-bios.txt"))
    trace_judge(stops, total)
    mtf_judge(sys.argv[1], stops)
    text_judge(sys.argv[1])
    if len(sys.argv) > 2:
        here_judge(stops, sys.argv[2])
    return 0


if __name__ == "__main__":
    sys.exit(main())
