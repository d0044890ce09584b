#!/usr/bin/env python3
"""t_corpus.py - tests/guests/corpus on engine soft (stepped by MTF and by TF) and on this machine's engine kvm.

Each case of docs/semantics.md section 12 in each mode it exists in: stepped, free, with points, delivered and
swallowed: FLAVOUR/GUEST/CASE/HOW. What is wanted was written by hand beside the instructions; what a flavour
shows otherwise is in tests/guests/corpus/differences.txt.
"""
import glob
import os
import subprocess
import sys
import tempfile

O = os.environ.get("O", "build")
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "guests"))
sys.dont_write_bytecode = True
import corpus as corpora  # noqa: E402
import corpus_run  # noqa: E402
import expect  # noqa: E402

VMSTEP = os.path.abspath(os.path.join(O, "vmstep"))


def kvm_flavour():
    """kvm-pvm, or kvm-host for a KVM that is not listed, or None with the reason."""
    if not os.access("/dev/kvm", os.R_OK | os.W_OK):
        return None, "no access to /dev/kvm"
    out = subprocess.run([VMSTEP, "engines"], capture_output=True, text=True, timeout=20).stdout
    return ("kvm-pvm" if "software" in out else "kvm-host"), None


def session(elf, how, flavour, only=None):
    corpus = corpora.Corpus(elf)
    left_out = list(corpus_run.not_run(corpus, flavour, how, corpus_run.Differences()))
    title = "/".join((flavour, corpus.name, how))
    if only and only.index in left_out:
        return corpus_run.judge_left_out(corpus, only, how, flavour)
    if not only and len(left_out) == len(corpus.cases):
        return corpus_run.judge_left_out(corpus, corpus.cases[0], how, flavour, title)
    with tempfile.TemporaryDirectory() as folder:
        try:
            corpus_run.run_here(VMSTEP, elf, how, flavour, folder, only, left_out)
            corpus_run.judge(elf, how, flavour, folder + "/", only, flavour in corpus_run.LISTED)
        except subprocess.TimeoutExpired as e:
            print("not ok - %s: got no end within %d s, wanted one" % (title, e.timeout))
        except (OSError, ValueError, KeyError) as e:
            print("not ok - %s: got %s: %s, wanted readable files" % (title, type(e).__name__, e))


def flavour_check(flavour):
    for elf in sorted(glob.glob(os.path.join(O, "tests/guests/corpus-*.elf"))):
        for how in corpora.HOWS + (("bare",) if flavour == "soft" else ()):
            session(elf, how, flavour)
        for case in corpora.Corpus(elf).chosen(corpora.ALONE):
            session(elf, "stepped", flavour, case)


def main():
    if not glob.glob(os.path.join(O, "tests/guests/corpus-*.elf")):
        print("not ok - corpus: got no guests in %s, wanted some (make guests)" % O)
    flavour_check("soft")
    flavour_check("soft-tf")
    flavour, why = kvm_flavour()
    if flavour:
        flavour_check(flavour)
    else:
        expect.skip("kvm", why)


if __name__ == "__main__":
    main()
