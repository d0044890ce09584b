/*
 * text.h - what `why` and `predict` say the same way. Internal to src/teach/.
 */
#ifndef VMSTEP_TEACH_TEXT_H
#define VMSTEP_TEACH_TEXT_H

#include <vmstep/teach.h>

/* "0x401006 <main+0x6>" or the address alone. */
void teach_address(struct session *s, u64 addr, struct strbuf *out);
/* Instruction text at an address; "(unreadable)" for no bytes. */
void teach_insn(enum cpu_mode mode, u64 addr, const u8 *bytes, size_t n, struct strbuf *out);

/* Break the lines from `from` on at blanks, so that a terminal does not break them within words. */
void teach_wrap(struct strbuf *out, size_t from);

/* What a cause is, and where it is written. */
struct cause_text {
	const char *what;   /* sentences */
	const char *source; /* "SDM volume 3, \"...\"" */
};
const struct cause_text *cause_text(enum cause c);

#endif
