/*
 * start.c - the shim into a memory slot of its own, and L1 up to its first hand-over.
 */
#include "engine/mtf/mtf.h"

#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

enum { SHIM_SLOT = 31, PAGE = 4096 };
/* Page-table entries: present, writable, accessed, dirty; large. */
#define PTE_TABLE 0x3ull
#define PTE_LARGE 0xe3ull
#define PTE_READ  0xe1ull

static int slot_map(struct mtf_engine *m, struct err *err)
{
	struct kvm_userspace_memory_region r = {
		.slot = SHIM_SLOT, .guest_phys_addr = SHIM_GPA, .memory_size = SHIM_SIZE,
	};
	void *p = mmap(NULL, SHIM_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		return err_set(err, errno, "cannot map %llu KiB for the shim: %s", SHIM_SIZE >> 10,
			       strerror(errno));
	m->slot = p;
	m->mb = p;
	r.userspace_addr = (uintptr_t)p;
	if (ioctl(m->k.vm_fd, KVM_SET_USER_MEMORY_REGION, &r) < 0)
		return err_set(err, errno, "KVM refuses the shim's memory at %#llx (is the guest's RAM "
					   "above 60 GiB?): %s", SHIM_GPA, strerror(errno));
	memcpy(m->slot, shim_image, shim_image_end - shim_image);
	return 0;
}

/* The guest's memory where the guest has it, for reading code (batch.c): 1-GiB pages, read-only. Nothing
 * is read there but what the host has named RAM. */
static void memory_map(struct mtf_engine *m, u64 *pdpt)
{
	const struct batch *b = m->batch;

	for (u32 i = 0; i < b->n_ranges; i++)
		for (u64 n = b->range[i].gpa >> 30; n <= (b->range[i].gpa + b->range[i].size - 1) >> 30; n++)
			pdpt[n] = n << 30 | PTE_READ;
}

/* The shim cannot write to the guest's memory by mistake (CR0.WP). */
static void tables_build(struct mtf_engine *m)
{
	u64 *pml4 = (u64 *)(m->slot + (SHIM_CR3 - SHIM_GPA)), *pdpt = pml4 + 512, *pd = pdpt + 512;

	pml4[SHIM_GPA >> 39 & 511] = (SHIM_CR3 + PAGE) | PTE_TABLE;
	pdpt[SHIM_GPA >> 30 & 511] = (SHIM_CR3 + 2 * PAGE) | PTE_TABLE;
	pd[SHIM_GPA >> 21 & 511] = SHIM_GPA | PTE_LARGE;
	memory_map(m, pdpt);
}

/* L1 in 64-bit mode at its entry (SDM "IA-32e Mode"). */
static int l1_registers(struct mtf_engine *m, struct err *err)
{
	struct kvm_segment code = { .selector = 0x10, .limit = ~0u, .type = 11, .present = 1, .s = 1,
				    .l = 1, .g = 1 };
	struct kvm_segment data = { .selector = 0x18, .limit = ~0u, .type = 3, .present = 1, .s = 1,
				    .db = 1, .g = 1 };
	struct kvm_regs r = { .rip = SHIM_ENTRY, .rflags = FL_FIXED };
	struct kvm_sregs s;

	if (ioctl(m->k.cpu_fd, KVM_GET_SREGS, &s) < 0)
		return err_set(err, errno, "KVM_GET_SREGS failed: %s", strerror(errno));
	s.cs = code;
	s.ds = s.es = s.ss = s.fs = s.gs = data;
	s.cr3 = SHIM_CR3;
	s.cr4 = CR4_PAE;
	s.cr0 = CR0_PE | CR0_ET | CR0_NE | CR0_WP | CR0_PG;
	s.efer = EFER_LME | EFER_LMA;
	if (ioctl(m->k.cpu_fd, KVM_SET_SREGS, &s) < 0 || ioctl(m->k.cpu_fd, KVM_SET_REGS, &r) < 0)
		return err_set(err, errno, "KVM refuses the shim's registers: %s", strerror(errno));
	return 0;
}

static int not_ready(struct mtf_engine *m, enum trip_end end, const struct evidence *ev, struct err *err)
{
	static const char *const step[] = {
		[START_VMXON] = "VMXON failed",
		[START_VMCS] = "VMCLEAR or VMPTRLD failed",
		[START_CONTROLS] = "a VMX control it needs is not there",
		[START_FIELD] = "a VMCS field is not there",
	};
	const struct mailbox *b = m->mb;
	char why[100];

	if (end == TRIP_DEAD) {
		shim_failure_text(ev, why, sizeof(why));
		return err_set(err, EIO, "the shim did not start: %s", why);
	}
	return err_set(err, EIO, "the shim did not start: %s",
		       b->vm_error < ARRAY_SIZE(step) && step[b->vm_error] ? step[b->vm_error] : "?");
}

int shim_start(struct mtf_engine *m, struct err *err)
{
	struct evidence ev;
	enum trip_end end;
	int r = slot_map(m, err);

	if (r)
		return r;
	batch_create(m);
	tables_build(m);
	r = l1_registers(m, err);
	if (!r)
		r = trip(m, false, &end, &ev, err);
	if (r)
		return r;
	if (end != TRIP_HOST || m->mb->status != MAILBOX_READY)
		return not_ready(m, end, &ev, err);
	return 0;
}

void shim_unmap(struct mtf_engine *m)
{
	if (m->slot)
		munmap(m->slot, SHIM_SIZE);
	m->slot = NULL;
}
