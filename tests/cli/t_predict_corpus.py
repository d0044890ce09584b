#!/usr/bin/env python3
# t_predict_corpus.py - sessions under `set predict on` over the demo, boot sectors nobody here wrote and the corpus
# (tests/guests/predictions.py): on the model each stop is the one predicted, on this machine's KVM all but those that
# predictions.txt lists, and these are found.
import os, subprocess, sys, tempfile
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "guests")]
sys.dont_write_bytecode = True
import expect, predictions
from run import *
from term import kvm_missing

GUESTS = os.path.join(O, "tests/guests")
BOOT = {"boot": ["/usr/lib/grub/i386-pc/boot.img"], "mbr": ["--load", "0x7c00", "/usr/lib/syslinux/mbr/mbr.bin"]}
# Ring 3, 32 bits with paging and an IRET of 32 bits are not for the KVM without VMX (semantics.md, section 11).
HERE_TOO = ("demo", "boot", "mbr", "corpus-real", "corpus-long", "corpus-compat")


def session(guest, flavour, folder):
    """What a session printed; None: the guest is not on this machine."""
    elf = os.path.join(GUESTS, guest + ".elf")
    image = BOOT.get(guest, [elf[:-3] + "bin" if os.path.exists(elf[:-3] + "bin") else elf])
    if not os.path.exists(image[-1]):
        return expect.skip("%s/%s" % (flavour, guest), image[-1] + " is not on this machine")
    script = os.path.join(folder, "commands")
    with open(script, "w") as f:
        f.write(predictions.commands(elf, guest, flavour))
    return subprocess.run([os.path.abspath(VMSTEP), "-q", "-nx", "--batch", "-e", flavour.split("-")[0], "--serial", "null",
                           "--debugcon", "null", "-x", script, *image], capture_output=True, text=True, errors="replace",
                          timeout=120, stdin=subprocess.DEVNULL, env=environment()).stdout


def flavour_check(flavour, guests, known_machine=True):
    used = set()
    with tempfile.TemporaryDirectory() as folder:
        for guest in guests:
            text = session(guest, flavour, folder)
            if text is not None:
                used |= predictions.judge(os.path.join(GUESTS, guest + ".elf"), guest, flavour, text, known_machine=known_machine)
    predictions.rows_judge((flavour,), used)


for flavour in ("soft", "soft-tf"):
    flavour_check(flavour, ("demo", "boot", "mbr", *("corpus-" + m for m in ("real", "prot", "v86", "long", "compat"))))
if kvm_missing():
    expect.skip("kvm: predictions", kvm_missing())
elif any(l.startswith("kvm") and "software flavour" in l for l in vmstep("engines")[1].splitlines()):
    flavour_check("kvm-pvm", HERE_TOO)
else:
    flavour_check("kvm-host", HERE_TOO, False)
