/* scope_names.c - names of whole files: globals, statics, functions, constants of enums. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "variable.h"

/* The best of several of one name: in the unit asked about, then what is external, then the first. */
struct best {
	struct symbols *s;
	const char *name;
	const struct dwfile *file; /* preferred */
	const struct dwunit *unit;
	const char *source; /* only declared in this file; NULL: any */
	struct variable v;
	int rank; /* 0: nothing yet */
};

static int rank_of(const struct best *b, const struct source_name *n)
{
	if (b->unit && dw_file(b->s, n->file_index) == b->file && n->die > b->unit->header &&
	    n->die < b->unit->end)
		return 3;
	return n->external ? 2 : 1;
}

/* Whole path components from the end. */
static bool path_matches(const struct source_file *f, const char *want)
{
	size_t n = strlen(want), len = f ? strlen(f->path) : 0;

	return f && len >= n && !strcmp(f->path + len - n, want) &&
	       (len == n || f->path[len - n - 1] == '/' || *want == '/');
}

static bool consider(void *arg, const struct source_name *n)
{
	struct best *b = arg;
	int rank = rank_of(b, n);
	struct dwfile *f;
	Dwarf_Die die;
	struct variable v;

	if (strcmp(n->name, b->name))
		return strncmp(n->name, b->name, strlen(b->name)) == 0;
	if (rank <= b->rank || (b->source && !path_matches(n->file, b->source)))
		return true;
	f = dw_file(b->s, n->file_index);
	die = f ? dw_die(f, n->die) : NULL;
	if (die && variable_of(f, die, &v)) {
		b->v = v;
		b->rank = rank;
	}
	dw_free(die);
	return b->rank < 3;
}

static bool unit_enums(struct dwfile *f, const struct dwunit *u, const char *name,
		       struct variable *ret)
{
	Dwarf_Die top = dw_die(f, u->die);
	bool found = false;

	if (!top)
		return false;
	for (Dwarf_Die d = dw_child(f, top); d; d = dw_next(f, d))
		if (!found && dw_tag(d) == DW_TAG_enumeration_type)
			found = variable_of_enum(f, d, name, ret);
	dw_free(top);
	return found;
}

/* Constants of enums are in no index: all files are read for a name that nothing else has, as long as
 * that is bearable. */
static bool enums_everywhere(struct symbols *s, const char *name, struct variable *ret)
{
	enum { BYTES_MAX = 48 << 20 };
	struct dwfile *f;
	u64 bytes = 0;

	for (size_t i = 0; (f = dw_file(s, i)); i++) {
		if (dw_units(f, NULL))
			continue;
		for (u32 k = 0; k < f->n_units && bytes < BYTES_MAX; k++) {
			bytes += f->unit[k].end - f->unit[k].header;
			if (unit_enums(f, &f->unit[k], name, ret))
				return true;
		}
	}
	return false;
}

bool variable_find_named(struct symbols *s, struct dwfile *f, struct dwunit *unit, const char *name,
			 struct variable *ret)
{
	struct best b = { .s = s, .name = name, .file = f, .unit = unit };

	source_names_each(s, SOURCE_VARIABLE, name, false, consider, &b);
	if (b.rank < 3)
		source_names_each(s, SOURCE_FUNCTION, name, false, consider, &b);
	if (b.rank < 3 && unit && unit_enums(f, unit, name, ret))
		return true;
	if (b.rank) {
		*ret = b.v;
		return true;
	}
	/* A label of hand-written code is no constant: it is not looked for in every file. */
	return !symbols_find(s, name) && enums_everywhere(s, name, ret);
}

/* ---- scope::name ----------------------------------------------------------------------------- */

struct inside {
	const char *name;
	struct variable *ret;
	bool found;
};

static enum dw_walk look(void *arg, struct dwfile *f, Dwarf_Die die, u16 tag, unsigned depth)
{
	struct inside *in = arg;
	const char *name;

	if (variable_tag(tag) && (name = dw_name(f, die)) && !strcmp(name, in->name) &&
	    variable_of(f, die, in->ret)) {
		in->found = true;
		return DW_STOP;
	}
	return tag == DW_TAG_lexical_block ? DW_INTO : DW_OVER;
}

static bool in_function(struct symbols *s, const char *function, const char *name,
			struct variable *ret)
{
	struct inside in = { .name = name, .ret = ret };
	struct source_function *list;
	size_t n;

	if (source_functions(s, NULL, function, &list, &n, NULL))
		return false;
	for (size_t i = 0; i < n && !in.found; i++) {
		struct dwfile *f = dw_file(s, list[i].file_index);
		Dwarf_Die die = f ? dw_die(f, list[i].die) : NULL;
		u64 origin;

		if (!die)
			continue;
		dw_walk(f, die, look, &in);
		if (!in.found && dw_ref(die, DW_AT_abstract_origin, &origin)) {
			Dwarf_Die abstract = dw_die(f, origin);

			if (abstract)
				dw_walk(f, abstract, look, &in);
			dw_free(abstract);
		}
		dw_free(die);
	}
	free(list);
	return in.found;
}

bool variable_find_in(struct symbols *s, const char *scope, const char *name, struct variable *ret)
{
	struct best b = { .s = s, .name = name, .source = scope };

	if (in_function(s, scope, name, ret))
		return true;
	source_names_each(s, SOURCE_VARIABLE, name, true, consider, &b);
	source_names_each(s, SOURCE_FUNCTION, name, true, consider, &b);
	if (b.rank)
		*ret = b.v;
	return b.rank;
}
