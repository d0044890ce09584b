/*
 * saved.c - the machine at a moment, to come back to: memory, devices, how far the consoles were; see
 * machine.h.
 */
#include "internal.h"
#include "pages.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Everything of a device's but where its text goes. */
struct devices {
	struct uart uart;
	struct cmos cmos;
	struct kbd kbd;
	struct fwcfg fwcfg;
	struct pci pci;
	struct acpi_pm pm;
	enum machine_event event;
	u32 event_value;
	struct machine_exception exception;
	struct unknown_access unknown[UNKNOWN_MAX];
	size_t n_unknown;
	u64 unknown_lost;
};

struct machine_saved {
	struct pages ram, rom;
	struct devices dev;
	u64 written[CONSOLE_COUNT];
	size_t input; /* bytes of input taken by then */
};

static void devices_get(const struct machine *m, struct devices *d)
{
	d->uart = m->uart;
	d->cmos = m->cmos;
	d->kbd = m->kbd;
	d->fwcfg = m->fwcfg;
	d->pci = m->pci;
	d->pm = m->pm;
	d->event = m->event;
	d->event_value = m->event_value;
	d->exception = m->exception;
	memcpy(d->unknown, m->unknown, sizeof(d->unknown));
	d->n_unknown = m->n_unknown;
	d->unknown_lost = m->unknown_lost;
}

/* Interrupt lines too are as they were: the controllers' side of them is the engine's to put back. */
static void devices_set(struct machine *m, const struct devices *d)
{
	m->uart = d->uart;
	m->cmos = d->cmos;
	m->kbd = d->kbd;
	m->fwcfg = d->fwcfg;
	m->pci = d->pci;
	m->pm = d->pm;
	m->event = d->event;
	m->event_value = d->event_value;
	m->exception = d->exception;
	memcpy(m->unknown, d->unknown, sizeof(m->unknown));
	m->n_unknown = d->n_unknown;
	m->unknown_lost = d->unknown_lost;
}

int machine_save(struct machine *m, const struct machine_saved *base, struct machine_saved **ret,
		 struct err *err)
{
	struct machine_saved *s = calloc(1, sizeof(*s));
	int r = s ? pages_init(&s->ram, m->ram, m->ram_size, base ? &base->ram : NULL, &m->pages_live)
		  : -ENOMEM;

	if (!r)
		r = pages_init(&s->rom, m->rom, m->rom_size, base ? &base->rom : NULL, &m->pages_live);
	if (r) {
		machine_saved_destroy(s);
		return err_set(err, ENOMEM, "no memory for a copy of the guest's: give the guest less with -m, "
					    "or delete checkpoints");
	}
	devices_get(m, &s->dev);
	for (unsigned i = 0; i < CONSOLE_COUNT; i++)
		s->written[i] = m->channel[i].written;
	s->input = m->input.at;
	m->input.keep = true;
	*ret = s;
	return 0;
}

void machine_saved_destroy(struct machine_saved *s)
{
	if (!s)
		return;
	pages_deinit(&s->ram);
	pages_deinit(&s->rom);
	free(s);
}

void machine_restore(struct machine *m, const struct machine_saved *s)
{
	pages_restore(&s->ram, m->ram);
	pages_restore(&s->rom, m->rom);
	devices_set(m, &s->dev);
	for (unsigned i = 0; i < CONSOLE_COUNT; i++)
		channel_seek(&m->channel[i], s->written[i], !m->replay);
	m->input.at = s->input;
}

bool machine_is_as_saved(const struct machine *m, const struct machine_saved *s)
{
	return pages_equal(&s->ram, m->ram) && pages_equal(&s->rom, m->rom);
}

void machine_saved_size(const struct machine_saved *s, u64 *ret_all, u64 *ret_own)
{
	*ret_all = *ret_own = 0;
	pages_count(&s->ram, ret_all, ret_own);
	pages_count(&s->rom, ret_all, ret_own);
	*ret_all *= PAGE_BYTES;
	*ret_own *= PAGE_BYTES;
}

u64 machine_saved_live(const struct machine *m)
{
	return m->pages_live * PAGE_BYTES;
}

void machine_set_replay(struct machine *m, bool on)
{
	m->replay = on;
	for (unsigned i = 0; !on && i < CONSOLE_COUNT; i++)
		channel_seek(&m->channel[i], m->channel[i].written, true);
}
