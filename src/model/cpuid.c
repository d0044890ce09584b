/*
 * cpuid.c - what the model says it is. The feature words are feature.c's: a bit is set only for what
 * the model does in full; all else is #UD, or a reserved bit.
 *
 * SDM 2 "CPUID".
 */
#include "model/system.h"
#include "model/fpu.h"

enum {
	BASIC_MAX = 0xd,
	/* Family 6, model 15, stepping 11. */
	SIGNATURE = 0x000006fb,
	FLUSH_LINE = 64, /* CLFLUSH, in bytes */
	CPUID_APIC = BIT(9),     /* leaf 1, EDX */
	CPUID_OSXSAVE = BIT(27), /* leaf 1, ECX */
	CPUID_SYSCALL = BIT(11), /* leaf 80000001, EDX */
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

/* Leaf 1's APIC bit follows IA32_APIC_BASE's enable, OSXSAVE CR4's. */
static struct leaf leaf_1(const struct model *m)
{
	u32 edx = m->features[WORD_1_EDX], ecx = m->features[WORD_1_ECX];

	if (!(m->c.apic_base & BIT(11)))
		edx &= ~CPUID_APIC;
	if (m->c.cr4 & CR4_OSXSAVE)
		ecx |= CPUID_OSXSAVE;
	return (struct leaf){ SIGNATURE, 1 << 16 | FLUSH_LINE / 8 << 8, ecx, edx };
}

/* The XSAVE area: x87 and SSE lie in its legacy part whatever is enabled. */
static struct leaf leaf_d(const struct model *m, u32 sub)
{
	switch (sub) {
	case 0:
		return (struct leaf){ XCR0_DEFINED, XSAVE_SIZE, XSAVE_SIZE, 0 };
	case 1:
		return (struct leaf){ .eax = m->features[WORD_D1_EAX], .ebx = XSAVE_SIZE };
	default:
		return (struct leaf){ 0 };
	}
}

static struct leaf basic(const struct model *m, u32 n, u32 sub)
{
	switch (n) {
	case 0:
		return (struct leaf){ BASIC_MAX, text("Genu"), text("ntel"), text("ineI") };
	case 1:
		return leaf_1(m);
	case 7:
		return sub ? (struct leaf){ 0 }
			   : (struct leaf){ 0, m->features[WORD_7_EBX], m->features[WORD_7_ECX],
					    m->features[WORD_7_EDX] };
	case 0xd:
		return leaf_d(m, sub);
	default:
		return (struct leaf){ 0 };
	}
}

/* SYSCALL's bit follows the mode. */
static struct leaf extended(const struct model *m, u32 n)
{
	u32 edx = m->features[WORD_8_1_EDX];
	const char *s = brand + 16 * (n - (EXTENDED | 2));

	switch (n) {
	case EXTENDED:
		return (struct leaf){ .eax = EXTENDED_MAX };
	case EXTENDED | 1:
		return (struct leaf){ 0, 0, m->features[WORD_8_1_ECX],
				      m->bits == 64 ? edx : edx & ~CPUID_SYSCALL };
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
