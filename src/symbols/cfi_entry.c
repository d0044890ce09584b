/*
 * cfi_entry.c - the entries of .eh_frame and .debug_frame: CIEs, FDEs and where each of them lies;
 * see cfi.h. Formats: DWARF "Structure of Call Frame Information"; LSB "Exception Frames".
 */
#include <dwarf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "cfi.h"

/* ---- numbers --------------------------------------------------------------------------------- */

const u8 *cfi_bytes(struct cfi_cursor *c, u64 n)
{
	const u8 *p = c->sec->bytes + c->at;

	if (c->bad || n > c->end - c->at) {
		c->bad = true;
		return NULL;
	}
	c->at += n;
	return p;
}

u64 cfi_uint(struct cfi_cursor *c, unsigned size)
{
	const u8 *p = cfi_bytes(c, size);
	u64 v = 0;

	if (p)
		memcpy(&v, p, size); /* little-endian, as all of x86 */
	return v;
}

static u64 leb(struct cfi_cursor *c, bool is_signed)
{
	unsigned shift = 0;
	const u8 *p;
	u64 v = 0;

	do {
		p = cfi_bytes(c, 1);
		if (!p)
			return 0;
		if (shift < 64)
			v |= (u64)(*p & 0x7f) << shift;
		shift += 7;
	} while (*p & 0x80);
	if (is_signed && shift < 64 && (*p & 0x40))
		v |= UINT64_MAX << shift;
	return v;
}

u64 cfi_uleb(struct cfi_cursor *c)
{
	return leb(c, false);
}

s64 cfi_sleb(struct cfi_cursor *c)
{
	return leb(c, true);
}

static u64 sign_extend(u64 v, unsigned size)
{
	unsigned shift = 64 - 8 * size;

	return (s64)(v << shift) >> shift;
}

static u64 pointer_value(struct cfi_cursor *c, u8 format, u8 address_size)
{
	switch (format) {
	case DW_EH_PE_absptr:
		return cfi_uint(c, address_size);
	case DW_EH_PE_uleb128:
		return cfi_uleb(c);
	case DW_EH_PE_udata2:
		return cfi_uint(c, 2);
	case DW_EH_PE_udata4:
		return cfi_uint(c, 4);
	case DW_EH_PE_udata8:
	case DW_EH_PE_sdata8:
		return cfi_uint(c, 8);
	case DW_EH_PE_sleb128:
		return cfi_sleb(c);
	case DW_EH_PE_sdata2:
		return sign_extend(cfi_uint(c, 2), 2);
	case DW_EH_PE_sdata4:
		return sign_extend(cfi_uint(c, 4), 4);
	default:
		c->bad = true;
		return 0;
	}
}

/* Relative to the place itself or not at all: text, data and function bases are no part of what an
 * ELF file of x86 says. */
u64 cfi_pointer(struct cfi_cursor *c, u8 encoding, u8 address_size)
{
	u64 here = c->sec->addr + c->at, v = pointer_value(c, encoding & 0xf, address_size);

	if ((encoding & 0xf0) == DW_EH_PE_pcrel)
		v += here;
	else if (encoding & 0xf0)
		c->bad = true;
	return address_size == 4 ? (u32)v : v;
}

/* ---- entries --------------------------------------------------------------------------------- */

/* Length and id of the entry at `offset`; the cursor is behind them and ends with the entry. */
struct header {
	struct cfi_cursor c;
	u64 next; /* offset of the entry behind it */
	u64 id, id_at;
	bool is_cie, is_end;
};

static bool header_read(const struct cfi_section *sec, u64 offset, struct header *ret)
{
	struct cfi_cursor c = {
		.sec = sec, .at = offset, .end = sec->size, .bad = offset > sec->size
	};
	u64 length = cfi_uint(&c, 4);
	bool wide = length == 0xffffffff;
	unsigned id_size = wide && !sec->eh ? 8 : 4;

	if (wide)
		length = cfi_uint(&c, 8);
	if (c.bad || length > c.end - c.at)
		return false;
	c.end = c.at + length;
	*ret = (struct header){ .next = c.end, .id_at = c.at, .is_end = !length };
	if (length)
		ret->id = cfi_uint(&c, id_size);
	ret->is_cie = sec->eh ? !ret->id : ret->id == (wide ? UINT64_MAX : 0xffffffff);
	ret->c = c;
	return !c.bad;
}

/* The letters behind z; what they stand for is in the augmentation data in the same order. */
static void augmentation_read(struct cfi_cursor *c, const char *letters, struct cfi_cie *ret)
{
	u64 n = cfi_uleb(c);
	struct cfi_cursor data = *c;

	if (!cfi_bytes(c, n))
		return;
	data.end = c->at;
	for (; *letters && !data.bad; letters++) {
		switch (*letters) {
		case 'R':
			ret->pointer_encoding = cfi_uint(&data, 1);
			break;
		case 'P': {
			u8 encoding = cfi_uint(&data, 1);

			if ((encoding & 0x70) == DW_EH_PE_aligned)
				data.bad = true;
			else
				pointer_value(&data, encoding & 0xf, ret->address_size);
			break;
		}
		case 'L':
			cfi_uint(&data, 1);
			break;
		case 'S':
			ret->signal = true;
			break;
		default: /* of unknown length: what follows cannot be told, but the data's end can
			  */
			return;
		}
	}
	c->bad |= data.bad;
}

static bool cie_read(const struct cfi_section *sec, u64 offset, struct cfi_cie *ret)
{
	const char *augmentation;
	struct header h;
	u64 version;

	if (!header_read(sec, offset, &h) || !h.is_cie || h.is_end)
		return false;
	*ret = (struct cfi_cie){ .address_size = sec->address_size,
				 .pointer_encoding = DW_EH_PE_absptr };
	version = cfi_uint(&h.c, 1);
	if (version != 1 && version != 3 && version != 4)
		return false;
	augmentation = (const char *)sec->bytes + h.c.at;
	while (cfi_uint(&h.c, 1))
		;
	if (h.c.bad)
		return false;
	if (version == 4) {
		ret->address_size = cfi_uint(&h.c, 1);
		if (cfi_uint(&h.c, 1)) /* segment selectors: nobody writes them */
			return false;
	}
	if (ret->address_size != 4 && ret->address_size != 8)
		return false;
	if (!strncmp(augmentation, "eh", 2)) { /* g++ 2: a pointer to exception data */
		cfi_uint(&h.c, ret->address_size);
		augmentation += 2;
	}
	ret->code_align = cfi_uleb(&h.c);
	ret->data_align = cfi_sleb(&h.c);
	ret->ra_column = version == 1 ? cfi_uint(&h.c, 1) : cfi_uleb(&h.c);
	ret->augmented = *augmentation == 'z';
	if (ret->augmented)
		augmentation_read(&h.c, augmentation + 1, ret);
	else if (*augmentation)
		return false;
	ret->program = h.c;
	return !h.c.bad && ret->ra_column < CFI_COLUMNS;
}

static bool fde_read(const struct cfi_section *sec, struct header *h, const struct cfi_cie *cie,
		     struct cfi_fde *ret)
{
	u64 length;

	ret->cie = *cie;
	ret->start = cfi_pointer(&h->c, cie->pointer_encoding, cie->address_size);
	length = pointer_value(&h->c, cie->pointer_encoding & 0xf, cie->address_size);
	if (cie->address_size == 4)
		length = (u32)length;
	ret->end = ret->start + length;
	if (cie->augmented)
		cfi_bytes(&h->c, cfi_uleb(&h->c));
	ret->program = h->c;
	return !h->c.bad && ret->end > ret->start;
}

/* In .eh_frame the distance back to the CIE, in .debug_frame its offset. */
static u64 cie_offset(const struct cfi_section *sec, const struct header *h)
{
	return sec->eh ? h->id_at - h->id : h->id;
}

bool cfi_fde_read(const struct cfi_section *sec, u64 offset, struct cfi_fde *ret)
{
	struct cfi_cie cie;
	struct header h;

	return header_read(sec, offset, &h) && !h.is_end && !h.is_cie &&
	       cie_read(sec, cie_offset(sec, &h), &cie) && fde_read(sec, &h, &cie, ret);
}

/* ---- all of them ----------------------------------------------------------------------------- */

static int by_start(const void *a, const void *b)
{
	const struct cfi_span *x = a, *y = b;

	if (x->start != y->start)
		return x->start < y->start ? -1 : 1;
	return x->entry < y->entry ? -1 : x->entry > y->entry;
}

static int span_add(struct cfi_span **list, u32 *n, u32 *cap, const struct cfi_fde *fde, u64 entry)
{
	if (*n == *cap) {
		u32 more = *cap ? *cap * 2 : 64;
		struct cfi_span *p = realloc(*list, more * sizeof(*p));

		if (!p)
			return -ENOMEM;
		*list = p;
		*cap = more;
	}
	(*list)[(*n)++] = (struct cfi_span){ fde->start, fde->end, entry };
	return 0;
}

int cfi_spans(const struct cfi_section *sec, struct cfi_span **ret, u32 *ret_n, u32 *ret_bad)
{
	struct cfi_span *list = NULL;
	u64 known_cie = UINT64_MAX;
	u32 n = 0, cap = 0;
	struct cfi_cie cie = { 0 };
	struct cfi_fde fde;
	struct header h;
	bool cie_ok = false;

	*ret_bad = 0;
	for (u64 at = 0; at < sec->size; at = h.next) {
		if (!header_read(sec, at, &h)) {
			++*ret_bad; /* and nobody knows where the next one starts */
			break;
		}
		if (h.is_end) /* .eh_frame's last; the linker leaves them in the middle too */
			continue;
		if (h.is_cie)
			continue;
		if (cie_offset(sec, &h) != known_cie) { /* one serves many */
			known_cie = cie_offset(sec, &h);
			cie_ok = cie_read(sec, known_cie, &cie);
		}
		if (!cie_ok || !fde_read(sec, &h, &cie, &fde)) {
			++*ret_bad;
			continue;
		}
		if (span_add(&list, &n, &cap, &fde, at)) {
			free(list);
			return -ENOMEM;
		}
	}
	if (n)
		qsort(list, n, sizeof(*list), by_start);
	*ret = list;
	*ret_n = n;
	return 0;
}
