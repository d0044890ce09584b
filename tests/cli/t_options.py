#!/usr/bin/env python3
# t_options.py - the command line: what is refused and with which status, help, version.
import os, shutil, subprocess, sys
sys.path.insert(0, os.path.dirname(__file__))
from run import *
from term import Tap, kvm_missing

t = Tap()
NOBODY = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]


def refused(status, part, *args, **more):
    rc, out, err = vmstep(*args, **more)
    name = "vmstep " + " ".join(args)
    t.eq(rc, status, name + ": status")
    t.ok(err.count("\n") == 1 and err.startswith("vmstep: ") and part in err, name + ": one sentence", err, "vmstep: ..." + part)
    t.eq(out, "", name + ": nothing on standard output")


refused(2, "no option --nonsense", "--nonsense")
refused(2, "needs NAME", "-e")
refused(2, "none of: kvm mtf soft auto", "-e", "qemu", "x")
refused(2, "none of: text jsonl", "trace", "-f", "xml", "x")
refused(2, "no number", "trace", "-n", "many", "x")
refused(2, "outside", "trace", "-n", "0", "x")
refused(2, "is no size", "-m", "5Q", "x")
refused(2, "is no number", "-m", "lots", "x")
refused(2, "without memory", "-m", "0", "x")
refused(2, "takes no argument", "--batch=yes", "x")
refused(2, "too many", "a", "b")
refused(2, "too many", "--batch", "a", "--", "b")
refused(2, "instead of a file", "--hex", "90", "file")
for sub in ("trace", "compare", "predict"):
    refused(2, sub + " needs a guest", sub)
refused(2, "two traces", "diff", "a")
refused(2, "does not go with", "diff", "--batch", "a", "b")
refused(2, "does not go with", "-n", "5", "x")
refused(2, "contradict", "trace", "--json", "-f", "text", "x")
if any(line.split()[:2] == ["mtf", "works"] for line in vmstep("engines")[1].splitlines()):
    t.skip("vmstep -e mtf is refused with a reason", "engine mtf works here")
else:
    refused(3, "engine mtf: ", "-e", "mtf", "--hex", "90")
    refused(3, "engine mtf: ", "trace", "-e", "mtf", "--hex", "90")
refused(2, "such file", "diff", "/nonexistent/a", "/nonexistent/b")

for args in (["--help"], ["-h"], ["trace", "--help"], ["diff", "--help"], ["engines", "--help"], ["compare", "--help"]):
    rc, out, err = vmstep(*args)
    t.eq((rc, err), (0, ""), " ".join(args) + ": status 0, no error")
    t.has(out, "Usage: vmstep", " ".join(args) + ": shows its usage")
    t.has(out, "Exit status:", " ".join(args) + ": shows the exit statuses")
    t.ok(max(len(l) for l in out.splitlines()) <= 120, " ".join(args) + ": no line too long")
rc, out, _ = vmstep("--help")
for row in ("-e, --engine NAME", "-x FILE", "-ex CMD", "-nx", "--guest-status", "-n, --steps N"):
    t.has(out, row, "--help names " + row)
rc, out, _ = vmstep("trace", "--help")
t.has(out, "--regs WHICH", "trace --help has trace's options")
t.lacks(out, "-ex CMD", "trace --help has no others")
rc, out, _ = vmstep("--version")
t.ok(rc == 0 and out.startswith("vmstep ") and "GPL" in out, "--version", out, "vmstep N... GPL")

rc, out, err = vmstep("engines")
t.eq(rc, 0, "engines: status")
t.eq([l.split()[0] for l in out.splitlines()], ["kvm", "mtf", "soft"], "engines: a line each")
t.ok(all(l.split()[1] in ("works", "no") and len(l.split()) > 3 for l in out.splitlines()),
     "engines: works or no, and on what or why not", out)

# A program that only prints must not mind a reader that goes away.
p = subprocess.Popen([os.path.abspath(VMSTEP), "--help"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment())
p.stdout.close()
t.eq(p.stderr.read().decode(), "", "--help into a closed pipe: no complaint")
p.wait(TIMEOUT)

if kvm_missing():
    t.skip("guest images refused", kvm_missing())
    t.done()
refused(4, "/nonexistent/guest", "/nonexistent/guest")
refused(4, "/nonexistent/guest", "trace", "/nonexistent/guest")
refused(4, "is no byte", "--hex", "9")
refused(2, "--seed: \"zz\" is no number", "--hex", "90", "--seed", "zz")
refused(4, "", "--hex", "90", "--load", "0xffffffffff")
rc, out, err = vmstep("--batch", "--serial", "pty", "--hex", "90 f4")
t.ok(rc == 0 and out.startswith("The serial port is /dev/pts/"), "--serial pty: its name is said", (rc, out, err))
if os.getuid() or not shutil.which("setpriv"):
    t.skip("no permission for /dev/kvm", "needs root and setpriv to give the permission up")
elif subprocess.run(NOBODY + ["test", "-r", "/dev/kvm"]).returncode == 0:
    t.skip("no permission for /dev/kvm", "here everybody has it")
elif subprocess.run(NOBODY + ["test", "-x", os.path.abspath(VMSTEP)]).returncode:
    t.skip("no permission for /dev/kvm", "the build folder is not readable for others")
else:
    for args in (["--batch", "-e", "kvm", "--hex", "90"], ["trace", "-e", "kvm", "--hex", "90"]):
        p = subprocess.run(NOBODY + [os.path.abspath(VMSTEP), *args], capture_output=True, text=True, env=environment(), timeout=TIMEOUT)
        t.ok(p.returncode == 3 and "permission" in p.stderr and p.stderr.count("\n") == 1, "no permission for /dev/kvm, %s: status 3 and what to do" % args[0],
             (p.returncode, p.stderr))
for args in (["--hex", "90 f4", "--memory", "4M"], ["--hex", "90 f4", "--mode", "protected"], ["--hex", "90 f4", "--mode", "long"],
             ["--hex", "90 90 f4", "--load", "0x2000", "--entry", "0x2001"]):
    rc, out, err = vmstep("trace", "-n", "5", *args)
    t.eq((rc, err), (0, ""), "trace " + " ".join(args))
t.done()
