/*
 * linehead.c - see linehead.h and the DWARF standard, "The Line Number Program Header".
 *
 * Our own reading and not libdwarf's: its version 20210528 reads names through pointers it never set
 * when the table of directories is damaged, and decodes all rows of a unit to tell its files' names.
 */
#include <stdlib.h>
#include <string.h>
#include "linehead.h"
#include "private.h"

enum { ENTRIES_MAX = 1 << 20, LNCT_PATH = 1, LNCT_DIRECTORY = 2 };

struct headreader {
	struct cursor at;
	struct dwsection line_str, str;
	struct linehead *h;
	bool is64;
	u32 cap_dirs, cap_files;
};

static void add_dir(struct headreader *r, const char *name)
{
	struct linehead *h = r->h;

	if (h->n_dirs == r->cap_dirs) {
		u32 cap = r->cap_dirs ? r->cap_dirs * 2 : 16;
		const char **p = cap <= ENTRIES_MAX ? realloc(h->dir, cap * sizeof(*p)) : NULL;

		r->at.bad |= !p;
		if (!p)
			return;
		h->dir = p;
		r->cap_dirs = cap;
	}
	h->dir[h->n_dirs++] = name;
}

static void add_file(struct headreader *r, const char *name, u64 dir)
{
	struct linehead *h = r->h;

	if (h->n_files == r->cap_files) {
		u32 cap = r->cap_files ? r->cap_files * 2 : 16;
		struct lineheadfile *p = cap <= ENTRIES_MAX ? realloc(h->file, cap * sizeof(*p))
							    : NULL;

		r->at.bad |= !p;
		if (!p)
			return;
		h->file = p;
		r->cap_files = cap;
	}
	h->file[h->n_files++] = (struct lineheadfile){ name, dir > ENTRIES_MAX ? ENTRIES_MAX : dir };
}

/* Versions 2 to 4: strings up to an empty one; numbers begin at 1. */
static void read_old(struct headreader *r)
{
	const char *name;

	add_dir(r, NULL);
	while (!r->at.bad && (name = cursor_string(&r->at)) && *name)
		add_dir(r, name);
	add_file(r, NULL, 0);
	while (!r->at.bad && (name = cursor_string(&r->at)) && *name) {
		u64 dir = cursor_uleb(&r->at);

		cursor_uleb(&r->at); /* time */
		cursor_uleb(&r->at); /* size */
		add_file(r, name, dir);
	}
}

/* One value of an entry: a string, a number, or neither, passed over. */
static void read_form(struct headreader *r, u64 form, const char **ret_name, u64 *ret_number)
{
	struct cursor *c = &r->at;
	unsigned offset = r->is64 ? 8 : 4;

	switch (form) {
	case DW_FORM_string:
		*ret_name = cursor_string(c);
		break;
	case DW_FORM_line_strp:
		*ret_name = dw_section_string(&r->line_str, cursor_get(c, offset));
		break;
	case DW_FORM_strp:
		*ret_name = dw_section_string(&r->str, cursor_get(c, offset));
		break;
	case DW_FORM_udata:
		*ret_number = cursor_uleb(c);
		break;
	case DW_FORM_data1:
		*ret_number = cursor_get(c, 1);
		break;
	case DW_FORM_data2:
		*ret_number = cursor_get(c, 2);
		break;
	case DW_FORM_data4:
		*ret_number = cursor_get(c, 4);
		break;
	case DW_FORM_data8:
		*ret_number = cursor_get(c, 8);
		break;
	case DW_FORM_data16: /* a checksum */
		cursor_get(c, 8);
		cursor_get(c, 8);
		break;
	case DW_FORM_block:
		cursor_skip(c, cursor_uleb(c));
		break;
	default:
		c->bad = true;
	}
}

/* Version 5: a description of the entries, then the entries; numbers begin at 0. */
static void read_entries(struct headreader *r, bool files)
{
	u8 n_formats = cursor_get(&r->at, 1);
	u64 what[256], form[256], count;

	for (int i = 0; i < n_formats; i++) {
		what[i] = cursor_uleb(&r->at);
		form[i] = cursor_uleb(&r->at);
	}
	count = cursor_uleb(&r->at);
	if (!n_formats && count) /* entries without bytes could be any number */
		r->at.bad = true;
	for (u64 i = 0; i < count && !r->at.bad; i++) {
		const char *name = NULL;
		u64 dir = 0;

		for (int k = 0; k < n_formats && !r->at.bad; k++) {
			const char *text = NULL;
			u64 number = 0;

			read_form(r, form[k], &text, &number);
			if (what[k] == LNCT_PATH)
				name = text;
			else if (what[k] == LNCT_DIRECTORY)
				dir = number;
		}
		if (files)
			add_file(r, name, dir);
		else
			add_dir(r, name);
	}
}

static bool read_head(struct headreader *r)
{
	struct linehead *h = r->h;
	struct cursor *c = &r->at;
	u64 length = cursor_get(c, 4), head;

	r->is64 = length == 0xffffffff;
	if (r->is64)
		length = cursor_get(c, 8);
	if (length > (u64)(c->end - c->p))
		return false;
	c->end = h->end = c->p + length;
	h->version = cursor_get(c, 2);
	if (h->version < 2 || h->version > 5)
		return false;
	if (h->version == 5)
		cursor_get(c, 2); /* sizes of an address and a segment selector */
	head = cursor_get(c, r->is64 ? 8 : 4);
	if (head > (u64)(c->end - c->p))
		return false;
	h->program = c->p + head;
	h->min_length = cursor_get(c, 1);
	h->max_ops = h->version >= 4 ? cursor_get(c, 1) : 1;
	h->default_stmt = cursor_get(c, 1);
	h->line_base = cursor_get(c, 1);
	h->line_range = cursor_get(c, 1);
	h->opcode_base = cursor_get(c, 1);
	for (int i = 1; i < h->opcode_base; i++)
		h->operands[i] = cursor_get(c, 1);
	return !c->bad && h->line_range && h->opcode_base;
}

void linehead_deinit(struct linehead *h)
{
	free(h->dir);
	free(h->file);
}

bool linehead_read(struct dwfile *f, u64 offset, struct linehead *ret)
{
	struct dwsection line = dw_section(f, ".debug_line");
	struct headreader r = { .h = ret };

	memset(ret, 0, sizeof(*ret));
	r.at = dw_section_at(&line, offset);
	if (r.at.bad)
		return false;
	r.line_str = dw_section(f, ".debug_line_str");
	r.str = dw_section(f, ".debug_str");
	if (!read_head(&r))
		return false;
	if (ret->version == 5) {
		read_entries(&r, false);
		read_entries(&r, true);
	} else {
		read_old(&r);
	}
	if (!r.at.bad)
		return true;
	linehead_deinit(ret);
	return false;
}
