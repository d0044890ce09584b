/*
 * feature.h - the one list of what the processor has beyond the 386: CPUID's bits, and the instruction
 * sets behind each. What CPUID shows is executed, what it hides is #UD (feature.c).
 */
#ifndef VMSTEP_MODEL_FEATURE_H
#define VMSTEP_MODEL_FEATURE_H

#include <vmstep/types.h>

/* The words of CPUID that hold features: leaf, register. */
enum feature_word {
	WORD_1_EDX,
	WORD_1_ECX,
	WORD_7_EBX,
	WORD_7_ECX,
	WORD_7_EDX,
	WORD_D1_EAX, /* leaf d, subleaf 1 */
	WORD_8_1_EDX, /* leaf 80000001 */
	WORD_8_1_ECX,
	FEATURE_WORDS
};

/* All words, for the life of a model: what the host cannot execute for the model is left out. */
void features_fill(u32 words[FEATURE_WORDS]);
/* Does the processor have instructions of this set (ZydisISASet)? */
bool feature_shows(const u32 words[FEATURE_WORDS], u16 isa_set);

#endif
