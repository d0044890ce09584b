/*
 * machine_devices.c - each device as a guest's driver meets it, by port accesses alone.
 */
#include "machine_test.h"

#include <sys/stat.h>
#include <time.h>

static struct {
	unsigned changes;
	bool level;
	unsigned gsi;
} irq;

static void irq_note(void *arg, unsigned gsi, bool level)
{
	irq.changes++;
	irq.level = level;
	irq.gsi = gsi;
}

static struct machine *new_with(u64 mem, const char *serial, const char *debugcon, int stdio_in,
				struct err *err)
{
	struct machine_config cfg = { .mem_size = mem,
				      .serial = serial,
				      .debugcon = debugcon,
				      .stdio_in = stdio_in,
				      .write = console_collect };
	struct guest_spec spec = { .hex = "f4" };
	struct machine *m = NULL;

	memset(err, 0, sizeof(*err));
	if (machine_create(&cfg, &m, err))
		return NULL;
	if (!machine_load(m, &spec, err)) {
		memset(&irq, 0, sizeof(irq));
		machine_set_irq(m, irq_note, NULL);
		return m;
	}
	machine_destroy(m);
	return NULL;
}

/* ---- COM1 ------------------------------------------------------------------------------------ */

enum {
	THR = 0x3f8,
	IER = 0x3f9,
	IIR = 0x3fa,
	FCR = 0x3fa,
	LCR = 0x3fb,
	MCR = 0x3fc,
	LSR = 0x3fd,
	MSR = 0x3fe,
	SCR = 0x3ff
};

static void uart_registers(void)
{
	struct err err;
	struct machine *m = new_with(0, NULL, NULL, -1, &err);

	if (!tap_ok(m, "uart: machine (%s)", err.text))
		return;
	tap_eq(port_in(m, LSR, 1), 0x60, "uart: LSR after reset: transmitter empty");
	tap_eq(port_in(m, IIR, 1), 0x01, "uart: IIR after reset: none, no FIFO");
	port_out(m, SCR, 1, 0x5a);
	tap_eq(port_in(m, SCR, 1), 0x5a, "uart: scratch register");
	port_out(m, IER, 1, 0xff);
	tap_eq(port_in(m, IER, 1), 0x0f, "uart: IER has four bits");
	port_out(m, IER, 1, 0);
	port_out(m, LCR, 1, 0x83);
	port_out(m, THR, 1, 1);
	port_out(m, IER, 1, 2);
	tap_eq(port_in(m, THR, 1), 1, "uart: divisor, low byte");
	tap_eq(port_in(m, IER, 1), 2, "uart: divisor, high byte");
	port_out(m, LCR, 1, 3);
	tap_eq(port_in(m, IER, 1), 0, "uart: IER is back without DLAB");
	port_out(m, FCR, 1, 0x07);
	tap_eq(port_in(m, IIR, 1) & 0xc0, 0xc0, "uart: IIR shows the FIFO: a 16550A");
	port_out(m, FCR, 1, 0);
	tap_eq(port_in(m, IIR, 1) & 0xc0, 0, "uart: and its absence");
	tap_eq(port_in(m, MSR, 1) & 0xf0, 0xb0, "uart: a peer is there");
	/* The test by which Linux tells a UART from nothing. */
	port_out(m, MCR, 1, 0x1a);
	tap_eq(port_in(m, MSR, 1) & 0xf0, 0x90, "uart: loopback shows RTS and OUT2 as CTS and DCD");
	console_clear();
	port_out(m, THR, 1, 'x');
	tap_str(console[CONSOLE_SERIAL].text, "", "uart: loopback sends nothing");
	tap_eq(port_in(m, LSR, 1) & 1, 1, "uart: loopback receives it");
	tap_eq(port_in(m, THR, 1), 'x', "uart: the very byte");
	port_out(m, THR, 1, 'y');
	port_out(m, THR, 1, 'z');
	tap_eq(port_in(m, LSR, 1) & 3, 3, "uart: a second byte without FIFO is an overrun");
	tap_eq(port_in(m, LSR, 1) & 3, 1, "uart: reading LSR clears it");
	tap_eq(port_in(m, THR, 1), 'y', "uart: the first byte was kept");
	tap_eq(irq.changes, 0, "uart: no interrupt was enabled, none came");
	machine_destroy(m);
}

static void uart_interrupts(void)
{
	struct err err;
	struct machine *m;
	int p[2];

	if (pipe(p))
		return;
	m = new_with(0, NULL, NULL, p[0], &err);
	if (!tap_ok(m, "uart irq: machine (%s)", err.text))
		return;
	port_out(m, MCR, 1, 0x08);
	port_out(m, IER, 1, 0x02);
	tap_ok(irq.level && irq.gsi == 4, "uart irq: enabling THRE raises line 4");
	tap_eq(port_in(m, IIR, 1), 0x02, "uart irq: IIR says THRE");
	tap_ok(!irq.level, "uart irq: and acknowledges it");
	tap_eq(port_in(m, IIR, 1), 0x01, "uart irq: nothing more");
	port_out(m, THR, 1, 'a');
	tap_ok(irq.level, "uart irq: a byte sent raises it again");
	irq.changes = 0;
	port_out(m, THR, 1, 'b');
	tap_eq(irq.changes, 2, "uart irq: one more makes an edge");
	port_out(m, IER, 1, 0);
	tap_ok(!irq.level, "uart irq: IER gates the line");
	port_out(m, IER, 1, 0x01);
	tap_ok(!irq.level, "uart irq: no input, no interrupt");
	tap_eq(machine_input_fd(m), (u64)p[0], "uart irq: the input's fd is known");
	port_out(m, FCR, 1, 0x81);
	if (write(p[1], "0123456789abcdefXYZ", 19) != 19)
		perror("pipe");
	machine_poll(m);
	tap_ok(irq.level, "uart irq: input raises the line");
	tap_eq(port_in(m, IIR, 1), 0xc4, "uart irq: at the trigger level: data available");
	for (int i = 0; i < 9; i++)
		port_in(m, THR, 1);
	tap_eq(port_in(m, IIR, 1), 0xcc, "uart irq: below it: time-out");
	for (int i = 0; i < 7; i++)
		port_in(m, THR, 1);
	tap_eq(port_in(m, IIR, 1), 0xc1, "uart irq: empty again");
	tap_ok(!irq.level, "uart irq: and the line is down");
	tap_eq(port_in(m, LSR, 1) & 1, 1, "uart irq: LSR fetches what waited");
	tap_eq(port_in(m, THR, 1), 'X', "uart irq: nothing was lost");
	port_out(m, MCR, 1, 0);
	tap_ok(!irq.level, "uart irq: OUT2 gates the line");
	close(p[1]);
	port_in(m, THR, 1);
	port_in(m, THR, 1);
	machine_poll(m);
	tap_eq(machine_input_fd(m), (u64)-1, "uart irq: an ended input is no fd any more");
	machine_destroy(m);
	close(p[0]);
}

/* ---- where the text goes --------------------------------------------------------------------- */

static void file_holds(const char *path, const char *want, const char *name)
{
	char got[64] = { 0 };
	int fd = open(path, O_RDONLY);
	ssize_t n = fd < 0 ? -1 : read(fd, got, sizeof(got) - 1);

	close(fd);
	tap_str(n < 0 ? NULL : got, want, "%s", name);
}

static void channels(void)
{
	struct timespec nap = { .tv_nsec = 60000000 };
	char out[] = "/tmp/vmstep-unit-serial-XXXXXX", dbg[] = "/tmp/vmstep-unit-debug-XXXXXX",
	     both[120];
	struct err err;
	struct machine *m;

	close(mkstemp(out));
	close(mkstemp(dbg));
	m = new_with(0, out, dbg, -1, &err);
	if (tap_ok(m, "files as consoles (%s)", err.text)) {
		port_out(m, THR, 1, 's');
		port_out(m, 0xe9, 1, 'd');
		port_out(m, 0xe9, 1, '\n');
		file_holds(dbg, "d\n", "--debugcon FILE holds the finished line");
		nanosleep(&nap, NULL);
		machine_poll(m);
		file_holds(out, "s", "--serial FILE holds an unfinished line soon after");
		port_out(m, THR, 1, 't');
	}
	machine_destroy(m);
	file_holds(out, "st", "the rest is written at the end");
	temp_file("in", 2);
	snprintf(both, sizeof(both), "%s,in=%s", out, temp_path);
	m = new_with(0, both, "null", -1, &err);
	if (tap_ok(m, "--serial FILE,in=FILE (%s)", err.text)) {
		machine_poll(m);
		tap_eq(port_in(m, THR, 1), 'i', "input comes from the file");
		console_clear();
		port_out(m, 0xe9, 1, 'n');
		tap_eq(console[CONSOLE_DEBUGCON].n, 0, "--debugcon null shows nothing");
	}
	machine_destroy(m);
	unlink(out);
	unlink(dbg);
	tap_ok(!new_with(0, "/nonexistent/x", NULL, -1, &err) && strstr(err.text, "--serial"),
	       "a bad --serial is refused (%s)", err.text);
	tap_ok(!new_with(0, NULL, "/nonexistent/x", -1, &err) && strstr(err.text, "--debugcon"),
	       "a bad --debugcon is refused (%s)", err.text);
	tap_ok(!new_with(0, "null,in=/nonexistent/x", NULL, -1, &err) && strstr(err.text, "read"),
	       "a bad input is refused (%s)", err.text);
	tap_ok(!new_with(0, "", NULL, -1, &err) && strstr(err.text, "empty"),
	       "an empty --serial is refused (%s)", err.text);
}

static void pty(void)
{
	struct err err;
	struct machine *m = new_with(0, "pty", NULL, -1, &err);
	char c = 0;
	int fd;

	if (!m) {
		tap_skip("pty", "%s", err.text);
		return;
	}
	fd = open(machine_pty(m), O_RDWR | O_NOCTTY | O_NONBLOCK);
	if (tap_ok(fd >= 0, "pty: opens")) {
		port_out(m, THR, 1, 'p');
		tap_eq((u64)read(fd, &c, 1), 1, "pty: a byte arrives");
		tap_eq((u64)(u8)c, 'p', "pty: the one sent");
		if (write(fd, "\r", 1) != 1)
			perror("pty");
		machine_poll(m);
		tap_eq(port_in(m, THR, 1), '\r', "pty: input comes back raw");
		for (int i = 0; i < 100000; i++)
			port_out(m, THR, 1, 'f');
		tap_ok(true, "pty: text nobody reads does not block");
		close(fd);
	}
	machine_destroy(m);
}

/* ---- CMOS ------------------------------------------------------------------------------------ */

static u8 cmos(struct machine *m, u8 reg)
{
	port_out(m, 0x70, 1, reg);
	return (u8)port_in(m, 0x71, 1);
}

static u32 cmos16(struct machine *m, u8 lo)
{
	return cmos(m, lo) | (u32)cmos(m, (u8)(lo + 1)) << 8;
}

static unsigned bcd(u8 v)
{
	return (v >> 4) * 10u + (v & 15u);
}

static void cmos_clock(void)
{
	struct err err;
	struct machine *m = new_with(0, NULL, NULL, -1, &err);
	struct tm t;
	time_t now;
	u64 age;

	if (!tap_ok(m, "cmos: machine (%s)", err.text))
		return;
	memset(&t, 0, sizeof(t));
	t.tm_year = (int)(bcd(cmos(m, 0x32)) * 100 + bcd(cmos(m, 9))) - 1900;
	t.tm_mon = (int)bcd(cmos(m, 8)) - 1;
	t.tm_mday = (int)bcd(cmos(m, 7));
	t.tm_hour = (int)bcd(cmos(m, 4));
	t.tm_min = (int)bcd(cmos(m, 2));
	t.tm_sec = (int)bcd(cmos(m, 0));
	now = time(NULL);
	age = (u64)(now - timegm(&t));
	tap_ok(age <= 2 || age >= (u64)-1, "cmos: the clock is the host's (off by %d s)", (int)age);
	tap_eq(cmos(m, 0x0b), 2, "cmos: B: BCD, 24 hours");
	tap_eq(cmos(m, 0x0d), 0x80, "cmos: D: valid");
	tap_eq(cmos(m, 0x0c), 0, "cmos: C: no interrupt");
	port_out(m, 0x70, 1, 0x0b);
	port_out(m, 0x71, 1, 6);
	tap_ok(cmos(m, 9) == (u8)(t.tm_year % 100), "cmos: binary when B says so");
	port_out(m, 0x70, 1, 0x8f);
	port_out(m, 0x71, 1, 0xa5);
	tap_eq(cmos(m, 0x0f), 0xa5, "cmos: RAM keeps bytes, bit 7 of the index is NMI's");
	tap_eq(port_in(m, 0x70, 1), 0xff, "cmos: the index cannot be read");
	machine_destroy(m);
}

static void cmos_memory(void)
{
	static const struct {
		u64 mem;
		u32 ext, above16, high;
	} row[] = {
		{ 1 << 20, 0, 0, 0 },
		{ 16 << 20, 15 << 10, 0, 0 },
		{ 64 << 20, 63 << 10, 48 << 4, 0 },
		{ 128 << 20, 0xffff, 112 << 4, 0 },
		{ 3ull << 30, 0xffff, 3056 << 4, 0 },
		{ 5ull << 30, 0xffff, 3056 << 4, 2048 << 4 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(row); i++) {
		struct err err;
		struct machine *m = new_with(row[i].mem, NULL, NULL, -1, &err);

		if (!tap_ok(m, "cmos memory row %zu (%s)", i, err.text))
			continue;
		tap_eq(cmos16(m, 0x15), 640, "cmos memory row %zu: base", i);
		tap_eq(cmos16(m, 0x17), row[i].ext, "cmos memory row %zu: above 1 MiB", i);
		tap_eq(cmos16(m, 0x30), row[i].ext, "cmos memory row %zu: and its copy", i);
		tap_eq(cmos16(m, 0x34), row[i].above16, "cmos memory row %zu: above 16 MiB", i);
		tap_eq(cmos16(m, 0x5b) | (u32)cmos(m, 0x5d) << 16, row[i].high,
		       "cmos memory row %zu: above 4 GiB", i);
		machine_destroy(m);
	}
}

/* ---- fw_cfg ---------------------------------------------------------------------------------- */

static void fwcfg_read(struct machine *m, u16 key, u8 *buf, size_t n)
{
	port_out(m, 0x510, 2, key);
	for (size_t i = 0; i < n; i++)
		buf[i] = (u8)port_in(m, 0x511, 1);
}

static void fwcfg(void)
{
	struct err err;
	struct machine *m = new_with(5ull << 30, NULL, NULL, -1, &err);
	u8 b[128];
	u64 ram = 0;
	u32 size;

	if (!tap_ok(m, "fw_cfg: machine (%s)", err.text))
		return;
	fwcfg_read(m, 0, b, 6);
	tap_mem(b, "QEMU\0\0", 6, "fw_cfg: signature, then zeros");
	fwcfg_read(m, 1, b, 4);
	tap_eq(get32(b), 1, "fw_cfg: traditional interface, no DMA");
	fwcfg_read(m, 3, b, 8);
	tap_eq(get64(b), 5ull << 30, "fw_cfg: RAM size");
	fwcfg_read(m, 5, b, 2);
	tap_eq(b[0] | b[1] << 8, 1, "fw_cfg: one CPU");
	fwcfg_read(m, 0x19, b, 68);
	tap_mem(b, "\0\0\0\1", 4, "fw_cfg: one file");
	tap_str((char *)b + 12, "etc/e820", "fw_cfg: its name");
	size = (u32)b[6] << 8 | b[7];
	tap_eq(size % 20, 0, "fw_cfg: e820 in whole entries");
	fwcfg_read(m, (u16)(b[8] << 8 | b[9]), b, size < sizeof(b) ? size : sizeof(b));
	for (u32 at = 0; at + 20 <= size; at += 20)
		if (get32(b + at + 16) == 1)
			ram += get64(b + at + 8);
	tap_eq(ram, 5ull << 30, "fw_cfg: e820 holds all RAM");
	fwcfg_read(m, 0x7777, b, 2);
	tap_eq(b[0] | b[1], 0, "fw_cfg: an unknown item is empty");
	machine_destroy(m);
}

/* ---- PCI ------------------------------------------------------------------------------------- */

static u32 pci_read(struct machine *m, u32 devfn, u32 reg, unsigned size)
{
	port_out(m, 0xcf8, 4, 0x80000000 | devfn << 8 | (reg & 0xfc));
	return port_in(m, (u16)(0xcfc + (reg & 3)), size);
}

static void pci_write(struct machine *m, u32 devfn, u32 reg, unsigned size, u32 v)
{
	port_out(m, 0xcf8, 4, 0x80000000 | devfn << 8 | (reg & 0xfc));
	port_out(m, (u16)(0xcfc + (reg & 3)), size, v);
}

static void pci(void)
{
	struct err err;
	struct machine *m = new_with(0, NULL, NULL, -1, &err);

	if (!tap_ok(m, "pci: machine (%s)", err.text))
		return;
	tap_eq(pci_read(m, 0, 0, 4), 0x12378086, "pci: host bridge");
	tap_eq(pci_read(m, 0, 0x0a, 2), 0x0600, "pci: its class");
	tap_eq(pci_read(m, 8, 0, 4), 0x70008086, "pci: ISA bridge");
	tap_eq(pci_read(m, 8, 0x0e, 1), 0x80, "pci: with several functions");
	tap_eq(pci_read(m, 11, 2, 2), 0x7113, "pci: power management");
	tap_eq(pci_read(m, 11, 0x40, 4), 0xb001, "pci: its I/O base");
	tap_eq(pci_read(m, 9, 0, 4), 0xffffffff, "pci: no function 1.1");
	tap_eq(pci_read(m, 0x1000, 0, 2), 0xffff, "pci: no bus 16");
	pci_write(m, 0, 0x59, 1, 0x33);
	tap_eq(pci_read(m, 0, 0x59, 1), 0x33, "pci: PAM registers keep what is written");
	pci_write(m, 0, 0, 4, 0);
	tap_eq(pci_read(m, 0, 0, 4), 0x12378086, "pci: identity is read-only");
	pci_write(m, 0, 0x10, 4, 0xffffffff);
	tap_eq(pci_read(m, 0, 0x10, 4), 0, "pci: no base address to assign");
	port_out(m, 0xcf8, 4, 0);
	tap_eq(port_in(m, 0xcfc, 4), 0xffffffff, "pci: nothing without the enable bit");
	port_out(m, 0xcf8, 4, 0x80000040);
	tap_eq(port_in(m, 0xcf8, 4), 0x80000040, "pci: the address register reads back");
	machine_destroy(m);
}

/* ---- the rest -------------------------------------------------------------------------------- */

static void event_is(struct machine *m, enum machine_event want, const char *name)
{
	tap_eq(machine_take_event(m, NULL), want, "%s", name);
}

static void resets(void)
{
	struct err err;
	struct machine *m = new_with(0, NULL, NULL, -1, &err);

	if (!tap_ok(m, "resets: machine (%s)", err.text))
		return;
	port_out(m, 0x64, 1, 0xff);
	event_is(m, MACHINE_NONE, "64: ff pulses nothing");
	port_out(m, 0x64, 1, 0xfe);
	event_is(m, MACHINE_RESET, "64: fe resets");
	port_out(m, 0x64, 1, 0xd1);
	port_out(m, 0x60, 1, 0xdf);
	event_is(m, MACHINE_NONE, "60: A20 on is no reset");
	port_out(m, 0x64, 1, 0xd1);
	port_out(m, 0x60, 1, 0xde);
	event_is(m, MACHINE_RESET, "60: output port bit 0 resets");
	port_out(m, 0x92, 1, 2);
	event_is(m, MACHINE_NONE, "92: A20 is no reset");
	tap_eq(port_in(m, 0x92, 1) & 2, 2, "92: A20 reads on");
	port_out(m, 0x92, 1, 3);
	event_is(m, MACHINE_RESET, "92: bit 0 resets");
	port_out(m, 0xcf9, 1, 2);
	event_is(m, MACHINE_NONE, "cf9: 2 only chooses");
	port_out(m, 0xcf9, 1, 6);
	event_is(m, MACHINE_RESET, "cf9: 6 resets");
	port_out(m, 0xb004, 2, 0x2000);
	event_is(m, MACHINE_POWEROFF, "b004: sleep is a power-off");
	port_out(m, 0x604, 2, 0x2000);
	event_is(m, MACHINE_POWEROFF, "604: as well");
	port_out(m, 0xb004, 2, 1);
	event_is(m, MACHINE_NONE, "b004: SCI enable is nothing");
	port_out(m, 0xf6, 1, 0);
	event_is(m, MACHINE_NONE, "f6: no report without a default handler");
	machine_destroy(m);
}

static void keyboard(void)
{
	struct err err;
	struct machine *m = new_with(0, NULL, NULL, -1, &err);

	if (!tap_ok(m, "keyboard: machine (%s)", err.text))
		return;
	tap_eq(port_in(m, 0x64, 1) & 3, 0, "keyboard: both buffers empty");
	port_out(m, 0x64, 1, 0xaa);
	tap_eq(port_in(m, 0x64, 1) & 1, 1, "keyboard: an answer waits");
	tap_eq(port_in(m, 0x60, 1), 0x55, "keyboard: controller self-test passed");
	port_out(m, 0x64, 1, 0xab);
	tap_eq(port_in(m, 0x60, 1), 0, "keyboard: port test passed");
	port_out(m, 0x64, 1, 0x60);
	port_out(m, 0x60, 1, 0x47);
	port_out(m, 0x64, 1, 0x20);
	tap_eq(port_in(m, 0x60, 1), 0x47, "keyboard: command byte");
	port_out(m, 0x60, 1, 0xff);
	tap_eq(port_in(m, 0x60, 1), 0xfa, "keyboard: reset acknowledged");
	tap_eq(port_in(m, 0x60, 1), 0xaa, "keyboard: and passed");
	port_out(m, 0x60, 1, 0xed);
	port_out(m, 0x60, 1, 0xff);
	tap_eq(port_in(m, 0x60, 1) << 8 | port_in(m, 0x60, 1), 0xfafa,
	       "keyboard: a parameter is no command");
	tap_eq(port_in(m, 0x64, 1) & 1, 0, "keyboard: empty again");
	for (int i = 0; i < 20; i++)
		port_out(m, 0x60, 1, 0xf4);
	for (int i = 0; i < 8; i++)
		port_in(m, 0x60, 1);
	tap_eq(port_in(m, 0x64, 1) & 1, 0, "keyboard: the queue is bounded");
	machine_destroy(m);
}

static void timers(void)
{
	struct timespec nap = { .tv_nsec = 20000000 };
	struct err err;
	struct machine *m = new_with(0, NULL, NULL, -1, &err);
	bool seen[2] = { false, false };
	u32 a, b;

	if (!tap_ok(m, "timers: machine (%s)", err.text))
		return;
	a = port_in(m, 0xb008, 4);
	nanosleep(&nap, NULL);
	b = port_in(m, 0xb008, 4);
	tap_ok(!((a | b) >> 24), "pm timer has 24 bits");
	tap_ok(((b - a) & 0xffffff) >= 71590,
	       "pm timer runs at 3.58 MHz or the host was away (%u ticks in 20 ms or more)",
	       (b - a) & 0xffffff);
	for (int i = 0; i < 1000000 && !(seen[0] && seen[1]); i++)
		seen[port_in(m, 0x61, 1) >> 4 & 1] = true;
	tap_ok(seen[0] && seen[1], "61: the refresh bit toggles");
	machine_destroy(m);
}

static void unknown(void)
{
	struct err err;
	struct machine *m = new_with(0, NULL, NULL, -1, &err);
	const struct unknown_access *u;
	u64 v = 0;
	size_t n;

	if (!tap_ok(m, "unknown: machine (%s)", err.text))
		return;
	machine_unknown(m, &n);
	tap_eq(n, 0, "unknown: none at first");
	tap_eq(port_in(m, 0x1f7, 1), 0xff, "unknown: a byte reads ff");
	tap_eq(port_in(m, 0x1f7, 2), 0xffff, "unknown: a word reads ffff");
	tap_eq(port_in(m, 0x1234, 4), 0xffffffff, "unknown: a doubleword");
	port_out(m, 0x1234, 2, 0xbeef);
	machine_mmio(m, false, 0xd0000000, 8, &v);
	tap_eq(v, ~(u64)0, "unknown: MMIO reads all-ones");
	v = 0x1122334455667788;
	machine_mmio(m, true, 0xd0000000, 4, &v);
	u = machine_unknown(m, &n);
	tap_eq(n, 3, "unknown: three addresses");
	tap_ok(!u[0].mmio && u[0].addr == 0x1f7 && u[0].reads == 2 && !u[0].writes,
	       "unknown: reads are counted");
	tap_ok(u[1].addr == 0x1234 && u[1].writes == 1 && u[1].last_value == 0xbeef &&
		       u[1].size == 2,
	       "unknown: writes are kept");
	tap_ok(u[2].mmio && u[2].addr == 0xd0000000 && u[2].reads == 1 &&
		       u[2].last_value == 0x55667788,
	       "unknown: MMIO as well");
	for (u32 port = 0x2000; port < 0x4000; port++)
		port_in(m, (u16)port, 1);
	machine_unknown(m, &n);
	tap_eq(n, 128, "unknown: the table is bounded");
	tap_str(machine_port_name(m, 0x3fd), "com1", "names: COM1");
	tap_str(machine_port_name(m, 0x21), "pic1", "names: a device of the kernel's");
	tap_str(machine_port_name(m, 0x1234), NULL, "names: none");
	/* A word to byte-wide devices is two bytes, as on the bus. */
	port_out(m, 0x70, 2, 0x5a0f);
	tap_eq(cmos(m, 0x0f), 0x5a, "a word to 70 sets index and byte");
	tap_eq(port_in(m, 0xffff, 4), 0xffffffff, "the last port, read beyond its end");
	machine_destroy(m);
}

int main(void)
{
	uart_registers();
	uart_interrupts();
	channels();
	pty();
	cmos_clock();
	cmos_memory();
	fwcfg();
	pci();
	resets();
	keyboard();
	timers();
	unknown();
	return tap_done();
}
