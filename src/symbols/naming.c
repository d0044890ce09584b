/*
 * naming.c - which units name which source files, without decoding their line tables: the heads of
 * the tables are read once and the hashes of base names kept.
 */
#include <stdlib.h>
#include <string.h>
#include "linehead.h"
#include "names.h"
#include "private.h"

static u32 hash_of(const char *s)
{
	u32 h = 2166136261u;

	while (*s)
		h = (h ^ (u8)*s++) * 16777619u;
	return h;
}

static void hash_files(struct dwunit *u, const struct linehead *h)
{
	u->base_hash = malloc((h->n_files + 1) * sizeof(*u->base_hash));
	for (u32 i = 0; u->base_hash && i < h->n_files; i++) {
		const char *name = h->file[i].name, *slash = name ? strrchr(name, '/') : NULL;

		if (name)
			u->base_hash[u->n_bases++] = hash_of(slash ? slash + 1 : name);
	}
}

static void read_hashes(struct dwfile *f, struct dwunit *u)
{
	struct linehead head;
	Dwarf_Die die;
	u64 offset;

	u->naming = true;
	dw_unit_details(f, u);
	die = u->has_lines ? dw_die(f, u->die) : NULL;
	if (die && dw_u64(die, DW_AT_stmt_list, &offset) && linehead_read(f, offset, &head)) {
		hash_files(u, &head);
		linehead_deinit(&head);
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
