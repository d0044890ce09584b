/*
 * ready.c - starts libdwarf on a file's sections, its own or those of a separate debug file.
 *
 * libdwarf gets the sections through its object interface and so from elfobj: uncompressed, without
 * a copy, and never more of them than the file holds.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "debuglink.h"
#include "object.h"
#include "private.h"

/*
 * Sections read by our own code alone. libdwarf 20210528 looks at those of lists as soon as it starts
 * and frees what it has of them twice when their heads are damaged.
 */
static bool is_ours(const char *name)
{
	static const char *const ours[] = { ".debug_rnglists", ".debug_loclists", ".debug_loc",
					    ".debug_macro", ".debug_macinfo" };

	for (size_t i = 0; name && i < ARRAY_SIZE(ours); i++)
		if (!strcmp(name, ours[i]))
			return true;
	return false;
}

static int section_info(void *obj, Dwarf_Half i, Dwarf_Obj_Access_Section *ret, int *error)
{
	struct elfobj *o = obj;

	if (i >= o->n)
		return DW_DLV_NO_ENTRY;
	memset(ret, 0, sizeof(*ret));
	ret->addr = o->section[i].sh.sh_addr;
	ret->type = o->section[i].sh.sh_type;
	ret->size = o->section[i].size;
	ret->name = is_ours(o->section[i].name) ? "" : o->section[i].name ?: "";
	/* No link, info or entry size: relocation is not libdwarf's business here. */
	return DW_DLV_OK;
}

static Dwarf_Endianness byte_order(void *obj)
{
	return DW_OBJECT_LSB;
}

static Dwarf_Small word_size(void *obj)
{
	struct elfobj *o = obj;

	return o->eh.e_ident[EI_CLASS] == ELFCLASS64 ? 8 : 4;
}

/* What a length may be, 4 or 8 bytes, is said in the data itself; libdwarf wants the pointer's. */
static Dwarf_Small length_size(void *obj)
{
	return word_size(obj);
}

static Dwarf_Unsigned section_count(void *obj)
{
	return ((struct elfobj *)obj)->n;
}

static int load_section(void *obj, Dwarf_Half i, Dwarf_Small **ret, int *error)
{
	const u8 *bytes = elfobj_bytes(obj, i);

	if (!bytes) {
		*error = DW_DLE_ELF_SECTION_ERROR;
		return DW_DLV_ERROR;
	}
	*ret = (Dwarf_Small *)bytes;
	return DW_DLV_OK;
}

static const Dwarf_Obj_Access_Methods methods = {
	.get_section_info = section_info,
	.get_byte_order = byte_order,
	.get_length_size = length_size,
	.get_pointer_size = word_size,
	.get_section_count = section_count,
	.load_section = load_section,
};

static int start(struct dwfile *f, struct err *err)
{
	Dwarf_Error e = NULL;
	int rc;

	f->access = calloc(1, sizeof(*f->access));
	if (!f->access)
		return err_set(err, ENOMEM, "%s: no memory for its debug information", f->path);
	f->access->object = f->debug;
	f->access->methods = &methods;
	rc = dwarf_object_init_b(f->access, NULL, NULL, DW_GROUPNUMBER_ANY, &f->dbg, &e);
	if (rc == DW_DLV_OK)
		return 0;
	f->dbg = NULL;
	if (rc == DW_DLV_NO_ENTRY)
		return err_set(err, ENOENT, "%s: it has no debug information", f->path);
	rc = err_set(err, EBADMSG, "%s: its debug information cannot be read (%s)", f->path,
		     dwarf_errmsg(e));
	dwarf_dealloc_error(NULL, e);
	return rc;
}

static bool has_dwarf(const struct elfobj *o)
{
	return elfobj_find(o, ".debug_info") || elfobj_find(o, ".debug_frame") ||
	       elfobj_find(o, ".debug_line");
}

static int choose(struct dwfile *f, struct err *err)
{
	int rc;

	if (f->obj->eh.e_ident[EI_DATA] != ELFDATA2LSB)
		return err_set(err, ENOTSUP, "%s: it is big-endian, which no x86 guest is",
			       f->path);
	f->debug = f->obj;
	if (has_dwarf(f->obj))
		return 0;
	rc = debuglink_open(f, &f->debug, err);
	if (rc == -ENOENT && elfobj_find(f->obj, ".eh_frame")) {
		f->debug = f->obj; /* unwinding works without any other debug information */
		return 0;
	}
	if (rc) {
		f->debug = NULL;
	} else {
		f->debug_path = f->debug->path;
		relocate_layout_as(f->debug, f->obj);
	}
	return rc;
}

void dw_finish(struct dwfile *f)
{
	Dwarf_Error e = NULL;

	if (f->dbg)
		dwarf_object_finish(f->dbg, &e);
	f->dbg = NULL;
	free(f->access);
	f->access = NULL;
	if (f->debug != f->obj)
		elfobj_close(f->debug);
	f->debug = NULL;
}

void dw_damage(struct dwfile *f, const char *what)
{
	if (!f->why.code)
		err_set(&f->why, EBADMSG,
			"%s: its debug information is damaged (%s); what depends on that is left out",
			f->debug_path ?: f->path, what);
}

int dw_ready(struct dwfile *f, struct err *err)
{
	int rc = 0;

	if (!f->tried) {
		f->tried = true;
		rc = choose(f, &f->why);
		if (!rc)
			start(f, &f->why);
	}
	if (f->dbg)
		return 0;
	return err_set(err, f->why.code ?: ENOENT, "%s", f->why.text);
}
