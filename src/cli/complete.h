/*
 * complete.h - between complete.c (which kind of word stands where) and complete_expr.c (the words of
 * expressions). Internal to src/cli/.
 */
#ifndef VMSTEP_CLI_COMPLETE_H
#define VMSTEP_CLI_COMPLETE_H

#include "cli.h"

void completion_add(struct completion *k, const char *word);
/* If it starts with the `n` characters at `text`. */
void completion_offer(struct completion *k, const char *word, const char *text, size_t n);
/* Start of the word that ends at `n`, not before `from`. */
size_t word_start(const char *line, size_t n, size_t from, const char *breaks);

void registers_offer(struct completion *k, const char *sign, const char *text, size_t n);
/* The last word of the expression that begins at `from`: a member behind . and ->, $names, variables
 * of the selected frame, symbols. */
void expression_complete(struct cli *c, struct completion *k, const char *line, size_t from,
			 size_t n);

#endif
