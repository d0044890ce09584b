/* why_did.c - what vmstep did at a stop, in words. */
#include "why.h"

/* What vmstep did, and why it had to. */
void why_did(struct session *s, const struct did *d, struct strbuf *out)
{
	switch ((enum did_kind)d->kind) {
	case DID_INNER_SKIP:
		strbuf_addf(out,
			    "vmstep did the inner skip, 0x%llx to 0x%llx: RIP moves over the "
			    "instruction, shadow and RF "
			    "are cleared, and no single-step trap or MTF is raised, since the "
			    "instruction's own event "
			    "was the trap.\n",
			    (unsigned long long)d->a, (unsigned long long)d->b);
		break;
	case DID_OUTER_SKIP:
		strbuf_addf(out,
			    "vmstep did the outer skip, 0x%llx to 0x%llx: as if the instruction "
			    "had retired, with a "
			    "single-step trap or MTF due where one is armed.\n",
			    (unsigned long long)d->a, (unsigned long long)d->b);
		break;
	case DID_NO_SKIP:
	case DID_WRONG_SKIP:
		strbuf_adds(out, "The skip policy in force is wrong on purpose (set skip): what "
				 "follows is what a hypervisor "
				 "with that bug shows.\n");
		break;
	case DID_DELIVER:
		strbuf_addf(out, "vmstep delivered vector %u to the guest's handler at ", d->arg);
		teach_address(s, d->b, out);
		strbuf_addf(out, "; its frame returns to 0x%llx.\n", (unsigned long long)d->a);
		break;
	case DID_SWALLOW:
		strbuf_addf(out, "Vector %u was not delivered%s.\n", d->arg,
			    d->a ? ": the guest has no usable gate for it"
				 : ", as the policy says");
		break;
	case DID_REPAIR_TF:
		strbuf_adds(out, "The trap flag was vmstep's, and the instruction had copied it to "
				 "where the guest can read "
				 "it: vmstep took it out again (set tf-hygiene).\n");
		break;
	case DID_COMPLETE_IO:
		strbuf_adds(out, "vmstep answered the access and re-entered with immediate_exit to "
				 "complete it; a step can "
				 "be lost there, and was not.\n");
		break;
	case DID_EMULATE:
		strbuf_addf(out,
			    "This KVM does not run INT %u here; vmstep did it through the guest's "
			    "IDT.\n",
			    d->arg);
		break;
	case DID_GUEST_DB:
		strbuf_adds(out, "The trap belongs to the guest too: it gets its own #DB at the "
				 "next resume.\n");
		break;
	case DID_WAIT_HLT:
		strbuf_adds(out, "The guest waited in HLT until an interrupt came.\n");
		break;
	case DID_LEAKED:
		strbuf_adds(out,
			    "On this KVM ring-3 code runs unstepped and the trap flag reached the "
			    "guest's own #DB "
			    "handler: what the guest saw is not what it sees when it runs free.\n");
		break;
	case DID_EMULATE_IRET:
		strbuf_adds(out, "This KVM loses the step of an IRET here, so vmstep did the "
				 "return itself.\n");
		break;
	case DID_EMULATE_HLT:
		strbuf_adds(out, "KVMs differ in what a step over HLT does, so vmstep put the CPU "
				 "to sleep itself.\n");
		break;
	case DID_EMULATE_SYSCALL:
		strbuf_adds(out, "This KVM loses the step of a SYSCALL or SYSRET between rings, so "
				 "vmstep did it itself.\n");
		break;
	case DID_TOOK_BACK:
		strbuf_addf(out,
			    "On this KVM the trap flag leaks into ring 3 and its #DB goes to the "
			    "guest's gate at 0x%llx. "
			    "vmstep stopped the guest before that handler's first instruction and "
			    "returned through "
			    "the frame, so that the handler did not run.\n",
			    (unsigned long long)d->a);
		break;
	case DID_PUT_BACK_DB:
		strbuf_addf(out, "A MOV SS held a data breakpoint of the guest's (DR6 bits 0x%llx) back over the INT3, "
				 "which was intercepted. Its #DB belongs behind the INT3's delivery, at the handler's "
				 "first instruction; vmstep made it pending there.\n",
			    (unsigned long long)d->a);
		break;
	case DID_REPLAY:
		strbuf_addf(out, "This is no new step: reverse-stepi put the guest back to an earlier state and ran it again "
				 "up to this boundary, %llu back. The report is that run's; points were not counted.\n",
			    (unsigned long long)d->a);
		break;
	case DID_KIND_COUNT:
		break;
	}
}
