/* variable.c - what a DIE declares, and where its value lies; see scope.h. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "location.h"
#include "try.h"
#include "type_die.h"
#include "variable.h"

bool variable_tag(u16 tag)
{
	return tag == DW_TAG_variable || tag == DW_TAG_formal_parameter || tag == DW_TAG_constant;
}

/* ---- what it is ------------------------------------------------------------------------------ */

/* The DIE's own location: one address, as of what is static. */
static bool is_static(struct dwfile *f, Dwarf_Die die, u64 *ret)
{
	struct dwunit *u = dw_unit_of(f, dw_offset(die));
	struct location_env env = { .file = f, .unit = u, .address_size = u ? u->address_size : 8 };
	struct location_list list;
	struct place place;
	bool ok = false;

	if (location_read(f, u, die, DW_AT_location, &list, NULL))
		return false;
	if (list.n == 1 && !list.is_list && list.expr[0].n &&
	    (list.expr[0].op[0].atom == DW_OP_addr || list.expr[0].op[0].atom == DW_OP_addrx ||
	     list.expr[0].op[0].atom == DW_OP_GNU_addr_index) &&
	    !location_run(&env, &list.expr[0], &place, NULL) && place.n == 1 &&
	    place.piece[0].kind == PIECE_MEMORY) {
		*ret = place.piece[0].at;
		ok = true;
	}
	location_list_free(&list);
	return ok;
}

static bool attribute_at(struct dwfile *f, Dwarf_Die die, u16 attr, u64 *ret)
{
	Dwarf_Die at;
	bool ok;

	if (dw_u64(die, attr, ret))
		return true;
	at = dw_origin_with(f, die, attr);
	ok = at && dw_u64(at, attr, ret);
	dw_free(at);
	return ok;
}

static void function_of(struct dwfile *f, Dwarf_Die die, struct variable *v)
{
	struct dwunit *u = dw_unit_of(f, v->die);
	struct dwrange *range = NULL;
	u64 entry;

	v->kind = VARIABLE_FUNCTION;
	v->type = type_at(f, v->die);
	if (dw_addr(die, DW_AT_entry_pc, &entry) || dw_addr(die, DW_AT_low_pc, &entry))
		v->value = dw_to_guest(f, entry);
	else if (u && dw_ranges(f, u, die, &range))
		v->value = dw_to_guest(f, range[0].start);
	free(range);
}

bool variable_of(struct dwfile *f, Dwarf_Die die, struct variable *ret)
{
	u16 tag = dw_tag(die);
	u64 line = 0, addr;

	if (dw_flag(die, DW_AT_declaration))
		return false;
	*ret = (struct variable){ .name = dw_name(f, die), .owner = f, .die = dw_offset(die),
				  .is64 = f->is64 };
	attribute_at(f, die, DW_AT_decl_line, &line);
	ret->line = line;
	ret->artificial = dw_flag(die, DW_AT_artificial);
	if (tag == DW_TAG_subprogram) {
		function_of(f, die, ret);
		return ret->value != 0 || f->bias;
	}
	ret->type = type_of(f, die);
	if (tag == DW_TAG_formal_parameter)
		ret->kind = VARIABLE_PARAMETER;
	else if (is_static(f, die, &addr))
		ret->kind = dw_flag(die, DW_AT_external) ? VARIABLE_GLOBAL : VARIABLE_STATIC;
	else
		ret->kind = VARIABLE_LOCAL;
	return true;
}

bool variable_of_enum(struct dwfile *f, Dwarf_Die die, const char *name, struct variable *ret)
{
	for (Dwarf_Die d = dw_child(f, die); d; d = dw_next(f, d)) {
		const char *known = dw_tag(d) == DW_TAG_enumerator ? dw_str(f, d, DW_AT_name) : NULL;

		if (!known || strcmp(known, name))
			continue;
		*ret = (struct variable){ .name = known, .kind = VARIABLE_ENUM, .owner = f,
					  .die = dw_offset(d), .is64 = f->is64 };
		ret->type = type_at(f, dw_offset(die));
		type_constant(f, d, DW_AT_const_value, &ret->value);
		dw_free(d);
		return true;
	}
	return false;
}

/* ---- where it is ----------------------------------------------------------------------------- */

/* The function whose frame base holds at `pc`: inlined bodies have none of their own. */
static u64 function_around(struct dwfile *f, struct dwunit *u, u64 link, u64 *ret_entry)
{
	u32 b;

	dw_blocks(f, u);
	for (b = dw_block_at(f, u, link); b != DW_NONE; b = u->block[b].parent)
		if (u->block[b].tag == DW_TAG_subprogram) {
			*ret_entry = u->block[b].n_ranges ? u->range[u->block[b].range].start : 0;
			return u->block[b].die;
		}
	return 0;
}

bool variable_env(const struct variable *v, u64 pc, const struct location_ops *ops,
		  struct location_env *ret)
{
	struct dwfile *f = v->owner;
	struct dwunit *u = dw_unit_of(f, v->die), *around;
	bool has_pc = dw_to_link(f, pc, &ret->pc);

	if (!u)
		return false;
	*ret = (struct location_env){ .ops = ops, .file = f, .unit = u, .pc = ret->pc,
				      .address_size = u->address_size };
	around = has_pc ? dw_unit_at(f, ret->pc) : NULL;
	if (around)
		ret->function = function_around(f, around, ret->pc, &ret->entry);
	if (!has_pc)
		ret->pc = 0;
	return true;
}

static int block_bytes(struct dwfile *f, Dwarf_Attribute a, struct piece *ret)
{
	Dwarf_Block *b = NULL;
	char *text = NULL;

	if (TRY(f, dwarf_formblock(a, &b, &e))) {
		*ret = (struct piece){ .kind = PIECE_BYTES, .bytes = b->bl_data,
				       .n_bytes = b->bl_len };
		return 0;
	}
	if (TRY(f, dwarf_formstring(a, &text, &e))) {
		*ret = (struct piece){ .kind = PIECE_BYTES, .bytes = (const u8 *)text,
				       .n_bytes = strlen(text) + 1 };
		return 0;
	}
	return -ENOENT;
}

/* DW_AT_const_value: a number, or the contents. */
static int constant_place(struct dwfile *f, Dwarf_Die die, struct place *ret)
{
	Dwarf_Die at = dw_has(die, DW_AT_const_value) ? NULL
						      : dw_origin_with(f, die, DW_AT_const_value);
	Dwarf_Attribute a;
	s64 v;
	int rc = -ENOENT;

	if (type_constant(f, at ?: die, DW_AT_const_value, &v)) {
		*ret = (struct place){ .n = 1, .piece[0] = { .kind = PIECE_VALUE, .at = v } };
		rc = 0;
	} else if ((a = dw_attr(at ?: die, DW_AT_const_value))) {
		rc = block_bytes(f, a, &ret->piece[0]);
		ret->n = !rc;
		dwarf_dealloc_attribute(a);
	}
	dw_free(at);
	return rc;
}

/* The DIE that has the location: of an inlined static it is the abstract one. */
static int list_of(struct dwfile *f, struct dwunit *u, Dwarf_Die die, struct location_list *ret,
		   struct err *err)
{
	int rc = location_read(f, u, die, DW_AT_location, ret, err);
	Dwarf_Die at;

	if (rc != -ENOENT)
		return rc;
	at = dw_origin_with(f, die, DW_AT_location);
	if (at)
		rc = location_read(f, dw_unit_of(f, dw_offset(at)), at, DW_AT_location, ret, err);
	dw_free(at);
	return rc;
}

int variable_place(const struct variable *v, u64 pc, const struct location_ops *ops,
		   struct place *ret, struct err *err)
{
	struct dwfile *f = v->owner;
	Dwarf_Die die = dw_die(f, v->die);
	struct location_list list;
	struct location_env env;
	const struct location_expr *e;
	int rc;

	*ret = (struct place){ 0 };
	if (!die || !variable_env(v, pc, ops, &env)) {
		dw_free(die);
		return err_set(err, EBADMSG, "the debug information of %s is damaged", v->name);
	}
	rc = list_of(f, env.unit, die, &list, err);
	if (!rc) {
		e = location_at(&list, env.pc, env.pc == env.entry);
		rc = e ? location_run(&env, e, ret, err) : 0;
		location_list_free(&list);
		if (rc == -ENODATA && ops && ops->reg) { /* there is a frame: it is gone */
			*ret = (struct place){ 0 };
			rc = 0;
		}
	} else if (rc == -ENOENT) {
		constant_place(f, die, ret);
		rc = 0;
	}
	dw_free(die);
	return rc;
}

bool variable_static(const struct variable *v, u64 *ret)
{
	struct dwfile *f = v->owner;
	Dwarf_Die die, at;
	bool ok;

	if (v->kind != VARIABLE_STATIC && v->kind != VARIABLE_GLOBAL)
		return false;
	die = dw_die(f, v->die);
	if (!die)
		return false;
	at = dw_has(die, DW_AT_location) ? NULL : dw_origin_with(f, die, DW_AT_location);
	ok = is_static(f, at ?: die, ret);
	dw_free(at);
	dw_free(die);
	return ok;
}

/* ---- in words -------------------------------------------------------------------------------- */

static void list_text(const struct location_env *env, const struct location_list *l,
		      struct strbuf *out)
{
	struct dwfile *f = env->file;

	if (!l->is_list) {
		location_text(env, &l->expr[0], out);
		return;
	}
	strbuf_adds(out, "multi-location:\n");
	for (u32 i = 0; i < l->n; i++) {
		const struct location_expr *e = &l->expr[i];
		struct location_env at = *env;

		if (e->has_base)
			strbuf_addf(out, "  Base address 0x%" PRIx64, dw_to_guest(f, e->base));
		strbuf_addf(out, "  Range 0x%" PRIx64 "-0x%" PRIx64 ": ", dw_to_guest(f, e->low),
			    dw_to_guest(f, e->high));
		at.pc = e->low;
		location_text(&at, e, out);
		strbuf_addc(out, '\n');
	}
}

static void constant_text(struct dwfile *f, Dwarf_Die die, struct strbuf *out)
{
	struct place p = { 0 };

	if (constant_place(f, die, &p))
		strbuf_adds(out, "optimized out");
	else if (p.piece[0].kind == PIECE_VALUE)
		strbuf_addf(out, "a constant with value %" PRId64 " (0x%" PRIx64 ")",
			    (s64)p.piece[0].at, p.piece[0].at);
	else
		strbuf_adds(out, "constant bytes");
}

int variable_describe(const struct variable *v, u64 pc, struct strbuf *out, struct err *err)
{
	struct dwfile *f = v->owner;
	struct location_list list;
	struct location_env env;
	Dwarf_Die die;
	u64 addr;
	int rc;

	if (v->kind == VARIABLE_FUNCTION) {
		strbuf_addf(out, "a function at address 0x%" PRIx64, (u64)v->value);
		return 0;
	}
	if (v->kind == VARIABLE_ENUM) {
		strbuf_addf(out, "constant %" PRId64, v->value);
		return 0;
	}
	if (variable_static(v, &addr)) {
		strbuf_addf(out, "static storage at address 0x%" PRIx64, addr);
		return 0;
	}
	die = dw_die(f, v->die);
	if (!die || !variable_env(v, pc, NULL, &env)) {
		dw_free(die);
		return err_set(err, EBADMSG, "the debug information of %s is damaged", v->name);
	}
	rc = list_of(f, env.unit, die, &list, err);
	if (!rc) {
		if (list.n)
			list_text(&env, &list, out);
		else
			strbuf_adds(out, "optimized out");
		location_list_free(&list);
	} else if (rc == -ENOENT) {
		constant_text(f, die, out);
		rc = 0;
	}
	dw_free(die);
	return rc;
}
