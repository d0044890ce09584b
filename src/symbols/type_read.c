/*
 * type_read.c - from DIEs to types: one struct ctype per DIE, made when somebody asks and kept with
 * the file. A type is entered before what it refers to is read, so that references in a circle end.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "type_table.h"

enum {
	DEPTH_MAX = 100,               /* of references, while one type is read */
	SIZE_MAX_TYPE = 0x7fffffff,    /* bytes; an array above is damaged */
	DIMENSIONS_MAX = 16,
};

/* ---- kinds of DIEs --------------------------------------------------------------------------- */

/* gdb's names of what C has two for. */
static const char *short_name(const char *name)
{
	static const char *const names[][2] = {
		{ "short int", "short" },
		{ "short unsigned int", "unsigned short" },
		{ "long int", "long" },
		{ "long unsigned int", "unsigned long" },
		{ "long long int", "long long" },
		{ "long long unsigned int", "unsigned long long" },
	};

	for (size_t i = 0; name && i < ARRAY_SIZE(names); i++)
		if (!strcmp(name, names[i][0]))
			return names[i][1];
	return name;
}

static void read_base(struct ctype *t, Dwarf_Die die)
{
	u64 encoding = 0;

	t->name = short_name(t->name);
	dw_u64(die, DW_AT_encoding, &encoding);
	t->is_signed = encoding == DW_ATE_signed || encoding == DW_ATE_signed_char ||
		       encoding == DW_ATE_float;
	switch (encoding) {
	case DW_ATE_boolean:
		t->kind = CTYPE_BOOL;
		break;
	case DW_ATE_float:
		t->kind = CTYPE_FLOAT;
		break;
	case DW_ATE_complex_float:
		t->kind = CTYPE_COMPLEX;
		break;
	case DW_ATE_signed_char:
	case DW_ATE_unsigned_char:
	case DW_ATE_UTF:
		t->kind = t->size == 1 ? CTYPE_CHAR : CTYPE_INT;
		break;
	}
	if (t->size > 16 && t->kind != CTYPE_COMPLEX)
		t->broken = true;
}

/* Number of elements of one dimension; false: not said, as in char name[]. */
static bool dimension(Dwarf_Die die, u64 *ret)
{
	u64 lower = 0, upper, variable;

	/* A reference is to the variable that counts: variable_array.c. */
	if (dw_ref(die, DW_AT_count, &variable) || dw_ref(die, DW_AT_upper_bound, &variable))
		return false;
	if (dw_u64(die, DW_AT_count, ret))
		return true;
	if (!dw_u64(die, DW_AT_upper_bound, &upper))
		return false;
	dw_u64(die, DW_AT_lower_bound, &lower);
	*ret = upper - lower + 1;
	return true;
}

static void set_dimension(struct ctype *t, bool known, u64 count)
{
	u64 size = 0;

	t->has_count = known;
	if (!known)
		return;
	if (__builtin_mul_overflow(count, ctype_size(t->target), &size) || size > SIZE_MAX_TYPE) {
		t->broken = true;
		return;
	}
	t->count = count;
	t->size = size;
}

/* The first dimension is the outermost array. */
static void read_array(struct dwfile *f, struct ctype *t, Dwarf_Die die)
{
	u64 count[DIMENSIONS_MAX] = { 0 }, size;
	bool known[DIMENSIONS_MAX] = { false };
	const struct ctype *element = t->target;
	unsigned n = 0;

	for (Dwarf_Die d = dw_child(f, die); d; d = dw_next(f, d)) {
		u16 tag = dw_tag(d);

		if ((tag == DW_TAG_subrange_type || tag == DW_TAG_enumeration_type) &&
		    n < DIMENSIONS_MAX) {
			known[n] = dimension(d, &count[n]);
			n++;
		}
	}
	while (n > 1) {
		struct ctype *inner = type_new(f, 0, CTYPE_ARRAY);

		if (!inner)
			return;
		inner->target = element;
		n--;
		set_dimension(inner, known[n], count[n]);
		element = inner;
	}
	t->target = element;
	t->vector = dw_flag(die, DW_AT_GNU_vector);
	set_dimension(t, n && known[0], count[0]);
	if (!t->size && dw_u64(die, DW_AT_byte_size, &size) && size <= SIZE_MAX_TYPE)
		t->size = size;
}

static u8 kind_of(u16 tag)
{
	switch (tag) {
	case DW_TAG_base_type:
		return CTYPE_INT;
	case DW_TAG_pointer_type:
	case DW_TAG_reference_type:
	case DW_TAG_rvalue_reference_type:
		return CTYPE_POINTER;
	case DW_TAG_structure_type:
	case DW_TAG_class_type:
		return CTYPE_STRUCT;
	case DW_TAG_union_type:
		return CTYPE_UNION;
	case DW_TAG_enumeration_type:
		return CTYPE_ENUM;
	case DW_TAG_array_type:
		return CTYPE_ARRAY;
	case DW_TAG_subroutine_type:
	case DW_TAG_subprogram:
		return CTYPE_FUNCTION;
	case DW_TAG_typedef:
		return CTYPE_TYPEDEF;
	case DW_TAG_const_type:
		return CTYPE_CONST;
	case DW_TAG_volatile_type:
		return CTYPE_VOLATILE;
	case DW_TAG_restrict_type:
		return CTYPE_RESTRICT;
	case DW_TAG_atomic_type:
		return CTYPE_ATOMIC;
	default: /* DW_TAG_unspecified_type: decltype(nullptr) and the like */
		return CTYPE_VOID;
	}
}

static u64 pointer_size(struct dwfile *f, u64 die)
{
	const struct dwunit *u = dw_unit_of(f, die);

	return u && u->address_size == 4 ? 4 : 8;
}

static bool is_prototyped(struct dwfile *f, Dwarf_Die die)
{
	Dwarf_Die at = dw_has(die, DW_AT_prototyped) ? NULL
						     : dw_origin_with(f, die, DW_AT_prototyped);
	bool yes = dw_flag(at ?: die, DW_AT_prototyped);

	dw_free(at);
	return yes;
}

static void read_one(struct dwfile *f, struct ctype *t, Dwarf_Die die)
{
	u64 size = 0;

	dw_u64(die, DW_AT_byte_size, &size);
	t->size = size <= SIZE_MAX_TYPE ? size : 0;
	t->broken = size > SIZE_MAX_TYPE;
	t->name = t->kind == CTYPE_FUNCTION ? NULL : dw_str(f, die, DW_AT_name);
	t->incomplete = dw_flag(die, DW_AT_declaration) && t->kind != CTYPE_FUNCTION;
	t->target = type_of(f, die);
	switch (t->kind) {
	case CTYPE_INT:
		read_base(t, die);
		break;
	case CTYPE_POINTER:
		t->size = t->size ?: pointer_size(f, t->die);
		break;
	case CTYPE_ARRAY:
		read_array(f, t, die);
		break;
	case CTYPE_FUNCTION:
		t->size = 1;
		t->prototyped = is_prototyped(f, die);
		break;
	case CTYPE_VOID:
		t->name = t->name ?: "void";
		break;
	}
}

const struct ctype *type_at(struct dwfile *f, u64 offset)
{
	struct dwtypes *types = types_of_file(f);
	struct ctype *t;
	Dwarf_Die die;

	if (!types || types->depth > DEPTH_MAX)
		return NULL;
	t = types_known(types, offset);
	if (t)
		return t;
	die = dw_die(f, offset);
	if (!die)
		return NULL;
	t = type_enter(f, offset, kind_of(dw_tag(die)));
	if (t) {
		types->depth++;
		read_one(f, t, die);
		types->depth--;
	}
	dw_free(die);
	return t;
}

const struct ctype *type_of(struct dwfile *f, Dwarf_Die die)
{
	u64 offset;
	Dwarf_Die at;
	const struct ctype *t;

	if (dw_ref(die, DW_AT_type, &offset))
		return type_at(f, offset);
	at = dw_origin_with(f, die, DW_AT_type);
	t = at && dw_ref(at, DW_AT_type, &offset) ? type_at(f, offset) : NULL;
	dw_free(at);
	return t;
}
