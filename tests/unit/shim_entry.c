/*
 * shim_entry.c - engine mtf without VMX: the rules behind a refused VM entry, one broken at a time, and
 * the shim as it is embedded.
 */
#include "tap.h"

#include "engine/mtf/mtf.h"

#include <errno.h>

static struct mailbox page;
static struct mtf_engine m = { .mb = &page };

/* Long mode as the machine sets it up: no rule is broken. */
static void page_long(void)
{
	static const u64 ar[8] = { 0xc093, 0xa09b, 0xc093, 0xc093, 0xc093, 0xc093, 0x10000, 0x8b };

	memset(&page, 0, sizeof(page));
	page.sys[SYS_CR0] = CR0_PE | CR0_PG | CR0_NE | CR0_ET;
	page.sys[SYS_CR4] = CR4_PAE | CR4_VMXE;
	page.sys[SYS_EFER] = EFER_LME | EFER_LMA;
	page.sys[SYS_DR7] = DR7_FIXED;
	page.core[CORE_RIP] = 0x100000;
	page.core[CORE_RFLAGS] = FL_FIXED;
	for (unsigned i = 0; i < 8; i++) {
		page.sys[SYS_ES_AR + i] = ar[i];
		page.sys[SYS_ES_LIMIT + i] = ar[i] & ATTR_G ? 0xffffffff : 0x67;
	}
	page.exit[EXIT_REASON] = 0x80000021;
}

static const struct {
	u64 *field;
	u64 value;
	const char *text; /* part of the sentence */
} rows[] = {
	{ &page.sys[SYS_CR0], CR0_PG | CR0_NE, "CR0.PE is 0" },
	{ &page.sys[SYS_CR0], CR0_PE | CR0_PG | CR0_NW, "CR0.CD is 0" },
	{ &page.sys[SYS_CR4], CR4_VMXE, "without CR0.PG and CR4.PAE" },
	{ &page.sys[SYS_EFER], EFER_LMA, "EFER.LMA is not EFER.LME" },
	{ &page.sys[SYS_DR7], BIT64(32), "DR7" },
	{ &page.sys[SYS_CS_AR], 0x10000, "CS is no" },
	{ &page.sys[SYS_CS_AR], 0xe09b, "both L and D/B" },
	{ &page.sys[SYS_SS_AR], 0xc091, "SS is no" },
	{ &page.sys[SYS_DS_LIMIT], 0xffff0000, "granularity" },
	{ &page.sys[SYS_TR_AR], 0x89, "busy TSS" },
	{ &page.sys[SYS_LDTR_AR], 0x8b, "LDT" },
	{ &page.sys[SYS_IDTR_LIMIT], 0x10000, "GDTR or IDTR" },
	{ &page.core[CORE_RIP], 0x800000000000, "canonical" },
	{ &page.core[CORE_RFLAGS], 0, "reserved bit of RFLAGS" },
	{ &page.core[CORE_RFLAGS], FL_FIXED | FL_VM, "RFLAGS.VM" },
	{ &page.core[CORE_INTERRUPTIBILITY], 3, "both active" },
	{ &page.core[CORE_INTERRUPTIBILITY], 1, "STI shadow is active with IF=0" },
};

static void check_rules(void)
{
	struct err err = { 0 };

	page_long();
	tap_eq((u64)-entry_refused(&m, &err), EINVAL, "a sound state: refused all the same");
	tap_ok(strstr(err.text, "no rule this program knows"), "a sound state breaks no rule (%s)", err.text);
	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
		page_long();
		*rows[i].field = rows[i].value;
		entry_refused(&m, &err);
		tap_ok(strstr(err.text, rows[i].text), "rule %u: %s (%s)", i, rows[i].text, err.text);
	}
	page_long(); /* TF in a MOV-SS shadow wants BS */
	page.core[CORE_RFLAGS] |= FL_TF;
	page.core[CORE_INTERRUPTIBILITY] = 2;
	entry_refused(&m, &err);
	tap_ok(strstr(err.text, "pending BS"), "TF in a shadow without BS");
	page.core[CORE_PENDING_DBG] = PDBG_BS;
	entry_refused(&m, &err);
	tap_ok(strstr(err.text, "no rule this program knows"), "with BS it is sound");
}

static void check_image(void)
{
	struct mailbox first;

	memcpy(&first, shim_image, sizeof(first));
	tap_eq(first.magic, MAILBOX_MAGIC, "the image begins with the mailbox");
	tap_eq(first.version, MAILBOX_VERSION, "of this version");
	tap_eq(first.size, sizeof(struct mailbox), "and this size on both sides");
	tap_eq(first.where, MAILBOX_RUNNING, "the shim's to begin with");
	tap_ok(shim_image_end - shim_image > (long)(SHIM_ENTRY - SHIM_GPA), "there is an entry");
	tap_ok(shim_image_end - shim_image <= (long)(SHIM_CR3 - SHIM_GPA), "it ends below its page tables");
	tap_eq(shim_image[SHIM_ENTRY - SHIM_GPA], 0x48, "which loads a 64-bit stack pointer first");
}

static void check_probe(void)
{
	struct engine_probe p;

	mtf_probe(&p);
	if (p.works)
		tap_ok(p.caps & ENGINE_MTF, "nested VMX is here");
	else
		tap_ok(strlen(p.text) > 20, "the probe says what is missing and what to do: %s", p.text);
}

int main(void)
{
	check_rules();
	check_image();
	check_probe();
	return tap_done();
}
