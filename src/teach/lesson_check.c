/*
 * lesson_check.c - whether a stop is what a lesson says it is: what it has under a key
 * (lesson_got.c) is compared with what is wanted.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <vmstep/trace.h>
#include "lesson.h"

/* "label", "label+3", "0x1000". */
static bool address_of(const struct lesson *l, const char *text, u64 *ret)
{
	const size_t n = strcspn(text, "+");
	char *end;

	if (lesson_label(l, text, n, ret)) {
		if (text[n])
			*ret += strtoull(text + n + 1, NULL, 0);
		return true;
	}
	*ret = strtoull(text, &end, 0);
	return end != text && !*end;
}

/* Whether `text`, up to a separator in `seps`, is one of its parts. */
static bool part_of(const char *list, const char *seps, const char *text)
{
	const size_t len = strlen(text);

	while (*list) {
		const size_t n = strcspn(list, seps);

		if (n == len && !memcmp(list, text, n))
			return true;
		list += n + (list[n] != '\0');
	}
	return false;
}

static bool value_fits(const struct lesson *l, const struct lesson_key *k, const char *wanted,
		       const char *got)
{
	char hex[32];
	u64 addr;

	if (k->how == AS_MEMBER)
		return part_of(got, ",", wanted);
	if (k->how == AS_TEXT)
		return part_of(wanted, "|", got);
	if (!address_of(l, wanted, &addr))
		return false;
	snprintf(hex, sizeof(hex), "0x%llx", (unsigned long long)addr);
	return !strcmp(got, hex);
}

/* A step of the debugger's is told by MTF or by TF: "STEP" is whichever. */
static void causes_put(const struct lesson_at *at, struct strbuf *out)
{
	const bool mtf = (at->flavour & LESSON_VMX) && session_settings(at->session)->mtf;
	const char *own = mtf ? "MTF" : "TF";
	struct strbuf causes;

	strbuf_init(&causes);
	stop_causes(at->stop, &causes);
	for (const char *p = strbuf_str(&causes); *p;) {
		const size_t n = strcspn(p, "+");

		if (n == strlen(own) && !memcmp(p, own, n))
			strbuf_adds(out, "STEP");
		else
			strbuf_addn(out, p, n);
		p += n;
		if (*p)
			strbuf_addc(out, *p++);
	}
	strbuf_deinit(&causes);
}

static int fits(bool held, const char *key, const char *got, const char *wanted, struct err *err)
{
	if (!held)
		err_set(err, EINVAL, "%s is %s, not %s", key, got, wanted);
	return held;
}

static int causes_hold(const struct lesson_at *at, const char *wanted, struct err *err)
{
	struct strbuf step, plain;
	int r;

	strbuf_init(&step);
	strbuf_init(&plain);
	causes_put(at, &step);
	stop_causes(at->stop, &plain);
	r = fits(part_of(wanted, "|", strbuf_str(&step)) ||
			 part_of(wanted, "|", strbuf_str(&plain)),
		 "the cause", strbuf_str(&plain), wanted, err);
	strbuf_deinit(&step);
	strbuf_deinit(&plain);
	return r;
}

static int is_holds(const struct lesson_at *at, const char *expr, struct err *err)
{
	u64 v;
	int r = expr_u64(at->session, expr, &v, err);

	return r ? -EINVAL : fits(v != 0, expr, "false", "true", err);
}

static int word_holds(const struct lesson_at *at, const char *word, struct err *err)
{
	const char *eq = strchr(word, '=');
	const struct lesson_key *k = eq ? lesson_key_find(word, eq - word) : NULL;
	struct strbuf got;
	int r;

	if (!strncmp(word, "is=", 3))
		return is_holds(at, word + 3, err);
	if (eq && !k)
		return err_set(err, EINVAL, "no condition is called \"%.*s\"", (int)(eq - word),
			       word);
	if (!at->stop)
		return err_set(err, EINVAL, "there is no stop to hold \"%s\" against", word);
	if (!k)
		return causes_hold(at, word, err);
	strbuf_init(&got);
	k->got(at, &got);
	r = fits(value_fits(at->lesson, k, eq + 1, strbuf_str(&got)), k->name, strbuf_str(&got),
		 eq + 1, err);
	strbuf_deinit(&got);
	return r;
}

/* Calls `each` for every blank-separated word until it returns no 1. */
static int words_each(const char *cond,
		      int (*each)(const void *arg, const char *word, struct err *err),
		      const void *arg, struct err *err)
{
	char word[200];
	int r = 1;

	while (r == 1) {
		size_t n;

		cond += strspn(cond, " ");
		n = strcspn(cond, " ");
		if (!n)
			break;
		if (n >= sizeof(word))
			return err_set(err, EINVAL, "a condition is too long: \"%.40s...\"", cond);
		memcpy(word, cond, n);
		word[n] = '\0';
		cond += n;
		r = each(arg, word, err);
	}
	return r;
}

static int word_holds_each(const void *arg, const char *word, struct err *err)
{
	return word_holds(arg, word, err);
}

int lesson_holds(const struct lesson_at *at, const char *cond, struct err *err)
{
	return words_each(cond, word_holds_each, at, err);
}

/* ---- before anything runs ----------------------------------------------------------------------
 */

static bool cause_known(const char *name, size_t n)
{
	if ((n == 4 && !memcmp(name, "STEP", 4)) || (n > 2 && memchr(name, '/', n)))
		return true;
	for (unsigned c = 0; c < CAUSE_COUNT; c++)
		if (strlen(cause_name(c)) == n && !memcmp(cause_name(c), name, n))
			return true;
	return false;
}

static int word_check(const void *lesson, const char *word, struct err *err)
{
	const char *eq = strchr(word, '=');
	const struct lesson_key *k = eq ? lesson_key_find(word, eq - word) : NULL;
	u64 addr;

	if (!strncmp(word, "is=", 3))
		return 1;
	if (eq && !k)
		return err_set(err, EINVAL, "no condition is called \"%.*s\"", (int)(eq - word),
			       word);
	if (k && k->how == AS_ADDRESS && !address_of(lesson, eq + 1, &addr))
		return err_set(err, EINVAL, "\"%s\" is no label of this lesson's code", eq + 1);
	for (const char *p = word; !eq && *p; p += strcspn(p, "+|"), p += *p != '\0') {
		const size_t n = strcspn(p, "+|");

		if (!cause_known(p, n))
			return err_set(err, EINVAL, "no stop has a cause \"%.*s\"", (int)n, p);
	}
	return 1;
}

int lesson_cond_check(const struct lesson *l, const char *cond, struct err *err)
{
	const int r = words_each(cond, word_check, l, err);

	return r == 1 ? 0 : r;
}
