/* Sentences of errors, growing strings, digits, numbers and sizes as typed. */
#include <errno.h>
#include <stdlib.h>
#include <vmstep/err.h>
#include <vmstep/parse.h>
#include <vmstep/strbuf.h>

#include "tap.h"

static void errors(void)
{
	struct err err = { 0 };
	char long_name[800];

	tap_eq(err_set(&err, ENOENT, "%s: no such guest", "demo.elf"), (u64)-ENOENT, "err_set returns -code");
	tap_eq(err.code, ENOENT, "its code");
	tap_str(err.text, "demo.elf: no such guest", "its sentence");
	tap_eq(err_prefix(&err, "script %d", 3), (u64)-ENOENT, "err_prefix returns -code");
	tap_str(err.text, "script 3: demo.elf: no such guest", "prefixed");
	err_set(&err, EIO, "again: %s", err.text);
	tap_str(err.text, "again: script 3: demo.elf: no such guest", "the old sentence as an argument");
	err_prefix(&err, "%.5s", err.text);
	tap_str(err.text, "again: again: script 3: demo.elf: no such guest", "the old sentence in a prefix");
	err_set(&err, EIO, "a\nb\tc\x1b[31m");
	tap_str(err.text, "a b c [31m", "no newline and no control characters");
	tap_eq(err_set(NULL, EPERM, "dropped"), (u64)-EPERM, "err_set without err");
	tap_eq(err_prefix(NULL, "dropped"), (u64)-EINVAL, "err_prefix without err");

	memset(long_name, 'x', sizeof(long_name) - 1);
	long_name[sizeof(long_name) - 1] = '\0';
	err_set(&err, EIO, "%s", long_name);
	tap_eq(strlen(err.text), sizeof(err.text) - 1, "a long sentence is cut");
	tap_str(err.text + sizeof(err.text) - 5, "x...", "and says so");
	err_prefix(&err, "%s", long_name);
	tap_str(err.text + sizeof(err.text) - 5, "x...", "a long prefix, too");
	err = (struct err){ 0 };
	tap_eq(err_prefix(&err, "nothing there"), (u64)-EINVAL, "err_prefix before err_set");
	tap_str(err.text, "nothing there", "its sentence");
}

static void strings(void)
{
	struct strbuf b;
	char *own;

	strbuf_init(&b);
	tap_str(b.s, "", "empty");
	tap_str(strbuf_str(&b), "", "empty by strbuf_str");
	strbuf_addn(&b, NULL, 0);
	strbuf_adds(&b, "");
	tap_eq(b.n, 0, "nothing added");
	for (unsigned i = 0; i < 1000; i++) {
		strbuf_addf(&b, "%u,", i);
		if (b.s[b.n])
			tap_ok(false, "terminated after %u", i);
	}
	tap_eq(b.n, 3890, "a thousand numbers");
	tap_str(b.s + b.n - 8, "998,999,", "their end");
	strbuf_reset(&b);
	tap_str(b.s, "", "reset");
	tap_ok(b.cap >= 3890, "reset keeps the memory");
	strbuf_addf(&b, "%5000d", 7);
	tap_eq(b.n, 5000, "one long format");
	tap_str(b.s + 4998, " 7", "its end");
	strbuf_reset(&b);
	strbuf_adds(&b, "abc");
	strbuf_pad(&b, 8, 2);
	strbuf_addc(&b, '|');
	tap_str(b.s, "abc     |", "padded to a column");
	strbuf_pad(&b, 4, 2);
	strbuf_addc(&b, '|');
	tap_str(b.s, "abc     |  |", "padded beyond the column");
	own = strbuf_detach(&b);
	tap_str(own, "abc     |  |", "detached");
	tap_str(b.s, "", "and empty");
	free(own);
	own = strbuf_detach(&b);
	tap_str(own, "", "an empty one detached");
	free(own);
	tap_ok(!strbuf_grow(&b, SIZE_MAX / 2), "no memory for half the address space");
	tap_ok(b.failed, "and said so");
	strbuf_addc(&b, 'x');
	tap_ok(!strbuf_detach(&b), "nothing to detach after a failure");
	tap_ok(!b.failed, "empty again");
	strbuf_deinit(&b);
	strbuf_deinit(&b);
	b = (struct strbuf){ 0 };
	tap_str(strbuf_str(&b), "", "a zeroed one");
	strbuf_addc(&b, 'x');
	tap_str(b.s, "x", "a zeroed one grows");
	strbuf_deinit(&b);
}

static void json_is(const char *text, size_t n, const char *wanted)
{
	struct strbuf b;

	strbuf_init(&b);
	strbuf_addjson(&b, text, n);
	tap_str(strbuf_str(&b), wanted, "json: %s", wanted);
	strbuf_deinit(&b);
}

#define JSON(text, wanted) json_is(text, sizeof(text) - 1, wanted)
#define BAD "\xef\xbf\xbd"

static void json(void)
{
	JSON("main+0x5", "main+0x5");
	JSON("a\"b\\c", "a\\\"b\\\\c");
	JSON("\n\t\0\x1f\x7f", "\\u000a\\u0009\\u0000\\u001f\\u007f");
	JSON("\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80", "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80");
	JSON("\xff" "a", BAD "a");
	JSON("\xc3", BAD);               /* cut */
	JSON("\xe2\x82", BAD BAD);       /* cut */
	JSON("\xc0\xaf", BAD BAD);       /* overlong */
	JSON("\xe0\x9f\xbf", BAD BAD BAD);
	JSON("\xed\xa0\x80", BAD BAD BAD); /* a surrogate */
	JSON("\xf4\x90\x80\x80", BAD BAD BAD BAD);
	JSON("\xf0\x8f\xbf\xbf", BAD BAD BAD BAD);
	JSON("\xe2\x28\xa1", BAD "(" BAD);
}

static void digits(void)
{
	static const u8 bytes[] = { 0x00, 0x9f, 0xf1 };
	char got[40], wanted[40];
	struct strbuf b;
	u64 v = 0;

	for (unsigned i = 0; i < 130; i++) {
		v = i < 65 ? (i ? ~0ull >> (64 - i) : 0) : v * 6364136223846793005ull + i;
		*fmt_hex(got, v) = '\0';
		snprintf(wanted, sizeof(wanted), "%llx", (unsigned long long)v);
		tap_str(got, wanted, "hex of %s", wanted);
		*fmt_dec(got, v) = '\0';
		snprintf(wanted, sizeof(wanted), "%llu", (unsigned long long)v);
		tap_str(got, wanted, "decimal of %s", wanted);
		*fmt_hex_fixed(got, v, 16) = '\0';
		snprintf(wanted, sizeof(wanted), "%016llx", (unsigned long long)v);
		tap_str(got, wanted, "16 digits of %s", wanted);
	}
	for (u64 power = 1; power < 10000000000000000000ull; power *= 10)
		for (u64 near = power - 1; near <= power + 1; near++) {
			*fmt_dec(got, near) = '\0';
			snprintf(wanted, sizeof(wanted), "%llu", (unsigned long long)near);
			tap_str(got, wanted, "decimal of %s", wanted);
		}
	*fmt_hex_fixed(got, 0x12345, 4) = '\0';
	tap_str(got, "2345", "fixed digits cut the higher ones");
	*fmt_hex_fixed(got, 0xabc, 5) = '\0';
	tap_str(got, "00abc", "an odd number of digits");
	*fmt_hex_fixed(got, 0xabc, 1) = '\0';
	tap_str(got, "c", "one digit");

	strbuf_init(&b);
	strbuf_addhex(&b, 0, true);
	strbuf_addc(&b, ' ');
	strbuf_addhex(&b, 0x1f, true);
	strbuf_addc(&b, ' ');
	strbuf_addhex(&b, ~0ull, false);
	strbuf_addc(&b, ' ');
	strbuf_addhex_pad(&b, 0x1f, 4);
	strbuf_addc(&b, ' ');
	strbuf_adddec(&b, ~0ull);
	strbuf_addc(&b, ' ');
	strbuf_addsdec(&b, INT64_MIN);
	strbuf_addc(&b, ' ');
	strbuf_addsdec(&b, 31);
	strbuf_addc(&b, ' ');
	strbuf_addbytes(&b, bytes, sizeof(bytes));
	tap_str(b.s, "0x0 0x1f ffffffffffffffff 001f 18446744073709551615 -9223372036854775808 31 009ff1",
		"appended to a buffer");
	strbuf_deinit(&b);
}

static void numbers(void)
{
	static const struct {
		const char *text;
		int rc;
		u64 v;
		const char *rest;
	} scan[] = {
		{ "0", 0, 0, "" },	    { "10", 0, 10, "" },	{ "0x10", 0, 16, "" },
		{ "0XaF", 0, 0xaf, "" },    { "010", 0, 8, "" },	{ "0b101", 0, 5, "" },
		{ "10xb", 0, 10, "xb" },    { "5 + 3", 0, 5, " + 3" },	{ "0)", 0, 0, ")" },
		{ "08", -EINVAL, 0, "" },   { "0x", -EINVAL, 0, "" },	{ "0b2", -EINVAL, 0, "" },
		{ "", -EINVAL, 0, "" },	    { "-1", -EINVAL, 0, "" },	{ " 1", -EINVAL, 0, "" },
		{ "x", -EINVAL, 0, "" },    { "0xffffffffffffffff", 0, ~0ull, "" },
		{ "18446744073709551615", 0, ~0ull, "" },
		{ "18446744073709551616", -ERANGE, 0, "" },
		{ "0x10000000000000000", -ERANGE, 0, "" },
		{ "99999999999999999999999999", -ERANGE, 0, "" },
	};
	struct err err;
	u64 v;

	for (unsigned i = 0; i < ARRAY_SIZE(scan); i++) {
		const char *end = "untouched";

		v = 0x77;
		tap_eq(number_scan(scan[i].text, &end, &v), (u64)scan[i].rc, "scan \"%s\"", scan[i].text);
		tap_eq(v, scan[i].rc ? 0x77 : scan[i].v, "scan \"%s\": value", scan[i].text);
		tap_str(end, scan[i].rc ? "untouched" : scan[i].rest, "scan \"%s\": rest", scan[i].text);
	}
	tap_eq(number_parse("0x10", "--steps", &v, &err), 0, "parse");
	tap_eq(v, 16, "its value");
	tap_eq(number_parse("10x", "--steps", &v, &err), (u64)-EINVAL, "parse with a tail");
	tap_str(err.text, "--steps: \"10x\" is no number (write 10, 0xa or 012)", "its sentence");
	tap_eq(number_parse("", "--steps", &v, &err), (u64)-EINVAL, "parse nothing");
	tap_str(err.text, "--steps: a number is missing", "its sentence");
	tap_eq(number_parse("0x10000000000000000", "--steps", &v, &err), (u64)-ERANGE, "parse too much");
	tap_eq(v, 16, "failures leave the value");
	tap_eq(number_parse_range("5", "port", 5, 6, &v, &err), 0, "the lower bound is inside");
	tap_eq(number_parse_range("6", "port", 5, 6, &v, &err), 0, "the upper bound is inside");
	tap_eq(number_parse_range("7", "port", 5, 6, &v, &err), (u64)-ERANGE, "7 is outside");
	tap_str(err.text, "port: 7 is outside 5 to 6", "its sentence");
	tap_eq(number_parse_range("x", "port", 5, 6, &v, NULL), (u64)-EINVAL, "no number, no err");
}

static void sizes(void)
{
	static const struct {
		const char *text;
		int rc;
		u64 v;
	} row[] = {
		{ "0", 0, 0 },		     { "65536", 0, 65536 },	      { "64K", 0, 65536 },
		{ "64k", 0, 65536 },	     { "16M", 0, 16 << 20 },	      { "0x10M", 0, 16 << 20 },
		{ "2G", 0, 2ull << 30 },     { "1T", 0, 1ull << 40 },	      { "64MiB", 0, 64 << 20 },
		{ "64MB", 0, 64 << 20 },     { "64X", -EINVAL, 0 },	      { "64KK", -EINVAL, 0 },
		{ "K", -EINVAL, 0 },	     { "", -EINVAL, 0 },	      { "1 K", -EINVAL, 0 },
		{ "1 ", -EINVAL, 0 },	     { "16777215T", 0, 0xffffffull << 40 }, { "16777216T", -ERANGE, 0 },
	};
	struct err err;

	for (unsigned i = 0; i < ARRAY_SIZE(row); i++) {
		u64 v = 0x77;

		tap_eq(size_parse(row[i].text, "-m", &v, &err), (u64)row[i].rc, "size \"%s\"", row[i].text);
		tap_eq(v, row[i].rc ? 0x77 : row[i].v, "size \"%s\": value", row[i].text);
	}
	size_parse("64X", "-m", &(u64){ 0 }, &err);
	tap_str(err.text, "-m: \"64X\" is no size (write 65536, 64K, 16M or 1G)", "its sentence");
}

static void hex_bytes(void)
{
	static const struct {
		const char *text;
		int rc;
		u8 n, b[4];
	} row[] = {
		{ "90 f1 90", 0, 3, { 0x90, 0xf1, 0x90 } }, { "90f190", 0, 3, { 0x90, 0xf1, 0x90 } },
		{ "0x90, 0xF1", 0, 2, { 0x90, 0xf1 } },	    { "90:f1:90:cc", 0, 4, { 0x90, 0xf1, 0x90, 0xcc } },
		{ " 0f\n", 0, 1, { 0x0f } },		    { "9", -EINVAL, 0, { 0 } },
		{ "90 9", -EINVAL, 0, { 0 } },		    { "zz", -EINVAL, 0, { 0 } },
		{ "", -EINVAL, 0, { 0 } },		    { " ,", -EINVAL, 0, { 0 } },
		{ "1122334455", -E2BIG, 0, { 0 } },
	};
	struct err err;

	for (unsigned i = 0; i < ARRAY_SIZE(row); i++) {
		u8 got[4];
		size_t n = 0x77;

		tap_eq(hex_bytes_parse(row[i].text, "--hex", got, 4, &n, &err), (u64)row[i].rc, "bytes, row %u", i);
		tap_eq(n, row[i].rc ? 0x77 : row[i].n, "bytes, row %u: how many", i);
		tap_mem(got, row[i].b, row[i].n, "bytes, row %u: which", i);
	}
}

int main(void)
{
	errors();
	strings();
	json();
	digits();
	numbers();
	sizes();
	hex_bytes();
	return tap_done();
}
