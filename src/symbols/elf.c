/*
 * elf.c - the symbol tables of an ELF file, through libelf; see symbols.h.
 *
 * The file may be damaged anywhere: libelf checks offsets against the file's size, what it hands
 * out is checked here once more.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "debuglink.h"
#include "object.h"
#include "private.h"

struct reader {
	struct symbols *index; /* NULL: only a check whether the tables can be read */
	struct dwfile *file;
	struct elfobj *obj; /* the table's file: the program, or its debug file */
	const char *strings;
	size_t n_strings;
	struct err *err;
};

static int damaged(struct reader *r, const char *what)
{
	return err_set(r->err, EBADMSG,
		       "%s: %s cannot be read (%s); the file is damaged or cut short", r->obj->path,
		       what, elf_errmsg(-1) ?: "no reason given");
}

/* What counts as a name for an address. Sections, files, TLS offsets and mapping symbols do not. */
static char symbol_kind(const GElf_Sym *sym)
{
	if (sym->st_shndx == SHN_UNDEF || sym->st_shndx == SHN_COMMON)
		return 0;
	switch (GELF_ST_TYPE(sym->st_info)) {
	case STT_FUNC:
	case STT_GNU_IFUNC:
		return 'F';
	case STT_OBJECT:
		return 'O';
	case STT_NOTYPE:
		return 'N';
	default:
		return 0;
	}
}

/* A debug file has the sections of its program, with the same numbers and addresses. */
static const struct dwarea *area_of(struct reader *r, u32 shndx)
{
	for (u32 i = 0; shndx < SHN_LORESERVE && i < r->file->n_areas; i++)
		if (r->file->area[i].section == shndx)
			return &r->file->area[i];
	return NULL;
}

/*
 * Where a symbol is, and the end of its section, for symbols without a size. Absolute symbols are
 * values as often as addresses: they are not moved with the file and cover their own address only.
 */
static void place_symbol(struct reader *r, const GElf_Sym *sym, struct entry *e)
{
	const struct dwarea *a = area_of(r, sym->st_shndx);
	const GElf_Shdr *sh = sym->st_shndx < SHN_LORESERVE && sym->st_shndx < r->obj->n
				      ? &r->obj->section[sym->st_shndx].sh
				      : NULL;
	u64 at = sym->st_value, bias = r->file->bias;

	if (sh && r->obj->eh.e_type == ET_REL) /* values count from their section's beginning */
		at += sh->sh_addr;
	e->end = at + 1 ?: at;
	if (sh && at >= sh->sh_addr && at - sh->sh_addr < sh->sh_size)
		e->end = sh->sh_addr + sh->sh_size;
	if (sym->st_shndx == SHN_ABS)
		bias = 0;
	else if (a)
		bias = a->bias;
	e->sym.addr = at + bias;
	e->end += bias;
}

static int add_symbol(struct reader *r, const GElf_Sym *sym, const char *name)
{
	struct entry e = {
		.sym = {
			.name = name,
			.size = sym->st_shndx == SHN_ABS ? 0 : sym->st_size,
			.kind = symbol_kind(sym),
			.global = GELF_ST_BIND(sym->st_info) == STB_GLOBAL,
			.weak = GELF_ST_BIND(sym->st_info) == STB_WEAK,
		},
		.section = sym->st_shndx,
		.file = r->file->index,
	};

	place_symbol(r, sym, &e);
	return index_add(r->index, &e)
		       ? err_set(r->err, ENOMEM, "%s: no memory for its symbols", r->obj->path)
		       : 0;
}

/* The names stay in the file's memory. */
static int find_strings(struct reader *r, u32 section)
{
	const u8 *bytes = elfobj_bytes(r->obj, section);

	if (!bytes)
		return damaged(r, "the symbols' string table");
	r->strings = (const char *)bytes;
	r->n_strings = r->obj->section[section].size;
	return 0;
}

/* NULL: no name. A table cut short may have a last name without an end. */
static const char *symbol_name(struct reader *r, const GElf_Sym *sym)
{
	const char *name = r->strings + sym->st_name;

	if (!*name || (r->strings[r->n_strings - 1] &&
		       !memchr(name, '\0', r->n_strings - sym->st_name)))
		return NULL;
	return name;
}

static int read_table(struct reader *r, u32 section)
{
	const GElf_Shdr *sh = &r->obj->section[section].sh;
	size_t n = sh->sh_entsize ? sh->sh_size / sh->sh_entsize : 0;
	Elf_Scn *scn = elf_getscn(r->obj->elf, section);
	Elf_Data *data = scn ? elf_getdata(scn, NULL) : NULL;
	GElf_Sym sym;
	int rc;

	if (!data)
		return damaged(r, "the symbol table");
	rc = n > 1 ? find_strings(r, sh->sh_link) : 0;
	for (size_t i = 1; i < n && !rc; i++) {
		if (!gelf_getsym(data, i, &sym))
			return damaged(r, "the symbol table");
		if (sym.st_name >= r->n_strings)
			return err_set(
				r->err, EBADMSG,
				"%s: symbol %zu has its name outside the string table; the file is damaged",
				r->obj->path, i);
		if (r->index && symbol_kind(&sym) && symbol_name(r, &sym))
			rc = add_symbol(r, &sym, symbol_name(r, &sym));
	}
	return rc;
}

/* All sections of one type; *ret_found says whether there was one. */
static int read_tables(struct reader *r, u32 type, bool *ret_found)
{
	int rc = 0;

	for (u32 i = 1; i < r->obj->n && !rc; i++) {
		if (r->obj->section[i].sh.sh_type != type)
			continue;
		*ret_found = true;
		rc = read_table(r, i);
	}
	return rc;
}

/* A stripped program has its table in the debug file, else only what the dynamic linker needs. */
static int read_file(struct symbols *index, struct dwfile *f, struct err *err)
{
	struct reader r = { .index = index, .file = f, .obj = f->obj, .err = err };
	bool found = false;
	int rc = read_tables(&r, SHT_SYMTAB, &found);

	if (found)
		return rc;
	if (!dw_ready(f, NULL) && f->debug != f->obj) {
		r.obj = f->debug;
		rc = read_tables(&r, SHT_SYMTAB, &found);
	}
	r.obj = f->obj;
	return found || rc ? rc : read_tables(&r, SHT_DYNSYM, &found);
}

int elf_symbols_check(struct dwfile *f, struct err *err)
{
	return read_file(NULL, f, err);
}

int elf_symbols_read(struct symbols *s, struct dwfile *f)
{
	return read_file(s, f, NULL);
}
