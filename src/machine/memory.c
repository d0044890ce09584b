/*
 * memory.c - guest RAM and ROM, and the book of what was loaded where.
 *
 * RAM is one private anonymous mapping without reserve, so its size costs nothing until the guest
 * touches it. It appears at guest address 0 up to 3 GiB and, the rest of it, from 4 GiB on. What
 * lies between is MMIO.
 */
#include "internal.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

static u8 *map_bytes(u64 size)
{
	void *p;

	if (size > SIZE_MAX)
		return NULL;
	p = mmap(NULL, (size_t)size, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	return p == MAP_FAILED ? NULL : p;
}

static void region_add(struct machine *m, u64 gpa, u64 size, u8 *hva, bool readonly)
{
	if (!size)
		return;
	m->region[m->n_regions++] = (struct mem_region){
		.gpa = gpa,
		.size = size,
		.hva = hva,
		.readonly = readonly,
		.dirty_log = !readonly,
	};
}

/* The region that holds gpa, NULL if none does. Three at most, so no search structure. */
static const struct mem_region *region_of(const struct machine *m, u64 gpa)
{
	for (size_t i = 0; i < m->n_regions; i++)
		if (gpa - m->region[i].gpa < m->region[i].size)
			return &m->region[i];
	return NULL;
}

/* Move n bytes between buf and guest memory; all of it must be RAM or ROM, also across regions. */
static int phys_copy(struct machine *m, u64 gpa, void *buf, size_t n, bool write)
{
	u8 *p = buf;

	while (n) {
		const struct mem_region *r = region_of(m, gpa);
		u64 part;

		if (!r)
			return -EFAULT;
		part = r->size - (gpa - r->gpa);
		if (part > n)
			part = n;
		if (write)
			memcpy(r->hva + (gpa - r->gpa), p, (size_t)part);
		else
			memcpy(p, r->hva + (gpa - r->gpa), (size_t)part);
		p += part;
		gpa += part;
		n -= (size_t)part;
	}
	return 0;
}

static int phys_read(void *arg, u64 gpa, void *buf, size_t n)
{
	return phys_copy(arg, gpa, buf, n, false);
}

static int phys_write(void *arg, u64 gpa, const void *buf, size_t n)
{
	/* Nothing may be changed by a write that fails half-way. */
	for (u64 at = 0; at < n;) {
		const struct mem_region *r = region_of(arg, gpa + at);

		if (!r)
			return -EFAULT;
		at = r->gpa + r->size - gpa;
	}
	return phys_copy(arg, gpa, (void *)buf, n, true);
}

static const struct extent *extent_overlap(const struct machine *m, u64 gpa, u64 size)
{
	for (size_t i = 0; i < m->n_extents; i++) {
		const struct extent *e = &m->extent[i];

		if (gpa < e->gpa + e->size && e->gpa < gpa + size)
			return e;
	}
	return NULL;
}

/* In address order, as `info files` shows them. */
static void extent_insert(struct machine *m, u64 gpa, u64 size, const char *what)
{
	size_t at = m->n_extents++;

	for (; at && m->extent[at - 1].gpa > gpa; at--)
		m->extent[at] = m->extent[at - 1];
	m->extent[at].gpa = gpa;
	m->extent[at].size = size;
	snprintf(m->extent[at].what, sizeof(m->extent[at].what), "%s", what);
}

int extent_take(struct machine *m, u64 gpa, u64 size, const char *what, struct err *err)
{
	const struct extent *e;

	if (!size)
		return 0;
	if (gpa + size < gpa || !machine_hva(m, gpa, size))
		return err_set(err, ENOSPC,
			       "%s (%#" PRIx64 " bytes at %#" PRIx64
			       ") does not fit into the guest's RAM of %#" PRIx64
			       " bytes: give more with -m, or another address",
			       what, size, gpa, m->ram_size);
	e = extent_overlap(m, gpa, size);
	if (e)
		return err_set(err, EEXIST,
			       "%s (%#" PRIx64 " bytes at %#" PRIx64 ") overlaps %s (%#" PRIx64
			       " bytes at %#" PRIx64 "): load one of them elsewhere",
			       what, size, gpa, e->what, e->size, e->gpa);
	if (m->n_extents == EXTENTS_MAX)
		return err_set(err, E2BIG, "%s is one piece too many: at most %d can be loaded",
			       what, EXTENTS_MAX);
	extent_insert(m, gpa, size, what);
	return 0;
}

u64 extent_find(const struct machine *m, u64 lo, u64 hi, u64 size, u64 align)
{
	u64 at = hi;

	for (;;) {
		const struct extent *e;

		if (at < size)
			return 0;
		at = (at - size) & ~(align - 1);
		if (at < lo || !at)
			return 0;
		e = extent_overlap(m, at, size);
		if (!e)
			return at;
		at = e->gpa;
	}
}

u64 extent_find_up(const struct machine *m, u64 lo, u64 hi, u64 size, u64 align)
{
	u64 at = align_up(lo, align);

	while (at <= hi && hi - at >= size) {
		const struct extent *e = extent_overlap(m, at, size);

		if (!e)
			return at;
		at = align_up(e->gpa + e->size, align);
	}
	return 0;
}

int extent_load(struct machine *m, const struct image *img, u64 off, u64 n, u64 gpa, u64 size,
		const char *what, struct err *err)
{
	int rc = extent_take(m, gpa, size, what, err);

	if (rc || !n)
		return rc;
	/* A fresh machine's RAM is zero, so the rest of the extent already is what it must be. */
	return image_read(img, off, machine_hva(m, gpa, n), n, what, err);
}

int memory_put(struct machine *m, u64 gpa, const void *buf, size_t n)
{
	return phys_write(m, gpa, buf, n);
}

u64 memory_low_size(const struct machine *m)
{
	return m->ram_size < RAM_HOLE_START ? m->ram_size : RAM_HOLE_START;
}

u64 memory_high_size(const struct machine *m)
{
	return m->ram_size - memory_low_size(m);
}

void memory_clear(struct machine *m)
{
	/* Private anonymous pages that are given back read as zero again (madvise(2),
	 * MADV_DONTNEED). */
	if (m->ram)
		madvise(m->ram, (size_t)m->ram_size, MADV_DONTNEED);
	if (m->rom)
		madvise(m->rom, (size_t)m->rom_size, MADV_DONTNEED);
	m->n_extents = 0;
}

int memory_init(struct machine *m, u64 size, u64 rom_size, struct err *err)
{
	u64 low;

	if (size < MIB(1) || size & 0xfff)
		return err_set(err, EINVAL,
			       "guest memory of %" PRIu64
			       " bytes is not possible: give -m at least 1M, in "
			       "steps of 4K",
			       size);
	m->ram = map_bytes(size);
	if (!m->ram)
		return err_set(err, ENOMEM,
			       "this host cannot map %" PRIu64
			       " MiB of guest memory: give less with -m",
			       size >> 20);
	m->ram_size = size;
	if (rom_size) {
		m->rom = map_bytes(rom_size);
		if (!m->rom) {
			memory_deinit(m);
			return err_set(err, ENOMEM,
				       "this host cannot map %" PRIu64 " KiB for the firmware",
				       rom_size >> 10);
		}
		m->rom_size = rom_size;
	}
	low = memory_low_size(m);
	region_add(m, 0, low, m->ram, false);
	region_add(m, RAM_HOLE_END - rom_size, rom_size, m->rom, true);
	region_add(m, RAM_HOLE_END, size - low, m->ram + low, false);
	return 0;
}

void memory_deinit(struct machine *m)
{
	if (m->ram)
		munmap(m->ram, (size_t)m->ram_size);
	if (m->rom)
		munmap(m->rom, (size_t)m->rom_size);
	m->ram = m->rom = NULL;
	m->ram_size = m->rom_size = 0;
	m->n_regions = 0;
}

const struct mem_region *machine_regions(const struct machine *m, size_t *ret_n)
{
	*ret_n = m->n_regions;
	return m->region;
}

u8 *machine_hva(const struct machine *m, u64 gpa, size_t n)
{
	const struct mem_region *r = region_of(m, gpa);

	if (!r || n > r->size - (gpa - r->gpa))
		return NULL;
	return r->hva + (gpa - r->gpa);
}

struct phys_ops machine_phys(struct machine *m)
{
	return (struct phys_ops){ .read = phys_read, .write = phys_write, .arg = m };
}
