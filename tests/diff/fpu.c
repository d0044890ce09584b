/*
 * fpu.c - the state of x87 and SSE: moved to KVM and back, and what of it differs.
 */
#include <linux/kvm.h>
#include <string.h>
#include <sys/ioctl.h>

#include "diff.h"
#include "model/fpu.h"

/* SDM volume 1, "XSAVE Area": FXSAVE's image, then a header whose first field says what is there. */
enum { XSTATE_BV = 512 };

bool fpu_load(int vcpu, const struct cpu_state *c)
{
	static const u64 there = XCR0_X87 | XCR0_SSE;
	struct kvm_xsave v = { 0 };

	memcpy(v.region, c->fxsave, sizeof(struct fpu));
	memcpy((u8 *)v.region + XSTATE_BV, &there, sizeof(there));
	return !ioctl(vcpu, KVM_SET_XSAVE, &v);
}

bool fpu_read(int vcpu, struct cpu_state *c)
{
	struct kvm_xsave v;

	if (ioctl(vcpu, KVM_GET_XSAVE, &v))
		return false;
	memcpy(c->fxsave, v.region, sizeof(struct fpu));
	return true;
}

static const char *x87_judge(const struct fpu *a, const struct fpu *b, char *buf, size_t size)
{
	if (a->fcw != b->fcw || a->fsw != b->fsw || a->ftw != b->ftw) {
		snprintf(buf, size, "x87 control, status, tags kvm %x %x %x model %x %x %x", a->fcw, a->fsw,
			 a->ftw, b->fcw, b->fsw, b->ftw);
		return buf;
	}
	for (unsigned i = 0; i < 8; i++)
		if (memcmp(&a->st[i], &b->st[i], 10)) {
			snprintf(buf, size, "st%u kvm %04x%016llx model %04x%016llx", i, a->st[i].exponent,
				 (unsigned long long)a->st[i].significand, b->st[i].exponent,
				 (unsigned long long)b->st[i].significand);
			return buf;
		}
	return NULL;
}

static const char *sse_judge(const struct fpu *a, const struct fpu *b, char *buf, size_t size)
{
	if (a->mxcsr != b->mxcsr) {
		snprintf(buf, size, "mxcsr kvm %x model %x", a->mxcsr, b->mxcsr);
		return buf;
	}
	for (unsigned i = 0; i < ARRAY_SIZE(a->xmm); i++)
		if (memcmp(&a->xmm[i], &b->xmm[i], sizeof(a->xmm[i]))) {
			snprintf(buf, size, "xmm%u kvm %016llx%016llx model %016llx%016llx", i,
				 (unsigned long long)a->xmm[i].qword[1], (unsigned long long)a->xmm[i].qword[0],
				 (unsigned long long)b->xmm[i].qword[1], (unsigned long long)b->xmm[i].qword[0]);
			return buf;
		}
	return NULL;
}

const char *fpu_judge(const struct sample *s, const struct cpu_state *kvm, const struct cpu_state *soft, char *buf,
		      size_t size)
{
	const struct fpu *a = (const struct fpu *)kvm->fxsave, *b = (const struct fpu *)soft->fxsave;
	const char *what = x87_judge(a, b, buf, size);

	return what || !s->sse ? what : sse_judge(a, b, buf, size);
}
