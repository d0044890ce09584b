/*
 * caps.c - what this /dev/kvm offers, asked by KVM_CHECK_EXTENSION (kvm/api.rst).
 */
#include "engine/vcpu/vcpu.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static int why_not_open(struct err *err, int code)
{
	switch (code) {
	case ENOENT:
		return err_set(err, code, "/dev/kvm is not there: load kvm_intel or kvm_amd, or turn "
					  "on virtualization in the firmware (in a VM: nested "
					  "virtualization)");
	case EACCES:
	case EPERM:
		return err_set(err, code, "no permission to open /dev/kvm: add your user to the group "
					  "that owns it (usually kvm) and log in again");
	default:
		return err_set(err, code, "cannot open /dev/kvm: %s", strerror(code));
	}
}

static bool has(int fd, int cap)
{
	return ioctl(fd, KVM_CHECK_EXTENSION, cap) > 0;
}

int kvm_open(struct kvm_caps *ret, int *ret_fd, struct err *err)
{
	const int sync = KVM_SYNC_X86_REGS | KVM_SYNC_X86_SREGS | KVM_SYNC_X86_EVENTS;
	int fd = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	int got;

	if (fd < 0)
		return why_not_open(err, errno);
	got = ioctl(fd, KVM_GET_API_VERSION, 0);
	if (got != KVM_API_VERSION) {
		close(fd);
		return err_set(err, ENOTSUP, "/dev/kvm speaks API version %d, not %d: the kernel is "
					     "older than 2.6.22", got, KVM_API_VERSION);
	}
	if (!has(fd, KVM_CAP_SET_GUEST_DEBUG)) {
		close(fd);
		return err_set(err, ENOTSUP, "this KVM has no KVM_CAP_SET_GUEST_DEBUG and so cannot "
					     "single-step: use another host");
	}
	if (!has(fd, KVM_CAP_IMMEDIATE_EXIT) || !has(fd, KVM_CAP_IRQCHIP)) {
		close(fd);
		return err_set(err, ENOTSUP, "this KVM lacks KVM_CAP_IMMEDIATE_EXIT or "
					     "KVM_CAP_IRQCHIP: Linux 4.13 or newer is needed");
	}
	got = ioctl(fd, KVM_CHECK_EXTENSION, KVM_CAP_SYNC_REGS);
	*ret = (struct kvm_caps){
		.sync_regs = got > 0 && (got & sync) == sync,
		.exception_payload = has(fd, KVM_CAP_EXCEPTION_PAYLOAD),
		.readonly_mem = has(fd, KVM_CAP_READONLY_MEM),
		.pit2 = has(fd, KVM_CAP_PIT2),
	};
	got = ioctl(fd, KVM_CHECK_EXTENSION, KVM_CAP_SET_GUEST_DEBUG2);
	ret->debug_control = got > 0 ? (u32)got : 0;
	ret->block_irq = ret->debug_control & KVM_GUESTDBG_BLOCKIRQ;
	*ret_fd = fd;
	return 0;
}
