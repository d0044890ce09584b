/*
 * why_not.h - what the answers to `why not CAUSE` share: the stop, the state behind it and the
 * sentences so far. Internal to src/teach/. Each answer is a list of reasons, asked in the order in
 * which one shuts out the next; a reason speaks only if the stop or the registers show it.
 */
#ifndef VMSTEP_TEACH_WHY_NOT_H
#define VMSTEP_TEACH_WHY_NOT_H

#include <vmstep/trace.h>
#include "text.h"

struct why_not {
	struct session *s;
	const struct stop *st;
	const struct cpu_state *cpu; /* now; NULL: not readable */
	const char *engine;          /* name */
	bool vmx_view;               /* engine mtf or soft */
	bool mtf;                    /* it steps by MTF */
	struct insn_facts from,
		at;       /* of the instruction before the boundary and of the one behind it */
	u64 from_lin;     /* where that before is, and its bytes; none: not known, as where several ran */
	u8 from_bytes[INSN_MAX], n_from;
	u32 point;        /* BREAK/n: n; 0: none was named */
	enum cause cause; /* asked for */
	struct strbuf *out;
};
/* True: the reason holds and was told. */
typedef bool reason_fn(const struct why_not *w);

/* A sentence, with where it is written (NULL: nowhere but in the stop), as the whole answer. */
bool reason_tell(const struct why_not *w, const char *source, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* No instruction has completed since the boundary before: none can be the reason. */
bool nothing_retired(const struct why_not *w);
/* "mov ss, ax" of the instruction before the boundary; "the code before" where it is not known. */
void from_text(const struct why_not *w, char *buf, size_t size);

/* Lists that end with NULL. */
extern reason_fn *const tf_reasons[], *const mtf_reasons[], *const icebp_reasons[],
								    *const int3_reasons[];
extern reason_fn *const hwbp_reasons[],
	*const watch_reasons[], *const iobp_reasons[], *const gd_reasons[],
							       *const tbit_reasons[],
								       *const bld_reasons[];
extern reason_fn *const point_reasons[], *const event_reasons[], *const interrupt_reasons[],
									 *const other_reasons[];

#endif
