/* settings.c - a setting by what was typed, its value in and out; settings_table.c has the rows. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <vmstep/parse.h>

#include "cli.h"

static u8 *setting_byte(struct cli *c, const struct setting *row)
{
	return (row->in_cli ? (u8 *)c : (u8 *)session_settings(c->s)) + row->offset;
}

/* Number of the value that starts with `value` (0 and 1, no and yes stand for off and on); -1:
 * none. */
static int value_index(const char *values, const char *value)
{
	const size_t n = strlen(value);
	int i = 0, found = -1;

	if (!strncmp(values, "off on", 6) && (!strcmp(value, "1") || !strcmp(value, "yes") || !n))
		return 1;
	if (!strncmp(values, "off on", 6) && (!strcmp(value, "0") || !strcmp(value, "no")))
		return 0;
	for (const char *p = values; n && *p; i++) {
		const size_t len = strcspn(p, " ");

		if (len == n && !memcmp(p, value, n))
			return i;
		if (len > n && !memcmp(p, value, n))
			found = found == -1 ? i : -2;
		p += len + strspn(p + len, " ");
	}
	return found;
}

const struct setting *setting_at(size_t i)
{
	for (const struct setting *row = setting_table; row->name; row++)
		if (!i--)
			return row;
	return NULL;
}

const char *setting_usage(const struct setting *row, char *buf, size_t size)
{
	const int n = snprintf(buf, size, "set %s ", row->name);

	snprintf(buf + n, size - n, "%s", row->values ? row->values : "VALUE");
	for (char *p = buf + n; *p; p++)
		if (*p == ' ')
			*p = '|';
	return buf;
}

/* Words of `name` against the words of `text`, each may be cut short. Returns the rest, or NULL. */
static const char *name_match(const char *name, const char *text, bool *ret_exact)
{
	*ret_exact = true;
	for (;;) {
		const size_t want = strcspn(name, " "), got = strcspn(text, " \t=");

		if (!got || got > want || memcmp(name, text, got))
			return NULL;
		*ret_exact &= got == want;
		text = blanks_skip(text + got);
		name += want;
		if (!*name)
			return text;
		name++;
	}
}

const struct setting *setting_match(const char *text, const char **ret_rest)
{
	const struct setting *found = NULL;
	unsigned n = 0;
	bool exact;

	for (const struct setting *row = setting_table; row->name; row++) {
		const char *rest = name_match(row->name, text, &exact);

		if (!rest)
			continue;
		found = row;
		*ret_rest = rest;
		if (exact)
			return row;
		n++;
	}
	return n == 1 ? found : NULL;
}

void setting_store(struct cli *c, const struct setting *row, const char *value)
{
	*setting_byte(c, row) = value_index(row->values, value);
}

int setting_assign(struct cli *c, const struct setting *row, const char *value, struct err *err)
{
	int i = row->values ? value_index(row->values, value) : 0;

	if (i < 0 && !*value)
		return err_set(err, EINVAL, "set %s needs a value, one of: %s", row->name,
			       row->values);
	if (i < 0)
		return err_set(err, EINVAL, "set %s: \"%s\" is none of: %s", row->name, value,
			       row->values);
	if (row->apply)
		return row->apply(c, row, value, err);
	*setting_byte(c, row) = i;
	return 0;
}

void setting_value(struct cli *c, const struct setting *row, struct strbuf *out)
{
	const char *p = row->values;

	if (row->show) {
		row->show(c, out);
		return;
	}
	for (unsigned i = *setting_byte(c, row); i && *p; i--)
		p += strcspn(p, " ") + 1;
	strbuf_addn(out, p, strcspn(p, " "));
}
