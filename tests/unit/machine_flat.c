/*
 * machine_flat.c - flat images, boot sectors, the address rules, and the ports a first guest needs.
 */
#include "tap.h"

#include <stdlib.h>

#include <vmstep/machine.h>

static char text[4096];
static size_t text_n;

static void collect(void *arg, enum console_channel ch, const u8 *data, size_t n)
{
	for (size_t i = 0; i < n && text_n + 1 < sizeof(text); i++)
		text[text_n++] = (char)data[i];
	text[text_n] = 0;
}

static const struct machine_config config = { .stdio_in = -1, .write = collect };

static struct machine *load(const struct guest_spec *spec, struct err *err)
{
	struct machine *m = NULL;

	if (machine_create(&config, &m, err))
		return NULL;
	if (!machine_load(m, spec, err))
		return m;
	machine_destroy(m);
	return NULL;
}

static void hex_real(void)
{
	struct err err = { 0 };
	struct machine *m = load(&(struct guest_spec){ .hex = "90 f1, 0x90\\xcc" }, &err);
	const struct cpu_state *c;

	if (!tap_ok(m, "hex bytes load (%s)", err.text))
		return;
	c = machine_boot_state(m);
	tap_mem(machine_hva(m, 0x1000, 4), "\x90\xf1\x90\xcc", 4,
		"hex bytes lie at the default address");
	tap_eq(cpu_mode(c), MODE_REAL, "hex guests start in real mode");
	tap_eq(cpu_linear_rip(c), 0x1000, "hex guests start at the load address");
	tap_eq(machine_image_kind(m), IMAGE_FLAT, "hex is flat");
	machine_destroy(m);
}

static void entry_rules(void)
{
	static const struct {
		const char *entry;
		u64 load;
		u16 cs;
		u64 ip;
	} row[] = {
		{ NULL, 0x8000, 0, 0x8000 },          { "0x8001", 0x8000, 0, 0x8001 },
		{ "0x20013", 0x20000, 0x2001, 3 },    { NULL, 0x20000, 0x2000, 0 },
		{ "2000:10", 0x20000, 0x2000, 0x10 }, { "0x2000:0x10", 0x20000, 0x2000, 0x10 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(row); i++) {
		struct guest_spec s = { .hex = "90",
					.mode = "real",
					.has_load = true,
					.load = row[i].load,
					.entry = row[i].entry };
		struct err err = { 0 };
		struct machine *m = load(&s, &err);

		if (!tap_ok(m, "real entry row %zu loads (%s)", i, err.text))
			continue;
		tap_eq(machine_boot_state(m)->seg[SEG_CS].sel, row[i].cs, "real entry row %zu: CS",
		       i);
		tap_eq(machine_boot_state(m)->rip, row[i].ip, "real entry row %zu: IP", i);
		machine_destroy(m);
	}
}

static void wide_modes(void)
{
	static const struct {
		const char *mode;
		enum cpu_mode want;
	} row[] = { { "protected", MODE_PROT32 }, { "long", MODE_LONG } };

	for (size_t i = 0; i < ARRAY_SIZE(row); i++) {
		struct guest_spec s = { .hex = "90 f4", .mode = row[i].mode };
		struct err err = { 0 };
		struct machine *m = load(&s, &err);
		struct phys_ops mem;
		u64 gpa = 0;

		if (!tap_ok(m, "flat %s loads (%s)", row[i].mode, err.text))
			continue;
		mem = machine_phys(m);
		tap_eq(cpu_mode(machine_boot_state(m)), row[i].want, "flat %s: mode", row[i].mode);
		tap_eq(machine_boot_state(m)->rip, 0x100000, "flat %s: entry", row[i].mode);
		tap_eq(linear_to_phys(machine_boot_state(m), &mem, 0x100000, &gpa), 0,
		       "flat %s: entry is mapped", row[i].mode);
		tap_eq(gpa, 0x100000, "flat %s: mapped onto itself", row[i].mode);
		machine_destroy(m);
	}
}

static void refusals(void)
{
	static const struct {
		struct guest_spec spec;
		const char *part;
	} row[] = {
		{ { .hex = "9" }, "no byte" },
		{ { .hex = "" }, "no byte" },
		{ { .hex = "zz" }, "no byte" },
		{ { .hex = "90", .mode = "fast" }, "real, protected and long" },
		{ { .hex = "90", .entry = "0x110000" }, "real mode" },
		{ { .hex = "90", .entry = "bogus" }, "no address" },
		{ { .hex = "90", .entry = "-1" }, "no address" },
		{ { .hex = "90", .entry = "0:10000" }, "SEG:OFF" },
		{ { .hex = "90", .entry = "0:" }, "SEG:OFF" },
		{ { .hex = "90", .entry = ":0" }, "SEG:OFF" },
		{ { .hex = "90", .mode = "long", .entry = "0:0" }, "no address" },
		{ { .hex = "90", .has_load = true, .load = 0xffffffffffffffff }, "real mode" },
		{ { .hex = "90", .mode = "long", .has_load = true, .load = 0x10000000 }, "-m" },
		{ { .hex = "90", .mode = "long", .entry = "0x10000000" }, "outside" },
		{ { .path = "/nonexistent/guest" }, "No such file" },
		{ { .path = "/" }, "directory" },
		{ { .path = "/dev/null" }, "regular" },
		{ { .path = NULL }, "no guest" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(row); i++) {
		struct err err = { 0 };
		struct machine *m = load(&row[i].spec, &err);

		tap_ok(!m, "refusal row %zu is refused", i);
		tap_ok(strstr(err.text, row[i].part), "refusal row %zu says \"%s\" (%s)", i,
		       row[i].part, err.text);
		machine_destroy(m);
	}
}

static u32 in(struct machine *m, u16 port, unsigned size)
{
	u32 v = 0;

	machine_pio(m, false, port, size, &v);
	return v;
}

static void out(struct machine *m, u16 port, unsigned size, u32 v)
{
	machine_pio(m, true, port, size, &v);
}

static void first_ports(void)
{
	struct err err = { 0 };
	struct machine *m = load(&(struct guest_spec){ .hex = "f4" }, &err);
	u32 value = 0;

	if (!tap_ok(m, "ports: guest loads (%s)", err.text))
		return;
	text_n = 0;
	out(m, 0xe9, 1, 'a');
	out(m, 0x402, 1, 'b');
	out(m, 0x3f8, 1, 'c');
	tap_str(text, "abc", "debug consoles and COM1 reach the caller");
	tap_eq(in(m, 0xe9, 1), 0xe9, "e9 reads e9");
	tap_eq(in(m, 0x402, 1), 0xe9, "402 reads e9");
	tap_eq(machine_take_event(m, &value), MACHINE_NONE, "no event yet");
	for (unsigned size = 1; size <= 4; size *= 2) {
		out(m, 0xf4, size, 0x21);
		tap_eq(machine_take_event(m, &value), MACHINE_EXIT, "exit port, %u bytes", size);
		tap_eq(value, 0x43, "exit value, %u bytes", size);
	}
	tap_eq(machine_take_event(m, &value), MACHINE_NONE, "the event was consumed");
	machine_destroy(m);
}

int main(void)
{
	hex_real();
	entry_rules();
	wide_modes();
	refusals();
	first_ports();
	return tap_done();
}
