/*
 * frame.c - where a vector's handler begins, and the frame its delivery left on the stack.
 */
#include "engine/vcpu/vcpu.h"

bool gate_target(struct vcpu *k, u8 vector, u64 *ret)
{
	struct descriptor gate, code;

	if (!gate_usable(&k->cpu, &k->phys, vector) ||
	    gate_read(&k->cpu, &k->phys, vector, &gate) || gate.kind == DESC_TASK_GATE)
		return false;
	if (!(k->cpu.cr0 & CR0_PE)) {
		*ret = (u32)((gate.sel << 4) + (u16)gate.offset);
		return true;
	}
	if (k->cpu.efer & EFER_LMA) {
		*ret = gate.offset;
		return true;
	}
	if (descriptor_read(&k->cpu, &k->phys, gate.sel, &code))
		return false;
	*ret = (u32)(code.base + gate.offset);
	return true;
}

u64 stack_lin(const struct vcpu *k, u64 off)
{
	u64 sp = k->s->regs.rsp + off;

	if (k->at.mode == MODE_LONG)
		return sp;
	if (k->s->sregs.ss.db && k->at.mode != MODE_REAL && k->at.mode != MODE_V86)
		return (u32)(k->s->sregs.ss.base + (u32)sp);
	return (u32)(k->s->sregs.ss.base + (u16)sp);
}

static bool vector_has_error(u8 vector)
{
	const u32 mask = BIT(EXC_DF) | BIT(EXC_TS) | BIT(EXC_NP) | BIT(EXC_SS) | BIT(EXC_GP) |
			 BIT(EXC_PF) | BIT(EXC_AC) | BIT(EXC_CP);

	return vector < 32 && (mask & BIT(vector));
}

unsigned frame_slot(const struct vcpu *k, u8 vector)
{
	struct descriptor gate;

	if (!(k->cpu.cr0 & CR0_PE))
		return 2;
	if (k->cpu.efer & EFER_LMA)
		return 8;
	return !gate_read(&k->cpu, &k->phys, vector, &gate) && !gate.gate32 ? 2 : 4;
}

u64 stack_read(struct vcpu *k, u64 off, unsigned size)
{
	u64 v = 0;

	linear_read(&k->cpu, &k->phys, stack_lin(k, off), &v, size);
	return v;
}

bool frame_has_error(const struct vcpu *k, u8 vector)
{
	return (k->cpu.cr0 & CR0_PE) && vector_has_error(vector);
}

u64 frame_rip(struct vcpu *k, u8 vector)
{
	unsigned slot = frame_slot(k, vector);

	return stack_read(k, frame_has_error(k, vector) ? slot : 0, slot);
}

void frame_tell(struct vcpu *k, struct stop *s, u8 vector, u8 type)
{
	regs_sys(k, &k->cpu);
	s->has_event = true;
	s->event_vector = vector;
	s->event_type = type;
	s->event_has_error = type == INTR_HARD_EXC && frame_has_error(k, vector);
	if (s->event_has_error)
		s->event_error = stack_read(k, 0, sizeof(s->event_error));
}
