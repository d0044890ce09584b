/* cmd_list.c - list, info line: source text and what it became. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "info.h"

/* ---- ranges of lines ------------------------------------------------------------------------- */

/* The lines around one, which is in the middle. */
static int list_around(struct cli *c, u32 line, struct err *err)
{
	const u32 size = c->view.listsize, half = size / 2;
	const u32 first = line > half ? line - half : 1;

	return view_lines(c, first, first + size - 1, true, err);
}

static int list_from(struct cli *c, u32 first, struct err *err)
{
	const u32 size = c->view.listsize;

	return view_lines(c, first, first > UINT32_MAX - size ? UINT32_MAX : first + size - 1, true,
			  err);
}

static int list_before(struct cli *c, u32 line, struct err *err)
{
	const u32 size = c->view.listsize;

	if (line <= 1)
		return err_set(err, ERANGE, "Already at the start of %s.", c->view.file.name);
	return view_lines(c, line > size ? line - size : 1, line - 1, true, err);
}

/* Nothing was shown yet: around main, as gdb. */
static int list_default(struct cli *c, struct err *err)
{
	struct locations l;
	const char *end;
	int r = location_resolve(c->s, "main", NULL, LOCATION_CODE, &l, &end, NULL);
	u32 line;

	if (!r && !l.at[0].file) {
		locations_deinit(&l);
		r = -ENOENT;
	}
	if (r)
		return err_set(err, ENOENT,
			       "there is no source to list: nothing with line numbers was reached, "
			       "and there is no main; try list FILE:LINE, and info sources");
	line = l.at[0].line >= c->view.listsize ? l.at[0].line - c->view.listsize + 1 : 1;
	view_move(c, l.at[0].file, l.at[0].line);
	locations_deinit(&l);
	return list_around(c, line, err);
}

/* ---- locations ------------------------------------------------------------------------------- */

/* gdb tells which line an address is before it lists around it. */
static void address_tell(struct cli *c, const struct location *l)
{
	struct strbuf out;
	char name[300];

	if (!session_symbolize(c->s, l->addr, name, sizeof(name)))
		snprintf(name, sizeof(name), "??");
	strbuf_init(&out);
	strbuf_addhex(&out, l->addr, true);
	strbuf_addf(&out, " is in %.*s (%s:%u).\n", (int)strcspn(name, "+"), name, l->file->name,
		    l->line);
	say_buf(c, &out);
	strbuf_deinit(&out);
}

/* Copies of an inlined function are one thing to read. */
static bool is_repeated(const struct locations *l, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (l->at[k].file == l->at[i].file && l->at[k].line == l->at[i].line)
			return true;
	return false;
}

static int list_location(struct cli *c, const struct locations *l, bool is_address, struct err *err)
{
	size_t distinct = 0;

	for (size_t i = 0; i < l->n; i++)
		distinct += !is_repeated(l, i);
	for (size_t i = 0; i < l->n; i++) {
		const struct location *at = &l->at[i];
		int r;

		if (!at->file)
			return err_set(err, ENOENT, "No line number known for %s.", l->canonical);
		if (is_repeated(l, i))
			continue;
		if (is_address)
			address_tell(c, at);
		else if (distinct > 1)
			say(c, "file: \"%s\", line number: %u, symbol: \"%s\"\n", at->file->name,
			    at->line, at->function ? at->function : "???");
		view_move(c, at->file, at->line);
		r = list_around(c, at->line, err);
		if (r)
			return r;
	}
	return 0;
}

/* One side of "A,B". */
static int side_get(struct cli *c, const char *text, const struct location_default *def,
		    struct location *ret, const char **ret_end, struct err *err)
{
	struct locations l;
	int r = location_resolve(c->s, text, def, LOCATION_LINE, &l, ret_end, err);

	if (r)
		return r;
	*ret = l.at[0];
	if (!ret->file)
		r = err_set(err, ENOENT, "No line number known for %s.", l.canonical);
	else if (l.n > 1 && l.at[1].line != ret->line)
		r = err_set(err, EINVAL, "%s is %zu places: a range needs one", l.canonical, l.n);
	locations_deinit(&l);
	*ret_end = blanks_skip(*ret_end);
	return r;
}

/* "A,B", "A,", ",B". */
static int list_range(struct cli *c, const char *args, struct err *err)
{
	struct location_default def = view_default(c);
	struct location a = { 0 }, b = { 0 };
	const char *end = args;
	int r = *args == ',' ? 0 : side_get(c, args, &def, &a, &end, err);

	if (r)
		return r;
	if (a.file)
		def = (struct location_default){ a.file, a.line };
	end = blanks_skip(end + 1);
	if (*end) {
		r = side_get(c, end, &def, &b, &end, err);
		if (!r && *end)
			r = err_set(err, EINVAL, "\"%s\" is too much behind a range of lines", end);
		if (!r && a.file && (a.file != b.file || a.line > b.line))
			r = err_set(err, EINVAL, a.file != b.file
				    ? "the two ends of a range must be in one file"
				    : "the range ends before it begins");
	}
	if (r)
		return r;
	if (!a.file && !b.file)
		return err_set(err, EINVAL, "a range needs a line on one side of its comma");
	view_move(c, a.file ? a.file : b.file, a.file ? a.line : b.line);
	if (!b.file)
		return list_from(c, a.line, err);
	return a.file ? view_lines(c, a.line, b.line, true, err)
		      : list_before(c, b.line + 1, err);
}

static int cmd_list(struct cli *c, const char *args, struct err *err)
{
	struct view *v = &c->view;
	struct location_default def = view_default(c);
	struct locations l;
	const char *end = args;
	int r;

	if (c->repeating && strcmp(args, "-"))
		args = "";
	if (!*args || !strcmp(args, "+"))
		return v->first ? list_from(c, v->next, err) : list_default(c, err);
	if (!strcmp(args, "-"))
		return v->first ? list_before(c, v->first, err) : list_default(c, err);
	if (!strcmp(args, "."))
		return v->shown_line ? list_around(c, v->shown_line, err) : list_default(c, err);
	if (*args == ',')
		return list_range(c, args, err);
	r = location_resolve(c->s, args, &def, LOCATION_LINE, &l, &end, err);
	if (r)
		return r;
	end = blanks_skip(end);
	if (*end == ',')
		r = list_range(c, args, err);
	else if (*end)
		r = err_set(err, EINVAL, "\"%s\" is too much behind a location", end);
	else
		r = list_location(c, &l, *args == '*', err);
	locations_deinit(&l);
	return r;
}

/* ---- info line ------------------------------------------------------------------------------- */

static void no_line(struct cli *c, const struct location *l)
{
	struct strbuf out;

	strbuf_init(&out);
	strbuf_adds(&out, "No line number information available");
	if (l->has_addr) {
		strbuf_adds(&out, " for address ");
		address_format(c, l->addr, &out);
	}
	strbuf_addc(&out, '\n');
	say_buf(c, &out);
	strbuf_deinit(&out);
}

/* The first code of the line, or of the next one that has code. */
static bool line_code(struct cli *c, const struct location *l, struct source_line *ret)
{
	struct source_place *place = NULL;
	size_t n = 0;
	bool found = false;

	if (l->has_addr)
		return source_line_at(session_symbols(c->s), l->addr, ret);
	if (source_lines(session_symbols(c->s), l->file->path, l->line, &place, &n, NULL))
		return false;
	for (size_t i = 1; i < n; i++)
		if (place[i].addr < place[0].addr)
			place[0] = place[i];
	found = n && source_line_at(session_symbols(c->s), place[0].addr, ret);
	free(place);
	return found;
}

static void line_tell(struct cli *c, const struct location *l)
{
	struct source_line row;
	struct strbuf out;

	if (!l->file) {
		no_line(c, l);
		return;
	}
	if (!line_code(c, l, &row)) {
		say(c, "Line number %u is out of range for \"%s\".\n", l->line, l->file->name);
		return;
	}
	strbuf_init(&out);
	strbuf_addf(&out, "Line %u of \"%s\"", l->line, l->file->name);
	strbuf_adds(&out, row.line == l->line ? " starts at address " : " is at address ");
	address_format(c, row.start, &out);
	if (row.line == l->line) {
		strbuf_adds(&out, " and ends at ");
		address_format(c, row.end, &out);
		strbuf_adds(&out, ".\n");
	} else {
		strbuf_adds(&out, " but contains no code.\n");
	}
	say_buf(c, &out);
	strbuf_deinit(&out);
	last_address_set(c, row.start);
	c->x_next = row.start; /* x/i shows the line's code */
	c->x_started = true;
}

int info_line(struct cli *c, const char *args, struct err *err)
{
	struct location_default def = view_default(c);
	struct locations l;
	const char *end;
	char here[24];
	int r;

	if (!*args && !def.file) {
		if (location_get(c, "", &(u64){ 0 }, NULL) == 0)
			args = "*$pc";
		else
			return err_set(err, ENOENT, "info line needs a location, as in info line main");
	}
	if (!*args) {
		snprintf(here, sizeof(here), "%u", c->view.last ? c->view.last : def.line);
		args = here;
	}
	r = location_resolve(c->s, args, &def, LOCATION_LINE, &l, &end, err);
	if (r)
		return r;
	if (*blanks_skip(end))
		r = err_set(err, EINVAL, "\"%s\" is too much behind a location", blanks_skip(end));
	for (size_t i = 0; !r && i < l.n; i++)
		line_tell(c, &l.at[i]);
	locations_deinit(&l);
	return r;
}

/* ---- the table ------------------------------------------------------------------------------- */

const struct command commands_list[] = {
	{ "list", "l", GROUP_DATA, ARG_LOCATION, CMD_REPEATS, "list [LOCATION|FIRST,LAST|-|.]",
	  "Show source lines.",
	  "Without an argument, the lines behind those shown last, or around where the guest "
	  "stopped; - the lines before them, . those around the stop again. LOCATION is LINE, "
	  "FILE:LINE, FUNCTION, FILE:FUNCTION or *ADDR and stands in the middle; FIRST, and ,LAST "
	  "give one end. How many lines: set listsize. Files are looked for as directory and set "
	  "substitute-path say.",
	  NULL, cmd_list, NULL },
	{ NULL },
};
