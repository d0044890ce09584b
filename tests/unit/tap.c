/*
 * tap.c - the harness itself: a claim that does not hold must be counted and end the program with 1.
 */
#include "tap.h"

/* Run in a child, so that the failures provoked here are not this program's. */
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static int status_of(void (*claims)(void))
{
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (!pid) {
		if (!freopen("/dev/null", "w", stdout))
			_exit(99);
		memset(&tap, 0, sizeof(tap));
		claims();
		exit(tap_done());
	}
	if (pid < 0 || waitpid(pid, &status, 0) < 0 || !WIFEXITED(status))
		return -1;
	return WEXITSTATUS(status);
}

static void no_claim(void)
{
}

static void only_true(void)
{
	tap_ok(true, "t");
	tap_eq(1, 1, "t");
	tap_str(NULL, NULL, "t");
	tap_mem("ab", "ab", 2, "t");
}

static void false_ok(void)
{
	tap_ok(false, "f");
}

static void false_eq(void)
{
	tap_eq(1, 2, "f");
}

static void false_str(void)
{
	tap_str("a", NULL, "f");
}

static void false_mem(void)
{
	tap_mem("ab", "ac", 2, "f");
}

static void only_skip(void)
{
	tap_skip("s", "because %d", 1);
}

int main(void)
{
	tap_eq(status_of(no_claim), 1, "a program without a claim fails");
	tap_eq(status_of(only_true), 0, "claims that hold end with 0");
	tap_eq(status_of(false_ok), 1, "tap_ok notices");
	tap_eq(status_of(false_eq), 1, "tap_eq notices");
	tap_eq(status_of(false_str), 1, "tap_str notices");
	tap_eq(status_of(false_mem), 1, "tap_mem notices");
	tap_eq(status_of(only_skip), 0, "a skip is no failure");
	return tap_done();
}
