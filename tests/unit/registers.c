/* The register list: names, fields, sub-registers as the processor merges them. */
#include <errno.h>
#include <vmstep/x86_tables.h>

#include "tap.h"

static struct cpu_state long_cpu(void)
{
	struct cpu_state c = { .known = REGS_ALL, .cr0 = CR0_PE | CR0_PG, .efer = EFER_LME | EFER_LMA };

	c.seg[SEG_CS].attr = 0xa09b;
	c.seg[SEG_SS].attr = 0xc093;
	return c;
}

static struct cpu_state prot32_cpu(void)
{
	struct cpu_state c = { .known = REGS_ALL, .cr0 = CR0_PE };

	c.seg[SEG_CS].attr = 0xc09b;
	c.seg[SEG_SS].attr = 0xc093;
	return c;
}

static u64 get(const struct cpu_state *c, const char *name)
{
	const struct reg_desc *r = reg_find(name);

	return r ? reg_get(c, r) : 0xbad;
}

static int set(struct cpu_state *c, const char *name, u64 v)
{
	const struct reg_desc *r = reg_find(name);

	return r ? reg_set(c, r, v) : -ENOENT;
}

/* Every row is found by its own name, and is written and read back without touching another field. */
static void table(void)
{
	size_t n;
	const struct reg_desc *r = reg_table(&n);
	bool subs = false;

	for (size_t i = 0; i < n; i++) {
		struct cpu_state c = long_cpu(), before;
		u64 mask = r[i].size >= 8 ? ~0ull : BIT64(8 * r[i].size) - 1;
		u64 v = 0x123456789abcdef0ull ^ i;
		unsigned changed = 0;
		int rc;

		tap_ok(reg_find(r[i].name) == &r[i], "%s: found by name", r[i].name);
		tap_ok(r[i].group && !(r[i].group & ~REGS_ALL), "%s: group", r[i].name);
		if (subs)
			tap_eq(r[i].kind, REGK_SUB, "%s: sub-registers are last", r[i].name);
		subs |= r[i].kind == REGK_SUB;
		before = c;
		rc = reg_set(&c, &r[i], v);
		if (rc == -EINVAL) {
			tap_ok(!strcmp(r[i].name, "tr") || !strcmp(r[i].name, "ldtr"), "%s: read-only", r[i].name);
			tap_mem(&c, &before, sizeof(c), "%s: untouched", r[i].name);
			continue;
		}
		tap_eq(rc, 0, "%s: set", r[i].name);
		tap_eq(reg_get(&c, &r[i]), v & mask, "%s: read back", r[i].name);
		/* fs_base and gs_base lie in two fields. */
		for (size_t at = 0; at < sizeof(c); at += 8)
			changed += memcmp((u8 *)&c + at, (u8 *)&before + at, 8) != 0;
		tap_eq(changed, !strcmp(r[i].name, "fs_base") || !strcmp(r[i].name, "gs_base") ? 2 : 1,
		       "%s: fields changed", r[i].name);
	}
	tap_eq(n, 149, "registers in the table");
	tap_ok(!reg_find("") && !reg_find("xyz") && !reg_find("raxx") && !reg_find("$rax"), "unknown names");
}

static void names(void)
{
	static const char *const same[][2] = {
		{ "RAX", "rax" },   { "EFlags", "eflags" },	      { "flags", "eflags" }, { "ps", "eflags" },
		{ "rflags", "eflags" }, { "kernel_gs_base", "k_gs_base" }, { "r8b", "r8l" }, { "R15B", "r15l" },
	};
	static const char *const first[] = { "rax", "rbx", "rcx", "rdx", "rsi", "rdi", "rbp", "rsp", "r8" };
	size_t n;
	const struct reg_desc *r = reg_table(&n);

	for (unsigned i = 0; i < ARRAY_SIZE(same); i++)
		tap_ok(reg_find(same[i][0]) && reg_find(same[i][0]) == reg_find(same[i][1]), "%s is %s",
		       same[i][0], same[i][1]);
	for (unsigned i = 0; i < ARRAY_SIZE(first); i++)
		tap_str(r[i].name, first[i], "gdb's order, place %u", i);
	for (size_t i = 0; i < n; i++)
		if (r[i].kind == REGK_SUB && r[i].in_info)
			tap_ok(false, "%s: sub-registers are not in info registers", r[i].name);
}

static void each_gpr_is_its_own(void)
{
	static const char *const full[] = { "rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi",
					    "r8",  "r9",  "r10", "r11", "r12", "r13", "r14", "r15" };
	static const char *const dword[] = { "eax", "ecx", "edx",  "ebx",  "esp",  "ebp",  "esi",  "edi",
					     "r8d", "r9d", "r10d", "r11d", "r12d", "r13d", "r14d", "r15d" };
	static const char *const byte[] = { "al",  "cl",  "dl",	  "bl",	  "spl",  "bpl",  "sil",  "dil",
					    "r8l", "r9l", "r10l", "r11l", "r12l", "r13l", "r14l", "r15l" };
	static const char *const word[] = { "ax",  "cx",  "dx",	  "bx",	  "sp",	  "bp",	  "si",	  "di",
					    "r8w", "r9w", "r10w", "r11w", "r12w", "r13w", "r14w", "r15w" };
	static const char *const high[] = { "ah", "ch", "dh", "bh" };
	struct cpu_state c = long_cpu();

	for (unsigned i = 0; i < GPR_COUNT; i++)
		c.gpr[i] = 0x8090a0b0c0d0e0f0ull + i * 0x0101010101010101ull; /* no byte twice */
	for (unsigned i = 0; i < GPR_COUNT; i++) {
		tap_eq(get(&c, full[i]), c.gpr[i], "%s", full[i]);
		tap_eq(get(&c, dword[i]), (u32)c.gpr[i], "%s", dword[i]);
		tap_eq(get(&c, byte[i]), (u8)c.gpr[i], "%s", byte[i]);
		if (i != GPR_RSP) /* $sp is gdb's alias of the stack pointer */
			tap_eq(get(&c, word[i]), (u16)c.gpr[i], "%s", word[i]);
		if (i < ARRAY_SIZE(high))
			tap_eq(get(&c, high[i]), (u8)(c.gpr[i] >> 8), "%s", high[i]);
	}
}

static void merging(void)
{
	static const struct {
		const char *name;
		u64 value, rax;
	} row[] = {
		{ "rax", 0x8877665544332211, 0x8877665544332211 },
		{ "eax", 0x44332211, 0x44332211 },
		{ "eax", 0xffffffff80000000, 0x80000000 },
		{ "ax", 0x2211, 0x0123456789ab2211 },
		{ "ax", 0x332211, 0x0123456789ab2211 },
		{ "al", 0x11, 0x0123456789abcd11 },
		{ "ah", 0x11, 0x0123456789ab11ef },
		{ "ah", 0x1122, 0x0123456789ab22ef },
	};
	struct cpu_state c = long_cpu();

	for (unsigned i = 0; i < ARRAY_SIZE(row); i++) {
		c.gpr[GPR_RAX] = 0x0123456789abcdef;
		tap_eq(set(&c, row[i].name, row[i].value), 0, "set %s", row[i].name);
		tap_eq(c.gpr[GPR_RAX], row[i].rax, "rax after setting %s to %#llx", row[i].name,
		       (unsigned long long)row[i].value);
	}
	c.gpr[GPR_RAX] = 0x0123456789abcdef;
	tap_eq(get(&c, "ah"), 0xcd, "ah");
	tap_eq(get(&c, "ax"), 0xcdef, "ax");
	c.rip = 0x1122334455667788;
	tap_eq(get(&c, "eip"), 0x55667788, "eip");
	tap_eq(get(&c, "ip"), 0x7788, "ip");
	set(&c, "eip", 0x1000);
	tap_eq(c.rip, 0x1000, "rip after setting eip");
	c.rip = 0x12345678;
	set(&c, "ip", 0x1000);
	tap_eq(c.rip, 0x1000, "rip after setting ip");
}

/* pc, sp and fp have the width of the mode. */
static void modal(void)
{
	struct cpu_state c = long_cpu();

	c.rip = c.gpr[GPR_RSP] = c.gpr[GPR_RBP] = 0x1122334455667788;
	tap_eq(get(&c, "pc"), 0x1122334455667788, "pc in long mode");
	tap_eq(get(&c, "sp"), 0x1122334455667788, "sp in long mode");
	tap_eq(get(&c, "fp"), 0x1122334455667788, "fp in long mode");
	tap_eq(reg_width(&c, reg_find("pc")), 8, "width of pc in long mode");

	c = prot32_cpu();
	c.rip = c.gpr[GPR_RSP] = 0x1122334455667788;
	tap_eq(get(&c, "pc"), 0x55667788, "pc in 32-bit mode");
	tap_eq(get(&c, "sp"), 0x55667788, "sp in 32-bit mode");
	set(&c, "sp", 0x1000);
	tap_eq(c.gpr[GPR_RSP], 0x1000, "rsp after setting sp in 32-bit mode");
	tap_eq(reg_width(&c, reg_find("pc")), 4, "width of pc in 32-bit mode");
	c.seg[SEG_SS].attr = 0x0093;
	set(&c, "sp", 0x12345678);
	tap_eq(c.gpr[GPR_RSP], 0x5678, "a 16-bit stack in 32-bit mode");
	c.seg[SEG_CS].attr = 0x009b;
	c.seg[SEG_SS].attr = 0xc093;
	c.gpr[GPR_RSP] = 0x55667788;
	tap_eq(get(&c, "pc"), 0x7788, "pc in 16-bit protected mode");
	tap_eq(get(&c, "sp"), 0x55667788, "sp in 16-bit protected mode with a 32-bit stack");

	c = (struct cpu_state){ .rip = 0x11227c00, .gpr = { [GPR_RSP] = 0x11223344 } };
	tap_eq(get(&c, "pc"), 0x7c00, "pc in real mode");
	set(&c, "sp", 0xffff);
	tap_eq(c.gpr[GPR_RSP], 0x1122ffff, "rsp after setting sp in real mode: merged");
	set(&c, "pc", 0x17c10);
	tap_eq(c.rip, 0x7c10, "rip after setting pc in real mode: cut");
}

static void segments(void)
{
	struct cpu_state c = { .cr0 = 0 };

	set(&c, "cs", 0xf000);
	tap_eq(c.seg[SEG_CS].sel, 0xf000, "cs in real mode");
	tap_eq(c.seg[SEG_CS].base, 0xf0000, "its base follows");
	set(&c, "gs", 0x1234);
	tap_eq(c.gs_base_msr, 0x12340, "and the MSR of gs");
	c.cr0 = CR0_PE;
	c.rflags = FL_VM;
	set(&c, "es", 0x100);
	tap_eq(c.seg[SEG_ES].base, 0x1000, "base of es in virtual-8086 mode");
	c = long_cpu();
	c.seg[SEG_DS].base = 0x5000;
	set(&c, "ds", 0x10);
	tap_eq(c.seg[SEG_DS].sel, 0x10, "ds in protected mode");
	tap_eq(c.seg[SEG_DS].base, 0x5000, "its base stays");
	set(&c, "fs_base", 0xffff888000000000);
	tap_eq(c.seg[SEG_FS].base, 0xffff888000000000, "fs_base");
	tap_eq(c.fs_base_msr, 0xffff888000000000, "and its MSR");
	c.tr.sel = 0x28;
	tap_eq(get(&c, "tr"), 0x28, "tr is read");
	tap_eq(set(&c, "tr", 0x30), (u64)-EINVAL, "tr is not written");
	tap_eq(c.tr.sel, 0x28, "tr stays");
}

static void fpu(void)
{
	struct cpu_state c = long_cpu();

	for (unsigned i = 0; i < sizeof(c.fxsave); i++)
		c.fxsave[i] = i;
	tap_eq(get(&c, "fctrl"), 0x0100, "fctrl");
	tap_eq(get(&c, "fstat"), 0x0302, "fstat");
	tap_eq(get(&c, "ftag"), 0x04, "ftag");
	tap_eq(get(&c, "fop"), 0x0706, "fop");
	tap_eq(get(&c, "mxcsr"), 0x1b1a1918, "mxcsr");
	tap_eq(get(&c, "st1"), 0x3736353433323130, "st1, low half");
	tap_eq(get(&c, "xmm0"), 0xa7a6a5a4a3a2a1a0, "xmm0, low half");
	tap_ok(reg_bytes(&c, reg_find("xmm15")) == c.fxsave + 0x190, "xmm15 lies at its place");
	tap_eq(reg_find("xmm15")->size, 16, "size of xmm15");
	tap_ok(reg_bytes(&c, reg_find("st7")) == c.fxsave + 0x90, "st7 lies at its place");
	tap_eq(reg_find("st7")->size, 10, "size of st7");
	set(&c, "xmm1", 0);
	tap_eq(c.fxsave[0xb7], 0, "xmm1's low half is written");
	tap_eq(c.fxsave[0xb8], 0xb8, "xmm1's high half is kept");
}

int main(void)
{
	table();
	names();
	each_gpr_is_its_own();
	merging();
	modal();
	segments();
	fpu();
	return tap_done();
}
