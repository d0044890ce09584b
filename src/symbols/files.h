/*
 * files.h - the source files an ELF file names, each once. Inside src/symbols/ only.
 */
#ifndef VMSTEP_SYMBOLS_FILES_H
#define VMSTEP_SYMBOLS_FILES_H

#include "dwarf.h"

/* The file NAME as seen from directory DIR, the compiler's; NULL only without memory. */
const struct source_file *files_intern(struct dwfile *f, const char *dir, const char *name);
/* All so far, in no order; false when `each` ended it. */
bool files_each(struct dwfile *f, bool (*each)(void *arg, const struct source_file *), void *arg);
void files_destroy(struct source_files *files);
/* Whole components from the end: "x.c" and "src/x.c" match "/p/src/x.c"; an absolute one matches all. */
bool files_match(const struct source_file *file, const char *wanted);
/* Its unit's own file: DW_AT_name in DW_AT_comp_dir; NULL if it has no name. */
const struct source_file *files_of_unit(struct dwfile *f, struct dwunit *u);

#endif
