/* insn_text.c - instructions as text, in the manner of gdb's intel flavour; see insn.h. */
#include <stdio.h>
#include <string.h>
#include <vmstep/strbuf.h>

#include "zydis_decode.h"

enum { TEXT_MAX = 512 }; /* symbols included; longer ones are cut */

/* What the hooks get. */
struct text_args {
	insn_symbolize_fn *symbolize;
	void *arg;
	ZydisFormatterFunc address_default, typecast_default;
};

/* Zydis' names of conditions against gdb's and objdump's. */
static const struct {
	ZydisMnemonic mnemonic;
	const char *name;
} conditions[] = {
	{ ZYDIS_MNEMONIC_JZ, "je" },         { ZYDIS_MNEMONIC_JNZ, "jne" },
	{ ZYDIS_MNEMONIC_JNB, "jae" },       { ZYDIS_MNEMONIC_JNBE, "ja" },
	{ ZYDIS_MNEMONIC_JNL, "jge" },       { ZYDIS_MNEMONIC_JNLE, "jg" },
	{ ZYDIS_MNEMONIC_SETZ, "sete" },     { ZYDIS_MNEMONIC_SETNZ, "setne" },
	{ ZYDIS_MNEMONIC_SETNB, "setae" },   { ZYDIS_MNEMONIC_SETNBE, "seta" },
	{ ZYDIS_MNEMONIC_SETNL, "setge" },   { ZYDIS_MNEMONIC_SETNLE, "setg" },
	{ ZYDIS_MNEMONIC_CMOVZ, "cmove" },   { ZYDIS_MNEMONIC_CMOVNZ, "cmovne" },
	{ ZYDIS_MNEMONIC_CMOVNB, "cmovae" }, { ZYDIS_MNEMONIC_CMOVNBE, "cmova" },
	{ ZYDIS_MNEMONIC_CMOVNL, "cmovge" }, { ZYDIS_MNEMONIC_CMOVNLE, "cmovg" },
};

/* Where a direct branch goes. Below 64 KiB a 16-bit address is taken for IP, which wraps; above it
 * is a linear one, where only the segment's base could tell where it wraps. */
static u64 branch_target(const ZydisDecodedInstruction *insn, const ZydisDecodedOperand *op,
			 u64 addr)
{
	u64 target = addr + insn->length + op->imm.value.s;

	if (insn->machine_mode == ZYDIS_MACHINE_MODE_LONG_64)
		return target;
	if (insn->operand_width == 16 &&
	    (addr < 0x10000 || insn->machine_mode == ZYDIS_MACHINE_MODE_LEGACY_32))
		return (u16)target;
	return (u32)target;
}

/* " <main+0x5>", or nothing. */
static char *symbol_append(char *p, size_t room, const struct text_args *a, u64 addr)
{
	char name[TEXT_MAX / 2];
	int n;

	if (!a->symbolize || !a->symbolize(a->arg, addr, name, sizeof(name)))
		return p;
	n = snprintf(p, room, " <%s>", name);
	return p + (n < 0 ? 0 : (size_t)n < room ? (size_t)n : room - 1);
}

static ZyanStatus token_append(ZydisFormatterBuffer *buffer, const char *text, size_t n)
{
	ZyanStringView view;
	ZyanString *string;

	ZYAN_CHECK(ZydisFormatterBufferAppend(buffer, ZYDIS_TOKEN_ADDRESS_ABS));
	ZYAN_CHECK(ZydisFormatterBufferGetString(buffer, &string));
	ZYAN_CHECK(ZyanStringViewInsideBufferEx(&view, text, n));
	return ZyanStringAppend(string, &view);
}

static ZyanStatus address_print(const ZydisFormatter *f, ZydisFormatterBuffer *buffer,
				ZydisFormatterContext *ctx)
{
	const struct text_args *a = ctx->user_data;
	char text[TEXT_MAX / 2 + 32] = "0x", *p;
	u64 target;

	if (ctx->operand->type != ZYDIS_OPERAND_TYPE_IMMEDIATE || !ctx->operand->imm.is_relative)
		return a->address_default(f, buffer, ctx);
	target = branch_target(ctx->instruction, ctx->operand, ctx->runtime_address);
	p = fmt_hex(text + 2, target);
	p = symbol_append(p, text + sizeof(text) - p, a, target);
	return token_append(buffer, text, p - text);
}

/* "dword ptr" -> "DWORD PTR", as gdb writes it; Zydis 4.0 has the property but not the effect. */
static ZyanStatus typecast_print(const ZydisFormatter *f, ZydisFormatterBuffer *buffer,
				 ZydisFormatterContext *ctx)
{
	const struct text_args *a = ctx->user_data;
	ZyanUSize before, after;
	ZyanString *string;
	char *text;

	ZYAN_CHECK(ZydisFormatterBufferGetString(buffer, &string));
	ZYAN_CHECK(ZyanStringGetSize(string, &before));
	ZYAN_CHECK(a->typecast_default(f, buffer, ctx));
	ZYAN_CHECK(ZyanStringGetSize(string, &after));
	text = string->vector.data;
	for (; before < after; before++)
		if (text[before] >= 'a' && text[before] <= 'z')
			text[before] -= 'a' - 'A';
	return ZYAN_STATUS_SUCCESS;
}

static const struct {
	ZydisFormatterProperty property;
	ZyanUPointer value;
} properties[] = {
	{ ZYDIS_FORMATTER_PROP_FORCE_SIZE, ZYAN_TRUE },
	{ ZYDIS_FORMATTER_PROP_FORCE_RELATIVE_RIPREL, ZYAN_TRUE },
	{ ZYDIS_FORMATTER_PROP_HEX_UPPERCASE, ZYAN_FALSE },
	{ ZYDIS_FORMATTER_PROP_ADDR_PADDING_ABSOLUTE, (ZyanUPointer)ZYDIS_PADDING_DISABLED },
	{ ZYDIS_FORMATTER_PROP_ADDR_PADDING_RELATIVE, (ZyanUPointer)ZYDIS_PADDING_DISABLED },
	{ ZYDIS_FORMATTER_PROP_DISP_PADDING, (ZyanUPointer)ZYDIS_PADDING_DISABLED },
	{ ZYDIS_FORMATTER_PROP_IMM_PADDING, (ZyanUPointer)ZYDIS_PADDING_DISABLED },
	{ ZYDIS_FORMATTER_PROP_IMM_SIGNEDNESS, ZYDIS_SIGNEDNESS_UNSIGNED },
};

static bool formatter_init(ZydisFormatter *f, struct text_args *a)
{
	a->address_default = address_print;
	a->typecast_default = typecast_print;
	if (!ZYAN_SUCCESS(ZydisFormatterInit(f, ZYDIS_FORMATTER_STYLE_INTEL)))
		return false;
	for (unsigned i = 0; i < ARRAY_SIZE(properties); i++)
		if (!ZYAN_SUCCESS(ZydisFormatterSetProperty(f, properties[i].property,
							    properties[i].value)))
			return false;
	/* Each call swaps our function for Zydis' own. */
	return ZYAN_SUCCESS(ZydisFormatterSetHook(f, ZYDIS_FORMATTER_FUNC_PRINT_ADDRESS_ABS,
						  (const void **)&a->address_default)) &&
	       ZYAN_SUCCESS(ZydisFormatterSetHook(f, ZYDIS_FORMATTER_FUNC_PRINT_TYPECAST,
						  (const void **)&a->typecast_default));
}

/* "[bx+si*1]" -> "[bx+si]": 16-bit addresses have no scale. */
static void scale_drop(char *text)
{
	char *at = strstr(text, "*1");

	if (at && strchr("]+-", at[2]))
		memmove(at, at + 2, strlen(at + 2) + 1);
}

/* "jz 0x10" -> "je 0x10"; "nop DWORD PTR [rax], eax" -> "nop DWORD PTR [rax]". */
static void names_adapt(ZydisMnemonic mnemonic, char *text, size_t size)
{
	char old[TEXT_MAX], *at;
	unsigned i;

	/* The second operand is what the long NOP's ModRM could name, and no assembler takes it. */
	if (mnemonic == ZYDIS_MNEMONIC_NOP)
		text[strcspn(text, ",")] = '\0';
	for (i = 0; i < ARRAY_SIZE(conditions) && conditions[i].mnemonic != mnemonic; i++)
		;
	if (i == ARRAY_SIZE(conditions))
		return;
	strcpy(old, text);
	at = strstr(old, ZydisMnemonicGetString(mnemonic));
	if (!at)
		return;
	snprintf(text, size, "%.*s%s%s", (int)(at - old), old, conditions[i].name,
		 at + strlen(ZydisMnemonicGetString(mnemonic)));
}

/* " # 0x403010 <counter>" behind an operand relative to RIP. */
static void riprel_append(const struct decoded *d, u64 addr, const struct text_args *a, char *text,
			  size_t size)
{
	for (unsigned i = 0; i < d->insn.operand_count_visible; i++) {
		const ZydisDecodedOperand *op = &d->op[i];
		char note[TEXT_MAX] = " # 0x", *p;
		ZyanU64 target;

		if (op->type != ZYDIS_OPERAND_TYPE_MEMORY ||
		    (op->mem.base != ZYDIS_REGISTER_RIP && op->mem.base != ZYDIS_REGISTER_EIP) ||
		    !ZYAN_SUCCESS(ZydisCalcAbsoluteAddress(&d->insn, op, addr, &target)))
			continue;
		p = symbol_append(fmt_hex(note + 5, target), TEXT_MAX / 2, a, target);
		*p = '\0';
		strncat(text, note, size - strlen(text) - 1);
	}
}

size_t insn_format(unsigned bits, const u8 *bytes, size_t n, u64 addr, insn_symbolize_fn *symbolize,
		   void *arg, char *buf, size_t size)
{
	struct text_args a = { .symbolize = symbolize, .arg = arg };
	char text[TEXT_MAX] = "(bad)";
	ZydisFormatter f;
	struct decoded d;
	size_t len;

	if (zydis_decode(bits, bytes, n, &d) && formatter_init(&f, &a)) {
		if (!ZYAN_SUCCESS(ZydisFormatterFormatInstruction(&f, &d.insn, d.op,
								  d.insn.operand_count_visible,
								  text, sizeof(text), addr, &a)))
			strcpy(text, "(bad)");
		names_adapt(d.insn.mnemonic, text, sizeof(text));
		if (d.insn.address_width == 16)
			scale_drop(text);
		riprel_append(&d, addr, &a, text, sizeof(text));
	}
	if (!size)
		return 0;
	len = strlen(text);
	if (len >= size)
		len = size - 1;
	memcpy(buf, text, len);
	buf[len] = '\0';
	return len;
}
