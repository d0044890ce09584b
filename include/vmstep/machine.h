/*
 * machine.h - the guest's hardware without its CPU: memory, image loaders, ports and devices.
 *
 * Implemented by src/machine/. The engines call the access functions, debug/ and cli/ create it. One
 * thread; nothing here is async-signal-safe except where said.
 */
#ifndef VMSTEP_MACHINE_H
#define VMSTEP_MACHINE_H

#include <vmstep/cpu.h>
#include <vmstep/err.h>
#include <vmstep/strbuf.h>
#include <vmstep/x86_tables.h>

struct machine;

/* ---- what to load ------------------------------------------------------------------------------ */

enum image_kind { IMAGE_AUTO, IMAGE_FLAT, IMAGE_BOOT_SECTOR, IMAGE_ELF64, IMAGE_ELF32, IMAGE_MULTIBOOT,
		  IMAGE_FIRMWARE, IMAGE_BZIMAGE };
const char *image_kind_name(enum image_kind k); /* "flat", "boot sector", "ELF64", ... */

struct guest_spec {
	const char *path;        /* file, or NULL with hex */
	const char *hex;         /* --hex "90 f1 90" */
	enum image_kind kind;    /* IMAGE_AUTO: by content */
	const char *mode;        /* --mode real|protected|long, NULL: by kind; flat: real */
	bool has_load, has_entry;
	u64 load;                /* --load: physical; flat: 1000 in real mode, else 100000 */
	const char *entry;       /* --entry: number or SEG:OFF as typed, checked by the loader */
	const char *append;      /* command line for multiboot and bzImage */
	const char *const *modules; /* multiboot modules "FILE [ARGS]", NULL-terminated; may be NULL */
	const char *initrd;      /* bzImage */
};

/* Where the text of a device goes. */
enum console_channel { CONSOLE_SERIAL, CONSOLE_DEBUGCON, CONSOLE_COUNT };
typedef void console_write_fn(void *arg, enum console_channel ch, const u8 *data, size_t n);

struct machine_config {
	u64 mem_size;            /* RAM below and above the hole; 0: 64 MiB (firmware 128, bzImage 512) */
	const char *serial;      /* stdio (NULL), null, pty or a file; WHERE,in=FILE: input from FILE */
	const char *debugcon;    /* "stdio", "null" or a file; NULL: stdio */
	u64 seed;                /* of what the guest gets as random from an engine that has to make it up */
	int stdio_in;            /* fd the guest's serial input is read from with "stdio", -1: none */
	console_write_fn *write; /* receives what goes to "stdio" */
	void *write_arg;
};

int machine_create(const struct machine_config *cfg, struct machine **ret, struct err *err);
void machine_destroy(struct machine *m);
/* Load the image, set devices to power-on. Exactly one image per machine. Error text names file and
 * offset. The spec's strings are copied. */
int machine_load(struct machine *m, const struct guest_spec *spec, struct err *err);
/* Power-on again: RAM zeroed, image reloaded (from the file as it is now), devices reset. */
int machine_reset(struct machine *m, struct err *err);
/* CPU state at the first instruction; valid after load, until reset or destroy. */
const struct cpu_state *machine_boot_state(const struct machine *m);
u64 machine_seed(const struct machine *m);
enum image_kind machine_image_kind(const struct machine *m);
/* Lines for `info files`: kind, segments, entry, devices. */
void machine_describe(const struct machine *m, struct strbuf *out);
/* ELF file that holds symbols of the image (the guest's path), NULL for others. */
const char *machine_symbol_file(const struct machine *m);

/* ---- memory ------------------------------------------------------------------------------------ */

struct mem_region {
	u64 gpa, size;
	u8 *hva;
	bool readonly; /* ROM: writes by the guest are dropped (MMIO exit), the debugger may write */
	bool dirty_log; /* the engine may ask its kernel for a log of written pages here: RAM, not ROM */
};
/* Regions in address order, fixed from load on; *ret_n of them. */
const struct mem_region *machine_regions(const struct machine *m, size_t *ret_n);
/* Host address of [gpa, gpa+n) when it lies in one region, else NULL. */
u8 *machine_hva(const struct machine *m, u64 gpa, size_t n);
/* Access to RAM and ROM without side effects (never touches devices), for walks and the debugger. */
struct phys_ops machine_phys(struct machine *m);

/* ---- a moment to come back to --------------------------------------------------------------------- */

/*
 * Memory and devices as they are; not what the engine has, the CPU and its chips. Pages that are as in
 * `base` (NULL: none), an earlier one of the same machine, are shared with it; memory never touched costs
 * nothing. All are to be destroyed before the machine.
 */
struct machine_saved;
int machine_save(struct machine *m, const struct machine_saved *base, struct machine_saved **ret,
		 struct err *err);
void machine_saved_destroy(struct machine_saved *s);
/*
 * A console's regular file is cut to what the guest had written then. Input that it was given since comes
 * again: at the same time of the engine's clock, or at once where that has none.
 */
void machine_restore(struct machine *m, const struct machine_saved *s);
bool machine_is_as_saved(const struct machine *m, const struct machine_saved *s); /* memory alone */
/* Bytes that are not zero, and those of them that no other one shares. */
void machine_saved_size(const struct machine_saved *s, u64 *ret_all, u64 *ret_own);
u64 machine_saved_live(const struct machine *m); /* of all of them */
/*
 * While on, what the guest does it has done before: its text goes nowhere, input comes only again. Turned
 * off, console files are cut to where the guest is.
 */
void machine_set_replay(struct machine *m, bool on);
/* The clock's time at which input comes again next; UINT64_MAX: none does. */
u64 machine_input_due(const struct machine *m);

/* ---- devices ----------------------------------------------------------------------------------- */

/* One port access of 1, 2 or 4 bytes. Reads fill *data; unknown ports read all-ones and are counted. */
void machine_pio(struct machine *m, bool write, u16 port, unsigned size, void *data);
/* One MMIO access of 1..8 bytes outside RAM; unknown addresses read all-ones and are counted. */
void machine_mmio(struct machine *m, bool write, u64 gpa, unsigned size, void *data);
/* Poll host-side input (serial), to be called on EINTR, on each I/O exit and when idle. */
void machine_poll(struct machine *m);
/* How a device raises an interrupt line; set by the engine (KVM_IRQ_LINE). NULL: lines are dropped. */
typedef void irq_line_fn(void *arg, unsigned gsi, bool level);
void machine_set_irq(struct machine *m, irq_line_fn *fn, void *arg);
/*
 * The time devices go by: nanoseconds since the engine's start. NULL: the host's clocks. With a clock
 * of the engine's the date is 2000-01-01 00:00:00 UTC and that much later, so that runs are equal.
 */
typedef u64 machine_clock_fn(void *arg);
void machine_set_clock(struct machine *m, machine_clock_fn *fn, void *arg);
/*
 * What the guest ordered by a port access, consumed by the call. EXIT: it wrote the exit port f4,
 * *ret_value is value << 1 | 1. RESET: keyboard controller, port 92 or cf9. POWEROFF: ACPI's sleep
 * register. EXCEPTION: an exception nobody in the guest handles reached vmstep's own default handler;
 * *ret_value is the vector, machine_exception() tells the rest. ret_value may be NULL.
 */
enum machine_event { MACHINE_NONE, MACHINE_EXIT, MACHINE_RESET, MACHINE_POWEROFF, MACHINE_EXCEPTION };
enum machine_event machine_take_event(struct machine *m, u32 *ret_value);
/*
 * The last MACHINE_EXCEPTION. The guest's CPU is then in the default handler, behind its OUT, with
 * all registers but RIP, RSP and the flags of delivery as they were and the frame (RIP, CS, RFLAGS,
 * in long mode RSP, SS) at the top of its stack: an IRET is next and runs the instruction again. The
 * default IDT has no gate for #DB, #BP and vectors above 31 (a swallowed ICEBP or INT3 needs none):
 * such an event shows as #NP with error code vector << 3 | 2 (| 1 when it came from outside).
 */
struct machine_exception {
	u8 vector;
	bool has_error; /* false in real mode */
	u32 error;
	u16 cs;         /* real mode; 0 where not known */
	u64 rip;        /* as pushed: the faulting instruction for faults */
};
struct machine_exception machine_exception(const struct machine *m);
/* Is this address in vmstep's own default handlers? */
bool machine_is_handler(const struct machine *m, u64 gpa);
/* Accesses to ports and addresses nobody answers, for `info io`. */
struct unknown_access {
	bool mmio;
	u64 addr; /* port or gpa */
	u64 reads, writes, last_value;
	u8 size;
};
const struct unknown_access *machine_unknown(const struct machine *m, size_t *ret_n);
/* Name of a port ("com1", "pic1", ...), or NULL. */
const char *machine_port_name(const struct machine *m, u16 port);
/*
 * Whether a console's file did not take what the guest wrote: true once a console, with the sentence.
 * Unfinished lines are written out first.
 */
bool machine_console_lost(struct machine *m, struct err *err);
/* The path of the pty when serial is "pty", else NULL. */
const char *machine_pty(const struct machine *m);
/* The fd that machine_poll() reads (tty, file or pty), -1: none. For O_ASYNC or poll by the caller. */
int machine_input_fd(const struct machine *m);

#endif
