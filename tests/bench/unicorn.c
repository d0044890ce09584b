/*
 * unicorn.c - unicorn FILE step|hook|free N OUT: a boot sector on the Unicorn emulator, as the yardstick for
 * engine soft in `make bench`. step: N calls of one instruction each. hook: N instructions, each
 * printed with its registers to OUT. free: to the guest's HLT, without any hook.
 */
#include <err.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unicorn/unicorn.h>

enum { RAM = 1 << 20, LOAD = 0x7c00, SECTOR = 512 };

static void check(uc_err e, const char *what)
{
	if (e)
		errx(1, "%s: %s", what, uc_strerror(e));
}

static uc_engine *guest(const char *path)
{
	uint8_t sector[SECTOR];
	FILE *f = fopen(path, "rb");
	uc_engine *uc;

	if (!f || fread(sector, 1, SECTOR, f) != SECTOR)
		err(1, "%s", path);
	fclose(f);
	check(uc_open(UC_ARCH_X86, UC_MODE_16, &uc), "uc_open");
	check(uc_mem_map(uc, 0, RAM, UC_PROT_ALL), "uc_mem_map");
	check(uc_mem_write(uc, LOAD, sector, SECTOR), "uc_mem_write");
	return uc;
}

static void step(uc_engine *uc, long n)
{
	uint64_t pc = LOAD;

	for (long i = 0; i < n; i++) {
		check(uc_emu_start(uc, pc, ~0ull, 0, 1), "uc_emu_start");
		check(uc_reg_read(uc, UC_X86_REG_EIP, &pc), "uc_reg_read");
		pc &= 0xffff;
	}
}

static void print(uc_engine *uc, uint64_t pc, uint32_t size, void *arg)
{
	static const int regs[] = { UC_X86_REG_EAX, UC_X86_REG_EBX, UC_X86_REG_ECX, UC_X86_REG_EDX,
				    UC_X86_REG_ESI, UC_X86_REG_EDI, UC_X86_REG_EBP, UC_X86_REG_ESP,
				    UC_X86_REG_EFLAGS };
	uint32_t v[9] = { 0 };
	void *p[9];

	(void)size;
	for (int i = 0; i < 9; i++)
		p[i] = &v[i];
	uc_reg_read_batch(uc, (int *)regs, p, 9);
	fprintf(arg, "0x%08llx eax=%x ebx=%x ecx=%x edx=%x esi=%x edi=%x ebp=%x esp=%x eflags=%x\n",
		(unsigned long long)pc, v[0], v[1], v[2], v[3], v[4], v[5], v[6], v[7], v[8]);
}

static void hook(uc_engine *uc, long n, const char *out)
{
	FILE *f = fopen(out, "w");
	uc_hook h;

	if (!f)
		err(1, "%s", out);
	check(uc_hook_add(uc, &h, UC_HOOK_CODE, (void *)print, f, 1, 0), "uc_hook_add");
	check(uc_emu_start(uc, LOAD, ~0ull, 0, n), "uc_emu_start");
	fclose(f);
}

int main(int argc, char **argv)
{
	uc_engine *uc;

	if (argc != 5)
		errx(2, "usage: unicorn FILE step|hook|free N OUT");
	uc = guest(argv[1]);
	if (!strcmp(argv[2], "step"))
		step(uc, atol(argv[3]));
	else if (!strcmp(argv[2], "hook"))
		hook(uc, atol(argv[3]), argv[4]);
	else
		check(uc_emu_start(uc, LOAD, ~0ull, 0, 0), "uc_emu_start");
	uc_close(uc);
	return 0;
}
