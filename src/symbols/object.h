/*
 * object.h - one ELF file in memory: its sections, uncompressed. Inside src/symbols/ only.
 */
#ifndef VMSTEP_SYMBOLS_OBJECT_H
#define VMSTEP_SYMBOLS_OBJECT_H

#include <gelf.h>
#include <vmstep/err.h>

/*
 * Files up to OBJECT_COPY_MAX bytes are read, so that a compiler which overwrites the file in place
 * does not pull the memory from under a session (a mapping would end in SIGBUS). Larger ones are
 * mapped: nobody wants a copy of a kernel's debug information.
 */
enum { OBJECT_COPY_MAX = 64 << 20 };

struct elfobj_section {
	const char *name; /* ".debug_info", also for .zdebug_info */
	GElf_Shdr sh;
	u64 size;         /* uncompressed */
	const u8 *bytes;  /* uncompressed; NULL: not looked at yet, or unreadable */
	bool tried;
	u8 *relocated;    /* what `bytes` is then; owned */
};

struct elfobj {
	char *path;
	u8 *image;
	size_t size;
	bool mapped;
	Elf *elf;
	GElf_Ehdr eh;
	struct elfobj_section *section; /* [0] is the empty one */
	u32 n;
	u32 n_odd; /* relocations of kinds we do not know, or outside of their section */
};

/* Headers only. -ENOEXEC: no ELF file. */
int elfobj_open(const char *path, struct elfobj **ret, struct err *err);
void elfobj_close(struct elfobj *o);
/* Index of a section by name, 0: none. */
u32 elfobj_find(const struct elfobj *o, const char *name);
/* Contents, uncompressed on first need; NULL: none (.bss) or damaged. */
const u8 *elfobj_bytes(struct elfobj *o, u32 section);
/*
 * ---- relocate.c: relocatable files, all of whose sections begin at 0 ---------------------------
 *
 * The layout gives sections addresses in their headers, one behind the other from RELOCATE_BASE on (0
 * would look like the end of a list); elfobj_bytes() then returns debug sections with these in them.
 */
enum { RELOCATE_BASE = 1 << 20 };
void relocate_layout(struct elfobj *o, bool (*wanted)(const GElf_Shdr *sh));
/* A separate debug file has the sections of its program, with the same numbers. */
void relocate_layout_as(struct elfobj *o, const struct elfobj *program);
bool relocate_wanted(const struct elfobj *o, u32 section);
void relocate_section(struct elfobj *o, u32 section, u8 *bytes);

/* The build-id note's bytes; 0: none. */
size_t elfobj_build_id(struct elfobj *o, const u8 **ret);

#endif
