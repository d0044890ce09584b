/* insn.c - the facts of one instruction, through Zydis; see insn.h. */
#include <string.h>

#include "zydis_decode.h"

static bool op_is_reg(const ZydisDecodedOperand *op, ZydisRegisterClass cls)
{
	return op->type == ZYDIS_OPERAND_TYPE_REGISTER &&
	       ZydisRegisterGetClass(op->reg.value) == cls;
}

/* MOV writes SS, a DR or a CR by its first operand; it reads a DR or CR by its second. */
static enum insn_class mov_class(const struct decoded *d)
{
	if (d->op[0].type == ZYDIS_OPERAND_TYPE_REGISTER && d->op[0].reg.value == ZYDIS_REGISTER_SS)
		return INSN_MOV_SS;
	if (op_is_reg(&d->op[0], ZYDIS_REGCLASS_DEBUG) ||
	    op_is_reg(&d->op[1], ZYDIS_REGCLASS_DEBUG))
		return INSN_MOV_DR;
	if (op_is_reg(&d->op[0], ZYDIS_REGCLASS_CONTROL) ||
	    op_is_reg(&d->op[1], ZYDIS_REGCLASS_CONTROL))
		return INSN_MOV_CR;
	return INSN_OTHER;
}

/* The classes of insn.h, one row for each of their mnemonics. */
static enum insn_class insn_class_of(const struct decoded *d)
{
	switch (d->insn.mnemonic) {
	case ZYDIS_MNEMONIC_INT1:
		return INSN_ICEBP;
	case ZYDIS_MNEMONIC_INT3:
		return INSN_INT3;
	case ZYDIS_MNEMONIC_INT:
		return INSN_INTN;
	case ZYDIS_MNEMONIC_INTO:
		return INSN_INTO;
	case ZYDIS_MNEMONIC_IRET:
	case ZYDIS_MNEMONIC_IRETD:
	case ZYDIS_MNEMONIC_IRETQ:
		return INSN_IRET;
	case ZYDIS_MNEMONIC_PUSHF:
	case ZYDIS_MNEMONIC_PUSHFD:
	case ZYDIS_MNEMONIC_PUSHFQ:
		return INSN_PUSHF;
	case ZYDIS_MNEMONIC_POPF:
	case ZYDIS_MNEMONIC_POPFD:
	case ZYDIS_MNEMONIC_POPFQ:
		return INSN_POPF;
	case ZYDIS_MNEMONIC_POP:
	case ZYDIS_MNEMONIC_MOV:
		return mov_class(d);
	case ZYDIS_MNEMONIC_LMSW:
	case ZYDIS_MNEMONIC_CLTS:
		return INSN_MOV_CR;
	case ZYDIS_MNEMONIC_STI:
		return INSN_STI;
	case ZYDIS_MNEMONIC_CLI:
		return INSN_CLI;
	case ZYDIS_MNEMONIC_HLT:
		return INSN_HLT;
	case ZYDIS_MNEMONIC_IN:
	case ZYDIS_MNEMONIC_INSB:
	case ZYDIS_MNEMONIC_INSW:
	case ZYDIS_MNEMONIC_INSD:
		return INSN_IN;
	case ZYDIS_MNEMONIC_OUT:
	case ZYDIS_MNEMONIC_OUTSB:
	case ZYDIS_MNEMONIC_OUTSW:
	case ZYDIS_MNEMONIC_OUTSD:
		return INSN_OUT;
	case ZYDIS_MNEMONIC_SYSCALL:
		return INSN_SYSCALL;
	case ZYDIS_MNEMONIC_SYSRET:
		return INSN_SYSRET;
	case ZYDIS_MNEMONIC_SYSENTER:
		return INSN_SYSENTER;
	case ZYDIS_MNEMONIC_SYSEXIT:
		return INSN_SYSEXIT;
	case ZYDIS_MNEMONIC_RDMSR:
		return INSN_RDMSR;
	case ZYDIS_MNEMONIC_WRMSR:
		return INSN_WRMSR;
	case ZYDIS_MNEMONIC_CPUID:
		return INSN_CPUID;
	/* SDM volume 3, "Instructions That Cause VM Exits Unconditionally", without CPUID. */
	case ZYDIS_MNEMONIC_GETSEC:
	case ZYDIS_MNEMONIC_INVD:
	case ZYDIS_MNEMONIC_XSETBV:
	case ZYDIS_MNEMONIC_INVEPT:
	case ZYDIS_MNEMONIC_INVVPID:
	case ZYDIS_MNEMONIC_VMCALL:
	case ZYDIS_MNEMONIC_VMCLEAR:
	case ZYDIS_MNEMONIC_VMLAUNCH:
	case ZYDIS_MNEMONIC_VMPTRLD:
	case ZYDIS_MNEMONIC_VMPTRST:
	case ZYDIS_MNEMONIC_VMREAD:
	case ZYDIS_MNEMONIC_VMRESUME:
	case ZYDIS_MNEMONIC_VMWRITE:
	case ZYDIS_MNEMONIC_VMXOFF:
	case ZYDIS_MNEMONIC_VMXON:
		return INSN_VMX_EXIT;
	case ZYDIS_MNEMONIC_UD0:
	case ZYDIS_MNEMONIC_UD1:
	case ZYDIS_MNEMONIC_UD2:
		return INSN_UD;
	default:
		return INSN_OTHER;
	}
}

/* Memory operands that are never accessed: hints, and addresses that only name a page. */
static bool mem_untouched(const ZydisDecodedInstruction *insn)
{
	switch (insn->meta.category) {
	case ZYDIS_CATEGORY_NOP:
	case ZYDIS_CATEGORY_WIDENOP:
	case ZYDIS_CATEGORY_PREFETCH:
	case ZYDIS_CATEGORY_PREFETCHWT1:
	case ZYDIS_CATEGORY_CLDEMOTE:
		return true;
	default:
		return insn->mnemonic == ZYDIS_MNEMONIC_INVLPG;
	}
}

static u16 mem_flags(const struct decoded *d, enum insn_class cls)
{
	u16 flags = 0;

	if (cls == INSN_UD || mem_untouched(&d->insn))
		return 0;
	for (unsigned i = 0; i < d->insn.operand_count; i++) {
		const ZydisDecodedOperand *op = &d->op[i];

		if (op->type != ZYDIS_OPERAND_TYPE_MEMORY ||
		    (op->mem.type != ZYDIS_MEMOP_TYPE_MEM && op->mem.type != ZYDIS_MEMOP_TYPE_VSIB))
			continue;
		if (op->actions & ZYDIS_OPERAND_ACTION_MASK_READ)
			flags |= INSNF_MEM_READ;
		if (op->actions & ZYDIS_OPERAND_ACTION_MASK_WRITE)
			flags |= INSNF_MEM_WRITE;
	}
	return flags;
}

/* F2 repeats a string instruction as F3 does, also where the SDM names only one of them. */
static bool insn_repeats(const ZydisDecodedInstruction *insn)
{
	if (insn->meta.category != ZYDIS_CATEGORY_STRINGOP &&
	    insn->meta.category != ZYDIS_CATEGORY_IOSTRINGOP)
		return false;
	for (unsigned i = 0; i < insn->raw.prefix_count; i++)
		if (insn->raw.prefixes[i].value == 0xf2 || insn->raw.prefixes[i].value == 0xf3)
			return true;
	return false;
}

/* Control leaves through the event or system machinery: it may change mode, ring or task. */
static bool class_is_far(enum insn_class cls)
{
	return (cls >= INSN_ICEBP && cls <= INSN_IRET) ||
	       (cls >= INSN_SYSCALL && cls <= INSN_SYSEXIT);
}

static u16 branch_flags(const ZydisDecodedInstruction *insn, enum insn_class cls)
{
	u16 flags = insn->meta.branch_type == ZYDIS_BRANCH_TYPE_FAR || class_is_far(cls) ? INSNF_FAR
											 : 0;

	switch (insn->meta.category) {
	case ZYDIS_CATEGORY_CALL:
		return flags | INSNF_CALL;
	case ZYDIS_CATEGORY_RET:
		return cls == INSN_IRET ? flags : flags | INSNF_RET;
	case ZYDIS_CATEGORY_COND_BR:
		return flags | INSNF_BRANCH | INSNF_COND;
	case ZYDIS_CATEGORY_UNCOND_BR:
		return flags | INSNF_BRANCH;
	default:
		return flags;
	}
}

static u16 insn_flags_of(const struct decoded *d, enum insn_class cls)
{
	u16 flags = mem_flags(d, cls) | branch_flags(&d->insn, cls);

	if (insn_repeats(&d->insn))
		flags |= INSNF_REP;
	if (d->insn.attributes & ZYDIS_ATTRIB_IS_PRIVILEGED)
		flags |= INSNF_PRIVILEGED;
	if (d->insn.raw.prefix_count)
		flags |= INSNF_PREFIXED;
	return flags;
}

static void sysreg_decode(const struct decoded *d, struct insn *ret)
{
	const ZydisDecodedOperand *to = &d->op[0];
	ZydisRegisterClass cls =
		ret->facts.cls == INSN_MOV_DR ? ZYDIS_REGCLASS_DEBUG : ZYDIS_REGCLASS_CONTROL;
	s8 n = 0; /* LMSW, CLTS: CR0 */

	ret->to_sysreg = d->insn.mnemonic != ZYDIS_MNEMONIC_MOV || op_is_reg(to, cls);
	if (d->insn.mnemonic == ZYDIS_MNEMONIC_MOV)
		n = ZydisRegisterGetId(op_is_reg(to, cls) ? to->reg.value : d->op[1].reg.value);
	*(ret->facts.cls == INSN_MOV_DR ? &ret->dr : &ret->cr) = n;
}

static u8 vector_of(const struct decoded *d, enum insn_class cls)
{
	switch (cls) {
	case INSN_ICEBP:
		return EXC_DB;
	case INSN_INT3:
		return EXC_BP;
	case INSN_INTO:
		return EXC_OF;
	case INSN_INTN:
		return d->op[0].imm.value.u;
	default:
		return 0;
	}
}

void insn_decode(unsigned bits, const u8 *bytes, size_t n, struct insn *ret)
{
	struct decoded d;

	memset(ret, 0, sizeof(*ret));
	ret->dr = ret->cr = -1;
	if (!zydis_decode(bits, bytes, n, &d)) {
		ret->facts.cls = INSN_INVALID;
		ret->n_bytes = n > INSN_MAX ? INSN_MAX : n;
		memcpy(ret->bytes, bytes, ret->n_bytes);
		return;
	}
	ret->facts.cls = insn_class_of(&d);
	ret->facts.length = ret->n_bytes = d.insn.length;
	ret->facts.flags = insn_flags_of(&d, ret->facts.cls);
	memcpy(ret->bytes, bytes, ret->n_bytes);
	ret->opsize = d.insn.operand_width / 8;
	ret->addrsize = d.insn.address_width / 8;
	ret->vector = vector_of(&d, ret->facts.cls);
	if (ret->facts.flags & (INSNF_MEM_READ | INSNF_MEM_WRITE))
		insn_mem_decode(&d, ret);
	if (ret->facts.cls == INSN_MOV_DR || ret->facts.cls == INSN_MOV_CR)
		sysreg_decode(&d, ret);
	if (d.insn.operand_count && d.op[0].type == ZYDIS_OPERAND_TYPE_IMMEDIATE &&
	    d.op[0].imm.is_relative) {
		ret->has_target = true;
		ret->target_rel = d.op[0].imm.value.s;
	}
}
