/*
 * overlay.h - the guest's memory to be read and not to be written: writes stay in a list of bytes in front
 * of it, devices answer nothing. Internal to src/teach/.
 */
#ifndef VMSTEP_TEACH_OVERLAY_H
#define VMSTEP_TEACH_OVERLAY_H

#include <vmstep/model.h>

enum { OVERLAY_BYTES = 4096 }; /* more than any instruction and delivery write */
struct overlay {
	struct machine *machine;
	struct phys_ops below;
	struct overlay_byte {
		u64 gpa;
		u8 value;
	} byte[OVERLAY_BYTES];
	unsigned n;
	bool full;        /* a write did not fit: what follows is wrong */
	bool device_read; /* something outside of RAM was read */
};

void overlay_init(struct overlay *o, struct machine *m);
/* Forgets what was written. */
void overlay_clear(struct overlay *o);
/* Both stay valid while the overlay does not move. */
struct phys_ops overlay_phys(struct overlay *o);
struct model_bus overlay_bus(struct overlay *o);

#endif
