/* against.c - outcomes held against those of another kernel, which a file keeps; see report.h. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "probe/report.h"
#include "trace/json.h"

struct reader {
	const char *path;
	unsigned line;
	bool headed;
	bool seen[PROBES_MAX];
	u64 changes;
	char kernel[100];
};

static bool slice_is(const struct slice *s, const char *text)
{
	return s->s && s->n == strlen(text) + 2 && !memcmp(s->s + 1, text, s->n - 2);
}

static bool slice_same(const struct slice *s, const char *text)
{
	struct strbuf b;
	bool same;

	strbuf_init(&b);
	strbuf_addjson(&b, text, strlen(text));
	same = slice_is(s, strbuf_str(&b));
	strbuf_deinit(&b);
	return same;
}

/* A string's contents; "" for anything else. */
static void slice_text(const struct slice *s, char *buf, size_t size)
{
	const bool is_string = s->s && s->n > 1 && *s->s == '"';

	snprintf(buf, size, "%.*s", is_string ? (int)s->n - 2 : 0, is_string ? s->s + 1 : "");
}

static void outcome_compare(struct reader *d, const struct report *r, const struct slice *id,
			    const struct slice *did, struct strbuf *out)
{
	char was[220];

	slice_text(did, was, sizeof(was));
	for (size_t i = 0; i < r->n; i++) {
		const struct outcome *o = &r->outcome[i];

		if (!slice_is(id, o->probe->id))
			continue;
		d->seen[i] = true;
		if (slice_same(did, o->did))
			return;
		d->changes++;
		strbuf_addf(out, "%-16s %s\n%17swas: %s\n%17sis:  %s\n", o->probe->id, o->probe->event, "", was,
			    "", o->did);
		return;
	}
	slice_text(id, was, sizeof(was));
	d->changes++;
	strbuf_addf(out, "%-16s is in the file and no probe of this version\n", was);
}

static int line_take(struct reader *d, const struct report *r, const char *line, size_t n,
		     struct strbuf *out, struct err *err)
{
	struct slice key, value, id = { 0 }, did = { 0 }, kernel = { 0 };
	struct json_members m;
	bool head = false, unshown = false;
	size_t bad;

	if (!json_object(&m, line, n, &bad))
		return err_set(err, EINVAL, "%s:%u: not a line of JSON, from character %zu on", d->path, d->line,
			       bad + 1);
	while (json_next(&m, &key, &value)) {
		head = head || (slice_is(&key, "vmstep_probe") && value.n == 1 && *value.s == '1');
		unshown = unshown || slice_is(&key, "unshown");
		if (slice_is(&key, "id"))
			id = value;
		else if (slice_is(&key, "did"))
			did = value;
		else if (slice_is(&key, "kernel"))
			kernel = value;
	}
	if (d->line == 1) {
		d->headed = head;
		slice_text(&kernel, d->kernel, sizeof(d->kernel));
		return head ? 0 : err_set(err, EINVAL, "%s: these are no results of vmstep probe --json", d->path);
	}
	if (unshown && !id.s)
		return 0;
	if (!id.s || !did.s)
		return err_set(err, EINVAL, "%s:%u: a result without id or did", d->path, d->line);
	outcome_compare(d, r, &id, &did, out);
	return 0;
}

static int file_take(struct reader *d, const struct report *r, FILE *f, struct strbuf *out, struct err *err)
{
	char *line = NULL;
	size_t cap = 0;
	ssize_t n;
	int ret = 0;

	while (!ret && (n = getline(&line, &cap, f)) > 0) {
		d->line++;
		ret = line_take(d, r, line, n - (line[n - 1] == '\n'), out, err);
	}
	free(line);
	if (!ret && ferror(f))
		ret = err_set(err, EINVAL, "%s: cannot read it: %s", d->path, strerror(errno));
	if (!ret && !d->headed)
		ret = err_set(err, EINVAL, "%s: these are no results of vmstep probe --json", d->path);
	return ret;
}

int report_against(const struct report *r, const char *path, struct strbuf *out, u64 *ret_changes,
		   struct err *err)
{
	struct reader d = { .path = path };
	FILE *f = fopen(path, "re");
	int ret;

	if (!f)
		return err_set(err, EINVAL, "%s: cannot read it: %s", path, strerror(errno));
	ret = file_take(&d, r, f, out, err);
	fclose(f);
	if (ret)
		return ret;
	for (size_t i = 0; i < r->n; i++) {
		if (d.seen[i])
			continue;
		d.changes++;
		strbuf_addf(out, "%-16s is not in the file; here: %s\n", r->outcome[i].probe->id,
			    r->outcome[i].did);
	}
	strbuf_addf(out, "%llu of %zu differ between %s (the file) and %s (here)\n",
		    (unsigned long long)d.changes, r->n, d.kernel, r->kernel);
	*ret_changes = d.changes;
	return 0;
}
