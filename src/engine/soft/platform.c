/*
 * platform.c - what the model is wired to: the machine's devices, the chips, and virtual time.
 */
#include "engine/soft/soft.h"

#include <string.h>

#define APIC_BASE_ENABLE BIT64(11)
#define APIC_BASE_ADDR   0xffffff000ull

enum { POLL_TICKS = 1 << 20 };

bool platform_apic_on(const struct soft_engine *e)
{
	return e->c->apic_base & APIC_BASE_ENABLE;
}

u64 platform_ns(void *arg)
{
	const struct soft_engine *e = arg;

	return model_clock(e->m) * TICK_NS;
}

static void line_update(struct soft_engine *e)
{
	model_intr_line(e->m, chips_wants(&e->chips, platform_apic_on(e)));
	if (e->chips.nmi)
		model_nmi(e->m);
	e->chips.nmi = false;
}

void platform_update(struct soft_engine *e)
{
	chips_advance(&e->chips, model_clock(e->m));
	line_update(e);
}

void platform_line(void *arg, unsigned gsi, bool level)
{
	struct soft_engine *e = arg;

	chips_line(&e->chips, gsi, level);
	line_update(e);
}

/* Input that comes again comes at its time (machine_restore). */
u64 platform_poll_at(const struct soft_engine *e, u64 at)
{
	const u64 due = machine_input_due(e->r.base.machine) / TICK_NS;

	return due < at ? due : at;
}

void platform_poll(struct soft_engine *e)
{
	machine_poll(e->r.base.machine);
	e->poll_at = platform_poll_at(e, model_clock(e->m) + POLL_TICKS);
}

/* What the guest orders of the machine ends a run at this instruction. */
static void event_look(struct soft_engine *e)
{
	if (e->r.event == MACHINE_NONE)
		e->r.event = machine_take_event(e->r.base.machine, &e->r.event_value);
	if (e->r.event != MACHINE_NONE)
		model_poke(e->m);
}

/* ---- ports ---------------------------------------------------------------------------------------- */

/* Wider accesses to the chips, which sit on an 8-bit bus, are bytes one after the other. */
static bool chip_port(struct soft_engine *e, bool write, u16 port, unsigned size, u8 *data, u64 now)
{
	if (!chips_port(&e->chips, write, port, data, now))
		return false;
	for (unsigned i = 1; i < size; i++)
		if (!chips_port(&e->chips, write, port + i, data + i, now))
			machine_pio(e->r.base.machine, write, port + i, 1, data + i);
	return true;
}

static void port_access(void *arg, bool write, u16 port, unsigned size, void *data)
{
	struct soft_engine *e = arg;
	u64 now = model_clock(e->m);

	chips_advance(&e->chips, now);
	if (chip_port(e, write, port, size, data, now)) {
		line_update(e);
		return;
	}
	machine_pio(e->r.base.machine, write, port, size, data);
	event_look(e);
}

/* ---- addresses ------------------------------------------------------------------------------------ */

/* The chips' registers are 32 bits wide; what is narrower sees a part, and a narrower write does
 * nothing (SDM 3 "Local APIC Register Address Map": aligned 32-bit accesses). */
static bool chip_mmio(struct soft_engine *e, bool write, u64 gpa, unsigned size, u8 *data, u64 now)
{
	u64 base = platform_apic_on(e) ? e->c->apic_base & APIC_BASE_ADDR : 0;
	u32 v = 0;
	unsigned off = gpa & 3;

	if (write && (off || size != 4))
		return chips_mmio(&e->chips, false, gpa & ~3ull, base, &v, now);
	if (write)
		memcpy(&v, data, 4);
	if (!chips_mmio(&e->chips, write, gpa & ~3ull, base, &v, now))
		return false;
	if (!write) {
		memset(data, 0, size);
		memcpy(data, (u8 *)&v + off, size < 4 - off ? size : 4 - off);
	}
	return true;
}

static void mmio_access(void *arg, bool write, u64 gpa, unsigned size, void *data)
{
	struct soft_engine *e = arg;
	u64 now = model_clock(e->m);

	e->mmio = gpa;
	if (e->r.plan && (e->r.plan->catches & CATCH_MMIO))
		model_poke(e->m);
	chips_advance(&e->chips, now);
	if (chip_mmio(e, write, gpa, size, data, now)) {
		e->c->cr8 = e->chips.lapic.tpr >> 4;
		line_update(e);
		return;
	}
	machine_mmio(e->r.base.machine, write, gpa, size, data);
	event_look(e);
}

static int intr_ack(void *arg)
{
	struct soft_engine *e = arg;
	int vector = chips_ack(&e->chips, platform_apic_on(e));

	line_update(e);
	return vector;
}

static void tpr_write(void *arg, u8 cr8)
{
	struct soft_engine *e = arg;

	e->chips.lapic.tpr = cr8 << 4;
	line_update(e);
}

static bool ferr_pin(void *arg, bool on)
{
	struct soft_engine *e = arg;
	bool ignne = chips_ferr(&e->chips, on);

	line_update(e);
	return ignne;
}

void platform_init(struct soft_engine *e, struct model_bus *ret)
{
	chips_reset(&e->chips);
	e->poll_at = POLL_TICKS;
	*ret = (struct model_bus){ .arg = e, .port = port_access, .mmio = mmio_access, .intr_ack = intr_ack,
				   .tpr = tpr_write, .ferr = ferr_pin };
}
