/* cmd_frames.c - the frames of the stack: backtrace, frame, up, down. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <vmstep/source.h>
#include "cli.h"
#include "term.h"

enum { FRAMES_SHOWN = 1u << 20 }; /* without a number: all there are */

static void frame_show(struct cli *c, const struct frame *f)
{
	struct strbuf out;

	strbuf_init(&out);
	frame_format(c, f, &out);
	strbuf_addc(&out, '\n');
	say_buf(c, &out);
	strbuf_deinit(&out);
}

/* ---- backtrace ------------------------------------------------------------------------------- */

/* "full" anywhere among the words; the rest, a number, in `buf`. */
static int words_split(const char *args, bool *ret_full, char *buf, size_t size, struct err *err)
{
	char word[64];
	size_t n = 0;

	*buf = '\0';
	while (word_take(&args, word, sizeof(word))) {
		if (!strcmp(word, "full") || !strcmp(word, "-full")) {
			*ret_full = true;
			continue;
		}
		if (n + strlen(word) + 2 > size)
			return err_set(err, EINVAL, "backtrace takes one number and the word full");
		n += snprintf(buf + n, size - n, "%s%s", n ? " " : "", word);
	}
	return 0;
}

/* Which frames: the N innermost, or with -N the N outermost. */
static int range_get(struct cli *c, const char *args, unsigned *ret_from, unsigned *ret_to,
		     const char **ret_why, struct err *err)
{
	s64 want = 0;
	u64 value;
	unsigned n;
	int r = *args ? expr_u64(c->s, args, &value, err) : 0;

	if (r)
		return r;
	if (*args && !value)
		return err_set(err, EINVAL, "backtrace 0 shows nothing: give a number of frames");
	if (*args)
		want = value;
	r = frame_count(c->s, want > 0 && want < FRAMES_SHOWN ? want : FRAMES_SHOWN, &n, ret_why,
			err);
	if (r)
		return r;
	*ret_from = want < 0 && -(u64)want < n ? n - -(u64)want : 0;
	*ret_to = n;
	return 0;
}

/* Whether one more frame is there: what gdb's "more frames follow" promises. */
static bool more_follow(struct cli *c, unsigned n)
{
	const struct frame *f;

	return !frame_at(c->s, n, &f, NULL);
}

static void end_show(struct cli *c, unsigned n, const char *why)
{
	if (!why && more_follow(c, n))
		say(c, "(More stack frames follow...)\n");
	else if (why && !strncmp(why, "Backtrace stopped", 17))
		say(c, "%s\n", why);
	else if (why)
		say(c, "(%s)\n", why);
}

static int cmd_backtrace(struct cli *c, const char *args, struct err *err)
{
	const struct frame *f;
	const char *why = NULL;
	unsigned from = 0, to = 0;
	bool full = false;
	char number[200];
	int r = words_split(args, &full, number, sizeof(number), err);

	r = r ?: range_get(c, number, &from, &to, &why, err);
	for (unsigned i = from; !r && i < to && !c->out.quit && !term_interrupted(); i++) {
		r = frame_at(c->s, i, &f, err);
		if (!r)
			frame_show(c, f);
		if (!r && full)
			frame_locals_show(c, f, "        ");
	}
	if (!r)
		end_show(c, to, why);
	return r;
}

/* ---- selection ------------------------------------------------------------------------------- */

static int selection_show(struct cli *c, struct err *err)
{
	struct frame_source at;
	const struct frame *f;
	int r = frame_selected(c->s, &f, err);

	if (r)
		return r;
	frame_show(c, f);
	if (!c->view.hidden && frame_line(c->s, f, &at))
		view_line(c, f, &at);
	return 0;
}

static int selected_level(struct cli *c, unsigned *ret, struct err *err)
{
	const struct frame *f;
	int r = frame_selected(c->s, &f, err);

	if (!r)
		*ret = f->level;
	return r;
}

static int level_select(struct cli *c, u64 level, struct err *err)
{
	int r = level < FRAMES_SHOWN
			? frame_select(c->s, level, err)
			: err_set(err, ENOENT, "there is no frame %" PRId64, (s64)level);

	return r ?: selection_show(c, err);
}

static int level_of_function(struct cli *c, const char *name, u64 *ret, struct err *err)
{
	const struct frame *f;
	unsigned level = 0;

	if (!*name)
		return err_set(err, EINVAL, "frame function needs a name");
	for (; !frame_at(c->s, level, &f, NULL); level++) {
		if (f->name && !strcmp(f->name, name)) {
			*ret = level;
			return 0;
		}
	}
	return err_set(err, ENOENT, "no frame of the stack is in %s", name);
}

int frame_level_get(struct cli *c, const char *args, u64 *ret, struct err *err)
{
	if (!strncmp(args, "function", 8) && (args[8] == ' ' || !args[8]))
		return level_of_function(c, blanks_skip(args + 8), ret, err);
	if (!strncmp(args, "level ", 6))
		args = blanks_skip(args + 6);
	return expr_u64(c->s, args, ret, err);
}

static int cmd_frame(struct cli *c, const char *args, struct err *err)
{
	u64 level;
	int r;

	if (!*args)
		return selection_show(c, err);
	r = frame_level_get(c, args, &level, err);
	return r ?: level_select(c, level, err);
}

/* As gdb: as far as it goes; an error only where there is nothing to go to. */
static int frame_move(struct cli *c, const char *args, bool up, struct err *err)
{
	const char *why;
	unsigned level, n;
	u64 by = 1;
	int r = *args ? expr_u64(c->s, args, &by, err) : 0;

	r = r ?: selected_level(c, &level, err);
	if (r)
		return r;
	if ((s64)by < 0) {
		up = !up;
		by = -by;
	}
	by = by < FRAMES_SHOWN ? by : FRAMES_SHOWN;
	if (!up) {
		if (!level && by)
			return err_set(err, ENOENT,
				       "bottom (innermost) frame selected: down goes no further");
		return level_select(c, by < level ? level - by : 0, err);
	}
	r = frame_count(c->s, level + by + 1, &n, &why, err);
	if (!r && n == level + 1 && by)
		return err_set(err, ENOENT,
			       "initial (outermost) frame selected: up goes no further%s%s",
			       why ? "; " : "", why ?: "");
	return r ?: level_select(c, level + by < n ? level + by : n - 1, err);
}

static int cmd_up(struct cli *c, const char *args, struct err *err)
{
	return frame_move(c, args, true, err);
}

static int cmd_down(struct cli *c, const char *args, struct err *err)
{
	return frame_move(c, args, false, err);
}

/* ---- the table ------------------------------------------------------------------------------- */

const struct command commands_frames[] = {
	{ "backtrace", "bt where", GROUP_STATE, ARG_COUNT, CMD_NEEDS_GUEST,
	  "backtrace [full] [N|-N]", "Show the frames of the stack.",
	  "N shows the N innermost frames, -N the N outermost; full shows each frame's variables "
	  "too. Frames come from call frame "
	  "information (.eh_frame, .debug_frame); code without it is unwound by its frame "
	  "pointers, "
	  "at a function's first and last instructions by the top of the stack. Behind a frame not "
	  "found by call frame information stands how it was found; [tail call] is a function that left by a "
	  "jump, as the debug information of the calls tells. Where the stack ends for "
	  "another reason than that the outermost frame was reached, the last line says why.",
	  "backtrace", cmd_backtrace, NULL },
	{ "frame", "f", GROUP_STATE, ARG_COUNT, CMD_NEEDS_GUEST, "frame [N|level N|function NAME]",
	  "Select and show a frame.",
	  "Frame 0 is where the guest stands. function NAME takes the innermost frame of that "
	  "function.",
	  "frame", cmd_frame, NULL },
	{ "up", NULL, GROUP_STATE, ARG_COUNT, CMD_NEEDS_GUEST, "up [N]",
	  "Select the frame that called this one.", "", NULL, cmd_up, NULL },
	{ "down", "dow", GROUP_STATE, ARG_COUNT, CMD_NEEDS_GUEST, "down [N]",
	  "Select the frame this one called.", "", NULL, cmd_down, NULL },
	{ NULL },
};
