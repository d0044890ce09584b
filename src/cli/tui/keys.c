/* keys.c - the keys of the full-screen view, bound in readline; see view.h. */
#include <stdlib.h>
#include <readline/readline.h>

#include "cli/tui/tui.h"

static struct {
	struct cli *cli; /* readline's functions get no argument */
	bool asked;      /* for the other view */
	char *kept;      /* what was typed by then */
} keys;

/* readline settles at a line's start where it draws: the line ends here and begins again there. */
static int toggle_key(int count, int key)
{
	free(keys.kept);
	keys.kept = strdup(rl_line_buffer);
	keys.asked = true;
	rl_replace_line("", 1);
	return rl_newline(1, '\n');
}

/* As in gdb: one code pane, or two. Where the view is off it comes with them. */
static int code_key(u8 view)
{
	tui_code_set(view);
	return tui_on() ? 0 : toggle_key(1, 0);
}

static int one_key(int count, int key)
{
	struct tui *t = tui_get(keys.cli);

	return code_key(t->code == CODE_SPLIT ? CODE_SOURCE : t->code);
}

static int two_key(int count, int key)
{
	return code_key(CODE_SPLIT);
}

static int kept_insert(void)
{
	rl_startup_hook = NULL;
	if (keys.kept)
		rl_insert_text(keys.kept);
	free(keys.kept);
	keys.kept = NULL;
	return 0;
}

bool tui_switch(void)
{
	struct err err = { 0 };

	if (!keys.asked)
		return false;
	keys.asked = false;
	if (tui_on())
		tui_disable(keys.cli);
	else if (tui_enable(keys.cli, &err))
		output_error(&keys.cli->out, false, err.text);
	rl_startup_hook = kept_insert;
	return true;
}

static int pane_move(int by)
{
	struct tui *t = tui_get(keys.cli);
	const enum pane p = t->focus;
	const int page = t->rect[p].h > 3 ? t->rect[p].h - 2 : 1;

	if (!t->win[p])
		return rl_ding();
	t->shift[p] += by * page;
	/* Text and stops have an end; code goes on both ways. */
	if (p != PANE_CODE && p != PANE_ASM && t->shift[p] > 0)
		t->shift[p] = 0;
	if (p == PANE_COMMAND && t->shift[p] < 1 - (int)scroll_count(&t->text))
		t->shift[p] = 1 - (int)scroll_count(&t->text);
	if (p == PANE_HISTORY && t->shift[p] < -HISTORY_STOPS)
		t->shift[p] = -HISTORY_STOPS;
	tui_refresh();
	return 0;
}

/* Without the view these keys do what readline gives them. */
static int page_up_key(int count, int key)
{
	return tui_on() ? pane_move(-1) : rl_history_search_backward(count, key);
}

static int page_down_key(int count, int key)
{
	return tui_on() ? pane_move(1) : rl_history_search_forward(count, key);
}

static int redraw_key(int count, int key)
{
	if (!tui_on())
		return rl_clear_screen(count, key);
	tui_redraw();
	return 0;
}

void tui_keys_bind(struct cli *c)
{
	keys.cli = c;
	rl_bind_keyseq("\\C-xa", toggle_key);
	rl_bind_keyseq("\\C-x\\C-a", toggle_key);
	rl_bind_keyseq("\\C-x1", one_key);
	rl_bind_keyseq("\\C-x2", two_key);
	rl_bind_keyseq("\\e[5~", page_up_key);
	rl_bind_keyseq("\\e[6~", page_down_key);
	rl_bind_key('L' & 0x1f, redraw_key);
}
