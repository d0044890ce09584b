/* location_word.c - the text of a location: where it ends, its file and its function; see location_word.h. */
#include <ctype.h>
#include <string.h>
#include "location_word.h"

const char *word_end(const char *p)
{
	int depth = 0;

	for (; *p && (depth || (*p != ' ' && *p != '\t' && *p != ',')); p++) {
		if (*p == '\'' || *p == '"') {
			const char *close = strchr(p + 1, *p);

			p = close ? close : p;
		}
		depth += *p == '(';
		depth -= *p == ')' && depth;
	}
	return p;
}

bool word_all_digits(const char *p)
{
	if (!*p)
		return false;
	while (isdigit((unsigned char)*p))
		p++;
	return !*p;
}

char *word_file_colon(char *word)
{
	for (char *p = word; *p; p++) {
		if (*p != ':')
			continue;
		if (p[1] != ':')
			return p;
		p++;
	}
	return NULL;
}

void word_unquote(char **word)
{
	const size_t n = strlen(*word);

	if (n >= 2 && (**word == '\'' || **word == '"') && (*word)[n - 1] == **word) {
		(*word)[n - 1] = '\0';
		++*word;
	}
}

bool word_is_file(const char *name)
{
	const char *dot = strrchr(name, '.');

	return strchr(name, '/') || (dot && isalpha((unsigned char)dot[1]));
}

bool word_is_name(const char *word)
{
	if (!isalpha((unsigned char)*word) && *word != '_')
		return false;
	while (isalnum((unsigned char)*word) || strchr("_.:$", *word))
		if (!*word++)
			return true;
	return false;
}
