/*
 * chips.h - the platform chips of engine soft: interrupt controllers and timers, driven by virtual
 * time. Each is a plain struct with its own .c; bus.c wires them. Nobody outside the folder includes it.
 *
 *   pic.c     two 8259A, cascaded at line 2, with the edge/level registers at 4d0
 *   pit.c     8254: channel 0 to line 0, channel 2 with gate and output at port 61
 *   lapic.c   the local APIC: timer, LVT, EOI, TPR, IPIs to itself (SDM "Advanced Programmable
 *             Interrupt Controller")
 *   ioapic.c  24 lines at fec00000
 *   bus.c     addresses, lines, what is due next
 *
 * A tick is one instruction; TICK_NS says what a guest takes it for.
 */
#ifndef VMSTEP_SOFT_CHIPS_H
#define VMSTEP_SOFT_CHIPS_H

#include <vmstep/types.h>

enum { TICK_NS = 10, PIT_HZ = 1193182 };
#define TICKS_PER_S (1000000000ull / TICK_NS)
#define NEVER       (~0ull)

/* ---- 8259A ---------------------------------------------------------------------------------------- */

struct pic {
	u8 irr, imr, isr, lines; /* lines: levels as last told */
	u8 base;                 /* ICW2: vector of input 0 */
	u8 level;                /* ELCR: inputs that are level-triggered */
	u8 lowest;               /* the input of lowest priority (rotation) */
	u8 expect;               /* next ICW: 2, 3, 4; 0: none */
	bool wants_icw4, single;
	bool read_isr, poll, special_mask, auto_eoi, rotate_aeoi, fully_nested;
};
struct pics {
	struct pic chip[2]; /* master, slave */
};
void pics_reset(struct pics *p);
void pics_line(struct pics *p, unsigned line, bool level);
bool pics_wants(const struct pics *p);  /* INTR */
u8 pics_ack(struct pics *p);            /* INTA: the vector, or the spurious one */
u8 pics_read(struct pics *p, u16 port); /* 20 21 a0 a1 4d0 4d1 */
void pics_write(struct pics *p, u16 port, u8 v);

/* ---- 8254 ----------------------------------------------------------------------------------------- */

struct pit_channel {
	u64 start;     /* tick at which the count was loaded */
	u64 stopped;   /* tick at which the gate went low */
	u32 count;     /* 1..65536 (10000 in BCD) */
	u16 latch;
	u8 latched;    /* bytes of the latch still to be read; 0: none */
	u8 status;
	bool has_status;
	u8 access;     /* 1 low, 2 high, 3 both */
	u8 mode;       /* 0..5 */
	bool bcd, loaded, gate;
	bool high_next_read, high_next_write;
	u8 low;        /* first byte of a write of two */
};
struct pit {
	struct pit_channel ch[3];
	u8 port61;     /* bits 0 and 1 */
	u64 edges_seen;/* rising edges of channel 0 that were told */
};
void pit_reset(struct pit *p);
u8 pit_read(struct pit *p, u16 port, u64 now);
void pit_write(struct pit *p, u16 port, u8 v, u64 now);
u8 pit_port61_read(const struct pit *p, u64 now);
void pit_port61_write(struct pit *p, u8 v, u64 now);
/* Did channel 0's output rise since the last call? However often: an edge is latched once. */
bool pit_edge(struct pit *p, u64 now);
u64 pit_next_edge(const struct pit *p, u64 now); /* tick, NEVER */

/* ---- local APIC ----------------------------------------------------------------------------------- */

struct lapic {
	u32 irr[8], isr[8], tmr[8];
	u32 tpr, svr, ldr, dfr, esr, esr_new, icr_lo, icr_hi;
	u32 lvt[6];        /* timer, thermal, perf, LINT0, LINT1, error */
	u32 timer_initial, timer_divide;
	u64 timer_start;   /* tick */
	bool timer_on;
};
enum { LVT_TIMER, LVT_THERMAL, LVT_PERF, LVT_LINT0, LVT_LINT1, LVT_ERROR };
enum apic_out { APIC_NOTHING, APIC_NMI, APIC_EOI /* of a level-triggered vector: told to the I/O APIC */ };
void lapic_reset(struct lapic *a);
u32 lapic_read(const struct lapic *a, u32 off, u64 now);
/* *ret_vector with APIC_EOI. */
enum apic_out lapic_write(struct lapic *a, u32 off, u32 v, u64 now, u8 *ret_vector);
/* An interrupt message; mode: bits 10:8 of an LVT or redirection entry. */
enum apic_out lapic_deliver(struct lapic *a, u8 vector, u8 mode, bool level);
void lapic_timer(struct lapic *a, u64 now);            /* what fell due */
u64 lapic_next(const struct lapic *a);                 /* tick, NEVER */
int lapic_pending(const struct lapic *a);              /* vector above the processor's priority, -1 */
void lapic_ack(struct lapic *a, u8 vector);
bool lapic_takes_pic(const struct lapic *a);           /* LINT0 unmasked as ExtINT */
bool lapic_matches(const struct lapic *a, bool logical, u8 dest);

/* ---- I/O APIC ------------------------------------------------------------------------------------- */

enum { IOAPIC_LINES = 24 };
struct ioapic {
	u64 entry[IOAPIC_LINES];
	u32 lines;
	u8 select, id;
};
void ioapic_reset(struct ioapic *i);
u32 ioapic_read(const struct ioapic *i, u32 off);
/* Each returns a mask of lines whose entry is to be delivered now. */
u32 ioapic_write(struct ioapic *i, u32 off, u32 v);
u32 ioapic_line(struct ioapic *i, unsigned line, bool level);
u32 ioapic_eoi(struct ioapic *i, u8 vector);

/* ---- the x87 error -------------------------------------------------------------------------------- */

/* FERR# sets a latch that is line 13; a write to F0 clears it and answers with IGNNE# until FERR# falls. */
struct x87_error {
	bool ferr, ignne;
};

/* ---- all of them: bus.c --------------------------------------------------------------------------- */

struct chips {
	struct pics pics;
	struct pit pit;
	struct lapic lapic;
	struct ioapic ioapic;
	struct x87_error x87;
	u64 deadline; /* tick of the next timer event, NEVER */
	bool nmi;     /* taken by chips_take_nmi() */
};
void chips_reset(struct chips *c);
/* A port of a chip's: true, done. */
bool chips_port(struct chips *c, bool write, u16 port, u8 *data, u64 now);
/* Registers of 32 bits at local APIC or I/O APIC: true, done. `base`: of the local APIC, 0 when off. */
bool chips_mmio(struct chips *c, bool write, u64 gpa, u64 base, u32 *data, u64 now);
void chips_line(struct chips *c, unsigned gsi, bool level);
bool chips_ferr(struct chips *c, bool on);              /* FERR#; returns IGNNE# */
void chips_advance(struct chips *c, u64 now);           /* timers up to now */
bool chips_wants(const struct chips *c, bool apic_on);  /* INTR of the CPU */
int chips_ack(struct chips *c, bool apic_on);           /* its vector, -1 */
/* Vectors that would come, strongest first, at most 2 (`info events`). */
unsigned chips_pending(const struct chips *c, bool apic_on, u8 ret[2]);

#endif
