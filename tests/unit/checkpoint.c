/* checkpoint.c - states of memory and devices, and of engine soft: what is put back is what was, and what is
 * equal is shared. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <vmstep/checkpoint.h>
#include "tap.h"

enum { PAGE = 4096, RAM = 16 << 20 };

/* What the test itself needs did not work: that is a failure of its own. */
static void bail(const char *why)
{
	tap_ok(false, "the test can be made: %s", why);
	exit(tap_done());
}

static struct machine *machine_make(const char *serial)
{
	const struct machine_config cfg = { .mem_size = RAM, .serial = serial, .debugcon = "null", .stdio_in = -1 };
	const struct guest_spec spec = { .hex = "90 f4" };
	struct machine *m = NULL;
	struct err err = { 0 };

	if (machine_create(&cfg, &m, &err) || machine_load(m, &spec, &err))
		bail(err.text);
	return m;
}

static struct machine_saved *save(struct machine *m, const struct machine_saved *base)
{
	struct machine_saved *v = NULL;
	struct err err = { 0 };

	if (machine_save(m, base, &v, &err))
		bail(err.text);
	return v;
}

static u8 *at(struct machine *m, u64 gpa)
{
	return machine_hva(m, gpa, 1);
}

/* ---- memory ---------------------------------------------------------------------------------- */

static void test_memory(void)
{
	struct machine *m = machine_make("null");
	struct machine_saved *a, *b;
	u64 all, own, live;

	*at(m, 5 * PAGE) = 1;
	*at(m, RAM - 1) = 2;
	a = save(m, NULL);
	machine_saved_size(a, &all, &own);
	live = machine_saved_live(m);
	tap_ok(all == own && all == live && all >= 2 * PAGE && all < 64 * PAGE, "a copy takes what is not zero");
	*at(m, 5 * PAGE) = 3;
	*at(m, 9 * PAGE) = 4;
	tap_ok(!machine_is_as_saved(m, a), "memory that was written to is another");
	b = save(m, a);
	tap_eq(machine_saved_live(m), live + 2 * PAGE, "one based on it takes the pages that differ");
	machine_saved_size(b, &all, &own);
	tap_eq(own, 2 * PAGE, "which are its own");
	machine_saved_size(a, &all, &own);
	tap_eq(own, PAGE, "as is the old one's page of them");
	machine_restore(m, a);
	tap_ok(*at(m, 5 * PAGE) == 1 && *at(m, 9 * PAGE) == 0 && *at(m, RAM - 1) == 2 && machine_is_as_saved(m, a),
	       "memory is put back, to zero too");
	machine_saved_destroy(a);
	machine_restore(m, b);
	tap_ok(*at(m, 5 * PAGE) == 3 && *at(m, 9 * PAGE) == 4 && *at(m, RAM - 1) == 2,
	       "what was shared outlives the one it was shared with");
	machine_saved_destroy(b);
	tap_eq(machine_saved_live(m), 0, "nothing is left of them");
	machine_destroy(m);
}

static void test_random(void)
{
	enum { STATES = 12 };
	struct machine *m = machine_make("null");
	struct machine_saved *v[STATES] = { NULL };
	static u8 want[STATES][64 * PAGE];
	unsigned bad = 0, seed = 1;

	for (unsigned i = 0; i < STATES; i++) {
		for (unsigned k = 0; k < 20; k++) {
			seed = seed * 1103515245 + 12345;
			*at(m, (seed >> 8) % (64 * PAGE)) = seed >> 28 & 1 ? seed >> 16 : 0;
		}
		v[i] = save(m, i ? v[seed % i] : NULL);
		memcpy(want[i], at(m, 0), sizeof(want[i]));
	}
	for (unsigned k = 0; k < 60; k++) {
		unsigned i = (seed = seed * 1103515245 + 12345) >> 8;

		machine_restore(m, v[i % STATES]);
		bad += !!memcmp(want[i % STATES], at(m, 0), sizeof(want[0]));
	}
	tap_eq(bad, 0, "sixty ways between twelve states lead to the memory they had");
	for (unsigned i = 0; i < STATES; i++)
		machine_saved_destroy(v[i]);
	tap_eq(machine_saved_live(m), 0, "and nothing is left of those");
	machine_destroy(m);
}

/* ---- devices --------------------------------------------------------------------------------- */

static u8 in(struct machine *m, u16 port)
{
	u8 v = 0;

	machine_pio(m, false, port, 1, &v);
	return v;
}

static void out(struct machine *m, u16 port, u8 v)
{
	machine_pio(m, true, port, 1, &v);
}

static size_t file_text(const char *path, char *buf, size_t size)
{
	FILE *f = fopen(path, "r");
	size_t n = f ? fread(buf, 1, size - 1, f) : 0;

	buf[n] = '\0';
	if (f)
		fclose(f);
	return n;
}

static void test_devices(void)
{
	char path[] = "/tmp/vmstep-checkpoint-XXXXXX", text[64];
	int fd = mkstemp(path);
	struct machine *m = machine_make(path);
	struct machine_saved *a;
	struct err err;

	out(m, 0x3ff, 0x5a);
	for (const char *p = "one\n"; *p; p++)
		out(m, 0x3f8, *p);
	a = save(m, NULL);
	out(m, 0x3ff, 0xa5);
	for (const char *p = "two\n"; *p; p++)
		out(m, 0x3f8, *p);
	in(m, 0x1234);
	machine_restore(m, a);
	tap_eq(in(m, 0x3ff), 0x5a, "a device's register is put back");
	file_text(path, text, sizeof(text));
	tap_str(text, "one\n", "a console's file is cut");
	machine_set_replay(m, true);
	for (const char *p = "tw"; *p; p++)
		out(m, 0x3f8, *p);
	machine_set_replay(m, false);
	out(m, 0x3f8, '!');
	machine_console_lost(m, &err); /* writes what is there */
	file_text(path, text, sizeof(text));
	tap_str(text, "one\n!", "what is written again is not written");
	machine_saved_destroy(a);
	machine_destroy(m);
	close(fd);
	unlink(path);
}

/* ---- input ----------------------------------------------------------------------------------- */

static u64 now;

static u64 clock_of(void *arg)
{
	return now;
}

static void test_input(void)
{
	char path[] = "/tmp/vmstep-checkpoint-XXXXXX", serial[80];
	int fd = mkstemp(path);
	struct machine_saved *a;
	struct machine *m;

	if (write(fd, "abc", 3) != 3)
		bail("no temporary file");
	snprintf(serial, sizeof(serial), "null,in=%s", path);
	m = machine_make(serial);
	machine_set_clock(m, clock_of, NULL);
	a = save(m, NULL);
	tap_ok(machine_input_due(m) == UINT64_MAX, "nothing comes again at first");
	now = 100;
	machine_poll(m);
	tap_eq(in(m, 0x3f8), 'a', "a byte of input");
	now = 200;
	tap_ok(in(m, 0x3fd) & 1, "the guest looks, and finds the next");
	tap_eq(in(m, 0x3f8), 'b', "which it takes");
	now = 50;
	machine_restore(m, a);
	tap_eq(machine_input_due(m), 100, "put back, input comes again in its time");
	machine_poll(m);
	tap_ok(!(in(m, 0x3fd) & 1), "not before");
	now = 100;
	machine_poll(m);
	tap_eq(in(m, 0x3f8), 'a', "the same byte");
	now = 200;
	machine_poll(m);
	tap_eq(in(m, 0x3f8), 0, "what the guest found itself comes when it looks itself");
	tap_ok(in(m, 0x3fd) & 1 && in(m, 0x3f8) == 'b', "as it does now");
	now = 300;
	machine_poll(m);
	tap_eq(in(m, 0x3f8), 'c', "then the file goes on");
	machine_saved_destroy(a);
	machine_destroy(m);
	close(fd);
	unlink(path);
}

/* ---- a session --------------------------------------------------------------------------------- */

/* mov cx, 1000; 1: loop 1b; hlt */
static struct session *session_make(bool record)
{
	const struct session_config cfg = { .guest.hex = "b9 e8 03 e2 fe f4", .engine = "soft",
					    .machine = { .serial = "null", .debugcon = "null", .stdio_in = -1 } };
	struct session *s = NULL;
	struct err err = { 0 };

	if (session_create(&cfg, &s, &err) || session_start(s, &err))
		bail(err.text);
	session_settings(s)->record = record;
	return s;
}

static u64 rcx(struct session *s)
{
	u64 v = 0;

	session_get_reg(s, "rcx", &v, NULL);
	return v;
}

static void test_session(void)
{
	struct session *s = session_make(true);
	struct err err = { 0 };
	bool begin;
	u32 num;

	tap_eq(session_checkpoint(s, &num, &err), 0, "a checkpoint");
	tap_eq(session_continue(s, NULL, NULL, &err), 0, "the guest runs");
	tap_ok(!session_reverse_stepi(s, 11, &begin, &err) && !begin && rcx(s) == 10, "back over its end");
	tap_ok(!session_reverse_stepi(s, 900, &begin, &err) && rcx(s) == 910, "and farther back");
	tap_ok(!session_reverse_stepi(s, 900, &begin, &err) && begin && session_last_stop(s)->first == CAUSE_START,
	       "as far as there is a way");
	tap_ok(!session_stepi(s, 3, NULL, NULL, &err) && rcx(s) == 998, "and forward again");
	tap_ok(!session_restart(s, num, &err) && session_last_stop(s)->n == 0, "restart");
	tap_eq(session_restart(s, 9, &err), -ENOENT, "there is no such checkpoint");
	tap_eq(session_checkpoint_delete(s, num, &err), 0, "delete it");
	tap_eq(session_checkpoints(s), 0, "none is left");
	session_destroy(s);
	s = session_make(false);
	session_stepi(s, 5, NULL, NULL, &err);
	tap_eq(session_reverse_stepi(s, 1, &begin, &err), -ENOENT, "without set record there is no way back");
	session_destroy(s);
}

/* Every 16 steps something by hand: more states than are kept. */
static void test_many(void)
{
	struct session *s = session_make(true);
	struct err err = { 0 };
	unsigned bad = 0, steps = 0;
	bool begin = false;

	for (unsigned i = 0; i < 200; i++) {
		bad += !!session_stepi(s, 2, NULL, NULL, &err);
		bad += !!session_set_reg(s, "rbx", i, &err);
	}
	tap_eq(bad, 0, "two hundred changes by hand");
	while (!begin && steps < 1000 && !session_reverse_stepi(s, 1, &begin, &err))
		steps++;
	tap_ok(begin && steps > 40 && steps < 400, "the way back is bounded, and ends with a word");
	session_destroy(s);
}

int main(void)
{
	test_memory();
	test_random();
	test_devices();
	test_input();
	test_session();
	test_many();
	return tap_done();
}
