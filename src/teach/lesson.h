/*
 * lesson.h - what the parts of a lesson share. Internal to src/teach/.
 */
#ifndef VMSTEP_TEACH_LESSON_H
#define VMSTEP_TEACH_LESSON_H

#include <vmstep/lesson.h>

/* One line of `code`, at *addr, which moves behind it. */
int lesson_code_line(struct lesson *l, u64 *addr, const char *text, struct err *err);

#endif
