/*
 * model.h - what the files of src/model/ share. Nobody outside the folder includes it.
 *
 *   memory.c linear.c tlb.c   access: segmentation, paging, A/D bits, data breakpoints
 *   decode.c fetch.c    bytes -> struct op, through Zydis; a cache by address, compared by bytes
 *   table.c             mnemonic -> exec function: the families' tables joined
 *   feature.c           what CPUID shows, and which instruction sets that is
 *   arith.c logic.c ... the families of instructions; fpu.h lists those of x87, MMX and SSE
 *   segment.c far.c task.c event.c sysreg.c msr.c cpuid.c port.c ...   the system half
 *   step.c debug.c      boundaries: what is due, traps, interrupts, exits
 *
 * The protocol of an exec function. On entry c.rip is the instruction's own and m->next the address
 * behind it. It returns EX_DONE with all effects made (a branch has set m->next), EX_REPEAT after one
 * iteration of a REP that is not the last, or EX_EVENT with m->event set and *nothing* changed but
 * accessed and dirty bits and completed writes of earlier iterations: so memory and checks come
 * first, registers last. step.c then commits c.rip = m->next, or delivers m->event.
 */
#ifndef VMSTEP_MODEL_INTERNAL_H
#define VMSTEP_MODEL_INTERNAL_H

#include <vmstep/model.h>
#include "model/feature.h"

enum ex {
	EX_DONE,
	EX_REPEAT,   /* RIP stays: one iteration of a REP string instruction is done */
	EX_EVENT,    /* m->event: a fault of this instruction, or the INT n, INT3, INTO, INT1 it is */
	EX_SHUTDOWN, /* cannot go on (a task switch that failed beyond repair) */
	EX_FROZEN,   /* waits at the instruction for the interrupt that FERR# makes; nothing is changed */
	EX_MISSING,  /* the model lacks something: m->lack says what */
};

#define likely(x)   __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

/* Return from an exec function when a step of it raised something. */
#define TRY(expr)                                                                                  \
	do {                                                                                       \
		enum ex try_ = (expr);                                                             \
		if (unlikely(try_ != EX_DONE))                                                     \
			return try_;                                                               \
	} while (0)

struct model;
struct op;
struct sse_row;
typedef enum ex op_exec(struct model *m, const struct op *o);

/* ---- decoded instructions ---------------------------------------------------------------------- */

enum opnd_kind { OPND_NONE, OPND_GPR, OPND_MEM, OPND_IMM, OPND_REL, OPND_FAR /* ptr16:16/32 */, OPND_SEG,
		 OPND_CR, OPND_DR, OPND_MMX, OPND_XMM };
struct opnd {
	u8 kind;   /* enum opnd_kind */
	u8 size;   /* bytes */
	u8 reg;    /* of a register: its number */
	bool high; /* GPR: AH, CH, DH, BH */
	/* MEM: base + index * scale + disp, cut to addrsize; INSN_MEM_NONE and INSN_MEM_RIP as in insn.h */
	u8 base, index, scale, seg;
	s64 disp;
	u64 imm;   /* IMM (sign- or zero-extended as the instruction does), REL (signed); FAR: offset */
	u16 sel;   /* FAR */
};

enum op_rep { REP_NONE, REP_E /* F3 */, REP_NE /* F2 */ };
enum { OPNDS = 4 };
struct op {
	op_exec *exec;     /* never NULL: raises #UD where there is none */
	u16 mnemonic;      /* ZydisMnemonic */
	u8 len;            /* bytes, prefixes counted */
	u8 opsize;         /* effective operand size: 1 (byte forms), 2, 4, 8 */
	u8 addrsize;       /* 2, 4, 8 */
	u8 rep;            /* enum op_rep */
	bool lock;
	u8 cc;             /* condition of Jcc, SETcc, CMOVcc: the opcode's low 4 bits */
	u8 modrm;          /* as it is in the bytes */
	u8 n;              /* explicit operands */
	struct opnd opnd[OPNDS];
	struct insn_facts facts; /* for the core */
	u8 vector;         /* INT n */
	const struct sse_row *vector_row; /* sse.h; NULL where exec is not one of its rows */
	u8 seg;            /* segment of the implicit source of a string instruction or XLAT */
};

/* ---- the processor ------------------------------------------------------------------------------ */

/* MSRs without a place in cpu_state (msr.c). */
enum { MTRR_VARIABLE = 8, MTRR_FIXED = 11 };
struct msr_file {
	u64 mtrr_def_type, mtrr_var[2 * MTRR_VARIABLE], mtrr_fixed[MTRR_FIXED];
	u64 misc_enable, bios_sign, tsc_aux;
};

/* What an access needs: kind and who asks. ANY is a supervisor's explicit access with RFLAGS.AC set. */
enum { TLB_READ = BIT(0), TLB_WRITE = BIT(1) /* dirty bit set, not ROM */, TLB_SUPERVISOR = 0, TLB_ANY = 2,
       TLB_USER = 4, TLB_FETCH = BIT(6), TLB_FETCH_USER = BIT(7) };
struct tlb_entry {
	u64 page;  /* tlb_page() of the page, 0: empty */
	u8 *hva;   /* host page, NULL: MMIO */
	u64 gpa;   /* of the page */
	u8 rights; /* what may go on without a walk: TLB_READ << TLB_USER and so on */
	u8 shift;  /* of the page in the tables */
	bool global;
	u16 pcid;
};
enum { TLB_SIZE = 1024, CODE_SIZE = 4096, TLB_PCID = 50 };

struct model {
	struct cpu_state c;      /* architectural state; RFLAGS always whole */
	struct model_config cfg;
	struct phys_ops phys;    /* RAM and ROM, for the core's walks and deliveries */
	u64 next;                /* address behind the instruction (register value), see the protocol */
	struct guest_event event;
	u8 lack;                 /* enum model_lack */

	/* Derived from c by model_changed() and at each change of mode. */
	u8 mode, bits, cpl;      /* enum cpu_mode; 16, 32, 64 */
	bool data_points;        /* some DR watches data (DR7 enabled, RW 1 or 3) */
	bool io_points;          /* some DR watches I/O, and CR4.DE */

	/* Left by the instruction for the boundary behind it. */
	u8 shadow_next;          /* enum shadow it opens */
	u8 hits;                 /* DR0-3 whose data or I/O breakpoint it met */
	bool tbit;               /* a task switch into a TSS with T=1 */
	bool rf_next;            /* RF as IRET or a task switch loaded it */

	u64 pending_dbg;         /* PDBG_*: traps held for the next boundary */
	bool intr_line, nmi_line;
	bool injecting;          /* model_inject(): comes before anything else */
	bool poked;              /* something from outside: look what is due before going on */
	bool stop_asked;         /* model_poke() */
	u64 rep_rip;             /* RIP of a REP with iterations done, ~0: an event's frame has RF there */
	struct guest_event injected;
	bool ferr;               /* the pin FERR# */
	u64 frozen_rip;          /* where EX_FROZEN waits, ~0: nowhere */
	u64 retired;             /* instructions completed */
	u64 extra;               /* other ticks of the clock: iterations, deliveries, sleep in HLT */
	u64 random;              /* random.c: the state behind RDRAND and RDSEED */
	/* c.tsc is the model's TSC: step.c adds to it, RDTSC reads it, WRMSR and the user set it. */
	struct msr_file msr;     /* those that cpu_state does not have */
	u64 xcr0;                /* state components that XSAVE moves */
	u32 features[FEATURE_WORDS]; /* what CPUID shows, but for bits that follow the state */

	/* model_watch(): pages with a watched byte get no fast way past access_note(). */
	const struct model_range *watch;
	size_t n_watch;
	u64 watch_pages[16];     /* a bit for each value of the low 10 bits of a watched page's number */
	u8 n_touch;              /* of the instruction that runs */
	struct model_touch touch[MODEL_TOUCHES];

	u64 rep_flags;           /* string.c: RFLAGS before a REP CMPS or SCAS that goes on (rep_rip) */
	u64 paging_key;          /* state.c: the control bits the TLB was filled under */
	u64 tlb_key;             /* PCID << TLB_PCID | 1: tlb_page() */
	struct tlb_entry tlb[TLB_SIZE];
	struct code_cache *code; /* fetch.c */
};

/* What marks a page in the TLB: its linear address, whose bits from 47 on are all alike, with the PCID over
 * bits 50-61 and bit 0 for valid. One PCID never hits what another filled. */
static inline u64 tlb_page(const struct model *m, u64 lin)
{
	return (lin & ~0xfffull) ^ m->tlb_key;
}

/* ---- memory.c, linear.c: every access of an instruction goes through these ----------------------- */

/*
 * `off` in segment `seg` with all checks: #GP, #SS, #PF, #AC as the SDM orders them; data breakpoints
 * are noted in m->hits. size 1, 2, 4, 8. Nothing is changed on EX_EVENT.
 */
enum ex mem_read(struct model *m, u8 seg, u64 off, unsigned size, u64 *ret);
enum ex mem_write(struct model *m, u8 seg, u64 off, unsigned size, u64 value);
/* As mem_write() but checks only: a later mem_write() of the same cannot fault. */
enum ex mem_probe_write(struct model *m, u8 seg, u64 off, unsigned size);
/* The checks that come before the page's: the segment's, and #AC. */
enum ex mem_check(struct model *m, u8 seg, u64 off, unsigned size, bool write);
/* Any few bytes, without #AC: CMPXCHG16B, SSE. */
enum ex mem_read_bytes(struct model *m, u8 seg, u64 off, unsigned size, void *ret);
enum ex mem_write_bytes(struct model *m, u8 seg, u64 off, unsigned size, const void *buf);
/* Linear, with supervisor rights whatever the CPL: descriptor tables, TSS, stacks of inner rings. */
enum ex sys_read(struct model *m, u64 lin, unsigned size, u64 *ret);
enum ex sys_write(struct model *m, u64 lin, unsigned size, u64 value);
/* Linear with the rights of `cpl`. The probe checks as a write does and writes nothing. */
enum ex lin_read(struct model *m, u64 lin, unsigned size, u8 cpl, u64 *ret);
enum ex lin_write(struct model *m, u64 lin, unsigned size, u8 cpl, u64 value);
enum ex lin_probe_write(struct model *m, u64 lin, unsigned size, u8 cpl);
/* All; all but global pages (MOV CR3); one page (INVLPG). model_derive() flushes by itself when a
 * control bit that paging depends on has changed. */
void tlb_flush(struct model *m);
/* All but the global ones; those of one PCID; the current PCID's and the global ones of one address, as
 * INVLPG; one address of one PCID, global ones left. */
void tlb_flush_local(struct model *m);
void tlb_flush_context(struct model *m, u16 pcid);
void tlb_flush_page(struct model *m, u64 lin);
void tlb_flush_address(struct model *m, u16 pcid, u64 lin);
/* One translation with the rights of `need` (TLB_READ << TLB_USER...): the entry, or #PF raised. A
 * non-canonical address must have been refused before. */
enum ex tlb_get(struct model *m, u64 lin, u8 need, struct tlb_entry **ret);
/* Physical bytes that lie in one page: RAM, ROM, or the bus. */
void phys_get(struct model *m, u64 gpa, void *buf, unsigned n);
void phys_put(struct model *m, u64 gpa, const void *buf, unsigned n);
/* Effective address of a MEM operand (offset in its segment). */
u64 op_address(const struct model *m, const struct op *o, const struct opnd *d);
/* Operand access whatever its kind; GPR writes of 32 bits clear the upper half. */
enum ex op_read(struct model *m, const struct op *o, unsigned i, u64 *ret);
enum ex op_write(struct model *m, const struct op *o, unsigned i, u64 value);
/* One for an operand that is read and then written: after op_rmw() the write cannot fault. */
enum ex op_rmw(struct model *m, const struct op *o, unsigned i, u64 *ret);
/* Stack: width by SS.B or mode. push/pop move RSP only when they succeed. */
enum ex push(struct model *m, unsigned size, u64 value);
enum ex pop(struct model *m, unsigned size, u64 *ret);

/* ---- fetch.c, exec.c ---------------------------------------------------------------------------- */

/* The instruction at c.rip, or the fault of fetching it (limit, #PF, longer than 15 bytes). What
 * does not decode is an op that raises #UD. Valid until the next call. */
enum ex op_fetch(struct model *m, const struct op **ret);
/* The same without effect and without limit checks: NULL where it is not at hand. 16 bytes of it are readable. */
const struct op *op_cached(struct model *m, u64 lin, const u8 **ret_bytes);
/*
 * Forms of one mnemonic that different families have: MOV, PUSH, POP with a segment, control or debug
 * register, CALL, JMP, RET far. The rest is ROW_ANY.
 */
enum row_form { ROW_ANY, ROW_SEG, ROW_CR, ROW_DR, ROW_FAR };
#define OP_FORM(mnemonic, form) ((mnemonic) | (u32)(form) << 16)
struct op_row {
	u32 key; /* ZydisMnemonic, or OP_FORM(mnemonic, form) */
	op_exec *exec;
};
struct dispatch; /* table.c: built once for each model */
struct dispatch *dispatch_create(void);
/* NULL: there is none. */
op_exec *dispatch_find(const struct dispatch *d, u16 mnemonic, enum row_form form);
/* The row of a mnemonic with vector registers (sse.h); NULL: there is none. */
const struct sse_row *dispatch_vector(const struct dispatch *d, u16 mnemonic);
op_exec op_undefined; /* #UD */
op_exec op_missing;   /* EX_MISSING */
/* `features` as long as it lives. */
struct code_cache *code_cache_create(const u32 *features);
void code_cache_destroy(struct code_cache *c);
/*
 * The instruction at c.rip alone, with nothing that is due around it: fetched, executed, and on
 * EX_DONE RIP moved and RF cleared (or as m->rf_next says). *ret is what ran, NULL if the fetch faulted.
 * A #DB of a code breakpoint, traps and deliveries are step.c's.
 */
enum ex insn_run(struct model *m, const struct op **ret);

/* ---- event.c ------------------------------------------------------------------------------------ */

/* Set m->event to an exception (a fault) and return EX_EVENT. */
enum ex raise_vector(struct model *m, u8 vector);
enum ex raise_code(struct model *m, u8 vector, u32 error);
enum ex raise_pf(struct model *m, u64 lin, u32 error);
/*
 * Deliver an event at the current state: c.rip is the instruction's own for faults and for events with
 * insn_len, else the boundary's. As event_deliver() of the core, task gates by a task switch, and the
 * modes derived anew; m->tbit tells of a switch into a TSS with T=1. Returns ret->outcome.
 */
enum delivery_outcome model_deliver(struct model *m, const struct guest_event *ev,
				    struct delivery *ret);

/* ---- debug.c ------------------------------------------------------------------------------------ */

/*
 * Memory.c's for a data access that did not fault, if m->data_points: the guest's data breakpoints into
 * m->hits, watched ranges into m->touch.
 */
void access_note(struct model *m, u64 lin, unsigned size, bool write);
/* DR0-3 (mask) whose execute breakpoint is enabled at `lin`. */
u8 code_hits(const struct model *m, u64 lin);

/*
 * The boundary the instruction ran from, for the core; `facts` its class.
 */
struct boundary boundary_before(const struct model *m, const struct insn_facts *facts);
/* What is due behind an instruction that retired, or an iteration (`b` as it was before): PDBG_* for now
 * or held by the shadow, which is set too. */
void boundary_behind(struct model *m, const struct boundary *b, const struct model_controls *ctl, bool taken);

/* ---- segment.c ---------------------------------------------------------------------------------- */

/* Load a segment register as MOV or POP does, with all checks (not CS). */
enum ex seg_load(struct model *m, u8 seg, u16 sel);

/* ---- state.c ------------------------------------------------------------------------------------ */

/* After a change of CR0, CR4, EFER, CS, SS, RFLAGS.VM or DR7: mode, bits, cpl, data_points... */
void model_derive(struct model *m);

/* control.c: PAE's PDPTE registers of a state that was written from outside. */
void pdptes_follow(struct model *m);

/* ---- families ----------------------------------------------------------------------------------- */

/* Each family exports one table, ended by a NULL exec; table.c joins them. */
extern const struct op_row arith_ops[], logic_ops[], shift_ops[], muldiv_ops[], move_ops[], string_ops[],
	branch_ops[], bcd_ops[], bit_ops[], flag_ops[], atomic_ops[], stack_ops[];
extern const struct op_row segment_ops[], far_ops[], int_ops[], sysreg_ops[], msr_ops[], syscall_ops[],
	port_ops[], protect_ops[], cache_ops[], bmi_ops[], random_ops[], crc_ops[];
extern const struct op_row fxsave_ops[], xsave_ops[], x87_ops[], x87_control_ops[], sse_ops[];
#endif
