/*
 * model_task.c - hardware task switches: by JMP, CALL, IRET and task gates, of 32 and 16 bits; busy
 * bits, back links, NT, the T bit, and the windows in which they fault. Sources: SDM volume 3, "Task
 * Switching" and its tables "Exception Conditions Checked During a Task Switch" and "Effect of a Task
 * Switch on Busy Flag, NT Flag, Previous Task Link Field, and TS Flag", "Debug Control Register (DR7)".
 */
#include "model_ring.h"

static u8 tss_type(const struct box *b, u16 sel)
{
	return b->ram[GDT + sel + 5] & 15;
}

static void run_jmp(struct box *b, u16 sel)
{
	char code[40];

	snprintf(code, sizeof(code), "ea 00 00 00 00 %02x %02x", sel & 0xff, sel >> 8);
	box_code(b, BOX_CODE, code);
}

static void claim_in_b(struct box *b, const char *how)
{
	struct cpu_state *c = model_cpu(b->m);

	tap_eq(c->tr.sel, B_SEL, "%s: TR", how);
	tap_eq(c->tr.base, TSS_B, "%s: TR's base", how);
	tap_eq(c->rip, 0x1c00, "%s: EIP", how);
	tap_eq(c->gpr[GPR_RAX], 0xb0000000, "%s: EAX", how);
	tap_eq(c->gpr[GPR_RDI], 0xb0000007, "%s: EDI", how);
	tap_eq(c->seg[SEG_SS].sel, DS0, "%s: SS", how);
	tap_eq(c->seg[SEG_SS].limit, 0xffffffff, "%s: SS's hidden part", how);
	tap_eq(c->seg[SEG_FS].attr, 0, "%s: FS is null", how);
	tap_eq(c->cr0 & CR0_TS, CR0_TS, "%s: CR0.TS is set", how);
	tap_eq(c->dr7, 0x4aa, "%s: local enables of DR7 are gone, global ones stay", how);
}

static void test_jmp(void)
{
	struct cpu_state *c;
	struct box b;

	ring_open(&b, 0);
	c = model_cpu(b.m);
	c->dr7 = 0x5ff;
	c->gpr[GPR_RBX] = 0xabcd1234;
	c->rflags = 0x202 | FL_CF;
	box_put2(&b, TSS_B, 0x7777);
	run_jmp(&b, B_SEL);
	tap_eq(box_run(&b), EX_DONE, "jmp to a TSS");
	claim_in_b(&b, "jmp");
	tap_eq(c->rflags, 0x202, "jmp: flags of the new task, NT clear");
	tap_eq(tss_type(&b, A_SEL), 9, "jmp: the old TSS is available");
	tap_eq(tss_type(&b, B_SEL), 11, "jmp: the new one is busy");
	tap_eq(box_get4(&b, TSS_B) & 0xffff, 0x7777, "jmp: no back link");
	tap_eq(box_get4(&b, TSS_A + 32), BOX_CODE + 7, "jmp: EIP saved is the next instruction's");
	tap_eq(box_get4(&b, TSS_A + 36), 0x203, "jmp: EFLAGS saved");
	tap_eq(box_get4(&b, TSS_A + 52), 0xabcd1234, "jmp: EBX saved");
	tap_eq(box_get4(&b, TSS_A + 56), BOX_STACK, "jmp: ESP saved");
	tap_eq(box_get4(&b, TSS_A + 76) & 0xffff, CS0, "jmp: CS saved");
	tap_eq(b.m->tbit, false, "jmp: no T bit");
	box_close(&b);
}

static void test_call_iret(void)
{
	struct cpu_state *c;
	struct box b;

	ring_open(&b, 0);
	c = model_cpu(b.m);
	c->dr7 = 0x4aa;
	box_put4(&b, TSS_B + 100, 1); /* T */
	box_code(&b, BOX_CODE, "9a 00 00 00 00 70 00");
	tap_eq(box_run(&b), EX_DONE, "call of a task gate");
	claim_in_b(&b, "call");
	tap_eq(c->rflags, 0x202 | FL_NT, "call: NT is set");
	tap_eq(box_get4(&b, TSS_B) & 0xffff, A_SEL, "call: back link");
	tap_eq(tss_type(&b, A_SEL), 11, "call: the old TSS stays busy");
	tap_eq(tss_type(&b, B_SEL), 11, "call: the new one is busy");
	tap_eq(b.m->tbit, true, "call: T=1 is told");

	box_code(&b, 0x1c00, "cf");
	tap_eq(box_run(&b), EX_DONE, "iret with NT");
	tap_eq(c->tr.sel, A_SEL, "iret: back in the first task");
	tap_eq(c->rip, BOX_CODE + 7, "iret: behind the call");
	tap_eq(c->gpr[GPR_RSP], BOX_STACK, "iret: its stack");
	tap_eq(tss_type(&b, B_SEL), 9, "iret: the task left is available");
	tap_eq(tss_type(&b, A_SEL), 11, "iret: the one returned to is busy");
	tap_eq(box_get4(&b, TSS_B + 36) & FL_NT, 0, "iret: NT is clear in the image left behind");
	tap_eq(box_get4(&b, TSS_B + 32), 0x1c01, "iret: EIP of the task left");
	box_close(&b);
}

/* SDM volume 3, "16-Bit Task-State Segment (TSS)". */
static void test_16bit(void)
{
	struct cpu_state *c;
	struct box b;

	ring_open(&b, 0);
	c = model_cpu(b.m);
	box_put2(&b, TSS_16 + 14, 0x1d00);
	box_put2(&b, TSS_16 + 16, 0x0202);
	box_put2(&b, TSS_16 + 18, 0x1616);
	box_put2(&b, TSS_16 + 26, 0x9000);
	box_put2(&b, TSS_16 + 34, DS16);
	box_put2(&b, TSS_16 + 36, CS16);
	box_put2(&b, TSS_16 + 38, DS16);
	box_put2(&b, TSS_16 + 40, DS16);
	run_jmp(&b, T16_SEL);
	tap_eq(box_run(&b), EX_DONE, "jmp to a 16-bit TSS");
	tap_eq(c->rip, 0x1d00, "16: IP");
	tap_eq(c->gpr[GPR_RAX] & 0xffff, 0x1616, "16: AX");
	tap_eq(c->gpr[GPR_RSP] & 0xffff, 0x9000, "16: SP");
	tap_eq(b.m->mode, MODE_PROT16, "16: mode");
	tap_eq(c->seg[SEG_FS].sel, 0, "16: FS, which it has not, is null");
	tap_eq(tss_type(&b, T16_SEL), 3, "16: busy");
	/* And back by a JMP: only 16 bits of each register are saved. */
	box_code(&b, 0x1d00, "66 ea 00 00 00 00 40 00");
	tap_eq(box_run(&b), EX_DONE, "jmp from a 16-bit TSS");
	tap_eq(box_get4(&b, TSS_16 + 14) & 0xffff, 0x1d08, "16: IP saved");
	tap_eq(c->tr.sel, A_SEL, "16: back in the 32-bit task");
	tap_eq(c->gpr[GPR_RSP], BOX_STACK, "16: its ESP");
	box_close(&b);
}

/* Before the switch: nothing has changed. */
static void test_early_faults(void)
{
	static const struct {
		const char *name;
		u16 sel;
		u8 vector;
		u16 error;
	} rows[] = {
		{ "busy TSS", BUSY_SEL, EXC_GP, BUSY_SEL },
		{ "TSS in the LDT", B_SEL | 4, EXC_GP, B_SEL | 4 },
	};
	struct box b;

	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
		ring_open(&b, 0);
		run_jmp(&b, rows[i].sel);
		claim_event(&b, box_run(&b), rows[i].vector, rows[i].error, rows[i].name);
		tap_eq(b.m->c.tr.sel, A_SEL, "%s: TR stays", rows[i].name);
		box_close(&b);
	}
	ring_open(&b, 0);
	box_put(&b, GDT + B_SEL, desc_of(TSS_B, 0x66, 0x89));
	run_jmp(&b, B_SEL);
	claim_event(&b, box_run(&b), EXC_TS, B_SEL, "TSS shorter than 104 bytes");
	box_put(&b, GDT + B_SEL, desc_of(TSS_B, 0x67, 0x09));
	claim_event(&b, box_run(&b), EXC_NP, B_SEL, "TSS not present");
	box_put(&b, GDT + B_SEL, desc_of(TSS_B, 0x67, 0x89));
	tap_eq(tss_type(&b, A_SEL), 11, "none of it touched the busy bit");
	box_close(&b);

	ring_open(&b, 3);
	run_jmp(&b, B_SEL | 3);
	claim_event(&b, box_run(&b), EXC_GP, B_SEL, "TSS of DPL 0 from ring 3");
	box_close(&b);

	/* IRET to a task that is not busy: #TS. */
	ring_open(&b, 0);
	b.m->c.rflags |= FL_NT;
	box_put2(&b, TSS_A, B_SEL);
	box_code(&b, BOX_CODE, "cf");
	claim_event(&b, box_run(&b), EXC_TS, B_SEL, "back link to an available TSS");
	box_close(&b);
}

/* Behind the point of no return: the fault is the new task's, at its first instruction. */
static void test_late_faults(void)
{
	static const struct {
		const char *name;
		u8 at;
		u32 value;
		u8 vector;
		u32 error;
	} rows[] = {
		{ "CS of the wrong RPL", 76, CS0 | 3, EXC_TS, CS0 },
		{ "null CS", 76, 0, EXC_TS, 0 },
		{ "SS of ring 3", 80, DS3 | 3, EXC_TS, DS3 },
		{ "null SS", 80, 0, EXC_TS, 0 },
		{ "execute-only DS", 84, XONLY, EXC_TS, XONLY },
		{ "absent ES", 72, ABSENT, EXC_NP, ABSENT },
		{ "LDT that is none", 96, DS0, EXC_TS, DS0 },
	};

	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
		struct box b;

		ring_open(&b, 0);
		box_put4(&b, TSS_B + rows[i].at, rows[i].value);
		run_jmp(&b, B_SEL);
		if (tap_eq(box_run(&b), EX_EVENT, "%s: it faults", rows[i].name)) {
			tap_eq(b.m->event.vector, rows[i].vector, "%s: vector", rows[i].name);
			tap_eq(b.m->event.error, rows[i].error, "%s: error code", rows[i].name);
			tap_eq(b.m->c.rip, 0x1c00, "%s: at the new task's EIP", rows[i].name);
			tap_eq(b.m->c.tr.sel, B_SEL, "%s: in the new task", rows[i].name);
			tap_eq(tss_type(&b, B_SEL), 11, "%s: which is busy", rows[i].name);
		}
		box_close(&b);
	}
}

/* SDM volume 3, "Exception- or Interrupt-Handler Tasks". */
static void test_gate_event(void)
{
	struct guest_event ev = { .vector = EXC_GP, .type = INTR_HARD_EXC, .has_error = true,
				  .error = 0x1234, .fault = true };
	struct delivery d;
	struct box b;

	ring_open(&b, 3);
	box_put(&b, IDT + 8 * EXC_GP, gate_of(B_SEL, 0, 0x85, 0));
	tap_eq(model_deliver(b.m, &ev, &d), DELIVERY_DONE, "#GP through a task gate");
	tap_eq(b.m->c.tr.sel, B_SEL, "gate: the handler's task");
	tap_eq(b.m->c.rip, 0x1c00, "gate: its first instruction");
	tap_eq(b.m->cpl, 0, "gate: its ring");
	tap_eq(b.m->c.gpr[GPR_RSP], 0x9000 - 4, "gate: the error code is on its stack");
	tap_eq(box_get4(&b, 0x9000 - 4), 0x1234, "gate: its value");
	tap_eq(b.m->c.rflags & FL_NT, FL_NT, "gate: NT");
	tap_eq(box_get4(&b, TSS_A + 32), BOX_CODE, "gate: EIP of the fault is in the old TSS");
	tap_eq(box_get4(&b, TSS_A + 36) & FL_RF, FL_RF, "gate: with RF for a fault");
	tap_eq(d.handler_lin, 0x1c00, "gate: told");
	tap_eq(d.vector, EXC_GP, "gate: told which");
	box_close(&b);

	/* The usual one: a #DF task. #GP whose gate is bad is #GP again, hence #DF. */
	ring_open(&b, 0);
	box_put(&b, IDT + 8 * EXC_DF, gate_of(B_SEL, 0, 0x85, 0));
	tap_eq(model_deliver(b.m, &ev, &d), DELIVERY_DOUBLE_FAULT, "#DF through a task gate");
	tap_eq(d.vector, EXC_DF, "#DF: vector");
	tap_eq(box_get4(&b, 0x9000 - 4), 0, "#DF: its error code is 0");
	box_close(&b);

	/* A #DF task that cannot be entered: shutdown. */
	ring_open(&b, 0);
	box_put(&b, IDT + 8 * EXC_DF, gate_of(BUSY_SEL, 0, 0x85, 0));
	tap_eq(model_deliver(b.m, &ev, &d), DELIVERY_SHUTDOWN, "#DF task that is busy");
	tap_eq(b.m->c.activity, ACT_SHUTDOWN, "shutdown is the activity");
	box_close(&b);

	/* An interrupt whose task gate is bad: one #GP, with EXT. */
	ring_open(&b, 0);
	ev = (struct guest_event){ .vector = 0x20, .type = INTR_EXTERNAL };
	box_put(&b, IDT + 8 * 0x20, gate_of(BUSY_SEL, 0, 0x85, 0));
	box_put(&b, IDT + 8 * EXC_GP, gate_of(CS0, 0x1e00, 0x8e, 0));
	tap_eq(model_deliver(b.m, &ev, &d), DELIVERY_DONE, "interrupt through a bad task gate");
	tap_eq(d.vector, EXC_GP, "becomes #GP");
	tap_eq(d.error, BUSY_SEL | 1, "of the TSS selector, EXT set");
	tap_eq(b.m->c.rip, 0x1e00, "in its handler");
	box_close(&b);
}

/* SDM volume 3, "Paging of Virtual-8086 Tasks": a task whose EFLAGS image has VM set. */
static void test_v86_task(void)
{
	struct box b;

	ring_open(&b, 0);
	box_put4(&b, TSS_B + 36, 0x202 | FL_VM);
	box_put4(&b, TSS_B + 76, 0x100);
	box_put4(&b, TSS_B + 80, 0x800);
	box_put4(&b, TSS_B + 32, 0xc00);
	run_jmp(&b, B_SEL);
	tap_eq(box_run(&b), EX_DONE, "jmp to a v86 task");
	tap_eq(b.m->mode, MODE_V86, "v86: mode");
	tap_eq(b.m->cpl, 3, "v86: ring");
	tap_eq(b.m->c.seg[SEG_CS].base, 0x1000, "v86: CS is a paragraph");
	tap_eq(b.m->c.seg[SEG_SS].limit, 0xffff, "v86: limits");
	box_close(&b);
}

int main(void)
{
	test_jmp();
	test_call_iret();
	test_16bit();
	test_early_faults();
	test_late_faults();
	test_gate_event();
	test_v86_task();
	return tap_done();
}
