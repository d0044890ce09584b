/*
 * bare.c - bare FILE STEPS: the least a single-stepper can do with KVM, as the yardstick of `make
 * bench`. Loads a boot sector, sets KVM_GUESTDBG_SINGLESTEP once and calls KVM_RUN in a loop, with
 * the registers in the shared page (KVM_CAP_SYNC_REGS). Prints steps per second.
 */
#include <err.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

enum { RAM = 1 << 20, LOAD = 0x7c00 };

static int call(int fd, unsigned long request, void *arg, const char *what)
{
	int r = ioctl(fd, request, arg);

	if (r < 0)
		err(1, "%s", what);
	return r;
}

static void *map(size_t size, int flags, int fd)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, flags, fd, 0);

	if (p == MAP_FAILED)
		err(1, "mmap");
	return p;
}

static void load(const char *path, uint8_t *ram)
{
	FILE *f = fopen(path, "rb");

	if (!f || fread(ram + LOAD, 1, 512, f) != 512)
		err(1, "%s", path);
	fclose(f);
}

static void start(int vcpu)
{
	struct kvm_guest_debug debug = { .control = KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_SINGLESTEP };
	struct kvm_regs regs = { .rip = LOAD, .rflags = 2, .rsp = LOAD };
	struct kvm_sregs sregs;

	call(vcpu, KVM_GET_SREGS, &sregs, "KVM_GET_SREGS");
	sregs.cs.base = 0;
	sregs.cs.selector = 0;
	call(vcpu, KVM_SET_SREGS, &sregs, "KVM_SET_SREGS");
	call(vcpu, KVM_SET_REGS, &regs, "KVM_SET_REGS");
	call(vcpu, KVM_SET_GUEST_DEBUG, &debug, "KVM_SET_GUEST_DEBUG");
}

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
	struct kvm_userspace_memory_region slot = { .memory_size = RAM };
	int kvm = open("/dev/kvm", O_RDWR), vm, vcpu;
	long steps = argc > 2 ? atol(argv[2]) : 0;
	struct kvm_run *run;
	uint64_t sum = 0;
	double began;

	if (argc != 3 || steps < 1)
		errx(2, "usage: bare FILE STEPS");
	if (kvm < 0)
		err(1, "/dev/kvm");
	if (ioctl(kvm, KVM_CHECK_EXTENSION, KVM_CAP_SYNC_REGS) <= 0)
		errx(1, "this KVM has no KVM_CAP_SYNC_REGS");
	vm = call(kvm, KVM_CREATE_VM, NULL, "KVM_CREATE_VM");
	slot.userspace_addr = (uintptr_t)map(RAM, MAP_SHARED | MAP_ANONYMOUS, -1);
	load(argv[1], (uint8_t *)slot.userspace_addr);
	call(vm, KVM_SET_USER_MEMORY_REGION, &slot, "KVM_SET_USER_MEMORY_REGION");
	vcpu = call(vm, KVM_CREATE_VCPU, NULL, "KVM_CREATE_VCPU");
	run = map(call(kvm, KVM_GET_VCPU_MMAP_SIZE, NULL, "KVM_GET_VCPU_MMAP_SIZE"), MAP_SHARED, vcpu);
	start(vcpu);
	run->kvm_valid_regs = KVM_SYNC_X86_REGS | KVM_SYNC_X86_SREGS;
	began = seconds();
	for (long i = 0; i < steps; i++) {
		call(vcpu, KVM_RUN, NULL, "KVM_RUN");
		if (run->exit_reason != KVM_EXIT_DEBUG)
			errx(1, "step %ld: exit reason %u", i, run->exit_reason);
		sum += run->s.regs.regs.rip;
	}
	printf("%.0f steps/s (checksum %llx)\n", steps / (seconds() - began), (unsigned long long)sum);
	return 0;
}
