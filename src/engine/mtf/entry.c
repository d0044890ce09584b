/*
 * entry.c - why a VM entry was refused: the guest-state rules, tried in the SDM's order (SDM "Checks on
 * the Guest State Area"). The processor only says that one of them failed.
 */
#include "engine/mtf/mtf.h"

#include <errno.h>

enum { TYPE_BUSY16 = 3, TYPE_BUSY = 11, SEG_LDTR_I = 6, SEG_TR_I = 7, PDBG_RESERVED_OK = 0x15fff };
#define AR_UNUSABLE BIT64(16)
#define RFLAGS_RESERVED (~0x3f7fd7ull & ~2ull)

struct rule {
	const char *text;
	bool (*broken)(const struct mailbox *b);
};

static bool is_long(const struct mailbox *b)
{
	return b->sys[SYS_EFER] & EFER_LMA;
}

static bool pg_without_pe(const struct mailbox *b)
{
	return (b->sys[SYS_CR0] & CR0_PG) && !(b->sys[SYS_CR0] & CR0_PE);
}

static bool nw_without_cd(const struct mailbox *b)
{
	return (b->sys[SYS_CR0] & CR0_NW) && !(b->sys[SYS_CR0] & CR0_CD);
}

static bool long_without_paging(const struct mailbox *b)
{
	return is_long(b) && (!(b->sys[SYS_CR0] & CR0_PG) || !(b->sys[SYS_CR4] & CR4_PAE));
}

static bool lme_against_lma(const struct mailbox *b)
{
	bool lme = b->sys[SYS_EFER] & EFER_LME;

	return (b->sys[SYS_CR0] & CR0_PG) && lme != is_long(b);
}

static bool dr7_high(const struct mailbox *b)
{
	return b->sys[SYS_DR7] >> 32;
}

static bool cs_type(const struct mailbox *b)
{
	u64 ar = b->sys[SYS_CS_AR];
	unsigned t = ar & 15;

	return (ar & AR_UNUSABLE) || !(ar & ATTR_S) || !(ar & ATTR_P) ||
	       (t != 3 && t != 9 && t != 11 && t != 13 && t != 15);
}

static bool cs_l_and_d(const struct mailbox *b)
{
	return is_long(b) && (b->sys[SYS_CS_AR] & ATTR_L) && (b->sys[SYS_CS_AR] & ATTR_DB);
}

static bool ss_type(const struct mailbox *b)
{
	u64 ar = b->sys[SYS_SS_AR];
	unsigned t = ar & 15;

	return !(ar & AR_UNUSABLE) && ((t != 3 && t != 7) || !(ar & ATTR_S) || !(ar & ATTR_P));
}

static bool limits(const struct mailbox *b)
{
	for (unsigned i = 0; i < 8; i++) {
		u64 ar = b->sys[SYS_ES_AR + i], limit = b->sys[SYS_ES_LIMIT + i];

		if (ar & AR_UNUSABLE)
			continue;
		if ((ar & ATTR_G) ? (limit & 0xfff) != 0xfff : limit >> 20)
			return true;
	}
	return false;
}

static bool tr_type(const struct mailbox *b)
{
	u64 ar = b->sys[SYS_ES_AR + SEG_TR_I];

	return (ar & AR_UNUSABLE) || (ar & ATTR_S) || !(ar & ATTR_P) ||
	       ((ar & 15) != TYPE_BUSY && (is_long(b) || (ar & 15) != TYPE_BUSY16));
}

static bool ldtr_type(const struct mailbox *b)
{
	u64 ar = b->sys[SYS_ES_AR + SEG_LDTR_I];

	return !(ar & AR_UNUSABLE) && ((ar & 15) != 2 || (ar & ATTR_S) || !(ar & ATTR_P));
}

static bool table_limits(const struct mailbox *b)
{
	return (b->sys[SYS_GDTR_LIMIT] | b->sys[SYS_IDTR_LIMIT]) >> 16;
}

static bool rip_width(const struct mailbox *b)
{
	bool wide = is_long(b) && (b->sys[SYS_CS_AR] & ATTR_L);
	s64 rip = b->core[CORE_RIP];

	return wide ? rip >> 47 != 0 && rip >> 47 != -1 : (u64)rip >> 32;
}

static bool rflags_reserved(const struct mailbox *b)
{
	return (b->core[CORE_RFLAGS] & RFLAGS_RESERVED) || !(b->core[CORE_RFLAGS] & FL_FIXED);
}

static bool rflags_vm(const struct mailbox *b)
{
	return (b->core[CORE_RFLAGS] & FL_VM) && (is_long(b) || !(b->sys[SYS_CR0] & CR0_PE));
}

static bool shadow_both(const struct mailbox *b)
{
	return (b->core[CORE_INTERRUPTIBILITY] & 3) == 3;
}

static bool shadow_sti_without_if(const struct mailbox *b)
{
	return (b->core[CORE_INTERRUPTIBILITY] & 1) && !(b->core[CORE_RFLAGS] & FL_IF);
}

static bool shadow_against_bs(const struct mailbox *b)
{
	bool bs = b->core[CORE_PENDING_DBG] & PDBG_BS;
	bool due = (b->core[CORE_RFLAGS] & FL_TF) && !(b->sys[SYS_DEBUGCTL] & DEBUGCTL_BTF);

	return ((b->core[CORE_INTERRUPTIBILITY] & 3) || b->sys[SYS_ACTIVITY] == 1) && bs != due;
}

static const struct rule rules[] = {
	{ "CR0.PG is 1 and CR0.PE is 0", pg_without_pe },
	{ "CR0.NW is 1 and CR0.CD is 0", nw_without_cd },
	{ "EFER.LMA is 1 without CR0.PG and CR4.PAE", long_without_paging },
	{ "EFER.LMA is not EFER.LME while CR0.PG is 1", lme_against_lma },
	{ "bits 63:32 of DR7 are not 0", dr7_high },
	{ "CS is no present, accessed code segment", cs_type },
	{ "CS has both L and D/B", cs_l_and_d },
	{ "SS is no present, accessed, writable data segment", ss_type },
	{ "a segment's limit does not fit its granularity bit", limits },
	{ "TR is no present, busy TSS", tr_type },
	{ "LDTR is no present LDT", ldtr_type },
	{ "GDTR or IDTR has a limit above ffff", table_limits },
	{ "RIP is not canonical, or above ffffffff outside 64-bit code", rip_width },
	{ "a reserved bit of RFLAGS is wrong", rflags_reserved },
	{ "RFLAGS.VM is 1 in long mode or without protection", rflags_vm },
	{ "the STI and the MOV-SS shadow are both active", shadow_both },
	{ "the STI shadow is active with IF=0", shadow_sti_without_if },
	{ "with a shadow or in HLT, pending BS is not what TF and BTF say", shadow_against_bs },
};

int entry_refused(struct mtf_engine *m, struct err *err)
{
	const char *text = "no rule this program knows is broken";

	for (unsigned i = 0; i < ARRAY_SIZE(rules); i++) {
		if (rules[i].broken(m->mb)) {
			text = rules[i].text;
			break;
		}
	}
	return err_set(err, EINVAL, "VM entry refuses the guest's state (exit reason %#llx): %s; nothing has "
				    "run, put the register right", (unsigned long long)m->mb->exit[EXIT_REASON],
		       text);
}
