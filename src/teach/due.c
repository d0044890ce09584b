/*
 * due.c - what waits at the boundary the guest stands at, in the order in which the processor would take
 * it, and which mask holds it back. The ranks and the masks are the core's (due_held).
 */
#include <stdio.h>
#include <vmstep/teach.h>

struct scene {
	const struct cpu_state *cpu;
	const struct stop *stop;
	const struct settings *set;
	bool mtf; /* the engine steps by the monitor trap flag */
	struct insn insn;
};

/* Trap bits the engine showed as pending; 0 where it shows none. */
static u64 pending_traps(const struct stop *st)
{
	return st && (st->ev.kind == EVIDENCE_VMX || st->ev.kind == EVIDENCE_SOFT) ? st->ev.vmx.pending_dbg : 0;
}

static bool trap_row(const struct scene *s, char *text, size_t size)
{
	const u64 p = pending_traps(s->stop);

	if (p)
		snprintf(text, size, "waits:%s%s%s%s%s%s", p & PDBG_BS ? " BS" : "", p & 1 ? " B0" : "", p & 2 ? " B1" : "",
			 p & 4 ? " B2" : "", p & 8 ? " B3" : "", p & PDBG_BLD ? " BLD" : "");
	else
		snprintf(text, size, "%s", s->cpu->rflags & FL_TF ? "TF on: after the next insn" : "none");
	return p;
}

static bool mtf_row(const struct scene *s, char *text, size_t size)
{
	snprintf(text, size, "%s", s->mtf ? "armed, after the next insn" : "off");
	return false;
}

static bool nmi_row(const struct scene *s, char *text, size_t size)
{
	snprintf(text, size, "%s", s->cpu->nmi_blocked ? "blocked until IRET" : "let in");
	return false;
}

static bool interrupt_row(const struct scene *s, char *text, size_t size)
{
	const bool on = s->cpu->rflags & FL_IF;

	snprintf(text, size, "%s", !on ? "IF off" : s->set->step_irq ? "let in" : "IF on, kept out: step-irq off");
	return false;
}

/* The guest's own execute breakpoints at this address. */
static unsigned code_points(const struct cpu_state *c)
{
	unsigned hit = 0;

	for (unsigned i = 0; i < 4; i++)
		if ((c->dr7 & DR7_LG(i)) && !DR7_RW(c->dr7, i) && c->dr[i] == cpu_linear_rip(c))
			hit |= 1u << i;
	return hit;
}

static bool code_row(const struct scene *s, char *text, size_t size)
{
	const unsigned hit = code_points(s->cpu);

	if (hit)
		snprintf(text, size, "here:%s%s%s%s", hit & 1 ? " DR0" : "", hit & 2 ? " DR1" : "", hit & 4 ? " DR2" : "",
			 hit & 8 ? " DR3" : "");
	else
		snprintf(text, size, "none of the guest's");
	return hit;
}

static bool exec_row(const struct scene *s, char *text, size_t size)
{
	const char *what = s->insn.facts.cls == INSN_ICEBP   ? "INT1: #DB, type 5"
			   : s->insn.facts.cls == INSN_INT3 ? "INT3: #BP, type 6"
			   : s->insn.facts.cls == INSN_INTN ? "INT n: its vector, type 4"
							    : NULL;

	if (s->stop && s->stop->pending)
		snprintf(text, size, "vector %u waits for the resume", s->stop->pending_vector);
	else
		snprintf(text, size, "%s", what ? what : "a fault of the next insn, if any");
	return what || (s->stop && s->stop->pending);
}

static const struct {
	u8 due;
	bool (*state)(const struct scene *s, char *text, size_t size); /* true: something waits */
} rows[] = {
	{ DUE_MTF, mtf_row },	    { DUE_TRAP, trap_row },    { DUE_NMI, nmi_row },
	{ DUE_INTERRUPT, interrupt_row }, { DUE_CODE_BP, code_row }, { DUE_EXEC_FAULT, exec_row },
};

static void held_put(u32 bit, const struct due_masks *m, char *text, size_t size)
{
	static const struct due_masks none = { .if_flag = true };
	struct due_masks one = none;
	const char *sep = "";
	size_t n = 0;

	text[0] = '\0';
	for (unsigned i = 0; i < 5; i++) {
		static const char *const name[] = { "MOV SS shadow", "STI shadow", "IF", "RF", "NMI blocking" };

		one = none;
		if (i < 2)
			one.shadow = m->shadow & (i ? SHADOW_STI : SHADOW_MOV_SS);
		one.if_flag = i == 2 ? m->if_flag : true;
		one.rf = i == 3 && m->rf;
		one.nmi_blocked = i == 4 && m->nmi_blocked;
		if (due_held(bit, &one) && n < size)
			n += snprintf(text + n, size - n, "%s%s", sep, name[i]), sep = ", ";
	}
}

static int scene_make(struct session *s, struct scene *ret, struct err *err)
{
	u8 bytes[INSN_MAX];
	size_t n = INSN_MAX;
	int r;

	*ret = (struct scene){ .stop = session_last_stop(s), .set = session_settings(s) };
	r = session_regs(s, &ret->cpu, err);
	if (r)
		return r;
	ret->mtf = ret->set->mtf && strcmp(session_engine_name(s), "kvm");
	while (n && session_read(s, cpu_linear_rip(ret->cpu), bytes, n, NULL))
		n--;
	insn_decode(mode_bits(cpu_mode(ret->cpu)), bytes, n, &ret->insn);
	return 0;
}

int due_explain(struct session *s, struct due_line ret[DUE_LINES], struct err *err)
{
	struct scene sc;
	int r = scene_make(s, &sc, err);

	_Static_assert(ARRAY_SIZE(rows) == DUE_LINES, "a line a row");
	for (size_t i = 0; !r && i < DUE_LINES; i++) {
		const struct due_masks m = { .shadow = sc.cpu->shadow_known ? sc.cpu->shadow : 0, .rf = sc.cpu->rflags & FL_RF,
					     .if_flag = sc.cpu->rflags & FL_IF, .nmi_blocked = sc.cpu->nmi_blocked };

		ret[i].due = rows[i].due;
		ret[i].waits = rows[i].state(&sc, ret[i].state, sizeof(ret[i].state));
		held_put(DUE_BIT(rows[i].due), &m, ret[i].held, sizeof(ret[i].held));
	}
	return r;
}
