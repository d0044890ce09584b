/*
 * model_syscall.c - SYSCALL, SYSRET, SYSENTER, SYSEXIT, SWAPGS by Intel's rules. Source: SDM volume 2,
 * the sections of these names.
 */
#include "model_ring.h"

#define NONCANON 0x0000800000000000ull

static void syscall_open(struct box *b, unsigned cpl)
{
	struct cpu_state *c;

	ring_open64(b, cpl);
	c = model_cpu(b->m);
	c->efer |= EFER_SCE;
	c->star = 0x0023000800000000; /* SYSRET 23, SYSCALL 08 */
	c->lstar = 0x1800;
	c->sfmask = FL_IF | FL_DF;
	c->sysenter_cs = 0x08;
	c->sysenter_eip = 0x1900;
	c->sysenter_esp = 0x6f00;
	model_changed(b->m);
}

static void claim_seg(const struct segment *s, u16 sel, u16 attr, const char *name)
{
	tap_eq(s->sel, sel, "%s: selector", name);
	tap_eq(s->base, 0, "%s: base", name);
	tap_eq(s->limit, 0xffffffff, "%s: limit", name);
	tap_eq(s->attr, attr, "%s: attributes", name);
}

static void test_syscall(void)
{
	struct cpu_state *c;
	struct box b;

	syscall_open(&b, 3);
	c = model_cpu(b.m);
	c->rflags = FL_FIXED | FL_IF | FL_DF | FL_CF | FL_TF;
	box_code(&b, BOX_CODE, "0f 05");
	tap_eq(box_run(&b), EX_DONE, "syscall");
	tap_eq(c->rip, 0x1800, "LSTAR");
	tap_eq(c->gpr[GPR_RCX], BOX_CODE + 2, "RCX is the return address");
	tap_eq(c->gpr[GPR_R11], FL_FIXED | FL_IF | FL_DF | FL_CF | FL_TF, "R11 holds the flags");
	tap_eq(c->rflags, FL_FIXED | FL_CF | FL_TF, "FMASK is taken from them");
	claim_seg(&c->seg[SEG_CS], 8, 0xa09b, "syscall CS");
	claim_seg(&c->seg[SEG_SS], 0x10, 0xc093, "syscall SS");
	tap_eq(b.m->cpl, 0, "ring 0");
	tap_eq(c->gpr[GPR_RSP], BOX_STACK, "RSP stays");
	box_close(&b);

	syscall_open(&b, 3);
	b.m->c.efer &= ~EFER_SCE;
	box_code(&b, BOX_CODE, "0f 05");
	claim_event(&b, box_run(&b), EXC_UD, 0, "syscall without SCE");
	box_close(&b);

	/* Intel: not in compatibility and legacy mode. */
	ring_open(&b, 3);
	b.m->c.efer = EFER_SCE;
	box_code(&b, BOX_CODE, "0f 05");
	claim_event(&b, box_run(&b), EXC_UD, 0, "syscall in protected mode");
	box_close(&b);
}

static void test_sysret(void)
{
	struct cpu_state *c;
	struct box b;

	syscall_open(&b, 0);
	c = model_cpu(b.m);
	c->gpr[GPR_RCX] = 0x123400001800;
	c->gpr[GPR_R11] = ~0ull;
	box_code(&b, BOX_CODE, "48 0f 07");
	tap_eq(box_run(&b), EX_DONE, "sysret to 64-bit mode");
	tap_eq(c->rip, 0x123400001800, "RIP from RCX");
	tap_eq(c->rflags, 0x3c7fd7, "flags from R11, without RF and VM");
	claim_seg(&c->seg[SEG_CS], 0x33, 0xa0fb, "sysret CS");
	claim_seg(&c->seg[SEG_SS], 0x2b, 0xc0f3, "sysret SS");
	tap_eq(b.m->cpl, 3, "ring 3");
	box_close(&b);

	syscall_open(&b, 0);
	c = model_cpu(b.m);
	c->gpr[GPR_RCX] = 0x1234ffff1800;
	c->gpr[GPR_R11] = 0;
	box_code(&b, BOX_CODE, "0f 07");
	tap_eq(box_run(&b), EX_DONE, "sysret to compatibility mode");
	tap_eq(c->rip, 0xffff1800, "EIP from ECX");
	tap_eq(c->rflags, FL_FIXED, "bit 1 stays");
	claim_seg(&c->seg[SEG_CS], 0x23, 0xc0fb, "32-bit sysret CS");
	tap_eq(b.m->mode, MODE_COMPAT32, "the mode");
	box_close(&b);

	syscall_open(&b, 0);
	b.m->c.gpr[GPR_RCX] = NONCANON;
	box_code(&b, BOX_CODE, "48 0f 07");
	claim_event(&b, box_run(&b), EXC_GP, 0, "sysret to a non-canonical RCX");
	tap_eq(b.m->cpl, 0, "faults in ring 0");
	box_close(&b);

	syscall_open(&b, 3);
	box_code(&b, BOX_CODE, "48 0f 07");
	claim_event(&b, box_run(&b), EXC_GP, 0, "sysret in ring 3");
	box_close(&b);
}

static void test_sysenter(void)
{
	struct cpu_state *c;
	struct box b;

	syscall_open(&b, 3);
	c = model_cpu(b.m);
	c->rflags = FL_FIXED | FL_IF | FL_TF;
	box_code(&b, BOX_CODE, "0f 34");
	tap_eq(box_run(&b), EX_DONE, "sysenter");
	tap_eq(c->rip, 0x1900, "SYSENTER_EIP");
	tap_eq(c->gpr[GPR_RSP], 0x6f00, "SYSENTER_ESP");
	tap_eq(c->rflags, FL_FIXED | FL_TF, "IF is cleared, TF stays");
	claim_seg(&c->seg[SEG_CS], 8, 0xa09b, "sysenter CS");
	claim_seg(&c->seg[SEG_SS], 0x10, 0xc093, "sysenter SS");
	c->gpr[GPR_RDX] = 0x1a00;
	c->gpr[GPR_RCX] = 0x9000;
	box_code(&b, 0x1900, "48 0f 35");
	tap_eq(box_run(&b), EX_DONE, "sysexit to 64-bit mode");
	tap_eq(c->rip, 0x1a00, "RIP from RDX");
	tap_eq(c->gpr[GPR_RSP], 0x9000, "RSP from RCX");
	claim_seg(&c->seg[SEG_CS], 0x2b, 0xa0fb, "sysexit CS");
	claim_seg(&c->seg[SEG_SS], 0x33, 0xc0f3, "sysexit SS");
	box_close(&b);

	syscall_open(&b, 0);
	b.m->c.sysenter_cs = 3;
	box_code(&b, BOX_CODE, "0f 34");
	claim_event(&b, box_run(&b), EXC_GP, 0, "sysenter with a null SYSENTER_CS");
	box_code(&b, BOX_CODE, "0f 35");
	claim_event(&b, box_run(&b), EXC_GP, 0, "sysexit with a null SYSENTER_CS");
	box_close(&b);

	ring_open(&b, 3);
	c = model_cpu(b.m);
	c->sysenter_cs = 8;
	c->sysenter_eip = 0x1900;
	box_code(&b, BOX_CODE, "0f 34");
	tap_eq(box_run(&b), EX_DONE, "sysenter in protected mode");
	claim_seg(&c->seg[SEG_CS], 8, 0xc09b, "32-bit sysenter CS");
	c->gpr[GPR_RDX] = 0x1a00;
	box_code(&b, 0x1900, "0f 35");
	tap_eq(box_run(&b), EX_DONE, "sysexit in protected mode");
	claim_seg(&c->seg[SEG_CS], 0x1b, 0xc0fb, "32-bit sysexit CS");
	claim_seg(&c->seg[SEG_SS], 0x23, 0xc0f3, "32-bit sysexit SS");
	box_close(&b);

	box_open(&b, 16);
	b.m->c.sysenter_cs = 8;
	box_code(&b, BOX_CODE, "0f 34");
	claim_event(&b, box_run(&b), EXC_GP, 0, "sysenter in real-address mode");
	box_close(&b);
}

static void test_swapgs(void)
{
	struct cpu_state *c;
	struct box b;

	syscall_open(&b, 0);
	c = model_cpu(b.m);
	c->seg[SEG_GS].base = 0x1111;
	c->kernel_gs_base = 0x2222;
	box_code(&b, BOX_CODE, "0f 01 f8");
	tap_eq(box_run(&b), EX_DONE, "swapgs");
	tap_eq(c->seg[SEG_GS].base, 0x2222, "GS");
	tap_eq(c->kernel_gs_base, 0x1111, "the MSR");
	box_close(&b);

	syscall_open(&b, 3);
	box_code(&b, BOX_CODE, "0f 01 f8");
	claim_event(&b, box_run(&b), EXC_GP, 0, "swapgs in ring 3");
	box_close(&b);

	ring_open(&b, 0);
	box_code(&b, BOX_CODE, "0f 01 f8");
	claim_event(&b, box_run(&b), EXC_UD, 0, "swapgs in protected mode");
	box_close(&b);
}

int main(void)
{
	test_syscall();
	test_sysret();
	test_sysenter();
	test_swapgs();
	return tap_done();
}
