/* lists.c - all source files, all names of a kind; see source.h. */
#include <stdlib.h>
#include <string.h>
#include "files.h"
#include "lines.h"
#include "names.h"
#include "private.h"

/* Files are interned, so that each is told once: after all units have been read. */
void source_files_each(struct symbols *s, bool (*each)(void *arg, const struct source_file *),
		       void *arg)
{
	for (u32 i = 0; i < s->n_files; i++) {
		struct dwfile *f = s->file[i];

		if (dw_units(f, NULL))
			continue;
		for (u32 j = 0; j < f->n_units; j++) {
			files_of_unit(f, &f->unit[j]);
			dw_lines(f, &f->unit[j]);
		}
		if (!files_each(f, each, arg))
			return;
	}
}

struct find {
	struct dwfile *f;
	const char *wanted;
	const struct source_file *found;
};

static void find_in_unit(void *arg, struct dwunit *u)
{
	struct find *q = arg;
	struct dwlines *l = q->found ? NULL : dw_lines(q->f, u);

	for (u32 i = 0; l && i < l->n_numbers && !q->found; i++)
		if (l->number[i] && files_match(l->number[i], q->wanted))
			q->found = l->number[i];
}

const struct source_file *source_file_find(struct symbols *s, const char *file)
{
	const char *slash = strrchr(file, '/');
	struct find q = { .wanted = file };

	for (u32 i = 0; i < s->n_files && !q.found; i++) {
		q.f = s->file[i];
		dw_units_naming(q.f, slash ? slash + 1 : file, find_in_unit, &q);
	}
	return q.found;
}

/* A name with the file it comes from, for the order. */
struct listed {
	struct dwfile *f;
	const struct dwname *n;
};

static int by_name(const void *a, const void *b)
{
	const struct listed *x = a, *y = b;
	int c = strcmp(x->n->name, y->n->name);

	if (c)
		return c;
	if (x->f != y->f)
		return x->f->index < y->f->index ? -1 : 1;
	if (x->n->unit != y->n->unit)
		return x->n->unit < y->n->unit ? -1 : 1;
	return x->n->at < y->n->at ? -1 : x->n->at > y->n->at;
}

static const char *keyword(u16 tag)
{
	switch (tag) {
	case DW_TAG_structure_type:
		return "struct ";
	case DW_TAG_class_type:
		return "class ";
	case DW_TAG_union_type:
		return "union ";
	case DW_TAG_enumeration_type:
		return "enum ";
	case DW_TAG_typedef:
		return "typedef ";
	default:
		return "";
	}
}

bool source_has_variable(struct symbols *s, const char *name)
{
	u32 n = 0;

	for (u32 i = 0; i < s->n_files && !n; i++)
		dw_names_find(s->file[i], SOURCE_VARIABLE, name, &n);
	return n != 0;
}

void source_name_place(struct symbols *s, struct source_name *ret)
{
	struct dwfile *f = dw_file(s, ret->file_index);
	struct dwunit *u = f ? dw_unit_of(f, ret->die) : NULL;
	Dwarf_Die die = u ? dw_die(f, ret->die) : NULL;
	Dwarf_Die with = die ? dw_origin_with(f, die, DW_AT_decl_line) : NULL;
	u64 v;

	if (die && ret->kind != SOURCE_TYPE)
		ret->name = dw_full_name(f, u, die) ?: ret->name;
	if (with && dw_u64(with, DW_AT_decl_file, &v))
		ret->file = dw_numbered_file(f, dw_unit_of(f, dw_offset(with)), v);
	if (with && dw_u64(with, DW_AT_decl_line, &v))
		ret->line = v;
	if (u && !ret->file)
		ret->file = files_of_unit(f, u);
	dw_free(with);
	dw_free(die);
}

static bool tell(struct symbols *s, const struct listed *l, enum source_kind kind, bool with_place,
		 bool (*each)(void *arg, const struct source_name *), void *arg)
{
	struct source_name out = {
		.name = l->n->name,
		.kind = kind,
		.tag = l->n->tag,
		.keyword = keyword(l->n->tag),
		.external = l->n->external,
		.file_index = l->f->index,
		.die = dw_name_die(l->f, l->n),
	};

	if (with_place)
		source_name_place(s, &out);
	return each(arg, &out);
}

void source_names_each(struct symbols *s, enum source_kind kind, const char *prefix,
		       bool with_place, bool (*each)(void *arg, const struct source_name *),
		       void *arg)
{
	size_t len = prefix ? strlen(prefix) : 0, total = 0, n = 0;
	struct listed *list;

	for (u32 i = 0; i < s->n_files; i++) {
		const struct dwnamelist *l = dw_names(s->file[i], kind);

		total += l ? l->n : 0;
	}
	list = malloc((total + 1) * sizeof(*list));
	if (!list)
		return;
	for (u32 i = 0; i < s->n_files; i++) {
		const struct dwnamelist *l = dw_names(s->file[i], kind);

		for (u32 j = 0; l && j < l->n; j++)
			if (!len || !strncmp(l->name[j].name, prefix, len))
				list[n++] = (struct listed){ s->file[i], &l->name[j] };
	}
	qsort(list, n, sizeof(*list), by_name);
	for (size_t i = 0; i < n; i++)
		if (!tell(s, &list[i], kind, with_place, each, arg))
			break;
	free(list);
}
