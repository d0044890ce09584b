/*
 * probe_facts.c - every K of docs/semantics.md has a probe, or src/probe says why none can be; and the
 * kernel commits that its K names are named where the probes speak of that K.
 */
#include <stdlib.h>
#include <vmstep/types.h>

#include "probe/probe.h"
#include "tap.h"

enum { FACTS_MAX = 60, COMMIT = 12 };

/* A K's paragraph, "**K13. ..." to the next blank line. */
struct fact {
	char id[4];
	const char *text;
	size_t n;
};

static char *page_read(void)
{
	FILE *f = fopen("docs/semantics.md", "re");
	char *text = calloc(1, 1 << 20);

	if (f && text && !fread(text, 1, (1 << 20) - 1, f))
		text[0] = '\0';
	if (f)
		fclose(f);
	return text;
}

static size_t facts_find(const char *page, struct fact facts[FACTS_MAX])
{
	size_t n = 0;

	for (const char *at = page; n < FACTS_MAX && (at = strstr(at, "\n**K")) != NULL;) {
		const size_t digits = strspn(at + 4, "0123456789");
		const char *next = strstr(at + 4, "\n\n");

		snprintf(facts[n].id, sizeof(facts[n].id), "%.*s", (int)(digits + 1), at + 3);
		facts[n].text = at;
		at += 4;
		facts[n].n = next ? (size_t)(next - at) : strlen(at);
		n += digits && digits < 3;
	}
	return n;
}

static bool row_shows(const struct probe *p, const char *id)
{
	for (unsigned i = 0; i < DEPARTURES && p->known[i].did; i++)
		if (!strcmp(p->known[i].id, id))
			return true;
	return p->shows && !strcmp(p->shows, id);
}

static bool unshown(const char *id)
{
	for (const struct unshown *u = probes_unshown; u->id; u++)
		if (!strcmp(u->id, id))
			return strlen(u->why) > 20;
	return false;
}

static bool shown(const char *id)
{
	const struct probe *p;

	for (size_t i = 0; (p = probe_at(i)); i++)
		if (row_shows(p, id))
			return true;
	return false;
}

/* A commit is named as a departure's id, or in a note or a source. */
static bool commit_named(const char *commit)
{
	const struct probe *p;

	for (size_t i = 0; (p = probe_at(i)); i++) {
		if (strstr(p->source, commit) || strstr(p->vmstep, commit))
			return true;
		for (unsigned d = 0; d < DEPARTURES && p->known[d].did; d++)
			if (strstr(p->known[d].id, commit) || strstr(p->known[d].note, commit))
				return true;
	}
	return false;
}

static void commits_check(const struct fact *f)
{
	for (size_t i = 0; i + COMMIT <= f->n; i++) {
		const size_t n = strspn(f->text + i, "0123456789abcdef");
		char commit[COMMIT + 1];

		if (n == COMMIT) {
			snprintf(commit, sizeof(commit), "%s", f->text + i);
			tap_ok(commit_named(commit), "%s's commit %s is named by a probe", f->id, commit);
		}
		i += n;
	}
}

/* What the rows speak of is on the page. */
static bool on_page(const struct fact *facts, size_t n, const char *id)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(facts[i].id, id))
			return true;
	return *id != 'K';
}

static bool row_on_page(const struct fact *facts, size_t n, const struct probe *p)
{
	for (unsigned i = 0; i < DEPARTURES && p->known[i].did; i++)
		if (!on_page(facts, n, p->known[i].id))
			return false;
	return !p->shows || on_page(facts, n, p->shows);
}

int main(void)
{
	static struct fact facts[FACTS_MAX];
	char *page = page_read();
	const size_t n = page ? facts_find(page, facts) : 0;
	const struct probe *p;
	bool rows = true;

	tap_ok(n >= 19, "docs/semantics.md has its K1 to K19 and more");
	for (size_t i = 0; i < n; i++) {
		tap_ok(shown(facts[i].id) || unshown(facts[i].id), "%s has a probe, or a reason for none", facts[i].id);
		commits_check(&facts[i]);
	}
	for (size_t i = 0; (p = probe_at(i)); i++)
		rows = rows && row_on_page(facts, n, p);
	tap_ok(rows, "every K the probes speak of is on the page");
	free(page);
	return tap_done();
}
