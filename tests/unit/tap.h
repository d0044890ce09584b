/*
 * tap.h - the unit tests' whole harness: every file tests/unit/NAME.c is a program that includes
 * this, makes claims and ends with `return tap_done();`. One line a claim, as the style asks:
 *
 *	ok - name
 *	not ok - name: got X, wanted Y
 *	ok - name # SKIP reason
 *
 * The name is a printf format, so that a table's row can say which row it is. The claims return
 * whether they held, for tests whose next line makes no sense otherwise. A program that made no
 * claim fails.
 */
#ifndef VMSTEP_TAP_H
#define VMSTEP_TAP_H

#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define TAP_PRINTF(f, a) __attribute__((format(printf, f, a), unused))

static struct {
	unsigned n, failed, skipped;
} tap;

TAP_PRINTF(2, 0) static void tap_name(bool held, const char *fmt, va_list ap)
{
	tap.n++;
	tap.failed += !held;
	fputs(held ? "ok - " : "not ok - ", stdout);
	vprintf(fmt, ap);
}

/* A plain claim. Prefer the ones below: they print what was got and what was wanted. */
TAP_PRINTF(2, 3) static bool tap_ok(bool held, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	tap_name(held, fmt, ap);
	va_end(ap);
	puts(held ? "" : ": got false, wanted true");
	return held;
}

/* Integers: shown in hex, as nearly everything here is an address or a mask. */
TAP_PRINTF(3, 4) static bool tap_eq(uint64_t got, uint64_t wanted, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	tap_name(got == wanted, fmt, ap);
	va_end(ap);
	if (got == wanted)
		puts("");
	else
		printf(": got %#" PRIx64 ", wanted %#" PRIx64 "\n", got, wanted);
	return got == wanted;
}

/* Strings; NULL is a value like any other. */
TAP_PRINTF(3, 4) static bool tap_str(const char *got, const char *wanted, const char *fmt, ...)
{
	bool same = got && wanted ? !strcmp(got, wanted) : got == wanted;
	va_list ap;

	va_start(ap, fmt);
	tap_name(same, fmt, ap);
	va_end(ap);
	if (same)
		puts("");
	else
		printf(": got \"%s\", wanted \"%s\"\n", got ? got : "(null)", wanted ? wanted : "(null)");
	return same;
}

static inline void tap_hex(const char *before, const void *p, size_t n)
{
	const unsigned char *b = p;

	fputs(before, stdout);
	for (size_t i = 0; i < n; i++)
		printf("%s%02x", i ? " " : "", b[i]);
}

/* Memory, byte for byte. */
TAP_PRINTF(4, 5)
static bool tap_mem(const void *got, const void *wanted, size_t n, const char *fmt, ...)
{
	bool same = !memcmp(got, wanted, n);
	va_list ap;

	va_start(ap, fmt);
	tap_name(same, fmt, ap);
	va_end(ap);
	if (!same) {
		tap_hex(": got ", got, n);
		tap_hex(", wanted ", wanted, n);
	}
	puts("");
	return same;
}

/* What this machine cannot run: counted and said, with the reason. */
TAP_PRINTF(2, 3) static void tap_skip(const char *name, const char *fmt, ...)
{
	va_list ap;

	tap.n++;
	tap.skipped++;
	printf("ok - %s # SKIP ", name);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	puts("");
}

/* The plan, and main's return value. */
static inline int tap_done(void)
{
	if (!tap.n)
		puts("not ok - no claim was made: got 0, wanted at least 1");
	printf("1..%u\n", tap.n ? tap.n : 1);
	return tap.failed || !tap.n;
}

#endif
