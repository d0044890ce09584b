/* layout.c - see layout.h. */
#include <string.h>

#include "layout.h"

enum { LOWER_MOST = 9, LOWER_LEAST = 5, UPPER_LEAST = 4, SPLIT_LEAST = 8, CODE_W_LEAST = 24 };

static int clamp(int v, int least, int most)
{
	return v > most ? most : v < least ? least : v;
}

/* Rows y..y+h for two panes beside each other, or one where the right one is not wanted. */
static void pair_place(struct rect *left, struct rect *right, int y, int h, int cols, int right_w)
{
	*left = (struct rect){ y, 0, h, right_w ? cols - right_w - 1 : cols };
	*right = right_w ? (struct rect){ y, cols - right_w, h, right_w } : (struct rect){ 0 };
}

/* The lower half of the code's place for instructions. */
static void code_split(struct rect *code, struct rect *below)
{
	const int h = code->h / 2;

	if (code->h < SPLIT_LEAST)
		return;
	*below = (struct rect){ code->y + code->h - h, code->x, h, code->w };
	code->h -= h;
}

void layout_make(int rows, int cols, const struct layout_wish *wish, struct rect ret[PANE_COUNT])
{
	const bool both = rows >= UPPER_LEAST + LAYOUT_COMMAND_MIN;
	const int command = both ? clamp(wish->command ? wish->command : rows / 3, LAYOUT_COMMAND_MIN, rows - UPPER_LEAST) : rows;
	const int top = rows - command;
	const int lower = top >= UPPER_LEAST + LOWER_LEAST ? clamp(top * 4 / 9, LOWER_LEAST, LOWER_MOST) : 0;

	memset(ret, 0, PANE_COUNT * sizeof(*ret));
	if (rows < LAYOUT_ROWS_MIN || cols < LAYOUT_COLS_MIN)
		return;
	ret[PANE_COMMAND] = (struct rect){ top, 0, command, cols };
	if (!top)
		return;
	pair_place(&ret[PANE_CODE], &ret[PANE_REGISTERS], 0, top - lower, cols,
		   wish->registers && cols >= REGISTERS_W + 1 + CODE_W_LEAST ? REGISTERS_W : 0);
	if (wish->split)
		code_split(&ret[PANE_CODE], &ret[PANE_ASM]);
	if (lower)
		pair_place(&ret[PANE_DUE], &ret[PANE_HISTORY], top - lower, lower, cols,
			   cols >= 2 * CODE_W_LEAST ? cols / 2 : 0);
}
