/* Decoding and text of every class, in all three widths, prefixed, truncated and random. */
#include <stdlib.h>
#include <vmstep/insn.h>

#include "tap.h"

#define PRIV   INSNF_PRIVILEGED
#define FAR    INSNF_FAR
#define PREFIX INSNF_PREFIXED
#define READ   INSNF_MEM_READ
#define WRITE  INSNF_MEM_WRITE

struct bytes {
	u8 n, b[INSN_MAX];
};
#define B(...) { sizeof((u8[]){ __VA_ARGS__ }), { __VA_ARGS__ } }

static const struct {
	u8 bits;
	struct bytes code;
	u8 cls;
	u16 flags;
	u8 vector, opsize;
	const char *text;
} rows[] = {
	/* clang-format off */
	{ 64, B(0x90), INSN_OTHER, 0, 0, 4, "nop" },
	/* ICEBP: every prefix but LOCK is legal and counts in the length. */
	{ 64, B(0xf1), INSN_ICEBP, FAR, 1, 4, "int1" },
	{ 32, B(0xf1), INSN_ICEBP, FAR, 1, 4, "int1" },
	{ 16, B(0xf1), INSN_ICEBP, FAR, 1, 2, "int1" },
	{ 64, B(0x66, 0xf1), INSN_ICEBP, FAR | PREFIX, 1, 2, "int1" },
	{ 16, B(0x66, 0xf1), INSN_ICEBP, FAR | PREFIX, 1, 4, "int1" },
	{ 64, B(0x48, 0xf1), INSN_ICEBP, FAR | PREFIX, 1, 8, "int1" },
	{ 64, B(0x67, 0xf1), INSN_ICEBP, FAR | PREFIX, 1, 4, "int1" },
	{ 64, B(0xf2, 0xf1), INSN_ICEBP, FAR | PREFIX, 1, 4, "int1" },
	{ 64, B(0xf3, 0xf1), INSN_ICEBP, FAR | PREFIX, 1, 4, "int1" },
	{ 64, B(0x2e, 0xf1), INSN_ICEBP, FAR | PREFIX, 1, 4, "int1" },
	{ 64, B(0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0xf1),
	  INSN_ICEBP, FAR | PREFIX, 1, 2, "int1" },
	{ 64, B(0xf0, 0xf1), INSN_INVALID, 0, 0, 0, "(bad)" },
	{ 64, B(0xcc), INSN_INT3, FAR, 3, 4, "int3" },
	{ 32, B(0xcc), INSN_INT3, FAR, 3, 4, "int3" },
	{ 16, B(0xcc), INSN_INT3, FAR, 3, 2, "int3" },
	{ 64, B(0x66, 0xcc), INSN_INT3, FAR | PREFIX, 3, 2, "int3" },
	{ 64, B(0x48, 0xcc), INSN_INT3, FAR | PREFIX, 3, 8, "int3" },
	{ 64, B(0xf0, 0xcc), INSN_INVALID, 0, 0, 0, "(bad)" },
	{ 64, B(0xcd, 0x80), INSN_INTN, FAR, 0x80, 4, "int 0x80" },
	{ 64, B(0xcd, 0x01), INSN_INTN, FAR, 1, 4, "int 0x1" },
	{ 64, B(0xcd, 0x03), INSN_INTN, FAR, 3, 4, "int 0x3" },
	{ 16, B(0xcd, 0x10), INSN_INTN, FAR, 0x10, 2, "int 0x10" },
	{ 16, B(0xcd, 0xff), INSN_INTN, FAR, 0xff, 2, "int 0xff" },
	{ 32, B(0xce), INSN_INTO, FAR, 4, 4, "into" },
	{ 16, B(0xce), INSN_INTO, FAR, 4, 2, "into" },
	{ 64, B(0xce), INSN_INVALID, 0, 0, 0, "(bad)" },
	{ 64, B(0xcf), INSN_IRET, FAR | READ, 0, 4, "iretd" },
	{ 64, B(0x48, 0xcf), INSN_IRET, FAR | READ | PREFIX, 0, 8, "iretq" },
	{ 64, B(0x66, 0xcf), INSN_IRET, FAR | READ | PREFIX, 0, 2, "iret" },
	{ 32, B(0xcf), INSN_IRET, FAR | READ, 0, 4, "iretd" },
	{ 16, B(0xcf), INSN_IRET, FAR | READ, 0, 2, "iret" },
	{ 16, B(0x66, 0xcf), INSN_IRET, FAR | READ | PREFIX, 0, 4, "iretd" },
	{ 64, B(0x9c), INSN_PUSHF, WRITE, 0, 8, "pushfq" },
	{ 64, B(0x66, 0x9c), INSN_PUSHF, WRITE | PREFIX, 0, 2, "pushf" },
	{ 64, B(0x48, 0x9c), INSN_PUSHF, WRITE | PREFIX, 0, 8, "pushfq" },
	{ 32, B(0x9c), INSN_PUSHF, WRITE, 0, 4, "pushfd" },
	{ 32, B(0x66, 0x9c), INSN_PUSHF, WRITE | PREFIX, 0, 2, "pushf" },
	{ 16, B(0x9c), INSN_PUSHF, WRITE, 0, 2, "pushf" },
	{ 16, B(0x66, 0x9c), INSN_PUSHF, WRITE | PREFIX, 0, 4, "pushfd" },
	{ 64, B(0x9d), INSN_POPF, READ, 0, 8, "popfq" },
	{ 64, B(0x66, 0x9d), INSN_POPF, READ | PREFIX, 0, 2, "popf" },
	{ 32, B(0x9d), INSN_POPF, READ, 0, 4, "popfd" },
	{ 16, B(0x9d), INSN_POPF, READ, 0, 2, "popf" },
	/* The MOV-SS shadow: MOV and POP of SS, no other segment, not LSS. */
	{ 64, B(0x8e, 0xd0), INSN_MOV_SS, 0, 0, 4, "mov ss, ax" },
	{ 64, B(0x66, 0x8e, 0xd0), INSN_MOV_SS, PREFIX, 0, 2, "mov ss, ax" },
	{ 64, B(0x41, 0x8e, 0xd7), INSN_MOV_SS, PREFIX, 0, 4, "mov ss, r15w" },
	{ 64, B(0x8e, 0x10), INSN_MOV_SS, READ, 0, 4, "mov ss, WORD PTR [rax]" },
	{ 16, B(0x8e, 0xd0), INSN_MOV_SS, 0, 0, 2, "mov ss, ax" },
	{ 32, B(0x17), INSN_MOV_SS, READ, 0, 4, "pop ss" },
	{ 16, B(0x17), INSN_MOV_SS, READ, 0, 2, "pop ss" },
	{ 64, B(0x17), INSN_INVALID, 0, 0, 0, "(bad)" },
	{ 64, B(0x8e, 0xd8), INSN_OTHER, 0, 0, 4, "mov ds, ax" },
	{ 64, B(0x8c, 0xd0), INSN_OTHER, 0, 0, 4, "mov eax, ss" },
	{ 32, B(0x1f), INSN_OTHER, READ, 0, 4, "pop ds" },
	{ 32, B(0x0f, 0xb2, 0x10), INSN_OTHER, READ, 0, 4, "lss edx, FWORD PTR [eax]" },
	{ 64, B(0xfb), INSN_STI, 0, 0, 4, "sti" },
	{ 64, B(0xfa), INSN_CLI, 0, 0, 4, "cli" },
	{ 64, B(0xf4), INSN_HLT, PRIV, 0, 4, "hlt" },
	{ 64, B(0xf3, 0xf4), INSN_HLT, PRIV | PREFIX, 0, 4, "hlt" },
	{ 64, B(0xe4, 0x60), INSN_IN, 0, 0, 1, "in al, 0x60" },
	{ 64, B(0xe5, 0x60), INSN_IN, 0, 0, 4, "in eax, 0x60" },
	{ 64, B(0xec), INSN_IN, 0, 0, 1, "in al, dx" },
	{ 16, B(0xed), INSN_IN, 0, 0, 2, "in ax, dx" },
	{ 64, B(0x6c), INSN_IN, WRITE, 0, 1, "insb" },
	{ 64, B(0xf3, 0x6d), INSN_IN, WRITE | PREFIX | INSNF_REP, 0, 4, "rep insd" },
	{ 64, B(0xe6, 0x80), INSN_OUT, 0, 0, 1, "out 0x80, al" },
	{ 64, B(0x66, 0xef), INSN_OUT, PREFIX, 0, 2, "out dx, ax" },
	{ 64, B(0x6f), INSN_OUT, READ, 0, 4, "outsd" },
	{ 64, B(0xf2, 0x6e), INSN_OUT, READ | PREFIX | INSNF_REP, 0, 1, "repne outsb" },
	{ 64, B(0x0f, 0x05), INSN_SYSCALL, FAR, 0, 8, "syscall" },
	{ 64, B(0x0f, 0x07), INSN_SYSRET, FAR | PRIV, 0, 4, "sysret" },
	{ 64, B(0x48, 0x0f, 0x07), INSN_SYSRET, FAR | PRIV | PREFIX, 0, 8, "sysret" },
	{ 32, B(0x0f, 0x34), INSN_SYSENTER, FAR, 0, 4, "sysenter" },
	{ 32, B(0x0f, 0x35), INSN_SYSEXIT, FAR | PRIV, 0, 4, "sysexit" },
	{ 64, B(0x0f, 0x32), INSN_RDMSR, PRIV, 0, 4, "rdmsr" },
	{ 64, B(0x0f, 0x30), INSN_WRMSR, PRIV, 0, 4, "wrmsr" },
	{ 64, B(0x0f, 0xa2), INSN_CPUID, 0, 0, 4, "cpuid" },
	{ 64, B(0x0f, 0x01, 0xd1), INSN_VMX_EXIT, PRIV, 0, 4, "xsetbv" },
	{ 64, B(0x0f, 0x08), INSN_VMX_EXIT, PRIV, 0, 4, "invd" },
	{ 64, B(0x0f, 0x37), INSN_VMX_EXIT, 0, 0, 4, "getsec" },
	{ 64, B(0x0f, 0x01, 0xc1), INSN_VMX_EXIT, 0, 0, 4, "vmcall" },
	{ 64, B(0x0f, 0x01, 0xc2), INSN_VMX_EXIT, PRIV, 0, 4, "vmlaunch" },
	{ 64, B(0x0f, 0x01, 0xc3), INSN_VMX_EXIT, PRIV, 0, 4, "vmresume" },
	{ 64, B(0x0f, 0x01, 0xc4), INSN_VMX_EXIT, PRIV, 0, 4, "vmxoff" },
	{ 64, B(0xf3, 0x0f, 0xc7, 0x30), INSN_VMX_EXIT, PRIV | PREFIX | READ, 0, 4, "vmxon QWORD PTR [rax]" },
	{ 64, B(0x0f, 0xc7, 0x30), INSN_VMX_EXIT, PRIV | READ, 0, 4, "vmptrld QWORD PTR [rax]" },
	{ 64, B(0x0f, 0xc7, 0x38), INSN_VMX_EXIT, PRIV | WRITE, 0, 4, "vmptrst QWORD PTR [rax]" },
	{ 64, B(0x66, 0x0f, 0xc7, 0x30), INSN_VMX_EXIT, PRIV | PREFIX | READ, 0, 4, "vmclear QWORD PTR [rax]" },
	{ 64, B(0x0f, 0x78, 0xc1), INSN_VMX_EXIT, PRIV, 0, 8, "vmread rcx, rax" },
	{ 64, B(0x0f, 0x79, 0xc1), INSN_VMX_EXIT, PRIV, 0, 8, "vmwrite rax, rcx" },
	{ 64, B(0x66, 0x0f, 0x38, 0x80, 0x00), INSN_VMX_EXIT, PRIV | PREFIX | READ, 0, 8,
	  "invept rax, XMMWORD PTR [rax]" },
	{ 64, B(0x66, 0x0f, 0x38, 0x81, 0x00), INSN_VMX_EXIT, PRIV | PREFIX | READ, 0, 8,
	  "invvpid rax, XMMWORD PTR [rax]" },
	{ 64, B(0x0f, 0x01, 0xd4), INSN_OTHER, 0, 0, 4, "vmfunc" },
	{ 64, B(0x0f, 0x0b), INSN_UD, 0, 0, 4, "ud2" },
	{ 64, B(0x0f, 0xb9, 0xc8), INSN_UD, 0, 0, 4, "ud1 ecx, eax" },
	{ 64, B(0x0f, 0xb9, 0x08), INSN_UD, 0, 0, 4, "ud1 ecx, DWORD PTR [rax]" },
	{ 64, B(0x0f, 0xff, 0xc8), INSN_UD, 0, 0, 4, "ud0 ecx, eax" },
	/* Memory: read, written, both, only named. */
	{ 64, B(0x8b, 0x45, 0xf8), INSN_OTHER, READ, 0, 4, "mov eax, DWORD PTR [rbp-0x8]" },
	{ 64, B(0x89, 0x45, 0xf8), INSN_OTHER, WRITE, 0, 4, "mov DWORD PTR [rbp-0x8], eax" },
	{ 64, B(0xf0, 0xff, 0x00), INSN_OTHER, READ | WRITE | PREFIX, 0, 4, "lock inc DWORD PTR [rax]" },
	{ 64, B(0x48, 0x8d, 0x04, 0x24), INSN_OTHER, PREFIX, 0, 8, "lea rax, [rsp]" },
	{ 64, B(0x0f, 0x1f, 0x40, 0x00), INSN_OTHER, 0, 0, 4, "nop DWORD PTR [rax]" },
	{ 64, B(0x0f, 0x18, 0x00), INSN_OTHER, 0, 0, 4, "prefetchnta BYTE PTR [rax]" },
	{ 64, B(0x0f, 0x01, 0x38), INSN_OTHER, PRIV, 0, 1, "invlpg BYTE PTR [rax]" },
	{ 64, B(0x50), INSN_OTHER, WRITE, 0, 8, "push rax" },
	{ 64, B(0x58), INSN_OTHER, READ, 0, 8, "pop rax" },
	{ 64, B(0xa4), INSN_OTHER, READ | WRITE, 0, 1, "movsb" },
	{ 64, B(0xf3, 0xa4), INSN_OTHER, READ | WRITE | PREFIX | INSNF_REP, 0, 1, "rep movsb" },
	{ 64, B(0xf2, 0xa4), INSN_OTHER, READ | WRITE | PREFIX | INSNF_REP, 0, 1, "repne movsb" },
	{ 64, B(0xf3, 0x48, 0xab), INSN_OTHER, WRITE | PREFIX | INSNF_REP, 0, 8, "rep stosq" },
	{ 64, B(0xf3, 0xa6), INSN_OTHER, READ | PREFIX | INSNF_REP, 0, 1, "repe cmpsb" },
	{ 64, B(0xf3, 0x90), INSN_OTHER, PREFIX, 0, 4, "pause" },
	{ 64, B(0xf3, 0x0f, 0xb8, 0xc0), INSN_OTHER, PREFIX, 0, 4, "popcnt eax, eax" },
	/* Transfers of control. */
	{ 64, B(0xe8, 0x01, 0x00, 0x00, 0x00), INSN_OTHER, INSNF_CALL | WRITE, 0, 8, "call 0x401006" },
	{ 64, B(0xff, 0xd0), INSN_OTHER, INSNF_CALL | WRITE, 0, 8, "call rax" },
	{ 64, B(0xff, 0x18), INSN_OTHER, INSNF_CALL | FAR | READ | WRITE, 0, 4, "call far FWORD PTR [rax]" },
	{ 32, B(0x9a, 1, 2, 3, 4, 8, 0), INSN_OTHER, INSNF_CALL | FAR | WRITE, 0, 4, "call far 0x0008:0x04030201" },
	{ 64, B(0xc3), INSN_OTHER, INSNF_RET | READ, 0, 8, "ret" },
	{ 64, B(0xf3, 0xc3), INSN_OTHER, INSNF_RET | READ | PREFIX, 0, 8, "ret" },
	{ 64, B(0xc2, 0x08, 0x00), INSN_OTHER, INSNF_RET | READ, 0, 8, "ret 0x8" },
	{ 64, B(0x48, 0xcb), INSN_OTHER, INSNF_RET | FAR | READ | PREFIX, 0, 8, "ret far" },
	{ 64, B(0xeb, 0xfe), INSN_OTHER, INSNF_BRANCH, 0, 8, "jmp 0x401000" },
	{ 64, B(0xff, 0xe0), INSN_OTHER, INSNF_BRANCH, 0, 8, "jmp rax" },
	{ 64, B(0xff, 0x28), INSN_OTHER, INSNF_BRANCH | FAR | READ, 0, 4, "jmp far FWORD PTR [rax]" },
	{ 16, B(0xea, 0x5b, 0xe0, 0x00, 0xf0), INSN_OTHER, INSNF_BRANCH | FAR, 0, 2, "jmp far 0xf000:0xe05b" },
	{ 64, B(0x74, 0x05), INSN_OTHER, INSNF_BRANCH | INSNF_COND, 0, 8, "je 0x401007" },
	{ 64, B(0x0f, 0x85, 0, 0, 0, 0), INSN_OTHER, INSNF_BRANCH | INSNF_COND, 0, 8, "jne 0x401006" },
	{ 64, B(0x73, 0x00), INSN_OTHER, INSNF_BRANCH | INSNF_COND, 0, 8, "jae 0x401002" },
	{ 64, B(0x77, 0x00), INSN_OTHER, INSNF_BRANCH | INSNF_COND, 0, 8, "ja 0x401002" },
	{ 64, B(0x7d, 0x00), INSN_OTHER, INSNF_BRANCH | INSNF_COND, 0, 8, "jge 0x401002" },
	{ 64, B(0x7f, 0x00), INSN_OTHER, INSNF_BRANCH | INSNF_COND, 0, 8, "jg 0x401002" },
	{ 64, B(0x72, 0x00), INSN_OTHER, INSNF_BRANCH | INSNF_COND, 0, 8, "jb 0x401002" },
	{ 64, B(0xe2, 0xfe), INSN_OTHER, INSNF_BRANCH | INSNF_COND, 0, 8, "loop 0x401000" },
	{ 64, B(0xe3, 0x00), INSN_OTHER, INSNF_BRANCH | INSNF_COND, 0, 8, "jrcxz 0x401002" },
	{ 64, B(0x0f, 0x94, 0xc0), INSN_OTHER, 0, 0, 1, "sete al" },
	{ 64, B(0x0f, 0x45, 0xc1), INSN_OTHER, 0, 0, 4, "cmovne eax, ecx" },
	/* Numbers. */
	{ 64, B(0x48, 0x83, 0xc4, 0x80), INSN_OTHER, PREFIX, 0, 8, "add rsp, 0xffffffffffffff80" },
	{ 64, B(0x83, 0xe8, 0xff), INSN_OTHER, 0, 0, 4, "sub eax, 0xffffffff" },
	{ 64, B(0xb8, 0x05, 0, 0, 0), INSN_OTHER, 0, 0, 4, "mov eax, 0x5" },
	{ 64, B(0x8b, 0x05, 0x10, 0, 0, 0), INSN_OTHER, READ, 0, 4, "mov eax, DWORD PTR [rip+0x10] # 0x401016" },
	{ 64, B(0xff, 0x15, 0xf0, 0xff, 0xff, 0xff), INSN_OTHER, INSNF_CALL | READ | WRITE, 0, 8,
	  "call QWORD PTR [rip-0x10] # 0x400ff6" },
	{ 64, B(0x65, 0x48, 0x8b, 0x04, 0x25, 0x28, 0, 0, 0), INSN_OTHER, READ | PREFIX, 0, 8,
	  "mov rax, QWORD PTR gs:[0x28]" },
	{ 16, B(0x8b, 0x47, 0x10), INSN_OTHER, READ, 0, 2, "mov ax, WORD PTR [bx+0x10]" },
	{ 16, B(0x03, 0x00), INSN_OTHER, READ, 0, 2, "add ax, WORD PTR [bx+si]" },
	{ 16, B(0x89, 0x43, 0xfe), INSN_OTHER, WRITE, 0, 2, "mov WORD PTR [bp+di-0x2], ax" },
	{ 64, B(0x03, 0x04, 0x1e), INSN_OTHER, READ, 0, 4, "add eax, DWORD PTR [rsi+rbx*1]" },
	{ 64, B(0xc5, 0xfd, 0x6f, 0x00), INSN_OTHER, READ, 0, 4, "vmovdqa ymm0, YMMWORD PTR [rax]" },
	{ 64, B(0x06), INSN_INVALID, 0, 0, 0, "(bad)" },
	{ 64, B(0xf0, 0x90), INSN_INVALID, 0, 0, 0, "(bad)" },
	{ 64, B(0x0f, 0x22, 0xe8), INSN_INVALID, 0, 0, 0, "(bad)" },
	/* clang-format on */
};

static void each_row(void)
{
	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
		u8 n = rows[i].code.n, more[INSN_MAX + 1];
		struct insn in, again;
		char text[100];
		size_t len;

		insn_decode(rows[i].bits, rows[i].code.b, n, &in);
		tap_eq(in.facts.cls, rows[i].cls, "%s/%u: class", rows[i].text, i);
		tap_eq(in.facts.flags, rows[i].flags, "%s/%u: flags", rows[i].text, i);
		tap_eq(in.facts.length, rows[i].cls == INSN_INVALID ? 0 : n, "%s/%u: length", rows[i].text, i);
		tap_eq(in.n_bytes, n, "%s/%u: bytes", rows[i].text, i);
		tap_mem(in.bytes, rows[i].code.b, n, "%s/%u: the bytes", rows[i].text, i);
		tap_eq(in.vector, rows[i].vector, "%s/%u: vector", rows[i].text, i);
		tap_eq(in.opsize, rows[i].opsize, "%s/%u: operand size", rows[i].text, i);
		len = insn_format(rows[i].bits, rows[i].code.b, n, 0x401000, NULL, NULL, text, sizeof(text));
		tap_str(text, rows[i].text, "%s/%u: text", rows[i].text, i);
		tap_eq(len, strlen(rows[i].text), "%s/%u: length of the text", rows[i].text, i);

		/* What follows in memory changes nothing. */
		memset(more, 0xcc, sizeof(more));
		memcpy(more, rows[i].code.b, n);
		insn_decode(rows[i].bits, more, sizeof(more), &again);
		if (in.facts.length)
			tap_mem(&again, &in, sizeof(in), "%s/%u: the same with more bytes", rows[i].text, i);
	}
}

/* One byte less than the whole instruction is no instruction, unless a shorter one lies in it. */
static void truncated(void)
{
	struct insn in;
	char text[20];

	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
		if (rows[i].cls == INSN_INVALID || rows[i].code.n < 2)
			continue;
		insn_decode(rows[i].bits, rows[i].code.b, rows[i].code.n - 1, &in);
		tap_eq(in.facts.cls, INSN_INVALID, "%s/%u cut: class", rows[i].text, i);
		tap_eq(in.facts.length, 0, "%s/%u cut: length", rows[i].text, i);
		tap_eq(in.n_bytes, rows[i].code.n - 1, "%s/%u cut: bytes kept", rows[i].text, i);
	}
	insn_decode(64, (const u8 *)"", 0, &in);
	tap_eq(in.facts.cls, INSN_INVALID, "no bytes: class");
	tap_eq(in.n_bytes, 0, "no bytes: none kept");
	tap_eq(insn_format(64, (const u8 *)"", 0, 0, NULL, NULL, text, sizeof(text)), 5, "no bytes: text");
	tap_str(text, "(bad)", "no bytes: the text");
	/* 15 prefixes and an opcode: one byte too long for the processor. */
	insn_decode(64, (const u8 *)"\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\xf1", 16, &in);
	tap_eq(in.facts.cls, INSN_INVALID, "16 bytes: class");
	tap_eq(in.n_bytes, INSN_MAX, "16 bytes: 15 kept");
}

static void system_registers(void)
{
	static const struct {
		struct bytes code;
		u8 cls;
		s8 dr, cr;
		bool to;
		const char *text;
	} row[] = {
		{ B(0x0f, 0x23, 0xf8), INSN_MOV_DR, 7, -1, true, "mov dr7, rax" },
		{ B(0x0f, 0x21, 0xf0), INSN_MOV_DR, 6, -1, false, "mov rax, dr6" },
		{ B(0x0f, 0x21, 0xc3), INSN_MOV_DR, 0, -1, false, "mov rbx, dr0" },
		{ B(0x41, 0x0f, 0x23, 0xdf), INSN_MOV_DR, 3, -1, true, "mov dr3, r15" },
		{ B(0x0f, 0x22, 0xd8), INSN_MOV_CR, -1, 3, true, "mov cr3, rax" },
		{ B(0x0f, 0x20, 0xc0), INSN_MOV_CR, -1, 0, false, "mov rax, cr0" },
		{ B(0x44, 0x0f, 0x22, 0xc0), INSN_MOV_CR, -1, 8, true, "mov cr8, rax" },
		{ B(0x0f, 0x01, 0xf0), INSN_MOV_CR, -1, 0, true, "lmsw ax" },
		{ B(0x0f, 0x06), INSN_MOV_CR, -1, 0, true, "clts" },
		{ B(0x0f, 0x01, 0xe0), INSN_OTHER, -1, -1, false, "smsw eax" },
		{ B(0x48, 0x89, 0xc3), INSN_OTHER, -1, -1, false, "mov rbx, rax" },
	};

	for (unsigned i = 0; i < ARRAY_SIZE(row); i++) {
		struct insn in;
		char text[40];

		insn_decode(64, row[i].code.b, row[i].code.n, &in);
		insn_format(64, row[i].code.b, row[i].code.n, 0, NULL, NULL, text, sizeof(text));
		tap_str(text, row[i].text, "%s: text", row[i].text);
		tap_eq(in.facts.cls, row[i].cls, "%s: class", row[i].text);
		tap_eq((u8)in.dr, (u8)row[i].dr, "%s: dr", row[i].text);
		tap_eq((u8)in.cr, (u8)row[i].cr, "%s: cr", row[i].text);
		tap_eq(in.to_sysreg, row[i].to, "%s: direction", row[i].text);
		tap_eq(!!(in.facts.flags & PRIV), row[i].cls != INSN_OTHER, "%s: privileged", row[i].text);
	}
}

static bool symbolize(void *arg, u64 addr, char *buf, size_t size)
{
	if (addr != *(u64 *)arg)
		return false;
	snprintf(buf, size, "main+0x5");
	return true;
}

static void target_is(unsigned bits, struct bytes code, u64 addr, s64 rel, u64 symbol, const char *wanted)
{
	struct insn in;
	char text[80];

	insn_decode(bits, code.b, code.n, &in);
	tap_ok(in.has_target, "%u-bit %s: has a target", bits, wanted);
	tap_eq(in.target_rel, rel, "%u-bit %s: relative", bits, wanted);
	insn_format(bits, code.b, code.n, addr, symbolize, &symbol, text, sizeof(text));
	tap_str(text, wanted, "%u-bit %s: text", bits, wanted);
}

static void targets(void)
{
	struct insn in;
	char text[80];
	u64 symbol = 0x401016;

	target_is(64, (struct bytes)B(0xeb, 0xf0), 0x401000, -16, 0x400ff2, "jmp 0x400ff2 <main+0x5>");
	target_is(64, (struct bytes)B(0xe8, 0, 0, 0, 0x80), 0x10, -0x80000000ll, 0, "call 0xffffffff80000015");
	target_is(64, (struct bytes)B(0x74, 5), 0xfffffffffffffffe, 5, 5, "je 0x5 <main+0x5>");
	target_is(32, (struct bytes)B(0xe9, 0xf0, 0xff, 0xff, 0xff), 0, -16, 0, "jmp 0xfffffff5");
	target_is(32, (struct bytes)B(0x66, 0xe9, 0xf0, 0xff), 0x401000, -16, 0, "jmp 0xff4");
	target_is(16, (struct bytes)B(0xe9, 0xfd, 0xff), 0x7c00, -3, 0x7c00, "jmp 0x7c00 <main+0x5>");
	target_is(16, (struct bytes)B(0xeb, 0x10), 0xfff8, 16, 0, "jmp 0xa");
	target_is(16, (struct bytes)B(0xeb, 0x10), 0xffff8, 16, 0, "jmp 0x10000a");
	target_is(16, (struct bytes)B(0x66, 0xe9, 0, 0, 1, 0), 0x7c00, 0x10000, 0, "jmp 0x17c06");

	/* Indirect and far ones have none. */
	insn_decode(64, (const u8 *)"\xff\xe0", 2, &in);
	tap_ok(!in.has_target, "jmp rax has no target");
	insn_decode(16, (const u8 *)"\xea\x5b\xe0\x00\xf0", 5, &in);
	tap_ok(!in.has_target, "a far jmp has no target");
	insn_decode(64, (const u8 *)"\x6a\x05", 2, &in);
	tap_ok(!in.has_target, "push 0x5 has no target");

	insn_format(64, (const u8 *)"\x8b\x05\x10\x00\x00\x00", 6, 0x401000, symbolize, &symbol, text, sizeof(text));
	tap_str(text, "mov eax, DWORD PTR [rip+0x10] # 0x401016 <main+0x5>", "a RIP-relative operand by name");
}

static bool long_name(void *arg, u64 addr, char *buf, size_t size)
{
	memset(buf, 'n', size - 1);
	buf[size - 1] = '\0';
	return true;
}

static void small_buffers(void)
{
	char text[32], big[600];
	size_t len;

	for (size_t size = 1; size <= sizeof(text); size++) {
		memset(text, '#', sizeof(text));
		len = insn_format(64, (const u8 *)"\x8b\x45\xf8", 3, 0, NULL, NULL, text, size);
		tap_eq(len, size - 1 < 28 ? size - 1 : 28, "a buffer of %zu: length", size);
		tap_ok(!strncmp(text, "mov eax, DWORD PTR [rbp-0x8]", len) && !text[len],
		       "a buffer of %zu: text", size);
		if (size < sizeof(text))
			tap_eq(text[size], '#', "a buffer of %zu: nothing behind it", size);
	}
	tap_eq(insn_format(64, (const u8 *)"\x90", 1, 0, NULL, NULL, text, 0), 0, "no buffer");
	len = insn_format(64, (const u8 *)"\xe8\x00\x00\x00\x00", 5, 0, long_name, NULL, big, sizeof(big));
	tap_ok(!strncmp(big, "call 0x5 <nnn", 13) && len > 200 && len == strlen(big), "a very long symbol in a call");
	len = insn_format(64, (const u8 *)"\x8b\x05\x00\x00\x00\x00", 6, 0, long_name, NULL, big, sizeof(big));
	tap_ok(len > 200 && len == strlen(big), "a very long symbol behind an operand");
}

/* Whatever lies in memory: no crash, lengths within what was given, text without double blanks. */
static void random_bytes(void)
{
	static const u8 widths[] = { 16, 32, 64 };
	u64 seed = 0x243f6a8885a308d3;
	unsigned bad = 0, valid = 0;

	for (unsigned i = 0; i < 60000; i++) {
		unsigned bits = widths[i % 3], n;
		struct insn in;
		u8 code[16];
		char text[128];
		size_t len;

		for (unsigned j = 0; j < 16; j++) {
			seed = seed * 6364136223846793005ull + 1442695040888963407ull;
			code[j] = seed >> 56;
		}
		/* Bias towards the large maps. */
		if (i % 5 == 0)
			code[0] = (const u8[]){ 0x0f, 0x62, 0xc4, 0xc5, 0x8f }[i / 5 % 5];
		n = seed % 16;
		u8 *exact = malloc(n ? n : 1); /* for the address sanitizer: not a byte beyond n is read */

		memcpy(exact, code, n);
		insn_decode(bits, exact, n, &in);
		len = insn_format(bits, exact, n, seed, NULL, NULL, text, sizeof(text));
		bad += in.facts.length > n || in.n_bytes > n || in.facts.cls >= INSN_CLASS_COUNT;
		bad += (in.facts.cls == INSN_INVALID) != (in.facts.length == 0);
		bad += (in.facts.cls == INSN_INVALID) != !strcmp(text, "(bad)");
		bad += len != strlen(text) || !len || strstr(text, "  ") || text[len - 1] == ' ';
		valid += in.facts.length != 0;
		free(exact);
	}
	tap_eq(bad, 0, "random bytes: broken promises");
	tap_ok(valid > 10000, "random bytes: many decode");
}

int main(void)
{
	each_row();
	truncated();
	system_registers();
	targets();
	small_buffers();
	random_bytes();
	return tap_done();
}
