/*
 * info.h - handlers of info's subcommands that lie outside cmd_info.c: info_registers.c,
 * info_tables.c, info_frame.c, info_scope.c, info_source.c, cmd_list.c, cmd_macro.c,
 * cmd_checkpoint.c.
 */
#ifndef VMSTEP_CLI_INFO_H
#define VMSTEP_CLI_INFO_H

#include <regex.h>
#include "cli.h"

int info_registers(struct cli *c, const char *args, struct err *err);
int info_all_registers(struct cli *c, const char *args, struct err *err);
int info_gdt(struct cli *c, const char *args, struct err *err);
int info_idt(struct cli *c, const char *args, struct err *err);
int info_tss(struct cli *c, const char *args, struct err *err);
int info_line(struct cli *c, const char *args, struct err *err);
int info_source(struct cli *c, const char *args, struct err *err);
int info_frame(struct cli *c, const char *args, struct err *err);
int info_locals(struct cli *c, const char *args, struct err *err);
int info_args(struct cli *c, const char *args, struct err *err);
int info_scope(struct cli *c, const char *args, struct err *err);
int info_macro(struct cli *c, const char *args, struct err *err);
int info_macros(struct cli *c, const char *args, struct err *err);
int info_address(struct cli *c, const char *args, struct err *err);
int info_paging(struct cli *c, const char *args, struct err *err);

/* An extended regular expression; a sentence for what is none. */
int regex_make(const char *text, regex_t *re, struct err *err);
int info_checkpoints(struct cli *c, const char *args, struct err *err);
int info_symbol(struct cli *c, const char *args, struct err *err);
int info_sources(struct cli *c, const char *args, struct err *err);
int info_functions(struct cli *c, const char *args, struct err *err);
int info_variables(struct cli *c, const char *args, struct err *err);
int info_types(struct cli *c, const char *args, struct err *err);
void info_symbol_files(struct cli *c); /* `info files`: the files with their sections */

#endif
