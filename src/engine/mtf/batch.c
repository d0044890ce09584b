/*
 * batch.c - steps that the shim takes without the host (struct batch): what may be passed is said here,
 * and what was passed is told as stops afterwards by the very code that tells visited ones (step.c): a
 * record is loaded in the place of a trip.
 *
 * Passed are boundaries between instructions that change nothing but general registers, flags and
 * memory, and at which nothing of the user's is: no execute point, no trap pending or to come. Whatever
 * else happens ends the batch at the boundary it shows at, with the guest still there.
 */
#include "engine/mtf/mtf.h"

#include <string.h>

enum { AHEAD = 24 /* instructions entered in the table before they are reached */ };

/* ---- the table ------------------------------------------------------------------------------------- */

static u64 linear_mask(unsigned bits)
{
	return bits == 64 ? ~0ull : 0xffffffff;
}

static bool is_plain(const struct insn *i)
{
	switch (i->facts.cls) {
	case INSN_OTHER:
	case INSN_PUSHF:
	case INSN_POPF:
	case INSN_STI:
	case INSN_CLI:
		break;
	default:
		return false;
	}
	/* A RET or an indirect branch leads where no table can say. */
	if (!i->facts.length || (i->facts.flags & INSNF_RET) ||
	    ((i->facts.flags & (INSNF_CALL | INSNF_BRANCH)) && !i->has_target))
		return false;
	return !insn_may_change_sys(i);
}

static bool holds(const struct batch_insn *e, unsigned bits, u64 lin, const u8 *bytes, size_t n)
{
	return e->lin == lin && e->bits == bits && e->n && n >= e->n && !memcmp(e->bytes, bytes, e->n);
}

static void entry_set(struct batch_insn *e, unsigned bits, u64 lin, const struct insn *i)
{
	u64 next = (lin + i->facts.length) & linear_mask(bits);

	*e = (struct batch_insn){ .lin = lin, .next = next, .target = ~0ull, .n = i->facts.length, .bits = bits };
	if (i->facts.flags & INSNF_REP)
		e->target = lin; /* an iteration that is not the last */
	else if (i->has_target)
		e->target = (next + i->target_rel) & linear_mask(bits);
	memcpy(e->bytes, i->bytes, e->n);
}

/* The instructions that come after the boundary, as the bytes are now and up to one that is known or is
 * not to be passed. */
static void table_fill(struct mtf_engine *m)
{
	unsigned bits = m->k.at.bits;
	u64 lin = m->k.at.lin;

	for (unsigned n = 0; n < AHEAD; n++) {
		struct batch_insn *e = &m->batch->insn[batch_hash(lin)];
		const struct insn *i;
		u8 bytes[INSN_MAX];
		size_t size = linear_read(&m->k.cpu, &m->k.phys, lin, bytes, sizeof(bytes));

		if (!size || holds(e, bits, lin, bytes, size) || point_exec_at(&m->k, lin))
			return;
		i = insn_cache_get(m->k.insns, bits, lin, bytes, size);
		if (!is_plain(i))
			return;
		entry_set(e, bits, lin, i);
		lin = i->has_target && !(i->facts.flags & INSNF_COND) ? e->target : e->next;
	}
}

/* Points may have been set since. */
static void points_leave_out(struct mtf_engine *m)
{
	for (size_t i = 0; i < m->k.n_points; i++) {
		struct batch_insn *e = &m->batch->insn[batch_hash(m->k.points[i].p.addr)];

		if (m->k.points[i].p.kind == POINT_EXEC && e->lin == m->k.points[i].p.addr)
			e->n = 0;
	}
}

/* ---- before the entry ------------------------------------------------------------------------------ */

static bool may_batch(const struct mtf_engine *m)
{
	const struct plan *p = m->k.r.plan;

	return m->batch->usable && m->batch->n_ranges && p->mode == PLAN_STEP && p->mtf && p->batch &&
	       !m->k.by_address && !m->asleep && !m->injecting && !m->sys_stale && !m->k.r.interrupted &&
	       !m->k.guest_tf && !m->mb->core[CORE_PENDING_DBG] && m->k.r.event == MACHINE_NONE &&
	       !m->served /* this boundary's: the step is not over (rep_again()) */;
}

/* Stops the caller wants and has room for, but for the one the shim stays at. */
static u32 room(const struct mtf_engine *m)
{
	u64 left = m->k.r.plan->count - (m->k.r.rec.seq - m->k.r.first);
	u32 slots = m->k.r.rec.ring->size - ring_used(m->k.r.rec.ring);
	u64 n = left < slots ? left : slots;

	return n < 2 ? 0 : n - 1 < BATCH_RECORDS ? n - 1 : BATCH_RECORDS;
}

void batch_order(struct mtf_engine *m, bool mtf)
{
	struct batch *b = m->batch;
	const struct at *a = &m->k.at;
	const struct batch_insn *e = &b->insn[batch_hash(a->lin)];

	b->limit = b->n = b->recall = 0;
	if (!mtf || !may_batch(m) || !(b->limit = room(m)))
		return;
	points_leave_out(m);
	if (!holds(e, a->bits, a->lin, a->bytes, a->n_bytes))
		table_fill(m);
	if (!holds(e, a->bits, a->lin, a->bytes, a->n_bytes)) {
		b->limit = 0;
		return;
	}
	b->first = batch_hash(a->lin);
	b->bits = a->bits;
	b->cs_base = m->k.s->sregs.cs.base;
	b->cr0 = m->k.cpu.cr0;
	b->cr3 = m->k.cpu.cr3;
	b->cr4 = m->k.cpu.cr4;
	b->efer = m->k.cpu.efer;
	m->before.cr2 = m->mb->cr2;
}

/* ---- telling what was passed ----------------------------------------------------------------------- */

/* What the trip brought belongs to the boundary the shim stayed at: put aside till the records are told. */
void batch_take(struct mtf_engine *m)
{
	struct mailbox *b = m->mb;

	m->record = 0;
	m->n_records = m->batch->n;
	/* A shim that failed is not believed. */
	if (m->n_records > BATCH_RECORDS || (m->came.end == TRIP_DEAD && m->came.died.kind == EVIDENCE_SHIM))
		m->n_records = 0;
	if (!m->n_records)
		return;
	m->n_batches++;
	m->n_passed += m->n_records;
	memcpy(m->after.core, b->core, sizeof(b->core));
	memcpy(m->after.exit, b->exit, sizeof(b->exit));
	memcpy(m->after.gpr, b->gpr, sizeof(b->gpr));
	m->after.cr2 = b->cr2;
	m->after.emulated = b->emulated;
	m->after.served = m->served;
	m->after.l0_mtf = m->l0_mtf;
	m->after.event = m->k.r.event;
	b->cr2 = m->before.cr2;
	b->emulated = EMULATED_NOT;
	memset(b->exit, 0, sizeof(b->exit));
	m->served = false;
	m->k.r.event = MACHINE_NONE;
}

static void after_load(struct mtf_engine *m)
{
	struct mailbox *b = m->mb;

	memcpy(b->core, m->after.core, sizeof(b->core));
	memcpy(b->exit, m->after.exit, sizeof(b->exit));
	memcpy(b->gpr, m->after.gpr, sizeof(b->gpr));
	b->cr2 = m->after.cr2;
	b->emulated = m->after.emulated;
	m->served = m->after.served;
	m->l0_mtf = m->after.l0_mtf;
	m->k.r.event = m->after.event;
	m->n_records = 0;
}

bool batch_waits(const struct mtf_engine *m)
{
	return m->n_records;
}

/* The instruction is the one the shim found there: memory has moved on since. */
static void at_tell(struct mtf_engine *m, const struct batch_insn *e)
{
	struct vcpu *k = &m->k;
	struct at *a = &k->at;

	k->cpu.rip = k->s->regs.rip;
	k->cpu.rflags = k->s->regs.rflags;
	a->rip = k->cpu.rip;
	a->lin = e->lin;
	a->shadow = k->s->events.interrupt.shadow;
	a->n_bytes = e->n;
	memcpy(a->bytes, e->bytes, e->n);
	a->insn = *insn_cache_get(k->insns, e->bits, e->lin, e->bytes, e->n);
}

bool batch_tell(struct mtf_engine *m)
{
	const struct batch_record *r = &m->batch->record[m->record];
	struct mailbox *b = m->mb;

	if (m->record == m->n_records) {
		if (m->n_records)
			after_load(m);
		return false;
	}
	m->record++;
	memcpy(b->core, r->core, sizeof(r->core));
	memcpy(b->exit, r->exit, sizeof(r->exit));
	memcpy(b->gpr, r->gpr, sizeof(r->gpr));
	state_load_registers(m);
	at_tell(m, &m->batch->insn[r->insn & (BATCH_INSNS - 1)]);
	return true;
}

/* ---- at the start ---------------------------------------------------------------------------------- */

void batch_create(struct mtf_engine *m)
{
	size_t n;
	const struct mem_region *r = machine_regions(m->k.r.base.machine, &n);

	m->batch = (struct batch *)(m->slot + (SHIM_BATCH - SHIM_GPA));
	for (size_t i = 0; n <= BATCH_RANGES && i < n; i++) {
		if (r[i].gpa + r[i].size > SHIM_GPA)
			continue;
		m->batch->range[m->batch->n_ranges].gpa = r[i].gpa;
		m->batch->range[m->batch->n_ranges++].size = r[i].size;
	}
}
