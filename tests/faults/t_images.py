#!/usr/bin/env python3
"""t_images.py - images that are broken, cut short or something else, and a /dev/kvm that is not to be
had, through the command line: one sentence that names the file, the exit status of the interface,
never a crash.
"""
import glob
import os
import random
import shutil
import subprocess
import tempfile

O = os.environ.get("O", "build")
VMSTEP = os.path.abspath(os.path.join(O, "vmstep"))
GUESTS = os.path.abspath(os.path.join(O, "tests/guests"))


def tap(name, got, wanted):
    fine = got == wanted if not callable(wanted) else wanted(got)
    print("ok - " + name if fine else "not ok - %s: got %.300r, wanted %s" % (
        name, got, wanted.__doc__ if callable(wanted) else "%.300r" % (wanted,)), flush=True)


def run(*args, prefix=()):
    r = subprocess.run([*prefix, VMSTEP, *args], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                       timeout=30, errors="replace")
    return r.returncode, r.stderr


def refused(name, path, *args):
    """Status 4 and one sentence with the file's name."""
    status, said = run("trace", "-n", "1", *args, path)
    tap("%s: refused" % name, status, 4)
    tap("%s: one sentence names it or the place in it" % name,
        (said.count("\n"), os.path.basename(path) in said or "0x" in said, said), named)


def named(got):
    """one line with the file's name or an address"""
    return got[:2] == (1, True)


def write(folder, name, data):
    path = os.path.join(folder, name)
    with open(path, "wb") as f:
        f.write(data)
    return path


def broken(folder):
    elf64 = open(os.path.join(GUESTS, "demo.elf"), "rb").read()
    elf32 = open(os.path.join(GUESTS, "prot32.elf"), "rb").read()
    refused("an empty file", write(folder, "empty", b""))
    refused("a folder", folder)
    refused("no file", os.path.join(folder, "nothing"))
    for n in (4, 20, 63, 64, 100, 200):
        refused("an ELF64 cut after %d bytes" % n, write(folder, "cut64-%d" % n, elf64[:n]))
    for n in (30, 52, 80):
        refused("an ELF32 cut after %d bytes" % n, write(folder, "cut32-%d" % n, elf32[:n]))
    refused("an ELF64 cut in a segment", write(folder, "cutseg", elf64[:0x1010]))
    refused("a program for an operating system", "/bin/true")
    refused("an ELF for another machine", write(folder, "arm", elf64[:18] + b"\xb7\0" + elf64[20:]))
    refused("an ELF without segments", write(folder, "noseg", elf64[:56] + b"\0\0" + elf64[58:]))
    refused("an ELF loaded beyond RAM", os.path.join(GUESTS, "demo.elf"), "-m", "2M")
    magic = b"\x02\xb0\xad\x1b" + b"\0" * 4 + b"\xfe\x4f\x52\xe4"
    refused("a multiboot header and nothing to load", write(folder, "multiboot", b"\0" * 64 + magic))
    refused("a boot sector of the wrong size by --load", write(folder, "big", b"\x90" * (3 << 20)), "--load", "0x7c00", "-m", "2M")


def mutated(folder):
    """Bits of headers turned at random, the same ones in each run of the test."""
    dice = random.Random(20260719)
    sources = [open(f, "rb").read() for f in sorted(glob.glob(GUESTS + "/*.elf"))]
    bad, silent = [], []
    for i in range(150):
        data = bytearray(dice.choice(sources))
        for _ in range(dice.randint(1, 6)):
            data[dice.randrange(min(len(data), 0x200))] = dice.randrange(256)
        if dice.random() < 0.3:
            del data[dice.randrange(len(data)):]
        path = write(folder, "mutated", bytes(data))
        status, said = run("trace", "-n", "50", "-o", "/dev/null", "--serial", "null", "--debugcon", "null", path)
        if status not in (0, 4, 5):
            bad.append((i, status, said[-200:]))
        if status == 4 and said.count("\n") != 1:
            silent.append((i, said))
    tap("150 images with turned bits: run, refused or dead, never a crash", bad, [])
    tap("and each refusal is one sentence", silent, [])


def says_kvm(said):
    """one line with /dev/kvm"""
    return "/dev/kvm" in said and said.count("\n") == 1


def no_kvm(folder):
    """As another user, and with something else in /dev/kvm's place."""
    demo = shutil.copy(os.path.join(GUESTS, "demo.elf"), folder)
    if os.geteuid() != 0 or not shutil.which("setpriv") or not shutil.which("unshare"):
        print("ok - no /dev/kvm # SKIP needs root, setpriv and unshare to take it away")
        return
    os.chmod(folder, 0o755)
    own = shutil.copy(VMSTEP, folder)
    users = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
    r = subprocess.run([*users, own, "trace", "-e", "kvm", "-n", "1", demo], stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if r.returncode != 0:
        tap("no permission: status", r.returncode, 3)
        tap("no permission: says which and what to do", r.stderr, says_kvm)
    else:
        print("ok - no permission # SKIP everybody may open /dev/kvm here")
    for name, shell in (("a /dev/kvm that is none", "mount --bind /dev/null /dev/kvm"),
                        ("no /dev/kvm", "mount -t tmpfs none /dev")):
        if subprocess.run(["unshare", "-m", "sh", "-c", shell], capture_output=True).returncode:
            print("ok - %s # SKIP mounting is not allowed here" % name)
            continue
        r = subprocess.run(["unshare", "-m", "sh", "-c", shell + '; exec "$@" </proc/self/cwd/empty', "sh", own, "trace", "-e", "kvm", "-n", "1", demo],
                           capture_output=True, text=True, cwd=folder)
        tap("%s: status" % name, r.returncode, 3)
        tap("%s: says which and what to do" % name, r.stderr, says_kvm)


def main():
    if not os.access("/dev/kvm", os.R_OK | os.W_OK):
        print("ok - broken images # SKIP no access to /dev/kvm")
        return
    with tempfile.TemporaryDirectory() as folder:
        broken(folder)
        mutated(folder)
        no_kvm(folder)


main()
