/*
 * machine_memory.c - guest memory at the borders of its regions, sizes, and a machine's life: load
 * once, reset to what the file holds, die at any point.
 */
#include "machine_test.h"

#include <errno.h>

static const struct guest_spec halt = { .hex = "f4" };

static void regions(void)
{
	static const struct {
		u64 mem;
		size_t n;
		u64 low, high;
	} row[] = {
		{ 1ull << 20, 1, 1ull << 20, 0 },
		{ (1ull << 20) + 4096, 1, (1ull << 20) + 4096, 0 },
		{ 3ull << 30, 1, 3ull << 30, 0 },
		{ (3ull << 30) + 4096, 2, 3ull << 30, 4096 },
		{ 64ull << 30, 2, 3ull << 30, 61ull << 30 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(row); i++) {
		struct err err;
		struct machine *m = machine_new(row[i].mem, &halt, &err);
		const struct mem_region *r;
		size_t n;

		if (!tap_ok(m, "regions row %zu (%s)", i, err.text))
			continue;
		r = machine_regions(m, &n);
		tap_eq(n, row[i].n, "regions row %zu: number", i);
		tap_eq(r[0].size, row[i].low, "regions row %zu: low size", i);
		if (n == 2) {
			tap_eq(r[1].gpa, 4ull << 30, "regions row %zu: the rest is at 4 GiB", i);
			tap_eq(r[1].size, row[i].high, "regions row %zu: its size", i);
			tap_ok(machine_hva(m, (4ull << 30) + row[i].high - 1, 1),
			       "regions row %zu: its last byte", i);
			tap_ok(!machine_hva(m, (4ull << 30) + row[i].high, 1),
			       "regions row %zu: no more", i);
		}
		machine_destroy(m);
	}
}

static void bad_sizes(void)
{
	static const u64 size[] = { 1, 4096, (1 << 20) - 4096, (1 << 20) + 1, 1ull << 60 };

	for (size_t i = 0; i < ARRAY_SIZE(size); i++) {
		struct err err;
		struct machine *m = machine_new(size[i], &halt, &err);

		tap_ok(!m && strstr(err.text, "-m"), "memory size %#llx is refused (%s)",
		       (unsigned long long)size[i], err.text);
		machine_destroy(m);
	}
}

static void borders(void)
{
	struct err err;
	struct machine *m = machine_new((3ull << 30) + 8192, &halt, &err);
	u64 hole = 3ull << 30, high = 4ull << 30;
	u8 b[16];
	struct phys_ops p;

	if (!tap_ok(m, "borders: machine (%s)", err.text))
		return;
	p = machine_phys(m);
	memset(b, 0x11, sizeof(b));
	tap_eq((u64)p.write(p.arg, hole - 16, b, 16), 0, "borders: the last bytes below the hole");
	tap_eq((u64)p.write(p.arg, hole - 8, b, 9), (u64)-EFAULT,
	       "borders: one byte into the hole");
	memset(b, 0x22, sizeof(b));
	tap_eq((u64)p.write(p.arg, hole - 8, b, 16), (u64)-EFAULT, "borders: across the edge");
	tap_eq(*machine_hva(m, hole - 1, 1), 0x11, "borders: a refused write changes nothing");
	tap_eq((u64)p.write(p.arg, high - 1, b, 2), (u64)-EFAULT,
	       "borders: from the hole into RAM");
	tap_eq(*machine_hva(m, high, 1), 0, "borders: and changes nothing either");
	tap_eq((u64)p.read(p.arg, high, b, 16), 0, "borders: the first bytes above the hole");
	tap_eq((u64)p.read(p.arg, high + 8192 - 1, b, 2), (u64)-EFAULT, "borders: beyond the end");
	tap_eq((u64)p.read(p.arg, ~(u64)0, b, 1), (u64)-EFAULT,
	       "borders: the last address there is");
	tap_eq((u64)p.read(p.arg, ~(u64)0, b, 2), (u64)-EFAULT, "borders: around it");
	tap_eq((u64)p.write(p.arg, ~(u64)0, b, 2), (u64)-EFAULT, "borders: writing around it");
	tap_eq((u64)p.read(p.arg, hole, b, 0), 0, "borders: nothing is readable anywhere");
	tap_ok(!machine_hva(m, hole - 8, 16), "borders: no host address across the edge");
	tap_ok(machine_hva(m, hole - 8, 8), "borders: one up to it");
	tap_ok(!machine_hva(m, 0, ~(size_t)0), "borders: no host address for a huge size");
	machine_destroy(m);
}

/* Firmware's ROM and RAM above 4 GiB touch: an access may go across. */
static void across_regions(void)
{
	static u8 image[0x10000];
	struct guest_spec spec = { 0 };
	struct machine *m;
	struct phys_ops p;
	struct err err;
	u8 b[8];

	memcpy(image + sizeof(image) - 16, "\xea\x5b\xe0\x00\xf0", 5);
	image[sizeof(image) - 1] = 0x77;
	spec.path = temp_file(image, sizeof(image));
	m = machine_new(4ull << 30, &spec, &err);
	if (!tap_ok(m, "across: machine (%s)", err.text))
		return;
	p = machine_phys(m);
	tap_eq((u64)p.read(p.arg, (4ull << 30) - 1, b, 2), 0, "across: ROM and RAM in one read");
	tap_eq(b[0], 0x77, "across: the ROM's byte");
	tap_eq((u64)p.write(p.arg, (4ull << 30) - 4, "abcdefgh", 8), 0,
	       "across: the debugger writes ROM as well");
	tap_mem(machine_hva(m, (4ull << 30) - 4, 4), "abcd", 4, "across: in the ROM");
	tap_mem(machine_hva(m, 4ull << 30, 4), "efgh", 4, "across: in the RAM");
	machine_destroy(m);
}

static void life(void)
{
	struct guest_spec spec = { 0 };
	struct machine *m;
	struct err err;
	u8 *hva;

	machine_destroy(NULL);
	spec.path = temp_file("\x90\xf4", 2);
	m = machine_new(0, &spec, &err);
	if (!tap_ok(m, "life: loads (%s)", err.text))
		return;
	tap_eq((u64)machine_load(m, &spec, &err), (u64)-EBUSY, "life: a second image is refused");
	hva = machine_hva(m, 0x1000, 2);
	memset(machine_hva(m, 0x2000, 16), 0xee, 16);
	hva[0] = 0xcc;
	port_out(m, 0xf4, 1, 1);
	port_in(m, 0x1111, 1);
	tap_eq((u64)machine_reset(m, &err), 0, "life: reset");
	tap_ok(machine_hva(m, 0x1000, 2) == hva, "life: memory stays where it was for the host");
	tap_mem(hva, "\x90\xf4", 2, "life: the image is back");
	tap_eq(*machine_hva(m, 0x2000, 1), 0, "life: the rest is zero");
	tap_eq(machine_take_event(m, NULL), MACHINE_NONE, "life: no event survives");
	temp_file("\xf1\x90", 2);
	tap_eq((u64)machine_reset(m, &err), 0, "life: reset with a new file");
	tap_mem(hva, "\xf1\x90", 2, "life: the file as it is now");
	unlink(temp_path);
	tap_ok(machine_reset(m, &err) < 0 && strstr(err.text, "cannot open"),
	       "life: reset without the file says so (%s)", err.text);
	tap_mem(hva, "\xf1\x90", 2, "life: and leaves the guest alone");
	machine_destroy(m);
}

static void describe(void)
{
	struct err err;
	struct machine *m = machine_new(0, &halt, &err);
	struct strbuf b;

	strbuf_init(&b);
	if (tap_ok(m, "describe: machine (%s)", err.text)) {
		machine_describe(m, &b);
		tap_ok(strstr(strbuf_str(&b), "Guest: --hex, flat\n"), "describe: the guest");
		tap_ok(strstr(strbuf_str(&b), "RAM  0x000000000000-0x000004000000"),
		       "describe: the RAM");
		tap_ok(strstr(strbuf_str(&b), "0x000000001000-0x000000001001  the flat image"),
		       "describe: the image");
	}
	strbuf_deinit(&b);
	machine_destroy(m);
}

int main(void)
{
	regions();
	bad_sizes();
	borders();
	across_regions();
	life();
	describe();
	return tap_done();
}
