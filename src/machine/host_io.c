/*
 * host_io.c - the host's end of the consoles: standard input and output through the caller, a file,
 * a device, a pseudo-terminal or nothing.
 */
#include "internal.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

enum { FLUSH_NS = 50000000 }; /* an unfinished line waits for its rest so long */

static int open_output(struct channel *ch, const char *path, bool both_ways, const char *option,
		       struct err *err)
{
	struct stat st;
	int flags = O_WRONLY | O_CREAT | O_TRUNC;
	bool device = false;

	if (!stat(path, &st)) {
		device = S_ISCHR(st.st_mode);
		/* Read-write, so that opening a FIFO does not wait for its reader and writing never
		 * gets SIGPIPE. */
		if (device || S_ISFIFO(st.st_mode))
			flags = O_RDWR | O_NOCTTY | O_NONBLOCK;
	}
	ch->out = open(path, flags | O_CLOEXEC, 0666);
	if (ch->out < 0)
		return err_set(err, errno, "%s: cannot write %s: %s", option, path,
			       strerror(errno));
	ch->to = CHANNEL_FD;
	ch->path = strdup(path);
	if (device && both_ways)
		ch->in = ch->out;
	return 0;
}

static int open_input(struct channel *ch, const char *path, const char *option, struct err *err)
{
	struct stat st;
	int flags = O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;

	/* A FIFO without a writer would read as ended. */
	if (!stat(path, &st) && S_ISFIFO(st.st_mode))
		flags = O_RDWR | O_NONBLOCK | O_CLOEXEC;
	ch->in = open(path, flags);
	if (ch->in < 0)
		return err_set(err, errno, "%s: cannot read %s: %s", option, path, strerror(errno));
	ch->own_in = true;
	return 0;
}

static int open_pty(struct channel *ch, const char *option, struct err *err)
{
	struct termios t;
	char name[128];

	ch->out = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (ch->out < 0 || grantpt(ch->out) || unlockpt(ch->out) ||
	    ptsname_r(ch->out, name, sizeof(name)))
		return err_set(err, errno, "%s: this host gives no pseudo-terminal: %s", option,
			       strerror(errno));
	ch->slave = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
	ch->pty = strdup(name);
	if (ch->slave < 0 || !ch->pty || tcgetattr(ch->slave, &t))
		return err_set(err, errno, "%s: cannot set up %s: %s", option, name,
			       strerror(errno));
	cfmakeraw(&t);
	tcsetattr(ch->slave, TCSANOW, &t);
	fcntl(ch->out, F_SETFL, O_NONBLOCK);
	ch->to = CHANNEL_FD;
	ch->in = ch->out;
	return 0;
}

static int channel_open(struct channel *ch, const char *to, bool both_ways, int stdio_in,
			const char *option, struct err *err)
{
	if (!*to)
		return err_set(err, EINVAL, "%s is empty: give stdio, null%s or a file", option,
			       both_ways ? ", pty" : "");
	if (!strcmp(to, "null"))
		return 0;
	if (!strcmp(to, "stdio")) {
		ch->to = CHANNEL_STDIO;
		ch->in = both_ways ? stdio_in : -1;
		return 0;
	}
	if (both_ways && !strcmp(to, "pty"))
		return open_pty(ch, option, err);
	return open_output(ch, to, both_ways, option, err);
}

/* "WHERE" or "WHERE,in=FILE": input from another place than the output goes to. */
int channel_init(struct channel *ch, const char *spec, bool both_ways, int stdio_in,
		 const char *option, struct err *err)
{
	const char *in = both_ways && spec ? strstr(spec, ",in=") : NULL;
	char *to = spec ? strndup(spec, in ? (size_t)(in - spec) : strlen(spec)) : strdup("stdio");
	int rc;

	*ch = (struct channel){ .to = CHANNEL_NULL, .out = -1, .in = -1, .slave = -1 };
	if (!to)
		return err_set(err, ENOMEM, "%s: out of memory", option);
	rc = channel_open(ch, to, both_ways, stdio_in, option, err);
	free(to);
	if (!rc && in)
		rc = open_input(ch, in + strlen(",in="), option, err);
	if (rc)
		channel_deinit(ch);
	return rc;
}

void channel_deinit(struct channel *ch)
{
	channel_flush(ch);
	if (ch->own_in && ch->in >= 0)
		close(ch->in);
	if (ch->out >= 0)
		close(ch->out);
	if (ch->slave >= 0)
		close(ch->slave);
	free(ch->pty);
	free(ch->path);
	*ch = (struct channel){ .to = CHANNEL_NULL, .out = -1, .in = -1, .slave = -1 };
}

/* Text for a terminal nobody reads is dropped when its buffer is full: the guest must not wait for
 * us. */
void channel_flush(struct channel *ch)
{
	size_t done = 0;

	while (ch->to == CHANNEL_FD && done < ch->n) {
		ssize_t got = write(ch->out, ch->buf + done, ch->n - done);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0 && errno != EAGAIN && !ch->lost)
			ch->lost = errno;
		if (got <= 0)
			break;
		done += (size_t)got;
	}
	ch->n = 0;
}

/*
 * A file holds what the guest has written on the way it is on now. A guest put back to a state ahead of
 * that has written text the file lost when it was cut: the file goes on where it is.
 */
void channel_seek(struct channel *ch, u64 written, bool cut)
{
	struct stat st;

	ch->written = written;
	if (!cut || ch->to != CHANNEL_FD)
		return;
	channel_flush(ch);
	if (fstat(ch->out, &st) || !S_ISREG(st.st_mode))
		return;
	if ((u64)st.st_size > written && !ftruncate(ch->out, (off_t)written))
		lseek(ch->out, 0, SEEK_END);
	else if ((u64)st.st_size < written)
		ch->written = (u64)st.st_size;
}

void channel_poll(struct channel *ch)
{
	if (ch->n && host_ns() - ch->since_ns >= FLUSH_NS)
		channel_flush(ch);
}

size_t channel_read(struct channel *ch, u8 *buf, size_t n)
{
	struct pollfd p = { .fd = ch->in, .events = POLLIN };
	ssize_t got;

	if (ch->in < 0 || ch->in_ended || !n || poll(&p, 1, 0) <= 0)
		return 0;
	got = read(ch->in, buf, n);
	if (got > 0)
		return (size_t)got;
	if (!got || (errno != EAGAIN && errno != EINTR))
		ch->in_ended = true;
	return 0;
}

void console_put(struct machine *m, enum console_channel which, u8 byte)
{
	struct channel *ch = &m->channel[which];

	ch->written++;
	if (m->replay)
		return;
	if (ch->to == CHANNEL_STDIO && m->cfg.write)
		m->cfg.write(m->cfg.write_arg, which, &byte, 1);
	if (ch->to != CHANNEL_FD)
		return;
	if (!ch->n)
		ch->since_ns = host_ns();
	ch->buf[ch->n++] = byte;
	/* A terminal's user wants the prompt before its newline; a file is written by lines. */
	if (byte == '\n' || ch->n == sizeof(ch->buf) || ch->pty)
		channel_flush(ch);
}

bool machine_console_lost(struct machine *m, struct err *err)
{
	static const char *const option[CONSOLE_COUNT] = { "--serial", "--debugcon" };

	for (unsigned i = 0; i < CONSOLE_COUNT; i++) {
		struct channel *ch = &m->channel[i];
		int code;

		channel_flush(ch);
		if (ch->lost <= 0)
			continue;
		code = ch->lost;
		ch->lost = -1;
		err_set(err, code, "%s: cannot write %s (%s): text of the guest is lost", option[i],
			ch->path ?: "the pty", strerror(code));
		return true;
	}
	return false;
}

const char *machine_pty(const struct machine *m)
{
	return m->channel[CONSOLE_SERIAL].pty;
}

int machine_input_fd(const struct machine *m)
{
	const struct channel *ch = &m->channel[CONSOLE_SERIAL];

	return ch->in_ended ? -1 : ch->in;
}
