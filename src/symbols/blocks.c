/*
 * blocks.c - the scopes of a unit's code: functions, inlined copies, lexical blocks; see dwarf.h.
 */
#include <stdlib.h>
#include <string.h>
#include "private.h"

struct build {
	struct dwunit *unit;
	u32 cap_blocks, cap_ranges;
	u32 open[DW_DEPTH_MAX + 1]; /* the block around what is at this depth of the tree */
};

static bool room(void **p, u32 *cap, u32 n, size_t size)
{
	u32 more = *cap ? *cap * 2 : 64;
	void *q;

	if (n < *cap)
		return true;
	while (more <= n)
		more *= 2;
	q = realloc(*p, more * size);
	if (!q)
		return false;
	*p = q;
	*cap = more;
	return true;
}

static u64 origin_of(Dwarf_Die die)
{
	u64 to;

	if (dw_ref(die, DW_AT_abstract_origin, &to) || dw_ref(die, DW_AT_specification, &to))
		return to;
	return 0;
}

/* Index of the new block, or DW_NONE: no code (a declaration, an abstract instance). */
static u32 add_block(struct build *b, struct dwfile *f, Dwarf_Die die, u16 tag, u32 parent)
{
	struct dwunit *u = b->unit;
	struct dwrange *range = NULL;
	u32 n = dw_ranges(f, u, die, &range), at = DW_NONE;

	if (n && room((void **)&u->block, &b->cap_blocks, u->n_blocks, sizeof(*u->block)) &&
	    room((void **)&u->range, &b->cap_ranges, u->n_ranges + n, sizeof(*u->range))) {
		struct dwblock *new = &u->block[u->n_blocks];

		*new = (struct dwblock){
			.die = dw_offset(die),
			.origin = origin_of(die),
			.parent = parent,
			.range = u->n_ranges,
			.n_ranges = n,
			.tag = tag,
			.depth = parent == DW_NONE ? 0 : u->block[parent].depth + 1,
			.own_scope = tag != DW_TAG_lexical_block,
		};
		memcpy(&u->range[u->n_ranges], range, n * sizeof(*range));
		u->n_ranges += n;
		at = u->n_blocks++;
	}
	free(range);
	return at;
}

/* A location list, not an expression: by its form, since DWARF 4 a class of its own. */
static bool is_loclist(Dwarf_Die die, const struct dwunit *u)
{
	Dwarf_Attribute a = dw_attr(die, DW_AT_location);
	Dwarf_Error e = NULL;
	Dwarf_Half form = 0;
	bool fine = a && dwarf_whatform(a, &form, &e) == DW_DLV_OK;

	if (a)
		dwarf_dealloc_attribute(a);
	if (!fine)
		return false;
	if (form == DW_FORM_sec_offset || form == DW_FORM_loclistx)
		return true;
	return u->version < 4 && (form == DW_FORM_data4 || form == DW_FORM_data8);
}

static void note_variable(struct build *b, Dwarf_Die die, u32 around)
{
	struct dwunit *u = b->unit;

	if (around != DW_NONE)
		u->block[around].own_scope = true;
	if (!u->has_loclist && is_loclist(die, u))
		u->has_loclist = true;
}

static enum dw_walk visit(void *arg, struct dwfile *f, Dwarf_Die die, u16 tag, unsigned depth)
{
	struct build *b = arg;
	u32 around = b->open[depth];
	u32 block;

	switch (tag) {
	case DW_TAG_subprogram:
	case DW_TAG_inlined_subroutine:
	case DW_TAG_lexical_block:
		block = add_block(b, f, die, tag, around);
		if (block == DW_NONE && tag != DW_TAG_lexical_block)
			return DW_OVER; /* abstract: its copies are found where they are */
		b->open[depth + 1] = block == DW_NONE ? around : block;
		return DW_INTO;
	case DW_TAG_variable:
	case DW_TAG_formal_parameter:
		note_variable(b, die, around);
		return DW_OVER;
	case DW_TAG_label:
	case DW_TAG_typedef:
	case DW_TAG_enumeration_type:
		if (around != DW_NONE)
			b->unit->block[around].own_scope = true;
		return DW_OVER;
	case DW_TAG_structure_type:
	case DW_TAG_class_type:
	case DW_TAG_union_type:
		if (around != DW_NONE)
			b->unit->block[around].own_scope = true;
		/* Members of C++ classes are functions, in C there are none. */
		if (!b->unit->language || b->unit->language == DW_LANG_C ||
		    b->unit->language == DW_LANG_C89 || b->unit->language == DW_LANG_C99 ||
		    b->unit->language == DW_LANG_C11)
			return DW_OVER;
		/* fall through */
	case DW_TAG_namespace:
	case DW_TAG_module:
	case DW_TAG_try_block:
	case DW_TAG_catch_block:
	case DW_TAG_entry_point:
		b->open[depth + 1] = around;
		return DW_INTO;
	default:
		return DW_OVER;
	}
}

static void translate(struct dwfile *f, struct dwunit *u)
{
	u->guest = calloc(u->n_ranges + 1, sizeof(*u->guest));
	for (u32 i = 0; u->guest && i < u->n_ranges; i++) {
		u->guest[i].start = dw_to_guest(f, u->range[i].start);
		u->guest[i].end = u->guest[i].start + (u->range[i].end - u->range[i].start);
	}
	if (!u->guest) /* no memory: better no blocks than some without addresses */
		u->n_blocks = 0;
}

void dw_blocks(struct dwfile *f, struct dwunit *u)
{
	struct build b = { .unit = u };
	Dwarf_Die die;

	if (u->blocked)
		return;
	u->blocked = true;
	dw_unit_details(f, u);
	die = dw_die(f, u->die);
	if (!die)
		return;
	b.open[0] = DW_NONE;
	dw_walk(f, die, visit, &b);
	dw_free(die);
	translate(f, u);
}

const char *dw_block_name(struct dwfile *f, struct dwunit *u, u32 block)
{
	struct dwblock *b = &u->block[block];
	Dwarf_Die die;

	if (b->name || b->tag == DW_TAG_lexical_block)
		return b->name;
	die = dw_die(f, b->die);
	if (die)
		b->name = dw_full_name(f, u, die);
	dw_free(die);
	return b->name;
}

bool dw_block_has(const struct dwunit *u, const struct dwblock *b, u64 link)
{
	for (u32 i = 0; i < b->n_ranges; i++)
		if (link >= u->range[b->range + i].start && link < u->range[b->range + i].end)
			return true;
	return false;
}

u32 dw_block_at(struct dwfile *f, struct dwunit *u, u64 link)
{
	u32 best = DW_NONE;

	dw_blocks(f, u);
	for (u32 i = 0; i < u->n_blocks; i++)
		if (dw_block_has(u, &u->block[i], link) &&
		    (best == DW_NONE || u->block[i].depth >= u->block[best].depth))
			best = i;
	return best;
}
