/*
 * load_elf.c - ELF files that bring their own machine code and no operating system: statically
 * linked executables, loaded by physical address. Written against the ELF header layouts of
 * <elf.h>; every number from the file is checked before it is used.
 */
#include "internal.h"

#include <elf.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { PHDRS_MAX = 64 };

/* What is needed of a file header and of a program header, whatever the class. */
struct elf_file {
	const struct image *img;
	bool is64;
	u16 type, machine;
	u64 entry, phoff;
	u16 phnum, phentsize;
};

static int header_read(const struct image *img, struct elf_file *ret, struct err *err)
{
	union {
		u8 ident[EI_NIDENT];
		Elf64_Ehdr h64;
		Elf32_Ehdr h32;
	} h;
	int rc = image_read(img, 0, h.ident, EI_NIDENT, "the ELF identification", err);

	if (rc)
		return rc;
	if (h.ident[EI_CLASS] != ELFCLASS64 && h.ident[EI_CLASS] != ELFCLASS32)
		return err_set(
			err, EINVAL,
			"%s: offset 4 says ELF class %u, only 1 (32-bit) and 2 (64-bit) exist",
			img->name, h.ident[EI_CLASS]);
	if (h.ident[EI_DATA] != ELFDATA2LSB)
		return err_set(err, EINVAL,
			       "%s: offset 5 says big-endian: give a file built for x86",
			       img->name);
	ret->img = img;
	ret->is64 = h.ident[EI_CLASS] == ELFCLASS64;
	rc = image_read(img, 0, &h, ret->is64 ? sizeof(h.h64) : sizeof(h.h32), "the ELF header",
			err);
	if (rc)
		return rc;
	ret->type = ret->is64 ? h.h64.e_type : h.h32.e_type;
	ret->machine = ret->is64 ? h.h64.e_machine : h.h32.e_machine;
	ret->entry = ret->is64 ? h.h64.e_entry : h.h32.e_entry;
	ret->phoff = ret->is64 ? h.h64.e_phoff : h.h32.e_phoff;
	ret->phnum = ret->is64 ? h.h64.e_phnum : h.h32.e_phnum;
	ret->phentsize = ret->is64 ? h.h64.e_phentsize : h.h32.e_phentsize;
	return 0;
}

static int header_check(const struct elf_file *f, struct err *err)
{
	const char *name = f->img->name;
	u16 entsize = f->is64 ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr);

	if (f->machine != EM_X86_64 && f->machine != EM_386)
		return err_set(err, EINVAL,
			       "%s: offset 18 says machine %u, which is no x86: build it for "
			       "x86-64 or i386",
			       name, f->machine);
	if (f->is64 && f->machine != EM_X86_64)
		return err_set(err, EINVAL,
			       "%s: a 64-bit ELF file for i386 cannot be: it is damaged", name);
	if (f->type == ET_DYN)
		return err_set(err, EINVAL,
			       "%s is position independent and would need a loader to relocate it: "
			       "link it with "
			       "-static -no-pie",
			       name);
	if (f->type != ET_EXEC)
		return err_set(
			err, EINVAL,
			"%s: offset 16 says ELF type %u, not an executable (2): link it first",
			name, f->type);
	if (!f->phnum)
		return err_set(
			err, EINVAL,
			"%s has no program headers, so nothing says what to load: link it first",
			name);
	if (f->phnum > PHDRS_MAX)
		return err_set(
			err, EINVAL,
			"%s: offset %d says %u program headers, more than the %d vmstep takes",
			name, f->is64 ? 56 : 44, f->phnum, PHDRS_MAX);
	if (f->phentsize != entsize)
		return err_set(err, EINVAL,
			       "%s: offset %d says program headers of %u bytes, they have %u: it "
			       "is damaged",
			       name, f->is64 ? 54 : 42, f->phentsize, entsize);
	return 0;
}

static int phdr_read(const struct elf_file *f, unsigned i, Elf64_Phdr *ret, struct err *err)
{
	Elf32_Phdr p;
	char what[40];
	int rc;

	snprintf(what, sizeof(what), "program header %u", i);
	if (f->phoff > UINT64_MAX - 0x10000)
		return err_set(err, EINVAL,
			       "%s: the program headers' offset %#" PRIx64
			       " is beyond any file: it is damaged",
			       f->img->name, f->phoff);
	if (f->is64)
		return image_read(f->img, f->phoff + i * sizeof(*ret), ret, sizeof(*ret), what,
				  err);
	rc = image_read(f->img, f->phoff + i * sizeof(p), &p, sizeof(p), what, err);
	if (!rc)
		*ret = (Elf64_Phdr){ .p_type = p.p_type,
				     .p_flags = p.p_flags,
				     .p_offset = p.p_offset,
				     .p_vaddr = p.p_vaddr,
				     .p_paddr = p.p_paddr,
				     .p_filesz = p.p_filesz,
				     .p_memsz = p.p_memsz,
				     .p_align = p.p_align };
	return rc;
}

static int segment_check(const struct machine *m, const struct elf_file *f, unsigned i,
			 const Elf64_Phdr *p, struct err *err)
{
	const char *name = f->img->name;

	if (p->p_filesz > p->p_memsz)
		return err_set(err, EINVAL,
			       "%s: program header %u has %#" PRIx64
			       " bytes in the file but %#" PRIx64 " in memory: it is damaged",
			       name, i, (u64)p->p_filesz, (u64)p->p_memsz);
	if (p->p_paddr + p->p_memsz < p->p_paddr || p->p_vaddr + p->p_memsz - 1 < p->p_vaddr)
		return err_set(err, EINVAL,
			       "%s: program header %u ends beyond the address space (%#" PRIx64
			       " + %#" PRIx64 "): it is damaged",
			       name, i, (u64)p->p_paddr, (u64)p->p_memsz);
	if (!machine_hva(m, p->p_paddr, p->p_memsz))
		return err_set(err, ENOSPC,
			       "%s: program header %u wants %#" PRIx64
			       " bytes at physical address %#" PRIx64
			       ", outside the guest's RAM of %#" PRIx64
			       " bytes: give more with -m, or link it with low "
			       "load addresses",
			       name, i, (u64)p->p_memsz, (u64)p->p_paddr, m->ram_size);
	return 0;
}

/* A segment linked high but loaded low: note that it has to be mapped. */
static int segment_map(const struct machine *m, const struct elf_file *f, unsigned i,
		       const Elf64_Phdr *p, struct elf_info *ret, struct err *err)
{
	u64 in_page = p->p_vaddr & 0xfff;

	if (!f->is64 || p->p_vaddr < tables_identity_end(m))
		return 0;
	if (in_page != (p->p_paddr & 0xfff))
		return err_set(err, EINVAL,
			       "%s: program header %u lies at %#" PRIx64
			       " but is loaded at %#" PRIx64
			       ", which no page table can map: align both alike",
			       f->img->name, i, (u64)p->p_vaddr, (u64)p->p_paddr);
	if ((s64)(p->p_vaddr << 16) >> 16 != (s64)p->p_vaddr)
		return err_set(err, EINVAL,
			       "%s: program header %u has the non-canonical address %#" PRIx64
			       ": it is damaged",
			       f->img->name, i, (u64)p->p_vaddr);
	if (ret->n_high == ARRAY_SIZE(ret->high))
		return err_set(err, E2BIG,
			       "%s: more than %zu segments are linked high: merge some of them",
			       f->img->name, ARRAY_SIZE(ret->high));
	ret->high[ret->n_high++] = (struct high_map){
		.va = p->p_vaddr - in_page,
		.gpa = p->p_paddr - in_page,
		.size = align_up(in_page + p->p_memsz, 4096),
	};
	return 0;
}

/* Kernels linked high name their entry either way; the virtual address counts first. */
static void entry_note(const struct elf_file *f, const Elf64_Phdr *p, struct elf_info *ret)
{
	if (f->entry - p->p_vaddr < p->p_memsz) {
		ret->entry_phys = f->entry - p->p_vaddr + p->p_paddr;
		ret->entry_high =
			f->is64 && ret->n_high &&
			f->entry - ret->high[ret->n_high - 1].va < ret->high[ret->n_high - 1].size;
		ret->entry_inside = true;
	} else if (!ret->entry_inside && f->entry - p->p_paddr < p->p_memsz) {
		ret->entry_phys = f->entry;
		ret->entry_inside = true;
	}
}

static int segment_load(struct machine *m, const struct elf_file *f, unsigned i,
			const Elf64_Phdr *p, struct elf_info *ret, struct err *err)
{
	char what[56];
	int rc = segment_check(m, f, i, p, err);

	if (!rc)
		rc = segment_map(m, f, i, p, ret, err);
	if (rc)
		return rc;
	snprintf(what, sizeof(what), "ELF segment %u", i);
	rc = extent_load(m, f->img, p->p_offset, p->p_filesz, p->p_paddr, p->p_memsz, what, err);
	if (rc)
		return rc;
	entry_note(f, p, ret);
	if (p->p_paddr + p->p_memsz > ret->end)
		ret->end = p->p_paddr + p->p_memsz;
	return 0;
}

int elf_load_segments(struct machine *m, const struct image *img, struct elf_info *ret,
		      struct err *err)
{
	struct elf_file f = { 0 };
	int rc = header_read(img, &f, err);

	if (!rc)
		rc = header_check(&f, err);
	if (rc)
		return rc;
	*ret = (struct elf_info){ .is64 = f.is64, .machine = f.machine, .entry = f.entry };
	for (unsigned i = 0; i < f.phnum; i++) {
		Elf64_Phdr p;

		rc = phdr_read(&f, i, &p, err);
		if (rc)
			return rc;
		if (p.p_type == PT_INTERP)
			return err_set(err, EINVAL,
				       "%s is dynamically linked for an operating system: link it "
				       "with -static "
				       "-nostdlib -no-pie",
				       img->name);
		if (p.p_type == PT_LOAD && p.p_memsz)
			rc = segment_load(m, &f, i, &p, ret, err);
		if (rc)
			return rc;
	}
	if (!ret->end)
		return err_set(err, EINVAL,
			       "%s has no segment to load: link it with at least one PT_LOAD",
			       img->name);
	return 0;
}

/*
 * --entry wins; else the file's, which must point at something that was loaded. Where no page table
 * makes a virtual address good, the guest starts at the physical one.
 */
static int entry_choose(const struct machine *m, const struct image *img, struct elf_info *info,
			struct err *err)
{
	if (m->spec.entry)
		return address_parse(m->spec.entry, "--entry", &info->entry, err);
	if (!info->entry_inside)
		return err_set(err, EINVAL,
			       "%s: its entry %#" PRIx64
			       " lies in no loaded segment: link it with -e SYMBOL, or give "
			       "--entry",
			       img->name, info->entry);
	if (!info->entry_high)
		info->entry = info->entry_phys;
	return 0;
}

int load_elf(struct machine *m, const struct image *img, struct err *err)
{
	struct elf_info info;
	int rc = elf_load_segments(m, img, &info, err);

	if (!rc)
		rc = entry_choose(m, img, &info, err);
	if (rc)
		return rc;
	m->kind = info.is64 ? IMAGE_ELF64 : IMAGE_ELF32;
	if (info.is64) {
		boot_state_long(&m->boot, info.entry);
		return env_build_long(m, info.high, info.n_high, err);
	}
	if (info.entry > UINT32_MAX)
		return err_set(err, EINVAL,
			       "--entry %#" PRIx64
			       " is beyond 4 GiB, which a 32-bit guest cannot reach",
			       info.entry);
	boot_state_protected(&m->boot, (u32)info.entry);
	return env_build_protected(m, err);
}
