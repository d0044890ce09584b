/*
 * cache.c - what is kept of memory and of its translations: INVLPG, INVPCID, INVD, WBINVD, CLFLUSH,
 * CLFLUSHOPT, CLWB. Memory has no caches here, so that nothing is dirty and nothing is lost; of a
 * flush its checks are left.
 *
 * SDM volume 2, the sections of these names; SDM volume 3, "Operations that Invalidate TLBs and
 * Paging-Structure Caches".
 */
#include <Zydis/Zydis.h>

#include "model/system.h"

/* In 64-bit mode a non-canonical address does nothing. */
static enum ex invlpg(struct model *m, const struct op *o)
{
	u64 lin;

	TRY(need_cpl0(m));
	lin = seg_linear(m, o->opnd[0].seg, op_address(m, o, &o->opnd[0]));
	if (m->bits != 64 || canonical(lin))
		tlb_flush_page(m, lin);
	return EX_DONE;
}

enum invpcid_type { INVPCID_ADDRESS, INVPCID_CONTEXT, INVPCID_ALL, INVPCID_LOCAL, INVPCID_TYPES };

/* The descriptor: PCID in bits 11:0, 63:12 reserved, and the linear address. */
static enum ex invpcid(struct model *m, const struct op *o)
{
	const struct opnd *d = &o->opnd[1];
	u64 type, descriptor[2], pcid;

	TRY(need_cpl0(m));
	TRY(op_read(m, o, 0, &type));
	TRY(mem_read_bytes(m, d->seg, op_address(m, o, d), 16, descriptor));
	pcid = descriptor[0];
	if (type >= INVPCID_TYPES || pcid >> 12)
		return raise_code(m, EXC_GP, 0);
	if (type <= INVPCID_CONTEXT && pcid && !(m->c.cr4 & CR4_PCIDE))
		return raise_code(m, EXC_GP, 0);
	if (type == INVPCID_ADDRESS && !canonical(descriptor[1]))
		return raise_code(m, EXC_GP, 0);
	if (type == INVPCID_ADDRESS)
		tlb_flush_address(m, pcid, descriptor[1]);
	else if (type == INVPCID_CONTEXT)
		tlb_flush_context(m, pcid);
	else if (type == INVPCID_ALL)
		tlb_flush(m);
	else
		tlb_flush_local(m);
	return EX_DONE;
}

static enum ex wbinvd(struct model *m, const struct op *o)
{
	return need_cpl0(m);
}

/*
 * The checks of a load of one byte; from a segment that only executes it is allowed. A page fault
 * and the accessed bit are as a load's.
 */
static enum ex line_flush(struct model *m, const struct op *o)
{
	const struct opnd *d = &o->opnd[0];
	const struct segment *s = &m->c.seg[d->seg];
	u64 off = op_address(m, o, d), byte;

	if (!is_protected(m) || m->bits == 64 || (s->attr & 0x9a) != 0x98)
		return mem_read(m, d->seg, off, 1, &byte);
	if (off > s->limit)
		return raise_code(m, EXC_GP, 0);
	return lin_read(m, seg_linear(m, d->seg, off), 1, m->cpl, &byte);
}

const struct op_row cache_ops[] = {
	{ ZYDIS_MNEMONIC_INVLPG, invlpg },        { ZYDIS_MNEMONIC_INVPCID, invpcid },
	{ ZYDIS_MNEMONIC_INVD, wbinvd },          { ZYDIS_MNEMONIC_WBINVD, wbinvd },
	{ ZYDIS_MNEMONIC_CLFLUSH, line_flush },   { ZYDIS_MNEMONIC_CLFLUSHOPT, line_flush },
	{ ZYDIS_MNEMONIC_CLWB, line_flush },      { 0, NULL },
};
