/*
 * pages.c - copies of guest memory; see pages.h.
 *
 * Memory that was never touched must stay so: to read it would make the host map it. What is mapped the
 * kernel tells (Linux Documentation/admin-guide/mm/pagemap.rst: bit 63 present, bit 62 swapped out; the
 * bits need no privilege).
 */
#include "pages.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PAGEMAP_MAPPED (3ull << 62)

/* ---- what is mapped ------------------------------------------------------------------------------ */

struct mapped {
	int fd;                /* -1: the kernel does not tell, everything may be */
	u64 entry[BLOCK_PAGES];
};

static void mapped_open(struct mapped *m)
{
	m->fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
}

static void mapped_close(struct mapped *m)
{
	if (m->fd >= 0)
		close(m->fd);
}

/* Of the n pages at hva. */
static void mapped_read(struct mapped *m, const u8 *hva, size_t n)
{
	const off_t at = (uintptr_t)hva / PAGE_BYTES * sizeof(u64);
	const ssize_t want = n * sizeof(u64);

	if (m->fd < 0 || pread(m->fd, m->entry, want, at) != want)
		memset(m->entry, 0xff, want);
}

static bool is_mapped(const struct mapped *m, size_t i)
{
	return m->entry[i] & PAGEMAP_MAPPED;
}

/* ---- pages and blocks ----------------------------------------------------------------------------- */

static bool is_zero(const u8 *p)
{
	return !p[0] && !memcmp(p, p + 1, PAGE_BYTES - 1);
}

static struct page *page_copy(const u8 *hva, u64 *live)
{
	struct page *p = malloc(sizeof(*p));

	if (!p)
		return NULL;
	p->refs = 1;
	memcpy(p->data, hva, PAGE_BYTES);
	++*live;
	return p;
}

static void page_drop(struct page *p, u64 *live)
{
	if (!p || --p->refs)
		return;
	free(p);
	--*live;
}

static void block_drop(struct page_block *b, u64 *live)
{
	if (!b || --b->refs)
		return;
	for (size_t i = 0; i < BLOCK_PAGES; i++)
		page_drop(b->page[i], live);
	free(b);
}

/* False: no memory. */
static bool page_save(const u8 *hva, struct page *base, struct page **ret, u64 *live)
{
	if (base && !memcmp(hva, base->data, PAGE_BYTES)) {
		base->refs++;
		*ret = base;
		return true;
	}
	if (!base && is_zero(hva))
		return true;
	*ret = page_copy(hva, live);
	return *ret;
}

static bool block_fill(struct page_block *b, const u8 *hva, size_t n, const struct page_block *base,
		       const struct mapped *m, u64 *live)
{
	for (size_t i = 0; i < n; i++) {
		struct page *was = base ? base->page[i] : NULL;

		if (is_mapped(m, i) && !page_save(hva + i * PAGE_BYTES, was, &b->page[i], live))
			return false;
	}
	return true;
}

static bool block_is_empty(const struct page_block *b)
{
	for (size_t i = 0; i < BLOCK_PAGES; i++)
		if (b->page[i])
			return false;
	return true;
}

/* The base's own block where nothing has changed. */
static int block_save(const u8 *hva, size_t n, struct page_block *base, const struct mapped *m, u64 *live,
		      struct page_block **ret)
{
	struct page_block *b = calloc(1, sizeof(*b));

	if (!b)
		return -ENOMEM;
	b->refs = 1;
	if (!block_fill(b, hva, n, base, m, live)) {
		block_drop(b, live);
		return -ENOMEM;
	}
	*ret = b;
	if (base && !memcmp(b->page, base->page, sizeof(b->page))) {
		base->refs++;
		*ret = base;
	} else if (block_is_empty(b)) {
		*ret = NULL;
	}
	if (*ret != b)
		block_drop(b, live);
	return 0;
}

/* ---- copies --------------------------------------------------------------------------------------- */

static size_t block_pages(const struct pages *p, size_t i)
{
	const u64 left = p->size / PAGE_BYTES - i * BLOCK_PAGES;

	return left < BLOCK_PAGES ? left : BLOCK_PAGES;
}

static u64 block_at(size_t i)
{
	return (u64)i * BLOCK_PAGES * PAGE_BYTES;
}

int pages_init(struct pages *p, const u8 *hva, u64 size, const struct pages *base, u64 *live)
{
	struct mapped m;
	int r = 0;

	*p = (struct pages){ .size = size, .live = live,
			     .n = (size / PAGE_BYTES + BLOCK_PAGES - 1) / BLOCK_PAGES };
	p->block = calloc(p->n + 1, sizeof(*p->block));
	if (!p->block)
		return -ENOMEM;
	mapped_open(&m);
	for (size_t i = 0; !r && i < p->n; i++) {
		const size_t n = block_pages(p, i);

		mapped_read(&m, hva + block_at(i), n);
		r = block_save(hva + block_at(i), n, base ? base->block[i] : NULL, &m, live, &p->block[i]);
	}
	mapped_close(&m);
	if (r)
		pages_deinit(p);
	return r;
}

void pages_deinit(struct pages *p)
{
	for (size_t i = 0; i < p->n; i++)
		block_drop(p->block[i], p->live);
	free(p->block);
	*p = (struct pages){ 0 };
}

static const u8 zeros[PAGE_BYTES];

/* What the page held; NULL: nobody has touched it since, and it held zeros. */
static const u8 *page_wanted(const struct page_block *b, const struct mapped *m, size_t i)
{
	if (b && b->page[i])
		return b->page[i]->data;
	return is_mapped(m, i) ? zeros : NULL;
}

void pages_restore(const struct pages *p, u8 *hva)
{
	struct mapped m;

	mapped_open(&m);
	for (size_t i = 0; i < p->n; i++) {
		u8 *at = hva + block_at(i);
		const size_t n = block_pages(p, i);

		mapped_read(&m, at, n);
		for (size_t k = 0; k < n; k++, at += PAGE_BYTES) {
			const u8 *want = page_wanted(p->block[i], &m, k);

			if (want && memcmp(at, want, PAGE_BYTES))
				memcpy(at, want, PAGE_BYTES);
		}
	}
	mapped_close(&m);
}

bool pages_equal(const struct pages *p, const u8 *hva)
{
	struct mapped m;
	bool same = true;

	mapped_open(&m);
	for (size_t i = 0; same && i < p->n; i++) {
		const u8 *at = hva + block_at(i);
		const size_t n = block_pages(p, i);

		mapped_read(&m, at, n);
		for (size_t k = 0; same && k < n; k++, at += PAGE_BYTES) {
			const u8 *want = page_wanted(p->block[i], &m, k);

			same = !want || !memcmp(at, want, PAGE_BYTES);
		}
	}
	mapped_close(&m);
	return same;
}

void pages_count(const struct pages *p, u64 *ret_all, u64 *ret_own)
{
	for (size_t i = 0; i < p->n; i++) {
		const struct page_block *b = p->block[i];

		for (size_t k = 0; b && k < BLOCK_PAGES; k++) {
			if (!b->page[k])
				continue;
			++*ret_all;
			*ret_own += b->refs == 1 && b->page[k]->refs == 1;
		}
	}
}
