/*
 * cfi.h - call frame information: at an address, where the caller's registers are.
 *
 * Implemented by src/symbols/cfi*.c (sections .eh_frame and .debug_frame, DWARF 2 to 5 and the
 * psABI's additions), used by the unwinder in src/debug/. Registers are DWARF's numbers here. What is
 * returned points into the symbols and lives as long as they do.
 */
#ifndef VMSTEP_CFI_H
#define VMSTEP_CFI_H

#include <vmstep/err.h>

struct symbols;

enum { CFI_COLUMNS = 64 }; /* registers with a higher number are no general registers on x86 */

/* A DWARF expression. */
struct cfi_expr {
	const u8 *bytes;
	u32 n;
};

enum cfi_rule {
	CFI_UNSPECIFIED,    /* nothing was said */
	CFI_UNDEFINED,      /* cannot be recovered; of the return address: there is no caller */
	CFI_SAME,           /* still in the register */
	CFI_OFFSET,         /* in memory at CFA + offset */
	CFI_VAL_OFFSET,     /* is CFA + offset */
	CFI_REGISTER,       /* in another register */
	CFI_EXPRESSION,     /* in memory at what the expression gives, which starts with the CFA */
	CFI_VAL_EXPRESSION, /* is what the expression gives */
};
struct cfi_cell {
	u8 rule;   /* enum cfi_rule */
	u8 column; /* CFI_REGISTER */
	s64 offset;
	struct cfi_expr expr;
};

/* What holds at one address. */
struct cfi_row {
	u64 start, end;      /* the guest's code it belongs to: one function, as a rule */
	u64 bias;            /* guest - link address, for DW_OP_addr */
	u8 address_size;     /* 4 or 8: which numbering of registers it uses */
	bool signal;         /* augmentation S: the frame of a handler; the caller was interrupted */
	bool cfa_is_expr;
	u8 cfa_column;
	s64 cfa_offset;
	struct cfi_expr cfa_expr;
	u8 ra_column;        /* of the return address */
	struct cfi_cell cell[CFI_COLUMNS];
};

/* 0; -ENOENT: nothing is said of that address (no sentence); -EBADMSG: damaged, with a sentence. */
int cfi_at(struct symbols *s, u64 guest, struct cfi_row *ret, struct err *err);

/* What an expression may ask. */
struct cfi_machine {
	bool (*reg)(void *arg, u64 column, u64 *ret);
	bool (*read)(void *arg, u64 addr, unsigned size, u64 *ret); /* little-endian, size 1..8 */
	void *arg;
	u64 bias;
	u8 address_size;
};
/*
 * Evaluate an expression; `initial` (the CFA) is pushed first unless NULL. Branches may loop: the
 * number of operations is bounded. -EFAULT: a register or memory that cannot be had; -EBADMSG: no
 * such operation, a stack that under- or overflows, too many operations; always with a sentence.
 */
int cfi_evaluate(const struct cfi_machine *m, const struct cfi_expr *e, const u64 *initial, u64 *ret,
		 struct err *err);

#endif
