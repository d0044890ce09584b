/*
 * err.h - how a failure is told: a negative errno and one sentence.
 *
 * Implemented by src/util/err.c, called by everybody above the core. The sentence is built where the
 * fact is known ("what failed, why, what to try") and prefixed on the way up ("FILE: ..."). The
 * caller owns the struct; functions leave it untouched on success. NULL is allowed everywhere: then
 * the sentence is dropped.
 */
#ifndef VMSTEP_ERR_H
#define VMSTEP_ERR_H

#include <vmstep/types.h>

struct err {
	int code;       /* positive errno of the failure, 0 if none was set */
	char text[500]; /* one sentence, no newline, always terminated */
};

/* Set the sentence; returns -CODE so that `return err_set(...)` reads well. CODE is positive. */
int err_set(struct err *err, int code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* Put "PREFIX: " before the sentence that is there; returns -err->code (-EINVAL without err). */
int err_prefix(struct err *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
