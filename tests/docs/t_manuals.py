#!/usr/bin/env python3
"""t_manuals.py - the examples of the manual pages are run: every line that begins with a prompt must end
with status 0 and say something, the lesson in vmstep-lessons(7) must go as it says.

Names of files that a reader is to replace stand for files that are here.
"""
import glob
import os
import re
import shutil
import subprocess
import tempfile

O = os.path.abspath(os.environ.get("O", "build"))
BIOS = "/usr/share/seabios/bios-256k.bin"
ESCAPES = {r"\(dq": '"', r"\(aq": "'", r"\-": "-", r"\e": "\\", r"\&": ""}


def tap(name, wrong):
    print("ok - " + name if wrong is None else "not ok - %s: %s" % (name, wrong))


def plain(roff):
    for escape, char in ESCAPES.items():
        roff = roff.replace(escape, char)
    return roff


def folder_fill(folder):
    """vmstep itself and what the examples name."""
    os.makedirs(folder + "/bin")
    os.symlink(O + "/vmstep", folder + "/bin/vmstep")
    for name in ("demo.elf", "guest.elf"):
        shutil.copy(O + "/tests/guests/demo.elf", os.path.join(folder, name))
    if os.path.exists(BIOS):
        shutil.copy(BIOS, folder + "/bios.bin")
    for name in ("a.jsonl", "b.jsonl"):
        subprocess.run([O + "/vmstep", "trace", "-e", "soft", "-f", "jsonl", "-o", os.path.join(folder, name), "-n", "20",
                        folder + "/demo.elf"], check=True, capture_output=True)


def example(page, command, folder):
    name = "%s: %s" % (page, command)
    for program in ("jq",):
        if re.search(r"\b%s\b" % program, command) and not shutil.which(program):
            print("ok - %s # SKIP no %s here" % (name, program))
            return
    if "bios.bin" in command and not os.path.exists(folder + "/bios.bin"):
        print("ok - %s # SKIP no SeaBIOS here: make deps" % name)
        return
    r = subprocess.run(["bash", "-o", "pipefail", "-c", command], cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                       timeout=100, env=dict(os.environ, PATH=folder + "/bin:" + os.environ["PATH"], HOME=folder))
    written = re.search(r"(?:-o|>) ?(\S+)$|-o (\S+)", command)
    path = os.path.join(folder, next((g for g in written.groups() if g), "")) if written else ""
    said = r.stdout or (path and os.path.isfile(path) and open(path).read(100)) or "diff" in command
    tap(name, None if r.returncode == 0 and said else "got status %d, %r, wanted 0 and some text" % (r.returncode, (r.stderr or r.stdout)[-200:]))


def lesson(folder):
    text = open("man/vmstep-lessons.7", encoding="utf-8").read()
    body = plain(re.search(r"^\.Bd -literal\n(lesson .*?)^\.Ed", text, re.M | re.S)[1])
    with open(folder + "/first.lesson", "w") as f:
        f.write(body)
    r = subprocess.run([O + "/vmstep", "lesson", "-e", "soft", "--batch", "first.lesson"], cwd=folder, stdin=subprocess.DEVNULL,
                       capture_output=True, text=True, timeout=60)
    tap("vmstep-lessons.7: the lesson in it", None if r.returncode == 0 and "Try next: " in r.stdout else
        "got status %d, %r" % (r.returncode, (r.stderr or r.stdout)[-200:]))


def main():
    with tempfile.TemporaryDirectory() as folder:
        folder_fill(folder)
        for path in sorted(glob.glob("man/*.[1-9]")):
            for command in re.findall(r"^\.Dl \$ (.*)$", open(path, encoding="utf-8").read(), re.M):
                example(os.path.basename(path), plain(command), folder)
        lesson(folder)


main()
