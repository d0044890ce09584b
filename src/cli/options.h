/*
 * options.h - the command line: one table of subcommands and options; --help, the man page and the
 * shell completions are made from it. Implemented by option_table.c (the rows), options.c
 * (parsing) and usage.c (text).
 */
#ifndef VMSTEP_CLI_OPTIONS_H
#define VMSTEP_CLI_OPTIONS_H

#include <vmstep/trace.h>

enum { /* exit status: the table of the man page is exit_table */
       STATUS_OK = 0,
       STATUS_COMMAND = 1,
       STATUS_USAGE = 2,
       STATUS_ENGINE = 3,
       STATUS_IMAGE = 4,
       STATUS_DIED = 5,
       STATUS_INTERNAL = 125,
       STATUS_SIGINT = 130,
       STATUS_SIGTERM = 143,
};

enum subcommand {
	SUB_SESSION,
	SUB_TRACE,
	SUB_COMPARE,
	SUB_DIFF,
	SUB_PREDICT,
	SUB_REPORT,
	SUB_PROBE,
	SUB_LESSON,
	SUB_ENGINES,
	SUB_COUNT
};
#define IN(sub) BIT(sub)
enum { TRACES_MOST = 16 }; /* of one report */
#define IN_GUEST /* those that run one */                                                         \
	(IN(SUB_SESSION) | IN(SUB_TRACE) | IN(SUB_COMPARE) | IN(SUB_PREDICT))

struct start_command {
	bool is_file; /* -x, else -ex */
	const char *text;
};

struct options {
	enum subcommand sub;
	struct session_config cfg; /* strings point into argv */
	bool help, version, batch, quiet, no_init, no_source, json, guest_status;
	const char *output, *format, *dump, *known, *against;
	u64 steps;
	u8 regs;  /* enum trace_regs */
	u8 color; /* enum color_when */
	struct start_command *start;
	size_t n_start;
	const char **modules; /* NULL-terminated, cfg.guest.modules points here */
	size_t n_modules;
	const char **symbols;
	size_t n_symbols;
	char **args; /* operands behind the subcommand */
	size_t n_args;
};

struct option_row {
	const char *name;   /* "engine"; "ex" and "nx" are written with one dash */
	char letter;        /* 0: none */
	const char *arg;    /* "FILE", NULL: none */
	const char *values; /* blank-separated choices, checked; NULL: free */
	u16 subs;           /* mask of IN(SUB_*) */
	const char *help;
	enum { OPTION_FLAG, OPTION_TEXT, OPTION_CALL } kind;
	size_t offset; /* FLAG: bool, TEXT: const char * in struct options */
	int (*set)(struct options *o, const char *value, struct err *err);
	u16 lists; /* of subs: these take several values with commas between */
};
enum { OPTIONS_MAX = 64 };
extern const struct option_row option_table[]; /* ended by a NULL name */
/* The place of `value` among blank-separated `words`, -1 if it is none of them. */
int option_word(const char *words, const char *value);
/* "-" for the names that gdb writes with one dash, else "--". */
const char *option_dashes(const struct option_row *r);

struct subcommand_row {
	const char *name;  /* NULL: the session */
	const char *usage; /* "trace [OPTION]... GUEST" */
	const char *help;
};
extern const struct subcommand_row subcommand_table[SUB_COUNT];

struct exit_row {
	int status;
	const char *meaning;
};
extern const struct exit_row exit_table[]; /* ended by meaning NULL */

/* -EINVAL with a sentence for wrong usage. */
int options_parse(int argc, char **argv, struct options *ret, struct err *err);
void options_deinit(struct options *o);
/* --help of the whole program (sub SUB_SESSION) or of one subcommand. */
void usage_text(enum subcommand sub, struct strbuf *out);
void version_text(struct strbuf *out);

#endif
