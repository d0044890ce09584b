/*
 * vm.c - the virtual machine around the vCPU: memory slots, interrupt controllers, CPUID.
 *
 * Memory slots come first: once the interrupt controllers exist each KVM_SET_USER_MEMORY_REGION
 * waits for readers (5 ms seen here, against 0.1 ms before), which start-up cannot afford.
 */
#include "engine/vcpu/vcpu.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

/* Three pages for real mode on processors without unrestricted guest (kvm/api.rst
 * KVM_SET_TSS_ADDR) and one for its identity map, below the largest firmware and where the memory maps
 * given to guests say reserved (machine/dev_fwcfg.c, load_bzimage.c). */
#define TSS_ADDR      0xfeffd000ul
#define IDENTITY_ADDR 0xfeffc000ul

static int fail(struct err *err, const char *what)
{
	return err_set(err, errno, "%s failed: %s", what, strerror(errno));
}

static int slots_set(struct vcpu *k, struct err *err)
{
	size_t n;
	const struct mem_region *r = machine_regions(k->r.base.machine, &n);

	for (size_t i = 0; i < n; i++) {
		struct kvm_userspace_memory_region slot = {
			.slot = i,
			.flags = r[i].readonly && k->caps.readonly_mem ? KVM_MEM_READONLY : 0,
			.guest_phys_addr = r[i].gpa,
			.memory_size = r[i].size,
			.userspace_addr = (uintptr_t)r[i].hva,
		};

		if (ioctl(k->vm_fd, KVM_SET_USER_MEMORY_REGION, &slot) < 0)
			return err_set(err, errno, "KVM refuses guest memory %#llx-%#llx: %s",
				       (unsigned long long)r[i].gpa,
				       (unsigned long long)(r[i].gpa + r[i].size - 1),
				       strerror(errno));
	}
	return 0;
}

static int irqchip_create(struct vcpu *k, struct err *err)
{
	/* No in-kernel speaker port: machine/ answers port 61. */
	struct kvm_pit_config pit = { 0 };

	if (ioctl(k->vm_fd, KVM_CREATE_IRQCHIP, 0) < 0)
		return fail(err, "KVM_CREATE_IRQCHIP");
	if (k->caps.pit2 && ioctl(k->vm_fd, KVM_CREATE_PIT2, &pit) < 0)
		return fail(err, "KVM_CREATE_PIT2");
	return 0;
}

static int cpuid_set(struct vcpu *k, struct err *err)
{
	enum { N = 256 };
	struct kvm_cpuid2 *c = calloc(1, sizeof(*c) + N * sizeof(c->entries[0]));
	int r = 0;

	if (!c)
		return err_set(err, ENOMEM, "no memory for the CPUID table");
	c->nent = N;
	if (ioctl(k->kvm_fd, KVM_GET_SUPPORTED_CPUID, c) < 0)
		r = fail(err, "KVM_GET_SUPPORTED_CPUID");
	else if (ioctl(k->cpu_fd, KVM_SET_CPUID2, c) < 0)
		r = fail(err, "KVM_SET_CPUID2");
	free(c);
	return r;
}

static int cpu_create(struct vcpu *k, struct err *err)
{
	int size = ioctl(k->kvm_fd, KVM_GET_VCPU_MMAP_SIZE, 0);

	if (size < 0)
		return fail(err, "KVM_GET_VCPU_MMAP_SIZE");
	k->cpu_fd = ioctl(k->vm_fd, KVM_CREATE_VCPU, 0);
	if (k->cpu_fd < 0)
		return fail(err, "KVM_CREATE_VCPU");
	k->run = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, k->cpu_fd, 0);
	if (k->run == MAP_FAILED) {
		k->run = NULL;
		return fail(err, "mapping the vCPU's shared page");
	}
	k->run_size = size;
	k->s = k->caps.sync_regs ? &k->run->s.regs : &k->own;
	if (k->caps.sync_regs)
		k->run->kvm_valid_regs = KVM_SYNC_X86_REGS | KVM_SYNC_X86_SREGS |
					 KVM_SYNC_X86_EVENTS;
	return cpuid_set(k, err);
}

/* Without it a mere read of the events can lose a pending #DB's DR6 (K15, K19). */
static int payload_enable(struct vcpu *k, struct err *err)
{
	struct kvm_enable_cap c = { .cap = KVM_CAP_EXCEPTION_PAYLOAD, .args = { 1 } };

	if (k->caps.exception_payload && ioctl(k->vm_fd, KVM_ENABLE_CAP, &c) < 0)
		return fail(err, "KVM_ENABLE_CAP(KVM_CAP_EXCEPTION_PAYLOAD)");
	return 0;
}

/* Registering with the memory manager stops at a pending signal (seen: EINTR under a timer's; no other
 * ioctl of the start-up does). */
static int create(int kvm_fd)
{
	int fd;

	do
		fd = ioctl(kvm_fd, KVM_CREATE_VM, 0);
	while (fd < 0 && errno == EINTR);
	return fd;
}

int vm_create(struct vcpu *k, struct err *err)
{
	u64 identity = IDENTITY_ADDR;
	int r;

	k->vm_fd = create(k->kvm_fd);
	if (k->vm_fd < 0)
		return fail(err, "KVM_CREATE_VM");
	if (ioctl(k->vm_fd, KVM_SET_IDENTITY_MAP_ADDR, &identity) < 0)
		return fail(err, "KVM_SET_IDENTITY_MAP_ADDR");
	if (ioctl(k->vm_fd, KVM_SET_TSS_ADDR, TSS_ADDR) < 0)
		return fail(err, "KVM_SET_TSS_ADDR");
	r = payload_enable(k, err);
	if (!r && k->r.base.machine)
		r = slots_set(k, err);
	if (!r && k->r.base.machine)
		r = irqchip_create(k, err);
	return r ? r : cpu_create(k, err);
}

void vm_destroy(struct vcpu *k)
{
	if (k->run)
		munmap(k->run, k->run_size);
	if (k->cpu_fd >= 0)
		close(k->cpu_fd);
	if (k->vm_fd >= 0)
		close(k->vm_fd);
	if (k->kvm_fd >= 0)
		close(k->kvm_fd);
	k->run = NULL;
	k->cpu_fd = k->vm_fd = k->kvm_fd = -1;
}

void vcpu_init(struct vcpu *k, const struct engine_ops *ops, const struct runner_ops *run, struct machine *m)
{
	k->r = (struct runner){ .base = { .ops = ops, .machine = m }, .ops = run };
	k->kvm_fd = k->vm_fd = k->cpu_fd = -1;
	k->phys = machine_phys(m);
	k->insns = insn_cache_create();
}

void vcpu_deinit(struct vcpu *k)
{
	points_free(k);
	machine_set_irq(k->r.base.machine, NULL, NULL);
	watch_destroy(k);
	vm_destroy(k);
	insn_cache_destroy(k->insns);
}
