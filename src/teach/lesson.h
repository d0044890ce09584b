/*
 * lesson.h - what the parts of a lesson share. Internal to src/teach/.
 */
#ifndef VMSTEP_TEACH_LESSON_H
#define VMSTEP_TEACH_LESSON_H

#include <vmstep/lesson.h>

/* One line of `code`, at *addr, which moves behind it. */
int lesson_code_line(struct lesson *l, u64 *addr, const char *text, struct err *err);

/* "kvm,pvm: TEXT": the mask, and *text moved behind it; all where TEXT begins otherwise. The list
 * ends with one of `end_chars`. */
u8 lesson_flavours_take(const char **text, const char *end_chars);

/* A key of a condition: what a stop has under it, and how the wanted value is compared: as text, as
 * an address (label, label+N, number), as one of a list. */
enum lesson_how { AS_TEXT, AS_ADDRESS, AS_MEMBER };
struct lesson_key {
	const char *name;
	void (*got)(const struct lesson_at *at, struct strbuf *out);
	u8 how; /* enum lesson_how */
};
/* NULL if unknown. */
const struct lesson_key *lesson_key_find(const char *name, size_t n);

#endif
