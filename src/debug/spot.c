/* spot.c - functions, lines and inlined bodies around an address; see spot.h. */
#include <string.h>
#include "spot.h"

static bool covers(const struct source_function *f, u64 addr)
{
	for (size_t i = 0; i < f->n_ranges; i++)
		if (addr >= f->range[i].start && addr < f->range[i].end)
			return true;
	return false;
}

/* Also where code flows in from above the body, not only at its DW_AT_entry_pc. */
static bool begins_at(const struct source_function *f, u64 pc)
{
	return f->entry == pc || !covers(f, pc - 1);
}

static void set_function(struct session *s, struct spot *p)
{
	struct source_function f;
	const struct symbol *sym;

	if (source_function_at(s->symbols, p->pc, &f)) {
		p->function = f.low;
		p->function_end = f.high;
		p->name = f.name;
		return;
	}
	sym = symbols_at(s->symbols, p->pc);
	if (!sym)
		return;
	p->function = sym->addr;
	p->function_end = sym->size ? sym->addr + sym->size : 0;
	p->name = sym->name;
}

/* The line of the visible frame where `f` is the innermost body that is hidden from it. */
static void set_call(struct spot *p, const struct source_function *f)
{
	if (!f->call_line)
		return;
	p->file = f->call_file;
	p->line = f->call_line;
}

static void set_line(struct spot *p, const struct source_function *f)
{
	p->file = p->has_row ? p->row.file : NULL;
	p->line = p->has_row ? p->row.line : 0;
	if (p->hidden)
		set_call(p, &f[p->hidden - 1]);
}

void spot_at(struct session *s, u64 pc, struct spot *ret)
{
	struct source_function f[SPOT_BODIES];

	*ret = (struct spot){ .pc = pc };
	if (!s->symbols)
		return;
	ret->has_row = source_line_at(s->symbols, pc, &ret->row);
	set_function(s, ret);
	ret->n_bodies = source_inlines_at(s->symbols, pc, f, SPOT_BODIES);
	for (unsigned i = 0; i < ret->n_bodies; i++)
		ret->body[i] = f[i].die;
	while (ret->hidden < ret->n_bodies && begins_at(&f[ret->hidden], pc))
		ret->hidden++;
	set_line(ret, f);
}

void spot_enter(struct session *s, struct spot *p)
{
	struct source_function f[SPOT_BODIES];
	unsigned n = source_inlines_at(s->symbols, p->pc, f, SPOT_BODIES);

	if (p->hidden)
		p->hidden--;
	if (n == p->n_bodies)
		set_line(p, f);
}

/* Whether a point that made this stop belongs to that body: then the user wants to see it. */
static bool is_wanted(struct session *s, const char *name)
{
	struct upoint *point[16];
	size_t n = session_stop_points(s, point, ARRAY_SIZE(point));

	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < point[i]->n_places; k++) {
			const struct point_place *p = &point[i]->place[k];

			if (p->addr == s->last.lin && p->function && !strcmp(p->function, name))
				return true;
		}
	return false;
}

void spot_hide(struct session *s)
{
	struct source_function f[SPOT_BODIES];
	u64 pc = s->last.lin;
	unsigned n = s->symbols ? source_inlines_at(s->symbols, pc, f, SPOT_BODIES) : 0;

	s->inline_hidden = 0;
	while (s->inline_hidden < n && begins_at(&f[s->inline_hidden], pc) &&
	       !is_wanted(s, f[s->inline_hidden].name))
		s->inline_hidden++;
	frames_forget(s);
}
