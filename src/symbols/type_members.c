/* type_members.c - the insides of a type: members, bit-fields, values of enums, parameters. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "try.h"
#include "type_die.h"

enum { MEMBERS_MAX = 100000, LOADED = 1, LOADING = 2 };

/* Collected in a list that grows, then copied to where the types live. */
struct insides {
	struct ctype_member *member;
	struct ctype_value *value;
	u32 n, cap;
};

static bool room(struct insides *in, bool values)
{
	u32 cap = in->cap ? in->cap * 2 : 16;
	void *p;

	if (in->n < in->cap)
		return true;
	if (cap > MEMBERS_MAX)
		return false;
	p = values ? realloc(in->value, cap * sizeof(*in->value))
		   : realloc(in->member, cap * sizeof(*in->member));
	if (!p)
		return false;
	if (values)
		in->value = p;
	else
		in->member = p;
	in->cap = cap;
	return true;
}

bool type_constant(struct dwfile *f, Dwarf_Die die, u16 attr, s64 *ret)
{
	Dwarf_Attribute a = dw_attr(die, attr);
	Dwarf_Unsigned u = 0;
	Dwarf_Signed v = 0;
	Dwarf_Half form = 0;
	bool ok = false;

	if (!a)
		return false;
	if (!TRY(f, dwarf_whatform(a, &form, &e)))
		form = 0;
	/* Of a fixed size the constant is as the type is; unsigned reads all that compilers write. */
	if (form == DW_FORM_sdata || form == DW_FORM_implicit_const)
		ok = TRY(f, dwarf_formsdata(a, &v, &e));
	else
		ok = TRY(f, dwarf_formudata(a, &u, &e));
	dwarf_dealloc_attribute(a);
	if (ok)
		*ret = form == DW_FORM_sdata || form == DW_FORM_implicit_const ? v : (s64)u;
	return ok;
}

/* ---- where a member lies --------------------------------------------------------------------- */

static u64 uleb(const u8 *p, size_t n)
{
	u64 v = 0;

	for (size_t i = 0; i < n && i < 10; i++) {
		v |= (u64)(p[i] & 0x7f) << (7 * i);
		if (!(p[i] & 0x80))
			break;
	}
	return v;
}

/* DWARF 2 says the offset as an expression: DW_OP_plus_uconst N. */
static u64 offset_of_block(struct dwfile *f, Dwarf_Die die)
{
	Dwarf_Attribute a = dw_attr(die, DW_AT_data_member_location);
	Dwarf_Unsigned len = 0;
	Dwarf_Ptr p = NULL;
	Dwarf_Block *b = NULL;
	u64 offset = 0;

	if (!a)
		return 0;
	if (!TRY(f, dwarf_formexprloc(a, &len, &p, &e))) {
		p = NULL;
		if (TRY(f, dwarf_formblock(a, &b, &e))) {
			p = b->bl_data;
			len = b->bl_len;
		}
	}
	if (p && len > 1 && *(const u8 *)p == DW_OP_plus_uconst)
		offset = uleb((const u8 *)p + 1, len - 1);
	dwarf_dealloc_attribute(a);
	return offset;
}

static void place_bits(struct ctype_member *m, u64 bit)
{
	u64 storage = ctype_size(m->type) * 8;
	u64 pos = storage && bit % storage + m->bit_size <= storage ? bit % storage : bit % 8;

	m->bit_pos = pos;
	m->offset = (bit - pos) / 8;
}

/* DWARF 4 counts bits from the structure's start; DWARF 2 and 3 from the storage's high end, as
 * big-endian machines do ("Data Member Entries" of both standards). */
static void read_bits(Dwarf_Die die, struct ctype_member *m)
{
	u64 size, at, storage = ctype_size(m->type);

	if (!dw_u64(die, DW_AT_bit_size, &size) || !size || size > 128)
		return;
	m->bit_size = size;
	if (dw_u64(die, DW_AT_data_bit_offset, &at)) {
		place_bits(m, m->offset * 8 + at);
		return;
	}
	if (!dw_u64(die, DW_AT_bit_offset, &at)) {
		place_bits(m, m->offset * 8);
		return;
	}
	dw_u64(die, DW_AT_byte_size, &storage);
	place_bits(m, m->offset * 8 + storage * 8 - at - size);
}

static void read_member(struct dwfile *f, Dwarf_Die die, struct ctype_member *m)
{
	*m = (struct ctype_member){ .name = dw_str(f, die, DW_AT_name), .type = type_of(f, die) };
	if (!dw_u64(die, DW_AT_data_member_location, &m->offset))
		m->offset = offset_of_block(f, die);
	read_bits(die, m);
}

/* ---- by kind --------------------------------------------------------------------------------- */

static bool structure_child(struct dwfile *f, u16 tag, Dwarf_Die die, struct insides *in)
{
	/* Static members of C++ are variables with a declaration here. */
	if (tag != DW_TAG_member || dw_flag(die, DW_AT_external) ||
	    dw_flag(die, DW_AT_declaration))
		return true;
	if (!room(in, false))
		return false;
	read_member(f, die, &in->member[in->n++]);
	return true;
}

static bool enum_child(struct dwfile *f, u16 tag, Dwarf_Die die, struct insides *in)
{
	s64 v = 0;

	if (tag != DW_TAG_enumerator)
		return true;
	if (!room(in, true))
		return false;
	type_constant(f, die, DW_AT_const_value, &v);
	in->value[in->n++] = (struct ctype_value){ dw_str(f, die, DW_AT_name), v };
	return true;
}

static bool function_child(struct dwfile *f, u16 tag, Dwarf_Die die, struct insides *in,
			   struct ctype *t)
{
	if (tag == DW_TAG_unspecified_parameters)
		t->varargs = true;
	if (tag != DW_TAG_formal_parameter)
		return true;
	if (!room(in, false))
		return false;
	in->member[in->n++] = (struct ctype_member){ .name = dw_name(f, die),
						     .type = type_of(f, die) };
	return true;
}

static void enum_settle(struct ctype *t)
{
	t->is_signed = false;
	t->flags = t->n;
	for (u32 i = 0; i < t->n; i++) {
		t->is_signed |= t->value[i].value < 0;
		t->flags &= t->value[i].value >= 0 && __builtin_popcountll(t->value[i].value) <= 1;
	}
}

static bool settle(struct dwfile *f, struct ctype *t, const struct insides *in)
{
	size_t size = in->n * (in->value ? sizeof(*in->value) : sizeof(*in->member));
	void *p = in->n ? type_alloc(f, size) : NULL;

	if (in->n && !p)
		return false;
	if (in->n)
		memcpy(p, in->value ? (void *)in->value : (void *)in->member, size);
	if (t->kind == CTYPE_ENUM)
		t->value = p;
	else
		t->member = p;
	t->n = in->n;
	return true;
}

static bool is_copied(struct dwfile *f, Dwarf_Die copy, u64 abstract)
{
	bool found = false;
	u64 origin;

	for (Dwarf_Die d = dw_child(f, copy); d; d = dw_next(f, d))
		found |= dw_ref(d, DW_AT_abstract_origin, &origin) && origin == abstract;
	return found;
}

/* Parameters that a copy of an abstract function leaves out, as gdb has them: behind the others. */
static bool read_abstract(struct dwfile *f, struct ctype *t, Dwarf_Die die, struct insides *in)
{
	Dwarf_Die abstract;
	bool ok = true;
	u64 origin;

	if (!dw_ref(die, DW_AT_abstract_origin, &origin) || !(abstract = dw_die(f, origin)))
		return true;
	for (Dwarf_Die d = dw_child(f, abstract); d; d = dw_next(f, d))
		if (ok && !is_copied(f, die, dw_offset(d)))
			ok = function_child(f, dw_tag(d), d, in, t);
	dw_free(abstract);
	return ok;
}

static bool read_insides(struct dwfile *f, struct ctype *t, Dwarf_Die die, struct insides *in)
{
	bool ok = true;

	for (Dwarf_Die d = dw_child(f, die); d; d = dw_next(f, d)) {
		u16 tag = dw_tag(d);

		if (!ok)
			continue;
		if (t->kind == CTYPE_ENUM)
			ok = enum_child(f, tag, d, in);
		else if (t->kind == CTYPE_FUNCTION)
			ok = function_child(f, tag, d, in, t);
		else
			ok = structure_child(f, tag, d, in);
	}
	if (ok && t->kind == CTYPE_FUNCTION)
		ok = read_abstract(f, t, die, in);
	return ok && settle(f, t, in);
}

static int load(struct dwfile *f, struct ctype *t, struct err *err)
{
	struct insides in = { 0 };
	Dwarf_Die die = dw_die(f, t->die);
	bool ok;

	if (!die)
		return err_set(err, EBADMSG, "%s: the type at offset 0x%" PRIx64 " is damaged",
			       f->path, t->die);
	t->loaded = LOADING;
	ok = read_insides(f, t, die, &in);
	dw_free(die);
	free(in.member);
	free(in.value);
	if (t->kind == CTYPE_ENUM)
		enum_settle(t);
	t->loaded = LOADED;
	if (ok)
		return 0;
	t->broken = true;
	return err_set(err, EBADMSG, "%s: the type at offset 0x%" PRIx64 " has more than %d members",
		       f->path, t->die, MEMBERS_MAX);
}

int ctype_load(const struct ctype *t, struct err *err)
{
	bool has_insides = t->kind == CTYPE_STRUCT || t->kind == CTYPE_UNION ||
			   t->kind == CTYPE_ENUM || t->kind == CTYPE_FUNCTION;

	if (!has_insides || !t->owner || t->loaded)
		return 0;
	return load(t->owner, (struct ctype *)t, err);
}
