/*
 * event.c - the delivery of an event, which no exit reports: MTF is then at the handler's first
 * instruction (SDM "Monitor Trap Flag").
 */
#include "engine/mtf/mtf.h"

/* The vector whose gate leads here with the instruction's address in its frame: the instruction
 * faulted, or an interrupt came before it. The exit itself does not tell. */
static bool event_deduce(struct mtf_engine *m, const struct at *from, u8 *ret)
{
	u64 mask = from->bits == 64 ? ~0ull : from->bits == 32 ? 0xffffffff : 0xffff, lin;

	for (unsigned v = 0; v < 256; v++) {
		if (v == EXC_NMI || !gate_target(&m->k, v, &lin) || lin != m->k.at.lin)
			continue;
		if ((frame_rip(&m->k, v) & mask) == (from->rip & mask)) {
			*ret = v;
			return true;
		}
	}
	return false;
}

static void event_tell(struct mtf_engine *m, struct step *st, u8 vector, u8 type, s32 retired)
{
	frame_tell(&m->k, &st->stop, vector, type);
	st->v.causes |= CAUSE_BIT(CAUSE_EVENT);
	st->v.retired = retired;
}

/* What the instruction itself delivers unless it exits; MTF rules 5 and 9. */
static bool is_own_event(const struct step *st)
{
	switch (st->from.insn.facts.cls) {
	case INSN_INTN:
	case INSN_INTO:
		return true;
	case INSN_ICEBP:
		return !st->armed.db_exiting;
	case INSN_INT3:
		return !st->armed.bp_exiting;
	default:
		return false;
	}
}

/* A trap that was pending comes before the instruction and leads to the same handler. */
static bool is_behind(const struct at *from, u64 frame)
{
	u64 mask = from->bits == 64 ? ~0ull : from->bits == 32 ? 0xffffffff : 0xffff;

	return ((frame ^ (from->rip + from->insn.facts.length)) & mask) == 0;
}

static u8 own_type(const struct insn *i)
{
	return i->facts.cls == INSN_INTN ? INTR_SOFT_INT :
	       i->facts.cls == INSN_ICEBP ? INTR_PRIV_SOFT_EXC : INTR_SOFT_EXC;
}

void event_look(struct mtf_engine *m, struct step *st, const struct guest_event *injected)
{
	const struct insn *i = &st->from.insn;
	u64 lin;
	u8 vector;

	if (injected->type == INTR_EXTERNAL && !injected->vector && mtf_explained(&st->from, &m->k.at))
		return;
	regs_sys(&m->k, &m->k.cpu);
	if (injected->type || injected->vector) {
		event_tell(m, st, injected->vector, injected->type, 0);
		stop_did(&st->stop, DID_DELIVER, injected->vector, frame_rip(&m->k, injected->vector), m->k.at.lin);
	} else if (is_own_event(st) && gate_target(&m->k, i->vector, &lin) && lin == m->k.at.lin &&
		   is_behind(&st->from, frame_rip(&m->k, i->vector))) {
		event_tell(m, st, i->vector, own_type(i), 1);
	} else if (event_deduce(m, &st->from, &vector)) {
		event_tell(m, st, vector, vector < 32 ? INTR_HARD_EXC : INTR_EXTERNAL, 0);
		st->v.proof = PROOF_DEDUCED; /* from the gate and the frame: no exit reports a delivery */
	}
}
