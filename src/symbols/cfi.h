/*
 * cfi.h - reading call frame information from the bytes of a section. Inside src/symbols/ only.
 *
 * It is not libdwarf's reader that is used: .eh_frame lies in the program and .debug_frame in its
 * separate debug file, a program without any DWARF has .eh_frame too, and a rule's cost and depth must
 * be bounded here, as the file may be made to harm. Every offset is checked against the section.
 */
#ifndef VMSTEP_SYMBOLS_CFI_H
#define VMSTEP_SYMBOLS_CFI_H

#include <vmstep/cfi.h>

struct cfi_section {
	const u8 *bytes;
	u64 size;
	u64 addr;        /* link address of the first byte, for pc-relative pointers */
	bool eh;         /* .eh_frame, else .debug_frame */
	u8 address_size; /* of the file: 4 or 8 */
};

/* A place in a section: what is behind `end` is not read, `bad` sticks once that was tried. */
struct cfi_cursor {
	const struct cfi_section *sec;
	u64 at, end;
	bool bad;
};
u64 cfi_uint(struct cfi_cursor *c, unsigned size);
u64 cfi_uleb(struct cfi_cursor *c);
s64 cfi_sleb(struct cfi_cursor *c);
/* A pointer in one of the DW_EH_PE_ encodings, as a link address. */
u64 cfi_pointer(struct cfi_cursor *c, u8 encoding, u8 address_size);
/* `n` bytes as they stand; NULL when there are not as many. */
const u8 *cfi_bytes(struct cfi_cursor *c, u64 n);

/* A Common Information Entry, as far as it is needed. */
struct cfi_cie {
	u64 code_align;
	s64 data_align;
	u64 ra_column;
	u8 address_size, pointer_encoding;
	bool augmented; /* z: each FDE has augmentation data */
	bool signal;
	struct cfi_cursor program;
};
/* A Frame Description Entry: link addresses, end exclusive. */
struct cfi_fde {
	u64 start, end;
	struct cfi_cie cie;
	struct cfi_cursor program;
};

/* Where the entry for an address is. */
struct cfi_span {
	u64 start, end; /* link */
	u64 entry;      /* offset of the FDE */
};
/* All FDEs in the order of their addresses; *ret is malloced. What is damaged is left out and
 * counted in *ret_bad. 0 or -ENOMEM. */
int cfi_spans(const struct cfi_section *sec, struct cfi_span **ret, u32 *ret_n, u32 *ret_bad);
/* The FDE at an offset; false where there is none that can be read. */
bool cfi_fde_read(const struct cfi_section *sec, u64 offset, struct cfi_fde *ret);
/* Run both programs up to link address `pc`. Fills all of the row but start, end and bias. */
int cfi_run(const struct cfi_fde *fde, u64 pc, struct cfi_row *ret, struct err *err);

#endif
