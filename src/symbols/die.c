/*
 * die.c - debugging information entries: walking them and reading their attributes, without
 * trusting any; see dwarf.h. Errors of libdwarf become "not there" here.
 *
 * libdwarf without a place for its error ends the process, so that each call gets one.
 */
#include <stdlib.h>
#include "private.h"

static void forget(struct dwfile *f, int rc, Dwarf_Error e)
{
	if (rc != DW_DLV_ERROR)
		return;
	dw_damage(f, e ? dwarf_errmsg(e) : "an entry cannot be read");
	if (e)
		dwarf_dealloc_error(f->dbg, e);
}

Dwarf_Die dw_die(struct dwfile *f, u64 offset)
{
	Dwarf_Error e = NULL;
	Dwarf_Die die = NULL;
	struct dwunit *u;
	int rc;

	if (!f->dbg)
		return NULL;
	u = dw_unit_of(f, offset);
	if (!u || offset < u->die)
		return NULL;
	rc = dwarf_offdie_b(f->dbg, offset, 1, &die, &e);
	forget(f, rc, e);
	return rc == DW_DLV_OK ? die : NULL;
}

void dw_free(Dwarf_Die die)
{
	if (die)
		dwarf_dealloc_die(die);
}

Dwarf_Die dw_child(struct dwfile *f, Dwarf_Die die)
{
	Dwarf_Error e = NULL;
	Dwarf_Die child = NULL;
	int rc = dwarf_child(die, &child, &e);

	forget(f, rc, e);
	return rc == DW_DLV_OK ? child : NULL;
}

/* A sibling lies behind, so that no walk is endless whatever DW_AT_sibling says. */
Dwarf_Die dw_sibling(struct dwfile *f, Dwarf_Die die)
{
	Dwarf_Error e = NULL;
	Dwarf_Die next = NULL;
	int rc = dwarf_siblingof_b(f->dbg, die, 1, &next, &e);

	forget(f, rc, e);
	if (rc != DW_DLV_OK)
		return NULL;
	if (dw_offset(next) <= dw_offset(die)) {
		dw_free(next);
		return NULL;
	}
	return next;
}

Dwarf_Die dw_next(struct dwfile *f, Dwarf_Die die)
{
	Dwarf_Die next = dw_sibling(f, die);

	dw_free(die);
	return next;
}

static bool walk(struct dwfile *f, Dwarf_Die die, dw_walk_fn *each, void *arg, unsigned depth)
{
	Dwarf_Die d = depth < DW_DEPTH_MAX ? dw_child(f, die) : NULL;

	for (; d; d = dw_next(f, d)) {
		enum dw_walk next = each(arg, f, d, dw_tag(d), depth);

		if (next == DW_STOP || (next == DW_INTO && !walk(f, d, each, arg, depth + 1))) {
			dw_free(d);
			return false;
		}
	}
	return true;
}

void dw_walk(struct dwfile *f, Dwarf_Die die, dw_walk_fn *each, void *arg)
{
	walk(f, die, each, arg, 0);
}

u16 dw_tag(Dwarf_Die die)
{
	Dwarf_Error e = NULL;
	Dwarf_Half tag = 0;

	return dwarf_tag(die, &tag, &e) == DW_DLV_OK ? tag : 0;
}

u64 dw_offset(Dwarf_Die die)
{
	Dwarf_Error e = NULL;
	Dwarf_Off offset = 0;

	return dwarf_dieoffset(die, &offset, &e) == DW_DLV_OK ? offset : 0;
}

bool dw_has(Dwarf_Die die, u16 attr)
{
	Dwarf_Error e = NULL;
	Dwarf_Bool has = 0;

	return dwarf_hasattr(die, attr, &has, &e) == DW_DLV_OK && has;
}

Dwarf_Attribute dw_attr(Dwarf_Die die, u16 attr)
{
	Dwarf_Error e = NULL;
	Dwarf_Attribute a = NULL;

	return dwarf_attr(die, attr, &a, &e) == DW_DLV_OK ? a : NULL;
}

static bool attr_u64(Dwarf_Attribute a, u64 *ret)
{
	Dwarf_Error e = NULL;
	Dwarf_Unsigned u;
	Dwarf_Signed s;
	Dwarf_Bool flag;

	if (dwarf_formudata(a, &u, &e) == DW_DLV_OK || dwarf_formaddr(a, &u, &e) == DW_DLV_OK ||
	    dwarf_global_formref(a, &u, &e) == DW_DLV_OK) {
		*ret = u;
		return true;
	}
	if (dwarf_formsdata(a, &s, &e) == DW_DLV_OK) {
		*ret = s;
		return true;
	}
	if (dwarf_formflag(a, &flag, &e) == DW_DLV_OK) {
		*ret = flag;
		return true;
	}
	return false;
}

bool dw_u64(Dwarf_Die die, u16 attr, u64 *ret)
{
	Dwarf_Attribute a = dw_attr(die, attr);
	bool fine = a && attr_u64(a, ret);

	if (a)
		dwarf_dealloc_attribute(a);
	return fine;
}

/* One reading of an attribute of the DIE by libdwarf, CALL, which may use `a` and `e`. */
#define ATTRIBUTE_READ(die, attr, call)                     \
	({                                                  \
		Dwarf_Attribute a = dw_attr(die, attr);     \
		Dwarf_Error e = NULL;                       \
		bool fine_ = a && (call) == DW_DLV_OK;      \
		if (a)                                      \
			dwarf_dealloc_attribute(a);         \
		(void)e;                                    \
		fine_;                                      \
	})

bool dw_s64(Dwarf_Die die, u16 attr, s64 *ret)
{
	Dwarf_Signed v;

	if (!ATTRIBUTE_READ(die, attr, dwarf_formsdata(a, &v, &e)))
		return false;
	*ret = v;
	return true;
}

bool dw_flag(Dwarf_Die die, u16 attr)
{
	Dwarf_Bool v = 0;

	return ATTRIBUTE_READ(die, attr, dwarf_formflag(a, &v, &e)) && v;
}

bool dw_addr(Dwarf_Die die, u16 attr, u64 *ret)
{
	Dwarf_Addr v;

	if (!ATTRIBUTE_READ(die, attr, dwarf_formaddr(a, &v, &e)))
		return false;
	*ret = v;
	return true;
}

bool dw_ref(Dwarf_Die die, u16 attr, u64 *ret)
{
	Dwarf_Off v;

	if (!ATTRIBUTE_READ(die, attr, dwarf_global_formref(a, &v, &e)))
		return false;
	*ret = v;
	return true;
}

const char *dw_str(struct dwfile *f, Dwarf_Die die, u16 attr)
{
	char *v = NULL;

	if (ATTRIBUTE_READ(die, attr, dwarf_formstring(a, &v, &e)))
		return v;
	if (dw_has(die, attr))
		dw_damage(f, "a name cannot be read");
	return NULL;
}

/* A copy points to its origin, which points to its declaration; more steps are a loop. */
Dwarf_Die dw_origin_with(struct dwfile *f, Dwarf_Die die, u16 attr)
{
	Dwarf_Die at = dw_die(f, dw_offset(die));

	for (int i = 0; at && i < 8; i++) {
		Dwarf_Die next = NULL;
		u64 to;

		if (dw_has(at, attr))
			return at;
		if (dw_ref(at, DW_AT_abstract_origin, &to) || dw_ref(at, DW_AT_specification, &to))
			next = dw_die(f, to);
		dw_free(at);
		at = next;
	}
	dw_free(at);
	return NULL;
}

const char *dw_name(struct dwfile *f, Dwarf_Die die)
{
	const char *name = dw_str(f, die, DW_AT_name);
	Dwarf_Die origin = name ? NULL : dw_origin_with(f, die, DW_AT_name);

	if (origin)
		name = dw_str(f, origin, DW_AT_name);
	dw_free(origin);
	return name;
}
