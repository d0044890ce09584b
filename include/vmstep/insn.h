/*
 * insn.h - what the debugger needs to know of one instruction.
 *
 * struct insn_facts is all the core ever sees of an instruction (freestanding, no bytes, no Zydis).
 * struct insn adds bytes and operands; src/x86/insn.c and insn_mem.c fill it through Zydis,
 * insn_text.c writes it out, insn_cache.c keeps it. Users: engines (pre-step facts), debug (nexti,
 * finish, disassemble), trace (text).
 */
#ifndef VMSTEP_INSN_H
#define VMSTEP_INSN_H

#include <vmstep/types.h>
#include <vmstep/cpu.h>

enum insn_class {
	INSN_OTHER,      /* nothing the facts distinguish */
	INSN_INVALID,    /* does not decode: #UD, or bytes beyond what could be read */
	INSN_ICEBP,      /* F1 */
	INSN_INT3,       /* CC */
	INSN_INTN,       /* CD ib; also CD 01 and CD 03 */
	INSN_INTO,
	INSN_IRET,
	INSN_PUSHF,
	INSN_POPF,
	INSN_MOV_SS,     /* MOV SS, POP SS: MOV-SS shadow (LSS has none) */
	INSN_STI,
	INSN_CLI,
	INSN_HLT,
	INSN_IN,         /* IN, INS */
	INSN_OUT,        /* OUT, OUTS */
	INSN_MOV_DR,
	INSN_MOV_CR,     /* MOV CR, LMSW, CLTS */
	INSN_SYSCALL,
	INSN_SYSRET,
	INSN_SYSENTER,
	INSN_SYSEXIT,
	INSN_RDMSR,
	INSN_WRMSR,
	INSN_CPUID,
	INSN_VMX_EXIT,   /* XSETBV, INVD, GETSEC, VMCALL and the VMX instructions but VMFUNC: always exit in
			  * VMX non-root */
	INSN_UD,         /* UD0, UD1, UD2 */
	INSN_CLASS_COUNT,
};

enum insn_flag {
	INSNF_REP = BIT(0),        /* REP string instruction: may stop between iterations */
	INSNF_MEM_READ = BIT(1),
	INSNF_MEM_WRITE = BIT(2),
	INSNF_CALL = BIT(3),       /* near or far CALL */
	INSNF_RET = BIT(4),        /* near or far RET */
	INSNF_BRANCH = BIT(5),     /* any other transfer: JMP, Jcc, LOOP */
	INSNF_FAR = BIT(6),        /* far transfer: may switch mode or task; also the events and system calls */
	INSNF_PRIVILEGED = BIT(7), /* CPL 0 only */
	INSNF_PREFIXED = BIT(8),   /* has legacy or REX prefixes */
	INSNF_COND = BIT(9),       /* conditional branch */
};

struct insn_facts {
	u8 cls;    /* enum insn_class */
	u8 length; /* bytes, prefixes counted; 0 if unknown */
	u16 flags; /* enum insn_flag */
};

enum { INSN_MAX = 15 };

/*
 * One memory operand as a formula: seg.base + base + index * scale + disp, cut to the address size
 * (`stack`: an implicit push or pop, cut to the stack's width; the address already counts the push).
 */
enum { INSN_MEMS = 2, INSN_MEM_NONE = 0xff, INSN_MEM_RIP = 0xfe /* the next instruction's */ };
struct insn_mem {
	u8 base, index; /* enum gpr, INSN_MEM_NONE, INSN_MEM_RIP */
	u8 scale, seg;  /* enum seg */
	u16 size;       /* bytes */
	bool read, write, stack;
	s64 disp;
};

struct insn {
	struct insn_facts facts;
	u8 bytes[INSN_MAX];
	u8 n_bytes;   /* bytes given to the decoder that belong to it (== facts.length when valid; else all) */
	u8 vector;    /* INSN_INTN: the immediate; INSN_INT3: 3; INSN_ICEBP: 1; INSN_INTO: 4 */
	u8 opsize;    /* effective operand size in bytes: 2, 4, 8 (PUSHF, POPF, IRET image size); 1 for
		       * instructions on bytes (IN AL) */
	u8 addrsize;  /* effective address size in bytes */
	s8 dr, cr;    /* MOV_DR / MOV_CR: register number, else -1 */
	bool to_sysreg; /* MOV_DR, MOV_CR: writes the system register */
	bool has_target; /* direct branch or call */
	s64 target_rel;  /* target - address of the next instruction, when has_target; IP wrap is the user's */
	u8 n_mem;       /* operands that INSNF_MEM_READ and _WRITE tell of, as far as they are formulas */
	struct insn_mem mem[INSN_MEMS];
};

/*
 * Decode one instruction from `n` (1..15, more is ignored) bytes. Never fails: what does not decode
 * is INSN_INVALID with length 0. `bits` is 16, 32 or 64 (mode_bits()).
 */
void insn_decode(unsigned bits, const u8 *bytes, size_t n, struct insn *ret);

/* Name of an address for operand text; writes e.g. "main+0x5" and returns true, or returns false. */
typedef bool insn_symbolize_fn(void *arg, u64 addr, char *buf, size_t size);

/*
 * Intel-syntax text of the instruction at `addr` (the address branch targets are computed from),
 * e.g. "mov eax, 0x5", "int1", "je 0x401007 <main+0x7>", "mov eax, DWORD PTR [rip+0x10] # 0x401016",
 * "(bad)". Never two blanks in a row. Returns the length written (always terminated, cut to size).
 * `symbolize` may be NULL. In 16-bit code an `addr` below 64 KiB counts as IP, whose targets wrap.
 */
size_t insn_format(unsigned bits, const u8 *bytes, size_t n, u64 addr, insn_symbolize_fn *symbolize,
		   void *arg, char *buf, size_t size);

/*
 * Cache of decoded instructions. Keyed by address and width and checked against the bytes given, so
 * that self-modifying code is honoured by construction: different bytes are a miss. Direct-mapped,
 * fixed size, no allocation after create. Not thread-safe.
 */
struct insn_cache;
struct insn_cache *insn_cache_create(void);
void insn_cache_destroy(struct insn_cache *c);
/* The decoded instruction for `bytes` at `addr`; valid until the next call on this cache. */
const struct insn *insn_cache_get(struct insn_cache *c, unsigned bits, u64 addr, const u8 *bytes, size_t n);
/* Its text, formatted on first use (no symbols); valid until the next call on this cache. */
const char *insn_cache_text(struct insn_cache *c, unsigned bits, u64 addr, const u8 *bytes, size_t n,
			    size_t *ret_len);

#endif
