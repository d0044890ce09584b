/*
 * model_tlb.c - what the TLB must forget, and what it may keep. SDM volume 3, "Process-Context
 * Identifiers (PCIDs)", "Operations that Invalidate TLBs and Paging-Structure Caches". Each test
 * writes a page-table entry behind the TLB's back and asks what a load sees then.
 */
#include "model_box.h"

/* A second table for 2-4 MiB: two 4-KiB pages at PAGE and PAGE + 4 KiB, to one of two frames. */
enum { PAGE = 0x200000, FRAME_A = 0x20000, FRAME_B = 0x21000, TABLE = BOX_TABLES + 0x3000, PTE_G = 0x100 };
enum { CR3_OTHER = BOX_TABLES + 0x4000 };
#define KEEP (1ull << 63)

static struct box b;

static void map(u64 flags, u64 frame)
{
	box_put(&b, TABLE, frame | 7 | flags);
}

static void open_paged(u64 cr4)
{
	struct cpu_state *c;

	box_open(&b, 64);
	c = model_cpu(b.m);
	c->cr4 |= cr4;
	box_put(&b, BOX_TABLES + 0x2008, TABLE | 7);
	memcpy(b.ram + CR3_OTHER, b.ram + BOX_TABLES, 8);
	box_put(&b, FRAME_A, 0xaaaa);
	box_put(&b, FRAME_B, 0xbbbb);
	map(0, FRAME_A);
	model_changed(b.m);
}

static enum ex run(const char *code)
{
	model_cpu(b.m)->rip = BOX_CODE;
	memset(b.ram + BOX_CODE, 0x90, 16);
	box_code(&b, BOX_CODE, code);
	return box_run(&b);
}

/* MOV RAX, [PAGE] */
static u64 load(void)
{
	model_cpu(b.m)->gpr[GPR_RBX] = PAGE;
	return run("48 8b 03") == EX_DONE ? model_cpu(b.m)->gpr[GPR_RAX] : 0;
}

static enum ex cr3_load(u64 v)
{
	model_cpu(b.m)->gpr[GPR_RCX] = v;
	return run("0f 22 d9");
}

static enum ex cr4_load(u64 v)
{
	model_cpu(b.m)->gpr[GPR_RCX] = v;
	return run("0f 22 e1");
}

static enum ex invpcid(u64 type, u64 pcid, u64 lin)
{
	box_put(&b, BOX_DATA, pcid);
	box_put(&b, BOX_DATA + 8, lin);
	model_cpu(b.m)->gpr[GPR_RCX] = type;
	model_cpu(b.m)->gpr[GPR_RBX] = BOX_DATA;
	return run("66 0f 38 82 0b");
}

static u64 stale(u64 flags)
{
	load();
	map(flags, FRAME_B);
	return load();
}

static void cr3_test(void)
{
	open_paged(CR4_PGE);
	tap_eq(load(), 0xaaaa, "a load fills");
	map(0, FRAME_B);
	cr3_load(BOX_TABLES);
	tap_eq(load(), 0xbbbb, "MOV to CR3 drops it");
	map(PTE_G, FRAME_A);
	cr3_load(BOX_TABLES);
	tap_eq(load(), 0xaaaa, "a global page is filled");
	map(PTE_G, FRAME_B);
	cr3_load(BOX_TABLES);
	tap_eq(load(), 0xaaaa, "a global page stays over MOV to CR3");
	model_cpu(b.m)->gpr[GPR_RBX] = PAGE + 0x123;
	run("0f 01 3b");
	tap_eq(load(), 0xbbbb, "INVLPG drops a global page, by any of its addresses");
	map(PTE_G, FRAME_A);
	cr4_load(CR4_PAE);
	tap_eq(load(), 0xaaaa, "a change of CR4.PGE drops global pages");
	map(PTE_G, FRAME_B);
	cr3_load(BOX_TABLES);
	tap_eq(load(), 0xbbbb, "without CR4.PGE none is global");
	box_close(&b);
}

static void fault_test(void)
{
	open_paged(0);
	box_put(&b, TABLE, FRAME_A | 5);
	load();
	tap_eq(run("48 89 03"), EX_EVENT, "a store to what the tables make read-only");
	tap_eq(b.m->event.vector, EXC_PF, "is a page fault");
	box_put(&b, TABLE, FRAME_B | 7);
	tap_eq(load(), 0xbbbb, "and a page fault drops what was kept for its address");
	box_put(&b, TABLE, 0);
	model_cpu(b.m)->gpr[GPR_RBX] = PAGE;
	run("0f 01 3b");
	tap_eq(run("48 8b 03"), EX_EVENT, "INVLPG: what is not present any more faults");
	box_put(&b, TABLE, FRAME_A | 7);
	tap_eq(load(), 0xaaaa, "what has become present needs no invalidation");
	box_close(&b);
}

static void pcid_rules_test(void)
{
	open_paged(0);
	cr3_load(BOX_TABLES | 5);
	tap_eq(cr4_load(CR4_PAE | CR4_PCIDE), EX_EVENT, "PCIDE with a PCID in CR3 already");
	tap_eq(b.m->event.vector, EXC_GP, "is #GP");
	tap_eq(cr3_load(BOX_TABLES | KEEP), EX_EVENT, "bit 63 of CR3 without PCIDE");
	cr3_load(BOX_TABLES);
	tap_eq(cr4_load(CR4_PAE | CR4_PCIDE), EX_DONE, "PCIDE");
	tap_eq(cr3_load(CR3_OTHER | 0xfff | KEEP), EX_DONE, "CR3 with a PCID");
	tap_eq(model_cpu(b.m)->cr3, CR3_OTHER | 0xfff, "bit 63 is not kept");
	tap_eq(load(), 0xaaaa, "the tables are where the address bits say");
	box_close(&b);
	box_open(&b, 32);
	tap_eq(cr4_load(CR4_PCIDE), EX_EVENT, "PCIDE outside of IA-32e mode");
	box_close(&b);
}

static void pcid_test(void)
{
	open_paged(CR4_PGE | CR4_PCIDE);
	load();
	cr3_load(CR3_OTHER | 2 | KEEP);
	map(0, FRAME_B);
	tap_eq(load(), 0xbbbb, "another PCID does not use what the first filled");
	cr3_load(BOX_TABLES | KEEP);
	map(0, FRAME_A);
	cr3_load(CR3_OTHER | 2);
	tap_eq(load(), 0xaaaa, "without bit 63 CR3 drops the translations of its PCID");
	map(0, FRAME_B);
	tap_eq(invpcid(1, 2, 0), EX_DONE, "INVPCID 1");
	tap_eq(load(), 0xbbbb, "INVPCID 1 drops one PCID's");
	map(0, FRAME_A);
	invpcid(0, 2, PAGE);
	tap_eq(load(), 0xaaaa, "INVPCID 0 drops one address of it");
	tap_eq(stale(PTE_G), 0xaaaa, "(a translation may be stale)");
	invpcid(3, 0, 0);
	tap_eq(load(), 0xbbbb, "INVPCID 3 drops what is not global");
	map(PTE_G, FRAME_A);
	invpcid(2, 0, 0);
	tap_eq(load(), 0xaaaa, "INVPCID 2 drops global ones, too");
	map(PTE_G, FRAME_B);
	cr3_load(BOX_TABLES | KEEP);
	cr3_load(CR3_OTHER | 2 | KEEP);
	model_cpu(b.m)->gpr[GPR_RBX] = PAGE;
	run("0f 01 3b");
	tap_eq(load(), 0xbbbb, "INVLPG drops a global page under any PCID");
	box_close(&b);
}

static void invpcid_faults_test(void)
{
	static const struct {
		const char *name;
		u64 cr4, type, pcid, lin;
		enum ex want;
	} rows[] = {
		{ "of type 4", CR4_PCIDE, 4, 0, 0, EX_EVENT },
		{ "with reserved bits", CR4_PCIDE, 1, 0x1000, 0, EX_EVENT },
		{ "of a PCID without PCIDE", 0, 1, 1, 0, EX_EVENT },
		{ "of PCID 0 without PCIDE", 0, 1, 0, 0, EX_DONE },
		{ "of an address that is not canonical", CR4_PCIDE, 0, 1, 1ull << 47, EX_EVENT },
		{ "of all with any address", CR4_PCIDE, 2, 1, 1ull << 47, EX_DONE },
	};

	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
		open_paged(rows[i].cr4);
		tap_eq(invpcid(rows[i].type, rows[i].pcid, rows[i].lin), rows[i].want, "INVPCID %s",
		       rows[i].name);
		if (rows[i].want == EX_EVENT)
			tap_eq(b.m->event.vector, EXC_GP, "INVPCID %s: #GP", rows[i].name);
		box_close(&b);
	}
}

int main(void)
{
	cr3_test();
	fault_test();
	pcid_rules_test();
	pcid_test();
	invpcid_faults_test();
	return tap_done();
}
