#!/usr/bin/env python3
"""t_transparency.py - a program that tries to notice its debugger (tests/guests/notice.S) prints the same stepped and
with the user's points as free, on engine soft and on this machine's engine kvm; tests/guests/transparency.py judges.
"""
import os
import subprocess
import sys
import tempfile

O = os.environ.get("O", "build")
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "guests"))
sys.dont_write_bytecode = True
import expect  # noqa: E402
import transparency as notice  # noqa: E402

VMSTEP = os.path.abspath(os.path.join(O, "vmstep"))
GUEST = os.path.join(O, "tests/guests/notice.elf")


def run(flavour, how, folder):
    """{attempt: what it printed}"""
    script, log = (os.path.join(folder, n) for n in ("commands", "log"))
    with open(script, "w") as f:
        f.write(notice.commands(how, flavour))
    r = subprocess.run([VMSTEP, "-q", "-nx", "--batch", "-e", flavour.split("-")[0], "--serial", "null", "--debugcon", log,
                        "-x", script, GUEST], capture_output=True, text=True, timeout=120, errors="replace",
                       stdin=subprocess.DEVNULL)
    seen = notice.log_read(log)
    notice.session_judge(flavour, how, r.stdout, seen)
    return seen


def engine_check(flavour, table):
    with tempfile.TemporaryDirectory() as folder:
        free = run(flavour, "free", folder)
        for how in notice.HOWS[1:]:
            notice.judge(flavour, how, run(flavour, how, folder), free, table, flavour in notice.LISTED)


def main():
    table = notice.table_read()
    notice.table_judge(table)
    engine_check("soft", table)
    engine_check("soft-tf", table)
    if not os.access("/dev/kvm", os.R_OK | os.W_OK):
        return expect.skip("kvm/notice", "no access to /dev/kvm")
    out = subprocess.run([VMSTEP, "engines"], capture_output=True, text=True, timeout=20).stdout
    engine_check("kvm-pvm" if "software" in out else "kvm-host", table)


main()
