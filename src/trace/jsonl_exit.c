/*
 * jsonl_exit.c - the members "exit" and "vmx" of a record: what the engine reported, verbatim.
 * man/vmstep-trace.5 describes them.
 */
#include <linux/kvm.h>
#include "put.h"

static void access_members(const struct kvm_evidence *e, struct strbuf *out)
{
	PUT(out, ",\"write\":");
	strbuf_adds(out, e->is_write ? "true" : "false");
	if (e->reason == KVM_EXIT_IO) {
		HEX(out, ",\"port\":", e->port);
		PUT(out, ",\"count\":");
		strbuf_adddec(out, e->count);
	} else {
		HEX(out, ",\"gpa\":", e->gpa);
	}
	PUT(out, ",\"size\":");
	strbuf_adddec(out, e->size);
	if (e->is_write)
		HEX(out, ",\"data\":", e->data);
	HEX(out, ",\"rip\":", e->rip);
}

static void kvm_exit(const struct kvm_evidence *e, struct strbuf *out)
{
	PUT(out, ",\"exit\":{\"reason\":\"");
	strbuf_adds(out, kvm_exit_name(e->reason));
	strbuf_addc(out, '"');
	switch (e->reason) {
	case KVM_EXIT_DEBUG:
		PUT(out, ",\"exception\":");
		strbuf_adddec(out, e->exception);
		HEX(out, ",\"pc\":", e->pc);
		break;
	case KVM_EXIT_IO:
	case KVM_EXIT_MMIO:
		access_members(e, out);
		break;
	case KVM_EXIT_INTERNAL_ERROR:
		PUT(out, ",\"suberror\":");
		strbuf_adddec(out, e->suberror);
		PUT(out, ",\"bytes\":\"");
		strbuf_addbytes(out, e->bytes, e->n_bytes);
		PUT(out, "\"");
		HEX(out, ",\"rip\":", e->rip);
		break;
	case KVM_EXIT_FAIL_ENTRY:
		HEX(out, ",\"hw_reason\":", e->hw_reason);
		HEX(out, ",\"rip\":", e->rip);
		break;
	default:
		HEX(out, ",\"rip\":", e->rip);
	}
	if (e->halted)
		PUT(out, ",\"mp_state\":\"halted\"");
	if (e->completed)
		strbuf_adds(out, e->completed == 2 ? ",\"reentry\":\"debug\""
						   : ",\"reentry\":\"eintr\"");
	PUT(out, "},\"vmx\":null");
}

static void vmx_exit(const struct vmx_evidence *v, struct strbuf *out)
{
	PUT(out, ",\"exit\":null,\"vmx\":{\"reason\":");
	strbuf_adddec(out, v->reason);
	HEX(out, ",\"qualification\":", v->qualification);
	HEX(out, ",\"intr_info\":", v->intr_info);
	PUT(out, ",\"insn_len\":");
	strbuf_adddec(out, v->insn_len);
	HEX(out, ",\"pending_dbg\":", v->pending_dbg);
	HEX(out, ",\"interruptibility\":", v->interruptibility);
	if (v->l0_mtf)
		strbuf_adds(out, v->l0_mtf == L0_MTF_PENDING ? ",\"l0_mtf\":\"pending\"" : ",\"l0_mtf\":\"none\"");
	PUT(out, "}");
}

static void shim_exit(const struct shim_evidence *s, struct strbuf *out)
{
	static const char *const name[] = {
		[SHIM_CORRUPTED] = "SHIM_CORRUPTED", [SHIM_EXCEPTION] = "SHIM_EXCEPTION",
		[SHIM_VM_FAIL] = "SHIM_VM_FAIL", [SHIM_SILENT] = "SHIM_SILENT",
	};

	PUT(out, ",\"exit\":{\"reason\":\"");
	strbuf_adds(out, name[s->what]);
	strbuf_addc(out, '"');
	switch ((enum shim_fault)s->what) {
	case SHIM_CORRUPTED:
		HEX(out, ",\"magic\":", s->magic);
		HEX(out, ",\"version\":", s->version);
		HEX(out, ",\"size\":", s->size);
		HEX(out, ",\"status\":", s->status);
		HEX(out, ",\"seq\":", s->seq);
		break;
	case SHIM_EXCEPTION:
		PUT(out, ",\"vector\":");
		strbuf_adddec(out, s->vector);
		HEX(out, ",\"rip\":", s->rip);
		HEX(out, ",\"error\":", s->error);
		HEX(out, ",\"cr2\":", s->cr2);
		break;
	case SHIM_VM_FAIL:
		PUT(out, ",\"vm_error\":");
		strbuf_adddec(out, s->vm_error);
		HEX(out, ",\"field\":", s->field);
		break;
	case SHIM_SILENT:
		PUT(out, ",\"kicks\":");
		strbuf_adddec(out, s->kicks);
		break;
	}
	PUT(out, "},\"vmx\":null");
}

static void model_exit(u8 lack, struct strbuf *out)
{
	static const char *const names[] = {
		[LACK_INSTRUCTION] = "instruction", [LACK_FERR] = "ferr", [LACK_IRQ13] = "irq13",
	};

	PUT(out, ",\"exit\":{\"reason\":\"MODEL\",\"lacks\":\"");
	strbuf_adds(out, names[lack]);
	PUT(out, "\"},\"vmx\":null");
}

void jsonl_exit_put(const struct stop *st, struct strbuf *out)
{
	switch (st->ev.kind) {
	case EVIDENCE_KVM:
		kvm_exit(&st->ev.kvm, out);
		break;
	case EVIDENCE_VMX:
	case EVIDENCE_SOFT:
		vmx_exit(&st->ev.vmx, out);
		break;
	case EVIDENCE_MODEL:
		model_exit(st->ev.lack, out);
		break;
	case EVIDENCE_SHIM:
		shim_exit(&st->ev.shim, out);
		break;
	default:
		PUT(out, ",\"exit\":null,\"vmx\":null");
	}
}
