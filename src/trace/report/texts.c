/* texts.c - texts by number; see report.h. */
#include <stdlib.h>
#include "trace/report/report.h"

static u32 hash(const char *s, size_t n)
{
	u64 h = 0xcbf29ce484222325ull; /* FNV-1a */

	for (size_t i = 0; i < n; i++)
		h = (h ^ (u8)s[i]) * 0x100000001b3ull;
	return h ^ h >> 32;
}

static bool is_text(const struct texts *t, u32 number, const char *s, size_t n)
{
	const char *have = texts_get(t, number);

	return !strncmp(have, s, n) && !have[n];
}

/* The slot that holds the text, or the free one where it belongs. */
static u32 *slot_of(const struct texts *t, const char *s, size_t n)
{
	u32 i = hash(s, n) & (t->n_slots - 1);

	while (t->slot[i] && !is_text(t, t->slot[i], s, n))
		i = (i + 1) & (t->n_slots - 1);
	return &t->slot[i];
}

static bool slots_double(struct texts *t)
{
	const u32 n_slots = t->n_slots ? 2 * t->n_slots : 1024;
	u32 *slot = calloc(n_slots, sizeof(*slot));

	if (!slot)
		return false;
	free(t->slot);
	t->slot = slot;
	t->n_slots = n_slots;
	for (u32 i = 1; i < t->n; i++) {
		const char *s = texts_get(t, i);

		*slot_of(t, s, strlen(s)) = i;
	}
	return true;
}

static bool room(struct texts *t)
{
	u32 cap = t->cap ? 2 * t->cap : 1024, *at;

	if (t->n < t->cap)
		return true;
	at = realloc(t->at, cap * sizeof(*at));
	if (!at)
		return false;
	t->at = at;
	t->cap = cap;
	return true;
}

u32 texts_number(struct texts *t, const char *s, size_t n)
{
	u32 *slot;

	if (!n)
		return 0;
	if ((2 * t->n >= t->n_slots && !slots_double(t)) || !room(t)) {
		t->failed = true;
		return 0;
	}
	slot = slot_of(t, s, n);
	if (*slot)
		return *slot;
	if (t->all.n + n + 1 > UINT32_MAX) {
		t->failed = true;
		return 0;
	}
	t->at[t->n] = t->all.n;
	strbuf_addn(&t->all, s, n);
	strbuf_addn(&t->all, "", 1);
	t->failed |= t->all.failed;
	return *slot = t->n++;
}

const char *texts_get(const struct texts *t, u32 number)
{
	return number && number < t->n ? t->all.s + t->at[number] : "";
}

void texts_init(struct texts *t)
{
	*t = (struct texts){ .n = 1 };
	strbuf_init(&t->all);
}

void texts_deinit(struct texts *t)
{
	strbuf_deinit(&t->all);
	free(t->at);
	free(t->slot);
}
