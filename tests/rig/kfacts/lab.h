/*
 * lab.h - the lab of src/probe with evidence: every KVM_RUN prints one line, results are TAP lines. Used
 * by kfacts only.
 */
#ifndef RIG_LAB_H
#define RIG_LAB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "probe/lab.h"

#define TF 0x100u
#define IF 0x200u
#define RF 0x10000u

#define LAB_START(lab, name, mode, flags)                                                          \
	lab_init(lab, mode, name, (size_t)(name##_end - name), flags)

/* Print a line of evidence. */
void say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* Begin a case: its heading in the evidence, and the prefix of its results. */
void case_begin(const char *id, const char *title);
/* One result: TAP line "ok - rig: ID what" or "not ok - rig: ID what: got X, wanted Y". */
void check_hex(const char *what, uint64_t got, uint64_t want);
void check_skip(const char *what, const char *why);
/* Results that were not ok so far. */
int check_failures(void);

/* Open /dev/kvm; returns 0 or -errno. */
int lab_open(void);
bool lab_has(int capability);
/* A lab that cannot be made ends the program with a result that is not ok. */
void lab_init(struct lab *lab, enum lab_mode mode, const uint8_t *code, size_t len, unsigned flags);
void lab_deinit(struct lab *lab);

/* KVM_RUN, one evidence line, returns the exit reason (KVM_EXIT_INTR for EINTR). */
unsigned lab_run(struct lab *lab);
/* The same with immediate_exit set. */
unsigned lab_run_immediate(struct lab *lab);
/* KVM_RUN without printing. */
unsigned lab_run_quiet(struct lab *lab);

#endif
