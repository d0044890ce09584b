"""run.py - vmstep run without a terminal by a test. Not a test itself."""
import os, subprocess, tempfile

from term import O, VMSTEP, TIMEOUT

HOME = tempfile.TemporaryDirectory()


def environment(**more):
    e = dict(os.environ, HOME=HOME.name, XDG_STATE_HOME=HOME.name + "/state", XDG_CONFIG_HOME=HOME.name + "/config")
    e.pop("NO_COLOR", None)
    e.update(more)
    return e


def on_kvm(args):
    """The guests of these tests run on engine kvm, if not said otherwise: `auto` differs between machines."""
    args = list(args)
    if not ("--hex" in args or any(a.endswith((".elf", ".bin")) for a in args)) or "-e" in args or "--engine" in args:
        return args
    return [args[0], "-e", "kvm", *args[1:]] if args[0] == "trace" else ["-e", "kvm", *args]


def vmstep(*args, stdin="", env=None, cwd=None, timeout=TIMEOUT):
    """(status, stdout, stderr); status 128 + n for a signal, -1 if it did not end."""
    try:
        p = subprocess.run([os.path.abspath(VMSTEP), *on_kvm(args)], input=stdin.encode(), capture_output=True, timeout=timeout,
                           env=environment(**(env or {})), cwd=cwd)
    except subprocess.TimeoutExpired:
        return -1, "", "did not end in %d s" % timeout
    status = p.returncode if p.returncode >= 0 else 128 - p.returncode
    return status, p.stdout.decode("utf-8", "replace"), p.stderr.decode("utf-8", "replace")


def script(commands, *args, hex="90 f1 90 f4", **more):
    """A session whose commands are on standard input."""
    guest = ["--hex", hex] if hex else []
    return vmstep("-q", "-nx", *guest, *args, stdin=commands + "\n", **more)


def demo():
    """The demo guest, an ELF64 file with symbols."""
    return os.path.join(O, "tests/guests/demo.elf")
