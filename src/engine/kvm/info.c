/*
 * info.c - `info engine` and `info events`.
 */
#include "engine/kvm/kvm.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const char *yes(bool b)
{
	return b ? "yes" : "no";
}

void quirks_text(const struct kvm_quirks *q, char *buf, size_t size)
{
	if (q->software)
		snprintf(buf, size, "software flavour of /dev/kvm (no VMX or SVM): an F1 at CPL 0 is "
				    "an internal error of KVM, ring 3 is stepped through the guest's "
				    "#DB gate, data breakpoints %s",
			 q->data_points ? "fire" : "do not fire");
	else
		snprintf(buf, size, "hardware virtualization: an F1 while stepping is %s, data breakpoints %s",
			 q->icebp_unseen ? "not told of (K13), and foreseen" : "a debug exit with RIP on it",
			 q->data_points ? "fire" : "do not fire");
}

static void engine_text(const struct vcpu *k, struct strbuf *out)
{
	char text[300];

	quirks_text(&k->quirks, text, sizeof(text));
	strbuf_addf(out, "kvm: %s\n", text);
	strbuf_addf(out, "registers in the shared page: %s; interrupts can be held: %s; exception "
			 "payload: %s; read-only memory: %s\n",
		    yes(k->caps.sync_regs), yes(k->caps.block_irq), yes(k->caps.exception_payload),
		    yes(k->caps.readonly_mem));
	strbuf_addf(out, "execute points repeat on resume in spite of RF: %s; INT3 in real mode "
			 "exits: %s\n",
		    yes(k->quirks.exec_repeats), yes(k->quirks.int3_real));
	strbuf_addf(out, "guest debug now: control %#x", k->debug.control);
	for (unsigned n = 0; n < SLOTS; n++)
		if (k->debug.arch.debugreg[7] & DR7_LG(n))
			strbuf_addf(out, " dr%u=%#llx", n,
				    (unsigned long long)k->debug.arch.debugreg[n]);
	strbuf_addf(out, "\nsince the start: %llu entries, %llu changes of guest debug\n",
		    (unsigned long long)k->n_runs, (unsigned long long)k->n_debug);
}

static const char *pending_name(const struct pending *p)
{
	return p->by_user	      ? "queued by the user" :
	       p->cause == CAUSE_TF   ? "the guest's own #DB" :
	       p->cause == CAUSE_INT3 ? "the guest's INT3" :
					"the guest's ICEBP";
}

static void events_text(struct vcpu *k, struct strbuf *out)
{
	const struct kvm_vcpu_events *e = &k->s->events;
	u8 vector[2];
	unsigned n = irq_pending(k, vector);

	if (k->r.pending.active)
		strbuf_addf(out, "pending at the next resume: vector %#x (%s)\n", k->r.pending.ev.vector,
			    pending_name(&k->r.pending));
	else
		strbuf_adds(out, "pending at the next resume: nothing\n");
	if (e->exception.injected || e->exception.pending)
		strbuf_addf(out, "KVM: exception %#x is %s\n", e->exception.nr,
			    e->exception.injected ? "being injected" : "pending");
	if (e->interrupt.injected)
		strbuf_addf(out, "KVM: interrupt %#x is being injected\n", e->interrupt.nr);
	strbuf_addf(out, "shadow: %s; NMI %s; IF=%u; %s\n",
		    e->interrupt.shadow & SHADOW_MOV_SS ? "mov-ss" :
		    e->interrupt.shadow & SHADOW_STI	? "sti" :
							  "none",
		    e->nmi.masked ? "blocked" : "not blocked", !!(k->s->regs.rflags & FL_IF),
		    to_kvm(k)->halted ? "in HLT" : "running");
	for (unsigned i = 0; i < n; i++)
		strbuf_addf(out, "an interrupt waits: vector %#x\n", vector[i]);
}

int info_text(struct vcpu *k, const char *what, struct strbuf *out, struct err *err)
{
	if (!strcmp(what, "engine")) {
		engine_text(k, out);
		return 0;
	}
	if (!strcmp(what, "events")) {
		events_text(k, out);
		return 0;
	}
	return err_set(err, ENOTSUP, "engine kvm has no `info %s`: a VMCS is seen with engine mtf or "
				     "soft", what);
}
