/*
 * lines.c - the line table of a unit, in the form gdb keeps it, so that runs of lines, places for
 * breakpoints and ends of prologues come out the same: one list of rows a source file, a row of
 * line 0 where the code of that file ends.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "files.h"
#include "lineprog.h"
#include "lines.h"

struct build {
	struct dwfile *f;
	struct dwunit *u;
	struct dwlines *lines;
	struct linehead head;
	u32 *list_of; /* number in the program -> index in lines->file + 1 */

	/* within a sequence */
	u32 last_file, last_line; /* DW_NONE before the first row */
	u64 last_addr;
	bool fresh, stmt_here, discriminated, skip;
};

/* What lies in the compiler's directory is called as the compiler was told. */
static const struct source_file *file_by_number(struct build *b, u32 number)
{
	const struct lineheadfile *in = &b->head.file[number];
	const char *dir = in->dir < b->head.n_dirs ? b->head.dir[in->dir] : NULL;
	const struct source_file *file;
	char *whole = NULL;

	if (!in->name) {
		/* Before DWARF 5 number 0 is none. */
		if (number || b->head.version >= 5)
			dw_damage(b->f, "the name of a source file");
		return NULL;
	}
	if (in->name[0] == '/' || (dir && b->u->comp_dir && !strcmp(dir, b->u->comp_dir)))
		dir = NULL;
	if (dir && asprintf(&whole, "%s/%s", dir, in->name) < 0)
		return NULL;
	file = files_intern(b->f, b->u->comp_dir, whole ?: in->name);
	free(whole);
	return file;
}

/* Index of a file's list; DW_NONE: the program names a file that is not in its table. */
static u32 list_of(struct build *b, u32 number)
{
	struct dwlines *l = b->lines;
	const struct source_file *file = number < l->n_numbers ? l->number[number] : NULL;
	struct dwlinefile *p;
	u32 i;

	if (!file)
		return DW_NONE;
	if (b->list_of[number])
		return b->list_of[number] - 1;
	for (i = 0; i < l->n_files && l->file[i].file != file; i++)
		;
	if (i == l->n_files) {
		p = realloc(l->file, (l->n_files + 1) * sizeof(*p));
		if (!p)
			return DW_NONE;
		l->file = p;
		l->file[l->n_files++] = (struct dwlinefile){ .file = file };
	}
	b->list_of[number] = i + 1;
	return i;
}

static void append(struct dwlinefile *l, const struct dwrow *row)
{
	if (l->n == l->cap) {
		u32 cap = l->cap ? l->cap * 2 : 32;
		struct dwrow *p = realloc(l->row, cap * sizeof(*p));

		if (!p)
			return;
		l->row = p;
		l->cap = cap;
	}
	l->row[l->n++] = *row;
}

/* The end of the code of a file: rows of that very address held no code. */
static void finish_list(struct dwlinefile *l, u64 addr)
{
	bool any = false;
	u32 line = 0;

	while (l->n) {
		any = true;
		line = l->row[l->n - 1].line;
		if (l->row[l->n - 1].addr != addr)
			break;
		l->n--;
	}
	if (any && line)
		append(l, &(struct dwrow){ .addr = addr, .is_stmt = true });
}

static void begin_sequence(struct build *b, const struct lineraw *r)
{
	b->last_file = DW_NONE;
	b->last_line = 0;
	b->last_addr = 0;
	b->stmt_here = b->discriminated = false;
	/* Functions the linker threw away stay behind at 0, where there is no code. */
	b->skip = !dw_covers(b->f, r->addr);
}

static void add_row(struct build *b, const struct lineraw *r)
{
	u32 list = r->end ? b->last_file : list_of(b, r->file);
	bool changed = list != b->last_file;
	/* A row that is no statement does not take the place of one that is, and line 0 is no line. */
	bool ignored = !r->end && (!r->line || (changed && b->last_addr == r->addr && !r->is_stmt &&
						b->stmt_here));

	if (list == DW_NONE && !r->end)
		return;
	b->discriminated = r->line != b->last_line ? r->discriminator != 0
						   : b->discriminated || r->discriminator;
	if (((changed && !ignored) || r->end) && b->last_file != DW_NONE)
		finish_list(&b->lines->file[b->last_file], r->addr);
	if (!r->end && !ignored && (changed || r->line != b->last_line || !b->discriminated)) {
		append(&b->lines->file[list], &(struct dwrow){ .addr = r->addr,
							       .line = r->line,
							       .column = r->column > 0xffff ? 0 : r->column,
							       .is_stmt = r->is_stmt,
							       .prologue_end = r->prologue_end });
		b->last_file = list;
		b->last_line = r->line;
	}
	if (b->last_addr != r->addr) {
		b->stmt_here = false;
		b->last_addr = r->addr;
	}
	b->stmt_here |= r->is_stmt;
}

static void take_row(void *arg, const struct lineraw *r)
{
	struct build *b = arg;

	if (b->fresh)
		begin_sequence(b, r);
	b->fresh = r->end;
	if (!b->skip)
		add_row(b, r);
}

static int by_address(const void *a, const void *b)
{
	const struct dwrow *x = a, *y = b;

	if (x->addr != y->addr)
		return x->addr < y->addr ? -1 : 1;
	if (!x->line != !y->line)
		return !x->line ? -1 : 1;
	return 0;
}

/* By address, in the order of the program where that is equal (merge: qsort would be free to swap). */
static void sort_rows(struct dwlinefile *l)
{
	struct dwrow *tmp, *from = l->row, *to;
	bool sorted = true;

	for (u32 i = 1; i < l->n && sorted; i++)
		sorted = by_address(&l->row[i - 1], &l->row[i]) <= 0;
	tmp = sorted ? NULL : malloc(l->n * sizeof(*tmp));
	if (!tmp)
		return;
	to = tmp;
	for (u32 width = 1; width < l->n; width *= 2) {
		struct dwrow *swap;

		for (u32 at = 0; at < l->n; at += 2 * width) {
			u32 mid = at + width < l->n ? at + width : l->n;
			u32 end = mid + width < l->n ? mid + width : l->n;

			for (u32 i = at, j = mid, k = at; k < end; k++)
				to[k] = i < mid && (j == end || by_address(&from[i], &from[j]) <= 0)
						? from[i++]
						: from[j++];
		}
		swap = from;
		from = to;
		to = swap;
	}
	if (from != l->row)
		memcpy(l->row, from, l->n * sizeof(*tmp));
	free(tmp);
}

/* The unit's own name for its file comes first, so that it is the one shown. */
static bool read_files(struct build *b)
{
	u32 n = b->head.n_files;

	files_of_unit(b->f, b->u);
	b->lines->number = calloc(n + 1, sizeof(*b->lines->number));
	b->list_of = calloc(n + 1, sizeof(*b->list_of));
	if (!b->lines->number || !b->list_of)
		return false;
	b->lines->n_numbers = n;
	for (u32 i = 0; i < n; i++)
		b->lines->number[i] = file_by_number(b, i);
	return true;
}

static void decode(struct build *b, Dwarf_Die die)
{
	u64 offset;

	if (!dw_u64(die, DW_AT_stmt_list, &offset) || !linehead_read(b->f, offset, &b->head)) {
		dw_damage(b->f, "the head of a line table");
		return;
	}
	b->fresh = true;
	if (read_files(b) && !lineprog_run(&b->head, take_row, b))
		dw_damage(b->f, "a line table");
	for (u32 i = 0; i < b->lines->n_files; i++)
		sort_rows(&b->lines->file[i]);
	free(b->list_of);
	linehead_deinit(&b->head);
}

void lines_destroy(struct dwlines *l)
{
	for (u32 i = 0; l && i < l->n_files; i++)
		free(l->file[i].row);
	if (l) {
		free(l->file);
		free(l->number);
	}
	free(l);
}

struct dwlines *dw_lines(struct dwfile *f, struct dwunit *u)
{
	struct build b = { .f = f, .u = u };
	Dwarf_Die die;

	if (u->lined)
		return u->lines;
	u->lined = true;
	dw_unit_details(f, u);
	die = u->has_lines ? dw_die(f, u->die) : NULL;
	if (!die)
		return NULL;
	b.lines = calloc(1, sizeof(*b.lines));
	if (b.lines)
		decode(&b, die);
	dw_free(die);
	u->lines = b.lines;
	return u->lines;
}

const struct source_file *dw_numbered_file(struct dwfile *f, struct dwunit *u, u64 number)
{
	struct dwlines *l = dw_lines(f, u);

	return l && number < l->n_numbers ? l->number[number] : NULL;
}

/* The last row at or before the address; of several at one address one that is a statement. */
static const struct dwrow *row_before(const struct dwlinefile *l, u64 link, u32 *ret_next)
{
	u32 lo = 0, hi = l->n;
	const struct dwrow *best, *r;

	while (lo < hi) {
		u32 mid = lo + (hi - lo) / 2;

		if (l->row[mid].addr <= link)
			lo = mid + 1;
		else
			hi = mid;
	}
	*ret_next = lo;
	if (!lo)
		return NULL;
	best = r = &l->row[lo - 1];
	while (r > l->row && r[-1].addr == r->addr && r[-1].line && !r->is_stmt)
		r--;
	return r->is_stmt ? r : best;
}

bool lines_at(struct dwfile *f, struct dwunit *u, u64 link, struct dwlineat *ret)
{
	struct dwlines *l = dw_lines(f, u);
	struct dwlineat best = { 0 };
	u64 first = UINT64_MAX; /* the nearest begin of another file's code behind */

	for (u32 i = 0; l && i < l->n_files; i++) {
		const struct dwlinefile *in = &l->file[i];
		const struct dwrow *row;
		u32 next;

		if (!in->n)
			continue;
		if (in->row[0].addr > link && in->row[0].addr < first)
			first = in->row[0].addr;
		row = row_before(in, link, &next);
		if (row && row->line && (!best.row || row->addr > best.row->addr)) {
			best.row = row;
			best.in = in;
			if (best.end <= row->addr)
				best.end = 0;
		}
		if (best.row && next < in->n && in->row[next].addr > best.row->addr &&
		    (!best.end || best.end > in->row[next].addr))
			best.end = in->row[next].addr;
	}
	if (!best.row || !best.row->line)
		return false;
	if (!best.end || best.end > first)
		best.end = first;
	*ret = best;
	return true;
}
