/* cmd_disassemble.c - disassemble: code, on its own or between the lines it was made from. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "term.h"

enum { DISASSEMBLE_INSNS = 10 };

struct listing {
	struct cli *c;
	u64 start, end; /* end exclusive; 0: by count */
	u64 insns;
	u64 pc, base;         /* base: of the function, if there is a name */
	char name[300];
	bool raw;             /* /r: the bytes too */
	bool mixed, by_line;  /* /s and /m */
	struct strbuf out;
};

/* ---- instructions ---------------------------------------------------------------------------- */

static int insn_list(struct listing *l, u64 *at, struct err *err)
{
	struct strbuf text;
	unsigned len = 1;
	u8 bytes[INSN_MAX];
	int r;

	strbuf_init(&text);
	r = session_disassemble(l->c->s, *at, &text, &len, err);
	if (!r) {
		strbuf_addf(&l->out, "%s0x%016" PRIx64, *at == l->pc ? "=> " : "   ", *at);
		if (*l->name)
			strbuf_addf(&l->out, " <%+" PRId64 ">", *at - l->base);
		strbuf_adds(&l->out, ":\t");
		if (l->raw && session_read(l->c->s, *at, bytes, len, NULL) == 0)
			for (unsigned i = 0; i < len; i++)
				strbuf_addf(&l->out, "%02x%s", bytes[i], i + 1 < len ? " " : "\t");
		strbuf_addf(&l->out, "%s\n", strbuf_str(&text));
	}
	strbuf_deinit(&text);
	*at += len;
	say_buf(l->c, &l->out);
	return r;
}

static bool goes_on(const struct listing *l)
{
	return !l->c->out.quit && !term_interrupted();
}

static int insns_list(struct listing *l, u64 at, u64 end, struct err *err)
{
	int r = 0;

	for (u64 i = 0; !r && (end ? at < end : i < l->insns) && goes_on(l); i++)
		r = insn_list(l, &at, err);
	return r;
}

/* ---- lines ----------------------------------------------------------------------------------- */

/* The rows of the line table in the range. */
struct rows {
	struct source_line *row;
	size_t n, cap;
	bool failed;
};

static bool row_add(void *arg, const struct source_line *row)
{
	struct rows *r = arg;

	if (r->n == r->cap) {
		const size_t cap = r->cap ? r->cap * 2 : 64;
		struct source_line *more = realloc(r->row, cap * sizeof(*more));

		if (!more) {
			r->failed = true;
			return false;
		}
		r->row = more;
		r->cap = cap;
	}
	r->row[r->n++] = *row;
	return true;
}

static int rows_get(struct listing *l, struct rows *ret, struct err *err)
{
	struct symbols *syms = session_symbols(l->c->s);
	struct source_line first;

	*ret = (struct rows){ 0 };
	if (syms && source_line_at(syms, l->start, &first) && first.start < l->start) {
		first.start = l->start;
		row_add(ret, &first);
	}
	if (syms)
		source_lines_each(syms, l->start, l->end, row_add, ret);
	if (ret->failed) {
		free(ret->row);
		return err_set(err, ENOMEM, "no memory for the lines");
	}
	for (size_t i = 0; i < ret->n; i++)
		if (ret->row[i].end > l->end)
			ret->row[i].end = l->end;
	return 0;
}

static bool line_has_code(const struct rows *r, const struct source_file *f, u32 line)
{
	for (size_t i = 0; i < r->n; i++)
		if (r->row[i].file == f && r->row[i].line == line)
			return true;
	return false;
}

static void text_put(struct listing *l, const struct source_file *f, u32 line)
{
	struct srcfile *text;
	const size_t before = l->out.n;

	strbuf_addf(&l->out, "%u\t", line);
	if (srctext_open(l->c->view.text, f->name, *f->dir ? f->dir : NULL, &text, NULL) ||
	    !srcfile_line(text, line, &l->out)) {
		l->out.n = before;
		strbuf_addf(&l->out, "%u\tin %s", line, f->name);
	}
	strbuf_addc(&l->out, '\n');
}

/* Lines between the last shown and this one that made no code of their own: comments, declarations. */
static u32 first_to_show(const struct rows *r, const struct source_line *row, u32 last)
{
	u32 line = row->line;

	if (!last || line <= last + 1)
		return line;
	while (line - 1 > last && !line_has_code(r, row->file, line - 1))
		line--;
	return line - 1 == last || line < row->line ? line : row->line;
}

/* /s: in the order of the code. */
static int list_mixed(struct listing *l, const struct rows *r, struct err *err)
{
	const struct source_file *file = NULL;
	u64 at = l->start;
	u32 last = 0;
	int rc = 0;

	for (size_t i = 0; i < r->n && !rc && goes_on(l); i++) {
		const struct source_line *row = &r->row[i];

		if (at < row->start)
			rc = insns_list(l, at, row->start, err);
		if (row->file != file || row->line != last) {
			strbuf_adds(&l->out, file ? "\n" : "");
			if (row->file != file) {
				strbuf_addf(&l->out, "%s:\n", row->file->name);
				last = 0;
			}
			for (u32 n = first_to_show(r, row, last); n <= row->line; n++)
				text_put(l, row->file, n);
		}
		file = row->file;
		last = row->line;
		at = row->end;
		if (!rc)
			rc = insns_list(l, row->start, row->end, err);
	}
	return rc ?: at < l->end && goes_on(l) ? insns_list(l, at, l->end, err) : 0;
}

static int by_line(const void *a, const void *b)
{
	const struct source_line *x = a, *y = b;

	if (x->line != y->line)
		return x->line < y->line ? -1 : 1;
	return x->start < y->start ? -1 : x->start > y->start;
}

/* /m: in the order of the lines, those of the first file alone. */
static int list_by_line(struct listing *l, struct rows *r, struct err *err)
{
	const struct source_file *file = r->n ? r->row[0].file : NULL;
	u32 last = 0;
	int rc = 0;

	if (r->n)
		qsort(r->row, r->n, sizeof(*r->row), by_line);
	for (size_t i = 0; i < r->n && !rc && goes_on(l); i++) {
		const struct source_line *row = &r->row[i];

		if (row->file != file)
			continue;
		if (row->line != last) {
			strbuf_adds(&l->out, last ? "\n" : "");
			text_put(l, file, row->line);
		}
		last = row->line;
		rc = insns_list(l, row->start, row->end, err);
	}
	strbuf_adds(&l->out, last ? "\n" : "");
	return last ? rc : insns_list(l, l->start, l->end, err);
}

static int listing_show(struct listing *l, struct err *err)
{
	struct rows rows = { 0 };
	int r = 0;

	if (*l->name)
		say(l->c, "Dump of assembler code for function %s:\n", l->name);
	strbuf_init(&l->out);
	if ((l->mixed || l->by_line) && l->end)
		r = rows_get(l, &rows, err);
	if (!r && l->mixed && rows.n)
		r = list_mixed(l, &rows, err);
	else if (!r && l->by_line && rows.n)
		r = list_by_line(l, &rows, err);
	else if (!r)
		r = insns_list(l, l->start, l->end, err);
	say_buf(l->c, &l->out);
	strbuf_deinit(&l->out);
	free(rows.row);
	if (!r && *l->name)
		say(l->c, "End of assembler dump.\n");
	return r;
}

/* ---- what to list ---------------------------------------------------------------------------- */

/* START[, END|+LENGTH] */
static int listing_range(struct listing *l, const char *args, struct err *err)
{
	char *text = strdup(args), *comma = text ? strchr(text, ',') : NULL;
	const char *second = comma ? blanks_skip(comma + 1) : "";
	u64 n;
	int r;

	if (!text)
		return err_set(err, ENOMEM, "no memory");
	if (comma)
		*comma = '\0';
	r = address_get(l->c, text, &l->start, err);
	if (!r && comma) {
		r = *second == '+' ? expr_u64(l->c->s, second + 1, &n, err)
				   : address_get(l->c, second, &l->end, err);
		if (!r && *second == '+')
			l->end = l->start + n;
		if (!r && l->end <= l->start)
			r = err_set(err, EINVAL, "the range %s is empty", args);
	}
	free(text);
	return r;
}

/* One address means its whole function; a label without a size has no end to stop at. */
static void whole_function(struct listing *l)
{
	struct symbols *syms = session_symbols(l->c->s);
	const struct symbol *sym = syms ? symbols_at(syms, l->start) : NULL;
	struct source_function f;

	if (sym) {
		snprintf(l->name, sizeof(l->name), "%s", sym->name);
		l->base = sym->addr;
	}
	if (sym && sym->size) {
		l->start = sym->addr;
		l->end = sym->addr + sym->size;
	} else if (syms && source_function_at(syms, l->start, &f) && f.n_ranges == 1) {
		snprintf(l->name, sizeof(l->name), "%s", f.name);
		l->base = l->start = f.low;
		l->end = f.high;
	}
}

/* "/rs" at *args, moved behind it. */
static int modifiers(struct listing *l, const char **args, struct err *err)
{
	const char *p = *args;

	if (*p != '/')
		return 0;
	for (p++; *p && *p != ' ' && *p != '\t'; p++) {
		l->raw |= *p == 'r';
		l->mixed |= *p == 's';
		l->by_line |= *p == 'm';
		if (!strchr("rsm", *p))
			return err_set(err, EINVAL,
				       "disassemble /%c: the letters are r (bytes), s (source) and m "
				       "(source, by line)", *p);
	}
	*args = blanks_skip(p);
	return l->mixed && l->by_line
		       ? err_set(err, EINVAL, "disassemble: /s and /m exclude each other") : 0;
}

static int cmd_disassemble(struct cli *c, const char *args, struct err *err)
{
	struct listing l = { .c = c, .insns = DISASSEMBLE_INSNS };
	const struct cpu_state *cpu;
	int r = modifiers(&l, &args, err);

	if (!r)
		r = *args ? listing_range(&l, args, err) : location_get(c, "", &l.start, err);
	if (!r)
		r = session_regs(c->s, &cpu, err);
	if (r)
		return r;
	l.pc = cpu_linear_rip(cpu);
	if (!l.end)
		whole_function(&l);
	return listing_show(&l, err);
}

const struct command commands_disassemble[] = {
	{ "disassemble", "disas", GROUP_DATA, ARG_EXPR, CMD_NEEDS_GUEST,
	  "disassemble [/rsm] [START[, END|+LENGTH]]", "Disassemble code.",
	  "In the width of the current mode (16, 32 or 64 bits). Without a range, or with one "
	  "address, the whole function around it, or ten instructions where no symbol tells its "
	  "size. /r shows the bytes; /s the source lines before what they became, in the order of "
	  "the code; /m the same in the order of the lines of the function's file.",
	  "disassemble /r $pc, +4", cmd_disassemble, NULL },
	{ NULL },
};
