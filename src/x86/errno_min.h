/*
 * errno_min.h - the error numbers of the freestanding files in this folder: errno.h is no
 * freestanding header, and the shim is built without a libc. Linux's values
 * (uapi/asm-generic/errno-base.h).
 */
#ifndef VMSTEP_ERRNO_MIN_H
#define VMSTEP_ERRNO_MIN_H

#define EFAULT 14
#define EINVAL 22
#define ENOSYS 38

#endif
