/* output.c - tool text, guest text and errors on one terminal; see output.h. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "output.h"
#include "term.h"

enum { FLUSH_AT = 8192 };

static bool write_all(int fd, const char *p, size_t n)
{
	while (n) {
		ssize_t w = write(fd, p, n);

		if (w < 0 && errno == EAGAIN)
			poll(&(struct pollfd){ .fd = fd, .events = POLLOUT }, 1, -1);
		else if (w < 0 && errno != EINTR)
			return false;
		if (w > 0) {
			p += w;
			n -= w;
		}
	}
	return true;
}

/* Nobody will see what comes: an endless guest must not go on printing into nothing. */
static void put(struct output *o, const char *p, size_t n)
{
	if (o->screen) {
		o->screen(o->screen_arg, p, n);
		return;
	}
	if (write_all(o->fd, p, n))
		return;
	o->broken = errno;
	if (o->ends && !term_ending())
		raise(SIGTERM);
}

/* What the user answers at a full screen. Keys come one by one; Ctrl-C counts as q. */
static void page_ask(struct output *o)
{
	static const char question[] =
		"--Type <RET> for more, q to quit, c to continue without paging--";
	static const char erase[] = "\r\033[K";
	int key;

	output_flush(o);
	put(o, question, sizeof(question) - 1);
	key = term_key();
	put(o, erase, sizeof(erase) - 1);
	o->row = 0;
	if (key == 'c')
		o->paging = false;
	else if (key == 'q' || key < 0)
		o->quit = true;
}

/* Rows a line takes; colour sequences take no column. */
static unsigned rows_of(const struct output *o, const char *p, size_t n)
{
	unsigned cols = 0;

	for (size_t i = 0; i < n; i++) {
		if (p[i] == '\033') {
			while (i < n && p[i] != 'm')
				i++;
			continue;
		}
		/* A tab goes to the next multiple of 8; bytes behind the first of a UTF-8 character
		 * are not counted. */
		if (p[i] == '\t')
			cols = (cols | 7) + 1;
		else
			cols += (p[i] & 0xc0) != 0x80;
	}
	return cols && o->cols ? (cols - 1) / o->cols + 1 : 1;
}

static void paged_add(struct output *o, const char *text, size_t n)
{
	while (n && !o->quit) {
		const char *nl = memchr(text, '\n', n);
		size_t len = nl ? (size_t)(nl - text) + 1 : n;

		if (o->paging && nl && o->row + rows_of(o, text, len - 1) >= o->rows)
			page_ask(o);
		if (o->quit)
			return;
		strbuf_addn(&o->buf, text, len);
		if (nl)
			o->row += rows_of(o, text, len - 1);
		text += len;
		n -= len;
	}
}

void output_init(struct output *o, int fd, int err_fd)
{
	*o = (struct output){ .fd = fd, .err_fd = err_fd, .tty = isatty(fd) };
	strbuf_init(&o->buf);
	output_resize(o);
}

void output_deinit(struct output *o)
{
	output_flush(o);
	strbuf_deinit(&o->buf);
}

void output_set_color(struct output *o, enum color_when when)
{
	const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");

	o->color =
		when == COLOR_ALWAYS || (when == COLOR_AUTO && o->tty && !(no_color && *no_color) &&
					 term && strcmp(term, "dumb") != 0);
}

void output_resize(struct output *o)
{
	struct winsize w;

	if (o->screen)
		return;
	o->rows = 24;
	o->cols = 80;
	if (o->tty && ioctl(o->fd, TIOCGWINSZ, &w) == 0 && w.ws_row && w.ws_col) {
		o->rows = w.ws_row;
		o->cols = w.ws_col;
	}
}

void output_begin(struct output *o, bool paging)
{
	output_resize(o);
	o->row = 0;
	o->quit = false;
	o->paging = paging && o->tty && o->rows > 2;
}

void output_add(struct output *o, const char *text, size_t n)
{
	if (o->copy)
		strbuf_addn(o->copy, text, n);
	if (o->quit || o->broken || o->mute || !n)
		return;
	if (o->guest_midline) {
		strbuf_addc(&o->buf, '\n');
		o->guest_midline = false;
	}
	if (o->paging)
		paged_add(o, text, n);
	else
		strbuf_addn(&o->buf, text, n);
	if (o->buf.n >= FLUSH_AT)
		output_flush(o);
}

void output_flush(struct output *o)
{
	if (o->buf.n && !o->broken)
		put(o, o->buf.s, o->buf.n);
	strbuf_reset(&o->buf);
}

void output_fresh(struct output *o)
{
	if (o->guest_midline)
		strbuf_addc(&o->buf, '\n');
	o->guest_midline = false;
	output_flush(o);
}

void output_error(struct output *o, bool program, const char *sentence)
{
	const bool color = o->color && isatty(o->err_fd);
	struct strbuf b;

	output_fresh(o);
	strbuf_init(&b);
	strbuf_addf(&b, "%s%s%s%s\n", color ? "\033[31m" : "", program ? "vmstep: " : "", sentence,
		    color ? "\033[0m" : "");
	output_status(o, strbuf_str(&b), b.n);
	strbuf_deinit(&b);
}

void output_status(struct output *o, const char *text, size_t n)
{
	if (o->screen && isatty(o->err_fd))
		o->screen(o->screen_arg, text, n);
	else
		write_all(o->err_fd, text, n);
}

void output_guest(void *output, enum console_channel ch, const u8 *data, size_t n)
{
	struct output *o = output;

	if (!n || o->broken || o->mute)
		return;
	output_flush(o);
	put(o, (const char *)data, n);
	o->guest_midline = data[n - 1] != '\n';
}
