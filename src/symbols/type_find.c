/* type_find.c - types by name: in the unit asked about, then in all files; definitions of
 * declarations. */
#include <string.h>
#include "type_die.h"

static bool tag_fits(u16 tag, enum ctype_space space)
{
	switch (space) {
	case CTYPES_STRUCT:
		return tag == DW_TAG_structure_type || tag == DW_TAG_class_type;
	case CTYPES_UNION:
		return tag == DW_TAG_union_type;
	case CTYPES_ENUM:
		return tag == DW_TAG_enumeration_type;
	default:
		return tag == DW_TAG_typedef || tag == DW_TAG_base_type;
	}
}

/* Among the unit's own types; *ret_declared is set when only a declaration is there. */
static const struct ctype *find_in_unit(struct dwfile *f, const struct dwunit *u,
					enum ctype_space space, const char *name)
{
	Dwarf_Die top = dw_die(f, u->die);
	const struct ctype *t = NULL;

	if (!top)
		return NULL;
	for (Dwarf_Die d = dw_child(f, top); d; d = dw_next(f, d)) {
		const char *known;

		if (t || !tag_fits(dw_tag(d), space) || dw_flag(d, DW_AT_declaration))
			continue;
		known = dw_str(f, d, DW_AT_name);
		if (known && !strcmp(known, name))
			t = type_at(f, dw_offset(d));
	}
	dw_free(top);
	return t;
}

struct search {
	struct symbols *s;
	enum ctype_space space;
	const char *name;
	const struct ctype *found;
};

static bool consider(void *arg, const struct source_name *n)
{
	struct search *q = arg;
	struct dwfile *f;

	if (strcmp(n->name, q->name))
		return !strncmp(n->name, q->name, strlen(q->name));
	if (!tag_fits(n->tag, q->space))
		return true;
	f = dw_file(q->s, n->file_index);
	q->found = f ? type_at(f, n->die) : NULL;
	if (q->found && q->found->incomplete)
		q->found = NULL;
	return !q->found;
}

static const struct ctype *find_anywhere(struct symbols *s, enum ctype_space space, const char *name)
{
	struct search q = { .s = s, .space = space, .name = name };

	source_names_each(s, SOURCE_TYPE, name, false, consider, &q);
	return q.found;
}

const struct ctype *ctype_find(struct symbols *s, bool has_pc, u64 pc, enum ctype_space space,
			       const char *name)
{
	struct dwfile *f = s && has_pc ? dw_file_at(s, pc) : NULL;
	const struct ctype *t = NULL;
	struct dwunit *u;
	u64 link;

	if (!s)
		return NULL;
	if (f && dw_to_link(f, pc, &link) && (u = dw_unit_at(f, link)))
		t = find_in_unit(f, u, space, name);
	return t ?: find_anywhere(s, space, name);
}

unsigned ctype_pointer_size(struct symbols *s)
{
	struct dwfile *f;

	for (size_t i = 0; s && (f = dw_file(s, i)); i++)
		if (!dw_ready(f, NULL))
			return f->is64 ? 8 : 4;
	return 0;
}

/* ---- definitions of declarations ------------------------------------------------------------- */

const struct ctype *type_definition(const struct ctype *t)
{
	struct ctype *declared = (struct ctype *)t;
	struct dwfile *f = t->owner;
	enum ctype_space space = t->kind == CTYPE_STRUCT  ? CTYPES_STRUCT
				 : t->kind == CTYPE_UNION ? CTYPES_UNION
							  : CTYPES_ENUM;
	struct symbols *s = f->set;

	if (!t->name || !s)
		return t;
	if (!t->loaded) { /* what was found is kept where a declaration has no target */
		declared->loaded = 1;
		declared->target = find_anywhere(s, space, t->name);
	}
	return declared->target ?: t;
}
