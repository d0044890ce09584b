/*
 * model_pages.h - a box (model_box.h) in 64-bit mode whose pages are 4 KiB with rights by address.
 */
#ifndef MODEL_PAGES_H
#define MODEL_PAGES_H

#include "model_box.h"

enum {
	PG_RO = 0x20000,
	PG_SUPER = 0x21000,
	PG_NONE = 0x22000,
	PG_NX = 0x23000,
	PG_CLEAN = 0x25000,
	PG_NEXT = 0x26000
};

/* The 2-MiB page becomes a table of its own, A and D clear. */
static inline void pages_split(struct box *b)
{
	u32 pt = BOX_TABLES + 0x3000;

	box_put(b, BOX_TABLES + 0x2000, pt | 7);
	for (u64 at = 0; at < BOX_RAM; at += 4096)
		box_put(b, pt + at / 512, at | 7);
	box_put(b, pt + PG_RO / 512, PG_RO | 5);
	box_put(b, pt + PG_SUPER / 512, PG_SUPER | 3);
	box_put(b, pt + PG_NONE / 512, 0);
	box_put(b, pt + PG_NX / 512, PG_NX | 7 | BIT64(63));
	model_changed(b->m);
}

static inline u64 pte(const struct box *b, u64 at)
{
	return box_get(b, BOX_TABLES + 0x3000 + at / 512);
}

#endif
