#!/usr/bin/env python3
"""t_guests.py - every guest of tests/guests on engine kvm and on engine soft.

Engine soft shows what engine mtf shows (column mtf of the expectations), and gives the same bytes twice.
Each is stepped from its first instruction to its end and every stop compared with what the guest
says must come there; then it runs free, and must have printed the same.
"""
import glob
import os
import subprocess
import sys
import tempfile

O = os.environ.get("O", "build")
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "guests"))
sys.dont_write_bytecode = True
import expect  # noqa: E402

VMSTEP = os.path.abspath(os.path.join(O, "vmstep"))
STEPS = 200000


def flavour():
    """hw or pvm, or None with the reason why engine kvm does not work here."""
    out = subprocess.run([VMSTEP, "engines"], capture_output=True, text=True, timeout=20).stdout
    line = next((l for l in out.splitlines() if l.split()[:1] == ["kvm"]), "")
    if not os.access("/dev/kvm", os.R_OK | os.W_OK):
        return None, "no access to /dev/kvm"
    return ("pvm" if "software" in out else "hw"), line


def run(args, timeout=60):
    return subprocess.run([VMSTEP, *args], capture_output=True, text=True, timeout=timeout,
                          stdin=subprocess.DEVNULL, errors="replace")


def image_of(elf):
    """What is loaded: 16-bit guests are flat binaries, their ELF only holds the expectation."""
    flat = elf.removesuffix(".elf") + ".bin"
    return flat if elf.endswith("16.elf") else elf


def ended_wrong(result, text):
    if result.returncode in (0, 5):
        return None
    return "got exit status %d (%s), wanted 0 or 5" % (result.returncode, (text or "").strip()[-200:])


def one(elf, engine, which, folder):
    name = os.path.basename(elf).removesuffix(".elf")
    trace, stepped, free = (os.path.join(folder, name + "." + e) for e in ("jsonl", "stepped", "free"))
    expect.expectation_read(elf, which)  # NotHere
    common = ["-e", engine, "--serial", "null"]
    command = ["trace", *common, "-f", "jsonl", "-n", str(STEPS), "--debugcon", stepped, image_of(elf)]
    name = "%s: %s" % (engine, name)
    r = run([*command, "-o", trace])
    if not expect.tap(name + ": steps to its end", ended_wrong(r, r.stderr)):
        return
    expect.check(name, elf, trace, which)
    if engine == "soft":
        run([*command, "-o", trace + "2"])
        expect.tap(name + ": the same trace twice", None if open(trace, "rb").read() == open(trace + "2", "rb").read()
                   else "got other bytes, wanted the same")
    r = run(["-q", "--batch", "-nx", *common, "--debugcon", free, "-ex", "continue", image_of(elf)])
    if not expect.tap(name + ": runs free to its end", ended_wrong(r, r.stderr)):
        return
    a, b = (open(f, "rb").read() for f in (stepped, free))
    expect.tap(name + ": prints the same stepped and free", None if a == b else "got %r, wanted %r" % (a, b))


def engine_check(engine, which):
    # The corpus has judges of its own (t_corpus.py).
    guests = sorted(g for g in glob.glob(os.path.join(O, "tests/guests/*[0-9].elf")) if "/corpus-" not in g)
    if not guests:
        print("not ok - guests: got none in %s, wanted some (make guests)" % O)
    with tempfile.TemporaryDirectory() as folder:
        for elf in guests:
            try:
                one(elf, engine, which, folder)
            except expect.NotHere as e:
                expect.skip("%s: %s" % (engine, os.path.basename(elf).removesuffix(".elf")), e)
            except subprocess.TimeoutExpired as e:
                print("not ok - %s: %s: got no end within %d s, wanted one" % (engine, os.path.basename(elf), e.timeout))
            except (ValueError, KeyError, OSError) as e:
                print("not ok - %s: %s: got %s: %s, wanted a readable trace" % (engine, os.path.basename(elf), type(e).__name__, e))


def main():
    which, why = flavour()
    if which is None:
        print("ok - guests on engine kvm # SKIP %s" % why)
    else:
        engine_check("kvm", which)
    engine_check("soft", "mtf")


if __name__ == "__main__":
    main()
