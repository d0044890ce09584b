/*
 * tui.c - the full-screen view's life and its command pane; see tui.h. readline's hooks get no argument:
 * `tui` below is the one they use.
 */
#include <errno.h>
#include <locale.h>
#include <stdlib.h>
#include <unistd.h>
#include <wchar.h>
#include <readline/readline.h>

#include "cli/term.h"
#include "cli/tui/tui.h"

/* Last: its macros take common names. */
#include <term.h>
#undef lines
#undef columns

static struct tui tui;

bool tui_on(void)
{
	return tui.on;
}

struct tui *tui_get(struct cli *c)
{
	tui.cli = c;
	return &tui;
}

void tui_stop_note(const struct stop *st)
{
	if (st->kind != RECORD_GAP)
		tui.history[tui.stops++ % HISTORY_STOPS] = *st;
}

/* ---- the command pane ----------------------------------------------------------------------------- */

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

static char *input_text(size_t *ret_point)
{
	char *ret;

	if (!tui.typing || asprintf(&ret, "%s%s", rl_display_prompt ? rl_display_prompt : "", rl_line_buffer) < 0)
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
static void text_draw(WINDOW *w, const struct rect *r, int row)
{
	size_t i = scroll_count(&tui.text) + tui.shift[PANE_COMMAND];

	if (i && !tui.shift[PANE_COMMAND] && !*scroll_line(&tui.text, i - 1))
		i--;
	while (i-- > 0 && row > 1) {
		const char *line = scroll_line(&tui.text, i);

		row -= rows_of(line, r->w);
		text_put(w, line, row, r->w);
	}
}

static void command_draw(void)
{
	const struct rect *r = &tui.rect[PANE_COMMAND];
	WINDOW *w = tui.win[PANE_COMMAND];
	size_t point = 0;
	char *input = w ? input_text(&point) : NULL;
	int y = r->h - 1, x = 0;

	if (!w)
		return;
	werase(w);
	text_draw(w, r, input ? r->h - rows_of(input, r->w) : r->h);
	pane_title(&tui, PANE_COMMAND, tui.shift[PANE_COMMAND] ? "commands (scrolled)" : "commands");
	if (input) {
		input_draw(w, r, input, point);
		getyx(w, y, x);
	}
	wmove(w, y, x);
	free(input);
	wnoutrefresh(w);
}

static void command_show(void)
{
	command_draw();
	doupdate();
}

static void screen_write(void *arg, const char *text, size_t n)
{
	/* Also where the process was stopped and went on while the guest ran. */
	if (term_take_resize())
		tui_resize();
	scroll_add(&tui.text, text, n);
	command_show();
}

void tui_line_begin(void)
{
	tui.typing = true;
	tui_refresh();
}

void tui_line_done(void)
{
	struct strbuf b;

	tui.typing = false;
	if (!tui.on)
		return;
	strbuf_init(&b);
	strbuf_addf(&b, "%s\n", tui.line ? tui.line : "");
	free(tui.line);
	tui.line = NULL;
	tui.shift[PANE_COMMAND] = 0;
	scroll_add(&tui.text, strbuf_str(&b), b.n);
	strbuf_deinit(&b);
}

/* In place of readline's own drawing. */
static void redisplay(void)
{
	size_t point;

	free(tui.line);
	tui.line = input_text(&point);
	command_show();
}

static void matches_show(char **matches, int n, int longest)
{
	struct strbuf b;

	tui_line_done();
	tui.typing = true;
	strbuf_init(&b);
	for (int i = 1; i <= n; i++)
		strbuf_addf(&b, "%s%s", matches[i], i < n ? "  " : "\n");
	scroll_add(&tui.text, strbuf_str(&b), b.n);
	strbuf_deinit(&b);
	redisplay();
}

/* ---- windows -------------------------------------------------------------------------------------- */

static void windows_close(void)
{
	for (int p = 0; p < PANE_COUNT; p++)
		if (tui.win[p])
			delwin(tui.win[p]);
	memset(tui.win, 0, sizeof(tui.win));
}

static void windows_open(void)
{
	windows_close();
	getmaxyx(stdscr, tui.rows, tui.cols);
	layout_make(tui.rows, tui.cols, &tui.wish, tui.rect);
	for (int p = 0; p < PANE_COUNT; p++) {
		const struct rect *r = &tui.rect[p];

		if (r->h)
			tui.win[p] = newwin(r->h, r->w, r->y, r->x);
	}
	tui.cli->out.rows = tui.rect[PANE_COMMAND].h > 1 ? tui.rect[PANE_COMMAND].h - 1 : 2;
	tui.cli->out.cols = tui.cols;
}

/* The lines between panes stand on the screen itself. */
static void borders_draw(void)
{
	static const u8 right[] = { PANE_REGISTERS, PANE_HISTORY };

	werase(stdscr);
	for (size_t i = 0; i < ARRAY_SIZE(right); i++) {
		const struct rect *r = &tui.rect[right[i]];

		if (r->h)
			mvvline(r->y, r->x - 1, ACS_VLINE, r->h);
	}
	if (!tui.win[PANE_COMMAND])
		mvaddnstr(0, 0, "too small", tui.cols);
	wnoutrefresh(stdscr);
}

void tui_refresh(void)
{
	if (!tui.on)
		return;
	borders_draw();
	panes_draw(&tui);
	for (int p = 0; p < PANE_COMMAND; p++)
		if (tui.win[p])
			wnoutrefresh(tui.win[p]);
	command_show();
}

void tui_redraw(void)
{
	if (!tui.on)
		return;
	clearok(curscr, TRUE);
	windows_open();
	tui_refresh();
}

void tui_resize(void)
{
	struct output *o = &tui.cli->out;

	if (!tui.on)
		return;
	o->screen = NULL;
	output_resize(o);
	o->screen = screen_write;
	resizeterm(o->rows, o->cols);
	tui_redraw();
}

/* ---- life ----------------------------------------------------------------------------------------- */

static void hooks_set(bool on)
{
	struct output *o = &tui.cli->out;

	o->screen = on ? screen_write : NULL;
	rl_redisplay_function = on ? redisplay : rl_redisplay;
	rl_completion_display_matches_hook = on ? matches_show : NULL;
	if (on)
		tui.prompt_out = rl_outstream;
	rl_outstream = on ? tui.nowhere : tui.prompt_out;
	term_screen_texts(on ? exit_ca_mode : NULL, on ? enter_ca_mode : NULL);
}

static int screen_open(struct err *err)
{
	if (tui.screen) {
		set_term(tui.screen);
		refresh();
		return 0;
	}
	setlocale(LC_CTYPE, "");
	tui.nowhere = fopen("/dev/null", "we");
	tui.screen = tui.nowhere ? newterm(NULL, stdout, stdin) : NULL;
	if (!tui.screen)
		return err_set(err, ENOTTY, "tui: the terminal (TERM=%s) cannot be used for it",
			       getenv("TERM") ? getenv("TERM") : "");
	term_handlers_set();
	scroll_init(&tui.text);
	cbreak();
	noecho();
	return 0;
}

int tui_enable(struct cli *c, struct err *err)
{
	const char *term = getenv("TERM");
	int r;

	tui.cli = c;
	if (tui.on)
		return 0;
	if (!c->interactive || !c->out.tty || !isatty(STDIN_FILENO))
		return err_set(err, ENOTTY, "tui: it needs a terminal for standard input and output");
	if (!term || !*term || !strcmp(term, "dumb"))
		return err_set(err, ENOTTY, "tui: the terminal (TERM=%s) cannot place the cursor", term ? term : "");
	output_flush(&c->out);
	if (!tui.screen) {
		tui.wish.registers = true;
		tui.focus = PANE_COMMAND;
	}
	r = screen_open(err);
	if (r)
		return r;
	tui.on = true;
	hooks_set(true);
	tui_resize();
	return 0;
}

void tui_pause(void)
{
	if (!tui.on)
		return;
	hooks_set(false);
	endwin();
}

void tui_wait_key(void)
{
	static const char text[] = "Press a key to return to the full-screen view. ";

	if (tui.on && write(STDOUT_FILENO, text, sizeof(text) - 1) > 0)
		term_key();
	if (tui.on && write(STDOUT_FILENO, "\n", 1) < 0)
		return;
}

void tui_resume(void)
{
	if (!tui.on)
		return;
	hooks_set(true);
	tui_resize();
}

void tui_disable(struct cli *c)
{
	if (!tui.on)
		return;
	tui_pause();
	tui.on = false;
	windows_close();
	output_resize(&c->out);
}
