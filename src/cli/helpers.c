/* helpers.c - what several commands need; see the end of cli.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

const char *blanks_skip(const char *p)
{
	return p + strspn(p, " \t");
}

bool word_take(const char **p, char *buf, size_t size)
{
	size_t n;

	*p = blanks_skip(*p);
	n = strcspn(*p, " \t");
	if (!n)
		return false;
	snprintf(buf, size, "%.*s", (int)n, *p);
	*p = blanks_skip(*p + n);
	return true;
}

void say_wrapped(struct cli *c, const char *text)
{
	const size_t width = c->out.cols < 100 ? c->out.cols : 100;
	size_t col = 0;

	for (size_t n; (n = strcspn(text, " ")); text += n + strspn(text + n, " ")) {
		const bool wraps = col && col + 1 + n > width;

		say(c, "%s%.*s", wraps ? "\n" : col ? " " : "", (int)n, text);
		col = wraps || !col ? n : col + 1 + n;
	}
	say(c, "\n");
}

bool exception_find(const char *name, u64 *ret)
{
	for (unsigned v = 0; v < 32; v++) {
		const char *known = exception_name(v);

		if (*known &&
		    (!strcasecmp(name, known) || !strcasecmp(name, known + (*known == '#')))) {
			*ret = v;
			return true;
		}
	}
	return false;
}

void say(struct cli *c, const char *fmt, ...)
{
	struct strbuf b;
	va_list ap;

	strbuf_init(&b);
	va_start(ap, fmt);
	strbuf_vaddf(&b, fmt, ap);
	va_end(ap);
	output_add(&c->out, strbuf_str(&b), b.n);
	strbuf_deinit(&b);
}

void say_buf(struct cli *c, struct strbuf *b)
{
	output_add(&c->out, strbuf_str(b), b->n);
	strbuf_reset(b);
}

/* 1, 0, or -1 for what is neither yes nor no. */
static int answer_of(const char *text)
{
	char word[8];

	if (!word_take(&text, word, sizeof(word)) || *text)
		return -1;
	if (!strcasecmp(word, "y") || !strcasecmp(word, "yes"))
		return 1;
	return !strcasecmp(word, "n") || !strcasecmp(word, "no") ? 0 : -1;
}

bool confirm(struct cli *c, const char *fmt, ...)
{
	char prompt[300], *answer = NULL;
	va_list ap;
	int r;

	if (!c->interactive || !session_settings(c->s)->confirm || c->src->file || c->src->lines)
		return true;
	va_start(ap, fmt);
	r = vsnprintf(prompt, sizeof(prompt) - 12, fmt, ap);
	va_end(ap);
	strcat(prompt, " (y or n) ");
	for (;;) {
		int said;

		/* As in gdb, the end of input answers y: there is nobody left to ask. */
		r = input_line(c, prompt, true, &answer);
		if (r)
			return r == 1;
		said = answer_of(answer);
		free(answer);
		if (said >= 0)
			return said;
		say(c, "Please answer y or n.\n");
	}
}

int count_get(struct cli *c, const char *args, u64 *ret, struct err *err)
{
	int r;

	*ret = 1;
	if (!*args)
		return 0;
	r = expr_u64(c->s, args, ret, err);
	if (!r && (!*ret || *ret > INT64_MAX))
		return err_set(err, ERANGE, "a count of %s makes no step: give 1 or more", args);
	return r;
}

int location_get(struct cli *c, const char *text, u64 *ret, struct err *err)
{
	const struct frame *f;
	int r;

	if (*text)
		return expr_location(c->s, text, ret, err);
	r = frame_selected(c->s, &f, err);
	if (!r)
		*ret = f->pc;
	return r;
}

/* Whether the text is the stack pointer, perhaps with something added. */
static bool is_stack_pointer(const char *text)
{
	return !strncmp(text, "$sp", 3) && (!text[3] || strchr(" +-", text[3]));
}

int address_get(struct cli *c, const char *text, u64 *ret, struct err *err)
{
	const struct cpu_state *cpu;
	const struct frame *f;
	u64 addr;
	int r = expr_location(c->s, text, &addr, err);

	if (r)
		return r;
	/* $pc is linear by itself (expr.h). */
	if (is_stack_pointer(text) && session_has_guest(c->s) &&
	    frame_cpu(c->s, 0, &cpu, &f, NULL) == 0 && cpu_mode(cpu) != MODE_LONG)
		addr = (u32)(addr + cpu->seg[SEG_SS].base);
	*ret = addr;
	return 0;
}
