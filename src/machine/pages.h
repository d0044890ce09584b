/*
 * pages.h - copies of guest memory that share what is equal. Implemented by pages.c, used by saved.c.
 *
 * A copy is a table of blocks of pages. Pages and blocks carry a count of who holds them and are never
 * written again, so that a copy costs what differs from the one it is based on. A page of zeros, as most of
 * a guest's memory is, is NULL.
 */
#ifndef VMSTEP_MACHINE_PAGES_H
#define VMSTEP_MACHINE_PAGES_H

#include <stddef.h>
#include <vmstep/types.h>

enum { PAGE_BYTES = 4096, BLOCK_PAGES = 512 };

struct page {
	u32 refs;
	u8 data[PAGE_BYTES];
};
struct page_block {
	u32 refs;
	struct page *page[BLOCK_PAGES];
};
struct pages {
	struct page_block **block;
	size_t n;   /* blocks, the last one may be cut off by the end of the memory */
	u64 size;   /* bytes of memory */
	u64 *live;  /* pages of all copies of a machine, each counted once */
};

/* [hva, hva + size), pages equal to those of `base` shared with it (NULL: none). 0 or -ENOMEM with nothing
 * held. */
int pages_init(struct pages *p, const u8 *hva, u64 size, const struct pages *base, u64 *live);
void pages_deinit(struct pages *p); /* also one of zeros */
/* Memory as it was. What is equal already is not written: it costs the host no page. */
void pages_restore(const struct pages *p, u8 *hva);
bool pages_equal(const struct pages *p, const u8 *hva);
/* Pages that are not zero; of those, the ones no other copy holds. */
void pages_count(const struct pages *p, u64 *ret_all, u64 *ret_own);

#endif
