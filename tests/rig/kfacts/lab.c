/* lab.c - see lab.h: a lab whose runs are evidence, and the results. */
#include "lab.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static int kvm_fd = -1;
static int failures;
static char case_id[64];

/* An ioctl that must work did not. */
static void lab_check(const struct lab *lab)
{
	if (!lab->failed)
		return;
	printf("not ok - rig: %s %s: got %s, wanted success\n", case_id, lab->failed, strerror(lab->failed_errno));
	exit(1);
}

static const char *exit_name(unsigned reason)
{
	switch (reason) {
	case KVM_EXIT_IO: return "IO";
	case KVM_EXIT_DEBUG: return "DEBUG";
	case KVM_EXIT_HLT: return "HLT";
	case KVM_EXIT_MMIO: return "MMIO";
	case KVM_EXIT_INTR: return "INTR";
	case KVM_EXIT_SHUTDOWN: return "SHUTDOWN";
	case KVM_EXIT_FAIL_ENTRY: return "FAIL_ENTRY";
	case KVM_EXIT_INTERNAL_ERROR: return "INTERNAL_ERROR";
	case KVM_EXIT_IRQ_WINDOW_OPEN: return "IRQ_WINDOW_OPEN";
	}
	return "?";
}

static void dr6_print(uint64_t dr6)
{
	static const char *const bit[16] = {"B0", "B1", "B2", "B3", [13] = "BD", "BS", "BT"};
	const char *sep = "";
	unsigned i;

	printf(" dr6=%llx[", (unsigned long long)dr6);
	for (i = 0; i < 16; i++) {
		if (!bit[i] || !(dr6 & 1u << i))
			continue;
		printf("%s%s", sep, bit[i]);
		sep = " ";
	}
	printf("]");
}

static void exit_print(struct lab *lab, unsigned reason)
{
	struct kvm_run *run = lab->run;
	struct kvm_sync_regs *s = &run->s.regs;
	struct kvm_mp_state mp = {0};

	ioctl(lab->vcpu, KVM_GET_MP_STATE, &mp);
	printf("    %-9s", lab->err ? strerror(lab->err) : exit_name(reason));
	if (reason == KVM_EXIT_DEBUG) {
		printf(" exc=%u pc=%llx", run->debug.arch.exception, (unsigned long long)run->debug.arch.pc);
		dr6_print(run->debug.arch.dr6);
		printf(" dr7=%llx", (unsigned long long)run->debug.arch.dr7);
	} else if (reason == KVM_EXIT_IO) {
		printf(" port=%x %s count=%u", run->io.port, run->io.direction ? "out" : "in", run->io.count);
	} else if (reason == KVM_EXIT_MMIO) {
		printf(" gpa=%llx %s", (unsigned long long)run->mmio.phys_addr, run->mmio.is_write ? "write" : "read");
	} else if (reason == KVM_EXIT_FAIL_ENTRY) {
		printf(" hw=%llx", (unsigned long long)run->fail_entry.hardware_entry_failure_reason);
	} else if (reason == KVM_EXIT_INTERNAL_ERROR) {
		printf(" suberror=%u", run->internal.suberror);
	}
	printf(" | rip=%llx rflags=%llx rsp=%llx rax=%llx shadow=%u if=%u mp=%u\n", (unsigned long long)s->regs.rip,
	       (unsigned long long)s->regs.rflags, (unsigned long long)s->regs.rsp, (unsigned long long)s->regs.rax,
	       s->events.interrupt.shadow, run->if_flag, mp.mp_state);
}

void say(const char *fmt, ...)
{
	va_list ap;

	printf("  ");
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	printf("\n");
}

void case_begin(const char *id, const char *title)
{
	snprintf(case_id, sizeof(case_id), "%s", id);
	printf("\n== %s: %s\n", id, title);
}

void check_hex(const char *what, uint64_t got, uint64_t want)
{
	if (got == want) {
		printf("ok - rig: %s %s\n", case_id, what);
		return;
	}
	failures++;
	printf("not ok - rig: %s %s: got %llx, wanted %llx\n", case_id, what, (unsigned long long)got,
	       (unsigned long long)want);
}

void check_skip(const char *what, const char *why)
{
	printf("ok - rig: %s %s # SKIP %s\n", case_id, what, why);
}

int check_failures(void)
{
	return failures;
}

int lab_open(void)
{
	kvm_fd = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	return kvm_fd < 0 ? -errno : 0;
}

bool lab_has(int capability)
{
	return ioctl(kvm_fd, KVM_CHECK_EXTENSION, capability) > 0;
}

void lab_init(struct lab *lab, enum lab_mode mode, const uint8_t *code, size_t len, unsigned flags)
{
	lab_create(lab, kvm_fd, mode, code, len, flags);
	lab_check(lab);
}

void lab_deinit(struct lab *lab)
{
	lab_check(lab);
	lab_destroy(lab);
}

unsigned lab_run_quiet(struct lab *lab)
{
	lab_check(lab);
	return lab_enter(lab);
}

unsigned lab_run(struct lab *lab)
{
	unsigned reason;

	ualarm(100000, 0); /* a guest that sleeps or spins is evidence too: EINTR */
	reason = lab_run_quiet(lab);
	ualarm(0, 0);
	exit_print(lab, reason);
	return reason;
}

unsigned lab_run_immediate(struct lab *lab)
{
	unsigned reason;

	lab->run->immediate_exit = 1;
	reason = lab_run(lab);
	lab->run->immediate_exit = 0;
	return reason;
}
