#!/usr/bin/env python3
"""corpus_bare.py BOCHS ROMS GUESTS OUT - the corpus (tests/guests/corpus) on the bare emulated CPU.

Each mode is a ROM in place of a BIOS (bare/rom.S): no kernel, no KVM and no debugger between the cases and the
processor. What their handlers saw is judged by the same expectation as on every engine; results are named
bochs/GUEST/CASE/bare, and what the emulated processor does otherwise is in corpus/differences.txt.

A case that ends the machine is a ROM of its own, with its bits of `case_mask` and `case_on` set. No log comes then; the
emulator's own log says what its processor came to.
"""
import os
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "guests"))
sys.dont_write_bytecode = True
import corpus as corpora  # noqa: E402
import corpus_judge  # noqa: E402
import corpus_run  # noqa: E402
import expect  # noqa: E402

FIRST, LAST = b"rom: enters the program\n", b"\noracle: all snippets ran\n"
GOODBYE = 72 * b"=" + b"\nBochs is exiting"
ONLY_ASKED = 0x80
# Cause of the last stop: what the emulator's log says of it, and of where the processor was.
ENDS = {
    "HLT": (r"WARNING: HLT instruction with IF=0!", None),
    "SHUTDOWN": (r"exception\(\): 3rd \(13\) exception with no resolution", r"\] 0x([0-9a-f]+)>> "),
}


def boot(bochs, rom, out, *more):
    """What boot.py said: nothing where the program ran to its end."""
    return subprocess.run([os.path.join(HERE, "boot.py"), "--bochs", bochs, "--rom", rom, "--out", out,
                           "--timeout", "20", *more], stdout=subprocess.PIPE, text=True, check=False).stdout


def printed(out):
    """What the program printed: (all of it, whether it came to its end)."""
    with open(os.path.join(out, "guest.log"), "rb") as f:
        text = f.read().partition(FIRST)[2].partition(GOODBYE)[0]
    log, end, _ = text.rpartition(LAST)
    return (log, True) if end else (text, False)


def mode_judge(bochs, roms, corpus, out, differences):
    """Every case that is not alone, in one run."""
    said = boot(bochs, os.path.join(roms, corpus.name + ".rom"), out)
    log, ended = printed(out)
    fine = expect.tap("bochs/%s/end/bare" % corpus.name,
                      None if ended else "got %s, wanted the log's last line" % (said.split("\n")[0] or "no word why"))
    entries = corpus_judge.log_entries(log)
    for case in corpus.chosen(corpora.DEFAULT):
        wrong = corpus_judge.sights_judge(corpus, case, entries, False)
        fine = corpus_run.result(corpus, case, "bochs", "bare", wrong, differences) and fine
    return fine


def rom_alone(rom, corpus, case, path):
    """A ROM that runs nothing but the case."""
    out = subprocess.run(["nm", rom + ".elf"], capture_output=True, text=True, check=True).stdout
    payload = int(re.search(r"^(\w+) \w payload$", out, re.M)[1], 16)
    with open(rom, "rb") as f:
        data = bytearray(f.read())
    data[payload + corpus.symbols["case_mask"] - corpus.lowest] = ONLY_ASKED
    data[payload + corpus.symbols["case_on"] + case.index - corpus.lowest] = ONLY_ASKED
    with open(path, "wb") as f:
        f.write(data)


def alone_wrong(case, out):
    """None, or what is wrong with the end of the machine."""
    last = case.spots[-1]
    cause = next(c for c in ENDS if any(c in words[0] for words, _, _ in last.alternatives))
    log, ended = printed(out)
    if log or ended:
        return "the guest: got %d bytes printed, wanted none behind its end" % len(log)
    with open(os.path.join(out, "bochs.log"), errors="replace") as f:
        text = f.read()
    sign, where = ENDS[cause]
    if not re.search(sign, text):
        return "the processor: got no %s, wanted one at +%x" % (cause, last.address - case.start)
    at = int(re.search(where, text)[1], 16) if where else last.address
    return None if at == last.address else "the processor: got %s at %#x, wanted it at %#x" % (cause, at, last.address)


def alone_judge(bochs, roms, corpus, case, out, differences):
    os.makedirs(out, exist_ok=True)
    rom = os.path.join(out, "case.rom")
    rom_alone(os.path.join(roms, corpus.name + ".rom"), corpus, case, rom)
    boot(bochs, rom, out, "--silence", "2", "--log-cpu")
    return corpus_run.result(corpus, case, "bochs", "bare", alone_wrong(case, out), differences)


def main():
    if len(sys.argv) != 5:
        sys.exit(__doc__)
    bochs, roms, guests, out = sys.argv[1:]
    differences, fine = corpus_run.Differences(), True
    for mode in corpora.MODES:
        corpus = corpora.Corpus(os.path.join(guests, "corpus-%s.elf" % mode))
        fine = mode_judge(bochs, roms, corpus, os.path.join(out, mode), differences) and fine
        for case in corpus.chosen(corpora.ALONE):
            folder = os.path.join(out, "%s-%s" % (mode, case.name))
            fine = alone_judge(bochs, roms, corpus, case, folder, differences) and fine
    return 0 if fine else 1


if __name__ == "__main__":
    sys.exit(main())
