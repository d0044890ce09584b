/* functions.c - the function and the inlined copies around an address; see source.h. */
#include <stdlib.h>
#include <string.h>
#include "functions.h"
#include "lines.h"
#include "private.h"
#include "prologue.h"

/* Unit and innermost block at a guest address. */
struct spot {
	struct dwfile *f;
	struct dwunit *u;
	u64 link;
	u32 block;
};

static bool find_spot(struct symbols *s, u64 addr, struct spot *ret)
{
	ret->f = dw_file_at(s, addr);
	if (!ret->f || !dw_to_link(ret->f, addr, &ret->link))
		return false;
	ret->u = dw_unit_at(ret->f, ret->link);
	if (!ret->u)
		return false;
	ret->block = dw_block_at(ret->f, ret->u, ret->link);
	return ret->block != DW_NONE;
}

static u32 function_of(const struct dwunit *u, u32 block)
{
	while (block != DW_NONE && u->block[block].tag != DW_TAG_subprogram)
		block = u->block[block].parent;
	return block;
}

/* A number of the DIE or of what it is a copy of. */
static u64 inherited(struct dwfile *f, Dwarf_Die die, u16 attr)
{
	Dwarf_Die with = dw_origin_with(f, die, attr);
	u64 v = 0;

	if (!with || !dw_u64(with, attr, &v))
		v = 0;
	dw_free(with);
	return v;
}

/* The file of a declaration: its number counts in the unit of the DIE that says it. */
static const struct source_file *declared_in(struct dwfile *f, Dwarf_Die die)
{
	Dwarf_Die with = dw_origin_with(f, die, DW_AT_decl_file);
	struct dwunit *u = with ? dw_unit_of(f, dw_offset(with)) : NULL;
	u64 number;
	bool said = u && dw_u64(with, DW_AT_decl_file, &number);

	dw_free(with);
	return said ? dw_numbered_file(f, u, number) : NULL;
}

static void fill_call(struct dwfile *f, struct dwunit *u, Dwarf_Die die,
		      struct source_function *ret)
{
	u64 v;

	if (dw_u64(die, DW_AT_call_file, &v))
		ret->call_file = dw_numbered_file(f, u, v);
	if (dw_u64(die, DW_AT_call_line, &v))
		ret->call_line = v;
	if (dw_u64(die, DW_AT_call_column, &v))
		ret->call_column = v;
}

static void fill_die(struct dwfile *f, struct dwunit *u, Dwarf_Die die, struct source_function *ret)
{
	const char *linkage = dw_linkage_name(f, die);

	ret->linkage = linkage && ret->name && strcmp(linkage, ret->name) ? linkage : NULL;
	ret->file = declared_in(f, die);
	ret->line = inherited(f, die, DW_AT_decl_line);
	ret->external = inherited(f, die, DW_AT_external);
	if (ret->inlined)
		fill_call(f, u, die, ret);
}

static void fill_ranges(struct dwfile *f, struct dwunit *u, const struct dwblock *b,
			struct source_function *ret)
{
	ret->range = &u->guest[b->range];
	ret->n_ranges = b->n_ranges;
	ret->low = UINT64_MAX;
	for (u32 i = 0; i < b->n_ranges; i++) {
		if (ret->range[i].start < ret->low)
			ret->low = ret->range[i].start;
		if (ret->range[i].end > ret->high)
			ret->high = ret->range[i].end;
	}
}

/*
 * Where it is entered: the first piece of its list, as gdb has it. DW_AT_entry_pc of optimised copies
 * often names an empty view between instructions that several copies share.
 */
u64 dw_entry(struct dwfile *f, struct dwunit *u, u32 block)
{
	return u->range[u->block[block].range].start;
}

void function_fill(struct dwfile *f, struct dwunit *u, u32 block, struct source_function *ret)
{
	const struct dwblock *b = &u->block[block];
	Dwarf_Die die = dw_die(f, b->die);

	memset(ret, 0, sizeof(*ret));
	ret->name = dw_block_name(f, u, block);
	ret->inlined = b->tag == DW_TAG_inlined_subroutine;
	ret->file_index = f->index;
	ret->die = b->die;
	ret->entry = dw_to_guest(f, dw_entry(f, u, block));
	fill_ranges(f, u, b, ret);
	if (die)
		fill_die(f, u, die, ret);
	dw_free(die);
}

bool source_function_at(struct symbols *s, u64 addr, struct source_function *ret)
{
	struct spot at;
	u32 block = find_spot(s, addr, &at) ? function_of(at.u, at.block) : DW_NONE;

	if (block == DW_NONE)
		return false;
	function_fill(at.f, at.u, block, ret);
	return true;
}

size_t source_inlines_at(struct symbols *s, u64 addr, struct source_function *ret, size_t max)
{
	struct spot at;
	size_t n = 0;

	if (!find_spot(s, addr, &at))
		return 0;
	for (u32 i = at.block; i != DW_NONE && n < max; i = at.u->block[i].parent) {
		if (at.u->block[i].tag == DW_TAG_subprogram)
			break;
		if (at.u->block[i].tag == DW_TAG_inlined_subroutine)
			function_fill(at.f, at.u, i, &ret[n++]);
	}
	return n;
}

/* Only ELF symbols: a function of known size, else to its section's end. */
static u64 skip_elf(struct symbols *s, u64 addr)
{
	const struct symbol *sym = symbols_at(s, addr);
	struct dwfile *f = dw_file_at(s, addr);
	u64 link, end;

	if (!sym || sym->addr != addr || sym->kind == 'O' || !f || !dw_to_link(f, addr, &link))
		return addr;
	end = link + (sym->size ?: 64);
	return dw_to_guest(f, prologue_end_elf(f, link, end));
}

u64 source_skip_frame(struct symbols *s, u64 addr)
{
	struct spot at;
	u32 block = find_spot(s, addr, &at) ? function_of(at.u, at.block) : DW_NONE;

	if (block == DW_NONE || at.link != dw_entry(at.f, at.u, block))
		return addr;
	return dw_to_guest(at.f, prologue_frame(at.f, at.u, block));
}

u64 source_skip_prologue(struct symbols *s, u64 addr)
{
	struct spot at;
	u32 block = find_spot(s, addr, &at) ? function_of(at.u, at.block) : DW_NONE;
	u64 end;

	if (block == DW_NONE)
		return skip_elf(s, addr);
	end = prologue_end(at.f, at.u, block);
	return end > at.link && at.link >= dw_entry(at.f, at.u, block) ? dw_to_guest(at.f, end)
									: addr;
}
