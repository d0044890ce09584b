/*
 * native.h - the native test of the processor model: one random instruction in a random state at a
 * time, its bytes executed by this machine's processor in ring 3 and by the model in 64-bit ring 3 at
 * the same addresses, and everything compared: registers, flags, x87 and SSE state, memory, and which
 * exception came where.
 *
 *   host.c       one instruction on the processor
 *   guest.c      the same on the model
 *   form.c       from a row of a family's table to bytes, with operands that lie in the arena
 *   integer.c    BMI, ADX, MOVBE and their kin, and some of the first set
 *   sse.c        MMX and SSE; its rows are sse_forms.c, what the host has of them sse_host.c
 *   x87.c        x87
 *   main.c       the loop, what differs, the counts, TAP
 *
 * To add a family: a file with a `struct native_family`, a row in main.c.
 */
#ifndef NATIVE_H
#define NATIVE_H

#include <stdio.h>
#include <Zydis/Zydis.h>

#include "../form.h"
#include "../random.h"
#include "model/operand.h"

/* The arena, at the same linear addresses on both sides: code, data that can be written, a hole. */
enum {
	AT_CODE = 0x10000000,
	AT_DATA = 0x10001000,
	DATA_SIZE = 0x2000,
	AT_HOLE = AT_DATA + DATA_SIZE,
	CODE_AREA = 0x1000,
};

/* All a program in ring 3 has. The order is host.c's, too. */
struct native_state {
	u64 gpr[GPR_COUNT];
	u64 rflags;
	u64 rip;       /* where it came to: behind the instruction, or on it */
	u8 vector;     /* of the exception that came, NATIVE_NONE */
	u64 cr2;       /* of a page fault */
	u8 fx[512] __attribute__((aligned(64))); /* FXSAVE64 */
};
enum { NATIVE_NONE = 0xff };

/* One instance. */
struct native_case {
	u8 code[16];
	u8 len;
	u64 target; /* where its memory operand was aimed; 0: it has none */
	struct native_state before;
};

/* ---- host.c ------------------------------------------------------------------------------------- */

/* Maps the arena; the data is at AT_DATA itself. False with *ret_why where it cannot. */
bool host_open(const char **ret_why);
void host_run(const struct native_case *c, struct native_state *ret);

/* ---- guest.c ------------------------------------------------------------------------------------ */

bool guest_open(void);
u8 *guest_data(void);
/* The instruction as the model decodes it. False: it is none. */
bool guest_decode(const struct native_case *c, struct op *ret);
/* Linear address of operand `i`, in state c->before. */
u64 guest_address(const struct native_case *c, const struct op *o, unsigned i);
/* `n` bytes at `lin` on both sides, if the data has them all; false: it has not. */
bool data_put(u64 lin, const void *p, unsigned n);
void guest_run(const struct native_case *c, struct native_state *ret);

/* ---- form.c ------------------------------------------------------------------------------------- */

/* Bytes for `f`, and registers that put a memory operand into the data, or across its end. Changes
 * c->before.gpr. */
void form_encode(u64 *seed, const struct form *f, struct native_case *c);

/* ---- families ----------------------------------------------------------------------------------- */

struct native_family {
	const char *name;
	const struct form *forms;
	size_t n_forms;
	/* Registers beyond general ones and flags, and what to put into the operands; may be NULL. */
	void (*prepare)(u64 *seed, const struct form *f, struct native_case *c);
	/* Behind the run on both sides: put alike what no processor owes to be so. May be NULL. */
	void (*settle)(const struct form *f, const struct native_case *c, struct native_state *host,
		       const struct native_state *model);
	/* Why the host cannot run it, or NULL: it can. May be NULL. */
	const char *(*missing)(const struct form *f);
};
extern const struct native_family integer_family, sse_family, x87_family;

/* diff/undefined.c */
u64 undefined_flags(const struct op *o, const struct cpu_state *before);
bool result_undefined(const struct op *o, const struct cpu_state *before);

#endif
