/*
 * scope.c - which variables a place in the code sees: from the innermost block outwards; see scope.h.
 *
 * A copy of an inlined function says only what differs from the abstract one: what the copy leaves
 * out (a variable that is gone) is taken from there.
 */
#include <errno.h>
#include <string.h>
#include "variable.h"

/* Where the search is. */
struct spot {
	struct dwfile *f;
	struct dwunit *u;
	u64 link;
	u32 block; /* DW_NONE: outside all functions */
};

static bool is_body(const struct dwblock *b)
{
	return b->tag == DW_TAG_subprogram || b->tag == DW_TAG_inlined_subroutine;
}

static unsigned inlines_around(const struct dwunit *u, u32 b)
{
	unsigned n = 0;

	for (; b != DW_NONE; b = u->block[b].parent)
		n += u->block[b].tag == DW_TAG_inlined_subroutine;
	return n;
}

static bool spot_find(struct symbols *s, const struct scope_at *at, struct spot *ret)
{
	struct spot sp = { .block = DW_NONE };

	if (!s || !at->has_pc)
		return false;
	sp.f = dw_file_at(s, at->pc);
	if (!sp.f || !dw_to_link(sp.f, at->pc, &sp.link))
		return false;
	sp.u = dw_unit_at(sp.f, sp.link);
	if (!sp.u)
		return false;
	dw_blocks(sp.f, sp.u);
	sp.block = dw_block_at(sp.f, sp.u, sp.link);
	while (sp.block != DW_NONE && inlines_around(sp.u, sp.block) > at->inline_depth)
		sp.block = sp.u->block[sp.block].parent;
	*ret = sp;
	return true;
}

/* ---- one block ------------------------------------------------------------------------------- */

/* Receives each variable a block declares; false ends the walk. */
typedef bool each_fn(void *arg, const struct variable *v);

/* Whether a child of the copy stands for the abstract DIE. */
static bool is_copied(struct dwfile *f, Dwarf_Die copy, u64 abstract)
{
	bool found = false;

	for (Dwarf_Die d = dw_child(f, copy); d; d = dw_next(f, d)) {
		u64 origin;

		found |= dw_ref(d, DW_AT_abstract_origin, &origin) && origin == abstract;
	}
	return found;
}

/* A lexical block without code of its own is as if it were not there: gdb's reading too. */
static bool is_transparent(Dwarf_Die die)
{
	return dw_tag(die) == DW_TAG_lexical_block && !dw_has(die, DW_AT_low_pc) &&
	       !dw_has(die, DW_AT_ranges);
}

static bool children_each(struct dwfile *f, Dwarf_Die die, Dwarf_Die copy, unsigned depth,
			  each_fn *each, void *arg)
{
	bool go = depth < DW_DEPTH_MAX;

	for (Dwarf_Die d = dw_child(f, die); d; d = dw_next(f, d)) {
		struct variable v;

		if (!go || (copy && is_copied(f, copy, dw_offset(d))))
			continue;
		if (is_transparent(d))
			go = children_each(f, d, copy, depth + 1, each, arg);
		else if (variable_tag(dw_tag(d)) && variable_of(f, d, &v) && v.name)
			go = each(arg, &v);
	}
	return go;
}

static bool block_each(struct dwfile *f, const struct dwblock *b, each_fn *each, void *arg)
{
	Dwarf_Die die = dw_die(f, b->die), origin;
	bool go;

	if (!die)
		return true;
	go = children_each(f, die, NULL, 0, each, arg);
	origin = go && b->origin ? dw_die(f, b->origin) : NULL;
	if (origin)
		go = children_each(f, origin, die, 0, each, arg);
	dw_free(origin);
	dw_free(die);
	return go;
}

/* ---- by name --------------------------------------------------------------------------------- */

struct wanted {
	const char *name;
	struct variable *ret;
	bool found;
};

static bool match(void *arg, const struct variable *v)
{
	struct wanted *w = arg;

	if (strcmp(v->name, w->name))
		return true;
	*w->ret = *v;
	w->found = true;
	return false;
}

/* Constants of enums that the block declares. */
static bool block_enums(struct dwfile *f, u64 offset, const char *name, struct variable *ret)
{
	Dwarf_Die die = offset ? dw_die(f, offset) : NULL;
	bool found = false;

	if (!die)
		return false;
	for (Dwarf_Die d = dw_child(f, die); d; d = dw_next(f, d))
		if (!found && dw_tag(d) == DW_TAG_enumeration_type)
			found = variable_of_enum(f, d, name, ret);
	dw_free(die);
	return found;
}

bool variable_find(struct symbols *s, const struct scope_at *at, const char *name,
		   struct variable *ret)
{
	struct wanted w = { .name = name, .ret = ret };
	struct spot sp = { .block = DW_NONE };
	bool here = spot_find(s, at, &sp);

	for (u32 b = sp.block; here && b != DW_NONE; b = sp.u->block[b].parent) {
		const struct dwblock *block = &sp.u->block[b];

		block_each(sp.f, block, match, &w);
		if (w.found || block_enums(sp.f, block->die, name, ret) ||
		    block_enums(sp.f, block->origin, name, ret))
			return true;
		/* The caller's variables are not visible in an inlined body. */
		if (is_body(block))
			break;
	}
	return s && variable_find_named(s, here ? sp.f : NULL, here ? sp.u : NULL, name, ret);
}

/* ---- all of a body --------------------------------------------------------------------------- */

struct listing {
	struct scope_block block;
	scope_each_fn *each;
	void *arg;
};

static bool list_one(void *arg, const struct variable *v)
{
	struct listing *l = arg;

	return l->each(l->arg, &l->block, v);
}

static const char *body_name(struct dwfile *f, const struct dwblock *b)
{
	Dwarf_Die die = dw_die(f, b->die);
	const char *name = die ? dw_name(f, die) : NULL;

	dw_free(die);
	return name;
}

int scope_each(struct symbols *s, const struct scope_at *at, scope_each_fn *each, void *arg,
	       struct err *err)
{
	struct listing l = { .each = each, .arg = arg };
	struct spot sp = { .block = DW_NONE };
	u32 b;

	if (!spot_find(s, at, &sp) || sp.block == DW_NONE)
		return err_set(err, ENOENT, "no debug information says which function is at 0x%llx",
			       (unsigned long long)at->pc);
	for (b = sp.block; b != DW_NONE && !is_body(&sp.u->block[b]); b = sp.u->block[b].parent)
		continue;
	if (b != DW_NONE)
		l.block.function = body_name(sp.f, &sp.u->block[b]);
	for (b = sp.block; b != DW_NONE; b = sp.u->block[b].parent) {
		const struct dwblock *block = &sp.u->block[b];

		l.block.is_function = is_body(block);
		l.block.is_inlined = block->tag == DW_TAG_inlined_subroutine;
		l.block.entry = dw_to_guest(sp.f, dw_entry(sp.f, sp.u, b));
		if (!block_each(sp.f, block, list_one, &l) || l.block.is_function)
			break;
	}
	return 0;
}

bool scope_keeps_registers(struct symbols *s, u64 pc)
{
	struct dwfile *f = s ? dw_file_at(s, pc) : NULL;
	struct dwunit *u = NULL;
	u64 link;

	if (f && dw_to_link(f, pc, &link))
		u = dw_unit_at(f, link);
	if (u)
		dw_unit_details(f, u);
	return u && u->producer && !strncmp(u->producer, "GNU ", 4) && !strstr(u->producer, " AS ");
}
