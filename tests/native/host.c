/*
 * host.c - one instruction on this machine's processor: registers loaded, jumped to, registers stored.
 * An exception comes as a signal, whose handler goes on at the way out with the registers as they are.
 */
#include <cpuid.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>

#include "native.h"

/*
 * The way in and out has no register to spare: what it needs lies at addresses of 32 bits. All of it is
 * at AT_BLOCK; the offsets stand in the text below, too.
 */
enum { AT_BLOCK = 0x20000000, BLOCK_SIZE = 0x1000 };
struct block {
	u64 gpr[GPR_COUNT];
	u64 rflags;    /* 80 */
	u64 host_rsp;  /* 88 */
	u64 entry;     /* 90 */
	u64 host_flags;/* 98 */
	u32 mxcsr;     /* a0: the host's */
	u8 vector;
	u64 rip, cr2;
	u8 fx[512] __attribute__((aligned(64))); /* c0 */
};
_Static_assert(offsetof(struct block, rflags) == 0x80 && offsetof(struct block, mxcsr) == 0xa0 &&
		       offsetof(struct block, fx) == 0xc0, "what the text below says");
#define BLOCK ((struct block *)AT_BLOCK)

void native_enter(void);
extern const u8 native_leave[];

#define EACH_GPR(op)                                                                               \
	op("rax", "0") op("rcx", "8") op("rdx", "16") op("rbx", "24") op("rbp", "40") op("rsi", "48")   \
	op("rdi", "56") op("r8", "64") op("r9", "72") op("r10", "80") op("r11", "88") op("r12", "96")   \
	op("r13", "104") op("r14", "112") op("r15", "120") op("rsp", "32")
#define LOAD(reg, off)  "mov 0x20000000+" off ", %" reg "\n"
#define STORE(reg, off) "mov %" reg ", 0x20000000+" off "\n"

__asm__(".text\n"
	".globl native_enter, native_leave\n"
	"native_enter:\n"
	"push %rbx\n push %rbp\n push %r12\n push %r13\n push %r14\n push %r15\n"
	"pushfq\n popq 0x20000098\n"
	"stmxcsr 0x200000a0\n"
	"mov %rsp, 0x20000088\n"
	"fxrstor64 0x200000c0\n"
	"pushq 0x20000080\n popfq\n"
	EACH_GPR(LOAD)
	"jmp *0x20000090\n"
	"native_leave:\n"
	EACH_GPR(STORE)
	"mov 0x20000088, %rsp\n"
	"pushfq\n popq 0x20000080\n"
	"fxsave64 0x200000c0\n"
	"fninit\n"
	"ldmxcsr 0x200000a0\n"
	"pushq 0x20000098\n popfq\n"
	"pop %r15\n pop %r14\n pop %r13\n pop %r12\n pop %rbp\n pop %rbx\n"
	"ret\n");

static void signal_take(int n, siginfo_t *info, void *context)
{
	greg_t *r = ((ucontext_t *)context)->uc_mcontext.gregs;

	BLOCK->vector = r[REG_TRAPNO];
	BLOCK->rip = r[REG_RIP];
	BLOCK->cr2 = BLOCK->vector == EXC_PF ? (u64)r[REG_CR2] : 0;
	r[REG_RIP] = (greg_t)native_leave;
}

static void signals_open(void)
{
	static const int taken[] = { SIGILL, SIGSEGV, SIGFPE, SIGBUS, SIGTRAP };
	static u8 stack[0x10000];
	stack_t ss = { .ss_sp = stack, .ss_size = sizeof(stack) };
	struct sigaction sa = { .sa_sigaction = signal_take, .sa_flags = SA_SIGINFO | SA_ONSTACK };

	sigaltstack(&ss, NULL);
	for (unsigned i = 0; i < ARRAY_SIZE(taken); i++)
		sigaction(taken[i], &sa, NULL);
}

static bool pages_map(u64 at, size_t n, int prot)
{
	return mmap((void *)at, n, prot, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) ==
	       (void *)at;
}

bool host_open(const char **ret_why)
{
	if (!pages_map(AT_CODE, CODE_AREA, PROT_READ | PROT_WRITE | PROT_EXEC) ||
	    !pages_map(AT_DATA, DATA_SIZE, PROT_READ | PROT_WRITE) ||
	    !pages_map(AT_HOLE, 0x1000, PROT_NONE) ||
	    !pages_map(AT_BLOCK, BLOCK_SIZE, PROT_READ | PROT_WRITE)) {
		*ret_why = "its addresses are taken";
		return false;
	}
	signals_open();
	return true;
}

enum { AT_POINTER = AT_CODE + 0x800 };

/* The instruction, and behind it a jump out: JMP [AT_POINTER], which is aligned, for AC. */
static void code_put(const struct native_case *c)
{
	u8 *p = (u8 *)AT_CODE + c->len;
	s32 from_end = AT_POINTER - (AT_CODE + c->len + 6);
	u64 to = (u64)native_leave;

	memcpy((u8 *)AT_CODE, c->code, c->len);
	p[0] = 0xff;
	p[1] = 0x25;
	memcpy(p + 2, &from_end, 4);
	memcpy((u8 *)AT_POINTER, &to, 8);
}

void host_run(const struct native_case *c, struct native_state *ret)
{
	code_put(c);
	memcpy(BLOCK->gpr, c->before.gpr, sizeof(BLOCK->gpr));
	memcpy(BLOCK->fx, c->before.fx, sizeof(BLOCK->fx));
	BLOCK->rflags = c->before.rflags;
	BLOCK->entry = AT_CODE;
	BLOCK->vector = NATIVE_NONE;
	BLOCK->rip = AT_CODE + c->len;
	BLOCK->cr2 = 0;
	native_enter();
	memcpy(ret->gpr, BLOCK->gpr, sizeof(ret->gpr));
	memcpy(ret->fx, BLOCK->fx, sizeof(ret->fx));
	ret->rflags = BLOCK->rflags;
	ret->vector = BLOCK->vector;
	ret->rip = BLOCK->rip;
	ret->cr2 = BLOCK->cr2;
}
