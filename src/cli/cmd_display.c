/* cmd_display.c - expressions shown at every stop. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <vmstep/parse.h>
#include <vmstep/unwind.h>

#include "cli.h"

int display_run(struct cli *c, const struct display *d, struct err *err)
{
	struct format f = { .count = 1 };
	const char *p = d->format;
	struct strbuf out;
	struct value v;
	u64 addr;
	int r = format_parse(&p, &f, err);

	if (r)
		return r;
	/* gdb's rule: a size or i and s mean memory, everything else is printed. */
	if (f.size || f.letter == 'i' || f.letter == 's') {
		if (!f.letter)
			f.letter = 'x';
		format_complete(&f, 0, 0);
		say(c, "%u: x%s %s\n", d->num, d->format, d->text);
		r = address_get(c, d->text, &addr, err);
		return r ? r : memory_show(c, &f, &addr, err);
	}
	r = expr_value(c->s, d->text, &v, err);
	if (r)
		return r;
	strbuf_init(&out);
	r = value_format(c, &f, &v, &out, err);
	if (!r)
		say(c, "%u: %s%s%s = %s\n", d->num, d->format, *d->format ? " " : "", d->text,
		    strbuf_str(&out));
	strbuf_deinit(&out);
	return r;
}

/* The function of the selected frame, 0 where none is known. */
static u64 function_here(struct cli *c)
{
	const struct frame *f;

	return session_has_guest(c->s) && !frame_selected(c->s, &f, NULL) ? f->function : 0;
}

void displays_show(struct cli *c)
{
	for (size_t i = 0; i < c->n_displays; i++) {
		struct err err = { 0 };

		/* One that names locals means something in its function only. */
		if (c->displays[i].function && c->displays[i].function != function_here(c))
			continue;
		if (!c->displays[i].enabled || !display_run(c, &c->displays[i], &err))
			continue;
		/* One that fails would fail at every stop. */
		c->displays[i].enabled = false;
		say(c, "%u: %s: %s (disabled, enable display %u turns it on again)\n",
		    c->displays[i].num, c->displays[i].text, err.text, c->displays[i].num);
	}
}

static int display_add(struct cli *c, const char *format, size_t n_format, const char *text,
		       struct display **ret, struct err *err)
{
	struct display *p = realloc(c->displays, (c->n_displays + 1) * sizeof(*p));

	if (!p)
		return err_set(err, ENOMEM, "no memory for the display");
	c->displays = p;
	p += c->n_displays;
	*p = (struct display){ .num = ++c->next_display,
			       .enabled = true,
			       .format = strndup(format, n_format),
			       .text = strdup(text) };
	if (!p->format || !p->text)
		return err_set(err, ENOMEM, "no memory for the display");
	c->n_displays++;
	*ret = p;
	return 0;
}

static int cmd_display(struct cli *c, const char *args, struct err *err)
{
	const char *format = args;
	struct format f = { 0 };
	struct expr *e = NULL;
	struct display *d = NULL;
	size_t n = 0;
	int r;

	if (!*args) {
		displays_show(c);
		return 0;
	}
	r = format_parse(&args, &f, err);
	if (r)
		return r;
	while (*format == '/' && format[n] && format[n] != ' ' && format[n] != '\t')
		n++;
	r = expr_parse(c->s, args, &e, err);
	if (!r)
		r = display_add(c, format, n, args, &d, err);
	if (!r && expr_is_local(e))
		d->function = function_here(c);
	expr_destroy(e);
	if (!r && session_has_guest(c->s))
		r = display_run(c, d, err);
	return r;
}

static void display_drop(struct cli *c, size_t i)
{
	free(c->displays[i].format);
	free(c->displays[i].text);
	memmove(&c->displays[i], &c->displays[i + 1], (--c->n_displays - i) * sizeof(*c->displays));
}

static int cmd_undisplay(struct cli *c, const char *args, struct err *err)
{
	char word[24];
	u64 num;
	int r;

	if (!*args && c->n_displays && !confirm(c, "Drop all %zu displays?", c->n_displays))
		return 0;
	while (!*args && c->n_displays)
		display_drop(c, c->n_displays - 1);
	while (word_take(&args, word, sizeof(word))) {
		size_t i = 0;

		r = number_parse(word, "undisplay", &num, err);
		if (r)
			return r;
		while (i < c->n_displays && c->displays[i].num != num)
			i++;
		if (i == c->n_displays)
			return err_set(err, ENOENT, "there is no display %s, see info display",
				       word);
		display_drop(c, i);
	}
	return 0;
}

/* ---- the table ------------------------------------------------------------------------------- */

const struct command commands_display[] = {
	{ "display", NULL, GROUP_DATA, ARG_EXPR, 0, "display[/FMT] [EXPR]",
	  "Show an expression at every stop.",
	  "With a size letter, or format i or s, memory is shown as by x, else the value as by "
	  "print. Without EXPR all displays are shown now. One that names locals is shown in their "
	  "function only.",
	  "display/x $rsp", cmd_display, NULL },
	{ "undisplay", NULL, GROUP_DATA, ARG_WORD, 0, "undisplay [N]...",
	  "Drop displays, all of them without N.", "The numbers are those of info display.",
	  "undisplay", cmd_undisplay, NULL },
	{ NULL },
};
