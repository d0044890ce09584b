/* expr_member.c - parts of structures and arrays, and reading and writing numbers where they lie. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "eval.h"

/* ---- numbers --------------------------------------------------------------------------------- */

static u64 bits_take(const u8 *bytes, unsigned pos, unsigned size)
{
	unsigned __int128 v = 0;

	memcpy(&v, bytes, 9);
	v >>= pos;
	return size >= 64 ? (u64)v : (u64)v & (BIT64(size) - 1);
}

static int load_bit_field(struct eval *ev, struct val *v)
{
	unsigned first = v->bit_pos / 8, pos = v->bit_pos % 8, shift = 64 - v->bit_size;
	u8 bytes[16] = { 0 };
	bool gone;
	int rc = val_bytes(ev, v, first, bytes, (pos + v->bit_size + 7) / 8, &gone);

	if (rc)
		return rc;
	v->gone = gone;
	v->bits = bits_take(bytes, pos, v->bit_size);
	if (type_signed(&v->type))
		v->bits = (u64)((s64)(v->bits << shift) >> shift);
	return 0;
}

int val_load(struct eval *ev, struct val *v)
{
	unsigned size = type_size(&v->type);
	const struct ctype *t = v->type.c ? ctype_strip(v->type.c) : NULL;
	bool gone = false;
	int rc;

	if (!v->in_memory && !v->place && !v->data)
		return 0;
	if (t && t->kind == CTYPE_COMPLEX && t->size <= 16)
		size = t->size;
	if (!size || size > 16)
		return 0; /* no number: its contents are read when somebody looks */
	if (ev->seen && v->in_memory && !v->data)
		seen_memory(ev->seen, v->addr + v->bit_pos / 8,
			    v->bit_size ? (v->bit_pos % 8u + v->bit_size + 7) / 8 : size);
	if (v->bit_size)
		return load_bit_field(ev, v);
	memset(v->wide, 0, sizeof(v->wide));
	if (size > 8 || (t && t->kind == CTYPE_COMPLEX)) {
		rc = val_bytes(ev, v, 0, v->wide, size, &gone);
		memcpy(&v->bits, v->wide, 8);
	} else {
		v->bits = 0;
		rc = val_bytes(ev, v, 0, &v->bits, size, &gone);
		v->bits = bits_extend(v->bits, size, type_signed(&v->type));
	}
	v->gone = gone;
	return rc;
}

int val_decay(struct eval *ev, const struct node *n, struct val *v)
{
	const struct ctype *t = v->type.c ? ctype_strip(v->type.c) : NULL, *to;
	unsigned size = expr_pointer_size(ev->s);

	if (!t || (t->kind != CTYPE_ARRAY && t->kind != CTYPE_FUNCTION))
		return 0;
	if (t->kind == CTYPE_ARRAY && t->vector)
		return node_bad(n, EINVAL, "a vector is no number; take one element, as in v[0]",
				ev->err);
	if (!v->in_memory && !ev->types_only)
		return node_bad(n, EINVAL, "only what lies in memory has an address", ev->err);
	to = ctype_pointer(ev->s->types, t->kind == CTYPE_ARRAY ? t->target : v->type.c, size);
	if (!to)
		return err_set(ev->err, ENOMEM, "no memory for a type");
	*v = (struct val){ .bits = v->addr, .type = type_of_ctype(to), .repeat = 1 };
	return 0;
}

/* ---- parts ----------------------------------------------------------------------------------- */

/* The part at `off` bytes of what `whole` is, with the part's type. */
static void part_of(const struct val *whole, u64 off, const struct ctype *type, struct val *ret)
{
	struct val v = *whole;

	v.type = type_of_ctype(type);
	v.repeat = 1;
	v.bit_pos = v.bit_size = 0;
	v.addr += off;
	v.place_off += off;
	if (v.data)
		v.data += off;
	if (v.in_memory && !ctype_is_scalar(type))
		v.bits = v.addr;
	*ret = v;
}

static int no_member(struct eval *ev, const struct node *n, const struct ctype *t)
{
	struct strbuf name;

	strbuf_init(&name);
	ctype_name(t, &name);
	err_set(ev->err, ENOENT, "column %u: %.200s has no member %.100s", n->column,
		strbuf_str(&name), n->name);
	strbuf_deinit(&name);
	return -ENOENT;
}

int eval_member(struct eval *ev, const struct node *n, struct val *ret)
{
	const struct ctype_member *m;
	const struct ctype *t;
	struct val v;
	u64 off;
	int rc = eval_lvalue(ev, n->arg[0], &v);

	if (!rc && v.type.c && ctype_strip(v.type.c)->kind == CTYPE_POINTER)
		rc = val_load(ev, &v) ?: val_target(ev, n, &v, &v);
	if (rc)
		return rc;
	t = v.type.c ? ctype_strip(v.type.c) : NULL;
	if (!t || (t->kind != CTYPE_STRUCT && t->kind != CTYPE_UNION))
		return node_bad(n, EINVAL,
				"only structures, unions and pointers to them have members; cast an "
				"address, as in ((struct task *)ptr)->pid", ev->err);
	if (t->incomplete)
		return node_bad(n, EINVAL, "no file says what is in this structure", ev->err);
	rc = ctype_load(t, ev->err);
	if (rc)
		return rc;
	m = ctype_member(t, n->name, strlen(n->name), &off);
	if (!m)
		return no_member(ev, n, v.type.c);
	part_of(&v, off, m->type, ret);
	ret->bit_pos = m->bit_pos;
	ret->bit_size = m->bit_size;
	return 0;
}

/* An array that is not in memory, or that is part of such a structure. */
static int index_contents(struct eval *ev, const struct node *n, const struct val *array, s64 i,
			  struct val *ret)
{
	const struct ctype *t = ctype_strip(array->type.c);
	u64 size = ctype_size(t->target);

	if (i < 0 || (u64)i >= t->count)
		return node_bad(n, ERANGE, "the array has no such element", ev->err);
	part_of(array, i * size, t->target, ret);
	return 0;
}

int eval_index(struct eval *ev, const struct node *n, struct val *ret)
{
	const struct ctype *t;
	struct val base, index, sum;
	int rc = eval_lvalue(ev, n->arg[0], &base);

	if (!rc)
		rc = eval_number(ev, n->arg[1], &index);
	if (rc)
		return rc;
	t = base.type.c ? ctype_strip(base.type.c) : NULL;
	if (t && t->kind == CTYPE_ARRAY && !index.type.depth && !type_is_float(&index.type) &&
	    (!base.in_memory || base.data || t->vector))
		return base.in_memory && !base.data
			       ? (part_of(&base, index.bits * ctype_size(t->target), t->target, ret), 0)
			       : index_contents(ev, n, &base, index.bits, ret);
	rc = eval_number(ev, n->arg[0], &base);
	if (!rc)
		rc = val_binary(n, NODE_ADD, &base, &index, &sum, ev->err);
	return rc ?: val_target(ev, n, &sum, ret);
}

/* ---- assignment ------------------------------------------------------------------------------ */

static int store_bit_field(struct eval *ev, const struct node *n, const struct val *to, u64 bits)
{
	unsigned first = to->bit_pos / 8, pos = to->bit_pos % 8;
	unsigned bytes = (pos + to->bit_size + 7) / 8;
	unsigned __int128 v = 0, mask = (((unsigned __int128)1 << to->bit_size) - 1) << pos;
	struct val at = *to;
	bool gone;
	int rc = val_bytes(ev, to, first, &v, bytes, &gone);

	if (rc)
		return rc;
	v = (v & ~mask) | ((unsigned __int128)bits << pos & mask);
	at.addr += first;
	at.place_off += first;
	return val_write(ev, n, &at, &v, bytes);
}

static int store_aggregate(struct eval *ev, const struct node *n, const struct val *to,
			   const struct val *v)
{
	enum { AT_ONCE = 512 };
	u64 size = ctype_size(to->type.c);
	u8 buf[AT_ONCE];

	if (!v->type.c || !ctype_same(to->type.c, v->type.c) || ctype_size(v->type.c) != size)
		return node_bad(n, EINVAL, "only the same structure or array can be assigned to this",
				ev->err);
	for (u64 off = 0; off < size; off += AT_ONCE) {
		size_t k = size - off < AT_ONCE ? size - off : AT_ONCE;
		struct val part = *to;
		bool gone;
		int rc = val_bytes(ev, v, off, buf, k, &gone);

		part.addr += off;
		part.place_off += off;
		if (!rc && gone)
			rc = node_bad(n, ENODATA, "the value has been optimized out", ev->err);
		if (!rc)
			rc = val_write(ev, n, &part, buf, k);
		if (rc)
			return rc;
	}
	return 0;
}

int val_store(struct eval *ev, const struct node *n, const struct val *to, const struct val *v,
	      struct val *ret)
{
	unsigned size = type_size(&to->type);
	struct val number;
	int rc;

	if (to->type.c && ctype_strip(to->type.c)->kind == CTYPE_FUNCTION)
		return node_bad(n, EINVAL, "a function cannot be assigned to", ev->err);
	if (to->type.c && !ctype_is_scalar(to->type.c)) {
		rc = store_aggregate(ev, n, to, v);
		*ret = *to;
		return rc;
	}
	rc = val_cast(ev, n, v, &to->type, &number);
	if (rc)
		return rc;
	if (to->bit_size)
		rc = store_bit_field(ev, n, to, number.bits);
	else
		rc = val_write(ev, n, to, size > 8 ? (void *)number.wide : (void *)&number.bits, size);
	*ret = *to;
	/* What was written: a register's place is another frame's now. */
	ret->bits = number.bits;
	memcpy(ret->wide, number.wide, sizeof(ret->wide));
	if (to->bit_size && to->bit_size < 64) {
		unsigned shift = 64 - to->bit_size;

		ret->bits <<= shift;
		ret->bits = type_signed(&to->type) ? (u64)((s64)ret->bits >> shift)
						   : ret->bits >> shift;
	}
	ret->place = NULL;
	return rc;
}
