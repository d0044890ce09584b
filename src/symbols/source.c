/* source.c - the line of an address; see source.h. */
#include <errno.h>
#include <stdio.h>
#include "lines.h"
#include "object.h"
#include "private.h"

static bool line_in(struct dwfile *f, u64 link, struct source_line *ret)
{
	struct dwunit *u = dw_unit_at(f, link);
	struct dwlineat at;

	if (!u || !lines_at(f, u, link, &at))
		return false;
	*ret = (struct source_line){
		.file = at.in->file,
		.line = at.row->line,
		.column = at.row->column,
		.is_stmt = at.row->is_stmt,
		.start = dw_to_guest(f, at.row->addr),
	};
	ret->end = ret->start + (at.end - at.row->addr);
	return true;
}

bool source_line_at(struct symbols *s, u64 addr, struct source_line *ret)
{
	struct dwfile *f = dw_file_at(s, addr);
	u64 link;

	return f && dw_to_link(f, addr, &link) && line_in(f, link, ret);
}

bool source_format(struct symbols *s, u64 addr, char *buf, size_t size)
{
	struct source_line line;

	if (!source_line_at(s, addr, &line))
		return false;
	snprintf(buf, size, "%s:%u", line.file->base, line.line);
	return true;
}

void source_lines_each(struct symbols *s, u64 addr, u64 end,
		       bool (*each)(void *arg, const struct source_line *), void *arg)
{
	struct source_line line;

	while (addr < end && source_line_at(s, addr, &line)) {
		if (line.start >= addr && line.start < end && !each(arg, &line))
			return;
		if (line.end <= addr) /* nothing goes on from here */
			return;
		addr = line.end;
	}
}

static bool trouble_of(struct dwfile *f, struct err *err)
{
	if (!f || !f->why.code || f->why.code == ENOENT)
		return false;
	f->told = true;
	err_set(err, f->why.code, "%s", f->why.text);
	return true;
}

bool source_trouble(struct symbols *s, size_t file_index, struct err *err)
{
	struct dwfile *f = dw_file(s, file_index);

	if (f && !dw_units(f, NULL))
		dw_unit_details(f, &f->unit[0]); /* a split unit says so here */
	if (f && !f->why.code && f->debug && f->debug->n_odd)
		err_set(&f->why, EBADMSG,
			"%s: %u relocations of its debug information are of kinds vmstep does not know or are "
			"damaged; what they stand for is wrong",
			f->debug->path, f->debug->n_odd);
	return trouble_of(f, err);
}

bool source_trouble_new(struct symbols *s, struct err *err)
{
	for (u32 i = 0; s && i < s->n_files; i++)
		if (!s->file[i]->told && trouble_of(s->file[i], err))
			return true;
	return false;
}
