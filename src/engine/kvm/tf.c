/*
 * tf.c - whose trap flag it is: keeping the guest's own apart (K5), and ours out of what the guest
 * can see of its flags (K6).
 */
#include "engine/kvm/kvm.h"

#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>

u64 stack_lin(const struct kvm_engine *k, u64 off)
{
	u64 sp = k->s->regs.rsp + off;

	if (k->at.mode == MODE_LONG)
		return sp;
	if (k->s->sregs.ss.db && k->at.mode != MODE_REAL && k->at.mode != MODE_V86)
		return (u32)(k->s->sregs.ss.base + (u32)sp);
	return (u32)(k->s->sregs.ss.base + (u16)sp);
}

bool vector_has_error(u8 vector)
{
	const u32 mask = BIT(EXC_DF) | BIT(EXC_TS) | BIT(EXC_NP) | BIT(EXC_SS) | BIT(EXC_GP) |
			 BIT(EXC_PF) | BIT(EXC_AC) | BIT(EXC_CP);

	return vector < 32 && (mask & BIT(vector));
}

unsigned frame_slot(const struct kvm_engine *k, u8 vector)
{
	struct descriptor gate;

	if (!(k->cpu.cr0 & CR0_PE))
		return 2;
	if (k->cpu.efer & EFER_LMA)
		return 8;
	return !gate_read(&k->cpu, &k->phys, vector, &gate) && !gate.gate32 ? 2 : 4;
}

static u64 read_image(struct kvm_engine *k, u64 off, unsigned size)
{
	u64 v = 0;

	linear_read(&k->cpu, &k->phys, stack_lin(k, off), &v, size);
	return v;
}

static bool frame_has_error(const struct kvm_engine *k, u8 vector)
{
	return (k->cpu.cr0 & CR0_PE) && vector_has_error(vector);
}

u64 event_frame_rip(struct kvm_engine *k, u8 vector)
{
	unsigned slot = frame_slot(k, vector);

	return read_image(k, frame_has_error(k, vector) ? slot : 0, slot);
}

static u64 read_fmask(struct kvm_engine *k)
{
	struct {
		struct kvm_msrs head;
		struct kvm_msr_entry e;
	} m = { .head.nmsrs = 1, .e.index = MSR_SFMASK };

	return ioctl(k->cpu_fd, KVM_GET_MSRS, &m) == 1 ? m.e.data : 0;
}

/* What the instruction will take the guest's TF from, read while it is still there. */
void tf_before(struct kvm_engine *k, struct step *st)
{
	const struct insn *i = &st->from.insn;

	tf_plan_for(&i->facts, &st->tf);
	switch (st->tf.after) {
	case TF_FROM_IMAGE:
		st->tf_image = read_image(k, i->facts.cls == INSN_IRET ? 2u * i->opsize : 0, i->opsize);
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
static bool image_fix(struct kvm_engine *k, u64 lin, bool tf)
{
	u8 b;

	if (linear_read(&k->cpu, &k->phys, lin + 1, &b, 1) != 1 || (b & 1) == tf)
		return false;
	b = (b & ~1) | tf;
	return linear_write(&k->cpu, &k->phys, lin + 1, &b, 1) == 1;
}

static void repair_pushf(struct kvm_engine *k, struct step *st, bool had_tf)
{
	u64 lin = stack_lin(k, 0);

	if (image_fix(k, lin, had_tf))
		stop_did(&st->stop, DID_REPAIR_TF, 0, lin, 0);
}

static void repair_r11(struct kvm_engine *k, struct step *st, bool had_tf)
{
	if (!(k->s->regs.r11 & FL_TF) == !had_tf)
		return;
	k->s->regs.r11 ^= FL_TF;
	vcpu_touch(k, KVM_SYNC_X86_REGS);
	stop_did(&st->stop, DID_REPAIR_TF, 2, 0, 0);
}

void tf_frame(struct kvm_engine *k, struct stop *s, u8 vector, bool had_tf)
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
static void pair_second(struct kvm_engine *k, struct step *st)
{
	const struct insn *i = &st->second;

	tf_plan_for(&i->facts, &st->tf);
	st->tf.rearm = true;
	if (st->tf.after != TF_FROM_IMAGE)
		return;
	if (i->facts.cls == INSN_POPF)
		st->tf_image = read_image(k, -(u64)i->opsize, i->opsize);
	else
		st->tf.after = TF_CLEAR;
}

/* BTF decides what TF traps (SDM "Single-Stepping on Branches"). */
static void btf_follow(struct kvm_engine *k, const struct step *st)
{
	if (st->from.insn.facts.cls == INSN_WRMSR && (u32)st->rcx == MSR_DEBUGCTL)
		k->btf = k->s->regs.rax & DEBUGCTL_BTF;
}

/* After an instruction that completed: the guest's TF as the architecture has it now, and the images
 * it left in memory or R11. */
void tf_after(struct kvm_engine *k, struct step *st)
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
