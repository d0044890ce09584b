/*
 * errata.c - two errata of Bochs 3.0's SVM, put right in the running emulator: a library that boot.py
 * has loaded before it. Without it no stepped guest of kvm_amd outlives its first VM exit (docs/rig.md).
 *
 *   1. A single-step trap that waits while the guest exits for another reason (nested page fault,
 *      CPUID, I/O) is taken by the host, on the guest's task register: the machine triple-faults. A
 *      VM exit leaves the guest's events to the guest: AMD64 manual volume 2, "#VMEXIT".
 *   2. An intercepted #DB leaves DR6 as it was. The manual has DR6 and DR7 as the handler would find
 *      them: volume 2, "#DB (Debug)".
 *
 * The emulator exports its functions, as its plugins need them; each erratum is mended by sending one
 * call elsewhere. What is looked for is checked before anything is written: another build is refused.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

typedef uint8_t u8;
typedef uint32_t u32;

#define LOAD_HOST "_ZN8BX_CPU_C20SvmExitLoadHostStateEP14SVM_HOST_STATE"
#define INTERCEPT "_ZN8BX_CPU_C21SvmInterceptExceptionEjjtbm"
#define VMEXIT	  "_ZN8BX_CPU_C10Svm_VmexitEimm"
#define EXCEPTION "_ZN8BX_CPU_C9exceptionEjt"

/* Where this build keeps them in its CPU object. */
enum { CPU_DR6 = 0x298, CPU_DR7 = 0x29c, CPU_DEBUG_TRAP = 0x2a0, CPU_IN_GUEST = 0x91a8 };
enum { DR6_CLEARED = 0x900f, DR6_CAUSES = 0xe00f, DR7_GD = 0x2000, VECTOR_DB = 1, REACH = 1024 };

static void (*load_host)(u8 *cpu, void *host);
static void (*intercept)(u8 *cpu, unsigned type, unsigned vector, uint16_t code, bool has_code, uint64_t qual);

static u32 *field(u8 *cpu, unsigned at)
{
	return (u32 *)(cpu + at);
}

/* Erratum 1: what the guest's instruction left behind does not concern the host. */
static void host_loaded(u8 *cpu, void *host)
{
	load_host(cpu, host);
	*field(cpu, CPU_DEBUG_TRAP) = 0;
}

/* Erratum 2: as the emulator does it where the #DB is delivered. */
static void exception_intercepted(u8 *cpu, unsigned type, unsigned vector, uint16_t code, bool has_code,
				  uint64_t qual)
{
	if (vector == VECTOR_DB && cpu[CPU_IN_GUEST]) {
		*field(cpu, CPU_DR6) = (*field(cpu, CPU_DR6) & ~DR6_CLEARED) |
				       (*field(cpu, CPU_DEBUG_TRAP) & DR6_CAUSES);
		*field(cpu, CPU_DR7) &= ~DR7_GD;
	}
	intercept(cpu, type, vector, code, has_code, qual);
}

static void refuse(const char *what)
{
	fprintf(stderr, "errata: this build of the emulator has %s: its errata are not known\n", what);
	_exit(1);
}

static u8 *function_find(const char *name)
{
	u8 *at = dlsym(RTLD_DEFAULT, name);

	if (!at)
		refuse("other functions");
	return at;
}

/* SvmInterceptException() clears the trap and the shadow with two stores of EAX: the fields' place. */
static void fields_check(void)
{
	static const u8 stores[] = { 0x89, 0x85, 0xa0, 2, 0, 0, 0x89, 0x85, 0x48, 1, 0, 0 };

	if (!memmem(function_find(INTERCEPT), REACH, stores, sizeof(stores)))
		refuse("other fields");
}

/* The displacement of the one CALL in `caller` that goes to `callee`. */
static int32_t *call_find(u8 *caller, const u8 *callee)
{
	for (u8 *at = caller; at < caller + REACH; at++) {
		int32_t to;

		memcpy(&to, at + 1, sizeof(to));
		if (*at == 0xe8 && at + 5 + to == callee)
			return (int32_t *)(at + 1);
	}
	refuse("other calls");
	return NULL;
}

static void call_redirect(const char *caller, u8 *callee, const void *instead)
{
	int32_t *const at = call_find(function_find(caller), callee);
	const intptr_t page = (intptr_t)at & -4096, distance = (const u8 *)instead - ((u8 *)at + 4);
	const int32_t to = distance;

	if (to != distance || mprotect((void *)page, 8192, PROT_READ | PROT_WRITE | PROT_EXEC))
		refuse("its code out of reach");
	memcpy(at, &to, sizeof(to));
	mprotect((void *)page, 8192, PROT_READ | PROT_EXEC);
}

__attribute__((constructor)) static void errata_mend(void)
{
	u8 *const to_host = function_find(LOAD_HOST), *const to_intercept = function_find(INTERCEPT);

	memcpy(&load_host, &to_host, sizeof(load_host));
	memcpy(&intercept, &to_intercept, sizeof(intercept));
	fields_check();
	call_redirect(VMEXIT, to_host, host_loaded);
	call_redirect(EXCEPTION, to_intercept, exception_intercepted);
}
