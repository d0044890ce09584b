/* Where memory operands lie: bases, indices, pushes and what cannot be told. */
#include <vmstep/insn.h>

#include "tap.h"

struct bytes {
	u8 n, b[INSN_MAX];
};
#define B(...) { sizeof((u8[]){ __VA_ARGS__ }), { __VA_ARGS__ } }

enum { R = 1, W = 2, S = 4, RIP = INSN_MEM_RIP, NO = INSN_MEM_NONE };

static const struct {
	u8 bits;
	struct bytes code;
	const char *name;
	u8 n;
	struct {
		u8 base, index, scale, seg;
		u16 size;
		u8 how;
		s64 disp;
	} mem[INSN_MEMS];
} rows[] = {
	/* clang-format off */
	{ 64, B(0x90), "nop", 0, { { 0 } } },
	{ 64, B(0x8b, 0x45, 0xf8), "mov eax, [rbp-8]", 1, { { GPR_RBP, NO, 0, SEG_SS, 4, R, -8 } } },
	{ 64, B(0x41, 0x89, 0x04, 0xcf), "mov [r15+rcx*8], eax", 1, { { GPR_R15, GPR_RCX, 8, SEG_DS, 4, W, 0 } } },
	{ 64, B(0xff, 0x00), "inc dword [rax]", 1, { { GPR_RAX, NO, 0, SEG_DS, 4, R | W, 0 } } },
	{ 64, B(0x8b, 0x05, 0x10, 0, 0, 0), "mov eax, [rip+16]", 1, { { RIP, NO, 0, SEG_DS, 4, R, 16 } } },
	{ 64, B(0x65, 0x48, 0x8b, 0x04, 0x25, 0x28, 0, 0, 0), "mov rax, gs:[40]", 1, { { NO, NO, 0, SEG_GS, 8, R, 40 } } },
	{ 16, B(0x8b, 0x42, 0x10), "mov ax, [bp+si+16]", 1, { { GPR_RBP, GPR_RSI, 1, SEG_SS, 2, R, 16 } } },
	{ 32, B(0x26, 0xa2, 0, 0x10, 0, 0), "mov es:[4096], al", 1, { { NO, NO, 0, SEG_ES, 1, W, 0x1000 } } },
	/* The stack: a push stores below, a pop reads at the pointer. */
	{ 64, B(0x50), "push rax", 1, { { GPR_RSP, NO, 0, SEG_SS, 8, W | S, -8 } } },
	{ 16, B(0x50), "push ax", 1, { { GPR_RSP, NO, 0, SEG_SS, 2, W | S, -2 } } },
	{ 64, B(0x58), "pop rax", 1, { { GPR_RSP, NO, 0, SEG_SS, 8, R | S, 0 } } },
	{ 64, B(0x66, 0x9c), "pushf, 16 bits", 1, { { GPR_RSP, NO, 0, SEG_SS, 2, W | S, -2 } } },
	{ 64, B(0xe8, 0, 0, 0, 0), "call", 1, { { GPR_RSP, NO, 0, SEG_SS, 8, W | S, -8 } } },
	{ 64, B(0xff, 0x10), "call [rax]", 2, { { GPR_RAX, NO, 0, SEG_DS, 8, R, 0 }, { GPR_RSP, NO, 0, SEG_SS, 8, W | S, -8 } } },
	{ 32, B(0x9a, 1, 2, 3, 4, 8, 0), "far call", 1, { { GPR_RSP, NO, 0, SEG_SS, 8, W | S, -8 } } },
	{ 64, B(0xc3), "ret", 1, { { GPR_RSP, NO, 0, SEG_SS, 8, R | S, 0 } } },
	{ 64, B(0x48, 0xcf), "iretq", 1, { { GPR_RSP, NO, 0, SEG_SS, 40, R | S, 0 } } },
	{ 32, B(0x60), "pusha", 1, { { GPR_RSP, NO, 0, SEG_SS, 32, W | S, -32 } } },
	{ 64, B(0xc9), "leave", 1, { { GPR_RBP, NO, 0, SEG_SS, 8, R | S, 0 } } },
	{ 64, B(0xff, 0x34, 0x24), "push [rsp]", 2, { { GPR_RSP, NO, 0, SEG_SS, 8, R, 0 }, { GPR_RSP, NO, 0, SEG_SS, 8, W | S, -8 } } },
	/* POP to a place relative to RSP: RSP as it is after the pop. */
	{ 64, B(0x8f, 0x44, 0x24, 0x08), "pop [rsp+8]", 2, { { GPR_RSP, NO, 0, SEG_SS, 8, W, 16 }, { GPR_RSP, NO, 0, SEG_SS, 8, R | S, 0 } } },
	{ 64, B(0x8f, 0x00), "pop [rax]", 2, { { GPR_RAX, NO, 0, SEG_DS, 8, W, 0 }, { GPR_RSP, NO, 0, SEG_SS, 8, R | S, 0 } } },
	{ 64, B(0xa4), "movsb", 2, { { GPR_RDI, NO, 0, SEG_ES, 1, W, 0 }, { GPR_RSI, NO, 0, SEG_DS, 1, R, 0 } } },
	{ 64, B(0xf3, 0x48, 0xab), "rep stosq", 1, { { GPR_RDI, NO, 0, SEG_ES, 8, W, 0 } } },
	{ 64, B(0x6c), "insb", 1, { { GPR_RDI, NO, 0, SEG_ES, 1, W, 0 } } },
	{ 64, B(0x0f, 0xba, 0x20, 0x05), "bt dword [rax], 5", 1, { { GPR_RAX, NO, 0, SEG_DS, 4, R, 0 } } },
	/* Named but not touched; touched but no formula. */
	{ 64, B(0x48, 0x8d, 0x00), "lea rax, [rax]", 0, { { 0 } } },
	{ 64, B(0x0f, 0x1f, 0x00), "nop [rax]", 0, { { 0 } } },
	{ 64, B(0x0f, 0x18, 0x00), "prefetchnta [rax]", 0, { { 0 } } },
	{ 64, B(0x0f, 0xb9, 0x00), "ud1 eax, [rax]", 0, { { 0 } } },
	{ 64, B(0x0f, 0x01, 0x38), "invlpg [rax]", 0, { { 0 } } },
	{ 64, B(0xd7), "xlat", 0, { { 0 } } },
	{ 64, B(0x0f, 0xab, 0x08), "bts [rax], ecx", 0, { { 0 } } },
	{ 64, B(0x62, 0xf2, 0xfd, 0x49, 0x92, 0x44, 0xc8, 0x01), "vgatherdpd", 0, { { 0 } } },
	/* clang-format on */
};

int main(void)
{
	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
		struct insn in;

		insn_decode(rows[i].bits, rows[i].code.b, rows[i].code.n, &in);
		tap_eq(in.facts.length, rows[i].code.n, "%s: length", rows[i].name);
		if (!tap_eq(in.n_mem, rows[i].n, "%s: operands", rows[i].name))
			continue;
		for (unsigned j = 0; j < in.n_mem; j++) {
			const struct insn_mem *m = &in.mem[j];

			tap_eq(m->base, rows[i].mem[j].base, "%s/%u: base", rows[i].name, j);
			tap_eq(m->index, rows[i].mem[j].index, "%s/%u: index", rows[i].name, j);
			tap_eq(m->scale, rows[i].mem[j].scale, "%s/%u: scale", rows[i].name, j);
			tap_eq(m->seg, rows[i].mem[j].seg, "%s/%u: segment", rows[i].name, j);
			tap_eq(m->size, rows[i].mem[j].size, "%s/%u: size", rows[i].name, j);
			tap_eq((m->read ? R : 0) | (m->write ? W : 0) | (m->stack ? S : 0),
			       rows[i].mem[j].how, "%s/%u: read, write, stack", rows[i].name, j);
			tap_eq(m->disp, rows[i].mem[j].disp, "%s/%u: displacement", rows[i].name, j);
		}
	}
	return tap_done();
}
