/* engine.c - which engine drives the guest, and why; see session.h. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "private.h"

static bool probe(const char *name, struct engine_probe *ret)
{
	const struct engine_ops *ops = engine_find(name);

	memset(ret, 0, sizeof(*ret));
	if (!ops)
		return false;
	ops->probe(ret);
	return ret->works;
}

static void names(char *buf, size_t size)
{
	size_t n = snprintf(buf, size, "auto");

	for (unsigned i = 0; engine_table[i] && n < size; i++)
		n += snprintf(buf + n, size - n, ", %s", engine_table[i]->name);
}

/*
 * auto: kvm where /dev/kvm is backed by VMX or SVM, since that is the processor itself; else the
 * CPU model; kvm on a software flavour only where there is no model.
 */
static void choose_auto(struct session *s)
{
	struct engine_probe kvm, soft, mtf;
	bool kvm_works = probe("kvm", &kvm), soft_works = probe("soft", &soft);
	bool take_soft = soft_works && !(kvm_works && kvm.hardware);
	const char *why = kvm_works && kvm.hardware
				  ? "/dev/kvm is backed by hardware virtualisation"
			  : !kvm_works && soft_works ? "/dev/kvm cannot be used here"
			  : soft_works               ? "/dev/kvm has no VMX or SVM behind it"
			  : kvm_works                ? "the only engine that works here"
						     : "no engine works here";
	int n;

	s->ops = take_soft ? engine_find("soft") : engine_find("kvm");
	if (!s->ops)
		s->ops = engine_table[0];
	s->engine_works = take_soft ? soft_works : kvm_works;
	n = snprintf(s->engine_reason, sizeof(s->engine_reason), "auto: %s", why);
	if (kvm.text[0])
		n += snprintf(s->engine_reason + n, sizeof(s->engine_reason) - n, "; %s", kvm.text);
	if (probe("mtf", &mtf) && n < (int)sizeof(s->engine_reason))
		snprintf(s->engine_reason + n, sizeof(s->engine_reason) - n,
			 "; nested VMX is there, so --engine mtf works too and shows the monitor "
			 "trap flag");
}

int engine_choose(struct session *s, const char *name, struct err *err)
{
	const struct engine_ops *ops;
	char known[120];

	if (!name || !strcmp(name, "auto")) {
		choose_auto(s);
		return 0;
	}
	ops = engine_find(name);
	if (!ops && (!strcmp(name, "mtf") || !strcmp(name, "soft")))
		return err_set(err, ENODEV, "engine %s is not built into this version; try auto",
			       name);
	if (!ops) {
		names(known, sizeof(known));
		return err_set(err, EINVAL, "there is no engine \"%s\"; the engines are %s", name,
			       known);
	}
	s->ops = ops;
	s->engine_works = false;
	snprintf(s->engine_reason, sizeof(s->engine_reason), "asked for");
	return 0;
}

int engine_check(const struct session *s, struct err *err)
{
	struct engine_probe p = { 0 };

	if (!s->ops)
		return err_set(err, ENODEV, "no engine is built in");
	/* A probe makes a VM of its own, some milliseconds: where the choice has just made one,
	 * that will do. */
	if (s->engine_works)
		return 0;
	s->ops->probe(&p);
	if (p.works)
		return 0;
	return err_set(err, ENODEV, "engine %s: %s", s->ops->name,
		       p.text[0] ? p.text : "does not work here");
}
