/*
 * compare.h - `vmstep compare`: one guest on several engines, boundary by boundary. Implemented by
 * src/compare/, called by cli/.
 *
 * Engines owe each other the same sum of retired instructions and the same guest; they may differ in
 * records that retire nothing and in how a MOV-SS pair is shown (docs/semantics.md, section 9). So
 * what is put side by side is not record n with record n, but what each engine shows behind the
 * same number of retired instructions.
 */
#ifndef VMSTEP_COMPARE_H
#define VMSTEP_COMPARE_H

#include <signal.h>
#include <vmstep/session.h>

enum { COMPARE_ENGINES = 3 };

struct compare_config {
	struct session_config session;           /* its engine is not looked at */
	const char *engine[COMPARE_ENGINES];     /* names of the table; the first is the reference */
	unsigned n_engines;                      /* 2 to COMPARE_ENGINES */
	u64 rows;                                /* 0: to the end */
	const char *known;                       /* file of known differences, NULL: none */
	bool json, quiet, color;
	unsigned width;                          /* of a text line */
	const volatile sig_atomic_t *signal;     /* the number of one that came, 0: none */
	/* Around each run of a guest, so that Ctrl-C reaches it. */
	void (*running)(struct session *s_or_null);
	void (*write)(void *arg, const char *text, size_t n);
	void *write_arg;
};

struct compare_result {
	u64 rows;
	u64 differences; /* that no line of the list has */
	u64 known;
	bool died;       /* the guest died, on every engine that came so far */
};
/*
 * 0 with *ret, or -errno: the list cannot be read (-EINVAL), a session cannot start (-ENXIO: its
 * engine is not there; -ENOEXEC: with this guest), a step failed.
 */
int compare_run(const struct compare_config *cfg, struct compare_result *ret, struct err *err);

#endif
