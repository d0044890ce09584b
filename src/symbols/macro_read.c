/*
 * macro_read.c - .debug_macro (DWARF 5, "Macro Information"; version 4 is GNU's, alike) and
 * .debug_macinfo (DWARF 2 to 4) as a list of events; see macro.h.
 *
 * Every operation costs one of a budget: imports of imports could be more than any text has.
 */
#include <stdlib.h>
#include "cursor.h"
#include "lines.h"
#include "macro.h"
#include "object.h"

enum { EVENTS_MAX = 1 << 20, BUDGET = 1 << 21, IMPORTS_MAX = 16 };

struct reader {
	struct dwfile *f;
	struct dwunit *u;
	struct dwmacros *to;
	struct dwsection macro, str;
	unsigned budget, imports;
};

static void add(struct reader *r, struct cursor *c, const struct dwmacro *e)
{
	struct dwmacros *m = r->to;

	if (m->n == m->cap) {
		u32 cap = m->cap ? m->cap * 2 : 256;
		struct dwmacro *p = cap <= EVENTS_MAX ? realloc(m->event, cap * sizeof(*p)) : NULL;

		c->bad |= !p;
		if (!p)
			return;
		m->event = p;
		m->cap = cap;
	}
	m->event[m->n++] = *e;
}

static void add_text(struct reader *r, struct cursor *c, bool defines, u64 line, const char *text)
{
	struct dwmacro e = { .kind = defines ? DWMACRO_DEFINE : DWMACRO_UNDEF, .line = line };

	e.text = text;
	if (text && !c->bad)
		add(r, c, &e);
}

static void add_file(struct reader *r, struct cursor *c, u64 line, u64 number)
{
	struct dwmacro e = { .kind = DWMACRO_FILE, .line = line };

	e.file = dw_numbered_file(r->f, r->u, number);
	if (!c->bad)
		add(r, c, &e);
}

/* One operation of either section; false: it was the last, or is not known. */
static bool operation(struct reader *r, struct cursor *c, u8 offset, u64 *ret_import)
{
	u8 op = cursor_get(c, 1);
	u64 line;

	switch (op) {
	case DW_MACRO_define:
	case DW_MACRO_undef:
		line = cursor_uleb(c);
		add_text(r, c, op == DW_MACRO_define, line, cursor_string(c));
		return true;
	case DW_MACRO_start_file:
		line = cursor_uleb(c);
		add_file(r, c, line, cursor_uleb(c));
		return true;
	case DW_MACRO_end_file:
		add(r, c, &(struct dwmacro){ .kind = DWMACRO_FILE_END });
		return true;
	case DW_MACRO_define_strp:
	case DW_MACRO_undef_strp:
		line = cursor_uleb(c);
		add_text(r, c, op == DW_MACRO_define_strp, line,
			 dw_section_string(&r->str, cursor_get(c, offset)));
		return true;
	case DW_MACRO_import:
		*ret_import = cursor_get(c, offset);
		return true;
	case DW_MACRO_define_sup:
	case DW_MACRO_undef_sup: /* strings of another file */
		cursor_uleb(c);
		cursor_get(c, offset);
		return true;
	case DW_MACRO_import_sup:
		cursor_get(c, offset);
		return true;
	case DW_MACRO_define_strx:
	case DW_MACRO_undef_strx:
		line = cursor_uleb(c);
		add_text(r, c, op == DW_MACRO_define_strx, line, dw_indexed_string(r->f, r->u, cursor_uleb(c), offset));
		return true;
	case 0:
		return false;
	default:
		c->bad = true;
		return false;
	}
}

/* DW_MACRO_GNU_* have the numbers of DWARF 5; .debug_macinfo the first four of them and an end. */
static void read_info(struct reader *r, struct cursor *c)
{
	u64 none;

	while (!c->bad && r->budget && c->p < c->end) {
		r->budget--;
		if (*c->p == DW_MACINFO_vendor_ext) {
			cursor_get(c, 1);
			cursor_uleb(c);
			cursor_string(c);
		} else if (*c->p > DW_MACINFO_end_file) {
			c->bad = true;
		} else if (!operation(r, c, 4, &none)) {
			break;
		}
	}
	r->to->cut = c->bad || !r->budget;
}

/* The header: version, flags (64-bit offsets, an offset of the line table, operands of more
 * operations, which nobody writes). Bytes of an offset. */
static u8 read_head(struct cursor *c)
{
	u16 version = cursor_get(c, 2);
	u8 flags = cursor_get(c, 1), offset = flags & 1 ? 8 : 4;

	if (flags & 2)
		cursor_get(c, offset);
	if (flags & 4 || version < 4 || version > 5)
		c->bad = true;
	return offset;
}

static void read_table(struct reader *r, u64 offset)
{
	struct cursor c = dw_section_at(&r->macro, offset);
	u8 offset_size = read_head(&c);
	u64 import = UINT64_MAX;

	if (r->imports++ >= IMPORTS_MAX)
		c.bad = true;
	while (!c.bad && r->budget) {
		r->budget--;
		if (!operation(r, &c, offset_size, &import))
			break;
		if (import != UINT64_MAX)
			read_table(r, import);
		import = UINT64_MAX;
	}
	r->imports--;
	r->to->cut |= c.bad || !r->budget;
}

static void read_unit(struct reader *r, Dwarf_Die die)
{
	u64 at;

	r->str = dw_section(r->f, ".debug_str");
	if (dw_u64(die, DW_AT_macros, &at) || dw_u64(die, DW_AT_GNU_macros, &at)) {
		r->macro = dw_section(r->f, ".debug_macro");
		read_table(r, at);
	} else if (dw_u64(die, DW_AT_macro_info, &at)) {
		struct cursor c;

		r->macro = dw_section(r->f, ".debug_macinfo");
		c = dw_section_at(&r->macro, at);
		read_info(r, &c);
	}
}

static struct dwmacros *macros_create(struct dwfile *f, struct dwunit *u)
{
	struct dwmacros *m = calloc(1, sizeof(*m));
	struct reader r = { .f = f, .u = u, .to = m, .budget = BUDGET };
	Dwarf_Die die = m ? dw_die(f, u->die) : NULL;

	if (die)
		read_unit(&r, die);
	dw_free(die);
	return m;
}

bool dw_has_macros(struct dwfile *f)
{
	return !dw_ready(f, NULL) &&
	       (elfobj_find(f->debug, ".debug_macro") || elfobj_find(f->debug, ".debug_macinfo"));
}

struct dwmacros *dw_macros(struct dwfile *f, struct dwunit *u)
{
	if (!dw_has_macros(f))
		return NULL;
	if (!u->macros)
		u->macros = macros_create(f, u);
	return u->macros && u->macros->n ? u->macros : NULL;
}

void dw_macros_drop(struct dwfile *f)
{
	for (u32 i = 0; i < f->n_units; i++) {
		struct dwmacros *m = f->unit[i].macros;

		if (m)
			free(m->event);
		free(m);
		f->unit[i].macros = NULL;
	}
}
