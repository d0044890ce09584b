/*
 * x87_host.c - x87 by x87: the host's registers are loaded with the guest's, the control word included,
 * the same instruction is executed, and what came of it is stored. So rounding, precision, exceptions
 * masked and unmasked, condition codes and the last bit of a sine are a processor's. An exception that
 * the guest has not masked is left pending by the instruction that raised it (SDM volume 1, "x87 FPU
 * Exception Conditions"), and FNSAVE takes it away unseen: nothing here waits.
 *
 * FRSTOR and FNSAVE and not FXRSTOR and FXSAVE: these leave the host's SSE registers alone.
 */
#include <string.h>

#include "model/x87.h"

/* SDM volume 1, "Protected Mode x87 FPU State Image in Memory, 32-Bit Format". */
struct host_image {
	u32 fcw, fsw, ftw, fip, fcs, fdp, fds;
	u8 st[8][10];
} __attribute__((packed));
_Static_assert(sizeof(struct host_image) == 108, "what FNSAVE stores");

/*
 * Every instruction of D8-DF with a RET behind it, four bytes each: for each opcode the eight with a
 * memory operand at [RDI], then the 64 on registers.
 */
enum { HOST_OP_SIZE = 4, OPCODE_HOST_OPS = 72, MEMORY_HOST_OPS = 8 };
extern const u8 x87_host_ops[] __attribute__((visibility("hidden")));

__asm__(".pushsection .text\n"
	".balign 16\n"
	"x87_host_ops:\n"
	".set x87_op, 0xd8\n"
	".rept 8\n"
	"	.set x87_n, 0\n"
	"	.rept 8\n"
	"		.byte x87_op, 7 + 8 * x87_n, 0xc3, 0xcc\n"
	"		.set x87_n, x87_n + 1\n"
	"	.endr\n"
	"	.set x87_n, 0\n"
	"	.rept 64\n"
	"		.byte x87_op, 0xc0 + x87_n, 0xc3, 0xcc\n"
	"		.set x87_n, x87_n + 1\n"
	"	.endr\n"
	"	.set x87_op, x87_op + 1\n"
	".endr\n"
	".popsection\n");

static const u8 *host_op_of(u8 opcode, u8 modrm)
{
	unsigned n = modrm >> 6 == 3 ? MEMORY_HOST_OPS + (modrm & 63) : modrm >> 3 & 7;

	return x87_host_ops + HOST_OP_SIZE * (OPCODE_HOST_OPS * (opcode - 0xd8) + n);
}

/* The processor only asks which registers are empty. */
static u32 tags_full(u8 ftw)
{
	u32 tags = 0;

	for (unsigned i = 0; i < 8; i++)
		tags |= ftw >> i & 1 ? 0 : 3u << 2 * i;
	return tags;
}

static u8 tags_abridged(u32 tags)
{
	u8 ftw = 0;

	for (unsigned i = 0; i < 8; i++)
		ftw |= (tags >> 2 * i & 3) != 3 ? 1 << i : 0;
	return ftw;
}

/* The stack below RSP may be in use up to 128 bytes. */
static void host_run(const u8 *host_op, struct host_image *image, void *mem, u64 *rflags)
{
	__asm__ volatile("lea -128(%%rsp), %%rsp\n"
			 "frstor (%%rsi)\n"
			 "push %%rax\n"
			 "popfq\n"
			 "call *%%rdx\n"
			 "pushfq\n"
			 "pop %%rax\n"
			 "fnsave (%%rsi)\n"
			 "lea 128(%%rsp), %%rsp\n"
			 : "+a"(*rflags)
			 : "S"(image), "D"(mem), "d"(host_op)
			 : "memory", "cc", "st", "st(1)", "st(2)", "st(3)", "st(4)", "st(5)", "st(6)",
			   "st(7)");
}

void x87_host_run(struct fpu *f, u8 opcode, u8 modrm, void *mem, u64 *rflags)
{
	struct host_image image = { .fcw = f->fcw, .fsw = f->fsw, .ftw = tags_full(f->ftw) };
	const u64 fcmov = FL_CF | FL_PF | FL_ZF;
	u64 flags = FL_FIXED | FL_IF | (*rflags & (fcmov | FL_AF | FL_SF | FL_OF));

	for (unsigned i = 0; i < 8; i++)
		memcpy(image.st[i], &f->st[i], 10);
	host_run(host_op_of(opcode, modrm), &image, mem, &flags);
	*rflags = flags;
	f->fcw = image.fcw;
	f->fsw = image.fsw;
	f->ftw = tags_abridged(image.ftw);
	for (unsigned i = 0; i < 8; i++)
		memcpy(&f->st[i], image.st[i], 10);
}
