/*
 * paths.h - the user's files, by the XDG Base Directory rules. Implemented by paths.c.
 */
#ifndef VMSTEP_CLI_PATHS_H
#define VMSTEP_CLI_PATHS_H

#include <stdbool.h>

enum { PATHS_MAX = 4096 };

/* $XDG_CONFIG_HOME/vmstep/NAME, ~/.config/vmstep/NAME; false when there is no home. */
bool path_config(const char *name, char ret[PATHS_MAX]);
/* $XDG_STATE_HOME/vmstep/NAME, ~/.local/state/vmstep/NAME; with `create` the folders are made. */
bool path_state(const char *name, bool create, char ret[PATHS_MAX]);

#endif
