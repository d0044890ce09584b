/* tui_layout.c - panes tile the screen at every size; what does not fit is left out in a known order. */
#include <string.h>
#include "../../src/cli/tui/layout.h"
#include "tap.h"

static bool inside(const struct rect *r, int y, int x)
{
	return r->h && y >= r->y && y < r->y + r->h && x >= r->x && x < r->x + r->w;
}

/* How many cells are in no pane, and how many in more than one. */
static void cells(int rows, int cols, const struct rect r[PANE_COUNT], int *ret_free, int *ret_twice)
{
	*ret_free = *ret_twice = 0;
	for (int y = 0; y < rows; y++)
		for (int x = 0; x < cols; x++) {
			int n = 0;

			for (int p = 0; p < PANE_COUNT; p++)
				n += inside(&r[p], y, x);
			*ret_free += n == 0;
			*ret_twice += n > 1;
		}
}

static void every_size(void)
{
	int wrong = 0, outside = 0, commandless = 0;

	for (int rows = 1; rows <= 70; rows++)
		for (int cols = 1; cols <= 200; cols += 3)
			for (int w = 0; w < 8; w++) {
				const struct layout_wish wish = { .registers = w & 1, .split = w & 4, .command = w & 2 ? 12 : 0 };
				struct rect r[PANE_COUNT];
				int none, twice, lines;

				layout_make(rows, cols, &wish, r);
				cells(rows, cols, r, &none, &twice);
				lines = (r[PANE_REGISTERS].h ? r[PANE_REGISTERS].h : 0) + (r[PANE_HISTORY].h ? r[PANE_HISTORY].h : 0);
				if (rows < LAYOUT_ROWS_MIN || cols < LAYOUT_COLS_MIN)
					lines = rows * cols;
				else
					commandless += r[PANE_COMMAND].h < LAYOUT_COMMAND_MIN;
				wrong += none != lines || twice;
				for (int p = 0; p < PANE_COUNT; p++)
					outside += r[p].h && (r[p].y < 0 || r[p].x < 0 || r[p].y + r[p].h > rows || r[p].x + r[p].w > cols ||
							      r[p].h < 1 || r[p].w < 1);
			}
	tap_eq(wrong, 0, "at every size the panes and the lines between them fill the screen once");
	tap_eq(outside, 0, "nothing reaches outside");
	tap_eq(commandless, 0, "the command pane is always there");
}

static void known_sizes(void)
{
	static const struct {
		int rows, cols;
		struct layout_wish wish;
		int h[PANE_COUNT]; /* code, instructions, registers, due, history, command */
		const char *name;
	} row[] = {
		{ 24, 80, { true, false, 0 }, { 9, 0, 9, 7, 7, 8 }, "80x24" },
		{ 24, 80, { false, false, 0 }, { 9, 0, 0, 7, 7, 8 }, "without registers" },
		{ 40, 120, { true, false, 0 }, { 18, 0, 18, 9, 9, 13 }, "120x40" },
		{ 24, 60, { true, false, 0 }, { 9, 0, 0, 7, 7, 8 }, "too narrow for registers" },
		{ 24, 40, { true, false, 0 }, { 9, 0, 0, 7, 0, 8 }, "too narrow for two panes" },
		{ 11, 80, { true, false, 0 }, { 8, 0, 8, 0, 0, 3 }, "too low for a second row" },
		{ 6, 80, { true, false, 0 }, { 0, 0, 0, 0, 0, 6 }, "commands only" },
		{ 4, 80, { true, false, 0 }, { 0, 0, 0, 0, 0, 0 }, "nothing fits" },
		{ 24, 80, { true, true, 0 }, { 5, 4, 9, 7, 7, 8 }, "80x24 split" },
		{ 40, 120, { false, true, 0 }, { 9, 9, 0, 9, 9, 13 }, "120x40 split" },
		{ 11, 80, { true, true, 0 }, { 4, 4, 8, 0, 0, 3 }, "split in few rows" },
		{ 10, 80, { true, true, 0 }, { 7, 0, 7, 0, 0, 3 }, "no room for the instructions" },
		{ 24, 80, { true, false, 12 }, { 7, 0, 7, 5, 5, 12 }, "winheight cmd 12" },
		{ 24, 80, { true, false, 100 }, { 4, 0, 4, 0, 0, 20 }, "winheight cmd 100" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(row); i++) {
		struct rect r[PANE_COUNT];

		layout_make(row[i].rows, row[i].cols, &row[i].wish, r);
		for (int p = 0; p < PANE_COUNT; p++)
			tap_eq(r[p].h, row[i].h[p], "%s: rows of pane %d", row[i].name, p);
	}
}

int main(void)
{
	every_size();
	known_sizes();
	return tap_done();
}
