/*
 * model_sysreg.c - control and debug registers, descriptor-table registers, MSRs and CPUID: which
 * values are taken, what they change, who may. Sources: SDM volume 2, "MOV - Move to/from Control
 * Registers", "MOV - Move to/from Debug Registers", "LMSW", "SMSW", "LGDT/LIDT", "LLDT", "LTR",
 * "RDMSR", "WRMSR", "CPUID"; volume 3, "Control Registers", "Debug Registers", "Initializing IA-32e
 * Mode", "PDPTE Registers".
 */
#include "model_ring.h"

struct row {
	const char *name;
	unsigned mode; /* 32, 64; 3: ring 3 of 32 bits */
	const char *code;
	u64 rax, rcx;
	u8 vector;
	u32 error;
};

static const struct row rows[] = {
	/* CR0 */
	{ "cr0: PG without PE", 32, "0f 22 c0", CR0_PG, 0, EXC_GP, 0 },
	{ "cr0: NW without CD", 32, "0f 22 c0", CR0_PE | CR0_NW, 0, EXC_GP, 0 },
	{ "cr0: NW with CD", 32, "0f 22 c0", CR0_PE | CR0_NW | CR0_CD, 0, 0, 0 },
	{ "cr0: upper half", 64, "0f 22 c0", BIT64(32) | CR0_PE | CR0_PG, 0, EXC_GP, 0 },
	{ "cr0: PG off in 64-bit mode", 64, "0f 22 c0", CR0_PE, 0, EXC_GP, 0 },
	{ "cr0: in ring 3", 3, "0f 22 c0", CR0_PE, 0, EXC_GP, 0 },
	{ "cr0: reading in ring 3", 3, "0f 20 c0", 0, 0, EXC_GP, 0 },
	{ "cr1 does not exist", 32, "0f 20 c8", 0, 0, EXC_UD, 0 },
	{ "cr5 does not exist", 32, "0f 20 e8", 0, 0, EXC_UD, 0 },
	/* CR3, CR4, CR8 */
	{ "cr3: reserved bits in IA-32e mode", 64, "0f 22 d8", BIT64(52), 0, EXC_GP, 0 },
	{ "cr4: PAE off in IA-32e mode", 64, "0f 22 e0", 0, 0, EXC_GP, 0 },
	{ "cr4: a reserved bit", 32, "0f 22 e0", BIT64(15), 0, EXC_GP, 0 },
	{ "cr4: VMXE is hidden", 32, "0f 22 e0", CR4_VMXE, 0, EXC_GP, 0 },
	{ "cr4: OSXSAVE", 32, "0f 22 e0", CR4_OSXSAVE, 0, 0, 0 },
	{ "cr4: DE, PSE, PGE", 32, "0f 22 e0", CR4_DE | CR4_PSE | CR4_PGE, 0, 0, 0 },
	{ "cr8: 4 bits", 64, "44 0f 22 c0", 15, 0, 0, 0 },
	{ "cr8: more than 4 bits", 64, "44 0f 22 c0", 16, 0, EXC_GP, 0 },
	/* Debug registers */
	{ "dr7: upper half", 64, "0f 23 f8", BIT64(32), 0, EXC_GP, 0 },
	{ "dr6: upper half", 64, "0f 23 f0", BIT64(32), 0, EXC_GP, 0 },
	{ "dr0: takes all 64 bits", 64, "0f 23 c0", BIT64(63), 0, 0, 0 },
	{ "dr8 does not exist", 64, "44 0f 23 c0", 0, 0, EXC_UD, 0 },
	{ "dr in ring 3", 3, "0f 21 c0", 0, 0, EXC_GP, 0 },
	/* LTR, LLDT */
	{ "ltr of null", 32, "0f 00 d8", 0, 0, EXC_GP, 0 },
	{ "ltr of a busy TSS", 32, "0f 00 d8", BUSY_SEL, 0, EXC_GP, BUSY_SEL },
	{ "ltr of data", 32, "0f 00 d8", DS0, 0, EXC_GP, DS0 },
	{ "ltr from the LDT", 32, "0f 00 d8", B_SEL | 4, 0, EXC_GP, B_SEL | 4 },
	{ "ltr of a 16-bit TSS in IA-32e mode", 64, "0f 00 d8", T16_SEL, 0, EXC_GP, T16_SEL },
	{ "ltr in ring 3", 3, "0f 00 d8", B_SEL, 0, EXC_GP, 0 },
	{ "lldt of null", 32, "0f 00 d0", 3, 0, 0, 0 },
	{ "lldt of an LDT", 32, "0f 00 d0", LDT_SEL, 0, 0, 0 },
	{ "lldt of a TSS", 32, "0f 00 d0", B_SEL, 0, EXC_GP, B_SEL },
	/* MSRs */
	{ "rdmsr of an unknown one", 32, "0f 32", 0, 0x12345, EXC_GP, 0 },
	{ "wrmsr of an unknown one", 32, "0f 30", 0, 0x480, EXC_GP, 0 },
	{ "rdmsr in ring 3", 3, "0f 32", 0, 0x10, EXC_GP, 0 },
	{ "wrmsr: MTRRcap is read-only", 32, "0f 30", 0, 0xfe, EXC_GP, 0 },
	{ "wrmsr: PAT of a reserved type", 32, "0f 30", 2, MSR_PAT, EXC_GP, 0 },
	{ "wrmsr: a PAT", 32, "0f 30", 0x00070406, MSR_PAT, 0, 0 },
	{ "wrmsr: MTRR of type UC-", 32, "0f 30", 7, 0x250, EXC_GP, 0 },
	{ "wrmsr: EFER with a reserved bit", 32, "0f 30", 2, MSR_EFER, EXC_GP, 0 },
	{ "wrmsr: EFER.SVME is hidden", 32, "0f 30", 1 << 12, MSR_EFER, EXC_GP, 0 },
	{ "wrmsr: LME cannot change under paging", 64, "0f 30", 0, MSR_EFER, EXC_GP, 0 },
	{ "wrmsr: x2APIC is hidden", 32, "0f 30", 0xfee00c00, MSR_APIC_BASE, EXC_GP, 0 },
	{ "wrmsr: DEBUGCTL.BTF", 32, "0f 30", 2, MSR_DEBUGCTL, 0, 0 },
	{ "wrmsr: DEBUGCTL has no BTS", 32, "0f 30", 0x80, MSR_DEBUGCTL, EXC_GP, 0 },
	{ "rdpmc has no counter", 32, "0f 33", 0, 0, EXC_GP, 0 },
	/* Instructions that are hidden, or shown by a control bit */
	{ "xgetbv without OSXSAVE", 64, "0f 01 d0", 0, 0, EXC_UD, 0 },
	{ "vmxon is hidden", 64, "f3 0f c7 30", 0, 0, EXC_UD, 0 },
	{ "rsm outside SMM", 32, "0f aa", 0, 0, EXC_UD, 0 },
	{ "monitor is hidden", 32, "0f 01 c8", 0, 0, EXC_UD, 0 },
	{ "rdfsbase without CR4.FSGSBASE", 64, "f3 48 0f ae c0", 0, 0, EXC_UD, 0 },
	{ "hlt in ring 3", 3, "f4", 0, 0, EXC_GP, 0 },
	{ "invlpg in ring 3", 3, "0f 01 38", 0, 0, EXC_GP, 0 },
	{ "clts in ring 3", 3, "0f 06", 0, 0, EXC_GP, 0 },
	{ "wbinvd in ring 3", 3, "0f 09", 0, 0, EXC_GP, 0 },
	{ "lmsw in ring 3", 3, "0f 01 f0", 1, 0, EXC_GP, 0 },
};

static void test_rows(void)
{
	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct row *r = &rows[i];
		struct box b;
		enum ex ex;

		if (r->mode == 64)
			ring_open64(&b, 0);
		else
			ring_open(&b, r->mode == 3 ? 3 : 0);
		b.m->c.gpr[GPR_RAX] = r->rax;
		b.m->c.gpr[GPR_RCX] = r->rcx;
		box_code(&b, BOX_CODE, r->code);
		ex = box_run(&b);
		if (r->vector)
			claim_event(&b, ex, r->vector, r->error, r->name);
		else
			tap_eq(ex, EX_DONE, "%s: done", r->name);
		box_close(&b);
	}
}

/* --- the way into IA-32e mode and out --- */

static void test_long_mode(void)
{
	struct cpu_state *c;
	struct box b;

	ring_open(&b, 0);
	c = model_cpu(b.m);
	box_put(&b, BOX_TABLES, (BOX_TABLES + 0x1000) | 7);
	box_put(&b, BOX_TABLES + 0x1000, (BOX_TABLES + 0x2000) | 7);
	box_put(&b, BOX_TABLES + 0x2000, 0x87);
	c->cr3 = BOX_TABLES;
	c->cr4 = 0;
	c->efer = EFER_LME;
	c->gpr[GPR_RAX] = CR0_PE | CR0_PG;
	model_changed(b.m);
	box_code(&b, BOX_CODE, "0f 22 c0");
	claim_event(&b, box_run(&b), EXC_GP, 0, "PG with LME and without PAE");
	c->cr4 = CR4_PAE;
	tap_eq(box_run(&b), EX_DONE, "PG with LME and PAE");
	tap_eq(c->efer, EFER_LME | EFER_LMA, "LMA is set");
	tap_eq(b.m->mode, MODE_COMPAT32, "compatibility mode until CS is loaded");
	c->rip = BOX_CODE;
	c->gpr[GPR_RAX] = CR0_PE;
	tap_eq(box_run(&b), EX_DONE, "PG off in compatibility mode");
	tap_eq(c->efer, EFER_LME, "LMA is clear");
	tap_eq(b.m->mode, MODE_PROT32, "protected mode");
	box_close(&b);
}

static void test_pdptes(void)
{
	struct cpu_state *c;
	struct box b;

	ring_open(&b, 0);
	c = model_cpu(b.m);
	c->cr4 = CR4_PAE;
	c->cr3 = BOX_TABLES;
	c->gpr[GPR_RAX] = CR0_PE | CR0_PG;
	box_put(&b, BOX_TABLES + 8, 0x3); /* R/W is reserved in a PDPTE */
	box_code(&b, BOX_CODE, "0f 22 c0");
	claim_event(&b, box_run(&b), EXC_GP, 0, "PAE with a reserved bit in a PDPTE");
	tap_eq(c->cr0, CR0_PE, "CR0 stays");
	box_close(&b);
}

/* --- debug registers --- */

static void test_debug(void)
{
	struct cpu_state *c;
	struct box b;

	ring_open(&b, 0);
	c = model_cpu(b.m);
	c->gpr[GPR_RAX] = 0xffffffff;
	box_code(&b, BOX_CODE, "0f 23 f8 0f 23 f0 0f 21 e0 0f 21 e8");
	tap_eq(box_run(&b), EX_DONE, "mov dr7, eax");
	tap_eq(c->dr7, 0xffff27ff, "DR7: bits 11, 12, 14, 15 are 0, bit 10 is 1");
	tap_eq(box_run(&b), EX_EVENT, "GD was set by it");
	tap_eq(b.m->event.vector, EXC_DB, "GD: #DB");
	tap_eq(b.m->event.dr6, DR6_BD, "GD: BD");
	tap_eq(b.m->event.insn_len, 0, "GD: a fault: RIP on the MOV");
	tap_eq(b.m->event.fault, false, "GD: RF is pushed as it was");
	c->dr7 = DR7_FIXED;
	c->gpr[GPR_RAX] = 0;
	tap_eq(box_run(&b), EX_DONE, "mov dr6, eax");
	tap_eq(c->dr6, DR6_INIT, "DR6: fixed bits are 1");
	tap_eq(box_run(&b), EX_DONE, "mov eax, dr4 without CR4.DE");
	tap_eq(c->gpr[GPR_RAX], DR6_INIT, "is DR6");
	c->cr4 = CR4_DE;
	tap_eq(box_run(&b), EX_EVENT, "mov eax, dr5 with CR4.DE");
	tap_eq(b.m->event.vector, EXC_UD, "is #UD");
	/* #UD and #GP come before GD. */
	c->dr7 |= DR7_GD;
	tap_eq(box_run(&b), EX_EVENT, "DR5 with GD");
	tap_eq(b.m->event.vector, EXC_UD, "is #UD all the same");
	box_close(&b);
}

/* --- tables --- */

static void test_tables(void)
{
	struct cpu_state *c;
	struct box b;

	ring_open(&b, 0);
	c = model_cpu(b.m);
	box_put(&b, 0xa000, 0xaabbccdd0123);
	box_code(&b, BOX_CODE, "0f 01 15 00 a0 00 00 66 0f 01 1d 00 a0 00 00 0f 01 05 00 a1 00 00");
	tap_eq(box_run(&b), EX_DONE, "lgdt");
	tap_eq(c->gdtr.base, 0xaabbccdd, "lgdt: base");
	tap_eq(c->gdtr.limit, 0x0123, "lgdt: limit");
	tap_eq(box_run(&b), EX_DONE, "lidt, 16 bits");
	tap_eq(c->idtr.base, 0xbbccdd, "lidt, 16 bits: 24 bits of base");
	tap_eq(box_run(&b), EX_DONE, "sgdt");
	tap_eq(box_get(&b, 0xa100), 0xaabbccdd0123, "sgdt: limit and base");
	box_close(&b);

	ring_open64(&b, 0);
	box_put(&b, 0xa000, 0x1234);
	box_put(&b, 0xa002, 0x0000800000000000);
	box_code(&b, BOX_CODE, "0f 01 14 25 00 a0 00 00");
	claim_event(&b, box_run(&b), EXC_GP, 0, "lgdt with a non-canonical base");
	box_close(&b);

	ring_open(&b, 0);
	c = model_cpu(b.m);
	c->gpr[GPR_RAX] = B_SEL;
	box_code(&b, BOX_CODE, "0f 00 d8 0f 00 c9");
	tap_eq(box_run(&b), EX_DONE, "ltr");
	tap_eq(c->tr.base, TSS_B, "ltr: base");
	tap_eq(b.ram[GDT + B_SEL + 5] & 15, 11, "ltr: busy in memory");
	tap_eq(ATTR_TYPE(c->tr.attr), 11, "ltr: busy in the register");
	tap_eq(box_run(&b), EX_DONE, "str ecx");
	tap_eq(c->gpr[GPR_RCX], B_SEL, "str: the selector");
	box_close(&b);

	/* UMIP (SDM volume 3, "Control Registers"). */
	ring_open(&b, 3);
	b.m->c.cr4 = CR4_UMIP;
	box_code(&b, BOX_CODE, "0f 01 e0");
	claim_event(&b, box_run(&b), EXC_GP, 0, "smsw in ring 3 under UMIP");
	b.m->c.cr4 = 0;
	tap_eq(box_run(&b), EX_DONE, "smsw in ring 3 without");
	tap_eq(b.m->c.gpr[GPR_RAX], CR0_PE, "smsw eax: all of CR0");
	box_close(&b);

	/* Real-address mode does not know LDTR and TR. */
	box_open(&b, 16);
	box_code(&b, BOX_CODE, "0f 00 d8");
	claim_event(&b, box_run(&b), EXC_UD, 0, "ltr in real-address mode");
	box_close(&b);
}

static void test_msr_cpuid(void)
{
	struct cpu_state *c;
	struct box b;

	ring_open64(&b, 0);
	c = model_cpu(b.m);
	c->gpr[GPR_RCX] = MSR_FS_BASE;
	c->gpr[GPR_RAX] = 0x89abcdef;
	c->gpr[GPR_RDX] = 0x1234;
	box_code(&b, BOX_CODE, "0f 30 0f 30 0f 32 0f a2 0f a2 0f 31");
	tap_eq(box_run(&b), EX_DONE, "wrmsr of FS_BASE");
	tap_eq(c->seg[SEG_FS].base, 0x123489abcdef, "is FS's base");
	c->gpr[GPR_RDX] = 0x8000;
	tap_eq(box_run(&b), EX_EVENT, "a non-canonical one");
	c->rip += 2;
	c->gpr[GPR_RCX] = MSR_EFER;
	c->gpr[GPR_RAX] = c->gpr[GPR_RDX] = ~0ull;
	tap_eq(box_run(&b), EX_DONE, "rdmsr");
	tap_eq(c->gpr[GPR_RAX], EFER_LME | EFER_LMA | EFER_NXE, "low half, upper bits cleared");
	tap_eq(c->gpr[GPR_RDX], 0, "high half");
	c->gpr[GPR_RAX] = 1;
	tap_eq(box_run(&b), EX_DONE, "cpuid 1");
	tap_eq(c->gpr[GPR_RDX] & (BIT(0) | BIT(24)), BIT(0) | BIT(24), "x87, FXSR");
	tap_eq(c->gpr[GPR_RCX] & BIT(13), BIT(13), "CMPXCHG16B");
	c->gpr[GPR_RAX] = 0x80000001;
	tap_eq(box_run(&b), EX_DONE, "cpuid 80000001");
	tap_eq(c->gpr[GPR_RDX] & (BIT(29) | BIT(20) | BIT(11)), BIT(29) | BIT(20) | BIT(11),
	       "LM, NX, SYSCALL");
	c->tsc = 0x1122334455667788;
	tap_eq(box_run(&b), EX_DONE, "rdtsc");
	tap_eq(c->gpr[GPR_RAX] | c->gpr[GPR_RDX] << 32, 0x1122334455667788, "the TSC");
	box_close(&b);
}

int main(void)
{
	test_rows();
	test_long_mode();
	test_pdptes();
	test_debug();
	test_tables();
	test_msr_cpuid();
	return tap_done();
}
