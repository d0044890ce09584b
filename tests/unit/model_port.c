/*
 * model_port.c - port I/O: IOPL and the permission bitmap in 32 and 64 bits and virtual-8086 mode, the
 * string forms, I/O breakpoints. Sources: SDM volume 1, "I/O Permission Bit Map"; volume 2, "IN", "OUT",
 * "INS", "OUTS"; volume 3, "Breakpoint Field Recognition".
 */
#include "model_ring.h"

static struct {
	unsigned n;
	bool write;
	u16 port;
	unsigned size;
	u32 data, answer;
} bus;

static void bus_port(void *arg, bool write, u16 port, unsigned size, void *data)
{
	bus.n++;
	bus.write = write;
	bus.port = port;
	bus.size = size;
	if (!write)
		memcpy(data, &bus.answer, size);
	bus.data = 0;
	memcpy(&bus.data, data, size);
}

static void port_open(struct box *b, unsigned cpl)
{
	ring_open(b, cpl);
	b->m->cfg.bus.port = bus_port;
	memset(&bus, 0, sizeof(bus));
}

/* A map at 104 with `bytes` bytes of zeros and the ending byte of ones. */
static void map_put(struct box *b, unsigned bytes)
{
	b->m->c.tr.limit = 104 + bytes;
	box_put2(b, TSS_A + 102, 104);
	b->ram[TSS_A + 104 + bytes] = 0xff;
}

struct row {
	const char *name;
	unsigned iopl, map; /* bytes of map; 0: none */
	u16 closed;         /* a port whose bit is set */
	const char *code;
	u16 dx;
	u8 vector;
};
static const struct row rows[] = {
	{ "IOPL 3 needs no map", 3, 0, 0, "ec", 0x3f8, 0 },
	{ "no map", 0, 0, 0, "ec", 0x3f8, EXC_GP },
	{ "open port", 0, 128, 0, "ec", 0x3f8, 0 },
	{ "closed port", 0, 128, 0x3f8, "ec", 0x3f8, EXC_GP },
	{ "word over a closed port", 0, 128, 0x3f9, "66 ed", 0x3f8, EXC_GP },
	{ "byte beside a closed port", 0, 128, 0x3f9, "ec", 0x3f8, 0 },
	{ "dword over the last byte of the map", 0, 127, 0, "ed", 0x3f6, EXC_GP },
	{ "port beyond the map", 0, 16, 0, "ec", 0x3f8, EXC_GP },
	{ "dword across bytes of the map", 0, 128, 0x68, "ed", 0x65, EXC_GP },
	{ "immediate port", 0, 128, 0x21, "e6 21", 0, EXC_GP },
	{ "immediate port that is open", 0, 128, 0x22, "e6 21", 0, 0 },
};

static void test_map(void)
{
	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct row *r = &rows[i];
		struct box b;
		enum ex ex;

		port_open(&b, 3);
		b.m->c.rflags |= (u64)r->iopl << 12;
		if (r->map)
			map_put(&b, r->map);
		else
			box_put2(&b, TSS_A + 102, 104);
		b.ram[TSS_A + 104 + r->closed / 8] |= r->closed ? 1 << (r->closed & 7) : 0;
		b.m->c.gpr[GPR_RDX] = r->dx;
		box_code(&b, BOX_CODE, r->code);
		ex = box_run(&b);
		if (r->vector)
			claim_event(&b, ex, r->vector, 0, r->name);
		else
			tap_eq(ex, EX_DONE, "%s: done", r->name);
		tap_eq(bus.n, !r->vector, "%s: the bus", r->name);
		box_close(&b);
	}
}

/* Virtual-8086 mode asks the map whatever IOPL says; a 16-bit TSS has none; 64 bits as 32. */
static void test_modes(void)
{
	struct cpu_state *c;
	struct box b;

	port_open(&b, 0);
	c = model_cpu(b.m);
	c->rflags |= FL_VM | FL_IOPL;
	for (unsigned s = 0; s < SEG_COUNT; s++)
		c->seg[s] = (struct segment){ 0, 0xffff, 0, 0xf3 };
	model_changed(b.m);
	c->gpr[GPR_RDX] = 0x20;
	box_put2(&b, TSS_A + 102, 104);
	box_code(&b, BOX_CODE, "ec");
	claim_event(&b, box_run(&b), EXC_GP, 0, "v86 with IOPL 3 and no map");
	map_put(&b, 128);
	tap_eq(box_run(&b), EX_DONE, "v86 with an open port");
	box_close(&b);

	port_open(&b, 3);
	c = model_cpu(b.m);
	c->tr.attr = 0x83;
	c->tr.limit = 0xfff;
	box_code(&b, BOX_CODE, "ec");
	claim_event(&b, box_run(&b), EXC_GP, 0, "16-bit TSS");
	box_close(&b);

	ring_open64(&b, 3);
	b.m->cfg.bus.port = bus_port;
	b.m->c.gpr[GPR_RDX] = 0x20;
	box_put2(&b, TSS_A + 102, 104);
	map_put(&b, 128);
	box_code(&b, BOX_CODE, "ec");
	tap_eq(box_run(&b), EX_DONE, "64-bit TSS");
	box_close(&b);
}

static void test_values(void)
{
	struct cpu_state *c;
	struct box b;

	port_open(&b, 0);
	c = model_cpu(b.m);
	bus.answer = 0x89abcdef;
	c->gpr[GPR_RAX] = 0x11223344;
	c->gpr[GPR_RDX] = 0x510;
	box_code(&b, BOX_CODE, "ec 66 ed ed ee 66 ef e7 80");
	tap_eq(box_run(&b), EX_DONE, "in al, dx");
	tap_eq(c->gpr[GPR_RAX], 0x112233ef, "AL");
	tap_eq(box_run(&b), EX_DONE, "in ax, dx");
	tap_eq(c->gpr[GPR_RAX], 0x1122cdef, "AX");
	tap_eq(box_run(&b), EX_DONE, "in eax, dx");
	tap_eq(c->gpr[GPR_RAX], 0x89abcdef, "EAX");
	tap_eq(box_run(&b), EX_DONE, "out dx, al");
	tap_eq(bus.data, 0xef, "one byte");
	tap_eq(bus.port, 0x510, "to the port in DX");
	tap_eq(box_run(&b), EX_DONE, "out dx, ax");
	tap_eq(bus.data, 0xcdef, "two bytes");
	tap_eq(box_run(&b), EX_DONE, "out 80h, eax");
	tap_eq(bus.port, 0x80, "to the port in the code");
	tap_eq(bus.size, 4, "four bytes");
	box_close(&b);
}

static void test_strings(void)
{
	struct cpu_state *c;
	struct box b;

	port_open(&b, 0);
	c = model_cpu(b.m);
	bus.answer = 0x41424344;
	c->gpr[GPR_RDX] = 0x1f0;
	c->gpr[GPR_RCX] = 2;
	c->gpr[GPR_RDI] = BOX_DATA;
	box_code(&b, BOX_CODE, "f3 6d 6e f2 66 6f");
	tap_eq(box_run(&b), EX_REPEAT, "rep insd, first of two");
	tap_eq(c->gpr[GPR_RCX], 1, "one left");
	tap_eq(c->gpr[GPR_RDI], BOX_DATA + 4, "EDI");
	tap_eq(box_run(&b), EX_DONE, "rep insd, the last");
	tap_eq(box_get(&b, BOX_DATA), 0x4142434441424344, "both in memory");
	c->gpr[GPR_RSI] = BOX_DATA + 1;
	c->rflags |= FL_DF;
	tap_eq(box_run(&b), EX_DONE, "outsb");
	tap_eq(bus.data, 0x43, "the byte");
	tap_eq(c->gpr[GPR_RSI], BOX_DATA, "ESI goes down under DF");
	bus.n = 0;
	c->gpr[GPR_RCX] = 0;
	tap_eq(box_run(&b), EX_DONE, "rep outsw of none");
	tap_eq(bus.n, 0, "touches nothing");
	box_close(&b);

	/* The destination is checked before the port is read: a device must not lose a byte. */
	port_open(&b, 0);
	c = model_cpu(b.m);
	ring_seg(c, SEG_ES, 0, 0);
	model_changed(b.m);
	box_code(&b, BOX_CODE, "6c");
	claim_event(&b, box_run(&b), EXC_GP, 0, "insb to a null segment");
	tap_eq(bus.n, 0, "and the port was not read");
	box_close(&b);
}

static void test_points(void)
{
	struct cpu_state *c;
	struct box b;

	port_open(&b, 0);
	c = model_cpu(b.m);
	c->dr[1] = 0x3f9;
	c->dr[2] = 0x3fa;
	c->dr7 = DR7_FIXED | DR7_G(1) | DR7_L(2) | (u64)DR_RW_IO << DR7_RW_SHIFT(1) |
		 (u64)DR_RW_IO << DR7_RW_SHIFT(2) | (u64)DR_LEN_2 << DR7_LEN_SHIFT(2);
	c->cr4 = CR4_DE;
	model_changed(b.m);
	c->gpr[GPR_RDX] = 0x3f8;
	box_code(&b, BOX_CODE, "ee 66 ef ef");
	tap_eq(box_run(&b), EX_DONE, "out of a byte beside");
	tap_eq(b.m->hits, 0, "no hit");
	tap_eq(box_run(&b), EX_DONE, "out of a word over DR1");
	tap_eq(b.m->hits, BIT(1), "DR1");
	tap_eq(box_run(&b), EX_DONE, "out of a dword over both");
	tap_eq(b.m->hits, BIT(1) | BIT(2), "DR1 and DR2");
	c->cr4 = 0;
	model_changed(b.m);
	c->rip = BOX_CODE + 1;
	tap_eq(box_run(&b), EX_DONE, "without CR4.DE");
	tap_eq(b.m->hits, 0, "no I/O breakpoints");
	box_close(&b);
}

int main(void)
{
	test_map();
	test_modes();
	test_values();
	test_strings();
	test_points();
	return tap_done();
}
