/*
 * elf.c - the symbol tables of an ELF file, through libelf; see symbols.h. The only user of libelf.
 *
 * The file may be damaged anywhere: libelf checks offsets against the file's size, what it hands
 * out is checked here once more (string offsets through elf_strptr).
 */
#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "private.h"

struct reader {
	struct symbols *index;
	Elf *elf;
	const char *path;
	u64 bias;
	u32 file;
	struct err *err;
};

static int damaged(struct reader *r, const char *what)
{
	return err_set(r->err, EBADMSG,
		       "%s: %s cannot be read (%s); the file is damaged or cut short", r->path,
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

/* End of the section a symbol lies in, for symbols without a size. Absolute symbols are values as
 * often as addresses: they cover their own address only. */
static u64 section_end(struct reader *r, u32 shndx, u64 addr)
{
	Elf_Scn *scn = shndx < SHN_LORESERVE ? elf_getscn(r->elf, shndx) : NULL;
	GElf_Shdr sh;

	if (!scn || !gelf_getshdr(scn, &sh) || addr < sh.sh_addr || addr - sh.sh_addr >= sh.sh_size)
		return addr + 1 ?: addr;
	return sh.sh_addr + sh.sh_size;
}

static int add_symbol(struct reader *r, const GElf_Sym *sym, const char *name)
{
	struct entry e = {
		.sym = {
			.name = name,
			.addr = sym->st_value + r->bias,
			.size = sym->st_shndx == SHN_ABS ? 0 : sym->st_size,
			.kind = symbol_kind(sym),
			.global = GELF_ST_BIND(sym->st_info) == STB_GLOBAL,
			.weak = GELF_ST_BIND(sym->st_info) == STB_WEAK,
		},
		.section = sym->st_shndx,
		.file = r->file,
	};

	e.end = section_end(r, sym->st_shndx, sym->st_value) + r->bias;
	return index_add(r->index, &e)
		       ? err_set(r->err, ENOMEM, "%s: no memory for its symbols", r->path)
		       : 0;
}

/* A private copy of the string table: the names outlive libelf's handle. */
static int copy_strings(struct reader *r, size_t section, char **ret, size_t *ret_n)
{
	Elf_Scn *scn = elf_getscn(r->elf, section);
	Elf_Data *data = scn ? elf_getdata(scn, NULL) : NULL;
	char **list, *copy;

	if (!data || !data->d_buf)
		return damaged(r, "the symbols' string table");
	list = realloc(r->index->strings, (r->index->n_strings + 1) * sizeof(*list));
	if (!list)
		return err_set(r->err, ENOMEM, "%s: no memory for its symbols", r->path);
	r->index->strings = list;
	copy = malloc(data->d_size + 1);
	if (!copy)
		return err_set(r->err, ENOMEM, "%s: no memory for its symbols", r->path);
	memcpy(copy, data->d_buf, data->d_size);
	copy[data->d_size] = '\0';
	list[r->index->n_strings++] = copy;
	*ret = copy;
	*ret_n = data->d_size;
	return 0;
}

static int read_table(struct reader *r, Elf_Scn *scn, const GElf_Shdr *sh)
{
	Elf_Data *data = elf_getdata(scn, NULL);
	size_t n_strings = 0, n = sh->sh_entsize ? sh->sh_size / sh->sh_entsize : 0;
	char *strings = NULL;
	GElf_Sym sym;
	int rc;

	if (!data)
		return damaged(r, "the symbol table");
	rc = copy_strings(r, sh->sh_link, &strings, &n_strings);
	for (size_t i = 1; i < n && !rc; i++) {
		if (!gelf_getsym(data, i, &sym))
			return damaged(r, "the symbol table");
		if (sym.st_name >= n_strings)
			return err_set(
				r->err, EBADMSG,
				"%s: symbol %zu has its name outside the string table; the file is damaged",
				r->path, i);
		if (symbol_kind(&sym) && strings[sym.st_name])
			rc = add_symbol(r, &sym, strings + sym.st_name);
	}
	return rc;
}

/* All sections of one type; *ret_found says whether there was one. */
static int read_tables(struct reader *r, u32 type, bool *ret_found)
{
	Elf_Scn *scn = NULL;
	GElf_Shdr sh;
	int rc = 0;

	while (!rc && (scn = elf_nextscn(r->elf, scn))) {
		if (!gelf_getshdr(scn, &sh))
			return damaged(r, "a section header");
		if (sh.sh_type == type) {
			*ret_found = true;
			rc = read_table(r, scn, &sh);
		}
	}
	return rc;
}

static int read_elf(struct reader *r)
{
	bool found = false;
	GElf_Ehdr eh;
	size_t n;
	int rc;

	if (elf_kind(r->elf) != ELF_K_ELF)
		return err_set(r->err, ENOEXEC,
			       "%s: not an ELF file, so it has no symbols; try --symbols FILE",
			       r->path);
	if (!gelf_getehdr(r->elf, &eh))
		return damaged(r, "the ELF header");
	if (elf_getshdrnum(r->elf, &n) || (eh.e_shoff && !n))
		return damaged(r, "the section header table");
	rc = read_tables(r, SHT_SYMTAB, &found);
	if (!rc && !found)
		rc = read_tables(r, SHT_DYNSYM, &found);
	return rc;
}

int elf_symbols_read(struct symbols *s, const char *path, u64 bias, u32 file, struct err *err)
{
	struct reader r = { .index = s, .path = path, .bias = bias, .file = file, .err = err };
	int fd = open(path, O_RDONLY | O_CLOEXEC), rc;

	if (fd < 0)
		return err_set(err, errno, "%s: %s", path, strerror(errno));
	elf_version(EV_CURRENT);
	r.elf = elf_begin(fd, ELF_C_READ, NULL);
	rc = r.elf ? read_elf(&r) : damaged(&r, "the file");
	elf_end(r.elf);
	close(fd);
	return rc;
}
