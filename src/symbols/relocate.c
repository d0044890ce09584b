/*
 * relocate.c - the debug sections of a relocatable file (a kernel module, an object file) as a linker
 * would leave them, its sections being at the addresses in their headers; see object.h.
 *
 * Relocations: "System V ABI, AMD64 Supplement" and "Intel386 Supplement", "Relocation Types". What
 * they name lies in this file; symbols of others count as 0, as nothing of the debug information is there.
 */
#include <string.h>
#include "object.h"

/* S + A, minus P where it is relative, in `size` bytes; size 0: a type no debug section has. */
struct how {
	u8 size;
	bool relative;
};

static struct how how_of(const struct elfobj *o, u32 type)
{
	if (o->eh.e_machine == EM_X86_64)
		switch (type) {
		case R_X86_64_64: case R_X86_64_DTPOFF64:
			return (struct how){ 8, false };
		case R_X86_64_32: case R_X86_64_32S: case R_X86_64_DTPOFF32:
			return (struct how){ 4, false };
		case R_X86_64_16:
			return (struct how){ 2, false };
		case R_X86_64_8:
			return (struct how){ 1, false };
		case R_X86_64_PC32: case R_X86_64_PLT32:
			return (struct how){ 4, true };
		case R_X86_64_PC64:
			return (struct how){ 8, true };
		}
	else if (o->eh.e_machine == EM_386)
		switch (type) {
		case R_386_32: case R_386_TLS_LDO_32:
			return (struct how){ 4, false };
		case R_386_16:
			return (struct how){ 2, false };
		case R_386_8:
			return (struct how){ 1, false };
		case R_386_PC32: case R_386_PLT32:
			return (struct how){ 4, true };
		}
	return (struct how){ 0, false };
}

static u64 symbol_value(struct elfobj *o, Elf_Data *symbols, u64 index)
{
	GElf_Sym sym;

	if (!symbols || index > INT32_MAX || !gelf_getsym(symbols, index, &sym))
		return 0;
	return sym.st_value + (sym.st_shndx < o->n ? o->section[sym.st_shndx].sh.sh_addr : 0);
}

static void apply(struct elfobj *o, const GElf_Shdr *at, Elf_Data *symbols, const GElf_Rela *r,
		  bool has_addend, u8 *bytes, u64 size)
{
	struct how how = how_of(o, GELF_R_TYPE(r->r_info));
	u64 v = 0;

	if (!GELF_R_TYPE(r->r_info))
		return;
	if (!how.size || r->r_offset > size || how.size > size - r->r_offset) {
		o->n_odd++;
		return;
	}
	if (has_addend)
		v = r->r_addend;
	else
		memcpy(&v, bytes + r->r_offset, how.size);
	v += symbol_value(o, symbols, GELF_R_SYM(r->r_info));
	if (how.relative)
		v -= at->sh_addr + r->r_offset;
	memcpy(bytes + r->r_offset, &v, how.size); /* little-endian, as all that is read here */
}

static void apply_section(struct elfobj *o, u32 table, const GElf_Shdr *at, u8 *bytes, u64 size)
{
	const GElf_Shdr *sh = &o->section[table].sh;
	Elf_Data *data = elf_getdata(elf_getscn(o->elf, table), NULL), *symbols;
	Elf_Scn *scn = elf_getscn(o->elf, sh->sh_link);
	GElf_Rela rela;
	GElf_Rel rel;
	u64 n = sh->sh_entsize ? sh->sh_size / sh->sh_entsize : 0;

	symbols = scn ? elf_getdata(scn, NULL) : NULL;
	for (u64 i = 0; data && i < n && i <= INT32_MAX; i++) {
		if (sh->sh_type == SHT_RELA) {
			if (!gelf_getrela(data, i, &rela))
				break;
		} else {
			if (!gelf_getrel(data, i, &rel))
				break;
			rela = (GElf_Rela){ rel.r_offset, rel.r_info, 0 };
		}
		apply(o, at, symbols, &rela, sh->sh_type == SHT_RELA, bytes, size);
	}
}

/* Debug information and unwind tables; code is looked at as the compiler wrote it. */
bool relocate_wanted(const struct elfobj *o, u32 section)
{
	const char *name = o->section[section].name;

	return o->eh.e_type == ET_REL && name &&
	       (!strncmp(name, ".debug", 6) || !strcmp(name, ".eh_frame"));
}

void relocate_section(struct elfobj *o, u32 section, u8 *bytes)
{
	const struct elfobj_section *s = &o->section[section];

	for (u32 i = 1; i < o->n; i++)
		if ((o->section[i].sh.sh_type == SHT_RELA || o->section[i].sh.sh_type == SHT_REL) &&
		    o->section[i].sh.sh_info == section)
			apply_section(o, i, &s->sh, bytes, s->size);
}

void relocate_layout(struct elfobj *o, bool (*wanted)(const GElf_Shdr *sh))
{
	u64 next = RELOCATE_BASE;

	for (u32 i = 1; o->eh.e_type == ET_REL && i < o->n; i++) {
		GElf_Shdr *sh = &o->section[i].sh;
		u64 align = sh->sh_addralign;

		sh->sh_addr = 0;
		if (!wanted(sh))
			continue;
		if (align > 1 && align <= 1 << 20)
			next += (align - next % align) % align;
		sh->sh_addr = next;
		next += sh->sh_size;
	}
}

void relocate_layout_as(struct elfobj *o, const struct elfobj *program)
{
	if (o->eh.e_type != ET_REL || program->eh.e_type != ET_REL)
		return;
	for (u32 i = 1; i < o->n; i++)
		o->section[i].sh.sh_addr = i < program->n ? program->section[i].sh.sh_addr : 0;
}
