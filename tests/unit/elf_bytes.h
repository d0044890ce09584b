/*
 * elf_bytes.h - ELF files with symbol tables, built byte by byte, so that odd and damaged ones need
 * no binary in the repository. Layout: header, .text, symbol table, string table, section names,
 * section headers.
 */
#ifndef ELF_BYTES_H
#define ELF_BYTES_H

#include <elf.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct elf_sym {
	const char *name;
	uint64_t value, size;
	uint8_t type, bind;
	uint16_t
		section; /* 1: .text (0x1000, 0x100 bytes), 2: .data (0x2000, 0x40 bytes), or SHN_* */
};

struct elf_file {
	uint8_t b[8192];
	size_t n;
	size_t symtab, strtab, shdrs; /* file offsets, for tests that damage one */
};

enum { ELF_TEXT = 1, ELF_DATA = 2, ELF_SYMTAB = 3, ELF_STRTAB = 4, ELF_SECTIONS = 5 };

/* One little-endian field. */
static inline void elf_put(struct elf_file *f, uint64_t v, unsigned size)
{
	for (unsigned i = 0; i < size; i++)
		f->b[f->n++] = v >> (8 * i);
}

static inline void elf_header(struct elf_file *f, int is64, size_t shoff)
{
	unsigned w = is64 ? 8 : 4;

	memcpy(f->b, "\177ELF", 4);
	f->b[4] = is64 ? ELFCLASS64 : ELFCLASS32;
	f->b[5] = ELFDATA2LSB;
	f->b[6] = EV_CURRENT;
	f->n = 16;
	elf_put(f, ET_EXEC, 2);
	elf_put(f, is64 ? EM_X86_64 : EM_386, 2);
	elf_put(f, EV_CURRENT, 4);
	elf_put(f, 0x1000, w); /* entry */
	elf_put(f, 0, w);      /* program headers: none */
	elf_put(f, shoff, w);
	elf_put(f, 0, 4);
	elf_put(f, is64 ? 64 : 52, 2);
	elf_put(f, 0, 2);
	elf_put(f, 0, 2);
	elf_put(f, is64 ? 64 : 40, 2);
	elf_put(f, ELF_SECTIONS, 2);
	elf_put(f, 0, 2); /* section names: none */
}

static inline void elf_section(struct elf_file *f, int is64, uint32_t type, uint64_t addr,
			       uint64_t off, uint64_t size, uint32_t link, uint64_t entsize)
{
	unsigned w = is64 ? 8 : 4;

	elf_put(f, 0, 4);
	elf_put(f, type, 4);
	elf_put(f, 0, w);
	elf_put(f, addr, w);
	elf_put(f, off, w);
	elf_put(f, size, w);
	elf_put(f, link, 4);
	elf_put(f, 0, 4);
	elf_put(f, 1, w);
	elf_put(f, entsize, w);
}

static inline void elf_symbol(struct elf_file *f, int is64, uint32_t name, const struct elf_sym *s)
{
	uint8_t info = s->bind << 4 | s->type;

	elf_put(f, name, 4);
	if (is64) {
		elf_put(f, info, 1);
		elf_put(f, 0, 1);
		elf_put(f, s->section, 2);
		elf_put(f, s->value, 8);
		elf_put(f, s->size, 8);
	} else {
		elf_put(f, s->value, 4);
		elf_put(f, s->size, 4);
		elf_put(f, info, 1);
		elf_put(f, 0, 1);
		elf_put(f, s->section, 2);
	}
}

/* table: SHT_SYMTAB or SHT_DYNSYM; SHT_NULL: a file without symbols. */
static inline void elf_build(struct elf_file *f, int is64, uint32_t table,
			     const struct elf_sym *sym, size_t n)
{
	static const struct elf_sym null_sym;
	size_t entsize = is64 ? 24 : 16, syms, strs, names = 1, name = 1;

	memset(f, 0, sizeof(*f));
	for (size_t i = 0; i < n; i++)
		names += strlen(sym[i].name) + 1;
	f->symtab = syms = 128;
	f->strtab = strs = syms + (n + 1) * entsize;
	f->shdrs = (strs + names + 7) & ~(size_t)7;
	elf_header(f, is64, f->shdrs);
	f->n = syms;
	elf_symbol(f, is64, 0, &null_sym);
	for (size_t i = 0; i < n; i++) {
		elf_symbol(f, is64, name, &sym[i]);
		strcpy((char *)f->b + strs + name, sym[i].name);
		name += strlen(sym[i].name) + 1;
	}
	f->n = f->shdrs;
	elf_section(f, is64, SHT_NULL, 0, 0, 0, 0, 0);
	elf_section(f, is64, SHT_NOBITS, 0x1000, 0, 0x100, 0, 0);
	elf_section(f, is64, SHT_NOBITS, 0x2000, 0, 0x40, 0, 0);
	elf_section(f, is64, table, 0, syms, (n + 1) * entsize, ELF_STRTAB, entsize);
	elf_section(f, is64, SHT_STRTAB, 0, strs, names, 0, 0);
}

/* Writes the first n bytes to a new temporary file; its name is in `path` until the next call. */
static inline const char *elf_write(const struct elf_file *f, size_t n)
{
	static char path[64];
	int fd;

	strcpy(path, "/tmp/vmstep-elf-XXXXXX");
	fd = mkstemp(path);
	if (fd < 0 || write(fd, f->b, n) != (ssize_t)n || close(fd)) {
		printf("Bail out! %s cannot be written\n", path);
		exit(1);
	}
	return path;
}

#endif
