/* judge.c - what differs between the two sides, as one line. */
#include <string.h>

#include "diff.h"

static const char *const outcome_name[] = { "done", "shutdown", "cannot", "missing" };

/* In ring 3 the flags are in the frame on ring 0's stack. */
static u64 frame_flags(const u8 *ram)
{
	u64 v;

	memcpy(&v, ram + AT_RING0 - 24, 8);
	return v;
}

static const char *registers_judge(const struct cpu_state *k, const struct cpu_state *s,
				   u64 undefined, char *buf, size_t size)
{
	static const char *const names[] = {
		"rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi",
		"r8",  "r9",  "r10", "r11", "r12", "r13", "r14", "r15"
	};
	const char *what = NULL;
	u64 a = 0, b = 0;

	if (k->rip != s->rip) {
		what = "rip", a = k->rip, b = s->rip;
	} else if ((k->rflags ^ s->rflags) & ~undefined) {
		what = "rflags", a = k->rflags, b = s->rflags;
	} else if (k->cr2 != s->cr2) {
		what = "cr2", a = k->cr2, b = s->cr2;
	} else if (k->seg[SEG_CS].sel != s->seg[SEG_CS].sel) {
		what = "cs", a = k->seg[SEG_CS].sel, b = s->seg[SEG_CS].sel;
	} else if (k->seg[SEG_SS].sel != s->seg[SEG_SS].sel) {
		what = "ss", a = k->seg[SEG_SS].sel, b = s->seg[SEG_SS].sel;
	}
	for (unsigned i = 0; i < GPR_COUNT && !what; i++)
		if (k->gpr[i] != s->gpr[i])
			what = names[i], a = k->gpr[i], b = s->gpr[i];
	if (!what)
		return NULL;
	snprintf(buf, size, "%s kvm %#llx model %#llx", what, (unsigned long long)a,
		 (unsigned long long)b);
	return buf;
}

/* The hidden part counts only where there is one. */
static const char *segments_judge(const struct cpu_state *k, const struct cpu_state *s, char *buf,
				  size_t size)
{
	for (unsigned i = 0; i <= SEG_COUNT; i++) {
		const struct segment *a = i < SEG_COUNT ? &k->seg[i] : &k->ldtr;
		const struct segment *b = i < SEG_COUNT ? &s->seg[i] : &s->ldtr;
		bool there = a->attr & b->attr & ATTR_P;

		/* A null selector's hidden part is not to be seen. */
		if (a->sel == b->sel && !(a->sel & 0xfffc) && k->cr0 & CR0_PE)
			continue;
		if (a->sel == b->sel && (a->attr & ATTR_P) == (b->attr & ATTR_P) &&
		    (!there || (a->base == b->base && a->limit == b->limit && a->attr == b->attr)))
			continue;
		snprintf(buf, size, "%s kvm %x:%llx:%x:%x model %x:%llx:%x:%x",
			 i < SEG_COUNT ? seg_name(i) : "ldtr", a->sel, (unsigned long long)a->base,
			 a->limit, a->attr, b->sel, (unsigned long long)b->base, b->limit, b->attr);
		return buf;
	}
	if (k->cr0 == s->cr0)
		return NULL;
	snprintf(buf, size, "cr0 kvm %llx model %llx", (unsigned long long)k->cr0,
		 (unsigned long long)s->cr0);
	return buf;
}

static const char *memory_judge(const u8 *k, const u8 *s, char *buf, size_t size)
{
	if (!memcmp(k + AT_DATA, s + AT_DATA, AT_END - AT_DATA))
		return NULL;
	for (u32 at = AT_DATA; at < AT_END; at++)
		if (k[at] != s[at]) {
			snprintf(buf, size, "memory at %#x kvm %02x model %02x", at, k[at], s[at]);
			return buf;
		}
	return NULL;
}

const char *judge(struct contest *x, char *buf, size_t size)
{
	u64 undefined = undefined_flags(x->op, &x->sample->c), f;
	const char *what;

	if (x->kvm.outcome != x->soft.outcome) {
		snprintf(buf, size, "outcome kvm %s model %s", outcome_name[x->kvm.outcome],
			 outcome_name[x->soft.outcome]);
		return buf;
	}
	if (x->kvm.outcome == OUT_SHUTDOWN)
		return NULL;
	what = registers_judge(&x->kvm.c, &x->soft.c, undefined, buf, size);
	if (!what && x->sample->system)
		what = segments_judge(&x->kvm.c, &x->soft.c, buf, size);
	if (!what && x->sample->x87)
		what = fpu_judge(x->sample, &x->kvm.c, &x->soft.c, buf, size);
	if (what)
		return what;
	if (place_user(x->sample->place)) {
		f = (frame_flags(x->kvm_ram) & ~undefined) | (frame_flags(x->soft_ram) & undefined);
		memcpy(x->kvm_ram + AT_RING0 - 24, &f, 8);
	}
	return memory_judge(x->kvm_ram, x->soft_ram, buf, size);
}
