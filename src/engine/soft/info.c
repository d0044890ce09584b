/*
 * info.c - `info engine`, `info events`, `info apic`, and `info vmcs`: the fields of the last exit and of
 * the guest as a VMCS would hold them, under the names engine mtf shows.
 */
#include "engine/common/vmcs_text.h"
#include "engine/soft/soft.h"

#include <errno.h>

static u64 vmcs_shadow(const struct cpu_state *c)
{
	return (c->shadow & SHADOW_STI ? 1 : 0) | (c->shadow & SHADOW_MOV_SS ? 2 : 0) |
	       (c->nmi_blocked ? 8 : 0);
}

static void exit_put(const struct soft_engine *e, struct strbuf *out)
{
	const struct vmx_evidence *ev = &e->last;
	const u64 v[EXIT_COUNT] = {
		[EXIT_REASON] = ev->reason, [EXIT_QUALIFICATION] = ev->qualification,
		[EXIT_INTR_INFO] = ev->intr_info, [EXIT_INSN_LEN] = ev->insn_len,
		[EXIT_INTR_ERROR] = ev->intr_error, [EXIT_IDT_INFO] = ev->idt_info,
		[EXIT_IDT_ERROR] = ev->idt_error, [EXIT_GPA] = ev->gpa, [EXIT_GLA] = ev->gla,
	};

	if (e->has_last)
		vmcs_fields_put(out, "exit", VMCS_EXIT, v);
	else
		strbuf_adds(out, "exit: there has been none yet\n");
}

static void core_put(const struct soft_engine *e, struct strbuf *out)
{
	const struct cpu_state *c = e->c;
	const u64 v[CORE_COUNT] = {
		[CORE_RIP] = c->rip, [CORE_RSP] = c->gpr[GPR_RSP], [CORE_RFLAGS] = c->rflags,
		[CORE_INTERRUPTIBILITY] = vmcs_shadow(c), [CORE_PENDING_DBG] = *model_pending_dbg(e->m),
	};

	vmcs_fields_put(out, "guest", VMCS_CORE, v);
}

/* SDM 3 "Guest Register State": bit 16 says unusable. */
static u64 access_rights(const struct segment *s)
{
	return s->attr ? (s->attr & 0xff) | (u64)(s->attr & 0xf000) : BIT64(16);
}

static void sys_put(const struct soft_engine *e, struct strbuf *out)
{
	const struct cpu_state *c = e->c;
	u64 v[SYS_COUNT] = {
		[SYS_GDTR_BASE] = c->gdtr.base, [SYS_IDTR_BASE] = c->idtr.base,
		[SYS_GDTR_LIMIT] = c->gdtr.limit, [SYS_IDTR_LIMIT] = c->idtr.limit, [SYS_DR7] = c->dr7,
		[SYS_DEBUGCTL] = c->debugctl, [SYS_SYSENTER_CS] = c->sysenter_cs,
		[SYS_SYSENTER_ESP] = c->sysenter_esp, [SYS_SYSENTER_EIP] = c->sysenter_eip,
		[SYS_EFER] = c->efer, [SYS_PAT] = c->pat, [SYS_ACTIVITY] = c->activity, [SYS_CR0] = c->cr0,
		[SYS_CR3] = c->cr3, [SYS_CR4] = c->cr4,
	};

	for (unsigned i = 0; i < SEG_COUNT + 2; i++) {
		const struct segment *s = i < SEG_COUNT ? &c->seg[i] : i == SEG_COUNT ? &c->ldtr : &c->tr;

		v[SYS_ES_SEL + i] = s->sel;
		v[SYS_ES_LIMIT + i] = s->limit;
		v[SYS_ES_AR + i] = access_rights(s);
		v[SYS_ES_BASE + i] = s->base;
	}
	vmcs_fields_put(out, "guest, system", VMCS_SYS, v);
}

static void decoded_put(const struct soft_engine *e, struct strbuf *out)
{
	u64 pd = *model_pending_dbg(e->m);

	strbuf_addf(out, "decoded: shadow %s; pending debug exceptions%s%s%s",
		    e->c->shadow & SHADOW_MOV_SS ? "mov-ss" : e->c->shadow & SHADOW_STI ? "sti" : "none",
		    pd & PDBG_BS ? " BS" : "", pd & PDBG_ENABLED ? " enabled-breakpoint" : "",
		    pd & (PDBG_BS | PDBG_ENABLED | PDBG_BN) ? "" : " none");
	for (unsigned n = 0; n < 4; n++)
		if (pd & BIT64(n))
			strbuf_addf(out, " B%u", n);
	strbuf_adds(out, "\n");
}

static void vmcs_text(struct soft_engine *e, struct strbuf *out)
{
	strbuf_adds(out, "no VMCS but the model's: what one would hold\n");
	exit_put(e, out);
	core_put(e, out);
	sys_put(e, out);
	decoded_put(e, out);
}

static void engine_text(struct soft_engine *e, struct strbuf *out)
{
	u64 ns = platform_ns(e);

	strbuf_adds(out, "soft: a processor model in VMX non-root operation, the debugger its hypervisor\n"
			 "not modelled, hidden by CPUID: AES, PCLMULQDQ, SHA, AVX and later, VMX, SVM, "
			 "bus-lock and RTM debug exceptions\n");
	strbuf_addf(out, "virtual time: %llu.%09llu s (%u ns an instruction); TSC %llu\n",
		    (unsigned long long)(ns / 1000000000), (unsigned long long)(ns % 1000000000),
		    (unsigned)TICK_NS, (unsigned long long)e->c->tsc);
	strbuf_addf(out, "points: %zu on code, %zu on data, by address\n", e->points.n_code, e->points.n_data);
	strbuf_addf(out, "since the start: %llu instructions, %llu steps, %llu VM exits told\n",
		    (unsigned long long)model_retired(e->m), (unsigned long long)e->n_steps,
		    (unsigned long long)e->n_exits);
}

static const char *pending_name(const struct pending *p)
{
	return p->by_user	      ? "queued by the user" :
	       p->cause == CAUSE_TF   ? "the guest's own #DB" :
	       p->cause == CAUSE_INT3 ? "the guest's INT3" :
					"the guest's ICEBP";
}

static void events_text(struct soft_engine *e, struct strbuf *out)
{
	u8 vector[2];
	unsigned n = chips_pending(&e->chips, platform_apic_on(e), vector);

	if (e->r.pending.active)
		strbuf_addf(out, "pending at the next resume: vector %#x (%s)\n", e->r.pending.ev.vector,
			    pending_name(&e->r.pending));
	else
		strbuf_adds(out, "pending at the next resume: nothing\n");
	decoded_put(e, out);
	strbuf_addf(out, "NMI %s; IF=%u; %s\n", e->c->nmi_blocked ? "blocked" : "not blocked",
		    !!(e->c->rflags & FL_IF), e->c->activity == ACT_HLT ? "in HLT" : "running");
	for (unsigned i = 0; i < n; i++)
		strbuf_addf(out, "an interrupt waits: vector %#x\n", vector[i]);
	if (e->chips.deadline != NEVER)
		strbuf_addf(out, "next timer event: in %llu ticks\n",
			    (unsigned long long)(e->chips.deadline - model_clock(e->m)));
}

static void apic_text(struct soft_engine *e, struct strbuf *out)
{
	const struct lapic *a = &e->chips.lapic;

	strbuf_addf(out, "local APIC at %#llx: %s; SVR %#x TPR %#x\n",
		    (unsigned long long)(e->c->apic_base & ~0xfffull), platform_apic_on(e) ? "on" : "off", a->svr,
		    a->tpr);
	strbuf_addf(out, "LVT timer %#x, LINT0 %#x, LINT1 %#x; timer count %u of %u\n", a->lvt[LVT_TIMER],
		    a->lvt[LVT_LINT0], a->lvt[LVT_LINT1], lapic_read(a, 0x390, model_clock(e->m)),
		    a->timer_initial);
	for (unsigned i = 0; i < 2; i++)
		strbuf_addf(out, "%s 8259A: base %#x IRR %02x ISR %02x IMR %02x\n", i ? "slave" : "master",
			    e->chips.pics.chip[i].base, e->chips.pics.chip[i].irr, e->chips.pics.chip[i].isr,
			    e->chips.pics.chip[i].imr);
	strbuf_addf(out, "8254: channel 0 mode %u count %u\n", e->chips.pit.ch[0].mode, e->chips.pit.ch[0].count);
}

int soft_info(struct soft_engine *e, const char *what, struct strbuf *out, struct err *err)
{
	static const struct {
		const char *what;
		void (*text)(struct soft_engine *e, struct strbuf *out);
	} texts[] = {
		{ "engine", engine_text }, { "events", events_text }, { "vmcs", vmcs_text }, { "apic", apic_text },
	};

	for (unsigned i = 0; i < ARRAY_SIZE(texts); i++) {
		if (strcmp(what, texts[i].what))
			continue;
		texts[i].text(e, out);
		return 0;
	}
	return err_set(err, ENOTSUP, "engine soft has no `info %s`", what);
}
