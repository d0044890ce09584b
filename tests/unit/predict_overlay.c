/*
 * predict_overlay.c - the memory a prediction runs on: the guest's to be read, its own to be written, and devices
 * that are neither asked nor told.
 */
#include "machine_test.h"
#include "teach/overlay.h"

enum { AT = 0x3000, SIZE = 1 << 20, OUTSIDE = 0xfe000000 };

static struct overlay overlay; /* too large for a stack */
static struct phys_ops phys;

static struct machine *guest_new(void)
{
	static const struct guest_spec halt = { .hex = "f4" };
	static const u8 bytes[8] = { 0x10, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17 };
	struct err err;
	struct machine *m = machine_new(SIZE, &halt, &err);

	if (!tap_ok(m, "a machine (%s)", err.text))
		return NULL;
	memcpy(machine_hva(m, AT, sizeof(bytes)), bytes, sizeof(bytes));
	overlay_init(&overlay, m);
	phys = overlay_phys(&overlay);
	return m;
}

static void reads_are(u64 gpa, u64 wanted, size_t n, const char *name)
{
	u64 got = 0;

	tap_eq(phys.read(phys.arg, gpa, &got, n), 0, "%s: readable", name);
	tap_eq(got, wanted, "%s", name);
}

/* Each row is written on top of those before it, and read back from around it. */
static void writes(struct machine *m)
{
	static const struct {
		u64 at;
		u32 n;
		u64 value, around; /* the eight bytes at AT then */
	} row[] = {
		{ AT + 2, 1, 0xaa, 0x1716151413aa1110 },
		{ AT + 2, 2, 0xbbcc, 0x17161514bbcc1110 },
		{ AT + 5, 4, 0x04030201, 0x03020114bbcc1110 },
		{ AT - 1, 2, 0xeeff, 0x03020114bbcc11ee },
	};
	const u64 below = get64(machine_hva(m, AT, 8));

	for (size_t i = 0; i < ARRAY_SIZE(row); i++) {
		tap_eq(phys.write(phys.arg, row[i].at, &row[i].value, row[i].n), 0, "write %zu", i);
		reads_are(AT, row[i].around, 8, "what was written is read, beside what is the guest's");
		tap_eq(get64(machine_hva(m, AT, 8)), below, "write %zu: not to the guest", i);
	}
	tap_eq(overlay.n, 8, "a byte written twice is kept once");
	tap_ok(!overlay.device_read && !overlay.full, "that was RAM alone");
	reads_are(AT + 8, 0x04, 1, "a write's last byte");
	overlay_clear(&overlay);
	reads_are(AT, below, 8, "cleared: the guest's again");
}

/* The guest itself writes on between two predictions. */
static void guest_changes(struct machine *m)
{
	u8 *p = machine_hva(m, AT, 8);

	*p = 0x99;
	reads_are(AT, 0x99, 1, "nothing is remembered of what was only read");
}

static void borders(void)
{
	u64 v = 0x1122334455667788;

	tap_eq(phys.write(phys.arg, SIZE - 8, &v, 8), 0, "the last bytes of RAM");
	reads_are(SIZE - 8, v, 8, "they are written");
	tap_ok(phys.write(phys.arg, SIZE - 4, &v, 8), "a write past RAM is refused");
	reads_are(SIZE - 4, v >> 32, 4, "and nothing of it done");
	tap_ok(phys.read(phys.arg, SIZE - 4, &v, 8), "a read past RAM is refused");
	tap_ok(phys.write(phys.arg, OUTSIDE, &v, 4), "where no RAM is nothing is written");
	overlay_clear(&overlay);
}

static void full(void)
{
	u8 b = 0x55;

	for (unsigned i = 0; i < OVERLAY_BYTES; i++)
		phys.write(phys.arg, AT + i, &b, 1);
	tap_ok(!overlay.full, "as many bytes as fit");
	b = 0x66;
	phys.write(phys.arg, AT, &b, 1);
	tap_ok(!overlay.full, "one of them again");
	reads_are(AT, 0x66, 1, "it is the new one");
	phys.write(phys.arg, AT + OVERLAY_BYTES, &b, 1);
	tap_ok(overlay.full, "one more does not fit, and that is said");
	overlay_clear(&overlay);
	tap_ok(!overlay.full && !overlay.n, "cleared: there is room again");
}

static void devices(struct machine *m)
{
	const struct model_bus bus = overlay_bus(&overlay);
	u32 v = 0x12345678;

	console_clear();
	bus.port(bus.arg, true, 0xe9, 1, &v);
	bus.mmio(bus.arg, true, OUTSIDE, 4, &v);
	tap_ok(!console[CONSOLE_DEBUGCON].n && !overlay.device_read, "what is written to devices reaches none");
	bus.mmio(bus.arg, false, AT, 4, &v);
	tap_eq(v, 0x13121199, "RAM through the bus is RAM");
	tap_ok(!overlay.device_read, "and no device");
	bus.port(bus.arg, false, 0x60, 1, &v);
	tap_eq(v, 0x131211ff, "a port answers all ones");
	tap_ok(overlay.device_read, "that a device was asked is noted");
	overlay_clear(&overlay);
	tap_ok(!overlay.device_read, "until the next prediction");
	bus.mmio(bus.arg, false, OUTSIDE, 4, &v);
	tap_eq(v, 0xffffffff, "so does what is not RAM");
	tap_ok(overlay.device_read, "and is noted");
	tap_ok(bus.intr_ack(bus.arg) < 0, "no interrupt waits");
	bus.mmio(bus.arg, true, AT, 1, &v);
	reads_are(AT, 0xff, 1, "a write through the bus stays in the overlay");
	tap_eq(*(u8 *)machine_hva(m, AT, 1), 0x99, "the guest has its own");
	overlay_clear(&overlay);
}

/* ROM: the processor's writes are dropped. */
static void rom(void)
{
	static u8 image[65536];
	struct err err;
	struct machine *m;
	const struct mem_region *r;
	size_t n, i = 0;
	u8 b = 0x77;

	memset(image, 0x90, sizeof(image));
	memcpy(image + sizeof(image) - 16, "\xea\x00\x00\x00\xf0", 5);
	m = machine_from(image, sizeof(image), (struct guest_spec){ .kind = IMAGE_FIRMWARE }, &err);
	if (!tap_ok(m, "a machine with firmware (%s)", err.text))
		return;
	overlay_init(&overlay, m);
	phys = overlay_phys(&overlay);
	r = machine_regions(m, &n);
	while (i < n && !r[i].readonly)
		i++;
	if (tap_ok(i < n, "it has ROM")) {
		tap_eq(phys.write(phys.arg, r[i].gpa, &b, 1), 0, "a write to ROM is taken");
		reads_are(r[i].gpa, 0x90, 1, "and dropped");
	}
	machine_destroy(m);
}

int main(void)
{
	struct machine *m = guest_new();

	if (m) {
		writes(m);
		guest_changes(m);
		borders();
		full();
		devices(m);
	}
	machine_destroy(m);
	rom();
	return tap_done();
}
