/*
 * engine_events.c - events under engines kvm and soft: each handler is seen from its first instruction,
 * the guest's own trap flag stays its own, policies are kept, and a guest that is stepped ends as one
 * that runs free.
 */
#include <string.h>

#include "engine_guest.h"

/*
 * A guest that does a bit of everything with an IDT of its own and writes what it saw to port e9: the
 * sum of what its handlers counted and of what PUSHF, frames and DR6 showed.
 */
GUEST_CODE(events, 64,
	   ".macro gate n, h\n lea rax, [rip + \\h]\n lea rdi, [rip + ev_idt + 16 * \\n]\n"
	   " mov [rdi], ax\n mov word ptr [rdi + 2], 8\n mov byte ptr [rdi + 5], 0x8e\n shr rax, 16\n"
	   " mov [rdi + 6], ax\n shr rax, 16\n mov [rdi + 8], eax\n.endm\n"
	   "gate 1, ev_db\n gate 3, ev_bp\n gate 6, ev_ud\n gate 13, ev_gp\n gate 14, ev_pf\n"
	   "gate 0x40, ev_sw\n lea rax, [rip + ev_idt]\n mov [rip + ev_idtr + 2], rax\n"
	   "lidt [rip + ev_idtr]\n xor r8, r8\n xor r9, r9\n xor r13, r13\n"
	   "ev_start:\n"
	   "nop\n"
	   ".byte 0xf1\n"
	   "nop\n"
	   "int3\n"
	   "int 0x40\n"
	   "ud2\n"
	   "movabs rbx, 0x7f0000000000\n"
	   "mov al, [rbx]\n"
	   "mov ecx, 0x99999\n"
	   "rdmsr\n"
	   /* its own TF for three instructions */
	   "pushfq\n pop rax\n or eax, 0x100\n push rax\n"
	   "ev_popf: popfq\n nop\n pushfq\n pop rbx\n and ebx, ~0x100\n push rbx\n popfq\n"
	   "ev_after:\n"
	   /* what it can see of the flags must not depend on who watches */
	   "pushfq\n pop rax\n add r13, rax\n"
	   "mov ecx, 4\n lea rsi, [rip + ev_idt]\n lea rdi, [rip + ev_buf]\n rep movsb\n"
	   "mov rax, r13\n call ev_put\n mov rax, r8\n call ev_put\n mov rax, r9\n call ev_put\n"
	   "hlt\n"
	   "ev_put: mov ecx, 8\n 1: out 0xe9, al\n shr rax, 8\n loop 1b\n ret\n"
	   /* but RF, which kvm_intel sets in a frame whose page was not there yet */
	   "ev_db: inc r8\n mov r15, dr6\n add r13, r15\n add r13, [rsp]\n mov r15, [rsp + 16]\n"
	   " btr r15, 16\n add r13, r15\n"
	   " mov r15d, 0xffff0ff0\n mov dr6, r15\n iretq\n"
	   "ev_bp: inc r9\n add r13, [rsp]\n mov r15, [rsp + 16]\n btr r15, 16\n add r13, r15\n"
	   " iretq\n"
	   "ev_sw: inc r9\n add r13, [rsp]\n iretq\n"
	   "ev_ud: inc r9\n add r13, [rsp]\n add qword ptr [rsp], 2\n iretq\n"
	   "ev_gp: inc r9\n add rsp, 8\n add qword ptr [rsp], 2\n iretq\n"
	   "ev_pf: inc r9\n add rsp, 8\n add qword ptr [rsp], 2\n iretq\n"
	   ".balign 16\n ev_idtr: .word 0x7ff\n .quad 0\n ev_buf: .fill 16, 1, 0\n"
	   ".balign 16\n ev_idt: .fill 2048, 1, 0");

extern const u8 ev_start[], ev_db[], ev_bp[], ev_sw[], ev_ud[], ev_gp[], ev_pf[], ev_popf[], ev_after[];

static u64 lin(const u8 *label)
{
	return GUEST_BASE + (label - events_start);
}

static bool run_to(struct guest *g, u64 target)
{
	for (int i = 0; i < 400 && guest_last(g, 0)->lin != target; i++)
		guest_run(g, 1);
	return guest_last(g, 0)->lin == target;
}

struct handler {
	const char *name;
	const u8 *handler;
	u8 vector, type;
	s8 retired;
	bool error;
};

/* In the order the guest meets them. */
static void test_handlers(void)
{
	const struct handler rows[] = {
		{ "ICEBP", ev_db, 1, INTR_PRIV_SOFT_EXC, 0, false },
		{ "INT3", ev_bp, 3, INTR_SOFT_EXC, 0, false },
		{ "INT 40", ev_sw, 0x40, INTR_SOFT_INT, 1, false },
		{ "#UD", ev_ud, 6, INTR_HARD_EXC, 0, false },
		{ "#PF", ev_pf, 14, INTR_HARD_EXC, 0, true },
		{ "#GP", ev_gp, 13, INTR_HARD_EXC, 0, true },
		{ "the guest's own TF", ev_db, 1, INTR_HARD_EXC, 0, false },
	};
	struct guest g;

	if (GUEST_INIT(&g, "long", events) && run_to(&g, lin(ev_start))) {
		for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
			const struct handler *h = &rows[i];
			const struct stop *s;

			if (!tap_ok(run_to(&g, lin(h->handler)), "%s: the handler is a stop", h->name))
				break;
			s = guest_last(&g, 0);
			tap_eq(s->causes, CAUSE_BIT(CAUSE_EVENT), "%s: cause EVENT", h->name);
			tap_eq(s->event_vector, h->vector, "%s: vector", h->name);
			tap_eq(s->event_type, h->type, "%s: type", h->name);
			tap_eq(s->retired, h->retired, "%s: retired", h->name);
			tap_eq(s->event_has_error, h->error, "%s: has an error code", h->name);
			tap_eq(s->rflags & FL_TF, 0, "%s: TF is clear in the handler", h->name);
			guest_run(&g, 1);
		}
		tap_eq(guest_gaps(&g), 0, "no gaps");
	}
	guest_deinit(&g);
}

/* The instruction that sets TF is not trapped, each one up to and with the POPF that clears it is. */
static void test_guest_tf(void)
{
	struct guest g;
	unsigned owed = 0;

	if (GUEST_INIT(&g, "long", events) && run_to(&g, lin(ev_popf))) {
		size_t from = g.n;

		tap_ok(run_to(&g, lin(ev_after)), "the guest gets through its own TF");
		tap_ok(!(guest_last(&g, 0)->rflags & FL_TF), "TF is clear behind it");
		tap_ok(guest_last(&g, 0)->pending, "the POPF that cleared it is trapped, too");
		guest_run(&g, 1);
		for (size_t i = from; i < g.n; i++)
			owed += g.rec[i].has_event && g.rec[i].event_vector == EXC_DB;
		tap_eq(owed, 6, "it gets its #DB for each of six instructions");
	}
	guest_deinit(&g);
}

struct end_state {
	struct cpu_state c;
	char text[GUEST_TEXT];
	size_t n_text;
	u8 memory[4096];
};

static bool end_state_of(const u8 *code, size_t n, u8 mode, bool hygiene, struct end_state *ret)
{
	struct guest g;
	bool fine;

	memset(ret, 0, sizeof(*ret));
	fine = guest_init(&g, "long", code, n);
	if (fine) {
		g.plan.mode = mode;
		g.plan.tf_hygiene = hygiene;
		fine = guest_run(&g, 100000) == RUN_STOP && guest_last(&g, 0)->first == CAUSE_HLT;
		g.e->ops->get_regs(g.e, REGS_GPR | REGS_SYS | REGS_DEBUG, &ret->c, &g.err);
		memcpy(ret->text, g.text, sizeof(g.text));
		ret->n_text = g.n_text;
		memcpy(ret->memory, machine_hva(g.m, GUEST_BASE, sizeof(ret->memory)), sizeof(ret->memory));
	}
	guest_deinit(&g);
	return fine;
}

static void test_transparent(void)
{
	size_t n = events_end - events_start;
	struct end_state stepped, freely;

	tap_ok(end_state_of(events_start, n, PLAN_STEP, true, &stepped), "stepped it ends in its HLT");
	tap_ok(end_state_of(events_start, n, PLAN_CONTINUE, true, &freely), "free it ends in its HLT");
	tap_eq(stepped.n_text, 24, "it writes three numbers");
	tap_mem(stepped.text, freely.text, 24, "output: stepped as free");
	tap_mem(stepped.c.gpr, freely.c.gpr, sizeof(stepped.c.gpr), "registers: stepped as free");
	tap_eq(stepped.c.rflags, freely.c.rflags, "flags: stepped as free");
	tap_eq(stepped.c.dr6, freely.c.dr6, "DR6: stepped as free");
	tap_ok(!memcmp(stepped.memory, freely.memory, sizeof(stepped.memory)), "memory: stepped as free");
}

/* An exception nobody handles is a stop at the instruction, as it was before. */
GUEST_CODE(unhandled, 64, "mov eax, 5\n xor ebx, ebx\n div ebx\n nop\n hlt");

static void test_unhandled(u8 mode, const char *name)
{
	struct guest g;

	if (GUEST_INIT(&g, "long", unhandled)) {
		g.plan.mode = mode;
		tap_eq(guest_run(&g, 100), RUN_STOP, "%s: an unhandled exception ends the run", name);
		tap_eq(guest_last(&g, 0)->causes, CAUSE_BIT(CAUSE_EXCEPTION), "%s: cause", name);
		tap_eq(guest_last(&g, 0)->event_vector, EXC_DE, "%s: vector", name);
		tap_eq(guest_last(&g, 0)->lin, GUEST_BASE + 7, "%s: at the instruction", name);
		tap_eq(guest_reg(&g, GPR_RAX), 5, "%s: with its registers", name);
		g.e->ops->skip(g.e, SKIP_KIND_INNER, &g.ring, &g.err);
		tap_eq(guest_run(&g, 100), RUN_STOP, "%s: skipped, it goes on", name);
		tap_eq(guest_last(&g, 0)->first, CAUSE_HLT, "%s: to its end", name);
	}
	guest_deinit(&g);
}

GUEST_CODE(two, 64, "nop\n .byte 0xf1\n nop\n nop\n hlt");

static void test_policy(u8 policy, u8 once, const char *name, const char *wanted)
{
	struct guest g;

	if (GUEST_INIT(&g, "long", two)) {
		g.plan.icebp = policy;
		guest_run(&g, 2);
		g.plan.pending_once = once;
		guest_run(&g, 1);
		tap_str(guest_causes(&g, 2), wanted, "%s", name);
		if (!strcmp(wanted, "TF"))
			tap_eq(guest_last(&g, 0)->did[0].kind, DID_SWALLOW, "%s: and says so", name);
	}
	guest_deinit(&g);
}

static void test_skips(void)
{
	static const struct {
		u8 policy;
		const char *name, *wanted;
		u64 rip;
	} rows[] = {
		{ SKIP_CORRECTED, "corrected", "TF ICEBP TF TF", 4 },
		{ SKIP_WRONG_OUTER, "outer", "TF ICEBP TF TF", 3 },
		{ SKIP_WRONG_NONE, "none", "TF ICEBP ICEBP ICEBP", 1 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct guest g;
		bool warned = false;

		if (GUEST_INIT(&g, "long", two)) {
			g.plan.skip = rows[i].policy;
			g.plan.icebp = EVENT_SWALLOW;
			guest_run(&g, 4);
			for (size_t n = 0; n < g.n; n++)
				for (unsigned d = 0; d < g.rec[n].n_did; d++)
					warned |= g.rec[n].did[d].kind == DID_WRONG_SKIP;
			tap_str(guest_causes(&g, 0), rows[i].wanted, "skip %s: stops", rows[i].name);
			tap_eq(guest_last(&g, 0)->lin, GUEST_BASE + rows[i].rip, "skip %s: RIP",
			       rows[i].name);
			tap_eq(warned, rows[i].policy != SKIP_CORRECTED, "skip %s: warning", rows[i].name);
		}
		guest_deinit(&g);
	}
}

/* The PIT through the PIC in real mode: IRQ 0 at vector 20, three times. */
GUEST_CODE(ticks, 16,
	   "cli\n xor ax, ax\n mov ds, ax\n mov ss, ax\n mov sp, 0x7000\n"
	   "mov word ptr [0x80], 0x1000 + tk_irq - ticks_start\n mov word ptr [0x82], 0\n"
	   "mov al, 0x11\n out 0x20, al\n mov al, 0x20\n out 0x21, al\n mov al, 4\n out 0x21, al\n"
	   "mov al, 1\n out 0x21, al\n mov al, 0xfe\n out 0x21, al\n"
	   "mov al, 0x34\n out 0x43, al\n xor al, al\n out 0x40, al\n mov al, 0x20\n out 0x40, al\n"
	   "xor cx, cx\n sti\n"
	   "tk_hlt: hlt\n cmp cx, 2\n jb tk_hlt\n"
	   "tk_busy: cmp cx, 3\n jb tk_busy\n cli\n hlt\n nop\n"
	   "tk_irq: inc cx\n mov al, 0x20\n out 0x20, al\n iret");

extern const u8 tk_irq[];

static void test_interrupts(bool hold)
{
	struct guest g;
	unsigned entered = 0, waited = 0, first = 0;
	int end;

	if (GUEST_INIT(&g, "real", ticks)) {
		u64 handler = 0x1000 + (tk_irq - ticks_start);

		g.plan.hold_irq = hold;
		end = guest_run(&g, hold ? 300 : 25000);
		for (size_t i = 0; i < g.n; i++) {
			const struct stop *s = &g.rec[i];

			entered += s->has_event && s->event_type == INTR_EXTERNAL;
			first += s->lin == handler;
			for (unsigned d = 0; d < s->n_did; d++)
				waited += s->did[d].kind == DID_WAIT_HLT;
		}
		tap_eq(waited, 2, "hold %d: two HLTs waited for an interrupt", hold);
		/* More than the three it waits for come in where stepping is slow. */
		tap_ok(hold ? entered == 2 : entered >= 3, "hold %d: interrupts seen", hold);
		tap_eq(first, entered, "hold %d: each from its handler's first instruction", hold);
		tap_eq(end, hold ? RUN_COUNT : RUN_STOP, "hold %d: how it ends", hold);
		tap_eq(guest_gaps(&g), 0, "hold %d: no gaps", hold);
	}
	guest_deinit(&g);
}

/* Ring 3 with an IDT that ends before #DB, where the software flavour cannot step it; its #DE is handled
 * by a loop of ring 0 longer than the engine's timer waits. */
GUEST_CODE(ring3, 64,
	   "lgdt [rip + r3_gdtr]\n lidt [rip + r3_idtr]\n"
	   "lea rax, [rip + r3_tss]\n mov [rip + r3_tss_low + 2], ax\n shr eax, 16\n"
	   "mov [rip + r3_tss_low + 4], al\n lea rax, [rip + r3_ring0]\n mov [rip + r3_tss + 4], rax\n"
	   "mov ax, 0x28\n ltr ax\n"
	   "lea rax, [rip + r3_de]\n mov [rip + r3_idt], ax\n shr rax, 16\n mov [rip + r3_idt + 6], ax\n"
	   "push 0x1b\n lea rax, [rip + r3_top]\n push rax\n push 2\n push 0x23\n"
	   "lea rax, [rip + r3_user]\n push rax\n iretq\n"
	   "r3_user: xor ecx, ecx\n div ecx\n"
	   "r3_de: mov ecx, 300000\n r3_loop: dec ecx\n jnz r3_loop\n hlt\n"
	   ".balign 8\n r3_gdt: .quad 0, 0x00af9b000000ffff, 0x00cf93000000ffff\n"
	   ".quad 0x00cff3000000ffff, 0x00affb000000ffff\n"
	   "r3_tss_low: .quad 0x67 + 0x890000000000, 0\n"
	   "r3_gdtr: .word . - r3_gdt - 1\n .quad 0x100000 + r3_gdt - ring3_start\n"
	   "r3_idtr: .word 15\n .quad 0x100000 + r3_idt - ring3_start\n"
	   ".balign 8\n r3_idt: .quad 0x8e0000080000, 0\n r3_tss: .skip 0x68\n"
	   ".skip 128\n r3_ring0: .skip 64\n r3_top: .skip 8\n");

extern const u8 r3_user[];

/* The engine's own kick behind a gap is no stop: nobody asked for one. */
static void test_kick_in_a_gap(void)
{
	struct guest g;

	if (GUEST_INIT(&g, "long", ring3)) {
		u64 user = GUEST_BASE + (r3_user - ring3_start);
		unsigned kicked = 0;
		int end;

		guest_run(&g, 22);
		tap_eq(guest_last(&g, 0)->lin, user, "ring 3 is reached");
		end = guest_run(&g, 8);
		for (size_t i = 0; i < g.n; i++)
			kicked += !!(g.rec[i].causes & CAUSE_BIT(CAUSE_INTERRUPT));
		tap_eq(kicked, 0, "no INTERRUPT where the user sent none");
		tap_eq(end, RUN_COUNT, "and the steps asked for are done");
		if (guest_gaps(&g))
			tap_ok(guest_last(&g, 0)->cpl == 0, "in the handler, behind the gap");
		else
			tap_skip("a gap", "this KVM steps ring 3");
	}
	guest_deinit(&g);
}

static void tests(void)
{
	test_handlers();
	test_guest_tf();
	test_transparent();
	test_policy(EVENT_AUTO, EVENT_AUTO, "auto without a gate swallows", "TF");
	test_policy(EVENT_SWALLOW, EVENT_AUTO, "swallow swallows", "TF");
	test_policy(EVENT_DELIVER, EVENT_SWALLOW, "once, against the policy", "TF");
	/* ... into the #NP that the missing gate makes, which nobody handles. */
	test_policy(EVENT_DELIVER, EVENT_AUTO, "deliver delivers", "EXCEPTION");
	test_unhandled(PLAN_STEP, "stepped");
	test_unhandled(PLAN_CONTINUE, "free");
	test_skips();
	test_interrupts(true);
	/* By virtual time a tick of this timer is 700,000 instructions: irq64.S has it there. */
	if (strcmp(guest_engine, "soft"))
		test_interrupts(false);
	test_kick_in_a_gap();
}

int main(void)
{
	return guest_each_engine(tests);
}
