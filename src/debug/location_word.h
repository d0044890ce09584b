/*
 * location_word.h - the text of a location taken apart: words only, no symbols. Inside src/debug/.
 */
#ifndef VMSTEP_DEBUG_LOCATION_WORD_H
#define VMSTEP_DEBUG_LOCATION_WORD_H

#include <vmstep/types.h>

/* Behind the location: a blank or a comma that is in no bracket and no quotes. */
const char *word_end(const char *p);
bool word_all_digits(const char *p);
/* The colon between FILE and the rest: not one of C++'s "::". NULL: none. */
char *word_file_colon(char *word);
/* Takes the quotes off that stand around the whole. */
void word_unquote(char **word);
/* Has a slash or an ending, as no function has. */
bool word_is_file(const char *name);
/* An identifier, also with the dots, colons and $ of symbols. */
bool word_is_name(const char *word);

#endif
