/*
 * naming.c - which units name which source files, without decoding their line tables: the heads of
 * the tables are read once and the hashes of base names kept.
 */
#include <stdlib.h>
#include <string.h>
#include "names.h"
#include "private.h"

static u32 hash_of(const char *s)
{
	u32 h = 2166136261u;

	while (*s)
		h = (h ^ (u8)*s++) * 16777619u;
	return h;
}

static void read_hashes(struct dwfile *f, struct dwunit *u)
{
	Dwarf_Error e = NULL;
	Dwarf_Die die;
	Dwarf_Signed n = 0;
	char **list = NULL;

	u->naming = true;
	dw_unit_details(f, u);
	die = u->has_lines ? dw_die(f, u->die) : NULL;
	if (!die)
		return;
	if (dwarf_srcfiles(die, &list, &n, &e) == DW_DLV_OK) {
		u->base_hash = malloc((n + 1) * sizeof(*u->base_hash));
		for (Dwarf_Signed i = 0; i < n; i++) {
			const char *slash = strrchr(list[i], '/');

			if (u->base_hash)
				u->base_hash[u->n_bases++] = hash_of(slash ? slash + 1 : list[i]);
			dwarf_dealloc(f->dbg, list[i], DW_DLA_STRING);
		}
		dwarf_dealloc(f->dbg, list, DW_DLA_LIST);
	}
	dw_free(die);
}

void dw_units_naming(struct dwfile *f, const char *base, void (*each)(void *arg, struct dwunit *u),
		     void *arg)
{
	u32 hash = hash_of(base);

	if (dw_units(f, NULL))
		return;
	for (u32 i = 0; i < f->n_units; i++) {
		struct dwunit *u = &f->unit[i];

		if (!u->naming)
			read_hashes(f, u);
		for (u32 j = 0; j < u->n_bases; j++) {
			if (u->base_hash[j] == hash) {
				each(arg, u);
				break;
			}
		}
	}
}
