/* accept_catch.c - whether what happened at a stop is what a catchpoint waits for; see accept.h. */
#include "accept.h"

static u32 insn_catches(const struct stop *st)
{
	struct insn in;

	if (!st->n_from || st->retired == 0)
		return 0;
	insn_decode(mode_bits(st->from_mode), st->from_bytes, st->n_from, &in);
	return catches_of_class(in.facts.cls);
}

/* Not INT n: in real mode BIOS calls have the exceptions' vectors. */
static bool is_exception(u8 type)
{
	return type == INTR_HARD_EXC || type == INTR_SOFT_EXC || type == INTR_PRIV_SOFT_EXC;
}

u32 stop_catches(const struct stop *st)
{
	static const struct {
		u8 cause;
		u32 bit;
	} by_cause[] = {
		{ CAUSE_ICEBP, CATCH_ICEBP }, { CAUSE_INT3, CATCH_INT3 },
		{ CAUSE_HLT, CATCH_HLT },     { CAUSE_IO, CATCH_IO },
		{ CAUSE_MMIO, CATCH_MMIO },   { CAUSE_EXCEPTION, CATCH_EXCEPTION },
	};
	u32 bits = insn_catches(st);

	for (size_t i = 0; i < ARRAY_SIZE(by_cause); i++)
		if (st->causes & CAUSE_BIT(by_cause[i].cause))
			bits |= by_cause[i].bit;
	if ((st->ev.kind == EVIDENCE_KVM && st->ev.kvm.gpa) || (st->ev.kind == EVIDENCE_SOFT && st->ev.vmx.gpa))
		bits |= CATCH_MMIO;
	if (st->has_event && !st->event_rep && st->event_vector < 32 &&
	    is_exception(st->event_type))
		bits |= CATCH_EXCEPTION;
	return bits;
}

/*
 * The port of the I/O at this stop: from the evidence, else from the instruction (SDM volume 2 IN,
 * OUT: imm8 with opcodes E4-E7, else DX, which neither IN nor OUT nor INS nor OUTS changes).
 */
static u16 io_port(const struct stop *st)
{
	if (st->ev.kind == EVIDENCE_KVM && (st->causes & CAUSE_BIT(CAUSE_IO)) && st->ev.kvm.size)
		return st->ev.kvm.port;
	for (unsigned i = 0; i + 1 < st->n_from; i++) {
		u8 b = st->from_bytes[i];

		if (b >= 0xe4 && b <= 0xe7)
			return st->from_bytes[i + 1];
		if ((b >= 0x6c && b <= 0x6f) || (b >= 0xec && b <= 0xef))
			break;
	}
	return st->gpr[GPR_RDX];
}

static u8 event_vector(const struct stop *st)
{
	if (!st->has_event && st->ev.kind == EVIDENCE_KVM &&
	    (st->causes & CAUSE_BIT(CAUSE_EXCEPTION)))
		return st->ev.kvm.exception;
	return st->event_vector;
}

bool catch_matches(const struct stop *st, const struct upoint *p, u32 happened)
{
	u32 both = p->catches & happened;

	if (both & CATCH_IO) {
		u16 port = io_port(st);

		if (port < p->port_lo || port > p->port_hi)
			both &= ~CATCH_IO;
	}
	if ((both & CATCH_EXCEPTION) && p->vectors && !(p->vectors & BIT(event_vector(st) & 31)))
		both &= ~CATCH_EXCEPTION;
	return both;
}
