/*
 * deliver_v86.c - out of virtual-8086 mode (SDM 3 "Interrupt and Exception Handling in Virtual-8086 Mode",
 * "Class 3 - Software Interrupt Handling in Virtual-8086 Mode"): through the IDT, and with CR4.VME.
 */
#include "deliver_guest.h"

static struct guest g;

static void check_v86(void)
{
	struct delivery d;

	guest_v86(&g);
	d = deliver(&g, EXTERNAL(0x30));
	wants(d, DELIVERY_DONE, 0x30, "v86");
	FRAME(&g, d, 0x4fdc, "v86", LE32(0x34), LE32(0x100), LE32(0x23202), LE32(0xfc0), LE32(0x800),
	      LE32(0x111), LE32(0x222), LE32(0x333), LE32(0x444));
	tap_eq(g.c.rflags, FL_IOPL | 2, "v86: VM and IF cleared, IOPL stays");
	tap_eq(cpu_mode(&g.c), MODE_PROT32, "v86: left");
	tap_eq(g.c.gpr[GPR_RSP], 0x4fdc, "v86: ESP0");
	for (unsigned i = 0; i < 4; i++) {
		static const u8 nulled[] = { SEG_ES, SEG_DS, SEG_FS, SEG_GS };

		tap_eq(g.c.seg[nulled[i]].sel | g.c.seg[nulled[i]].attr, 0, "v86: segment %u is null", nulled[i]);
	}

	guest_v86(&g);
	d = deliver(&g, FAULT_E(13, 0x42));
	FRAME(&g, d, 0x4fd8, "v86 fault", LE32(0x42), LE32(0x34), LE32(0x100), LE32(0x33202), LE32(0xfc0),
	      LE32(0x800), LE32(0x111), LE32(0x222), LE32(0x333), LE32(0x444));

	guest_v86(&g);
	gate32(&g, 0x21, CS32, 0xa210, 0xee);
	d = deliver(&g, INT_N(0x21));
	wants(d, DELIVERY_DONE, 0x21, "v86 INT n, IOPL 3");
	tap_eq(d.return_rip, 0x36, "v86 INT n: behind it");

	guest_v86(&g);
	gate32(&g, 0x21, CS32, 0xa210, 0xee);
	g.c.rflags &= ~FL_IOPL;
	d = deliver(&g, INT_N(0x21));
	wants(d, DELIVERY_DONE, EXC_GP, "v86 INT n, IOPL 0");
	tap_mem(g.ram + d.frame_lin, (const u8[]){ LE32(0), LE32(0x34) }, 8, "v86 INT n, IOPL 0: #GP(0) on it");

	guest_v86(&g);
	gate32(&g, 3, CS32, 0xa030, 0xee);
	g.c.rflags &= ~FL_IOPL;
	wants(deliver(&g, INT3_), DELIVERY_DONE, 3, "v86 INT3 asks for no IOPL");

	guest_v86(&g);
	gate32(&g, 0x30, CS32_CONF, 0xa300, 0x8e);
	d = deliver(&g, EXTERNAL(0x30));
	wants(d, DELIVERY_DONE, EXC_GP, "v86 to conforming code");
	tap_mem(g.ram + d.frame_lin, (const u8[]){ LE32(0x49) }, 4, "v86 to conforming code: error code");

	guest_v86(&g);
	gate32(&g, 0x30, CS32_3, 0xa300, 0x8e);
	d = deliver(&g, EXTERNAL(0x30));
	wants(d, DELIVERY_DONE, EXC_GP, "v86 to DPL 3");

}

/*
 * SDM table "Software Interrupt Handling Methods While in Virtual-8086 Mode", its six methods. The
 * I/O map is at 88h of the TSS, so that the redirection map is at 68h and INT 21h's bit is bit 1 of
 * the byte at 6ch.
 */
static void guest_vme(bool bit, bool iopl3, u64 flags)
{
	guest_v86(&g);
	gate32(&g, 0x21, CS32, 0xa210, 0xee);
	ivt(&g, 0x21, 0x0300, 0x0456);
	put(&g, TSS + 102, 0x88, 2);
	g.ram[TSS + 0x6c] = bit ? 2 : 0xfd;
	g.c.tr.limit = 0x88;
	g.c.cr4 |= CR4_VME;
	g.c.rflags = FL_VM | (iopl3 ? FL_IOPL : 0) | flags;
}

static void check_vme(void)
{
	struct delivery d;

	guest_vme(true, true, 0x202);
	d = deliver(&g, INT_N(0x21));
	wants(d, DELIVERY_DONE, 0x21, "method 4: to the protected-mode handler");
	tap_eq(d.handler_lin, 0xa210, "method 4: handler");

	guest_vme(true, false, 0x202);
	d = deliver(&g, INT_N(0x21));
	wants(d, DELIVERY_DONE, EXC_GP, "method 3: #GP");
	tap_mem(g.ram + d.frame_lin, (const u8[]){ LE32(0), LE32(0x34) }, 8, "method 3: error code 0");

	guest_vme(false, true, 0x302);
	d = deliver(&g, INT_N(0x21));
	wants(d, DELIVERY_DONE, 0x21, "method 5: to the 8086 program");
	FRAME(&g, d, 0x8fba, "method 5", LE16(0x36), LE16(0x100), LE16(0x3302));
	tap_eq(d.handler_lin, 0x3456, "method 5: handler");
	tap_eq(g.c.rflags, FL_VM | FL_IOPL | 2, "method 5: IF and TF cleared, VM stays");
	tap_eq(g.c.gpr[GPR_RSP], 0xfba, "method 5: SP");
	tap_eq(cpu_cpl(&g.c), 3, "method 5: CPL 3");

	guest_vme(false, false, 0x302);
	d = deliver(&g, INT_N(0x21));
	FRAME(&g, d, 0x8fba, "method 6, VIF=0: IF=0 and IOPL 3 in the image", LE16(0x36), LE16(0x100),
	      LE16(0x3102));
	tap_eq(g.c.rflags, FL_VM | 0x202, "method 6: TF cleared, IF stays");

	guest_vme(false, false, 0x002 | FL_VIF);
	d = deliver(&g, INT_N(0x21));
	FRAME(&g, d, 0x8fba, "method 6, VIF=1: IF=1 in the image", LE16(0x36), LE16(0x100), LE16(0x3202));
	tap_eq(g.c.rflags, FL_VM | 2, "method 6: VIF cleared");

	guest_vme(false, false, 0x202);
	gate32(&g, 3, CS32, 0xa030, 0xee);
	wants(deliver(&g, INT3_), DELIVERY_DONE, 3, "VME: INT3 is not redirected");
	tap_eq(cpu_mode(&g.c), MODE_PROT32, "VME: INT3 leaves v86 mode");

	guest_vme(false, true, 0x202);
	g.c.tr.limit = 0x6b; /* the map's byte is at 6ch */
	wants(deliver(&g, INT_N(0x21)), DELIVERY_DONE, EXC_GP, "VME: map beyond the TSS");
	guest_vme(false, true, 0x202);
	g.c.tr.limit = 0x6c;
	wants(deliver(&g, INT_N(0x21)), DELIVERY_DONE, 0x21, "VME: map just inside the TSS");
	guest_vme(false, true, 0x202);
	g.c.tr.limit = 0x66; /* not even the I/O map's offset */
	wants(deliver(&g, INT_N(0x21)), DELIVERY_DONE, EXC_GP, "VME: a short TSS");
	guest_vme(false, true, 0x202);
	put(&g, TSS + 102, 0x1f, 2);
	wants(deliver(&g, INT_N(0x21)), DELIVERY_DONE, EXC_GP, "VME: no room for a map below the I/O map");
}

int main(void)
{
	check_v86();
	check_vme();
	return tap_done();
}
