/* srctext.h - what srcpath.c and srcfile.c share. Inside src/debug/ only. */
#ifndef VMSTEP_DEBUG_SRCTEXT_H
#define VMSTEP_DEBUG_SRCTEXT_H

#include <vmstep/srctext.h>

struct subst {
	char *from, *to;
};
/* A file under the name debug information has for it. */
struct srcslot {
	char *name, *comp_dir; /* comp_dir may be NULL */
	struct srcfile file;
};
struct srctext {
	char *dirs; /* colon-separated */
	struct subst *subst;
	size_t n_subst;
	struct srcslot *slot;
	size_t n_slots;
	size_t bytes; /* of text in all slots */
};

/*
 * Opens the file read-only for reading, wherever it is found; *ret_path is to be freed. -ENOENT when
 * it is nowhere, another errno for what was found and cannot be opened.
 */
int srcpath_find(const struct srctext *t, const char *name, const char *comp_dir, int *ret_fd,
		 char **ret_path);
/* The search changed: what was found under a name may be another file now. */
void srcfiles_forget(struct srctext *t);

#endif
