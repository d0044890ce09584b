/*
 * probe.c - does engine mtf work here? Everything is asked of /dev/kvm itself, nothing is created.
 */
#include "engine/mtf/mtf.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum {
	MSR_TRUE_PROC = 0x48e, MSR_PROC2 = 0x48b, MSR_EPT_CAP = 0x48c,
	CPUID1_VMX = 1 << 5, EPT_1G = 1 << 17, PROC2_EPT = 1 << 1, PROC2_UNRESTRICTED = 1 << 7,
};

/* CPUID as KVM offers it to guests: VMX is there only with nested=1. */
static bool offers_vmx(int fd)
{
	enum { N = 256 };
	struct kvm_cpuid2 *c = calloc(1, sizeof(*c) + N * sizeof(c->entries[0]));
	bool vmx = false;

	if (!c)
		return false;
	c->nent = N;
	if (!ioctl(fd, KVM_GET_SUPPORTED_CPUID, c))
		for (u32 i = 0; i < c->nent; i++)
			vmx |= c->entries[i].function == 1 && (c->entries[i].ecx & CPUID1_VMX);
	free(c);
	return vmx;
}

/* A capability MSR as a guest of this KVM would read it (kvm/api.rst KVM_GET_MSRS, system ioctl). */
static u64 feature_msr(int fd, u32 index)
{
	struct {
		struct kvm_msrs head;
		struct kvm_msr_entry e;
	} m = { .head.nmsrs = 1, .e.index = index };

	return ioctl(fd, KVM_GET_MSRS, &m) == 1 ? m.e.data : 0;
}

static bool module_param(char *ret, const char *module)
{
	char path[80];
	int fd;
	bool got;

	snprintf(path, sizeof(path), "/sys/module/%s/parameters/nested", module);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	got = read(fd, ret, 1) == 1;
	close(fd);
	return got;
}

static const char *why_no_vmx(void)
{
	char nested;

	if (module_param(&nested, "kvm_intel")) {
		if (nested == 'Y' || nested == '1')
			return "kvm_intel has nested=1 but offers no VMX to guests: the outer hypervisor, "
			       "if there is one, must give this machine VMX with EPT";
		return "kvm_intel runs with nested=0: with no VM running, modprobe -r kvm_intel && "
		       "modprobe kvm_intel nested=1";
	}
	if (module_param(&nested, "kvm_amd"))
		return "this is an AMD host: the monitor trap flag is a feature of Intel's VMX; use "
		       "engine kvm";
	return "there is no VMX behind this /dev/kvm: use a host with kvm_intel, or `make rig-shell` "
	       "for an emulated one";
}

static const char *missing(int fd)
{
	u64 proc = feature_msr(fd, MSR_TRUE_PROC) >> 32, proc2 = feature_msr(fd, MSR_PROC2) >> 32;

	if (!offers_vmx(fd))
		return why_no_vmx();
	if (ioctl(fd, KVM_CHECK_EXTENSION, KVM_CAP_NESTED_STATE) <= 0 ||
	    ioctl(fd, KVM_CHECK_EXTENSION, KVM_CAP_EXCEPTION_PAYLOAD) <= 0)
		return "this KVM has no KVM_CAP_NESTED_STATE or KVM_CAP_EXCEPTION_PAYLOAD: Linux 5.6 or "
		       "newer is needed";
	if (!(proc & PROC_MTF))
		return "nested VMX here has no monitor trap flag (IA32_VMX_TRUE_PROCBASED_CTLS, MSR 48e, "
		       "bit 59): use another host, or engine kvm";
	if (!(proc2 & PROC2_EPT) || !(proc2 & PROC2_UNRESTRICTED))
		return "nested VMX here has no EPT with unrestricted guest (IA32_VMX_PROCBASED_CTLS2, MSR "
		       "48b, bits 33 and 39), which guests in real mode need: load kvm_intel with ept=1 "
		       "unrestricted_guest=1";
	if (!(feature_msr(fd, MSR_EPT_CAP) & EPT_1G))
		return "nested EPT here has no 1 GiB pages (IA32_VMX_EPT_VPID_CAP, MSR 48c, bit 17), which "
		       "the shim maps L2's memory with: use a newer KVM";
	return NULL;
}

void mtf_probe(struct engine_probe *ret)
{
	struct kvm_caps caps;
	struct err err = { 0 };
	const char *why;
	int fd;

	*ret = (struct engine_probe){ 0 };
	if (kvm_open(&caps, &fd, &err)) {
		snprintf(ret->text, sizeof(ret->text), "%.399s", err.text);
		return;
	}
	why = missing(fd);
	close(fd);
	if (why) {
		snprintf(ret->text, sizeof(ret->text), "%s", why);
		return;
	}
	ret->works = true;
	ret->hardware = true;
	ret->caps = ENGINE_MTF | ENGINE_SHADOW_STI | ENGINE_SHADOW_MOV_SS | ENGINE_DATA_POINTS;
	snprintf(ret->text, sizeof(ret->text),
		 "nested VMX: the guest runs as L2 of a shim, one exit 37 an instruction");
}
