/*
 * machine.c - a machine's life: created, loaded once, reset at will, destroyed; and what it tells
 * about itself.
 */
#include "internal.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef int load_fn(struct machine *m, const struct image *img, struct err *err);

/* A new kind of image: one row, one loader. */
static const struct {
	load_fn *load;
	u64 mem_default;
} loaders[] = {
	[IMAGE_FLAT] = { load_flat, MIB(64) },
	[IMAGE_BOOT_SECTOR] = { load_boot_sector, MIB(64) },
	[IMAGE_ELF64] = { load_elf, MIB(64) },
	[IMAGE_ELF32] = { load_elf, MIB(64) },
	[IMAGE_MULTIBOOT] = { load_multiboot, MIB(64) },
	[IMAGE_FIRMWARE] = { load_firmware, MIB(128) },
	[IMAGE_BZIMAGE] = { load_bzimage, MIB(512) },
};

/* ---- loading --------------------------------------------------------------------------------- */

static void devices_reset(struct machine *m)
{
	uart_reset(m);
	cmos_reset(m);
	kbd_reset(m);
	fwcfg_reset(m);
	pci_reset(m);
	m->pm = (struct acpi_pm){ 0 };
	m->event = MACHINE_NONE;
	m->n_unknown = 0;
	m->unknown_lost = 0;
}

/* --mode, --load and --entry say how bytes without a header are meant; with a header they
 * contradict it. */
static int spec_check(const struct machine *m, const struct image *img, struct err *err)
{
	if (m->kind == IMAGE_FLAT)
		return 0;
	if (m->spec.mode || m->spec.has_load)
		return err_set(err, EINVAL,
			       "%s is %s, which has its own mode and load address: leave out "
			       "--mode and --load",
			       img->name, image_kind_name(m->kind));
	if (m->spec.entry && m->kind != IMAGE_ELF32 && m->kind != IMAGE_ELF64)
		return err_set(err, EINVAL, "%s is %s, which has its own entry: leave out --entry",
			       img->name, image_kind_name(m->kind));
	return 0;
}

/*
 * By content, unless the user says how to load the bytes: then they are flat whatever they look
 * like. An ELF file stays one, for its headers would contradict.
 */
static enum image_kind kind_choose(const struct guest_spec *s, const struct image *img)
{
	u8 magic[4] = { 0 };

	if (s->kind != IMAGE_AUTO)
		return s->kind;
	image_peek(img, 0, magic, sizeof(magic));
	if (s->hex || ((s->mode || s->has_load) && memcmp(magic, "\177ELF", 4)))
		return IMAGE_FLAT;
	return image_detect(img);
}

static int image_load(struct machine *m, const struct image *img, struct err *err)
{
	u64 rom = 0, size;
	int rc;

	m->kind = kind_choose(&m->spec, img);
	if ((size_t)m->kind >= ARRAY_SIZE(loaders) || !loaders[m->kind].load)
		return err_set(err, ENOTSUP,
			       "%s is %s, which cannot be loaded: give another kind of image",
			       img->name, image_kind_name(m->kind));
	rc = spec_check(m, img, err);
	if (rc)
		return rc;
	if (m->kind == IMAGE_FIRMWARE) {
		rc = firmware_rom_size(img, &rom, err);
		if (rc)
			return rc;
	}
	size = m->cfg.mem_size ? m->cfg.mem_size : loaders[m->kind].mem_default;
	if (m->ram && m->rom_size != rom)
		return err_set(err, EINVAL,
			       "%s has changed its size since the start: start vmstep again",
			       img->name);
	rc = m->ram ? 0 : memory_init(m, size, rom, err);
	if (rc)
		return rc;
	memory_clear(m);
	m->env = (struct default_env){ 0 };
	devices_reset(m);
	return loaders[m->kind].load(m, img, err);
}

static int open_and_load(struct machine *m, struct err *err)
{
	struct image img;
	int rc;

	if (m->spec.hex)
		rc = image_open_hex(&img, m->spec.hex, err);
	else if (m->spec.path)
		rc = image_open(&img, m->spec.path, err);
	else
		return err_set(err, EINVAL, "no guest: give an image file or --hex BYTES");
	if (rc)
		return rc;
	rc = image_load(m, &img, err);
	image_deinit(&img);
	m->loaded = !rc;
	return rc;
}

int machine_load(struct machine *m, const struct guest_spec *spec, struct err *err)
{
	int rc;

	if (m->ram)
		return err_set(err, EBUSY,
			       "this machine has its image already: create another machine");
	rc = spec_copy(&m->spec, spec, err);
	if (rc)
		return rc;
	rc = open_and_load(m, err);
	if (rc) {
		memory_deinit(m);
		m->n_extents = 0;
		spec_deinit(&m->spec);
	}
	return rc;
}

int machine_reset(struct machine *m, struct err *err)
{
	if (!m->ram)
		return err_set(
			err, EINVAL,
			"nothing is loaded, so there is nothing to reset: load a guest first");
	return open_and_load(m, err);
}

/* ---- life ------------------------------------------------------------------------------------ */

int machine_create(const struct machine_config *cfg, struct machine **ret, struct err *err)
{
	struct machine *m = calloc(1, sizeof(*m));
	int rc;

	if (!m)
		return err_set(err, ENOMEM, "out of memory for the machine");
	m->cfg = *cfg;
	m->cfg.serial = m->cfg.debugcon = NULL;
	m->channel[CONSOLE_DEBUGCON] = (struct channel){ .out = -1, .in = -1, .slave = -1 };
	rc = channel_init(&m->channel[CONSOLE_SERIAL], cfg->serial, true, cfg->stdio_in, "--serial",
			  err);
	if (!rc)
		rc = channel_init(&m->channel[CONSOLE_DEBUGCON], cfg->debugcon, false, -1,
				  "--debugcon", err);
	if (rc) {
		machine_destroy(m);
		return rc;
	}
	*ret = m;
	return 0;
}

void machine_destroy(struct machine *m)
{
	if (!m)
		return;
	memory_deinit(m);
	serial_input_deinit(m);
	for (int i = 0; i < CONSOLE_COUNT; i++)
		channel_deinit(&m->channel[i]);
	spec_deinit(&m->spec);
	free(m);
}

/* ---- events and facts ------------------------------------------------------------------------ */

void machine_raise(struct machine *m, enum machine_event ev, u32 value)
{
	m->event = ev;
	m->event_value = value;
}

enum machine_event machine_take_event(struct machine *m, u32 *ret_value)
{
	enum machine_event ev = m->event;

	m->event = MACHINE_NONE;
	if (ev != MACHINE_NONE && ret_value)
		*ret_value = m->event_value;
	return ev;
}

bool machine_is_handler(const struct machine *m, u64 gpa)
{
	return gpa >= m->env.code && gpa < m->env.code_end;
}

struct machine_exception machine_exception(const struct machine *m)
{
	return m->exception;
}

void machine_poll(struct machine *m)
{
	for (int i = 0; i < CONSOLE_COUNT; i++)
		channel_poll(&m->channel[i]);
	uart_poll(m);
}

void machine_set_irq(struct machine *m, irq_line_fn *fn, void *arg)
{
	m->irq = fn;
	m->irq_arg = arg;
}

void machine_set_clock(struct machine *m, machine_clock_fn *fn, void *arg)
{
	m->clock = fn;
	m->clock_arg = arg;
}

u64 host_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (u64)t.tv_sec * 1000000000u + (u64)t.tv_nsec;
}

u64 machine_ns(const struct machine *m)
{
	return m->clock ? m->clock(m->clock_arg) : host_ns();
}

const struct cpu_state *machine_boot_state(const struct machine *m)
{
	return &m->boot;
}

u64 machine_seed(const struct machine *m)
{
	return m->cfg.seed;
}

enum image_kind machine_image_kind(const struct machine *m)
{
	return m->kind;
}

const char *machine_symbol_file(const struct machine *m)
{
	u8 magic[4];
	struct image img;
	bool elf = false;

	if (!m->loaded || !m->spec.path || image_open(&img, m->spec.path, NULL))
		return NULL;
	elf = image_peek(&img, 0, magic, 4) == 4 && !memcmp(magic, "\177ELF", 4);
	image_deinit(&img);
	return elf ? m->spec.path : NULL;
}

static void describe_memory(const struct machine *m, struct strbuf *out)
{
	for (size_t i = 0; i < m->n_regions; i++) {
		const struct mem_region *r = &m->region[i];

		strbuf_addf(out, "%s  0x%012" PRIx64 "-0x%012" PRIx64 "  %" PRIu64 " KiB\n",
			    r->readonly ? "ROM" : "RAM", r->gpa, r->gpa + r->size, r->size >> 10);
	}
	for (size_t i = 0; i < m->n_extents; i++) {
		const struct extent *e = &m->extent[i];

		strbuf_addf(out, "     0x%012" PRIx64 "-0x%012" PRIx64 "  %s\n", e->gpa,
			    e->gpa + e->size, e->what);
	}
}

static const char *channel_text(const struct channel *ch)
{
	if (ch->pty)
		return ch->pty;
	if (ch->to == CHANNEL_NULL)
		return "null";
	return ch->to == CHANNEL_STDIO ? "stdio" : "a file";
}

void machine_describe(const struct machine *m, struct strbuf *out)
{
	if (!m->loaded) {
		strbuf_adds(out, "No guest is loaded.\n");
		return;
	}
	strbuf_addf(out, "Guest: %s, %s\n", m->spec.hex ? "--hex" : m->spec.path,
		    image_kind_name(m->kind));
	strbuf_addf(out, "Entry: %04x:%0*" PRIx64 "\n", m->boot.seg[SEG_CS].sel,
		    m->boot.cr0 & CR0_PE ? 8 : 4, m->boot.rip);
	describe_memory(m, out);
	strbuf_addf(out,
		    "Devices: com1 (%s), debugcon (%s), exit port f4, cmos, keyboard controller, "
		    "fw_cfg, pci, acpi-pm\n",
		    channel_text(&m->channel[CONSOLE_SERIAL]),
		    channel_text(&m->channel[CONSOLE_DEBUGCON]));
	if (m->n_unknown)
		strbuf_addf(out, "Unanswered: %zu ports and addresses%s\n", m->n_unknown,
			    m->unknown_lost ? ", and more than the list holds" : "");
}
