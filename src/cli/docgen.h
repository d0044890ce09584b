/*
 * docgen.h - generators of documentation from the tables: docgen_man.c, docgen_shell.c; docgen.c
 * chooses among them.
 */
#ifndef VMSTEP_CLI_DOCGEN_H
#define VMSTEP_CLI_DOCGEN_H

#include <vmstep/strbuf.h>

void man_options(struct strbuf *out);
void man_subcommands(struct strbuf *out);
void man_commands(struct strbuf *out);
void man_settings(struct strbuf *out);
void man_exit(struct strbuf *out);
void man_topics(struct strbuf *out);
void man_lessons(struct strbuf *out);
void bash_text(struct strbuf *out);
void zsh_text(struct strbuf *out);
void fish_text(struct strbuf *out);

#endif
