#!/usr/bin/env python3
"""t_readme.py - what the documents show is what happens: every console block of README.md and of
docs/tutorial.md is run and compared line by line, and what the documents name is there.

Two things differ between machines and are left out: the line with host and date that starts a trace,
its total with the time, and KVM's own words for an ICEBP, which real VMX and the software flavour put differently.
"""
import glob
import os
import re
import subprocess

O = os.environ.get("O", "build")
VMSTEP = os.path.abspath(os.path.join(O, "vmstep"))
PROMPT = "(vmstep) "


def tap(name, wrong):
    print("ok - " + name if wrong is None else "not ok - %s: %s" % (name, wrong))


def normal(line):
    line = re.sub(r"kvm: (debug|internal error)[^;]*\(deduced\)", "kvm: ... (deduced)", line.rstrip())
    return "" if re.match(r"vmstep trace  |total ", line) else line


def words(command):
    """Arguments as the shell would give them; only quotes matter here."""
    return [w.strip('"') for w in re.findall(r'"[^"]*"|\S+', command)]


def run(command, inputs):
    args = [a.replace("build/", O + "/", 1) for a in words(command)[1:]]
    if inputs:
        args = ["-nx", "--batch", *args]
        for i in inputs:
            args += ["-ex", i]
    r = subprocess.run([VMSTEP, *args], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
    return [normal(l) for l in (r.stdout + r.stderr).split("\n") if normal(l)]


def block(title, text):
    lines = text.strip().split("\n")
    command = lines[0].removeprefix("$ ")
    inputs = [l.removeprefix(PROMPT) for l in lines if l.startswith(PROMPT)]
    wanted = [normal(l) for l in lines[1:] if not l.startswith(PROMPT) and normal(l)]
    got = run(command, inputs)
    differ = next((i for i in range(max(len(got), len(wanted))) if got[i:i + 1] != wanted[i:i + 1]), None)
    tap("%s: %s" % (title, command), None if differ is None else "line %d: got %r, wanted %r" % (
        differ + 1, got[differ:differ + 1], wanted[differ:differ + 1]))


def named_things(path, text):
    """Files and folders in backquotes or links; make targets where code is quoted, for prose makes things too."""
    makefiles = "".join(open(f).read() for f in ["Makefile", *glob.glob("tests/*.mk"), *glob.glob("*/*.mk"), *glob.glob("tests/*/*.mk")])
    code = "\n".join(re.findall(r"^```.*?^```|`[^`\n]+`", text, re.M | re.S))
    for target in sorted({t for run in re.findall(r"\bmake((?: [a-z-]+)+)(?=$|[`  ])", code, re.M) for t in run.split()}):
        if not re.search(r"^([^#\n]*\s)?%s( [^:\n]*)?:" % re.escape(target), makefiles, re.M):
            tap("%s: make %s" % (path, target), "got no such target, wanted one")
    links = [os.path.join(os.path.dirname(path), p) for p in re.findall(r"\]\(([A-Za-z][^):#]*)\)", text)]
    places = re.findall(r"`((?:src|include|tests|docs|man|completions)/[A-Za-z0-9_./-]*)`", text)
    lost = [p for p in links + places if "NAME" not in p and not os.path.exists(p)]
    tap("%s: what it names is there (%d)" % (path, len(links + places)), None if not lost else "got no %s, wanted it" % lost)


def main():
    readme = open("README.md", encoding="utf-8").read()
    if os.access("/dev/kvm", os.R_OK | os.W_OK):
        for text in re.findall(r"^```console\n(.*?)^```", readme, re.M | re.S):
            block("README", text)
    else:
        print("ok - README's sessions # SKIP no access to /dev/kvm")
    for text in re.findall(r"^```console\n(.*?)^```", open("docs/tutorial.md", encoding="utf-8").read(), re.M | re.S):
        block("tutorial", text)
    for path in ["README.md", "ARCHITECTURE.md", "HACKING.md", "CHANGELOG.md", *sorted(glob.glob("docs/*.md"))]:
        named_things(path, open(path, encoding="utf-8").read())


main()
