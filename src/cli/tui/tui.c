/*
 * tui.c - the full-screen view's life and its windows; see tui.h. readline's hooks get no argument:
 * `tui` below is the one they use.
 */
#include <errno.h>
#include <locale.h>
#include <stdlib.h>
#include <unistd.h>
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

struct tui *tui_only(void)
{
	return &tui;
}

void tui_stop_note(const struct stop *st)
{
	if (st->kind != RECORD_GAP)
		tui.history[tui.stops++ % HISTORY_STOPS] = *st;
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
	command_show(&tui);
}

void tui_redraw(void)
{
	if (!tui.on)
		return;
	clearok(curscr, TRUE);
	windows_open();
	tui_refresh();
}

void tui_code_set(u8 view)
{
	tui.code = view;
	tui.wish.split = view == CODE_SPLIT;
	tui.shift[PANE_CODE] = tui.shift[PANE_ASM] = 0;
	if (tui.focus == PANE_ASM && view != CODE_SPLIT)
		tui.focus = PANE_CODE;
	tui_redraw();
}

void tui_resize(void)
{
	struct output *o = &tui.cli->out;

	if (!tui.on)
		return;
	o->screen = NULL;
	output_resize(o);
	o->screen = command_write;
	resizeterm(o->rows, o->cols);
	tui_redraw();
}

/* ---- life ----------------------------------------------------------------------------------------- */

static void hooks_set(bool on)
{
	struct output *o = &tui.cli->out;

	o->screen = on ? command_write : NULL;
	rl_redisplay_function = on ? command_redisplay : rl_redisplay;
	rl_completion_display_matches_hook = on ? command_matches : NULL;
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
