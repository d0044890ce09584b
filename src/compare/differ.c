/* differ.c - see differ.h. */
#include <linux/kvm.h>
#include <stdio.h>
#include <string.h>
#include <vmstep/trace.h>

#include "compare/differ.h"

/* RF is how a processor carries a code breakpoint past; engines keep it differently between two
 * steps, and the guest sees it in frames only. */
#define FLAGS_COMPARED (~(u64)(FL_RF | FL_TF))
/* Engine soft switches these off at the start where it has no SSE. */
#define CR4_COMPARED   (~(u64)(CR4_OSFXSR | CR4_OSXMMEXCPT))

static const char *const names[FIELD_GPR] = {
	[FIELD_RIP] = "rip",	   [FIELD_CAUSE] = "cause",	[FIELD_EVENT] = "event",
	[FIELD_PENDING] = "pending", [FIELD_MODE] = "mode",	[FIELD_FLAGS] = "rflags",
	[FIELD_SEGMENT] = "segment", [FIELD_CONTROL] = "control", [FIELD_TF] = "tf",
	[FIELD_ENDED] = "ended",
};
static const char *const gpr_names[GPR_COUNT] = {
	"rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi",
	"r8",  "r9",  "r10", "r11", "r12", "r13", "r14", "r15",
};

const char *field_name(unsigned f)
{
	return f < FIELD_GPR ? names[f] : gpr_names[f - FIELD_GPR];
}

#define FL_ARITH (FL_OF | FL_SF | FL_ZF | FL_AF | FL_PF | FL_CF)
/* SDM volume 2, "Flags Affected" of each; of shifts and rotates whatever the count may leave so. */
static const struct {
	const char *mnemonic;
	u64 flags;
} undefined[] = {
	{ "and", FL_AF },
	{ "or", FL_AF },
	{ "xor", FL_AF },
	{ "test", FL_AF },
	{ "mul", FL_SF | FL_ZF | FL_AF | FL_PF },
	{ "imul", FL_SF | FL_ZF | FL_AF | FL_PF },
	{ "div", FL_ARITH },
	{ "idiv", FL_ARITH },
	{ "bsf", FL_ARITH & ~FL_ZF },
	{ "bsr", FL_ARITH & ~FL_ZF },
	{ "bt", FL_OF | FL_SF | FL_AF | FL_PF },
	{ "bts", FL_OF | FL_SF | FL_AF | FL_PF },
	{ "btr", FL_OF | FL_SF | FL_AF | FL_PF },
	{ "btc", FL_OF | FL_SF | FL_AF | FL_PF },
	{ "shl", FL_OF | FL_AF | FL_CF },
	{ "shr", FL_OF | FL_AF | FL_CF },
	{ "sar", FL_OF | FL_AF },
	{ "rol", FL_OF },
	{ "ror", FL_OF },
	{ "rcl", FL_OF },
	{ "rcr", FL_OF },
	{ "shld", FL_ARITH },
	{ "shrd", FL_ARITH },
	{ "aaa", FL_OF | FL_SF | FL_ZF | FL_PF },
	{ "aas", FL_OF | FL_SF | FL_ZF | FL_PF },
	{ "aam", FL_OF | FL_AF | FL_CF },
	{ "aad", FL_OF | FL_AF | FL_CF },
	{ "daa", FL_OF },
	{ "das", FL_OF },
};

u64 flags_differ(const struct stop *a, const struct stop *b)
{
	return (a->rflags ^ b->rflags) & FLAGS_COMPARED;
}

/* A device's access ends a step on one engine and not on another: no event of the processor. */
u32 guest_causes(const struct stop *st)
{
	return st->causes & ~(CAUSE_BIT(CAUSE_MTF) | CAUSE_BIT(CAUSE_TF) | CAUSE_BIT(CAUSE_IO) |
			      CAUSE_BIT(CAUSE_MMIO) | CAUSE_BIT(CAUSE_INTERRUPT));
}

static bool event_differs(const struct stop *a, const struct stop *b)
{
	const bool has_a = a->has_event && !a->event_rep, has_b = b->has_event && !b->event_rep;

	return has_a != has_b || (has_a && (a->event_vector != b->event_vector ||
					    a->event_error != b->event_error));
}

static bool control_differs(const struct stop *a, const struct stop *b)
{
	return a->cr0 != b->cr0 || a->cr2 != b->cr2 || a->cr3 != b->cr3 ||
	       ((a->cr4 ^ b->cr4) & CR4_COMPARED);
}

u32 stops_differ(const struct lane *la, const struct lane *lb)
{
	const struct stop *a = &la->now.stop, *b = &lb->now.stop;
	u32 mask = 0;

	if (a->lin != b->lin || a->rip != b->rip)
		mask |= BIT(FIELD_RIP);
	if (guest_causes(a) != guest_causes(b))
		mask |= BIT(FIELD_CAUSE);
	if (event_differs(a, b))
		mask |= BIT(FIELD_EVENT);
	if (a->pending != b->pending || (a->pending && a->pending_vector != b->pending_vector))
		mask |= BIT(FIELD_PENDING);
	if (a->mode != b->mode || a->cpl != b->cpl)
		mask |= BIT(FIELD_MODE);
	if (flags_differ(a, b))
		mask |= BIT(FIELD_FLAGS);
	if (memcmp(a->sel, b->sel, sizeof(a->sel)))
		mask |= BIT(FIELD_SEGMENT);
	if (control_differs(a, b))
		mask |= BIT(FIELD_CONTROL);
	if ((a->rflags ^ b->rflags) & FL_TF)
		mask |= BIT(FIELD_TF);
	if (la->now.ended != lb->now.ended)
		mask |= BIT(FIELD_ENDED);
	for (unsigned i = 0; i < GPR_COUNT; i++)
		if (a->gpr[i] != b->gpr[i])
			mask |= BIT(FIELD_GPR + i);
	return mask;
}

static void causes_put(const struct stop *st, struct strbuf *out)
{
	const u32 causes = guest_causes(st);
	const char *sep = "";

	for (unsigned c = 0; c < CAUSE_COUNT; c++) {
		if (!(causes & CAUSE_BIT(c)))
			continue;
		strbuf_addf(out, "%s%s", sep, cause_name(c));
		sep = "+";
	}
	if (!causes)
		strbuf_adds(out, "a step");
}

static void event_put(const struct stop *st, struct strbuf *out)
{
	if (!st->has_event || st->event_rep)
		strbuf_adds(out, "none");
	else
		strbuf_addf(out, "vector %u", st->event_vector);
	if (st->has_event && st->event_has_error)
		strbuf_addf(out, " error 0x%x", st->event_error);
}

static void hex_put(const char *name, u64 v, struct strbuf *out)
{
	strbuf_addf(out, "%s%s", name, *name ? " " : "");
	strbuf_addhex(out, v, true);
}

void field_put(const struct lane *l, unsigned f, struct strbuf *out)
{
	const struct stop *st = &l->now.stop;

	switch (f) {
	case FIELD_RIP:
		hex_put("", st->lin, out);
		break;
	case FIELD_CAUSE:
		causes_put(st, out);
		break;
	case FIELD_EVENT:
		event_put(st, out);
		break;
	case FIELD_PENDING:
		strbuf_addf(out, st->pending ? "vector %u" : "none", st->pending_vector);
		break;
	case FIELD_MODE:
		strbuf_addf(out, "%s cpl %u", mode_name(st->mode), st->cpl);
		break;
	case FIELD_FLAGS:
		hex_put("", st->rflags & FLAGS_COMPARED, out);
		break;
	case FIELD_SEGMENT:
		for (unsigned i = 0; i < SEG_COUNT; i++)
			strbuf_addf(out, "%s%x", i ? " " : "", st->sel[i]);
		break;
	case FIELD_CONTROL:
		hex_put("cr0", st->cr0, out);
		hex_put(" cr2", st->cr2, out);
		hex_put(" cr3", st->cr3, out);
		hex_put(" cr4", st->cr4 & CR4_COMPARED, out);
		break;
	case FIELD_TF:
		strbuf_adds(out, st->rflags & FL_TF ? "on" : "off");
		break;
	case FIELD_ENDED:
		strbuf_adds(out, l->now.ended ? cause_name(st->first) : "goes on");
		break;
	default:
		hex_put("", st->gpr[f - FIELD_GPR], out);
	}
}

void mnemonic_of(const struct stop *st, char *buf, size_t size)
{
	char text[128];
	size_t n = 0;

	if (st->n_from && st->first != CAUSE_START)
		n = insn_format(mode_bits(st->from_mode), st->from_bytes, st->n_from, st->from_lin, NULL,
				NULL, text, sizeof(text));
	text[n] = '\0';
	snprintf(buf, size, "%.*s", n ? (int)strcspn(text, " ") : 1, n ? text : "-");
}

u64 flags_undefined(const struct stop *st)
{
	char word[32];

	mnemonic_of(st, word, sizeof(word));
	for (size_t i = 0; i < ARRAY_SIZE(undefined); i++)
		if (!strcmp(word, undefined[i].mnemonic))
			return undefined[i].flags;
	return 0;
}

/* What a processor is asked for, and what does not come from the guest's own memory. */
const char *input_taken(const struct lane *l)
{
	static const char *const takes[] = { "rdtsc", "rdtscp", "rdrand", "rdseed", "rdpmc", "rdmsr",
					     "cpuid", "in", "insb", "insw", "insd", "rdpid" };
	const struct stop *st = &l->now.stop;
	char word[32];

	if (st->has_event && !st->event_rep &&
	    (st->event_type == INTR_EXTERNAL || st->event_type == INTR_NMI))
		return "an interrupt";
	if (st->ev.kind == EVIDENCE_KVM && st->ev.kvm.reason == KVM_EXIT_MMIO && !st->ev.kvm.is_write)
		return "a read from a device";
	mnemonic_of(st, word, sizeof(word));
	if (!strcmp(word, "rep"))
		return l->now.stop.n_from && (st->from_bytes[1] & 0xfe) == 0x6c ? "ins" : NULL;
	for (size_t i = 0; i < ARRAY_SIZE(takes); i++)
		if (!strcmp(word, takes[i]))
			return takes[i];
	return NULL;
}
