/*
 * fullname.c - names for the user: C++ ones with scope and parameters, from the linker's name by
 * libiberty's demangler, the one gdb uses.
 */
#include <libiberty/demangle.h>
#undef ARRAY_SIZE /* it brings one of its own */
#include <stdlib.h>
#include <string.h>
#include "private.h"

enum { MANGLED_MAX = 4096 }; /* longer ones are shown as they are: a demangler's work may explode */

static bool is_cxx(const struct dwunit *u)
{
	switch (u->language) {
	case DW_LANG_C_plus_plus:
	case DW_LANG_C_plus_plus_03:
	case DW_LANG_C_plus_plus_11:
	case DW_LANG_C_plus_plus_14:
		return true;
	default:
		return false;
	}
}

const char *dw_linkage_name(struct dwfile *f, Dwarf_Die die)
{
	static const u16 attr[] = { DW_AT_linkage_name, DW_AT_MIPS_linkage_name };

	for (size_t i = 0; i < ARRAY_SIZE(attr); i++) {
		Dwarf_Die with = dw_origin_with(f, die, attr[i]);
		const char *name = with ? dw_str(f, with, attr[i]) : NULL;

		dw_free(with);
		if (name)
			return name;
	}
	return NULL;
}

char *source_demangle(const char *name)
{
	if (!name || name[0] != '_' || strnlen(name, MANGLED_MAX) == MANGLED_MAX)
		return NULL;
	return cplus_demangle(name, DMGL_PARAMS | DMGL_ANSI | DMGL_AUTO);
}

const char *dw_keep(struct dwfile *f, char *text)
{
	char **p = text ? realloc(f->pool, (f->n_pool + 1) * sizeof(*p)) : NULL;

	if (!p) {
		free(text);
		return NULL;
	}
	f->pool = p;
	f->pool[f->n_pool++] = text;
	return text;
}

const char *dw_full_name(struct dwfile *f, struct dwunit *u, Dwarf_Die die)
{
	const char *linkage;
	char *full = NULL;

	dw_unit_details(f, u);
	linkage = is_cxx(u) ? dw_linkage_name(f, die) : NULL;
	if (linkage)
		full = source_demangle(linkage);
	return full ? dw_keep(f, full) : dw_name(f, die);
}
