/*
 * ctype.h - C types as debug information tells them, and their text in gdb's layout.
 *
 * Implemented by src/symbols/type*.c; used by src/debug/ (expressions, printing). A type belongs to
 * the file it was read from and lives until that file's symbols are dropped; those of
 * ctype_builtin() live for ever; those of a pool until the pool is cleared. What is behind a
 * pointer is read when somebody looks: members of structures and values of enums by ctype_load().
 */
#ifndef VMSTEP_CTYPE_H
#define VMSTEP_CTYPE_H

#include <vmstep/err.h>
#include <vmstep/strbuf.h>

struct symbols;

enum ctype_kind {
	CTYPE_VOID,
	CTYPE_INT,
	CTYPE_CHAR, /* an integer shown as a character */
	CTYPE_BOOL,
	CTYPE_FLOAT,
	CTYPE_COMPLEX, /* two of the floats of half its size */
	CTYPE_ENUM,
	CTYPE_POINTER,
	CTYPE_ARRAY, /* one dimension; of an array of arrays the outer one */
	CTYPE_STRUCT,
	CTYPE_UNION,
	CTYPE_FUNCTION,
	CTYPE_TYPEDEF,
	CTYPE_CONST,
	CTYPE_VOLATILE,
	CTYPE_RESTRICT,
	CTYPE_ATOMIC,
};

struct ctype;

struct ctype_member {
	const char *name;         /* NULL: anonymous; of a function an unnamed parameter */
	const struct ctype *type; /* NULL: void */
	u64 offset;               /* bytes, of the storage where it is a bit-field */
	u16 bit_pos;              /* bit-field: its lowest bit, counted from bit 0 of byte `offset` */
	u16 bit_size;             /* 0: no bit-field */
};
struct ctype_value { /* of an enum */
	const char *name;
	s64 value;
};

struct ctype {
	u8 kind;         /* enum ctype_kind */
	bool is_signed;  /* numbers and enums */
	bool incomplete; /* a declaration whose definition no file has */
	bool has_count;  /* arrays: else flexible, as in char name[] */
	bool prototyped, varargs; /* functions */
	bool flags;      /* enums: each value is a bit or a group of bits (after ctype_load()) */
	bool vector;     /* arrays: a vector of GCC */
	bool broken;     /* the debug information of its insides is damaged: shown as <incomplete type> */
	u8 loaded;       /* private */
	u64 size;        /* bytes; of functions 1, as in GNU C */
	u64 count;       /* arrays */
	const char *name; /* NULL: none */
	const struct ctype *target; /* of pointers, arrays, typedefs, qualifiers; what a function returns; NULL: void */
	struct ctype_member *member; /* structures, unions, parameters of functions */
	struct ctype_value *value;   /* enums */
	u32 n;                       /* of either */
	void *owner;    /* private: the file's table, NULL: built in or of a pool */
	u64 die;        /* private */
};

/* ---- looking at types ------------------------------------------------------------------------ */

/* Without typedefs, const, volatile...; declarations become their definition in whatever file has
 * it. Never NULL: NULL (void) gives the type void. */
const struct ctype *ctype_strip(const struct ctype *t);
/* The same without looking for definitions; a typedef's chain that does not end gives void. */
const struct ctype *ctype_bare(const struct ctype *t);
/* Fills member or value of a stripped type; a sentence when the debug information is damaged. */
int ctype_load(const struct ctype *t, struct err *err);
/* Bytes; 0 for void and what is incomplete. */
u64 ctype_size(const struct ctype *t);
/* Integers, characters, booleans, enums. */
bool ctype_is_integer(const struct ctype *t);
/* Everything of one number: also pointers and floats. */
bool ctype_is_scalar(const struct ctype *t);
bool ctype_is_aggregate(const struct ctype *t); /* struct, union, array */
/* Structurally the same, names of structures taken as they are. */
bool ctype_same(const struct ctype *a, const struct ctype *b);
/*
 * A member by name, also inside anonymous ones: *ret_offset is where in `t`. NULL if there is none.
 */
const struct ctype_member *ctype_member(const struct ctype *t, const char *name, size_t n, u64 *ret_offset);

/* ---- making types ---------------------------------------------------------------------------- */

/* "int", "unsigned long", "char", "double"... NULL for others. Sizes are those of x86-64; "long ",
 * "unsigned long " and "long double " (with a blank) are i386's. */
const struct ctype *ctype_builtin(const char *name);
/* An integer without debug information: int, long and their kin by size and sign. */
const struct ctype *ctype_integer(unsigned size, bool is_signed);

struct ctype_pool; /* derived types: same question, same answer */
struct ctype_pool *ctype_pool_create(void); /* NULL: no memory */
void ctype_pool_destroy(struct ctype_pool *p);
void ctype_pool_clear(struct ctype_pool *p);
/* NULL: no memory. `size` of a pointer: 4 or 8. */
const struct ctype *ctype_pointer(struct ctype_pool *p, const struct ctype *to, unsigned size);
const struct ctype *ctype_array(struct ctype_pool *p, const struct ctype *of, u64 count);
const struct ctype *ctype_qualified(struct ctype_pool *p, const struct ctype *t, enum ctype_kind kind);
/* A function that returns `t`; the types of its parameters are copied. */
const struct ctype *ctype_function(struct ctype_pool *p, const struct ctype *t, const struct ctype *const *parameter,
				   unsigned n, bool prototyped, bool varargs);

/* ---- text ------------------------------------------------------------------------------------ */

/* gdb's whatis: "struct task *", "int (*)(void *, char)", "char [16]". */
void ctype_name(const struct ctype *t, struct strbuf *out);
/* gdb's ptype: structures and enums with what is in them; `offsets`: ptype/o. */
int ctype_describe(const struct ctype *t, bool offsets, struct strbuf *out, struct err *err);
/* A declaration of `name`: "int (*name)(void)", "char name[16]". */
void ctype_declare(const struct ctype *t, const char *name, struct strbuf *out);

/* ---- by name --------------------------------------------------------------------------------- */

enum ctype_space { CTYPES_TYPEDEF = 1, CTYPES_STRUCT, CTYPES_UNION, CTYPES_ENUM };
/*
 * CTYPES_TYPEDEF is for ordinary names: typedefs and base types. The compilation unit that covers
 * `pc` comes first. NULL if there is none.
 */
const struct ctype *ctype_find(struct symbols *s, bool has_pc, u64 pc, enum ctype_space space,
			       const char *name);
/* Bytes of a pointer in the first file with debug information; 0: no file has any. */
unsigned ctype_pointer_size(struct symbols *s);

#endif
