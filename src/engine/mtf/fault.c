/*
 * fault.c - a shim that failed: what it left behind, as evidence. It makes no decisions and touches
 * only its own slot, so that none of this is the guest's doing; the guest ends with it all the same.
 */
#include "engine/mtf/mtf.h"

#include <stdio.h>

/* Nobody but the shim writes the page; if somebody did, nothing in it can be believed. */
static bool is_intact(const struct mtf_engine *m)
{
	const struct mailbox *b = m->mb;

	return b->magic == MAILBOX_MAGIC && b->version == MAILBOX_VERSION && b->size == sizeof(*b) &&
	       b->seq == m->seq + 1 && b->status <= MAILBOX_EXCEPTION;
}

static struct shim_evidence page_as_found(const struct mtf_engine *m)
{
	const struct mailbox *b = m->mb;

	return (struct shim_evidence){
		.what = SHIM_CORRUPTED, .magic = b->magic, .version = b->version, .size = b->size,
		.status = b->status, .seq = b->seq, .seq_wanted = m->seq + 1,
	};
}

static struct shim_evidence exception_of(const struct mailbox *b)
{
	return (struct shim_evidence){
		.what = SHIM_EXCEPTION, .vector = b->fault_vector, .error = b->fault_error,
		.rip = b->fault_rip, .cr2 = b->fault_cr2,
	};
}

/* A refused VMWRITE leaves the field's number where an exception leaves its RIP (shim, main.c). */
static struct shim_evidence vm_fail_of(const struct mailbox *b)
{
	bool is_entry = b->status == MAILBOX_VM_FAIL;

	return (struct shim_evidence){
		.what = SHIM_VM_FAIL, .vm_error = is_entry ? b->vm_error : 0,
		.field = is_entry ? 0 : b->fault_rip,
	};
}

bool shim_failed(const struct mtf_engine *m, struct evidence *ret)
{
	const struct mailbox *b = m->mb;

	*ret = (struct evidence){ .kind = EVIDENCE_SHIM };
	if (!is_intact(m))
		ret->shim = page_as_found(m);
	else if (b->status == MAILBOX_EXCEPTION)
		ret->shim = exception_of(b);
	else if (b->status == MAILBOX_VM_FAIL || (b->vm_error && b->status != MAILBOX_NO_VMX))
		ret->shim = vm_fail_of(b);
	else
		return false;
	return true;
}

int shim_silent(const struct mtf_engine *m, struct evidence *ret)
{
	*ret = (struct evidence){
		.kind = EVIDENCE_SHIM,
		.shim = { .what = SHIM_SILENT, .kicks = m->kicks },
	};
	return 0;
}

void guest_died(struct mtf_engine *m, const struct evidence *why)
{
	m->k.r.dead = true;
	m->death = *why;
}

void shim_failure_text(const struct evidence *ev, char *buf, size_t size)
{
	const struct shim_evidence *s = &ev->shim;

	if (ev->kind != EVIDENCE_SHIM)
		snprintf(buf, size, "KVM exit %u", ev->kvm.reason);
	else if (s->what == SHIM_EXCEPTION)
		snprintf(buf, size, "it took exception %llu at %#llx", (unsigned long long)s->vector,
			 (unsigned long long)s->rip);
	else if (s->what == SHIM_VM_FAIL && s->field)
		snprintf(buf, size, "VMWRITE of field %#x failed", s->field);
	else if (s->what == SHIM_VM_FAIL)
		snprintf(buf, size, "VM-instruction error %u", s->vm_error);
	else if (s->what == SHIM_SILENT)
		snprintf(buf, size, "it does not answer");
	else
		snprintf(buf, size, "the page shared with it is corrupted");
}
