/*
 * ports.c - who answers which port, and the book of those nobody answers.
 */
#include "internal.h"

#include <string.h>

struct port_range {
	u16 first, last;
	const char *name;
	port_fn *io; /* NULL: only a name, the device is in the kernel or absent */
	bool wide;   /* takes 2- and 4-byte accesses whole; others see bytes, as on an 8-bit bus */
};

/* Looked up by every port access that reaches vmstep: the first row that holds the port. */
static const struct port_range ranges[] = {
	{ 0x402, 0x402, "debugcon", debugcon_io, false },
	{ 0x0e9, 0x0e9, "debugcon", debugcon_io, false },
	{ 0x3f8, 0x3ff, "com1", uart_io, false },
	{ 0x510, 0x511, "fw_cfg", fwcfg_io, true },
	{ 0xcf8, 0xcff, "pci", pci_io, true },
	{ 0x070, 0x071, "cmos", cmos_io, false },
	{ 0x060, 0x060, "keyboard", kbd_io, false },
	{ 0x061, 0x061, "port-b", kbd_io, false },
	{ 0x064, 0x064, "keyboard", kbd_io, false },
	{ 0x092, 0x092, "port-a", kbd_io, false },
	{ PORT_EXIT, PORT_EXIT, "exit", exit_io, true },
	{ PORT_EXCEPTION, PORT_EXCEPTION, "exception", exception_io, true },
	{ 0x080, 0x080, "post", post_io, false },
	{ 0x0ed, 0x0ed, "delay", post_io, false },
	{ 0xb000, 0xb03f, "acpi-pm", acpi_pm_io, true },
	{ 0x600, 0x63f, "acpi-pm", acpi_pm_io, true },
	{ 0x000, 0x00f, "dma1", NULL, false },
	{ 0x020, 0x021, "pic1", NULL, false },
	{ 0x040, 0x043, "pit", NULL, false },
	{ 0x081, 0x08f, "dma-page", NULL, false },
	{ 0x0a0, 0x0a1, "pic2", NULL, false },
	{ 0x0c0, 0x0df, "dma2", NULL, false },
	{ 0x0f0, 0x0f1, "fpu", NULL, false },
	{ 0x170, 0x177, "ide2", NULL, false },
	{ 0x1f0, 0x1f7, "ide1", NULL, false },
	{ 0x2e8, 0x2ef, "com4", NULL, false },
	{ 0x2f8, 0x2ff, "com2", NULL, false },
	{ 0x278, 0x27a, "lpt2", NULL, false },
	{ 0x378, 0x37a, "lpt1", NULL, false },
	{ 0x376, 0x376, "ide2", NULL, false },
	{ 0x3b0, 0x3df, "vga", NULL, false },
	{ 0x3e8, 0x3ef, "com3", NULL, false },
	{ 0x3f0, 0x3f7, "floppy", NULL, false },
	{ 0x4d0, 0x4d1, "elcr", NULL, false },
};

static const struct port_range *range_of(u16 port)
{
	for (size_t i = 0; i < ARRAY_SIZE(ranges); i++)
		if (port >= ranges[i].first && port <= ranges[i].last)
			return &ranges[i];
	return NULL;
}

static struct unknown_access *unknown_slot(struct machine *m, bool mmio, u64 addr)
{
	struct unknown_access *u;

	for (size_t i = 0; i < m->n_unknown; i++) {
		u = &m->unknown[i];
		if (u->addr == addr && u->mmio == mmio)
			return u;
	}
	if (m->n_unknown == UNKNOWN_MAX)
		return NULL;
	u = &m->unknown[m->n_unknown++];
	*u = (struct unknown_access){ .mmio = mmio, .addr = addr };
	return u;
}

void unknown_count(struct machine *m, bool mmio, bool write, u64 addr, unsigned size, u64 value)
{
	struct unknown_access *u = unknown_slot(m, mmio, addr);

	if (!u) {
		m->unknown_lost++;
		return;
	}
	u->reads += !write;
	u->writes += write;
	u->last_value = value;
	u->size = (u8)size;
}

static u32 mask_of(unsigned size)
{
	return size >= 4 ? 0xffffffff : (1u << 8 * size) - 1;
}

/* One access a device can take whole; unknown ones are counted and read all-ones. */
static u32 access_one(struct machine *m, bool write, u16 port, unsigned size, u32 data)
{
	const struct port_range *r = range_of(port);
	u32 v = write ? data : 0;

	if (r && r->io && r->io(m, write, port, size, &v))
		return v & mask_of(size);
	v = write ? data : mask_of(size);
	unknown_count(m, false, write, port, size, v);
	return v;
}

static u32 access_bytes(struct machine *m, bool write, u16 port, unsigned size, u32 data)
{
	u32 v = 0;

	for (unsigned i = 0; i < size; i++)
		v |= access_one(m, write, (u16)(port + i), 1, data >> 8 * i & 0xff) << 8 * i;
	return v;
}

void machine_pio(struct machine *m, bool write, u16 port, unsigned size, void *data)
{
	const struct port_range *r = range_of(port);
	bool split = size > 1 && r && r->io && !r->wide;
	u32 v = 0;

	if (size != 1 && size != 2 && size != 4)
		return;
	if (write)
		memcpy(&v, data, size);
	v = split ? access_bytes(m, write, port, size, v) : access_one(m, write, port, size, v);
	if (!write)
		memcpy(data, &v, size);
}

void machine_mmio(struct machine *m, bool write, u64 gpa, unsigned size, void *data)
{
	u64 v = ~(u64)0;

	if (!size || size > 8)
		return;
	if (write) {
		v = 0;
		memcpy(&v, data, size);
	} else {
		v >>= 64 - 8 * size;
		memset(data, 0xff, size);
	}
	unknown_count(m, true, write, gpa, size, v);
}

const struct unknown_access *machine_unknown(const struct machine *m, size_t *ret_n)
{
	*ret_n = m->n_unknown;
	return m->unknown;
}

const char *machine_port_name(const struct machine *m, u16 port)
{
	const struct port_range *r = range_of(port);

	return r ? r->name : NULL;
}
