/*
 * lesson.h - a guided experiment: a small guest and what to ask, do, expect and say, read from a data file.
 * Implemented by src/teach/lesson*.c, played by src/cli/lesson.c.
 *
 * The format (docs: vmstep-lessons(7)). A line that begins in column 1 is an item, "KEYWORD TEXT";
 * lines that begin with a blank go on with it; # begins a comment. TEXT may begin with "FLAVOUR,...: ",
 * which limits the item to engines soft, mtf, kvm (on VMX or SVM) or pvm (kvm without), vmx standing for soft
 * and mtf.
 *
 *	lesson NAME            begins a lesson, first of all
 *	title TEXT             for the list
 *	needs mtf              engine kvm cannot show it
 *	guest real|protected|long [LOAD]
 *	code                   followed by indented lines "[LABEL:] BYTES | TEXT": one instruction each, TEXT is
 *	                       what the disassembler says, or begins with a dot for data
 *	say TEXT               a paragraph
 *	do COMMAND             a command of a session, shown; after a stop comes its expectation:
 *	expect CONDITION...    what the stop must be; the one for this flavour, else the one for all
 *	quiet COMMAND          the same, not shown
 *	prints TEXT            what the output of the last `do` must have in it, blanks and line breaks alike
 *	differs FLAVOUR ID: TEXT  what is otherwise on this engine, and the K number of docs/semantics.md
 *	ask TEXT               a question; its answers follow:
 *	choice CONDITION... : TEXT   an answer, right if the conditions hold when the verdict comes
 *	value EXPR             instead: the answer is a number, right if it is EXPR's value then; then each
 *	choice NUMBER-EXPR : TEXT    is an answer foreseen, with TEXT never shown
 *	reply TEXT             what is told to who gave the choice before it
 *	otherwise TEXT         of a value: to who gave another
 *	answer TEXT            the verdict: the choice that holds, its reply, then TEXT
 *	try TEXT               what to try next
 */
#ifndef VMSTEP_LESSON_H
#define VMSTEP_LESSON_H

#include <vmstep/session.h>

enum lesson_flavour {
	LESSON_SOFT = BIT(0), LESSON_MTF = BIT(1), LESSON_KVM = BIT(2), LESSON_PVM = BIT(3),
	LESSON_VMX = LESSON_SOFT | LESSON_MTF, LESSON_ALL = 15,
};
enum lesson_kind {
	LESSON_SAY, LESSON_DO, LESSON_EXPECT, LESSON_QUIET, LESSON_PRINTS, LESSON_DIFFERS, LESSON_ASK,
	LESSON_CHOICE, LESSON_VALUE, LESSON_REPLY, LESSON_OTHERWISE, LESSON_ANSWER, LESSON_TRY, LESSON_KINDS,
};
struct lesson_item {
	u8 kind;       /* enum lesson_kind */
	u8 flavours;   /* mask; LESSON_ALL where the line names none */
	unsigned line; /* in its file */
	char *cond;    /* CHOICE: conditions; DIFFERS: the K number; else NULL */
	char *text;
};
struct lesson_line {
	char *label;   /* NULL: none */
	u64 addr;
	u8 bytes[INSN_MAX];
	size_t n;
	char *text;
};
struct lesson {
	char *name, *title, *mode;
	const char *file; /* for messages; borrowed */
	bool needs_mtf;
	u64 load;
	struct lesson_line *code;
	size_t n_code;
	struct lesson_item *item;
	size_t n_items;
};

/* One lesson of `n` characters; the sentence names file and line. `file` outlives the lesson. */
int lesson_parse(const char *text, size_t n, const char *file, struct lesson **ret, struct err *err);
void lesson_destroy(struct lesson *l);
/* Lessons that are part of the program: the i-th, -ENOENT behind the last. */
int lesson_builtin(size_t i, struct lesson **ret, struct err *err);
/* By its name, or from a file if `name` has a slash or ends in ".lesson". */
int lesson_find(const char *name, struct lesson **ret, struct err *err);

/* The guest's bytes as --hex takes them; labels as an ELF file of symbols in memory, whose fd is
 * *ret_fd. */
void lesson_hex(const struct lesson *l, struct strbuf *out);
int lesson_symbols(const struct lesson *l, int *ret_fd, struct err *err);
bool lesson_label(const struct lesson *l, const char *name, size_t n, u64 *ret);
/* The listing: address, label, instruction. */
void lesson_listing(const struct lesson *l, struct strbuf *out);

/* What conditions are held against. */
struct lesson_at {
	const struct lesson *lesson;
	struct session *session;
	const struct stop *stop; /* the last one; NULL: none yet */
	unsigned stops;          /* since the question */
	u8 flavour;              /* one bit */
};
/*
 * 1: all of `cond` holds. 0: not, `err` says what was got and wanted. -EINVAL with a sentence if it cannot
 * be understood. Words: causes ("TF", "STEP+WATCH", alternatives by |; STEP is what a step of the debugger's
 * shows: MTF or TF), then key=value: at, exit, insn, retired, shadow, bits, pdbg, vector, type, pending, did,
 * proof, stops, is.
 */
int lesson_holds(const struct lesson_at *at, const char *cond, struct err *err);
/* Whether `cond` can be understood, without a stop: 0 or -EINVAL. */
int lesson_cond_check(const struct lesson *l, const char *cond, struct err *err);
/* "soft", "mtf", "kvm", "pvm" of one bit. */
const char *lesson_flavour_name(u8 flavour);

#endif
