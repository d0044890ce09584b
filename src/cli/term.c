/* term.c - signals and terminal modes; see term.h. Everything a handler does is async-signal-safe.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>
#include <vmstep/session.h>

#include "term.h"

static struct {
	volatile sig_atomic_t signal, interrupted, ending, resized, suspend;
	struct session *volatile running;
	const char *volatile leave, *volatile enter; /* a full-screen view */
	volatile sig_atomic_t raw; /* the terminal is in the guest's mode */
	struct termios first, saved, guest; /* first: as the user had it */
	int wake[2], keys[2];
	int flags; /* of standard input before O_ASYNC */
	bool tty;
} term = { .wake = { -1, -1 }, .keys = { -1, -1 } };

static void wake(void)
{
	const char c = 0;

	/* A full pipe is a wake-up already. */
	if (write(term.wake[1], &c, 1) < 0)
		return;
}

static void on_interrupt(int sig)
{
	const int saved = errno;

	term.signal = sig;
	term.interrupted = 1;
	if (term.running)
		session_interrupt(term.running);
	wake();
	errno = saved;
}

static void on_end(int sig)
{
	term.ending = sig;
	on_interrupt(sig);
	term.interrupted = 0;
}

static void on_resize(int sig)
{
	const int saved = errno;

	term.resized = 1;
	wake();
	errno = saved;
}

/* Keys for the guest: what can be read now goes into the pipe the serial port reads. */
static void on_keys(int sig)
{
	struct pollfd p = { .fd = STDIN_FILENO, .events = POLLIN };
	const int saved = errno;
	char buf[64];
	ssize_t n;

	while (term.raw && poll(&p, 1, 0) > 0 && (p.revents & POLLIN)) {
		n = read(STDIN_FILENO, buf, sizeof(buf));
		if (n <= 0 || write(term.keys[1], buf, n) != n)
			break;
	}
	errno = saved;
}

static void handler_set(int sig, void (*fn)(int))
{
	struct sigaction a = { .sa_handler = fn };

	sigemptyset(&a.sa_mask);
	sigaction(sig, &a, NULL);
}

static void text_write(const char *text)
{
	if (text && write(STDOUT_FILENO, text, strlen(text)) < 0)
		return;
}

/* The default action of SIGTSTP, now; returns when the process is continued. */
static void stop_here(void (*handler)(int))
{
	sigset_t one, old;

	handler_set(SIGTSTP, SIG_DFL);
	sigemptyset(&one);
	sigaddset(&one, SIGTSTP);
	raise(SIGTSTP);
	sigprocmask(SIG_UNBLOCK, &one, &old);
	sigprocmask(SIG_SETMASK, &old, NULL);
	handler_set(SIGTSTP, handler);
}

/* At the prompt readline has to give the terminal back first: the loop does it. */
static void on_suspend(int sig)
{
	const int saved = errno;

	if (term.running) {
		struct termios now;
		const bool view = term.leave && tcgetattr(STDIN_FILENO, &now) == 0;

		text_write(term.leave);
		if (view)
			tcsetattr(STDIN_FILENO, TCSANOW, &term.first);
		else if (term.raw)
			tcsetattr(STDIN_FILENO, TCSANOW, &term.saved);
		stop_here(on_suspend);
		if (view)
			tcsetattr(STDIN_FILENO, TCSANOW, &now);
		else if (term.raw)
			tcsetattr(STDIN_FILENO, TCSANOW, &term.guest);
		text_write(term.enter);
		term.resized |= term.enter != NULL;
	} else {
		term.suspend = 1;
		wake();
	}
	errno = saved;
}

static void on_crash(int sig)
{
	static const char text[] =
		"vmstep: internal fault, please report it with the commands that led here\n";

	text_write(term.leave);
	if (term.tty)
		tcsetattr(STDIN_FILENO, TCSANOW, &term.first);
	if (write(STDERR_FILENO, text, sizeof(text) - 1) < 0)
		_exit(125);
	_exit(125);
}

/* Ctrl-\\ ends the process as ever, after the terminal is given back. */
static void on_quit(int sig)
{
	text_write(term.leave);
	tcsetattr(STDIN_FILENO, TCSANOW, &term.first);
	handler_set(SIGQUIT, SIG_DFL);
	raise(SIGQUIT);
}

static void crash_handlers_set(void)
{
	handler_set(SIGABRT, on_crash);
	/* The sanitizers report these themselves. */
#ifndef __SANITIZE_ADDRESS__
	static const int sigs[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL };

	for (size_t i = 0; i < ARRAY_SIZE(sigs); i++)
		handler_set(sigs[i], on_crash);
#endif
}

static int pipe_make(int fd[2], struct err *err)
{
	if (pipe2(fd, O_CLOEXEC | O_NONBLOCK) < 0)
		return err_set(err, errno, "cannot create a pipe: %s", strerror(errno));
	return 0;
}

void term_handlers_set(void)
{
	handler_set(SIGINT, on_interrupt);
	handler_set(SIGTERM, on_end);
	handler_set(SIGHUP, on_end);
	handler_set(SIGWINCH, on_resize);
	handler_set(SIGIO, on_keys);
	handler_set(SIGPIPE, SIG_IGN);
	if (term.tty) {
		handler_set(SIGTSTP, on_suspend);
		handler_set(SIGQUIT, on_quit);
	}
	crash_handlers_set();
}

int term_init(struct err *err)
{
	int r = pipe_make(term.wake, err);

	if (r)
		return r;
	term.tty = isatty(STDIN_FILENO) && tcgetattr(STDIN_FILENO, &term.first) == 0;
	term.saved = term.first;
	if (term.tty && (r = pipe_make(term.keys, err)))
		return r;
	term_handlers_set();
	return 0;
}

int term_wake_fd(void)
{
	return term.wake[0];
}

void term_drain(void)
{
	char buf[64];

	while (read(term.wake[0], buf, sizeof(buf)) > 0)
		;
}

bool term_interrupted(void)
{
	return term.interrupted;
}

void term_clear_interrupt(void)
{
	term.interrupted = 0;
}

int term_ending(void)
{
	return term.ending;
}

const volatile sig_atomic_t *term_signal(void)
{
	return &term.signal;
}

bool term_take_resize(void)
{
	const bool was = term.resized;

	term.resized = 0;
	return was;
}

bool term_take_suspend(void)
{
	const bool was = term.suspend;

	term.suspend = 0;
	return was;
}

void term_suspend(void)
{
	stop_here(on_suspend);
}

int term_keys_fd(void)
{
	return term.keys[0];
}

/* A background job that touches its terminal is stopped; one that only runs need not be. */
static bool is_foreground(void)
{
	return tcgetpgrp(STDIN_FILENO) == getpgrp();
}

/* Single keys, no echo, Enter as CR as a serial line has it; ISIG stays: Ctrl-C is ours. */
static bool guest_mode_set(void)
{
	struct termios now;

	if (tcgetattr(STDIN_FILENO, &now) < 0)
		return false;
	term.saved = term.guest = now;
	term.guest.c_lflag &= ~(ICANON | ECHO | IEXTEN);
	term.guest.c_iflag &= ~(ICRNL | IXON);
	term.guest.c_cc[VMIN] = 1;
	term.guest.c_cc[VTIME] = 0;
	return tcsetattr(STDIN_FILENO, TCSANOW, &term.guest) == 0;
}

void term_run_begin(struct session *s, bool keys)
{
	term.running = s;
	/* What came since the line's Enter, while nothing ran: nothing else would stop this run. */
	if (term.ending || term.interrupted)
		session_interrupt(s);
	if (!keys || !term.tty || !is_foreground() || !guest_mode_set())
		return;
	term.raw = 1;
	fcntl(STDIN_FILENO, F_SETOWN, getpid());
	term.flags = fcntl(STDIN_FILENO, F_GETFL);
	fcntl(STDIN_FILENO, F_SETFL, term.flags | O_ASYNC);
}

void term_run_end(void)
{
	term.running = NULL;
	if (!term.raw)
		return;
	term.raw = 0;
	fcntl(STDIN_FILENO, F_SETFL, term.flags);
	tcsetattr(STDIN_FILENO, TCSANOW, &term.saved);
}

void term_screen_texts(const char *leave, const char *enter)
{
	term.leave = leave;
	term.enter = enter;
}

/* Waits for a key; false where a signal came first, also one that came before the wait. */
static bool key_wait(void)
{
	struct pollfd p[2] = { { .fd = STDIN_FILENO, .events = POLLIN }, { .fd = term.wake[0], .events = POLLIN } };

	while (!term.interrupted && !term.ending && !term.suspend) {
		if (poll(p, 2, -1) < 0)
			continue;
		if (p[1].revents)
			term_drain();
		else if (p[0].revents)
			return true;
	}
	return false;
}

int term_key(void)
{
	struct termios one = term.saved;
	unsigned char c;
	ssize_t n = -1;

	one.c_lflag &= ~(ICANON | ECHO);
	if (!term.tty || tcsetattr(STDIN_FILENO, TCSANOW, &one) < 0)
		return -1;
	if (key_wait())
		n = read(STDIN_FILENO, &c, 1);
	tcsetattr(STDIN_FILENO, TCSANOW, &term.saved);
	/* What is the prompt's to handle wakes it. */
	if (term.resized || term.suspend)
		wake();
	return n == 1 ? c : -1;
}
