/* view.c - the source line of a stop, and where `list` is; see view.h. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <sys/stat.h>

#include "cli.h"
#include "term.h"

/* ---- files ----------------------------------------------------------------------------------- */

static void file_clear(struct view_file *f)
{
	free(f->name);
	free(f->dir);
	free(f->path);
	*f = (struct view_file){ 0 };
}

static void file_set(struct view_file *f, const struct source_file *from)
{
	struct view_file new = { strdup(from->name), strdup(from->dir), strdup(from->path) };

	if (!new.name || !new.dir || !new.path) {
		file_clear(&new);
		return;
	}
	file_clear(f);
	*f = new;
}

static bool file_is(const struct view_file *f, const struct source_file *other)
{
	return f->path && !strcmp(f->path, other->path);
}

int view_init(struct view *v)
{
	v->listsize = 10;
	v->text = srctext_create();
	return v->text ? 0 : -ENOMEM;
}

void view_deinit(struct view *v)
{
	srctext_destroy(v->text);
	file_clear(&v->file);
	file_clear(&v->stop_file);
	free(v->missing);
}

struct location_default view_default(struct cli *c)
{
	struct symbols *syms = session_symbols(c->s);
	struct location_default d = { .line = c->view.shown_line ?: c->view.last };

	if (syms && c->view.file.path)
		d.file = source_file_find(syms, c->view.file.path);
	return d;
}

/* ---- lines ----------------------------------------------------------------------------------- */

static bool is_older(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec != b->tv_sec ? a->tv_sec < b->tv_sec : a->tv_nsec < b->tv_nsec;
}

/* gdb's remark, once a file: what is shown may not be what runs. */
static void newer_tell(struct cli *c, struct srcfile *f)
{
	struct symbols *syms = session_symbols(c->s);
	u64 bias;
	const char *program = syms && symbols_files(syms) ? symbols_file(syms, 0, &bias) : NULL;
	struct stat st;

	if (f->told_newer || !program || stat(program, &st) || !is_older(&st.st_mtim, &f->mtime))
		return;
	f->told_newer = true;
	say(c, "warning: Source file is more recent than executable.\n");
}

/* The reason once, afterwards only the line's place. */
static void missing_show(struct cli *c, u32 line, const struct err *err, bool told)
{
	struct view *v = &c->view;

	if (told || (v->missing && !strcmp(v->missing, v->file.path))) {
		say(c, "%u\tin %s\n", line, v->file.name);
		return;
	}
	say(c, "%u\t%s.\n", line, err->text);
	free(v->missing);
	v->missing = strdup(v->file.path);
}

static void listed(struct view *v, u32 first, u32 last)
{
	v->first = first;
	v->last = last;
	v->next = last + 1;
}

static int line_out_of_range(struct cli *c, const struct srcfile *f, u32 line, struct err *err)
{
	return err_set(err, ERANGE, "Line number %u out of range; %s has %u lines.", line,
		       c->view.file.name, f->n_lines);
}

int view_lines(struct cli *c, u32 first, u32 last, bool told, struct err *err)
{
	struct view *v = &c->view;
	struct err why = { 0 };
	struct srcfile *f;
	struct strbuf out;
	u32 at = first;

	if (!v->file.name)
		return err_set(err, ENOENT, "there is no source file to show, name one as in list FILE:1");
	if (srctext_open(v->text, v->file.name, *v->file.dir ? v->file.dir : NULL, &f, &why)) {
		missing_show(c, first, &why, told);
		listed(v, first, first);
		return 0;
	}
	if (first > f->n_lines)
		return line_out_of_range(c, f, first, err);
	newer_tell(c, f);
	strbuf_init(&out);
	for (; at <= last && at <= f->n_lines && !c->out.quit && !term_interrupted(); at++) {
		strbuf_addf(&out, "%u\t", at);
		srcfile_line(f, at, &out);
		strbuf_addc(&out, '\n');
		say_buf(c, &out);
	}
	strbuf_deinit(&out);
	listed(v, first, at - 1);
	return 0;
}

void view_move(struct cli *c, const struct source_file *f, u32 line)
{
	const u32 half = c->view.listsize / 2;

	if (!file_is(&c->view.file, f))
		file_set(&c->view.file, f);
	c->view.first = c->view.last = c->view.shown_line = line;
	c->view.next = line > half ? line - half : 1;
}

/* ---- at a stop ------------------------------------------------------------------------------- */

void view_forget(struct cli *c)
{
	c->view.has_frame = false;
}

/* Another function, or another call of it. */
static bool frame_changed(struct cli *c, const struct frame *f)
{
	struct view *v = &c->view;
	const u64 old = v->cfa;
	const bool had = v->has_frame;
	u64 cfa = 0;

	frame_cfa(c->s, f, &cfa, NULL);
	v->has_frame = true;
	v->cfa = cfa;
	if (had && v->function == f->function && old == cfa)
		return false;
	v->function = f->function;
	return true;
}

/* "f (a=1) at demo.c:4" */
static void frame_head(struct cli *c, const struct frame *f, const struct frame_source *at)
{
	struct strbuf out;

	strbuf_init(&out);
	frame_head_format(c, f, at, &out);
	strbuf_addc(&out, '\n');
	say_buf(c, &out);
	strbuf_deinit(&out);
}

static void line_show(struct cli *c, const struct frame *f, const struct frame_source *at)
{
	struct strbuf out;
	struct err err = { 0 };

	/* In the middle of a line the address says how far, as in gdb. */
	if (!at->begins) {
		strbuf_init(&out);
		strbuf_adds(&out, "0x");
		strbuf_addhex_pad(&out, f->pc, f->regs.mode == MODE_LONG ? 16 : 8);
		strbuf_addc(&out, '\t');
		say_buf(c, &out);
		strbuf_deinit(&out);
	}
	if (view_lines(c, at->line, at->line, false, &err))
		say(c, "%u\tin %s\n", at->line, c->view.file.name);
}

void view_stop(struct cli *c, bool always)
{
	struct view *v = &c->view;
	struct frame_source at;
	const struct frame *f;
	bool changed, moved;

	if (v->hidden || frame_at(c->s, 0, &f, NULL))
		return;
	if (!frame_line(c->s, f, &at)) { /* nothing to show: nobody needs to know whose frame it is */
		v->has_frame &= v->function == f->function;
		v->line = 0;
		return;
	}
	changed = frame_changed(c, f);
	moved = v->line != at.line || !file_is(&v->stop_file, at.file);
	v->line = at.line;
	file_set(&v->stop_file, at.file);
	view_move(c, at.file, at.line);
	if (changed)
		frame_head(c, f, &at);
	if (changed || moved || at.begins || always)
		line_show(c, f, &at);
	view_move(c, at.file, at.line);
}

void view_line(struct cli *c, const struct frame *f, const struct frame_source *at)
{
	struct err err = { 0 };

	view_move(c, at->file, at->line);
	if (view_lines(c, at->line, at->line, false, &err))
		say(c, "%u\tin %s\n", at->line, c->view.file.name);
	view_move(c, at->file, at->line);
}
