/* cmd_tui.c - the full-screen view: tui, layout, focus, refresh, winheight. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <vmstep/parse.h>

#include "cli/tui/tui.h"

static int tui_on_command(struct cli *c, const char *args, struct err *err)
{
	return tui_enable(c, err);
}

static int tui_off_command(struct cli *c, const char *args, struct err *err)
{
	tui_disable(c);
	return 0;
}

static const struct command tui_commands[] = {
	{ "enable", NULL, GROUP_STATE, ARG_NONE, 0, "tui enable", "Turn the full-screen view on.", "", NULL,
	  tui_on_command, NULL },
	{ "disable", NULL, GROUP_STATE, ARG_NONE, 0, "tui disable", "Turn it off.", "", "tui disable", tui_off_command, NULL },
	{ NULL },
};

static int layout_command(struct cli *c, const char *args, struct err *err)
{
	static const char *const name[] = { "asm", "src", "split", "regs", "next" };
	struct tui *t = tui_get(c);
	size_t i = 0;
	int r;

	while (i < ARRAY_SIZE(name) && strcmp(args, name[i]))
		i++;
	if (i == ARRAY_SIZE(name))
		return err_set(err, EINVAL, "layout: \"%s\" is none of: asm, src, split, regs, next", args);
	r = tui_enable(c, err);
	if (r)
		return r;
	if (i == CODE_VIEWS)
		t->wish.registers = !t->wish.registers;
	tui_code_set(i < CODE_VIEWS ? i : (t->code + i - CODE_VIEWS) % CODE_VIEWS);
	return 0;
}

/* From the commands on through the code to the history. */
static u8 focus_behind(const struct tui *t)
{
	switch (t->focus) {
	case PANE_COMMAND:
		return PANE_CODE;
	case PANE_CODE:
		return t->win[PANE_ASM] ? PANE_ASM : PANE_HISTORY;
	case PANE_ASM:
		return PANE_HISTORY;
	default:
		return PANE_COMMAND;
	}
}

static int focus_command(struct cli *c, const char *args, struct err *err)
{
	static const struct {
		const char *name;
		u8 pane;
	} of[] = { { "cmd", PANE_COMMAND }, { "code", PANE_CODE }, { "asm", PANE_CODE }, { "src", PANE_CODE }, { "history", PANE_HISTORY } };
	struct tui *t = tui_get(c);

	if (!strcmp(args, "next")) {
		t->focus = focus_behind(t);
		return 0;
	}
	for (size_t i = 0; i < ARRAY_SIZE(of); i++)
		if (!strcmp(args, of[i].name)) {
			t->focus = t->win[PANE_ASM] && !strcmp(args, "asm") ? PANE_ASM : of[i].pane;
			return 0;
		}
	return err_set(err, EINVAL, "focus: \"%s\" is none of: cmd, code, asm, src, history, next", args);
}

static int refresh_command(struct cli *c, const char *args, struct err *err)
{
	tui_redraw();
	return 0;
}

static int winheight_command(struct cli *c, const char *args, struct err *err)
{
	struct tui *t = tui_get(c);
	char word[16];
	u64 rows;
	int r;

	if (!word_take(&args, word, sizeof(word)) || strcmp(word, "cmd"))
		return err_set(err, EINVAL, "winheight: only the command pane has a height of its own: winheight cmd ROWS");
	r = number_parse_range(args, "winheight cmd", LAYOUT_COMMAND_MIN, 1000, &rows, err);
	if (r)
		return r;
	t->wish.command = rows;
	tui_redraw();
	return 0;
}

const struct command commands_tui[] = {
	{ "tui", NULL, GROUP_STATE, ARG_SUBCOMMAND, CMD_PREFIX, "tui enable|disable",
	  "The full-screen view: code or source, registers, what is due, the stops, commands.",
	  "Ctrl-X a turns it on and off from anywhere in a line, Ctrl-X 2 shows source and instructions together, Ctrl-X 1 one "
	  "of them. Registers that the last stop changed have a star. What is due is "
	  "listed in the processor's order of priority, with the mask that holds it back. Page Up and Page Down move the "
	  "pane that has the focus.",
	  NULL, NULL, tui_commands },
	{ "layout", NULL, GROUP_STATE, ARG_WORD, 0, "layout asm|src|split|regs|next",
	  "Turn the full-screen view on with instructions, source or both, or the registers in it on or off.", "", NULL,
	  layout_command, NULL },
	{ "focus", "fs", GROUP_STATE, ARG_WORD, 0, "focus cmd|code|asm|src|history|next",
	  "Which pane Page Up and Page Down move.", "", "focus code", focus_command, NULL },
	{ "refresh", NULL, GROUP_STATE, ARG_NONE, 0, "refresh", "Draw the full-screen view anew.", "", "refresh", refresh_command,
	  NULL },
	{ "winheight", "wh", GROUP_STATE, ARG_WORD, 0, "winheight cmd ROWS", "Rows of the command pane.", "", "winheight cmd 10",
	  winheight_command, NULL },
	{ NULL },
};
