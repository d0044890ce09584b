/*
 * x86_tables.h - the CPU's tables in guest memory as pure functions: page walks, descriptors, gates,
 * names. Implemented by src/x86/, memory comes through a callback so that it is testable without a
 * guest. Walks, descriptors, gates and names are freestanding (the core and the shim use them); the
 * *_format functions and the register list use libc's strings and snprintf.
 */
#ifndef VMSTEP_X86_TABLES_H
#define VMSTEP_X86_TABLES_H

#include <vmstep/cpu.h>

/* Guest-physical access. 0, or -EFAULT when any byte of it is not RAM (then nothing is promised). */
struct phys_ops {
	int (*read)(void *arg, u64 gpa, void *buf, size_t n);
	int (*write)(void *arg, u64 gpa, const void *buf, size_t n);
	void *arg;
};

enum { WALK_LEVELS = 5 };
struct walk_step {
	const char *table; /* "PML4", "PDPT", "PD", "PT", "PML5" */
	u64 entry_gpa;
	u64 entry;
	u16 index;
};
struct page_walk {
	u8 n;                  /* steps taken */
	bool present;          /* the whole walk succeeded; else the last step is the missing one */
	bool writable, user, nx; /* combined rights of the walk */
	bool noncanonical;
	bool reserved;         /* the last entry is present but has a reserved bit set: the CPU faults */
	bool unreadable;       /* the last entry does not lie in RAM */
	u8 page_shift;         /* 12, 21, 22 or 30; 0 with paging off */
	u64 gpa;
	struct walk_step step[WALK_LEVELS]; /* only the first n are set */
};
/*
 * Walk the page tables for linear address `la` (SDM "Paging"): none, 32-bit with PSE, PAE, 4-level,
 * 5-level. Rights are reported, not enforced; accessed and dirty bits are not touched. Bits of `la`
 * above 32 count only in IA-32e mode (EFER.LMA).
 */
void page_walk(const struct cpu_state *c, const struct phys_ops *mem, u64 la, struct page_walk *ret);
/* Only the answer: 0 and *ret_gpa, or -EFAULT. The fast path of every memory access. */
int linear_to_phys(const struct cpu_state *c, const struct phys_ops *mem, u64 la, u64 *ret_gpa);
/* Read / write across pages through the walk; returns bytes done (may be short). */
size_t linear_read(const struct cpu_state *c, const struct phys_ops *mem, u64 la, void *buf, size_t n);
size_t linear_write(const struct cpu_state *c, const struct phys_ops *mem, u64 la, const void *buf, size_t n);

/* A decoded GDT/LDT/IDT entry. */
enum desc_kind { DESC_NULL, DESC_CODE, DESC_DATA, DESC_LDT, DESC_TSS16, DESC_TSS32, DESC_TSS64,
		 DESC_CALL_GATE, DESC_TASK_GATE, DESC_INT_GATE, DESC_TRAP_GATE, DESC_INVALID };
struct descriptor {
	u8 kind;       /* enum desc_kind */
	u8 type;       /* raw 4-bit type */
	u8 dpl;
	bool present;
	u64 base;      /* code, data, LDT, TSS */
	u32 limit;     /* in bytes */
	u16 attr;      /* as in struct segment */
	u16 sel;       /* gates: target selector */
	u64 offset;    /* gates: target offset */
	u8 ist;        /* 64-bit gates */
	bool gate32;   /* gates: 32-bit (false: 16-bit); 64-bit gates true */
	bool gate64;   /* gates: 64-bit */
	bool busy;     /* TSS */
};
/* `raw` is 16 bytes; all are used only by system descriptors in long mode. */
void descriptor_decode(const u8 raw[16], bool long_mode, struct descriptor *ret);
/* The descriptor behind a selector (GDT or LDT; RPL ignored): 0; -EINVAL beyond the limit or with an
 * unusable LDTR, -EFAULT unreadable. A null selector is DESC_NULL, whatever memory holds there. */
int descriptor_read(const struct cpu_state *c, const struct phys_ops *mem, u16 sel, struct descriptor *ret);
/* The gate of a vector, or in real mode the IVT entry (sel, offset; kind DESC_INT_GATE). Errors as
 * descriptor_read(). */
int gate_read(const struct cpu_state *c, const struct phys_ops *mem, u8 vector, struct descriptor *ret);
/* One line of text, e.g. "code 64-bit dpl=0 base=0 limit=0xfffff g" (g: in pages, as in the raw entry),
 * "interrupt gate 64-bit sel=0x8 offset=0x401000 dpl=0 ist=1", "tss64 dpl=0 base=0x1000 limit=0x67 busy". */
void descriptor_format(const struct descriptor *d, char *buf, size_t size);

/* Names. NULL-free: unknown values give "?" or a number in a static string. */
const char *exception_name(u8 vector);     /* "#DB", "#PF", ..., "" for vectors without a name */
const char *exception_long_name(u8 vector);/* "debug exception" */
const char *mode_name(enum cpu_mode m);    /* "real", "v86", "prot16", "prot32", "compat16", "compat32", "long" */
const char *gpr_name(enum gpr r);          /* "rax" */
const char *seg_name(enum seg s);          /* "es" */
/* Decodes in gdb's manner, lowest bit first: "[ PF ZF IOPL=3 ]", "[ PE ET PG ]", "[ ]". Cut to size, always
 * terminated; 160 bytes hold any of them. */
void rflags_format(u64 rflags, char *buf, size_t size);
void cr0_format(u64 cr0, char *buf, size_t size);
void cr4_format(u64 cr4, char *buf, size_t size);
void efer_format(u64 efer, char *buf, size_t size);
void dr6_format(u64 dr6, char *buf, size_t size); /* without blanks: "[BS,B0]", "[]"; BLD and RTM active low */
void dr7_format(u64 dr7, char *buf, size_t size); /* "[dr0:w4 L, dr1:x G, GD]" */

/*
 * The register list: one table for `info registers`, $names, completion and traces.
 */
enum reg_kind { REGK_GPR, REGK_RIP, REGK_FLAGS, REGK_SEG, REGK_CR /* and EFER */, REGK_DR, REGK_MSR, REGK_SYS,
		REGK_SUB, REGK_FPU /* x87 and SSE control */, REGK_ST, REGK_XMM };
struct reg_desc {
	const char *name;
	u8 kind;   /* enum reg_kind */
	u8 size;   /* bytes */
	u8 group;  /* mask of enum reg_group: what must be known to read or write it */
	bool in_info; /* shown by plain `info registers` */
	u8 _how, _shift; /* registers.c's */
	u16 _offset;
	u8 _bytes;
};
/* All registers in display order; *ret_n entries. Sub-registers (eax, ax, al, ah, eip...) come last. */
const struct reg_desc *reg_table(size_t *ret_n);
/* Look up by name without the $; also pc, sp, fp (rows of their own among the sub-registers) and the
 * aliases flags, ps, rflags (eflags), r8b; NULL if unknown. Case-insensitive. */
const struct reg_desc *reg_find(const char *name);
/* pc, sp and fp follow the mode's width (sp and fp: the stack segment's). Of registers wider than 8
 * bytes (st0, xmm0) the low 8. */
u64 reg_get(const struct cpu_state *c, const struct reg_desc *r);
/* Sets the field, sub-registers merged as the CPU does (eax clears the upper half), excess bits cut.
 * A selector sets its base in real and v86 mode only. -EINVAL if read-only (ldtr, tr). Of registers
 * wider than 8 bytes the low 8 are set, the others kept. */
int reg_set(struct cpu_state *c, const struct reg_desc *r, u64 value);
/* Bytes that count now: `size`, or for pc, sp and fp what the mode says. */
unsigned reg_width(const struct cpu_state *c, const struct reg_desc *r);
/* Where the value lies in `c`: for the wide ones (st0: 10 bytes, xmm0: 16), little-endian. */
const u8 *reg_bytes(const struct cpu_state *c, const struct reg_desc *r);

#endif
