"""term.py - a program on a pseudo-terminal, driven and read by a test; TAP helpers. Not a test itself."""
import fcntl, os, pty, re, select, signal, struct, sys, termios, time

O = os.environ.get("O", "build")
VMSTEP = os.path.join(O, "vmstep")
TIMEOUT = 20
ESCAPES = re.compile(rb"\x1b\[[0-9;?]*[A-Za-z]|\x1b\][^\x07]*\x07|\x1b[=>]")


class Tap:
    def __init__(self):
        self.failed = 0
        self.n = 0

    def ok(self, held, name, got="false", wanted="true"):
        self.n += 1
        if held:
            print("ok - " + name)
        else:
            self.failed += 1
            print("not ok - %s: got %r, wanted %r" % (name, got, wanted))
        sys.stdout.flush()
        return held

    def eq(self, got, wanted, name):
        return self.ok(got == wanted, name, got, wanted)

    def has(self, text, part, name):
        return self.ok(part in text, name, text[-600:], "something with " + part)

    def lacks(self, text, part, name):
        return self.ok(part not in text, name, text[-600:], "nothing with " + part)

    def skip(self, name, why):
        self.n += 1
        print("ok - %s # SKIP %s" % (name, why))

    def done(self):
        print("1..%d" % self.n)
        sys.exit(1 if self.failed else 0)


def kvm_missing():
    """Why guests cannot run here, or None."""
    try:
        os.close(os.open("/dev/kvm", os.O_RDWR))
    except OSError as e:
        return "/dev/kvm: " + e.strerror
    return None


class Term:
    """A child on a terminal of its own. `raw` is all it wrote, `text` the same without escapes."""

    def __init__(self, args, env=None, rows=40, cols=200, home=None, shell=False):
        e = dict(os.environ, TERM="xterm", INPUTRC="/dev/null")
        e.update(env or {})
        if home:
            e.update(HOME=home, XDG_STATE_HOME=home + "/state", XDG_CONFIG_HOME=home + "/config")
        self.pid, self.fd = pty.fork()
        if not self.pid:
            for k, v in e.items():
                os.environ[k] = v
            if "NO_COLOR" not in (env or {}):
                os.environ.pop("NO_COLOR", None)
            os.execvp(args[0], args)
        self.resize(rows, cols)
        self.raw = b""
        self.mark = 0
        self.status = None

    def resize(self, rows, cols):
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, cols, 0, 0))

    def read(self, seconds):
        """Whatever comes within that time; False at the end."""
        r, _, _ = select.select([self.fd], [], [], seconds)
        if not r:
            return True
        try:
            data = os.read(self.fd, 65536)
        except OSError:
            data = b""
        self.raw += data
        return bool(data)

    @staticmethod
    def plain(raw):
        return ESCAPES.sub(b"", raw).replace(b"\r", b"").decode("utf-8", "replace")

    @property
    def text(self):
        """Since the last expect()."""
        return self.plain(self.raw[self.mark:])

    def send(self, text):
        os.write(self.fd, text.encode())

    def expect(self, pattern, seconds=TIMEOUT):
        """Waits until `pattern` shows in what came since the last expect(); returns that text, or None."""
        end = time.monotonic() + seconds
        alive = True
        while True:
            m = re.search(pattern, self.text)
            if m:
                got = self.text
                self.mark = len(self.raw)
                return got
            if not alive or time.monotonic() > end:
                return None
            alive = self.read(0.05)

    def prompt(self, seconds=TIMEOUT):
        return self.expect(r"\(vmstep\) $", seconds)

    def command(self, line, seconds=TIMEOUT):
        self.send(line + "\r")
        return self.prompt(seconds)

    def modes(self):
        return termios.tcgetattr(self.fd)[3]

    def wait(self, seconds=TIMEOUT):
        """Exit status (128 + signal for a signal); None if it does not end."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.read(0.02)
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                while self.read(0.05) and select.select([self.fd], [], [], 0)[0]:
                    pass
                self.status = os.waitstatus_to_exitcode(status)
                return self.status if self.status >= 0 else 128 - self.status
        return None

    def close(self):
        if self.status is None:
            try:
                os.kill(self.pid, signal.SIGKILL)
                os.waitpid(self.pid, 0)
            except (ProcessLookupError, ChildProcessError):
                pass
        os.close(self.fd)
