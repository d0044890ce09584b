/*
 * cpuid.c - what the model says it is: an early 64-bit processor without x87, MMX and SSE.
 *
 * SDM 2 "CPUID". A bit is set only for what the model does in full; all else is #UD, or a reserved
 * bit. Set: debug extensions, page sizes, PAE, TSC, MSRs, CMPXCHG8B and 16B, APIC, SYSENTER, MTRRs,
 * global pages, CMOV, PAT, virtual-8086 extensions, SYSCALL, NX, 1-GiB pages, long mode, LAHF in
 * long mode, SMEP, SMAP, UMIP.
 */
#include "model/system.h"

enum {
	BASIC_MAX = 7,
	/* Family 6, model 15, stepping 11. */
	SIGNATURE = 0x000006fb,
	/* VME DE PSE TSC MSR PAE CX8 APIC SEP MTRR PGE CMOV PAT PSE36 */
	EDX_1 = BIT(1) | BIT(2) | BIT(3) | BIT(4) | BIT(5) | BIT(6) | BIT(8) | BIT(9) | BIT(11) |
		BIT(12) | BIT(13) | BIT(15) | BIT(16) | BIT(17),
	ECX_1 = BIT(13) /* CX16 */,
	EBX_7 = BIT(7) | BIT(20) /* SMEP, SMAP */,
	ECX_7 = BIT(2) /* UMIP */,
	/* SYSCALL (64-bit mode only) NX 1-GiB pages LM */
	EDX_8_1 = BIT(11) | BIT(20) | BIT(26) | BIT(29),
	ECX_8_1 = BIT(0) /* LAHF */,
	/* 52 physical and 48 linear address bits. */
	ADDRESS_BITS = 48 << 8 | 52,
};
#define EXTENDED     0x80000000u
#define EXTENDED_MAX 0x80000008u

struct leaf {
	u32 eax, ebx, ecx, edx;
};

static const char brand[48] = "vmstep soft processor model";

static u32 text(const char *s)
{
	u32 v;

	__builtin_memcpy(&v, s, 4);
	return v;
}

/* SDM 2 "CPUID": leaf 1's APIC bit follows IA32_APIC_BASE's enable; SYSCALL's follows the mode. */
static u32 features_edx(const struct model *m)
{
	return m->c.apic_base & BIT(11) ? EDX_1 : EDX_1 & ~BIT(9);
}

static struct leaf basic(const struct model *m, u32 n, u32 sub)
{
	switch (n) {
	case 0:
		return (struct leaf){ BASIC_MAX, text("Genu"), text("ntel"), text("ineI") };
	case 1:
		return (struct leaf){ SIGNATURE, 1 << 16, ECX_1, features_edx(m) };
	case 7:
		return sub ? (struct leaf){ 0 } : (struct leaf){ 0, EBX_7, ECX_7, 0 };
	default:
		return (struct leaf){ 0 };
	}
}

static struct leaf extended(const struct model *m, u32 n)
{
	const char *s = brand + 16 * (n - (EXTENDED | 2));

	switch (n) {
	case EXTENDED:
		return (struct leaf){ .eax = EXTENDED_MAX };
	case EXTENDED | 1:
		return (struct leaf){ 0, 0, ECX_8_1, m->bits == 64 ? EDX_8_1 : EDX_8_1 & ~BIT(11) };
	case EXTENDED | 2:
	case EXTENDED | 3:
	case EXTENDED | 4:
		return (struct leaf){ text(s), text(s + 4), text(s + 8), text(s + 12) };
	case EXTENDED | 8:
		return (struct leaf){ .eax = ADDRESS_BITS };
	default:
		return (struct leaf){ 0 };
	}
}

/* A leaf beyond the last answers as the last basic one (SDM 2 "CPUID"). */
enum ex cpuid(struct model *m, const struct op *o)
{
	u64 *gpr = m->c.gpr;
	u32 n = gpr[GPR_RAX], sub = gpr[GPR_RCX];
	struct leaf l;

	if (n >= EXTENDED && n <= EXTENDED_MAX)
		l = extended(m, n);
	else
		l = basic(m, n <= BASIC_MAX ? n : BASIC_MAX, sub);
	gpr[GPR_RAX] = l.eax;
	gpr[GPR_RBX] = l.ebx;
	gpr[GPR_RCX] = l.ecx;
	gpr[GPR_RDX] = l.edx;
	return EX_DONE;
}
