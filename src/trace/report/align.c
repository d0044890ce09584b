/* align.c - see report.h. */
#include "trace/report/report.h"

struct both {
	const u64 *a, *b;
	u32 na, nb;
	void (*pair)(void *arg, s64 i, s64 j);
	void *arg;
};

static u32 least(u32 x, u32 y)
{
	return x < y ? x : y;
}

static bool agree(const struct both *s, u32 i, u32 j)
{
	const u32 n = least(ALIGN_RUN, least(s->na - i, s->nb - j));

	for (u32 k = 0; k < n; k++)
		if (s->a[i + k] != s->b[j + k])
			return false;
	return n;
}

/* The nearest place ahead where both agree; else false. */
static bool meet(const struct both *s, u32 i, u32 j, u32 *ret_i, u32 *ret_j)
{
	const u32 far_a = least(ALIGN_WINDOW, s->na - i), far_b = least(ALIGN_WINDOW, s->nb - j);

	for (u32 d = 1; d < far_a + far_b; d++) {
		const u32 from = d >= far_b ? d - far_b + 1 : 0;

		for (u32 k = from; k <= d && k < far_a; k++) {
			if (!agree(s, i + k, j + d - k))
				continue;
			*ret_i = i + k;
			*ret_j = j + d - k;
			return true;
		}
	}
	return false;
}

static void alone(const struct both *s, u32 *i, u32 to_i, u32 *j, u32 to_j)
{
	for (; *i < to_i; ++*i)
		s->pair(s->arg, *i, -1);
	for (; *j < to_j; ++*j)
		s->pair(s->arg, -1, *j);
}

void align(const u64 *a, u32 na, const u64 *b, u32 nb, void (*pair)(void *arg, s64 i, s64 j), void *arg)
{
	const struct both s = { a, b, na, nb, pair, arg };
	u32 i = 0, j = 0;

	while (i < na && j < nb) {
		u32 to_i, to_j;

		if (a[i] == b[j]) {
			pair(arg, i++, j++);
			continue;
		}
		/* Without a meeting place the whole window is passed, so that the cost stays linear. */
		if (!meet(&s, i, j, &to_i, &to_j)) {
			to_i = i + least(ALIGN_WINDOW, na - i);
			to_j = j + least(ALIGN_WINDOW, nb - j);
		}
		alone(&s, &i, to_i, &j, to_j);
	}
	alone(&s, &i, na, &j, nb);
}
