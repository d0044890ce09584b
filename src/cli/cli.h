/*
 * cli.h - what the parts of src/cli/ share: the session with its terminal.
 *
 * One struct cli lives in session_main(); every command handler gets it. Handlers return 0 or
 * -errno with one sentence in err; -EINTR with an empty sentence means that the user interrupted.
 */
#ifndef VMSTEP_CLI_H
#define VMSTEP_CLI_H

#include <stdio.h>
#include <vmstep/command.h>
#include <vmstep/print.h>
#include <vmstep/strbuf.h>
#include <vmstep/trace.h>

#include "options.h"
#include "output.h"
#include "view.h"

/* ---- where lines come from (source.c) -------------------------------------------------------- */

struct source {
	struct source *up; /* the one that started this one */
	const char *name;  /* for messages: a file, "-ex", "define NAME"; NULL: typed by the user */
	unsigned line;     /* of the last line read, from 1 */
	FILE *file;        /* one of these two, or neither: the terminal */
	char *const *lines; /* NULL-terminated */
	bool of_point;      /* commands of a point: over once the guest was resumed */
};

/* One logical line (a trailing backslash joins). 0 with *ret (free it), 1 at the end, -EINTR. */
int source_line(struct cli *c, const char *prompt, char **ret);
/* The body up to its `end`, nested blocks counted; *ret is NULL-terminated, lines_free() it. Where
 * `ret_else` is given, a top-level `else` starts the second list (NULL if there is none). */
int source_body(struct cli *c, const char *what, char ***ret, char ***ret_else, struct err *err);
void lines_free(char **lines);
char **lines_copy(char *const *lines); /* NULL without memory */
/* Appends copies; *lines may be NULL. Without memory it stays as it was. */
void lines_extend(char ***lines, char *const *more);
/* Run every line; stops at the first that fails, whose sentence is prefixed with name and line. */
int source_run(struct cli *c, struct source *src, struct err *err);
/* One line and, if asked, the commands of the points it made the guest hit. */
int line_run(struct cli *c, const char *line, bool point_commands, struct err *err);
int lines_run(struct cli *c, char *const *lines, const char *name, struct err *err);
int file_run(struct cli *c, const char *path, struct err *err);

/* ---- the cli --------------------------------------------------------------------------------- */

struct display {
	u32 num;
	bool enabled;
	u64 function; /* the only one it is shown in, 0: everywhere */
	char *format; /* "/i", "" */
	char *text;   /* expression as typed */
};
struct definition {
	char *name;
	char **lines;
	char *help; /* from `document`, may be NULL */
};
/* Format of x and print: "/4xw". */
struct format {
	u64 count;
	char letter; /* one of x d u o t z a c f s i, 0: default */
	char size;   /* b h w g, 0: default */
	bool has_count;
	bool backwards; /* of x: what lies before the address */
};

enum break_pending { BREAK_PENDING_OFF, BREAK_PENDING_ON, BREAK_PENDING_AUTO };
enum flow { FLOW_NONE, FLOW_BREAK, FLOW_CONTINUE }; /* loop_break, loop_continue */

struct cli {
	struct session *s;
	struct output out;
	const struct options *opt;
	struct source *src; /* innermost source */
	bool interactive;   /* a user at a terminal */
	bool quit;          /* leave after this command */
	int status;         /* exit status so far */
	unsigned depth;     /* of nested defined commands and sources */
	u8 flow;            /* enum flow */
	unsigned loops;     /* bodies of a while that run now, one in another */
	u64 runs;           /* how often the guest was resumed or started */

	char *repeat;   /* what Enter repeats, NULL: nothing */
	bool repeating; /* this line is such a repetition */
	char **args;    /* $arg0... of the defined command that runs */
	size_t n_args;

	struct definition *defs;
	size_t n_defs;
	struct display *displays;
	size_t n_displays;
	u32 next_display;
	char **point_commands; /* of the point just hit, to be run before the next line */
	u32 last_point;        /* for `commands` without a number */

	struct format x_format; /* what x goes on with */
	u64 x_next;
	bool x_started;

	struct trace *trace; /* `trace on`, NULL: off */
	int trace_fd;
	char *trace_path;
	struct checker *checker; /* `set predict on`, NULL: off */

	struct view view;  /* the source looked at */
	u8 break_pending;  /* enum break_pending */

	char *prompt;
	struct print_style print; /* set print */
	u8 color; /* enum color_when */
	u8 auto_load_local;
};

/* Lines from the user until quit or the end of input (session_main.c). */
void prompt_loop(struct cli *c);

/* ---- dispatcher (dispatch.c, command_table.c) ------------------------------------------------ */

/* One command line: comments, `!`, prefixes, flags and defined commands understood. */
int command_execute(struct cli *c, const char *line, struct err *err);
/* All top-level commands: NULL behind the last. */
const struct command *command_at(size_t i);
/* The command `word` (n characters) stands for: exact name, alias, unique prefix. */
int command_find(const char *word, size_t n, const struct command **ret, struct err *err);
/* The same among subcommands of `of`. */
int subcommand_find(const struct command *of, const char *word, size_t n,
		    const struct command **ret, struct err *err);
/* As command_find(), NULL instead of an error. */
const struct command *command_lookup(const char *word, size_t n);
const struct command *subcommand_lookup(const struct command *of, const char *word, size_t n);
struct definition *definition_find(struct cli *c, const char *name, size_t n);
/* Length of the command word at p. */
size_t command_word(const char *p);
bool alias_match(const char *aliases, const char *word, size_t n);

/* ---- completion (complete.c) ----------------------------------------------------------------- */

struct completion {
	size_t start;    /* of the word being completed */
	bool files;      /* file names are wanted: the reader completes those itself */
	bool expression; /* words break at operators */
	char **words;    /* sorted, unique, NULL-terminated */
	size_t n;
};
void complete_line(struct cli *c, const char *line, size_t n, struct completion *ret);
void completion_deinit(struct completion *k);

/* ---- settings (settings.c, settings_table.c) ------------------------------------------------- */

struct setting {
	const char *name;   /* "icebp", "intercept db" */
	const char *values; /* blank-separated, in the order of their numbers; NULL: free text */
	const char *summary;
	const char *help;
	bool in_cli; /* the byte lies in struct cli, else in struct settings */
	size_t offset;
	int (*apply)(struct cli *c, const struct setting *row, const char *value, struct err *err);
	void (*show)(struct cli *c, struct strbuf *out);
};
extern const struct setting setting_table[]; /* ended by a NULL name */
const struct setting *setting_at(size_t i); /* NULL behind the last */
/* "set icebp auto|deliver|swallow" in buf, which is returned. */
const char *setting_usage(const struct setting *row, char *buf, size_t size);
/* The setting whose name starts `text`; *ret_rest is what follows. NULL if none. */
const struct setting *setting_match(const char *text, const char **ret_rest);
int setting_assign(struct cli *c, const struct setting *row, const char *value, struct err *err);
/* Writes the number of `value`, which is one of row->values, to its byte. */
void setting_store(struct cli *c, const struct setting *row, const char *value);
void setting_value(struct cli *c, const struct setting *row, struct strbuf *out);

/* ---- formats (format.c) ---------------------------------------------------------------------- */

/* "/4xw" at *p, moved behind it and its blanks; `ret` keeps what is not given. */
int format_parse(const char **p, struct format *ret, struct err *err);
/* One value as print shows it. */
int value_format(struct cli *c, const struct format *f, const struct value *v, struct strbuf *out,
		 struct err *err);
/* `bytes` of memory by letter, as x shows one unit. */
int unit_format(struct cli *c, char letter, unsigned size, u64 bits, struct strbuf *out,
		struct err *err);
unsigned format_size(char size_letter);
/* "0x401000 <main+4>" */
void address_format(struct cli *c, u64 addr, struct strbuf *out);
/* " <main+4>" or nothing. */
void symbol_format(struct cli *c, u64 addr, struct strbuf *out);
/* C escapes (\n \t \e \033 \x1b \\ \"), in place of `n` characters. */
void escapes_add(const char *p, size_t n, struct strbuf *out);

/* ---- helpers of the commands ----------------------------------------------------------------- */

const char *blanks_skip(const char *p);
/* Next blank-separated word of *p into buf (cut to size); false at the end. */
bool word_take(const char **p, char *buf, size_t size);
/* "#PF" or "pf". */
bool exception_find(const char *name, u64 *ret);
/* Asks on the terminal; true without asking when nobody is there or `set confirm off`. */
bool confirm(struct cli *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Paged output of the session. */
void say(struct cli *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* One paragraph, broken at blanks to the terminal's width. */
void say_wrapped(struct cli *c, const char *text);
void say_buf(struct cli *c, struct strbuf *b); /* and resets it */
/* A count of steps: 1 for an empty text, never 0. */
int count_get(struct cli *c, const char *args, u64 *ret, struct err *err);
/* A location, or the linear address the selected frame is at for an empty text. */
int location_get(struct cli *c, const char *text, u64 *ret, struct err *err);
/* A location where memory is meant: in modes with segments $sp stands for its linear address, as
 * $pc does in every expression. */
int address_get(struct cli *c, const char *text, u64 *ret, struct err *err);

/* run.c: shows the session's last stop, runs displays, notes the point's commands. */
void stop_show(struct cli *c);
/* One of the session's runs. */
typedef int guest_run_fn(struct session *s, u64 arg, stop_observer *each, void *each_arg,
			 struct err *err);
/*
 * Resumes the guest and shows where it stopped. `count` is the number of steps asked for, 0 for
 * runs to a point: those take the keys of a terminal, and their way is a gap in a recorded trace.
 * -EINTR after Ctrl-C, so that scripts end.
 */
int guest_run(struct cli *c, guest_run_fn *fn, u64 arg, u64 count, struct err *err);
/* cmd_run.c: session_start() with its stop shown. */
int start_show(struct cli *c, struct err *err);
/* cmd_checkpoint.c: delete checkpoint. */
int checkpoint_delete(struct cli *c, const char *args, struct err *err);
/* cmd_x.c: shows memory and moves *addr behind it. */
int memory_show(struct cli *c, const struct format *f, u64 *addr, struct err *err);
/* The size that goes with a letter, where the user named none. */
void format_complete(struct format *f, char last_letter, char last_size);
/* $_ */
void last_address_set(struct cli *c, u64 addr);
/* cmd_display.c */
void displays_show(struct cli *c);
int display_run(struct cli *c, const struct display *d, struct err *err);
/* cmd_points.c: "watchpoint"; the line that says a point was set. */
const char *point_type_name(const struct upoint *p);
void point_show(struct cli *c, const struct upoint *p);
/* cmd_points_edit.c: the point whose number stands at *p, moved behind it; `what` asks for it. */
int point_take(struct cli *c, const char **p, const char *what, struct upoint **ret,
	       struct err *err);
/* info_points.c */
int points_info(struct cli *c, const char *args, struct err *err);
/* cmd_frames.c: "#1  0x... in main ()" of one frame, as backtrace shows it. */
void frame_format(struct cli *c, const struct frame *f, struct strbuf *out);
/* "add (a=2, b=3) at demo.c:4"; `at` is NULL where no line is known. */
void frame_head_format(struct cli *c, const struct frame *f, const struct frame_source *at,
		       struct strbuf *out);
/* "N", "level N" or "function NAME" as the level of a frame, which need not exist. */
int frame_level_get(struct cli *c, const char *args, u64 *ret, struct err *err);
/* info_scope.c: the variables of a frame, each behind `indent`. */
void frame_locals_show(struct cli *c, const struct frame *f, const char *indent);
/* cmd_srcpath.c: settings whose values lie in c->view. */
int directories_apply(struct cli *c, const struct setting *row, const char *value, struct err *err);
int substitute_apply(struct cli *c, const struct setting *row, const char *value, struct err *err);
int listsize_apply(struct cli *c, const struct setting *row, const char *value, struct err *err);
void directories_show(struct cli *c, struct strbuf *out);
void substitute_show(struct cli *c, struct strbuf *out);
void listsize_show(struct cli *c, struct strbuf *out);
/* cmd_help.c: paragraphs of one command. */
void command_help(struct cli *c, const struct command *k, const char *prefix);
/* cmd_trace.c: ends a running `trace on`. */
int trace_off(struct cli *c, struct err *err);
/* info_scope.c: "NAME = VALUE" of a frame's variable, on a line of its own. */
struct variable;
void variable_show(struct cli *c, unsigned level, const struct variable *v, const char *indent);
/* cmd_set.c: `show` without argument, also `info settings`. */
void settings_show(struct cli *c);

extern const struct command commands_step[], commands_run[], commands_checkpoint[], commands_points[], commands_catch[],
	commands_points_edit[], commands_points_enable[], commands_print[], commands_type[],
	commands_x[], commands_display[], commands_memory[], commands_code[], commands_symbols[],
	commands_disassemble[], commands_list[], commands_finish[], commands_srcpath[], commands_macro[],
	commands_frames[], commands_state[], commands_info[], commands_trace[], commands_set[],
	commands_script[], commands_echo[], commands_tui[], commands_help[];
extern const char *const group_names[GROUP_COUNT]; /* "running", ... */
extern const char *const group_titles[GROUP_COUNT];

/* ---- reading from the terminal (input.c) ----------------------------------------------------- */

void input_init(struct cli *c);
void input_deinit(struct cli *c);
/* 0 with *ret, 1 at end of input, -EINTR after Ctrl-C when `nested`, or when vmstep is to end. */
int input_line(struct cli *c, const char *prompt, bool nested, char **ret);

#endif
