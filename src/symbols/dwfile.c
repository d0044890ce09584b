/* dwfile.c - one file of the set: where its sections run, its life; see dwarf.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "object.h"
#include "private.h"

/* Where .text was linked: add-symbol-file says where it is now. */
static int text_bias(struct dwfile *f, const struct symbol_file *what, struct err *err)
{
	u32 text = elfobj_find(f->obj, ".text");

	if (!what->at_text) {
		f->bias = what->bias - (f->obj->eh.e_type == ET_REL ? RELOCATE_BASE : 0);
		return 0;
	}
	if (!text)
		return err_set(err, ENOENT,
			       "%s: it has no section .text, so its address cannot be given",
			       f->path);
	f->bias = what->text - f->obj->section[text].sh.sh_addr;
	return 0;
}

static void add_area(struct dwfile *f, u32 section)
{
	const struct elfobj_section *s = &f->obj->section[section];
	struct dwarea *a = &f->area[f->n_areas++];

	a->name = s->name ?: "";
	a->start = s->sh.sh_addr;
	a->end = a->start + s->sh.sh_size;
	if (a->end < a->start)
		a->end = UINT64_MAX;
	a->bias = f->bias;
	a->section = section;
	a->code = s->sh.sh_flags & SHF_EXECINSTR;
	a->writable = s->sh.sh_flags & SHF_WRITE;
}

/* TLS sections overlap what follows them and are no addresses. */
static bool is_area(const GElf_Shdr *sh)
{
	return (sh->sh_flags & SHF_ALLOC) && !(sh->sh_flags & SHF_TLS) && sh->sh_size;
}

static int read_areas(struct dwfile *f, struct err *err)
{
	u32 n = 0;

	for (u32 i = 1; i < f->obj->n; i++)
		n += is_area(&f->obj->section[i].sh);
	f->area = calloc(n + 1, sizeof(*f->area));
	if (!f->area)
		return err_set(err, ENOMEM, "%s: no memory for its sections", f->path);
	for (u32 i = 1; i < f->obj->n; i++)
		if (is_area(&f->obj->section[i].sh))
			add_area(f, i);
	return 0;
}

/* add-symbol-file -s NAME ADDR. */
static int move_sections(struct dwfile *f, const struct symbol_file *what, struct err *err)
{
	for (size_t i = 0; i < what->n_sections; i++) {
		const struct symbol_section *w = &what->section[i];
		bool found = false;

		for (u32 j = 0; j < f->n_areas; j++) {
			struct dwarea *a = &f->area[j];

			if (strcmp(a->name, w->name))
				continue;
			a->bias = w->addr - a->start;
			found = true;
		}
		if (!found)
			return err_set(err, ENOENT, "%s: it has no section %.100s with addresses",
				       f->path, w->name);
	}
	return 0;
}

static int open_file(struct dwfile *f, const struct symbol_file *what, const char *debug_dirs,
		     struct err *err)
{
	int rc;

	f->path = strdup(what->path);
	f->debug_dirs = strdup(debug_dirs ?: "/usr/lib/debug");
	if (!f->path || !f->debug_dirs)
		return err_set(err, ENOMEM, "%s: no memory", what->path);
	rc = elfobj_open(what->path, &f->obj, err);
	if (rc)
		return rc;
	f->is64 = f->obj->eh.e_ident[EI_CLASS] == ELFCLASS64;
	relocate_layout(f->obj, is_area);
	rc = text_bias(f, what, err);
	if (!rc)
		rc = read_areas(f, err);
	if (!rc)
		rc = move_sections(f, what, err);
	return rc;
}

static const struct dwarea *area_of_link(const struct dwfile *f, u64 link)
{
	for (u32 i = 0; i < f->n_areas; i++)
		if (link >= f->area[i].start && link < f->area[i].end)
			return &f->area[i];
	return NULL;
}

int dwfile_open(const struct symbol_file *what, u32 index, const char *debug_dirs,
		struct dwfile **ret, struct err *err)
{
	struct dwfile *f = calloc(1, sizeof(*f));
	int rc;

	if (!f)
		return err_set(err, ENOMEM, "%s: no memory", what->path);
	f->index = index;
	rc = open_file(f, what, debug_dirs, err);
	if (rc) {
		dwfile_close(f);
		return rc;
	}
	*ret = f;
	return 0;
}

void dwfile_close(struct dwfile *f)
{
	if (!f)
		return;
	if (f->types && f->types_drop)
		f->types_drop(f->types);
	if (f->cfi && f->cfi_drop)
		f->cfi_drop(f->cfi);
	dw_units_drop(f);
	dw_finish(f);
	elfobj_close(f->obj);
	free(f->area);
	free(f->debug_dirs);
	free(f->path);
	free(f);
}

struct dwfile *dw_file(const struct symbols *s, size_t index)
{
	return s && index < s->n_files ? s->file[index] : NULL;
}

struct dwfile *dw_file_at(const struct symbols *s, u64 guest)
{
	u64 link;

	for (u32 i = 0; s && i < s->n_files; i++)
		if (dw_to_link(s->file[i], guest, &link))
			return s->file[i];
	return NULL;
}

u64 dw_to_guest(const struct dwfile *f, u64 link)
{
	const struct dwarea *a = area_of_link(f, link);

	/* The end of a section is no part of it, but moves with it. */
	if (!a && link)
		a = area_of_link(f, link - 1);
	return link + (a ? a->bias : f->bias);
}

bool dw_to_link(const struct dwfile *f, u64 guest, u64 *ret)
{
	for (u32 i = 0; i < f->n_areas; i++) {
		u64 link = guest - f->area[i].bias;

		if (link >= f->area[i].start && link < f->area[i].end) {
			*ret = link;
			return true;
		}
	}
	return false;
}

bool dw_covers(const struct dwfile *f, u64 link)
{
	return area_of_link(f, link) != NULL;
}

bool dw_is_code(const struct dwfile *f, u64 link)
{
	const struct dwarea *a = area_of_link(f, link);

	return a && a->code;
}

const u8 *dw_bytes(const struct dwfile *f, u64 link, size_t n)
{
	const struct dwarea *a = area_of_link(f, link);
	const u8 *bytes = a ? elfobj_bytes(f->obj, a->section) : NULL;

	if (!bytes || n > a->end - link)
		return NULL;
	return bytes + (link - a->start);
}
