/*
 * known.c - the list of known differences, a text file:
 *
 *	# field   instruction  engine  reason
 *	pending   int1         kvm     K16 the event is delivered by KVM itself
 *
 * field: a name of field_name(), or *. instruction: the first word of the one just done, or *. engine:
 * one of the two that differ, or *. The reason is the rest of the line and must not be empty.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compare/differ.h"

struct known_line {
	char field[16], insn[32], engine[16], reason[160];
	bool used;
};
struct known {
	struct known_line *line;
	size_t n;
};

static bool field_exists(const char *name)
{
	for (unsigned f = 0; f < FIELD_COUNT; f++)
		if (!strcmp(name, field_name(f)))
			return true;
	return !strcmp(name, "*");
}

static int line_add(struct known *k, const struct known_line *line)
{
	struct known_line *p = realloc(k->line, (k->n + 1) * sizeof(*p));

	if (!p)
		return -ENOMEM;
	k->line = p;
	p[k->n++] = *line;
	return 0;
}

static int line_parse(struct known *k, const char *path, unsigned number, const char *text,
		      struct err *err)
{
	struct known_line l = { .used = false };
	int n = sscanf(text, " %15s %31s %15s %159[^\n]", l.field, l.insn, l.engine, l.reason);

	if (n < 1 || l.field[0] == '#')
		return 0;
	if (n < 4)
		return err_set(err, EINVAL,
			       "%s:%u: a known difference is FIELD INSTRUCTION ENGINE REASON, each of the "
			       "first three may be *",
			       path, number);
	if (!field_exists(l.field))
		return err_set(err, EINVAL, "%s:%u: there is no field \"%s\": rip cause event pending mode "
					    "rflags segment control tf ended, a register, or *",
			       path, number, l.field);
	if (line_add(k, &l))
		return err_set(err, ENOMEM, "no memory for the list of known differences");
	return 0;
}

int known_read(const char *path, struct known **ret, struct err *err)
{
	struct known *k = calloc(1, sizeof(*k));
	char text[400];
	FILE *f;
	int r = 0;

	if (!k)
		return err_set(err, ENOMEM, "no memory for the list of known differences");
	*ret = k;
	if (!path)
		return 0;
	f = fopen(path, "re");
	if (!f) {
		r = err_set(err, EINVAL, "%s: cannot read the list of known differences: %s", path,
			    strerror(errno));
	} else {
		for (unsigned n = 1; !r && fgets(text, sizeof(text), f); n++)
			r = line_parse(k, path, n, text, err);
		if (!r && ferror(f))
			r = err_set(err, EINVAL, "%s: cannot read it: %s", path, strerror(errno));
		fclose(f);
	}
	if (r) {
		known_free(k);
		*ret = NULL;
	}
	return r;
}

void known_free(struct known *k)
{
	if (!k)
		return;
	free(k->line);
	free(k);
}

static bool word_fits(const char *pattern, const char *word)
{
	return !strcmp(pattern, "*") || !strcmp(pattern, word);
}

const char *known_find(struct known *k, unsigned field, const struct lane *a, const struct lane *b)
{
	char word_a[32], word_b[32];

	mnemonic_of(&a->now.stop, word_a, sizeof(word_a));
	mnemonic_of(&b->now.stop, word_b, sizeof(word_b));
	for (size_t i = 0; i < k->n; i++) {
		struct known_line *l = &k->line[i];

		if (!word_fits(l->field, field_name(field)) ||
		    !(word_fits(l->insn, word_a) || word_fits(l->insn, word_b)) ||
		    !(word_fits(l->engine, a->name) || word_fits(l->engine, b->name)))
			continue;
		l->used = true;
		return l->reason;
	}
	return NULL;
}

unsigned known_unused(const struct known *k)
{
	unsigned n = 0;

	for (size_t i = 0; i < k->n; i++)
		n += !k->line[i].used;
	return n;
}
