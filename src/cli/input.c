/*
 * input.c - lines typed at a terminal: readline by its callback interface, so that signals, the
 * terminal's size and end of input are handled between keys and no handler ever calls readline.
 *
 * readline's callbacks get no argument: `in` below is the one that they use.
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <readline/history.h>
#include <readline/readline.h>

#include "cli.h"
#include "paths.h"
#include "term.h"
#include "tui/view.h"

enum { HISTORY_LINES = 2000 };

static struct {
	struct cli *cli;
	char *line; /* handed over by readline */
	bool done;
	bool nested;  /* a question or the body of a block: no completion, no history */
	char **queue; /* lines pasted at once, still to be given out */
	size_t n_queue;
	unsigned fresh;   /* history entries of this session */
	FILE *prompt_out; /* the terminal, when standard output is something else */
	struct completion matches;
	size_t next_match, word_start;
} in;

static void line_ready(char *line)
{
	rl_callback_handler_remove();
	in.line = line;
	in.done = true;
}

/* ---- completion ------------------------------------------------------------------------------ */

/* readline's word may begin elsewhere than ours ("p$ra"): what it takes for the word is put before.
 */
static char *match_fit(const char *word)
{
	const size_t ours = in.matches.start, theirs = in.word_start;
	char *ret;

	if (ours < theirs)
		return strdup(word + (strlen(word) < theirs - ours ? strlen(word) : theirs - ours));
	return asprintf(&ret, "%.*s%s", (int)(ours - theirs), rl_line_buffer + theirs, word) < 0
		       ? NULL
		       : ret;
}

static char *match_next(const char *text, int state)
{
	if (!state)
		in.next_match = 0;
	if (in.next_match >= in.matches.n)
		return NULL;
	return match_fit(in.matches.words[in.next_match++]);
}

static void matches_find(void)
{
	completion_deinit(&in.matches);
	complete_line(in.cli, rl_line_buffer, rl_point, &in.matches);
}

/* Called first by readline: which characters end a word here. */
static char *word_breaks(void)
{
	static char plain[] = " \t", operators[] = " \t()+-*/%&|^~!,<>=@[]{}?:";

	matches_find();
	return in.matches.expression ? operators : plain;
}

static char **words_complete(const char *text, int start, int end)
{
	matches_find();
	in.word_start = start;
	/* File names are readline's own trade. */
	rl_attempted_completion_over = !in.matches.files;
	if (in.matches.files && !in.matches.n)
		return NULL;
	return rl_completion_matches(text, match_next);
}

/* ---- history --------------------------------------------------------------------------------- */

static void history_remember(const char *line)
{
	const HIST_ENTRY *last =
		history_length ? history_get(history_base + history_length - 1) : NULL;

	if (!*blanks_skip(line) || (last && !strcmp(last->line, line)))
		return;
	add_history(line);
	in.fresh++;
}

static void history_load(void)
{
	char path[PATHS_MAX];

	using_history();
	stifle_history(HISTORY_LINES);
	if (path_state("history", false, path))
		read_history(path);
}

static void history_keep(void)
{
	char path[PATHS_MAX];

	if (!in.fresh || !session_settings(in.cli->s)->history_save ||
	    !path_state("history", true, path))
		return;
	/* Appending lets two sessions at a time keep both their lines. */
	if (append_history(in.fresh, path) == ENOENT)
		write_history(path);
	chmod(path, 0600);
	history_truncate_file(path, HISTORY_LINES);
	in.fresh = 0;
}

/* ---- the loop -------------------------------------------------------------------------------- */

static void line_clear(const char *prompt)
{
	tui_line_done();
	rl_callback_sigcleanup();
	rl_free_line_state();
	rl_replace_line("", 1);
	rl_crlf();
	rl_on_new_line();
	tui_line_begin();
	rl_redisplay_function();
}

static void suspend(void)
{
	rl_callback_sigcleanup();
	rl_deprep_terminal();
	tui_pause();
	term_suspend();
	tui_resume();
	rl_prep_terminal(1);
	rl_resize_terminal();
	output_resize(&in.cli->out);
	rl_on_new_line();
	rl_forced_update_display();
}

/* What came by signal. True: reading ends here. */
static bool signals_handle(const char *prompt)
{
	term_drain();
	if (term_ending())
		return true;
	if (term_take_resize()) {
		rl_resize_terminal();
		output_resize(&in.cli->out);
		tui_resize();
	}
	if (term_take_suspend())
		suspend();
	if (term_interrupted()) {
		if (in.nested)
			return true;
		term_clear_interrupt();
		line_clear(prompt);
	}
	return false;
}

static void line_wait(const char *prompt)
{
	struct pollfd p[2] = { { .fd = STDIN_FILENO, .events = POLLIN },
			       { .fd = term_wake_fd(), .events = POLLIN } };

	while (!in.done) {
		if (poll(p, 2, -1) < 0 && errno != EINTR)
			return;
		if (p[1].revents && signals_handle(prompt))
			return;
		if (p[0].revents)
			rl_callback_read_char();
		p[0].revents = p[1].revents = 0;
	}
}

/* A pasted text may hold several lines: the first is given out, the rest waits. */
static void paste_split(char *line)
{
	char *rest = strchr(line, '\n');

	while (rest) {
		char **p = realloc(in.queue, (in.n_queue + 1) * sizeof(*p));
		char *next = strchr(rest + 1, '\n');

		*rest++ = '\0';
		if (!p)
			return;
		in.queue = p;
		if (next)
			*next = '\0';
		/* A newline at the very end opens no further line. */
		if (next || *rest)
			in.queue[in.n_queue++] = strdup(rest);
		if (next)
			*next = '\n';
		rest = next;
	}
}

static bool queue_take(const char *prompt, char **ret)
{
	if (!in.n_queue)
		return false;
	*ret = in.queue[0];
	memmove(in.queue, in.queue + 1, --in.n_queue * sizeof(*in.queue));
	say(in.cli, "%s%s\n", prompt, *ret ? *ret : "");
	return *ret;
}

int input_line(struct cli *c, const char *prompt, bool nested, char **ret)
{
	output_fresh(&c->out);
	in.line = NULL; /* the last one is the caller's */
	if (queue_take(prompt, ret))
		return 0;
	in.nested = nested;
	do {
		free(in.line);
		in.done = false;
		in.line = NULL;
		tui_line_begin();
		rl_callback_handler_install(prompt, line_ready);
		line_wait(prompt);
		tui_line_done();
	} while (in.done && tui_switch());
	if (!in.done) {
		rl_callback_sigcleanup();
		rl_callback_handler_remove();
		rl_crlf();
		return -EINTR;
	}
	if (!in.line)
		return 1;
	if (!nested)
		history_remember(in.line);
	paste_split(in.line);
	*ret = in.line;
	return 0;
}

void input_init(struct cli *c)
{
	in.cli = c;
	rl_readline_name = "vmstep";
	rl_catch_signals = 0;
	rl_catch_sigwinch = 0;
	rl_attempted_completion_function = words_complete;
	rl_completion_word_break_hook = word_breaks;
	rl_completer_quote_characters = "";
	if (!c->out.tty)
		in.prompt_out = fopen("/dev/tty", "we");
	rl_outstream = in.prompt_out ? in.prompt_out : stdout;
	tui_keys_bind(c);
	history_load();
}

void input_deinit(struct cli *c)
{
	if (!in.cli)
		return;
	history_keep();
	clear_history();
	completion_deinit(&in.matches);
	while (in.n_queue)
		free(in.queue[--in.n_queue]);
	free(in.queue);
	in.queue = NULL;
	if (in.prompt_out)
		fclose(in.prompt_out);
	in.prompt_out = NULL;
	in.cli = NULL;
}
