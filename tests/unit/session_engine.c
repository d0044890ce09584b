/*
 * session_engine.c - which engine "auto" takes on which host, and what it says; names that do not
 * work. The table of engines is this file's.
 */
#include "tap.h"
#include <errno.h>
#include <stdlib.h>
#include <vmstep/session.h>

static struct engine_probe answer[3]; /* kvm, mtf, soft */

static void probe_kvm(struct engine_probe *ret)
{
	*ret = answer[0];
}

static void probe_mtf(struct engine_probe *ret)
{
	*ret = answer[1];
}

static void probe_soft(struct engine_probe *ret)
{
	*ret = answer[2];
}

static const struct engine_ops kvm = { .name = "kvm", .probe = probe_kvm };
static const struct engine_ops mtf = { .name = "mtf", .probe = probe_mtf };
static const struct engine_ops soft = { .name = "soft", .probe = probe_soft };
static unsigned n_engines = 3;

const struct engine_ops *const engine_table[] = { &kvm, &mtf, &soft, NULL };

const struct engine_ops *engine_find(const char *name)
{
	for (unsigned i = 0; i < n_engines; i++)
		if (!strcmp(engine_table[i]->name, name))
			return engine_table[i];
	return NULL;
}

/* clang-format off */
static const struct {
	const char *host;
	bool kvm, hardware, soft;
	bool no_soft_built;
	const char *engine, *reason;
} hosts[] = {
	{ "VMX or SVM", true, true, true, false, "kvm", "auto: /dev/kvm is backed by hardware virtualisation; kvm-text" },
	{ "VMX or SVM, no model", true, true, false, true, "kvm", "auto: /dev/kvm is backed by hardware virtualisation; kvm-text" },
	{ "a software flavour", true, false, true, false, "soft", "auto: /dev/kvm has no VMX or SVM behind it; kvm-text" },
	{ "a software flavour, no model", true, false, false, true, "kvm", "auto: the only engine that works here; kvm-text" },
	{ "no /dev/kvm", false, false, true, false, "soft", "auto: /dev/kvm cannot be used here; kvm-text" },
	{ "no /dev/kvm, no model", false, false, false, true, "kvm", "auto: no engine works here; kvm-text" },
};
/* clang-format on */

static struct session *make(const char *engine, struct err *err)
{
	struct session_config cfg = { .guest = { .hex = "90" }, .engine = engine };
	struct session *s = NULL;

	cfg.machine.serial = cfg.machine.debugcon = "null";
	memset(err, 0, sizeof(*err));
	session_create(&cfg, &s, err);
	return s;
}

static void test_auto(void)
{
	struct err err;

	for (size_t i = 0; i < ARRAY_SIZE(hosts); i++) {
		struct session *s;

		n_engines = hosts[i].no_soft_built ? 1 : 3;
		answer[0] = (struct engine_probe){ .works = hosts[i].kvm,
						   .hardware = hosts[i].hardware,
						   .text = "kvm-text" };
		answer[2] = (struct engine_probe){ .works = hosts[i].soft, .text = "soft-text" };
		s = make(i & 1 ? NULL : "auto", &err);
		tap_str(session_engine_name(s), hosts[i].engine, "auto with %s", hosts[i].host);
		tap_str(session_engine_reason(s), hosts[i].reason, "auto with %s: reason",
			hosts[i].host);
		session_destroy(s);
	}
	n_engines = 3;
	answer[0] = (struct engine_probe){ .works = true, .hardware = true, .text = "VMX" };
	answer[1] = (struct engine_probe){ .works = true, .text = "nested" };
	struct session *s = make(NULL, &err);

	tap_ok(strstr(session_engine_reason(s), "--engine mtf") != NULL,
	       "where nested VMX is, the reason points to mtf: %s", session_engine_reason(s));
	session_destroy(s);
}

static void test_named(void)
{
	struct err err;
	struct session *s;

	n_engines = 1;
	answer[0] =
		(struct engine_probe){ .works = false,
				       .text = "/dev/kvm: Permission denied; join the group kvm" };
	tap_ok(!make("qemu", &err), "an unknown engine is refused");
	tap_str(err.text, "there is no engine \"qemu\"; the engines are auto, kvm, mtf, soft",
		"with the names there are");
	tap_eq(err.code, EINVAL, "as a usage error");
	tap_ok(!make("soft", &err), "an engine not built in is refused");
	tap_eq(err.code, ENODEV, "as not available");
	s = make("kvm", &err);
	if (!tap_ok(s != NULL, "an engine that does not work is no reason to have no session"))
		return;
	tap_eq(session_start(s, &err), -ENODEV, "but the guest does not start");
	tap_str(err.text, "engine kvm: /dev/kvm: Permission denied; join the group kvm",
		"with the engine's own words");
	tap_ok(!session_has_guest(s), "there is no guest then");
	tap_eq(session_set_engine(s, "nosuch", &err), -EINVAL, "set engine: unknown name");
	tap_eq(session_set_engine(s, "kvm", &err), -ENODEV, "set engine: not working here");
	n_engines = 3;
	answer[2] = (struct engine_probe){ .works = true };
	tap_eq(session_set_engine(s, "soft", &err), 0, "set engine: one that works");
	tap_str(session_engine_name(s), "soft", "is taken");
	tap_str(session_engine_reason(s), "asked for", "because it was asked for");
	tap_eq(session_set_engine(s, "kvm", &err), -ENODEV, "one that does not work");
	tap_str(session_engine_name(s), "soft", "leaves the old one");
	session_destroy(s);
}

int main(void)
{
	test_auto();
	test_named();
	return tap_done();
}
