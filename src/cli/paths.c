/* paths.c - the user's files; see paths.h. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "paths.h"

/* A relative path in an XDG variable is to be ignored (XDG Base Directory Specification). */
static bool base_path(const char *variable, const char *fallback, const char *name, char *ret)
{
	const char *base = getenv(variable), *home = getenv("HOME");
	int n;

	if (base && base[0] == '/')
		n = snprintf(ret, PATHS_MAX, "%s/vmstep/%s", base, name);
	else if (home && home[0] == '/')
		n = snprintf(ret, PATHS_MAX, "%s/%s/vmstep/%s", home, fallback, name);
	else
		return false;
	return n < PATHS_MAX;
}

/* Every folder above the file. */
static bool folders_create(char *path)
{
	for (char *p = strchr(path + 1, '/'); p; p = strchr(p + 1, '/')) {
		*p = '\0';
		if (mkdir(path, 0700) < 0 && errno != EEXIST) {
			*p = '/';
			return false;
		}
		*p = '/';
	}
	return true;
}

bool path_config(const char *name, char ret[PATHS_MAX])
{
	return base_path("XDG_CONFIG_HOME", ".config", name, ret);
}

bool path_state(const char *name, bool create, char ret[PATHS_MAX])
{
	return base_path("XDG_STATE_HOME", ".local/state", name, ret) &&
	       (!create || folders_create(ret));
}
