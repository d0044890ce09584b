/*
 * command.h - the one command table: help, apropos, the man page's command section, `complete`, TAB
 * and the shell completions come from these rows and from nowhere else. Implemented by src/cli/.
 *
 * To add a command: its handler in a cmd_*.c and one row in that file's table (src/cli/table.c joins
 * the tables). Flags are checked and arguments completed by the dispatcher.
 */
#ifndef VMSTEP_COMMAND_H
#define VMSTEP_COMMAND_H

#include <vmstep/session.h>

struct cli; /* a session with its terminal: output, history, defined commands */

enum command_group { GROUP_RUN, GROUP_POINTS, GROUP_DATA, GROUP_STATE, GROUP_TRACE, GROUP_SCRIPT, GROUP_HELP,
		     GROUP_COUNT };
enum command_flag {
	CMD_NEEDS_GUEST = BIT(0),   /* alive or dead: registers and memory */
	CMD_NEEDS_ALIVE = BIT(1),   /* can run */
	CMD_REPEATS = BIT(2),       /* Enter repeats it */
	CMD_CHANGES = BIT(3),       /* changes the guest's state */
	CMD_RAW = BIT(4),           /* takes the rest of the line as it stands */
	CMD_PREFIX = BIT(5),        /* has subcommands (info, set, catch) */
};
enum arg_type { ARG_NONE, ARG_COUNT, ARG_LOCATION, ARG_EXPR, ARG_FILE, ARG_POINT, ARG_SETTING, ARG_COMMAND,
		ARG_REGISTER, ARG_SUBCOMMAND, ARG_WORD };
struct command {
	const char *name;
	const char *aliases;     /* "si stepinst", blank-separated; NULL: none */
	u8 group;
	u8 arg;                  /* enum arg_type of the arguments, for completion */
	u16 flags;
	const char *usage;       /* "stepi [COUNT]" */
	const char *summary;     /* one line */
	const char *help;        /* paragraphs */
	const char *example;     /* runnable on the demo guest; NULL only for commands that cannot be */
	int (*run)(struct cli *c, const char *args, struct err *err);
	const struct command *sub; /* subcommands, ended by a NULL name */
};

#endif
