/* object.c - an ELF file in memory and its sections, through libelf; see object.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include "object.h"

static int damaged(const char *path, const char *what, struct err *err)
{
	return err_set(err, EBADMSG,
		       "%s: %s cannot be read (%s); the file is damaged or cut short", path, what,
		       elf_errmsg(-1) ?: "no reason given");
}

static int read_copy(struct elfobj *o, int fd, struct err *err)
{
	size_t done = 0;

	o->image = malloc(o->size + 1);
	if (!o->image)
		return err_set(err, ENOMEM, "%s: no memory for its %zu bytes", o->path, o->size);
	while (done < o->size) {
		ssize_t n = pread(fd, o->image + done, o->size - done, done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_set(err, errno, "%s: %s", o->path, strerror(errno));
		if (!n) /* it became shorter */
			break;
		done += n;
	}
	o->size = done;
	return 0;
}

static int read_image(struct elfobj *o, int fd, struct err *err)
{
	struct stat st;

	if (fstat(fd, &st))
		return err_set(err, errno, "%s: %s", o->path, strerror(errno));
	if (S_ISDIR(st.st_mode))
		return err_set(err, EISDIR, "%s: %s", o->path, strerror(EISDIR));
	if (!S_ISREG(st.st_mode))
		return err_set(err, ENOEXEC, "%s: not a regular file, so it has no symbols",
			       o->path);
	o->size = st.st_size;
	if (o->size <= OBJECT_COPY_MAX)
		return read_copy(o, fd, err);
	/* Writable and private: libelf may put numbers in order in place. */
	o->image = mmap(NULL, o->size, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	if (o->image == MAP_FAILED) {
		o->image = NULL;
		return err_set(err, errno, "%s: %s", o->path, strerror(errno));
	}
	o->mapped = true;
	return 0;
}

/* Size behind the compression header: SHF_COMPRESSED, or the older .zdebug with "ZLIB" and 8 bytes. */
static u64 plain_size(Elf_Scn *scn, const GElf_Shdr *sh, const char *name)
{
	GElf_Chdr ch;
	Elf_Data *raw;
	u64 n = 0;

	if (sh->sh_flags & SHF_COMPRESSED)
		return gelf_getchdr(scn, &ch) ? ch.ch_size : 0;
	if (strncmp(name, ".zdebug", 7))
		return sh->sh_size;
	raw = elf_rawdata(scn, NULL);
	if (!raw || !raw->d_buf || raw->d_size < 12 || memcmp(raw->d_buf, "ZLIB", 4))
		return 0;
	for (int i = 4; i < 12; i++)
		n = n << 8 | ((u8 *)raw->d_buf)[i];
	return n;
}

/* ".zdebug_info" holds ".debug_info". The copy is the section's own. */
static const char *plain_name(const char *name)
{
	char *copy = strdup(name);

	if (copy && !strncmp(copy, ".zdebug", 7))
		memmove(copy + 1, copy + 2, strlen(copy + 2) + 1);
	return copy;
}

static int read_sections(struct elfobj *o, struct err *err)
{
	size_t n, strings;

	if (elf_getshdrnum(o->elf, &n) || (o->eh.e_shoff && !n))
		return damaged(o->path, "the section header table", err);
	if (n && elf_getshdrstrndx(o->elf, &strings))
		return damaged(o->path, "the section header table", err);
	o->section = calloc(n + 1, sizeof(*o->section));
	if (!o->section)
		return err_set(err, ENOMEM, "%s: no memory for its sections", o->path);
	o->n = n;
	for (size_t i = 1; i < n; i++) {
		struct elfobj_section *s = &o->section[i];
		Elf_Scn *scn = elf_getscn(o->elf, i);
		const char *name;

		if (!scn || !gelf_getshdr(scn, &s->sh))
			return damaged(o->path, "a section header", err);
		name = elf_strptr(o->elf, strings, s->sh.sh_name) ?: "";
		s->name = plain_name(name);
		s->size = s->sh.sh_type == SHT_NOBITS ? 0 : plain_size(scn, &s->sh, name);
	}
	return 0;
}

static int read_elf(struct elfobj *o, struct err *err)
{
	elf_version(EV_CURRENT);
	o->elf = elf_memory((char *)o->image, o->size);
	if (!o->elf || elf_kind(o->elf) != ELF_K_ELF)
		return err_set(err, ENOEXEC,
			       "%s: not an ELF file, so it has no symbols; try --symbols FILE",
			       o->path);
	if (!gelf_getehdr(o->elf, &o->eh))
		return damaged(o->path, "the ELF header", err);
	return read_sections(o, err);
}

/* In libelf's memory, where it stays until the end; a damaged stream leaves nothing. */
static const u8 *section_contents(struct elfobj *o, struct elfobj_section *s, Elf_Scn *scn)
{
	Elf_Data *data;

	if (s->sh.sh_flags & SHF_COMPRESSED) {
		if (elf_compress(scn, 0, 0) < 0)
			return NULL;
	} else if (s->size != s->sh.sh_size) {
		if (elf_compress_gnu(scn, 0, 0) < 0)
			return NULL;
	}
	data = elf_rawdata(scn, NULL);
	return data && data->d_size >= s->size ? data->d_buf : NULL;
}

/* A copy with the relocations applied; without memory there is nothing to read. */
static const u8 *relocated(struct elfobj *o, u32 section, const u8 *bytes)
{
	struct elfobj_section *s = &o->section[section];

	if (!bytes || !relocate_wanted(o, section))
		return bytes;
	s->relocated = malloc(s->size);
	if (!s->relocated)
		return NULL;
	memcpy(s->relocated, bytes, s->size);
	relocate_section(o, section, s->relocated);
	return s->relocated;
}

static void section_free(struct elfobj_section *s)
{
	free((char *)s->name);
	free(s->relocated);
}

void elfobj_close(struct elfobj *o)
{
	if (!o)
		return;
	elf_end(o->elf);
	for (u32 i = 1; o->section && i < o->n; i++)
		section_free(&o->section[i]);
	free(o->section);
	if (o->mapped)
		munmap(o->image, o->size);
	else
		free(o->image);
	free(o->path);
	free(o);
}

int elfobj_open(const char *path, struct elfobj **ret, struct err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), rc;
	struct elfobj *o;

	if (fd < 0)
		return err_set(err, errno, "%s: %s", path, strerror(errno));
	o = calloc(1, sizeof(*o));
	if (o)
		o->path = strdup(path);
	rc = o && o->path ? read_image(o, fd, err) : err_set(err, ENOMEM, "%s: no memory", path);
	close(fd);
	if (!rc)
		rc = read_elf(o, err);
	if (rc) {
		elfobj_close(o);
		return rc;
	}
	*ret = o;
	return 0;
}

u32 elfobj_find(const struct elfobj *o, const char *name)
{
	for (u32 i = 1; i < o->n; i++)
		if (o->section[i].name && !strcmp(o->section[i].name, name))
			return i;
	return 0;
}

const u8 *elfobj_bytes(struct elfobj *o, u32 section)
{
	struct elfobj_section *s;
	Elf_Scn *scn;

	if (!section || section >= o->n)
		return NULL;
	s = &o->section[section];
	if (s->tried || s->sh.sh_type == SHT_NOBITS || !s->size)
		return s->bytes;
	s->tried = true;
	scn = elf_getscn(o->elf, section);
	s->bytes = scn ? relocated(o, section, section_contents(o, s, scn)) : NULL;
	return s->bytes;
}

size_t elfobj_build_id(struct elfobj *o, const u8 **ret)
{
	for (u32 i = 1; i < o->n; i++) {
		const struct elfobj_section *s = &o->section[i];
		const u8 *p = s->sh.sh_type == SHT_NOTE ? elfobj_bytes(o, i) : NULL;
		size_t left = s->size;

		while (p && left >= 12) {
			u32 namesz, descsz, type;
			size_t whole;

			memcpy(&namesz, p, 4);
			memcpy(&descsz, p + 4, 4);
			memcpy(&type, p + 8, 4);
			if (namesz > left || descsz > left)
				break;
			whole = 12 + ((size_t)namesz + 3) / 4 * 4;
			if (whole + descsz > left)
				break;
			if (type == NT_GNU_BUILD_ID && namesz == 4 && !memcmp(p + 12, "GNU", 4)) {
				*ret = p + whole;
				return descsz;
			}
			whole += ((size_t)descsz + 3) / 4 * 4;
			if (whole > left)
				break;
			p += whole;
			left -= whole;
		}
	}
	return 0;
}
