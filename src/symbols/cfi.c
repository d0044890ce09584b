/*
 * cfi.c - call frame information of a session's files: which section, which entry; see
 * include/vmstep/cfi.h.
 */
#include <errno.h>
#include <stdlib.h>
#include "cfi.h"
#include "dwarf.h"
#include "object.h"

enum { EH_FRAME, DEBUG_FRAME, TABLES };

struct table {
	struct cfi_section sec;
	struct cfi_span *span; /* by start */
	u32 n;
	bool tried;
};

struct dwcfi {
	struct table table[TABLES];
};

static void drop(struct dwcfi *cfi)
{
	for (unsigned i = 0; i < TABLES; i++)
		free(cfi->table[i].span);
	free(cfi);
}

static struct dwcfi *get(struct dwfile *f)
{
	if (!f->cfi) {
		f->cfi = calloc(1, sizeof(*f->cfi));
		f->cfi_drop = drop;
	}
	return f->cfi;
}

static bool section_open(struct elfobj *o, const char *name, struct cfi_section *ret)
{
	u32 i = elfobj_find(o, name);
	const u8 *bytes = i ? elfobj_bytes(o, i) : NULL;

	if (!bytes || o->eh.e_type == ET_REL) /* its pointers still wait for relocation */
		return false;
	*ret = (struct cfi_section){
		.bytes = bytes,
		.size = o->section[i].size,
		.addr = o->section[i].sh.sh_addr,
		.address_size = o->eh.e_ident[EI_CLASS] == ELFCLASS64 ? 8 : 4,
	};
	return true;
}

/* .debug_frame may have gone to the separate debug file; looking for one is not free. */
static bool table_find(struct dwfile *f, unsigned which, struct cfi_section *ret)
{
	if (which == EH_FRAME) {
		if (!section_open(f->obj, ".eh_frame", ret))
			return false;
		ret->eh = true;
		return true;
	}
	if (section_open(f->obj, ".debug_frame", ret))
		return true;
	dw_ready(f, NULL);
	return f->debug && f->debug != f->obj && section_open(f->debug, ".debug_frame", ret);
}

static struct table *table_open(struct dwfile *f, unsigned which)
{
	struct dwcfi *cfi = get(f);
	struct table *t = cfi ? &cfi->table[which] : NULL;
	u32 bad;

	if (!t || t->tried)
		return t;
	t->tried = true;
	if (!table_find(f, which, &t->sec))
		return t;
	if (cfi_spans(&t->sec, &t->span, &t->n, &bad))
		t->n = 0;
	else if (bad)
		dw_damage(f, "call frame information");
	return t;
}

static const struct cfi_span *span_at(const struct table *t, u64 link)
{
	u32 lo = 0, hi = t->n;

	while (lo < hi) {
		u32 mid = lo + (hi - lo) / 2;

		if (t->span[mid].start <= link)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo && link < t->span[lo - 1].end ? &t->span[lo - 1] : NULL;
}

int cfi_at(struct symbols *s, u64 guest, struct cfi_row *ret, struct err *err)
{
	struct dwfile *f = dw_file_at(s, guest);
	const struct cfi_span *span = NULL;
	struct table *t = NULL;
	struct cfi_fde fde;
	u64 link;
	int rc;

	if (!f || !dw_to_link(f, guest, &link))
		return -ENOENT;
	for (unsigned i = 0; i < TABLES && !span; i++) {
		t = table_open(f, i);
		span = t ? span_at(t, link) : NULL;
	}
	if (!span || !cfi_fde_read(&t->sec, span->entry, &fde))
		return -ENOENT;
	rc = cfi_run(&fde, link, ret, err);
	ret->bias = guest - link;
	ret->start = fde.start + ret->bias;
	ret->end = fde.end + ret->bias;
	return rc;
}
