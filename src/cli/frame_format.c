/* frame_format.c - a frame as one line: address, function, arguments, place, how it was found. */
#include <inttypes.h>
#include <string.h>

#include <vmstep/scope.h>
#include <vmstep/source.h>
#include "cli.h"

static void event_format(const struct frame *f, struct strbuf *out)
{
	const char *name = f->event.has_vector ? exception_name(f->event.vector) : "";

	strbuf_adds(out, f->deduced ? "deduced: interrupted" : "interrupted");
	if (*name)
		strbuf_addf(out, " by %s", name);
	else if (f->event.has_vector)
		strbuf_addf(out, " by vector %u", f->event.vector);
	if (f->event.has_error)
		strbuf_addf(out, ", error code 0x%x", f->event.error);
}

/* "main+0x1c" where no line says more. */
static void name_format(struct cli *c, const struct frame *f, bool has_line, struct strbuf *out)
{
	char name[300];

	if (f->name && has_line)
		strbuf_adds(out, f->name);
	else if (session_symbolize(c->s, f->pc, name, sizeof(name)))
		strbuf_adds(out, name);
	else
		strbuf_adds(out, f->name ?: "??");
}

struct arguments {
	struct cli *c;
	const struct frame *f;
	struct strbuf *out;
	unsigned n;
};

static bool argument_add(void *arg, const struct scope_block *b, const struct variable *v)
{
	struct arguments *a = arg;
	struct print_style style = a->c->print;
	struct err why = { 0 };
	struct value value;

	if (v->kind != VARIABLE_PARAMETER || v->artificial)
		return true;
	style.bare = style.short_form = true;
	strbuf_addf(a->out, "%s%s=", a->n++ ? ", " : "", v->name);
	if (value_of_variable(a->c->s, a->f->level, v, &value, &why) ||
	    value_print(a->c->s, &style, &value, a->out, &why))
		strbuf_addf(a->out, "<error reading variable: %s>", why.text);
	return true;
}

static void arguments_format(struct cli *c, const struct frame *f, struct strbuf *out)
{
	struct arguments a = { .c = c, .f = f, .out = out };
	const struct scope_at at = { true, f->lookup, f->inline_depth };

	if (session_symbols(c->s))
		scope_each(session_symbols(c->s), &at, argument_add, &a, NULL);
}

void frame_head_format(struct cli *c, const struct frame *f, const struct frame_source *at,
		       struct strbuf *out)
{
	name_format(c, f, at, out);
	strbuf_adds(out, " (");
	arguments_format(c, f, out);
	strbuf_addc(out, ')');
	if (at)
		strbuf_addf(out, " at %s:%u", at->file->name, at->line);
}

void frame_format(struct cli *c, const struct frame *f, struct strbuf *out)
{
	struct frame_source at;
	bool has_line = frame_line(c->s, f, &at);

	/* As gdb: no address for the beginning of a line, nor for a call that is no call. */
	strbuf_addf(out, "#%-3u", f->level);
	if (!has_line || (!at.begins && f->how != FRAME_INLINED))
		strbuf_addf(out, "0x%016" PRIx64 " in ", f->pc);
	frame_head_format(c, f, has_line ? &at : NULL, out);
	if (f->how == FRAME_CPU || f->how == FRAME_CFI || f->how == FRAME_INLINED)
		return;
	strbuf_adds(out, "  [");
	if (f->interrupted)
		event_format(f, out);
	else
		strbuf_addf(out, "%s%s", f->deduced ? "deduced: " : "", frame_how_text(f->how));
	strbuf_addc(out, ']');
}
