/*
 * feature.c - what the processor has. To add an instruction set: a row here, with its CPUID bit and
 * Zydis' name for it, and the rows of its instructions in a family (table.c). An instruction of a
 * set shown here that no family has stops the run and is named; tests/unit/model_sweep.c goes
 * through all of them.
 *
 * SDM volume 2, "CPUID - CPU Identification"; the sets' names are Zydis'.
 */
#include <cpuid.h>
#include <Zydis/Zydis.h>

#include "model/feature.h"

enum { SETS = 4 };

struct feature {
	u8 word, bit; /* enum feature_word */
	bool host;    /* executed by the host's own instructions: it must have them, too */
	u16 set[SETS]; /* ZydisISASet, 0: no more */
};

#define SET(name) ZYDIS_ISA_SET_##name

/* A bit that is of no instruction set; sets that are the model's own work; sets it executes by the host's. */
#define BARE(word, bit)      { word, bit, false, { 0 } }
#define OURS(word, bit, ...) { word, bit, false, { __VA_ARGS__ } }
#define HOST(word, bit, ...) { word, bit, true, { __VA_ARGS__ } }

static const struct feature features[] = {
	OURS(WORD_1_EDX, 0, SET(X87)),
	BARE(WORD_1_EDX, 1), /* VME */
	BARE(WORD_1_EDX, 2), /* DE */
	BARE(WORD_1_EDX, 3), /* PSE */
	BARE(WORD_1_EDX, 4), /* TSC */
	BARE(WORD_1_EDX, 5), /* MSR */
	BARE(WORD_1_EDX, 6), /* PAE */
	BARE(WORD_1_EDX, 8), /* CX8 */
	BARE(WORD_1_EDX, 9), /* APIC */
	BARE(WORD_1_EDX, 11), /* SEP */
	BARE(WORD_1_EDX, 12), /* MTRR */
	BARE(WORD_1_EDX, 13), /* PGE */
	OURS(WORD_1_EDX, 15, SET(CMOV), SET(FCMOV)),
	BARE(WORD_1_EDX, 16), /* PAT */
	BARE(WORD_1_EDX, 17), /* PSE36 */
	OURS(WORD_1_EDX, 19, SET(CLFSH)),
	OURS(WORD_1_EDX, 23, SET(PENTIUMMMX)),
	OURS(WORD_1_EDX, 24, SET(FXSAVE), SET(FXSAVE64)),
	OURS(WORD_1_EDX, 25, SET(SSE), SET(SSEMXCSR)),
	OURS(WORD_1_EDX, 26, SET(SSE2), SET(SSE2MMX)),
	HOST(WORD_1_ECX, 0, SET(SSE3), SET(SSE3X87)),
	HOST(WORD_1_ECX, 9, SET(SSSE3), SET(SSSE3MMX)),
	HOST(WORD_1_ECX, 19, SET(SSE4)),
	HOST(WORD_1_ECX, 20, SET(SSE42)),
	OURS(WORD_1_ECX, 13, SET(CMPXCHG16B)),
	BARE(WORD_1_ECX, 17), /* PCID */
	OURS(WORD_1_ECX, 22, SET(MOVBE)),
	OURS(WORD_1_ECX, 23, SET(POPCNT)),
	OURS(WORD_1_ECX, 26, SET(XSAVE)),
	OURS(WORD_1_ECX, 30, SET(RDRAND)),
	OURS(WORD_7_EBX, 0, SET(RDWRFSGS)),
	OURS(WORD_7_EBX, 3, SET(BMI1)),
	BARE(WORD_7_EBX, 7), /* SMEP */
	OURS(WORD_7_EBX, 8, SET(BMI2)),
	OURS(WORD_7_EBX, 10, SET(INVPCID)),
	BARE(WORD_7_EBX, 13), /* no FPU CS and DS in images */
	OURS(WORD_7_EBX, 18, SET(RDSEED)),
	OURS(WORD_7_EBX, 19, SET(ADOX_ADCX)),
	OURS(WORD_7_EBX, 20, SET(SMAP)),
	OURS(WORD_7_EBX, 23, SET(CLFLUSHOPT)),
	OURS(WORD_7_EBX, 24, SET(CLWB)),
	BARE(WORD_7_ECX, 2), /* UMIP */
	OURS(WORD_7_ECX, 22, SET(RDPID)),
	OURS(WORD_D1_EAX, 0, SET(XSAVEOPT)),
	OURS(WORD_D1_EAX, 1, SET(XSAVEC)),
	BARE(WORD_D1_EAX, 2), /* XGETBV with ECX 1 */
	BARE(WORD_8_1_EDX, 11), /* SYSCALL */
	BARE(WORD_8_1_EDX, 20), /* NX */
	BARE(WORD_8_1_EDX, 26), /* 1-GiB pages */
	OURS(WORD_8_1_EDX, 27, SET(RDTSCP)),
	OURS(WORD_8_1_EDX, 29, SET(LONGMODE)),
	OURS(WORD_8_1_ECX, 0, SET(LAHF)),
	OURS(WORD_8_1_ECX, 5, SET(LZCNT)),
	BARE(WORD_8_1_ECX, 8), /* PREFETCHW */
};

/* No bit tells of these: every processor with 64 bits has them. */
static const u16 always[] = {
	SET(I86),     SET(I186),        SET(I286PROTECTED), SET(I286REAL), SET(I386),  SET(I486),
	SET(I486REAL), SET(PENTIUMREAL), SET(PPRO),         SET(FAT_NOP),  SET(PAUSE), SET(PREFETCH_NOP),
	SET(RDPMC),   SET(SSE_PREFETCH), SET(PREFETCHWT1),
};

/* The host's CPUID where it has the same bit at the same place; the AMD leaf is not asked. */
static u32 host_word(u8 word)
{
	u32 a, b, c, d;

	if (word == WORD_1_EDX || word == WORD_1_ECX) {
		if (!__get_cpuid(1, &a, &b, &c, &d))
			return 0;
		return word == WORD_1_EDX ? d : c;
	}
	if (word > WORD_7_EDX || !__get_cpuid_count(7, 0, &a, &b, &c, &d))
		return 0;
	return word == WORD_7_EBX ? b : word == WORD_7_ECX ? c : d;
}

void features_fill(u32 words[FEATURE_WORDS])
{
	for (unsigned i = 0; i < FEATURE_WORDS; i++)
		words[i] = 0;
	for (unsigned i = 0; i < ARRAY_SIZE(features); i++) {
		const struct feature *f = &features[i];

		if (!f->host || host_word(f->word) & BIT(f->bit))
			words[f->word] |= BIT(f->bit);
	}
}

bool feature_shows(const u32 words[FEATURE_WORDS], u16 isa_set)
{
	for (unsigned i = 0; i < ARRAY_SIZE(always); i++)
		if (always[i] == isa_set)
			return true;
	for (unsigned i = 0; i < ARRAY_SIZE(features); i++)
		for (unsigned k = 0; k < SETS && features[i].set[k]; k++)
			if (features[i].set[k] == isa_set)
				return words[features[i].word] & BIT(features[i].bit);
	return false;
}
