/*
 * dev_pci.c - PCI configuration space by mechanism 1 (cf8/cfc) with the three functions PC firmware
 * looks for, none of which has any memory or I/O to assign: an i440FX host bridge, a PIIX3 ISA
 * bridge and a PIIX4 power management function. Also the reset register cf9 and the ACPI ports.
 */
#include "internal.h"

enum {
	PCI_ENABLE_BYTE = 0x80,
	HEADER_TYPE = 0x0e,
	MULTI_FUNCTION = 0x80,
	SUBSYSTEM_VENDOR = 0x2c,
	SUBSYSTEM_ID = 0x2e,
	PM_BASE = 0x40,
	DEVICE_ACTIVITY_B = 0x58,
	APMC_ENABLE = 1 << 25,
	RESET_CPU = 4,
	SLEEP_ENABLE = 0x2000,
};

struct function {
	u8 devfn;
	u16 vendor, device, command, status;
	u32 class_rev;
	bool multi;
};

static const struct function functions[PCI_FUNCS] = {
	{ 0x00, 0x8086, 0x1237, 0x0006, 0x2280, 0x06000002, false },
	{ 0x08, 0x8086, 0x7000, 0x0007, 0x0200, 0x06010000, true },
	{ 0x0b, 0x8086, 0x7113, 0x0000, 0x0280, 0x06800003, true },
};

static u8 *config_of(struct machine *m, u32 address)
{
	if (address >> 16 & 0xff)
		return NULL;
	for (size_t i = 0; i < PCI_FUNCS; i++)
		if (functions[i].devfn == (address >> 8 & 0xff))
			return m->pci.func[i];
	return NULL;
}

/*
 * What a guest may change: command, cache line and latency, the interrupt line, and the device's
 * own registers (PAM among them, without effect: memory below 1 MiB always is RAM here). Base
 * addresses stay 0, which says that there is nothing to assign.
 */
static bool is_writable(unsigned reg)
{
	return reg == 0x04 || reg == 0x05 || reg == 0x0c || reg == 0x0d || reg == 0x3c ||
	       reg >= 0x40;
}

static void data_io(struct machine *m, bool write, unsigned lane, unsigned size, u32 *data)
{
	u32 address = m->pci.address;
	u8 *cfg = address >> 31 ? config_of(m, address) : NULL;
	u32 v = 0;

	for (unsigned i = 0; i < size; i++) {
		unsigned reg = (address & 0xfc) + ((lane + i) & 3);

		if (!cfg)
			v |= 0xffu << 8 * i;
		else if (!write)
			v |= (u32)cfg[reg] << 8 * i;
		else if (is_writable(reg))
			cfg[reg] = (u8)(*data >> 8 * i);
	}
	if (!write)
		*data = v;
}

static bool reset_io(struct machine *m, bool write, u32 *data)
{
	if (!write) {
		*data = m->pci.cf9;
		return true;
	}
	/* A 0 to 1 change of bit 2 resets the CPU (PIIX3 data sheet, "Reset Control Register"). */
	if ((*data & RESET_CPU) && !(m->pci.cf9 & RESET_CPU))
		machine_raise(m, MACHINE_RESET, 0);
	m->pci.cf9 = (u8)(*data & 2);
	return true;
}

bool pci_io(struct machine *m, bool write, u16 port, unsigned size, u32 *data)
{
	if (port == 0xcf9 && size == 1)
		return reset_io(m, write, data);
	if (port >= 0xcfc) {
		data_io(m, write, port - 0xcfc, size, data);
		return true;
	}
	/* Only whole doublewords reach the address register (PCI specification, "Configuration
	 * Mechanism #1"). */
	if (port != 0xcf8 || size != 4)
		return false;
	if (write)
		m->pci.address = *data;
	else
		*data = m->pci.address;
	return true;
}

/* A 24-bit counter at 3.579545 MHz (ACPI specification, "Power Management Timer"). */
static u32 pm_timer(const struct machine *m)
{
	u64 ns = machine_ns(m);

	return (u32)(ns / 1000000000 * 3579545 + ns % 1000000000 * 3579545 / 1000000000) & 0xffffff;
}

/* PM1 status, enable, control and the timer; any sleep order is a power-off, as there is no other
 * sleep. */
bool acpi_pm_io(struct machine *m, bool write, u16 port, unsigned size, u32 *data)
{
	struct acpi_pm *pm = &m->pm;

	switch (port & 0x3f) {
	case 0:
		if (write)
			pm->status &= (u16) ~*data;
		else
			*data = pm->status | (u32)pm->enable << 16;
		return true;
	case 2:
		if (write)
			pm->enable = (u16)*data;
		else
			*data = pm->enable;
		return true;
	case 4:
		if (!write) {
			*data = pm->control;
			return true;
		}
		pm->control = (u16)(*data & ~(u32)SLEEP_ENABLE);
		if (*data & SLEEP_ENABLE)
			machine_raise(m, MACHINE_POWEROFF, 0);
		return true;
	case 8:
		if (!write)
			*data = pm_timer(m);
		return true;
	default:
		return false;
	}
}

void pci_reset(struct machine *m)
{
	m->pci = (struct pci){ 0 };
	for (size_t i = 0; i < PCI_FUNCS; i++) {
		const struct function *f = &functions[i];
		u8 *c = m->pci.func[i];

		put_le16(c, f->vendor);
		put_le16(c + 2, f->device);
		put_le16(c + 4, f->command);
		put_le16(c + 6, f->status);
		put_le32(c + 8, f->class_rev);
		c[HEADER_TYPE] = f->multi ? MULTI_FUNCTION : 0;
		/* By these firmware knows a virtual machine whose fw_cfg it may ask. */
		put_le16(c + SUBSYSTEM_VENDOR, 0x1af4);
		put_le16(c + SUBSYSTEM_ID, 0x1100);
	}
	put_le32(m->pci.func[2] + PM_BASE, 0xb001);
	/* "SMIs from port b2 are set up already": there are none here, and firmware that finds the bit
	 * clear writes b2 and waits for its handler for ever (seen: SeaBIOS, 256 KiB). */
	put_le32(m->pci.func[2] + DEVICE_ACTIVITY_B, APMC_ENABLE);
}
