/*
 * task.h - a task as its TSS holds it: what task.c and task_segment.c share.
 */
#ifndef VMSTEP_MODEL_TASK_H
#define VMSTEP_MODEL_TASK_H

#include "model/system.h"

enum { TASK_SEGS = 6 };
struct tss_image {
	u64 cr3, ip, flags, gpr[8], seg[TASK_SEGS], ldt, trap;
};
/* In the order of the TSS. */
static const u8 tss_segs[TASK_SEGS] = { SEG_ES, SEG_CS, SEG_SS, SEG_DS, SEG_FS, SEG_GS };

static inline enum ex raise_ext(struct model *m, u8 vector, u16 sel, u32 ext)
{
	return raise_code(m, vector, (sel & 0xfffc) | ext);
}

/* task_segment.c: the segments of a task that is current already; faults are the new task's. */
enum ex task_segments_load(struct model *m, const struct tss_image *i, u32 ext);

#endif
