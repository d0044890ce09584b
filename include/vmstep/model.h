/*
 * model.h - an x86 processor in software. Implemented by src/model/; engine soft and the tests drive it.
 *
 * The model is the CPU alone: memory comes as regions, ports, MMIO and interrupts through a bus. Its
 * debug events follow docs/semantics.md; delivery through the IDT is the core's event_deliver(), what
 * is due at a boundary the core's too. One thread, no globals, deterministic: the same state and bus
 * give the same run.
 */
#ifndef VMSTEP_MODEL_H
#define VMSTEP_MODEL_H

#include <vmstep/machine.h>
#include <vmstep/semantics.h>

struct model;

/* What the processor is wired to. `data` holds `size` bytes, little-endian. */
struct model_bus {
	void *arg;
	void (*port)(void *arg, bool write, u16 port, unsigned size, void *data);
	/* Physical addresses outside the regions, and writes to read-only ones. */
	void (*mmio)(void *arg, bool write, u64 gpa, unsigned size, void *data);
	/* Acknowledge an interrupt (INTA): its vector, or -1 if there is none after all. */
	int (*intr_ack)(void *arg);
	/* CR8 was written (its low 4 bits); may be NULL. */
	void (*tpr)(void *arg, u8 cr8);
};

struct model_config {
	const struct mem_region *regions; /* borrowed, fixed while the model lives */
	size_t n_regions;
	struct model_bus bus;
};

int model_create(const struct model_config *cfg, struct model **ret, struct err *err);
void model_destroy(struct model *m);

/* The architectural state, whole. Writable between steps: call model_changed() after writing. */
struct cpu_state *model_cpu(struct model *m);
/* The state or guest memory was written from outside: drop what was cached of modes, TLB and code. */
void model_changed(struct model *m);

#endif
