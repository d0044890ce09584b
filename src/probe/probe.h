/*
 * probe.h - `vmstep probe`: micro-guests that show what this host's KVM does with each debug event.
 * Implemented by src/probe/, called by cli/. To add a probe: a row in the fitting file, then
 * `vmstep probe --json` on each machine into docs/probe and `make probe-doc`.
 *
 * A probe is a row: a guest of a few instructions, how it is driven, what the architecture asks for,
 * and which departures from that are known. What KVM did becomes a short text (see run.c) that is
 * the same on every run; it alone decides, never a version.
 */
#ifndef VMSTEP_PROBE_H
#define VMSTEP_PROBE_H

#include <vmstep/strbuf.h>

#include "probe/lab.h"

/* A departure that is known: what is seen then, whose it is. */
struct departure {
	const char *did;
	const char *id;   /* "K1", "section 11" (docs/semantics.md), "rig" (docs/rig.md) */
	const char *note; /* the kernel commit where it is known, or why; may be "" */
};
enum { DEPARTURES = 4 };

struct probe {
	const char *id;     /* "icebp-step" */
	const char *event;  /* what is tried */
	const char *source; /* where the architecture or the API asks for it */
	const char *want;
	const char *vmstep; /* what vmstep does about it */
	const char *shows;  /* the K of docs/semantics.md it is about where no departure has it; or NULL */
	struct departure known[DEPARTURES]; /* ended by did NULL */

	const u8 *code, *end;
	u8 mode;            /* enum lab_mode */
	u8 flags;           /* LAB_USER, LAB_IRQCHIP */
	u32 control;        /* KVM_SET_GUEST_DEBUG's; 0: not called */
	u64 dr0, dr7;       /* with USE_HW_BP in control */
	u64 guest_dr0, guest_dr7; /* the guest's own; 0: not touched */
	u8 halt;            /* this vector's handler begins with HLT; 0: none */
	u8 lead, runs;      /* stops not told of, stops told of */
	void (*setup)(struct lab *lab);
	void (*between)(struct lab *lab, unsigned n); /* before the run behind the nth stop, from 1 */
	void (*more)(struct lab *lab, struct strbuf *out); /* facts behind the stops */
	void (*script)(struct lab *lab, struct strbuf *out); /* instead of runs */
	bool (*possible)(int kvm); /* NULL: everywhere */
};
#define PROBE_CODE(name) .code = name, .end = name##_end

/* Ended by an id NULL. */
extern const struct probe probes_step[], probes_flow[], probes_icebp[], probes_event[], probes_point[],
	probes_state[], probes_nested[];

/* What of a K no probe shows, and why none can; ended by an id NULL. A K that is neither here, nor in
 * `shows`, nor a departure's fails tests/unit/probe.c. */
struct unshown {
	const char *id;  /* "K18" */
	const char *why; /* a sentence without its point */
};
extern const struct unshown probes_unshown[];

/* All of them in the order of the report, NULL behind the last. */
const struct probe *probe_at(size_t i);
/* Runs one in this process. What was done, or -errno: a word why not in `out`. It takes signals that
 * interrupt KVM_RUN; without any a guest that sleeps for ever hangs. */
int probe_run(const struct probe *p, int kvm, struct strbuf *out);

enum verdict_kind { VERDICT_DOCUMENTED, VERDICT_KNOWN, VERDICT_UNKNOWN, VERDICT_ABSENT, VERDICT_COUNT };
const char *verdict_name(enum verdict_kind v); /* "documented", ... */
/* Of what was done; *ret_departure is the row's where it is known, else NULL. */
enum verdict_kind probe_verdict(const struct probe *p, const char *did, const struct departure **ret_departure);

/* ---- helpers of the rows (run.c) --- */

/* "B0 BS": the causes in DR6 or a #DB's exit qualification. */
void dr6_put(u64 dr6, struct strbuf *out);
/* "+2", "v1+0": an address as an offset into the code or into a vector's handler. */
void place_put(u64 rip, struct strbuf *out);
/* One stop as text: "debug+2[BS]", "io", "hlt v1+1". */
void stop_put(struct lab *lab, unsigned reason, struct strbuf *out);
/* In a handler " frame=+2": the return address on top of the stack; " tf" with TF in the image. */
void frame_more(struct lab *lab, struct strbuf *out);
/* The same, and " dr6=B0 BS" as the guest has it. */
void frame_dr6_more(struct lab *lab, struct strbuf *out);
void dr6_more(struct lab *lab, struct strbuf *out);
bool has_block_irq(int kvm);
/* A bit of KVM_GET_SUPPORTED_CPUID's ECX. */
bool has_cpuid_ecx(int kvm, u32 function, unsigned bit);

#endif
