/*
 * tf.c - whose trap flag it is: keeping the guest's own apart (K5), and ours out of what the guest
 * can see of its flags (K6).
 */
#include "engine/vcpu/vcpu.h"

#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>

static u64 read_fmask(struct vcpu *k)
{
	struct {
		struct kvm_msrs head;
		struct kvm_msr_entry e;
	} m = { .head.nmsrs = 1, .e.index = MSR_SFMASK };

	return ioctl(k->cpu_fd, KVM_GET_MSRS, &m) == 1 ? m.e.data : 0;
}

/* What the instruction will take the guest's TF from, read while it is still there. */
void tf_before(struct vcpu *k, struct step *st)
{
	const struct insn *i = &st->from.insn;

	tf_plan_for(&i->facts, &st->tf);
	switch (st->tf.after) {
	case TF_FROM_IMAGE:
		st->tf_image = stack_read(k, i->facts.cls == INSN_IRET ? 2u * i->opsize : 0, i->opsize);
		break;
	case TF_FROM_R11:
		st->tf_image = k->s->regs.r11;
		break;
	case TF_FROM_FMASK:
		st->tf_image = read_fmask(k);
		break;
	}
	st->b.fmask_tf = st->tf.after == TF_FROM_FMASK && (st->tf_image & FL_TF);
	st->b.r11_tf = st->tf.after == TF_FROM_R11 && (st->tf_image & FL_TF);
}

/* Make the TF of an image in memory `tf`; true if it was another. Bit 8 is bit 0 of byte 1. */
static bool image_fix(struct vcpu *k, u64 lin, bool tf)
{
	u8 b;

	if (linear_read(&k->cpu, &k->phys, lin + 1, &b, 1) != 1 || (b & 1) == tf)
		return false;
	b = (b & ~1) | tf;
	return linear_write(&k->cpu, &k->phys, lin + 1, &b, 1) == 1;
}

static void repair_pushf(struct vcpu *k, struct step *st, bool had_tf)
{
	u64 lin = stack_lin(k, 0);

	if (image_fix(k, lin, had_tf))
		stop_did(&st->stop, DID_REPAIR_TF, 0, lin, 0);
}

static void repair_r11(struct vcpu *k, struct step *st, bool had_tf)
{
	if (!(k->s->regs.r11 & FL_TF) == !had_tf)
		return;
	st->stop.gpr[GPR_R11] = k->s->regs.r11 ^= FL_TF;
	vcpu_touch(k, KVM_SYNC_X86_REGS);
	stop_did(&st->stop, DID_REPAIR_TF, 2, 0, 0);
}

void tf_frame(struct vcpu *k, struct stop *s, u8 vector, bool had_tf)
{
	unsigned slot = frame_slot(k, vector);
	u64 lin = stack_lin(k, (frame_has_error(k, vector) ? 3 : 2) * slot);

	if (k->r.plan->tf_hygiene && image_fix(k, lin, had_tf))
		stop_did(s, DID_REPAIR_TF, 1, lin, 0);
}

/*
 * What a MOV SS took along unseen (K2): its flags' image is read where it lies afterwards, just below
 * the stack pointer for a POPF.
 */
static void pair_second(struct vcpu *k, struct step *st)
{
	const struct insn *i = &st->second;

	tf_plan_for(&i->facts, &st->tf);
	st->tf.rearm = true;
	if (st->tf.after != TF_FROM_IMAGE)
		return;
	if (i->facts.cls == INSN_POPF)
		st->tf_image = stack_read(k, -(u64)i->opsize, i->opsize);
	else
		st->tf.after = TF_CLEAR;
}

/* BTF decides what TF traps (SDM "Single-Stepping on Branches"). */
static void btf_follow(struct vcpu *k, const struct step *st)
{
	if (st->from.insn.facts.cls == INSN_WRMSR && (u32)st->rcx == MSR_DEBUGCTL)
		k->btf = k->s->regs.rax & DEBUGCTL_BTF;
}

/* After an instruction that completed: the guest's TF as the architecture has it now, and the images
 * it left in memory or R11. */
void tf_after(struct vcpu *k, struct step *st)
{
	bool had = k->guest_tf;

	if (st->v.retired < 1 || st->v.skip != SKIP_KIND_NONE)
		return;
	if (st->v.retired == 2 && st->pair)
		pair_second(k, st);
	btf_follow(k, st);
	k->guest_tf = tf_guest_after(st->tf.after, had, st->tf_image);
	/* K3: an instruction that loads RFLAGS took the debugger's TF with it. */
	if (st->tf.rearm)
		vcpu_touch(k, KVM_SYNC_X86_REGS);
	if (!k->r.plan->tf_hygiene)
		return;
	if (st->tf.image == TF_IMAGE_PUSHF)
		repair_pushf(k, st, had);
	else if (st->tf.image == TF_IMAGE_R11)
		repair_r11(k, st, had);
}
