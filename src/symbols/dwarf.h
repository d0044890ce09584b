/*
 * dwarf.h - one ELF file with its DWARF, inside src/symbols/ only: the sole door to libdwarf.
 *
 * Everything is lazy. Opening a file reads its ELF headers; libdwarf is started by the first
 * dw_ready(), the table of units by dw_units(), what a unit holds (details, blocks, lines) by the
 * first question about it, and is kept until the file is closed. Nothing here is thread-safe.
 *
 * Damaged files: every walk is bounded (DW_DEPTH_MAX, siblings only go forward), each helper answers
 * "not there" for what cannot be read; who must tell the user keeps the sentence of dw_ready().
 *
 * Two kinds of addresses: `link` as the file says them, `guest` as the guest runs them. All of DWARF
 * is in link addresses; dw_to_guest() and dw_to_link() translate (bias, sections moved on their own).
 */
#ifndef VMSTEP_SYMBOLS_DWARF_H
#define VMSTEP_SYMBOLS_DWARF_H

#include <dwarf.h>
#include <libdwarf.h>
#include <libelf.h>
#include <vmstep/source.h>
#include <vmstep/symbols.h>

enum { DW_DEPTH_MAX = 200, DW_NONE = 0xffffffff };

/* An allocated section. Those of a relocatable file are given link addresses one behind the other. */
struct dwarea {
	const char *name;
	u64 start, end;  /* link addresses */
	u64 bias;        /* guest - link, wrapping */
	u32 section;     /* its index */
	bool code, writable;
};

struct dwrange {
	u64 start, end; /* link addresses, end exclusive */
};

/*
 * A stretch of code with a scope of its own, in the order of the DIEs, so that a parent comes before
 * its children: DW_TAG_subprogram (with code), DW_TAG_inlined_subroutine, DW_TAG_lexical_block.
 */
struct dwblock {
	u64 die;         /* its DIE */
	u64 origin;      /* the abstract DIE it is a copy of; 0: none */
	u32 parent;      /* index of the block around it; DW_NONE for a function */
	u32 range, n_ranges; /* its part of unit->range[] */
	u16 tag;
	u16 depth;       /* 0 for a function not nested in another */
	const char *name; /* once asked for, see dw_block_name() */
	bool own_scope;  /* declares something itself; gdb has no block for a lexical block that does not */
};

struct dwlines; /* the line table: lines.h */

/* One compile or partial unit of .debug_info. */
struct dwunit {
	u64 header, end; /* offsets in .debug_info: its header, first byte behind it */
	u64 die;         /* of its unit DIE */
	u32 index;       /* its place in file->unit[] */
	u8 version, address_size, offset_size, type; /* type: DW_UT_* */

	/* by dw_unit_details() */
	bool detailed;
	const char *name, *comp_dir, *producer; /* NULL: not said */
	u16 language;     /* DW_LANG_*; 0: not said */
	u64 base;         /* DW_AT_low_pc, base of range and location lists */
	u64 addr_base, rnglists_base, loclists_base, str_base; /* of its tables by index */
	bool has_lines;   /* DW_AT_stmt_list is there */

	/* by dw_blocks() */
	bool blocked;
	struct dwblock *block;
	struct dwrange *range;
	struct source_range *guest; /* the same in guest addresses */
	u32 n_blocks, n_ranges;
	bool has_loclist; /* some variable's place is a location list (gdb then trusts the entry) */

	/* by dw_units_naming(): hashes of the base names of its files */
	bool naming;
	u32 *base_hash, n_bases;

	/* by dw_lines() */
	bool lined;
	struct dwlines *lines; /* NULL: none, or damaged */

	struct dwmacros *macros; /* by dw_macros(): macro.h */
};

/* Which unit has code at an address; sorted, for dw_unit_at(). */
struct dwspan {
	u64 start, end; /* link */
	u32 unit;
};

struct dwfile {
	char *path;       /* the file named by the user: code and ELF symbols */
	char *debug_path; /* where its DWARF is when it is a separate file; else NULL; by dw_ready() */
	char *debug_dirs; /* where to look for one */
	u32 index;        /* its place in the set */
	bool is64;
	u64 bias;         /* guest - link outside of every area, wrapping */
	struct dwarea *area; /* in the order of the sections */
	u32 n_areas;

	struct elfobj *obj;   /* path */
	struct elfobj *debug; /* what libdwarf reads: obj, or debug_path; by dw_ready() */
	Dwarf_Obj_Access_Interface *access; /* libdwarf holds on to it */
	Dwarf_Debug dbg;      /* NULL before dw_ready() and in a file without DWARF */
	bool tried, has_units, has_spans;
	struct err why;       /* why there is no dbg, or what of it is missing: the first trouble met */
	bool told;            /* the user knows */

	struct dwunit *unit; /* by offset */
	u32 n_units;
	struct dwspan *span;
	u32 n_spans;

	struct symbols *set; /* the set it is in */
	struct dwnames *names; /* the index of names: names.c */
	struct dwtypes *types; /* what the type reader keeps; freed through types_drop */
	void (*types_drop)(struct dwtypes *);
	struct dwcfi *cfi; /* what the unwinder keeps; freed through cfi_drop */
	void (*cfi_drop)(struct dwcfi *);
	struct source_files *files; /* interned names of source files */
	char **pool;      /* strings made here (demangled names), freed with the file */
	u32 n_pool;
};

/* ---- the file ------------------------------------------------------------------------------- */

/* ELF headers only; -ENOEXEC for what is no ELF file. */
int dwfile_open(const struct symbol_file *what, u32 index, const char *debug_dirs, struct dwfile **ret,
		struct err *err);
void dwfile_close(struct dwfile *f);
/* The files of a set, in the order they were given. */
struct dwfile *dw_file(const struct symbols *s, size_t index); /* NULL behind the last */
/* The file that has a section at a guest address; NULL if none has. */
struct dwfile *dw_file_at(const struct symbols *s, u64 guest);
u64 dw_to_guest(const struct dwfile *f, u64 link);
/* False when the address is in no allocated section of the file. */
bool dw_to_link(const struct dwfile *f, u64 guest, u64 *ret);
bool dw_covers(const struct dwfile *f, u64 link); /* some allocated section is there */
bool dw_is_code(const struct dwfile *f, u64 link); /* that one holds code */
/* `n` bytes of the file's own code or data at a link address; NULL if it has none there. */
const u8 *dw_bytes(const struct dwfile *f, u64 link, size_t n);

/* Starts libdwarf: 0, -ENOENT (no debug information), other errors: damaged. Cheap afterwards. */
int dw_ready(struct dwfile *f, struct err *err);
/* Something of it cannot be read ("a line table"): kept as `why` where nothing was wrong so far. */
void dw_damage(struct dwfile *f, const char *what);
/* The table of units; the same errors. */
int dw_units(struct dwfile *f, struct err *err);
/* The unit with code at a link address (.debug_aranges, else the units' ranges); NULL if none: nothing is
 * read for an address in data. */
struct dwunit *dw_unit_at(struct dwfile *f, u64 link);
/* The unit that holds a DIE. */
struct dwunit *dw_unit_of(struct dwfile *f, u64 die_offset);
void dw_unit_details(struct dwfile *f, struct dwunit *u);

/* ---- DIEs: whoever gets a Dwarf_Die frees it with dw_free() ---------------------------------- */

Dwarf_Die dw_die(struct dwfile *f, u64 offset); /* NULL: no DIE starts there */
void dw_free(Dwarf_Die die);                    /* NULL is fine */
Dwarf_Die dw_child(struct dwfile *f, Dwarf_Die die); /* first child, NULL: none */
Dwarf_Die dw_sibling(struct dwfile *f, Dwarf_Die die);
/* The same, but frees `die`: for (d = dw_child(f, p); d; d = dw_next(f, d)). */
Dwarf_Die dw_next(struct dwfile *f, Dwarf_Die die);
/*
 * Every DIE below `die`, parents first. `each` says whether to go into its children; a negative
 * answer ends the walk. Depth 0 is a child of `die`. Bounded in depth.
 */
enum dw_walk { DW_STOP = -1, DW_OVER = 0, DW_INTO = 1 };
typedef enum dw_walk dw_walk_fn(void *arg, struct dwfile *f, Dwarf_Die die, u16 tag, unsigned depth);
void dw_walk(struct dwfile *f, Dwarf_Die die, dw_walk_fn *each, void *arg);

u16 dw_tag(Dwarf_Die die);      /* 0: unreadable */
u64 dw_offset(Dwarf_Die die);   /* in .debug_info */
/* ---- attributes: false (or NULL) when absent, of another class, or unreadable ----------------- */
bool dw_has(Dwarf_Die die, u16 attr);
bool dw_u64(Dwarf_Die die, u16 attr, u64 *ret); /* constants of any form, addresses, offsets, flags */
bool dw_s64(Dwarf_Die die, u16 attr, s64 *ret);
bool dw_flag(Dwarf_Die die, u16 attr);
bool dw_addr(Dwarf_Die die, u16 attr, u64 *ret); /* link address, also indexed forms */
bool dw_ref(Dwarf_Die die, u16 attr, u64 *ret);  /* offset of the DIE meant */
const char *dw_str(struct dwfile *f, Dwarf_Die die, u16 attr); /* lives as long as the file */
/* DW_AT_name, also through DW_AT_abstract_origin and DW_AT_specification. */
const char *dw_name(struct dwfile *f, Dwarf_Die die);
/* The name for the user: C's as it is, in C++ with scope and parameters. Lives as long as the file. */
const char *dw_full_name(struct dwfile *f, struct dwunit *u, Dwarf_Die die);
const char *dw_linkage_name(struct dwfile *f, Dwarf_Die die); /* NULL: none */
/* Keeps a malloced string as long as the file; returns it. */
const char *dw_keep(struct dwfile *f, char *text);
/* Any attribute, also through those two: the DIE that has it (to be freed), NULL if none. */
Dwarf_Die dw_origin_with(struct dwfile *f, Dwarf_Die die, u16 attr);
/* The attribute itself for the evaluators; freed with dwarf_dealloc_attribute(). NULL: absent. */
Dwarf_Attribute dw_attr(Dwarf_Die die, u16 attr);
/* Entries of the unit's tables: an address of .debug_addr, a list's place in its section. */
bool dw_indexed_addr(struct dwfile *f, struct dwunit *u, u64 index, u64 *ret);
const char *dw_indexed_string(struct dwfile *f, struct dwunit *u, u64 index, u8 offset_size);
bool dw_indexed_list(struct dwfile *f, struct dwunit *u, const char *section, u64 base, u64 index, u64 *ret);
/* low/high or range list, empty ones left out; *ret is malloced. 0 ranges: no code. */
size_t dw_ranges(struct dwfile *f, struct dwunit *u, Dwarf_Die die, struct dwrange **ret);

/* ---- blocks --------------------------------------------------------------------------------- */

/* Reads the unit's blocks; nothing happens the second time. */
void dw_blocks(struct dwfile *f, struct dwunit *u);
/* Index of the innermost block around a link address, DW_NONE if none. */
u32 dw_block_at(struct dwfile *f, struct dwunit *u, u64 link);
/* Where a function or an inlined copy is entered, link address. */
u64 dw_entry(struct dwfile *f, struct dwunit *u, u32 block);
/* Its function's name as shown to the user ("ns::f(int)" in C++); NULL: none, or a lexical block. */
const char *dw_block_name(struct dwfile *f, struct dwunit *u, u32 block);
bool dw_block_has(const struct dwunit *u, const struct dwblock *b, u64 link);

#endif
