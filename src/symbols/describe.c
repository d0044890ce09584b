/*
 * describe.c - what info source says of the unit a source file belongs to, and the type behind a name
 * of info functions, variables and types; see source.h.
 */
#include <string.h>
#include "names.h"
#include "private.h"
#include "type_die.h"

/* ---- units ----------------------------------------------------------------------------------- */

/* gdb's names of languages (DWARF 5 "Language Codes"). */
static const char *language_name(u16 code)
{
	switch (code) {
	case DW_LANG_C:
	case DW_LANG_C89:
	case DW_LANG_C99:
	case DW_LANG_C11:
		return "c";
	case DW_LANG_C_plus_plus:
	case DW_LANG_C_plus_plus_03:
	case DW_LANG_C_plus_plus_11:
	case DW_LANG_C_plus_plus_14:
		return "c++";
	case DW_LANG_Mips_Assembler:
		return "asm";
	case DW_LANG_Rust:
		return "rust";
	case DW_LANG_D:
		return "d";
	case DW_LANG_Go:
		return "go";
	default:
		return "minimal";
	}
}

struct unit_search {
	struct dwfile *f;
	const char *path; /* of the source file */
	struct dwunit *found;
	bool exact; /* it is the unit's own file, not one it includes */
};

/* Whether `path` ends with the whole components of `name`. */
static bool path_ends(const char *path, const char *name)
{
	size_t n = strlen(path), k;

	while (!strncmp(name, "./", 2))
		name += 2;
	k = strlen(name);
	return k <= n && !strcmp(path + n - k, name) &&
	       (k == n || path[n - k - 1] == '/' || *name == '/');
}

static void unit_consider(void *arg, struct dwunit *u)
{
	struct unit_search *q = arg;
	bool exact;

	if (q->exact)
		return;
	dw_unit_details(q->f, u);
	exact = u->name && path_ends(q->path, u->name);
	if (exact || !q->found)
		q->found = u;
	q->exact = exact;
}

static bool unit_has_macros(struct dwfile *f, const struct dwunit *u)
{
	Dwarf_Die die = dw_die(f, u->die);
	u64 at;
	bool has = die && (dw_u64(die, DW_AT_macros, &at) || dw_u64(die, DW_AT_GNU_macros, &at) ||
			   dw_u64(die, DW_AT_macro_info, &at));

	dw_free(die);
	return has;
}

bool source_unit_of(struct symbols *s, const char *path, struct source_unit *ret)
{
	const char *slash = strrchr(path, '/');
	struct unit_search q = { .path = path };
	struct dwfile *f;

	for (size_t i = 0; !q.exact && (f = dw_file(s, i)); i++) {
		struct dwunit *before = q.found;

		if (dw_ready(f, NULL))
			continue;
		q.f = f;
		dw_units_naming(f, slash ? slash + 1 : path, unit_consider, &q);
		if (q.found == before)
			continue;
		*ret = (struct source_unit){
			.language = language_name(q.found->language),
			.producer = q.found->producer,
			.dwarf = q.found->version,
			.has_macros = unit_has_macros(f, q.found),
		};
	}
	return q.found;
}

/* ---- names ----------------------------------------------------------------------------------- */

const struct ctype *source_name_type(struct symbols *s, const struct source_name *n)
{
	struct dwfile *f = dw_file(s, n->file_index);
	const struct ctype *t = NULL;
	Dwarf_Die die;

	if (!f || dw_ready(f, NULL))
		return NULL;
	if (n->kind != SOURCE_VARIABLE)
		return type_at(f, n->die);
	die = dw_die(f, n->die);
	if (die)
		t = type_of(f, die);
	dw_free(die);
	return t;
}
