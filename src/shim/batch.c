/*
 * batch.c - boundaries that the host need not see one by one: passed here, with a record each. What may
 * be passed is the host's choice (struct batch); this file only compares.
 */
#include "shim.h"

#include <vmstep/x86_tables.h>

enum { EXIT_REASON_MTF = 37 };
#define CPUID_PAGE1GB BIT(26) /* 80000001.EDX */

static struct cpu_state walk;  /* what a page walk needs of L2 */
static u64 here;               /* index of the instruction at the boundary now */
static u32 nmis;

/* RAM and ROM of the machine are mapped where L2 has them, read-only. */
static int phys_read(void *arg, u64 gpa, void *buf, size_t n)
{
	const u8 *from = (const u8 *)gpa;
	u8 *to = buf;

	(void)arg;
	for (u32 i = 0; i < batch.n_ranges; i++) {
		if (gpa - batch.range[i].gpa >= batch.range[i].size ||
		    n > batch.range[i].size - (gpa - batch.range[i].gpa))
			continue;
		while (n--)
			*to++ = *from++;
		return 0;
	}
	return -1;
}

static const struct phys_ops memory = { .read = phys_read };

static u64 linear_rip(void)
{
	u64 rip = mailbox.core[CORE_RIP];

	if (batch.bits == 64)
		return rip;
	return (u32)(batch.cs_base + (batch.bits == 16 ? (u16)rip : (u32)rip));
}

/* Is the instruction in memory there the one of the table? */
static bool is_known(u64 lin, u64 index)
{
	const struct batch_insn *i = &batch.insn[index];
	u8 bytes[15];

	if (i->lin != lin || i->bits != batch.bits || !i->n ||
	    linear_read(&walk, &memory, lin, bytes, i->n) != i->n)
		return false;
	for (unsigned k = 0; k < i->n; k++)
		if (bytes[k] != i->bytes[k])
			return false;
	return true;
}

static void record_write(u64 index)
{
	struct batch_record *r = &batch.record[batch.n++];

	for (unsigned i = 0; i < CORE_COUNT; i++)
		r->core[i] = mailbox.core[i];
	for (unsigned i = 0; i < EXIT_SHORT; i++)
		r->exit[i] = mailbox.exit[i];
	for (unsigned i = 0; i < GPR_COUNT; i++)
		r->gpr[i] = mailbox.gpr[i];
	r->insn = index;
}

/* BATCH_VISIT: nothing against going on. */
static enum batch_left why_stay(u64 *ret_index)
{
	const struct batch_insn *from = &batch.insn[here];
	u64 lin = linear_rip();

	*ret_index = batch_hash(lin);
	if (mailbox.exit[EXIT_REASON] != EXIT_REASON_MTF)
		return BATCH_EXIT;
	if (batch.n >= batch.limit)
		return BATCH_FULL;
	if (*(volatile u32 *)&batch.recall || *(volatile u32 *)&mailbox.nmis != nmis)
		return BATCH_RECALL;
	if (mailbox.core[CORE_PENDING_DBG] || (mailbox.core[CORE_RFLAGS] & FL_TF))
		return BATCH_DUE;
	if (lin != from->next && lin != from->target)
		return BATCH_ELSEWHERE;
	return is_known(lin, *ret_index) ? BATCH_VISIT : BATCH_MISS;
}

/* 1-GiB pages, by which the host maps L2's memory for this file. */
void batch_init(void)
{
	u32 a = 0x80000000, b, c = 0, d;

	cpuid(&a, &b, &c, &d);
	if (a < 0x80000001)
		return;
	a = 0x80000001;
	c = 0;
	cpuid(&a, &b, &c, &d);
	batch.usable = !!(d & CPUID_PAGE1GB);
}

void batch_start(void)
{
	batch.n = 0;
	batch.left = BATCH_VISIT;
	here = batch.first;
	nmis = mailbox.nmis;
	walk.cr0 = batch.cr0;
	walk.cr3 = batch.cr3;
	walk.cr4 = batch.cr4;
	walk.efer = batch.efer;
}

bool batch_goes_on(void)
{
	u64 index;

	if (!batch.limit)
		return false;
	batch.left = why_stay(&index);
	if (batch.left != BATCH_VISIT)
		return false;
	record_write(index);
	here = index;
	return true;
}
