/*
 * command_pane.c - the command line of the full-screen view and the text above it; see tui.h. readline
 * edits the line, this draws it.
 */
#include <stdlib.h>
#include <string.h>
#include <wchar.h>
#include <readline/readline.h>

#include "cli/term.h"
#include "cli/tui/tui.h"

/* Bytes of `text` that fill at most `width` columns. */
static size_t fitting(const char *text, int width, int *ret_cols)
{
	mbstate_t st = { 0 };
	size_t at = 0;
	int cols = 0;

	while (text[at]) {
		wchar_t wc;
		size_t n = mbrtowc(&wc, text + at, MB_CUR_MAX, &st);
		int w;

		if (n == (size_t)-1 || n == (size_t)-2) {
			n = 1;
			w = 1;
			memset(&st, 0, sizeof(st));
		} else {
			w = wcwidth(wc) > 0 ? wcwidth(wc) : 0;
		}
		if (cols + w > width)
			break;
		cols += w;
		at += n;
	}
	*ret_cols = cols;
	return at;
}

/* Rows of the screen a text takes; always one at least. */
static int rows_of(const char *text, int width)
{
	int rows = 0, cols;

	do {
		size_t n = fitting(text, width, &cols);

		text += n ? n : strlen(text);
		rows++;
	} while (*text);
	return rows;
}

/* A text over as many rows as it takes, from `row` on (rows above the pane are left out). */
static void text_put(WINDOW *w, const char *text, int row, int width)
{
	int cols;

	do {
		size_t n = fitting(text, width, &cols);

		if (!n)
			n = strlen(text);
		if (row >= 1)
			mvwaddnstr(w, row, 0, text, n);
		text += n;
		row++;
	} while (*text);
}

static char *input_text(const struct tui *t, size_t *ret_point)
{
	char *ret;

	if (!t->typing || asprintf(&ret, "%s%s", rl_display_prompt ? rl_display_prompt : "", rl_line_buffer) < 0)
		return NULL;
	*ret_point = strlen(ret) - strlen(rl_line_buffer) + rl_point;
	return ret;
}

/* The line typed at the pane's end, the cursor in it. */
static void input_draw(WINDOW *w, const struct rect *r, char *text, size_t point)
{
	const int first = r->h - rows_of(text, r->w);
	const char *p = text;
	int cols, y = first;
	size_t n;

	text_put(w, text, first, r->w);
	while (p + (n = fitting(p, r->w, &cols)) < text + point && n) {
		p += n;
		y++;
	}
	text[point] = '\0';
	fitting(p, r->w, &cols);
	wmove(w, y < 1 ? 1 : y, cols < r->w ? cols : r->w - 1);
}

/* The lines above `row`, from the bottom up. The last one counts once something stands in it. */
static void text_draw(const struct tui *t, WINDOW *w, const struct rect *r, int row)
{
	size_t i = scroll_count(&t->text) + t->shift[PANE_COMMAND];

	if (i && !t->shift[PANE_COMMAND] && !*scroll_line(&t->text, i - 1))
		i--;
	while (i-- > 0 && row > 1) {
		const char *line = scroll_line(&t->text, i);

		row -= rows_of(line, r->w);
		text_put(w, line, row, r->w);
	}
}

static void command_draw(struct tui *t)
{
	const struct rect *r = &t->rect[PANE_COMMAND];
	WINDOW *w = t->win[PANE_COMMAND];
	size_t point = 0;
	char *input = w ? input_text(t, &point) : NULL;
	int y = r->h - 1, x = 0;

	if (!w)
		return;
	werase(w);
	text_draw(t, w, r, input ? r->h - rows_of(input, r->w) : r->h);
	pane_title(t, PANE_COMMAND, t->shift[PANE_COMMAND] ? "commands (scrolled)" : "commands");
	if (input) {
		input_draw(w, r, input, point);
		getyx(w, y, x);
	}
	wmove(w, y, x);
	free(input);
	wnoutrefresh(w);
}

void command_show(struct tui *t)
{
	command_draw(t);
	doupdate();
}

void command_write(void *arg, const char *text, size_t n)
{
	struct tui *t = tui_only();

	/* Also where the process was stopped and went on while the guest ran. */
	if (term_take_resize())
		tui_resize();
	scroll_add(&t->text, text, n);
	command_show(t);
}

void tui_line_begin(void)
{
	struct tui *t = tui_only();

	t->typing = true;
	tui_refresh();
}

void tui_line_done(void)
{
	struct tui *t = tui_only();
	struct strbuf b;

	t->typing = false;
	if (!t->on)
		return;
	strbuf_init(&b);
	strbuf_addf(&b, "%s\n", t->line ? t->line : "");
	free(t->line);
	t->line = NULL;
	t->shift[PANE_COMMAND] = 0;
	scroll_add(&t->text, strbuf_str(&b), b.n);
	strbuf_deinit(&b);
}

/* In place of readline's own drawing. */
void command_redisplay(void)
{
	struct tui *t = tui_only();
	size_t point;

	free(t->line);
	t->line = input_text(t, &point);
	command_show(t);
}

void command_matches(char **matches, int n, int longest)
{
	struct tui *t = tui_only();
	struct strbuf b;

	tui_line_done();
	t->typing = true;
	strbuf_init(&b);
	for (int i = 1; i <= n; i++)
		strbuf_addf(&b, "%s%s", matches[i], i < n ? "  " : "\n");
	scroll_add(&t->text, strbuf_str(&b), b.n);
	strbuf_deinit(&b);
	command_redisplay();
}
