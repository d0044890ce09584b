/*
 * model_feature.c - CPUID and the model say the same: every instruction of a set that CPUID shows is
 * executed, and every one of a set it hides is #UD. All opcodes of the maps that are not VEX's, in
 * each width, with each mandatory prefix, register and memory operands, are decoded; the sets are
 * Zydis'.
 */
#include <Zydis/Zydis.h>

#include "model/decode.h"
#include "tap.h"

struct sweep {
	struct op_decoder decoder;
	u32 features[FEATURE_WORDS];
	bool seen[ZYDIS_MNEMONIC_MAX_VALUE + 1];
	bool missing[ZYDIS_MNEMONIC_MAX_VALUE + 1], leaked[ZYDIS_MNEMONIC_MAX_VALUE + 1];
	bool set_seen[ZYDIS_ISA_SET_MAX_VALUE + 1];
	unsigned instructions;
};

static void bytes_check(struct sweep *s, unsigned bits, const u8 *bytes)
{
	ZydisDecodedInstruction i;
	ZydisDecodedOperand z[ZYDIS_MAX_OPERAND_COUNT];
	struct op o;

	if (!ZYAN_SUCCESS(ZydisDecoderDecodeFull(&s->decoder.zydis[bits / 32], bytes, 16, &i, z)))
		return;
	op_decode(&s->decoder, bits, bytes, 16, &o);
	s->instructions++;
	s->seen[i.mnemonic] = true;
	s->set_seen[i.meta.isa_set] = true;
	if (feature_shows(s->features, i.meta.isa_set))
		s->missing[i.mnemonic] |= o.exec == op_missing;
	else
		s->leaked[i.mnemonic] |= o.exec != op_undefined;
}

/* prefix, REX.W, map, opcode, ModRM: what follows is zero. */
static void opcode_check(struct sweep *s, unsigned bits, const u8 *head, unsigned n, unsigned opcode)
{
	u8 b[16];

	for (unsigned modrm = 0; modrm < 256; modrm++) {
		memset(b, 0, sizeof(b));
		memcpy(b, head, n);
		b[n] = opcode;
		b[n + 1] = modrm;
		bytes_check(s, bits, b);
	}
}

static unsigned head_make(u8 *head, unsigned prefix, bool wide, unsigned map)
{
	static const u8 prefixes[] = { 0, 0x66, 0xf2, 0xf3, 0xf0 };
	unsigned n = 0;

	if (prefixes[prefix])
		head[n++] = prefixes[prefix];
	if (wide)
		head[n++] = 0x48;
	if (map)
		head[n++] = 0x0f;
	if (map > 1)
		head[n++] = map == 2 ? 0x38 : 0x3a;
	return n;
}

static void width_check(struct sweep *s, unsigned bits)
{
	u8 head[8];

	for (unsigned map = 0; map < 4; map++)
		for (unsigned prefix = 0; prefix < 5; prefix++)
			for (unsigned wide = 0; wide <= (bits == 64); wide++)
				for (unsigned opcode = 0; opcode < 256; opcode++)
					opcode_check(s, bits, head, head_make(head, prefix, wide, map), opcode);
}

static unsigned list(const bool *mnemonic, const char *what)
{
	unsigned n = 0;

	for (unsigned i = 0; i <= ZYDIS_MNEMONIC_MAX_VALUE; i++)
		if (mnemonic[i]) {
			printf("# %s: %s\n", what, ZydisMnemonicGetString(i));
			n++;
		}
	return n;
}

static void sets_check(const struct sweep *s)
{
	static const u16 wanted[] = { ZYDIS_ISA_SET_I86, ZYDIS_ISA_SET_X87, ZYDIS_ISA_SET_FXSAVE,
				      ZYDIS_ISA_SET_XSAVEC, ZYDIS_ISA_SET_SSE42 };

	for (unsigned i = 0; i < ARRAY_SIZE(wanted); i++)
		tap_ok(s->set_seen[wanted[i]], "the sweep meets %s", ZydisISASetGetString(wanted[i]));
}

int main(void)
{
	static struct sweep s;

	features_fill(s.features);
	if (!op_decoder_init(&s.decoder, s.features))
		return 1;
	width_check(&s, 16);
	width_check(&s, 32);
	width_check(&s, 64);
	printf("# %u instructions decoded\n", s.instructions);
	sets_check(&s);
	tap_eq(list(s.missing, "CPUID shows it and it is missing"), 0, "what CPUID shows is there");
	tap_eq(list(s.leaked, "CPUID hides it and it is there"), 0, "what CPUID hides is #UD");
	op_decoder_deinit(&s.decoder);
	return tap_done();
}
