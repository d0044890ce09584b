/* evidence.c - the evidence field: the raw report, what was read into it, what the tool did. */
#include <linux/kvm.h>
#include "put.h"

static void hex_field(struct strbuf *out, const char *name, u64 v)
{
	strbuf_addc(out, ' ');
	strbuf_adds(out, name);
	strbuf_addc(out, '=');
	strbuf_addhex(out, v, false);
}

/* DR6's cause bits as dr6_format() shows them, without its printf: this runs once a step. In KVM's
 * value BLD and RTM always look inactive (K18). */
static void dr6_put(struct strbuf *out, u64 dr6)
{
	static const struct {
		u64 bit;
		const char *name;
	} bits[] = {
		{ DR6_BT, "BT" },   { DR6_BS, "BS" },   { DR6_BD, "BD" },   { DR6_B(0), "B0" },
		{ DR6_B(1), "B1" }, { DR6_B(2), "B2" }, { DR6_B(3), "B3" },
	};
	bool any = false;

	hex_field(out, "dr6", dr6);
	strbuf_addc(out, '[');
	for (size_t i = 0; i < ARRAY_SIZE(bits); i++) {
		if (!(dr6 & bits[i].bit))
			continue;
		if (any)
			strbuf_addc(out, ',');
		strbuf_adds(out, bits[i].name);
		any = true;
	}
	strbuf_addc(out, ']');
}

static void kvm_debug_put(const struct kvm_evidence *k, struct strbuf *out)
{
	PUT(out, "debug exc=");
	strbuf_adddec(out, k->exception);
	hex_field(out, "pc", k->pc);
	if (k->exception == EXC_DB)
		dr6_put(out, k->dr6);
}

static void kvm_access_put(const struct kvm_evidence *k, struct strbuf *out)
{
	bool io = k->reason == KVM_EXIT_IO;

	if (io)
		strbuf_adds(out, k->is_write ? "io out" : "io in");
	else
		strbuf_adds(out, k->is_write ? "mmio write" : "mmio read");
	hex_field(out, io ? "port" : "gpa", io ? k->port : k->gpa);
	hex_field(out, "size", k->size);
	if (io && k->count != 1)
		hex_field(out, "count", k->count);
	if (k->is_write)
		hex_field(out, "data", k->data);
	hex_field(out, "rip", k->rip);
	if (k->completed)
		strbuf_adds(out, k->completed == 2 ? " then debug" : " then eintr");
}

static void kvm_put(const struct kvm_evidence *k, struct strbuf *out)
{
	switch (k->reason) {
	case KVM_EXIT_DEBUG:
		kvm_debug_put(k, out);
		return;
	case KVM_EXIT_IO:
	case KVM_EXIT_MMIO:
		kvm_access_put(k, out);
		return;
	case KVM_EXIT_INTERNAL_ERROR:
		PUT(out, "internal error suberror=");
		strbuf_adddec(out, k->suberror);
		hex_field(out, "rip", k->rip);
		if (k->n_bytes) {
			PUT(out, " bytes=");
			strbuf_addbytes(out, k->bytes, k->n_bytes);
		}
		return;
	case KVM_EXIT_FAIL_ENTRY:
		PUT(out, "fail entry");
		hex_field(out, "hw_reason", k->hw_reason);
		hex_field(out, "rip", k->rip);
		return;
	}
	PUT(out, "exit ");
	strbuf_adddec(out, k->reason);
	strbuf_addc(out, '[');
	strbuf_adds(out, kvm_exit_name(k->reason) + strlen("KVM_EXIT_"));
	strbuf_addc(out, ']');
	hex_field(out, "rip", k->rip);
	if (k->halted)
		PUT(out, " mp_state=halted");
}

/* VMCS interruptibility: bit 0 STI, bit 1 MOV SS (SDM "Guest Non-Register State"). */
static void vmx_shadow_put(u32 interruptibility, struct strbuf *out)
{
	static const char *const names[] = { "-", "sti", "movss", "sti+movss" };

	PUT(out, " shadow=");
	strbuf_adds(out, names[interruptibility & 3]);
}

static void vmx_put(const struct vmx_evidence *v, struct strbuf *out)
{
	PUT(out, "exit ");
	strbuf_adddec(out, v->reason & 0xffff);
	hex_field(out, "rip", v->rip);
	hex_field(out, "intr", v->intr_info);
	if (v->intr_info & BIT(31)) {
		PUT(out, "[type ");
		strbuf_adddec(out, v->intr_info >> 8 & 7);
		strbuf_addc(out, ']');
	}
	if (v->insn_len)
		hex_field(out, "len", v->insn_len);
	if (v->qualification)
		hex_field(out, "qual", v->qualification);
	hex_field(out, "pdbg", v->pending_dbg);
	vmx_shadow_put(v->interruptibility, out);
	if (v->l0_mtf)
		strbuf_adds(out, v->l0_mtf == L0_MTF_PENDING ? " l0=mtf-pending" : " l0=no-mtf");
}

static void arrow_put(struct strbuf *out, const char *what, u64 a, u64 b)
{
	strbuf_adds(out, what);
	strbuf_addhex(out, a, false);
	PUT(out, " -> ");
	strbuf_addhex(out, b, false);
}

static void repair_put(const struct did *d, struct strbuf *out)
{
	static const char *const where[] = { "PUSHF image", "frame", "R11" };

	PUT(out, "took TF out of ");
	strbuf_adds(out, d->arg < ARRAY_SIZE(where) ? where[d->arg] : "?");
	if (d->arg != 2) {
		PUT(out, " at ");
		strbuf_addhex(out, d->a, false);
	}
}

static void vector_put(struct strbuf *out, const char *before, u8 vector)
{
	strbuf_adds(out, before);
	strbuf_adddec(out, vector);
}

static void did_put(const struct did *d, struct strbuf *out)
{
	switch ((enum did_kind)d->kind) {
	case DID_INNER_SKIP:
		arrow_put(out, "inner skip ", d->a, d->b);
		break;
	case DID_OUTER_SKIP:
		arrow_put(out, "outer skip ", d->a, d->b);
		break;
	case DID_NO_SKIP:
		PUT(out, "no skip, stays at ");
		strbuf_addhex(out, d->a, false);
		break;
	case DID_DELIVER:
		vector_put(out, "delivered vector ", d->arg);
		PUT(out, " to ");
		strbuf_addhex(out, d->b, false);
		PUT(out, ", return to ");
		strbuf_addhex(out, d->a, false);
		break;
	case DID_SWALLOW:
		vector_put(out, "swallowed vector ", d->arg);
		if (d->a)
			PUT(out, ", the guest has no usable gate for it");
		break;
	case DID_REPAIR_TF:
		repair_put(d, out);
		break;
	case DID_COMPLETE_IO:
		PUT(out, "completed the access");
		break;
	case DID_EMULATE:
		vector_put(out, "did int ", d->arg);
		PUT(out, " itself");
		break;
	case DID_GUEST_DB:
		PUT(out, "owes the guest a #DB, dr6 bits ");
		strbuf_addhex(out, d->a, false);
		break;
	case DID_WAIT_HLT:
		PUT(out, "waited in HLT for an interrupt");
		break;
	case DID_WRONG_SKIP:
		PUT(out, "WARNING: wrong skip on purpose (");
		strbuf_adds(out, skip_policy_name(d->arg));
		strbuf_addc(out, ')');
		break;
	case DID_LEAKED:
		PUT(out, "WARNING: TF leaked to the guest");
		break;
	case DID_EMULATE_IRET:
		PUT(out, "did the IRET itself");
		break;
	case DID_EMULATE_HLT:
		PUT(out, "did the HLT itself");
		break;
	case DID_EMULATE_SYSCALL:
		PUT(out, "did the system call or return itself");
		break;
	case DID_TOOK_BACK:
		PUT(out, "took the leaked #DB back from the gate at ");
		strbuf_addhex(out, d->a, false);
		break;
	case DID_PUT_BACK_DB:
		PUT(out, "put back the #DB that a MOV SS held, dr6=");
		strbuf_addhex(out, d->a, false);
		break;
	case DID_REPLAY:
		strbuf_addf(out, "run again up to here, %llu back", (unsigned long long)d->a);
		break;
	case DID_KIND_COUNT:
		break;
	}
}

void point_how_put(const struct stop_point *p, struct strbuf *out)
{
	switch (p->how) {
	case POINT_HOW_INT3:
		PUT(out, "int3");
		break;
	case POINT_HOW_DR:
		PUT(out, "dr");
		strbuf_addsdec(out, p->dr);
		break;
	case POINT_HOW_VALUE:
		PUT(out, "value");
		break;
	default:
		PUT(out, "address");
	}
}

static void point_put(const struct stop *st, enum cause c, struct strbuf *out)
{
	const struct stop_point p = stop_point(st, c);

	if (!p.number || !(st->causes & CAUSE_BIT(c)))
		return;
	PUT(out, ", point ");
	strbuf_adddec(out, p.number);
	PUT(out, " by ");
	point_how_put(&p, out);
	if (c != CAUSE_UWATCH)
		return;
	if (p.how != POINT_HOW_VALUE || st->hit_addr) {
		PUT(out, " at ");
		strbuf_addhex(out, st->hit_addr, false);
	}
	if (st->old_value != st->new_value)
		arrow_put(out, ": ", st->old_value, st->new_value);
}

static void event_put(const struct stop *st, struct strbuf *out)
{
	if (!st->has_event)
		return;
	if (st->event_rep) {
		PUT(out, ", rep iteration");
		return;
	}
	vector_put(out, ", event vector ", st->event_vector);
	vector_put(out, " type ", st->event_type);
	if (st->event_has_error)
		hex_field(out, "error", st->event_error);
}

static void shim_put(const struct shim_evidence *s, struct strbuf *out)
{
	switch ((enum shim_fault)s->what) {
	case SHIM_CORRUPTED:
		PUT(out, "page corrupted");
		hex_field(out, "magic", s->magic);
		hex_field(out, "version", s->version);
		hex_field(out, "size", s->size);
		hex_field(out, "status", s->status);
		hex_field(out, "seq", s->seq);
		hex_field(out, "wanted", s->seq_wanted);
		break;
	case SHIM_EXCEPTION:
		vector_put(out, "exception ", s->vector);
		hex_field(out, "rip", s->rip);
		hex_field(out, "error", s->error);
		hex_field(out, "cr2", s->cr2);
		break;
	case SHIM_VM_FAIL:
		if (s->field) {
			PUT(out, "VMWRITE failed");
			hex_field(out, "field", s->field);
			break;
		}
		PUT(out, "VM-instruction error ");
		strbuf_adddec(out, s->vm_error);
		break;
	case SHIM_SILENT:
		PUT(out, "silent after ");
		strbuf_adddec(out, s->kicks);
		PUT(out, " NMIs");
		break;
	}
}

static void model_put(u8 lack, struct strbuf *out)
{
	static const char *const texts[] = {
		[LACK_INSTRUCTION] = "CPUID shows this instruction and the model lacks it",
		[LACK_FERR] = "an x87 exception with CR0.NE=0, and FERR# is wired to nothing",
		[LACK_IRQ13] = "an x87 exception with CR0.NE=0 waits for IRQ13, which cannot come",
	};

	strbuf_adds(out, texts[lack]);
}

void stop_evidence(const struct stop *st, struct strbuf *out)
{
	switch (st->ev.kind) {
	case EVIDENCE_KVM:
		PUT(out, "kvm: ");
		kvm_put(&st->ev.kvm, out);
		break;
	case EVIDENCE_VMX:
		PUT(out, "vmx: ");
		vmx_put(&st->ev.vmx, out);
		break;
	case EVIDENCE_SOFT:
		PUT(out, "soft: ");
		vmx_put(&st->ev.vmx, out);
		break;
	case EVIDENCE_MODEL:
		PUT(out, "soft: ");
		model_put(st->ev.lack, out);
		break;
	case EVIDENCE_SHIM:
		PUT(out, "shim: ");
		shim_put(&st->ev.shim, out);
		break;
	default:
		/* A delivery, a skip: done by vmstep between two entries into the guest. */
		strbuf_adds(out, st->has_event || st->n_did ? "no report" : "-");
	}
	point_put(st, CAUSE_UWATCH, out);
	point_put(st, CAUSE_BREAK, out);
	event_put(st, out);
	if (st->proof == PROOF_DEDUCED)
		PUT(out, " (deduced)");
	for (unsigned i = 0; i < st->n_did; i++) {
		PUT(out, "; ");
		did_put(&st->did[i], out);
	}
}
