/*
 * put.h - what the writers of lines share: string literals without strlen, the names of exits, and
 * the texts of a stop that text and JSON Lines have in common. Internal to src/trace/.
 */
#ifndef VMSTEP_TRACE_PUT_H
#define VMSTEP_TRACE_PUT_H

#include <vmstep/trace.h>

/* Append a string literal. */
#define PUT(b, literal) strbuf_addn(b, "" literal, sizeof(literal) - 1)

/* `literal` is everything before the value: `,"rip":`. */
#define HEX(out, literal, v)                                                                       \
	do {                                                                                       \
		PUT(out, literal "\"");                                                            \
		strbuf_addhex(out, v, true);                                                       \
		strbuf_addc(out, '"');                                                             \
	} while (0)

/* JSON Lines: `,"exit":{...},"vmx":...` of the stop. */
void jsonl_exit_put(const struct stop *st, struct strbuf *out);
/* `,"did":[...]`. */
void jsonl_did_put(const struct stop *st, struct strbuf *out);
/* `,"event":...`, `,"pending":...`, `,"point":...`, each only where there is one. */
void jsonl_occasion_put(const struct stop *st, struct strbuf *out);
/* "KVM_EXIT_DEBUG"; "KVM_EXIT_?" where KVM has no such exit. */
const char *kvm_exit_name(u32 reason);
/* "none", "sti", "mov-ss", "sti+mov-ss". */
const char *shadow_text(u8 shadow);
/* "external", "nmi", "exception", "int n", "icebp", "int3": SDM's interruption types. */
const char *intr_type_text(u8 type);
/* "int3", "dr1" or "address": how a user's point was noticed. */
void point_how_put(const struct stop_point *p, struct strbuf *out);
/* One cause of the stop: "TF", "BREAK/2". */
void cause_put(const struct stop *st, enum cause c, struct strbuf *out);
/* The cause without a point's number: "TF", "BREAK/n". */
const char *cause_family(enum cause c);
/* A policy as `set icebp` spells it. */
const char *event_policy_text(u8 policy);

/*
 * Where a line's texts come from. `cache` and `memo` make it fast and may be NULL: a single stop
 * line needs neither.
 */
struct symbol_memo;
struct line_source {
	struct session *session;
	struct insn_cache *cache;
	struct symbol_memo *memo;
};
/* The text of an instruction in `mode` at linear `lin`; "-" when none of its bytes could be read.
 */
void insn_put(const struct line_source *src, u8 mode, u64 lin, const u8 *bytes, size_t n,
	      struct strbuf *out);
/* How many of the bytes belong to that instruction: all of them where it does not decode. */
size_t insn_size(const struct line_source *src, u8 mode, u64 lin, const u8 *bytes, size_t n);
/* "main+0x5", or nothing and false. */
bool symbol_put(const struct line_source *src, u64 addr, struct strbuf *out);
/* "demo.c:9", or nothing and false. */
bool line_put(const struct line_source *src, u64 addr, struct strbuf *out);
/* The stop line, without newline. */
void stop_line_put(const struct line_source *src, const struct stop *st,
		   const struct stop_style *style, struct strbuf *out);

struct symbol_memo *symbol_memo_create(void);
void symbol_memo_destroy(struct symbol_memo *m);

#endif
