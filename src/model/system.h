/*
 * system.h - what the files of the model's system half share: descriptors, hidden parts of segment
 * registers, returns to outer rings, task switches, control registers. Nobody else includes it.
 *
 * All of it follows the protocol of model.h: checks first, in the order the SDM's operation sections
 * give, and registers last. Selector errors carry the selector without its RPL.
 */
#ifndef VMSTEP_MODEL_SYSTEM_H
#define VMSTEP_MODEL_SYSTEM_H

#include "model/model.h"

static inline bool is_long(const struct model *m)
{
	return m->c.efer & EFER_LMA;
}

/* Protected mode with descriptors: neither real-address nor virtual-8086 mode. */
static inline bool is_protected(const struct model *m)
{
	return m->mode != MODE_REAL && m->mode != MODE_V86;
}

static inline bool canonical(u64 la)
{
	return (u64)((s64)(la << 16) >> 16) == la;
}

static inline bool sel_null(u16 sel)
{
	return !(sel & 0xfffc);
}

static inline unsigned flags_iopl(u64 rflags)
{
	return rflags >> 12 & 3;
}

static inline bool desc_conforming(const struct descriptor *d)
{
	return d->type & 4;
}

static inline enum ex need_cpl0(struct model *m)
{
	return m->cpl == 0 ? EX_DONE : raise_code(m, EXC_GP, 0);
}

/* SDM 3 "Control Registers", UMIP: no looking at system registers outside ring 0. */
static inline enum ex need_umip(struct model *m)
{
	return (m->c.cr4 & CR4_UMIP) && m->cpl ? raise_code(m, EXC_GP, 0) : EX_DONE;
}

/* ---- desc.c: descriptors in memory --------------------------------------------------------------- */

/* Error of a selector: what raise_code() takes. */
enum ex raise_sel(struct model *m, u8 vector, u16 sel);
/* The descriptor of a selector that is not null. *ret_there is false beyond the table's limit. */
enum ex desc_read(struct model *m, u16 sel, bool *ret_there, struct descriptor *ret);
/* The same; beyond the limit, or with a broken upper half, `vector`(sel). */
enum ex desc_fetch(struct model *m, u16 sel, u8 vector, struct descriptor *ret);
/* Set the accessed bit in the table and in *d. */
enum ex desc_touch(struct model *m, u16 sel, struct descriptor *d);
/* Set or clear the busy bit of a TSS descriptor in the GDT. */
enum ex desc_busy(struct model *m, u16 sel, bool busy);
/* Hidden parts. seg_set() keeps the base MSRs of FS and GS in step. */
void seg_set(struct model *m, u8 seg, u16 sel, const struct descriptor *d);
void seg_set_null(struct model *m, u8 seg, u16 sel);
/* As real-address or virtual-8086 mode load it. */
void seg_set_real(struct model *m, u8 seg, u16 sel);
/* Linear address of `off` in a segment, without checks. */
u64 seg_linear(const struct model *m, u8 seg, u64 off);

/* ---- stacks.c ---------------------------------------------------------------------------------- */

/* The current stack without moving RSP: `at` bytes above its top. */
enum ex stack_peek(struct model *m, unsigned at, unsigned size, u64 *ret);
/* Move RSP up by `n` in the current stack's width. */
void stack_drop(struct model *m, s64 n);
/* RSP as an outer or new stack segment takes it: a 16-bit one replaces SP only. */
void stack_set(struct model *m, u64 sp);

enum { FRAME_VALUES = 36 };
/* Values to push on a stack that is not yet the current one. */
struct inner_frame {
	struct segment ss;
	u64 sp;          /* in: top; after frame_check(): below the last value */
	u8 cpl, width;   /* rights; width of SP: 16, 32, 64 */
	u8 n, size;
	u64 value[FRAME_VALUES], lin[FRAME_VALUES];
};
void frame_push(struct inner_frame *f, u64 value);
/* Room and rights for all of it: #SS(selector), #PF. Then the writes, which cannot fail. */
enum ex frame_check(struct model *m, struct inner_frame *f);
enum ex frame_store(struct model *m, const struct inner_frame *f);
/* The stack of ring `cpl` from the TSS, its SS checked; f->ss, sp, cpl and width are set. */
enum ex frame_from_tss(struct model *m, u8 cpl, struct inner_frame *f);

/* ---- transfer.c: pieces of far transfers --------------------------------------------------------- */

/* May RIP be `off` in this code segment? #GP(0). */
enum ex code_offset_check(struct model *m, const struct descriptor *d, u64 off);
/* Load CS with RPL `cpl` and go to `off`: m->next. Cannot fault after its desc_touch(). */
void code_enter(struct model *m, u16 sel, const struct descriptor *d, unsigned cpl, u64 off);
/* Real-address and virtual-8086 mode: a far transfer to sel:off, #GP beyond the limit. */
enum ex real_enter(struct model *m, u16 sel, u64 off);
/* CS of a far RET or IRET: RPL is the ring returned to. */
enum ex return_code_check(struct model *m, u16 sel, struct descriptor *ret);
/* SS of a return to an outer ring, to `code`. A null one (64-bit code only) gives DESC_NULL. */
enum ex return_stack_check(struct model *m, u16 ss, u8 cpl, const struct descriptor *code,
			   struct descriptor *ret);
/* A whole return to an outer ring, after the checks: SS:RSP, CS:RIP, data segments given up. */
struct outer_return {
	u16 cs, ss;
	u64 rip, rsp;
	struct descriptor code, stack;
};
enum ex outer_enter(struct model *m, struct outer_return *r);

/* ---- task.c ------------------------------------------------------------------------------------- */

enum task_from { TASK_JMP, TASK_CALL, TASK_IRET, TASK_EVENT };
struct task_switch {
	u8 from;       /* enum task_from */
	u16 sel;       /* of the new TSS */
	u64 old_rip;   /* for the old TSS */
	u64 old_flags;
	bool has_error;
	u32 error;
	u32 ext;       /* the EXT bit of errors */
};
/*
 * Checks of the TSS descriptor included. EX_DONE: m->next is the new task's EIP. EX_EVENT before the
 * point of no return: nothing has changed; behind it the new task is current and c.rip its EIP.
 */
enum ex task_switch(struct model *m, const struct task_switch *t);
/* Behind a task gate (JMP, CALL: checked here) or a TSS selector. */
enum ex task_transfer(struct model *m, u16 sel, const struct descriptor *d, bool call);
enum ex task_return(struct model *m);

/* ---- control.c, debugreg.c, tables.c: rows of sysreg_ops ----------------------------------------- */

/* MOV to CR3, as the instruction and a task switch do it. */
enum ex cr3_write(struct model *m, u64 value);
op_exec mov_cr, mov_dr, smsw, lmsw, clts;
op_exec lgdt, lidt, sgdt, sidt, lldt, ltr, sldt, str;

/* ---- cpuid.c: a row of msr_ops ------------------------------------------------------------------ */

op_exec cpuid;

#endif
