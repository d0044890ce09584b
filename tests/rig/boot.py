#!/usr/bin/env python3
"""Boot an ISO in Bochs, show what the guest prints, keep its files, and judge by its last line.

What the guest writes to port E9 arrives on the emulator's standard output. TAP lines are passed
on; everything is kept in OUT/guest.log, what each case printed also in FILES/CASE.txt, and
"@file NAME BYTES" frames in FILES/NAME. A run that is silent or too long is ended and reported
with what was seen so far.

Exit 0: the last line was seen; 1: it was not.
"""
import argparse
import fcntl
import os
import pty
import re
import select
import signal
import subprocess
import sys
import tempfile
import termios
import time
import tty

LAST_OF_LINUX = b"rig: all cases ran"
LAST_OF_ROM = b"oracle: all snippets ran"
TAP = re.compile(rb"(ok|not ok) - ")


def bochsrc(share, out, com1, args, extra):
    """The emulator's configuration; with its own logging on it deadlocks now and then."""
    return "\n".join([
        "config_interface: textconfig",
        'display_library: rfb, options="timeout=0"',
        "sound: driver=dummy",
        "memory: guest=512, host=512",
        f"cpu: model={args.cpu}, count=1, ips=20000000, reset_on_triple_fault=0, ignore_bad_msrs=1",
        f"romimage: file={args.rom or share + '/bochs/BIOS-bochs-latest, options=fastboot'}",
        f"vgaromimage: file={share}/vgabios/vgabios.bin",
        "clock: sync=none, time0=1700000000",
        f"com1: enabled=1, {com1}",
        "port_e9_hack: enabled=1",
        "speaker: enabled=0",
        f"log: {out}/bochs.log",
        "panic: action=fatal",
        "error: action=ignore",
        "info: action=ignore" + (", cpu0=report" if args.log_cpu else ""),
        *extra, ""])


def emulator_argv(root, preload):
    """The unpacked emulator, started by the C library it was built for."""
    lib = f"{root}/usr/lib/x86_64-linux-gnu"
    before = ["--preload", preload] if preload else []
    return [f"{lib}/ld-linux-x86-64.so.2", "--library-path", lib, *before, f"{root}/usr/bin/bochs-bin"]


def emulator_start(args, out, com1, extra):
    """Start Bochs, its output into OUT/raw: it writes each character of port E9 by itself, and a file
    takes them at a tenth of what a pipe or terminal costs."""
    with open(f"{out}/bochsrc", "w") as f:
        f.write(bochsrc(f"{args.bochs}/usr/share", out, com1, args, extra))
    with open(f"{out}/rc", "w") as f:
        f.write("c\n")  # Debian's build starts in its own debugger: continue
    env = dict(os.environ, LTDL_LIBRARY_PATH=f"{args.bochs}/usr/lib/x86_64-linux-gnu/bochs/plugins",
               BXSHARE=f"{args.bochs}/usr/share/bochs")
    with open(f"{out}/raw", "wb") as raw:
        return subprocess.Popen(emulator_argv(args.bochs, args.preload) + ["-q", "-unlock", "-f", f"{out}/bochsrc", "-rc", f"{out}/rc"],
                                stdin=subprocess.DEVNULL, stdout=raw, stderr=subprocess.STDOUT, env=env,
                                start_new_session=True)


class Case:
    """The case that is running: its own output, and whether it said what failed."""

    def __init__(self, name, files):
        self.name, self.said_not_ok, self.began = name, False, time.monotonic()
        stem = re.sub(r"^t_|\.\w+$", "", name)
        self.text = open(os.path.join(files, stem + ".txt"), "wb")

    def end(self, status):
        self.text.close()
        if status != "0" and not (status == "1" and self.said_not_ok):
            print(f"not ok - rig: {self.name} ran: got status {status}, wanted 0 or a result that is not ok", flush=True)


class Reader:
    """Splits the guest's byte stream into cases, lines and files."""

    def __init__(self, files, log, last):
        self.files, self.log, self.last = files, log, last
        self.buf, self.want, self.name = b"", 0, None
        self.seen_last, self.case = False, None

    def feed(self, data):
        self.buf += data
        while self.file_take() if self.name else self.line_take():
            pass

    def file_take(self):
        if len(self.buf) < self.want:
            return False
        path = os.path.join(self.files, os.path.basename(self.name))
        with open(path, "wb") as f:
            f.write(self.buf[:self.want])
        self.buf, self.name = self.buf[self.want:], None
        return True

    def line_take(self):
        line, nl, rest = self.buf.partition(b"\n")
        if not nl:
            return False
        self.buf = rest
        m = re.match(rb"@file (\S+) (\d+)$", line)
        if m:
            self.name, self.want = m[1].decode(), int(m[2])
        else:
            self.line(line)
        return True

    def line(self, line):
        self.log.write(line + b"\n")
        self.log.flush()
        words = line.decode(errors="replace").split()
        if words[:2] == ["rig:", "case"]:
            self.case = Case(words[2], self.files)
        elif words[:2] == ["rig:", "end"] and self.case:
            self.case.end(words[3])
            self.log.write(b"rig: took %.1f s of the host's time\n" % (time.monotonic() - self.case.began))
            self.case = None
        elif self.case:
            self.case.text.write(line + b"\n")
        if TAP.match(line):
            if self.case and line.startswith(b"not"):
                self.case.said_not_ok = True
            print(line.decode(errors="replace").rstrip(), flush=True)
        self.seen_last |= line.strip() == self.last


def cpu_seconds(pid):
    """Processor time of the emulator: a hang is judged by it, so that a busy machine is not one."""
    try:
        with open(f"/proc/{pid}/stat") as f:
            fields = f.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    except OSError:
        return 0.0


def guest_watch(proc, raw, reader, limits):
    """Read until the emulator ends; return why it was ended by us, or None."""
    heard = start = time.monotonic()
    heard_cpu = 0.0
    while True:
        ended = proc.poll() is not None  # before the read: nothing comes after the end
        data = raw.read()
        now, cpu = time.monotonic(), cpu_seconds(proc.pid)
        if data:
            reader.feed(data)
            heard, heard_cpu = now, cpu
        if ended or (reader.seen_last and now - heard > 5):
            return None
        if cpu > limits.timeout or now - start > 4 * limits.timeout:
            return f"{cpu:.0f} s of processor time, {now - start:.0f} s in all, were not enough"
        if cpu - heard_cpu > limits.silence or now - heard > 4 * limits.silence:
            return f"nothing was heard for {cpu - heard_cpu:.0f} s of processor time, {now - heard:.0f} s in all"
        time.sleep(0.05)


def emulator_stop(proc):
    if proc.poll() is None:
        os.killpg(proc.pid, signal.SIGKILL)
    proc.wait()


def cdrom(args):
    if not args.iso:
        return []
    return ["ata0: enabled=1, ioaddr1=0x1f0, ioaddr2=0x3f0, irq=14",
            f"ata0-master: type=cdrom, path={args.iso}, status=inserted", "boot: cdrom"]


def run(args, out):
    args.files = args.files or f"{out}/files"
    os.makedirs(args.files, exist_ok=True)
    with open(f"{out}/guest.log", "wb") as log:
        reader = Reader(args.files, log, LAST_OF_ROM if args.rom else LAST_OF_LINUX)
        proc = emulator_start(args, out, f"mode=file, dev={out}/serial.log", cdrom(args))
        try:
            with open(f"{out}/raw", "rb") as raw:
                why = guest_watch(proc, raw, reader, args)
        finally:
            emulator_stop(proc)
    if reader.seen_last:
        return 0
    print(f"not ok - rig: the last line: got none during {reader.case.name if reader.case else 'the boot'} ({why or 'the emulator ended'}), "
          f"wanted '{reader.last.decode()}'")
    with open(f"{out}/guest.log", "rb") as log:
        for line in log.read().splitlines()[-12:]:
            print("#   " + line.decode(errors="replace"))
    return 1


def terminal_raw():
    """Hand keys through as they are; returns what undoes it."""
    if not os.isatty(0):
        return lambda: None
    old = termios.tcgetattr(0)
    tty.setraw(0)
    return lambda: termios.tcsetattr(0, termios.TCSADRAIN, old)


def terminal_pump(proc, line):
    """Join our terminal and the guest's serial line until the emulator ends or Ctrl-] is typed."""
    inputs = [0, line]
    while proc.poll() is None:
        for fd in select.select(inputs, [], [], 0.2)[0]:
            try:
                data = os.read(fd, 4096)
            except OSError:
                return  # the emulator closed its end
            if fd == line:
                os.write(1, data)
            elif fd == 0 and b"\x1d" in data:
                return
            elif fd == 0 and not data:
                inputs.remove(0)
            elif fd == 0:
                os.write(line, data)


def shell(args, out):
    """An interactive session on the guest's serial line."""
    line, slave = pty.openpty()
    tty.setraw(slave)
    proc = emulator_start(args, out, f"mode=term, dev={os.ttyname(slave)}", cdrom(args))
    print("rig: the emulator boots for some ten seconds; Ctrl-] ends it", flush=True)
    undo = terminal_raw()
    try:
        terminal_pump(proc, line)
    finally:
        undo()
        emulator_stop(proc)
    return 0


def main():
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument("--bochs", required=True, help="root of the unpacked emulator")
    p.add_argument("--iso", help="boot this image")
    p.add_argument("--rom", help="run this ROM instead of a BIOS")
    p.add_argument("--cpu", default="broadwell_ult", help="the emulator's model of a processor")
    p.add_argument("--preload", help="a library the emulator is started with")
    p.add_argument("--out", required=True, help="folder for logs")
    p.add_argument("--files", help="folder for the guest's files")
    p.add_argument("--shell", action="store_true", help="join this terminal to the guest's serial line")
    p.add_argument("--log-cpu", action="store_true", help="what the processor has to say goes to OUT/bochs.log: for a ROM, that is little")
    p.add_argument("--timeout", type=int, default=720, help="processor seconds in all")
    p.add_argument("--silence", type=int, default=45, help="processor seconds without a sign of life")
    args = p.parse_args()
    for name in ("bochs", "preload", "iso", "rom", "out", "files"):
        setattr(args, name, getattr(args, name) and os.path.abspath(getattr(args, name)))
    os.makedirs(args.out, exist_ok=True)
    # Debian's build takes one display port and one lock: one emulator at a time on a machine.
    with open(os.path.join(tempfile.gettempdir(), f"vmstep-rig-{os.getuid()}.lock"), "w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("# rig: another emulator runs on this machine, waiting for its end", file=sys.stderr, flush=True)
            fcntl.flock(lock, fcntl.LOCK_EX)
        return shell(args, args.out) if args.shell else run(args, args.out)


if __name__ == "__main__":
    sys.exit(main())
