/* units.c - the units of .debug_info and which of them has code at an address; see dwarf.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "files.h"
#include "lines.h"
#include "macro.h"
#include "names.h"
#include "cursor.h"
#include "private.h"

/* A unit is at least its header; a file cannot hold more, and a kernel has some thousands. */
enum { UNITS_MAX = 1 << 20 };

struct header {
	Dwarf_Unsigned length, type_offset, next;
	Dwarf_Half version, address_size, offset_size, extension_size, type;
	Dwarf_Off abbrev;
	Dwarf_Sig8 signature;
};

static bool unit_add(struct dwfile *f, u32 *cap, const struct dwunit *u)
{
	if (f->n_units == *cap) {
		u32 n = *cap ? *cap * 2 : 64;
		struct dwunit *p = realloc(f->unit, n * sizeof(*p));

		if (!p)
			return false;
		f->unit = p;
		*cap = n;
	}
	f->unit[f->n_units] = *u;
	f->unit[f->n_units].index = f->n_units;
	f->n_units++;
	return true;
}

/* The unit behind the header just read. */
static int read_unit(struct dwfile *f, const struct header *h, u64 at, u32 *cap, Dwarf_Error *e)
{
	struct dwunit u = {
		.header = at,
		.end = h->next,
		.version = h->version,
		.address_size = h->address_size,
		.offset_size = h->offset_size,
		.type = h->type,
	};
	Dwarf_Die die = NULL;
	int rc = dwarf_siblingof_b(f->dbg, NULL, 1, &die, e);

	if (rc != DW_DLV_OK)
		return rc;
	u.die = dw_offset(die);
	dw_free(die);
	if (h->next <= at || f->n_units >= UNITS_MAX)
		return DW_DLV_NO_ENTRY;
	return unit_add(f, cap, &u) ? DW_DLV_OK : DW_DLV_NO_ENTRY;
}

static void complain(struct dwfile *f, const char *what, Dwarf_Error e)
{
	if (!f->why.code)
		err_set(&f->why, EBADMSG,
			"%s: its debug information is damaged behind unit %u (%s); the rest of it is "
			"left out",
			f->debug_path ?: f->path, f->n_units, e ? dwarf_errmsg(e) : what);
	if (e)
		dwarf_dealloc_error(f->dbg, e);
}

static void read_units(struct dwfile *f)
{
	u32 cap = 0;
	u64 at = 0;

	for (;;) {
		Dwarf_Error e = NULL;
		struct header h = { 0 };
		int rc = dwarf_next_cu_header_d(f->dbg, 1, &h.length, &h.version, &h.abbrev,
						&h.address_size, &h.offset_size, &h.extension_size,
						&h.signature, &h.type_offset, &h.next, &h.type, &e);

		if (rc == DW_DLV_NO_ENTRY) {
			if (!f->n_units && dw_section(f, ".debug_info").size)
				dw_damage(f, "it has no whole unit");
			return;
		}
		if (rc == DW_DLV_OK)
			rc = read_unit(f, &h, at, &cap, &e);
		if (rc != DW_DLV_OK) {
			complain(f, "a unit without an entry", e);
			return;
		}
		at = h.next;
	}
}

static int by_start(const void *a, const void *b)
{
	const struct dwspan *x = a, *y = b;

	if (x->start != y->start)
		return x->start < y->start ? -1 : 1;
	return x->unit < y->unit ? -1 : x->unit > y->unit;
}

static void span_add(struct dwfile *f, u32 *cap, u64 start, u64 end, u32 unit)
{
	/* Code the linker threw away is left at 0: it has no section there. */
	if (start >= end || !dw_covers(f, start))
		return;
	if (f->n_spans == *cap) {
		u32 n = *cap ? *cap * 2 : 256;
		struct dwspan *p = realloc(f->span, n * sizeof(*p));

		if (!p)
			return;
		f->span = p;
		*cap = n;
	}
	f->span[f->n_spans++] = (struct dwspan){ start, end, unit };
}

/* .debug_aranges; seen[] marks the units that it tells of. */
static void spans_by_aranges(struct dwfile *f, u32 *cap, u8 *seen)
{
	Dwarf_Arange *list = NULL;
	Dwarf_Signed n = 0;
	Dwarf_Error e = NULL;
	int rc = dwarf_get_aranges(f->dbg, &list, &n, &e);

	if (rc == DW_DLV_ERROR)
		dwarf_dealloc_error(f->dbg, e);
	if (rc != DW_DLV_OK)
		return;
	for (Dwarf_Signed i = 0; i < n; i++) {
		Dwarf_Unsigned segment, segment_size, length;
		Dwarf_Addr start;
		Dwarf_Off die;
		struct dwunit *u;

		if (dwarf_get_arange_info_b(list[i], &segment, &segment_size, &start, &length, &die,
					    &e) == DW_DLV_OK) {
			u = dw_unit_of(f, die);
			if (u) {
				seen[u->index] = 1;
				span_add(f, cap, start, start + length, u->index);
			}
		}
		dwarf_dealloc(f->dbg, list[i], DW_DLA_ARANGE);
	}
	dwarf_dealloc(f->dbg, list, DW_DLA_LIST);
}

/* Units without aranges (clang writes none): their own ranges, else those of their functions. */
static void spans_by_unit(struct dwfile *f, u32 *cap, struct dwunit *u)
{
	Dwarf_Die die = dw_die(f, u->die);
	struct dwrange *range = NULL;
	size_t n = die ? dw_ranges(f, u, die, &range) : 0;

	for (size_t i = 0; i < n; i++)
		span_add(f, cap, range[i].start, range[i].end, u->index);
	free(range);
	dw_free(die);
	if (n)
		return;
	dw_blocks(f, u);
	for (u32 i = 0; i < u->n_ranges; i++)
		span_add(f, cap, u->range[i].start, u->range[i].end, u->index);
}

static void read_spans(struct dwfile *f)
{
	u8 *seen = calloc(f->n_units + 1, 1);
	u32 cap = 0;

	f->has_spans = true;
	if (!seen)
		return;
	spans_by_aranges(f, &cap, seen);
	for (u32 i = 0; i < f->n_units; i++)
		if (!seen[i])
			spans_by_unit(f, &cap, &f->unit[i]);
	if (f->n_spans)
		qsort(f->span, f->n_spans, sizeof(*f->span), by_start);
	free(seen);
}

static bool is_split(Dwarf_Die die, const struct dwunit *u)
{
	return u->type == DW_UT_skeleton || dw_has(die, DW_AT_dwo_name) ||
	       dw_has(die, DW_AT_GNU_dwo_name);
}

static void complain_split(struct dwfile *f)
{
	if (!f->why.code)
		err_set(&f->why, ENOTSUP,
			"%s: (part of) its debug information is in .dwo files, which vmstep does not "
			"read: lines are known, functions and variables are not; compile without "
			"-gsplit-dwarf",
			f->path);
}

void dw_units_drop(struct dwfile *f)
{
	for (u32 i = 0; i < f->n_units; i++) {
		free(f->unit[i].block);
		free(f->unit[i].range);
		free(f->unit[i].guest);
		free(f->unit[i].base_hash);
		lines_destroy(f->unit[i].lines);
	}
	dw_macros_drop(f);
	dw_names_drop(f);
	free(f->unit);
	free(f->span);
	files_destroy(f->files);
	for (u32 i = 0; i < f->n_pool; i++)
		free(f->pool[i]);
	free(f->pool);
	f->pool = NULL;
	f->n_pool = 0;
	f->files = NULL;
	f->unit = NULL;
	f->span = NULL;
	f->n_units = f->n_spans = 0;
}

int dw_units(struct dwfile *f, struct err *err)
{
	int rc = dw_ready(f, err);

	if (rc)
		return rc;
	if (!f->has_units) {
		f->has_units = true;
		read_units(f);
	}
	if (f->n_units)
		return 0;
	return f->why.code ? err_set(err, f->why.code, "%s", f->why.text)
			   : err_set(err, ENOENT,
				     "%s: it has no debug information; compile it with -g", f->path);
}

struct dwunit *dw_unit_of(struct dwfile *f, u64 die_offset)
{
	u32 lo = 0, hi = f->n_units;

	while (lo < hi) {
		u32 mid = lo + (hi - lo) / 2;

		if (f->unit[mid].end <= die_offset)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < f->n_units && die_offset >= f->unit[lo].header ? &f->unit[lo] : NULL;
}

struct dwunit *dw_unit_at(struct dwfile *f, u64 link)
{
	u32 lo = 0, hi;

	if (!dw_is_code(f, link) || dw_units(f, NULL))
		return NULL;
	if (!f->has_spans)
		read_spans(f);
	hi = f->n_spans;
	while (lo < hi) {
		u32 mid = lo + (hi - lo) / 2;

		if (f->span[mid].start <= link)
			lo = mid + 1;
		else
			hi = mid;
	}
	/* Spans of honest files do not overlap; a few steps back serve the others. */
	for (u32 i = lo, tries = 0; i-- > 0 && tries < 16; tries++)
		if (link < f->span[i].end)
			return &f->unit[f->span[i].unit];
	return NULL;
}

/* A unit that does not say where its part of a table begins means the first one, behind its header:
 * length, version, sizes, and in tables of lists a count. */
static void read_bases(Dwarf_Die die, struct dwunit *u)
{
	const u64 behind = u->offset_size == 8 ? 16 : 8, lists = behind + 4;

	if (!dw_u64(die, DW_AT_addr_base, &u->addr_base))
		u->addr_base = behind;
	if (!dw_u64(die, DW_AT_rnglists_base, &u->rnglists_base))
		u->rnglists_base = lists;
	if (!dw_u64(die, DW_AT_loclists_base, &u->loclists_base))
		u->loclists_base = lists;
	if (!dw_u64(die, DW_AT_str_offsets_base, &u->str_base))
		u->str_base = behind;
}

void dw_unit_details(struct dwfile *f, struct dwunit *u)
{
	Dwarf_Die die = u->detailed ? NULL : dw_die(f, u->die);
	u64 v;

	u->detailed = true;
	if (!die)
		return;
	u->name = dw_str(f, die, DW_AT_name);
	u->comp_dir = dw_str(f, die, DW_AT_comp_dir);
	u->producer = dw_str(f, die, DW_AT_producer);
	u->language = dw_u64(die, DW_AT_language, &v) ? v : 0;
	u->base = dw_addr(die, DW_AT_low_pc, &v) ? v : 0;
	u->has_lines = dw_has(die, DW_AT_stmt_list);
	read_bases(die, u);
	if (is_split(die, u))
		complain_split(f);
	dw_free(die);
}
