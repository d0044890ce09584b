/*
 * diff.h - the differential test of the processor model: one random instruction in a random state
 * at a time, executed by this machine's KVM and by the model, and everything compared.
 *
 *   place.c      where things lie in the guest, and the state of each mode
 *   gen.c        an instruction and the registers that make it meaningful
 *   aim.c        its addresses
 *   gen_system.c the same for the system half
 *   gen_sse.c    the same for MMX and SSE, by the native test's table of encodings
 *   kvm.c        one instruction on KVM
 *   fpu.c        x87 and SSE state to KVM and back, what differs of it
 *   soft.c       the same on the model
 *   undefined.c  flags that the SDM leaves undefined, by instruction
 *   judge.c      what differs
 *   known*.c     the list of known differences
 *   sweep.c      every opcode: which are instructions
 *   report.c     the counts, what must have come up, TAP
 *   main.c       the loop
 */
#ifndef DIFF_H
#define DIFF_H

#include <stdio.h>
#include <Zydis/Zydis.h>

#include "../native/sse_forms.h"
#include "../random.h"
#include "model/operand.h"

/* ---- place.c ------------------------------------------------------------------------------------
 */

enum {
	RAM_SIZE = 0x200000,
	AT_HANDLERS = 0x1000,
	HANDLER_SIZE = 16,
	AT_GDT = 0x2000,
	GDT_SIZE = 0xd0,
	AT_TSS = 0x2800,
	AT_IDT = 0x3000,
	AT_ENV_END = 0x5000,
	AT_CODE = 0x8000,
	CODE_END = 0xb000, /* the page behind is not there when there is paging */
	AT_DATA = 0x10000,
	AT_STACK = 0x20000,
	AT_END = 0x30000,
	AT_RING0 = 0x2e800, /* stack of ring 0 for events in ring 3 */
	AT_TABLES = 0x100000,
};
enum place {
	P_REAL,
	P_PROT16,
	P_STACK16,
	P_PROT32,
	P_LONG,
	P_COMPAT16,
	P_COMPAT32,
	P_LONG3,
	P_COMPAT3,
	PLACES
};

extern const char *const place_name[PLACES];
unsigned place_bits(enum place p);
bool place_user(enum place p);
/* Descriptor tables, gates, handlers, page tables. */
void place_memory(enum place p, u8 *ram);
void place_state(enum place p, struct cpu_state *c);

/* ---- gen.c --------------------------------------------------------------------------------------
 */

enum { PATCHES = 4 };
struct sample {
	enum place place;
	struct {
		u32 at;
		u64 value;
	} patch[PATCHES]; /* guest memory, 8 bytes each */
	u8 n_patch;
	bool system;  /* of the system half's instructions */
	u64 aimed;    /* linear address of its explicit memory operand, 0: none */
	bool x87;     /* of x87, MMX, SSE: their registers are loaded and compared */
	const struct form *sse; /* of MMX, SSE: what it was made of; NULL: it is not */
	u8 align;     /* of its memory operand, most of the time; 0: any */
	bool repeats; /* a REP: may stop on its way */
	u8 code[16];
	u8 len; /* bytes given; the instruction may be shorter */
	u32 at; /* offset of the code in RAM */
	struct cpu_state c;
};
/* Fills code, where it lies, registers and patches for s->place. False: try again. */
bool sample_make(u64 *seed, struct sample *s);
void patch_add(struct sample *s, u64 lin, u64 value);
/* Any general registers, flags, a stack, and where the code lies; behind place_state(). */
void sample_begin(u64 *seed, struct sample *s);

/* ---- aim.c --------------------------------------------------------------------------------------
 */

struct decoded;
/* A stack pointer. */
u64 stack_make(u64 *seed, const struct sample *s);
/* The number of a general register that addresses may be made of, -1: another. */
s8 gpr_of(ZydisRegister r);
/* Make the operands' addresses good ones: by registers, else by the displacement in the bytes. */
void operands_aim(u64 *seed, struct sample *s, const struct decoded *d);

/* ---- gen_system.c: the same for segments, far transfers, system registers
 * ------------------------ */

u8 system_opcode(u64 *seed, bool two);
bool system_compared(const struct sample *s, const struct decoded *d);
void system_wishes(u64 *seed, struct sample *s, const struct decoded *d);

/* ---- gen_sse.c ----------------------------------------------------------------------------------
 */

/* The next sample of `f`, in P_LONG3, where the processor itself runs: of MMX and SSE the interpreter has
 * but a few moves. False: try again. */
bool sse_sample_make(u64 *seed, const struct form *f, struct sample *s);

/* ---- kvm.c, soft.c ------------------------------------------------------------------------------
 */

enum outcome {
	OUT_DONE /* or an exception's handler entered */,
	OUT_SHUTDOWN,
	OUT_CANNOT /* not executed */,
	OUT_MISSING
};
struct result {
	enum outcome outcome;
	struct cpu_state c;
};

struct kvm_side;
/* NULL with *ret_why when there is no usable KVM. */
struct kvm_side *kvm_side_open(const char **ret_why);
u8 *kvm_side_ram(struct kvm_side *k);
bool kvm_side_run(struct kvm_side *k, const struct sample *s, struct result *ret);
void kvm_side_close(struct kvm_side *k);

/* fpu.c: by KVM_SET_XSAVE; KVM_SET_FPU leaves MXCSR as it is. */
bool fpu_load(int vcpu, const struct cpu_state *c);
bool fpu_read(int vcpu, struct cpu_state *c);
const char *fpu_judge(const struct sample *s, const struct cpu_state *kvm, const struct cpu_state *soft, char *buf,
		      size_t size);

struct soft_side {
	u8 *ram;
	struct mem_region region;
	struct model *m;
};
bool soft_side_open(struct soft_side *s);
void soft_side_close(struct soft_side *s);
/* What the sample is, decoded; exec op_undefined when it is not one of the model's. */
void soft_side_decode(struct soft_side *s, const struct sample *x, struct op *ret);
void soft_side_run(struct soft_side *s, const struct sample *x, struct result *ret);

/* ---- sweep.c ------------------------------------------------------------------------------------
 */

/* All encodings; the TAP line is printed. False: they differ. */
bool encodings_sweep(struct kvm_side *kvm, struct soft_side *soft);

/* ---- undefined.c, judge.c -----------------------------------------------------------------------
 */

/* Flags that may have any value after `o` in state `before`. */
u64 undefined_flags(const struct op *o, const struct cpu_state *before);
/* Its result is undefined, not only flags: nothing to compare. */
bool result_undefined(const struct op *o, const struct cpu_state *before);

/* One instance on both sides. */
struct contest {
	const struct sample *sample;
	const struct op *op;
	struct result kvm, soft;
	u32 soft_error; /* error code of the model's last exception */
	u8 *kvm_ram;
	const u8 *soft_ram;
};
/* The first thing that differs, as text, or NULL. */
const char *judge(struct contest *x, char *buf, size_t size);

/* ---- known.c ------------------------------------------------------------------------------------
 */

struct known {
	const char *name;
	bool (*apply)(struct contest *x); /* true: it was this, and is put right */
	bool rare;
};
enum { KNOWN_MAX = 64 };
const struct known *known_row(size_t i); /* NULL: there are no more */

/* ---- report.c -----------------------------------------------------------------------------------
 */

struct totals {
	u64 compared, cannot, hidden, shutdown, different;
	u32 seen[ZYDIS_MNEMONIC_MAX_VALUE + 1];   /* compared, by mnemonic */
	u32 unable[ZYDIS_MNEMONIC_MAX_VALUE + 1]; /* KVM would not */
	u64 by_place[PLACES];
	u64 known[KNOWN_MAX];
	u64 by_form[SSE_FORMS]; /* of MMX and SSE */
	u64 sse_faults, sse_xm; /* of them raised an exception; #XM, on both sides */
	u64 lost; /* steps that KVM did not make alone: it went on */
};
void totals_print(const struct totals *n);
/* The TAP line; false: something differs. */
bool verdict_print(const struct totals *n);
/* Behind a run of full length: how much never came up, and how many rows nothing needed. */
unsigned lists_check(const struct totals *n);

#endif
