/* overlay.c - see overlay.h. */
#include <errno.h>
#include <string.h>

#include "teach/overlay.h"

static int phys_read(void *arg, u64 gpa, void *buf, size_t n)
{
	struct overlay *o = arg;
	u8 *p = buf;
	int r = o->below.read(o->below.arg, gpa, buf, n);

	if (r)
		return r;
	for (unsigned i = 0; i < o->n; i++)
		if (o->byte[i].gpa - gpa < n)
			p[o->byte[i].gpa - gpa] = o->byte[i].value;
	return 0;
}

static void byte_put(struct overlay *o, u64 gpa, u8 value)
{
	for (unsigned i = 0; i < o->n; i++)
		if (o->byte[i].gpa == gpa) {
			o->byte[i].value = value;
			return;
		}
	if (o->n == OVERLAY_BYTES)
		o->full = true;
	else
		o->byte[o->n++] = (struct overlay_byte){ gpa, value };
}

static bool is_rom(const struct overlay *o, u64 gpa)
{
	size_t n;
	const struct mem_region *r = machine_regions(o->machine, &n);

	for (size_t i = 0; i < n; i++)
		if (gpa - r[i].gpa < r[i].size)
			return r[i].readonly;
	return false;
}

static int phys_write(void *arg, u64 gpa, const void *buf, size_t n)
{
	struct overlay *o = arg;
	const u8 *p = buf;

	if (!machine_hva(o->machine, gpa, n))
		return -EFAULT;
	for (size_t i = 0; i < n && !is_rom(o, gpa); i++)
		byte_put(o, gpa + i, p[i]);
	return 0;
}

/* The model sees no RAM of its own: all its accesses come here. */
static void access(void *arg, bool write, u64 gpa, unsigned size, void *data)
{
	struct overlay *o = arg;

	if (write) {
		phys_write(o, gpa, data, size);
		return;
	}
	if (!phys_read(o, gpa, data, size))
		return;
	o->device_read = true;
	memset(data, 0xff, size);
}

static void port(void *arg, bool write, u16 port, unsigned size, void *data)
{
	struct overlay *o = arg;

	if (write)
		return;
	o->device_read = true;
	memset(data, 0xff, size);
}

static int no_interrupt(void *arg)
{
	return -1;
}

void overlay_init(struct overlay *o, struct machine *m)
{
	o->machine = m;
	o->below = machine_phys(m);
	overlay_clear(o);
}

void overlay_clear(struct overlay *o)
{
	o->n = 0;
	o->full = o->device_read = false;
}

struct phys_ops overlay_phys(struct overlay *o)
{
	return (struct phys_ops){ .read = phys_read, .write = phys_write, .arg = o };
}

struct model_bus overlay_bus(struct overlay *o)
{
	return (struct model_bus){ .arg = o, .port = port, .mmio = access, .intr_ack = no_interrupt };
}
